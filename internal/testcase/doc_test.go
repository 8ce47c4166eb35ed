package testcase_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/i18n"
	"assay/internal/standard"
	"assay/internal/testcase"
)

var update = flag.Bool("update", false, "write docs/testcases.md anew")

const document = "../../docs/testcases.md"

// TestDocument holds docs/testcases.md against the test cases and their
// texts.
func TestDocument(t *testing.T) {
	want := describe(i18n.Must(), testcase.All())
	if *update {
		if err := os.WriteFile(document, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/testcases.md is out of date; run go test ./internal/testcase -run TestDocument -update (-want +got):\n%s", diff)
	}
}

// TestTextsOfCases: every case and observation has exactly the texts that it
// needs.
func TestTextsOfCases(t *testing.T) {
	t.Parallel()
	texts := i18n.Must()
	var want []string
	for _, c := range testcase.All() {
		key := "case." + string(c.ID) + "."
		want = append(want, key+"title", key+"establishes", key+"limits", key+"remedy")
		for n := range c.Steps {
			want = append(want, key+fmt.Sprint("step", n+1))
		}
		if c.Steps > 0 {
			want = append(want, key+"expect")
		}
		for _, o := range c.Observe {
			want = append(want, "observe."+o.Name)
		}
	}
	slices.Sort(want)
	compare(t, texts, slices.Compact(want), "case.", "observe.")
}

// TestTextsOfConfirmations: what confirms that a condition is false has a
// text, whether the standards' data or the program names it.
func TestTextsOfConfirmations(t *testing.T) {
	t.Parallel()
	standards, err := standard.All()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, s := range standards {
		for _, c := range s.Conditions {
			for _, name := range c.Confirm {
				want = append(want, "confirm."+name)
			}
		}
	}
	for name := range testcase.Confirmations() {
		want = append(want, "confirm."+name)
	}
	slices.Sort(want)
	compare(t, i18n.Must(), slices.Compact(want), "confirm.")
}

func compare(t *testing.T, texts *i18n.Texts, want []string, prefixes ...string) {
	t.Helper()
	var got []string
	for _, k := range texts.Keys() {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(k, p) }) {
			got = append(got, k)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("texts (-wanted +there):\n%s", diff)
	}
}

// describe writes the document.
func describe(texts *i18n.Texts, cases []testcase.Case) string {
	var b strings.Builder
	say := func(c testcase.Case, what string) string {
		return texts.T(i18n.En, "case."+string(c.ID)+"."+what, nil)
	}
	b.WriteString(`# Test cases

This file is generated from internal/testcase and internal/i18n/texts/case.yaml:
` + "`go test ./internal/testcase -run TestDocument -update`" + ` writes it anew.

The procedures are Assay's own; they are not the text of any standard. Which test cases decide a requirement stands in
the standard's data (` + "`assay standards show ID`" + `). A PASS needs facts for everything that the case concerns; without them the
verdict is INCONCLUSIVE and says what to provide.

- **conceptual**: judges declarations and documents. **functional**: judges a unit, its firmware or its traffic.
- **automatic**: the program decides. **assisted**: the program may find a FAIL; a person decides the rest and records it.
  **guided**: a person performs the steps and records the result with ` + "`assay record`" + `.

| id | title | kind | method |
| --- | --- | --- | --- |
`)
	var themes []string
	by := make(map[string][]testcase.Case)
	for _, c := range cases {
		theme, _, _ := strings.Cut(string(c.ID), ".")
		if by[theme] == nil {
			themes = append(themes, theme)
		}
		by[theme] = append(by[theme], c)
	}
	for _, theme := range themes {
		for _, c := range by[theme] {
			fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s |\n", c.ID, strings.ReplaceAll(string(c.ID), ".", ""), say(c, "title"), c.Kind, c.Method)
		}
	}
	for _, theme := range themes {
		for _, c := range by[theme] {
			describeCase(&b, texts, c, say)
		}
	}
	return b.String()
}

func describeCase(b *strings.Builder, texts *i18n.Texts, c testcase.Case, say func(testcase.Case, string) string) {
	fmt.Fprintf(b, "\n## %s\n\n**%s** · %s · %s · severity of a FAIL: %s\n\n", c.ID, say(c, "title"), c.Kind, c.Method, c.Severity)
	fmt.Fprintf(b, "- Can establish: %s\n- Can't establish: %s\n- After a FAIL: %s\n", say(c, "establishes"), say(c, "limits"), say(c, "remedy"))
	if needs := needs(c); len(needs) > 0 {
		fmt.Fprintf(b, "- Needs: %s\n", strings.Join(needs, "; "))
	}
	for _, p := range c.Params {
		fmt.Fprintf(b, "- Parameter `%s`: default `%s`", p.Name, p.Default)
		if p.Allowed != nil {
			fmt.Fprintf(b, ", one of `%s`", strings.Join(p.Allowed, "`, `"))
		}
		b.WriteString("\n")
	}
	if c.Steps > 0 {
		b.WriteString("\nSteps:\n\n")
		for n := range c.Steps {
			fmt.Fprintf(b, "%d. %s\n", n+1, say(c, fmt.Sprint("step", n+1)))
		}
		fmt.Fprintf(b, "\nExpected: %s\n", say(c, "expect"))
	}
	if len(c.Observe) == 0 && c.Attach == 0 {
		return
	}
	b.WriteString("\nA record holds:\n\n")
	for _, o := range c.Observe {
		answers := "free text"
		if o.Options != nil {
			answers = strings.Join(o.Options, " or ")
		}
		fmt.Fprintf(b, "- `%s` (%s): %s\n", o.Name, answers, texts.T(i18n.En, "observe."+o.Name, nil))
	}
	if c.Attach > 0 {
		fmt.Fprintf(b, "- attachments: at least %d\n", c.Attach)
	}
}

func needs(c testcase.Case) []string {
	var out []string
	for _, n := range c.Needs {
		out = append(out, fmt.Sprintf("facts `%s`", n.Kind))
	}
	if c.Units > 1 {
		out = append(out, fmt.Sprintf("%d units", c.Units))
	}
	if c.Image {
		out = append(out, "a firmware image; the verdict says whether a unit was shown to run it")
	}
	if c.Intrusive {
		out = append(out, "`--intrusive` and an expendable unit")
	}
	if c.Method != testcase.Auto {
		out = append(out, "a person's record")
	}
	return out
}
