package publish

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"assay/internal/pattern"
	"assay/internal/record"
)

//go:embed data
var embedded embed.FS

// Schema is the first line of every file under data.
const Schema = "assay/publication@1"

// For whom a document is made.
const (
	Customers  = "customers"
	Regulators = "regulators"
)

// Forms of a sentence.
const (
	Plain = "sentence" // a paragraph
	Item  = "item"     // an entry of a list
	Step  = "step"     // an entry of a numbered list
	Row   = "row"      // a row of a table
	Blank = "blank"    // a line that somebody fills in by hand
)

// Kinds of sentences.
const (
	Fact   = "fact"   // says something about the product
	Advice = "advice" // fixed words of ours, which say nothing about the product
)

// Template is one document as data.
type Template struct {
	Schema   string      `yaml:"schema"`
	Origin   string      `yaml:"origin"` // assay: the texts are ours
	ID       string      `yaml:"id"`
	For      string      `yaml:"for"`   // customers | regulators; programs for security.txt
	Order    int         `yaml:"order"` // among the documents
	Title    record.Text `yaml:"title"`
	Audience record.Text `yaml:"audience"` // who reads it
	Purpose  record.Text `yaml:"purpose"`  // what it is good for
	// Applies says for which products the document is made; absent: for all.
	Applies string `yaml:"applies"`
	// Otherwise says why it isn't made for the others.
	Otherwise record.Text `yaml:"otherwise"`
	// Behind are requirements as standard/id. The document is a draft while one
	// of them isn't PASS.
	Behind []string `yaml:"behind"`
	// WhereApplicable are requirements that may be NOT APPLICABLE too.
	WhereApplicable []string   `yaml:"where_applicable"`
	Routes          []Route    `yaml:"routes"`
	Notes           []Note     `yaml:"notes"`
	Sections        []*Section `yaml:"sections"`

	file    string
	head    *Section // what every document says about the product
	applies *record.Compiled
}

// Section is a part of a document. With `each` it is repeated for the members
// of a list; in its expressions `part` is the member.
type Section struct {
	ID          string      `yaml:"id"`
	Title       record.Text `yaml:"title"`
	Refs        []string    `yaml:"refs"` // places of a law that it answers
	record.Rule `yaml:",inline"`
	Sentences   []*Sentence `yaml:"sentences"`

	rule *compiled
}

// Sentence says one thing, or one thing about each member of a list.
type Sentence struct {
	ID          string `yaml:"id"` // never changes
	record.Rule `yaml:",inline"`
	// Key names a member where it has no id, as an expression.
	Key  string      `yaml:"key"`
	Form string      `yaml:"form"` // sentence, the default | item | step | row | blank
	Kind string      `yaml:"kind"` // fact, the default | advice
	Text record.Text `yaml:"text"`
	// Columns and Cells are those of a row; a row without columns continues
	// the table above it.
	Columns []record.Text `yaml:"columns"`
	Cells   []Cell        `yaml:"cells"`
	// Else is said where the rule holds for nothing or a value is missing.
	Else record.Text `yaml:"else"`
	// Outcome is a requirement as standard/id that the sentence is about; `it`
	// is then its entry in outcomes.
	Outcome string `yaml:"outcome"`
	// Must makes it a gap that the rule holds for nothing.
	Must bool `yaml:"must"`
	// From are paths that it rests on beyond those of its expressions.
	From []string `yaml:"from"`
	// Verdict are requirements as standard/id whose verdict is shown with it.
	Verdict []string `yaml:"verdict"`
	Refs    []string `yaml:"refs"` // places of a law that it answers

	rule *compiled
}

// Cell is one cell of a row.
type Cell struct {
	record.Text `yaml:",inline"`
	Else        record.Text `yaml:"else"` // where a value is missing
}

// Documents reads and compiles the documents that come with the program, in
// their order.
func Documents() ([]*Template, error) { return load(embedded) }

func load(fsys fs.FS) ([]*Template, error) {
	names, err := fs.Glob(fsys, "data/*.yaml")
	if err != nil {
		return nil, err
	}
	c, err := newCompiler()
	if err != nil {
		return nil, err
	}
	var head *Section
	var out []*Template
	var errs []error
	for _, name := range names {
		t, err := read(fsys, name)
		if err == nil {
			err = c.template(t)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
			continue
		}
		if t.ID == "head" {
			head = t.Sections[0]
			continue
		}
		out = append(out, t)
	}
	if head == nil {
		errs = append(errs, errors.New("data/head.yaml is missing: it says what every document says about the product"))
	}
	for _, t := range out {
		t.head = head
		if id := t.clash(); id != "" {
			errs = append(errs, fmt.Errorf("%s: sentence %s: the id is taken by data/head.yaml", t.file, id))
		}
	}
	slices.SortStableFunc(out, func(a, b *Template) int {
		if a.Order != b.Order {
			return a.Order - b.Order
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out, errors.Join(errs...)
}

// clash is the id of a sentence that the head of all documents has too.
func (t *Template) clash() string {
	if t.head == nil {
		return ""
	}
	for _, s := range t.Sections {
		for _, x := range s.Sentences {
			if slices.ContainsFunc(t.head.Sentences, func(h *Sentence) bool { return h.ID == x.ID }) {
				return x.ID
			}
		}
	}
	return ""
}

func read(fsys fs.FS, name string) (*Template, error) {
	raw, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	t := &Template{file: name}
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	if err := dec.Decode(t); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return t, t.check()
}

var idShape = pattern.New(`^[a-z][a-z0-9-]{0,63}$`)

// check finds mistakes of form in a document's data.
func (t *Template) check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if t.Schema != Schema || t.Origin != "assay" {
		wrong("must begin with schema: %s and origin: assay", Schema)
	}
	if t.ID != strings.TrimSuffix(path.Base(t.file), ".yaml") {
		wrong("id %q must be the name of the file", t.ID)
	}
	if !slices.Contains([]string{Customers, Regulators, Programs}, t.For) || (t.For == Programs) != (t.ID == SecurityTxt) {
		wrong("for: is %q, must be %s or %s", t.For, Customers, Regulators)
	}
	for name, x := range map[string]record.Text{"title": t.Title, "audience": t.Audience, "purpose": t.Purpose} {
		if x.En == "" || x.Zh == "" {
			wrong("%s lacks a language", name)
		}
	}
	if len(t.Sections) == 0 {
		wrong("has no sections")
	}
	if err := t.checkRoutes(); err != nil {
		errs = append(errs, err)
	}
	sections, sentences := map[string]bool{}, map[string]bool{}
	for _, s := range t.Sections {
		if !idShape.MatchString(s.ID) || sections[s.ID] {
			wrong("section %q: the id must be a short name of its own", s.ID)
		}
		sections[s.ID] = true
		if (s.Title.En == "") != (s.Title.Zh == "") || s.Title.IsZero() && t.ID != "head" {
			wrong("section %s: the title lacks a language", s.ID)
		}
		for _, x := range s.Sentences {
			if !idShape.MatchString(x.ID) || sentences[x.ID] {
				wrong("sentence %q: the id must be a short name of its own", x.ID)
			}
			sentences[x.ID] = true
			for _, problem := range x.check() {
				wrong("sentence %s: %s", x.ID, problem)
			}
		}
	}
	return errors.Join(errs...)
}

func (x *Sentence) check() []string {
	out := x.checkOutcome()
	if x.Form == "" {
		x.Form = Plain
	}
	if x.Kind == "" {
		x.Kind = Fact
	}
	if !slices.Contains([]string{Plain, Item, Step, Row, Blank}, x.Form) {
		out = append(out, fmt.Sprintf("form is %q", x.Form))
	}
	if x.Kind != Fact && x.Kind != Advice {
		out = append(out, fmt.Sprintf("kind is %q", x.Kind))
	}
	if (x.Form == Row) != (len(x.Cells) > 0) || (x.Form == Row) == !x.Text.IsZero() {
		out = append(out, "a row has cells, everything else a text")
	}
	for _, c := range x.texts() {
		if c.En == "" || c.Zh == "" {
			out = append(out, "a text lacks a language")
		}
	}
	if len(x.Columns) > 0 && len(x.Columns) != len(x.Cells) {
		out = append(out, fmt.Sprintf("%d columns, %d cells", len(x.Columns), len(x.Cells)))
	}
	if (x.Kind == Advice || x.Form == Blank) && len(x.slots()) > 0 {
		out = append(out, "advice and blanks state nothing: they have no places for values")
	}
	if !x.Else.IsZero() && x.Must {
		out = append(out, "else and must exclude each other")
	}
	return out
}

// texts lists every text of a sentence that is there.
func (x *Sentence) texts() []record.Text {
	var out []record.Text
	add := func(t record.Text) {
		if !t.IsZero() {
			out = append(out, t)
		}
	}
	add(x.Text)
	add(x.Else)
	for _, c := range x.Columns {
		add(c)
	}
	for _, c := range x.Cells {
		out = append(out, c.Text)
		add(c.Else)
	}
	return out
}

// slots lists the names that the sentence has places for, each once.
func (x *Sentence) slots() []string {
	var out []string
	for _, t := range x.texts() {
		for _, s := range t.Slots() {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}
