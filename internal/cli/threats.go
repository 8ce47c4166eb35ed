package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/spf13/cobra"

	"assay/internal/assess"
	"assay/internal/limit"
	"assay/internal/report"
	"assay/internal/standard"
	"assay/internal/store"
	"assay/internal/threat"
)

// noRun is the --run that says: no verdict counts.
const noRun = "none"

type threatFlags struct {
	run, against, tvra string
	met                list
	standards          list
}

func (a *app) threatsCommand() *cobra.Command {
	var f threatFlags
	c := a.command("threats", "threats", cobra.NoArgs, func(c *cobra.Command, _ []string) error { return a.threats(c.Context(), f) })
	fl := c.Flags()
	fl.StringVar(&f.run, "run", "", a.t("flag.threat-run"))
	fl.StringVar(&f.against, "against", "", a.t("flag.against"))
	fl.StringVar(&f.tvra, "tvra", threat.DefaultProfile, a.t("flag.tvra"))
	fl.Var(&f.met, "met", a.t("flag.met"))
	fl.Var(&f.standards, "standard", a.t("flag.standard"))
	return c
}

func (a *app) threats(ctx context.Context, f threatFlags) error {
	if err := a.formats(append(report.ThreatFormats(), "otm")...); err != nil {
		return err
	}
	a.preload()
	w, err := a.open()
	if err != nil {
		return err
	}
	all, err := standard.All()
	if err != nil {
		return err
	}
	q := a.threatQuestion(w)
	if q.Library, err = a.library(); err != nil {
		return err
	}
	q.Profile = f.tvra
	if q.Met, err = a.met(f.met, all); err != nil {
		return err
	}
	if q.Run, err = a.counted(ctx, f.run); err != nil {
		return err
	}
	if q.Standards, err = threatStandards(f.standards, w, q.Run, all); err != nil {
		return err
	}
	analysis, err := assess.Threats(ctx, q)
	if err != nil {
		return use(err)
	}
	if a.format == "otm" {
		return a.threatsOTM(w.dir, analysis, all)
	}
	in := report.ThreatInput{Analysis: analysis, Standards: all, Lang: a.lang, Texts: a.texts, Color: a.colour(), Width: a.width()}
	if f.against != "" {
		before := q
		before.Met = nil // what they are worth is part of the difference
		if before.Run, err = a.counted(ctx, f.against); err != nil {
			return err
		}
		was, err := assess.Threats(ctx, before)
		if err != nil {
			return use(err)
		}
		in.Compared, in.Against, in.AgainstRun = true, threat.Compare(was.Model, analysis.Model), was.Run
	}
	if err := report.Threats(visible{a.Out}, a.format, in); err != nil {
		return err
	}
	return a.threatProblems(analysis)
}

// preload begins to load the rules of threats beside what else a command
// reads: both take a noticeable part of its time.
func (a *app) preload() {
	if a.rules == nil {
		a.rules = sync.OnceValues(threat.Embedded)
		go a.rules() //nolint:errcheck // whoever waits for it hears of it
	}
}

// library is the embedded one.
func (a *app) library() (*threat.Library, error) {
	a.preload()
	return a.rules()
}

// threatQuestion begins a question about the workspace as it is today.
func (a *app) threatQuestion(w *workspace) assess.ThreatQuestion {
	q := assess.ThreatQuestion{Product: w.product, Source: w.source, Now: a.now()}
	q.Decisions, q.Problems = threat.ReadDir(w.dir, limit.Default().YAML)
	return q
}

// sayProblems lists on stderr what of threats.yaml or of a rule was left out.
func (a *app) sayProblems(problems []threat.Problem) {
	for _, p := range problems {
		fmt.Fprintf(a.Err, "%s: %s\n", problemPlace(p), plain(a.texts.T(a.lang, p.Reason.Key, p.Reason.Args)))
	}
}

// threatProblems says on stderr what of threats.yaml was left out: the rest
// was modelled, but the command was given something that it can't use.
func (a *app) threatProblems(x *threat.Analysis) error {
	a.sayProblems(x.Problems)
	if n := len(x.Problems); n > 0 {
		return &exitError{code: exitUse, kind: codeModel, err: errors.New(a.t("ui.threat-problems", "count", fmt.Sprint(n))), where: problemPlace(x.Problems[0]), silent: true}
	}
	return nil
}

func problemPlace(p threat.Problem) string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// counted judges the run whose verdicts count: the named one, the latest, or
// none.
func (a *app) counted(ctx context.Context, run string) (*assess.Result, error) {
	if run == noRun {
		return nil, nil
	}
	_, res, s, err := a.stored(ctx, run, nil, nil, false)
	switch {
	case errors.Is(err, store.ErrNoRun) && run == "":
		if s != nil {
			return nil, s.Close()
		}
		return nil, nil
	case err != nil:
		return nil, err
	}
	return res, s.Close()
}

// met reads the requirements of --met: with their standard, or alone where
// only one standard has them.
func (a *app) met(names []string, all []*standard.Standard) ([]threat.Ref, error) {
	var out []threat.Ref
	for _, n := range names {
		var found []threat.Ref
		for _, s := range all {
			for _, r := range s.Requirements {
				ref := threat.Ref{Standard: s.ID, Requirement: r.ID}
				if ref.String() == n || string(r.ID) == n {
					found = append(found, ref)
				}
			}
		}
		switch len(found) {
		case 0:
			return nil, &exitError{code: exitUse, kind: codeNotFound, err: fmt.Errorf("--met %s: no standard has this requirement", n), next: "assay standards search"}
		case 1:
			out = append(out, found[0])
		default:
			return nil, usef("--met %s may mean %s or %s", n, found[0], found[1])
		}
	}
	return out, nil
}

// threatStandards are those whose own risk analysis is shown: the named ones,
// those of the run, or those of the workspace.
func threatStandards(names []string, w *workspace, res *assess.Result, all []*standard.Standard) ([]*standard.Standard, error) {
	if len(names) == 0 && res != nil {
		return res.Standards, nil
	}
	if len(names) == 0 {
		for _, s := range w.product.Standards {
			names = append(names, s.ID)
		}
	}
	var out []*standard.Standard
	for _, n := range names {
		i := slices.IndexFunc(all, func(s *standard.Standard) bool { return string(s.ID) == n })
		if i < 0 {
			_, err := standard.Get(standard.ID(n)) // says which there are
			return nil, use(err)
		}
		out = append(out, all[i])
	}
	return out, nil
}
