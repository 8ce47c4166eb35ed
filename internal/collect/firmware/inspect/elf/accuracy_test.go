package elf_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"assay/internal/collect/firmware/inspect/elf"
	"assay/internal/collect/firmware/inspect/inspecttest"
	"assay/internal/testdata"
)

// chk are the names that the truth files hold as "fortify", at most 40.
func chk(p *elf.Program) []string {
	var out []string
	for _, s := range append(slices.Clone(p.Imports), p.Exports...) {
		if strings.HasPrefix(s, "__") && strings.HasSuffix(s, "_chk") {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return out[:min(len(out), 40)]
}

// TestAgainstReadelf holds every ELF file of the images against what readelf
// says of it.
func TestAgainstReadelf(t *testing.T) {
	t.Parallel()
	fields := []string{"nx", "relro", "pie", "canary", "fortify", "stripped", "debug", "rpath", "needed"}
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "image\tfiles\t%s\n", strings.Join(fields, "\t"))
	for _, img := range inspecttest.Images() {
		entries, truth := inspecttest.Tree(t, img)
		data := map[string][]byte{}
		for _, e := range entries {
			data[e.Path] = e.Data
		}
		right := map[string]int{}
		for _, want := range truth.ELF {
			p, err := elf.Parse(data[want.Path])
			if err != nil {
				t.Errorf("%s: %v", want.Path, err)
				continue
			}
			if len(p.Problems) > 0 {
				t.Errorf("%s: %v", want.Path, p.Problems)
			}
			for field, pair := range map[string][2]any{
				"nx": {want.NX, p.NX}, "relro": {want.RELRO, p.RELRO}, "pie": {want.PIE, p.PIE}, "canary": {want.Canary, p.Canary},
				"fortify": {fmt.Sprint(want.Fortify), fmt.Sprint(chk(p))}, "stripped": {want.Stripped, p.Stripped}, "debug": {want.Debug, p.Debug},
				"rpath": {want.RPath, p.RPath + p.RunPath}, "needed": {fmt.Sprint(want.Needed), fmt.Sprint(p.Needed)},
			} {
				if pair[0] == pair[1] {
					right[field]++
				} else {
					t.Errorf("%s %s: %s: readelf %v, here %v", img.Name, want.Path, field, pair[0], pair[1])
				}
			}
		}
		fmt.Fprintf(w, "%s\t%d", img.Name, len(truth.ELF))
		for _, field := range fields {
			fmt.Fprintf(w, "\t%d", right[field])
		}
		fmt.Fprintln(w)
	}
	w.Flush()
	t.Logf("ELF files judged as readelf does\n%s", table.String())
}

func TestBadSections(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(testdata.Dir(t, "firmware/built/hostile/elf-bad-sections.elf"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := elf.Parse(b)
	if err != nil || len(p.Problems) == 0 {
		t.Errorf("%v %+v", err, p)
	}
	t.Log(p.Problems)
}

func BenchmarkParse(b *testing.B) {
	entries, _ := inspecttest.Tree(b, inspecttest.Images()[0])
	for b.Loop() {
		for _, e := range entries {
			if len(e.Data) > 4 && string(e.Data[:4]) == "\x7fELF" {
				if _, err := elf.Parse(e.Data); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
}
