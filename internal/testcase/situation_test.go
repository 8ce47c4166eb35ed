package testcase_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"golang.org/x/tools/txtar"

	"assay/internal/fact"
	"assay/internal/i18n"
	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/testcase"
	"assay/internal/verdict"
)

// situation is one .txtar under testdata: see testdata/README.md.
type situation struct {
	name    string // tls.version/fail-old
	path    string
	archive *txtar.Archive
	expect  verdict.Verdict // from the file's name
	c       testcase.Case
	view    testcase.View
	params  testcase.Params
	facts   []fact.Fact
	seen    []fact.Observation
}

// run judges the situation's facts, or those given in their stead.
func (s *situation) run(t testing.TB, facts []fact.Fact) []testcase.Result {
	t.Helper()
	set, err := fact.NewSet(facts, s.seen)
	if err != nil {
		t.Fatal(err)
	}
	v := s.view
	v.Facts = set
	return testcase.Run(s.c, &v, s.params)
}

func total(rs []testcase.Result) verdict.Verdict {
	vs := make([]verdict.Verdict, len(rs))
	for i, r := range rs {
		vs[i] = r.Verdict
	}
	return verdict.All(vs...)
}

// situations reads every situation. None at all is a fault.
func situations(t testing.TB) []*situation {
	t.Helper()
	paths, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatal("no situation under testdata")
	}
	out := make([]*situation, len(paths))
	for i, p := range paths {
		if out[i], err = readSituation(p); err != nil {
			t.Fatalf("%s: %v", p, err)
		}
	}
	return out
}

func readSituation(path string) (*situation, error) {
	a, err := txtar.ParseFile(path)
	if err != nil {
		return nil, err
	}
	dir, file := filepath.Split(path)
	id := filepath.Base(dir)
	s := &situation{name: id + "/" + strings.TrimSuffix(file, ".txtar"), path: path, archive: a}
	if s.c, err = testcase.Find(testcase.ID(id)); err != nil {
		return nil, err
	}
	if s.expect = expected(file); s.expect == "" {
		return nil, fmt.Errorf("the name must begin with pass-, fail-, inconclusive- or not-applicable-")
	}
	if lines := strings.SplitN(strings.TrimSpace(string(a.Comment)), "\n", 2); len(lines) < 2 || strings.TrimSpace(lines[1]) == "" {
		return nil, fmt.Errorf("the comment must be a title and at least a sentence on why the verdict is what it is")
	}
	s.view.Clock = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	model, err := os.ReadFile("testdata/product.yaml")
	if err != nil {
		return nil, err
	}
	var written []seenFact
	for _, f := range a.Files {
		switch f.Name {
		case "product.yaml":
			model = f.Data
		case "facts.yaml":
			err = strictYAML(f.Data, &written)
		case "params.yaml":
			err = strictYAML(f.Data, &s.params)
		case "clock":
			s.view.Clock, err = time.Parse(time.RFC3339, strings.TrimSpace(string(f.Data)))
		case "laboratory":
			s.view.Laboratory = true
		case "want", "may-fail-without":
		default:
			err = fmt.Errorf("unknown file")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	var problems []product.Problem
	if s.view.Product, problems = product.Load("product.yaml", model, limit.Default().YAML); product.HasErrors(problems) {
		return nil, fmt.Errorf("product.yaml: %v", problems)
	}
	if err := s.c.CheckParams(s.params); err != nil {
		return nil, err
	}
	for i, w := range written {
		f, o, err := w.fact(i)
		if err != nil {
			return nil, fmt.Errorf("facts.yaml, fact %d: %w", i+1, err)
		}
		s.facts, s.seen = append(s.facts, f), append(s.seen, o)
	}
	return s, nil
}

func expected(file string) verdict.Verdict {
	for prefix, v := range map[string]verdict.Verdict{"pass-": verdict.Pass, "fail-": verdict.Fail,
		"inconclusive-": verdict.Inconclusive, "not-applicable-": verdict.NotApplicable} {
		if strings.HasPrefix(file, prefix) {
			return v
		}
	}
	return ""
}

func strictYAML(data []byte, into any) error {
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	return d.Decode(into)
}

// seenFact is a fact as a tester writes it.
type seenFact struct {
	Kind        string         `yaml:"kind"`
	Subject     string         `yaml:"subject"`
	Observation map[string]any `yaml:"observation"`
	Data        map[string]any `yaml:"data"`
	Evidence    []struct {
		SHA256  string `yaml:"sha256"`
		Locator string `yaml:"locator"`
		Excerpt string `yaml:"excerpt"`
	} `yaml:"evidence"`
}

// payloads are the kinds that a situation may hold.
func payloads() map[fact.Kind]fact.Payload {
	out := make(map[fact.Kind]fact.Payload)
	for _, p := range []fact.Payload{
		fact.Scope{}, fact.Declared{}, fact.NotTried{}, fact.Identity{}, fact.Service{}, fact.Unreachable{}, fact.TLS{}, fact.Certificate{},
		fact.LoginChannel{}, fact.Access{}, fact.Logout{}, fact.RoleAccess{}, fact.Throttle{}, fact.Credential{}, fact.Redirect{},
		fact.Firmware{}, fact.Part{}, fact.ImageSecret{}, fact.ImageHost{}, fact.ImageStart{}, fact.ImageWeakness{}, fact.ImageCheck{},
		fact.ImageComponent{}, fact.ImageUnattributed{}, fact.ImageBinary{}, fact.ImageGuard{}, fact.ImageUpdate{}, fact.ImageMarker{}, fact.CompanionApp{},
		fact.Page{}, fact.Quote{}, fact.SecurityTxt{}, fact.SupportEnd{}, fact.PersonResult{}, fact.Answer{}, fact.Check{},
	} {
		out[p.Kind()] = p
	}
	return out
}

func (w seenFact) fact(n int) (fact.Fact, fact.Observation, error) {
	o := fact.Observation{ID: fmt.Sprint("o", n+1), Collector: "situation@1", Vantage: fact.LAN, Method: fact.Test, By: "situation"}
	if err := strictJSON(w.Observation, &o); err != nil {
		return fact.Fact{}, o, fmt.Errorf("observation: %w", err)
	}
	zero, ok := payloads()[fact.Kind(w.Kind)]
	if !ok {
		return fact.Fact{}, o, fmt.Errorf("unknown kind %q", w.Kind)
	}
	p := reflect.New(reflect.TypeOf(zero))
	if err := strictJSON(w.Data, p.Interface()); err != nil {
		return fact.Fact{}, o, fmt.Errorf("data: %w", err)
	}
	var refs []fact.Ref
	for _, e := range w.Evidence {
		refs = append(refs, fact.Ref{SHA256: e.SHA256, Locator: e.Locator, Excerpt: e.Excerpt})
	}
	f, err := fact.New(o, w.Subject, p.Elem().Interface().(fact.Payload), refs...)
	return f, o, err
}

// strictJSON moves plain values into a struct by its JSON names and refuses
// names that it doesn't have.
func strictJSON(from map[string]any, into any) error {
	if from == nil {
		return nil
	}
	b, err := json.Marshal(from)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// outcome is the form of `want`.
type outcome struct {
	Verdict verdict.Verdict `yaml:"verdict"`
	Results []wanted        `yaml:"results"`
}

type wanted struct {
	Subject   string                         `yaml:"subject"`
	Verdict   verdict.Verdict                `yaml:"verdict"`
	Reasons   []map[string]map[string]string `yaml:"reasons"`
	Findings  []map[string]map[string]string `yaml:"findings,omitempty"`
	Provide   []string                       `yaml:"provide,omitempty"`
	Automatic verdict.Verdict                `yaml:"automatic,omitempty"`
	Facts     []string                       `yaml:"rests_on,omitempty"` // kind and subject
}

func outcomeOf(s *situation, rs []testcase.Result) outcome {
	reasons := func(in []verdict.Reason) []map[string]map[string]string {
		var out []map[string]map[string]string
		for _, r := range in {
			out = append(out, map[string]map[string]string{r.Key: r.Args})
		}
		return out
	}
	o := outcome{Verdict: total(rs)}
	for _, r := range rs {
		w := wanted{Subject: r.Subject, Verdict: r.Verdict, Reasons: reasons(r.Reasons), Findings: reasons(r.Findings), Automatic: r.Automatic}
		for _, p := range r.Provide {
			w.Provide = append(w.Provide, p.Key)
		}
		for _, id := range r.Facts {
			i := slices.IndexFunc(s.facts, func(f fact.Fact) bool { return f.ID == id })
			w.Facts = append(w.Facts, string(s.facts[i].Kind)+" "+s.facts[i].Subject)
		}
		o.Results = append(o.Results, w)
	}
	return o
}

// TestSituations judges every situation and compares the outcome. With
// -update it writes `want` anew; the verdict in the file's name it never
// changes.
func TestSituations(t *testing.T) {
	texts := i18n.Must()
	for _, s := range situations(t) {
		t.Run(s.name, func(t *testing.T) {
			got := outcomeOf(s, s.run(t, s.facts))
			if got.Verdict != s.expect {
				t.Errorf("verdict %s, and the file's name says %s: %+v", got.Verdict, s.expect, got.Results)
			}
			for _, r := range got.Results {
				for _, reasons := range [][]map[string]map[string]string{r.Reasons, r.Findings} {
					for _, reason := range reasons {
						for key := range reason {
							if !slices.Contains(texts.Keys(), key) {
								t.Errorf("reason %s has no text", key)
							}
						}
					}
				}
				for _, p := range r.Provide {
					if !slices.Contains(texts.Keys(), p) {
						t.Errorf("%s has no text", p)
					}
				}
			}
			if *update {
				writeWant(t, s, got)
				return
			}
			var want outcome
			i := slices.IndexFunc(s.archive.Files, func(f txtar.File) bool { return f.Name == "want" })
			if i < 0 {
				t.Fatal("no want: run go test ./internal/testcase -run TestSituations -update, and read what it writes")
			}
			if err := strictYAML(s.archive.Files[i].Data, &want); err != nil {
				t.Fatalf("want: %v", err)
			}
			if diff := cmp.Diff(want, got, cmp.Transformer("empty", func(m map[string]string) map[string]string {
				if m == nil {
					return map[string]string{}
				}
				return m
			})); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
}

func writeWant(t *testing.T, s *situation, got outcome) {
	t.Helper()
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(got); err != nil {
		t.Fatal(err)
	}
	a := *s.archive
	a.Files = slices.DeleteFunc(slices.Clone(a.Files), func(f txtar.File) bool { return f.Name == "want" })
	a.Files = append(a.Files, txtar.File{Name: "want", Data: b.Bytes()})
	if err := os.WriteFile(s.path, txtar.Format(&a), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestEveryCaseHasSituations: PASS, FAIL and INCONCLUSIVE of every case, and
// no folder of a case that isn't there.
func TestEveryCaseHasSituations(t *testing.T) {
	have := make(map[testcase.ID]map[verdict.Verdict]bool)
	for _, s := range situations(t) {
		if have[s.c.ID] == nil {
			have[s.c.ID] = make(map[verdict.Verdict]bool)
		}
		have[s.c.ID][s.expect] = true
	}
	for _, c := range testcase.All() {
		for _, v := range []verdict.Verdict{verdict.Pass, verdict.Fail, verdict.Inconclusive} {
			if !have[c.ID][v] {
				t.Errorf("%s has no situation for %s under testdata/%s", c.ID, v, c.ID)
			}
		}
	}
}

// TestSituationsMayHoldEveryKind: the list above is the list of kinds.
func TestSituationsMayHoldEveryKind(t *testing.T) {
	t.Parallel()
	var got []fact.Kind
	for k := range payloads() {
		got = append(got, k)
	}
	slices.Sort(got)
	if diff := cmp.Diff(fact.Kinds(), got); diff != "" {
		t.Errorf("kinds (-known +here):\n%s", diff)
	}
}

// TestUndecidedSaysWhatToProvide: what is left open says what to provide.
func TestUndecidedSaysWhatToProvide(t *testing.T) {
	t.Parallel()
	for _, s := range situations(t) {
		for _, r := range s.run(t, s.facts) {
			if r.Verdict == verdict.Inconclusive && len(r.Provide) == 0 {
				t.Errorf("%s: %s is open without a hint: %v", s.name, r.Subject, r.Reasons)
			}
		}
	}
}
