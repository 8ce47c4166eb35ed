package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"assay/internal/assess"
	"assay/internal/fact"
	"assay/internal/testcase"
	"assay/internal/verdict"
)

func (a *app) recordCommand() *cobra.Command {
	var f struct {
		subject, verdict, note, by, role string
		observe, attach                  list
	}
	c := a.command("record CASE", "record", cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		return a.record(c.Context(), args[0], f.subject, f.verdict, f.note, f.by, f.role, f.observe, f.attach)
	})
	fl := c.Flags()
	fl.StringVar(&f.subject, "subject", "product", a.t("flag.subject"))
	fl.StringVar(&f.verdict, "verdict", "", a.t("flag.verdict"))
	fl.Var(&f.observe, "observe", a.t("flag.observe"))
	fl.StringVar(&f.note, "note", "", a.t("flag.note"))
	fl.Var(&f.attach, "attach", a.t("flag.attach"))
	fl.StringVar(&f.by, "by", "", a.t("flag.by"))
	fl.StringVar(&f.role, "role", "tester", a.t("flag.role"))
	return c
}

// recordDoc is the `record` document of a result that was kept.
type recordDoc struct {
	Schema  string   `json:"schema"`
	Fact    string   `json:"fact"` // id of the fact
	Case    string   `json:"case"`
	Subject string   `json:"subject"`
	Verdict string   `json:"verdict"`
	Lacks   []string `json:"lacks"` // flags that the case asks for and that weren't given: a PASS without them is undecided
}

// recordCaseDoc is the `record` document without --verdict: how the case is
// performed.
type recordCaseDoc struct {
	Schema      string          `json:"schema"`
	Case        string          `json:"case"`
	Title       string          `json:"title"`
	Establishes string          `json:"establishes"` // what the case shows
	Steps       []string        `json:"steps"`
	Expect      string          `json:"expect,omitempty"` // what is seen where it passes
	Observe     []recordObserve `json:"observe"`
	Attach      int             `json:"attach"` // how many files it asks for
}

// recordObserve is one --observe NAME=VALUE that a case asks for.
type recordObserve struct {
	Name    string   `json:"name"`
	Text    string   `json:"text"`
	Options []string `json:"options"` // the values; empty: free text
}

func (a *app) caseDocument(tc testcase.Case) recordCaseDoc {
	k := "case." + string(tc.ID)
	d := recordCaseDoc{Schema: "assay/record@1", Case: string(tc.ID), Title: a.t(k + ".title"), Establishes: a.t(k + ".establishes"),
		Steps: []string{}, Observe: []recordObserve{}, Attach: tc.Attach}
	for i := 1; i <= tc.Steps; i++ {
		d.Steps = append(d.Steps, a.t(fmt.Sprintf("%s.step%d", k, i)))
	}
	if tc.Steps > 0 {
		d.Expect = a.t(k + ".expect")
	}
	for _, o := range tc.Observe {
		d.Observe = append(d.Observe, recordObserve{o.Name, a.t("observe." + o.Name), filled(o.Options)})
	}
	return d
}

// record keeps a person's result. Without --verdict it shows how the case is
// performed.
func (a *app) record(ctx context.Context, id, subject, v, note, by, role string, observe, attach []string) (err error) {
	if err := a.formats("text", "json"); err != nil {
		return err
	}
	tc, err := testcase.Find(testcase.ID(id))
	if err != nil {
		return &exitError{code: exitUse, kind: codeNotFound, err: err, next: a.t("ui.next.cases")}
	}
	if tc.Method == testcase.Auto && tc.ID != "service.necessary" {
		return &exitError{code: exitUse, err: errors.New(a.t("ui.case-is-automatic", "case", id)), next: a.t("ui.next.cases")}
	}
	if v == "" {
		if a.format == "json" {
			a.json(a.caseDocument(tc))
			return nil
		}
		a.describe(tc)
		return nil
	}
	got, err := verdict.Parse(strings.ToUpper(strings.ReplaceAll(v, "-", "_")))
	if err != nil || got == verdict.NotClaimed || got == verdict.NotTested {
		return usef("--verdict %s: use PASS, FAIL, INCONCLUSIVE or NOT_APPLICABLE", v)
	}
	if by == "" {
		return usef("--by NAME is missing: a result stands with the name of who saw it")
	}
	if role != "tester" && role != "reviewer" {
		return usef("--role %s: use tester or reviewer", role)
	}
	seen, err := a.observations(tc, observe)
	if err != nil {
		return err
	}
	w, err := a.open()
	if err != nil {
		return err
	}
	for i, path := range attach {
		if attach[i], err = inside(w.dir, path); err != nil {
			return err
		}
	}
	s, err := a.openStore(w.dir, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	known, err := assess.Subjects(ctx, s, w.product, tc)
	if err != nil {
		return err
	}
	if !slices.Contains(known, subject) {
		return usef("--subject %s: %s is about %s", subject, id, oneOf(known))
	}
	f, err := s.Record(fact.PersonResult{Case: id, Subject: subject, Verdict: string(got), Observations: seen, By: by, Role: role, Note: note, At: a.now().UTC(),
		Model: w.product.Identity.Model, Release: w.product.Identity.Release}, attach)
	if err != nil {
		return err
	}
	if a.format == "json" {
		a.json(recordDoc{Schema: "assay/record@1", Fact: string(f.ID), Case: id, Subject: subject, Verdict: string(got), Lacks: filled(lacking(tc, seen, len(attach)))})
		return nil
	}
	if lacks := lacking(tc, seen, len(attach)); len(lacks) > 0 && got != verdict.Fail {
		fmt.Fprintln(a.Err, a.t("ui.record-lacks", "missing", strings.Join(lacks, ", ")))
	}
	fmt.Fprintln(a.Out, a.t("ui.recorded", "case", id, "subject", subject, "verdict", a.t("verdict."+string(got))))
	return nil
}

// oneOf lists what a value may be, the first ten of it.
func oneOf(list []string) string {
	if len(list) == 0 {
		return "nothing that the model or a run shows yet"
	}
	if len(list) > 10 {
		return strings.Join(list[:10], ", ") + ", …"
	}
	return strings.Join(list, ", ")
}

// observations reads --observe NAME=VALUE and refuses names that the case
// doesn't ask for.
func (a *app) observations(tc testcase.Case, given []string) (map[string]string, error) {
	out := make(map[string]string)
	var names []string
	for _, o := range tc.Observe {
		names = append(names, o.Name)
	}
	for _, s := range given {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" || value == "" {
			return nil, usef("--observe %s: write NAME=VALUE", s)
		}
		i := slices.Index(names, name)
		if i < 0 && tc.ID != "service.necessary" {
			return nil, usef("--observe %s: %s asks for %s", name, tc.ID, strings.Join(names, ", "))
		}
		if i >= 0 && tc.Observe[i].Options != nil && !slices.Contains(tc.Observe[i].Options, value) {
			return nil, usef("--observe %s=%s: use one of %s", name, value, strings.Join(tc.Observe[i].Options, ", "))
		}
		out[name] = value
	}
	return out, nil
}

func lacking(tc testcase.Case, seen map[string]string, attached int) []string {
	var out []string
	for _, o := range tc.Observe {
		if seen[o.Name] == "" && o.When == nil { // what depends on what was found is asked for when it is judged
			out = append(out, "--observe "+o.Name+"=…")
		}
	}
	if attached < tc.Attach {
		out = append(out, fmt.Sprintf("--attach FILE (%d)", tc.Attach-attached))
	}
	return out
}

// inside makes a path relative to the workspace, where evidence belongs.
func inside(dir, path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", use(err)
	}
	if _, err := os.Stat(abs); err != nil {
		if inDir := filepath.Join(dir, path); !filepath.IsAbs(path) && exists(inDir) {
			abs = inDir
		} else {
			return "", use(fmt.Errorf("--attach: %w", err))
		}
	}
	rel, err := filepath.Rel(dir, abs)
	if err != nil || !filepath.IsLocal(rel) {
		return "", usef("--attach %s: copy it into the workspace's evidence folder first, so that it travels with the product", path)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", use(err)
	}
	defer root.Close() // read-only
	if _, err := root.Stat(rel); err != nil {
		return "", use(fmt.Errorf("--attach %s: %w: a link that leaves the workspace is no evidence", path, err))
	}
	return rel, nil
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// describe prints how a case is performed.
func (a *app) describe(tc testcase.Case) {
	k := "case." + string(tc.ID)
	fmt.Fprintf(a.Out, "%s  %s\n%s\n", tc.ID, a.t(k+".title"), a.t(k+".establishes"))
	for i := 1; i <= tc.Steps; i++ {
		fmt.Fprintf(a.Out, "%3d. %s\n", i, a.t(fmt.Sprintf("%s.step%d", k, i)))
	}
	if tc.Steps > 0 {
		fmt.Fprintln(a.Out, a.t("ui.expect", "expect", a.t(k+".expect")))
	}
	for _, o := range tc.Observe {
		value := "…"
		if o.Options != nil {
			value = strings.Join(o.Options, "|")
		}
		fmt.Fprintf(a.Out, "  --observe %s=%s   %s\n", o.Name, value, a.t("observe."+o.Name))
	}
	if tc.Attach > 0 {
		fmt.Fprintf(a.Out, "  --attach FILE ×%d\n", tc.Attach)
	}
}
