package unpack

import (
	"context"
	"fmt"
	"strings"

	"assay/internal/collect/firmware/format"
)

// Formats is a list of formats, ready to be looked for. It may be used by
// several goroutines.
type Formats struct {
	byName map[string]*format.Format
	whole  []*format.Format // without a number: known by the whole region
	heads  index            // of all numbers that stand at a format's first byte
	pairs  index            // of numbers that are looked for everywhere
	inner  index            // of weak formats, that are looked for in what nothing explains
	weak   []*format.Format
	far    []candidate // numbers that stand further inside
	lead   int64       // zeros, or ones, that a number begins with at most; 1 where none does: padding but for its last bytes is passed over
	reach  int         // bytes from a number's first byte that must be at hand
}

type candidate struct {
	f     *format.Format
	magic format.Magic
}

// NewFormats compiles the list. The order is the order of looks where several
// formats have the same number.
func NewFormats(list []format.Format) *Formats {
	fs := &Formats{byName: make(map[string]*format.Format), reach: 2, lead: 1}
	for i := range list {
		f := &list[i]
		fs.byName[f.Name] = f
		if f.Weak {
			fs.weak = append(fs.weak, f)
			for _, m := range f.Magics {
				if !f.Head && m.At == 0 && len(m.Bytes) > 1 {
					fs.lead = max(fs.lead, leading(m.Bytes))
					fs.reach = max(fs.reach, len(m.Bytes))
					fs.inner.add(candidate{f, m})
				}
			}
			continue
		}
		if len(f.Magics) == 0 {
			fs.whole = append(fs.whole, f)
			continue
		}
		for _, m := range f.Magics {
			c := candidate{f, m}
			fs.lead = max(fs.lead, leading(m.Bytes))
			fs.reach = max(fs.reach, len(m.Bytes))
			if m.At > 0 {
				fs.far = append(fs.far, c)
			} else {
				fs.heads.add(c)
			}
			if !f.Head {
				fs.pairs.add(c)
			}
		}
	}
	return fs
}

// leading is how many bytes of one value, that of padding, a number begins with.
func leading(magic string) int64 {
	n := max(len(magic)-len(strings.TrimLeft(magic, "\x00")), len(magic)-len(strings.TrimLeft(magic, "\xff")))
	return int64(min(n, maxLead))
}

// At looks for a format that begins at the first byte of s; try names formats
// to be tried before all others. Weak formats are tried if weak is set.
func (fs *Formats) At(ctx context.Context, s format.Source, try []string, weak bool) (*format.Part, error) {
	look := func(f *format.Format) (*format.Part, error) {
		p, err := f.Look(ctx, s, 0)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		return p, nil
	}
	for _, name := range try {
		if f := fs.byName[name]; f != nil {
			if p, err := look(f); p != nil || err != nil {
				return p, err
			}
		}
	}
	// What has no number is known by its end or its whole header: a bundle that
	// begins with a file system is more than that.
	for _, f := range fs.whole {
		if p, err := look(f); p != nil || err != nil {
			return p, err
		}
	}
	// No number stands beyond this; nothing is read for files that can't be.
	const most = 64 << 10
	b := format.Head(s, 0, fs.reach)
	if len(b) > 1 {
		for _, c := range fs.heads.begin(b[0], b[1]) {
			if prefix(b, c.magic.Bytes) {
				if p, err := look(c.f); p != nil || err != nil {
					return p, err
				}
			}
		}
	}
	for _, c := range fs.far {
		if c.magic.At < most && prefix(format.Head(s, c.magic.At, len(c.magic.Bytes)), c.magic.Bytes) {
			if p, err := look(c.f); p != nil || err != nil {
				return p, err
			}
		}
	}
	if weak {
		for _, f := range fs.weak {
			if p, err := look(f); p != nil || err != nil {
				return p, err
			}
		}
	}
	return nil, nil
}

func prefix(b []byte, s string) bool { return len(b) >= len(s) && string(b[:len(s)]) == s }
