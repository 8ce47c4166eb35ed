package cms_test

import (
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/cms"
)

// content is what the messages in testdata sign. They were made with OpenSSL
// 3.0: `openssl cms -sign -in content -outform DER -binary -nosmimecap -signer
// r.pem -inkey r.key`, and the options that their names tell.
const content = "software = { version = \"1.0\"; };\n"

func message(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".der"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func verify(t testing.TB, b []byte, content string) cms.Check {
	t.Helper()
	c, err := cms.Verify(b, func(h hash.Hash) error {
		_, err := io.WriteString(h, content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestVerify(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, scheme, state, note string }{
		{"rsa", "rsa2048-sha256", format.Good, `"CN=Release signing,O=Lumen Test", signed by itself`},
		{"rsa-pss", "rsa2048-sha256", format.Good, "it fits the certificate in it"},
		{"rsa-noattr", "rsa2048-sha256", format.Good, "it fits the certificate in it"},
		{"rsa-within", "rsa2048-sha256", format.Good, "it fits the certificate in it"},
		{"rsa-keyid", "rsa2048-sha512", format.Good, "it fits the certificate in it"},
		{"ec", "ecdsa-p256-sha384", format.Good, "EC signer"},
		{"rsa-nocerts", "sha256", format.Present, "the signer's certificate is not in it"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := message(t, row.name)
			if c := verify(t, b, content); c.State != row.state || c.Scheme != row.scheme || !strings.Contains(c.Note, row.note) {
				t.Errorf("%+v", c)
			}
			if row.state == format.Present {
				return
			}
			want := format.Bad
			if row.name == "rsa-within" {
				want = format.Good // what it signs is in it
			}
			if c := verify(t, b, content+"x"); c.State != want {
				t.Errorf("of another content: %+v", c)
			}
			b[len(b)-8] ^= 1 // in the signature, which comes last
			if c := verify(t, b, content); c.State != format.Bad {
				t.Errorf("changed: %+v", c)
			}
		})
	}
	for _, b := range [][]byte{nil, []byte("no message"), message(t, "rsa")[:700]} {
		if c := verify(t, b, content); c.State != format.Present {
			t.Errorf("%+v", c)
		}
	}
}

// TestSeveralSigners: two signatures, and the certificate of one of them. One that
// fits is enough; one that doesn't tells more than one that can't be held,
// wherever it stands. The content is hashed once.
func TestSeveralSigners(t *testing.T) {
	t.Parallel()
	for name, scheme := range map[string]string{"two-rsa": "rsa2048-sha256", "two-ec": "ecdsa-p256-sha256"} {
		for of, state := range map[string]string{content: format.Good, content + "x": format.Bad} {
			times := 0
			c, err := cms.Verify(message(t, name), func(h hash.Hash) error {
				times++
				_, err := io.WriteString(h, of)
				return err
			})
			if err != nil || c.State != state || c.Scheme != scheme || !strings.HasSuffix(c.Note, "; 2 signatures") || times != 1 {
				t.Errorf("%s of %q: %+v, %v, hashed %d times", name, of, c, err, times)
			}
		}
	}
}

func FuzzVerify(f *testing.F) {
	for _, name := range []string{"rsa", "rsa-pss", "rsa-noattr", "rsa-within", "rsa-keyid", "ec", "rsa-nocerts", "two-rsa"} {
		f.Add(message(f, name))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if c := verify(t, b, content); c.State == "" {
			t.Errorf("%+v", c)
		}
	})
}
