package component

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/elf"
)

// binary says what the names, symbols and notes of an ELF file tell.
func (s *scanner) binary() {
	p := s.p
	s.out.Binary = &Binary{Path: s.f.Path, Soname: p.Soname, Needed: p.Needed, BuildID: p.BuildID, Module: p.Type == "object", Packed: p.Packed}
	s.needs = map[string]bool{}
	for _, n := range p.Needed {
		stem, _ := cutSo(n)
		if r, _, _ := s.rs.soRule(stem); r != nil {
			s.needs[r.ID] = true
		}
	}
	if p.Type == "object" {
		s.module()
		return
	}
	s.library(s.base, true)
	if p.Soname != "" && p.Soname != s.base {
		s.library(p.Soname, false)
	}
	if r := firstGlob(s.rs.paths, s.f.Path); r != nil {
		// A plug-in belongs to its product by its folder, but what stands in it
		// may be of somebody else.
		s.see(named(r, s.base))
	} else if p.Soname == "" || p.Interp != "" {
		if r := s.rs.program(s.base); r != nil {
			s.addOwn(r)
			x := named(r, s.base)
			x.Guess = true
			s.see(x)
		} else if len(s.own) == 0 && s.source == "" {
			s.publishedAs(s.base)
		}
	}
	for _, r := range s.own {
		s.symbols(r)
		s.compiler(r)
		s.fileName(r)
	}
	s.note()
	if sec := section(p, ".dep-v0"); sec != nil {
		s.rustAudit(s.f.Data[sec.Off : sec.Off+sec.Size])
	}
}

func (s *scanner) addOwn(r *Rule) {
	if !slices.Contains(s.own, r) {
		s.own = append(s.own, r)
	}
}

// named is what the name or the folder of a file alone says.
func named(r *Rule, base string) seen {
	return seen{rule: r, rank: rankName, named: true, Claim: Claim{Name: r.Name, Rule: r.ID, Confidence: Low, Source: FromFile, Text: base}}
}

// cutSo splits the name of a library: libz.so.1.2.13 is libz.so and 1.2.13.
func cutSo(name string) (stem, number string) {
	i := strings.Index(name, ".so")
	if i < 0 {
		return "", ""
	}
	rest := name[i+3:]
	if rest != "" && rest[0] != '.' {
		return "", ""
	}
	return name[:i+3], strings.TrimPrefix(rest, ".")
}

// library says what the name of a library tells. The name in the file system
// has the whole number, the soname only its first part.
func (s *scanner) library(name string, file bool) {
	stem, number := cutSo(name)
	if stem == "" {
		return
	}
	r, so, star := s.rs.soRule(stem)
	if whole := s.rs.so[name]; whole != nil { // libc.so.0 is no libc.so.6
		r, so, star = whole[0], nil, ""
	}
	if r == nil {
		s.listed(stem, number, file)
		return
	}
	s.addOwn(r)
	c := Claim{Name: r.Name, Rule: r.ID, Confidence: Low, Source: FromFile, Text: name}
	rank := rankName
	if so == nil && star == "" && file {
		if dots := strings.Count(number, "."); dots >= 2 || dots == 1 && s.p.Soname != s.base {
			c.Version, c.Versions = s.rs.libraries()[strings.TrimSuffix(stem, ".so")].release(number)
		}
		if len(r.Since)+len(r.Versions) > 0 {
			c.Versions = nil // a list that isn't whole is not narrowed by symbols
		}
		if c.Version != "" {
			c.Confidence, c.Soft, rank = Medium, weightNumber, rankSo
		}
	}
	if so != nil {
		if star != "" && number == "" || star != "" && !strings.Contains(number, ".") {
			number = star
		}
		c.Version, c.Versions = so.release(number)
		whole := star != "" || file && (s.p.Soname != s.base || strings.Count(number, ".") >= 2)
		if so.Release && !whole {
			c.Version = ""
		}
		if c.Version != "" || len(c.Versions) > 0 {
			c.Confidence, rank = Medium, rankSo
		}
	}
	s.see(seen{Claim: c, rule: r, rank: rank})
}

// release is what the number of a library says.
func (so *So) release(number string) (exact string, several []string) {
	switch {
	case so.Table != nil:
		list := so.Table[number]
		if len(list) == 1 {
			return list[0], nil
		}
		return "", list
	case so.form != nil:
		re := so.form()
		if m := re.FindStringSubmatchIndex(number); m != nil {
			return trimZeros(string(re.ExpandString(nil, so.As, number, m))), nil
		}
	case so.Release && strings.Contains(number, ".") && strings.Trim(number, "0.") != "":
		return number, nil
	}
	return "", nil
}

// trimZeros takes the zeros off that fill a number: 1.22.05 is 1.22.5.
func trimZeros(v string) string {
	list := strings.Split(v, ".")
	for i, p := range list {
		list[i] = strings.TrimLeft(p, "0")
		if list[i] == "" {
			list[i] = "0"
		}
	}
	return strings.Join(list, ".")
}

// symbols says what symbol versions and exported functions tell: a range.
func (s *scanner) symbols(r *Rule) {
	c := Claim{Name: r.Name, Rule: r.ID, Confidence: Low, Source: FromSymbols}
	for i := range r.Versions {
		v := &r.Versions[i]
		for _, def := range s.p.VerDefs {
			m := v.re().FindStringSubmatchIndex(def)
			if m == nil {
				continue
			}
			got := strings.ReplaceAll(expandVersion(v, v.re(), []byte(def), m), "_", ".")
			if c.AtLeast == "" || compare(got, c.AtLeast) > 0 {
				c.AtLeast, c.Text = got, def
				if v.Exact {
					c.Version, c.Confidence = got, Medium
				}
			}
		}
	}
	if len(r.Since) > 0 && len(s.p.Exports) > 0 {
		s.since(r, &c)
	}
	if c.AtLeast != "" || c.Below != "" {
		s.see(seen{Claim: c, rule: r, rank: rankSymbols})
	}
}

// since narrows the range by what is exported: the newest function that is
// there, and the oldest newer one that isn't. Only libraries that export
// something of the list say anything.
func (s *scanner) since(r *Rule, c *Claim) {
	if s.exp == nil {
		s.exp = make(map[string]bool, len(s.p.Exports))
		for _, e := range s.p.Exports {
			s.exp[e] = true
		}
		for _, e := range s.p.VerDefs {
			s.exp[e] = true
		}
	}
	any := false
	for _, x := range r.Since {
		if s.exp[x.Symbol] {
			any = true
			if c.AtLeast == "" || compare(x.Version, c.AtLeast) > 0 {
				c.AtLeast, c.Text = x.Version, x.Symbol
			}
		}
	}
	if !any {
		return
	}
	for _, x := range r.Since {
		if !s.exp[x.Symbol] && compare(x.Version, c.AtLeast) > 0 && (c.Below == "" || compare(x.Version, c.Below) < 0) {
			c.Below = x.Version
		}
	}
}

// compiler reads the compiler's mark of libraries that compilers bring
// themselves: they are built by the compiler that they belong to.
func (s *scanner) compiler(r *Rule) {
	if r.Comment == nil || s.p.Comment == "" {
		return
	}
	re := r.Comment.re()
	if m := re.FindStringSubmatchIndex(s.p.Comment); m != nil {
		s.see(seen{rule: r, rank: rankFile, Claim: Claim{Name: r.Name, Rule: r.ID, Confidence: High, Source: FromText,
			Version: expandVersion(r.Comment, re, []byte(s.p.Comment), m), Text: quote([]byte(s.p.Comment), m[0], m[1])}})
	}
}

func (s *scanner) fileName(r *Rule) {
	for i := range r.Files {
		c := &r.Files[i]
		if m := c.re().FindStringSubmatchIndex(s.base); m != nil {
			s.see(seen{rule: r, rank: rankFile, Claim: Claim{Name: r.Name, Rule: r.ID, Confidence: Medium, Source: FromFile,
				Version: expandVersion(c, c.re(), []byte(s.base), m), Text: s.base}})
		}
	}
}

func section(p *elf.Program, name string) *elf.Section {
	for i := range p.Sections {
		if p.Sections[i].Name == name && p.Sections[i].Size > 0 {
			return &p.Sections[i]
		}
	}
	return nil
}

// maxOwn bounds how much of a file's data is gone over for patterns of its own.
const maxOwn = 2 << 20

// ownText looks for a version that stands alone in a file that is the product's
// own, where nothing surer was found. Two different ones are none.
func (s *scanner) ownText(r *Rule) {
	if len(r.Own) == 0 {
		return
	}
	for _, x := range s.seen {
		if x.rule == r && x.Version != "" && x.rank < rankFile {
			return
		}
	}
	found := make([]seen, len(r.Own))
	count := make([]int, len(r.Own))
	with := make([]bool, len(r.Own))
	total := 0
	for run := range s.f.Runs(2) {
		if total += len(run.Text); total > maxOwn {
			break
		}
		for i := range r.Own {
			o := &r.Own[i]
			if o.With != "" && !with[i] && bytes.Contains(run.Text, []byte(o.With)) {
				with[i] = true
			}
			m := o.match(run)
			if m == nil {
				continue
			}
			version := s.ownVersion(o, string(m[1]))
			if version == "" || version == found[i].Version {
				continue
			}
			count[i]++
			found[i] = seen{rule: r, rank: rankOwn + i, Claim: Claim{Name: r.Name, Rule: r.ID, Version: version, Confidence: High, Source: FromText, Offset: int64(run.Off), Text: quote(run.Text, 0, len(run.Text))}}
		}
	}
	for i, x := range found {
		if count[i] == 1 && (r.Own[i].With == "" || with[i]) {
			s.see(x)
		}
	}
}

// ownVersion puts the version together that a string tells, for some with the
// number of the library: x264 numbers its interface there, its commits in itself.
func (s *scanner) ownVersion(o *Own, told string) string {
	if o.As == "" {
		return told
	}
	_, number := cutSo(cmp.Or(s.p.Soname, s.base))
	if number == "" && strings.Contains(o.As, "<so>") {
		return ""
	}
	return strings.NewReplacer("<so>", number, "$1", told).Replace(o.As)
}

// match looks at one string. Where other data stands right before it, a few
// printable bytes of that may lead.
func (o *Own) match(run inspect.Run) [][]byte {
	for skip := 0; skip <= 3 && skip < len(run.Text) && len(run.Text) <= 96; skip++ {
		if m := o.re().FindSubmatch(run.Text[skip:]); len(m) > 1 {
			return m
		}
		if run.NUL {
			break
		}
	}
	return nil
}

// note reads the package note that some distributions put into their programs
// (the "ELF package metadata" specification of systemd: owner FDO, JSON).
func (s *scanner) note() {
	sec := section(s.p, ".note.package")
	if sec == nil || sec.Size < 16 || sec.Off+sec.Size > len(s.f.Data) || sec.Size > 64<<10 {
		return
	}
	b := s.f.Data[sec.Off : sec.Off+sec.Size]
	var order binary.ByteOrder = binary.LittleEndian
	if s.p.Big {
		order = binary.BigEndian
	}
	name, size := int(order.Uint32(b)), int(order.Uint32(b[4:]))
	at := 12 + (name+3)&^3
	if name < 0 || size < 0 || at < 12 || at > len(b) || size > len(b)-at {
		return
	}
	var n struct {
		Type, OS, Name, Version, Architecture string
	}
	text := strings.TrimRight(string(b[at:at+size]), "\x00")
	if json.Unmarshal([]byte(text), &n) != nil || n.Name == "" || n.Version == "" {
		return
	}
	p := Package{Database: FromNote, Type: n.Type, Name: n.Name, Version: n.Version, Arch: n.Architecture, Origin: n.Name, Path: s.f.Path, Offset: int64(sec.Off + at), Files: []string{s.f.Path}}
	s.out.Packages = append(s.out.Packages, p)
}
