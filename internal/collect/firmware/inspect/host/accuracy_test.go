package host_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/host"
	"assay/internal/collect/firmware/inspect/inspecttest"
	"assay/internal/collect/firmware/inspect/keyword"
	"assay/internal/testdata"
)

type truth struct {
	Hosts []struct {
		Host  string   `json:"host"`
		Port  int      `json:"port"`
		Paths []string `json:"paths"`
	} `json:"hosts"`
	Planted []struct {
		Kind, Path, Value string
		Offset            *int64
		Line              int
	} `json:"planted"`
	Decoys []struct {
		Path, Value, Why string
	} `json:"decoys"`
}

func truthOf(t testing.TB, image string) truth {
	t.Helper()
	b, err := os.ReadFile(testdata.Dir(t, "firmware/built", image, image+".truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var tr truth
	if err := json.Unmarshal(b, &tr); err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestAccuracyOnCameras(t *testing.T) {
	t.Parallel()
	for _, img := range inspecttest.Images() {
		t.Run(img.Name, func(t *testing.T) {
			t.Parallel()
			entries, _ := inspecttest.Tree(t, img)
			tr := truthOf(t, img.Name)
			var uses []host.Use
			for _, e := range entries {
				if e.Type == "file" {
					uses = append(uses, usesOf(e.Path, e.Data)...)
				}
			}
			var score inspecttest.Score
			for _, h := range tr.Hosts {
				for _, p := range h.Paths {
					score.Planted++
					if slices.ContainsFunc(uses, func(u host.Use) bool {
						return u.Class.Contacted() && u.Host == h.Host && u.Path == p && (u.Port == h.Port || u.Port == 0)
					}) {
						score.Found++
					} else {
						t.Errorf("missed: %s:%d in %s", h.Host, h.Port, p)
					}
				}
			}
			for _, p := range tr.Planted {
				if p.Kind != "undeclared-host" && p.Kind != "hard-coded-resolver" {
					continue
				}
				if !slices.ContainsFunc(uses, func(u host.Use) bool {
					return u.Class.Contacted() && u.Path == p.Path && u.Host == p.Value && (p.Line == 0 || u.Line == p.Line) && (p.Offset == nil || u.Offset == *p.Offset)
				}) {
					t.Errorf("missed: %s in %s", p.Value, p.Path)
				}
			}
			seen := map[string]bool{}
			for _, u := range uses {
				known := false
				for _, h := range tr.Hosts {
					known = known || h.Host == u.Host
				}
				if u.Class.Contacted() && !known && !seen[u.Host] {
					seen[u.Host] = true
					score.Extra++
					t.Errorf("nobody planted: %s:%d %s line %d offset %d %s %s %q", u.Host, u.Port, u.Path, u.Line, u.Offset, u.Class, u.Evidence, u.Text)
				}
				for _, d := range tr.Decoys {
					if u.Path == d.Path && u.Class.Contacted() {
						t.Errorf("decoy reported: %+v (%s)", u, d.Why)
					}
				}
			}
			t.Logf("recall %.3f, precision %.3f (%+v)", score.Recall(), score.Precision(), score)
		})
	}
}

// BenchmarkScan is the cost of the hits of one camera's tree; finding the words
// is the engine's.
func BenchmarkScan(b *testing.B) {
	entries, _ := inspecttest.Tree(b, inspecttest.Images()[0])
	type file struct {
		path  string
		data  []byte
		found []keyword.Hit
	}
	var files []file
	var size int64
	for _, e := range entries {
		if e.Type == "file" {
			files = append(files, file{e.Path, e.Data, find(e.Data)})
			size += int64(len(e.Data))
		}
	}
	b.SetBytes(size)
	for b.Loop() {
		for _, f := range files {
			host.Scan(inspect.New(f.path, 0o644, f.data), f.found)
		}
	}
}
