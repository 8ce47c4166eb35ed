package publish

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/limit"
)

func TestWords(t *testing.T) {
	t.Parallel()
	const head = "schema: assay/words@1\n"
	for _, c := range []struct {
		name, file string
		zh, en     map[string]string
		problems   []string // line, key
	}{
		{"both", head + "zh-Hant: { a b: 甲 }\nen: { 甲: a b }\n", map[string]string{"a b": "甲"}, map[string]string{"甲": "a b"}, nil},
		{"none", head, nil, nil, nil},
		{"nothing-in-one", head + "en:\nzh-Hant: { a: 甲 }\n", map[string]string{"a": "甲"}, nil, nil},
		{"spaces", head + "zh-Hant: { \" a \": \" 甲 \" }\n", map[string]string{"a": "甲"}, nil, nil},
		{"lines", head + "zh-Hant:\n  \"1. a\\n2. b\": |\n    1. 甲\n    2. 乙\n", map[string]string{"1. a\n2. b": "1. 甲\n2. 乙"}, nil, nil},
		{"long-key", head + "zh-Hant:\n  ? " + strings.Repeat("word ", 300) + "\n  : 甲\n", map[string]string{strings.TrimSpace(strings.Repeat("word ", 300)): "甲"}, nil, nil},
		{"empty", "", nil, nil, []string{"1 publish.problem.empty"}},
		{"no-schema", "zh-Hant: { a: 甲 }\n", map[string]string{"a": "甲"}, nil, []string{"1 yaml.missing-field"}},
		{"later", "schema: assay/words@2\nzh-Hant: { a: 甲 }\n", map[string]string{"a": "甲"}, nil, []string{"1 publish.problem.schema"}},
		{"other-language", head + "de: { a: b }\n", nil, nil, []string{"2 yaml.unknown-field"}},
		{"list", head + "zh-Hant: [a, b]\n", nil, nil, []string{"2 yaml.want-fields"}},
		{"whole-list", "[a]", nil, nil, []string{"1 yaml.want-fields"}},
		{"no-text", head + "zh-Hant:\n  a: [x]\n  b: 乙\n", map[string]string{"b": "乙"}, nil, []string{"3 yaml.want-text"}},
		{"no-words", head + "zh-Hant:\n  a:\n  b: \"\"\n  c: 丙\n", map[string]string{"c": "丙"}, nil, []string{"3 publish.problem.no-words", "4 publish.problem.no-words"}},
		{"twice", head + "zh-Hant:\n  a: 甲\n  \" a\": 乙\n", map[string]string{"a": "甲"}, nil, []string{"4 yaml.duplicate-key"}},
		{"too-long", head + "zh-Hant:\n  a: 甲\n  b: " + strings.Repeat("x", maxWord+1) + "\n", map[string]string{"a": "甲"}, nil, []string{"4 publish.problem.too-long"}},
		{"tab", head + "zh-Hant:\n\ta: 甲\n", nil, nil, []string{"3 problem.tab"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, problems := LoadWords(WordsFile, []byte(c.file), limit.Default().YAML)
			var got []string
			for _, p := range problems {
				text := catalogue().T("en", p.Reason.Key, p.Reason.Args)
				if text == p.Reason.Key || strings.Contains(text, "{") && !strings.Contains(text, "{…}") {
					t.Errorf("%s has no text, or lacks an argument: %s %v", p.Reason.Key, text, p.Reason.Args)
				}
				got = append(got, strings.TrimSpace(strings.Join([]string{itoa(p.Line), p.Reason.Key}, " ")))
			}
			if diff := cmp.Diff(c.problems, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			for _, x := range []struct {
				name      string
				want, got map[string]string
			}{{"zh-Hant", c.zh, w.Zh}, {"en", c.en, w.En}} {
				if len(x.want)+len(x.got) > 0 && !cmp.Equal(x.want, x.got) {
					t.Errorf("%s: %s", x.name, cmp.Diff(x.want, x.got))
				}
			}
		})
	}
}

func itoa(n int) string { return string(rune('0' + n)) }

// TestReadWords: the file of a workspace, and no other.
func TestReadWords(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if w, problems := ReadWords(dir, limit.Default().YAML); len(problems) > 0 || len(w.En) > 0 {
		t.Errorf("without a file: %v %v", w, problems)
	}
	outside := filepath.Join(t.TempDir(), "secret.yaml")
	if err := os.WriteFile(outside, []byte("schema: assay/words@1\nen: { a: b }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, WordsFile)); err != nil {
		t.Fatal(err)
	}
	w, problems := ReadWords(dir, limit.Default().YAML)
	if len(problems) != 1 || problems[0].Reason.Key != "publish.problem.unreadable" || len(w.En) > 0 {
		t.Errorf("through a link that leaves the folder: %v %v", w, problems)
	}
	big := limit.Default().YAML
	big.Size = 10
	if err := os.Remove(filepath.Join(dir, WordsFile)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, WordsFile), []byte("schema: assay/words@1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, problems := ReadWords(dir, big); len(problems) != 1 || problems[0].Reason.Key != "problem.too-large" {
		t.Errorf("a large file: %v", problems)
	}
	var none *Words
	if _, ok := none.Word("en", "a"); ok {
		t.Error("no words know a word")
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{
		"schema: assay/words@1\nzh-Hant: { \"a b\": 甲 }\nen: {}\n", "", "[", "schema: assay/words@1\nzh-Hant: [1]\n",
		"a: &x [*x]\n", "schema: assay/words@1\nzh-Hant: { ? [a] : b, : , ~: ~ }\n", "schema: assay/words@1\nen: { <<: { a: b } }\n",
	} {
		f.Add([]byte(s))
	}
	lim := limit.Default().YAML
	f.Fuzz(func(t *testing.T, data []byte) {
		w, problems := LoadWords(WordsFile, data, lim)
		for _, p := range problems {
			if p.Line < 0 || p.Reason.Key == "" {
				t.Errorf("problem %+v", p)
			}
		}
		for text, word := range w.En {
			if text == "" || word == "" || len(text) > maxWord || len(word) > maxWord {
				t.Errorf("%q: %q", text, word)
			}
			if got, ok := w.Word("en", " "+text+" "); !ok || got != word {
				t.Errorf("%q isn't found", text)
			}
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"schema":"assay/publication-manifest@1","documents":[{"id":"a","date":"2026-01-01","files":[{"name":"a.en.html","sha256":"` + strings.Repeat("0", 64) + `"}],"sentences":[{"id":"a#b","text":{"en":"x"},"sources":[{"file":"assay.yaml","path":"a"}]}]}]}`))
	f.Add([]byte(`{}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseManifest(data)
		if err != nil {
			return
		}
		for _, d := range m.Documents {
			for _, x := range d.Files {
				if filepath.Base(x.Name) != x.Name || strings.HasPrefix(x.Name, ".") {
					t.Errorf("%q leads out of the folder", x.Name)
				}
			}
		}
	})
}
