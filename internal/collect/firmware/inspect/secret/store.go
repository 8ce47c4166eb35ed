package secret

import (
	"bytes"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"unicode/utf16"

	"assay/internal/collect/firmware/inspect"
)

// maxStore bounds a key store; those of devices have a few kilobytes.
const maxStore = 1 << 20

// Object identifiers of PKCS#12 (RFC 7292) and PKCS#7.
var (
	oidPFXKeyBag      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 1}
	oidPFXShroudedBag = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 2}
	oidData           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidEncryptedData  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 6}
)

type contentInfo struct {
	OID     asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"tag:0,explicit,optional"`
}

type safeBag struct {
	OID        asn1.ObjectIdentifier
	Value      asn1.RawValue `asn1:"tag:0,explicit"`
	Attributes asn1.RawValue `asn1:"set,optional"`
}

// inlineStore looks at a key store in base64 within a profile of OpenVPN.
func (s *scanner) inlineStore(_, end int) {
	if s.prose() || s.f.Kind != inspect.Text || s.f.Comment(end) {
		return
	}
	rest := s.f.Data[end:min(len(s.f.Data), end+2*maxStore)]
	n := bytes.IndexByte(rest, '<') // up to the next mark: each byte is looked at once
	if n < 0 || !bytes.HasPrefix(rest[n:], []byte("</pkcs12>")) {
		return
	}
	if s.keys++; s.keys >= maxKeys {
		return
	}
	text := rest[:n]
	raw, err := base64.StdEncoding.DecodeString(string(bytes.Join(bytes.Fields(text), nil)))
	if err != nil || len(raw) > maxStore {
		return
	}
	at := end + len(text) - len(bytes.TrimLeft(text, " \t\r\n"))
	t := &scanner{f: inspect.New(s.f.Path+".p12", 0, raw)}
	t.keyFile()
	for _, h := range t.hits {
		h.Value = string(bytes.TrimSpace(text))
		s.add(at, h)
	}
}

// pkcs12 reads a file that is a PFX structure.
func (s *scanner) pkcs12() {
	d := s.f.Data
	var pfx struct {
		Version int
		Auth    contentInfo
		MAC     asn1.RawValue `asn1:"optional"`
	}
	if _, err := asn1.Unmarshal(d, &pfx); err != nil || pfx.Version != 3 || !pfx.Auth.OID.Equal(oidData) {
		return
	}
	var safe []byte
	if _, err := asn1.Unmarshal(pfx.Auth.Content.Bytes, &safe); err != nil {
		return
	}
	var infos []contentInfo
	if _, err := asn1.Unmarshal(safe, &infos); err != nil || len(infos) > 64 {
		return
	}
	sealed := false
	for _, in := range infos {
		switch {
		case in.OID.Equal(oidData):
			var bags []byte
			if _, err := asn1.Unmarshal(in.Content.Bytes, &bags); err == nil && s.bags(bags) {
				return
			}
		case in.OID.Equal(oidEncryptedData):
			if s.sealedBags(in.Content.Bytes) {
				return
			}
			sealed = true
		}
	}
	if sealed && len(infos) == 1 {
		s.add(0, Hit{Kind: PrivateKey, Value: string(d), Format: "PKCS#12", Encrypted: true, Note: "all of it is encrypted: whether it holds a key isn't known"})
	}
}

// bags looks for a key among safe bags.
func (s *scanner) bags(b []byte) bool {
	var bags []safeBag
	if _, err := asn1.Unmarshal(b, &bags); err != nil {
		return false
	}
	for _, bag := range bags[:min(len(bags), 64)] {
		h := Hit{Kind: PrivateKey, Value: string(s.f.Data), Format: "PKCS#12"}
		switch {
		case bag.OID.Equal(oidPFXKeyBag):
			if key, _, err := parseDER(bag.Value.Bytes); err == nil {
				h.private(key)
			}
		case bag.OID.Equal(oidPFXShroudedBag):
			h.Encrypted = true
			h.unlock(bag.Value.Bytes)
		default:
			continue
		}
		s.add(0, h)
		return true
	}
	return false
}

// sealedBags tries the phrases on EncryptedData (RFC 5652, section 8).
func (s *scanner) sealedBags(b []byte) bool {
	var e struct {
		Version int
		Info    struct {
			Type      asn1.ObjectIdentifier
			Algorithm struct {
				OID        asn1.ObjectIdentifier
				Parameters asn1.RawValue `asn1:"optional"`
			}
			Data []byte `asn1:"tag:0,optional"`
		}
	}
	if _, err := asn1.Unmarshal(b, &e); err != nil {
		return false
	}
	c, ok := cipherOf(e.Info.Algorithm.OID, e.Info.Algorithm.Parameters.FullBytes)
	if !ok {
		return false
	}
	found, _ := try(c.rounds, func(p string) any {
		clear := c.decrypt(p, e.Info.Data)
		var bags []safeBag
		if _, err := asn1.Unmarshal(clear, &bags); err == nil && s.bags(clear) {
			return true
		}
		return nil
	})
	return found != nil
}

// Magic numbers of Java's key stores: JKS and JCEKS.
const (
	magicJKS   = 0xfeedfeed
	magicJCEKS = 0xcececece
)

// storeReader takes the fields of a Java key store.
type storeReader struct {
	b   []byte
	bad bool
}

func (r *storeReader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad = true
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *storeReader) number() int {
	v := r.take(4)
	if r.bad {
		return 0
	}
	return int(binary.BigEndian.Uint32(v))
}

func (r *storeReader) text() string {
	v := r.take(2)
	if r.bad {
		return ""
	}
	return string(r.take(int(binary.BigEndian.Uint16(v))))
}

// javaStore reads a JKS or JCEKS file (sun.security.provider.JavaKeyStore): the
// first key of it.
func (s *scanner) javaStore(name string) {
	r := storeReader{b: s.f.Data[4:]}
	version, n := r.number(), r.number()
	if version != 1 && version != 2 || n > 1000 {
		return
	}
	for range n {
		tag, alias := r.number(), r.text()
		r.take(8) // date
		switch tag {
		case 1:
			sealed := r.take(r.number())
			if r.bad || len(sealed) < 40 {
				return
			}
			h := Hit{Kind: PrivateKey, Value: string(s.f.Data), User: alias, Format: name, Encrypted: true}
			h.unlockJava(sealed)
			s.add(0, h)
			return
		case 2:
			r.certificate(version)
		default:
			if tag == 3 && !r.bad {
				s.add(0, Hit{Kind: SymmetricKey, Value: string(s.f.Data), User: alias, Format: name, Encrypted: true})
			}
			return // a secret key is a serialized object: its length isn't said
		}
		if r.bad {
			return
		}
	}
}

func (r *storeReader) certificate(version int) {
	if version == 2 {
		r.text()
	}
	r.take(r.number())
}

// unlockJava tries the phrases on Sun's key protector: the key XORed with a
// chain of SHA-1 sums, and a sum over phrase and key at the end.
func (h *Hit) unlockJava(der []byte) {
	var k sealedKey
	if _, err := asn1.Unmarshal(der, &k); err != nil {
		return
	}
	if k.Algorithm.OID.String() != "1.3.6.1.4.1.42.2.17.1.1" || len(k.Data) < 41 {
		h.unlock(der)
		return
	}
	salt, body, check := k.Data[:20], k.Data[20:len(k.Data)-20], k.Data[len(k.Data)-20:]
	key, phrase := try(1, func(p string) any {
		var pass []byte
		for _, c := range utf16.Encode([]rune(p)) {
			pass = append(pass, byte(c>>8), byte(c))
		}
		clear := make([]byte, len(body))
		sum := salt
		for i := 0; i < len(body); i += 20 {
			x := sha1.Sum(append(bytes.Clone(pass), sum...))
			sum = x[:]
			subtle.XORBytes(clear[i:], body[i:], sum)
		}
		if sha1.Sum(append(pass, clear...)) != [20]byte(check) {
			return nil
		}
		if key, _, err := parseDER(clear); err == nil {
			return key
		}
		return nil
	})
	if key != nil {
		h.opened(key, phrase)
	}
}

// bks reads a key store of Bouncy Castle: entries of type 2 hold a key in clear.
func (s *scanner) bks() {
	r := storeReader{b: s.f.Data}
	version := r.number()
	salt := r.take(r.number())
	rounds := r.number()
	if r.bad || version != 1 && version != 2 || len(salt) < 8 || len(salt) > 64 || rounds < 1 || rounds > 1<<20 {
		return
	}
	for range 1000 {
		typ := r.take(1)
		if r.bad || typ[0] == 0 || typ[0] > 4 {
			return
		}
		alias := r.text()
		r.take(8) // date
		chain := r.number()
		if r.bad || chain > 100 {
			return
		}
		for range chain {
			r.text()
			r.take(r.number())
		}
		h := Hit{Kind: PrivateKey, Value: string(s.f.Data), User: alias, Format: "BKS"}
		switch typ[0] {
		case 1: // a certificate
			r.text()
			r.take(r.number())
			continue
		case 2:
			private := r.take(1)
			r.text() // encoding
			r.text() // algorithm
			der := r.take(r.number())
			if r.bad || private[0] > 2 {
				return
			}
			if key, _, err := parseDER(der); err == nil {
				h.private(key)
			} else if private[0] == 2 {
				h.Kind = SymmetricKey
			}
		default:
			if r.take(r.number()); r.bad {
				return
			}
			h.Encrypted = true
		}
		s.add(0, h)
		return
	}
}
