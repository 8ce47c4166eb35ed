package publish

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"assay/internal/limit"
	"assay/internal/verdict"
	"assay/internal/yamltree"
)

// WordsFile is the name of the file in a workspace that holds what people
// wrote in the other language; WordsSchema is its first line.
const (
	WordsFile   = "words.yaml"
	WordsSchema = "assay/words@1"
)

// maxWords bounds the texts of one language; maxWord one text, in bytes.
const (
	maxWords = 20_000
	maxWord  = 20_000
)

// Words are the texts of people in the other language. It is a record.Words.
type Words struct {
	Schema string            `yaml:"schema" is:"required"`
	Zh     map[string]string `yaml:"zh-Hant"`
	En     map[string]string `yaml:"en"`
}

// Word finds a text in a language.
func (w *Words) Word(lang, text string) (string, bool) {
	if w == nil {
		return "", false
	}
	of := w.En
	if strings.HasPrefix(lang, "zh") {
		of = w.Zh
	}
	got, ok := of[strings.TrimSpace(text)]
	return got, ok && got != ""
}

// Problem is something that is wrong with a file; what could be read of it is
// kept.
type Problem struct {
	File   string
	Line   int // 0 for the file as a whole
	Reason verdict.Reason
}

// ReadWords reads the words.yaml of a workspace; without one there are none,
// which is no problem.
func ReadWords(dir string, lim limit.YAML) (*Words, []Problem) {
	data, err := readIn(dir, WordsFile, lim.Size)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &Words{}, nil
	case err != nil:
		return &Words{}, []Problem{{File: WordsFile, Reason: verdict.Because("publish.problem.unreadable", "error", err.Error())}}
	}
	return LoadWords(WordsFile, data, lim)
}

// readIn reads a file of a folder. Links that leave the folder are not followed.
func readIn(dir, name string, most int64) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close() // opened for reading only
	return readRoot(root, name, most)
}

func readRoot(root *os.Root, name string, most int64) ([]byte, error) {
	info, err := root.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no regular file") // a pipe would block the open itself
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() // opened for reading only
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		return data, nil // whoever reads it says what the limit is
	}
	return data, err
}

// LoadWords reads the bytes of a words.yaml. The name is used in problems only.
func LoadWords(name string, data []byte, lim limit.YAML) (*Words, []Problem) {
	w := &Words{}
	var out []Problem
	problem := func(line int, key string, args ...string) {
		out = append(out, Problem{name, line, verdict.Because(key, args...)})
	}
	faults := func(prefix string, all []yamltree.Fault) {
		for _, f := range all {
			args := []string{"path", f.Path}
			for _, k := range slices.Sorted(maps.Keys(f.Args)) {
				args = append(args, k, f.Args[k])
			}
			problem(f.Line, prefix+string(f.Reason), args...)
		}
	}
	root, bad := yamltree.Parse(data, yamltree.Limits(lim))
	if root == nil {
		if len(bad) > 0 && bad[0].Reason == yamltree.Empty {
			problem(bad[0].Line, "publish.problem.empty", "schema", WordsSchema)
			return w, out
		}
		faults("problem.", bad)
		return w, out
	}
	res := yamltree.Decode(root, w, yamltree.Limits(lim))
	faults("yaml.", res.Faults)
	if w.Schema != WordsSchema && w.Schema != "" {
		problem(res.Places["schema"].Line, "publish.problem.schema", "schema", w.Schema, "want", WordsSchema)
	}
	for _, of := range []struct {
		name  string
		words map[string]string
	}{{"zh-Hant", w.Zh}, {"en", w.En}} {
		w.bound(of.words, func(word, key string, args ...string) {
			line := res.Places[yamltree.FieldPath(of.name, word)].Line
			if line == 0 {
				line = res.Places[of.name].Line
			}
			problem(line, key, append(args, "text", short(word), "lang", of.name)...)
		})
	}
	return w, out
}

// bound takes out what is too long or too much, and says so.
func (w *Words) bound(words map[string]string, problem func(word, key string, args ...string)) {
	n := 0
	for _, text := range sortedKeys(words) {
		n++
		switch {
		case n > maxWords:
			if n == maxWords+1 {
				problem(text, "publish.problem.too-many", "limit", fmt.Sprint(maxWords))
			}
			delete(words, text)
		case len(text) > maxWord || len(words[text]) > maxWord:
			problem(text, "publish.problem.too-long", "limit", fmt.Sprint(maxWord))
			delete(words, text)
		case strings.TrimSpace(words[text]) == "":
			problem(text, "publish.problem.no-words")
			delete(words, text)
		case strings.TrimSpace(text) != text:
			words[strings.TrimSpace(text)] = words[text]
		}
	}
}
