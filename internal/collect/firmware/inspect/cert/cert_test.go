package cert_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/cert"
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
	if len(certs) != 1 || certs[0].SHA256 != hex.EncodeToString(sum[:]) || !certs[0].TrustStore {
		t.Errorf("%+v", certs)
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

func FuzzScan(f *testing.F) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	b := certificate(f, key, now, now.Add(time.Hour))
	f.Add(b)
	f.Add(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: b}))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nMIQ="))
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
