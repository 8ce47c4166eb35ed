package component

import (
	"strings"

	"assay/internal/pattern"
)

// Upstream takes what distributions add off a version: epoch and revision
// (Debian Policy 5.6.12), "+dfsg", "+ds", "+really", "+b1", "~rc" stays as "~"
// means "before" in all of them. Debian "1:1.2.13.dfsg-1" is 1.2.13, Alpine
// "1.36.1-r15" is 1.36.1, OpenWrt "2022.82-5" is 2022.82.
func Upstream(v string) string {
	if i := strings.IndexByte(v, ':'); i >= 0 && digits(v[:i]) {
		v = v[i+1:]
	}
	if i := strings.LastIndexByte(v, '-'); i > 0 {
		v = v[:i]
	}
	return clean(v)
}

// clean takes off what marks a repacked source.
func clean(v string) string {
	if i := strings.Index(v, "really"); i >= 0 {
		v = strings.TrimLeft(v[i+len("really"):], ".")
	}
	for _, mark := range []string{"dfsg", "ds", "repack", "debian", "deb"} {
		for _, lead := range []string{"+", ".", "~", "-"} {
			i := strings.Index(v, lead+mark)
			if i <= 0 {
				continue
			}
			rest := strings.TrimLeft(v[i+1+len(mark):], "0123456789.u")
			if rest == "" || rest[0] == '+' || rest[0] == '~' || rest[0] == '-' {
				v = v[:i]
			}
		}
	}
	return v
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// compare orders versions: numbers as numbers, letters behind nothing
// ("1.1.1w" is newer than "1.1.1"), and what announces a release before it
// ("2.0~rc1", "2.0-rc1", "2.0rc1").
func compare(a, b string) int {
	for a != "" || b != "" {
		x, y := part(a), part(b)
		a, b = a[len(x):], b[len(y):]
		if c := rank(x) - rank(y); c != 0 {
			return sign(c)
		}
		if x == y {
			continue
		}
		if rank(x) == number {
			x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
			if len(x) != len(y) {
				return sign(len(x) - len(y))
			}
		}
		if c := strings.Compare(x, y); c != 0 {
			return c
		}
		a, b = strings.TrimLeft(a, "."), strings.TrimLeft(b, ".")
	}
	return 0
}

// The ranks of a part of a version, in order.
const (
	before = iota // an announcement of what follows
	end
	separator
	letters
	number
)

func rank(s string) int {
	switch {
	case s == "":
		return end
	case s[0] >= '0' && s[0] <= '9':
		return number
	case s == "." || s == "-" || s == "_" || s == "+":
		return separator
	}
	switch strings.TrimLeft(strings.ToLower(s), "-~.") {
	case "", "rc", "pre", "alpha", "beta", "dev", "git":
		return before
	}
	return letters
}

// part cuts the next run of digits or letters, or one separator; "-rc" and
// "~anything" stay one part.
func part(s string) string {
	if s == "" {
		return ""
	}
	n := 1
	class := func(c byte) int {
		switch {
		case c >= '0' && c <= '9':
			return 1
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			return 2
		}
		return 0
	}
	k := class(s[0])
	if (s[0] == '-' || s[0] == '~' || s[0] == '.') && len(s) > 1 && class(s[1]) == 2 {
		k = 2
	} else if k == 0 {
		return s[:1]
	}
	for n < len(s) && class(s[n]) == k {
		n++
	}
	return s[:n]
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

// joined takes away how a release is joined with what announces it or patches
// it: "0.11.0-rc2" and "0.11.0~rc2", "4.1.0-beta.2" and "4.1.0~beta2", "1.3.8c"
// and "1.3.8.c".
func joined(v string) string {
	v = announced.ReplaceAllString(strings.ReplaceAll(v, "~", "-"), "$1-$2$3")
	if n := len(v); n > 3 && (v[n-2] == '.' || v[n-2] == '-') && v[n-1] >= 'a' && v[n-1] <= 'z' {
		v = v[:n-2] + v[n-1:]
	}
	return v
}

var announced = pattern.New(`([0-9])[-.]?(rc|beta|alpha|pre)[-.]?([0-9]*)`)

// same says that two versions name one release: equal, or one has only more of
// what a packager or a build adds ("1.4.69" and "1.4.69+git12", "2.36" and
// "2.36.0").
func same(a, b string) bool {
	a, b = clean(joined(a)), clean(joined(b))
	if a == b {
		return true
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	if a == "" || !strings.HasPrefix(b, a) {
		return false
	}
	rest := b[len(a):]
	if strings.Trim(rest, ".0") == "" {
		return true
	}
	return rest[0] == '+' || rest[0] == '-' && rank(part(rest)) != before
}
