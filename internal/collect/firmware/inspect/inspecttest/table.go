package inspecttest

import (
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"
)

// Hardened says that nothing was planted in the image.
func (i Image) Hardened() bool { return i.Name == "camera-hardened" }

// Table prints how many of the planted weaknesses of each kind were found, and
// fails where one was missed. holds says whether a weakness is of a kind that
// is looked for, and whether it was found.
func Table(t testing.TB, img Image, truth Truth, holds func(p Planted) (mine, found bool)) {
	t.Helper()
	var kinds []string
	all, found := map[string]int{}, map[string]int{}
	for _, p := range truth.Planted {
		mine, ok := holds(p)
		if !mine {
			continue
		}
		if all[p.Kind] == 0 {
			kinds = append(kinds, p.Kind)
		}
		all[p.Kind]++
		if ok {
			found[p.Kind]++
		} else {
			t.Errorf("%s: missed %s %s %s %q", img.Name, p.ID, p.Kind, p.Path, p.Value)
		}
	}
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s\tplanted\tfound\n", img.Name)
	for _, k := range kinds {
		fmt.Fprintf(w, "%s\t%d\t%d\n", k, all[k], found[k])
	}
	w.Flush()
	t.Log("\n" + table.String())
}
