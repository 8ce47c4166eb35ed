package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"assay/internal/assess"
	"assay/internal/judge"
	"assay/internal/limit"
	"assay/internal/report"
	"assay/internal/standard"
	"assay/internal/store"
	"assay/internal/threat"
	"assay/internal/verdict"
)

// runFlags are the flags of commands that collect.
type runFlags struct {
	standards list
	only      list
	resume    bool
	gate      bool
	credFile  string
	credEnv   string
	public    list
	intrusive bool
	by        string
	lab       bool
	lockWait  time.Duration
}

func (a *app) runCommand() *cobra.Command {
	var f runFlags
	c := a.command("run", "run", cobra.NoArgs, func(c *cobra.Command, _ []string) error { return a.run(c.Context(), f) })
	fl := c.Flags()
	fl.Var(&f.standards, "standard", a.t("flag.standard"))
	fl.Var(&f.only, "only", a.t("flag.only"))
	fl.BoolVar(&f.resume, "resume", false, a.t("flag.resume"))
	fl.BoolVar(&f.gate, "gate", false, a.t("flag.gate"))
	fl.StringVar(&f.credFile, "cred-file", "", a.t("flag.cred-file"))
	fl.StringVar(&f.credEnv, "cred-env", "", a.t("flag.cred-env"))
	fl.Var(&f.public, "public", a.t("flag.public"))
	fl.BoolVar(&f.intrusive, "intrusive", false, a.t("flag.intrusive"))
	fl.StringVar(&f.by, "by", "", a.t("flag.by"))
	fl.BoolVar(&f.lab, "laboratory", false, a.t("flag.laboratory"))
	fl.DurationVar(&f.lockWait, "lock-wait", 0, a.t("flag.lock-wait"))
	return c
}

func (a *app) run(ctx context.Context, f runFlags) (err error) {
	if err := a.formats("text", "json", "md", "html"); err != nil {
		return err
	}
	w, err := a.open()
	if err != nil {
		return err
	}
	chosen, err := a.standards(f.standards, w.product)
	if err != nil {
		return err
	}
	only, err := cases(f.only)
	if err != nil {
		return err
	}
	creds, err := a.credentials(f.credFile, f.credEnv, w.dir)
	if err != nil {
		return err
	}
	if err := a.checkCredentials(creds, w.product); err != nil {
		return err
	}
	door, err := a.openNetwork(ctx, w.product, f.public, f.by)
	if err != nil {
		return err
	}
	_, problems := threat.ReadDir(w.dir, limit.Default().YAML)
	a.sayProblems(problems) // the run goes on without decisions
	s, err := a.openStore(w.dir, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	cfg := a.config(w, chosen, s)
	cfg.Only, cfg.Network, cfg.Credentials, cfg.Intrusive, cfg.Laboratory = only, door, creds, f.intrusive, f.lab
	cfg.Public, cfg.LockWait, cfg.By = f.public, f.lockWait, tester(f.by)
	cfg.Command = "assay run"
	if fetch, ferr := a.fetcher(ctx, f.public, f.by); ferr != nil {
		return ferr
	} else if fetch != nil {
		cfg.Fetch = fetch
	}
	if f.resume {
		if cfg.Resume, err = s.Latest(); err != nil {
			return err
		}
	} else if cfg.ID, err = newID(a.now()); err != nil {
		return err
	}
	return a.assess(ctx, cfg, f.gate)
}

// tester names who runs the program: --by, or the account.
func tester(by string) string {
	if by != "" {
		return by
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}

// assess runs and reports.
func (a *app) assess(ctx context.Context, cfg assess.Config, gate bool) error {
	p := a.progress()
	cfg.Progress = p.show
	res, err := assess.Run(ctx, cfg)
	p.done()
	if err != nil {
		if errors.Is(err, context.Canceled) {
			return &exitError{code: exitUse, kind: codeInterrupted, err: errors.New(a.t("ui.interrupted")), next: a.t("ui.next.resume")}
		}
		return err
	}
	for _, f := range res.Failed {
		fmt.Fprintln(a.Err, "assay:", plain(f.Error()))
	}
	return a.deliver(ctx, cfg, res, gate)
}

// reportPath is where the HTML report of a run stands. A judgement of a part
// or in laboratory mode has a name of its own: it doesn't replace the whole.
func (a *app) reportPath(cfg assess.Config, res *assess.Result) string {
	name := res.Stored.Meta.ID
	if cfg.Laboratory {
		name += ".laboratory"
	}
	if !slices.Equal(res.Stored.Meta.Standards, ids(cfg.Standards)) {
		name += "." + strings.Join(ids(cfg.Standards), ".")
	}
	if len(cfg.Only) > 0 && len(res.Stored.Meta.Only) == 0 {
		name += ".part"
	}
	return filepath.Join(cfg.Dir, store.Folder, "reports", name+"."+string(a.lang)+".html")
}

func ids(all []*standard.Standard) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = string(s.ID)
	}
	return out
}

// deliver writes the HTML report into the workspace and the answer to
// stdout, and sets the exit code.
func (a *app) deliver(ctx context.Context, cfg assess.Config, res *assess.Result, gate bool) error {
	path := a.reportPath(cfg, res)
	if a.out != "" && a.format == "text" {
		path = a.out
	}
	in, err := a.reportInput(ctx, cfg, res, path)
	if err != nil {
		return err
	}
	if err := writeReport(path, "html", in); err != nil {
		return err
	}
	if err := a.render(in); err != nil {
		return err
	}
	if gate {
		a.gate(res)
	}
	a.code = res.Assessment.ExitCode()
	if len(res.Failed) > 0 && a.code == exitOK {
		a.code = exitUndecided
	}
	if n := waiting(res.Assessment); n > 0 && a.code == exitOK && a.format == "text" && !a.quiet {
		fmt.Fprintln(a.Out, a.t("ui.exit-0", "count", fmt.Sprint(n)))
	}
	return nil
}

// reportInput gathers what an encoder needs.
func (a *app) reportInput(ctx context.Context, cfg assess.Config, res *assess.Result, path string) (report.Input, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return report.Input{}, err
	}
	m := res.Stored.Meta
	in := report.Input{Product: cfg.Product, Assessment: res.Assessment, Lang: a.lang, Texts: a.texts, Report: abs, Color: a.colour(), Width: a.width(),
		Run: report.Run{ID: m.ID, Started: m.Started, Ended: res.Stored.Ended, Resumed: res.Stored.Resumed, Head: res.Stored.Head,
			Program: strings.TrimPrefix(m.Program, "assay "), By: m.By, Command: m.Command, Only: m.Only, Intrusive: m.Intrusive, Laboratory: cfg.Laboratory, Workspace: cfg.Dir}}
	for _, s := range cfg.Standards {
		in.Standards = append(in.Standards, *s)
	}
	for _, f := range res.Stored.Failed {
		in.Errors = append(in.Errors, report.Error{Code: "collector", Message: f})
	}
	// Product, decisions and clock are those of the run, as in judging: the
	// same run gives the same report. Verdicts never wait for threats.
	rules, err := a.library()
	if err != nil {
		return report.Input{}, err
	}
	in.Threats, err = assess.Threats(ctx, assess.ThreatQuestion{Library: rules, Product: res.Product, Decisions: res.Stored.Decisions, Standards: cfg.Standards, Run: res, Now: res.Stored.Ended})
	if err != nil {
		in.Errors = append(in.Errors, report.Error{Code: string(codeModel), Message: err.Error(), Where: threat.DecisionsFile})
		return in, nil
	}
	for _, p := range in.Threats.Problems {
		in.Errors = append(in.Errors, report.Error{Code: string(codeModel), Message: plain(a.texts.T(a.lang, p.Reason.Key, p.Reason.Args)), Where: problemPlace(p)})
	}
	return in, nil
}

func writeReport(path, format string, in report.Input) (err error) {
	encode, err := report.Lookup(format)
	if err != nil {
		return use(err)
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return writeInto(path, format, encode, in)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return use(fmt.Errorf("report: %w", err))
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".report-*")
	if err != nil {
		return use(fmt.Errorf("report: %w", err))
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	var w io.Writer = f
	if format == "json" {
		w = visible{f}
	}
	if err := errors.Join(encode(w, in), f.Close()); err != nil {
		return fmt.Errorf("report %s: %w", path, err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return use(fmt.Errorf("report: %w", err))
	}
	return nil
}

// writeInto writes to a device or a pipe (--out /dev/stdout), which must not
// be replaced by a file.
func writeInto(path, format string, encode report.Encoder, in report.Input) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return use(fmt.Errorf("report: %w", err))
	}
	var w io.Writer = f
	if format == "json" {
		w = visible{f}
	}
	if err := errors.Join(encode(w, in), f.Close()); err != nil {
		return fmt.Errorf("report %s: %w", path, err)
	}
	return nil
}

// render writes the answer in the chosen format to stdout, or to --out.
func (a *app) render(in report.Input) error {
	if a.out != "" && a.format != "text" {
		return writeReport(a.out, a.format, in)
	}
	if a.quiet && a.format == "text" {
		return nil
	}
	encode, err := report.Lookup(a.format)
	if err != nil {
		return use(err)
	}
	if a.format == "json" {
		return encode(visible{a.Out}, in)
	}
	return encode(a.Out, in)
}

// gate prints what counted towards the exit code.
func (a *app) gate(res *assess.Result) {
	for _, v := range res.Assessment.Verdicts {
		if v.Verdict == "FAIL" || v.Open {
			fmt.Fprintf(a.Err, "%s %s %s\n", v.Standard, v.Requirement, a.t("verdict."+string(v.Verdict)))
		}
	}
	if n := waiting(res.Assessment); n > 0 {
		fmt.Fprintln(a.Err, a.t("ui.gate-waiting", "count", fmt.Sprint(n)))
	}
}

// waiting counts the requirements that other inputs would decide: they don't
// change the exit code.
func waiting(as *judge.Assessment) int {
	n := 0
	for _, v := range as.Verdicts {
		if v.Verdict == verdict.Inconclusive && !v.Open {
			n++
		}
	}
	return n
}

func (a *app) judgeCommand() *cobra.Command {
	var f struct {
		run       string
		standards list
		only      list
		lab, gate bool
	}
	c := a.command("judge", "judge", cobra.NoArgs, func(c *cobra.Command, _ []string) error {
		return a.judge(c.Context(), f.run, f.standards, f.only, f.lab, f.gate)
	})
	c.Flags().StringVar(&f.run, "run", "", a.t("flag.run"))
	c.Flags().Var(&f.standards, "standard", a.t("flag.standard"))
	c.Flags().Var(&f.only, "only", a.t("flag.only"))
	c.Flags().BoolVar(&f.lab, "laboratory", false, a.t("flag.laboratory"))
	c.Flags().BoolVar(&f.gate, "gate", false, a.t("flag.gate"))
	return c
}

func (a *app) judge(ctx context.Context, run string, standards, only []string, lab, gate bool) (err error) {
	if err := a.formats("text", "json", "md", "html"); err != nil {
		return err
	}
	cfg, res, s, err := a.stored(ctx, run, standards, only, lab)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return a.deliver(ctx, cfg, res, gate)
}

// stored judges a stored run.
func (a *app) stored(ctx context.Context, run string, standards, only []string, lab bool) (cfg assess.Config, res *assess.Result, s *store.Store, err error) {
	a.preload()
	dir, err := filepath.Abs(a.dir)
	if err != nil {
		return cfg, nil, nil, use(err)
	}
	if !exists(filepath.Join(dir, store.Folder)) {
		return cfg, nil, nil, fmt.Errorf("%s: %w", dir, store.ErrNoRun)
	}
	if s, err = a.openStore(dir, true); err != nil {
		return cfg, nil, nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
			s = nil
		}
	}()
	if run == "" {
		if run, err = s.Latest(); err != nil {
			return cfg, nil, s, err
		}
	}
	ids, err := cases(only)
	if err != nil {
		return cfg, nil, s, err
	}
	cfg = assess.Config{Dir: dir, Store: s, Only: ids, Laboratory: lab, Now: a.now}
	for _, name := range standards {
		std, gerr := standard.Get(standard.ID(name))
		if gerr != nil {
			return cfg, nil, s, use(gerr)
		}
		cfg.Standards = append(cfg.Standards, std)
	}
	if res, err = assess.Judge(ctx, cfg, run); err != nil {
		return cfg, nil, s, err
	}
	cfg.Standards = res.Standards
	cfg.Product = res.Product
	return cfg, res, s, nil
}

func (a *app) reportCommand() *cobra.Command {
	var run string
	var standards list
	lab, documents, stale := false, false, false
	c := a.command("report", "report", cobra.NoArgs, func(c *cobra.Command, _ []string) (err error) {
		if documents || stale {
			return a.documents(c.Context(), run, stale)
		}
		if !c.Flags().Changed("format") {
			a.format = "html"
		}
		if err := a.formats(report.Formats()...); err != nil {
			return err
		}
		cfg, res, s, err := a.stored(c.Context(), run, standards, nil, lab)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.Close()) }()
		in, err := a.reportInput(c.Context(), cfg, res, a.reportPath(cfg, res))
		if err != nil {
			return err
		}
		if a.out != "" && a.format == "text" {
			return writeReport(a.out, "text", in)
		}
		return a.render(in)
	})
	c.Flags().StringVar(&run, "run", "", a.t("flag.run"))
	c.Flags().Var(&standards, "standard", a.t("flag.standard"))
	c.Flags().BoolVar(&lab, "laboratory", false, a.t("flag.laboratory"))
	c.Flags().BoolVar(&documents, "documents", false, a.t("flag.documents"))
	c.Flags().BoolVar(&stale, "stale", false, a.t("flag.stale"))
	return c
}
