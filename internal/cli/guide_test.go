package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.yaml.in/yaml/v3"

	"assay/internal/activity"
	"assay/internal/assess"
	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/standard"
	"assay/internal/threat"
	"assay/internal/yamledit"
)

// reply is something that a newcomer says.
type reply struct {
	flag, id string
	value    *yaml.Node
}

// sitting is how many answers a newcomer gives at once.
const sitting = 6

// newcomerCommand is `newcomer RECORD WORKSPACE`: somebody who knows what the
// record says answers question after question with `assay guide --answer`,
// then sets what the checks ask for beside the questions. An answer that
// refers to what isn't there yet is refused, and given again later.
func newcomerCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: newcomer RECORD WORKSPACE")
	}
	from, dir := ts.MkAbs(args[0]), ts.MkAbs(args[1])
	catalogue, err := activity.Load()
	ts.Check(err)
	model := top(ts, filepath.Join(from, product.FileName))
	words := top(ts, filepath.Join(from, activity.AnswersFile))
	n := 0
	give := func(all ...reply) bool {
		args := []string{"-C", dir, "-q", "guide", "--by", "Ada Lin"}
		for _, x := range all {
			text, err := yaml.Marshal(x.value)
			ts.Check(err)
			if x.value.Kind == yaml.ScalarNode {
				text = []byte(x.value.Value)
			}
			n++
			value := filepath.Join(ts.Getenv("WORK"), fmt.Sprintf("value%d.yaml", n))
			ts.Check(os.WriteFile(value, text, 0o600))
			args = append(args, x.flag, x.id+"=@"+value)
		}
		return ts.Exec("assay", args...) == nil
	}
	var todo []reply
	for _, a := range catalogue.Activities {
		for _, q := range a.Questions {
			if n := find(words, "answers", q.ID, "text"); n != nil {
				todo = append(todo, reply{"--answer", q.ID, n})
			} else if n := find(words, "not_applicable", q.ID, "why"); n != nil {
				todo = append(todo, reply{"--not-applicable", q.ID, n})
			}
			if n := find(model, strings.Split(q.Place, ".")...); q.Place != "" && q.Kind != activity.Derived && n != nil {
				todo = append(todo, reply{"--answer", q.ID, n})
			}
		}
	}
	for i := 0; i+1 < len(model.Content); i += 2 {
		if key := model.Content[i].Value; key != "schema" {
			todo = append(todo, reply{"--set", key, model.Content[i+1]})
		}
	}
	for progress := true; len(todo) > 0 && progress; {
		var later []reply
		for i := 0; i < len(todo); i += sitting {
			some := todo[i:min(i+sitting, len(todo))]
			if give(some...) {
				continue
			}
			for _, x := range some { // one of them refers to what isn't there yet
				if !give(x) {
					later = append(later, x)
				}
			}
		}
		progress = len(later) < len(todo)
		todo = later
	}
	confirmAll(ts, dir)
	for _, x := range todo {
		ts.Logf("refused: %s %s", x.flag, x.id)
	}
	if len(todo) > 0 {
		ts.Fatalf("%d answers were refused to the end; the last: %s", len(todo), head(ts.ReadFile("stderr")))
	}
}

func top(ts *testscript.TestScript, path string) *yaml.Node {
	b, err := os.ReadFile(path)
	ts.Check(err)
	var doc yaml.Node
	ts.Check(yaml.Unmarshal(b, &doc))
	return doc.Content[0]
}

func find(n *yaml.Node, path ...string) *yaml.Node {
	for _, key := range path {
		var next *yaml.Node
		for i := 0; n != nil && n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				next = n.Content[i+1]
			}
		}
		n = next
	}
	return n
}

// confirmAll looks at every answer again whose basis changed after it was
// given.
func confirmAll(ts *testscript.TestScript, dir string) {
	ts.Check(ts.Exec("assay", "-C", dir, "guide", "--format", "json"))
	var doc guideDoc
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &doc))
	args := []string{"-C", dir, "-q", "guide"}
	for _, x := range doc.Activities {
		for _, q := range x.Questions {
			if len(q.Stale) > 0 {
				args = append(args, "--confirm", q.ID)
			}
		}
	}
	ts.Check(ts.Exec("assay", args...))
}

// recordToday is the day that the complete records are complete on.
var recordToday = time.Date(2026, 6, 15, 0, 0, 0, 0, time.UTC)

const records = "../activity/testdata"

// TestRemovedAnswerIsAGap: a complete record stays complete only with every
// answer; without one, the activity that asks for it isn't done.
func TestRemovedAnswerIsAGap(t *testing.T) {
	t.Parallel()
	process, err := activity.New()
	if err != nil {
		t.Fatal(err)
	}
	library, err := threat.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	all, err := standard.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"camera", "gateway"} {
		dir := filepath.Join(records, name)
		model, answers, decisions := read(t, dir, product.FileName), read(t, dir, activity.AnswersFile), read(t, dir, threat.DecisionsFile)
		state := func(t *testing.T, model, answers []byte) *assess.Recorded {
			t.Helper()
			p, _ := product.Load(product.FileName, model, limit.Default().YAML)
			threats, err := assess.Threats(t.Context(), assess.ThreatQuestion{Product: p, Library: library, Decisions: decisions, Now: recordToday})
			if err != nil {
				t.Fatal(err)
			}
			r, err := assess.Record(t.Context(), process, assess.RecordQuestion{Dir: dir, Product: p, Answers: answers, Threats: threats.Model, Standards: all, Now: recordToday})
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		whole := state(t, model, answers)
		for _, a := range whole.Activities {
			for _, q := range a.Questions {
				if q.State != activity.Answered && q.State != activity.NotApplicable {
					t.Errorf("%s: %s is %s", name, q.Question.ID, q.State)
				}
			}
			for _, c := range a.Checks {
				if c.Check.ID == "LC-X-05" {
					continue // it asks for a run: the script of the newcomer makes one
				}
				for _, g := range c.Gaps {
					t.Errorf("%s: %s finds something: %s %v", name, c.Check.ID, g.Says.En, g.Values)
				}
			}
		}
		for _, a := range process.Activities {
			for _, q := range a.Questions {
				t.Run(name+"/"+q.ID, func(t *testing.T) {
					t.Parallel()
					m, w := model, answers
					var err error
					for _, list := range []string{"answers", "not_applicable"} {
						if w, err = yamledit.Delete(w, list+`."`+q.ID+`"`); err != nil {
							t.Fatal(err)
						}
					}
					for _, place := range places(process, &q) {
						if m, err = yamledit.Delete(m, place); err != nil {
							t.Fatal(err)
						}
					}
					r := state(t, m, w)
					got, _ := r.Question(q.ID)
					if got.State == activity.Answered {
						t.Errorf("%s still counts as answered", q.ID)
					}
					i := slices.IndexFunc(r.Activities, func(x activity.ActivityState) bool { return x.Activity.ID == a.ID })
					if r.Activities[i].State == activity.Answered {
						t.Errorf("activity %s counts as done without %s", a.ID, q.ID)
					}
				})
			}
		}
	}
}

// places are where the answer to a question stands; of a derived one, where
// those stand that it is made of.
func places(p *activity.Process, q *activity.Question) []string {
	if q.Kind != activity.Derived {
		if q.Place == "" {
			return nil
		}
		return []string{q.Place}
	}
	var out []string
	for _, id := range p.RestsOn(q.ID) {
		if x, _, ok := p.Question(id); ok {
			out = append(out, places(p, x)...)
		}
	}
	return out
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestTwoEditors: two programs that answer at the same time both have their
// answers in the files.
func TestTwoEditors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	src := "schema: assay/product@1\nproduct: { name: Cam, model: C-1, release: \"1.0\", maker: { name: Maker Ltd. } }\n"
	if err := os.WriteFile(filepath.Join(dir, product.FileName), []byte(src), 0o644); err != nil {
		t.Fatal(err)
	}
	const n = 6
	codes := make(chan string, n)
	for i := range n {
		go func() {
			var out, errs strings.Builder
			streams := IO{In: strings.NewReader(""), Out: &out, Err: &errs, Getenv: func(string) string { return "" }, Now: func() time.Time { return recordToday }}
			id := string(rune('a' + i))
			if code := Main(context.Background(), streams, []string{"-C", dir, "guide", "-q", "--answer", "1.C.1=[{id: " + id + ", who: people called " + id + ", kind: person}]"}); code != 0 {
				codes <- errs.String()
				return
			}
			codes <- ""
		}()
	}
	for range n {
		if e := <-codes; e != "" {
			t.Error(e)
		}
	}
	p, problems, err := product.LoadDir(dir, limit.Default().YAML)
	if err != nil || product.HasErrors(problems) {
		t.Fatal(err, problems)
	}
	if len(p.Customers) != n {
		b, _ := json.Marshal(p.Customers)
		t.Errorf("%d customers, want %d: %s", len(p.Customers), n, b)
	}
}
