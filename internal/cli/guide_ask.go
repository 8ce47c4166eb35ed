package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"assay/internal/activity"
	"assay/internal/product"
)

// errEnough ends the questions: the person wants to stop, or there is nobody.
var errEnough = errors.New("enough")

// asker asks one question after another at a terminal.
type asker struct {
	a  *app
	in *bufio.Scanner

	lines chan string // what was typed; closed at the end
	done  <-chan struct{}
	// enough: the person ended in the middle of an answer.
	enough bool
}

// maxLine bounds a line that a person types, in bytes.
const maxLine = 64 << 10

// askAll asks the given question or, one after another, the most valuable
// ones, and saves each answer at once.
func (a *app) askAll(ctx context.Context, g *guided, id, by string) error {
	s := &asker{a: a, in: bufio.NewScanner(a.In), lines: make(chan string), done: ctx.Done()}
	s.in.Buffer(nil, maxLine)
	// A person who ends the program doesn't wait for the end of a line: the
	// reader is left behind.
	go func() {
		defer close(s.lines)
		for s.in.Scan() {
			s.lines <- s.in.Text()
		}
	}()
	fmt.Fprintf(a.Out, "%s\n\n", a.t("ui.guide-ask"))
	later := map[string]bool{}
	for {
		q, ok := a.nextOf(g, id, later)
		if !ok {
			fmt.Fprintln(a.Out, a.t("ui.guide-done"))
			return nil
		}
		a.showQuestion(g, q, false)
		value, err := s.answer(g, q.Question)
		switch {
		case errors.Is(err, errEnough):
			return nil
		case err != nil:
			return use(err)
		case value == "":
			later[q.Question.ID] = true
		default:
			c, err := a.applyAll(ctx, g, guideFlags{answers: list{q.Question.ID + "=" + escape(value)}, by: by, edition: activity.Final})
			if err != nil {
				fmt.Fprintf(a.Out, "%s\n\n", plain(err.Error()))
				continue
			}
			a.showChanged(g, c)
			if now, ok := g.now.Question(q.Question.ID); ok && now.State != activity.Answered {
				later[q.Question.ID] = true // the rest of it in another round
			}
		}
		if id != "" || s.enough {
			return nil
		}
	}
}

// escape keeps a typed @ from naming a file.
func escape(value string) string {
	if strings.HasPrefix(value, "@") {
		return " " + value
	}
	return value
}

// nextOf is the question asked for, or the most valuable one that wasn't put
// off in this round.
func (a *app) nextOf(g *guided, id string, later map[string]bool) (*activity.QuestionState, bool) {
	if id != "" {
		return g.now.Question(id)
	}
	for {
		q, ok := g.process.NextBut(g.now.Record, later)
		if !ok || q.Question.Kind != activity.Derived {
			return q, ok
		}
		later[q.Question.ID] = true
	}
}

// answer asks for a whole answer: words, the fields of a group, or entries of
// a list one after another. "" puts the question off.
func (s *asker) answer(g *guided, q *activity.Question) (string, error) {
	shape, _ := product.ShapeAt(q.Place)
	asks := func(name string) bool {
		return slices.ContainsFunc(q.Ask, func(f activity.Field) bool { return f.Name == name })
	}
	switch {
	case q.Kind == activity.InProse || shape.Kind != "entries" && shape.Kind != "group":
		if len(q.Ask) > 0 && q.Kind != activity.InProse {
			n, err := s.one(s.a.in(q.Ask[0].Ask), shape)
			if err != nil || n == nil {
				return "", err
			}
			return encode(n)
		}
		return s.line(s.a.t("ui.guide-your-answer") + ": ")
	case shape.Kind == "entries" && len(q.Ask) > 0 && !slices.ContainsFunc(shape.Key, asks):
		return s.more(g, q, shape)
	case shape.Kind == "entries":
		var entries []*yaml.Node
		for {
			n, err := s.fields(q, shape)
			if errors.Is(err, errEnough) && len(entries) > 0 {
				s.enough = true // what was typed before is kept
				break
			}
			if err != nil {
				return "", err
			}
			if n == nil {
				break
			}
			entries = append(entries, n)
			fmt.Fprintln(s.a.Out, "  "+s.a.t("ui.guide-another"))
		}
		if len(entries) == 0 {
			return "", nil
		}
		return encode(&yaml.Node{Kind: yaml.SequenceNode, Content: entries})
	}
	n, err := s.fields(q, shape)
	if err != nil || n == nil {
		return "", err
	}
	return encode(n)
}

// more asks about the entries that are there.
func (s *asker) more(g *guided, q *activity.Question, shape product.Shape) (string, error) {
	var entries []*yaml.Node
	for _, e := range g.now.Entries(q.Place) {
		name := ""
		key := &yaml.Node{Kind: yaml.MappingNode}
		for _, k := range shape.Key {
			v, _ := e[k].(string)
			name = strings.TrimSpace(name + " " + v)
			nest(key, []string{k}, textNode(v))
		}
		fmt.Fprintf(s.a.Out, "  %s\n", s.a.t("ui.guide-about", "name", plain(name)))
		n, err := s.fields(q, shape)
		if err != nil {
			return "", err
		}
		if n != nil {
			key.Content = append(key.Content, n.Content...)
			entries = append(entries, key)
		}
	}
	if len(entries) == 0 {
		if len(g.now.Entries(q.Place)) == 0 {
			fmt.Fprintf(s.a.Out, "  %s\n", s.a.t("ui.guide-no-entries", "place", q.Place))
		}
		return "", nil
	}
	return encode(&yaml.Node{Kind: yaml.SequenceNode, Content: entries})
}

func encode(n *yaml.Node) (string, error) {
	b, err := yaml.Marshal(n)
	return string(b), err
}

// fields asks for the fields of one group; nil where the first is left empty.
func (s *asker) fields(q *activity.Question, shape product.Shape) (*yaml.Node, error) {
	out := &yaml.Node{Kind: yaml.MappingNode}
	asks := q.Ask
	if len(asks) == 0 { // a question without words for its fields: by their names
		for _, f := range shape.Fields {
			asks = append(asks, activity.Field{Name: f.Name})
		}
	}
	for i, f := range asks {
		prompt := s.a.in(f.Ask)
		if prompt == "" {
			prompt = f.Name
		}
		n, err := s.one(prompt, at(shape, f.Name))
		switch {
		case err != nil:
			return nil, err
		case n == nil && i == 0:
			return nil, nil
		case n != nil:
			nest(out, strings.Split(f.Name, "."), n)
		}
	}
	return out, nil
}

// one asks for one value until it can be used; nil where it is left empty.
func (s *asker) one(prompt string, of product.Shape) (*yaml.Node, error) {
	if len(of.Enum) > 0 {
		prompt += " (" + strings.Join(of.Enum, ", ") + ")"
	}
	for {
		text, err := s.line(prompt + ": ")
		if err != nil || text == "" {
			return nil, err
		}
		n, bad := valueOf(of, text)
		if bad == "" {
			return n, nil
		}
		fmt.Fprintln(s.a.Out, "  "+s.a.t(bad))
	}
}

// at finds a field by its name, with dots for fields inside.
func at(s product.Shape, name string) product.Shape {
	for part := range strings.SplitSeq(name, ".") {
		found := false
		for _, f := range s.Fields {
			if f.Name == part {
				s, found = f.Shape, true
				break
			}
		}
		if !found {
			return product.Shape{Kind: "text"}
		}
	}
	return s
}

// nest puts a value at a path of fields.
func nest(n *yaml.Node, path []string, v *yaml.Node) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == path[0] && len(path) > 1 {
			nest(n.Content[i+1], path[1:], v)
			return
		}
	}
	key := &yaml.Node{Kind: yaml.ScalarNode, Value: path[0]}
	if len(path) > 1 {
		inner := &yaml.Node{Kind: yaml.MappingNode}
		nest(inner, path[1:], v)
		v = inner
	}
	n.Content = append(n.Content, key, v)
}

// valueOf reads what a person typed for a field; bad is the key of what is
// wrong with it.
func valueOf(s product.Shape, text string) (n *yaml.Node, bad string) {
	plainNode := func(v string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: v} }
	switch s.Kind {
	case "yes-no":
		switch strings.ToLower(text) {
		case "y", "yes", "true", "是", "有":
			return plainNode("true"), ""
		case "n", "no", "false", "否", "無":
			return plainNode("false"), ""
		}
		return nil, "ui.guide-yes-no"
	case "number":
		if _, err := strconv.Atoi(text); err != nil {
			return nil, "ui.guide-number"
		}
		return plainNode(text), ""
	case "date":
		if _, err := product.ParseDate(text); err != nil {
			return nil, "ui.guide-date"
		}
		return plainNode(text), ""
	case "list":
		out := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '、' || r == '，' }) {
			out.Content = append(out.Content, textNode(strings.TrimSpace(part)))
		}
		return out, ""
	case "entries", "group", "names":
		var v yaml.Node
		if err := yaml.Unmarshal([]byte(text), &v); err != nil || len(v.Content) == 0 || v.Content[0].Kind == yaml.ScalarNode {
			return nil, "ui.guide-yaml"
		}
		return v.Content[0], ""
	}
	if len(s.Enum) > 0 {
		for _, e := range s.Enum {
			if e == text {
				return textNode(text), ""
			}
		}
		return nil, "ui.guide-enum"
	}
	return textNode(text), ""
}

func textNode(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	return n
}

// line asks for one line. "q" alone, and the end of input, end the questions.
func (s *asker) line(prompt string) (string, error) {
	fmt.Fprint(s.a.Out, "  "+prompt)
	var typed string
	select {
	case <-s.done:
		fmt.Fprintln(s.a.Out)
		return "", errEnough
	case line, ok := <-s.lines:
		if !ok {
			fmt.Fprintln(s.a.Out)
			if err := s.in.Err(); err != nil {
				return "", err
			}
			return "", errEnough
		}
		typed = line
	}
	text := strings.TrimSpace(typed)
	if text == "q" {
		return "", errEnough
	}
	return text, nil
}
