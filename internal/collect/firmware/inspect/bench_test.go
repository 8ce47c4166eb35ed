package inspect_test

import (
	"fmt"
	"testing"
	"time"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/apk"
	"assay/internal/collect/firmware/inspect/binary"
	"assay/internal/collect/firmware/inspect/cert"
	"assay/internal/collect/firmware/inspect/inspecttest"
	"assay/internal/collect/firmware/inspect/keyword"
	"assay/internal/collect/firmware/inspect/perm"
	"assay/internal/collect/firmware/inspect/startup"
	"assay/internal/collect/firmware/inspect/system"
)

// BenchmarkInspect runs inspectors over the tree of a camera in memory, with the
// places of their words known. Each begins with new Files, so that what Files
// work out once (a program's headers, a script's commands) counts for each;
// "together" counts it once.
func BenchmarkInspect(b *testing.B) {
	now := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
	var entries []inspecttest.Entry
	var total int64
	all, _ := inspecttest.Tree(b, inspecttest.Images()[0])
	for _, e := range all {
		if e.Type == "file" {
			entries = append(entries, e)
			total += int64(len(e.Data))
		}
	}
	type hits [3][]keyword.Hit
	found := make([]hits, len(entries))
	for i, e := range entries {
		for k, words := range [][]string{startup.Words(), system.Words(), binary.Words()} {
			found[i][k] = inspecttest.Find(words, e.Data)
		}
	}
	each := map[string]func(f *inspect.File, h hits){
		"startup": func(f *inspect.File, h hits) { startup.Scan(f, h[0]) },
		"system":  func(f *inspect.File, h hits) { system.Scan(f, h[1]) },
		"binary":  func(f *inspect.File, h hits) { binary.Scan(f, h[2]) },
		"cert":    func(f *inspect.File, _ hits) { cert.Scan(f, now) },
		"perm":    func(f *inspect.File, _ hits) { perm.Of(perm.Entry{Path: f.Path, Type: "file", Mode: f.Mode}) },
		"apk":     func(f *inspect.File, _ hits) { apk.Scan(f) },
		"file":    func(*inspect.File, hits) {},
	}
	run := func(name string, fn func(f *inspect.File, h hits)) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(total)
			for b.Loop() {
				for i, e := range entries {
					fn(inspect.New(e.Path, e.Mode, e.Data), found[i])
				}
			}
		})
	}
	for _, name := range []string{"file", "startup", "system", "binary", "cert", "perm", "apk"} {
		run(name, each[name])
	}
	run("together", func(f *inspect.File, h hits) {
		for _, fn := range each {
			fn(f, h)
		}
	})
}

func ExampleFile_Line() {
	f := inspect.New("/etc/motd", 0o644, []byte("one\ntwo\n"))
	fmt.Println(f.Line(0), f.Line(3), f.Line(4))
	// Output: 1 1 2
}
