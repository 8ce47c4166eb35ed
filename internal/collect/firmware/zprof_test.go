package firmware

import (
	"bytes"
	"context"
	"os"
	"testing"
)

func BenchmarkWhole(b *testing.B) {
	data, err := os.ReadFile(os.Getenv("IMG"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := Analyse(context.Background(), bytes.NewReader(data), Options{Now: at}, func(Record) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
