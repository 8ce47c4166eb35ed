package component

import (
	"regexp"
)

// Clue is a pattern and where it is looked for. Its first group is the version;
// without a group it tells the name only.
type Clue struct {
	Re     string  `yaml:"re" json:"re,omitempty"`         // on one line or one string of a program
	Word   string  `yaml:"word" json:"word,omitempty"`     // what stands in it literally; default: the longest literal of Re
	Find   string  `yaml:"find" json:"find,omitempty"`     // the version stands alone near Word: this pattern on one of the strings there
	Within int     `yaml:"within" json:"within,omitempty"` // how far, in bytes; default 4096
	In     string  `yaml:"in" json:"in,omitempty"`         // "binary" (default), "web", "script", "any"
	Path   string  `yaml:"path" json:"path,omitempty"`     // a pattern that the path must match
	With   strList `yaml:"with" json:"with,omitempty"`     // texts of which one must stand anywhere in the file, unless that is its own
	Not    string  `yaml:"not" json:"not,omitempty"`       // a pattern that the string must not match
	As     string  `yaml:"as" json:"as,omitempty"`         // how the version is put together: "2.$1.$2"; "3.1.9|3.3.0": it is one of these
	Weak   bool    `yaml:"weak" json:"weak,omitempty"`     // a name without proof: low confidence

	Exact bool `yaml:"exact" json:"exact,omitempty"` // of symver: every release defines one

	// Words: one of them stands in whatever matches. They follow from the pattern
	// and are worked out where rules.json is made.
	Words []string `yaml:"-" json:"words,omitempty"`

	re, find, path, not func() *regexp.Regexp
	first               func() *[256]bool // what a string that Find matches begins with; nil: anything
}

// Own is a pattern on the strings of files that are a product's own by their
// name; With, where given, must stand in one of them. In As, <so> is the number of
// the library.
type Own struct {
	Re   string `yaml:"re" json:"re,omitempty"`
	With string `yaml:"with" json:"with,omitempty"`
	As   string `yaml:"as" json:"as,omitempty"`
	re   func() *regexp.Regexp
}

// Since is an exported symbol that came with a release.
type Since struct {
	Version string
	Symbol  string
}

type strs []string

// Sos says of each library name ("libz.so", "libdw-*.so") what the number in its
// file name means.
type Sos map[string]*So

// So is what the number behind ".so." says.
type So struct {
	Release bool            `json:"release,omitempty"` // it is the release itself
	Table   map[string]strs `json:"table,omitempty"`   // number to the releases that have it
	Form    string          `json:"form,omitempty"`    // a pattern on the number,
	As      string          `json:"as,omitempty"`      // and the release that it makes
	form    func() *regexp.Regexp
}

// Example is what a rule must or must not recognise.
type Example struct {
	Text    strList `yaml:"text" json:"text,omitempty"`
	Path    string  `yaml:"path" json:"path,omitempty"`
	Soname  string  `yaml:"soname" json:"soname,omitempty"`
	Needed  strs    `yaml:"needed" json:"needed,omitempty"`
	Exports strs    `yaml:"exports" json:"exports,omitempty"`
	VerDefs strs    `yaml:"symver" json:"symver,omitempty"`
	Comment string  `yaml:"comment" json:"comment,omitempty"`
	Version string  `yaml:"version" json:"version,omitempty"`
}

type strList []string
