package activity

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/record"
	"assay/internal/standard"
	"assay/internal/testcase"
)

// spoiled is a case of testdata/checks/<id>.yaml: edits of the camera's
// complete record, the places at which the check then finds something, and the
// other checks that can't help finding something too.
//
// Paths are those of assay.yaml, with [key=value] for the entry of a list that
// has this value, [+] for a new one, and ["key"] for a key with dots; with a $
// in front they lead into the variables, such as $threats[+]. A place outside
// of the model is # and the id of what the finding is about, one of the file
// as a whole is /.
type spoiled struct {
	Name  string   `yaml:"name"`
	Edits []spoil  `yaml:"edits"`
	Fires []string `yaml:"fires"`
	Also  []string `yaml:"also"`
}

type spoil struct {
	Delete string               `yaml:"delete"`
	Set    string               `yaml:"set"`
	To     yaml.Node            `yaml:"to"`
	Vars   map[string]yaml.Node `yaml:"vars"` // replaces whole variables
}

// whole is a complete record: assay.yaml, and the variables beside it.
type whole struct {
	source []byte
	model  *yaml.Node        // of source
	parts  map[string][]byte // of source, by the field of the product
	vars   map[string]any
}

var (
	wholes  = map[string]*whole{}
	wholeMu sync.Mutex
)

// ofComponents are the outcomes that are judged for each component.
var ofComponents = regexp.MustCompile(`/(AI|PC|DP|IAC|SU|CSA)\.`)

// completeRecord reads a record of testdata with a run in which everything
// passes, and says that every question is answered: the checks look at what
// answers say, questions_test.go at whether they are there.
func completeRecord(t *testing.T, name string) *whole {
	t.Helper()
	wholeMu.Lock()
	defer wholeMu.Unlock()
	if w := wholes[name]; w != nil {
		return w
	}
	in := workspace(t, name)
	all, err := standard.All()
	if err != nil {
		t.Fatal(err)
	}
	in.Verdicts = map[string]string{}
	in.IDs["misuse"], in.IDs["case"], in.IDs["requirement"] = nil, nil, nil
	for _, m := range in.Product.Misuse {
		in.IDs["misuse"] = append(in.IDs["misuse"], m.ID)
	}
	for _, c := range testcase.All() {
		in.IDs["case"] = append(in.IDs["case"], string(c.ID))
	}
	for _, s := range all {
		for _, r := range s.Requirements {
			id := string(s.ID) + "/" + string(r.ID)
			in.IDs["requirement"] = append(in.IDs["requirement"], id)
			in.Verdicts[id] = "PASS"
			if !s.PerComponent || !ofComponents.MatchString(id) {
				continue
			}
			for _, c := range in.Product.Components {
				in.Components = append(in.Components, ComponentVerdict{Requirement: id, Component: c.ID, Verdict: "PASS"})
			}
		}
	}
	in.IDs["export"] = []string{"oscal"} // of a program that has it
	in.IDs["release"] = []string{in.Product.Identity.Release}
	in.Texts = Readings(filepath.Join("testdata", name), in.Product, limit.Default().YAML)
	w := &whole{vars: map[string]any{}}
	view := process(t).View(in)
	for _, v := range Variables() {
		w.vars[v] = view.Get(v)
	}
	if w.source, err = os.ReadFile(filepath.Join("testdata", name, product.FileName)); err != nil {
		t.Fatal(err)
	}
	w.model, w.parts = mappingOf(t, w.source), map[string][]byte{}
	for i := 0; i < len(w.model.Content); i += 2 {
		w.parts[w.model.Content[i].Value] = part(t, w.model, i)
	}
	wholes[name] = w
	return w
}

// discovered is what a check finds, by the number of its finding.
type discovered map[int][]struct{ place, text string }

func (f discovered) String() string {
	var out []string
	for _, all := range f {
		for _, x := range all {
			out = append(out, x.place+": "+x.text)
		}
	}
	return strings.Join(out, "\n")
}

// checkAll asks every check about a product, and fills the texts of what is
// found in both languages, where the check looks at one of these names (nil:
// whatever it looks at). In an odd record values may be missing.
func checkAll(t *testing.T, p *product.Product, vars map[string]any, names []string, odd bool) map[string]discovered {
	t.Helper()
	view := record.NewView(p, on, vars)
	out := map[string]discovered{}
	for i := range process(t).Checks {
		c := &process(t).Checks[i]
		if names != nil && !c.looksAt(names) {
			continue
		}
		if rule := process(t).apply[c.ID]; rule != nil {
			if does, err := holds(t.Context(), []*record.Compiled{rule}, view); err != nil || !does {
				if err != nil {
					t.Errorf("%s applies: %v", c.ID, err)
				}
				continue
			}
		}
		for j, f := range process(t).gaps[c.ID] {
			hits, err := f.rule.Hits(t.Context(), view)
			if err != nil {
				t.Errorf("%s finding %d: %v", c.ID, j, err)
			}
			for _, h := range hits {
				if out[c.ID] == nil {
					out[c.ID] = discovered{}
				}
				var text string
				for _, lang := range []string{"zh-Hant", "en"} {
					got := record.Filler{Lang: lang, Terms: wordOf}.Fill(f.says, withID(h))
					if text = got.Text; len(got.Missing) > 0 && !odd {
						t.Errorf("%s finding %d at %s has no value for %v: %s", c.ID, j, h.At, got.Missing, text)
					}
				}
				out[c.ID][j] = append(out[c.ID][j], struct{ place, text string }{placeOf(h), text})
			}
		}
	}
	return out
}

// looksAt says whether one of the rules of a check names one of the variables
// or fields; if none does, a change there can't change what the check finds.
func (c *Check) looksAt(names []string) bool {
	all := c.Applies
	for _, f := range c.Gaps {
		all += "\n" + f.Each + "\n" + f.When
	}
	return slices.ContainsFunc(names, func(n string) bool { return strings.Contains(all, n) })
}

func placeOf(h record.Hit) string {
	switch {
	case h.At != "":
		return h.At
	case h.ID != "":
		return "#" + h.ID
	}
	return "/"
}

// wordOf stands for the words of fixed values.
func wordOf(_, _, value string) (string, bool) { return "<" + value + ">", true }

// TestChecksOfCompleteRecords: where everything is stated and nothing
// contradicts, no check finds anything.
func TestChecksOfCompleteRecords(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"camera", "gateway"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := completeRecord(t, name)
			for id, f := range checkAll(t, readProduct(t, w.source), w.vars, nil, false) {
				t.Errorf("%s finds:\n%s", id, f)
			}
		})
	}
}

// readProduct is for records that the program itself would read without errors.
func readProduct(t *testing.T, source []byte) *product.Product {
	t.Helper()
	p, problems := product.Load(product.FileName, source, limit.Default().YAML)
	if product.HasErrors(problems) {
		t.Fatal(problems)
	}
	return p
}

// TestChecks spoils the complete record in one place each. Every check has a
// file, every finding a case.
func TestChecks(t *testing.T) {
	t.Parallel()
	w := completeRecord(t, "camera")
	var mu sync.Mutex
	fired := map[string]map[int]bool{}
	t.Run("cases", func(t *testing.T) {
		for i := range process(t).Checks {
			c := &process(t).Checks[i]
			raw, err := os.ReadFile(filepath.Join("testdata", "checks", c.ID+".yaml"))
			if err != nil {
				t.Errorf("%s has no case: %v", c.ID, err)
				continue
			}
			var cases []spoiled
			if err := yaml.Unmarshal(raw, &cases); err != nil {
				t.Errorf("%s: %v", c.ID, err)
			}
			for _, k := range cases {
				t.Run(c.ID+"/"+k.Name, func(t *testing.T) {
					t.Parallel()
					all := k.run(t, c.ID, w)
					mu.Lock()
					defer mu.Unlock()
					if fired[c.ID] == nil {
						fired[c.ID] = map[int]bool{}
					}
					for j := range all[c.ID] {
						fired[c.ID][j] = true
					}
				})
			}
		}
	})
	for _, c := range process(t).Checks {
		for j, f := range c.Gaps {
			if !fired[c.ID][j] {
				t.Errorf("%s: no case for: %s", c.ID, f.Says.En)
			}
		}
	}
}

func (k *spoiled) run(t *testing.T, id string, w *whole) map[string]discovered {
	t.Helper()
	model, vars := clone(w.model), maps.Clone(w.vars)
	var names []string // of the variables and fields that change
	for _, e := range k.Edits {
		for name, value := range e.Vars {
			vars[name] = plainNode(t, &value)
			names = append(names, name)
		}
		path, to := e.Set, &e.To
		if e.Delete != "" {
			path, to = e.Delete, nil
		}
		if name, ok := strings.CutPrefix(path, "$"); ok {
			name = steps(name)[0]
			names = append(names, name)
			n := encode(t, map[string]any{name: vars[name]})
			change(t, n, path[1:], to)
			vars[name] = plainNode(t, n).(map[string]any)[name]
		} else if path != "" {
			change(t, model, path, to)
			names = append(names, "product."+steps(path)[0])
		}
	}
	var source []byte // written anew where it was changed
	for i := 0; i < len(model.Content); i += 2 {
		field := model.Content[i].Value
		if known := w.parts[field]; known != nil && !slices.Contains(names, "product."+field) {
			source = append(source, known...)
		} else {
			source = append(source, part(t, model, i)...)
		}
	}
	p, problems := product.Load(product.FileName, source, limit.Default().YAML) // a reference may now lead nowhere
	if p == nil {
		t.Fatal(problems)
	}
	all := checkAll(t, p, vars, names, false)
	var places, want []string
	for _, f := range all[id] {
		for _, x := range f {
			places = append(places, x.place)
		}
	}
	for _, p := range k.Fires {
		if v, ok := strings.CutPrefix(p, "$"); ok {
			want = append(want, "#"+named(t, vars, v))
			continue
		}
		want = append(want, resolve(model, p))
	}
	slices.Sort(places)
	slices.Sort(want)
	if d := cmp.Diff(want, places); d != "" {
		t.Errorf("places (-want +got):\n%s", d)
	}
	var also []string
	for other := range all {
		if other != id {
			also = append(also, other)
		}
	}
	slices.Sort(also)
	slices.Sort(k.Also)
	if d := cmp.Diff(k.Also, also); d != "" {
		t.Errorf("other checks (-want +got):\n%s", d)
	}
	return all
}

// TestChecksOfOddRecords: a rule can be asked about anything that can be
// read, so also about entries in which nothing is stated.
func TestChecksOfOddRecords(t *testing.T) {
	t.Parallel()
	in := Input{Product: &product.Product{}, Now: on, IDs: map[string][]string{"threat": nil, "misuse": nil, "case": nil, "requirement": nil}}
	none := map[string]any{}
	for _, v := range Variables() {
		none[v] = process(t).View(in).Get(v)
	}
	t.Run("empty", func(t *testing.T) {
		t.Parallel()
		checkAll(t, readProduct(t, []byte(empty)), none, nil, true)
	})
	t.Run("entries that say nothing", func(t *testing.T) {
		t.Parallel()
		var p product.Product
		emptied(reflect.ValueOf(&p).Elem())
		checkAll(t, &p, none, nil, true)
	})
}

// TestChecksOfALargeRecord: no rule costs more than is allowed where a product
// has sixty more components, each with its own claims and verdicts.
func TestChecksOfALargeRecord(t *testing.T) {
	t.Parallel()
	w := completeRecord(t, "camera")
	p, vars := readProduct(t, w.source), maps.Clone(w.vars)
	verdicts := slices.Clone(vars["components"].([]any))
	app, _ := p.Component("app")
	for i := range 60 {
		app.ID = fmt.Sprintf("part-%d", i)
		p.Components = append(p.Components, app)
		p.Interfaces = append(p.Interfaces, product.Interface{ID: "port-" + app.ID, On: app.ID, Auth: "token"})
		for j := range p.Capabilities {
			for _, m := range p.Capabilities[j].Meets {
				if m.Component == "app" {
					m.Component = app.ID
					p.Capabilities[j].Meets = append(p.Capabilities[j].Meets, m)
				}
			}
		}
		for _, v := range w.vars["components"].([]any) {
			if v := v.(map[string]any); v["component"] == "app" {
				verdicts = append(verdicts, map[string]any{"requirement": v["requirement"], "component": app.ID, "verdict": "FAIL"})
			}
		}
	}
	vars["components"] = verdicts
	if all := checkAll(t, p, vars, nil, false); len(all["CC-05"][1]) != 60 {
		t.Errorf("CC-05 finds %v", all["CC-05"])
	}
}

// emptied gives each list one entry in which nothing is stated.
func emptied(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.CanSet() && v.Type().Elem().Kind() == reflect.Struct {
			v.Set(reflect.New(v.Type().Elem()))
			emptied(v.Elem())
		}
	case reflect.Slice:
		if v.CanSet() {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			emptied(v.Index(0))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			emptied(v.Field(i))
		}
	}
}
