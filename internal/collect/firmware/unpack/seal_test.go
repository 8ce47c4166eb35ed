package unpack_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/unpack"
)

// signing are two invented formats: "KEY:" and a letter is a public key of the
// name "dev", "SIG:" and a letter a signature made with its private half.
func signing() []format.Format {
	look := func(magic string, fill func(p *format.Part, letter byte)) func(context.Context, format.Source, int64) (*format.Part, error) {
		return func(_ context.Context, s format.Source, at int64) (*format.Part, error) {
			b := format.Head(s, at, 5)
			if len(b) < 5 || string(b[:4]) != magic {
				return nil, nil
			}
			p := &format.Part{Format: strings.ToLower(magic[:3]), Offset: at, Size: 5, Guards: []format.Guard{{Kind: format.Signature, Scheme: "letter", State: format.Present}}}
			fill(p, b[4])
			return p, nil
		}
	}
	return []format.Format{
		{Name: "key", Magics: []format.Magic{{Bytes: "KEY:"}}, Look: look("KEY:", func(p *format.Part, c byte) {
			p.Keys = []format.Key{{Name: "dev", Public: c}}
		})},
		{Name: "sig", Magics: []format.Magic{{Bytes: "SIG:"}}, Look: look("SIG:", func(p *format.Part, c byte) {
			p.Seals = []format.Seal{{Name: "dev", Check: func(public any) (good, known bool) {
				k, ok := public.(byte)
				return ok && k == c, ok && k != '?'
			}}}
		})},
	}
}

// guarded writes down the guards of signatures.
type guarded struct {
	seen
	got []string
}

func (g *guarded) Part(p unpack.Part) error {
	for _, x := range p.Guards {
		if p.Format == "sig" {
			g.got = append(g.got, fmt.Sprint(x.State, x.Note))
		}
	}
	return nil
}

// TestSeals: a signature is held against the keys that stand anywhere in the
// image, also behind it.
func TestSeals(t *testing.T) {
	t.Parallel()
	for image, want := range map[string][]string{
		"SIG:a and KEY:a":           {`good; it fits the key "dev" of key`},
		"SIG:a and KEY:b, KEY:a":    {`good; it fits the key "dev" of key@17`},
		"SIG:a and KEY:b":           {`bad; it does not fit the key of that name in key`},
		"SIG:a and KEY:?":           {`present; the keys in this image are others`},
		"SIG:a":                     {`present; the key is not in this image`},
		"KEY:a, SIG:a and SIG:b or": {`bad; it does not fit the key of that name in key`, `good; it fits the key "dev" of key`},
	} {
		g := &guarded{}
		if _, err := unpack.NewFormats(signing()).Walk(context.Background(), bytes.NewReader([]byte(image)), unpack.Limits{}, g); err != nil {
			t.Fatal(err)
		}
		slices.Sort(g.got)
		if !slices.Equal(g.got, want) {
			t.Errorf("%s: %q, want %q", image, g.got, want)
		}
	}
}
