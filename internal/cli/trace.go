package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"assay/internal/assess"
	"assay/internal/standard"
	"assay/internal/threat"
	"assay/internal/verdict"
)

// traceDoc is the `trace` document.
type traceDoc struct {
	Schema string      `json:"schema"`
	Of     traceNode   `json:"of"`
	Up     []traceNode `json:"up"`   // towards the model: what it answers; from the element to the nearest
	Down   []traceNode `json:"down"` // towards the tests: what answers it
	Run    string      `json:"run"`  // the run whose verdicts are shown; "" for none
}

// traceNode is one id of a thread.
type traceNode struct {
	Kind    string          `json:"kind"` // element, annex, rule, threat, weakness, requirement, case
	ID      string          `json:"id"`
	Title   string          `json:"title"`
	Level   string          `json:"level,omitempty"`   // of a threat: the risk that is left
	Verdict verdict.Verdict `json:"verdict,omitempty"` // of a requirement or test case, where the run has one
}

func (a *app) traceCommand() *cobra.Command {
	var run string
	c := a.command("trace ID", "trace", cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		return a.trace(c.Context(), args[0], run)
	})
	c.Flags().StringVar(&run, "run", "", a.t("flag.threat-run"))
	return c
}

func (a *app) trace(ctx context.Context, id, run string) error {
	if err := a.formats("text", "json"); err != nil {
		return err
	}
	w, err := a.open()
	if err != nil {
		return err
	}
	res, err := a.counted(ctx, run)
	if err != nil {
		return err
	}
	standards, err := a.traced(w, res)
	if err != nil {
		return err
	}
	q := a.threatQuestion(w)
	q.Standards, q.Run = standards, res
	analysis, err := assess.Threats(ctx, q)
	if err != nil {
		return err
	}
	a.sayProblems(analysis.Problems)
	lib := analysis.Library
	threads := threat.NewThreads(analysis.Model, lib, standards)
	n, err := threads.Find(id)
	if err != nil {
		return &exitError{code: exitUse, kind: codeNotFound, err: errors.New(a.t("ui.trace-unknown", "error", err.Error())), next: a.t("ui.next.trace")}
	}
	t := tracer{a: a, m: analysis.Model, lib: lib, standards: standards, res: res}
	thread := threads.Thread(n)
	doc := traceDoc{Schema: "assay/trace@1", Of: t.node(n), Up: t.nodes(thread.Up), Down: t.nodes(thread.Down), Run: analysis.Run}
	if a.format == "json" {
		a.json(doc)
		return nil
	}
	a.traceText(doc)
	return nil
}

// traced are the standards that a thread can run through: those of the
// workspace and of the run first, then all others, because countermeasures
// name requirements of any.
func (a *app) traced(w *workspace, res *assess.Result) ([]*standard.Standard, error) {
	var out []*standard.Standard
	seen := map[standard.ID]bool{}
	add := func(list []*standard.Standard) {
		for _, s := range list {
			if !seen[s.ID] {
				seen[s.ID] = true
				out = append(out, s)
			}
		}
	}
	if len(w.product.Standards) > 0 {
		chosen, err := a.standards(nil, w.product)
		if err != nil {
			return nil, err
		}
		add(chosen)
	}
	if res != nil {
		add(res.Standards)
	}
	all, err := standard.All()
	add(all)
	return out, err
}

// tracer finds what people read about an id.
type tracer struct {
	a         *app
	m         *threat.Model
	lib       *threat.Library
	standards []*standard.Standard
	res       *assess.Result
}

func (t tracer) nodes(all []threat.Node) []traceNode {
	out := make([]traceNode, len(all))
	for i, n := range all {
		out[i] = t.node(n)
	}
	return out
}

func (t tracer) node(n threat.Node) traceNode {
	out := traceNode{Kind: string(n.Kind), ID: n.ID}
	lang := string(t.a.lang)
	switch n.Kind {
	case threat.NodeElement:
		if e, ok := t.m.Element(n.ID); ok {
			out.Title = e.Name
		}
	case threat.NodeAnnex:
		out.Title = t.annex(n.ID)
	case threat.NodeRule:
		if r, ok := t.lib.Rule(n.ID); ok {
			out.Title = r.Title.In(lang)
		}
	case threat.NodeThreat:
		if x, ok := t.m.Threat(n.ID); ok {
			out.Title, out.Level = x.Rule.Title.In(lang), string(x.Residual.Level)
		}
	case threat.NodeWeakness:
		if w, ok := t.lib.Weakness(n.ID); ok {
			out.Title = w.Title.In(lang)
		}
	case threat.NodeRequirement:
		ref, _ := threat.ParseRef(n.ID)
		for _, s := range t.standards {
			if r, ok := s.Requirement(ref.Requirement); ok && s.ID == ref.Standard {
				out.Title = r.Title.In(lang)
			}
		}
		if t.res != nil {
			out.Verdict = assess.Verdicts(t.res.Assessment)[ref]
		}
	case threat.NodeCase:
		out.Title = t.a.t("case." + n.ID + ".title")
		out.Verdict = t.caseVerdict(n.ID)
	}
	return out
}

func (t tracer) annex(id string) string {
	lang := string(t.a.lang)
	for _, s := range t.standards {
		for _, x := range s.Threats {
			if x.ID == id {
				return x.Title.In(lang)
			}
			for i, r := range x.Rows {
				if fmt.Sprintf("%s/%d", x.ID, i+1) == id {
					return r.Weakness.In(lang)
				}
			}
		}
	}
	return ""
}

// caseVerdict is the worst verdict of a case in the run.
func (t tracer) caseVerdict(id string) verdict.Verdict {
	if t.res == nil {
		return ""
	}
	var all []verdict.Verdict
	for _, v := range t.res.Assessment.Verdicts {
		for _, c := range v.Cases {
			if string(c.ID) == id {
				all = append(all, c.Verdict)
			}
		}
	}
	if len(all) == 0 {
		return ""
	}
	return verdict.All(all...)
}

func (a *app) traceText(doc traceDoc) {
	last := ""
	line := func(n traceNode, mark string) {
		if n.Kind != last {
			last = n.Kind
			fmt.Fprintf(a.Out, "%s\n", a.t("trace."+n.Kind))
		}
		what := ""
		switch {
		case n.Verdict != "":
			what = "  " + a.t("verdict."+string(n.Verdict))
		case n.Level != "":
			what = "  " + a.t("threat.level."+n.Level)
		}
		fmt.Fprintf(a.Out, "%s %s  %s%s\n", mark, n.ID, plain(n.Title), what)
	}
	for _, n := range doc.Up {
		line(n, "   ")
	}
	line(doc.Of, "  ▸")
	for _, n := range doc.Down {
		line(n, "   ")
	}
	if strings.TrimSpace(doc.Run) != "" {
		fmt.Fprintf(a.Out, "\n%s\n", a.t("ui.trace-run", "run", doc.Run))
	}
}
