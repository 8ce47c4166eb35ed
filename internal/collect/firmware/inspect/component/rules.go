package component

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"assay/internal/collect/firmware/inspect/keyword"
)

//go:embed rules/*.yaml
var ruleFiles embed.FS

// Rule is what is known about one product. Each file of rules/ maps ids to
// rules; README.md there explains the fields.
type Rule struct {
	ID       string  `yaml:"-"`
	Name     string  `yaml:"name"`   // default: the id
	Type     Type    `yaml:"type"`   // default: library
	Vendor   string  `yaml:"vendor"` // who makes it
	Home     string  `yaml:"home"`
	Licence  string  `yaml:"licence"` // SPDX; only where it holds for every version
	CPE      string  `yaml:"cpe"`     // vendor:product; "o/linux:linux_kernel" for operating systems
	PURL     string  `yaml:"purl"`    // type/name; default: generic/id
	DataOnly bool    `yaml:"data"`
	Sources  strs    `yaml:"deb"` // names of source packages in distributions; default: the id
	Packages strs    `yaml:"pkg"` // patterns of binary package names, beyond those that follow from so
	Text     []Clue  `yaml:"text"`
	Own      []Own   `yaml:"own"` // strings that count in its own files only
	So       Sos     `yaml:"so"`
	Files    []Clue  `yaml:"file"`     // base names with a version
	Programs strs    `yaml:"programs"` // patterns of base names of its own programs
	Paths    strs    `yaml:"paths"`    // patterns of paths of its own files
	Versions []Clue  `yaml:"symver"`   // symbol versions that it defines; the highest is a lower bound
	Since    []Since `yaml:"since"`    // what it exports since which release, oldest first
	Comment  *Clue   `yaml:"comment"`  // the compiler's mark, for what compilers bring themselves
	Unless   strs    `yaml:"unless"`   // ids of rules that explain the same text better
	Yes      Example `yaml:"example"`
	No       Example `yaml:"near-miss"`
}

// use is a clue of a rule that a word belongs to.
type use struct {
	rule    *Rule
	clue    *Clue
	rank    int // place of the clue in its rule: earlier ones outrank
	word    string
	with    string // the word counts for what other clues want
	special func(*scanner, keyword.Hit)
}

// RuleSet is all rules, ready to use; it doesn't change.
type RuleSet struct {
	Rules []*Rule
	byID  map[string]*Rule
	words []string
	uses  [][]use // per word
	so    map[string][]*Rule
	stars []starSo // library names with a star
	deb   map[string]*Rule
	progs map[string]*Rule
	globs []glob // of programs
	paths []glob // of programs and libraries
	data  []glob // of files that hold data only
	pkgs  []glob

	builds func() map[buildKey]build
}

type starSo struct {
	pre, post string
	rule      *Rule
	so        *So
}

type glob struct {
	pattern string
	rule    *Rule
}

// rules is read once; a fault in the data is one of the program and shown by
// its tests.
var rules = sync.OnceValue(func() *RuleSet {
	s, err := load(ruleFiles)
	if err != nil {
		panic("component: " + err.Error())
	}
	return s
})

func load(files fs.FS) (*RuleSet, error) {
	s := &RuleSet{builds: builds, byID: map[string]*Rule{}, so: map[string][]*Rule{}, deb: map[string]*Rule{}, progs: map[string]*Rule{}}
	names, err := fs.Glob(files, "rules/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list rules: %w", err)
	}
	index := map[string]int{}
	var faults []error
	for _, name := range names {
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read rules: %w", err)
		}
		list, err := decode(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, r := range list {
			if s.byID[r.ID] != nil {
				return nil, fmt.Errorf("%s: rule %q stands twice", name, r.ID)
			}
			if err := s.add(r, index); err != nil {
				faults = append(faults, fmt.Errorf("%s: rule %q: %w", name, r.ID, err))
			}
		}
	}
	s.special(index)
	// The longest names first, so that libluajit-*.so isn't liblua*.so.
	slices.SortFunc(s.stars, func(a, b starSo) int {
		return cmp.Or(len(b.pre)+len(b.post)-len(a.pre)-len(a.post), strings.Compare(a.pre, b.pre))
	})
	return s, errors.Join(faults...)
}

func decode(b []byte) ([]*Rule, error) {
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	m := map[string]*Rule{}
	if err := d.Decode(&m); err != nil && err != io.EOF {
		return nil, fmt.Errorf("decode: %w", err)
	}
	var out []*Rule
	for id, r := range m {
		if r == nil {
			return nil, fmt.Errorf("rule %q is empty", id)
		}
		r.ID = id
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b *Rule) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

func (s *RuleSet) add(r *Rule, index map[string]int) error {
	if r.Name == "" {
		r.Name = r.ID
	}
	if r.Type == "" {
		r.Type = Library
	}
	if r.PURL == "" {
		r.PURL = "generic/" + r.ID
	}
	s.Rules = append(s.Rules, r)
	s.byID[r.ID] = r
	for i := range r.Text {
		c := &r.Text[i]
		if err := c.prepare(); err != nil {
			return fmt.Errorf("text %d: %w", i+1, err)
		}
		for _, w := range c.With {
			s.word(index, w, use{with: w})
		}
		for _, w := range c.words {
			s.word(index, w, use{rule: r, clue: c, rank: i, word: w})
		}
	}
	for _, list := range [][]Clue{r.Files, r.Versions} {
		for i := range list {
			list[i].re = lazy(list[i].Re)
		}
	}
	for i := range r.Own {
		r.Own[i].re = lazy(r.Own[i].Re)
	}
	if r.Comment != nil {
		r.Comment.re = lazy(r.Comment.Re)
	}
	for stem, so := range r.So {
		if so != nil && so.Form != "" {
			so.form = lazy("^" + so.Form + "$")
		}
		if pre, post, ok := strings.Cut(stem, "*"); ok {
			s.stars = append(s.stars, starSo{pre, post, r, so})
		} else {
			s.so[stem] = append(s.so[stem], r)
		}
	}
	if len(r.Sources) == 0 {
		r.Sources = strs{r.ID}
	}
	for _, name := range r.Sources {
		s.deb[name] = r
	}
	for _, p := range r.Programs {
		if strings.ContainsAny(p, "*?[") {
			s.globs = append(s.globs, glob{p, r})
		} else {
			s.progs[p] = r
		}
	}
	for _, p := range r.Paths {
		if r.DataOnly {
			s.data = append(s.data, glob{p, r})
		} else {
			s.paths = append(s.paths, glob{p, r})
		}
	}
	for _, p := range r.Packages {
		s.pkgs = append(s.pkgs, glob{p, r})
	}
	return nil
}

// special adds the words whose places need more than a pattern.
func (s *RuleSet) special(index map[string]int) {
	for word, look := range map[string]func(*scanner, keyword.Hit){
		goMagic:                (*scanner).goBuild,
		"/registry/src/":       (*scanner).crate,
		"Linux version ":       (*scanner).kernelBanner,
		"Kernel Configuration": (*scanner).kernelConfig,
	} {
		s.word(index, word, use{special: look})
	}
}

func (s *RuleSet) word(index map[string]int, word string, u use) {
	key := strings.ToLower(word) // the automaton doesn't tell them apart
	i, ok := index[key]
	if !ok {
		i = len(s.words)
		index[key] = i
		s.words = append(s.words, word)
		s.uses = append(s.uses, nil)
	}
	s.uses[i] = append(s.uses[i], u)
}

// defaultWithin is how far from its word a version may stand: strings of one
// source file lie together in a program.
const defaultWithin = 4096

func (c *Clue) prepare() error {
	if c.Find != "" {
		if c.Word == "" {
			return fmt.Errorf("find needs a word")
		}
		c.find, c.first = lazy(c.Find), firstBytes(c.Find)
	}
	if c.Re == "" && c.Find == "" {
		return fmt.Errorf("neither re nor find")
	}
	if c.Re != "" {
		c.re = lazy(c.Re)
		if c.Word == "" {
			w, err := literals(c.Re)
			if err != nil {
				return fmt.Errorf("pattern %q: %w", c.Re, err)
			}
			c.words = w
		}
	}
	if c.Word != "" {
		c.words = []string{c.Word}
	}
	if shortest(c.words) < 4 {
		return fmt.Errorf("words %q of %q are too short to look for", c.words, c.Re+c.Find)
	}
	if c.Within == 0 {
		c.Within = defaultWithin
	}
	if c.Path != "" {
		c.path = lazy(c.Path)
	}
	if c.Not != "" {
		c.not = lazy(c.Not)
	}
	switch c.In {
	case "", "binary", "web", "script", "any":
		return nil
	}
	return fmt.Errorf("in: %q is none of binary, web, script, any", c.In)
}

// soRule finds the rule of a library name such as "libz.so", and what the
// number in it means. number is what stands for the star, if there is one.
func (s *RuleSet) soRule(stem string) (r *Rule, so *So, number string) {
	if rs := s.so[stem]; rs != nil {
		return rs[0], rs[0].So[stem], ""
	}
	for _, st := range s.stars {
		if len(stem) > len(st.pre)+len(st.post) && strings.HasPrefix(stem, st.pre) && strings.HasSuffix(stem, st.post) {
			n := stem[len(st.pre) : len(stem)-len(st.post)]
			if n[0] >= '0' && n[0] <= '9' || st.so == nil {
				return st.rule, st.so, n
			}
		}
	}
	return nil, nil, ""
}

// program finds the rule whose own program has this base name.
func (s *RuleSet) program(base string) *Rule {
	if r := s.progs[base]; r != nil {
		return r
	}
	return firstGlob(s.globs, base)
}

func firstGlob(list []glob, name string) *Rule {
	for _, g := range list {
		if ok, _ := path.Match(g.pattern, name); ok {
			return g.rule
		}
	}
	return nil
}

// Words are what the shared automaton looks for; the hits that Scan is given
// are indices into them.
func Words() []string { return rules().words }
