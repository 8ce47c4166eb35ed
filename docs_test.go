package assay_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"assay/internal/cli"
	"assay/internal/standard"
	"assay/internal/testcase"
)

// documents are the pages that people read.
func documents(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	if len(pages) < 8 {
		t.Fatalf("docs has %d pages", len(pages))
	}
	return append(pages, "README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
}

var (
	fence  = regexp.MustCompile("(?ms)^```.*?^```$")
	quoted = regexp.MustCompile("`([^`\n]+)`")
	link   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
)

// TestPathsExist: what a page names in backticks below one of our folders, and
// what it links to, is there. `<…>` stands for any name.
func TestPathsExist(t *testing.T) {
	t.Parallel()
	paths := 0
	for _, page := range documents(t) {
		text := fence.ReplaceAllString(read(t, page), "")
		for _, m := range quoted.FindAllStringSubmatch(text, -1) {
			for word := range strings.FieldsSeq(m[1]) {
				word = strings.TrimPrefix(strings.TrimSuffix(word, ","), "./")
				top, _, ok := strings.Cut(word, "/")
				if !ok || !slices.Contains([]string{"cmd", "internal", "docs", "scripts", ".ci"}, top) {
					continue
				}
				paths++
				if !exists(word) {
					t.Errorf("%s names `%s`, which doesn't exist", page, word)
				}
			}
		}
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if target == "" || strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			paths++
			if !exists(filepath.Join(filepath.Dir(page), target)) {
				t.Errorf("%s links to %s, which doesn't exist", page, m[1])
			}
		}
	}
	if paths < 50 {
		t.Errorf("only %d paths found in all pages", paths)
	}
}

var placeholder = regexp.MustCompile(`<[^>]*>|…|/\.\.\.$`)

// exists says whether a path, or for one with placeholders at least one of its
// kind, is there.
func exists(path string) bool {
	pattern := strings.TrimSuffix(placeholder.ReplaceAllString(strings.TrimSuffix(path, "/..."), "*"), "/")
	found, err := filepath.Glob(pattern)
	return err == nil && len(found) > 0
}

// TestIDsExist: every requirement and test case that a page names exists.
func TestIDsExist(t *testing.T) {
	t.Parallel()
	standards, err := standard.All()
	if err != nil {
		t.Fatal(err)
	}
	requirements := make(map[string]bool)
	for _, s := range standards {
		for _, r := range s.Requirements {
			requirements[string(r.ID)] = true
		}
	}
	cases, themes := make(map[string]bool), make(map[string]bool)
	for _, c := range testcase.All() {
		cases[string(c.ID)] = true
		theme, _, _ := strings.Cut(string(c.ID), ".")
		themes[theme] = true
	}
	requirement := regexp.MustCompile(`\b5\.\d{1,2}(?:\.\d{1,2}\.\d{1,2}|-\d{1,2}\b)`)
	caseID := regexp.MustCompile(`^([a-z]+)\.[a-z0-9-]+$`)
	// A worked example adds these; they are in no standard.
	example := []string{"storage.file-modes"}
	for _, page := range documents(t) {
		text := read(t, page)
		for _, id := range requirement.FindAllString(text, -1) {
			if !requirements[id] {
				t.Errorf("%s names the requirement %s, which doesn't exist", page, id)
			}
		}
		if filepath.Base(page) == "workspace.md" { // fields of the product look like ids
			continue
		}
		for _, m := range quoted.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			id := caseID.FindStringSubmatch(m[1])
			if id == nil || !themes[id[1]] || filepath.Ext(m[1]) == ".go" || slices.Contains(example, m[1]) {
				continue
			}
			if !cases[m[1]] {
				t.Errorf("%s names the test case %s, which doesn't exist", page, m[1])
			}
		}
	}
}

// TestCommentsCite: rules and pages that comments cite exist.
func TestCommentsCite(t *testing.T) {
	t.Parallel()
	rules := make(map[int]bool)
	_, section, ok := strings.Cut(read(t, "docs/architecture.md"), "\n## Verdict rules\n")
	if !ok {
		t.Fatal("docs/architecture.md has no section of verdict rules")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	for _, m := range regexp.MustCompile(`(?m)^(\d+)\. `).FindAllStringSubmatch(section, -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		rules[n] = true
	}
	if len(rules) != 12 {
		t.Fatalf("docs/architecture.md has %d verdict rules, want 12", len(rules))
	}
	rule := regexp.MustCompile(`\(?[Rr]ules? (\d+)(?:(?:, (\d+))* (?:and|to) (\d+))?`)
	page := regexp.MustCompile(`docs/[a-z-]+\.md`)
	for _, name := range goFiles(t) {
		_, f := parse(t, name)
		for _, group := range f.Comments {
			text := strings.Join(strings.Fields(group.Text()), " ")
			for _, m := range rule.FindAllStringSubmatch(text, -1) {
				for _, n := range m[1:] {
					if v, err := strconv.Atoi(n); err == nil && !rules[v] {
						t.Errorf("%s cites rule %d, which docs/architecture.md doesn't have", name, v)
					}
				}
			}
			for _, p := range page.FindAllString(text, -1) {
				if !exists(p) {
					t.Errorf("%s cites %s, which doesn't exist", name, p)
				}
			}
		}
	}
}

// TestSchemasDocumented: what the program prints as JSON is in docs/json.md,
// every other form of file in some page.
func TestSchemasDocumented(t *testing.T) {
	t.Parallel()
	schema := regexp.MustCompile(`"(assay/[a-z-]+@\d+)"`)
	all := ""
	for _, p := range documents(t) {
		all += read(t, p)
	}
	kinds := 0
	for _, name := range goFiles(t) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, m := range schema.FindAllStringSubmatch(read(t, name), -1) {
			kinds++
			where, pages := "docs/json.md", ""
			if within(name, "internal/cli") || within(name, "internal/report") {
				pages = read(t, where)
			} else {
				where, pages = "any page", all
			}
			if !strings.Contains(pages, m[1]) {
				t.Errorf("%s writes %s, which isn't in %s", name, m[1], where)
			}
		}
	}
	if kinds < 5 {
		t.Errorf("only %d kinds of documents found", kinds)
	}
}

// TestCommands: every command says its exit codes and has a script that runs
// it.
func TestCommands(t *testing.T) {
	t.Parallel()
	assay := func(args ...string) string {
		var out, errs bytes.Buffer
		streams := cli.IO{In: strings.NewReader(""), Out: &out, Err: &errs, Getenv: func(string) string { return "" }}
		if code := cli.Main(context.Background(), streams, args); code != 0 {
			t.Fatalf("assay %v: exit code %d\n%s", args, code, errs.String())
		}
		return out.String()
	}
	_, rest, ok := strings.Cut(assay("--help"), "\nCommands:\n")
	if !ok {
		t.Fatal("assay --help lists no commands")
	}
	rest, _, _ = strings.Cut(rest, "\n\n")
	scripts, err := filepath.Glob("internal/cli/testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, s := range scripts {
		all += read(t, s)
	}
	names := 0
	for line := range strings.Lines(rest) {
		name := strings.Fields(line)[0]
		if name == "help" {
			continue
		}
		names++
		if name != "completion" && !strings.Contains(assay(name, "--help"), "Exit codes:") {
			t.Errorf("assay %s --help says nothing on exit codes", name)
		}
		if !regexp.MustCompile(`(?m)^[^#\n]*\bassay(?: -\S+(?: [^-\s]\S*)?)* ` + name + `\b`).MatchString(all) {
			t.Errorf("no script in internal/cli/testdata/script runs assay %s", name)
		}
	}
	if names < 15 {
		t.Errorf("assay --help lists %d commands", names)
	}
}

// forbidden are modules that were tried and left, or that we do without.
var forbidden = map[string]string{
	"github.com/stretchr/testify":        "the standard testing and go-cmp suffice",
	"github.com/pkg/errors":              "the standard errors suffice",
	"github.com/sirupsen/logrus":         "log/slog suffices",
	"github.com/mattn/go-sqlite3":        "needs a C compiler",
	"github.com/diskfs/go-diskfs":        "fails on vendors' squashfs and never returns on some images",
	"github.com/zricethezav/gitleaks":    "a hundredth of the speed that whole images need",
	"github.com/google/osv-scalibr":      "forty megabytes, without rules for what cameras hold",
	"github.com/nicksnyder/go-i18n":      "see docs/decisions.md",
	"github.com/nicksnyder/go-i18n/v2":   "see docs/decisions.md",
	"github.com/goccy/go-yaml":           "a quarter of the speed, and no bound on aliases",
	"gopkg.in/yaml.v3":                   "its successor is go.yaml.in/yaml/v3",
	"github.com/hashicorp/go-multierror": "errors.Join suffices",
}

// TestDependencies: each direct requirement has its line with licence and
// reason, and each line its requirement.
func TestDependencies(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "mod", "edit", "-json").Output()
	if err != nil {
		t.Fatalf("go mod edit -json: %v", err)
	}
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
		Replace []any
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	if len(mod.Replace) > 0 {
		t.Error("go.mod replaces modules: a clean clone must build from what is published")
	}
	lines := make(map[string][]string)
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-zA-Z0-9./-]+)` \\|(.*)\\|$").FindAllStringSubmatch(read(t, "docs/dependencies.md"), -1) {
		lines[m[1]] = strings.Split(m[2], "|")
	}
	direct := make(map[string]bool)
	for _, r := range mod.Require {
		if r.Indirect { // tests of others may need what we do without
			continue
		}
		if why := forbidden[r.Path]; why != "" {
			t.Errorf("go.mod requires %s: %s", r.Path, why)
		}
		direct[r.Path] = true
		cells := lines[r.Path]
		if len(cells) != 3 || strings.TrimSpace(cells[0]) == "" || strings.TrimSpace(cells[1]) == "" {
			t.Errorf("docs/dependencies.md has no line with licence and reason for %s", r.Path)
		}
	}
	for path := range lines {
		if !direct[path] {
			t.Errorf("docs/dependencies.md lists %s, which go.mod doesn't require directly", path)
		}
	}
}

// TestModTidy: go.mod and go.sum are what go mod tidy makes.
func TestModTidy(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "mod", "tidy", "-diff").CombinedOutput()
	if err == nil {
		return
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if diff := string(out); strings.Contains(diff, "\n@@ ") {
		t.Errorf("go mod tidy would change:\n%.2000s", diff)
		return
	}
	// Test packages of modules that we don't build may be missing where
	// modules can't be fetched; that says nothing of our files.
	t.Skipf("go mod tidy can't look here, for want of modules that this build doesn't need: %.300s", out)
}

// TestCI: what continuous integration runs is what people run.
func TestCI(t *testing.T) {
	t.Parallel()
	run := read(t, ".ci/run")
	for _, want := range []string{"#!/bin/bash\n", "set -euo pipefail", "</dev/null", "\nmake test\n"} {
		if !strings.Contains(run, want) {
			t.Errorf(".ci/run lacks %q", want)
		}
	}
	scripts, err := filepath.Glob("scripts/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(scripts, ".ci/run") {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if !info.IsDir() && info.Mode()&0o111 == 0 {
			t.Errorf("%s isn't executable", name)
		}
	}
	makefile := read(t, "Makefile")
	for _, target := range []string{"demo", "build", "test", "deps", "test-fast", "test-peers", "test-web", "test-long", "fuzz", "lint", "bench", "accuracy"} {
		if !regexp.MustCompile(`(?m)^` + target + `:`).MatchString(makefile) {
			t.Errorf("the Makefile has no target %s", target)
		}
	}
}
