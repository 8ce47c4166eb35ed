package activity

import (
	"os"
	"testing"
	"time"

	"assay/internal/limit"
	"assay/internal/product"
)

// BenchmarkNew is what every command about the record pays once: reading and
// compiling every rule.
func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := New(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAssess asks everything of a complete record.
func BenchmarkAssess(b *testing.B) {
	p, err := New()
	if err != nil {
		b.Fatal(err)
	}
	read := func(name string) []byte {
		raw, err := os.ReadFile("testdata/camera/" + name)
		if err != nil {
			b.Fatal(err)
		}
		return raw
	}
	m, _ := product.Load(product.FileName, read(product.FileName), limit.Default().YAML)
	a, _ := p.LoadAnswers(read(AnswersFile), limit.Default().YAML)
	in := Input{Product: m, Answers: a, Now: time.Date(2026, 6, 15, 0, 0, 0, 0, time.UTC),
		IDs: map[string][]string{"threat": nil, "misuse": nil, "case": nil, "requirement": nil}}
	for b.Loop() {
		if _, err := p.Assess(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
}
