package rauc_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/rauc"
)

var formats = []format.Format{rauc.New()}

// der is a tag, a length and what is in it.
func der(tag byte, parts ...[]byte) []byte {
	b := bytes.Join(parts, nil)
	if len(b) < 128 {
		return append([]byte{tag, byte(len(b))}, b...)
	}
	return append([]byte{tag, 0x81, byte(len(b))}, b...)
}

// signed is SignedData with SHA-256 and content within, as far as it is read.
func signed(kind byte, content string) []byte {
	oid := func(b ...byte) []byte { return append([]byte{6, byte(len(b))}, b...) }
	data := oid(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01)
	if content != "" {
		data = append(data, der(0xa0, der(4, []byte(content)))...)
	}
	return der(0x30, oid(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, kind),
		der(0xa0, der(0x30, []byte{2, 1, 1}, der(0x31, der(0x30, oid(0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01))), der(0x30, data))))
}

func bundle(payload string, signature []byte) []byte {
	return binary.BigEndian.AppendUint64(append([]byte(payload), signature...), uint64(len(signature)))
}

const payload = "hsqs, and what a squashfs goes on with, which is not looked at here: it is a region"

// TestSigned: the signature of a bundle fits the certificate in it, or doesn't.
// It was made with `openssl cms -sign -in payload -outform DER -binary
// -nosmimecap -signer r.pem -inkey r.key`.
func TestSigned(t *testing.T) {
	t.Parallel()
	signature, err := os.ReadFile("testdata/payload.der")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{payload: format.Good, strings.Replace(payload, "hsqs", "hsqt", 1): format.Bad} {
		p := archivetest.Look(t, formats, bundle(text, signature), 0)
		if p == nil || p.Guards[0].State != want || p.Guards[0].Scheme != "cms-rsa2048-sha256" || !strings.Contains(p.Guards[0].Note, "Release signing") {
			t.Errorf("%s: %+v", want, p)
		}
	}
}

func TestBundle(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		img    []byte
		scheme string
		vars   []string
		opaque bool
	}{
		{"plain", bundle(payload, signed(2, "")), "cms-sha256", nil, false},
		{"verity", bundle(payload, signed(2, "[update]\ncompatible=Lumen Cam\nversion=2.1\n\n[bundle]\nformat=verity\n")), "cms-sha256",
			[]string{"update.compatible=Lumen Cam", "update.version=2.1", "bundle.format=verity"}, false},
		{"crypt", bundle(payload, signed(2, "[bundle]\nformat=crypt\n")), "cms-sha256", []string{"bundle.format=crypt"}, true},
		{"enveloped", bundle(payload, signed(3, "")), "cms", nil, true},
	} {
		p := archivetest.Look(t, formats, row.img, 0)
		if p == nil || p.Size != int64(len(row.img)) || p.Guards[0].Scheme != row.scheme || p.Guards[0].Offset != int64(len(payload)) || (p.Opaque != "") != row.opaque {
			t.Errorf("%s: %+v", row.name, p)
			continue
		}
		var vars []string
		for _, v := range p.Vars {
			vars = append(vars, v.Name+"="+v.Value)
		}
		if d := cmp.Diff(row.vars, vars); d != "" {
			t.Errorf("%s: vars (-want +got):\n%s", row.name, d)
		}
		if row.opaque {
			continue
		}
		want := []format.Region{{Name: "payload", Size: int64(len(payload)), Try: []string{"squashfs"}}}
		if d := cmp.Diff(want, p.Regions); d != "" {
			t.Errorf("%s: regions (-want +got):\n%s", row.name, d)
		}
		// The region itself is no bundle: nothing goes round in circles.
		inner := format.Section(bytes.NewReader(row.img), p.Regions[0].Offset, p.Regions[0].Size)
		if p, err := formats[0].Look(context.Background(), inner, 0); p != nil || err != nil {
			t.Errorf("%s: the payload is taken for a bundle", row.name)
		}
	}
}

func TestNotABundle(t *testing.T) {
	t.Parallel()
	sig := signed(2, "")
	for name, img := range map[string][]byte{
		"empty":            nil,
		"zeros":            make([]byte, 4096),
		"a longer claim":   binary.BigEndian.AppendUint64(append([]byte(payload), sig...), uint64(len(sig)+1)),
		"a shorter claim":  binary.BigEndian.AppendUint64(append([]byte(payload), sig...), uint64(len(sig)-1)),
		"another kind":     bundle(payload, signed(1, "")),
		"beyond the start": binary.BigEndian.AppendUint64(bytes.Repeat([]byte{0x30}, 80), 60000),
	} {
		if p := archivetest.Look(t, formats, img, 0); p != nil {
			t.Errorf("%s: taken for a bundle", name)
		}
	}
}

func FuzzRAUC(f *testing.F) {
	f.Add(bundle(payload, signed(2, "[bundle]\nformat=verity\n")))
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.Fuzz(t, formats, data) })
}
