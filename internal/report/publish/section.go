package publish

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"assay/internal/pattern"
	"assay/internal/record"
)

// section makes a section, or one for each member of its list.
func (m *maker) section(ctx context.Context, s *Section) error {
	m.heads = nil
	hits, err := s.rule.Hits(ctx, m.view)
	if err != nil {
		return fmt.Errorf("section %s: %w", s.ID, err)
	}
	for _, h := range hits {
		p := Part{ID: s.ID, Refs: s.Refs, Title: []Piece{{Text: s.Title.In(m.filler.Lang)}}}
		view, of := m.view, member{}
		if s.Each != "" {
			of = member{at: h.At, id: h.ID, from: s.rule.member, part: h.At}
			p.ID += "-" + slug(h.ID)
			got := fill(m.filler, s.Title, h.Values)
			m.missing(s.rule, got.missing, of, s.ID)
			m.name(s.rule, got.pieces, of)
			m.untranslated(got.foreign)
			p.Title = got.pieces
			m.vars["part"] = m.model.groups[h.At]
			view = record.NewView(m.view.Product(), m.today, m.vars)
		}
		for _, x := range s.Sentences {
			m.columns(x)
			got, err := m.sentence(ctx, x, view, of)
			if err != nil {
				return err
			}
			p.Statements = append(p.Statements, got...)
		}
		if len(p.Statements) > 0 {
			m.doc.Sections = append(m.doc.Sections, p)
		}
	}
	return nil
}

// sentence makes what a sentence says about the members that its rule holds for.
func (m *maker) sentence(ctx context.Context, x *Sentence, view *record.View, part member) ([]Statement, error) {
	hits, err := x.rule.Hits(ctx, view)
	if err != nil {
		return nil, fmt.Errorf("sentence %s: %w", x.ID, err)
	}
	id := m.doc.ID + "#" + x.ID
	if part.part != "" {
		id += "/" + slug(part.id)
	}
	if len(hits) == 0 {
		return m.nothing(x, id, part), nil
	}
	var out []Statement
	for i, h := range hits {
		of := member{at: h.At, id: h.ID, from: x.rule.member, part: part.part}
		if part.part != "" && x.Each == "" {
			of = part
		}
		own := id
		if x.Each != "" {
			own = m.own(id, h, i)
		}
		out = append(out, m.statement(x, own, h, of))
	}
	return out, nil
}

// own is the id of what is said about one member: its id or key, else its
// number.
func (m *maker) own(id string, h record.Hit, i int) string {
	key := h.ID
	if k, ok := h.Values[keyName].(string); ok && k != "" {
		key = k
	}
	if key = slug(key); key == "" || len(key) > 64 {
		key = strconv.Itoa(i + 1)
	}
	out := id + "/" + key
	for n := 2; m.seen[out]; n++ {
		out = id + "/" + key + "~" + strconv.Itoa(n)
	}
	m.seen[out] = true
	return out
}

var unfit = pattern.New(`[^\p{L}\p{N}._@:-]+`)

func slug(s string) string { return strings.Trim(unfit.ReplaceAllString(s, "-"), "-") }

// nothing is what is said where the rule holds for nothing.
func (m *maker) nothing(x *Sentence, id string, part member) []Statement {
	at := append(append([]spot{}, x.rule.each...), x.rule.when...)
	for _, p := range x.rule.member.at {
		if n := len(p.steps); n > 0 && p.steps[n-1] == "*" {
			p = spot{root: p.root, steps: p.steps[:n-1]}
			at = append(at, p)
		}
	}
	at = append(at, x.rule.from...)
	sources := m.model.sources(at, part)
	switch {
	case !x.Else.IsZero() && !m.silent(x):
		form := x.Form
		if form == Row {
			form = Plain
		}
		return []Statement{{ID: id, Form: form, Kind: x.Kind, Text: fill(m.filler, x.Else, nil).pieces, Refs: x.Refs, Sources: sources}}
	case x.Must || !x.Else.IsZero():
		where := m.gapAt(sources)
		m.lacking(where, x.ID)
		return []Statement{{ID: id, Form: Plain, Kind: x.Kind, Text: []Piece{{Text: where.Path, kind: gap}}, Refs: x.Refs, Sources: sources}}
	}
	return nil
}

// silent says that the file doesn't state the list that a sentence goes
// through, not even as empty: that nothing stands there says nothing about the
// product.
func (m *maker) silent(x *Sentence) bool {
	for _, p := range x.rule.each {
		if p.root != "product" || len(p.steps) == 0 || p.steps[0] == "*" {
			continue
		}
		if !m.view.Product().Stated(p.steps[0]) {
			return true
		}
	}
	return false
}

// statement makes what is said about one member.
func (m *maker) statement(x *Sentence, id string, h record.Hit, of member) Statement {
	out := Statement{ID: id, Form: x.Form, Kind: x.Kind, Refs: x.Refs}
	if x.Form == Row {
		m.row(x, &out, h, of)
	} else {
		got := fill(m.filler, x.Text, h.Values)
		// Of a member that is there a missing value is a gap: what is said where
		// there is no member at all would deny it.
		if len(got.missing) > 0 && !x.Else.IsZero() && x.Each == "" {
			got = fill(m.filler, x.Else, h.Values)
		}
		m.missing(x.rule, got.missing, of, x.ID)
		m.name(x.rule, got.pieces, of)
		m.untranslated(got.foreign)
		out.Text = got.pieces
	}
	if x.Kind == Fact {
		out.Sources = m.model.sources(x.rule.all(), of)
	}
	for _, r := range x.Verdict {
		if v := m.in.Verdicts[r]; v != "" {
			out.Verdicts = append(out.Verdicts, Verdict{r, v})
			if v == "FAIL" {
				m.doc.Notices = append(m.doc.Notices, Error{CodeContradicted, m.s("publish.notice.contradicted", "requirement", m.requirement(r), "sentence", id), id})
			}
		}
	}
	return out
}

// columns begins a table, also where the sentence that names its columns has
// no row itself: later rows go on with them.
func (m *maker) columns(x *Sentence) {
	if len(x.Columns) == 0 {
		return
	}
	m.heads = nil
	for _, c := range x.Columns {
		m.heads = append(m.heads, c.In(m.filler.Lang))
	}
}

func (m *maker) row(x *Sentence, out *Statement, h record.Hit, of member) {
	out.Columns = m.heads
	for _, c := range x.Cells {
		got := fill(m.filler, c.Text, h.Values)
		if len(got.missing) > 0 && !c.Else.IsZero() {
			got = fill(m.filler, c.Else, h.Values)
		}
		m.missing(x.rule, got.missing, of, x.ID)
		m.name(x.rule, got.pieces, of)
		m.untranslated(got.foreign)
		out.Cells = append(out.Cells, got.pieces)
	}
}

// all are the places that the rule reads.
func (c *compiled) all() []spot {
	out := append(append([]spot{}, c.each...), c.when...)
	if len(c.member.at) == 0 || c.member.at[0].root != "product" || len(c.member.at[0].steps) > 0 {
		out = append(out, c.member.then(self).at...)
	}
	for _, name := range sortedKeys(c.with) {
		out = append(out, c.with[name]...)
	}
	return append(out, c.from...)
}

// missing tells of values that are missing, with the place to state them.
func (m *maker) missing(c *compiled, names []string, of member, sentence string) {
	for _, n := range names {
		m.lacking(m.gapOf(c.with[n], of), sentence)
	}
}

// name gives gaps the path of what is missing.
func (m *maker) name(c *compiled, ps []Piece, of member) {
	for i := range ps {
		if ps[i].kind == gap {
			ps[i].Text = m.gapOf(c.with[ps[i].Text], of).Path
		}
	}
}

// gapOf is the place where a value of these would be stated: of a list
// without entries, the list.
func (m *maker) gapOf(read []spot, of member) Source {
	if got := m.model.sources(read, of); len(got) > 0 {
		return m.gapAt(got)
	}
	var lists []spot
	for _, p := range read {
		if i := slices.Index(p.steps, "*"); i >= 0 {
			lists = append(lists, spot{root: p.root, steps: p.steps[:i]})
		}
	}
	return m.gapAt(m.model.sources(lists, of))
}

// gapAt picks the place that a person has to fill in: one that is reported
// already, else the first that is empty.
func (m *maker) gapAt(all []Source) Source {
	for _, s := range all {
		if s.empty && m.reported(s) {
			return s
		}
	}
	for _, s := range all {
		if s.empty {
			return s
		}
	}
	if len(all) > 0 {
		return all[0]
	}
	return Source{File: m.in.Source}
}

func (m *maker) lacking(s Source, sentence string) {
	if m.reported(s) {
		return
	}
	message := m.s("publish.error.gap", "field", s.Path, "sentence", m.doc.ID+"#"+sentence)
	if s.File == files[varRun] { // nothing that somebody states
		message = m.s("publish.error.no-run", "sentence", m.doc.ID+"#"+sentence)
	}
	m.doc.Errors = append(m.doc.Errors, Error{CodeGap, message, s.at()})
}

// reported says whether the document tells already that a value is missing.
func (m *maker) reported(s Source) bool {
	return slices.ContainsFunc(m.doc.Errors, func(e Error) bool { return e.Code == CodeGap && e.Where == s.at() })
}

func (m *maker) untranslated(texts []string) {
	for _, t := range texts {
		message := m.s("publish.notice.untranslated", "text", short(t), "lang", m.s("publish.lang."+m.filler.Lang))
		known := false
		for _, n := range m.doc.Notices {
			known = known || n.Message == message
		}
		if !known {
			m.doc.Notices = append(m.doc.Notices, Error{CodeUntranslated, message, WordsFile})
		}
	}
}

func short(s string) string {
	const most = 120
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
