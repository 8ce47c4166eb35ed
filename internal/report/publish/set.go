package publish

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"assay/internal/i18n"
	"assay/internal/pattern"
)

// SecurityTxt is the id of the document that becomes security.txt. Its
// sentences are the fields of RFC 9116.
const SecurityTxt = "security-txt"

// Programs are for whom security.txt is made: it is written in no language.
const Programs = "programs"

// Set is every document of a product, in every language.
type Set struct {
	Documents [][]*Document // the same document in each language of i18n.Langs
	Security  *Document     // the fields of security.txt
	Skipped   []Skipped     // documents that aren't made for the product
	Run       string
	Source    string
	Now       time.Time

	model *model
	texts Texts
}

// All makes every document that applies to the product, in both languages;
// the input's language doesn't matter.
func All(ctx context.Context, ts []*Template, in Input) (*Set, error) {
	out := &Set{Run: in.Run, Now: in.Now, texts: in.Texts}
	var makers []*maker
	for _, l := range i18n.Langs() {
		in.Lang = l
		m, err := newMaker(in)
		if err != nil {
			return nil, err
		}
		makers = append(makers, m)
	}
	out.model, out.Source = makers[0].model, makers[0].in.Source
	for _, t := range ts {
		ok, err := makers[0].applies(ctx, t)
		if err != nil {
			return nil, fmt.Errorf("publish: %s: applies: %w", t.ID, err)
		}
		if !ok {
			out.Skipped = append(out.Skipped, skipped(t))
			continue
		}
		var docs []*Document
		for _, m := range makers {
			d, err := m.document(ctx, t)
			if err != nil {
				return nil, err
			}
			docs = append(docs, d)
		}
		if t.For == Programs {
			out.Security = makers[0].fields(docs[0])
			continue
		}
		out.Documents = append(out.Documents, docs)
	}
	return out, nil
}

// Skipped is a document that isn't made for a product, with why, by language.
type Skipped struct {
	ID    string            `json:"id"`
	Title map[string]string `json:"title"`
	Why   map[string]string `json:"why,omitempty"`
}

func skipped(t *Template) Skipped {
	out := Skipped{ID: t.ID, Title: map[string]string{}, Why: map[string]string{}}
	for _, l := range i18n.Langs() {
		out.Title[string(l)] = t.Title.In(string(l))
		if !t.Otherwise.IsZero() {
			out.Why[string(l)] = t.Otherwise.In(string(l))
		}
	}
	return out
}

// fields turns the sentences of a document into fields of security.txt; a
// contact that no field can hold is an error.
func (m *maker) fields(d *Document) *Document {
	d.Head = nil
	m.doc = d
	for i := range d.Sections {
		p := &d.Sections[i]
		p.Statements = slices.DeleteFunc(p.Statements, func(s Statement) bool {
			if field(s.ID) != "Contact" || slices.ContainsFunc(s.Text, Piece.Gap) || address(text(s.Text)) != "" {
				return false
			}
			where := m.gapAt(s.Sources)
			d.Errors = append(d.Errors, Error{"contact", m.s("publish.error.contact", "value", short(text(s.Text))), where.at()})
			return true
		})
	}
	d.Draft = len(d.Errors) > 0
	return d
}

// field is the field of RFC 9116 that a statement of security.txt is, by
// its sentence.
func field(id string) string {
	_, name, _ := strings.Cut(id, "#")
	name, _, _ = strings.Cut(name, "/")
	return map[string]string{"contact": "Contact", "contacts": "Contact", "policy": "Policy", "languages": "Preferred-Languages", "canonical": "Canonical"}[name]
}

var languages = pattern.New(`^[A-Za-z0-9-]{2,20}(, [A-Za-z0-9-]{2,20}){0,20}$`)

// securityTxt writes the file. RFC 9116 section 2.5 says what each field
// holds; values that could leave their line or their syntax are left out.
func (s *Set) securityTxt(expires time.Time) []byte {
	var b strings.Builder
	line := func(name, value string) { fmt.Fprintf(&b, "%s: %s\n", name, value) }
	for _, x := range s.Security.Statements() {
		name, value := field(x.ID), text(x.Text)
		switch name {
		case "Contact", "Policy", "Canonical":
			if value = address(value); value == "" || name != "Contact" && !strings.HasPrefix(value, "https://") {
				continue
			}
		case "Preferred-Languages":
			if !languages.MatchString(value) {
				continue
			}
		default:
			continue
		}
		line(name, value)
	}
	line("Expires", expires.UTC().Format(time.RFC3339))
	return []byte(b.String())
}

const (
	// validity is how long a security.txt counts: RFC 9116 section 2.5.5
	// recommends less than a year.
	validity = 364 * 24 * time.Hour
	// renewal is how long before its end one is made anew.
	renewal = 60 * 24 * time.Hour
)

// expires is the end of security.txt: that of the earlier edition, while it
// says the same and has time left.
func (s *Set) expires(old *Entry, content string) time.Time {
	if old != nil && old.Content == content {
		if t, err := time.Parse(time.RFC3339, old.Expires); err == nil && t.Sub(s.Now) >= renewal && t.Sub(s.Now) <= validity {
			return t
		}
	}
	return s.Now.UTC().Truncate(24 * time.Hour).Add(validity)
}
