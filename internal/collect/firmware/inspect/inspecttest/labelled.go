package inspecttest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Labelled is an invented file of a firmware image, with what stands in it on
// purpose; what isn't listed there is no secret and no host that is contacted.
type Labelled struct {
	File    string // its name in the set
	Path    string // in the image that it is invented for
	Note    string
	Secrets []Label
	Hosts   []Label
	Data    []byte `json:"-"`
}

// Label is one secret, or one host.
type Label struct {
	Kind   string
	User   string
	Value  string
	Host   string
	Port   int
	Offset int64
	Line   int // from 1; of texts
}

// Set returns the files of a folder below testdata of package inspect.
func Set(t testing.TB, name string) []Labelled {
	t.Helper()
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("the source folder is unknown")
	}
	dir := filepath.Join(filepath.Dir(file), "..", "testdata", name)
	b, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var set struct{ Files []Labelled }
	if err := json.Unmarshal(b, &set); err != nil {
		t.Fatal(err)
	}
	for i := range set.Files {
		if set.Files[i].Data, err = os.ReadFile(filepath.Join(dir, set.Files[i].File)); err != nil {
			t.Fatal(err)
		}
	}
	return set.Files
}

// Score counts what was found of what was planted, and what nobody planted.
type Score struct{ Found, Planted, Extra int }

// Recall is the share of what was planted that was found.
func (s Score) Recall() float64 { return float64(s.Found) / float64(max(1, s.Planted)) }

// Precision is the share of what was found that had been planted.
func (s Score) Precision() float64 { return float64(s.Found) / float64(max(1, s.Found+s.Extra)) }
