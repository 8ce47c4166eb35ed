package activity

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"assay/internal/limit"
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
	if err := readable(value); err != nil {
		return f, fmt.Errorf("answer to %s: %w", id, err)
	}
	if q.Kind == Derived {
		return f, &DerivedError{id, p.RestsOn(id)}
	}
	if q.Kind == InProse {
		return f.prose(id, value, by, now)
	}
	var n yaml.Node
	shape, _ := product.ShapeAt(q.Place)
	err := yaml.Unmarshal([]byte(value), &n)
	words := err != nil || len(n.Content) > 0 && !fits(shape, n.Content[0])
	switch {
	case q.Kind == Combined && words:
		return f.prose(id, value, by, now)
	case err != nil:
		return f, fmt.Errorf("answer to %s: %w", id, err)
	case len(n.Content) == 0:
		return f, fmt.Errorf("answer to %s is empty", id)
	case n.Content[0].Kind == yaml.ScalarNode && words:
		return f, fmt.Errorf("%w: answer to %s goes to `%s` of assay.yaml, for example:\n%s", ErrWords, id, q.Place, q.Example)
	}
	model, err := merge(f.Model, q.Place, n.Content[0])
	if err != nil {
		return f, fmt.Errorf("answer to %s: %w", id, err)
	}
	f.Model = model
	return f, nil
}

// fits says whether a value can be meant for a place: a sentence with a colon
// is YAML too.
func fits(s product.Shape, n *yaml.Node) bool {
	known := func(n *yaml.Node) bool {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !slices.ContainsFunc(s.Fields, func(f product.Field) bool { return f.Name == n.Content[i].Value }) {
				return false
			}
		}
		return n.Kind == yaml.MappingNode
	}
	switch s.Kind {
	case "entries":
		return n.Kind == yaml.SequenceNode || known(n)
	case "group":
		return known(n)
	case "names":
		return n.Kind == yaml.MappingNode
	}
	return true
}

// readable refuses what isn't text: a file in another encoding, a program.
func readable(s string) error {
	if !utf8.ValidString(s) {
		return errors.New("this isn't UTF-8: save the text as UTF-8 and give it again")
	}
	for _, r := range s {
		if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' {
			return fmt.Errorf("it holds the control character %U", r)
		}
	}
	return nil
}

// Set puts a value at a path of assay.yaml, merging as Apply does.
func (f Files) Set(path, value string) (Files, error) {
	if err := readable(value); err != nil {
		return f, fmt.Errorf("%s: %w", path, err)
	}
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
	return yamledit.Update(model, path, func(old *yaml.Node) (*yaml.Node, error) { return mergeNode(shape, path, old, v) })
}

func mergeNode(s product.Shape, path string, old, v *yaml.Node) (*yaml.Node, error) {
	if s.Kind == "entries" {
		switch v.Kind {
		case yaml.MappingNode:
			v = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{v}}
		case yaml.SequenceNode:
		default:
			return nil, fmt.Errorf("%w: `%s` takes a list", ErrWords, path)
		}
	}
	if old == nil || old.Kind == yaml.ScalarNode {
		return v, nil
	}
	if old.Kind == yaml.AliasNode || old.Anchor != "" {
		return nil, fmt.Errorf("%w: it uses anchors", yamledit.ErrForm)
	}
	switch {
	case s.Kind == "entries" && old.Kind == yaml.SequenceNode:
		for _, e := range v.Content {
			i := slices.IndexFunc(old.Content, func(o *yaml.Node) bool { return e.Kind == yaml.MappingNode && same(o, e, s.Key) })
			if i < 0 {
				old.Content = append(old.Content, e)
				continue
			}
			x, err := mergeNode(product.Shape{Kind: "group", Fields: s.Fields}, path, old.Content[i], e)
			if err != nil {
				return nil, err
			}
			old.Content[i] = x
		}
		return old, nil
	case (s.Kind == "group" || s.Kind == "names") && v.Kind == yaml.MappingNode && old.Kind == yaml.MappingNode:
		return mergeFields(s, path, old, v)
	}
	return v, nil
}

func mergeFields(s product.Shape, path string, old, v *yaml.Node) (*yaml.Node, error) {
	for i := 0; i+1 < len(v.Content); i += 2 {
		key, value := v.Content[i], v.Content[i+1]
		var of product.Shape // of names: a value as a whole
		for _, f := range s.Fields {
			if f.Name == key.Value {
				of = f.Shape
			}
		}
		j := 0
		for j < len(old.Content) && old.Content[j].Value != key.Value {
			j += 2
		}
		if j >= len(old.Content) {
			old.Content = append(old.Content, key, value)
			continue
		}
		x, err := mergeNode(of, path+"."+key.Value, old.Content[j+1], value)
		if err != nil {
			return nil, err
		}
		if x != old.Content[j+1] {
			x.LineComment = old.Content[j+1].LineComment
		}
		old.Content[j+1] = x
	}
	return old, nil
}

func field(n *yaml.Node, key string) string {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1].Value
		}
	}
	return ""
}

// same says whether two entries are of one thing. An entry may be written as
// its id alone.
func same(a, b *yaml.Node, keys []string) bool {
	if a.Kind == yaml.ScalarNode {
		return len(keys) == 1 && a.Value == field(b, keys[0])
	}
	said := false // an entry without any of its keys is like no other
	for _, k := range keys {
		if field(a, k) != field(b, k) {
			return false
		}
		said = said || field(a, k) != ""
	}
	return said
}

// start is an answers.yaml without answers.
const start = "schema: " + AnswersSchema + "\nedition: " + Final + "\n"

// prose puts an answer in words into answers.yaml. A reason why the question
// doesn't concern the product goes.
func (f Files) prose(id, text, by string, now time.Time) (Files, error) {
	if strings.TrimSpace(text) == "" {
		return f, fmt.Errorf("answer to %s is empty", id)
	}
	if f.Answers != nil {
		out, err := yamledit.Delete(f.Answers, `not_applicable."`+id+`"`)
		if err != nil {
			return f, fmt.Errorf("%s: %w", AnswersFile, err)
		}
		f.Answers = out
	}
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
	if err := readable(why + by); err != nil {
		return f, fmt.Errorf("reason for %s: %w", id, err)
	}
	if text := normal(why); isBlank(text) || letters(text) < minReason {
		return f, fmt.Errorf("%q is no reason why %s doesn't concern the product", why, id)
	}
	if f.Answers != nil && entryOf(f.Answers, "answers", id) {
		return f, fmt.Errorf("%s is answered in %s: take the answer out first", id, AnswersFile)
	}
	return f.answer(`not_applicable."`+id+`"`, fields("why", why, "by", by, "on", now.Format("2006-01-02")))
}

// minReason is how many letters a reason has at least; Han characters count
// as three. The number is ours.
const minReason = 9

// entryOf says whether a list of answers.yaml has an entry.
func entryOf(answers []byte, list, id string) bool {
	var top map[string]yaml.Node
	if yaml.Unmarshal(answers, &top) != nil {
		return false
	}
	n := top[list]
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == id {
			return true
		}
	}
	return false
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

// Final writes answers that use another edition's numbers anew with those of
// the final, so that what is added to them means what it says. The text of the
// file changes as a whole; was is its edition, "" where nothing had to change.
func (p *Process) Final(f Files, lim limit.YAML) (out Files, was string, err error) {
	if f.Answers == nil {
		return f, "", nil
	}
	a, problems := p.LoadAnswers(f.Answers, lim)
	if a.Edition == Final {
		return f, "", nil
	}
	if len(problems) > 0 {
		return f, "", fmt.Errorf("%s uses the numbers of %s and has mistakes: correct them first (%s: %s)", AnswersFile, a.Edition, problems[0].Where(), problems[0].Key)
	}
	was, f.Answers = a.Edition, nil
	for _, x := range a.Entries {
		f, err = f.answer(`answers."`+x.ID+`"`, stated("text", x.Text, "by", x.By, "on", x.On))
		if err != nil {
			return f, was, err
		}
	}
	for _, x := range a.NotApplicable {
		if f, err = f.answer(`not_applicable."`+x.ID+`"`, stated("why", x.Why, "by", x.By, "on", x.On)); err != nil {
			return f, was, err
		}
	}
	for _, x := range a.Seen {
		if f, err = f.Stamp(x); err != nil {
			return f, was, err
		}
	}
	if f.Answers == nil {
		f.Answers = []byte(start)
	}
	return f, was, nil
}

// stated makes a group of the texts that aren't empty.
func stated(pairs ...string) *yaml.Node {
	var out []string
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out = append(out, pairs[i], pairs[i+1])
		}
	}
	return fields(out...)
}

func (f Files) answer(path string, v *yaml.Node) (Files, error) {
	text, err := yaml.Marshal(v)
	if err != nil {
		return f, err
	}
	src := f.Answers
	if len(bytes.TrimSpace(src)) == 0 {
		src = []byte(start)
	}
	out, err := yamledit.Set(src, path, text)
	if err != nil {
		return f, fmt.Errorf("%s: %w", AnswersFile, err)
	}
	f.Answers = out
	return f, nil
}
