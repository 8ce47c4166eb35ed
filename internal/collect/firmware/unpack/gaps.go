package unpack

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"assay/internal/collect/firmware/format"
)

// gaps keeps what was not read, in an order that doesn't depend on the
// scheduler; of too many it keeps those that come first in it.
type gaps struct {
	max     int
	list    []Gap
	dropped int
}

func (g *gaps) add(x Gap) {
	g.list = append(g.list, x)
	if len(g.list) >= 16*g.max {
		g.cut(8 * g.max)
	}
}

func (g *gaps) cut(n int) {
	slices.SortFunc(g.list, compareGaps)
	if over := len(g.list) - n; over > 0 {
		g.dropped += over
		g.list = slices.Clip(g.list[:n])
	}
}

func compareGaps(a, b Gap) int {
	return cmp.Or(cmp.Compare(a.Volume, b.Volume), strings.Compare(a.Path, b.Path), cmp.Compare(a.Offset, b.Offset),
		strings.Compare(a.Kind, b.Kind), strings.Compare(a.Detail, b.Detail))
}

// few is how many gaps of one shape in one place are listed one by one.
const few = 4

// all returns them: of what repeats in one place, and differs in numbers only,
// the first and how often it was.
func (g *gaps) all() []Gap {
	if g.dropped > 0 { // how many came behind the last cut is the scheduler's
		g.cut(8 * g.max)
	}
	slices.SortFunc(g.list, compareGaps)
	type place struct {
		volume             int
		path, kind, detail string
	}
	alike := make(map[place][]int)
	for i, x := range g.list {
		k := place{x.Volume, x.Path, x.Kind, shape(x.Detail)}
		alike[k] = append(alike[k], i)
	}
	var out []Gap
	for i, x := range g.list {
		same := alike[place{x.Volume, x.Path, x.Kind, shape(x.Detail)}]
		switch {
		case len(same) <= few:
			out = append(out, x)
		case same[0] == i:
			last := g.list[same[len(same)-1]]
			if x.Detail == last.Detail {
				x.Detail = fmt.Sprintf("%s (%d times, the last at offset %d)", x.Detail, len(same), last.Offset)
			} else {
				x.Detail = fmt.Sprintf("%s (and %d more like it, the last at offset %d)", x.Detail, len(same)-1, last.Offset)
			}
			out = append(out, x)
		}
	}
	if over := len(out) - g.max; over > 0 {
		g.dropped += over
		out = out[:g.max]
	}
	if g.dropped > 0 {
		out = append(out, Gap{Volume: -1, Kind: Limit, Detail: fmt.Sprintf("%d more gaps than the %d that are listed", g.dropped, g.max)})
	}
	return out
}

// shape is a sentence without its numbers.
func shape(s string) string {
	var b strings.Builder
	number := false
	for i := range len(s) {
		c := s[i]
		digit := c >= '0' && c <= '9' || number && (c >= 'a' && c <= 'f' || c == 'x' || c == '.')
		if digit && !number {
			b.WriteByte('#')
		}
		if number = digit; !digit {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func (w *walk) gap(g Gap) error {
	return w.locked(func() error {
		w.gaps.add(g)
		return nil
	})
}

func (l layer) gap(off int64, kind, detail string) Gap {
	return Gap{Volume: l.volume, Path: l.path, Offset: l.base + max(off, 0), Kind: kind, Detail: detail}
}

// problem is a gap of what a part's header or a tree told.
func problem(volume int, base int64, name string, q format.Problem) Gap {
	kind := q.Kind
	if kind == format.TooMany || kind == format.TooBig {
		kind = Limit
	}
	return Gap{Volume: volume, Path: q.Path, Offset: base + max(q.Offset, 0), Kind: kind, Detail: name + ": " + q.Kind + ": " + q.Detail}
}
