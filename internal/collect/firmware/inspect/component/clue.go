package component

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Clue is a pattern and where it is looked for. Its first group is the version;
// without a group it tells the name only.
type Clue struct {
	Re     string  `yaml:"re"`     // on one line or one string of a program
	Word   string  `yaml:"word"`   // what stands in it literally; default: the longest literal of Re
	Find   string  `yaml:"find"`   // the version stands alone near Word: this pattern on one of the strings there
	Within int     `yaml:"within"` // how far, in bytes; default 4096
	In     string  `yaml:"in"`     // "binary" (default), "web", "script", "any"
	Path   string  `yaml:"path"`   // a pattern that the path must match
	With   strList `yaml:"with"`   // texts of which one must stand anywhere in the file, unless that is its own
	Not    string  `yaml:"not"`    // a pattern that the string must not match
	As     string  `yaml:"as"`     // how the version is put together: "2.$1.$2"
	Weak   bool    `yaml:"weak"`   // a name without proof: low confidence

	Exact bool `yaml:"exact"` // of symver: every release defines one

	words               []string   // one of them stands in whatever matches
	first               *[256]bool // what a string that Find matches begins with; nil: anything
	re, find, path, not func() *regexp.Regexp
}

// UnmarshalYAML reads a clue, or a pattern alone.
func (c *Clue) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode(&c.Re)
	}
	type plain Clue
	return n.Decode((*plain)(c))
}

// Own is a pattern on the strings of files that are a product's own by their
// name; With, where given, must stand in one of them.
type Own struct {
	Re   string `yaml:"re"`
	With string `yaml:"with"`
	re   func() *regexp.Regexp
}

// UnmarshalYAML reads an own pattern, or the pattern alone.
func (o *Own) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode(&o.Re)
	}
	type plain Own
	return n.Decode((*plain)(o))
}

// Since is an exported symbol that came with a release.
type Since struct {
	Version string
	Symbol  string
}

// UnmarshalYAML reads "version: symbol".
func (s *Since) UnmarshalYAML(n *yaml.Node) error {
	m := map[string]string{}
	if err := n.Decode(&m); err != nil {
		return err
	}
	if len(m) != 1 {
		return fmt.Errorf("line %d: want one version: symbol", n.Line)
	}
	for v, sym := range m {
		s.Version, s.Symbol = v, sym
	}
	return nil
}

type strs []string

func (s *strs) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*s = strings.Fields(n.Value)
		return nil
	}
	return n.Decode((*[]string)(s))
}

// Sos says of each library name ("libz.so", "libdw-*.so") what the number in its
// file name means.
type Sos map[string]*So

// So is what the number behind ".so." says.
type So struct {
	Release  bool            // it is the release itself
	Table    map[string]strs // number to the releases that have it
	Form, As string          // a pattern on the number, and the release that it makes
	form     func() *regexp.Regexp
}

// UnmarshalYAML reads nothing, "release", "pattern => release", or a table.
func (s *So) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.MappingNode {
		return n.Decode(&s.Table)
	}
	form, as, ok := strings.Cut(n.Value, " => ")
	switch {
	case ok:
		s.Form, s.As = form, as
	case n.Value == "release":
		s.Release = true
	case n.Value != "":
		return fmt.Errorf("line %d: %q is neither release nor pattern => release", n.Line, n.Value)
	}
	return nil
}

// Example is what a rule must or must not recognise.
type Example struct {
	Text    strList `yaml:"text"`
	Path    string  `yaml:"path"`
	Soname  string  `yaml:"soname"`
	Needed  strs    `yaml:"needed"`
	Exports strs    `yaml:"exports"`
	VerDefs strs    `yaml:"symver"`
	Comment string  `yaml:"comment"`
	Version string  `yaml:"version"`
}

// UnmarshalYAML reads an example, or its text alone.
func (e *Example) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		e.Text = strList{n.Value}
		return nil
	}
	type plain Example
	return n.Decode((*plain)(e))
}

type strList []string

func (s *strList) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*s = strList{n.Value}
		return nil
	}
	return n.Decode((*[]string)(s))
}
