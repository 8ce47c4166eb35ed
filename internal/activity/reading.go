package activity

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"assay/internal/limit"
	"assay/internal/product"
)

// Reading is how hard a document of the maker is to read.
type Reading struct {
	ID    string // of the document in assay.yaml
	Kind  string
	File  string
	Level string // plain | technical
}

// Where a text stops being plain. The measure is ours: long sentences and
// many long or abbreviated words; it says nothing of whether a text is good.
const (
	longSentence = 24  // words, on average; Han characters count half
	longWord     = 13  // letters
	hardShare    = 0.1 // of the words
	maxReading   = 1 << 20
)

// Readings reads the documents of a workspace that are plain text, Markdown
// or HTML, and says how hard they are to read. What can't be read is left
// out: the document collector reports it.
func Readings(dir string, p *product.Product, lim limit.YAML) []Reading {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil
	}
	defer root.Close() // opened for reading only
	var out []Reading
	for _, d := range p.Documents {
		if d.File == "" {
			continue
		}
		switch strings.ToLower(filepath.Ext(d.File)) {
		case ".md", ".txt", ".html", ".htm":
		default:
			continue
		}
		text, err := readText(root, d.File, min(lim.Size, maxReading))
		if err != nil {
			continue
		}
		out = append(out, Reading{d.ID, d.Kind, d.File, Level(text)})
	}
	return out
}

func readText(root *os.Root, name string, most int64) (string, error) {
	info, err := root.Stat(name)
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", errors.New("no regular file") // a pipe would block the open itself
	}
	f, err := root.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close() // opened for reading only
	b, err := io.ReadAll(io.LimitReader(f, most))
	return string(b), err
}

// Level says whether a text is plain or technical.
func Level(text string) string {
	var words, hard, sentences, word int
	upper, tag := 0, false
	end := func() {
		if word == 0 {
			return
		}
		words++
		if word >= longWord || word > 1 && upper == word {
			hard++
		}
		word, upper = 0, 0
	}
	half := 0
	for _, r := range text {
		switch {
		case r == '<':
			tag = true
		case r == '>':
			tag = false
		case tag:
		case unicode.Is(unicode.Han, r):
			end()
			if half++; half%2 == 0 {
				words++
			}
		case unicode.IsLetter(r) || r == '-' && word > 0:
			word++
			if unicode.IsUpper(r) {
				upper++
			}
		default:
			end()
			if strings.ContainsRune(".!?;:。！？；\n", r) {
				sentences++
			}
		}
	}
	end()
	if words == 0 {
		return "plain"
	}
	if float64(words)/float64(max(sentences, 1)) > longSentence || float64(hard)/float64(words) > hardShare {
		return "technical"
	}
	return "plain"
}

func readings(in []Reading) []any {
	out := make([]any, len(in))
	for i, r := range in {
		out[i] = map[string]any{"id": r.ID, "kind": r.Kind, "file": r.File, "level": r.Level}
	}
	return out
}
