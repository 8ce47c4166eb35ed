package testcase

import (
	"fmt"

	"assay/internal/fact"
	"assay/internal/verdict"
)

// binaryCases judge how the maker's own programs were built (EN 303 645
// 5.6-9: no provision asks for hardened programs; a secure process gives them).
func binaryCases() []Case {
	return []Case{{
		ID: "binary.hardened", Kind: Functional, Method: Auto, Severity: Medium, Image: true,
		Needs:    []Need{{Kind: fact.ImageBinary{}.Kind()}, {Kind: fact.ImageWeakness{}.Kind()}},
		Params:   []Param{{Name: "lacking", Default: "finding", Allowed: []string{"finding", "fail"}}},
		Subjects: images, Judge: hardened, Empty: noImage,
	}}
}

// hardened: programs that no known component brings are the maker's. Which
// protections one lacks, the collector says: two at least, where they have a
// meaning for its kind of file. No words of a standard ask for them, so by the
// letter it is a finding.
func hardened(v *View, s Subject, p Params) Outcome {
	own := fact.Where(v.Facts, func(b fact.ImageBinary) bool { return b.Image == s.Key && b.Own })
	mine := make(map[string]fact.Fact)
	for _, b := range own {
		mine[b.Value.Path] = b.Fact
	}
	var bare []fact.Typed[fact.ImageWeakness]
	var basis []fact.Fact
	for _, w := range weaknesses(v, s.Key, "elf-not-hardened") {
		if b, ok := mine[w.Value.Path]; ok {
			bare, basis = append(bare, w), append(basis, w.Fact, b)
		}
	}
	scope, o, whole := clean(v, s)
	switch {
	case len(bare) > 0 && p["lacking"] == "fail":
		return Fail(because("reason.program-not-hardened", bare), basis...)
	case !whole:
		return o
	case len(fact.Where(v.Facts, func(b fact.ImageBinary) bool { return b.Image == s.Key })) == 0:
		return Inconclusive(verdict.Because("reason.no-program-seen", "image", s.Key), verdict.Because("provide.readable-image", "image", s.Key)).With(scope.Fact)
	}
	o = Pass(verdict.Because("reason.programs-seen", "count", fmt.Sprint(len(own)), "hardened", fmt.Sprint(len(own)-len(bare))), append(facts(own), scope.Fact)...)
	if len(bare) > 0 {
		o = o.AndFinding(because("reason.program-not-hardened", bare)).With(basis...)
	}
	return o
}
