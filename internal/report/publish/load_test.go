package publish

import (
	"bytes"
	"context"
	"os"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"assay/internal/i18n"
	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/record"
)

// clock is the day of the tests: the records that they use are made for it.
var clock = time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)

// workspace loads a folder as the program does.
func workspace(t *testing.T, dir string) Input {
	t.Helper()
	p, problems, err := product.LoadDir(dir, limit.Default().YAML)
	if err != nil || product.HasErrors(problems) {
		t.Fatalf("%s: %v %v", dir, err, problems)
	}
	words, bad := ReadWords(dir, limit.Default().YAML)
	if len(bad) > 0 {
		t.Fatalf("%s: words: %+v", dir, bad)
	}
	in := input(p)
	in.Words = words
	return in
}

func input(p *product.Product) Input {
	return Input{View: record.NewView(p, clock, nil), Lang: i18n.En, Texts: catalogue(), Now: clock}
}

// catalogue is the texts, read once.
var catalogue = sync.OnceValue(i18n.Must)

// loaded are the documents, compiled once: they are only read.
var loaded = sync.OnceValues(Documents)

func templates(t *testing.T) []*Template {
	t.Helper()
	ts, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

func all(t *testing.T, in Input) *Set {
	t.Helper()
	s, err := All(context.Background(), templates(t), in)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// records are the complete records that no document may find a gap in: a
// small one of this package, and those of the process.
func records(t *testing.T) map[string]stored {
	t.Helper()
	out := map[string]stored{}
	for _, dir := range []string{"testdata/sensor", "../../activity/testdata/camera", "../../activity/testdata/gateway"} {
		out[path.Base(dir)] = stored{workspace(t, dir), dir}
	}
	return out
}

// stored is a record with its folder.
type stored struct {
	Input
	dir string
}

// edited loads the small record after replacing text in its file.
func edited(t *testing.T, pairs ...string) Input {
	t.Helper()
	const dir = "testdata/sensor"
	raw, err := os.ReadFile(dir + "/assay.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for i := 0; i < len(pairs); i += 2 {
		if strings.Count(text, pairs[i]) != 1 {
			t.Fatalf("%q stands %d times in the record", pairs[i], strings.Count(text, pairs[i]))
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	p, problems := product.Load("assay.yaml", []byte(text), limit.Default().YAML)
	for _, x := range problems {
		t.Logf("%s:%d %s %v", x.File, x.Line, x.Key, x.Args)
	}
	words, _ := ReadWords(dir, limit.Default().YAML)
	in := input(p)
	in.Words = words
	return in
}

// documents lists the documents of a set in a language.
func documents(s *Set, lang i18n.Lang) []*Document {
	var out []*Document
	for _, docs := range s.Documents {
		for _, d := range docs {
			if d.Lang == lang {
				out = append(out, d)
			}
		}
	}
	return out
}

func html(t *testing.T, d *Document) string {
	t.Helper()
	var b bytes.Buffer
	if err := d.HTML(&b, catalogue()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func markdownOf(t *testing.T, d *Document) string {
	t.Helper()
	var b bytes.Buffer
	if err := d.Markdown(&b, catalogue()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
