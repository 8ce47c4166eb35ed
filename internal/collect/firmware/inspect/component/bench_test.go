package component

import (
	"encoding/json"
	"testing"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/inspecttest"
	"assay/internal/collect/firmware/inspect/keyword"
)

// BenchmarkScan goes over the tree and the kernel of a camera; the search,
// which all inspectors share, is measured apart.
func BenchmarkScan(b *testing.B) {
	img := inspecttest.Images()[0]
	entries, _ := inspecttest.Tree(b, img)
	type file struct {
		path string
		data []byte
		hits []keyword.Hit
	}
	var files []file
	var total int64
	find := inspecttest.Finder(Words())
	add := func(path string, data []byte) {
		files = append(files, file{path, data, find(data)})
		total += int64(len(data))
	}
	for _, e := range entries {
		if e.Type == "file" {
			add(e.Path, e.Data)
		}
	}
	add("kernel", unpackKernel(b, img))
	hits := 0
	for _, f := range files {
		hits += len(f.hits)
	}
	b.Logf("%d files, %d bytes, %d words, %d hits", len(files), total, len(Words()), hits)
	b.Run("scan", func(b *testing.B) {
		b.SetBytes(total)
		for b.Loop() {
			v := NewInventory()
			for _, f := range files {
				v.Add(Scan(inspect.New(f.path, 0o644, f.data), f.hits))
			}
			v.Result()
		}
	})
	b.Run("parse", func(b *testing.B) { // what all inspectors share: kind, role, ELF headers
		b.SetBytes(total)
		for b.Loop() {
			for _, f := range files {
				inspect.New(f.path, 0o644, f.data).Program()
			}
		}
	})
	b.Run("words", func(b *testing.B) {
		b.SetBytes(total)
		find := inspecttest.Finder(Words())
		for b.Loop() {
			for _, f := range files {
				find(f.data)
			}
		}
	})
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			var list []*Rule
			if err := json.Unmarshal(ruleList, &list); err != nil {
				b.Fatal(err)
			}
			if _, err := newRuleSet(list); err != nil {
				b.Fatal(err)
			}
		}
	})
}
