package yamltree

import (
	"strconv"

	"go.yaml.in/yaml/v3"
)

// pairs calls each for every key of a mapping that is plain text and new, and
// then for the keys that merge keys bring in (yaml.org/type/merge.html: what is
// written in the mapping itself comes first).
func (d *decoder) pairs(n *yaml.Node, path string, depth int, each func(key *yaml.Node, name string, value *yaml.Node)) {
	d.mapping(n, path, depth, map[string]int{}, each)
}

func (d *decoder) mapping(n *yaml.Node, path string, depth int, seen map[string]int, each func(*yaml.Node, string, *yaml.Node)) {
	var merged []*yaml.Node
	own := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		at, value := n.Content[i], n.Content[i+1]
		key := d.enter(at, path, depth)
		if key == nil {
			return
		}
		if key.Kind != yaml.ScalarNode || len(key.Value) > maxKey {
			d.fault(at, path, BadKey)
			continue
		}
		if key.Tag == "!!merge" {
			merged = append(merged, value)
			continue
		}
		if first, twice := own[key.Value]; twice {
			d.fault(at, step(path, key.Value), DuplicateKey, "first", strconv.Itoa(first))
			continue
		}
		own[key.Value] = at.Line
		if _, over := seen[key.Value]; over {
			continue
		}
		seen[key.Value] = at.Line
		each(at, key.Value, value)
	}
	for _, m := range merged {
		d.merge(m, path, depth+1, seen, each)
	}
}

// merge reads the value of a merge key: a mapping or a list of them.
func (d *decoder) merge(m *yaml.Node, path string, depth int, seen map[string]int, each func(*yaml.Node, string, *yaml.Node)) {
	at := m
	if m = d.enter(m, path, depth); m == nil {
		return
	}
	switch m.Kind {
	case yaml.MappingNode:
		d.mapping(m, path, depth, seen, each)
	case yaml.SequenceNode:
		for _, c := range m.Content {
			d.merge(c, path, depth+1, seen, each)
		}
	default:
		d.fault(at, path, WantFields, "found", kindOf(m))
	}
}

// plain turns a node that was entered into nil, string, bool, Number, []any or
// map[string]any. Places in it are not kept.
func (d *decoder) plain(n *yaml.Node, path string, depth int) any {
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		d.pairs(n, path, depth, func(_ *yaml.Node, name string, c *yaml.Node) {
			if c = d.enter(c, path, depth+1); c != nil {
				m[name] = d.plain(c, path, depth+1)
			}
		})
		return m
	case yaml.SequenceNode:
		list := []any{}
		for _, c := range n.Content {
			if c = d.enter(c, path, depth+1); c != nil {
				list = append(list, d.plain(c, path, depth+1))
			}
		}
		return list
	}
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return n.Value == "true" || n.Value == "True" || n.Value == "TRUE"
	case "!!int", "!!float":
		if number, ok := numberOf(n); ok {
			return number
		}
	}
	return n.Value
}
