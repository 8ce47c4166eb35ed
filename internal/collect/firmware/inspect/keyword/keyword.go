// Package keyword finds many words in bytes in one pass, without regard to the
// case of ASCII letters: an automaton (Aho and Corasick, CACM 18(6), 1975)
// behind a filter that leaps over places where no word begins. In: words, of
// one owner or of several. Out: each place where one ends. It is the gate
// before every slower look.
package keyword

// Hit is a word that stands in bytes.
type Hit struct {
	Word int // index into the words of the list that it is of
	At   int // offset of its first byte
	End  int // offset behind it
}

// Table is the word lists of several owners, compiled into one. It may be used
// by several goroutines.
type Table struct {
	a      *automaton
	owners int
}

// NewTable compiles one list for each owner. Owners may have words in common.
func NewTable(lists ...[]string) *Table {
	return &Table{compile(lists), len(lists)}
}

// Scan gives each owner the places of its own words in b, by the order of their
// ends, at most max of them; cut says that there are more. out is reused if it
// is of an earlier Scan; nil makes a new one.
func (t *Table) Scan(b []byte, max int, out [][]Hit) (hits [][]Hit, cut bool) {
	if len(out) != t.owners {
		out = make([][]Hit, t.owners)
	}
	for i := range out {
		out[i] = out[i][:0]
	}
	t.a.scan(b, func(words []word, end int) bool {
		for _, w := range words {
			if h := &out[w.owner]; len(*h) < max {
				*h = append(*h, Hit{int(w.index), end - int(w.size), end})
			} else {
				cut = true
			}
		}
		return true
	})
	return out, cut
}
