package firmware

import "assay/internal/collect/firmware/inspect/keyword"

type table struct {
	set   *keyword.Set
	owner []int
	base  []int
	n     int
}

func newTable(lists ...[]string) *table {
	t := &table{n: len(lists)}
	var all []string
	for i, l := range lists {
		for j, w := range l {
			all = append(all, w)
			t.owner = append(t.owner, i)
			t.base = append(t.base, j)
		}
	}
	t.set = keyword.New(all...)
	return t
}

func (t *table) Scan(b []byte, max int, out [][]keyword.Hit) ([][]keyword.Hit, bool) {
	if len(out) != t.n {
		out = make([][]keyword.Hit, t.n)
	}
	for i := range out {
		out[i] = out[i][:0]
	}
	t.set.Each(b, func(m keyword.Match, end int) bool {
		o := t.owner[m.Word]
		out[o] = append(out[o], keyword.Hit{Word: t.base[m.Word], At: end - m.Len, End: end})
		return true
	})
	return out, false
}
