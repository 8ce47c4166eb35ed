// Package keyword finds many words in bytes in one pass, without regard to the
// case of ASCII letters (Aho and Corasick, CACM 18(6), 1975). In: words. Out:
// each place where one ends. It is the gate before every slower look.
package keyword

// Set is a compiled list of words. It may be used by several goroutines.
type Set struct {
	class [256]uint8 // byte to column; 0: stands in no word
	width int
	next  []uint16  // state*width + column
	out   [][]Match // per state
}

// Match is a word that ends somewhere.
type Match struct {
	Word int // index into the words that New was given
	Len  int // bytes
}

// New compiles words, at most some thousands; an empty word never matches.
func New(words ...string) *Set {
	s := &Set{width: 1}
	for _, w := range words {
		for i := range len(w) {
			c := lower(w[i])
			if s.class[c] == 0 {
				s.class[c] = uint8(s.width)
				if c >= 'a' && c <= 'z' {
					s.class[c-'a'+'A'] = uint8(s.width)
				}
				s.width++
			}
		}
	}
	s.grow()
	for n, w := range words {
		if w == "" {
			continue
		}
		state := 0
		for i := range len(w) {
			at := state*s.width + int(s.class[lower(w[i])])
			if s.next[at] == 0 {
				s.next[at] = uint16(len(s.out))
				s.grow()
			}
			state = int(s.next[at])
		}
		s.out[state] = append(s.out[state], Match{n, len(w)})
	}
	s.link()
	return s
}

func (s *Set) grow() {
	s.next = append(s.next, make([]uint16, s.width)...)
	s.out = append(s.out, nil)
}

// link turns the tree into an automaton, breadth first.
func (s *Set) link() {
	fail := make([]uint16, len(s.out))
	var queue []uint16
	for c := range s.width {
		if n := s.next[c]; n != 0 {
			queue = append(queue, n)
		}
	}
	for len(queue) > 0 {
		state := queue[0]
		queue = queue[1:]
		f := fail[state]
		s.out[state] = append(s.out[state], s.out[f]...)
		for c := range s.width {
			at := int(state)*s.width + c
			back := s.next[int(f)*s.width+c]
			if n := s.next[at]; n != 0 {
				fail[n] = back
				queue = append(queue, n)
			} else {
				s.next[at] = back
			}
		}
	}
}

// Each calls fn for every match in b with the offset behind it, in order; fn
// returns false to end.
func (s *Set) Each(b []byte, fn func(m Match, end int) bool) {
	state := 0
	for i, c := range b {
		col := s.class[c]
		if col == 0 {
			state = 0
			continue
		}
		state = int(s.next[state*s.width+int(col)])
		if out := s.out[state]; out != nil {
			for _, m := range out {
				if !fn(m, i+1) {
					return
				}
			}
		}
	}
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// Hit is a word that stands in bytes.
type Hit struct {
	Word int // index into the words of the list that it is of
	At   int // offset of its first byte
	End  int // offset behind it
}

// Find gives the places of words in b, in the order of their ends.
func Find(words []string, b []byte) []Hit {
	var out []Hit
	New(words...).Each(b, func(m Match, end int) bool {
		out = append(out, Hit{Word: m.Word, At: end - m.Len, End: end})
		return true
	})
	return out
}
