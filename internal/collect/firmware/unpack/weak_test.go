package unpack_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/unpack"
)

// faint is an invented weak format: "~~", a length, as many bytes; its parts say
// their size only if stated is set.
func faint(stated bool) []format.Format {
	return []format.Format{{Name: "faint", Weak: true, Magics: []format.Magic{{Bytes: "~~"}}, Look: func(_ context.Context, s format.Source, at int64) (*format.Part, error) {
		b := format.Head(s, at, 3)
		if len(b) < 3 || b[0] != '~' || b[1] != '~' || b[2] < 3 || at+int64(b[2]) > s.Size() {
			return nil, nil
		}
		n := int64(b[2])
		p := &format.Part{Format: "faint", Offset: at, Size: n}
		p.Contents = func(context.Context, format.Limits) ([]format.Content, error) {
			return []format.Content{{Stream: &flipped{r: format.Section(s, at, n), n: -8}}}, nil
		}
		if !stated {
			p.Size = 0
		}
		return p, nil
	}}}
}

// TestWeakAnywhere: what a weak format's number stands at is looked at wherever
// nothing else explains the bytes, also behind a stream whose end has to be found
// out first.
func TestWeakAnywhere(t *testing.T) {
	t.Parallel()
	image := slices.Concat(bytes.Repeat([]byte("a maker's header; "), 300), []byte("~~\x10............."), []byte("~~\x08....."), bytes.Repeat([]byte("text"), 40), []byte("~~\x07...."), []byte("~~\xff"))
	want := []string{"faint 5400+16", "faint 5416+8", "faint 5584+7"}
	for _, stated := range []bool{true, false} {
		r := &sizes{}
		if _, err := unpack.NewFormats(faint(stated)).Walk(context.Background(), bytes.NewReader(image), unpack.Limits{}, r); err != nil {
			t.Fatal(err)
		}
		slices.Sort(r.got)
		if diff := cmp.Diff(want, r.got); diff != "" {
			t.Errorf("sizes stated: %t (-want +got):\n%s", stated, diff)
		}
	}
}

// sizes writes down where parts of the invented format stand.
type sizes struct {
	seen
	got []string
}

func (s *sizes) Part(p unpack.Part) error {
	if p.Format == "faint" {
		s.got = append(s.got, fmt.Sprintf("%s %d+%d", p.Format, p.Offset, p.Size))
	}
	return nil
}
