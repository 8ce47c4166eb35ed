package judge

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"assay/internal/testcase"
	"assay/internal/verdict"
)

func findings(all []Verdict) []Finding {
	byID := make(map[string]*Finding)
	var order []string
	add := func(v Verdict, c CaseVerdict, r testcase.Result, reason verdict.Reason, advisory bool) {
		id := findingID(c.ID, r.Subject, reason.Key)
		f, ok := byID[id]
		if !ok {
			severity := testcase.Low
			if !advisory {
				severity = severityOf(c.ID)
			}
			f = &Finding{ID: id, Severity: severity, Case: c.ID, Subject: r.Subject, Reason: reason, Facts: r.Facts, Advisory: advisory}
			byID[id], order = f, append(order, id)
		}
		if f.Advisory && !advisory { // another standard's reading makes it decide
			f.Advisory, f.Severity = false, severityOf(c.ID)
		}
		req := Requirement{v.Standard, v.Requirement}
		if !slices.Contains(f.Requirements, req) {
			f.Requirements = append(f.Requirements, req)
		}
	}
	for _, v := range all {
		for _, c := range v.Cases {
			for _, r := range c.Results {
				// A failed alternative beside one that passed asks for nothing.
				chosen := v.Verdict == verdict.NotTested // of --only: what it chose decides
				if (chosen || c.decides && v.Verdict == verdict.Fail) && r.Verdict == verdict.Fail && len(r.Reasons) > 0 {
					add(v, c, r, r.Reasons[0], false)
				}
				for _, x := range r.Findings {
					add(v, c, r, x, true)
				}
			}
		}
		for _, c := range v.Components {
			if !c.Declared {
				continue
			}
			subject := string(v.Standard) + "/" + string(v.Requirement) + " " + c.Component
			id := findingID("capability", subject, c.Reasons[0].Key)
			byID[id] = &Finding{ID: id, Severity: testcase.Medium, Case: "capability", Subject: subject, Reason: c.Reasons[0],
				Requirements: []Requirement{{v.Standard, v.Requirement}}}
			order = append(order, id)
		}
		if v.Verdict == verdict.Fail && len(v.Cases) == 0 && len(v.Components) == 0 && len(v.Reasons) > 0 { // failed by its claim
			id := findingID("claim", string(v.Standard)+" "+string(v.Requirement), v.Reasons[0].Key)
			byID[id] = &Finding{ID: id, Severity: testcase.High, Case: "claim", Subject: string(v.Requirement), Reason: v.Reasons[0],
				Requirements: []Requirement{{v.Standard, v.Requirement}}}
			order = append(order, id)
		}
	}
	out := make([]Finding, 0, len(order))
	for _, id := range order {
		out = append(out, *byID[id])
	}
	slices.SortStableFunc(out, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(rank(a.Severity), rank(b.Severity)), cmp.Compare(a.Case, b.Case), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.ID, b.ID))
	})
	return out
}

func findingID(c testcase.ID, subject, key string) string {
	h := sha256.Sum256([]byte(string(c) + "\x00" + subject + "\x00" + key))
	return "F-" + hex.EncodeToString(h[:5])
}

func rank(s testcase.Severity) int {
	return slices.Index([]testcase.Severity{testcase.Critical, testcase.High, testcase.Medium, testcase.Low}, s)
}

func severityOf(id testcase.ID) testcase.Severity {
	c, err := testcase.Find(id)
	if err != nil {
		return testcase.Medium // the expression was checked before
	}
	return c.Severity
}

// undecided lists what has to be provided, per requirement, case and
// subject.
func undecided(all []Verdict) []Undecided {
	var out []Undecided
	for _, v := range all {
		if v.Verdict != verdict.Inconclusive {
			continue
		}
		req := Requirement{v.Standard, v.Requirement}
		for _, c := range v.Components {
			if c.Verdict == verdict.Inconclusive && c.byComponent {
				out = append(out, Undecided{Requirement: req, Subject: c.Component, Provide: c.Reasons})
			}
		}
		if len(v.Reasons) > 0 && !slices.ContainsFunc(v.Cases, func(c CaseVerdict) bool { return c.decides && c.Verdict == verdict.Inconclusive }) {
			out = append(out, Undecided{Requirement: req, Provide: v.Reasons})
		}
		for _, c := range v.Cases {
			for _, r := range c.Results {
				if c.decides && r.Verdict == verdict.Inconclusive {
					provide := r.Provide
					if len(provide) == 0 {
						provide = r.Reasons
					}
					out = append(out, Undecided{Requirement: req, Case: c.ID, Subject: r.Subject, Provide: provide})
				}
			}
		}
	}
	return out
}

func open(cases []CaseVerdict) bool {
	for _, c := range cases {
		for _, r := range c.Results {
			if !c.decides || r.Verdict != verdict.Inconclusive {
				continue
			}
			for _, p := range r.Provide {
				if slices.Contains(given, p.Key) {
					return true
				}
			}
			if len(r.Provide) == 0 && !strings.HasPrefix(string(c.Method), "guided") {
				return true
			}
		}
	}
	return false
}

// given are the causes of an INCONCLUSIVE that lie in the inputs that were
// given (a unit that doesn't answer, a search that was cut), not in inputs
// that weren't.
var given = []string{"provide.reachable-unit", "provide.repeat", "provide.control", "provide.readable-image", "provide.open-interface",
	"provide.no-clear-answer", "provide.credentials-refused", "provide.interrupted", "provide.more-tries", "provide.limit-number", "provide.image-of-unit"}
