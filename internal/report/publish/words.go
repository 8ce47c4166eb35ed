package publish

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

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
	Zh, En map[string]string // by the text in the other language
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
	r := &wordReader{file: name, words: &Words{Zh: map[string]string{}, En: map[string]string{}}}
	root, faults := yamltree.Parse(data, yamltree.Limits(lim))
	for _, f := range faults {
		if f.Reason == yamltree.Empty {
			r.problem(f.Line, "publish.problem.empty", "schema", WordsSchema)
			continue
		}
		args := []string{"path", f.Path}
		for _, k := range slices.Sorted(maps.Keys(f.Args)) {
			args = append(args, k, f.Args[k])
		}
		r.problem(f.Line, "problem."+string(f.Reason), args...)
	}
	if root != nil {
		r.document(root)
	}
	return r.words, r.problems
}

// maxProblems bounds what is reported of one file.
const maxProblems = 100

// wordReader reads the tree by hand: its keys are whole texts, longer than
// the keys of other formats may be.
type wordReader struct {
	file     string
	words    *Words
	problems []Problem
}

func (r *wordReader) problem(line int, key string, args ...string) {
	if len(r.problems) < maxProblems {
		r.problems = append(r.problems, Problem{r.file, line, verdict.Because(key, args...)})
	}
}

// found names what stands in the place of something else.
func found(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "[…]"
	case yaml.MappingNode:
		return "{…}"
	case yaml.AliasNode:
		return "*" + n.Value
	}
	return short(n.Value)
}

func (r *wordReader) document(root *yaml.Node) {
	if root.Kind != yaml.MappingNode {
		r.problem(root.Line, "yaml.want-fields", "path", "", "found", found(root))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		k, v := root.Content[i], root.Content[i+1]
		if first, twice := seen[k.Value]; twice {
			r.problem(k.Line, "yaml.duplicate-key", "path", k.Value, "field", short(k.Value), "first", strconv.Itoa(first))
			continue
		}
		seen[k.Value] = k.Line
		switch k.Value {
		case "schema":
			if v.Value != WordsSchema {
				r.problem(v.Line, "publish.problem.schema", "schema", found(v), "want", WordsSchema)
			}
		case "zh-Hant":
			r.language(k.Value, v, r.words.Zh)
		case "en":
			r.language(k.Value, v, r.words.En)
		default:
			r.problem(k.Line, "yaml.unknown-field", "path", short(k.Value), "field", short(k.Value))
		}
	}
	if seen["schema"] == 0 {
		r.problem(root.Line, "yaml.missing-field", "path", "schema", "field", "schema")
	}
}

func (r *wordReader) language(lang string, n *yaml.Node, into map[string]string) {
	if yamltree.IsNull(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.problem(n.Line, "yaml.want-fields", "path", lang, "found", found(n))
		return
	}
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		text, word := strings.TrimSpace(k.Value), strings.TrimSpace(v.Value)
		args := []string{"path", lang, "lang", lang, "text", short(text), "field", short(text)}
		switch {
		case k.Kind != yaml.ScalarNode || v.Kind != yaml.ScalarNode:
			r.problem(k.Line, "yaml.want-text", append(args, "found", found(v))...)
		case lines[text] > 0:
			r.problem(k.Line, "yaml.duplicate-key", append(args, "first", strconv.Itoa(lines[text]))...)
		case len(text) > maxWord || len(word) > maxWord:
			r.problem(k.Line, "publish.problem.too-long", append(args, "limit", strconv.Itoa(maxWord))...)
		case text == "" || word == "" || yamltree.IsNull(v):
			r.problem(k.Line, "publish.problem.no-words", args...)
		case len(into) == maxWords:
			r.problem(k.Line, "publish.problem.too-many", append(args, "limit", strconv.Itoa(maxWords))...)
			return
		default:
			into[text], lines[text] = word, k.Line
		}
	}
}
