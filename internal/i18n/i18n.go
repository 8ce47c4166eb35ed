// Package i18n holds everything that a person reads, in English and in
// Traditional Chinese (Taiwan), from one place: texts/*.yaml, where both
// languages of a text stand side by side under one key.
//
// In: a language, a key, named arguments. Out: a sentence. A key that is
// missing comes out as the key itself, and a test of the repository finds it.
package i18n

import (
	"embed"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/language"
)

//go:embed texts/*.yaml
var files embed.FS

// Lang is one of the two languages.
type Lang string

const (
	En Lang = "en"
	Zh Lang = "zh-Hant"
)

// Langs lists the languages.
func Langs() []Lang { return []Lang{En, Zh} }

// ParseLang reads a flag's value.
func ParseLang(s string) (Lang, error) {
	switch Lang(s) {
	case En, Zh:
		return Lang(s), nil
	case "zh", "zh-TW", "zh-HK":
		return Zh, nil
	}
	return "", fmt.Errorf("unknown language %q: use en or zh-Hant", s)
}

// FromEnvironment picks the language from LC_ALL, LC_MESSAGES or LANG, as
// getenv gives them; English unless it is Chinese.
func FromEnvironment(getenv func(string) string) Lang {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		v := getenv(name)
		if v == "" {
			continue
		}
		v, _, _ = strings.Cut(v, ".")
		tag, err := language.Parse(strings.ReplaceAll(v, "_", "-"))
		if err != nil {
			return En
		}
		if base, _ := tag.Base(); base.String() == "zh" {
			return Zh
		}
		return En
	}
	return En
}

// Text is one text in both languages.
type Text struct {
	En string `yaml:"en"`
	Zh string `yaml:"zh-Hant"`
}

// Texts is the catalogue.
type Texts struct {
	byKey map[string]*entry
	said  func() *sayings // made when it is first asked for
}

// Load reads the embedded catalogue. A key that stands twice is an error with
// the file's name; Check finds what else may be wrong.
func Load() (*Texts, error) { return load(files) }

// load finds the keys of every texts/*.yaml of fsys.
func load(fsys fs.FS) (*Texts, error) {
	names, err := fs.Glob(fsys, "texts/*.yaml")
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("no texts are embedded: %v", err)
	}
	t := &Texts{byKey: make(map[string]*entry)}
	t.said = sync.OnceValue(t.compile)
	for _, name := range names {
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		for key, raw := range entries(string(b)) {
			if _, ok := t.byKey[key]; ok {
				return nil, fmt.Errorf("%s: the key %s stands twice", name, key)
			}
			t.byKey[key] = &entry{file: name, raw: raw}
		}
	}
	return t, nil
}

// entry is a text as it stands in a file. A command needs some of two thousand:
// it is read when it is first asked for.
type entry struct {
	file, raw string
	once      sync.Once
	text      Text
	err       error
}

// entries goes through the keys of a file, with the lines that each has. A key
// is what begins a line; neither quotes nor a colon stand in one.
func entries(file string) iter.Seq2[string, string] {
	return func(yield func(key, raw string) bool) {
		key, from := "", 0
		for at := 0; at < len(file); {
			end := len(file)
			if n := strings.IndexByte(file[at:], '\n'); n >= 0 {
				end = at + n + 1
			}
			if line := file[at:end]; !strings.ContainsAny(line[:1], " #\r\n") {
				if key != "" && !yield(key, file[from:at]) {
					return
				}
				key, _, _ = strings.Cut(strings.TrimSpace(line), ":")
				from = at
			}
			at = end
		}
		if key != "" {
			yield(key, file[from:])
		}
	}
}

// read returns the text; a failure is its error ever after.
func (e *entry) read(key string) (Text, error) {
	e.once.Do(func() {
		var m map[string]Text
		dec := yaml.NewDecoder(strings.NewReader(e.raw))
		dec.KnownFields(true)
		if err := dec.Decode(&m); err != nil {
			e.err = fmt.Errorf("%s: %s: %w", e.file, key, err)
			return
		}
		var ok bool
		if e.text, ok = m[key]; !ok || len(m) != 1 {
			e.err = fmt.Errorf("%s: %s is no key", e.file, key)
		} else if e.text.En == "" || e.text.Zh == "" {
			e.err = fmt.Errorf("%s: %s lacks a language", e.file, key)
		}
	})
	return e.text, e.err
}

// Check reads every text: one that can't be read, or lacks a language, is an
// error with its file and key.
func (t *Texts) Check() error {
	for _, k := range t.Keys() {
		if _, err := t.byKey[k].read(k); err != nil {
			return err
		}
	}
	return nil
}

// Must is Load for the program's start: the embedded catalogue is part of
// the program, and a test loads it.
func Must() *Texts {
	t, err := Load()
	if err != nil {
		fmt.Fprintln(os.Stderr, "assay:", err)
		os.Exit(4)
	}
	return t
}

// Has says whether a key exists.
func (t *Texts) Has(key string) bool { _, ok := t.byKey[key]; return ok }

// Keys lists every key, sorted.
func (t *Texts) Keys() []string {
	out := make([]string, 0, len(t.byKey))
	for k := range t.byKey {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// Get returns a text in both languages.
func (t *Texts) Get(key string) (Text, bool) {
	e := t.byKey[key]
	if e == nil {
		return Text{}, false
	}
	text, err := e.read(key)
	return text, err == nil
}

// T writes a text: {name} is replaced by the argument of that name. An
// argument that is itself a key (secret.private-key, source.list) is written
// in the language too.
func (t *Texts) T(lang Lang, key string, args map[string]string) string {
	text, ok := t.Get(key)
	if !ok {
		return key
	}
	s := text.En
	if lang == Zh {
		s = text.Zh
	}
	if len(args) == 0 || !strings.Contains(s, "{") {
		return s
	}
	if args["line"] == "0" { // a place in what has no lines
		s = strings.ReplaceAll(s, ":{line}", "")
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '{')
		if i < 0 {
			break
		}
		j := strings.IndexByte(s[i:], '}')
		if j < 0 {
			break
		}
		name := s[i+1 : i+j]
		b.WriteString(s[:i])
		if v, ok := args[name]; ok {
			if t.Has(v) {
				v = t.T(lang, v, nil)
			}
			b.WriteString(v)
		} else {
			b.WriteString(s[i : i+j+1])
		}
		s = s[i+j+1:]
	}
	b.WriteString(s)
	return b.String()
}

// S is T with name, value pairs.
func (t *Texts) S(lang Lang, key string, args ...string) string {
	m := make(map[string]string, len(args)/2)
	for i := 0; i+1 < len(args); i += 2 {
		m[args[i]] = args[i+1]
	}
	return t.T(lang, key, m)
}
