package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"

	"assay/internal/diagram"
	"assay/internal/threat"
)

//go:embed html/threats.tmpl
var threatsTemplate string

// threatPage is what the template of the page about threats shows.
type threatPage struct {
	V                           *threatView
	LangTag, Policy             string
	Name, Model, Release, Maker phrase
	Profile, Run, Program       phrase
	Context                     string
	Errors                      []phrase
	Style                       template.CSS
}

// threatsHTML writes the page about threats as one self-contained file
// without script, with a policy that allows its own style and nothing else.
func threatsHTML(w io.Writer, in ThreatInput) error {
	v := newThreatView(in, nil)
	plain := &view{voice: v.voice}
	t, err := parsePage(plain)
	if err != nil {
		return fmt.Errorf("report: HTML template of threats: %w", err)
	}
	id, a := in.Analysis.Product.Identity, in.Analysis
	css := pageStyle(true)
	p := threatPage{
		V: v, LangTag: langTag(plain), Policy: policy(css, ""), Name: foreign(id.Name), Model: foreign(id.Model), Release: foreign(id.Release), Maker: foreign(id.Maker.Name),
		Profile: foreign(a.Profile.ID), Run: foreign(a.Run), Program: foreign(in.Program), Context: v.or(a.Context, "threat.context."+a.Context),
		//nolint:gosec // a file of this package and a constant of internal/diagram
		Style: template.CSS(css),
	}
	for _, e := range in.Errors {
		p.Errors = append(p.Errors, errorPhrase(e))
	}
	if err := t.ExecuteTemplate(w, "threats-page", p); err != nil {
		return fmt.Errorf("report: HTML of threats: %w", err)
	}
	return nil
}

// parsePage parses the templates of both pages.
func parsePage(v *view) (*template.Template, error) {
	t := template.New("page").Funcs(v.functions())
	for _, text := range []string{pageTemplate, partsTemplate, threatsTemplate} {
		var err error
		if t, err = t.Parse(text); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// pageStyle is the style of a page; pictures bring theirs.
func pageStyle(pictures bool) string {
	if !pictures {
		return style
	}
	return diagram.Style + style
}

// Heading is a heading of a part: a section of the page about threats, a part
// of one in the test report.
func (v *threatView) Heading(id, key string) template.HTML {
	return v.heading(0, "", id, template.HTML(template.HTMLEscapeString(v.s(key))))
}

func (v *threatView) heading(deeper int, class, id string, inner template.HTML) template.HTML {
	level := 2 + deeper
	if !v.alone {
		level++
	}
	if class != "" {
		class = ` class="` + class + `"`
	}
	//nolint:gosec // class and id are ours, and inner was escaped
	return template.HTML(fmt.Sprintf(`<h%d id="%s"%s>%s</h%[1]d>`, level, template.HTMLEscapeString(id), class, inner))
}

// ElementHeading names an element, and what is left on it.
func (v *threatView) ElementHeading(e elementView) template.HTML {
	inner := template.HTML(`<small>`+template.HTMLEscapeString(e.Kind)+`</small> `) + e.Name.HTML() + template.HTML(` <span class="left">`+template.HTMLEscapeString(v.Short(e.Now))+`</span>`)
	return v.heading(1, "element", e.Anchor, inner)
}

// AnnexHeading names a standard whose own analysis is shown.
func (v *threatView) AnnexHeading(a annexView) template.HTML {
	return v.heading(0, "", a.Anchor(), template.HTML(template.HTMLEscapeString(v.s("threat.annex")+": "+a.Title)))
}

// ComparedHeading names the run that is compared with.
func (v *threatView) ComparedHeading() template.HTML {
	return v.heading(0, "", "threat-compared", v.fill("threat.compared", map[string]phrase{"run": v.AgainstRun}).HTML())
}

// Anchor is where the page shows the annex.
func (a annexView) Anchor() string { return anchor("threat-annex", a.Standard) }

// Run says whether verdicts of a run count, so that what is left differs from
// what there was.
func (v *threatView) Run() bool { return v.run }

// Alone says that the page is about threats only.
func (v *threatView) Alone() bool { return v.alone }

// Verified says whether the numbers were held against the method's text.
func (v *threatView) Verified() bool { return v.a.Profile.Verified }

// Assumed says that nobody declared the context.
func (v *threatView) Assumed() bool { return v.a.Assumed }

// LevelHeads are the levels in words, the highest first.
func (v *threatView) LevelHeads() []rated {
	var out []rated
	for _, l := range slices.Backward(threat.Levels()) {
		out = append(out, rated{Level: l, Symbol: symbolOf(l), Word: v.level(l)})
	}
	return out
}

// threatWith is a threat with what its template must know of the page.
type threatWith struct {
	Threat riskView
	Run    bool
}

// With joins a threat with the page.
func (v *threatView) With(t riskView) threatWith { return threatWith{t, v.run} }

// annexWith is an annex with its page.
type annexWith struct {
	V     *threatView
	Annex annexView
}

// WithHeading joins an annex with the page.
func (v *threatView) WithHeading(a annexView) annexWith { return annexWith{v, a} }

// Total is the number of threats.
func (v *threatView) Total() string { return v.s("threat.total", "n", fmt.Sprint(v.total)) }

// FailedText says how many countermeasures FAILED.
func (v *threatView) FailedText() string { return v.s("threat.failed", "n", fmt.Sprint(v.Failed)) }

// More says how many are left out.
func (v *threatView) More(n int) string { return v.s("threat.more", "n", fmt.Sprint(n)) }

// Differ says how many rows of an annex differ.
func (v *threatView) Differ(a annexView) string {
	return v.s("threat.annex.differ", "n", fmt.Sprint(a.Differ), "rows", fmt.Sprint(a.Rows))
}

// tallyRow is a line of the table of counts.
type tallyRow struct {
	Name string
	N    levels
}

// Tallies are the counts by level.
func (v *threatView) Tallies() []tallyRow {
	out := []tallyRow{{v.s("threat.matrix.before"), v.Before}}
	if v.run {
		out = append(out, tallyRow{v.s("threat.matrix.now"), v.Now})
	}
	return append(out, tallyRow{v.s("threat.matrix.after"), v.After})
}

// Classes are the letters of STRIDE with their names.
func (v *threatView) Classes() []strideCell {
	var out []strideCell
	for _, s := range threat.Strides() {
		out = append(out, strideCell{Letter: letter(s), Title: v.s("threat.stride." + string(s))})
	}
	return out
}

// drawnPath is a path with its picture.
type drawnPath struct {
	pathView
	SVG template.HTML
}

// DrawnPaths are the cheapest paths with their pictures.
func (v *threatView) DrawnPaths() []drawnPath {
	var out []drawnPath
	for i, p := range v.Paths {
		out = append(out, drawnPath{p, p.picture(v, i+1)})
	}
	return out
}
