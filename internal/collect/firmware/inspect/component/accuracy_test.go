package component

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mikelolasagasti/xz"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/inspecttest"
	"assay/internal/testdata"
)

// packaged is what was put into an image.
type packaged struct {
	Name, Version, Source string
	Upstream              string `json:"upstream_version"`
	Files                 []string
}

// wanted is a source in one upstream version, as the rules call it.
type wanted struct{ name, version string }

func truthOf(t testing.TB, img inspecttest.Image) (code, data []wanted) {
	t.Helper()
	b, err := os.ReadFile(testdata.Dir(t, "firmware/built", img.Name, img.Name+".truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var truth struct{ Components []packaged }
	if err := json.Unmarshal(b, &truth); err != nil {
		t.Fatal(err)
	}
	for _, c := range truth.Components {
		w := wanted{c.Source, clean(c.Upstream)}
		r := rules().bySource(c.Source)
		if r != nil {
			w.name = r.Name
		}
		list := &code
		if dataPackage(c.Name) || r != nil && r.DataOnly {
			list = &data
		}
		if !slices.Contains(*list, w) {
			*list = append(*list, w)
		}
	}
	return code, data
}

// unpackKernel finds the compressed kernel behind the code that unpacks it.
func unpackKernel(t testing.TB, img inspecttest.Image) []byte {
	t.Helper()
	b, err := os.ReadFile(testdata.Dir(t, "firmware/built", img.Name, img.File))
	if err != nil {
		t.Fatal(err)
	}
	magic := []byte("\xfd7zXZ\x00")
	b = b[:img.Offset]
	for {
		i := bytes.Index(b, magic)
		if i < 0 {
			return nil
		}
		if r, err := xz.NewReader(bytes.NewReader(b[i:]), 64<<20); err == nil {
			if out, _ := io.ReadAll(io.LimitReader(r, 64<<20)); len(out) > 1<<20 {
				return out
			}
		}
		b = b[i+1:]
	}
}

// inventoryOf scans the tree of an image, its kernel and what stands before the
// tree, and leaves package databases out.
func inventoryOf(t testing.TB, img inspecttest.Image, rs *RuleSet) Result {
	t.Helper()
	entries, _ := inspecttest.Tree(t, img)
	find := inspecttest.Finder(Words())
	v := NewInventory()
	add := func(path string, data []byte) {
		f := inspect.New(path, 0o644, data)
		out := scan(rs, f, find(data), f.Program())
		out.Packages = slices.DeleteFunc(out.Packages, func(p Package) bool { return p.Database != FromNote })
		v.Add(out)
	}
	for _, e := range entries {
		if e.Type == "file" {
			add(e.Path, e.Data)
		}
	}
	if k := unpackKernel(t, img); k != nil {
		add("kernel", k)
	}
	return v.Result()
}

// score is what was found against what there is.
type score struct {
	hit, all, right, reported, data, dataAll int
	missed, extra                            []string
}

func (s score) recall() float64    { return 100 * float64(s.hit) / float64(max(1, s.all)) }
func (s score) precision() float64 { return 100 * float64(s.right) / float64(max(1, s.reported)) }

func scoreOf(res Result, code, data []wanted) score {
	is := func(w wanted, c Component) bool { return w.name == c.Name && same(c.Version, w.version) }
	found := func(w wanted) bool {
		return slices.ContainsFunc(res.Components, func(c Component) bool { return is(w, c) })
	}
	s := score{all: len(code), dataAll: len(data)}
	for _, w := range code {
		if found(w) {
			s.hit++
		} else {
			s.missed = append(s.missed, w.name+" "+w.version+seenAs(res, w.name))
		}
	}
	for _, w := range data {
		if found(w) {
			s.data++
		}
	}
	for _, c := range res.Components {
		switch {
		case slices.ContainsFunc(data, func(w wanted) bool { return is(w, c) }):
			// Data is counted apart.
		case c.Name == linux && !slices.ContainsFunc(code, func(w wanted) bool { return w.name == linux }):
			// Truth files of some images list the root file system only.
		case slices.ContainsFunc(code, func(w wanted) bool { return is(w, c) }):
			s.right++
			s.reported++
		default:
			s.reported++
			s.extra = append(s.extra, c.Name+" "+c.Version+" ("+c.Evidence[0].Path+": "+c.Evidence[0].Text+")")
		}
	}
	return s
}

// TestAccuracyOfComponents holds what is found with no package database against
// what the images were built of: with everything, and without the list of build
// ids, which knows the distribution that these images are made of.
func TestAccuracyOfComponents(t *testing.T) {
	t.Parallel()
	plain := *rules()
	plain.builds = func() map[buildKey]build { return nil }
	for _, img := range inspecttest.Images() {
		t.Run(img.Name, func(t *testing.T) {
			t.Parallel()
			code, data := truthOf(t, img)
			for _, run := range []struct {
				name              string
				rs                *RuleSet
				recall, precision float64 // at least
			}{
				{"all", rules(), 95, 98},
				{"no build ids", &plain, 75, 98},
			} {
				res := inventoryOf(t, img, run.rs)
				s := scoreOf(res, code, data)
				t.Logf("%-18s %-12s found %d of %d (recall %.1f %%), right %d of %d reported (precision %.1f %%), data only %d of %d, version unknown %d, ELF files unattributed %d",
					img.Name, run.name, s.hit, s.all, s.recall(), s.right, s.reported, s.precision(), s.data, s.dataAll, len(res.Unknown), len(res.Unattributed))
				for _, m := range s.missed {
					t.Logf("%s: missed: %s", img.Name, m)
				}
				for _, x := range s.extra {
					t.Logf("%s: extra: %s", img.Name, x)
				}
				if s.recall() < run.recall || s.precision() < run.precision {
					t.Errorf("%s: recall %.1f %%, precision %.1f %%, want %.0f and %.0f", run.name, s.recall(), s.precision(), run.recall, run.precision)
				}
			}
		})
	}
}

func seenAs(res Result, name string) string {
	for _, c := range slices.Concat(res.Components, res.Unknown) {
		if c.Name == name {
			return " (seen as " + strings.TrimSpace(c.Version+" "+c.Range) + ")"
		}
	}
	return ""
}
