package threat

import (
	"slices"
	"strconv"
	"strings"

	"assay/internal/standard"
)

// Annex holds a standard's own risk analysis beside the calculated one.
type Annex struct {
	Standard standard.ID
	Threats  []AnnexThreat
	Measures []AnnexMeasure
}

// AnnexThreat is a row of the standard's table of threats.
type AnnexThreat struct {
	ID          string // T-SDA/1
	Threat      string
	Title       Text
	Weakness    Text
	Consequence Text
	Printed     Level
	// Calculated is the worst risk, before countermeasures, of the threats of
	// the model that are instances of the row; empty where it has none.
	Calculated Level
	Threats    []string // their ids
}

// AnnexMeasure is a row of the standard's table of countermeasures.
type AnnexMeasure struct {
	Row          int
	Threat       string
	Requirements []standard.RequirementID
	// As printed, and the worst over the weaknesses that one of the row's
	// requirements closes, in threats that are instances of the row's threat.
	PrintedBefore, PrintedAfter       Level
	CalculatedBefore, CalculatedAfter Level
	// Residual is what the verdicts leave of it.
	Residual Level
	Threats  []string
}

// Differs says whether the calculation comes to another level than the
// standard prints. A row without instance doesn't differ: it wasn't
// calculated.
func (a AnnexThreat) Differs() bool { return a.Calculated != "" && a.Calculated != a.Printed }

// Differs says the same of a row of countermeasures.
func (a AnnexMeasure) Differs() bool {
	return a.CalculatedBefore != "" && (a.CalculatedBefore != a.PrintedBefore || a.CalculatedAfter != a.PrintedAfter)
}

// Annex lays the risk analysis that a standard prints beside the model's. The
// standard prints no factors, so this checks plausibility and nothing more.
// It is nil for a standard that has none.
func (m *Model) Annex(s *standard.Standard) *Annex {
	if len(s.Threats) == 0 {
		return nil
	}
	a := &Annex{Standard: s.ID}
	for _, t := range s.Threats {
		for i, r := range t.Rows {
			row := AnnexThreat{ID: rowID(t.ID, i), Threat: t.ID, Title: t.Title, Weakness: r.Weakness, Consequence: r.Consequence, Printed: Level(r.Risk)}
			var top Risk
			for _, x := range m.Threats {
				if slices.Contains(x.Rule.Annex, row.ID) {
					top = worst(top, x.Before)
					row.Threats = append(row.Threats, x.ID)
				}
			}
			row.Calculated = top.Level
			a.Threats = append(a.Threats, row)
		}
	}
	for _, c := range s.Mitigations {
		a.Measures = append(a.Measures, m.annexMeasure(s, c))
	}
	return a
}

func (m *Model) annexMeasure(s *standard.Standard, c standard.Mitigation) AnnexMeasure {
	row := AnnexMeasure{Row: c.Row, Threat: c.Threat, Requirements: c.Requirements, PrintedBefore: Level(c.Before), PrintedAfter: Level(c.After)}
	var before, after, left Risk
	for _, x := range m.Threats {
		if !slices.ContainsFunc(x.Rule.Annex, func(id string) bool { return threatOf(id) == c.Threat }) {
			continue
		}
		found := false
		for _, w := range x.Weaknesses {
			if w.closedBy(s.ID, c.Requirements) {
				before, after, left, found = worst(before, w.Before), worst(after, w.After), worst(left, w.Residual), true
			}
		}
		if found {
			row.Threats = append(row.Threats, x.ID)
		}
	}
	row.CalculatedBefore, row.CalculatedAfter, row.Residual = before.Level, after.Level, left.Level
	return row
}

// closedBy says whether one of some requirements is among a weakness's
// countermeasures.
func (w *Weakness) closedBy(s standard.ID, ids []standard.RequirementID) bool {
	return slices.ContainsFunc(w.Countermeasures, func(c Countermeasure) bool {
		return slices.ContainsFunc(c.Requirements, func(r Judged) bool { return r.Standard == s && slices.Contains(ids, r.Requirement) })
	})
}

// rowID is the id of row i, from 0, of a threat's rows.
func rowID(threat string, i int) string { return threat + "/" + strconv.Itoa(i+1) }

func threatOf(row string) string {
	threat, _, _ := strings.Cut(row, "/")
	return threat
}
