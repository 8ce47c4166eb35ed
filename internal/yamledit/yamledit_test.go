package yamledit

import (
	"errors"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const sample = `# The product.
schema: assay/product@1

product:
  name: Lumi Cam   # on the box
  support: { from: 2026-03-01, until: 2031-02-28 } # promised

# Who uses it.
customers:
  - { id: owner, skill: none }
  # the one who installs
  - id: installer

    skill: expert

# The end.
claims: {}
`

func TestSet(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, path, value, want string }{
		{"scalar_in_flow", "product.support.until", "2032-01-31", "  support: {from: 2026-03-01, until: 2032-01-31} # promised\n"},
		{"new_field", "product.website", "https://lumi.example", "  website: https://lumi.example\n"},
		{"new_group", "product.lifetime.min_years", "4", "  lifetime:\n    min_years: 4\n"},
		{"entry", "customers[0].skill", "some", "  - {id: owner, skill: some}\n  # the one who installs\n"},
		{"append", "customers[+]", "{id: guest, skill: none}", "  - {id: guest, skill: none}\n\n# The end.\n"},
		{"append_by_number", "customers[2].id", "guest", "  - id: guest\n"},
		{"new_section", "use_cases", "[{id: watch, use: watching}]", "claims: {}\n\nuse_cases: [{id: watch, use: watching}]\n"},
		{"section", "customers", "- {id: all}", "# Who uses it.\ncustomers:\n  - {id: all}\n\n# The end.\n"},
		{"number_like_key", `claims.etsi-en-303-645."5.1-5".support`, "no", `5.1-5: {support: no}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := Set([]byte(sample), c.path, []byte(c.value))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(got), c.want) {
				t.Errorf("got\n%s\nwant in it\n%s", got, c.want)
			}
			for _, kept := range []string{"# The product.\n", "# Who uses it.\n", "# The end.\n"} {
				if !strings.Contains(string(got), kept) {
					t.Errorf("%q was lost:\n%s", kept, got)
				}
			}
		})
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ path, gone string }{
		{"customers[1]", "installer"}, {"customers", "owner"}, {"product.support.until", "2031"}, {"nowhere.at.all", "☂"},
	} {
		got, err := Delete([]byte(sample), c.path)
		if err != nil {
			t.Fatalf("%s: %v", c.path, err)
		}
		if strings.Contains(string(got), c.gone) {
			t.Errorf("Delete(%s) left %q:\n%s", c.path, c.gone, got)
		}
	}
}

// TestKeeps: what people and their editors wrote stays as it was.
func TestKeeps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, src, path, want string }{
		{"comment_at_the_section", "a: # why\n  b: 1\nc: 2\n", "a.b", "a: # why\n  b: 9\nc: 2\n"},
		{"comment_after_the_last_entry", "a:\n  - b: 1\n  # add more here\nc: 2\n", "a[0].b", "# add more here"},
		{"windows_lines", "a:\r\n  b: 1\r\nc: 2\r\n", "a.b", "a:\r\n  b: 9\r\nc: 2\r\n"},
		{"byte_order_mark", "\ufeffa:\n  b: 1\n", "a.b", "\ufeffa:\n  b: 9\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := Set([]byte(c.src), c.path, []byte("9"))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(got), c.want) {
				t.Errorf("got %q, want in it %q", got, c.want)
			}
		})
	}
	// The blank lines behind a text that keeps them belong to it: such a
	// section is left to people.
	const keeps = "a:\n  t: |+\n    text\n\n\nc: 2\n"
	if got, err := Set([]byte(keeps), "a.b", []byte("9")); err == nil || !errors.Is(err, ErrForm) {
		t.Errorf("gave %q, %v", got, err)
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, src, path, value string
		form                   bool
	}{
		{"flow_root", "{a: 1}", "a", "2", true},
		{"anchors", "a: &x {b: 1}\nc: *x\n", "c.b", "2", true},
		{"no_list", sample, "product[0]", "1", false},
		{"gap_in_list", sample, "customers[7]", "1", false},
		{"bad_path", sample, "customers[", "1", false},
		{"index_first", sample, "[0]", "1", false},
		{"bad_value", sample, "product.name", "{a: ", false},
		{"two_documents", sample, "product.name", "a\n---\nb", false},
		{"broken_file", "a: [", "a", "1", false},
		{"no_fields", sample, "product.name.first", "1", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := Set([]byte(c.src), c.path, []byte(c.value))
			if err == nil {
				t.Fatalf("gave\n%s", got)
			}
			if c.form != errors.Is(err, ErrForm) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// FuzzSet: whatever the file, a change either is refused or changes that one
// value alone, so that taking it back gives what was there.
func FuzzSet(f *testing.F) {
	f.Add(sample, "product.support.until", "2032-01-31")
	f.Add("a: 1\nb:\n- x\n- y # z\n", "b[1]", "{c: [1, 2]}")
	f.Add("a: |\n  text\n\n  more\nb: 2\n", "c", "3")
	f.Add("? a\n: b\n", "a", "1")
	f.Fuzz(func(t *testing.T, src, path, value string) {
		if len(src) > 1<<16 || strings.Count(src, "&") > 0 {
			return
		}
		got, err := Set([]byte(src), path, []byte(value))
		if err != nil {
			return
		}
		var v any
		if err := yaml.Unmarshal(got, &v); err != nil {
			t.Fatalf("Set gave a file that can't be read: %v\n%s", err, got)
		}
	})
}
