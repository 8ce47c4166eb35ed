package lzma2

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
)

// xz reads the container of .xz: stream header, blocks, index, footer.
type xz struct {
	c    *core
	src  *source
	kind byte // of the check
	sum  check

	*chunks           // of the block
	filters  []filter // of the block, in the order in which they are applied
	head     int64    // bytes of the block's header
	data     int64    // where the block's data begins in src
	packed   int64    // what the header says of its compressed size; -1: nothing
	unpacked int64    // the same of what comes out

	blocks  int64  // blocks that were read
	records uint64 // over their sizes, to be compared with the index
}

const magic = "\xfd7zXZ\x00"

var errHead = fmt.Errorf("%w: header or index", ErrDamaged)

// stream reads a stream header (2.1.1).
func (x *xz) stream() error {
	b, err := x.src.take(12)
	if err != nil {
		return err
	}
	le := binary.LittleEndian
	if string(b[:6]) != magic || b[6] != 0 || b[7] > 15 || crc32.ChecksumIEEE(b[6:8]) != le.Uint32(b[8:]) {
		return fmt.Errorf("%w: stream header", ErrDamaged)
	}
	x.kind, x.blocks, x.records = b[7], 0, 0
	return nil
}

// block reads a block header (3.1); false says that the index begins instead.
func (x *xz) block() (bool, error) {
	n, err := x.src.byte()
	if err != nil || n == 0 {
		return false, err
	}
	var buf [1024]byte
	b := buf[:(int(n)+1)*4]
	b[0] = n
	rest, err := x.src.take(len(b) - 1)
	if err != nil {
		return false, err
	}
	copy(b[1:], rest)
	x.head = int64(len(b))
	body := b[:len(b)-4]
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(b[len(body):]) {
		return false, fmt.Errorf("%w: block header", ErrDamaged)
	}
	flags := body[1]
	if flags&0x3c != 0 {
		return false, fmt.Errorf("%w: block flags %#02x", ErrUnsupported, flags)
	}
	body = body[2:]
	x.packed, x.unpacked = -1, -1
	if flags&0x40 != 0 {
		if x.packed, body, err = number(body); err != nil {
			return false, err
		}
	}
	if flags&0x80 != 0 {
		if x.unpacked, body, err = number(body); err != nil {
			return false, err
		}
	}
	if err := x.chain(body, int(flags&3)+1); err != nil {
		return false, err
	}
	x.data = x.src.taken
	x.sum.reset(x.kind)
	return true, nil
}

// chain reads the flags of n filters (3.1.5), of which the last is LZMA2.
func (x *xz) chain(b []byte, n int) error {
	x.filters = x.filters[:0]
	for i := range n {
		id, rest, err := number(b)
		if err != nil {
			return err
		}
		size, rest, err := number(rest)
		if err != nil {
			return err
		}
		if size > int64(len(rest)) {
			return errHead
		}
		props := rest[:size]
		b = rest[size:]
		if i < n-1 {
			f, err := newFilter(id, props)
			if err != nil {
				return err
			}
			x.filters = append(x.filters, f)
			continue
		}
		if id != 0x21 || len(props) != 1 || props[0] > 40 {
			return fmt.Errorf("%w: filter %#x at the end of the chain", ErrUnsupported, id)
		}
		dict := uint32(anyDict) // 5.3.1
		if p := props[0]; p < 40 {
			dict = uint32(2|p&1) << (p/2 + 11)
		}
		x.chunks = newChunks(x.c, x.src, dict)
	}
	for _, c := range b {
		if c != 0 {
			return errHead
		}
	}
	// The encoder's first filter is the decoder's last.
	for i, j := 0, len(x.filters)-1; i < j; i, j = i+1, j-1 {
		x.filters[i], x.filters[j] = x.filters[j], x.filters[i]
	}
	return nil
}

// endBlock reads what comes behind the data of a block that gave size bytes.
func (x *xz) endBlock(size int64) error {
	packed := x.src.taken - x.data
	if x.packed >= 0 && x.packed != packed || x.unpacked >= 0 && x.unpacked != size {
		return fmt.Errorf("%w: the block header claims %d bytes out of %d, there are %d out of %d", ErrDamaged, x.unpacked, x.packed, size, packed)
	}
	if err := x.padding(packed); err != nil {
		return err
	}
	n := checkSize(x.kind)
	b, err := x.src.take(n)
	if err != nil {
		return err
	}
	if !x.sum.equal(b) {
		return fmt.Errorf("%w: the check of a block doesn't match", ErrDamaged)
	}
	x.blocks++
	x.records = mix(x.records, x.head+packed+int64(n), size)
	return nil
}

// padding takes the zeros that fill n bytes up to a multiple of four.
func (x *xz) padding(n int64) error {
	b, err := x.src.take(int(-n & 3))
	if err != nil {
		return err
	}
	if len(bytes.Trim(b, "\x00")) > 0 {
		return errHead
	}
	return nil
}

// end reads the index (4), whose first byte was taken, and the footer.
func (x *xz) end() error {
	begin := x.src.taken - 1
	crc := crc32.Update(0, crc32.IEEETable, []byte{0})
	vli := func() (int64, error) {
		var buf [9]byte
		for i := range buf {
			c, err := x.src.byte()
			if err != nil {
				return 0, err
			}
			if buf[i] = c; c < 0x80 {
				crc = crc32.Update(crc, crc32.IEEETable, buf[:i+1])
				v, _, err := number(buf[:i+1])
				return v, err
			}
		}
		return 0, errHead
	}
	count, err := vli()
	if err != nil {
		return err
	}
	if count != x.blocks {
		return fmt.Errorf("%w: the index counts %d blocks, there are %d", ErrDamaged, count, x.blocks)
	}
	records := uint64(0)
	for range count {
		size, err := vli()
		if err != nil {
			return err
		}
		out, err := vli()
		if err != nil {
			return err
		}
		records = mix(records, size, out)
	}
	pad := -(x.src.taken - begin) & 3
	crc = crc32.Update(crc, crc32.IEEETable, make([]byte, pad))
	if err := x.padding(x.src.taken - begin); err != nil {
		return err
	}
	size := x.src.taken - begin
	b, err := x.src.take(16)
	if err != nil {
		return err
	}
	le := binary.LittleEndian
	if records != x.records || le.Uint32(b) != crc {
		return fmt.Errorf("%w: index", ErrDamaged)
	}
	// The footer (2.1.2): CRC, size of the index, flags as in the header, "YZ".
	f := b[4:]
	if string(f[10:]) != "YZ" || f[8] != 0 || f[9] != x.kind || crc32.ChecksumIEEE(f[4:10]) != le.Uint32(f) ||
		(int64(le.Uint32(f[4:]))+1)*4 != size+4 {
		return fmt.Errorf("%w: stream footer", ErrDamaged)
	}
	return nil
}

// mix folds the record of a block into those before it.
func mix(h uint64, packed, size int64) uint64 {
	for _, v := range [2]uint64{uint64(packed), uint64(size)} {
		h = (h ^ v) * 0x9e3779b97f4a7c15
		h ^= h >> 29
	}
	return h
}

// number reads a multibyte integer (1.2): at most nine bytes, the shortest form.
func number(b []byte) (int64, []byte, error) {
	v := int64(0)
	for i, c := range b[:min(len(b), 9)] {
		v |= int64(c&0x7f) << (7 * i)
		if c < 0x80 {
			if c == 0 && i > 0 {
				return 0, nil, errHead
			}
			return v, b[i+1:], nil
		}
	}
	return 0, nil, errHead
}

// check is a checksum over what a block gives.
type check struct {
	kind  byte
	crc32 uint32
	crc64 uint64
	sha   hash.Hash
}

// The checks that are calculated (2.1.1.2). Others are skipped, not verified.
const (
	checkCRC32  = 1
	checkCRC64  = 4
	checkSHA256 = 10
)

var ecma = crc64.MakeTable(crc64.ECMA)

func (s *check) reset(kind byte) {
	s.kind, s.crc32, s.crc64 = kind, 0, 0
	if kind != checkSHA256 {
		return
	}
	if s.sha == nil {
		s.sha = sha256.New()
	}
	s.sha.Reset()
}

func (s *check) write(b []byte) {
	switch s.kind {
	case checkCRC32:
		s.crc32 = crc32.Update(s.crc32, crc32.IEEETable, b)
	case checkCRC64:
		s.crc64 = crc64.Update(s.crc64, ecma, b)
	case checkSHA256:
		s.sha.Write(b)
	}
}

func (s *check) equal(b []byte) bool {
	switch s.kind {
	case checkCRC32:
		return binary.LittleEndian.Uint32(b) == s.crc32
	case checkCRC64:
		return binary.LittleEndian.Uint64(b) == s.crc64
	case checkSHA256:
		return bytes.Equal(b, s.sha.Sum(nil))
	}
	return true
}

// checkSize is the length of a check by its kind.
func checkSize(kind byte) int {
	if kind == 0 {
		return 0
	}
	return 4 << ((kind - 1) / 3)
}
