package testcase_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
	"pgregory.net/rapid"

	"assay/internal/fact"
	"assay/internal/testcase"
	"assay/internal/verdict"
)

func asBytes(t testing.TB, rs []testcase.Result) []byte {
	t.Helper()
	b, err := json.Marshal(rs)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func passing(t testing.TB) []*situation {
	t.Helper()
	out := slices.DeleteFunc(situations(t), func(s *situation) bool { return s.expect != verdict.Pass })
	if len(out) == 0 {
		t.Fatal("no situation passes")
	}
	return out
}

// mayFail says that a situation names a part of its facts as what keeps it
// from failing: the part `may-fail-without` says why.
func (s *situation) mayFail() bool {
	return slices.ContainsFunc(s.archive.Files, func(f txtar.File) bool { return f.Name == "may-fail-without" })
}

// TestNothingPassesWithoutFacts: every PASS and FAIL names facts of the
// situation, and without any fact nothing passes.
func TestNothingPassesWithoutFacts(t *testing.T) {
	t.Parallel()
	for _, s := range situations(t) {
		for _, r := range s.run(t, s.facts) {
			if (r.Verdict == verdict.Pass || r.Verdict == verdict.Fail || r.Verdict == verdict.NotApplicable) && len(r.Facts) == 0 {
				t.Errorf("%s: %s on %s without facts", s.name, r.Verdict, r.Subject)
			}
			if len(r.Reasons) == 0 {
				t.Errorf("%s: %s on %s without a reason", s.name, r.Verdict, r.Subject)
			}
			for _, id := range r.Facts {
				if !slices.ContainsFunc(s.facts, func(f fact.Fact) bool { return f.ID == id }) {
					t.Errorf("%s: rests on %s, which isn't there", s.name, id)
				}
			}
		}
		if got := total(s.run(t, nil)); got == verdict.Pass || got == verdict.Fail || got == verdict.NotApplicable {
			t.Errorf("%s: %s without any fact", s.name, got)
		}
	}
}

// TestLossNeverConvicts: a fact that is lost may leave a passing situation
// undecided, but doesn't make it fail unless the situation says so.
func TestLossNeverConvicts(t *testing.T) {
	t.Parallel()
	for _, s := range passing(t) {
		failed := false
		for i, f := range s.facts {
			if got := total(s.run(t, slices.Delete(slices.Clone(s.facts), i, i+1))); got == verdict.Fail {
				failed = true
				if !s.mayFail() {
					t.Errorf("%s: FAIL without %s on %s", s.name, f.Kind, f.Subject)
				}
			}
		}
		if s.mayFail() && !failed {
			t.Errorf("%s: says that it may fail, and doesn't", s.name)
		}
	}
}

// TestCutScopeNeverPasses: each search that a PASS rests on, cut short,
// leaves it undecided.
func TestCutScopeNeverPasses(t *testing.T) {
	t.Parallel()
	cuts := 0
	for _, s := range passing(t) {
		wanted := scopesWanted(t, s)
		for i, f := range s.facts {
			if f.Kind != (fact.Scope{}).Kind() || !wanted(f) {
				continue
			}
			cuts++
			facts := slices.Clone(s.facts)
			facts[i] = changed(t, s, i, func(m map[string]any) { m["whole"], m["cut"] = false, "cut.limit" })
			if got := total(s.run(t, facts)); got == verdict.Pass {
				t.Errorf("%s: PASS with the search of %s cut", s.name, f.Subject)
			}
		}
	}
	if cuts < 20 {
		t.Errorf("only %d searches were cut: the situations rest on too few", cuts)
	}
}

// scopesWanted says which searches of a situation the case asks for or rests
// on.
func scopesWanted(t *testing.T, s *situation) func(fact.Fact) bool {
	rests := make(map[fact.ID]bool)
	for _, r := range s.run(t, s.facts) {
		for _, id := range r.Facts {
			rests[id] = true
		}
	}
	var want []testcase.WantScope
	if s.c.Scopes != nil {
		v := s.view
		v.Facts = newSet(t, s.facts, s.seen)
		want = s.c.Scopes(&v)
	}
	return func(f fact.Fact) bool {
		return rests[f.ID] || slices.ContainsFunc(want, func(w testcase.WantScope) bool {
			return strings.Contains(string(f.Data), strconv.Quote(w.What)) && strings.Contains(string(f.Data), strconv.Quote(w.Of))
		})
	}
}

func newSet(t testing.TB, facts []fact.Fact, seen []fact.Observation) *fact.Set {
	t.Helper()
	set, err := fact.NewSet(facts, seen)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// changed makes fact i of a situation anew with other data.
func changed(t testing.TB, s *situation, i int, change func(map[string]any)) fact.Fact {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(s.facts[i].Data, &m); err != nil {
		t.Fatal(err)
	}
	change(m)
	w := seenFact{Kind: string(s.facts[i].Kind), Subject: s.facts[i].Subject, Data: m}
	f, _, err := w.fact(i)
	if err != nil {
		t.Fatal(err)
	}
	f.Observation = s.facts[i].Observation
	return f
}

// TestBrokenControlNeverPasses: a refusal counts only inside its control
// (rule 2).
func TestBrokenControlNeverPasses(t *testing.T) {
	t.Parallel()
	broken := 0
	for _, s := range passing(t) {
		for i, f := range s.facts {
			if !refusal(t, f) {
				continue
			}
			for _, side := range []string{"before", "after"} {
				broken++
				facts := slices.Clone(s.facts)
				facts[i] = changed(t, s, i, func(m map[string]any) { m["control"].(map[string]any)[side] = false })
				if got := total(s.run(t, facts)); got == verdict.Pass {
					t.Errorf("%s: PASS although the control %s the refusal on %s (%s) is broken", s.name, side, f.Subject, f.Kind)
				}
			}
		}
	}
	if broken < 20 {
		t.Errorf("only %d controls were broken: the situations hold too few", broken)
	}
}

// refusal says whether a fact is a refusal with a control.
func refusal(t *testing.T, f fact.Fact) bool {
	var m struct {
		Control           *fact.Bracket
		Allowed, Accepted bool
	}
	if err := json.Unmarshal(f.Data, &m); err != nil {
		t.Fatal(err)
	}
	return m.Control != nil && !m.Allowed && !m.Accepted
}

func TestPassRefusedNeedsBothControls(t *testing.T) {
	t.Parallel()
	f := fact.Fact{ID: "f-1"}
	for _, b := range []fact.Bracket{{}, {Before: true}, {After: true}, {Before: true, After: true}} {
		got := testcase.PassRefused(verdict.Because("reason.login-required"), b, f).Verdict()
		if want := b.Before && b.After; (got == verdict.Pass) != want || (!want && got != verdict.Inconclusive) {
			t.Errorf("%+v: %s", b, got)
		}
	}
	r := verdict.Because("reason.no-service")
	for name, o := range map[string]testcase.Outcome{"pass": testcase.Pass(r), "fail": testcase.Fail(r), "absent": testcase.PassAbsent(r),
		"not-applicable": testcase.NotApplicable(r), "refused": testcase.PassRefused(r, fact.Bracket{Before: true, After: true}),
		"cut": testcase.PassAbsent(r, fact.Typed[fact.Scope]{Fact: f})} {
		if o.Verdict() != verdict.Inconclusive {
			t.Errorf("%s without facts or with a cut search: %s", name, o.Verdict())
		}
	}
}

// TestOrderDoesNotMatter: the same facts in any order, and with repeats, give
// the same bytes; so does judging twice.
func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	all := situations(t)
	want := make([][]byte, len(all))
	for i, s := range all {
		want[i] = asBytes(t, s.run(t, s.facts))
		if again := asBytes(t, s.run(t, s.facts)); !bytes.Equal(want[i], again) {
			t.Errorf("%s: judged twice:\n%s\n%s", s.name, want[i], again)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		i := rapid.IntRange(0, len(all)-1).Draw(rt, "situation")
		facts := rapid.Permutation(all[i].facts).Draw(rt, "order")
		if len(facts) > 0 {
			facts = append(slices.Clone(facts), facts[rapid.IntRange(0, len(facts)-1).Draw(rt, "repeat")])
		}
		if got := asBytes(t, all[i].run(t, facts)); !bytes.Equal(want[i], got) {
			rt.Fatalf("%s: in another order:\n%s\n%s", all[i].name, want[i], got)
		}
	})
}

// TestManyLossesNeverPassByNothing: whatever part of the facts is left, each
// PASS still rests on some.
func TestManyLossesNeverPassByNothing(t *testing.T) {
	t.Parallel()
	all := passing(t)
	rapid.Check(t, func(rt *rapid.T) {
		s := all[rapid.IntRange(0, len(all)-1).Draw(rt, "situation")]
		var left []fact.Fact
		for i, f := range s.facts {
			if rapid.Bool().Draw(rt, fmt.Sprint("keep", i)) {
				left = append(left, f)
			}
		}
		for _, r := range s.run(t, left) {
			if r.Verdict == verdict.Pass && len(r.Facts) == 0 {
				rt.Fatalf("%s: PASS on %s rests on nothing", s.name, r.Subject)
			}
		}
	})
}

// TestPure: judging opens no file and no socket, asks no clock and sees no
// collector and no store.
func TestPure(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{".", "../judge"} {
		checkPure(t, dir)
	}
}

func checkPure(t *testing.T, dir string) {
	t.Helper()
	forbidden := []string{"os", "os/exec", "io/ioutil", "net", "net/http", "crypto/tls", "database/sql", "math/rand", "math/rand/v2", "crypto/rand",
		"syscall", "assay/internal/collect", "assay/internal/store", "assay/internal/network", "assay/internal/sandbox"}
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, p := range paths {
		if strings.HasSuffix(p, "_test.go") {
			continue
		}
		seen++
		src, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, src, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			path, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if slices.ContainsFunc(forbidden, func(bad string) bool {
				return path == bad || strings.HasPrefix(path, bad+"/") && strings.HasPrefix(bad, "assay/")
			}) {
				t.Errorf("%s imports %s", p, path)
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "After", "Sleep"}, s.Sel.Name) {
					t.Errorf("%s asks the clock: time.%s", p, s.Sel.Name)
				}
			}
			return true
		})
	}
	if seen == 0 {
		t.Fatalf("no source in %s", dir)
	}
}

// BenchmarkSituations judges the facts of every situation fifty times over.
func BenchmarkSituations(b *testing.B) {
	all := situations(b)
	n := 0
	for _, s := range all {
		n += 50 * len(s.facts)
	}
	for b.Loop() {
		for _, s := range all {
			for range 50 {
				s.run(b, s.facts)
			}
		}
	}
	b.ReportMetric(float64(n), "facts/op")
}
