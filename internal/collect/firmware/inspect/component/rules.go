package component

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"assay/internal/collect/firmware/inspect/keyword"
)

// ruleList is what rules/*.yaml hold but for the examples, in a form that is read
// in a twentieth of the time: each run of the program needs it. A test holds the
// two against each other, and makes it: go test -run TestRuleList -update.
//
//go:embed rules.json
var ruleList []byte

// Rule is what is known about one product. Each file of rules/ maps ids to
// rules; README.md there explains the fields.
type Rule struct {
	ID       string    `yaml:"-" json:"id"`
	Name     string    `yaml:"name" json:"name,omitempty"`     // default: the id
	Type     Type      `yaml:"type" json:"type,omitempty"`     // default: library
	Vendor   string    `yaml:"vendor" json:"vendor,omitempty"` // who makes it
	Home     string    `yaml:"home" json:"home,omitempty"`
	Licence  string    `yaml:"licence" json:"licence,omitempty"` // SPDX; only where it holds for every version
	CPE      string    `yaml:"cpe" json:"cpe,omitempty"`         // vendor:product; "o/linux:linux_kernel" for operating systems
	PURL     string    `yaml:"purl" json:"purl,omitempty"`       // type/name; default: generic/id
	DataOnly bool      `yaml:"data" json:"data,omitempty"`
	Sources  strs      `yaml:"deb" json:"deb,omitempty"` // names of source packages in distributions; default: the id
	Packages strs      `yaml:"pkg" json:"pkg,omitempty"` // patterns of binary package names, beyond those that follow from so
	Text     []Clue    `yaml:"text" json:"text,omitempty"`
	Own      []Own     `yaml:"own" json:"own,omitempty"` // strings that count in its own files only
	Numbers  []Numbers `yaml:"numbers" json:"numbers,omitempty"`
	So       Sos       `yaml:"so" json:"so,omitempty"`
	Files    []Clue    `yaml:"file" json:"file,omitempty"`         // base names with a version
	Programs strs      `yaml:"programs" json:"programs,omitempty"` // patterns of base names of its own programs
	Paths    strs      `yaml:"paths" json:"paths,omitempty"`       // patterns of paths of its own files
	Versions []Clue    `yaml:"symver" json:"symver,omitempty"`     // symbol versions that it defines; the highest is a lower bound
	Since    []Since   `yaml:"since" json:"since,omitempty"`       // what it exports since which release, oldest first
	Releases strs      `yaml:"releases" json:"releases,omitempty"` // all of them between the first and the last of Since
	Comment  *Clue     `yaml:"comment" json:"comment,omitempty"`   // the compiler's mark, for what compilers bring themselves
	Unless   strs      `yaml:"unless" json:"unless,omitempty"`     // ids of rules that explain the same text better
	Yes      Example   `yaml:"example" json:"-"`
	No       Example   `yaml:"near-miss" json:"-"`
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

	builds    func() map[buildKey]build
	libraries func() map[string]library // without .so
	programs  func() map[string]string  // to their source
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
	var list []*Rule
	if err := json.Unmarshal(ruleList, &list); err != nil {
		panic("component: rules.json: " + err.Error())
	}
	s, err := newRuleSet(list)
	if err != nil {
		panic("component: " + err.Error())
	}
	return s
})

func newRuleSet(list []*Rule) (*RuleSet, error) {
	s := &RuleSet{builds: builds, libraries: libraries, programs: programs, byID: map[string]*Rule{}, so: map[string][]*Rule{}, deb: map[string]*Rule{}, progs: map[string]*Rule{}}
	index := map[string]int{}
	for _, r := range list {
		if s.byID[r.ID] != nil {
			return nil, fmt.Errorf("rule %q stands twice", r.ID)
		}
		if err := s.add(r, index); err != nil {
			return nil, fmt.Errorf("rule %q: %w", r.ID, err)
		}
	}
	s.special(index)
	// The longest names first, so that libluajit-*.so isn't liblua*.so.
	slices.SortFunc(s.stars, func(a, b starSo) int {
		return cmp.Or(len(b.pre)+len(b.post)-len(a.pre)-len(a.post), strings.Compare(a.pre, b.pre))
	})
	return s, nil
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
		for _, w := range c.Words {
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
	s.names(r)
	return nil
}

// names makes a rule known by the names of its files and packages.
func (s *RuleSet) names(r *Rule) {
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
	for _, word := range buildWords {
		s.word(index, word, use{special: (*scanner).buildPath})
	}
}

func (s *RuleSet) word(index map[string]int, word string, u use) {
	key := strings.ToLower(word) // the search doesn't tell them apart
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

// prepare makes what a clue is worked with; patterns are compiled when they are
// first asked for.
func (c *Clue) prepare() error {
	if len(c.Words) == 0 {
		return errors.New("no word to look for")
	}
	if c.Find != "" {
		c.find, c.first = lazy(c.Find), sync.OnceValue(func() *[256]bool { return firstBytes(c.Find) })
	}
	if c.Re != "" {
		c.re = lazy(c.Re)
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
	return nil
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
			if (n[0] >= '0' && n[0] <= '9' || st.so == nil) && !otherLibrary(n) {
				return st.rule, st.so, n
			}
		}
	}
	return nil, nil, ""
}

// otherLibrary says that what stands for a star names a library of its own:
// liblua5.3-posix.so is none of liblua*.so.
func otherLibrary(star string) bool {
	i := strings.IndexByte(star, '-')
	return star[0] >= '0' && star[0] <= '9' && i > 0 && i+1 < len(star) && star[i+1] >= 'a' && star[i+1] <= 'z'
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

// Words are what the shared search looks for; the hits that Scan is given
// are indices into them.
func Words() []string { return rules().words }
