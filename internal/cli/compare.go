package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"assay/internal/assess"
	"assay/internal/judge"
	"assay/internal/threat"
	"assay/internal/verdict"
)

// compareDoc is the `compare` document.
type compareDoc struct {
	Schema   string           `json:"schema"`
	Before   compareRun       `json:"before"`
	Now      compareRun       `json:"now"`
	Verdicts []compareVerdict `json:"verdicts"` // requirements whose verdict differs
	New      []compareFinding `json:"new"`      // findings that only the later run has
	Gone     []compareFinding `json:"gone"`     // findings that only the earlier run has, and the later one looked again
	Lost     []compareFinding `json:"lost"`     // findings of the earlier run whose test case the later one left undecided
	Risks    []compareRisk    `json:"risks"`    // threats whose residual risk differs
}

// compareRun is one of the two runs.
type compareRun struct {
	ID      string `json:"id"`
	Product string `json:"product"`
	Release string `json:"release"`
}

// compareVerdict is a requirement whose verdict differs; a verdict is absent
// where the run didn't judge the requirement.
type compareVerdict struct {
	Standard    string          `json:"standard"`
	Requirement string          `json:"requirement"`
	Before      verdict.Verdict `json:"before,omitempty"`
	Now         verdict.Verdict `json:"now,omitempty"`
}

// compareFinding is a finding that one of the runs has.
type compareFinding struct {
	ID       string `json:"id"`
	Severity string `json:"severity"`
	Case     string `json:"case"`
	Subject  string `json:"subject"`
	Text     string `json:"text"`
}

// compareRisk is a threat whose residual risk differs; a risk is absent where
// the product of that run doesn't have the threat.
type compareRisk struct {
	Threat string        `json:"threat"`
	Title  string        `json:"title"`
	Before *compareLevel `json:"before,omitempty"`
	Now    *compareLevel `json:"now,omitempty"`
}

// compareLevel is a residual risk.
type compareLevel struct {
	Level      string `json:"level"`      // Minor, Major, Critical
	Likelihood int    `json:"likelihood"` // 1 to 3
	Impact     int    `json:"impact"`     // 1 to 3
	Potential  int    `json:"potential"`  // points of attack potential; -1 where no attack is left
}

func (a *app) compareCommand() *cobra.Command {
	return a.command("compare RUN RUN", "compare", cobra.ExactArgs(2), func(c *cobra.Command, args []string) (err error) {
		if err := a.formats("text", "json"); err != nil {
			return err
		}
		cfg, before, s, err := a.stored(c.Context(), args[0], nil, nil, false)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.Close()) }()
		cfg.Standards = nil
		now, err := assess.Judge(c.Context(), assess.Config{Dir: cfg.Dir, Store: s, Now: a.now}, args[1])
		if err != nil {
			return err
		}
		diff, err := assess.Compare(c.Context(), before, now)
		if err != nil {
			return err
		}
		doc := a.compareDoc(diff)
		if a.format == "json" {
			a.json(doc)
			return nil
		}
		a.sayProblems(diff.Is.Problems)
		a.compareText(doc)
		return nil
	})
}

func (a *app) compareDoc(c *assess.Comparison) compareDoc {
	doc := compareDoc{Schema: "assay/compare@1", Before: runOf(c.Before), Now: runOf(c.Now), Verdicts: []compareVerdict{}, Risks: []compareRisk{},
		New: a.compareFindings(c.New), Gone: a.compareFindings(c.Gone), Lost: a.compareFindings(c.Lost)}
	for _, v := range c.Verdicts {
		doc.Verdicts = append(doc.Verdicts, compareVerdict{string(v.Standard), string(v.Requirement), v.Before, v.Now})
	}
	for _, d := range c.Threats {
		r := compareRisk{Threat: d.ID, Before: levelOf(d.Before), Now: levelOf(d.Now)}
		for _, m := range []*threat.Analysis{c.Is, c.Was} {
			if t, ok := m.Threat(d.ID); ok {
				r.Title = t.Rule.Title.In(string(a.lang))
				break
			}
		}
		doc.Risks = append(doc.Risks, r)
	}
	return doc
}

func runOf(r *assess.Result) compareRun {
	return compareRun{r.Stored.Meta.ID, r.Product.Identity.Name, r.Product.Identity.Release}
}

func levelOf(r threat.Risk) *compareLevel {
	if r.Level == "" {
		return nil
	}
	out := &compareLevel{string(r.Level), r.Likelihood, r.Impact, r.Potential}
	if r.Never {
		out.Potential = -1
	}
	return out
}

func (a *app) compareFindings(all []judge.Finding) []compareFinding {
	out := []compareFinding{}
	for _, f := range all {
		out = append(out, compareFinding{f.ID, string(f.Severity), string(f.Case), f.Subject, a.texts.T(a.lang, f.Reason.Key, f.Reason.Args)})
	}
	return out
}

func (a *app) compareText(d compareDoc) {
	fmt.Fprintf(a.Out, "%s\n", a.t("ui.compare-head", "before", d.Before.ID, "before-release", d.Before.Release, "now", d.Now.ID, "now-release", d.Now.Release))
	or := func(v verdict.Verdict) string {
		if v == "" {
			return "–"
		}
		return a.t("verdict." + string(v))
	}
	fmt.Fprintf(a.Out, "\n%s\n", a.t("ui.compare-verdicts", "count", fmt.Sprint(len(d.Verdicts))))
	for _, v := range d.Verdicts {
		fmt.Fprintf(a.Out, "  %s %s  %s → %s\n", v.Standard, v.Requirement, or(v.Before), or(v.Now))
	}
	for _, list := range []struct {
		key string
		all []compareFinding
	}{{"ui.compare-new", d.New}, {"ui.compare-gone", d.Gone}, {"ui.compare-lost", d.Lost}} {
		fmt.Fprintf(a.Out, "\n%s\n", a.t(list.key, "count", fmt.Sprint(len(list.all))))
		for _, f := range list.all {
			fmt.Fprintf(a.Out, "  %s  %s: %s\n", a.t("severity."+f.Severity), plain(f.Subject), plain(f.Text))
		}
	}
	level := func(l *compareLevel) string {
		if l == nil {
			return "–"
		}
		return a.t("threat.level." + l.Level)
	}
	fmt.Fprintf(a.Out, "\n%s\n", a.t("ui.compare-risks", "count", fmt.Sprint(len(d.Risks))))
	for _, r := range d.Risks {
		fmt.Fprintf(a.Out, "  %s → %s  %s  %s\n", level(r.Before), level(r.Now), r.Threat, plain(r.Title))
	}
}
