package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"hash"
	"strings"
	"unicode/utf16"
)

// phrases are the pass phrases that key files of toolkits, manuals and demos
// have had; a file that one of them opens is as good as open.
var phrases = []string{"", "changeit", "password", "123456", "changeme", "secret", "1234", "12345678", "admin", "test", "notasecret", "android", "default", "pass", "12345", "private", "server", "client", "root", "whatever", "testtest", "qwerty", "storepass", "keypass", "storepwd", "keystore"}

// maxRounds bounds the rounds of key derivation that one file may cost; the file
// itself says how many one try takes.
const maxRounds = 400_000

// try calls open with one phrase after the other until it gives a key; rounds is
// what one try costs.
func try(rounds int, open func(phrase string) any) (key any, phrase string) {
	if rounds < 1 || rounds > maxRounds {
		return nil, ""
	}
	for i, p := range phrases {
		if (i+1)*rounds > maxRounds {
			break
		}
		if key := open(p); key != nil {
			return key, p
		}
	}
	return nil, ""
}

// opened notes that a well-known phrase opens the key.
func (h *Hit) opened(key any, phrase string) {
	h.Encrypted, h.Clear = false, phrase
	h.private(key)
	h.Note = strings.TrimSpace(h.Note + " a well-known pass phrase opens it")
	if phrase == "" {
		h.Note = "an empty pass phrase opens it"
	}
}

// sealedKey is EncryptedPrivateKeyInfo (RFC 5958, section 3).
type sealedKey struct {
	Algorithm struct {
		OID        asn1.ObjectIdentifier
		Parameters asn1.RawValue `asn1:"optional"`
	}
	Data []byte
}

// unlock tries the phrases on an encrypted PKCS#8 key.
func (h *Hit) unlock(der []byte) bool {
	var k sealedKey
	if _, err := asn1.Unmarshal(der, &k); err != nil {
		return false
	}
	c, ok := cipherOf(k.Algorithm.OID, k.Algorithm.Parameters.FullBytes)
	if !ok || len(k.Data) > 64<<10 {
		return false
	}
	key, phrase := try(c.rounds, func(p string) any {
		if key, _, err := parseDER(c.decrypt(p, k.Data)); err == nil {
			return key
		}
		return nil
	})
	if key == nil {
		return false
	}
	h.opened(key, phrase)
	return true
}

// unlockLegacy tries the phrases on a PEM block that says how it is encrypted in
// its header (RFC 1423): one round of MD5 a try.
func (h *Hit) unlockLegacy(b *pem.Block) {
	for _, p := range phrases {
		//nolint:staticcheck // that it is weak is what we say
		der, err := x509.DecryptPEMBlock(b, []byte(p))
		if err != nil {
			continue
		}
		if key, _, err := parseDER(der); err == nil {
			h.opened(key, p)
			return
		}
	}
}

// encryption derives a key from a pass phrase and decrypts.
type encryption struct {
	rounds int
	block  func(key []byte) (cipher.Block, error)
	size   int
	// derive gives key and IV; iv is set where the parameters hold it.
	derive func(phrase string, size int) []byte
	iv     []byte
	ivFrom func(phrase string, size int) []byte
}

func (c encryption) decrypt(phrase string, data []byte) []byte {
	block, err := c.block(c.derive(phrase, c.size))
	if err != nil || len(data) == 0 || len(data)%block.BlockSize() != 0 {
		return nil
	}
	iv := c.iv
	if iv == nil {
		iv = c.ivFrom(phrase, block.BlockSize())
	}
	if len(iv) != block.BlockSize() {
		return nil
	}
	out := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, data)
	pad := int(out[len(out)-1])
	if pad == 0 || pad > block.BlockSize() {
		return nil
	}
	return out[:len(out)-pad]
}

type pbeParameters struct {
	Salt   []byte
	Rounds int
}

type pbes2Parameters struct {
	KDF struct {
		OID    asn1.ObjectIdentifier
		PBKDF2 struct {
			Salt   []byte
			Rounds int
			Length int `asn1:"optional"`
			PRF    struct {
				OID  asn1.ObjectIdentifier
				Null asn1.RawValue `asn1:"optional"`
			} `asn1:"optional"`
		}
	}
	Cipher struct {
		OID asn1.ObjectIdentifier
		IV  []byte
	}
}

// cipherOf reads the algorithm of an encrypted key: PBES2 (RFC 8018), the
// triple DES of PKCS#12 (RFC 7292, appendix C) and PBES1 with DES.
func cipherOf(oid asn1.ObjectIdentifier, parameters []byte) (encryption, bool) {
	if oid.String() == "1.2.840.113549.1.5.13" {
		return pbes2(parameters)
	}
	var p pbeParameters
	if _, err := asn1.Unmarshal(parameters, &p); err != nil {
		return encryption{}, false
	}
	switch oid.String() {
	case "1.2.840.113549.1.12.1.3":
		derive := func(id byte) func(string, int) []byte {
			return func(phrase string, size int) []byte {
				return pkcs12Key(sha1.New, 64, p.Salt, phrase, p.Rounds, id, size)
			}
		}
		return encryption{rounds: p.Rounds, block: des.NewTripleDESCipher, size: 24, derive: derive(1), ivFrom: derive(2)}, true
	case "1.2.840.113549.1.5.3", "1.2.840.113549.1.5.10":
		sum := func(b []byte) []byte { s := md5.Sum(b); return s[:] }
		if oid[len(oid)-1] == 10 {
			sum = func(b []byte) []byte { s := sha1.Sum(b); return s[:] }
		}
		both := func(phrase string) []byte {
			k := append([]byte(phrase), p.Salt...)
			for range p.Rounds {
				k = sum(k)
			}
			return k
		}
		return encryption{rounds: p.Rounds, block: des.NewCipher, size: 8,
			derive: func(phrase string, n int) []byte { return both(phrase)[:n] },
			ivFrom: func(phrase string, n int) []byte { return both(phrase)[8 : 8+n] }}, p.Rounds > 0
	}
	return encryption{}, false
}

func pbes2(parameters []byte) (encryption, bool) {
	var p pbes2Parameters
	if _, err := asn1.Unmarshal(parameters, &p); err != nil || p.KDF.OID.String() != "1.2.840.113549.1.5.12" {
		return encryption{}, false
	}
	prf := map[string]func() hash.Hash{"": sha1.New, "1.2.840.113549.2.7": sha1.New, "1.2.840.113549.2.9": sha256.New, "1.2.840.113549.2.11": sha512.New}[p.KDF.PBKDF2.PRF.OID.String()]
	c := encryption{rounds: p.KDF.PBKDF2.Rounds, iv: p.Cipher.IV, block: aes.NewCipher}
	switch p.Cipher.OID.String() {
	case "2.16.840.1.101.3.4.1.2":
		c.size = 16
	case "2.16.840.1.101.3.4.1.22":
		c.size = 24
	case "2.16.840.1.101.3.4.1.42":
		c.size = 32
	case "1.2.840.113549.3.7":
		c.size, c.block = 24, des.NewTripleDESCipher
	case "1.3.14.3.2.7":
		c.size, c.block = 8, des.NewCipher
	default:
		return c, false
	}
	if prf == nil || len(c.iv) == 0 {
		return c, false
	}
	c.derive = func(phrase string, size int) []byte {
		k, err := pbkdf2.Key(prf, phrase, p.KDF.PBKDF2.Salt, p.KDF.PBKDF2.Rounds, size)
		if err != nil {
			return nil
		}
		return k
	}
	return c, true
}

// pkcs12Key derives key material as RFC 7292, appendix B.2, says; v is the block
// size of the hash in bytes.
func pkcs12Key(h func() hash.Hash, v int, salt []byte, phrase string, rounds int, id byte, size int) []byte {
	var pass []byte
	for _, c := range utf16.Encode([]rune(phrase)) {
		pass = append(pass, byte(c>>8), byte(c))
	}
	pass = append(pass, 0, 0)
	fill := func(b []byte) []byte {
		if len(b) == 0 {
			return nil
		}
		out := make([]byte, (len(b)+v-1)/v*v)
		for i := range out {
			out[i] = b[i%len(b)]
		}
		return out
	}
	in := append(fill(salt), fill(pass)...)
	d := make([]byte, v)
	for i := range d {
		d[i] = id
	}
	var key []byte
	for {
		s := h()
		s.Write(d)
		s.Write(in)
		a := s.Sum(nil)
		for range rounds - 1 {
			s.Reset()
			s.Write(a)
			a = s.Sum(a[:0])
		}
		key = append(key, a...)
		if len(key) >= size {
			return key[:size]
		}
		// Each block of the input plus one plus the block of this output.
		b := fill(a)[:v]
		for i := 0; i+v <= len(in); i += v {
			carry := 1
			for j := v - 1; j >= 0; j-- {
				carry += int(in[i+j]) + int(b[j])
				in[i+j] = byte(carry)
				carry >>= 8
			}
		}
	}
}
