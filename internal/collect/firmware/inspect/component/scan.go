package component

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/elf"
	"assay/internal/collect/firmware/inspect/keyword"
)

// Bounds of what one file may say.
const (
	maxClaims   = 4096 // a Go or Node program has some hundred modules
	maxPerRule  = 8    // claims of one rule in one file
	maxTries    = 256  // places of one clue in one file that are looked at
	maxFinds    = 3    // of a clue that looks through what stands around
	reach       = 1024 // bytes of a string to each side of a word
	maxEvidence = 120  // bytes of a quoted text
)

// Scan says what f tells about the software in it. hits are the places of the
// words of Words in f.
func Scan(f *inspect.File, hits []keyword.Hit) Findings {
	return scan(rules(), f, hits, f.Program())
}

func scan(rs *RuleSet, f *inspect.File, hits []keyword.Hit, p *elf.Program) Findings {
	s := &scanner{rs: rs, f: f, p: p, base: path.Base(f.Path), kernel: p == nil && kernelPiece(f.Path), out: Findings{Path: f.Path}}
	s.manifest()
	if p != nil {
		s.binary()
	}
	for _, h := range hits {
		if h.Word < 0 || h.Word >= len(rs.uses) || h.At < 0 || h.End > len(f.Data) || h.At > h.End {
			continue
		}
		for _, u := range rs.uses[h.Word] {
			s.try(u, h)
		}
	}
	for _, r := range s.own {
		s.ownText(r)
		s.numbers(r)
	}
	if webName(s.base) {
		s.banner()
	}
	s.speaks()
	if s.p != nil {
		s.build()
	}
	s.settle()
	return s.out
}

// scanner is the state of one file.
type scanner struct {
	rs        *RuleSet
	f         *inspect.File
	p         *elf.Program
	base      string
	out       Findings
	own       []*Rule         // by the name of the file or its soname
	with      map[string]bool // texts that clues want beside theirs
	needs     map[string]bool // ids of rules whose libraries it loads
	seen      []seen          // claims of rules, before they are weighed
	tries     map[*Clue]int
	exp       map[string]bool
	crates    map[string]bool
	kernel    bool    // it greets as a kernel: copies of libraries in it are the kernel's
	made      bool    // a compiler says what it is made of: Go, Rust
	pure      bool    // made of Go alone, no C
	source    string  // what the lists of programs and libraries take it for
	vague     []Claim // of those lists, and what the file says of itself
	published bool    // the file is a numbered library of those lists
	paths     int     // of builds that were looked at
	goTries   int
}

// seen is a claim of a rule with what it weighs.
type seen struct {
	Claim
	rule  *Rule
	rank  int      // lower outranks
	want  []string // one of them must stand in the file
	named bool     // only because its file or folder is called so
}

// The ranks that stand behind those of texts.
const (
	rankOwn      = 50
	rankBuilt    = 70
	rankGreeting = 80
	rankBuild    = 90
	rankFile     = 100 + iota
	rankSo
	rankSymbols
	rankName
)

func (s *scanner) claim(c Claim) {
	if len(s.out.Claims) == maxClaims {
		s.problem("more than 4096 components are named here: the rest is left out")
	}
	if len(c.Name) > 256 || len(c.Version) > 128 {
		return // no name that a product has
	}
	c.Text, c.Licence = c.Text[:min(len(c.Text), 2*maxEvidence)], c.Licence[:min(len(c.Licence), 2*maxEvidence)]
	if len(s.out.Claims) < maxClaims {
		s.out.Claims = append(s.out.Claims, c)
	}
}

func (s *scanner) problem(text string) {
	if !slices.Contains(s.out.Problems, text) && len(s.out.Problems) < 16 {
		s.out.Problems = append(s.out.Problems, text)
	}
}

// try looks at one place of a word.
func (s *scanner) try(u use, h keyword.Hit) {
	switch {
	case u.special != nil:
		u.special(s, h)
		return
	case u.with != "":
		if s.with == nil {
			s.with = map[string]bool{}
		}
		s.with[u.with] = true
		return
	}
	c := u.clue
	if !s.inPlace(c) {
		return
	}
	if s.tries == nil {
		s.tries = map[*Clue]int{}
	}
	if s.tries[c]++; s.tries[c] > maxTries || c.find != nil && s.tries[c] > maxFinds {
		return
	}
	d := s.f.Data
	if string(d[h.At:h.End]) != u.word {
		return // the search doesn't tell upper from lower case
	}
	if s.builtAgainst(u.rule) {
		return
	}
	from, to := line(d, h.At, h.End)
	text := d[from:to]
	if c.not != nil && c.not().Match(text) {
		return
	}
	found := seen{rule: u.rule, rank: u.rank, want: c.With, Claim: Claim{Name: u.rule.Name, Rule: u.rule.ID, Confidence: High, Source: FromText, Offset: int64(h.At), Text: quote(text, h.At-from, h.End-from)}}
	if c.Weak {
		found.Confidence = Low
	}
	if c.re != nil {
		m := c.re().FindSubmatchIndex(text)
		// Where other data stands right before a string, a few printable bytes
		// of that may lead it.
		for lead := 0; m == nil && lead < 3 && from > 0 && d[from-1] != 0 && from < h.At; lead++ {
			from++
			text = text[1:]
			m = c.re().FindSubmatchIndex(text)
		}
		if m == nil {
			return
		}
		found.Version = expandVersion(c, c.re(), text, m)
		found.Offset, found.Text = int64(from+m[0]), quote(text, m[0], m[1])
	}
	if c.find != nil {
		if found.Version = s.find(c, h); found.Version == "" {
			return
		}
	}
	if strings.Contains(c.As, "|") { // the text is that of several releases
		found.Version, found.Versions, found.Confidence = "", strings.Split(found.Version, "|"), Low
	}
	s.see(found)
}

// inPlace says whether a clue is for such a file.
func (s *scanner) inPlace(c *Clue) bool {
	f := s.f
	switch c.In {
	case "web":
		if f.Kind != inspect.Text || f.Role != inspect.Web && f.Role != inspect.Script && !webName(s.base) {
			return false
		}
	case "script":
		if f.Kind != inspect.Text || f.Role != inspect.Script && f.Role != inspect.Web {
			return false
		}
	case "any":
	default:
		if f.Kind == inspect.Text || f.Role == inspect.Database || f.Role == inspect.Documentation || f.Role == inspect.Certificate {
			return false
		}
	}
	return c.path == nil || c.path().MatchString(f.Path)
}

func webName(base string) bool {
	for _, ext := range []string{".js", ".mjs", ".cjs", ".css", ".html", ".htm"} {
		if strings.HasSuffix(base, ext) {
			return true
		}
	}
	return false
}

// builtAgainst says that the file loads a library of the rule and is none of
// its own files: then the text is that of the headers it was compiled with
// ("built with OpenSSL 3.0.14 4 Jun 2024"), not of code inside.
func (s *scanner) builtAgainst(r *Rule) bool {
	if s.p != nil && len(s.p.Needed) > 0 && (r.ID == "glibc" || r.ID == "musl") && !slices.Contains(s.own, r) {
		return !strings.HasPrefix(s.p.Soname, "libc.so") && !strings.HasPrefix(s.p.Soname, "ld-")
	}
	return s.needs[r.ID] && !slices.Contains(s.own, r)
}

func (s *scanner) see(c seen) {
	n := 0
	for i := range s.seen {
		if s.seen[i].rule == c.rule {
			if s.seen[i].Version == c.Version && s.seen[i].rank == c.rank {
				return
			}
			n++
		}
	}
	if n < maxPerRule && len(c.Version) <= 64 {
		s.seen = append(s.seen, c)
	}
}

// line is the printable text around a place, at most reach to each side.
func line(d []byte, at, end int) (from, to int) {
	low, high := max(0, at-reach), min(len(d), end+reach)
	from, to = at, end
	for from > low && printable(d[from-1]) {
		from--
	}
	for to < high && printable(d[to]) {
		to++
	}
	return from, to
}

func printable(c byte) bool { return c >= 0x20 && c < 0x7f || c == '\t' }

// quote cuts text around what matched.
func quote(text []byte, from, to int) string {
	const lead = 40
	if len(text) > maxEvidence {
		from = max(0, from-lead)
		to = min(len(text), from+maxEvidence)
		text = text[from:to]
	}
	return string(text)
}

func expandVersion(c *Clue, re *regexp.Regexp, text []byte, m []int) string {
	if c.As != "" {
		return string(re.Expand(nil, []byte(c.As), text, m))
	}
	for i := 2; i+1 < len(m); i += 2 {
		if m[i] >= 0 {
			return string(text[m[i]:m[i+1]])
		}
	}
	return ""
}

// find looks for a version that stands alone near a word. Of several it takes
// the nearest; where two different ones are as good, none.
func (s *scanner) find(c *Clue, h keyword.Hit) string {
	d := s.f.Data
	low, high := max(0, h.At-c.Within), min(len(d), h.End+c.Within)
	best, dist, tie := "", 1<<30, false
	re, first := c.find(), c.first()
	for i := low; i < high; {
		if !printable(d[i]) {
			i++
			continue
		}
		j := i + 1
		for j < high && printable(d[j]) {
			j++
		}
		if j-i >= 3 && (first == nil || first[d[i]]) && j-i < 256 {
			if m := re.FindSubmatchIndex(d[i:j]); m != nil {
				v := expandVersion(c, re, d[i:j], m)
				away := max(i-h.End, h.At-j, 0)
				switch {
				case v == best:
					dist = min(dist, away)
				case away < dist:
					best, dist, tie = v, away, false
				case away == dist:
					tie = true
				}
			}
		}
		i = j + 1
	}
	if tie {
		return ""
	}
	return best
}
