package firmware

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/unpack"
)

// TestKeptByOrder: of more records than are kept it doesn't depend on their
// order which ones are, though the trees are named only at the end: the first by
// marked path are the last by the one that people read.
func TestKeptByOrder(t *testing.T) {
	t.Parallel()
	var all []Record
	for tree, within := range []string{"z.zip", "a.zip", ""} {
		all = append(all, Record{Volume: &unpack.Volume{ID: tree, Parent: 2, Within: "/" + within, Done: true}})
		for i := range 9 * most / 10 {
			p := mark(tree, fmt.Sprintf("/f%05d", i))
			all = append(all, Record{Gap: &Gap{Path: p, Why: "limit"}}, Record{Entry: &Entry{Path: p}})
		}
		all = append(all, Record{Version: &Version{Value: fmt.Sprint("v", tree), Where: inspect.Where{Path: mark(tree, "/etc/version")}}})
	}
	all[slices.IndexFunc(all, func(r Record) bool { return r.Volume != nil && r.Volume.ID == 2 })].Volume = &unpack.Volume{ID: 2, Parent: -1, Roots: 9}
	want := ""
	for seed := range uint64(2) {
		shuffled := slices.Clone(all)
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(all), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		g := Gather{Keep: most}
		for _, r := range shuffled {
			g.Add(r)
		}
		r := g.Finish(at, 0)
		if len(r.Entries) != most || r.More != 3*9*most/10-most || len(r.Gaps) != most+1 {
			t.Errorf("%d entries and %d more, %d gaps", len(r.Entries), r.More, len(r.Gaps))
		}
		if r.Version == nil || r.Version.Value != "v2" {
			t.Errorf("version %v, want that of the root file system", r.Version)
		}
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if want == "" {
			want = string(b)
		}
		if string(b) != want {
			t.Errorf("seed %d: another result", seed)
		}
	}
}
