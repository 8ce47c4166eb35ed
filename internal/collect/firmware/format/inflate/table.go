package inflate

import "math/bits"

// An entry of a table has, from the lowest bit on: the length of the code in 4
// bits, 0 where no code is like that; the number of extra bits in 4 bits from
// extraShift on; the literal, or the length or distance to which these are
// added, in 16 bits from valueShift on. Where a code is longer than the table's
// root, the entry tells another table: its place for value, the number of bits
// that it is looked up with for extra bits.
const (
	isLiteral  = 1 << 31
	isEnd      = 1 << 30
	isTable    = 1 << 29
	extraShift = 8
	valueShift = 12
	valueMask  = 0xffff

	litRoot  = 9
	distRoot = 8
	preRoot  = 7
)

// RFC 1951, 3.2.5: what a code for a length or distance starts from, and how
// many extra bits it has.
var (
	lengthBase  = [29]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra = [29]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distBase    = [30]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distExtra   = [30]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
	// 3.2.7: the order of the lengths of the codes for lengths.
	preOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
)

func litEntry(symbol int) uint32 {
	switch {
	case symbol < 256:
		return isLiteral | uint32(symbol)<<valueShift
	case symbol == 256:
		return isEnd
	case symbol < 286:
		return uint32(lengthBase[symbol-257])<<valueShift | uint32(lengthExtra[symbol-257])<<extraShift
	}
	return noSymbol
}

func distEntry(symbol int) uint32 {
	if symbol >= len(distBase) {
		return noSymbol
	}
	return uint32(distBase[symbol])<<valueShift | uint32(distExtra[symbol])<<extraShift
}

func preEntry(symbol int) uint32 { return uint32(symbol) << valueShift }

// noSymbol is a code that exists and means nothing.
const noSymbol = 1<<32 - 1

// build fills a table from the lengths of the codes of all symbols (3.2.2).
func build(table []uint32, root uint, lens []uint8, entry func(int) uint32) error {
	var count [16]int
	for _, n := range lens {
		count[n]++
	}
	count[0] = 0
	left, most := 1, 0
	var first [17]int // the place of the first symbol of a length, in order
	for n := 1; n < 16; n++ {
		left = left<<1 - count[n]
		if left < 0 {
			return ErrCorrupt // more codes than there are bits for
		}
		if count[n] > 0 {
			most = n
		}
		first[n+1] = first[n] + count[n]
	}
	if left > 0 {
		// Bits that are no code are for a single one only, or for none: a block
		// without matches has no distances.
		if most > 1 {
			return ErrCorrupt
		}
		clear(table)
	}
	var sorted [320]uint16
	place := first
	for symbol, n := range lens {
		if n > 0 {
			sorted[place[n]] = uint16(symbol)
			place[n]++
		}
	}
	code, next := 0, 1<<root // next: where the next table below goes
	below, belowBits := -1, uint(0)
	at := 0
	for n := 1; n <= most; n, code = n+1, code<<1 {
		for ; count[n] > 0; count[n]-- {
			e := entry(int(sorted[at])) | uint32(n)
			if e&^15 == noSymbol&^15 {
				e = 0
			}
			at++
			r := int(bits.Reverse16(uint16(code)) >> (16 - uint(n)))
			code++
			if uint(n) <= root {
				for i := r; i < 1<<root; i += 1 << n {
					table[i] = e
				}
				continue
			}
			if prefix := r & (1<<root - 1); prefix != below {
				below, belowBits = prefix, width(count[:], uint(n), root, most)
				if next+1<<belowBits > len(table) {
					return ErrCorrupt
				}
				table[prefix] = isTable | uint32(next)<<valueShift | uint32(belowBits)<<extraShift
				next += 1 << belowBits
			}
			start := next - 1<<belowBits
			for i := r >> root; i < 1<<belowBits; i += 1 << (uint(n) - root) {
				table[start+i] = e
			}
		}
	}
	return nil
}

// width says how many bits a table below root needs whose first code has n.
func width(count []int, n, root uint, most int) uint {
	left := 1 << (n - root)
	for ; n < uint(most); n++ {
		if left -= count[n]; left <= 0 {
			break
		}
		left <<= 1
	}
	return n - root
}

// useFixed makes the codes of 3.2.6.
func (d *Decoder) useFixed() error {
	d.codes = &d.fixed
	if d.made {
		return nil
	}
	lens := d.lens[:288]
	for i := range lens {
		switch {
		case i < 144:
			lens[i] = 8
		case i < 256:
			lens[i] = 9
		case i < 280:
			lens[i] = 7
		default:
			lens[i] = 8
		}
	}
	if err := build(d.fixed.lit[:], litRoot, lens, litEntry); err != nil {
		return err
	}
	lens = d.lens[:32]
	for i := range lens {
		lens[i] = 5
	}
	d.made = true
	return build(d.fixed.dist[:], distRoot, lens, distEntry)
}

// readCodes reads the codes of a block that brings its own (3.2.7).
func (d *Decoder) readCodes() error {
	d.codes = &d.own
	head, ok := d.take(14)
	lits, dists, pres := int(head&31)+257, int(head>>5&31)+1, int(head>>10)+4
	if !ok || lits > 286 || dists > 30 {
		return ErrCorrupt
	}
	var pre [19]uint8
	for _, i := range preOrder[:pres] {
		n, ok := d.take(3)
		if !ok {
			return ErrCorrupt
		}
		pre[i] = uint8(n)
	}
	if err := build(d.pre[:], preRoot, pre[:], preEntry); err != nil {
		return err
	}
	lens := d.lens[:lits+dists]
	for i := 0; i < len(lens); {
		e, ok := d.code(d.pre[:], preRoot)
		if !ok {
			return ErrCorrupt
		}
		n := e >> valueShift & valueMask
		if n < 16 {
			lens[i] = uint8(n)
			i++
			continue
		}
		value, times, extra := uint8(0), uint32(3), uint(3)
		switch n {
		case 16:
			if i == 0 {
				return ErrCorrupt
			}
			value, extra = lens[i-1], 2
		case 18:
			times, extra = 11, 7
		}
		more, ok := d.take(extra)
		if times += more; !ok || i+int(times) > len(lens) {
			return ErrCorrupt
		}
		for range times {
			lens[i] = value
			i++
		}
	}
	if lens[256] == 0 {
		return ErrCorrupt // the block would have no end
	}
	if err := build(d.own.lit[:], litRoot, lens[:lits], litEntry); err != nil {
		return err
	}
	return build(d.own.dist[:], distRoot, lens[lits:], distEntry)
}
