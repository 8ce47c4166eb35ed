package cert_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	encasn1 "encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/cert"
	"assay/internal/collect/firmware/inspect/inspecttest"
	"assay/internal/testdata"
)

var now = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

func certificate(t testing.TB, key crypto.Signer, from, to time.Time) []byte {
	t.Helper()
	c := &x509.Certificate{SerialNumber: big.NewInt(0x1234), Subject: pkix.Name{CommonName: "cam"}, NotBefore: from, NotAfter: to, DNSNames: []string{"cam.lan"}}
	b, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestScan(t *testing.T) {
	t.Parallel()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	year := 365 * 24 * time.Hour
	armour := func(b []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: b}) }
	good := certificate(t, ec, now.Add(-year), now.Add(year))
	for _, row := range []struct {
		name string
		data []byte
		alg  string
		bits int
		line int
		want []cert.Problem
	}{
		{"sound", armour(good), "EC", 256, 1, nil},
		{"der", good, "EC", 256, 0, nil},
		{"behind-a-key", append([]byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), armour(good)...), "EC", 256, 4, nil},
		{"expired", armour(certificate(t, ec, now.Add(-2*year), now.Add(-year))), "EC", 256, 1, []cert.Problem{cert.Expired}},
		{"future", armour(certificate(t, ec, now.Add(year), now.Add(2*year))), "EC", 256, 1, []cert.Problem{cert.NotYetValid}},
		{"weak-key", armour(certificate(t, weak, now.Add(-year), now.Add(year))), "RSA", 1024, 1, []cert.Problem{cert.WeakKey}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			certs, broken := cert.Scan(inspect.New("/etc/c.pem", 0, row.data), now)
			if len(certs) != 1 || len(broken) != 0 {
				t.Fatalf("%+v %+v", certs, broken)
			}
			c := certs[0]
			if d := cmp.Diff(row.want, c.Problems); d != "" {
				t.Error(d)
			}
			if c.Algorithm != row.alg || c.Bits != row.bits || c.Line != row.line || c.Subject != "CN=cam" || !c.SelfSigned || c.Serial != "1234" || c.DNSNames[0] != "cam.lan" {
				t.Errorf("%+v", c)
			}
		})
	}
	sum := sha256.Sum256(good)
	certs, _ := cert.Scan(inspect.New("/etc/ssl/certs/a.crt", 0, armour(good)), now)
	if len(certs) != 1 || certs[0].SHA256 != hex.EncodeToString(sum[:]) || certs[0].TrustStore {
		t.Errorf("a host's certificate is no trust anchor: %+v", certs)
	}
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Root"}, NotBefore: now.Add(-2 * year), NotAfter: now.Add(-year), IsCA: true, BasicConstraintsValid: true}
	b, err := x509.CreateCertificate(rand.Reader, root, root, ec.Public(), ec)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		path  string
		store bool
	}{{"/etc/ssl/certs/a.crt", true}, {"/etc/ssl/certs/server.crt", false}, {"/opt/a.crt", false}} {
		certs, _ := cert.Scan(inspect.New(row.path, 0, b), now)
		if len(certs) != 1 || certs[0].TrustStore != row.store || (len(certs[0].Problems) == 0) != row.store {
			t.Errorf("%s: %+v", row.path, certs)
		}
	}
}

func TestBroken(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"-----BEGIN CERTIFICATE-----\nMIQAAAAA\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\nMIIB",
	} {
		certs, broken := cert.Scan(inspect.New("/etc/c.crt", 0, []byte("x\n"+text)), now)
		if len(certs) != 0 || len(broken) != 1 || broken[0].Line != 2 || broken[0].Err == nil {
			t.Errorf("%+v %+v", certs, broken)
		}
	}
	// A program that writes certificates holds the words and no certificate.
	if c, b := cert.Scan(inspect.New("/bin/x", 0, []byte("\x7fELF\x00-----BEGIN CERTIFICATE-----\x00")), now); len(c)+len(b) != 0 {
		t.Errorf("%+v %+v", c, b)
	}
}

// message is a PKCS #7 SignedData with certificates and nothing signed.
func message(t testing.TB, certs ...[]byte) []byte {
	t.Helper()
	var b cryptobyte.Builder
	oid := func(n int) encasn1.ObjectIdentifier { return encasn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, n} }
	explicit := asn1.Tag(0).ContextSpecific().Constructed()
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid(2))
		b.AddASN1(explicit, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(1)
				b.AddASN1(asn1.SET, func(*cryptobyte.Builder) {})
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oid(1)) })
				b.AddASN1(explicit, func(b *cryptobyte.Builder) {
					for _, c := range certs {
						b.AddBytes(c)
					}
				})
				b.AddASN1(asn1.SET, func(*cryptobyte.Builder) {})
			})
		})
	})
	return b.BytesOrPanic()
}

func TestForms(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := certificate(t, key, now.Add(-time.Hour), now.Add(time.Hour))
	p7 := message(t, c, c)
	// A serial number below zero, which RFC 5280 forbids and old certificates have.
	negative := bytes.Replace(c, []byte{0xa0, 3, 2, 1, 2, 2, 2, 0x12}, []byte{0xa0, 3, 2, 1, 2, 2, 2, 0x92}, 1)
	inJSON := `{"cert":"` + strings.ReplaceAll(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c})), "\n", `\n`) + `","key":1}`
	for _, row := range []struct {
		name, path    string
		data          []byte
		count, broken int
	}{
		{"pkcs7-der", "/META-INF/CERT.RSA", p7, 2, 0},
		{"pkcs7-pem", "/etc/chain.p7b", pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: p7}), 2, 0},
		{"pkcs7-cut", "/etc/chain.p7b", p7[:len(p7)-30], 0, 1},
		{"trusted", "/etc/a.pem", pem.EncodeToMemory(&pem.Block{Type: "TRUSTED CERTIFICATE", Bytes: append(append([]byte{}, c...), 0x30, 0)}), 1, 0},
		{"in-a-program", "/bin/x", append([]byte("\x7fELF\x00"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c})...), 1, 0},
		{"negative-serial", "/etc/a.crt", negative, 1, 0},
		{"in-json", "/etc/iot.json", []byte(inJSON), 1, 0},
		{"words-only", "/etc/schema.json", []byte(`{"pattern":"-----BEGIN CERTIFICATE-----..."}`), 0, 0},
		{"cut", "/etc/a.crt", c[:len(c)-20], 0, 1},
		{"wrong", "/etc/a.crt", append([]byte{0x30, 0x82, 0, 80}, make([]byte, 80)...), 0, 1},
		{"request", "/etc/a.pem", []byte("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"), 0, 0},
		{"der-of-another-kind", "/etc/a.der", append([]byte{0x30, 0x82, 0, 80}, make([]byte, 80)...), 0, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			certs, broken := cert.Scan(inspect.New(row.path, 0, row.data), now)
			if len(certs) != row.count || len(broken) != row.broken {
				t.Errorf("%+v %+v", certs, broken)
			}
		})
	}
}

func TestDefault(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{Organization: []string{"Internet Widgits Pty Ltd"}}, NotBefore: now, NotAfter: now.Add(time.Hour), IPAddresses: []net.IP{{192, 0, 2, 1}}}
	b, err := x509.CreateCertificate(rand.Reader, x, x, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certs, _ := cert.Scan(inspect.New("/etc/a.crt", 0, b), now.Add(time.Minute))
	if len(certs) != 1 || len(certs[0].Problems) != 1 || certs[0].Problems[0] != cert.Default || certs[0].IPs[0] != "192.0.2.1" {
		t.Errorf("%+v", certs)
	}
}

func TestStores(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	at := func(p string, from, to int) cert.Certificate {
		return cert.Certificate{Where: inspect.Where{Path: p}, TrustStore: true, NotBefore: now.Add(time.Duration(from) * day), NotAfter: now.Add(time.Duration(to) * day), Algorithm: "RSA", Bits: 1024}
	}
	got := cert.Stores([]cert.Certificate{
		at("/etc/ssl/certs/a.crt", -900, 90), at("/etc/ssl/certs/b.crt", -400, -1), {Where: inspect.Where{Path: "/etc/own.crt"}},
		at("/etc/cacert.pem", -4000, 9), at("/etc/cacert.pem", -3999, 7), at("/etc/cacert.pem", -5000, 8), at("/etc/own/ssl/certs/maker.crt", -6000, 9),
	}, now)
	want := []cert.Store{
		{Path: "/etc/cacert.pem", Count: 3, Weak: 3, Newest: now.Add(-3999 * day), Oldest: now.Add(7 * day)},
		{Path: "/etc/own/ssl/certs", Count: 1, Weak: 1, Newest: now.Add(-6000 * day), Oldest: now.Add(9 * day)},
		{Path: "/etc/ssl/certs", Count: 2, Expired: 1, Weak: 2, Newest: now.Add(-400 * day), Oldest: now.Add(90 * day)},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if !got[0].Outdated(now) || got[1].Outdated(now) || got[2].Outdated(now) {
		t.Error("the store of 4000 days ago is outdated, the maker's own anchor and the other store aren't")
	}
	sign := at("/etc/ssl/certs/a.crt", -900, 90)
	sign.Subject = "CN=DigiNotar Root CA,O=DigiNotar,C=NL"
	if d := cmp.Diff([]string{"DigiNotar"}, cert.Stores([]cert.Certificate{sign, sign}, now)[0].Distrusted); d != "" {
		t.Error(d)
	}
}

func TestLongLived(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name string
		end  time.Time
		path string
		want int
	}{
		{"hundred-years", now.AddDate(100, 0, 0), "/etc/a.crt", 1}, {"twenty-years", now.AddDate(20, 0, 0), "/etc/a.crt", 0},
		{"no-end", time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), "/etc/idevid.crt", 0}, {"signature", now.AddDate(100, 0, 0), "/lib/firmware/regulatory.db.p7s", 0},
	} {
		x := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "cam"}, NotBefore: now, NotAfter: row.end}
		b, err := x509.CreateCertificate(rand.Reader, x, x, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		certs, _ := cert.Scan(inspect.New(row.path, 0, b), now.Add(time.Minute))
		if len(certs) != 1 || len(certs[0].Problems) != row.want {
			t.Errorf("%s: %+v", row.name, certs)
		}
	}
}

func TestHostile(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(testdata.Dir(t, "firmware/built/hostile/der-length-bomb.pem"))
	if err != nil {
		t.Fatal(err)
	}
	certs, broken := cert.Scan(inspect.New("/der-length-bomb.pem", 0, b), now)
	if len(certs) != 0 || len(broken) != 1 {
		t.Errorf("%+v %+v", certs, broken)
	}
}

// TestAccuracy looks for what was planted, by kind; of the hardened camera's
// certificates only trust anchors count.
func TestAccuracy(t *testing.T) {
	t.Parallel()
	day := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
	kinds := map[string]cert.Problem{"cert-expired": cert.Expired, "cert-weak-signature": cert.WeakSignature, "cert-weak-key": cert.WeakKey}
	for _, img := range inspecttest.Images() {
		entries, truth := inspecttest.Tree(t, img)
		var all []cert.Certificate
		for _, e := range entries {
			certs, broken := cert.Scan(inspect.New(e.Path, e.Mode, e.Data), day)
			for _, b := range broken {
				t.Errorf("%s: %+v", img.Name, b)
			}
			all = append(all, certs...)
		}
		inspecttest.Table(t, img, truth, func(p inspecttest.Planted) (mine, found bool) {
			return kinds[p.Kind] != "", slices.ContainsFunc(all, func(c cert.Certificate) bool {
				return c.Path == p.Path && slices.Contains(c.Problems, kinds[p.Kind]) && (p.CertSHA256 == "" || p.CertSHA256 == c.SHA256)
			})
		})
		for _, c := range all {
			if len(c.Problems) > 0 {
				t.Logf("%s: %s %v", c.Path, c.Subject, c.Problems)
				if img.Hardened() {
					t.Errorf("%s: %+v", img.Name, c)
				}
			}
		}
		for _, s := range cert.Stores(all, day) {
			t.Logf("%+v outdated: %v", s, s.Outdated(day))
		}
	}
}

func FuzzScan(f *testing.F) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	b := certificate(f, key, now, now.Add(time.Hour))
	f.Add(b)
	f.Add(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: b}))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nMIQ="))
	f.Add(message(f, b))
	f.Fuzz(func(t *testing.T, b []byte) {
		certs, broken := cert.Scan(inspect.New("/etc/c.crt", 0, b), now)
		for _, c := range certs {
			if c.Offset > int64(len(b)) || len(c.SHA256) != 64 {
				t.Errorf("%+v", c)
			}
		}
		for _, x := range broken {
			if x.Err == nil {
				t.Errorf("%+v", x)
			}
		}
	})
}
