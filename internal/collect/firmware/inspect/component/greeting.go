package component

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"sync"

	"assay/internal/collect/firmware/inspect"
)

// greeting is what a program says about itself where no rule knows how: its
// name beside a version ("arp-scan 1.9.7", "sway version 1.7"), a version alone
// next to its name or where it is the only one, the version behind the word.
// Programs and libraries that are published under a name (programs.txt,
// libraries.txt, rules) are taken by any of these; of others only by their own
// name beside a version, since the only number in a vendor's program may be that
// of anything.
type greeting struct {
	names []string // in lower case, without what distributions append
	known bool
	main  bool             // the file is the one that the source is called by
	not   []*regexp.Regexp // versions of headers that it was compiled with

	named  []heard // its name beside a version
	stated []heard // "version 1.2"
	beside []heard // a version right before or behind its name
	three  []heard // a version of at least three numbers that stands alone
	two    []heard // one of two numbers
	gcc    bool    // it says which compiler built it
	hint   bool    // it prints a version: "%s version %s"
}

// heard is a version and where it stands.
type heard struct {
	version string
	weight  int // what it counts where files of one source disagree
	off     int
	text    []byte
	first   bool // the name opens the string
}

const (
	// maxGreeting bounds how much of a file is gone over for its own name.
	maxGreeting = 2 << 20
	// maxHeard bounds the versions of one kind: a program with more of them
	// says nothing on its own.
	maxHeard = 32
)

// plainVersion is a version that stands alone. A date, a revision of Debian or a
// build may follow it.
const plainVersion = `[vV]?([0-9]{1,4}(?:\.[0-9]{1,8}){1,4}(?:[a-z][0-9]{0,2})?(?:[-.~]?(?:rc|alpha|beta|pre|p)[-.]?[0-9]{0,3})?(?:-20[0-9]{6})?)`

var (
	aloneRe = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^` + plainVersion + `(?:\+[A-Za-z0-9.~+]+)?(?:-[0-9][A-Za-z0-9.~+]*)?\n?$`)
	})
	// compilerRe is a release of GCC that is in use.
	compilerRe = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:[7-9]|1[0-9])\.[1-5]\.0$`)
	})
	statedRe = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[ \t(\[]*[vV](?:ersion|ERSION)\b:?[ \t]*` + plainVersion + `(?:$|[^0-9A-Za-z.%])`)
	})
)

// nameOf is a name as programs spell it: without the number of a library or a
// series at its end.
func nameOf(s string) string {
	s = strings.ToLower(s)
	for _, x := range []string{".real", ".bin", ".orig", ".legacy", ".traditional", "-static", "-full"} {
		s = strings.TrimSuffix(s, x)
	}
	return s
}

// names are what the file and its source may call themselves.
func (s *scanner) names(list ...string) []string {
	var out []string
	add := func(n string) {
		if n = nameOf(n); len(n) >= 2 && !digits(n) && !slices.Contains(out, n) && len(out) < 12 {
			out = append(out, n)
		}
	}
	for _, n := range list {
		add(n)
		add(strings.TrimRight(n, "0123456789.-"))
		add(strings.ReplaceAll(n, "-", ""))
		if x, ok := strings.CutPrefix(strings.ToLower(n), "lib"); ok && len(x) > 2 {
			add(strings.TrimRight(x, "0123456789.-"))
		}
	}
	return out
}

// greet looks for what the file says about itself; name is the product's.
func (s *scanner) greet(known bool, list ...string) (heard, bool) {
	g := &greeting{names: s.names(list...), known: known, main: s.main(list[0])}
	if len(g.names) == 0 {
		return heard{}, false
	}
	for _, h := range headers {
		if s.needs[h.rule] {
			g.not = append(g.not, h.version())
		}
	}
	g.listen(s.f)
	return g.best()
}

// main says that the file is the one that a source is called by.
func (s *scanner) main(source string) bool {
	plain := func(n string) string {
		n = strings.TrimPrefix(nameOf(n), "lib")
		return strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r == '+' {
				return r
			}
			return -1
		}, n)
	}
	stem, _ := cutSo(s.base)
	return plain(source) != "" && (plain(s.base) == plain(source) || plain(strings.TrimSuffix(stem, ".so")) == plain(source))
}

// headers are libraries whose headers have a program hand over the version that
// it was compiled with (deflateInit of zlib.h, png_create_read_struct of png.h).
var headers = []struct {
	rule    string
	version func() *regexp.Regexp
}{
	{"zlib", lazy(`^1\.[123]\.\d+(?:\.\d+)?$`)},
	{"libpng", lazy(`^1\.[2-6]\.\d+$`)},
}

func (g *greeting) listen(f *inspect.File) {
	re, counted := g.pattern(), g.counted()
	total, lower := 0, make([]byte, 0, 512)
	var lastName, lastVersion heard // of the string before
	for run := range f.Runs(2) {
		if total += len(run.Text); total > maxGreeting {
			return
		}
		t := run.Text
		if len(t) > 512 {
			continue
		}
		lower = lower[:0]
		digit := false
		for _, c := range t {
			if c >= 'A' && c <= 'Z' {
				c += 'a' - 'A'
			}
			digit = digit || c >= '0' && c <= '9'
			lower = append(lower, c)
		}
		g.gcc = g.gcc || bytes.Contains(lower, []byte("gcc"))
		isName := slices.ContainsFunc(g.names, func(n string) bool { return string(lower) == n })
		if !digit {
			g.hint = g.hint || bytes.Contains(lower, []byte("%s")) && (bytes.Contains(lower, []byte("version")) || g.mentions(lower))
			if isName {
				if near(lastVersion, run.Off) {
					g.beside = hear(g.beside, lastVersion)
				}
				lastName = heard{off: run.Off + len(t), text: t}
			}
			continue
		}
		if isName { // a name with a digit in it
			lastName = heard{off: run.Off + len(t), text: t}
			continue
		}
		if m := g.alone(run); m.version != "" {
			if near(lastName, run.Off) {
				g.beside = hear(g.beside, m)
			}
			lastVersion = heard{version: m.version, off: run.Off + len(t), text: t}
			lastVersion.first = false
			if strings.Count(m.version, ".") >= 2 {
				g.three = hear(g.three, m)
			} else {
				g.two = hear(g.two, m)
			}
			continue
		}
		if !g.mentions(lower) {
			if m := statedRe().FindSubmatch(t); m != nil {
				g.stated = hear(g.stated, heard{version: string(m[1]), off: run.Off, text: t})
			}
			continue
		}
		if t[0] == '/' || bytes.Contains(t, []byte("DTD ")) || bytes.Contains(t, []byte("${")) {
			continue
		}
		m := re.FindSubmatchIndex(lower)
		if m == nil {
			m = counted.FindSubmatchIndex(lower)
		}
		if m != nil {
			v := string(t[m[2]:m[3]])
			if slices.ContainsFunc(g.names, func(n string) bool { return strings.HasSuffix(n, v) }) {
				continue // the series that it is named by
			}
			g.named = hear(g.named, heard{version: v, off: run.Off, text: t, first: m[0] == 0})
		}
	}
}

// near says that what was heard ends right before a place.
func near(h heard, off int) bool { return h.text != nil && off-h.off <= 16 }

func hear(list []heard, h heard) []heard {
	if len(list) == maxHeard {
		return list
	}
	return append(list, h)
}

func (g *greeting) mentions(lower []byte) bool {
	for _, n := range g.names {
		if bytes.Contains(lower, []byte(n)) {
			return true
		}
	}
	return false
}

// alone reads a version that is the whole string, or the whole but for one or
// two bytes of other data that stand right before it.
func (g *greeting) alone(run inspect.Run) heard {
	t := run.Text
	if len(t) > 48 {
		return heard{}
	}
	m := aloneRe().FindSubmatch(t)
	if m == nil || objectID(string(m[1])) || measure(string(m[1])) || slices.ContainsFunc(g.not, func(re *regexp.Regexp) bool { return re.Match(m[1]) }) {
		return heard{}
	}
	return heard{version: string(m[1]), off: run.Off, text: t}
}

// objectID says that dotted numbers are no version: the start of an object
// identifier (X.660), an address, a mask.
func objectID(v string) bool {
	if x, ok := strings.CutPrefix(v, "2.6."); ok && len(x) == 2 && x[0] < '4' {
		return true // a kernel that features are asked of
	}
	for _, p := range []string{"1.3.6.", "1.2.840", "2.5.4", "2.5.29", "1.3.14", "2.16.840", "127.0.", "255.", "224.0", "239.", "192.168", "0.0.0", "1.3.132", "1.2.3"} {
		if strings.HasPrefix(v, p) {
			return true
		}
	}
	return strings.Trim(v, "0.") == ""
}

// measure says that it is a rate or a size: "62.5k".
func measure(v string) bool {
	return strings.Count(v, ".") == 1 && strings.IndexByte("kmgxs", v[len(v)-1]) >= 0
}

// pattern is a name and a version behind it, on text in lower case.
func (g *greeting) pattern() *regexp.Regexp {
	alt := make([]string, len(g.names))
	for i, n := range g.names {
		alt[i] = regexp.QuoteMeta(n)
	}
	const words = `(?:server|daemon|client|tools?|utility|utilities|library|suite|program|agent|shell|lite|mpeg|toolkit)`
	return regexp.MustCompile(`(?:^|[ ("'*\[)@:;|>])(?:` + strings.Join(alt, "|") + `)(?:\)|")?(?:[ \t]*\([^()]{1,40}\))?` +
		`(?:[ /_-]|[ ,:\t-]*(?:` + words + `[ ,:]*)?[ ,:(\[-]{0,2}(?:version|ver|release|rev|v)\b[.]?[ :=]*|[ ,:\t-]*` + words + `[ ,]*[ /-])` +
		`v?([0-9]{1,4}(?:\.[0-9]{1,8}){1,4}(?:[a-z][0-9]{0,2})?(?:[-.~]?(?:rc|alpha|beta|pre|p)[-.]?[0-9]{0,3}\b)?(?:-20[0-9]{6})?)(?:$|[^0-9a-z.%]|\.(?:$|[ \n]))`)
}

// counted is a name and a release that is one number: "sway version 7",
// "lsusb (usbutils) 019".
func (g *greeting) counted() *regexp.Regexp {
	alt := make([]string, len(g.names))
	for i, n := range g.names {
		alt[i] = regexp.QuoteMeta(n)
	}
	n := `(?:` + strings.Join(alt, "|") + `)`
	return regexp.MustCompile(`^(?:` + n + `,?:? (?:version|release|v)[ :]*|[a-z0-9_-]+ \(` + n + `\) |` + n + ` \([^()]{1,40}\) )v?([0-9]{1,4})(?:$|[ ,;\n])`)
}

// one gives the version that all of a list agree on.
func one(list []heard) (heard, bool) {
	if len(list) == 0 || len(list) == maxHeard {
		return heard{}, false
	}
	for _, h := range list[1:] {
		if !same(h.version, list[0].version) {
			return heard{}, false
		}
	}
	return list[0], true
}

// The weights of what is heard, and what more the file has that its source is
// called by.
const (
	weightTwo    = 1
	weightThree  = 2
	weightBeside = 3
	weightNamed  = 4
	weightNumber = 5 // the number of a library
	weightFirst  = 6
	weightMain   = 4
)

// best weighs what was heard. Two different versions are none.
func (g *greeting) best() (heard, bool) {
	bonus := 0
	if g.main {
		bonus = weightMain
	}
	first := slices.DeleteFunc(slices.Clone(g.named), func(h heard) bool { return !h.first })
	if g.gcc {
		g.three = slices.DeleteFunc(g.three, func(h heard) bool { return compilerRe().MatchString(h.version) })
	}
	two := g.two
	if !g.hint || !g.main || len(g.three) > 0 {
		two = nil
	}
	for _, x := range []struct {
		list   []heard
		weight int
		known  bool // only for what is published
	}{{first, weightFirst, false}, {g.named, weightNamed, false}, {g.beside, weightBeside, true}, {g.stated, weightBeside, true}, {g.three, weightThree, true}, {two, weightTwo, true}} {
		if x.known && (!g.known || len(g.named) > 0) {
			break
		}
		if h, ok := one(x.list); ok {
			h.weight = x.weight + bonus
			return h, true
		}
	}
	return heard{}, false
}

// sure is how sure a version is.
func (h heard) sure() Confidence {
	if h.weight >= weightFirst+weightMain {
		return High
	}
	return Medium
}
