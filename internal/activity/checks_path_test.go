package activity

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// Paths into YAML.

var stepShape = regexp.MustCompile(`\[[^\]]*\]|[^.\[\]]+`)

func steps(path string) []string { return stepShape.FindAllString(path, -1) }

// stepIn finds a step below a node: where its value stands in Content, or -1.
func stepIn(n *yaml.Node, step string) int {
	if n.Kind == yaml.MappingNode {
		for i := 0; i < len(n.Content); i += 2 {
			if n.Content[i].Value == strings.Trim(step, `[]"`) {
				return i + 1
			}
		}
		return -1
	}
	step = strings.Trim(step, "[]")
	if i, err := strconv.Atoi(step); err == nil && i < len(n.Content) {
		return i
	}
	return slices.IndexFunc(n.Content, func(x *yaml.Node) bool {
		for want := range strings.SplitSeq(step, ",") {
			key, value, named := strings.Cut(want, "=")
			i := -1
			if x.Kind == yaml.MappingNode {
				i = stepIn(x, key)
			}
			if !named || i < 0 || x.Content[i].Value != value {
				return false
			}
		}
		return true
	})
}

// change sets what a path leads to, or deletes it where to is nil.
func change(t *testing.T, n *yaml.Node, path string, to *yaml.Node) {
	t.Helper()
	all := steps(path)
	for k, s := range all {
		i, last := stepIn(n, s), k == len(all)-1
		switch {
		case i < 0 && (to == nil || n.Kind != yaml.MappingNode && s != "[+]"):
			t.Fatalf("%s: the record has no %s", path, s)
		case i < 0:
			child := &yaml.Node{Kind: yaml.MappingNode}
			if last {
				child = to
			} else if all[k+1][0] == '[' {
				child.Kind = yaml.SequenceNode
			}
			if n.Kind == yaml.MappingNode {
				n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: s})
			}
			n.Content = append(n.Content, child)
			i = len(n.Content) - 1
		case last && to != nil:
			n.Content[i] = to
		case last && n.Kind == yaml.MappingNode:
			n.Content = slices.Delete(n.Content, i-1, i+1)
		case last:
			n.Content = slices.Delete(n.Content, i, i+1)
		}
		if !last {
			n = n.Content[i]
		}
	}
}

// named is the id of what a path into the variables leads to.
func named(t *testing.T, vars map[string]any, path string) string {
	t.Helper()
	n := encode(t, vars)
	for _, s := range append(steps(path), "id") {
		i := stepIn(n, s)
		if i < 0 {
			t.Fatalf("%s: there is no %s", path, s)
		}
		n = n.Content[i]
	}
	return n.Value
}

// resolve gives the indices of the entries that a path names by a value.
func resolve(n *yaml.Node, path string) string {
	out := ""
	if strings.HasPrefix(path, "#") || path == "/" {
		return path
	}
	for _, s := range steps(path) {
		i := -1
		if n != nil {
			i = stepIn(n, s)
		}
		switch {
		case s[0] == '[' && i >= 0:
			out += fmt.Sprintf("[%d]", i)
		case s[0] == '[' || out == "":
			out += s
		default:
			out += "." + s
		}
		if i >= 0 {
			n = n.Content[i]
		} else {
			n = nil
		}
	}
	return out
}

// part is one field of a mapping as YAML.
func part(t *testing.T, n *yaml.Node, i int) []byte {
	t.Helper()
	raw, err := yaml.Marshal(&yaml.Node{Kind: yaml.MappingNode, Content: n.Content[i : i+2]})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func clone(n *yaml.Node) *yaml.Node {
	out := *n
	out.Content = make([]*yaml.Node, len(n.Content))
	for i, c := range n.Content {
		out.Content[i] = clone(c)
	}
	return &out
}

func mappingOf(t *testing.T, source []byte) *yaml.Node {
	t.Helper()
	var n yaml.Node
	if err := yaml.Unmarshal(source, &n); err != nil {
		t.Fatal(err)
	}
	return n.Content[0]
}

func encode(t *testing.T, v any) *yaml.Node {
	t.Helper()
	var n yaml.Node
	if err := n.Encode(v); err != nil {
		t.Fatal(err)
	}
	return &n
}

func plainNode(t *testing.T, n *yaml.Node) any {
	t.Helper()
	var v any
	if err := n.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}
