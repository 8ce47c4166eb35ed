// Package yamledit changes one value in a YAML file that people write, and
// leaves every other byte of it alone: comments, order, blank lines.
//
// In: the bytes of a file, a path such as customers[2].skill, a value as
// YAML. Out: new bytes. Only the top-level section that holds the path is
// written anew (its comments stay); before they are given back, the new bytes
// are read again and must say exactly what the old ones said, plus the change.
package yamledit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"assay/internal/pattern"
)

// Bounds on what is edited.
const (
	maxValue = 1 << 20 // bytes of a value
	maxSteps = 20
)

// ErrForm is wrapped where a file is written in a way that can't be edited by
// a program without touching more of it: it has to be done by hand.
var ErrForm = errors.New("this part of the file can't be edited by a program")

type step struct {
	key    string
	index  int // of a list; -1 for a key; appends where beyond the end
	append bool
}

var stepForm = pattern.New(`^([A-Za-z0-9_-]+|"[^"]*")((?:\[(?:\d+|\+)\])*)$`)

func parsePath(path string) ([]step, error) {
	var out []step
	for _, part := range splitPath(path) {
		m := stepForm.FindStringSubmatch(part)
		if m == nil {
			return nil, fmt.Errorf("path %q: %q is no field or entry", path, part)
		}
		out = append(out, step{key: strings.Trim(m[1], `"`), index: -1})
		for _, i := range strings.FieldsFunc(m[2], func(r rune) bool { return r == '[' || r == ']' }) {
			if i == "+" {
				out = append(out, step{append: true})
				continue
			}
			n, err := strconv.Atoi(i)
			if err != nil || n > 100000 {
				return nil, fmt.Errorf("path %q: entry %s is out of range", path, i)
			}
			out = append(out, step{index: n})
		}
	}
	if len(out) == 0 || len(out) > maxSteps || out[0].index != -1 {
		return nil, fmt.Errorf("path %q must begin with a field and have at most %d steps", path, maxSteps)
	}
	return out, nil
}

// splitPath cuts at dots that don't stand in quotes.
func splitPath(path string) []string {
	var out []string
	quoted, from := false, 0
	for i, r := range path {
		switch {
		case r == '"':
			quoted = !quoted
		case r == '.' && !quoted:
			out, from = append(out, path[from:i]), i+1
		}
	}
	return append(out, path[from:])
}

// Set writes a value at a path; what lies on the way is made where it isn't
// there. An index one beyond a list's end, or [+], adds an entry.
func Set(src []byte, path string, value []byte) ([]byte, error) {
	if len(value) > maxValue {
		return nil, fmt.Errorf("value of %d bytes is longer than %d", len(value), maxValue)
	}
	steps, err := parsePath(path)
	if err != nil {
		return nil, err
	}
	v, err := one(value)
	if err != nil {
		return nil, fmt.Errorf("value for %s: %w", path, err)
	}
	return edit(src, steps, func(n *yaml.Node) (*yaml.Node, error) {
		return set(n, steps[1:], func(*yaml.Node) (*yaml.Node, error) { return v, nil })
	})
}

// Update changes the value at a path: change gets what is there, nil for
// nothing, and gives what shall be there. What lies on the way is made.
func Update(src []byte, path string, change func(old *yaml.Node) (*yaml.Node, error)) ([]byte, error) {
	steps, err := parsePath(path)
	if err != nil {
		return nil, err
	}
	return edit(src, steps, func(n *yaml.Node) (*yaml.Node, error) { return set(n, steps[1:], change) })
}

// Delete takes the value at a path away; nothing happens where there is none.
// Groups and lists that become empty stay.
func Delete(src []byte, path string) ([]byte, error) {
	steps, err := parsePath(path)
	if err != nil {
		return nil, err
	}
	return edit(src, steps, func(n *yaml.Node) (*yaml.Node, error) {
		if n == nil || len(steps) == 1 {
			return nil, nil
		}
		remove(n, steps[1:])
		return n, nil
	})
}

// one reads a single value.
func one(value []byte) (*yaml.Node, error) {
	var doc yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(value))
	if err := dec.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one YAML document")
	}
	if len(doc.Content) == 0 {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: ""}, nil
	}
	return doc.Content[0], nil
}

// edit changes the section of the first step.
func edit(src []byte, steps []step, change func(*yaml.Node) (*yaml.Node, error)) ([]byte, error) {
	mark := []byte("\ufeff") // of files that Windows wrote
	if rest, ok := bytes.CutPrefix(src, mark); ok {
		out, err := edit(rest, steps, change)
		return append(mark, out...), err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(src, &doc); err != nil {
		return nil, err
	}
	var old any
	if err := doc.Decode(&old); err != nil && len(doc.Content) > 0 {
		return nil, err
	}
	lines := bytes.SplitAfter(src, []byte("\n"))
	from, to, err := section(&doc, lines, steps[0].key)
	if err != nil {
		return nil, err
	}
	key, value, err := read(old, lines, from, to, steps[0].key)
	if err != nil {
		return nil, err
	}
	want, err := change(value)
	if err != nil {
		return nil, err
	}
	text, err := render(key, want)
	if err != nil {
		return nil, err
	}
	if bytes.Contains(src, []byte("\r\n")) {
		text = bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
	}
	var out []byte
	switch {
	case from >= 0:
		out = bytes.Join([][]byte{bytes.Join(lines[:from], nil), text, bytes.Join(lines[to:], nil)}, nil)
	case want == nil:
		return src, nil
	default:
		out = bytes.Clone(src)
		if len(out) > 0 && !bytes.HasSuffix(out, []byte("\n")) {
			out = append(out, '\n')
		}
		if len(out) > 0 && len(doc.Content) > 0 {
			out = append(out, '\n')
		}
		out = append(out, text...)
	}
	return out, same(old, out, steps[0].key, want)
}

// read gives the key and the value of a section as they are written. The
// section alone must say what it says in the file: else its lines don't hold
// all of it.
func read(old any, lines [][]byte, from, to int, name string) (key, value *yaml.Node, err error) {
	if from < 0 {
		return keyNode(name), nil, nil
	}
	var doc yaml.Node
	text := bytes.Join(lines[from:to], nil)
	if err := yaml.Unmarshal(text, &doc); err != nil || len(doc.Content) == 0 {
		return nil, nil, fmt.Errorf("%w: %s", ErrForm, name)
	}
	n := doc.Content[0]
	var alone map[string]any
	was, _ := old.(map[string]any)
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 || n.Decode(&alone) != nil || !reflect.DeepEqual(alone[name], was[name]) {
		return nil, nil, fmt.Errorf("%w: %s", ErrForm, name)
	}
	key, value = n.Content[0], n.Content[1]
	if foot := strings.TrimSpace(doc.FootComment); foot != "" {
		value.FootComment = strings.TrimSpace(value.FootComment + "\n" + foot)
	}
	return key, value, nil
}

// section finds the lines of a top-level key: from its line up to the blank
// and comment lines in front of the next. -1: it isn't there.
func section(doc *yaml.Node, lines [][]byte, key string) (from, to int, err error) {
	if len(doc.Content) == 0 {
		return -1, -1, nil
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode || root.Style&yaml.FlowStyle != 0 {
		return 0, 0, fmt.Errorf("%w: the file must hold fields, each on a line of its own", ErrForm)
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		k := root.Content[i]
		if k.Column != 1 {
			return 0, 0, fmt.Errorf("%w: line %d doesn't begin with its field", ErrForm, k.Line)
		}
		if k.Value != key {
			continue
		}
		to = len(lines)
		if i+2 < len(root.Content) {
			to = root.Content[i+2].Line - 1
		}
		for to > k.Line && trivia(lines[to-1]) {
			to--
		}
		return k.Line - 1, to, nil
	}
	return -1, -1, nil
}

func trivia(line []byte) bool {
	t := bytes.TrimSpace(line)
	return len(t) == 0 || line[0] == '#' || bytes.Equal(t, []byte("..."))
}

// set changes what is at the steps below n and gives what stands in n's place.
func set(n *yaml.Node, steps []step, change func(*yaml.Node) (*yaml.Node, error)) (*yaml.Node, error) {
	if len(steps) == 0 {
		v, err := change(n)
		if err == nil && n != nil && v != n {
			v.LineComment = n.LineComment
		}
		return v, err
	}
	s := steps[0]
	if n != nil && (n.Kind == yaml.AliasNode || n.Anchor != "") {
		return nil, fmt.Errorf("%w: it uses anchors", ErrForm)
	}
	if n == nil || n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		n = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		if s.index >= 0 || s.append {
			n = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		}
	}
	if s.append || s.index >= 0 {
		if n.Kind != yaml.SequenceNode {
			return nil, fmt.Errorf("line %d is no list", n.Line)
		}
		i := s.index
		if s.append {
			i = len(n.Content)
		}
		if i > len(n.Content) {
			return nil, fmt.Errorf("the list has %d entries, there can't be an entry %d", len(n.Content), i)
		}
		if i == len(n.Content) {
			n.Content = append(n.Content, nil)
		}
		x, err := set(n.Content[i], steps[1:], change)
		n.Content[i] = x
		return n, err
	}
	if n.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d has no fields", n.Line)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == s.key {
			x, err := set(n.Content[i+1], steps[1:], change)
			n.Content[i+1] = x
			return n, err
		}
	}
	x, err := set(nil, steps[1:], change)
	if err != nil {
		return nil, err
	}
	n.Content = append(n.Content, keyNode(s.key), x)
	return n, nil
}

func keyNode(key string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(key)
	if _, err := strconv.ParseFloat(key, 64); err == nil {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

func remove(n *yaml.Node, steps []step) {
	s, last := steps[0], len(steps) == 1
	switch {
	case s.index >= 0 && !s.append && n.Kind == yaml.SequenceNode && s.index < len(n.Content):
		if last {
			n.Content = append(n.Content[:s.index], n.Content[s.index+1:]...)
			return
		}
		remove(n.Content[s.index], steps[1:])
	case s.index < 0 && n.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value != s.key {
				continue
			}
			if last {
				n.Content = append(n.Content[:i], n.Content[i+2:]...)
				return
			}
			remove(n.Content[i+1], steps[1:])
			return
		}
	}
}

func render(key, v *yaml.Node) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(&yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{key, v}}); err != nil {
		return nil, err
	}
	return b.Bytes(), enc.Close()
}

// same holds the new bytes against the old content.
func same(old any, out []byte, key string, want *yaml.Node) error {
	var now any
	if err := yaml.Unmarshal(out, &now); err != nil {
		return fmt.Errorf("%w: %s: %v", ErrForm, key, err)
	}
	was, _ := old.(map[string]any)
	is, _ := now.(map[string]any)
	expect := map[string]any{}
	for k, v := range was {
		expect[k] = v
	}
	delete(expect, key)
	if want != nil {
		var v any
		if err := want.Decode(&v); err != nil {
			return err
		}
		expect[key] = v
	}
	if len(expect) != len(is) || len(is) > 0 && !reflect.DeepEqual(expect, is) {
		return fmt.Errorf("%w: %s: the file would say something else elsewhere", ErrForm, key)
	}
	return nil
}
