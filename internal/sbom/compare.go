package sbom

import (
	"cmp"
	"slices"
	"strings"

	"assay/internal/pattern"
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
// their own, without a distribution's decoration; also gives other names of one
// ("libssl3" is of "openssl"). Packages of two languages are never the same.
func Compare(declared, found BOM, also ...func(Component) []string) Comparison {
	var out Comparison
	left := known(found, also)
	want := known(declared, also)
	taken := make([]bool, len(left))
	var waiting []named
	// Exact versions first: a product may hold two versions of one library.
	for _, d := range want {
		i := -1
		for j, f := range left {
			if !taken[j] && d.version != "" && d.same(f) && d.sameVersion(f) {
				i = j
				break
			}
		}
		if i < 0 {
			waiting = append(waiting, d)
			continue
		}
		taken[i] = true
		out.Same = append(out.Same, Pair{d.Component, left[i].Component})
	}
	for _, d := range waiting {
		out.wait(d, left, taken)
	}
	for j, f := range left {
		if !taken[j] {
			out.Extra = append(out.Extra, f.Component)
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

// wait places what is declared in a version that wasn't found.
func (c *Comparison) wait(d named, left []named, taken []bool) {
	i, whole := -1, -1
	for j, f := range left {
		switch {
		case !d.same(f):
		case taken[j] && (d.version == "" || d.sameVersion(f)):
			whole = j
		case !taken[j] && i < 0:
			i = j
		}
	}
	switch {
	case whole >= 0 && d.version != "":
		// Binary packages of one source may each be declared; one of them was
		// found.
		c.Same = append(c.Same, Pair{d.Component, left[whole].Component})
	case i < 0 && whole >= 0:
		c.Unsure = append(c.Unsure, Pair{d.Component, left[whole].Component})
	case i < 0:
		c.Missing = append(c.Missing, d.Component)
	case d.version == "" || left[i].version == "":
		taken[i] = true
		c.Unsure = append(c.Unsure, Pair{d.Component, left[i].Component})
	default:
		taken[i] = true
		c.Versions = append(c.Versions, Pair{d.Component, left[i].Component})
	}
}

// named is a component with what it is compared by.
type named struct {
	Component
	names   []string
	version string // as upstream numbers it
	kind    string // the language whose package it is
}

func known(b BOM, also []func(Component) []string) []named {
	out := make([]named, 0, len(b.Components))
	for _, c := range b.Components {
		n := named{Component: c, names: names(c), version: upstream(c.Version), kind: language(c.PURL)}
		for _, more := range also {
			for _, x := range more(c) {
				n.names = append(n.names, normal(x))
			}
		}
		out = append(out, n)
	}
	return out
}

// same says that two components are one product.
func (a named) same(b named) bool {
	if a.kind != b.kind && a.kind != "" && b.kind != "" {
		return false
	}
	return slices.ContainsFunc(a.names, func(x string) bool { return slices.Contains(b.names, x) })
}

func (a named) sameVersion(b named) bool {
	return a.version == b.version || a.Version == b.Version
}

// language is the type of a package URL that names packages of one language:
// openssl of npm is not that of C.
func language(purl string) string {
	kind, _, _ := strings.Cut(strings.TrimPrefix(purl, "pkg:"), "/")
	switch kind {
	case "npm", "pypi", "golang", "cargo", "maven", "composer", "gem", "nuget", "luarocks", "cpan", "hex", "pub", "swift", "cocoapods":
		return kind
	case "":
		return ""
	}
	return "system"
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
// a library. A scope stays: @angular/core is no core.
func normal(s string) string {
	s = strings.ToLower(strings.ReplaceAll(s, "%40", "@"))
	if i := strings.LastIndexByte(s, '/'); i >= 0 && s[0] != '@' {
		s = s[i+1:]
	}
	s = strings.TrimSuffix(strings.TrimSuffix(s, "-dev"), "-bin")
	return strings.Map(func(r rune) rune {
		switch r {
		case '-', '_', '.', ' ', '+', '\\':
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
	if scope, name, ok := strings.Cut(strings.TrimPrefix(rest, "npm/"), "/"); ok && strings.HasPrefix(scope, "%40") {
		return scope + "/" + name
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

// repacked begins what Debian appends to the version of a source whose archive it
// made anew (Debian Developer's Reference on repackaged archives), or that is later than it.
var repacked = pattern.New(`[.+~](dfsg|ds|repack)([0-9.+~]|$)|\+(deb|git)`)

// upstream is a version as upstream numbers it: an epoch, a revision and what a
// distribution appends say nothing on the source. What announces a release stays.
func upstream(v string) string {
	if i := strings.IndexByte(v, ':'); i > 0 && i <= 2 {
		v = v[i+1:]
	}
	v = strings.TrimPrefix(v, "v")
	if i := strings.LastIndexByte(v, '-'); i > 0 && revision(v[i+1:]) {
		v = v[:i]
	}
	if _, real, ok := strings.Cut(v, "+really"); ok && revision(real) {
		v = real // what stands before it only sorts
	}
	if m := repacked.FindStringIndex(v); m != nil && m[0] > 0 {
		v = v[:m[0]]
	}
	return v
}

// revision says that what follows the last hyphen is a packager's: "1", "r15",
// "27.el9", "1ubuntu2".
func revision(s string) bool {
	s = strings.TrimPrefix(s, "r")
	return s != "" && s[0] >= '0' && s[0] <= '9'
}
