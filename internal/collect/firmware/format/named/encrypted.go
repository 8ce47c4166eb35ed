package named

import (
	"bytes"

	"assay/internal/collect/firmware/format"
	"assay/internal/pattern"
)

var encrypted = []kind{
	{name: "luks", magics: at(0, "LUKS\xba\xbe\x00\x01"), need: 208, know: luks1},
	{name: "luks", magics: at(0, "LUKS\xba\xbe\x00\x02"), need: 4096, know: luks2},
	{name: "age", magics: at(0, "age-encryption.org/v1\n-> "), need: 25, know: text("age")},
	{name: "age", magics: at(0, "-----BEGIN AGE ENCRYPTED FILE-----"), need: 34, head: true, know: text("age")},
	{name: "openpgp", magics: at(0, "-----BEGIN PGP MESSAGE-----"), need: 27, head: true, know: text("openpgp")},
}

// text is sure by a magic number that is a line of text.
func text(scheme string) func(format.Source, []byte, *format.Part) bool {
	return func(_ format.Source, _ []byte, p *format.Part) bool {
		encryption(p, scheme)
		return true
	}
}

// luks1: cipher, mode and hash as text (LUKS On-Disk Format Specification 1.2.3).
func luks1(_ format.Source, b []byte, p *format.Part) bool {
	cipher, mode, hash := cString(b[8:40]), cString(b[40:72]), cString(b[72:104])
	bits := 8 * be32(b[108:])
	if !word.MatchString(cipher) || !word.MatchString(mode) || !word.MatchString(hash) || bits == 0 || bits > 1024 {
		return false
	}
	encryption(p, cipher+"-"+mode)
	p.Note = "LUKS 1, key derived with " + hash
	return true
}

var word = pattern.New(`^[a-z0-9][a-z0-9:_-]*$`)

// segment finds the cipher of a volume in the JSON behind the header.
var segment = pattern.New(`"type":"crypt"[^{}]*"encryption":"([a-z0-9:_-]{1,64})"`)

// luks2: sizes, a salt, JSON (LUKS2 On-Disk Format Specification).
func luks2(s format.Source, b []byte, p *format.Part) bool {
	size := be64(b[8:])
	if size < 16<<10 || size > 4<<20 || !power(size, 16<<10, 4<<20) || !word.MatchString(cString(b[72:104])) {
		return false
	}
	json := format.Head(s, p.Offset+4096, int(size)-4096)
	if !bytes.HasPrefix(json, []byte("{")) {
		return false
	}
	scheme := "luks2"
	if m := segment.FindSubmatch(json); m != nil {
		scheme = string(m[1])
	}
	encryption(p, scheme)
	p.Note = "LUKS 2"
	return true
}
