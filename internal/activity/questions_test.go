package activity

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/record"
	"assay/internal/threat"
)

var update = flag.Bool("update", false, "rewrite the tables in testdata")

// catalogue is the one that comes with the program, with its rules compiled.
var catalogue = sync.OnceValues(New)

func process(t *testing.T) *Process {
	t.Helper()
	p, err := catalogue()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (c *Catalogue) questions() []*Question {
	var out []*Question
	for i := range c.Activities {
		for j := range c.Activities[i].Questions {
			out = append(out, &c.Activities[i].Questions[j])
		}
	}
	return out
}

// empty is a product of which only the identity is stated.
const empty = `schema: assay/product@1
product: { name: Cam, model: C-1, release: "1.0", maker: { name: Maker Ltd. } }
`

// workspace reads a complete record of testdata, with what `assay threats`
// finds in it, as of the day that its dates are relative to.
func workspace(t *testing.T, name string) Input {
	t.Helper()
	dir, lim := filepath.Join("testdata", name), limit.Default().YAML
	if _, err := os.Stat(filepath.Join(dir, AnswersFile)); err != nil {
		t.Fatalf("record %s: %v", name, err)
	}
	p, problems, err := product.LoadDir(dir, lim)
	if err != nil || product.HasErrors(problems) {
		t.Fatal(err, problems)
	}
	raw, err := ReadAnswers(dir, lim)
	if err != nil {
		t.Fatal(err)
	}
	answers, wrong := process(t).LoadAnswers(raw, lim)
	for _, p := range wrong {
		t.Error(p)
	}
	library, err := threat.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	if raw, err = os.ReadFile(filepath.Join(dir, threat.DecisionsFile)); err != nil {
		t.Fatal(err)
	}
	library, decisions, faults := threat.Load(threat.DecisionsFile, raw, library, lim)
	for _, f := range faults {
		t.Errorf("%+v", f)
	}
	m, err := library.Generate(t.Context(), p, threat.Options{Decisions: decisions})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, x := range m.Threats {
		ids[x.ID], ids[x.Rule.ID] = true, true
	}
	known := map[string][]string{"threat": slices.Sorted(maps.Keys(ids))}
	return Input{Product: p, Answers: answers, Threats: m, IDs: known, Now: time.Date(2026, 6, 15, 0, 0, 0, 0, time.UTC)}
}

// TestQuestionsTable: the ids, and what is certain of each, change only where
// somebody changes the table as well.
func TestQuestionsTable(t *testing.T) {
	t.Parallel()
	c := process(t).Catalogue
	var b strings.Builder
	for _, e := range c.Editions {
		fmt.Fprintf(&b, "edition %s %s count=%d numbers=%s verified=%t basis=%q\n", e.ID, e.Date, e.Count, e.Numbers, e.Verified, e.Basis)
	}
	for _, a := range c.Activities {
		fmt.Fprintf(&b, "%s %s §%s %q (%s) %v csf=%v\n", a.ID, a.Phase, a.Section, a.Title.En, a.TitleBasis, a.Numbers, a.CSF)
		for _, q := range a.Questions {
			fmt.Fprintf(&b, "  %-6s %-9s %-6s %-6s %s %v\n", q.ID, q.Basis, q.Confidence, q.Kind, q.Place, q.Editions)
		}
	}
	for _, p := range c.Prompts {
		fmt.Fprintf(&b, "%s %s workshop=%d %v\n", p.ID, p.Activity, p.Workshop, p.TakenUp)
	}
	fmt.Fprintf(&b, "%d activities, %d questions, %d prompts\n", len(c.Activities), len(c.questions()), len(c.Prompts))
	golden(t, "questions.txt", b.String())
	if len(c.Editions) != 5 || len(c.Activities) != 9 || len(c.questions()) != 87 || len(c.Prompts) != 38 {
		t.Errorf("%d editions, %d activities, %d questions, %d prompts", len(c.Editions), len(c.Activities), len(c.questions()), len(c.Prompts))
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-update rewrites it); got:\n%s", file, got)
	}
}

// TestQuestionsAreComplete: each has what a person and a program need.
func TestQuestionsAreComplete(t *testing.T) {
	t.Parallel()
	c := process(t).Catalogue
	functions := []string{"GV", "ID", "PR", "DE", "RS", "RC"} // of the CSF 2.0
	for _, a := range c.Activities {
		var groups []string
		for _, g := range a.Groups {
			groups = append(groups, g.ID)
		}
		for _, f := range a.CSF {
			if !slices.Contains(functions, f) {
				t.Errorf("%s: the CSF has no function %s", a.ID, f)
			}
		}
		for _, q := range a.Questions {
			if !slices.Contains(groups, q.Group) || !strings.HasPrefix(q.ID, q.Group+".") || "A"+q.ID[:1] != a.ID {
				t.Errorf("%s: group %s, activity %s", q.ID, q.Group, a.ID)
			}
			for what, missing := range map[string]bool{
				"title": q.Title.IsZero(), "text": q.Text.IsZero(), "why": q.Why.IsZero(), "artefact": q.Artefact == "",
				"place":       q.Place == "" != (q.Kind == InProse || q.Kind == Derived),
				"open":        len(q.Open) == 0 && q.Kind != InProse && q.Kind != Derived,
				"ask":         len(q.Ask) == 0 && q.Kind != InProse && q.Kind != Derived,
				"example":     q.Example == "" && (q.Kind == InModel || q.Kind == Combined),
				"prose":       q.ExampleText.IsZero() && q.Kind == InProse,
				"from":        len(q.From) == 0 && q.Kind == Derived,
				"kind":        !slices.Contains([]string{InModel, InProse, Combined, Derived}, q.Kind),
				"place known": !placeKnown(q.Place),
			} {
				if missing {
					t.Errorf("%s: %s", q.ID, what)
				}
			}
			for _, p := range q.Touches {
				if !placeKnown(p) {
					t.Errorf("%s touches %s, which assay.yaml doesn't have", q.ID, p)
				}
			}
			for _, f := range unasked(&q) {
				t.Errorf("%s asks for new entries of %s without their %s", q.ID, q.Place, f)
			}
			for _, f := range q.Ask {
				if !asks(q.Place, f.Name) {
					t.Errorf("%s asks for %q, which %s doesn't have", q.ID, f.Name, q.Place)
				}
			}
		}
	}
}

func placeKnown(path string) bool {
	_, ok := product.ShapeAt(path)
	return ok || path == ""
}

// unasked are required fields of an entry that a question leaves out. One that
// doesn't ask for what tells entries apart is about entries that are there.
func unasked(q *Question) []string {
	shape, _ := product.ShapeAt(q.Place)
	asked := func(name string) bool {
		return slices.ContainsFunc(q.Ask, func(f Field) bool { return f.Name == name })
	}
	var out []string
	for _, f := range shape.Fields {
		if shape.Kind == "entries" && slices.ContainsFunc(shape.Key, asked) && f.Required && !asked(f.Name) {
			out = append(out, f.Name)
		}
	}
	return out
}

// asks says whether a name is one of a field of a place, or of what the place
// is in; a plain value has no name.
func asks(place, name string) bool {
	if s, ok := product.ShapeAt(place); name == "" {
		return ok && s.Kind != "entries" && s.Kind != "group"
	}
	for {
		if placeKnown(place + "." + name) {
			return true
		}
		i := strings.LastIndex(place, ".")
		if i < 0 {
			return false
		}
		place = place[:i]
	}
}

// linked are ids that data of IR 8259 refers to.
var linked = regexp.MustCompile(`^(A[0-8]|(LC-(PRE|POST|X)|CC)-\d\d)$`)

func TestQuestionsRefer(t *testing.T) {
	t.Parallel()
	c := process(t).Catalogue
	var ids, records []string
	for _, q := range c.questions() {
		ids = append(ids, q.ID)
		records = append(records, q.Artefact)
	}
	records = append(records, "sbom", "supplier_register") // kept with 5.D.3, without a question of their own
	resolves := func(ref string) bool {
		if len(expand(ids, ref)) > 0 || slices.Contains(records, ref) {
			return true
		}
		if _, ok := c.Check(ref); strings.Contains(ref, "-") && len(c.Checks) > 0 {
			return ok
		}
		return linked.MatchString(ref)
	}
	for _, q := range c.questions() {
		for _, ref := range slices.Concat(q.Feeds, q.From) {
			if !resolves(ref) {
				t.Errorf("%s refers to %s, which isn't there", q.ID, ref)
			}
		}
	}
	for _, p := range c.Prompts {
		for _, ref := range append(p.TakenUp, p.Activity) {
			if !resolves(ref) {
				t.Errorf("%s refers to %s, which isn't there", p.ID, ref)
			}
		}
	}
}

// TestQuestionsInBothLanguages: every text is there twice, in the language
// that it should be, with the same values in it.
func TestQuestionsInBothLanguages(t *testing.T) {
	t.Parallel()
	isHan := func(r rune) bool { return unicode.Is(unicode.Han, r) }
	mainland := regexp.MustCompile(`网|信息|默認|服務器|用戶|軟件|硬件|固件|數據|密碼|接口|內存|視頻|攝像|訪問|支持|質量|反饋|登錄|賬|調試|加載|屏幕|程序|端口|網絡|進程|隊列|菜單`)
	everyText(process(t).Catalogue, func(place string, x record.Text) {
		switch {
		case x.IsZero() && strings.HasSuffix(place, "?"): // may be absent
		case x.En == "" || x.Zh == "" || x.En == x.Zh:
			t.Errorf("%s: a text in each language: %+v", place, x)
		case strings.ContainsFunc(x.En, isHan) || !strings.ContainsFunc(x.Zh, isHan):
			t.Errorf("%s: each in its own language: %+v", place, x)
		case strings.ContainsAny(x.Zh, "!?;") || strings.Contains(x.Zh, ", "):
			t.Errorf("%s: half-width punctuation: %s", place, x.Zh)
		}
		if w := mainland.FindString(x.Zh); w != "" {
			t.Errorf("%s: %s isn't said in Taiwan: %s", place, w, x.Zh)
		}
		en, zh := record.Text{En: x.En}.Slots(), record.Text{Zh: x.Zh}.Slots()
		slices.Sort(en)
		slices.Sort(zh)
		if !slices.Equal(slices.Compact(en), slices.Compact(zh)) {
			t.Errorf("%s: values %v and %v", place, en, zh)
		}
	})
}

// everyText visits all texts of questions; a place that ends in ? is that of
// a text that may be absent.
func everyText(c *Catalogue, visit func(place string, x record.Text)) {
	for i, e := range c.Editions {
		visit(e.ID+" status", e.Status)
		visit(e.ID+" change"+map[bool]string{true: "?"}[i == 0], e.Change)
	}
	for _, a := range c.Activities {
		visit(a.ID+" title", a.Title)
		visit(a.ID+" purpose", a.Purpose)
		visit(a.ID+" note?", a.Note)
		for _, g := range a.Groups {
			visit(g.ID+" title", g.Title)
		}
		for _, q := range a.Questions {
			visit(q.ID+" title", q.Title)
			visit(q.ID+" text", q.Text)
			visit(q.ID+" why", q.Why)
			visit(q.ID+" note?", q.Note)
			visit(q.ID+" example?", q.ExampleText)
			for _, f := range q.Ask {
				visit(q.ID+" ask "+f.Name, f.Ask)
			}
			for i, f := range q.Gaps {
				visit(fmt.Sprintf("%s gap %d", q.ID, i), f.Says)
			}
		}
	}
	for _, p := range c.Prompts {
		visit(p.ID, p.Text)
	}
}

// TestQuestionsOfAnEmptyProduct: where nothing is stated, everything is open.
func TestQuestionsOfAnEmptyProduct(t *testing.T) {
	t.Parallel()
	p, problems := product.Load("assay.yaml", []byte(empty), limit.Default().YAML)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	r, err := process(t).Assess(t.Context(), Input{Product: p, Now: on})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range process(t).questions() {
		if s, _ := r.Question(q.ID); s.State != Open && q.Kind != Derived {
			t.Errorf("%s is %s: %+v", q.ID, s.State, s.Gaps)
		}
	}
}

// TestQuestionsOfCompleteRecords: where everything is stated, nothing is
// missing.
func TestQuestionsOfCompleteRecords(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"camera", "gateway"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := workspace(t, name)
			r, err := process(t).Assess(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			for _, q := range process(t).questions() {
				s, _ := r.Question(q.ID)
				if s.State != Answered && s.State != NotApplicable {
					t.Errorf("%s is %s", q.ID, s.State)
				}
				for _, g := range s.Gaps {
					t.Errorf("%s at %s: %s", q.ID, g.At, record.Filler{Lang: "en"}.Fill(g.Says, g.Values).Text)
				}
			}
		})
	}
}
