package publish

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"assay/internal/untrusted"
)

// Markdown writes the document as CommonMark with the tables of GitHub's
// dialect, without HTML. Values can't leave their line or their cell.
func (d *Document) Markdown(w io.Writer, texts Texts) error {
	b := bufio.NewWriter(w)
	m := &markdown{voice: voice{d.Lang, texts, d.standards}, doc: d, w: b}
	m.head()
	for _, p := range d.Sections {
		m.part(p)
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("publish: Markdown of %s: %w", d.ID, err)
	}
	return nil
}

// markdown writes to a bufio.Writer, whose Flush tells of the first error.
type markdown struct {
	voice
	doc *Document
	w   *bufio.Writer
}

func (m *markdown) line(parts ...string) {
	for _, p := range parts {
		m.w.WriteString(p) //nolint:errcheck // told by Flush
	}
	m.w.WriteByte('\n') //nolint:errcheck // told by Flush
}

func (m *markdown) t(key string) string { return light(m.s(key)) }

func outside(s string) string { return untrusted.From(s, maxPiece).Markdown() }

func (m *markdown) head() {
	d := m.doc
	m.line("# ", light(d.Title))
	m.line()
	for _, s := range d.Head {
		m.line("- ", m.pieces(s.Text, " "))
	}
	m.line("- ", light(m.dated(d.Date)))
	m.line()
	m.line(light(d.Purpose))
	m.line()
	m.line(light(m.s("publish.audience", "who", d.Audience)))
	if !d.Draft {
		return
	}
	m.line()
	m.line("**", m.t("publish.draft"), "**")
	m.line()
	m.line(m.t("publish.draft.why"))
	m.line()
	for _, e := range d.Errors {
		where := ""
		if e.Where != "" {
			where = " (" + outside(e.Where) + ")"
		}
		m.line("- ", outside(e.Message), where)
	}
	if len(d.Remarks) == 0 {
		return
	}
	m.line()
	m.line(m.t("publish.remarks"))
	m.line()
	for _, r := range d.Remarks {
		m.line("- ", light(r.Text), " ", m.t("publish.confidence."+r.Confidence))
	}
}

func (m *markdown) part(p Part) {
	m.line()
	m.line("## ", m.pieces(p.Title, " "))
	if len(p.Refs) > 0 {
		m.line()
		m.line(light(m.s("publish.answers", "refs", m.refs(p.Refs))))
	}
	for _, b := range p.blocks() {
		m.line()
		if b.Form == Row {
			m.table(b)
			continue
		}
		n := 0
		for i, s := range b.Statements {
			switch b.Form {
			case Item:
				m.line("- ", m.pieces(s.Text, "\\\n  "), m.notes(s))
			case Step:
				for k, ps := range steps(s.Text) {
					n++
					notes := ""
					if k == 0 {
						notes = m.notes(s)
					}
					m.line(fmt.Sprintf("%d. ", n), m.pieces(ps, " "), notes)
				}
			case Blank:
				if i > 0 {
					m.line()
				}
				m.line(m.pieces(s.Text, " "), m.notes(s), m.t("publish.blank"), " ", strings.Repeat(`\_`, 30))
			default:
				m.line(m.pieces(s.Text, "\\\n"), m.notes(s))
			}
		}
	}
}

func (m *markdown) table(b block) {
	var head, rule []string
	for _, c := range b.Columns {
		head, rule = append(head, light(c)), append(rule, "---")
	}
	m.line("| ", strings.Join(head, " | "), " |")
	m.line("| ", strings.Join(rule, " | "), " |")
	for _, s := range b.Statements {
		var cells []string
		for _, c := range s.Cells {
			cells = append(cells, m.pieces(c, " / "))
		}
		m.line("| ", strings.Join(cells, " | "), " |")
	}
	if n := b.Notes(); n != nil {
		m.line()
		m.line(strings.TrimSpace(m.notes(*n)))
	}
}

// notes are the verdicts and places of law behind a statement.
func (m *markdown) notes(s Statement) string {
	var out []string
	for _, v := range s.Verdicts {
		out = append(out, light(m.tested(v)))
	}
	for _, r := range s.Refs {
		out = append(out, light(r))
	}
	if len(out) == 0 {
		return ""
	}
	return " (" + strings.Join(out, "; ") + ")"
}

// pieces is text of a document; lines of a value are joined by next.
func (m *markdown) pieces(ps []Piece, next string) string {
	var b strings.Builder
	for _, p := range ps {
		switch p.kind {
		case ours:
			b.WriteString(light(p.Text))
		case gap:
			b.WriteString("**" + outside(m.gap(p)) + "**")
		default:
			if to := address(p.Text); p.link && to != "" && !strings.HasPrefix(to, "tel:") {
				b.WriteString("<" + to + ">") // address allows nothing that could end it
				continue
			}
			var lines []string
			for l := range strings.SplitSeq(p.Text, "\n") {
				if l = strings.TrimSpace(l); l != "" {
					lines = append(lines, outside(l))
				}
			}
			b.WriteString(strings.Join(lines, next))
		}
	}
	return b.String()
}

// light escapes what is markup in words of ours, which should stay readable in
// the source too.
func light(s string) string { return markup.Replace(s) }

var markup = strings.NewReplacer(`\`, `\\`, "`", "\\`", `*`, `\*`, `_`, `\_`, `[`, `\[`, `]`, `\]`, `<`, `\<`, `>`, `\>`, `|`, `\|`, `&`, `\&`, `#`, `\#`, `~`, `\~`)
