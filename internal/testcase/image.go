package testcase

import (
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/product"
	"assay/internal/verdict"
)

// standing is what is known of the units that should run an image.
type standing struct {
	runs bool // every unit of its components was seen to run this version
	// other is a unit that was seen to run another version, and which.
	other, version string
	image          string // version of the image
	basis          []fact.Fact
}

// runningOn compares the version of an image with the versions that were
// read on the units of its components, all of them. A unit that was seen with
// several versions (before and after an update) runs the image if one is its.
func runningOn(v *View, image string) standing {
	img := fact.Where(v.Facts, func(f fact.Firmware) bool { return f.Image == image && f.Version != "" })
	if len(img) == 0 {
		return standing{}
	}
	st := standing{image: img[0].Value.Version, basis: []fact.Fact{img[0].Fact}}
	n, same := 0, 0
	for _, u := range unitsOf(v, image) {
		n++
		read := fact.Where(v.Facts, func(id fact.Identity) bool { return id.Unit == u.ID && id.Firmware != "" })
		if i := slices.IndexFunc(read, func(id fact.Typed[fact.Identity]) bool { return sameVersion(id.Value.Firmware, st.image) }); i >= 0 {
			same++
			st.basis = append(st.basis, read[i].Fact)
		} else if len(read) > 0 && st.other == "" {
			st.other, st.version = u.ID, read[0].Value.Firmware
			st.basis = append(st.basis, read[0].Fact)
		}
	}
	st.runs = n > 0 && same == n
	return st
}

// unitsOf are the units of the components whose firmware an image is.
func unitsOf(v *View, image string) []product.Unit {
	var out []product.Unit
	for _, u := range units(v) {
		if c, ok := v.Product.Component(device(v, u)); ok && c.Firmware != nil && c.Firmware.File == image {
			out = append(out, u)
		}
	}
	return out
}

// sameVersion compares two names of a version; a leading v says nothing.
func sameVersion(a, b string) bool {
	plain := func(s string) string { return strings.TrimPrefix(strings.ToLower(strings.TrimSpace(s)), "v") }
	return plain(a) == plain(b)
}

// speaksFor lets a PASS on an image say whether it speaks for the units too.
// Where a unit runs another version, the image isn't what runs: undecided. A
// FAIL stays, as a statement on the image.
func speaksFor(v *View, image string, o Outcome) Outcome {
	if o.verdict != verdict.Pass {
		return o
	}
	st := runningOn(v, image)
	switch {
	case st.other != "":
		return Inconclusive(verdict.Because("reason.image-not-what-runs", "image", image, "version", st.image, "unit", st.other, "other", st.version),
			verdict.Because("provide.image-of-unit", "unit", st.other, "version", st.version)).With(o.facts...).With(st.basis...)
	case st.runs:
		return o.And(verdict.Because("reason.image-runs")).With(st.basis...)
	}
	return o.And(verdict.Because("reason.image-alone", "image", image))
}

// silent is the outcome for an image in which nothing says what is started: a
// program without an operating system, an application. That nothing was found
// there shows nothing.
func silent(v *View, s Subject) (Outcome, bool) {
	img, ok := imageOf(v, s)
	if !ok || !img.Value.NoInit {
		return Outcome{}, false
	}
	return Inconclusive(verdict.Because("reason.no-init-in-image", "image", s.Key), verdict.Because("provide.look-at-unit", "image", s.Key)).With(img.Fact), true
}
