package component

import (
	_ "embed"
	"path"
	"strings"
	"sync"
)

// libraryList is the long tail: libraries that no rule is for. Its head says what
// a line holds and where it is from.
//
//go:embed libraries.txt
var libraryList string

// library is what the list says of one library.
type library struct {
	name  string // of the source
	means string // what the number behind .so says: "", "=", "=3", ":1.0.1=1.1.0,…"
}

// libraries is read when a library is met that no rule is for.
var libraries = sync.OnceValue(func() map[string]library {
	out := make(map[string]library, 12_000)
	for l := range strings.SplitSeq(libraryList, "\n") {
		name, rest, _ := strings.Cut(l, " ")
		if name == "" || name == "#" {
			continue
		}
		for rest != "" {
			var x string
			x, rest, _ = strings.Cut(rest, " ")
			stem := x
			if i := strings.IndexAny(x, "=:"); i > 0 {
				stem = x[:i]
			}
			out[stem] = library{name, x[len(stem):]}
		}
	}
	return out
})

// release is what the number in the file name of a library says: a release, or
// several that have it.
func (l library) release(number string) (exact string, several []string) {
	switch {
	case l.means == "" || number == "":
	case l.means == "=":
		exact = number
	case l.means[0] == '=':
		exact = gnomeRelease(l.means[1:], number)
	default:
		for pair := range strings.SplitSeq(l.means[1:], ",") {
			if n, v, _ := strings.Cut(pair, "="); n == number {
				if list := strings.Split(v, "|"); len(list) > 1 {
					return "", list
				}
				return v, nil
			}
		}
	}
	return exact, nil
}

// gnomeRelease reads a number such as 3400.2 or 3402.0 behind the first one:
// 34.2 of the series.
func gnomeRelease(series, number string) string {
	f := strings.Split(number, ".")
	if len(f) != 3 || len(f[1]) < 3 || !digits(f[1]) || !digits(f[2]) {
		return ""
	}
	minor, micro := f[1][:len(f[1])-2], strings.TrimLeft(f[1][len(f[1])-2:], "0")
	switch {
	case micro == "":
		micro = f[2]
	case f[2] != "0":
		return ""
	}
	return series + "." + minor + "." + micro
}

// listed looks a library up in the list of libraries that no rule is for. The
// number is whole only in the name of the file itself, and not where that is
// called by its soname.
func (s *scanner) listed(stem, number string, file bool) {
	l, ok := s.rs.libraries()[strings.TrimSuffix(stem, ".so")]
	if !ok || stem == "libc.so" && number == "" { // so is that of musl called
		return
	}
	if r := s.rs.bySource(l.name); r != nil {
		s.addOwn(r)
	} else {
		s.source = l.name
		s.published = s.published || number != ""
	}
	c := Claim{Name: l.name, Rule: "libraries", Confidence: Low, Source: FromFile, Text: path.Base(s.f.Path)}
	if dots := strings.Count(number, "."); file && (dots >= 2 || dots == 1 && s.p.Soname != s.base) {
		if c.Version, c.Versions = l.release(number); c.Version != "" {
			c.Confidence, c.Soft = Medium, weightNumber
			if l.means == "=" || dots >= 2 && l.means[0] != '=' {
				// A number of three parts stands for one release, whatever the file
				// says of formats that it speaks ("YANG 1.1" of libyang).
				c.Soft = weightRelease
			}
		}
	}
	s.vague = append(s.vague, c)
}
