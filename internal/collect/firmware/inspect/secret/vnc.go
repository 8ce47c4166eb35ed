package secret

import (
	"bytes"
	"crypto/des"
	"path"
	"strings"
)

// vncKey is what VNC servers encrypt their passwords with (vncauth.c): 23, 82,
// 107, 6, 35, 78, 88, 7, the bits of each byte in reverse, as its DES takes them.
var vncKey = []byte{0xe8, 0x4a, 0xd6, 0x60, 0xc4, 0x72, 0x1a, 0xe0}

// vnc reads the password file of a VNC server: eight bytes, or sixteen with a
// password for those that only look on.
func (s *scanner) vnc() {
	d := s.f.Data
	base := strings.ToLower(path.Base(s.f.Path))
	named := base == "passwd" && strings.HasSuffix(strings.ToLower(path.Dir(s.f.Path)), "vnc") || strings.Contains(base, "vnc") && strings.Contains(base, "pass")
	if !named || len(d) != 8 && len(d) != 16 || s.prose() {
		return
	}
	c, err := des.NewCipher(vncKey)
	if err != nil {
		return
	}
	for off := 0; off < len(d); off += 8 {
		clear := make([]byte, 8)
		c.Decrypt(clear, d[off:off+8])
		pw := string(bytes.TrimRight(clear, "\x00"))
		if pw == "" || !ascii(pw) {
			continue
		}
		s.add(off, Hit{Kind: Password, Value: string(d[off : off+8]), Clear: pw, Scheme: "vnc", Note: "encrypted with the key that all VNC servers have"})
	}
}
