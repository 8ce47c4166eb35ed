package standard

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestDocsNameEveryField: docs/standards.md lists each field that the files
// may hold, and each observation that a condition asks for.
func TestDocsNameEveryField(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "standards.md"))
	if err != nil {
		t.Fatal(err)
	}
	doc := string(raw)
	fields := 0
	for _, v := range []any{Standard{}, Aspect{}, Group{}, Condition{}, Definition{}, Mapping{}, Annex{}, Remark{}, Threat{},
		Mitigation{}, Confidence{}, Requirement{}, requirementFile{}} {
		typ := reflect.TypeOf(v)
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("yaml"), ",")
			if name == "-" || name == "" {
				continue
			}
			fields++
			if !strings.Contains(doc, "`"+name+"`") {
				t.Errorf("%s.%s: docs/standards.md doesn't name `%s`", typ.Name(), typ.Field(i).Name, name)
			}
		}
	}
	for _, s := range all(t) {
		if !strings.Contains(doc, "`"+string(s.ID)+"`") {
			t.Errorf("docs/standards.md doesn't name %s", s.ID)
		}
		for _, c := range s.Conditions {
			for _, o := range c.Confirm {
				fields++
				if !strings.Contains(doc, "`"+o+"`") {
					t.Errorf("condition %s: docs/standards.md doesn't name %s", c.ID, o)
				}
			}
		}
	}
	if fields < 60 {
		t.Errorf("only %d names checked", fields)
	}
}
