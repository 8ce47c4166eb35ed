package standard

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
)

// CrosswalkSchema is the first line of every file under crosswalks/.
const CrosswalkSchema = "assay/crosswalk@1"

// Kinds of links: printed by a publisher, or our own comparison. The two are
// never mixed.
const (
	Official = "official"
	Ours     = "ours"
)

// Bounds on crosswalks that did not come with the program.
const (
	maxRows = 2000 // of one file
	maxEnds = 200  // that one row points at
)

//go:embed crosswalks
var crosswalks embed.FS

// Edition names a catalogue and which edition of it a crosswalk speaks of.
type Edition struct {
	ID      ID     `yaml:"id" json:"id"`
	Edition string `yaml:"edition" json:"edition"`
}

// Crosswalk links places of one catalogue with places of another. A link says
// that two places touch the same ground, never that a PASS of one is a PASS of
// the other.
type Crosswalk struct {
	Schema string  `yaml:"schema"`
	Origin string  `yaml:"origin"` // always "assay": whose words the notes are
	From   Edition `yaml:"from"`
	To     Edition `yaml:"to"`
	// Source says who compared them, and where that is printed; a row can name
	// a source of its own.
	Source Text  `yaml:"source"`
	Rows   []Row `yaml:"rows"`

	File string `yaml:"-"`
}

// Row links one place with one or more others.
type Row struct {
	From       RequirementID   `yaml:"from"`
	To         []RequirementID `yaml:"to"`
	Kind       string          `yaml:"kind"`       // official | ours
	Confidence string          `yaml:"confidence"` // high | medium | low
	Source     Text            `yaml:"source"`
	// Cell is the cell of the publisher's table, where it says more than the
	// ids do.
	Cell string `yaml:"cell"`
	Note Text   `yaml:"note"`

	Line int `yaml:"-"`
}

// Crosswalks loads the crosswalks that come with the program, in the order of
// their files.
func Crosswalks() ([]*Crosswalk, error) {
	sub, err := fs.Sub(crosswalks, "crosswalks")
	if err != nil {
		return nil, fmt.Errorf("embedded crosswalks: %w", err)
	}
	return LoadCrosswalks(sub)
}

// LoadCrosswalks reads every *.yaml at the top of a file system as one
// crosswalk each. All mistakes of form come at once; whether the ends exist is
// for LintCrosswalks to say.
func LoadCrosswalks(fsys fs.FS) ([]*Crosswalk, error) {
	names, err := yamlFiles(fsys)
	if err != nil {
		return nil, fmt.Errorf("crosswalks: %w", err)
	}
	var out []*Crosswalk
	var errs []error
	for _, name := range names {
		c, err := loadCrosswalk(fsys, name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out = append(out, c)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return out, nil
}

func loadCrosswalk(fsys fs.FS, name string) (*Crosswalk, error) {
	c := &Crosswalk{File: name}
	root, err := decodeFile(fsys, name, c)
	if err != nil {
		return nil, err
	}
	switch {
	case c.Schema != CrosswalkSchema:
		return nil, fmt.Errorf("%s:1: schema is %q, this program reads %q", name, c.Schema, CrosswalkSchema)
	case fmt.Sprintf("%s_%s.yaml", c.From.ID, c.To.ID) != name:
		return nil, fmt.Errorf("%s:1: it leads from %q to %q: name the file %s_%s.yaml", name, c.From.ID, c.To.ID, c.From.ID, c.To.ID)
	case len(c.Rows) == 0 || len(c.Rows) > maxRows:
		return nil, fmt.Errorf("%s: %d rows, want 1 to %d", name, len(c.Rows), maxRows)
	}
	lines := memberLines(root, "rows")
	for i := range c.Rows {
		r := &c.Rows[i]
		if i < len(lines) {
			r.Line = lines[i]
		}
		if len(r.To) == 0 || len(r.To) > maxEnds {
			return nil, fmt.Errorf("%s:%d: %s points at %d places, want 1 to %d", name, r.Line, r.From, len(r.To), maxEnds)
		}
	}
	return c, nil
}

// links makes one link of each pair of a row.
func (c *Crosswalk) links() []Link {
	var out []Link
	for _, r := range c.Rows {
		source := r.Source
		if source.IsZero() {
			source = c.Source
		}
		for _, to := range r.To {
			out = append(out, Link{
				From: Ref{c.From.ID, r.From}, To: Ref{c.To.ID, to}, Kind: r.Kind, Confidence: r.Confidence,
				Source: source, Cell: r.Cell, Note: r.Note, File: c.File, Line: r.Line,
			})
		}
	}
	return out
}

// LintCrosswalks says what is wrong with the content of crosswalks, given the
// catalogues that they link: ends and editions that don't exist, half texts,
// links that stand twice or in a catalogue's maps_to already.
func LintCrosswalks(all []*Crosswalk, lib *Library) []error {
	l := crosswalkLinter{lib: lib, seen: map[linkKey]string{}}
	for _, k := range mapped(lib.Standards) {
		l.seen[keyOf(k)] = "maps_to in " + k.File
	}
	for _, c := range all {
		if c.Origin != OriginAssay {
			l.add(c.File, "origin is %q: notes are ours, write %q", c.Origin, OriginAssay)
		}
		l.text(c.File, "source", c.Source)
		l.edition(c.File, c.From)
		l.edition(c.File, c.To)
		for _, r := range c.Rows {
			pos := fmt.Sprintf("%s:%d", c.File, r.Line)
			l.oneOf(pos, "kind", r.Kind, []string{Official, Ours})
			l.oneOf(pos, "confidence", r.Confidence, levels)
			l.optional(pos, "source", r.Source)
			l.optional(pos, "note", r.Note)
		}
		for _, k := range c.links() {
			l.link(k)
		}
	}
	return l.errs
}

type crosswalkLinter struct {
	linter
	lib  *Library
	seen map[linkKey]string // where a link stands
}

// linkKey is the same for both directions of a link.
type linkKey struct {
	a, b Ref
	kind string
}

func keyOf(k Link) linkKey {
	if compareRefs(k.From, k.To) > 0 {
		return linkKey{k.To, k.From, k.Kind}
	}
	return linkKey{k.From, k.To, k.Kind}
}

func (l *crosswalkLinter) edition(pos string, e Edition) {
	v, ok := l.lib.Edition(e.ID)
	switch {
	case !ok:
		l.add(pos, "there is no catalogue %q", e.ID)
	case v != e.Edition:
		l.add(pos, "it speaks of edition %q of %s, the catalogue is of edition %q", e.Edition, e.ID, v)
	}
}

func (l *crosswalkLinter) link(k Link) {
	for _, end := range []Ref{k.From, k.To} {
		// A catalogue that is absent altogether was reported with its edition.
		if _, ok := l.lib.Edition(end.Standard); !ok {
			continue
		}
		switch p, ok := l.lib.Find(end); {
		case !ok:
			l.add(k.Pos(), "%s doesn't exist", end)
		case p.Ref != end:
			l.add(k.Pos(), "%s is another spelling: write %s", end, p.Ref)
		}
	}
	key := keyOf(k)
	if first, twice := l.seen[key]; twice {
		l.add(k.Pos(), "%s with %s stands in %s already", k.From, k.To, first)
	}
	l.seen[key] = k.Pos()
}
