package unpack

import "encoding/binary"

// index finds the candidates at a place by its first bytes.
type index struct {
	may   [1 << slotBits]bool // by the first three bytes: a number may begin
	pairs [1 << 16]uint16     // by the first two bytes: index into lists, 0: none
	lists [][]candidate
}

const slotBits = 16

// slot is where the three highest bytes of v stand in index.may.
func slot(v uint64) uint64 { return v >> 40 * 0x9e3779b97f4a7c15 >> (64 - slotBits) }

// add adds a candidate to what it may begin with.
func (x *index) add(c candidate) {
	if x.lists == nil {
		x.lists = make([][]candidate, 1)
	}
	magic := c.magic.Bytes
	for second := range uint(256) {
		if len(magic) > 1 && second != uint(magic[1]) {
			continue
		}
		k := uint(magic[0]) | second<<8
		for third := range uint64(256) {
			if len(magic) < 3 || third == uint64(magic[2]) {
				x.may[slot(uint64(k)<<40|third<<56)] = true
			}
		}
		if x.pairs[k] == 0 {
			x.pairs[k] = uint16(len(x.lists))
			x.lists = append(x.lists, nil)
		}
		i := x.pairs[k]
		x.lists[i] = append(x.lists[i], c)
	}
}

// begin are the candidates for two bytes.
func (x *index) begin(a, b byte) []candidate {
	if i := x.pairs[uint(a)|uint(b)<<8]; i > 0 {
		return x.lists[i]
	}
	return nil
}

// leap returns the first place in b from i on, before end, where a number may
// begin; end if there is none. Of runs of padding only the last lead bytes are
// looked at.
func (x *index) leap(b []byte, i, end, lead int) int {
	const at = 6 // places that are looked at together
	may := &x.may
	for i < end {
		if len(b)-i < 8 {
			return i
		}
		v := binary.LittleEndian.Uint64(b[i:])
		if v == 0 || v == ^uint64(0) {
			if n := runEnd(b, i) - lead; n > i {
				i = n
				continue
			}
		}
		if !(may[slot(v<<40)] || may[slot(v<<32)] || may[slot(v<<24)] || may[slot(v<<16)] || may[slot(v<<8)] || may[slot(v)]) {
			i += at
			continue
		}
		for k := range at {
			if may[slot(v<<(40-8*k))] {
				return min(i+k, end)
			}
		}
	}
	return end
}

// runEnd is how far the byte at i is followed by itself, in words.
func runEnd(b []byte, i int) int {
	v := binary.LittleEndian.Uint64(b[i:])
	for i += 8; i+8 <= len(b) && binary.LittleEndian.Uint64(b[i:]) == v; i += 8 {
	}
	return i
}
