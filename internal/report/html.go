package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"assay/internal/standard"
	"assay/internal/verdict"
)

//go:embed html/page.tmpl
var pageTemplate string

//go:embed html/parts.tmpl
var partsTemplate string

//go:embed html/style.css
var style string

//go:embed html/script.js
var script string

// page is what the HTML template shows.
type page struct {
	V                         *view
	LangTag, Policy, Kicker   string
	Name, Model, Release      phrase
	Maker, RunID, By, Program phrase
	Head                      phrase
	When                      string
	Units, Notes, Errors      []phrase
	Words, AllWords           []verdict.Verdict
	Style                     template.CSS
	Script                    template.JS
}

// encodeHTML writes the test report as one self-contained file: no network,
// readable without script, and with a policy that allows only the style and
// the script that are in it.
func encodeHTML(w io.Writer, in Input) error {
	if err := in.check(); err != nil {
		return err
	}
	v := newView(in)
	t, err := parsePage(v)
	if err != nil {
		return fmt.Errorf("report: HTML template: %w", err)
	}
	if err := t.ExecuteTemplate(w, "page", newPage(v)); err != nil {
		return fmt.Errorf("report: HTML: %w", err)
	}
	return nil
}

func newPage(v *view) page {
	id, r := v.in.Product.Identity, v.in.Run
	css := pageStyle(v.Threats != nil)
	p := page{
		V: v, LangTag: langTag(v), Kicker: v.kicker(), Policy: policy(css, script),
		Name: foreign(id.Name), Model: foreign(id.Model), Release: foreign(id.Release), Maker: foreign(id.Maker.Name),
		RunID: foreign(r.ID), By: foreign(r.By), Program: foreign(r.Program), Head: foreign(r.Head),
		When: between(r.Started, r.Ended), Notes: v.notes(), AllWords: verdict.Known(),
		//nolint:gosec // files of this package and a constant of internal/diagram
		Style: template.CSS(css), Script: template.JS(script),
	}
	for _, u := range v.in.Product.Units {
		p.Units = append(p.Units, v.unit(u.ID, u.Serial, u.Simulated))
	}
	for _, e := range v.in.Errors {
		p.Errors = append(p.Errors, errorPhrase(e))
	}
	var all verdict.Summary
	for _, x := range v.in.Assessment.Verdicts {
		all.Add(x.Verdict)
	}
	for _, c := range counts(all) {
		p.Words = append(p.Words, c.Verdict)
	}
	return p
}

func errorPhrase(e Error) phrase {
	x := foreign(e.Message)
	if e.Where != "" {
		x = append(x, piece{" (", plain}, piece{e.Where, outside}, piece{")", plain})
	}
	return x
}

// langTag is the BCP 47 tag of the words: fonts choose Taiwan's forms of the
// characters by it.
func langTag(v *view) string {
	if strings.HasPrefix(string(v.lang), "zh") {
		return "zh-Hant-TW"
	}
	return string(v.lang)
}

// policy allows nothing but the style and the script of a page, by hash; ""
// is no script.
func policy(style, script string) string {
	from := "'none'"
	if script != "" {
		from = "'" + hashOf(script) + "'"
	}
	return "default-src 'none'; img-src data:; style-src '" + hashOf(style) + "'; script-src " + from + "; base-uri 'none'; form-action 'none'"
}

func hashOf(s string) string {
	h := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(h[:])
}

func (v *view) functions() template.FuncMap {
	return template.FuncMap{
		"t":        func(key string) string { return v.s(key) },
		"count":    v.counted,
		"word":     func(x any) string { return v.verdict(verdict.Verdict(fmt.Sprint(x))) },
		"meaning":  func(x verdict.Verdict) string { return v.s("verdict." + string(x) + ".means") },
		"profile":  func(p string) string { return v.or(p, "report.profile."+p) },
		"severity": func(s any) string { return v.or(fmt.Sprint(s), "severity."+fmt.Sprint(s)) },
		"status":   func(s string) string { return v.or(s, "status."+s) },
		"claim":    v.claim,
		"tally":    v.tally,
		"counts":   counts,
		"bar":      v.bar,
		"inc":      func(n int) int { return n + 1 },
		"symbol":   symbolOf,
	}
}

func (v *view) claim(claim, status string) string {
	switch {
	case claim != "":
		return v.or(claim, "claim."+strings.ReplaceAll(claim, "/", ""))
	case status == standard.Recommended:
		return v.s("report.claim.none-R")
	}
	return v.s("report.claim.none")
}

// bar is a stacked bar of a summary. Patterns tell the parts apart where
// there is no colour; the legend beneath holds the numbers.
func (v *view) bar(s verdict.Summary) template.HTML {
	const width, height, gap = 600.0, 20.0, 2.0
	parts, total := counts(s), s.Total()
	if total == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="bar" viewBox="0 0 %.0f %.0f" role="img" aria-label="%s">`, width, height, template.HTMLEscapeString(v.tally(s)))
	x, each := 0.0, (width-gap*float64(len(parts)-1))/float64(total)
	for _, c := range parts {
		w := each * float64(c.N)
		fill := "var(--b)"
		switch c.Verdict {
		case verdict.Fail:
			fill = "currentColor"
		case verdict.NotApplicable:
			fill = "none"
		case verdict.Inconclusive, verdict.NotClaimed, verdict.NotTested:
			fill = "url(#p-" + string(c.Verdict) + ")"
		}
		fmt.Fprintf(&b, `<g class="v-%s"><rect x="%.1f" width="%.1f" height="%.0f" fill="%s"/><rect class="edge" x="%.1f" y=".5" width="%.1f" height="%.0f"/></g>`,
			c.Verdict, x, w, height, fill, x+.5, max(w-1, .5), height-1)
		x += w + gap
	}
	b.WriteString("</svg>")
	//nolint:gosec // numbers, verdicts and an escaped label
	return template.HTML(b.String())
}
