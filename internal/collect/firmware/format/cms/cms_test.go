package cms_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format/cms"
)

// The messages are as short as they can be: no certificate, no signer.
const (
	signed = "302a06092a864886f70d010702a01d301b020101310d300b0609608648016503040201300706052a03040506"
	within = "303206092a864886f70d010702a0253023020101310d300b0609608648016503040201300f06052a03040506a0060404" + "74657874"
	sealed = "300f06092a864886f70d010703a0023000"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, hex, kind, digest, content string }{
		{"signed", signed, "signed-data", "sha256", ""},
		{"with its content", within, "signed-data", "sha256", "text"},
		{"enveloped", sealed, "enveloped-data", "", ""},
	} {
		b, err := hex.DecodeString(row.hex)
		if err != nil {
			t.Fatal(err)
		}
		i, ok := cms.Parse(append(b, "behind"...))
		if !ok || i.Kind != row.kind || i.Digest != row.digest || string(i.Content) != row.content || i.Size != int64(len(b)) {
			t.Errorf("%s: %+v, %t", row.name, i, ok)
		}
	}
}

func TestNoMessage(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "30", signed[:40], strings.Replace(signed, "010702", "010709", 1), strings.Replace(signed, "302a", "3080", 1)} {
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		if i, ok := cms.Parse(b); ok {
			t.Errorf("%s: %+v", text, i)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{signed, within, sealed} {
		b, err := hex.DecodeString(text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if i, ok := cms.Parse(b); ok && (i.Size <= 0 || i.Size > int64(len(b)) || len(i.Content) > len(b)) {
			t.Errorf("%+v of %d bytes", i, len(b))
		}
	})
}
