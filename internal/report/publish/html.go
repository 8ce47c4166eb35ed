package publish

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"assay/internal/i18n"
	"assay/internal/record"
	"assay/internal/untrusted"
)

//go:embed html/page.tmpl
var pageTemplate string

//go:embed html/index.tmpl
var indexTemplate string

//go:embed html/style.css
var style string

// maxPiece bounds one value in what people read, in bytes.
const maxPiece = 20_000

// policy allows nothing but the style of a page, by hash.
func policy() string {
	h := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(h[:]) + "'; base-uri 'none'; form-action 'none'"
}

// tag is the BCP 47 tag of a language: fonts choose Taiwan's forms of the
// characters by it.
func tag(l i18n.Lang) string {
	if strings.HasPrefix(string(l), "zh") {
		return "zh-Hant-TW"
	}
	return string(l)
}

// HTML writes the document as one self-contained file without script, with a
// policy that allows its own style and nothing else.
func (d *Document) HTML(w io.Writer, texts Texts) error {
	t, err := d.template(texts, "page", pageTemplate)
	if err == nil {
		err = t.Execute(w, struct {
			*Document
			Tag, Policy string
			Style       template.CSS
		}{d, tag(d.Lang), policy(), template.CSS(style)}) //nolint:gosec // a file of this package
	}
	if err != nil {
		return fmt.Errorf("publish: HTML of %s: %w", d.ID, err)
	}
	return nil
}

func (d *Document) template(texts Texts, name, source string) (*template.Template, error) {
	return template.New(name).Funcs(template.FuncMap{
		"t":      func(key string) string { return texts.T(d.Lang, key, nil) },
		"pieces": func(ps []Piece) template.HTML { return inline(ps, d.Lang, texts) },
		"blocks": func(p Part) []block { return p.blocks() },
		"date":   func(s string) string { return day(d.Lang, s) },
		"line":   func(s string) template.HTML { return untrusted.From(s, maxPiece).HTML() },
		"word":   func(v Verdict) string { return texts.T(d.Lang, "verdict."+v.Verdict, nil) },
		"anchor": func(id string) string { return id[strings.IndexByte(id, '#')+1:] },
	}).Parse(source)
}

// day writes a date as the language does.
func day(l i18n.Lang, s string) string {
	f := record.Filler{Lang: string(l)}
	return f.Fill(record.Text{En: "{d:date}", Zh: "{d:date}"}, map[string]any{"d": s}).Text
}

// inline is pieces as HTML. Values are escaped, isolated from the direction of
// what stands around them, and keep their lines.
func inline(ps []Piece, l i18n.Lang, texts Texts) template.HTML {
	var b strings.Builder
	for _, p := range ps {
		switch p.kind {
		case ours:
			b.WriteString(template.HTMLEscapeString(p.Text))
		case gap:
			b.WriteString(`<mark class="gap">` + template.HTMLEscapeString(gapText(texts, l, p)) + `</mark>`)
		default:
			b.WriteString(value(p))
		}
	}
	//nolint:gosec // every part was escaped above
	return template.HTML(b.String())
}

func gapText(texts Texts, l i18n.Lang, p Piece) string {
	where := untrusted.From(p.Text, maxPiece).Terminal()
	return "⟦" + texts.T(l, "publish.gap", map[string]string{"where": where}) + "⟧"
}

func value(p Piece) string {
	var lines []string
	for l := range strings.SplitSeq(p.Text, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			lines = append(lines, template.HTMLEscapeString(untrusted.From(l, maxPiece).Terminal()))
		}
	}
	inner := strings.Join(lines, "<br>")
	if p.link {
		if to := address(p.Text); to != "" {
			inner = `<a href="` + template.HTMLEscapeString(to) + `" rel="noopener noreferrer">` + inner + `</a>`
		}
	}
	if p.Lang != "" {
		return `<bdi lang="` + p.Lang + `">` + inner + `</bdi>`
	}
	return `<bdi>` + inner + `</bdi>`
}
