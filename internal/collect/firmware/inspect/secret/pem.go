package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"path"
	"strings"

	"golang.org/x/crypto/ssh"

	"assay/internal/collect/firmware/inspect"
)

// maxPEM bounds a PEM block; a key of 16384 bits has some 13 KB.
const maxPEM = 64 << 10

// armour looks at what begins like a PEM block (RFC 7468), in clear, in base64
// or in hexadecimal.
func (s *scanner) armour(at, end int) {
	if s.prose() {
		return
	}
	d := s.f.Data[at:min(len(s.f.Data), at+maxPEM)]
	switch d[0] {
	case '-':
		if bytes.HasPrefix(d, []byte("-----BEGIN ")) {
			s.pem(at, d, len(d))
		}
	case 'L':
		raw := s.token(at, maxPEM, base64Byte)
		text, _ := base64.RawStdEncoding.DecodeString(string(bytes.TrimRight(raw, "=")))
		s.encodedPEM(at, raw, text, "base64 of ")
	case '2':
		raw := s.token(at, maxPEM, hexByte)
		text, _ := hex.DecodeString(string(raw[:len(raw)&^1]))
		s.encodedPEM(at, raw, text, "hexadecimal of ")
	}
}

func (s *scanner) encodedPEM(at int, raw, text []byte, note string) {
	if !bytes.HasPrefix(text, []byte("-----BEGIN ")) {
		return
	}
	n := len(s.hits)
	s.pem(at, text, len(text))
	if len(s.hits) > n {
		h := &s.hits[n]
		h.Clear, h.Value, h.Note = h.Value, string(raw), note+h.Format
	}
}

// pem looks at the block that d begins with; it stands at off.
func (s *scanner) pem(off int, d []byte, size int) {
	line, _, _ := bytes.Cut(d[:min(size, 8192)], []byte("\n"))
	head := line[:min(len(line), 80)]
	esc := bytes.Contains(line, []byte(`\n`))
	if len(line) > 80 && !esc && !bytes.Contains(head, []byte("----- ")) {
		return
	}
	if s.staticKey(off, head, d) || !bytes.Contains(head, []byte("PRIVATE KEY")) {
		return
	}
	s.keys++
	if bytes.Contains(head, []byte("PGP PRIVATE KEY BLOCK-----")) {
		s.pgpArmour(off, d)
		return
	}
	whole := d
	switch {
	case esc: // in a script or a string table the line ends are escaped
		d = unescaped(d)
	case bytes.Contains(head, []byte("----- ")): // one line, spaces for line ends
		d = spaced(d)
	}
	if !esc && len(head) == len(line) { // of YAML: lines are indented
		d = unindented(d)
	}
	b, rest := pem.Decode(d)
	if b == nil || !bytes.HasPrefix(d, []byte("-----BEGIN "+b.Type)) || len(b.Bytes) < 32 {
		return // a program's own text: it reads and writes keys and holds none
	}
	value := string(d[:len(d)-len(rest)])
	if esc || len(value) != 0 && !bytes.HasPrefix(whole, []byte(value)) {
		value = asWritten(whole, b.Type)
	}
	h := Hit{Kind: PrivateKey, Value: value}
	h.block(b)
	if cryptoLibrary(s.f.Path) && s.f.Kind != inspect.Text {
		h.Kind, h.Note = TestKey, "among the strings of a library for cryptography: it checks itself with it"
	}
	s.add(off, h)
}

// unescaped gives a block in strings of a program its line ends. Where each line
// is a string of its own, quotes and what joins them go.
func unescaped(d []byte) []byte {
	if i := bytes.IndexByte(d, '\n'); i >= 0 && bytes.Contains(d[:i], []byte(`\n"`)) || bytes.Contains(d[:min(len(d), 80)], []byte(`\n'`)) {
		if end := bytes.Index(d, []byte("-----END ")); end >= 0 {
			if k := bytes.Index(d[end+9:], []byte("-----")); k >= 0 {
				d = d[:end+9+k+5]
			}
		}
		for _, c := range []string{"\\\n", "\\\r\n", "\"", "'", "\n", "\r", "\t", " +", "+ ", " . ", "\\\\"} {
			d = bytes.ReplaceAll(d, []byte(c), nil)
		}
		for bytes.Contains(d, []byte(`\n `)) {
			d = bytes.ReplaceAll(d, []byte(`\n `), []byte(`\n`))
		}
	}
	return bytes.ReplaceAll(bytes.ReplaceAll(d, []byte(`\r`), nil), []byte(`\n`), []byte("\n"))
}

// unindented takes the blanks away that the lines of a block begin with.
func unindented(d []byte) []byte {
	i := bytes.IndexByte(d, '\n')
	if i < 0 || i+1 >= len(d) || d[i+1] != ' ' && d[i+1] != '\t' {
		return d
	}
	var out []byte
	for line := range bytes.Lines(d) {
		line = bytes.TrimLeft(line, " \t")
		if out = append(out, line...); bytes.HasPrefix(line, []byte("-----END ")) {
			break
		}
	}
	return out
}

// asWritten returns the block with its escapes, as it stands in the file.
func asWritten(d []byte, typ string) string {
	end := []byte("-----END " + typ + "-----")
	if i := bytes.Index(d, end); i >= 0 {
		return string(d[:i+len(end)])
	}
	return string(d)
}

// spaced gives a block on one line its line ends back.
func spaced(d []byte) []byte {
	first := bytes.Index(d, []byte("----- "))
	last := bytes.Index(d[first+6:], []byte("-----END "))
	if first < 0 || last < 0 {
		return d
	}
	body := bytes.ReplaceAll(d[first+6:first+6+last], []byte(" "), []byte("\n"))
	tail, _, _ := bytes.Cut(d[first+6+last:], []byte("\n"))
	if i := bytes.Index(tail[9:], []byte("-----")); i >= 0 {
		tail = tail[:9+i+5]
	}
	return bytes.Join([][]byte{d[:first+5], body, append(bytes.Clone(tail), '\n')}, []byte("\n"))
}

// block describes the key in a PEM block.
func (h *Hit) block(b *pem.Block) {
	switch {
	case b.Type == "ENCRYPTED PRIVATE KEY":
		h.Format, h.Encrypted = "PKCS#8 PEM", true
		h.unlock(b.Bytes)
	case strings.Contains(b.Headers["Proc-Type"], "ENCRYPTED"):
		h.Format, h.Encrypted = legacyFormat(b.Type), true
		h.Algorithm = strings.TrimSuffix(b.Type, " PRIVATE KEY")
		h.unlockLegacy(b)
	case b.Type == "OPENSSH PRIVATE KEY":
		h.Format = "OpenSSH PEM"
		h.openSSH(b)
	default:
		key, format, err := parseDER(b.Bytes)
		if err != nil {
			h.Format, h.Note = legacyFormat(b.Type), "does not parse: "+err.Error()
		} else {
			h.Format = format + " PEM"
			h.private(key)
		}
	}
}

func (h *Hit) openSSH(b *pem.Block) {
	key, err := ssh.ParseRawPrivateKey(pem.EncodeToMemory(b))
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked):
		h.Encrypted = true
		if locked.PublicKey != nil {
			if p, ok := locked.PublicKey.(ssh.CryptoPublicKey); ok {
				h.public(p.CryptoPublicKey())
			}
		}
	case err != nil:
		h.Note = "does not parse: " + err.Error()
	default:
		h.private(key)
	}
}

// staticKey looks at the key that two ends of OpenVPN share.
func (s *scanner) staticKey(off int, head, d []byte) bool {
	if !bytes.Contains(head, []byte("OpenVPN ")) {
		return false
	}
	v2 := bytes.Contains(head, []byte("OpenVPN tls-crypt-v2 client key"))
	if !v2 && !bytes.Contains(head, []byte("OpenVPN Static key V1")) {
		return true
	}
	if i := bytes.Index(d, []byte("\n-----END OpenVPN ")); i > 64 {
		if j := bytes.Index(d[i+6:], []byte("-----")); j > 0 {
			s.add(off, Hit{Kind: SymmetricKey, Value: string(d[:i+6+j+5]), Scheme: "openvpn", Format: "OpenVPN", Bits: 2048, Note: "shared by all who have the file"})
		}
	}
	return true
}

// cryptoLibrary says that the file is a known library for cryptography. These
// carry published keys for the self-tests that FIPS 140 asks for.
func cryptoLibrary(p string) bool {
	base := path.Base(p)
	for _, n := range []string{"libgnutls", "libcrypto.", "libcrypto-", "libssl.", "libwolfssl", "libmbedcrypto", "libmbedtls", "libmbedx509", "libpolarssl", "libcyassl", "libaxtls", "libgcrypt", "libnss3", "libsoftokn", "libfreebl", "libbotan", "libtomcrypt", "libnettle", "libhogweed", "libmatrixssl", "libbearssl", "openssl", "gnutls-", "certtool", "p11tool"} {
		if strings.HasPrefix(base, n) {
			return true
		}
	}
	return false
}

func legacyFormat(t string) string {
	switch t {
	case "RSA PRIVATE KEY":
		return "PKCS#1 PEM"
	case "EC PRIVATE KEY":
		return "SEC1 PEM"
	case "PRIVATE KEY":
		return "PKCS#8 PEM"
	}
	return "PEM"
}

func base64Byte(c byte) bool { return alnum(c) || c == '+' || c == '/' || c == '=' }

func hexByte(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}
