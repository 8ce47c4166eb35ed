package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"assay/internal/activity"
	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/report/publish"
	"assay/internal/standard"
	"assay/internal/threat"
)

func (a *app) initCommand() *cobra.Command {
	template, from := "camera", ""
	c := a.command("init DIR", "init", cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		if from != "" {
			if c.Flags().Changed("template") {
				return usef("--from and --template exclude each other")
			}
			return a.initFrom(args[0], from)
		}
		files, err := product.WriteTemplate(args[0], template)
		if err != nil {
			return &exitError{code: exitUse, err: err, next: a.t("ui.templates", "templates", strings.Join(product.Templates(), ", "))}
		}
		a.initDone(args[0], "ui.init-next", files)
		return nil
	})
	c.Flags().StringVar(&template, "template", template, a.t("flag.template", "templates", strings.Join(product.Templates(), ", ")))
	c.Flags().StringVar(&from, "from", "", a.t("flag.from"))
	return c
}

// checkDoc is the `check` document.
type checkDoc struct {
	Schema   string  `json:"schema"`
	Valid    bool    `json:"valid"`    // no point is an error
	Complete bool    `json:"complete"` // no point is open
	Problems []point `json:"problems"` // in the order of the file
}

// point is one mistake or one open point.
type point struct {
	Severity string `json:"severity"` // error: the file can't be used; warning; open: a requirement waits for it
	Key      string `json:"key"`      // the same in every language
	Text     string `json:"text"`
	File     string `json:"file"` // relative to the workspace
	// Line and column count from 1; both are absent where the file as a whole is meant.
	Line    int      `json:"line,omitempty"`
	Column  int      `json:"column,omitempty"`
	Field   string   `json:"field,omitempty"`   // path of the field, such as interfaces[2].port
	Affects []string `json:"affects,omitempty"` // requirements that wait for an open point, as "standard requirement"
}

func (a *app) checkCommand() *cobra.Command {
	complete := false
	c := a.command("check", "check", cobra.NoArgs, func(*cobra.Command, []string) error { return a.checkModel(complete) })
	c.Flags().BoolVar(&complete, "complete", false, a.t("flag.complete"))
	return c
}

func (a *app) checkModel(complete bool) error {
	if err := a.formats("text", "json"); err != nil {
		return err
	}
	w, err := a.open()
	if err != nil && (w == nil || a.format != "json") {
		return err
	}
	problems := w.problems
	if err == nil {
		problems = append(problems, product.Check(w.product)...)
		files, ferr := product.CheckFiles(w.dir, w.product)
		if ferr != nil {
			return use(ferr)
		}
		problems = append(problems, files...)
		for _, s := range w.product.Standards {
			if _, serr := standard.Get(standard.ID(s.ID)); serr != nil {
				return use(serr)
			}
		}
	}
	counts := map[product.Severity]int{}
	points := []point{}
	for _, p := range problems {
		counts[p.Severity]++
		x := point{Severity: string(p.Severity), Key: p.Key, Text: a.texts.T(a.lang, p.Key, p.Args), File: p.File, Line: p.Line, Column: p.Column, Field: p.Path, Affects: p.Affects}
		points = append(points, x)
		if a.format == "text" && !a.quiet {
			fmt.Fprintf(a.Out, "%s: %s: %s\n", p.Where(), a.t("severity.check."+string(p.Severity)), plain(x.Text))
		}
	}
	for _, x := range append(a.decisionPoints(w), a.recordPoints(w)...) {
		counts[product.SeverityError]++
		points = append(points, x)
		if a.format == "text" && !a.quiet {
			fmt.Fprintf(a.Out, "%s: %s: %s\n", problemPlace(threat.Problem{File: x.File, Line: x.Line}), a.t("severity.check.error"), plain(x.Text))
		}
	}
	switch {
	case counts[product.SeverityError] > 0:
		a.code = exitUse
	case complete && counts[product.SeverityOpen] > 0:
		a.code = exitUndecided
	}
	if a.format == "json" {
		a.json(checkDoc{Schema: "assay/check@1", Valid: counts[product.SeverityError] == 0, Complete: counts[product.SeverityOpen] == 0, Problems: points})
		return nil
	}
	if counts[product.SeverityError] > 0 {
		return &exitError{code: exitUse, kind: codeModel, err: errors.New(a.t("ui.model-errors", "count", fmt.Sprint(counts[product.SeverityError]))), silent: true}
	}
	fmt.Fprintln(a.Out, a.t("ui.check-summary", "file", filepath.Join(w.dir, product.FileName),
		"warnings", fmt.Sprint(counts[product.SeverityWarning]), "open", fmt.Sprint(counts[product.SeverityOpen])))
	return nil
}

// recordPoints are the mistakes of answers.yaml and words.yaml.
func (a *app) recordPoints(w *workspace) []point {
	var out []point
	add := func(key, text, file string, line int) {
		out = append(out, point{Severity: string(product.SeverityError), Key: key, Text: text, File: file, Line: line})
	}
	lim := limit.Default().YAML
	data, err := activity.ReadAnswers(w.dir, lim)
	if err != nil {
		add("activity.problem.unreadable", a.t("activity.problem.unreadable", "error", err.Error()), activity.AnswersFile, 0)
	}
	if data != nil {
		c, err := activity.Load()
		if err != nil {
			return nil // a test loads it
		}
		_, problems := c.LoadAnswers(data, lim)
		for _, p := range problems {
			add(p.Key, a.texts.T(a.lang, p.Key, p.Args), p.File, p.Line)
		}
	}
	_, problems := publish.ReadWords(w.dir, lim)
	for _, p := range problems {
		add(p.Reason.Key, a.texts.T(a.lang, p.Reason.Key, p.Reason.Args), p.File, p.Line)
	}
	return out
}

// decisionPoints are the mistakes of threats.yaml.
func (a *app) decisionPoints(w *workspace) []point {
	data, problems := threat.ReadDir(w.dir, limit.Default().YAML)
	if data != nil {
		l, err := threat.Embedded()
		if err != nil {
			return nil // a test loads it
		}
		_, _, more := threat.Load(threat.DecisionsFile, data, l, limit.Default().YAML)
		problems = append(problems, more...)
	}
	var out []point
	for _, p := range problems {
		out = append(out, point{Severity: string(product.SeverityError), Key: p.Reason.Key, Text: a.texts.T(a.lang, p.Reason.Key, p.Reason.Args), File: p.File, Line: p.Line})
	}
	return out
}
