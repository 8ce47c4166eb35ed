package threat

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"sync"

	"go.yaml.in/yaml/v3"

	"assay/internal/condition"
)

//go:embed data
var data embed.FS

// Library is everything that makes threats: rules, weaknesses, factors and
// profiles. It is not changed once it is loaded.
type Library struct {
	Rules      []Rule
	Weaknesses []WeaknessKind
	Factoring  Factoring
	Profiles   []Profile
	// Problems are rules that were left out, and why.
	Problems []Problem

	env     *condition.Env
	when    map[string]*condition.Program // by rule
	evident map[string]*condition.Program // by weakness
}

// DefaultProfile is the profile that is used unless another is named: the
// edition of TS 102 165-1 that IoT-1005-1 annex C cites.
const DefaultProfile = "ts102165-1-v5.2.3"

// Embedded loads the library that is part of the program.
func Embedded() (*Library, error) {
	l := &Library{when: map[string]*condition.Program{}, evident: map[string]*condition.Program{}}
	var err error
	if l.env, err = condition.NewEnv("element", "threat"); err != nil {
		return nil, err
	}
	if err := decode("data/factors.yaml", &l.Factoring); err != nil {
		return nil, err
	}
	var profiles struct {
		Schema   string    `yaml:"schema"`
		Profiles []Profile `yaml:"profiles"`
	}
	if err := decode("data/profiles.yaml", &profiles); err != nil {
		return nil, err
	}
	l.Profiles = profiles.Profiles
	for f, list := range l.Factoring.Choose {
		for i := range list {
			if list[i].program, err = l.env.Compile(list[i].When); err != nil {
				return nil, fmt.Errorf("data/factors.yaml: choose.%s[%d]: %w", f, i, err)
			}
		}
	}
	names, err := fs.Glob(data, "data/library/*.yaml")
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("no rules are embedded: %v", err)
	}
	// Each file is read and compiled by itself, on both cores: compiling is
	// most of a short command's time.
	parts, errs := make([]*Library, len(names)), make([]error, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		parts[i] = &Library{env: l.env, when: map[string]*condition.Program{}, evident: map[string]*condition.Program{}}
		wg.Go(func() {
			var f RuleFile
			if errs[i] = decode(name, &f); errs[i] == nil {
				errs[i] = parts[i].add(name, &f)
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for _, p := range parts {
		if err := l.join(p); err != nil {
			return nil, err
		}
	}
	return l, l.check()
}

// join takes over another library's rules and weaknesses.
func (l *Library) join(other *Library) error {
	for _, w := range other.Weaknesses {
		if _, ok := l.Weakness(w.ID); ok {
			return fmt.Errorf("%s:%d: weakness %s stands twice", w.File, w.Line, w.ID)
		}
	}
	for _, r := range other.Rules {
		if _, ok := l.Rule(r.ID); ok {
			return fmt.Errorf("%s:%d: rule %s stands twice", r.File, r.Line, r.ID)
		}
	}
	l.Weaknesses, l.Rules = append(l.Weaknesses, other.Weaknesses...), append(l.Rules, other.Rules...)
	maps.Copy(l.when, other.when)
	maps.Copy(l.evident, other.evident)
	return nil
}

func decode(name string, to any) error {
	b, err := data.ReadFile(name)
	if err != nil {
		return err
	}
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(to); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// add compiles the rules and weaknesses of a file into the library.
func (l *Library) add(name string, f *RuleFile) error {
	var errs []error
	for _, w := range f.Weaknesses {
		w.File = name
		if _, ok := l.Weakness(w.ID); ok {
			errs = append(errs, fmt.Errorf("%s:%d: weakness %s stands twice", name, w.Line, w.ID))
			continue
		}
		if w.Evident != "" {
			p, err := l.env.Compile(w.Evident)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s:%d: weakness %s: %w", name, w.Line, w.ID, err))
				continue
			}
			l.evident[w.ID] = p
		}
		l.Weaknesses = append(l.Weaknesses, w)
	}
	for _, r := range f.Rules {
		r.File = name
		if _, ok := l.Rule(r.ID); ok {
			errs = append(errs, fmt.Errorf("%s:%d: rule %s stands twice", name, r.Line, r.ID))
			continue
		}
		p, err := l.env.Compile(r.When)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: rule %s: %w", name, r.Line, r.ID, err))
			continue
		}
		l.when[r.ID] = p
		l.Rules = append(l.Rules, r)
	}
	return errors.Join(errs...)
}

// check says what in the library leads nowhere.
func (l *Library) check() error {
	var errs []error
	fail := func(file string, line int, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s:%d: %s", file, line, fmt.Sprintf(format, args...)))
	}
	for _, w := range l.Weaknesses {
		if _, ok := l.Factoring.Measure(w.Measure); !ok {
			fail(w.File, w.Line, "weakness %s: unknown measure %q", w.ID, w.Measure)
		}
		if len(w.Countermeasures) == 0 {
			fail(w.File, w.Line, "weakness %s names no countermeasure", w.ID)
		}
	}
	for _, r := range l.Rules {
		if !slices.Contains(Kinds(), r.On) {
			fail(r.File, r.Line, "rule %s: unknown kind of element %q", r.ID, r.On)
		}
		if !slices.Contains(Strides(), r.Stride) {
			fail(r.File, r.Line, "rule %s: unknown stride %q", r.ID, r.Stride)
		}
		if !slices.Contains(Gains(), r.Gives) {
			fail(r.File, r.Line, "rule %s: unknown gain %q", r.ID, r.Gives)
		}
		if _, ok := l.Factoring.technique(r.Technique); !ok {
			fail(r.File, r.Line, "rule %s: unknown technique %q", r.ID, r.Technique)
		}
		if !slices.Contains(Agents(), r.Agent) {
			fail(r.File, r.Line, "rule %s: unknown agent %q", r.ID, r.Agent)
		}
		if len(r.Weaknesses) == 0 {
			fail(r.File, r.Line, "rule %s names no weakness", r.ID)
		}
		for _, id := range r.Weaknesses {
			if _, ok := l.Weakness(id); !ok {
				fail(r.File, r.Line, "rule %s: unknown weakness %q", r.ID, id)
			}
		}
		for _, e := range r.Entry {
			if !slices.Contains(Entries(), e) {
				fail(r.File, r.Line, "rule %s: unknown entry %q", r.ID, e)
			}
		}
	}
	return errors.Join(errs...)
}

// Weakness finds a weakness.
func (l *Library) Weakness(id string) (*WeaknessKind, bool) {
	i := slices.IndexFunc(l.Weaknesses, func(w WeaknessKind) bool { return w.ID == id })
	if i < 0 {
		return nil, false
	}
	return &l.Weaknesses[i], true
}

// Rule finds a rule.
func (l *Library) Rule(id string) (*Rule, bool) {
	i := slices.IndexFunc(l.Rules, func(r Rule) bool { return r.ID == id })
	if i < 0 {
		return nil, false
	}
	return &l.Rules[i], true
}

// Profile finds a profile of the method.
func (l *Library) Profile(id string) (*Profile, error) {
	i := slices.IndexFunc(l.Profiles, func(p Profile) bool { return p.ID == id })
	if i < 0 {
		var names []string
		for _, p := range l.Profiles {
			names = append(names, p.ID)
		}
		return nil, fmt.Errorf("unknown TVRA profile %q: use one of %v", id, names)
	}
	return &l.Profiles[i], nil
}

// UnmarshalYAML notes the line.
func (r *Rule) UnmarshalYAML(n *yaml.Node) error {
	type plain Rule
	if err := strict(n, (*plain)(r)); err != nil {
		return err
	}
	if r.Agent == "" {
		r.Agent = Attacker
	}
	r.Line = n.Line
	return nil
}

// UnmarshalYAML notes the line.
func (w *WeaknessKind) UnmarshalYAML(n *yaml.Node) error {
	type plain WeaknessKind
	if err := strict(n, (*plain)(w)); err != nil {
		return err
	}
	w.Line = n.Line
	return nil
}

// UnmarshalYAML reads one requirement or a list of them.
func (r *Requirements) UnmarshalYAML(n *yaml.Node) error {
	var list []string
	if n.Kind == yaml.ScalarNode {
		list = []string{n.Value}
	} else if err := n.Decode(&list); err != nil {
		return err
	}
	for _, s := range list {
		ref, ok := ParseRef(s)
		if !ok {
			return fmt.Errorf("line %d: %q is no requirement: write STANDARD/REQUIREMENT, such as iot-1005-1/5.4.2.1", n.Line, s)
		}
		*r = append(*r, ref)
	}
	return nil
}

// strict decodes a mapping and refuses fields that the type doesn't have: a
// decoder's own check doesn't reach through UnmarshalYAML.
func strict(n *yaml.Node, to any) error {
	t := reflect.TypeOf(to).Elem()
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if !hasField(t, n.Content[i].Value) {
			return fmt.Errorf("line %d: unknown field %q", n.Content[i].Line, n.Content[i].Value)
		}
	}
	return n.Decode(to)
}

func hasField(t reflect.Type, name string) bool {
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("yaml") == name && name != "-" {
			return true
		}
	}
	return false
}
