package component

import (
	"strings"
)

// byPackage finds the rule of a binary package, or of a name that is written
// like one: "libssl3", "libcurl4t64", "libjson-c5", "zlib1g", "openssl-util".
func (s *RuleSet) byPackage(name string) *Rule {
	if r := s.byID[name]; r != nil {
		return r
	}
	if r := firstGlob(s.pkgs, name); r != nil {
		return r
	}
	for stem := range packageStems(name) {
		if r, _, _ := s.soRule(stem + ".so"); r != nil {
			return r
		}
		if r, _, _ := s.soRule(strings.ReplaceAll(stem, "-", "_") + ".so"); r != nil {
			return r
		}
		if r := s.byID[strings.TrimPrefix(stem, "lib")]; r != nil {
			return r
		}
		if r := s.byID[stem]; r != nil {
			return r
		}
	}
	return nil
}

// packageStems gives what is left of a package's name without the number of the
// library, which distributions append.
func packageStems(name string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		name = strings.TrimSuffix(name, "t64")
		if !yield(name) {
			return
		}
		stem := strings.TrimRight(name, "0123456789.-")
		if stem != name && stem != "" {
			yield(stem)
		}
	}
}

// bySource finds the rule of a source package of a distribution.
func (s *RuleSet) bySource(name string) *Rule {
	if r := s.deb[name]; r != nil {
		return r
	}
	// gcc-12, lua5.3, python3.11, nettle3: one product under several names.
	if r := s.deb[strings.TrimRight(name, "0123456789.-")]; r != nil {
		return r
	}
	return nil
}

// Products are the names that a package of a distribution goes by as a product:
// "libssl3" and "openssl-util" are of openssl.
func Products(name string) []string {
	rs := rules()
	if r := rs.bySource(name); r != nil {
		return []string{r.Name}
	}
	if r := rs.byPackage(name); r != nil {
		return []string{r.Name}
	}
	return nil
}
