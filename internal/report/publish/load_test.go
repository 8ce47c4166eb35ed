package publish

import (
	"context"
	"os"
	"path/filepath"
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
	return Input{View: record.NewView(p, clock, nil), Lang: i18n.En, Texts: i18n.Must(), Now: clock}
}

func templates(t *testing.T) []*Template {
	t.Helper()
	ts, err := Documents()
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

func TestScratch(t *testing.T) {
	s := all(t, workspace(t, os.Getenv("SCRATCH")))
	m, err := Write(context.Background(), filepath.Join("/tmp/h/i4", "docs-out"), s)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range m.Documents {
		t.Log(d.ID, d.Draft, len(d.Says), d.Errors)
	}
	for _, ds := range s.Documents {
		for _, d := range ds {
			if len(d.Errors) > 0 {
				t.Log(d.Lang, d.Errors)
			}
			t.Log(d.ID, d.Lang, len(d.Notices))
		}
	}
}
