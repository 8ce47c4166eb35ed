package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"assay/internal/activity"
	"assay/internal/assess"
	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/record"
	"assay/internal/report/publish"
	"assay/internal/standard"
)

type guideFlags struct {
	answers, sets, waive, confirm  list
	by, run, edition               string
	ask, checks, prompts, complete bool
}

func (f guideFlags) edits() bool {
	return len(f.answers)+len(f.sets)+len(f.waive)+len(f.confirm) > 0
}

func (a *app) guideCommand() *cobra.Command {
	var f guideFlags
	c := a.command("guide [QUESTION|ACTIVITY|CHECK]", "guide", cobra.MaximumNArgs(1), func(c *cobra.Command, args []string) error {
		id := ""
		if len(args) > 0 {
			id = args[0]
		}
		return a.guide(c.Context(), id, f)
	})
	fl := c.Flags()
	fl.Var(&f.answers, "answer", a.t("flag.answer"))
	fl.Var(&f.sets, "set", a.t("flag.set"))
	fl.Var(&f.waive, "not-applicable", a.t("flag.not-applicable"))
	fl.Var(&f.confirm, "confirm", a.t("flag.confirm"))
	fl.StringVar(&f.by, "by", "", a.t("flag.guide-by"))
	fl.StringVar(&f.run, "run", "", a.t("flag.threat-run"))
	fl.StringVar(&f.edition, "edition", activity.Final, a.t("flag.edition"))
	fl.BoolVar(&f.ask, "ask", false, a.t("flag.ask"))
	fl.BoolVar(&f.checks, "checks", false, a.t("flag.checks"))
	fl.BoolVar(&f.prompts, "prompts", false, a.t("flag.prompts"))
	fl.BoolVar(&f.complete, "complete", false, a.t("flag.guide-complete"))
	return c
}

// guided is what `assay guide` works on.
type guided struct {
	w       *workspace
	files   activity.Files
	process *activity.Process
	all     []*standard.Standard
	res     *assess.Result
	now     *assess.Recorded
	uses    map[string][]activity.Consumer // question → requirements and documents that use its answer
	broken  error                          // what is wrong with assay.yaml
	faults  int                            // mistakes of assay.yaml
	stale   []string                       // documents that were written and are out of date
}

func (a *app) guide(ctx context.Context, id string, f guideFlags) error {
	if err := a.formats("text", "json"); err != nil {
		return err
	}
	a.preload()
	if f.ask && !terminal(a.In) {
		return &exitError{code: exitUse, err: errors.New(a.t("ui.guide-no-terminal")), next: a.t("ui.next.guide-answer")}
	}
	g, err := a.openGuide(ctx, f.run)
	if err != nil {
		return err
	}
	edition := slices.IndexFunc(g.process.Editions, func(e activity.Edition) bool { return e.ID == f.edition })
	if edition < 0 {
		var known []string
		for _, e := range g.process.Editions {
			known = append(known, e.ID)
		}
		return usef("--edition %s isn't one of %s", f.edition, strings.Join(known, ", "))
	}
	// Making the documents takes most of the time; an overview doesn't say who
	// uses which answer.
	if !f.edits() && (a.format == "json" || id != "" || a.published(g)) {
		if err := a.withDocuments(ctx, g); err != nil {
			return err
		}
	}
	var changes *changed
	if f.edits() {
		if changes, err = a.applyAll(ctx, g, f); err != nil {
			return err
		}
	}
	if f.ask {
		return a.askAll(ctx, g, id, f.by)
	}
	if err := a.guideShow(g, id, f, changes); err != nil {
		return err
	}
	if f.complete && a.code == 0 && !g.now.Complete() {
		a.code = exitUndecided
	}
	return nil
}

// openGuide reads the workspace and says where its record stands.
func (a *app) openGuide(ctx context.Context, run string) (*guided, error) {
	w, err := a.open()
	if w == nil {
		return nil, err
	}
	// A model with mistakes still has answers; what is wrong with it was said.
	g := &guided{w: w, files: activity.Files{Model: w.source}, broken: err}
	if err != nil && w.product.Identity.Name == "" {
		return nil, err // what could be read is no product
	}
	if err != nil {
		g.faults = faults(w.problems)
		a.code = exitUse
	}
	if g.process, err = activity.New(); err != nil {
		return nil, err
	}
	if g.all, err = standard.All(); err != nil {
		return nil, err
	}
	if g.res, err = a.counted(ctx, run); err != nil {
		return nil, err
	}
	if g.files.Answers, err = activity.ReadAnswers(w.dir, limit.Default().YAML); err != nil {
		return nil, use(err)
	}
	if g.now, err = a.recorded(ctx, g, g.files); err != nil {
		return nil, err
	}
	for _, p := range g.now.Problems {
		fmt.Fprintf(a.Err, "%s: %s\n", p.Where(), plain(a.texts.T(a.lang, p.Key, p.Args)))
	}
	if len(g.now.Problems) > 0 {
		a.code = exitUse
	}
	g.uses = a.uses(g)
	return g, nil
}

// published says whether documents were written.
func (a *app) published(g *guided) bool {
	_, err := os.Stat(filepath.Join(g.w.dir, documentsFolder, publish.ManifestFile))
	return err == nil
}

// withDocuments adds which documents state what a question asks for, and
// which of those that were written are out of date.
func (a *app) withDocuments(ctx context.Context, g *guided) error {
	set, err := a.publications(ctx, g)
	if err != nil {
		return err
	}
	a.documentUses(g, set)
	if m, err := publish.ReadManifest(filepath.Join(g.w.dir, documentsFolder)); err == nil {
		for _, c := range publish.Stale(m, set) {
			if !slices.Contains(g.stale, c.Document) {
				g.stale = append(g.stale, c.Document)
			}
		}
	}
	return nil
}

// recorded says where the record of the given files stands.
func (a *app) recorded(ctx context.Context, g *guided, f activity.Files) (*assess.Recorded, error) {
	p, problems := product.Load(product.FileName, f.Model, limit.Default().YAML)
	if faults(problems) > g.faults {
		var lines []string
		for _, x := range problems {
			if x.Severity == product.SeverityError {
				lines = append(lines, x.Where()+": "+plain(a.texts.T(a.lang, x.Key, x.Args)))
			}
		}
		return nil, &exitError{code: exitUse, kind: codeModel, err: errors.New(a.t("ui.guide-bad-answer") + "\n" + strings.Join(lines, "\n")), next: a.t("ui.next.guide-answer")}
	}
	if g.now != nil && bytes.Equal(f.Model, g.files.Model) { // the same product has the same threats
		return assess.Record(ctx, g.process, assess.RecordQuestion{
			Dir: g.w.dir, Product: p, Answers: f.Answers, Threats: g.now.Input.Threats, Standards: g.all, Run: g.res, Now: a.now(),
		})
	}
	w := *g.w
	w.product, w.source = p, f.Model
	q := a.threatQuestion(&w)
	var err error
	if q.Library, err = a.library(); err != nil {
		return nil, err
	}
	q.Standards, q.Run = g.all, g.res
	threats, err := assess.Threats(ctx, q)
	if err != nil {
		return nil, err
	}
	return assess.Record(ctx, g.process, assess.RecordQuestion{
		Dir: g.w.dir, Product: p, Answers: f.Answers, Threats: threats.Model, Standards: g.all, Run: g.res, Now: a.now(),
	})
}

// faults counts the mistakes of a model.
func faults(problems []product.Problem) int {
	n := 0
	for _, p := range problems {
		if p.Severity == product.SeverityError {
			n++
		}
	}
	return n
}

// uses finds which requirements of the chosen standards rest on the answer to
// a question.
func (a *app) uses(g *guided) map[string][]activity.Consumer {
	out := map[string][]activity.Consumer{}
	for _, chosen := range g.w.product.Standards {
		for _, s := range g.all {
			if string(s.ID) != chosen.ID {
				continue
			}
			for i := range s.Requirements {
				r := &s.Requirements[i]
				for _, q := range activity.Asked(r) {
					out[q] = append(out[q], activity.Consumer{Kind: "requirement", ID: string(s.ID) + "/" + string(r.ID)})
				}
			}
		}
	}
	return out
}

// consumers is everything that uses the answer to a question.
func (g *guided) consumers(id string) []activity.Consumer {
	return append(g.process.Consumers(id), g.uses[id]...)
}

// says writes what a gap says.
func (a *app) says(g activity.Gap) string {
	if g.Says.IsZero() {
		return a.t("ui.guide-unanswered")
	}
	f := record.Filler{Lang: string(a.lang), Terms: a.term}
	return plain(f.Fill(g.Says, g.Values).Text)
}

// term is the word for a fixed value of the model.
func (a *app) term(lang, name, value string) (string, bool) {
	for _, key := range []string{publish.TermKey(name, value), publish.TermKey("", value)} {
		if t, ok := a.texts.Get(key); ok {
			if strings.HasPrefix(lang, "zh") {
				return t.Zh, true
			}
			return t.En, true
		}
	}
	return "", false
}

// place is where a gap is: a file with its line, and the field.
func (g *guided) place(x activity.Gap) (where, field string) {
	if x.File != "" {
		if x.Line == 0 {
			return x.File, ""
		}
		return fmt.Sprintf("%s:%d", x.File, x.Line), ""
	}
	line, _ := g.now.Input.Product.Position(x.At)
	if line == 0 {
		return product.FileName, x.At
	}
	return fmt.Sprintf("%s:%d", product.FileName, line), x.At
}
