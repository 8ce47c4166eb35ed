package threat

import (
	"slices"
	"strings"
	"testing"

	"assay/internal/standard"
	"assay/internal/thread"
)

// threadsOf links a model, with the kinds in the order of a thread.
func threadsOf(m *Model, l *Library, all []*standard.Standard) *thread.Threads {
	x := thread.New(NodeElement, NodeAnnex, NodeRule, NodeThreat, NodeWeakness, NodeRequirement, NodeCase)
	Link(x, m, l, all)
	return x
}

func threads(t *testing.T) (*thread.Threads, *Model) {
	t.Helper()
	l, _, problems := bare(t, own)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	m, _ := houseModel(t)
	all, err := standard.All()
	if err != nil {
		t.Fatal(err)
	}
	return threadsOf(m, l, all), m
}

func ids(nodes []thread.Node, k thread.Kind) []string {
	var out []string
	for _, n := range nodes {
		if n.Kind == k {
			out = append(out, n.ID)
		}
	}
	return out
}

// TestThread follows one thread from both of its ends.
func TestThread(t *testing.T) {
	t.Parallel()
	x, _ := threads(t)
	n, err := x.Find("walks-in@interface/web")
	if err != nil {
		t.Fatal(err)
	}
	th := x.Thread(n)
	if got := ids(th.Up, NodeElement); !slices.Contains(got, "interface/web") {
		t.Errorf("the threat's element: %v", got)
	}
	if got := ids(th.Down, NodeWeakness); !slices.Equal(got, []string{"open-door"}) {
		t.Errorf("the threat's weaknesses: %v", got)
	}
	if got := ids(th.Down, NodeRequirement); !slices.Equal(got, []string{"etsi-en-303-645/5.5-4", "iot-1005-1/5.1.1.3"}) {
		t.Errorf("its requirements: %v", got)
	}
	cases := ids(th.Down, NodeCase)
	if !slices.Contains(cases, "auth.required") {
		t.Errorf("its test cases: %v", cases)
	}
	back, err := x.Find("auth.required")
	if err != nil {
		t.Fatal(err)
	}
	if got := ids(x.Thread(back).Up, NodeThreat); !slices.Contains(got, "walks-in@interface/web") {
		t.Errorf("the way back from a test case: %v", got)
	}
}

// TestEveryLinkGoesBothWays: whatever leads down leads up again, and every
// end of a link is an id that can be asked for.
func TestEveryLinkGoesBothWays(t *testing.T) {
	t.Parallel()
	x, _ := threads(t)
	known := map[thread.Node]bool{}
	for _, n := range x.Nodes() {
		known[n] = true
	}
	for n := range known {
		up, down := x.Next(n)
		for _, other := range down {
			back, _ := x.Next(other)
			if !known[other] || !slices.Contains(back, n) {
				t.Errorf("%v leads to %v, and nothing leads back", n, other)
			}
		}
		for _, other := range up {
			if _, back := x.Next(other); !known[other] || !slices.Contains(back, n) {
				t.Errorf("%v answers %v, which doesn't know of it", n, other)
			}
		}
	}
}

func TestFindSaysWhatItCouldMean(t *testing.T) {
	t.Parallel()
	x, _ := threads(t)
	for _, c := range []struct{ id, want, fault string }{
		{"iot-1005-1/5.4.2.1", "iot-1005-1/5.4.2.1", ""},
		{"5.4.2.1", "iot-1005-1/5.4.2.1", ""},
		{"open-door", "open-door", ""},
		{"web", "interface/web", ""},
		{"walks", "", "rule walks-in"},
		{"", "", "nothing has the id"},
		{"no-such-thing", "", "nothing has the id"},
	} {
		n, err := x.Find(c.id)
		if c.fault == "" && (err != nil || n.ID != c.want) || c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)) {
			t.Errorf("Find(%q) = %v, %v; want %q, %q", c.id, n, err, c.want, c.fault)
		}
	}
}

// TestNothingDangles: on a camera, with all rules, every threat leads to an
// element and to requirements that exist, every weakness of the library to a
// requirement, and every rule and weakness can be asked for.
func TestNothingDangles(t *testing.T) {
	t.Parallel()
	all := standards(t)
	a, err := Analyse(t.Context(), Question{Product: template(t, "camera"), Library: library(t), Standards: all})
	if err != nil {
		t.Fatal(err)
	}
	x := threadsOf(a.Model, library(t), all)
	known := map[string]bool{}
	for _, s := range all {
		for _, r := range s.Requirements {
			known[Ref{s.ID, r.ID}.String()] = true
		}
	}
	tested := 0
	for _, n := range x.Nodes() {
		th := x.Thread(n)
		requirements := ids(th.Down, NodeRequirement)
		switch n.Kind {
		case NodeThreat:
			if len(ids(th.Up, NodeElement)) != 1 || len(ids(th.Up, NodeRule)) != 1 || len(ids(th.Down, NodeWeakness)) == 0 || len(requirements) == 0 {
				t.Errorf("%s hangs on %v and leads to %v", n.ID, th.Up, th.Down)
			}
			if len(ids(th.Down, NodeCase)) > 0 {
				tested++
			}
		case NodeWeakness:
			if len(requirements) == 0 {
				t.Errorf("weakness %s leads to no requirement", n.ID)
			}
		}
		for _, id := range requirements {
			if !known[id] {
				t.Errorf("%s leads to %s, which no standard has", n.ID, id)
			}
		}
	}
	if tested*10 < len(a.Threats)*8 {
		t.Errorf("only %d of %d threats lead to a test case", tested, len(a.Threats))
	}
}
