package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"assay/internal/standard"
	"assay/internal/threat"
)

// elementView is an element with its threats, the worst first.
type elementView struct {
	Ref, Anchor string
	Kind        string
	Name        phrase
	Now         levels
	Threats     []riskView
	More        int
}

// riskView is one threat.
type riskView struct {
	ID                 phrase
	Anchor             string
	Title, Scenario    phrase
	Because            phrase
	Stride, Letter     string
	Entries            string
	Before, Now, After rated
	Weaknesses         []weaknessView
	Factors            []factorRow
	Refs               []threatRef
	Decision           phrase
	Own                bool
}

// rated is a risk in words.
type rated struct {
	Level  threat.Level
	Symbol string
	Word   string
	How    string // likelihood × impact, and the points
}

// threatRef is a place elsewhere that describes the threat.
type threatRef struct {
	Name   string
	ID     phrase
	Anchor string
}

type weaknessView struct {
	ID, Title          phrase
	CWE                []string
	Evident, Closed    bool
	Measures           []measureView
	Before, Now, After rated
}

type factorRow struct {
	Name               string
	Before, Now, After factorCell
}

type factorCell struct {
	Level  string
	Points string
	Why    phrase
}

func (c factorCell) raw() string { return c.Level + c.Points + c.Why.raw() }

// elements lays out the threats by element: worst first, and bounded, since
// a rule of a workspace may fire on everything.
func (v *threatView) elements() {
	var refs []string
	for i := range v.a.Elements {
		if ref := v.a.Elements[i].Ref; len(v.byElement[ref]) > 0 {
			refs = append(refs, ref)
		}
	}
	slices.SortStableFunc(refs, func(a, b string) int {
		x, y := v.worstOf[a], v.worstOf[b]
		return cmp.Or(y.Critical-x.Critical, y.Major-x.Major, y.Minor-x.Minor)
	})
	if len(refs) > maxElements {
		v.MoreElements = len(refs) - maxElements
		refs = refs[:maxElements]
	}
	spent := 0
	for _, ref := range refs {
		list := slices.Clone(v.byElement[ref])
		slices.SortStableFunc(list, func(a, b *threat.Threat) int { return compareRisk(a.Residual, b.Residual) })
		most := maxPerElement
		if spent+min(len(list), maxPerElement) > maxThreats {
			most = maxLateEach
		}
		most = min(most, len(list))
		spent += most
		e := list[0].Element
		x := elementView{Ref: ref, Anchor: v.anchorOf("e", ref), Kind: v.or(string(e.Kind), "threat.on."+string(e.Kind)), Name: v.nameOf(e), Now: v.worstOf[ref], More: len(list) - most}
		for _, t := range list[:most] {
			x.Threats = append(x.Threats, v.threat(t))
		}
		v.Elements = append(v.Elements, x)
	}
}

// nameOf names an element for people. Flows between the same two components
// differ by what they speak.
func (v *threatView) nameOf(e *threat.Element) phrase {
	if e.Kind != threat.OnFlow {
		return foreign(e.Name)
	}
	end := func(id string) string {
		if id == "world" {
			return v.s("threat.world")
		}
		return cmp.Or(v.names[id], id)
	}
	name := end(e.From) + " → " + end(e.To)
	if how, ok := strings.CutPrefix(e.Ref, "flow/"+e.From+":"+e.To+":"); ok {
		name += " · " + how
	}
	return foreign(name)
}

// titled is a threat's title with its element.
func (v *threatView) titled(t *threat.Threat) phrase {
	return v.fill("threat.titled", map[string]phrase{"threat": v.text(t.Rule.Title, t.Rule.Own), "element": v.nameOf(t.Element)})
}

// compareRisk puts the higher risk first: by product, then by how little the
// attack costs.
func compareRisk(a, b threat.Risk) int {
	never := func(r threat.Risk) int {
		if r.Never {
			return 1
		}
		return 0
	}
	return cmp.Or(b.Product-a.Product, never(a)-never(b), a.Potential-b.Potential)
}

func (v *threatView) threat(t *threat.Threat) riskView {
	r := t.Rule
	x := riskView{
		ID: foreign(t.ID), Anchor: v.anchorOf("t", t.ID), Title: v.text(r.Title, r.Own), Scenario: v.text(r.Scenario, r.Own), Because: foreign(v.tr(t.Because)),
		Stride: v.or(string(r.Stride), "threat.stride."+string(r.Stride)), Letter: letter(r.Stride), Own: r.Own,
		Before: v.rated(t.Before), Now: v.rated(t.Residual), After: v.rated(t.After),
	}
	for i, e := range t.Vectors {
		if i > 0 {
			x.Entries += v.s("threat.and")
		}
		x.Entries += v.or(string(e.Entry), "threat.entry."+string(e.Entry))
	}
	for _, w := range t.Weaknesses {
		x.Weaknesses = append(x.Weaknesses, v.weakness(w, r.Own))
	}
	for _, f := range append(threat.PotentialFactors(), threat.AssetImpact, threat.Intensity) {
		row := factorRow{Name: v.s("threat.factor." + string(f)), Before: v.factor(f, t.Before), Now: v.factor(f, t.Residual), After: v.factor(f, t.After)}
		if row.Before.Level == "" {
			continue
		}
		if row.After.raw() == row.Now.raw() || row.After.raw() == row.Before.raw() {
			row.After.Why = nil // said once
		}
		if row.Now.raw() == row.Before.raw() {
			row.Now.Why = nil
		}
		x.Factors = append(x.Factors, row)
	}
	for _, list := range []struct {
		name string
		ids  []string
	}{{"", r.CAPEC}, {"EN 303 645", r.ETSI}, {v.s("threat.annex"), r.Annex}} {
		for _, id := range list.ids {
			ref := threatRef{Name: list.name, ID: foreign(id)}
			if list.name == "EN 303 645" && v.inPage[threat.Ref{Standard: "etsi-en-303-645", Requirement: standard.RequirementID(id)}] {
				ref.Anchor = anchor("r", "etsi-en-303-645", id)
			}
			x.Refs = append(x.Refs, ref)
		}
	}
	x.Decision = v.decision(t.Decision)
	return x
}

func (v *threatView) weakness(w threat.Weakness, own bool) weaknessView {
	x := weaknessView{Evident: w.Evident, Closed: w.Closed, Before: v.rated(w.Before), Now: v.rated(w.Residual), After: v.rated(w.After)}
	if k := w.WeaknessKind; k != nil {
		x.ID, x.Title, x.CWE = foreign(k.ID), v.text(k.Title, own), k.CWE
	}
	for _, c := range w.Countermeasures {
		x.Measures = append(x.Measures, v.measure(c))
	}
	return x
}

func letter(s threat.Stride) string {
	i := slices.Index(threat.Strides(), s)
	if i < 0 {
		return "?"
	}
	return "STRIDE"[i : i+1]
}

func (v *threatView) rated(r threat.Risk) rated {
	if r.Level == "" {
		return rated{Word: v.level("")}
	}
	out := rated{Level: r.Level, Symbol: symbolOf(r.Level), Word: v.level(r.Level)}
	potential := v.s("threat.potential", "points", fmt.Sprint(r.Potential), "rating", v.rating(r.Rating))
	if r.Never {
		potential = v.s("threat.never")
	}
	out.How = v.s("threat.how", "likelihood", v.s("threat.likelihood."+fmt.Sprint(r.Likelihood)), "impact", v.s("threat.impact."+fmt.Sprint(r.Impact)), "l", fmt.Sprint(r.Likelihood),
		"i", fmt.Sprint(r.Impact), "product", fmt.Sprint(r.Product), "potential", potential)
	return out
}

// rating is the name of an attack potential, in the words of the profile.
func (v *threatView) rating(id string) string {
	for _, b := range v.a.Profile.Bands {
		if b.Rating == id {
			return v.tr(b.Title)
		}
	}
	return id
}

// band is the rating of a sum of points.
func (v *threatView) band(points int) string {
	out := ""
	for _, b := range v.a.Profile.Bands {
		out = v.tr(b.Title)
		if points <= b.Max {
			break
		}
	}
	return out
}

func (v *threatView) factor(f threat.Factor, r threat.Risk) factorCell {
	c, ok := r.Factors[f]
	if !ok {
		return factorCell{}
	}
	out := factorCell{Level: foreign(c.Level).Text(), Why: v.text(c.Why, c.Own)}
	if l, ok := levelOf(v.a.Profile, f, c.Level); ok {
		out.Level, out.Points = v.tr(l.Title), fmt.Sprint(l.Points)
		if l.Never {
			out.Points = "∞"
		}
	}
	if c.Own {
		out.Why = slices.Concat(ours(v.s("threat.own-factor")+" "), foreign(c.By), prose(": "), out.Why)
		if c.By == "" {
			out.Why = slices.Concat(ours(v.s("threat.own-factor")+": "), foreign(v.tr(c.Why)))
		}
	}
	return out
}

func levelOf(p threat.Profile, f threat.Factor, id string) (threat.FactorLevel, bool) {
	i := slices.IndexFunc(p.Factors[f], func(l threat.FactorLevel) bool { return l.ID == id })
	if i < 0 {
		return threat.FactorLevel{}, false
	}
	return p.Factors[f][i], true
}

func (v *threatView) decision(d *threat.Decision) phrase {
	if d == nil {
		return nil
	}
	args := map[string]string{"by": d.By, "why": d.Why, "until": d.Until, "to": d.To}
	out := v.say("threat.decided."+d.Decide, args)
	if d.Decide != threat.Accept {
		if d.By != "" {
			out = slices.Concat(out, prose(" · "), v.say("threat.decided.by", args))
		}
		if d.Why != "" {
			out = slices.Concat(out, prose(" · "), foreign(d.Why))
		}
	}
	return out
}

// strideRow is an element in the matrix of STRIDE.
type strideRow struct {
	Kind   string
	Name   phrase
	Anchor string
	Cells  [6]strideCell
}

type strideCell struct {
	Letter, Title string
	N             int
	Level         threat.Level
	Symbol        string
}

// stride counts threats by element and class. Components and flows are shown
// also where no rule fired: a dot says that they were looked at.
func (v *threatView) stride() {
	for i := range v.a.Elements {
		e := &v.a.Elements[i]
		list := v.byElement[e.Ref]
		if len(list) == 0 && e.Kind != threat.OnComponent && e.Kind != threat.OnFlow {
			continue
		}
		if len(v.Stride) == maxStride {
			v.MoreStride++
			continue
		}
		row := strideRow{Kind: v.or(string(e.Kind), "threat.on."+string(e.Kind)), Name: v.nameOf(e), Anchor: v.linkTo("e", e.Ref)}
		var counts [6]levels
		for _, t := range list {
			if k := slices.Index(threat.Strides(), t.Rule.Stride); k >= 0 {
				counts[k].add(t.Residual.Level)
			}
		}
		for k, s := range threat.Strides() {
			c := counts[k]
			row.Cells[k] = strideCell{letter(s), v.s("threat.stride." + string(s)), c.grave() + c.Minor, c.worst(), symbolOf(c.worst())}
		}
		v.Stride = append(v.Stride, row)
	}
}

// annexView is a standard's own risk analysis beside the calculated one.
type annexView struct {
	Standard string
	Title    string
	Threats  []annexRow
	Measures []annexMeasure
	Differ   int
	Rows     int
	Run      bool // what is left differs from what there was
}

type annexRow struct {
	ID, Title, Weakness string
	Printed, Calculated rated
	Differs             bool
	N                   int
}

type annexMeasure struct {
	Row                                             int
	Threat                                          string
	Requirements                                    []requirementRef
	PrintedBefore, PrintedAfter, Before, After, Now rated
	Differs                                         bool
	N                                               int
}

func (v *threatView) annex(a *threat.Annex) annexView {
	out := annexView{Standard: string(a.Standard), Run: v.run}
	if i := slices.IndexFunc(v.in.Standards, func(s *standard.Standard) bool { return s.ID == a.Standard }); i >= 0 {
		out.Title = v.tr(v.in.Standards[i].Title)
	}
	word := func(l threat.Level) rated { return rated{Level: l, Symbol: symbolOf(l), Word: v.level(l)} }
	for _, t := range a.Threats {
		out.Threats = append(out.Threats, annexRow{t.ID, v.tr(t.Title), v.tr(t.Weakness), word(t.Printed), word(t.Calculated), t.Differs(), len(t.Threats)})
		if t.Differs() {
			out.Differ++
		}
	}
	for _, m := range a.Measures {
		x := annexMeasure{m.Row, m.Threat, nil, word(m.PrintedBefore), word(m.PrintedAfter), word(m.CalculatedBefore), word(m.CalculatedAfter), word(m.Residual), m.Differs(), len(m.Threats)}
		for _, id := range m.Requirements {
			ref := threat.Ref{Standard: a.Standard, Requirement: id}
			r := requirementRef{Standard: string(a.Standard), ID: string(id), Title: v.titles[ref]}
			if v.inPage[ref] {
				r.Anchor = anchor("r", string(a.Standard), string(id))
			}
			x.Requirements = append(x.Requirements, r)
		}
		out.Measures = append(out.Measures, x)
		if m.Differs() {
			out.Differ++
		}
	}
	out.Rows = len(out.Threats) + len(out.Measures)
	return out
}
