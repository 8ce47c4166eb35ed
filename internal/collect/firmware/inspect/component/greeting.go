package component

import (
	"bytes"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/pattern"
)

// greeting is what a program says about itself where no rule knows how: its
// name beside a version ("arp-scan 1.9.7", "sway version 1.7"), a version alone
// next to its name or where it is the only one, the version behind the word.
// Files of rules and numbered libraries (libraries.txt) are taken by any of
// these; all others only by their own name beside a version, since the only
// number in a vendor's program may be that of anything.
type greeting struct {
	names   []string // in lower case, without what distributions append
	known   bool
	library bool             // it is one
	main    bool             // the file is the one that the source is called by
	not     []*regexp.Regexp // versions of headers that it was compiled with

	re, counts            *regexp.Regexp
	lower                 []byte // the string that is looked at
	lastName, lastVersion heard  // the last of them that stood alone

	named  []heard // its name beside a version
	stated []heard // "version 1.2"
	beside []heard // a version right before or behind its name
	three  []heard // a version of at least three numbers that stands alone
	two    []heard // one of two numbers
	tells  bool    // it speaks of a version
	mail   bool    // it speaks SMTP, whose codes have the form of versions
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
	// maxBefore bounds the words before a name: "Starting sway version 1.7" is a
	// greeting, a longer sentence is about something.
	maxBefore = 3
	// maxHeard bounds the versions of one kind: a program with more of them
	// says nothing on its own.
	maxHeard = 32
)

// plainVersion is a version that stands alone. A date, a revision of Debian or a
// build may follow it.
const plainVersion = `[vV]?([0-9]{1,4}(?:\.[0-9]{1,8}){1,4}(?:[a-z][0-9]{0,2})?(?:[-.~]?(?:rc|alpha|beta|pre|p)[-.]?[0-9]{0,3})?(?:-20[0-9]{6})?)`

var (
	aloneRe = pattern.New(`^` + plainVersion + `(?:\+[A-Za-z0-9.~+]+)?(?:-[0-9][A-Za-z0-9.~+]*)?\n?$`)
	// compilerRe is a release of GCC: a number that stands alone may be that of the
	// compiler.
	compilerRe = pattern.New(`^(?:[7-9]|1[0-9])\.[1-5]\.0$`)
	statedRe   = pattern.New(`^[ \t(\[]*[vV](?:ersion|ERSION)\b:?[ \t]*` + plainVersion + `(?:$|[^0-9A-Za-z.%])`)
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
		if x := strings.TrimRight(n, "0123456789.-"); len(x) > 3 {
			add(x) // "xml" of libxml2 is no name of it
		}
		add(strings.ReplaceAll(n, "-", ""))
		if x, ok := strings.CutPrefix(strings.ToLower(n), "lib"); ok && len(strings.TrimRight(x, "0123456789.-")) > 3 {
			add(strings.TrimRight(x, "0123456789.-"))
		}
	}
	return out
}

// greet looks for what the file says about itself; name is the product's.
func (s *scanner) greet(known bool, list ...string) (heard, bool) {
	g := &greeting{names: s.names(list...), known: known, main: s.main(list[0]), library: s.p.Soname != ""}
	if len(g.names) == 0 {
		return heard{}, false
	}
	for _, h := range headers {
		if s.needs[h.rule] {
			g.not = append(g.not, h.version())
		}
	}
	g.mail = bytes.Contains(s.f.Data[:min(len(s.f.Data), maxGreeting)], []byte("RCPT TO:"))
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
// it was compiled with (deflateInit of zlib.h, png_create_read_struct of png.h,
// LIBCURL_VERSION).
var headers = []struct {
	rule    string
	version func() *regexp.Regexp
}{
	{"zlib", lazy(`^1\.[123]\.\d+(?:\.\d+)?$`)},
	{"libpng", lazy(`^1\.[2-6]\.\d+$`)},
	{"curl", lazy(`^[78]\.\d+\.\d+$`)},
}

func (g *greeting) listen(f *inspect.File) {
	g.re, g.counts = g.pattern(), g.counted()
	total := 0
	for run := range f.Runs(2) {
		if total += len(run.Text); total > maxGreeting {
			return
		}
		if len(run.Text) <= 512 {
			g.hear(run)
		}
	}
}

// hear takes one string.
func (g *greeting) hear(run inspect.Run) {
	digit := g.fold(run.Text)
	name := slices.ContainsFunc(g.names, func(n string) bool { return string(g.lower) == n })
	end := run.Off + len(run.Text)
	switch {
	case name:
		if !digit && near(g.lastVersion, run.Off) {
			g.beside = hear(g.beside, g.lastVersion)
		}
		g.lastName = heard{off: end, text: run.Text}
	case digit:
		if m := g.alone(run); m.version == "" {
			g.phrase(run)
		} else {
			if near(g.lastName, run.Off) {
				g.beside = hear(g.beside, m)
			}
			g.lastVersion = heard{version: m.version, off: end, text: run.Text}
			if strings.Count(m.version, ".") >= 2 {
				g.three = hear(g.three, m)
			} else {
				g.two = hear(g.two, m)
			}
		}
	}
	if !digit {
		says := bytes.Contains(g.lower, []byte("version"))
		g.tells = g.tells || says
		g.hint = g.hint || bytes.Contains(g.lower, []byte("%s")) && (says || g.mentions())
	}
}

// fold keeps a string in lower case; it says whether a digit is in it.
func (g *greeting) fold(text []byte) (digit bool) {
	g.lower = g.lower[:0]
	for _, c := range text {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		digit = digit || c >= '0' && c <= '9'
		g.lower = append(g.lower, c)
	}
	return digit
}

// phrase looks for a version in a longer string, behind the name or the word.
func (g *greeting) phrase(run inspect.Run) {
	t := run.Text
	if !g.mentions() {
		if m := statedRe.FindSubmatch(t); m != nil {
			g.stated = hear(g.stated, heard{version: string(m[1]), off: run.Off, text: t})
		}
		return
	}
	if t[0] == '/' || t[0] == '<' || bytes.Contains(t, []byte("DTD ")) || bytes.Contains(t, []byte("${")) {
		return
	}
	m := g.re.FindSubmatchIndex(g.lower)
	if m == nil {
		m = g.counts.FindSubmatchIndex(g.lower)
	}
	if m == nil || bytes.Count(bytes.TrimSpace(g.lower[:m[0]]), []byte(" ")) >= maxBefore {
		return
	}
	v := string(t[m[2]:m[3]])
	if slices.ContainsFunc(g.names, func(n string) bool {
		return strings.HasSuffix(n, v) || strings.Count(v, ".") == 1 && string(g.lower) == n+"-"+v
	}) {
		return // the series that it is named by: "gtk-3.0"
	}
	g.named = hear(g.named, heard{version: v, off: run.Off, text: t, first: m[0] == 0})
}

// near says that what was heard ends right before a place.
func near(h heard, off int) bool { return h.text != nil && off-h.off <= 16 }

func hear(list []heard, h heard) []heard {
	if len(list) == maxHeard {
		return list
	}
	return append(list, h)
}

func (g *greeting) mentions() bool {
	return slices.ContainsFunc(g.names, func(n string) bool { return bytes.Contains(g.lower, []byte(n)) })
}

// alone reads a version that is the whole string, or the whole but for one or
// two bytes of other data that stand right before it.
func (g *greeting) alone(run inspect.Run) heard {
	t := run.Text
	if len(t) > 48 {
		return heard{}
	}
	m := aloneRe.FindSubmatch(t)
	if m == nil || objectID(string(m[1])) || t[0]|0x20 != 'v' && address(string(m[1])) || statusCode(string(m[1])) && g.mail || measure(string(m[1])) || slices.ContainsFunc(g.not, func(re *regexp.Regexp) bool { return re.Match(m[1]) }) {
		return heard{}
	}
	return heard{version: string(m[1]), off: run.Off, text: t}
}

// objectID says that dotted numbers are no version: the start of an object
// identifier (X.660), an example.
func objectID(v string) bool {
	if x, ok := strings.CutPrefix(v, "2.6."); ok && len(x) == 2 && x[0] < '4' {
		return true // a kernel that features are asked of
	}
	for _, p := range []string{"1.3.6.", "1.2.840", "2.5.4.", "2.5.29.", "1.3.14.", "2.16.840", "1.3.132", "0.0.0", "1.2.3.4"} {
		if strings.HasPrefix(v, p) {
			return true
		}
	}
	return strings.Trim(v, "0.") == ""
}

// address says that four numbers are an address or a mask of IPv4: all of a byte,
// the first of two digits or more. Releases of four numbers mostly begin with a
// small one ("1.3.4.2") or hold a larger ("103.0.5060.114").
func address(v string) bool {
	a, err := netip.ParseAddr(v)
	return err == nil && a.Is4() && a.As4()[0] >= 10
}

// statusCode says that a program that speaks of mail means one of its codes
// (RFC 3463, section 2).
func statusCode(v string) bool { return v == "2.0.0" || v == "4.0.0" || v == "5.0.0" }

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
	return regexp.MustCompile(`(?:^|[ ("'*\[)@:;|>])(?:` + strings.Join(alt, "|") + `)(?:\)|")?(?:[ \t]*\((?:gnu )?(?:` + strings.Join(alt, "|") + `)\))?` +
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
	return regexp.MustCompile(`^(?:` + n + `,?:? (?:version|release)[ :]*|[a-z0-9_-]+ \(` + n + `\) |` + n + ` \(gnu [a-z]+\) )v?([0-9]{1,4})(?:$|[ ,;\n])`)
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

	weightRelease = weightFirst + weightMain + 1 // of a library whose number always is the release
)

// best weighs what was heard. Two different versions are none.
func (g *greeting) best() (heard, bool) {
	bonus := 0
	if g.main {
		bonus = weightMain
	}
	first := slices.DeleteFunc(slices.Clone(g.named), func(h heard) bool { return !h.first })
	g.three = slices.DeleteFunc(g.three, func(h heard) bool { return compilerRe.MatchString(h.version) })
	if !g.tells && !g.hint && !g.library {
		g.three = nil
	}
	two := g.two
	if !g.hint || !g.main || g.library || len(g.three) > 0 {
		two = nil
	}
	if !g.main {
		g.beside = slices.DeleteFunc(g.beside, func(h heard) bool { return strings.Count(h.version, ".") < 2 })
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
