package secret

import (
	"bytes"
	"crypto/ecdh"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"path"
	"strings"

	"assay/internal/collect/firmware/inspect"
)

// keyFile looks whether the whole file is a key or a key store without armour.
func (s *scanner) keyFile() {
	d := s.f.Data
	if len(d) < 16 || len(d) > maxStore || s.f.Kind == inspect.ELF || s.prose() {
		return
	}
	switch {
	case d[0] == 0x30 && len(d) <= maxStore:
		s.derFile()
	case d[0] == 0xfe && bytes.HasPrefix(d, []byte("\xfe\xed\xfe\xed")):
		s.javaStore("JKS")
	case d[0] == 0xce && bytes.HasPrefix(d, []byte("\xce\xce\xce\xce")):
		s.javaStore("JCEKS")
	case d[0] == 0 && d[1] == 0 && d[2] == 0 && (d[3] == 1 || d[3] == 2) && d[4] == 0 && d[5] == 0 && d[6] == 0:
		s.bks()
	case d[0] == 0 && d[1] == 0 && d[2] == 0 && d[3] < 32 && len(d) <= 16<<10:
		s.dropbear()
	case d[0]&0x80 != 0 && s.f.Kind == inspect.Binary && strings.Contains(strings.ToLower(s.f.Path), "gpg"), d[0] == 0x94 || d[0] == 0x95 || d[0] == 0xc5:
		s.pgpBinary()
	}
	if len(s.hits) == 0 {
		s.rawKey()
	}
}

func (s *scanner) derFile() {
	d := s.f.Data
	var raw asn1.RawValue
	// Some tools pad the file; what follows must be padding.
	rest, err := asn1.Unmarshal(d, &raw)
	if err != nil || len(bytes.Trim(rest, "\x00\xff\n")) > 0 {
		return
	}
	if key, format, err := parseDER(raw.FullBytes); err == nil {
		h := Hit{Kind: PrivateKey, Value: string(d), Format: format + " DER"}
		h.private(key)
		s.add(0, h)
		return
	}
	h := Hit{Kind: PrivateKey, Value: string(d), Format: "PKCS#8 DER", Encrypted: true}
	var k sealedKey
	if rest, err := asn1.Unmarshal(raw.FullBytes, &k); err == nil && len(rest) == 0 && len(k.Data) >= 32 {
		if _, ok := cipherOf(k.Algorithm.OID, k.Algorithm.Parameters.FullBytes); ok {
			h.unlock(raw.FullBytes)
			s.add(0, h)
			return
		}
	}
	s.pkcs12()
}

// rawKey takes a small file for a key by its name and its size: random bytes, or
// the same in hexadecimal or base64.
func (s *scanner) rawKey() {
	d := s.f.Data
	if len(d) > 1024 {
		return
	}
	ticket, ok := keyName(s.f.Path)
	if !ok {
		return
	}
	h := Hit{Kind: SymmetricKey, Value: string(d), Note: "the file's name and size are those of a key"}
	bits := 0
	switch text := string(bytes.TrimSpace(d)); {
	case s.f.Kind == inspect.Text && hexBits(text) > 0:
		bits, h.Value = hexBits(text), text
	case s.f.Kind == inspect.Text && ascii(text):
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil || !keySize(len(raw)) || !scattered(raw) {
			return
		}
		bits, h.Value = len(raw)*8, text
		if wg, ok := wireGuard(text); ok && (strings.Contains(s.f.Path, "wireguard") || strings.Contains(strings.ToLower(path.Base(s.f.Path)), "privatekey")) {
			h = wg
		}
	case keySize(len(d)) && scattered(d):
		bits = len(d) * 8
	default:
		return
	}
	if h.Bits == 0 {
		h.Bits = bits
	}
	if ticket || len(d) == 80 && strings.Contains(s.f.Path, "tick") {
		h.Scheme = "tls-ticket"
	}
	s.add(bytes.Index(d, []byte(h.Value)), h)
}

// keyName says that a file's name is one of a secret key; ticket, that it is one
// of TLS session tickets.
func keyName(p string) (ticket, ok bool) {
	base := strings.ToLower(path.Base(p))
	ext := path.Ext(base)
	for _, w := range []string{"pub", "cert", "keymap", "keyboard", "keycode", "keytable", "keysym", "hotkey", "keypad", "keyword", "trusted", "ca-", "ca_", "rootkey", "revoc"} {
		if strings.Contains(base, w) {
			return false, false
		}
	}
	switch ext {
	case "", ".bin", ".key", ".dat", ".raw", ".hex", ".txt", ".secret", ".aes", ".enc", ".b64", ".seed", ".conf", ".pem", ".psk":
	default:
		return false, false
	}
	if strings.Contains(base, "ticket") {
		return true, true
	}
	for _, w := range []string{"key", "secret", "hmac", "psk", "aes", "seed", "kek", "dek", "cipher"} {
		if strings.Contains(base, w) {
			return false, true
		}
	}
	return false, false
}

func keySize(n int) bool {
	switch n {
	case 16, 20, 24, 32, 48, 64, 80, 96, 128:
		return true
	}
	return false
}

// scattered says that bytes look random: many different ones, and not text.
func scattered(b []byte) bool {
	var seen [256]bool
	distinct, text := 0, 0
	for _, c := range b {
		if !seen[c] {
			seen[c] = true
			distinct++
		}
		if c >= 0x20 && c < 0x7f {
			text++
		}
	}
	n := min(len(b), 128)
	return distinct*4 >= n*3 && text < len(b)*9/10 && !counting(b)
}

// counting says that bytes go up or down by one step: a test vector.
func counting(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	step := b[1] - b[0]
	for i := 2; i < len(b); i++ {
		if b[i]-b[i-1] != step {
			return false
		}
	}
	return true
}

// wireGuard describes a private key of WireGuard: 32 bytes in base64.
func wireGuard(v string) (Hit, bool) {
	if len(v) != 44 || v[43] != '=' {
		return Hit{}, false
	}
	raw, err := base64.StdEncoding.DecodeString(v)
	if err != nil || len(raw) != 32 || !scattered(raw) {
		return Hit{}, false
	}
	h := Hit{Kind: PrivateKey, Value: v, Algorithm: "X25519", Bits: 256, Format: "WireGuard"}
	if key, err := ecdh.X25519().NewPrivateKey(raw); err == nil {
		h.public(key.PublicKey())
	}
	return h, true
}

// hexBits returns the length of the key that v writes in hexadecimal; 0: none.
func hexBits(v string) int {
	switch len(v) {
	case 32, 48, 64, 96, 128:
	default:
		return 0
	}
	distinct := map[byte]bool{}
	for i := range len(v) {
		if !hexByte(v[i]) {
			return 0
		}
		distinct[v[i]|0x20] = true
	}
	raw, err := hex.DecodeString(v)
	if err != nil || len(distinct) < 6 || counting(raw) {
		return 0
	}
	return len(v) * 4
}
