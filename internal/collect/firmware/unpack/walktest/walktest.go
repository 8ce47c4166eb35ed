// Package walktest is for tests that go the whole way of an image: in, an image;
// out, what a walk with all formats tells of it.
package walktest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/formats"
	"assay/internal/collect/firmware/unpack"
)

// Told is what a walk told.
type Told struct {
	Image unpack.Image
	Parts []unpack.Part
	Gaps  []unpack.Gap
	Files map[string]string // content by path, of trees
	Raws  []unpack.Raw
}

// Walk goes through img.
func Walk(t testing.TB, img []byte) *Told {
	t.Helper()
	v := &Told{Files: make(map[string]string)}
	var err error
	if v.Image, err = unpack.NewFormats(formats.All()).Walk(t.Context(), bytes.NewReader(img), unpack.Limits{Workers: 1}, v); err != nil {
		t.Fatal(err)
	}
	return v
}

// Part is unpack.Visitor's, as are those that follow.
func (v *Told) Part(p unpack.Part) error { v.Parts = append(v.Parts, p); return nil }

// Volume tells nothing that tests ask for.
func (v *Told) Volume(unpack.Volume) error { return nil }

// Gap keeps it.
func (v *Told) Gap(g unpack.Gap) error { v.Gaps = append(v.Gaps, g); return nil }

// Raw keeps a copy.
func (v *Told) Raw(r unpack.Raw) error {
	r.Data = bytes.Clone(r.Data)
	v.Raws = append(v.Raws, r)
	return nil
}

// File keeps a copy of its content.
func (v *Told) File(_ int, e format.Entry, data []byte, _ bool, _ error) error {
	if e.Type == format.File {
		v.Files[e.Path] = string(data)
	}
	return nil
}

// Formats are those of the parts, in the order in which they were told.
func (v *Told) Formats() string {
	var out []string
	for _, p := range v.Parts {
		out = append(out, p.Format)
	}
	return strings.Join(out, " ")
}

// Lost are the gaps, one a line: kind and detail.
func (v *Told) Lost() string {
	var out strings.Builder
	for _, g := range v.Gaps {
		fmt.Fprintf(&out, "%s: %s\n", g.Kind, g.Detail)
	}
	return out.String()
}

// Holds says that text stands in a file, or in bytes without a tree.
func (v *Told) Holds(text string) bool {
	for _, data := range v.Files {
		if strings.Contains(data, text) {
			return true
		}
	}
	for _, r := range v.Raws {
		if bytes.Contains(r.Data, []byte(text)) {
			return true
		}
	}
	return false
}
