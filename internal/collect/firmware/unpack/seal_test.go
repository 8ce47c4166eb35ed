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

// TestManySeals: of more keys and signatures than are kept, those count that come
// first by where they stand; every part is told, and a gap says how many were not
// held against each other.
func TestManySeals(t *testing.T) {
	t.Parallel()
	image := strings.Repeat("KEY:a ", 1500) + strings.Repeat("SIG:a ", 2200)
	g := &sealed{}
	if _, err := unpack.NewFormats(signing()).Walk(context.Background(), bytes.NewReader([]byte(image)), unpack.Limits{}, g); err != nil {
		t.Fatal(err)
	}
	good := 0
	for _, s := range g.got {
		if strings.HasPrefix(s, format.Good) {
			good++
		}
	}
	if len(g.got) != 2200 || good != 1000 {
		t.Errorf("%d signatures told, %d fit", len(g.got), good)
	}
	want := []string{"500 keys are not tried on signatures: behind the first 1000", "1200 parts with signatures are not held against keys: behind the first 1000"}
	if slices.Sort(g.gaps); !slices.Equal(g.gaps, []string{want[1], want[0]}) {
		t.Errorf("%q", g.gaps)
	}
}

// sealed writes down the limits, too.
type sealed struct {
	guarded
	gaps []string
}

func (s *sealed) Gap(g unpack.Gap) error {
	if g.Kind == unpack.Limit {
		s.gaps = append(s.gaps, g.Detail)
	}
	return nil
}
