package hexfile

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
)

// errStart is a line that begins like none.
var errStart = errors.New("no colon, or no S and type, at the start")

// digits decodes a line's digits and checks their number.
func digits(line []byte) ([]byte, error) {
	b := make([]byte, hex.DecodedLen(len(line)))
	if _, err := hex.Decode(b, line); err != nil {
		return nil, errors.New("not hexadecimal digits in pairs")
	}
	return b, nil
}

// The types of an Intel HEX record.
const (
	hexData         = 0
	hexEnd          = 1
	hexSegment      = 2
	hexStartSegment = 3
	hexLinear       = 4
	hexStartLinear  = 5
)

// intel reads ":", a count, an address of 16 bits, a type, values, a checksum.
func intel(m *memory, line []byte) error {
	if line[0] != ':' {
		return errStart
	}
	b, err := digits(line[1:])
	if err != nil {
		return err
	}
	if len(b) < 5 || len(b) != 5+int(b[0]) {
		return fmt.Errorf("%d bytes, the count says %d and five more", len(b), at(b, 0))
	}
	if total(b) != 0 {
		return errSum
	}
	addr, data := uint64(binary.BigEndian.Uint16(b[1:])), b[4:len(b)-1]
	if want, ok := intelSizes[b[3]]; b[3] != hexData && (!ok || want != len(data)) {
		return fmt.Errorf("a record of type %d with %d bytes", b[3], len(data))
	}
	switch b[3] {
	case hexData:
		m.intelData(addr, data)
	case hexEnd:
		m.done = true
	case hexSegment:
		m.base, m.segment = uint64(binary.BigEndian.Uint16(data))<<4, true
	case hexLinear:
		m.base, m.segment = uint64(binary.BigEndian.Uint16(data))<<16, false
	case hexStartSegment:
		m.start, m.started = uint64(binary.BigEndian.Uint16(data))<<4+uint64(binary.BigEndian.Uint16(data[2:])), true
	case hexStartLinear:
		m.start, m.started = uint64(binary.BigEndian.Uint32(data)), true
	}
	return nil
}

// intelSizes are the counts of all types but data.
var intelSizes = map[byte]int{hexEnd: 0, hexSegment: 2, hexStartSegment: 4, hexLinear: 2, hexStartLinear: 4}

// intelData stores values; in a segment, addresses wrap at its end, else at
// 4 GiB.
func (m *memory) intelData(addr uint64, data []byte) {
	room := uint64(1)<<32 - m.base - addr
	if m.segment {
		room = 1<<16 - addr
	}
	if uint64(len(data)) <= room {
		m.store(m.base+addr, data)
		return
	}
	m.store(m.base+addr, data[:room])
	if m.segment {
		m.store(m.base, data[room:])
	} else {
		m.store(0, data[room:])
	}
}

// motorola reads "S", a type, a count, an address of 16, 24 or 32 bits, values,
// a checksum.
func motorola(m *memory, line []byte) error {
	if len(line) < 2 || line[0] != 'S' || line[1] < '0' || line[1] > '9' || line[1] == '4' {
		return errStart
	}
	typ := line[1] - '0'
	b, err := digits(line[2:])
	if err != nil {
		return err
	}
	width := motorolaWidths[typ]
	if len(b) < 2+width || len(b) != 1+int(b[0]) {
		return fmt.Errorf("%d bytes, the count says %d and one more", len(b), at(b, 0))
	}
	if total(b) != 0xff {
		return errSum
	}
	var addr uint64
	for _, c := range b[1 : 1+width] {
		addr = addr<<8 | uint64(c)
	}
	data := b[1+width : len(b)-1]
	switch typ {
	case 0:
		m.name = string(data)
	case 1, 2, 3:
		m.store(addr, data)
	case 5, 6:
		if want := uint64(m.data) & (1<<(8*width) - 1); addr != want {
			return fmt.Errorf("it counts %d lines of values, there were %d", addr, want)
		}
	default:
		m.start, m.started, m.done = addr, true, true
	}
	return nil
}

// motorolaWidths are bytes of an address, by type.
var motorolaWidths = [10]int{2, 2, 3, 4, 0, 2, 3, 4, 3, 2}

func total(b []byte) (sum byte) {
	for _, c := range b {
		sum += c
	}
	return sum
}

// at is b[i], or 0 where it ends before.
func at(b []byte, i int) byte {
	if i < len(b) {
		return b[i]
	}
	return 0
}
