package threat

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/limit"
)

// TestLoadNamesMistakes: what can't be used is named by line, the rest is
// used.
func TestLoadNamesMistakes(t *testing.T) {
	t.Parallel()
	good := strings.TrimPrefix(own, "schema: assay/decisions@1\n")
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "1 threat.problem.empty"},
		{"no-schema", "decisions: []\n", "1 yaml.missing-field"},
		{"other-schema", "schema: assay/threats@9\n", "1 threat.problem.schema"},
		{"unknown-field", "schema: assay/decisions@1\ndecision: []\n", "2 yaml.unknown-field"},
		{"unknown-decision", "schema: assay/decisions@1\ndecisions:\n  - {threat: a@b, decide: ignore}\n", "3 yaml.unknown-value"},
		{"accept-without-who", "schema: assay/decisions@1\ndecisions:\n  - threat: a@b\n    decide: accept\n    why: x\n    until: 2026-01-01\n", "3 threat.problem.lacks by"},
		{"accept-until-someday", "schema: assay/decisions@1\ndecisions:\n  - {threat: a@b, decide: accept, by: me, why: x, until: someday}\n", "3 threat.problem.date"},
		{"transfer-to-nobody", "schema: assay/decisions@1\ndecisions:\n  - {threat: a@b, decide: transfer}\n", "3 threat.problem.lacks to"},
		{"unknown-level", "schema: assay/decisions@1\nfactors:\n  - {threat: a@b, set: {time: a_while}, why: x}\n", "3 threat.problem.level"},
		{"factor-without-why", "schema: assay/decisions@1\nfactors:\n  - {threat: a@b, set: {time: le_1_day}}\n", "3 yaml.missing-field"},
		{"syntax", "schema: assay/decisions@1\nrules: [\n", "problem.syntax"},
		{"alias-bomb", "schema: assay/decisions@1\na: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a]\nrules: [*b,*b,*b]\n", "4 threat.problem.own"},
		{"condition-does-not-parse", strings.Replace(own, "'element.listens'", "'element.listens &&'", 1), "15 threat.problem.own"},
		{"unknown-weakness", strings.Replace(own, "[thin-walls, open-door]", "[thick-walls]", 1), "25 threat.problem.own"},
		{"unknown-requirement", strings.Replace(own, "iot-1005-1/5.1.1.3", "iot-1005-1/9.9", 1), "3 threat.problem.own"},
		{"no-countermeasure", strings.Replace(own, "countermeasures: [iot-1005-1/5.4.2.1, iot-1005-1/5.4.2.2]", "countermeasures: []", 1), "9 threat.problem.own"},
		{"rule-twice", own + "  - {id: walks-in, on: interface, stride: tampering, when: 'true', title: {en: x}, technique: sniff, gives: read, weaknesses: [open-door]}\n", "46 threat.problem.own"},
		{"unknown-field-of-a-rule", strings.Replace(own, "    technique: use-offered\n", "    technic: use-offered\n", 1), "15 threat.problem.own"},
		{"long-title", strings.Replace(own, "Somebody walks in", strings.Repeat("x", 201), 1), "15 threat.problem.own"},
		{"escape-in-a-reference", strings.Replace(own, "cwe: [CWE-306]", `cwe: ["CWE-1\e[31m"]`, 1), "3 threat.problem.own"},
		{"no-title", strings.Replace(own, "title: {en: The door is open, zh-Hant: 門沒關}", "title: {}", 1), "3 threat.problem.own"},
		{"weaknesses-no-list", "schema: assay/decisions@1\nweaknesses: 5\n", "2 yaml.want-list weaknesses"},
		{"decided-twice", "schema: assay/decisions@1\ndecisions:\n  - {threat: a@b, decide: mitigate}\n  - {threat: a@b, decide: avoid}\n", "4 threat.problem.twice"},
		{"bad-id", strings.Replace(own, "id: walks-in", "id: ../../etc", 1), "15 threat.problem.own"},
		{"good", "schema: assay/decisions@1\n" + good, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l, d, problems := bare(t, c.text)
			if l == nil || d == nil {
				t.Fatal("nothing is left")
			}
			var got []string
			for _, p := range problems {
				got = append(got, fmt.Sprintf("%d %s %s", p.Line, p.Reason.Key, p.Reason.Args["field"]))
			}
			if all := strings.Join(got, "\n"); c.want == "" && all != "" || !strings.Contains(all, c.want) {
				t.Errorf("problems:\n%s\nwant %s", all, c.want)
			}
			if c.want != "" && strings.Contains(c.text, "walks-in") && len(l.Rules) == 0 {
				t.Error("one mistake took every rule away")
			}
		})
	}
}

// TestRuleThatFails: a condition that fails or costs too much takes its rule
// away, with a problem, and no other.
func TestRuleThatFails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, when, want string }{
		{"missing-field", "element.no_such_field == 1", "no such key"},
		{"too-costly", "product.components.all(a, [1,2,3,4,5,6,7,8,9,0].all(b, [1,2,3,4,5,6,7,8,9,0].all(c, [1,2,3,4,5,6,7,8,9,0].all(d, [1,2,3,4,5,6,7,8,9,0].all(e, [1,2,3,4,5,6,7,8,9,0].all(f, [1,2,3,4,5,6,7,8,9,0].all(g, a.id != string(b+c+d+e+f+g))))))))", "cost limit"},
		{"no-boolean", "element.id", "must give true or false"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l, _, problems := bare(t, strings.Replace(own, "'element.listens'", "'"+c.when+"'", 1))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			m, err := l.Generate(t.Context(), model(t, house), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(m.Problems) != 1 || m.Problems[0].Line != 15 || !strings.Contains(m.Problems[0].Reason.Args["error"], c.want) {
				t.Errorf("problems: %v", m.Problems)
			}
			if len(m.Threats) != 3 {
				t.Errorf("%d threats are left: %v", len(m.Threats), levels(m))
			}
		})
	}
}

// TestOwnRulesAreBounded: the conditions of a workspace stop at their budget,
// its threats at their number, each said once; a canceled context stops all.
func TestOwnRulesAreBounded(t *testing.T) {
	t.Parallel()
	big := plant(t, 200, 400)
	costly := strings.Replace(own, "'element.listens'", `'product.components.exists(c, product.components.exists(d, d.id == c.id + "x"))'`, 1)
	l, _, problems := bare(t, costly)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	m, err := l.Generate(t.Context(), big, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Problems) == 0 || m.Problems[0].Reason.Key != "threat.problem.budget" || m.Problems[0].Line != 15 {
		t.Errorf("problems: %v", m.Problems)
	}

	many := own
	for i := range 20 {
		many += fmt.Sprintf("  - {id: all-%d, on: component, stride: tampering, when: 'true', title: {en: x}, scenario: {en: x}, because: {en: x}, technique: sniff, gives: read, weaknesses: [open-door]}\n", i)
	}
	if l, _, problems = bare(t, many); len(problems) > 0 {
		t.Fatal(problems)
	}
	if m, err = l.Generate(t.Context(), big, Options{}); err != nil || len(m.Threats) > maxOwnThreats || len(m.Problems) != 1 || m.Problems[0].Reason.Key != "threat.problem.too-many" {
		t.Errorf("%v: %d threats, problems %v", err, len(m.Threats), m.Problems)
	}

	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := l.Generate(ctx, big, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled context: %v", err)
	}
}

// TestExactOverrideStands: what is set for a threat stands before what is set
// for its rule, whichever is written first.
func TestExactOverrideStands(t *testing.T) {
	t.Parallel()
	l, d, problems := bare(t, own+`factors:
  - {threat: walks-in@interface/web, set: {opportunity: none}, why: bricked up}
  - {threat: "walks-in@*", set: {opportunity: unnecessary}, why: anybody}
`)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	m, err := l.Generate(t.Context(), model(t, house), Options{Decisions: d})
	if err != nil {
		t.Fatal(err)
	}
	web, _ := m.Threat("walks-in@interface/web")
	api, _ := m.Threat("walks-in@interface/api")
	if got := web.Vectors[0].Factors[Opportunity].Level + " " + api.Vectors[0].Factors[Opportunity].Level; got != "none unnecessary" {
		t.Errorf("opportunity: %s", got)
	}
}

// loadDir is what a command does with a workspace's file.
func loadDir(dir string, l *Library) (*Library, *Decisions, []Problem) {
	data, problems := ReadDir(dir, limit.Default().YAML)
	if data == nil {
		return l, &Decisions{}, problems
	}
	return Load(DecisionsFile, data, l, limit.Default().YAML)
}

func TestReadDir(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := library(t)
	again, d, problems := loadDir(dir, l)
	if len(problems) > 0 || len(d.Decisions) > 0 || len(again.Rules) != len(l.Rules) {
		t.Errorf("without a file: %v", problems)
	}
	if err := os.WriteFile(filepath.Join(dir, "elsewhere"), []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	inner := filepath.Join(dir, "inner")
	if err := os.Mkdir(inner, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../elsewhere", filepath.Join(inner, DecisionsFile)); err != nil {
		t.Fatal(err)
	}
	if mine, _, problems := loadDir(inner, l); len(problems) != 1 || problems[0].Reason.Key != "threat.problem.unreadable" || len(mine.Rules) != len(l.Rules) {
		t.Errorf("a link that leaves the workspace: %v", problems)
	}
	if err := os.WriteFile(filepath.Join(dir, DecisionsFile), []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	before := len(l.Rules)
	mine, _, problems := loadDir(dir, l)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if len(mine.Rules) != before+3 || len(l.Rules) != before {
		t.Errorf("%d rules, and %d in the library that was given", len(mine.Rules), len(l.Rules))
	}
	if r, _ := mine.Rule("walks-in"); r == nil || !r.Own || r.File != DecisionsFile || r.Line != 15 {
		t.Errorf("the workspace's rule: %+v", r)
	}
}

func TestDecisionOfARuleAndOfAThreat(t *testing.T) {
	t.Parallel()
	l, d, problems := bare(t, own+"decisions:\n  - {threat: walks-in@interface/web, decide: transfer, to: the insurer}\n  - {threat: 'walks-in@*', decide: mitigate}\n")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	m, err := l.Generate(t.Context(), model(t, house), Options{Decisions: d})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, x := range m.Threats {
		if x.Decision != nil {
			got[x.ID] = x.Decision.Decide
		}
	}
	if diff := cmp.Diff(map[string]string{"walks-in@interface/web": "transfer", "walks-in@interface/api": "mitigate"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(own))
	f.Add([]byte("schema: assay/decisions@1\ndecisions:\n  - {threat: a@b, decide: accept, by: me, why: x, until: 2026-01-01}\n"))
	f.Add([]byte("schema: assay/decisions@1\nfactors:\n  - {threat: 'a@*', set: {time: le_1_day}, why: x}\n"))
	f.Add([]byte("rules: *a\nweaknesses: &a [{id: x}]\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, d, problems := bare(t, string(b))
		if l == nil || d == nil {
			t.Fatal("nothing is left")
		}
		for _, p := range problems {
			if p.Reason.Key == "" || p.File == "" {
				t.Fatalf("a problem that says nothing: %+v", p)
			}
		}
		if _, err := l.Generate(t.Context(), model(t, house), Options{Decisions: d}); err != nil {
			t.Fatal(err)
		}
	})
}
