package binary_test

import (
	"slices"
	"testing"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/binary"
	"assay/internal/collect/firmware/inspect/inspecttest"
)

func TestAccuracy(t *testing.T) {
	t.Parallel()
	kinds := []string{binary.NotHardened, binary.UnsafeFunctions, binary.DebugSymbols, binary.BuildTrace}
	for _, img := range inspecttest.Images() {
		entries, truth := inspecttest.Tree(t, img)
		var got []inspect.Weakness
		for _, e := range entries {
			if e.Type != "file" {
				continue
			}
			f := inspect.New(e.Path, e.Mode, e.Data)
			if r := binary.Scan(f, inspecttest.Find(binary.Words(), e.Data)); r != nil {
				got = append(got, r.Weaknesses(false)...)
			}
		}
		inspecttest.Table(t, img, truth, func(p inspecttest.Planted) (mine, found bool) {
			return slices.Contains(kinds, p.Kind), slices.ContainsFunc(got, func(w inspect.Weakness) bool {
				return w.Kind == p.Kind && w.Path == p.Path && (p.Offset == nil || w.Offset == *p.Offset)
			})
		})
		for _, w := range got {
			switch {
			case slices.ContainsFunc(truth.Planted, func(p inspecttest.Planted) bool { return p.Path == w.Path }):
			case img.Hardened() && w.Kind == binary.BuildTrace && w.Path == "/usr/sbin/ipcamd":
				// The hardened program keeps the name of the build server, too: it
				// is there, and nobody planted it.
			default:
				t.Errorf("%s: nobody planted %+v", img.Name, w)
			}
		}
	}
}
