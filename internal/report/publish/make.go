package publish

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"assay/internal/i18n"
	"assay/internal/pattern"
	"assay/internal/product"
	"assay/internal/record"
)

// Texts is the catalogue of everything that a person reads; *i18n.Texts in
// the program.
type Texts interface {
	T(lang i18n.Lang, key string, args map[string]string) string
	Has(key string) bool
}

// Input is all that documents are made of.
type Input struct {
	// View is the product with the variables of Variables but part; those that
	// aren't there are empty.
	View *record.View
	// Source is the name of the product's file; default assay.yaml.
	Source string
	Lang   i18n.Lang
	Texts  Texts
	Words  record.Words // nil: none
	// Terms are asked before the catalogue's, for words that it can't hold,
	// such as the titles of threats; may be nil.
	Terms record.Terms
	Now   time.Time
	// Run is the id of the run that verdicts are of; "" where there is none.
	Run      string
	Verdicts map[string]string // "standard/requirement" → verdict
	// Standards are short titles by id, for people; may be nil.
	Standards map[string]string
}

// Error is something that keeps a document from being published, or that a
// person should see.
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Where   string `json:"where,omitempty"`
}

// Codes of errors and notices.
const (
	CodeGap          = "gap"          // a value is missing
	CodeRequirement  = "requirement"  // a requirement behind the document isn't met
	CodeUntranslated = "untranslated" // words of a person in the other language
	CodeContradicted = "contradicted" // a test, or another answer, says otherwise
)

// Document is a document in one language.
type Document struct {
	ID, For                  string
	Lang                     i18n.Lang
	Title, Audience, Purpose string
	// Date is the day of the last change, as 2026-03-01: that of the input until
	// Write finds that an earlier edition says the same.
	Date     string
	Draft    bool
	Head     []Statement // what every document says of the product
	Sections []Part
	Errors   []Error // why it is a draft
	// Remarks are for the maker: they stand in drafts and in the manifest only.
	Remarks []Remark
	Notices []Error

	standards map[string]string
}

// Part is a section.
type Part struct {
	ID         string
	Title      []Piece
	Refs       []string
	Statements []Statement
}

// Statement is a sentence of a document.
type Statement struct {
	ID       string // document#sentence, or document#sentence/entry
	Form     string
	Kind     string
	Text     []Piece   // but for rows
	Columns  []string  // of a row
	Cells    [][]Piece // of a row
	Refs     []string
	Sources  []Source
	Verdicts []Verdict
}

// Verdict is the verdict of a requirement.
type Verdict struct {
	Requirement string `json:"requirement"`
	Verdict     string `json:"verdict"`
}

// Plain is the statement as plain text, for the manifest.
func (s *Statement) Plain() string {
	if s.Form != Row {
		return text(s.Text)
	}
	var out []string
	for i, c := range s.Cells {
		x := text(c)
		if i < len(s.Columns) {
			x = s.Columns[i] + ": " + x
		}
		out = append(out, x)
	}
	return strings.Join(out, "; ")
}

// Statements lists every statement, in order.
func (d *Document) Statements() []Statement {
	out := slices.Clone(d.Head)
	for _, p := range d.Sections {
		out = append(out, p.Statements...)
	}
	return out
}

// Rests lists the paths that each statement rests on, by its id, and the
// requirements whose verdict is shown with it.
func (d *Document) Rests() map[string][]string {
	out := map[string][]string{}
	for _, s := range d.Statements() {
		paths := []string{}
		for _, x := range s.Sources {
			paths = append(paths, x.Path)
		}
		for _, v := range s.Verdicts {
			paths = append(paths, v.Requirement)
		}
		out[s.ID] = paths
	}
	return out
}

// Make makes a document. The error is one of the document's data: an
// expression that can't be evaluated over the view.
func Make(ctx context.Context, t *Template, in Input) (*Document, error) {
	mk, err := newMaker(in)
	if err != nil {
		return nil, err
	}
	return mk.document(ctx, t)
}

// maker makes documents of one input.
type maker struct {
	voice
	in     Input
	filler record.Filler
	view   *record.View
	model  *model
	vars   map[string]any
	today  time.Time

	doc   *Document
	heads []string // columns of the table that goes on
	seen  map[string]bool
}

func newMaker(in Input) (*maker, error) {
	if in.View == nil || in.Texts == nil {
		return nil, fmt.Errorf("publish: no view of a product, or no texts")
	}
	if in.Source == "" {
		in.Source = "assay.yaml"
	}
	m := &maker{voice: voice{in.Lang, in.Texts, in.Standards}, in: in, vars: map[string]any{}}
	for _, name := range Variables() {
		m.vars[name] = in.View.Get(name)
		if m.vars[name] == nil {
			m.vars[name] = []any{}
			if slices.Contains([]string{"verdicts", "answers", "markets", "ids", "part"}, name) {
				m.vars[name] = map[string]any{}
			}
		}
	}
	m.vars["none"] = nobody(in.View.Product())
	m.vars[varOutcomes], m.vars[varRoutes], m.vars[varRun] = map[string]any{}, map[string]any{}, map[string]any{"id": in.Run}
	today, _ := in.View.Get("today").(string)
	var err error
	if m.today, err = time.Parse("2006-01-02", today); err != nil {
		return nil, fmt.Errorf("publish: the view's day: %w", err)
	}
	m.view = record.NewView(in.View.Product(), m.today, m.vars)
	m.model = newModel(m.view, in.Source)
	m.filler = record.Filler{Lang: string(m.lang), Words: in.Words, Terms: m.term}
	return m, nil
}

// nobody lists the paths of lists of names that are stated as empty.
func nobody(p *product.Product) []any {
	out := []any{}
	for i, d := range p.Data {
		at := product.ItemPath("data", i)
		if d.Readers != nil && len(d.Readers) == 0 {
			out = append(out, at+".readers")
		}
		if d.SharedWith != nil && len(d.SharedWith) == 0 {
			out = append(out, at+".shared_with")
		}
	}
	return out
}

var termShape = pattern.New(`[^A-Za-z0-9_-]+`)

// TermKey is the key of the text that stands for a fixed value of the model.
func TermKey(name, value string) string {
	if name != "" {
		name += "."
	}
	return "term." + name + termShape.ReplaceAllString(value, "-")
}

func (m *maker) term(lang, name, value string) (string, bool) {
	if m.in.Terms != nil {
		if w, ok := m.in.Terms(lang, name, value); ok {
			return w, true
		}
	}
	if key := TermKey(name, value); m.in.Texts.Has(key) {
		return m.in.Texts.T(i18n.Lang(lang), key, nil), true
	}
	if m.in.Words != nil {
		return m.in.Words.Word(lang, value) // a choice that is open: a word of the maker's
	}
	return "", false
}

func (m *maker) document(ctx context.Context, t *Template) (*Document, error) {
	m.doc = &Document{ID: t.ID, For: t.For, Lang: m.in.Lang, Title: t.Title.In(m.filler.Lang), Audience: t.Audience.In(m.filler.Lang),
		Purpose: t.Purpose.In(m.filler.Lang), Date: m.in.Now.UTC().Format("2006-01-02"), standards: m.in.Standards}
	m.seen = map[string]bool{}
	m.doc.Remarks = m.notes(t)
	m.outcomes(t)
	m.routes(t)
	for _, x := range t.head.Sentences {
		got, err := m.sentence(ctx, x, m.view, member{})
		if err != nil {
			return nil, err
		}
		m.doc.Head = append(m.doc.Head, got...)
	}
	for _, s := range t.Sections {
		if err := m.section(ctx, s); err != nil {
			return nil, fmt.Errorf("publish: %s: %w", t.ID, err)
		}
	}
	m.behind(t)
	m.unsettled(t)
	m.doc.Draft = len(m.doc.Errors) > 0
	return m.doc, nil
}

// applies says whether the document is made for the product.
func (m *maker) applies(ctx context.Context, t *Template) (bool, error) {
	if t.applies == nil {
		return true, nil
	}
	hits, err := t.applies.Hits(ctx, m.view)
	return len(hits) > 0, err
}

// behind holds the document against the requirements that stand behind it.
func (m *maker) behind(t *Template) {
	var open []string
	for _, id := range append(slices.Clone(t.Behind), t.WhereApplicable...) {
		v := m.in.Verdicts[id]
		if v == verdictPass || v == verdictNotAp && slices.Contains(t.WhereApplicable, id) {
			continue
		}
		open = append(open, id)
	}
	for _, g := range m.groups(open) { // one line for each verdict: there may be many
		m.doc.Errors = append(m.doc.Errors, Error{CodeRequirement, m.s("publish.error.requirement",
			"standard", m.standard(g.standard), "requirements", strings.Join(g.ids, m.s("publish.list")), "verdict", g.word), ""})
	}
}
