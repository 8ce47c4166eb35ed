package inspecttest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
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
	Exact   bool   `json:"-"` // each label stands for itself: one that is missed and each extra fail the test
}

// Label is one secret, or one host.
type Label struct {
	Kind   string
	User   string
	Value  string
	Host   string
	Port   int
	Offset int64
	Line   int  // from 1; of texts
	Beyond bool // known to be missed
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

// Finding is what an inspector reports, as far as labels tell.
type Finding struct {
	Kind, User, Value string
	Port              int
	Offset            int64
	Line              int
	Note              string
}

func (f Finding) is(l Label) bool {
	want := l.Value
	if l.Host != "" {
		want = l.Host
	}
	holds := want == "" || strings.Contains(f.Value, want) || strings.Contains(want, f.Value)
	if l.Host != "" {
		holds = strings.EqualFold(f.Value, l.Host)
	}
	return holds && (f.Offset == l.Offset || l.Line > 0 && f.Line == l.Line)
}

// Compare scores what was found in a set of files: find looks at one, and labels
// gives what it should find there. Misses and extras are named, as errors where
// the file is exact.
func Compare(t testing.TB, set []Labelled, labels func(l *Labelled) []Label, find func(l *Labelled) []Finding) Score {
	t.Helper()
	var all, kinds, users, ports Score
	for i := range set {
		l := &set[i]
		say := t.Logf
		if l.Exact {
			say = t.Errorf
		}
		got := find(l)
		used := make([]bool, len(got))
		for _, want := range labels(l) {
			all.Planted++
			k := slices.IndexFunc(got, func(f Finding) bool { return f.is(want) && f.Offset == want.Offset })
			if k < 0 {
				k = slices.IndexFunc(got, func(f Finding) bool { return f.is(want) })
			}
			if k < 0 {
				if want.Beyond {
					continue
				}
				say("%s: missed %s %q line %d offset %d", l.File, want.Kind, clip(want.Value+want.Host), want.Line, want.Offset)
				continue
			}
			if used[k] = true; want.Beyond {
				t.Errorf("%s: %q is found: it isn't beyond", l.File, want.Value)
			}
			all.Found++
			if want.Host != "" {
				ports.count(want.Port == 0, want.Port == got[k].Port, func() { t.Logf("%s: %s: port %d, want %d", l.File, want.Host, got[k].Port, want.Port) })
				continue
			}
			kinds.count(false, want.Kind == got[k].Kind, func() {
				t.Logf("%s: line %d offset %d is %s, want %s", l.File, want.Line, want.Offset, got[k].Kind, want.Kind)
			})
			users.count(want.User == "", want.User == got[k].User, func() { t.Logf("%s: line %d: user %q, want %q", l.File, want.Line, got[k].User, want.User) })
		}
		for k, f := range got {
			if !used[k] {
				all.Extra++
				say("%s: extra %s %q line %d offset %d: %s", l.File, f.Kind, clip(f.Value), f.Line, f.Offset, f.Note)
			}
		}
	}
	t.Logf("recall %.3f, precision %.3f (%+v); of those found: kind %.3f, user %.3f, port %.3f", all.Recall(), all.Precision(), all, kinds.Recall(), users.Recall(), ports.Recall())
	return all
}

func clip(s string) string { return s[:min(len(s), 60)] }

// Score counts what was found of what was planted, and what nobody planted.
type Score struct{ Found, Planted, Extra int }

func (s *Score) count(skip, ok bool, miss func()) {
	switch {
	case skip:
		return
	case ok:
		s.Found++
	default:
		miss()
	}
	s.Planted++
}

// Recall is the share of what was planted that was found.
func (s Score) Recall() float64 { return float64(s.Found) / float64(max(1, s.Planted)) }

// Precision is the share of what was found that had been planted.
func (s Score) Precision() float64 { return float64(s.Found) / float64(max(1, s.Found+s.Extra)) }
