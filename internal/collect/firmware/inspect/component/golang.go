package component

import (
	"encoding/binary"
	"strings"

	"assay/internal/collect/firmware/inspect/keyword"
)

// goMagic opens the build information of a Go program (cmd/link,
// debug/buildinfo: 14 bytes magic, pointer size, flags).
const goMagic = "\xff Go buildinf:"

// maxGoInfo bounds the module list: that of the largest known program has some
// 100 KiB.
const maxGoInfo = 4 << 20

// goBuild reads which modules a Go program is made of.
func (s *scanner) goBuild(h keyword.Hit) {
	if s.p == nil || h.At%16 != 0 || len(s.f.Data)-h.At < 32 || s.goTries == 8 {
		return // the header is aligned; elsewhere it is the text of a program that looks for it
	}
	s.goTries++
	d := s.f.Data[h.At:]
	var vers, mod string
	if flags := d[15]; flags&2 != 0 { // Go 1.18: the strings follow
		var n int
		vers, n = varString(d[32:])
		if n > 0 {
			mod, _ = varString(d[32+n:])
		}
	} else {
		vers, mod = s.goPointers(d, flags&1 != 0)
	}
	if !strings.HasPrefix(vers, "go1") && !strings.HasPrefix(vers, "devel") {
		return
	}
	s.goTries, s.made = 8, true
	off := int64(h.At)
	if v, ok := strings.CutPrefix(vers, "go"); ok {
		v, _, _ = strings.Cut(v, " ")
		s.claim(Claim{Name: "go", Rule: "go", Version: v, Confidence: High, Source: FromGo, Offset: off, Text: vers})
	}
	// The list stands between two marks of 16 bytes.
	if len(mod) >= 33 && mod[len(mod)-17] == '\n' {
		mod = mod[16 : len(mod)-16]
	}
	s.goModules(mod, off)
	// "build" lines are of Go 1.18 and later; a program that needs no library
	// and was built before has no C code in it, either, but for what is static.
	s.pure = strings.Contains(mod, "\nbuild\tCGO_ENABLED=0") || !strings.Contains(mod, "\nbuild\t") && len(s.p.Needed) == 0
}

func (s *scanner) goModules(mod string, off int64) {
	var last *Claim
	for l := range strings.SplitSeq(mod, "\n") {
		f := strings.Split(l, "\t")
		switch {
		case len(f) >= 3 && (f[0] == "mod" || f[0] == "dep"):
			last = s.goModule(f[1], f[2], off)
		case len(f) >= 3 && f[0] == "=>" && last != nil:
			if c := goClaim(f[1], f[2], off); len(c.Name) <= 256 && len(c.Version) <= 128 {
				*last = c // replaced in go.mod
			}
			last = nil
		default:
			last = nil
		}
	}
}

// goModule adds a module; nil where it isn't kept.
func (s *scanner) goModule(name, v string, off int64) *Claim {
	n := len(s.out.Claims)
	if name != "" && (v != "(devel)" || !privateModule(name)) {
		s.claim(goClaim(name, v, off))
	}
	if len(s.out.Claims) == n {
		return nil
	}
	return &s.out.Claims[n]
}

// privateModule says that a module is nobody's but the maker's: its path begins
// with no name of a host (Go modules reference, "Module paths"), or with one that
// the public DNS doesn't have (RFC 6762, RFC 9476 and ICANN's .internal; .lan,
// .corp and .home by custom).
func privateModule(name string) bool {
	host, _, _ := strings.Cut(name, "/")
	i := strings.LastIndexByte(host, '.')
	if i < 0 {
		return true
	}
	switch host[i+1:] {
	case "local", "localhost", "localdomain", "internal", "intranet", "private", "alt", "lan", "corp", "home", "test", "invalid":
		return true
	}
	return false
}

func goClaim(name, v string, off int64) Claim {
	c := Claim{Name: name, Rule: "go-module", Version: strings.TrimPrefix(v, "v"), Confidence: High, Source: FromGo, Offset: off, Text: name + " " + v}
	if v == "(devel)" {
		v, c.Version = "", ""
	}
	space, base := scoped(name)
	c.PURL = purl("golang", space, base, v)
	return c
}

// varString reads a length and so many bytes; n is what it took, 0 on damage.
func varString(b []byte) (s string, n int) {
	size, k := binary.Uvarint(b[:min(len(b), binary.MaxVarintLen64)])
	if k <= 0 || size > maxGoInfo || size > uint64(len(b)-k) {
		return "", 0
	}
	return string(b[k : k+int(size)]), k + int(size)
}

// goPointers follows the two pointers to strings that programs before Go 1.18
// have behind the header.
func (s *scanner) goPointers(d []byte, big bool) (vers, mod string) {
	size := int(d[14])
	if size != 4 && size != 8 {
		return "", ""
	}
	var o binary.ByteOrder = binary.LittleEndian
	if big {
		o = binary.BigEndian
	}
	word := func(b []byte) uint64 {
		if size == 4 {
			return uint64(o.Uint32(b))
		}
		return o.Uint64(b)
	}
	str := func(at uint64) string {
		head := s.at(at, uint64(2*size), o)
		if head == nil {
			return ""
		}
		n := word(head[size:])
		if n > maxGoInfo {
			return ""
		}
		return string(s.at(word(head), n, o))
	}
	return str(word(d[16:])), str(word(d[16+size:]))
}

// at gives n bytes at an address of the program, by its load segments (System V
// gABI, program header).
func (s *scanner) at(addr, n uint64, o binary.ByteOrder) []byte {
	d := s.f.Data
	wide := s.p.Bits == 64
	var off, step, count int
	if wide {
		off, step, count = int(min(o.Uint64(d[32:]), 1<<31)), int(o.Uint16(d[54:])), int(o.Uint16(d[56:]))
	} else {
		off, step, count = int(min(o.Uint32(d[28:]), 1<<31-1)), int(o.Uint16(d[42:])), int(o.Uint16(d[44:]))
	}
	least := 32
	if wide {
		least = 56
	}
	for i := range min(count, 256) {
		at := off + i*step
		if step < least || at > len(d)-least {
			return nil
		}
		h := d[at:]
		if o.Uint32(h) != 1 { // PT_LOAD
			continue
		}
		var from, base, size uint64
		if wide {
			from, base, size = o.Uint64(h[8:]), o.Uint64(h[16:]), o.Uint64(h[32:])
		} else {
			from, base, size = uint64(o.Uint32(h[4:])), uint64(o.Uint32(h[8:])), uint64(o.Uint32(h[16:]))
		}
		if addr < base || addr-base > size || n > size-(addr-base) {
			continue
		}
		begin := from + (addr - base)
		if begin < from || begin > uint64(len(d)) || n > uint64(len(d))-begin {
			return nil
		}
		return d[begin : begin+n : begin+n]
	}
	return nil
}
