package sbom

import (
	"cmp"
	"slices"
	"strings"
)

// Comparison is what one bill says and another doesn't.
type Comparison struct {
	Same     []Pair      // both name it, with the same version
	Versions []Pair      // both name it, with different versions
	Missing  []Component // declared, not found
	Extra    []Component // found, not declared
	Unsure   []Pair      // both name it, one doesn't know its version
}

// Pair is one component in both.
type Pair struct{ Declared, Found Component }

// Compare holds what a supplier declares against what was found. Components
// are the same where their names agree: of the package URL, of the CPE, or
// their own, without a distribution's decoration.
func Compare(declared, found BOM) Comparison {
	var out Comparison
	left := slices.Clone(found.Components)
	taken := make([]bool, len(left))
	var waiting []Component
	// Exact versions first: a product may hold two versions of one library.
	for _, d := range declared.Components {
		i := slices.IndexFunc(left, func(f Component) bool { return same(d, f) && version(d) != "" && sameVersion(d, f) })
		for i >= 0 && taken[i] {
			j := slices.IndexFunc(left[i+1:], func(f Component) bool { return same(d, f) && version(d) != "" && sameVersion(d, f) })
			if j < 0 {
				i = -1
				break
			}
			i += 1 + j
		}
		if i < 0 {
			waiting = append(waiting, d)
			continue
		}
		taken[i] = true
		out.Same = append(out.Same, Pair{d, left[i]})
	}
	for _, d := range waiting {
		i := -1
		for j, f := range left {
			if !taken[j] && same(d, f) {
				i = j
				break
			}
		}
		switch {
		case i < 0:
			// Binary packages of one source may each be declared; one of them
			// was found.
			if j := slices.IndexFunc(out.Same, func(p Pair) bool { return same(d, p.Found) && sameVersion(d, p.Found) }); j >= 0 {
				out.Same = append(out.Same, Pair{d, out.Same[j].Found})
				continue
			}
			out.Missing = append(out.Missing, d)
		case version(d) == "" || version(left[i]) == "":
			taken[i] = true
			out.Unsure = append(out.Unsure, Pair{d, left[i]})
		default:
			taken[i] = true
			out.Versions = append(out.Versions, Pair{d, left[i]})
		}
	}
	for j, f := range left {
		if !taken[j] {
			out.Extra = append(out.Extra, f)
		}
	}
	byName := func(a, b Component) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
	}
	slices.SortFunc(out.Missing, byName)
	slices.SortFunc(out.Extra, byName)
	for _, l := range [][]Pair{out.Same, out.Versions, out.Unsure} {
		slices.SortFunc(l, func(a, b Pair) int { return byName(a.Declared, b.Declared) })
	}
	return out
}

// same says that two components are one product.
func same(a, b Component) bool {
	for _, x := range names(a) {
		if slices.Contains(names(b), x) {
			return true
		}
	}
	return false
}

// names are the names that a component goes by, normalised.
func names(c Component) []string {
	out := []string{normal(c.Name)}
	if p := purlName(c.PURL); p != "" {
		out = append(out, normal(p))
	}
	if f := strings.Split(c.CPE, ":"); len(f) > 5 && f[4] != "*" {
		out = append(out, normal(f[4]))
	}
	if up := qualifier(c.PURL, "upstream"); up != "" {
		name, _, _ := strings.Cut(up, "@")
		out = append(out, normal(name))
	}
	return out
}

// normal takes away case, separators and what distributions add to the name of
// a library.
func normal(s string) string {
	s = strings.ToLower(s)
	if i := strings.LastIndexByte(s, '/'); i >= 0 {
		s = s[i+1:]
	}
	s = strings.TrimSuffix(strings.TrimSuffix(s, "-dev"), "-bin")
	return strings.Map(func(r rune) rune {
		switch r {
		case '-', '_', '.', ' ', '+':
			return -1
		}
		return r
	}, s)
}

// purlName is the name in a package URL: pkg:type/namespace/name@version?…#…
func purlName(p string) string {
	rest, ok := strings.CutPrefix(p, "pkg:")
	if !ok {
		return ""
	}
	rest, _, _ = strings.Cut(rest, "#")
	rest, _, _ = strings.Cut(rest, "?")
	if i := strings.LastIndexByte(rest, '@'); i > 0 {
		rest = rest[:i]
	}
	return rest[strings.LastIndexByte(rest, '/')+1:]
}

func qualifier(p, key string) string {
	_, q, ok := strings.Cut(p, "?")
	if !ok {
		return ""
	}
	q, _, _ = strings.Cut(q, "#")
	for _, kv := range strings.Split(q, "&") {
		if v, ok := strings.CutPrefix(kv, key+"="); ok {
			return strings.ReplaceAll(strings.ReplaceAll(v, "%40", "@"), "%2B", "+")
		}
	}
	return ""
}

func version(c Component) string { return c.Version }

// sameVersion compares versions as upstream numbers them: an epoch, a revision
// and what a distribution appends say nothing on the source.
func sameVersion(a, b Component) bool {
	return version(a) == version(b) || upstream(version(a)) == upstream(version(b))
}

func upstream(v string) string {
	if i := strings.IndexByte(v, ':'); i > 0 && i <= 2 {
		v = v[i+1:]
	}
	v = strings.TrimPrefix(v, "v")
	if i := strings.LastIndexByte(v, '-'); i > 0 {
		v = v[:i]
	}
	for _, mark := range []string{"+dfsg", "~dfsg", "+ds", "+deb", "+really", "+git"} {
		if i := strings.Index(v, mark); i > 0 {
			v = v[:i]
		}
	}
	return v
}
