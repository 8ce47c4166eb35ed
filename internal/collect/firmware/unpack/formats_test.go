package unpack_test

import (
	"bytes"
	"context"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/unpack"
)

// Of formats with one number the list says which comes first, also where one
// stands at the beginning only and the other everywhere.
func TestOrder(t *testing.T) {
	t.Parallel()
	one := func(name string, head, here bool) format.Format {
		return format.Format{Name: name, Head: head, Magics: []format.Magic{{Bytes: "NUMB"}}, Look: func(_ context.Context, s format.Source, at int64) (*format.Part, error) {
			if !here {
				return nil, nil
			}
			return &format.Part{Format: name, Offset: at, Size: s.Size() - at, Code: true}, nil
		}}
	}
	for name, row := range map[string]struct {
		list []format.Format
		want string
	}{
		"the beginning first":  {[]format.Format{one("head", true, true), one("any", false, true)}, "head"},
		"everywhere first":     {[]format.Format{one("any", false, true), one("head", true, true)}, "any"},
		"the first is another": {[]format.Format{one("head", true, false), one("any", false, true)}, "any"},
	} {
		p, err := unpack.NewFormats(row.list).At(t.Context(), bytes.NewReader([]byte("NUMB and more")), nil, false)
		if err != nil || p == nil || p.Format != row.want {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}
