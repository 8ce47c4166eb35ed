package standard

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// ReferenceSchema is the first line of every file under references/.
const ReferenceSchema = "assay/reference@1"

//go:embed references
var references embed.FS

// Reference is a catalogue that Assay does not judge by and only points to:
// the ids of its parts, with short titles of ours.
type Reference struct {
	Schema string `yaml:"schema" json:"schema"`
	ID     ID     `yaml:"id" json:"id"`
	// Aliases are other names that people type.
	Aliases      []ID     `yaml:"aliases" json:"aliases,omitempty"`
	Version      string   `yaml:"version" json:"version"`
	Origin       string   `yaml:"origin" json:"origin"` // always "assay": whose words the titles are
	Title        Text     `yaml:"title" json:"title"`
	Jurisdiction string   `yaml:"jurisdiction" json:"jurisdiction"` // ISO 3166 alpha-2, EU, or INT where it is international
	Source       []string `yaml:"source" json:"source"`             // documents that the ids come from
	Verified     bool     `yaml:"verified" json:"verified"`         // the ids and what they stand for were compared with the document itself
	Unverified   []Text   `yaml:"unverified" json:"unverified,omitempty"`
	// Confidence says how sure we are of an item that names none of its own:
	// high, medium or low.
	Confidence string `yaml:"confidence" json:"confidence"`
	// Parts are volumes of the document, or selections that it makes.
	Parts []Group `yaml:"parts" json:"parts,omitempty"`
	Items []Item  `yaml:"items" json:"items"`

	File string `yaml:"-" json:"-"`
}

// Item is one place of a reference: a family, a practice, a requirement.
type Item struct {
	ID     RequirementID `yaml:"id" json:"id"`
	Parent RequirementID `yaml:"parent" json:"parent,omitempty"` // the item that it stands under
	Parts  []string      `yaml:"parts" json:"parts,omitempty"`   // ids of the reference's parts that it belongs to
	// Confidence says how sure we are of the id and of what it stands for:
	// high, medium or low.
	Confidence string `yaml:"confidence" json:"confidence"`
	Title      Text   `yaml:"title" json:"title"`
	Note       Text   `yaml:"note" json:"note,omitzero"`

	File string `yaml:"-" json:"-"`
	Line int    `yaml:"-" json:"-"`
}

// Pos is the place of the item as "file:line".
func (i *Item) Pos() string { return fmt.Sprintf("%s:%d", i.File, i.Line) }

// Item finds an item by its id.
func (r *Reference) Item(id RequirementID) (*Item, bool) {
	at := slices.IndexFunc(r.Items, func(i Item) bool { return i.ID == id })
	if at < 0 {
		return nil, false
	}
	return &r.Items[at], true
}

// References loads the references that come with the program, in the order of
// their ids. Each call returns values of its own.
func References() ([]*Reference, error) {
	sub, err := fs.Sub(references, "references")
	if err != nil {
		return nil, fmt.Errorf("embedded references: %w", err)
	}
	return LoadReferences(sub)
}

// GetReference loads one reference that comes with the program, by its id or
// one of its aliases.
func GetReference(id ID) (*Reference, error) {
	all, err := References()
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, r := range all {
		if r.ID == id || slices.Contains(r.Aliases, id) {
			return r, nil
		}
		ids = append(ids, string(r.ID))
	}
	return nil, fmt.Errorf("%w %q among the references: choose one of %s", ErrUnknown, id, strings.Join(ids, ", "))
}

// LoadReferences reads every *.yaml at the top of a file system as one
// reference each. Like Load it gives all mistakes of form at once; those of
// content are LintReferences'.
func LoadReferences(fsys fs.FS) ([]*Reference, error) {
	names, err := yamlFiles(fsys)
	if err != nil {
		return nil, fmt.Errorf("references: %w", err)
	}
	var out []*Reference
	var errs []error
	for _, name := range names {
		r, err := loadReference(fsys, name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out = append(out, r)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	slices.SortFunc(out, func(a, b *Reference) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out, nil
}

func loadReference(fsys fs.FS, name string) (*Reference, error) {
	r := &Reference{File: name}
	root, err := decodeFile(fsys, name, r)
	if err != nil {
		return nil, err
	}
	switch {
	case r.Schema != ReferenceSchema:
		return nil, fmt.Errorf("%s:1: schema is %q, this program reads %q", name, r.Schema, ReferenceSchema)
	case string(r.ID)+".yaml" != name:
		return nil, fmt.Errorf("%s:1: id is %q: name the file %s.yaml", name, r.ID, r.ID)
	case len(r.Items) == 0 || len(r.Items) > maxRequirements:
		return nil, fmt.Errorf("%s: %d items, want 1 to %d", name, len(r.Items), maxRequirements)
	}
	lines := memberLines(root, "items")
	for i := range r.Items {
		it := &r.Items[i]
		it.File = name
		if i < len(lines) {
			it.Line = lines[i]
		}
		if it.Confidence == "" {
			it.Confidence = r.Confidence
		}
	}
	return r, nil
}

// yamlFiles lists the *.yaml at the top of a file system, within bounds.
func yamlFiles(fsys fs.FS) ([]string, error) {
	names, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, err
	}
	if len(names) > maxFiles {
		return nil, fmt.Errorf("%d YAML files, want at most %d", len(names), maxFiles)
	}
	return names, nil
}

// LintReferences says what is wrong with the content of references: half
// texts, ids that repeat, parents and parts that don't exist.
func LintReferences(all []*Reference) []error {
	var l linter
	names := map[string]bool{}
	for _, r := range all {
		l.once(r.File, "reference", string(r.ID), names)
		for _, a := range r.Aliases {
			l.once(r.File, "alias", string(a), names)
		}
		l.reference(r)
	}
	return l.errs
}

func (l *linter) reference(r *Reference) {
	pos := r.File
	l.text(pos, "title", r.Title)
	if r.Version == "" || r.Jurisdiction == "" || len(r.Source) == 0 {
		l.add(pos, "version, jurisdiction and source are needed")
	}
	if r.Origin != OriginAssay {
		l.add(pos, "origin is %q: titles are ours, write %q", r.Origin, OriginAssay)
	}
	if !r.Verified && len(r.Unverified) == 0 {
		l.add(pos, "unverified must say what was not compared with the document")
	}
	for i, t := range r.Unverified {
		l.text(pos, fmt.Sprintf("unverified %d", i+1), t)
	}
	parts := map[string]bool{}
	for _, p := range r.Parts {
		l.once(pos, "part", p.ID, parts)
		l.text(pos, "title of part "+p.ID, p.Title)
	}
	seen := map[string]bool{}
	for i := range r.Items {
		it := &r.Items[i]
		// A parent stands before its items, so that none is its own ancestor.
		if it.Parent != "" && !seen[string(it.Parent)] {
			l.add(it.Pos(), "parent %q doesn't stand before %q", it.Parent, it.ID)
		}
		l.once(it.Pos(), "item", string(it.ID), seen)
		l.text(it.Pos(), "title", it.Title)
		l.optional(it.Pos(), "note", it.Note)
		l.oneOf(it.Pos(), "confidence", it.Confidence, levels)
		if r.Verified && it.Confidence != "high" {
			l.add(it.Pos(), "the reference is verified, the item's confidence is %s", it.Confidence)
		}
		for _, p := range it.Parts {
			if !parts[p] {
				l.add(it.Pos(), "part %q doesn't exist", p)
			}
		}
	}
}

// SearchReferences is Search over the items of references: their ids, titles
// and notes.
func SearchReferences(all []*Reference, query, lang string) []Hit {
	shadows := make([]*Standard, len(all))
	for i, r := range all {
		s := &Standard{ID: r.ID, Requirements: make([]Requirement, len(r.Items))}
		for j, it := range r.Items {
			s.Requirements[j] = Requirement{ID: it.ID, Title: it.Title, Note: it.Note}
		}
		shadows[i] = s
	}
	return Search(shadows, query, lang)
}
