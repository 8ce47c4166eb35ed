// Package keyword finds many words in bytes in one pass, without regard to the
// case of ASCII letters: a filter leaps over places where no word begins (the
// idea is Wu's and Manber's, TR-94-17, University of Arizona), and the few words
// that begin with the same bytes are compared. In: words, of one owner or of
// several. Out: each place where one stands. It is the gate before every slower
// look.
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
	words  *words
	owners int
}

// NewTable compiles one list for each owner. Owners may have words in common.
func NewTable(lists ...[]string) *Table {
	return &Table{compile(lists), len(lists)}
}

// Scan gives each owner the places of its own words in b, by the order of their
// ends, at most max of them, those that begin first; cut says that there are more. out is reused if it
// is of an earlier Scan; nil makes a new one.
func (t *Table) Scan(b []byte, max int, out [][]Hit) (hits [][]Hit, cut bool) {
	if len(out) != t.owners {
		out = make([][]Hit, t.owners)
	}
	for i := range out {
		out[i] = out[i][:0]
	}
	t.words.scan(b, func(w *word, at int) {
		h := &out[w.owner]
		if len(*h) == max {
			cut = true
			return
		}
		hit := Hit{int(w.index), at, at + int(w.size)}
		*h = append(*h, hit)
		// They come by where they begin: a word in a longer one ends before it.
		for i := len(*h) - 1; i > 0 && (*h)[i-1].End > hit.End; i-- {
			(*h)[i-1], (*h)[i] = (*h)[i], (*h)[i-1]
		}
	})
	return out, cut
}
