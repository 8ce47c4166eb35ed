package assay_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestWeaknessTable: docs/firmware.md lists the kinds of weaknesses that the
// sources name, each with the words that reports have for it.
func TestWeaknessTable(t *testing.T) {
	t.Parallel()
	texts := make(map[string]string)
	for _, m := range regexp.MustCompile(`(?m)^weakness\.([a-z0-9-]+):\n +en: "(.*)"$`).FindAllStringSubmatch(read(t, "internal/i18n/texts/firmware.yaml"), -1) {
		texts[m[1]] = m[2]
	}
	_, section, _ := strings.Cut(read(t, "docs/firmware.md"), "\n### Weaknesses\n")
	section, _, _ = strings.Cut(section, "\n### ")
	rows := make(map[string]string)
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)` \\| (.*) \\|$").FindAllStringSubmatch(section, -1) {
		rows[m[1]] = m[2]
	}
	if len(texts) < 50 || len(rows) < 50 {
		t.Fatalf("%d texts and %d rows found", len(texts), len(rows))
	}
	for kind, text := range texts {
		if rows[kind] != text {
			t.Errorf("docs/firmware.md: %s is %q in the table, %q in reports", kind, rows[kind], text)
		}
	}
	for kind := range rows {
		if texts[kind] == "" {
			t.Errorf("docs/firmware.md lists %s, which no report has words for", kind)
		}
	}
	listed, named := kinds(t)
	for _, kind := range listed {
		if rows[kind] == "" {
			t.Errorf("docs/firmware.md lacks %s", kind)
		}
	}
	for kind := range rows {
		prefix, rest, _ := strings.Cut(kind, "-") // of a certificate, or of a check
		if !named[kind] && (prefix != "bad" && prefix != "certificate" || !named[rest]) {
			t.Errorf("docs/firmware.md lists %s, which no source names", kind)
		}
	}
}

// kinds are the constants in the blocks that say that they are kinds of
// weaknesses, and all words that the sources of the collector hold.
func kinds(t *testing.T) (listed []string, named map[string]bool) {
	t.Helper()
	named = make(map[string]bool)
	err := filepath.WalkDir("internal/collect/firmware", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		word := func(n ast.Node) string {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
				s, _ := strconv.Unquote(l.Value) // the parser has read it
				return s
			}
			return ""
		}
		ast.Inspect(file, func(n ast.Node) bool {
			named[word(n)] = true
			d, ok := n.(*ast.GenDecl)
			if !ok || d.Tok != token.CONST || !strings.Contains(d.Doc.Text(), "kinds of weaknesses") && !strings.Contains(d.Doc.Text(), "kinds of a permission") {
				return true
			}
			ast.Inspect(d, func(n ast.Node) bool {
				if s := word(n); strings.Contains(s, "-") { // others are words beside the kinds
					listed = append(listed, s)
				}
				return true
			})
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(listed) < 40 {
		t.Errorf("only %d kinds found in the sources", len(listed))
	}
	return listed, named
}
