package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"assay/internal/activity"
	"assay/internal/assess"
	"assay/internal/report/publish"
	"assay/internal/standard"
	"assay/internal/thread"
	"assay/internal/threat"
	"assay/internal/verdict"
	"assay/internal/yamltree"
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
	// Kind is question, customer, use-case, element, misuse, annex, rule,
	// threat, law, need, means, capability, weakness, requirement, case or
	// sentence (of a document).
	Kind    string          `json:"kind"`
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
	a.preload()
	g, err := a.openGuide(ctx, run)
	if err != nil {
		return err
	}
	if g.broken != nil {
		return g.broken
	}
	standards, err := a.traced(g.w, g.res)
	if err != nil {
		return err
	}
	q := a.threatQuestion(g.w)
	if q.Library, err = a.library(); err != nil {
		return err
	}
	q.Standards, q.Run = standards, g.res
	analysis, err := assess.Threats(ctx, q)
	if err != nil {
		return err
	}
	a.sayProblems(analysis.Problems)
	set, err := a.publications(ctx, g)
	if err != nil {
		return err
	}
	t := tracer{a: a, g: g, m: analysis.Model, lib: analysis.Library, standards: standards, res: g.res, said: map[string]string{}}
	threads := thread.New(append(activity.Kinds(), nodeSentence)...)
	threat.Link(threads, analysis.Model, analysis.Library, standards)
	g.process.Link(threads, g.now.Input.Product, standards)
	t.linkDocuments(threads, set)
	n, err := threads.Find(id)
	if err != nil {
		return &exitError{code: exitUse, kind: codeNotFound, err: errors.New(a.t("ui.trace-unknown", "error", err.Error())), next: a.t("ui.next.trace")}
	}
	x := threads.Thread(n)
	doc := traceDoc{Schema: "assay/trace@1", Of: t.node(n), Up: t.nodes(x.Up), Down: t.nodes(x.Down), Run: analysis.Run}
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
	g         *guided
	said      map[string]string // what documents say, by the sentence's id
	m         *threat.Model
	lib       *threat.Library
	standards []*standard.Standard
	res       *assess.Result
}

func (t tracer) nodes(all []thread.Node) []traceNode {
	out := make([]traceNode, len(all))
	for i, n := range all {
		out[i] = t.node(n)
	}
	return out
}

// nodeSentence is a sentence of a document for customers or regulators.
const nodeSentence thread.Kind = "sentence"

// linkDocuments hangs every sentence of the documents on what it rests on: an
// entry of the record, an element of the model, else the question that asks
// for it; and on the requirement whose verdict it states.
func (t *tracer) linkDocuments(threads *thread.Threads, set *publish.Set) {
	byPlace := map[string]thread.Node{}
	for _, e := range t.m.Elements {
		for _, p := range e.Paths {
			byPlace[p] = thread.Node{Kind: threat.NodeElement, ID: e.Ref}
		}
	}
	for list, kind := range map[string]thread.Kind{
		"customers": activity.NodeCustomer, "use_cases": activity.NodeUseCase, "misuse": activity.NodeMisuse, "laws": activity.NodeLaw,
		"needs": activity.NodeNeed, "means": activity.NodeMeans, "capabilities": activity.NodeCapability,
	} {
		entries, _ := t.g.now.View.Get("product").(map[string]any)[list].([]any)
		for _, e := range entries {
			m, _ := e.(map[string]any)
			at, _ := m["_at"].(string)
			id, _ := m["id"].(string)
			byPlace[at] = thread.Node{Kind: kind, ID: id}
		}
	}
	for _, d := range t.a.inLanguage(set) {
		for _, s := range d.Statements() {
			n := thread.Node{Kind: nodeSentence, ID: s.ID}
			t.said[s.ID] = s.Plain()
			threads.Add(n)
			for _, x := range s.Sources {
				if from, ok := t.restsOn(byPlace, x.Path); ok {
					threads.Link(from, n)
				}
			}
			for _, v := range s.Verdicts {
				if r := (thread.Node{Kind: threat.NodeRequirement, ID: v.Requirement}); threads.Has(r) {
					threads.Link(r, n)
				}
			}
		}
	}
}

// restsOn finds the node that a path of the model belongs to.
func (t *tracer) restsOn(byPlace map[string]thread.Node, path string) (thread.Node, bool) {
	for p := path; p != ""; p = yamltree.ParentPath(p) {
		if n, ok := byPlace[p]; ok {
			return n, true
		}
	}
	best := ""
	for i := range t.g.process.Activities {
		for _, q := range t.g.process.Activities[i].Questions {
			if q.Place != "" && under(path, q.Place) && (best == "" || q.Kind != activity.Derived) {
				best = q.ID
			}
		}
	}
	return thread.Node{Kind: activity.NodeQuestion, ID: best}, best != ""
}

// record finds the title of an entry of the record.
func (t tracer) record(n thread.Node) string {
	if n.Kind == activity.NodeQuestion {
		if q, _, ok := t.g.process.Question(n.ID); ok {
			return t.a.in(q.Title)
		}
	}
	labels, _ := t.g.now.View.Get("label").(map[string]any)
	title, _ := labels[n.ID].(string)
	return title
}

func (t tracer) node(n thread.Node) traceNode {
	out := traceNode{Kind: string(n.Kind), ID: n.ID}
	lang := string(t.a.lang)
	switch n.Kind {
	case nodeSentence:
		out.Title = t.said[n.ID]
	case activity.NodeQuestion, activity.NodeCustomer, activity.NodeUseCase, activity.NodeMisuse, activity.NodeLaw, activity.NodeNeed, activity.NodeMeans, activity.NodeCapability:
		out.Title = t.record(n)
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
