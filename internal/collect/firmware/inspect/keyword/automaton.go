package keyword

import "encoding/binary"

// word is one of an owner's words.
type word struct{ owner, index, size int32 }

// automaton finds words. A state is a number that is ready to have the column of
// a byte added. States are sorted: those that stand for less than prefix bytes
// first, by their depth; those where words end last.
type automaton struct {
	filter [1 << filterBits]uint8
	class  [256]uint8 // byte to column; 0: stands in no word
	width  uint32
	next   []uint32 // at state + column
	second uint32   // first state that stands for two bytes
	deep   uint32   // first state that is not left for the filter
	ends   uint32   // first state where words end
	from   []uint32 // of words, by (state-ends)/width
	words  []word
}

const (
	prefix     = 3 // bytes that the filter looks at
	filterBits = 16
	fold       = 0x2020202020202020 // makes letters small, and other bytes others: that does for a filter
)

// slot is where the three highest bytes of v stand in the filter.
func slot(v uint64) uint64 { return v >> 40 * 0x9e3779b97f4a7c15 >> (64 - filterBits) }

// leap returns the first offset in b where a word may begin, or one behind which
// less than step bytes stand.
func (a *automaton) leap(b []byte) int {
	const at = 6 // places that are looked at together
	filter, rest := &a.filter, b
	for len(rest) >= step {
		v := binary.LittleEndian.Uint64(rest) | fold
		if filter[slot(v<<40)]|filter[slot(v<<32)]|filter[slot(v<<24)]|filter[slot(v<<16)]|filter[slot(v<<8)]|filter[slot(v)] == 0 {
			rest = rest[at:]
			continue
		}
		for i := range at {
			v := binary.LittleEndian.Uint32(rest[i:]) | fold&0xffffffff
			if filter[slot(uint64(v)<<40)]>>(v>>24&7)&1 != 0 {
				return len(b) - len(rest) + i
			}
		}
		rest = rest[at:]
	}
	return len(b) - len(rest)
}

// step is how many bytes leap looks at together.
const step = 9

// scan calls found wherever words end, in order; it returns false to end.
func (a *automaton) scan(b []byte, found func(words []word, end int) bool) {
	class, next := &a.class, a.next
	for i := 0; i < len(b); {
		i += a.leap(b[i:])
		// Follow what begins here, until nothing that has begun is longer than what
		// the filter looks at.
		state, settled := uint32(0), i+prefix
		for i < len(b) {
			state = next[state+uint32(class[b[i]])]
			i++
			if state >= a.ends {
				k := (state - a.ends) / a.width
				if !found(a.words[a.from[k]:a.from[k+1]], i) {
					return
				}
				continue
			}
			if state < a.deep && i >= settled {
				switch {
				case state >= a.second:
					i -= 2
				case state > 0:
					i--
				}
				break
			}
		}
	}
}

// lower is c as a small letter.
func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
