package component

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "make rules.json of rules/*.yaml")

// TestRuleList holds rules.json against rules/*.yaml.
func TestRuleList(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	out.WriteString("[\n")
	for i, r := range fromYAML(t) {
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			out.WriteString(",\n")
		}
		out.Write(b)
	}
	out.WriteString("\n]\n")
	if *update {
		if err := os.WriteFile("rules.json", out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(out.Bytes(), ruleList) {
		t.Error("rules.json isn't what rules/*.yaml hold: go test -run TestRuleList -update")
	}
}

// fromYAML reads the rules as they are written, with their examples.
func fromYAML(t testing.TB) []*Rule {
	t.Helper()
	names, err := filepath.Glob("rules/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatal("no rules", err)
	}
	var all []*Rule
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		list, err := decode(b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, r := range list {
			for i := range r.Numbers {
				if _, err := r.Numbers[i].spans(); err != nil {
					t.Errorf("%s: rule %q: %v", name, r.ID, err)
				}
			}
			for i := range r.Text {
				if err := r.Text[i].work(); err != nil {
					t.Errorf("%s: rule %q: text %d: %v", name, r.ID, i+1, err)
				}
			}
		}
		all = append(all, list...)
	}
	return all
}

// work checks a clue and works out its words.
func (c *Clue) work() error {
	switch {
	case c.Find != "" && c.Word == "":
		return fmt.Errorf("find needs a word")
	case c.Re == "" && c.Find == "":
		return fmt.Errorf("neither re nor find")
	case c.Word != "":
		c.Words = []string{c.Word}
	default:
		w, err := literals(c.Re)
		if err != nil {
			return fmt.Errorf("pattern %q: %w", c.Re, err)
		}
		c.Words = w
	}
	if shortest(c.Words) < 4 {
		return fmt.Errorf("words %q of %q are too short to look for", c.Words, c.Re+c.Find)
	}
	if !slices.Contains([]string{"", "binary", "web", "script", "any"}, c.In) {
		return fmt.Errorf("in: %q is none of binary, web, script, any", c.In)
	}
	return nil
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

// literals are texts of which one must stand in whatever matches: of all that
// the pattern asks for, those whose shortest is longest.
func literals(re string) ([]string, error) {
	t, err := syntax.Parse(expand(re), syntax.Perl)
	if err != nil {
		return nil, err
	}
	return required(t.Simplify()), nil
}

func required(t *syntax.Regexp) []string {
	switch t.Op {
	case syntax.OpLiteral:
		if t.Flags&syntax.FoldCase == 0 {
			return []string{string(t.Rune)}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return required(t.Sub[0])
	case syntax.OpAlternate:
		var all []string
		for _, sub := range t.Sub {
			w := required(sub)
			if w == nil {
				return nil
			}
			all = append(all, w...)
		}
		return all
	case syntax.OpConcat:
		return requiredOf(t.Sub)
	}
	return nil
}

// requiredOf joins what stands side by side: a literal before or behind a choice
// belongs to each of its branches.
func requiredOf(list []*syntax.Regexp) []string {
	var best []string
	run := ""
	take := func(w []string) {
		if shortest(w) > shortest(best) && len(w) <= 16 {
			best = w
		}
	}
	for i, sub := range list {
		switch {
		case sub.Op == syntax.OpLiteral && sub.Flags&syntax.FoldCase == 0:
			run += string(sub.Rune)
			take([]string{run})
			continue
		case sub.Op == syntax.OpBeginText || sub.Op == syntax.OpEndText || sub.Op == syntax.OpWordBoundary:
			continue
		case sub.Op == syntax.OpAlternate && i+1 < len(list) && list[i+1].Op == syntax.OpLiteral && plain(sub):
			var w []string
			for _, x := range required(sub) {
				w = append(w, run+x+string(list[i+1].Rune))
			}
			take(w)
		default:
			take(required(sub))
		}
		run = ""
	}
	return best
}

// plain says that a choice is between literals only.
func plain(t *syntax.Regexp) bool {
	for _, sub := range t.Sub {
		if sub.Op != syntax.OpLiteral || sub.Flags&syntax.FoldCase != 0 {
			return false
		}
	}
	return true
}

func shortest(words []string) int {
	if len(words) == 0 {
		return 0
	}
	n := len(words[0])
	for _, w := range words {
		n = min(n, len(w))
	}
	return n
}

// UnmarshalYAML reads a clue, or a pattern alone.
func (c *Clue) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode(&c.Re)
	}
	type plain Clue
	return n.Decode((*plain)(c))
}

// UnmarshalYAML reads an own pattern, or the pattern alone.
func (o *Own) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode(&o.Re)
	}
	type plain Own
	return n.Decode((*plain)(o))
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

func (s *strs) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*s = strings.Fields(n.Value)
		return nil
	}
	return n.Decode((*[]string)(s))
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

// UnmarshalYAML reads an example, or its text alone.
func (e *Example) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		e.Text = strList{n.Value}
		return nil
	}
	type plain Example
	return n.Decode((*plain)(e))
}

func (s *strList) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*s = strList{n.Value}
		return nil
	}
	return n.Decode((*[]string)(s))
}
