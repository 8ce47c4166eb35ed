package secret_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/inspecttest"
	"assay/internal/collect/firmware/inspect/secret"
)

// TestKeyStores looks at files that OpenSSL and keytool wrote with pass phrases
// that everybody tries.
func TestKeyStores(t *testing.T) {
	t.Parallel()
	for _, l := range inspecttest.Set(t, "heldout-a") {
		want, ok := map[string]struct{ format, phrase, algorithm string }{
			"/etc/stunnel/client.p12":    {"PKCS#12", "", "RSA"},
			"/opt/app/keys/push.pfx":     {"PKCS#12", "123456", "RSA"},
			"/opt/app/keys/keystore.jks": {"JKS", "changeit", "RSA"},
			"/etc/ssl/private/box.key":   {"PKCS#8 PEM", "changeit", "EC"},
		}[l.Path]
		if !ok {
			continue
		}
		hits := hitsOf(l.Path, l.Data)
		if len(hits) != 1 {
			t.Errorf("%s: %d hits", l.Path, len(hits))
			continue
		}
		h := hits[0]
		if h.Format != want.format || h.Clear != want.phrase || h.Algorithm != want.algorithm || h.Encrypted || h.SPKI == "" {
			t.Errorf("%s: %+v", l.Path, []any{h.Format, h.Clear, h.Algorithm, h.Encrypted, h.SPKI, h.Note})
		}
	}
}

// TestInlineStore: the same store in a profile of OpenVPN.
func TestInlineStore(t *testing.T) {
	t.Parallel()
	for _, l := range inspecttest.Set(t, "heldout-a") {
		if l.Path != "/opt/app/keys/push.pfx" {
			continue
		}
		text := base64.StdEncoding.EncodeToString(l.Data)
		for profile, want := range map[string]int{
			"client\n<pkcs12>\n" + text[:64] + "\n" + text[64:] + "\n</pkcs12>\n": 1,
			"client\n# <pkcs12>" + text + "</pkcs12>\n":                           0,
			"client\n<pkcs12>\n" + text[:64] + "\n":                               0,
		} {
			hits := hitsOf("/etc/openvpn/a.ovpn", []byte(profile))
			if len(hits) != want || want == 1 && (hits[0].Line != 3 || hits[0].Format != "PKCS#12" || hits[0].SPKI == "") {
				t.Errorf("%.40q: %+v", profile, hits)
			}
		}
	}
}

// utf writes a text as Java's DataOutput does, with its length.
func utf(s string) []byte { return append(binary.BigEndian.AppendUint16(nil, uint16(len(s))), s...) }

func number32(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }

// TestBouncyCastle reads a store in which a key stands in clear, behind a
// certificate.
func TestBouncyCastle(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	date := make([]byte, 8)
	b := slices.Concat(number32(2), number32(20), make([]byte, 20), number32(1024),
		[]byte{1}, utf("ca"), date, number32(0), utf("X.509"), number32(3), []byte("abc"),
		[]byte{2}, utf("cam"), date, number32(0), []byte{0}, utf("PKCS#8"), utf("EC"), number32(len(der)), der,
		[]byte{0}, make([]byte, 20))
	hits := hitsOf("/opt/app/truststore.bks", b)
	if len(hits) != 1 || hits[0].Format != "BKS" || hits[0].User != "cam" || hits[0].SPKI != spki(t, &key.PublicKey) || hits[0].Encrypted {
		t.Errorf("%+v", hits)
	}
}

// TestCompiled reads a module that CPython compiled.
func TestCompiled(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join("..", "pyc", "testdata", "mod311.pyc"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, h := range hitsOf("/opt/app/__pycache__/mod.cpython-311.pyc", b) {
		if !strings.HasPrefix(string(b[h.Offset:]), h.Value) {
			t.Errorf("%s doesn't stand at %d", h.Value, h.Offset)
		}
		got = append(got, string(h.Kind)+" "+h.Value)
	}
	if want := []string{"token tk-81c0ffe9", "password Zx81kkQp", "password kw-Zx81", "wifi-psk di-Zx82"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if hits := hitsOf("/usr/lib/python3.11/__pycache__/mod.cpython-311.pyc", b); len(hits) != 0 {
		t.Errorf("of the language's own library: %+v", hits)
	}
}

// TestRoundsOfTheFile: a file that asks for a billion rounds gets none.
func TestRoundsOfTheFile(t *testing.T) {
	t.Parallel()
	for _, l := range inspecttest.Set(t, "heldout-a") {
		if l.Path != "/etc/ssl/private/box.key" {
			continue
		}
		block, _ := pem.Decode(l.Data)
		der := strings.Replace(string(block.Bytes), "\x02\x02\x08\x00", "\x02\x02\x7f\xff", 1) // 2048 to 32767
		if der == string(block.Bytes) {
			t.Fatal("the rounds were not found")
		}
		hits := hitsOf("/k", pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: []byte(der)}))
		if len(hits) != 1 || !hits[0].Encrypted {
			t.Errorf("%+v", hits)
		}
	}
}

func TestKeysAreJoined(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	line, err := ssh.NewPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	var keys secret.Keys
	for path, b := range map[string][]byte{
		"/etc/ssl/cam.key":         pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private}),
		"/etc/ssl/cam.pub":         pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}),
		"/root/id.pub":             ssh.MarshalAuthorizedKey(line),
		"/etc/httpd.conf":          []byte("port = 443\nkeyfile = /etc/ssl/cam.key\nother = /var/cam.key\n"),
		"/usr/bin/camd":            []byte("\x7fELF\x00\x00/etc/ssl/cam.key\x00/etc/other.keys\x00"),
		"/usr/share/doc/cam/x.txt": []byte("put it into /etc/ssl/cam.key"),
	} {
		f := inspect.New(path, 0o644, b)
		found := find(b)
		keys.Add(secret.Scan(f, found), secret.Clues(f, found))
	}
	keys.Certificate(inspect.Where{Path: "/etc/ssl/cam.crt"}, spki(t, &key.PublicKey))
	pairs := keys.Pairs()
	if len(pairs) != 1 || !pairs[0].Used() || len(pairs[0].Public) != 3 || len(pairs[0].Named) != 2 {
		t.Fatalf("%+v", pairs)
	}
	for _, w := range pairs[0].Named {
		if w.Path == "/etc/httpd.conf" && w.Line != 2 {
			t.Errorf("named at %+v", w)
		}
	}
}

func TestPublishedKeys(t *testing.T) {
	t.Parallel()
	// The insecure key of Vagrant, as its public half stands in authorized_keys.
	const vagrant = "ssh-rsa AAAAB3NzaC1yc2EAAAABIwAAAQEA6NF8iallvQVp22WDkTkyrtvp9eWW6A8YVr+kz4TjGYe7gHzIw+niNltGEFHzD8+v1I2YJ6oXevct1YeS0o9HZyN1Q9qgCgzUFtdOKLv6IedplqoPkcmF0aYet2PkEDo3MlTBckFXPITAMzF8dJSIFo9D8HfdOV0IAdx4O7PtixWKn5y2hMNG0zQPyUecp4pzC6kivAIhyfHilFR61RGL+GPXQ2MWZWFYbAGjyiYJnAmCP3NOTd0jMZEnDkbUvxhMmBYSdETk1rRgm+R4LOzFUGaHqHDLKLX+FIPKcF96hrucXzcWyLbIbEgE98OHlnVYCzRdK8jlqm8tehUc9c9WhQ== x\n"
	hits := hitsOf("/root/.ssh/authorized_keys", []byte(vagrant))
	if len(hits) != 1 || !strings.Contains(hits[0].Known, "Vagrant") {
		t.Errorf("%+v", hits)
	}
}

// TestKeyTemplates: the heads that libraries put in front of the keys that they
// make are no keys, whatever follows them.
func TestKeyTemplates(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(string(der), "\x04\x20") + 2 // the private number
	head := string(der[:at]) + string(der[at+32:at+37])
	program := func(middle string) []byte {
		return []byte("\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 64) + middle + strings.Repeat("/usr/share/cargo/registry/src/lib.rs", 8) + "\x00")
	}
	if hits := hitsOf("/usr/bin/a", program(head)); len(hits) != 0 {
		t.Errorf("a template: %+v", hits)
	}
	large := "\x30\x81\xb6\x02\x01\x00\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x04\x81\x9e\x30\x81\x9b\x02\x01\x01\x04\x30\xa1\x64\x03\x62\x00"
	if hits := hitsOf("/usr/bin/a", program(large)); len(hits) != 0 {
		t.Errorf("a template of P-384: %+v", hits)
	}
	if hits := hitsOf("/usr/bin/a", program(string(der))); len(hits) != 1 || hits[0].SPKI != spki(t, &key.PublicKey) {
		t.Errorf("a key: %+v", hits)
	}
}
