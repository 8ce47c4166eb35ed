package keyword

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// word is one of an owner's words.
type word struct {
	head, mask   uint64 // its first eight bytes, small letters; which of them it has
	tail         string // the others
	owner, index int32
	size         int32
}

// words finds words by what they begin with: a filter over the first bytes leaps
// over nearly all places, and the few words that share these bytes are compared.
type words struct {
	filter [1 << slotBits]uint8  // by the first three bytes: which low bits the fourth may have
	from   [1 << slotBits]uint32 // by the first three bytes: index into list
	list   []word                // by slot; a word with mask 0 ends a slot's
	short  []word                // of less than prefix bytes: compared everywhere
}

const (
	prefix   = 3 // bytes that the filter looks at, and one more of longer words
	slotBits = 16
	fold     = 0x2020202020202020 // makes letters small, and other bytes others: that does for a filter
)

// slot is where the three highest bytes of v stand in the filter.
func slot(v uint64) uint64 { return v >> 40 * 0x9e3779b97f4a7c15 >> (64 - slotBits) }

// compile makes the filter and the lists.
func compile(lists [][]string) *words {
	t := &words{list: make([]word, 1)} // the first slot is empty
	type placed struct {
		slot uint64
		word
	}
	var all []placed
	for owner, l := range lists {
		for index, s := range l {
			if s == "" {
				continue
			}
			w := newWord(s, owner, index)
			if len(s) < prefix {
				t.short = append(t.short, w)
				continue
			}
			at := slot((w.head | fold) << 40)
			all = append(all, placed{at, w})
			if len(s) == prefix {
				t.filter[at] = 0xff
			} else {
				t.filter[at] |= 1 << ((s[prefix] | fold&0xff) & 7)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b placed) int { return cmp.Compare(a.slot, b.slot) })
	for i, p := range all {
		if i == 0 || all[i-1].slot != p.slot {
			t.from[p.slot] = uint32(len(t.list))
		}
		t.list = append(t.list, p.word)
		if i+1 == len(all) || all[i+1].slot != p.slot {
			t.list = append(t.list, word{})
		}
	}
	if len(t.short) > 0 {
		for i := range t.filter {
			t.filter[i] = 0xff
		}
	}
	return t
}

func newWord(s string, owner, index int) word {
	w := word{owner: int32(owner), index: int32(index), size: int32(len(s))}
	var head [8]byte
	n := copy(head[:], s)
	w.head, w.mask = lower(binary.LittleEndian.Uint64(head[:])), ^uint64(0)>>(64-8*n)
	tail := []byte(s[n:])
	for i, c := range tail {
		tail[i] = small(c)
	}
	w.tail = string(tail)
	return w
}

// small is c as a small letter.
func small(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// lower is small of each byte of v.
func lower(v uint64) uint64 {
	const each = 0x0101010101010101
	seven := v & (0x7f * each)
	big := (seven + (0x80-'A')*each) &^ (seven + (0x7f-'Z')*each) &^ v & (0x80 * each)
	return v | big>>2
}

// leap returns the first offset in b where a word may begin, or one behind which
// less than step bytes stand.
func (t *words) leap(b []byte) int {
	const at = 6 // places that are looked at together
	filter, rest := &t.filter, b
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

// scan calls found for each word in b, by where it begins.
func (t *words) scan(b []byte, found func(w *word, at int)) {
	for i := 0; i < len(b); i++ {
		if i += t.leap(b[i:]); i == len(b) {
			return
		}
		rest := b[i:]
		var v uint64
		if len(rest) >= 8 {
			v = binary.LittleEndian.Uint64(rest)
		} else {
			var head [8]byte
			copy(head[:], rest)
			v = binary.LittleEndian.Uint64(head[:])
		}
		small := lower(v)
		for k := int(t.from[slot((v|fold)<<40)]); t.list[k].mask != 0; k++ {
			if w := &t.list[k]; small&w.mask == w.head && w.ends(rest) {
				found(w, i)
			}
		}
		for k := range t.short {
			if w := &t.short[k]; small&w.mask == w.head && w.ends(rest) {
				found(w, i)
			}
		}
	}
}

// ends says that the rest of w stands in b, whose first bytes are its own.
func (w *word) ends(b []byte) bool {
	if len(b) < int(w.size) {
		return false
	}
	for i, c := range []byte(w.tail) {
		if small(b[8+i]) != c {
			return false
		}
	}
	return true
}
