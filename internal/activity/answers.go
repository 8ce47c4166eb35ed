package activity

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"assay/internal/limit"
	"assay/internal/pattern"
	"assay/internal/product"
	"assay/internal/yamltree"
)

// AnswersFile is the name of the file in a workspace, AnswersSchema its first
// line.
const (
	AnswersFile   = "answers.yaml"
	AnswersSchema = "assay/answers@1"
)

// Answers is answers.yaml: what a program can't use but a reader needs, which
// questions don't apply, and what each answer was given from.
type Answers struct {
	Schema string `yaml:"schema" is:"required"`
	// Edition says which edition's numbers the file uses; the final's where it
	// is absent.
	Edition       string   `yaml:"edition"`
	Entries       []Answer `yaml:"answers"`
	NotApplicable []Waiver `yaml:"not_applicable"`
	Seen          []Stamp  `yaml:"seen"`
}

// Answer is an answer in prose.
type Answer struct {
	ID   string `yaml:",key"`
	Text string `yaml:"text" is:"required"`
	By   string `yaml:"by"`
	On   string `yaml:"on"` // YYYY-MM-DD
	Line int    `yaml:"-"`
}

// Waiver says that a question doesn't concern the product.
type Waiver struct {
	ID   string `yaml:",key"`
	Why  string `yaml:"why" is:"required"`
	By   string `yaml:"by" is:"required"`
	On   string `yaml:"on" is:"required"`
	Line int    `yaml:"-"`
}

// Stamp notes what an answer was given from: a digest of the answer to each
// question that it rests on, as it stood then.
type Stamp struct {
	ID string  `yaml:",key"`
	On string  `yaml:"on"`
	Of []Basis `yaml:"of"`
}

// Basis is one question that an answer rests on.
type Basis struct {
	ID     string `yaml:",key"`
	Digest string `yaml:",value"`
}

// ReadAnswers reads the bytes of a workspace's answers.yaml; nil where there
// is none.
func ReadAnswers(dir string, lim limit.YAML) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open workspace: %w", err)
	}
	defer root.Close() // opened for reading only
	info, err := root.Stat(AnswersFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", AnswersFile, err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file", AnswersFile) // a pipe would block the open itself
	}
	f, err := root.Open(AnswersFile)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", AnswersFile, err)
	}
	defer f.Close() // opened for reading only
	return io.ReadAll(io.LimitReader(f, lim.Size+1))
}

// LoadAnswers reads the bytes of an answers.yaml, gives each entry the number
// of the final edition, and lists what is wrong with the file. What could be
// read is used.
func (c *Catalogue) LoadAnswers(data []byte, lim limit.YAML) (*Answers, []product.Problem) {
	l := answerLoader{c: c, out: &Answers{}, first: map[string]int{}}
	root, faults := yamltree.Parse(data, yamltree.Limits(lim))
	l.faults("problem.", faults)
	if root == nil {
		return l.out, l.problems
	}
	var read Answers
	res := yamltree.Decode(root, &read, yamltree.Limits(lim))
	l.faults("yaml.", res.Faults)
	l.out.Schema, l.out.Edition = read.Schema, read.Edition
	if read.Schema != AnswersSchema && read.Schema != "" {
		l.problem(1, "activity.problem.schema", "schema", read.Schema, "want", AnswersSchema)
	}
	if read.Edition == "" {
		l.out.Edition = Final
	} else if !slices.ContainsFunc(c.Editions, func(e Edition) bool { return e.ID == read.Edition }) {
		l.problem(res.Places["edition"].Line, "activity.problem.edition", "edition", read.Edition, "known", strings.Join(c.editionIDs(), ", "))
		l.out.Edition = Final
	}
	line := func(list, id string) int { return res.Places[yamltree.EntryPath(list, id)].Line }
	for _, a := range read.Entries {
		a.Line = line("answers", a.ID)
		if id, ok := l.id("answers", a.ID, a.Line); ok {
			l.day(a.On, a.Line)
			a.ID = id
			l.out.Entries = append(l.out.Entries, a)
		}
	}
	for _, w := range read.NotApplicable {
		w.Line = line("not_applicable", w.ID)
		if w.Why == "" || w.By == "" || w.On == "" {
			continue // reported as missing fields; without them it is no reason
		}
		if id, ok := l.id("not_applicable", w.ID, w.Line); ok {
			if !l.day(w.On, w.Line) {
				continue
			}
			w.ID = id
			l.out.NotApplicable = append(l.out.NotApplicable, w)
		}
	}
	for _, s := range read.Seen {
		if id, ok := l.id("seen", s.ID, line("seen", s.ID)); ok {
			s.ID = id
			for i, b := range s.Of { // what it rests on is numbered as the file is
				if all := c.Translate(l.out.Edition, b.ID); len(all) == 1 {
					s.Of[i].ID = all[0]
				}
			}
			l.out.Seen = append(l.out.Seen, s)
		}
	}
	l.contradictions()
	slices.SortStableFunc(l.problems, func(a, b product.Problem) int { return a.Line - b.Line })
	return l.out, l.problems
}

type answerLoader struct {
	c        *Catalogue
	out      *Answers
	first    map[string]int // list and id → line
	problems []product.Problem
}

func (l *answerLoader) problem(line int, key string, pairs ...string) {
	args := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		args[pairs[i]] = pairs[i+1]
	}
	l.problems = append(l.problems, product.Problem{File: AnswersFile, Line: line, Key: key, Args: args, Severity: product.SeverityError})
}

func (l *answerLoader) faults(prefix string, all []yamltree.Fault) {
	for _, f := range all {
		args := []string{"path", f.Path}
		for _, k := range slices.Sorted(maps.Keys(f.Args)) {
			args = append(args, k, f.Args[k])
		}
		key := prefix + string(f.Reason)
		if f.Reason == yamltree.Empty {
			key = "activity.problem.empty"
			args = append(args, "schema", AnswersSchema)
		}
		l.problem(f.Line, key, args...)
	}
}

// id translates the number of an entry.
func (l *answerLoader) id(list, number string, line int) (string, bool) {
	ids := l.c.Translate(l.out.Edition, number)
	switch {
	case len(ids) == 0:
		l.problem(line, "activity.problem.unknown-question", "number", number, "edition", l.out.Edition)
		return "", false
	case len(ids) > 1:
		l.problem(line, "activity.problem.ambiguous-question", "number", number, "edition", l.out.Edition, "ids", strings.Join(ids, ", "))
		return "", false
	}
	key := list + " " + ids[0]
	if first, twice := l.first[key]; twice {
		l.problem(line, "activity.problem.answered-twice", "number", number, "first", strconv.Itoa(first))
		return "", false
	}
	l.first[key] = line
	return ids[0], true
}

func (l *answerLoader) day(s string, line int) bool {
	if s == "" {
		return true
	}
	_, err := product.ParseDate(s)
	if err != nil {
		l.problem(line, "activity.problem.bad-date", "value", s)
	}
	return err == nil
}

// contradictions reports questions that are answered and don't apply.
func (l *answerLoader) contradictions() {
	for _, w := range l.out.NotApplicable {
		if first, both := l.first["answers "+w.ID]; both {
			l.problem(w.Line, "activity.problem.answered-and-not-applicable", "id", w.ID, "first", strconv.Itoa(first))
		}
	}
}

func (c *Catalogue) editionIDs() []string {
	var out []string
	for _, e := range c.Editions {
		out = append(out, e.ID)
	}
	return out
}

var number = pattern.New(`^\d\.[A-Z]\.\d{1,2}$`)

// Translate finds the questions that a number means in an edition: one, or
// none, or several where a bare number is ambiguous.
func (c *Catalogue) Translate(edition, num string) []string {
	var out []string
	for i := range c.Activities {
		for j := range c.Activities[i].Questions {
			q := &c.Activities[i].Questions[j]
			if numberIn(q, edition) == num {
				out = append(out, q.ID)
			}
		}
	}
	return out
}

// numberIn is the number of a question in an edition; "" where it isn't in
// it. The second public draft has the numbers of the final.
func numberIn(q *Question, edition string) string {
	n := q.Editions[edition]
	switch {
	case edition == Final || edition == "pd2_2025":
		return q.ID
	case number.MatchString(n):
		return n
	case n == "" || edition == "e2020":
		return ""
	}
	return numberIn(q, "e2020") // carried over from there unchanged
}

// Answer finds the answer in prose to a question.
func (a *Answers) Answer(id string) (*Answer, bool) {
	for i := range a.Entries {
		if a.Entries[i].ID == id {
			return &a.Entries[i], true
		}
	}
	return nil, false
}

// Waived finds why a question doesn't apply.
func (a *Answers) Waived(id string) (*Waiver, bool) {
	for i := range a.NotApplicable {
		if a.NotApplicable[i].ID == id {
			return &a.NotApplicable[i], true
		}
	}
	return nil, false
}

func (a *Answers) stamp(id string) (*Stamp, bool) {
	for i := range a.Seen {
		if a.Seen[i].ID == id {
			return &a.Seen[i], true
		}
	}
	return nil, false
}
