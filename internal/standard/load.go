package standard

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"assay/internal/pattern"
)

// Bounds on files that did not come with the program.
const (
	maxFile         = 1 << 20 // bytes of one YAML file
	maxFiles        = 200     // requirements files of one standard
	maxStandards    = 100
	maxRequirements = 2000
)

//go:embed data
var data embed.FS

// ErrUnknown is wrapped by Get where no standard has the id.
var ErrUnknown = errors.New("unknown standard")

// All loads the standards that come with the program, in the order of their
// ids. Each call returns values of its own.
func All() ([]*Standard, error) {
	sub, err := fs.Sub(data, "data")
	if err != nil {
		return nil, fmt.Errorf("embedded standards: %w", err)
	}
	return Load(sub)
}

// Get loads one standard that comes with the program: its folder is named by
// its id, and only that folder is read.
func Get(id ID) (*Standard, error) {
	sub, err := fs.Sub(data, "data")
	if err != nil {
		return nil, fmt.Errorf("embedded standards: %w", err)
	}
	entries, err := fs.ReadDir(sub, ".")
	if err != nil {
		return nil, fmt.Errorf("embedded standards: %w", err)
	}
	var ids []string
	for _, e := range entries {
		if e.Name() == string(id) {
			return loadDir(sub, e.Name())
		}
		ids = append(ids, e.Name())
	}
	return nil, fmt.Errorf("%w %q: choose one of %s", ErrUnknown, id, strings.Join(ids, ", "))
}

// Load reads every standard of the given file systems: each folder at their
// top that holds a catalog.yaml, with its requirements/*.yaml. The result is
// in the order of ids. All mistakes of form come back at once, joined, each as
// "file:line: what is wrong"; mistakes of content are Lint's.
func Load(systems ...fs.FS) ([]*Standard, error) {
	var out []*Standard
	var errs []error
	from := map[ID]string{}
	for _, fsys := range systems {
		dirs, err := fs.ReadDir(fsys, ".")
		if err != nil {
			errs = append(errs, fmt.Errorf("list standards: %w", err))
			continue
		}
		for _, d := range dirs {
			if !d.IsDir() {
				continue
			}
			if len(out) == maxStandards {
				return nil, errors.Join(append(errs, fmt.Errorf("more than %d standards", maxStandards))...)
			}
			s, err := loadDir(fsys, d.Name())
			if err != nil {
				errs = append(errs, err)
				continue
			}
			if first, twice := from[s.ID]; twice {
				errs = append(errs, fmt.Errorf("%s:1: standard %q stands in %s already", s.File, s.ID, first))
				continue
			}
			from[s.ID] = s.File
			out = append(out, s)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	slices.SortFunc(out, func(a, b *Standard) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out, nil
}

// requirementFile is the form of requirements/*.yaml.
type requirementFile struct {
	Schema       string        `yaml:"schema"`
	Standard     ID            `yaml:"standard"`
	Aspect       string        `yaml:"aspect"`
	Origin       string        `yaml:"origin"`
	Requirements []Requirement `yaml:"requirements"`
}

func loadDir(fsys fs.FS, dir string) (*Standard, error) {
	s := &Standard{File: path.Join(dir, "catalog.yaml")}
	if _, err := decodeFile(fsys, s.File, s); err != nil {
		return nil, err
	}
	if s.Schema != Schema {
		return nil, fmt.Errorf("%s:1: schema is %q, this program reads %q", s.File, s.Schema, Schema)
	}
	if string(s.ID) != dir {
		return nil, fmt.Errorf("%s:1: id is %q, the folder is %q: they must be equal", s.File, s.ID, dir)
	}
	names, err := fs.Glob(fsys, path.Join(globQuote(dir), "requirements", "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("%s: list requirements: %w", dir, err)
	}
	if len(names) == 0 || len(names) > maxFiles {
		return nil, fmt.Errorf("%s/requirements: %d YAML files, want 1 to %d", dir, len(names), maxFiles)
	}
	var errs []error
	for _, name := range names {
		if err := s.addFile(fsys, name); err != nil {
			errs = append(errs, err)
		}
	}
	if len(s.Requirements) > maxRequirements {
		errs = append(errs, fmt.Errorf("%s: %d requirements, want at most %d", dir, len(s.Requirements), maxRequirements))
	}
	return s, errors.Join(errs...)
}

func (s *Standard) addFile(fsys fs.FS, name string) error {
	var f requirementFile
	root, err := decodeFile(fsys, name, &f)
	if err != nil {
		return err
	}
	switch {
	case f.Schema != Schema:
		return fmt.Errorf("%s:1: schema is %q, this program reads %q", name, f.Schema, Schema)
	case f.Standard != s.ID:
		return fmt.Errorf("%s:1: standard is %q, the folder belongs to %q", name, f.Standard, s.ID)
	}
	lines := memberLines(root, "requirements")
	for i := range f.Requirements {
		r := &f.Requirements[i]
		r.File, r.Aspect, r.Origin = name, f.Aspect, f.Origin
		if i < len(lines) {
			r.Line = lines[i]
		}
	}
	s.Requirements = append(s.Requirements, f.Requirements...)
	return nil
}

// memberLines gives the line of each member of a list at the file's top.
func memberLines(root *yaml.Node, list string) []int {
	if root.Kind != yaml.DocumentNode || len(root.Content) == 0 {
		return nil
	}
	var lines []int
	top := root.Content[0]
	for i := 0; i+1 < len(top.Content); i += 2 {
		if top.Content[i].Value != list {
			continue
		}
		for _, n := range top.Content[i+1].Content {
			lines = append(lines, n.Line)
		}
	}
	return lines
}

// decodeFile reads one YAML document strictly into v and gives its nodes.
func decodeFile(fsys fs.FS, name string, v any) (*yaml.Node, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer f.Close() // read only: nothing to lose
	raw, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(raw) > maxFile {
		return nil, fmt.Errorf("%s: larger than %d bytes", name, maxFile)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(raw, &root); err != nil {
		return nil, atFile(name, err)
	}
	// Aliases would let a small file grow without bound and hide lines.
	if n := findAlias(&root); n != nil {
		return nil, fmt.Errorf("%s:%d: aliases and anchors are not allowed: write the value out", name, n.Line)
	}
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	if err := dec.Decode(v); err != nil {
		return nil, atFile(name, err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: more than one YAML document", name)
	}
	return &root, nil
}

func findAlias(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return n
	}
	for _, c := range n.Content {
		if a := findAlias(c); a != nil {
			return a
		}
	}
	return nil
}

var (
	yamlLine    = pattern.New(`^(?:yaml: )?line (\d+): (.*)$`)
	yamlUnknown = pattern.New(`field (\S+) not found in type \S+`)
)

// atFile turns the library's "line 5: …" into "file:5: …".
func atFile(name string, err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s:1: the file is empty", name)
	}
	var te *yaml.TypeError
	msgs := []string{err.Error()}
	if errors.As(err, &te) {
		msgs = te.Errors
	}
	var errs []error
	for _, m := range msgs {
		m = yamlUnknown.ReplaceAllString(m, `unknown field "$1"`)
		if p := yamlLine.FindStringSubmatch(m); p != nil {
			errs = append(errs, fmt.Errorf("%s:%s: %s", name, p[1], p[2]))
			continue
		}
		errs = append(errs, fmt.Errorf("%s: %s", name, m))
	}
	return errors.Join(errs...)
}

func lineErr(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("line %d: %s", n.Line, fmt.Sprintf(format, args...))
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

// globQuote keeps a folder's name from being read as a pattern.
func globQuote(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}
