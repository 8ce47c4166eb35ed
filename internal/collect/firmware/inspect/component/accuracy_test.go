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
// tree; without databases it leaves package databases out.
func inventoryOf(t testing.TB, img inspecttest.Image, databases bool) Result {
	t.Helper()
	entries, _ := inspecttest.Tree(t, img)
	find := finder(Words())
	v := NewInventory()
	add := func(path string, data []byte) {
		f := inspect.New(path, 0o644, data)
		out := Scan(f, find(data))
		if !databases {
			out.Packages = slices.DeleteFunc(out.Packages, func(p Package) bool { return p.Database != FromNote })
		}
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

// TestAccuracyOfComponents holds what is found with no package database against
// what the images were built of.
func TestAccuracyOfComponents(t *testing.T) {
	t.Parallel()
	for _, img := range inspecttest.Images() {
		t.Run(img.Name, func(t *testing.T) {
			t.Parallel()
			code, data := truthOf(t, img)
			res := inventoryOf(t, img, false)
			found := func(w wanted) bool {
				return slices.ContainsFunc(res.Components, func(c Component) bool { return c.Name == w.name && same(c.Version, w.version) })
			}
			hit := 0
			var missed []string
			for _, w := range code {
				if found(w) {
					hit++
				} else {
					missed = append(missed, w.name+" "+w.version+seenAs(res, w.name))
				}
			}
			dataHit := 0
			for _, w := range data {
				if found(w) {
					dataHit++
				}
			}
			all := slices.Concat(code, data)
			right := 0
			var extra []string
			for _, c := range res.Components {
				switch {
				case slices.ContainsFunc(all, func(w wanted) bool { return w.name == c.Name && same(c.Version, w.version) }):
					right++
				case c.Name == linux && !slices.ContainsFunc(code, func(w wanted) bool { return w.name == linux }):
					// The truth of this image lists the root file system only.
				default:
					extra = append(extra, c.Name+" "+c.Version+" ("+c.Evidence[0].Path+": "+c.Evidence[0].Text+")")
				}
			}
			recall := float64(hit) / float64(len(code))
			precision := float64(right) / float64(right+len(extra))
			t.Logf("%-18s components: %d of %d found (recall %.1f %%), %d of %d reported are right (precision %.1f %%); data-only %d of %d; %d seen without version; %d ELF files unattributed",
				img.Name, hit, len(code), 100*recall, right, right+len(extra), 100*precision, dataHit, len(data), len(res.Unknown), len(res.Unattributed))
			t.Logf("%s missed: %s", img.Name, strings.Join(missed, ", "))
			t.Logf("%s extra: %s", img.Name, strings.Join(extra, ", "))
			for _, u := range res.Unattributed {
				t.Logf("%s unattributed: %s needs %s", img.Name, u.Path, strings.Join(u.Needed, " "))
			}
			if recall < 0.95 {
				t.Errorf("recall %.1f %%, want 95 %%", 100*recall)
			}
			if precision < 0.98 {
				t.Errorf("precision %.1f %%, want 98 %%", 100*precision)
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
