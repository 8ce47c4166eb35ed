package lzma2_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/mikelolasagasti/xz"

	"assay/internal/collect/firmware/format/lzma2"
)

// sum appends the CRC-32 of b[from:].
func sum(b []byte, from int) []byte {
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b[from:]))
}

// head is a stream header and a block header with the filters of chain before
// LZMA2, which has a dictionary of 1 MiB. There is no check.
func head(chain ...byte) []byte {
	b := sum([]byte("\xfd7zXZ\x00\x00\x00"), 6)
	at := len(b)
	flags := byte(0)
	filters := append(bytes.Clone(chain), 0x21, 1, 16)
	for i := 0; i < len(chain); i += 2 + int(chain[i+1]) {
		flags++
	}
	n := (2+len(filters)+3)&^3 + 4
	b = append(b, byte(n/4-1), flags)
	b = append(b, filters...)
	b = append(b, make([]byte, at+n-4-len(b))...)
	return sum(b, at)
}

// stored is LZMA2 of bytes as they are.
func stored(b []byte) []byte {
	out := []byte{1, byte((len(b) - 1) >> 8), byte(len(b) - 1)}
	return append(append(out, b...), 0)
}

// file ends what head began.
func file(head, packed []byte, size int) []byte {
	b := append(bytes.Clone(head), packed...)
	unpadded := len(b) - 12
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	at := len(b)
	b = append(b, 0, 1)
	b = binary.AppendUvarint(b, uint64(unpadded))
	b = binary.AppendUvarint(b, uint64(size))
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	b = sum(b, at)
	f := binary.LittleEndian.AppendUint32(nil, uint32(len(b)-at)/4-1)
	f = append(f, 0, 0)
	b = append(binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(f)), f...)
	return append(b, "YZ"...)
}

// sized is a file of packed, whose size is found by decoding it.
func sized(chain, packed []byte) []byte {
	h := head(chain...)
	got, _ := whole("x.xz", append(bytes.Clone(h), packed...), fuzzRoom)
	return file(h, packed, len(got))
}

// riscVEncode is the other direction of the RISC-V filter, which only newer
// versions of xz have (liblzma/simple/riscv.c describes it).
func riscVEncode(b []byte) {
	le := binary.LittleEndian
	for i := 0; i+8 <= len(b); {
		w := le.Uint32(b[i:])
		switch {
		case w&0xff == 0xef && w&0xd00 == 0:
			addr := w&0xff000 | w>>20&1<<11 | w>>21&0x3ff<<1 | w>>31<<20
			addr += uint32(i)
			b[i+1] = byte(w>>8&0xf | addr>>13&0xf0)
			b[i+2], b[i+3] = byte(addr>>9), byte(addr>>1)
			i += 4
		case w&0x7f != 0x17:
			i += 2
		case w&0xe80 != 0:
			next := le.Uint32(b[i+4:])
			if next&3 != 3 || next>>15&31 != w>>7&31 {
				i += 6
				continue
			}
			addr := w&0xfffff000 + uint32(int32(next)>>20) + uint32(i)
			le.PutUint32(b[i:], 0x17|2<<7|next<<12)
			binary.BigEndian.PutUint32(b[i+4:], addr)
			i += 8
		default:
			reg := w >> 27
			if w>>7&31 != 2 || w>>12&3 != 3 || reg == 0 || reg == 2 {
				i += 4
				continue
			}
			addr := le.Uint32(b[i+4:])
			le.PutUint32(b[i:], 0x17|reg<<7|addr&0xfffff000)
			le.PutUint32(b[i+4:], w>>12|addr<<20)
			i += 8
		}
	}
}

func TestRISCV(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var want []byte
	for len(want) < 60_000 {
		reg := r.Uint32N(32)
		switch r.IntN(5) {
		case 0: // jal
			want = binary.LittleEndian.AppendUint32(want, 0x6f|reg<<7|r.Uint32()&^0xfff)
		case 1: // auipc and jalr, addi or a load
			want = binary.LittleEndian.AppendUint32(want, 0x17|reg<<7|r.Uint32()&^0xfff)
			want = binary.LittleEndian.AppendUint32(want, 0x13|r.Uint32N(32)<<7|reg<<15|r.Uint32()&^0xfffff)
		case 2: // what an encoded pair looks like
			want = binary.LittleEndian.AppendUint32(want, 0x3117|r.Uint32()&^0x3fff)
			want = binary.LittleEndian.AppendUint32(want, r.Uint32())
		case 3:
			want = binary.LittleEndian.AppendUint16(want, uint16(r.Uint32()))
		default:
			want = binary.LittleEndian.AppendUint32(want, r.Uint32())
		}
	}
	b := bytes.Clone(want)
	riscVEncode(b)
	if bytes.Equal(b, want) {
		t.Fatal("the encoder changed nothing")
	}
	got, err := whole("riscv.xz", file(head(11, 0), stored(b), len(b)), len(want))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes of %d, equal %v, error %v", len(got), len(want), bytes.Equal(got, want), err)
	}
}

func TestContainerErrors(t *testing.T) {
	t.Parallel()
	body := []byte("some content that is stored as it is")
	good := file(head(), stored(body), len(body))
	if got, err := whole("x.xz", good, 100); err != nil || !bytes.Equal(got, body) {
		t.Fatalf("the good file: %q, %v", got, err)
	}
	if got, err := whole("x.xz", append(bytes.Clone(good), "behind"...), 100); err != nil || !bytes.Equal(got, body) {
		t.Fatalf("bytes behind: %q, %v", got, err)
	}
	change := func(at int, v byte) []byte {
		b := bytes.Clone(good)
		b[at] = v
		return b
	}
	for _, row := range []struct {
		name string
		file []byte
		err  error
		say  string
	}{
		{"magic", change(0, 0xfc), lzma2.ErrDamaged, "stream header"},
		{"check kind", change(7, 1), lzma2.ErrDamaged, "stream header"},
		{"block header", change(14, 3), lzma2.ErrDamaged, "block header"},
		{"index", change(len(good)-19, 9), lzma2.ErrDamaged, "index"},
		{"footer", change(len(good)-1, 'X'), lzma2.ErrDamaged, "footer"},
		{"no such filter", file(head(12, 0), stored(body), len(body)), lzma2.ErrUnsupported, "filter 0xc"},
		{"filter that starts between instructions", file(head(7, 4, 2, 0, 0, 0), stored(body), len(body)), lzma2.ErrDamaged, "starts at 2"},
		{"too long delta property", file(head(3, 2, 1, 1), stored(body), len(body)), lzma2.ErrDamaged, "header"},
		{"size in the index", file(head(), stored(body), len(body)+1), lzma2.ErrDamaged, "index"},
		{"no dictionary reset", file(head(), append([]byte{2}, stored(body)[1:]...), len(body)), lzma2.ErrDamaged, "dictionary reset"},
		{"reserved control", file(head(), append([]byte{3}, stored(body)[1:]...), len(body)), lzma2.ErrDamaged, "dictionary reset"},
		{"compressed chunk without parameters", file(head(), []byte{1, 0, 0, 65, 0x80, 0, 9, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 10), lzma2.ErrDamaged, "without properties"},
	} {
		_, err := whole("x.xz", row.file, 100)
		_, _, err2 := streamed("x.xz", bytes.NewReader(row.file), 0)
		for _, err := range []error{err, err2} {
			if !errors.Is(err, row.err) || !strings.Contains(err.Error(), row.say) {
				t.Errorf("%s: %v, want one with %q", row.name, err, row.say)
			}
		}
	}
}

// FuzzChunks puts bytes into a file whose container is sound, so that the fuzzer
// need not find a CRC, and compares with a port of the kernel's decoder.
func FuzzChunks(f *testing.F) {
	chains := [][]byte{nil, {4, 0}, {5, 0}, {6, 0}, {7, 0}, {8, 0}, {9, 0}, {3, 1, 4}, {3, 1, 0, 4, 0, 7, 0}}
	for i := range chains {
		f.Add(byte(i), stored(code(uint64(i), 300)))
	}
	for _, file := range files() {
		if strings.HasSuffix(file.name, ".xz") {
			b := fixture(f, file.name, file.content, file.args)
			f.Add(byte(0), b[12+4*(int(b[12])+1):])
		}
	}
	f.Fuzz(func(t *testing.T, chain byte, packed []byte) {
		if len(packed) > fuzzRoom || bytes.Contains(packed, []byte("YZ")) {
			return // it may hold the end of a file
		}
		b := sized(chains[int(chain)%len(chains)], packed)
		got, err := whole("x.xz", b, fuzzRoom)
		again, _, err2 := streamed("x.xz", bytes.NewReader(b), 0)
		if err != nil && err2 == nil || err == nil && (err2 != nil || !bytes.Equal(got, again)) {
			t.Fatalf("in memory %d bytes, error %v; as a stream %d bytes, error %v", len(got), err, len(again), err2)
		}
		r, wantErr := xz.NewReader(bytes.NewReader(b), 1<<26)
		var want []byte
		if wantErr == nil {
			r.Multistream(false)
			want, wantErr = read(r, fuzzRoom)
		}
		sameOrBothFail(t, "in memory", got, err, want, wantErr)
	})
}
