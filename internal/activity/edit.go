package activity

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"assay/internal/product"
	"assay/internal/yamledit"
)

// Files are the two files of a workspace that answers are kept in. Answers is
// nil where there is no answers.yaml yet.
type Files struct{ Model, Answers []byte }

// maxAnswer bounds a value that is given as an answer, in bytes.
const maxAnswer = 256 << 10

// DerivedError is returned for a question that answers itself from others.
type DerivedError struct {
	ID   string
	From []string
}

func (e *DerivedError) Error() string {
	return fmt.Sprintf("question %s follows from the answers to %s: answer those", e.ID, strings.Join(e.From, ", "))
}

// ErrWords is wrapped where a structured answer was given as words.
var ErrWords = errors.New("this question is answered with fields, not with words")

// Apply puts an answer into the files. A structured one is YAML: entries of a
// list are told apart by their id (or first field) and are added or changed,
// fields of a group are set, and what the answer doesn't name stays. An answer
// in prose is text, and is kept with who gave it and when.
func (p *Process) Apply(f Files, id, value, by string, now time.Time) (Files, error) {
	q, _, ok := p.Question(id)
	if !ok {
		return f, fmt.Errorf("there is no question %s", id)
	}
	if len(value) > maxAnswer {
		return f, fmt.Errorf("answer to %s: %d bytes are more than %d", id, len(value), maxAnswer)
	}
	if q.Kind == Derived {
		return f, &DerivedError{id, p.RestsOn(id)}
	}
	if q.Kind == InProse {
		return f.prose(id, value, by, now)
	}
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(value), &n); err != nil {
		return f, fmt.Errorf("answer to %s: %w", id, err)
	}
	if len(n.Content) == 0 {
		return f, fmt.Errorf("answer to %s is empty", id)
	}
	words := n.Content[0].Kind == yaml.ScalarNode && n.Content[0].Tag == "!!str"
	shape, _ := product.ShapeAt(q.Place)
	structured := shape.Kind == "entries" || shape.Kind == "group" || shape.Kind == "names"
	if words && structured {
		if q.Kind == Combined {
			return f.prose(id, value, by, now)
		}
		return f, fmt.Errorf("%w: answer to %s goes to `%s` of assay.yaml, for example:\n%s", ErrWords, id, q.Place, q.Example)
	}
	model, err := merge(f.Model, q.Place, n.Content[0])
	if err != nil {
		return f, fmt.Errorf("answer to %s: %w", id, err)
	}
	f.Model = model
	return f, nil
}

// Set puts a value at a path of assay.yaml, merging as Apply does.
func (f Files) Set(path, value string) (Files, error) {
	if _, ok := product.ShapeAt(path); !ok {
		return f, fmt.Errorf("assay.yaml has no field %s", path)
	}
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(value), &n); err != nil {
		return f, fmt.Errorf("%s: %w", path, err)
	}
	if len(n.Content) == 0 {
		return f, fmt.Errorf("%s: the value is empty", path)
	}
	model, err := merge(f.Model, path, n.Content[0])
	if err != nil {
		return f, fmt.Errorf("%s: %w", path, err)
	}
	f.Model = model
	return f, nil
}

// merge puts a value at a path: entry by entry, field by field.
func merge(model []byte, path string, v *yaml.Node) ([]byte, error) {
	shape, ok := product.ShapeAt(path)
	if !ok {
		return nil, fmt.Errorf("assay.yaml has no field %s", path)
	}
	var err error
	switch {
	case shape.Kind == "entries":
		entries := v.Content
		if v.Kind == yaml.MappingNode {
			entries = []*yaml.Node{v}
		} else if v.Kind != yaml.SequenceNode {
			return nil, fmt.Errorf("%w: `%s` takes a list", ErrWords, path)
		}
		for _, e := range entries {
			if model, err = mergeEntry(model, path, shape.Key, e); err != nil {
				return nil, err
			}
		}
		return model, nil
	case (shape.Kind == "group" || shape.Kind == "names") && v.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(v.Content); i += 2 {
			key := v.Content[i].Value
			if shape.Kind == "names" {
				if model, err = put(model, path+"."+quote(key), v.Content[i+1]); err != nil {
					return nil, err
				}
				continue
			}
			if model, err = merge(model, path+"."+key, v.Content[i+1]); err != nil {
				return nil, err
			}
		}
		return model, nil
	}
	return put(model, path, v)
}

func quote(key string) string {
	if strings.ContainsAny(key, ". ") {
		return `"` + key + `"`
	}
	return key
}

func mergeEntry(model []byte, path string, key []string, e *yaml.Node) ([]byte, error) {
	if e.Kind != yaml.MappingNode || len(key) == 0 {
		return put(model, path+"[+]", e)
	}
	if i := entry(model, path, key, e); i >= 0 {
		at := fmt.Sprintf("%s[%d]", path, i)
		var err error
		for j := 0; j+1 < len(e.Content); j += 2 {
			if model, err = merge(model, at+"."+e.Content[j].Value, e.Content[j+1]); err != nil {
				return nil, err
			}
		}
		return model, nil
	}
	return put(model, path+"[+]", e)
}

func field(n *yaml.Node, key string) string {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1].Value
		}
	}
	return ""
}

// entry finds the entry of a list that has the same values at the keys; -1:
// there is none.
func entry(model []byte, path string, keys []string, like *yaml.Node) int {
	var doc yaml.Node
	if yaml.Unmarshal(model, &doc) != nil || len(doc.Content) == 0 {
		return -1
	}
	n := doc.Content[0]
	for part := range strings.SplitSeq(path, ".") {
		name, index, indexed := strings.Cut(part, "[")
		var next *yaml.Node
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == name {
				next = n.Content[i+1]
			}
		}
		if next == nil {
			return -1
		}
		n = next
		if indexed {
			i := 0
			if _, err := fmt.Sscanf(index, "%d]", &i); err != nil || i >= len(n.Content) {
				return -1
			}
			n = n.Content[i]
		}
	}
	for i, e := range n.Content {
		if same(e, like, keys) {
			return i
		}
	}
	return -1
}

// same says whether two entries are of one thing. An entry may be written as
// its id alone.
func same(a, b *yaml.Node, keys []string) bool {
	if a.Kind == yaml.ScalarNode {
		return len(keys) == 1 && a.Value == field(b, keys[0])
	}
	for _, k := range keys {
		if field(a, k) == "" || field(a, k) != field(b, k) {
			return false
		}
	}
	return true
}

func put(model []byte, path string, v *yaml.Node) ([]byte, error) {
	text, err := yaml.Marshal(v)
	if err != nil {
		return nil, err
	}
	return yamledit.Set(model, path, text)
}

// start is an answers.yaml without answers.
const start = "schema: " + AnswersSchema + "\nedition: " + Final + "\n"

// prose puts an answer in words into answers.yaml.
func (f Files) prose(id, text, by string, now time.Time) (Files, error) {
	pairs := []string{"text", text}
	if by != "" {
		pairs = append(pairs, "by", by)
	}
	return f.answer(`answers."`+id+`"`, fields(append(pairs, "on", now.Format("2006-01-02"))...))
}

// Waive notes that a question doesn't concern the product.
func (p *Process) Waive(f Files, id, why, by string, now time.Time) (Files, error) {
	if _, _, ok := p.Question(id); !ok {
		return f, fmt.Errorf("there is no question %s", id)
	}
	if strings.TrimSpace(why) == "" || strings.TrimSpace(by) == "" {
		return f, errors.New("a question is left out only with a reason, and by somebody with a name")
	}
	return f.answer(`not_applicable."`+id+`"`, fields("why", why, "by", by, "on", now.Format("2006-01-02")))
}

// Stamp notes what an answer was given from.
func (f Files) Stamp(s Stamp) (Files, error) {
	var of []string
	for _, b := range s.Of {
		of = append(of, b.ID, b.Digest)
	}
	n := fields("on", s.On)
	n.Content = append(n.Content, word("of"), fields(of...))
	return f.answer(`seen."`+s.ID+`"`, n)
}

// fields makes a group of texts. A day stands plain, as people write it.
func fields(pairs ...string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for i := 0; i+1 < len(pairs); i += 2 {
		n.Content = append(n.Content, word(pairs[i]), word(pairs[i+1]))
	}
	return n
}

func word(s string) *yaml.Node {
	if _, err := product.ParseDate(s); err == nil {
		return &yaml.Node{Kind: yaml.ScalarNode, Value: s}
	}
	n := &yaml.Node{}
	n.SetString(s)
	return n
}

func (f Files) answer(path string, v *yaml.Node) (Files, error) {
	text, err := yaml.Marshal(v)
	if err != nil {
		return f, err
	}
	src := f.Answers
	if src == nil {
		src = []byte(start)
	}
	out, err := yamledit.Set(src, path, text)
	if err != nil {
		return f, fmt.Errorf("%s: %w", AnswersFile, err)
	}
	f.Answers = out
	return f, nil
}
