package formats_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/formats"
	"assay/internal/collect/firmware/format/looktest"
	"assay/internal/testdata"
)

// torn is a source that can't be read from an offset on: a layer whose blocks
// are damaged there.
type torn struct {
	*bytes.Reader
	from int64
}

var errTorn = errors.New("can't be read")

func (t torn) ReadAt(b []byte, off int64) (int, error) {
	if off+int64(len(b)) > t.from && off < t.Size() {
		return 0, errTorn
	}
	return t.Reader.ReadAt(b, off)
}

// A layer that can't be read in places ends no format with a crash.
func TestTorn(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join(testdata.Dir(t, "firmware", "built", "formats"), "*"))
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	list := formats.All()
	for _, path := range paths {
		if info, err := os.Stat(path); err != nil || info.IsDir() || info.Size() > 1<<20 {
			continue
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			img := looktest.Read(t, "built", "formats", filepath.Base(path))
			size := int64(len(img))
			for _, from := range []int64{0, 16, 512, 4096, size / 2, size - 600, size - 1} {
				for _, f := range list {
					look(t, f, torn{bytes.NewReader(img), max(from, 0)})
				}
			}
		})
	}
}

func look(t *testing.T, f format.Format, s torn) {
	t.Helper()
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("%s, torn at %d of %d: %v", f.Name, s.from, s.Size(), r)
		}
	}()
	p, err := f.Look(t.Context(), s, 0)
	if err != nil || p == nil {
		return
	}
	if p.Contents != nil {
		if list, err := p.Contents(t.Context(), format.Limits{Entries: 100}); err == nil {
			for _, c := range list {
				r := c.Stream
				if c.Source != nil {
					r = format.Section(c.Source, 0, min(c.Source.Size(), 1<<20))
				}
				_, _ = io.CopyN(io.Discard, r, 1<<20) // that it ends is all
			}
		}
	}
	if p.Open == nil {
		return
	}
	v, err := p.Open(t.Context(), format.Limits{Entries: 100})
	if err != nil {
		return
	}
	_ = v.Walk(t.Context(), func(_ format.Entry, r io.Reader) error {
		if r != nil {
			_, _ = io.CopyN(io.Discard, r, 1<<16) // here too
		}
		return nil
	}) // that it ends is all
}
