package publish

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

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

// longWord is from how many bytes on a word in a table may be broken anywhere,
// so that it doesn't push the table off the page.
const longWord = 18

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
	v := voice{d.Lang, texts, d.standards}
	return template.New(name).Funcs(template.FuncMap{
		"t":        func(key string) string { return v.s(key) },
		"dated":    v.dated,
		"audience": func(who string) string { return v.s("publish.audience", "who", who) },
		"answers":  func(refs []string) string { return v.s("publish.answers", "refs", v.refs(refs)) },
		"refs":     v.refs,
		"tested":   v.tested,
		"pieces":   func(ps []Piece) template.HTML { return inline(ps, v) },
		"steps":    steps,
		"blocks":   func(p Part) []block { return p.blocks() },
		"line":     func(s string) template.HTML { return untrusted.From(s, maxPiece).HTML() },
		"anchor":   func(id string) string { return id[strings.IndexByte(id, '#')+1:] },
	}).Parse(source)
}

// voice is what documents say around their sentences, in one language.
type voice struct {
	lang      i18n.Lang
	texts     Texts
	standards map[string]string // short titles, by id
}

func (v voice) s(key string, args ...string) string {
	named := map[string]string{}
	for i := 0; i+1 < len(args); i += 2 {
		named[args[i]] = args[i+1]
	}
	return v.texts.T(v.lang, key, named)
}

func (v voice) dated(s string) string { return v.s("publish.date", "date", day(v.lang, s)) }

func (v voice) tested(x Verdict) string {
	return v.s("publish.test", "requirement", v.requirement(x.Requirement), "verdict", v.s("verdict."+x.Verdict))
}

func (v voice) refs(all []string) string {
	if strings.HasPrefix(string(v.lang), "zh") {
		return strings.Join(all, "、")
	}
	return strings.Join(all, ", ")
}

// requirement is a requirement's id for people.
func (v voice) requirement(id string) string {
	standard, rest, _ := strings.Cut(id, "/")
	return strings.TrimSpace(v.standard(standard) + " " + rest)
}

// standard is a standard's id for people: its short name in the document's
// language, else the title that the caller gives.
func (v voice) standard(id string) string {
	if key := TermKey("standard", id); v.texts.Has(key) {
		return v.s(key)
	}
	if title := v.standards[id]; title != "" {
		return title
	}
	return id
}

// day writes a date as the language does.
func day(l i18n.Lang, s string) string {
	f := record.Filler{Lang: string(l)}
	return f.Fill(record.Text{En: "{d:date}", Zh: "{d:date}"}, map[string]any{"d": s}).Text
}

// inline is pieces as HTML. Values are escaped, isolated from the direction of
// what stands around them, and keep their lines.
func inline(ps []Piece, v voice) template.HTML {
	var b strings.Builder
	for _, p := range ps {
		switch p.kind {
		case ours:
			b.WriteString(template.HTMLEscapeString(p.Text))
		case gap:
			b.WriteString(`<mark class="gap">` + template.HTMLEscapeString(v.gap(p)) + `</mark>`)
		default:
			b.WriteString(value(p))
		}
	}
	//nolint:gosec // every part was escaped above
	return template.HTML(b.String())
}

func (v voice) gap(p Piece) string {
	return "⟦" + v.s("publish.gap", "where", untrusted.From(p.Text, maxPiece).Terminal()) + "⟧"
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
	attributes := ""
	if p.Lang != "" {
		attributes += ` lang="` + p.Lang + `"`
	}
	if slices.ContainsFunc(strings.Fields(p.Text), func(w string) bool { return len(w) > longWord && len(w) == utf8.RuneCountInString(w) }) {
		attributes += ` class="long"`
	}
	return `<bdi` + attributes + `>` + inner + `</bdi>`
}
