package erofs_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz/lzma"

	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/tree/treetest"
)

// image builds what mkfs.erofs 1.5 doesn't write: other algorithms, two of them
// in one file, fragments, shared and interlaced clusters. Linux 6.18 mounted
// the images of these tests and read the same contents.
type image struct {
	t        *testing.T
	meta     []byte // from block 1 on
	data     []byte // from dataBlock on
	packed   uint64
	incompat uint32
	bits     uint16 // of the algorithms
}

const (
	blockSize = 4096
	metaAt    = blockSize
	dataBlock = 8
)

// piece is a run of a file that is compressed on its own.
type piece struct {
	size      int // bytes of the file
	kind      int // 0 plain, 1 and 3 the first and second algorithm
	algorithm int
	longer    string // what the compressed bytes stand for beyond size
}

// compress packs s as algorithm does, without zeros before it.
func (m *image) compress(s []byte, algorithm int) []byte {
	var out bytes.Buffer
	var err error
	switch algorithm {
	case 0:
		b := make([]byte, lz4.CompressBlockBound(len(s)))
		var c lz4.Compressor
		var n int
		n, err = c.CompressBlock(s, b)
		out.Write(b[:n])
	case 1:
		w, werr := lzma.WriterConfig{Size: int64(len(s)), SizeInHeader: true, DictCap: 1 << 16}.NewWriter(&out)
		if werr != nil {
			m.t.Fatal(werr)
		}
		w.Write(s)
		err = w.Close()
		b := out.Bytes()
		props := b[0]
		out.Next(lzma.HeaderLen)
		out.Bytes()[0] = ^props
	case 2:
		w, _ := flate.NewWriter(&out, 9)
		w.Write(s)
		err = w.Close()
	case 3:
		w, _ := zstd.NewWriter(nil)
		out.Write(w.EncodeAll(s, nil))
	}
	if err != nil {
		m.t.Fatal(err)
	}
	return out.Bytes()
}

// store puts compressed bytes at the end of whole blocks.
func (m *image) store(b []byte) (block, blocks int) {
	blocks = (len(b) + blockSize - 1) / blockSize
	block = dataBlock + len(m.data)/blockSize
	m.data = append(append(m.data, make([]byte, blocks*blockSize-len(b))...), b...)
	return block, blocks
}

// inode adds a compact inode and what stands behind it, and returns its number.
func (m *image) inode(mode uint16, layout int, size int, union uint32, behind []byte) uint64 {
	for len(m.meta)%32 != 0 {
		m.meta = append(m.meta, 0)
	}
	number := uint64(len(m.meta) / 32)
	b := make([]byte, 32)
	le := binary.LittleEndian
	le.PutUint16(b, uint16(layout<<1))
	le.PutUint16(b[4:], mode)
	le.PutUint16(b[6:], 1)
	le.PutUint32(b[8:], uint32(size))
	le.PutUint32(b[16:], union)
	le.PutUint32(b[20:], uint32(number))
	m.meta = append(append(m.meta, b...), behind...)
	return number
}

// head is h_advise, the algorithms and the first word of a compressed file.
type head struct {
	advise, algorithms uint16
	word               uint32
}

// file adds a compressed file with a full index.
func (m *image) file(content string, h head, pieces []piece) uint64 {
	le := binary.LittleEndian
	count := (len(content) + blockSize - 1) / blockSize
	index := make([]byte, 16+8*count)
	le.PutUint32(index, h.word)
	le.PutUint16(index[4:], h.advise)
	index[6] = byte(h.algorithms)
	type start struct{ at, block, blocks, kind int }
	var starts []start
	at := 0
	for _, p := range pieces {
		s := start{at: at, kind: p.kind}
		raw := []byte(content[at : at+p.size])
		switch {
		case h.advise&0x20 != 0 && at+p.size == len(content): // a fragment
		case p.kind == 0:
			if h.advise&0x10 != 0 { // goes round the end of its block
				turned := make([]byte, blockSize)
				n := copy(turned[at%blockSize:], raw)
				copy(turned, raw[n:])
				raw = turned
			}
			raw = append(raw, make([]byte, blockSize-len(raw))...)
			s.block, s.blocks = m.store(raw)
		default:
			s.block, s.blocks = m.store(m.compress(append(raw, p.longer...), p.algorithm))
		}
		starts = append(starts, s)
		at += p.size
	}
	if at != len(content) {
		m.t.Fatalf("pieces of %d bytes for %d", at, len(content))
	}
	for i := range count {
		e := index[16+8*i:]
		k := slices.IndexFunc(starts, func(s start) bool { return s.at/blockSize == i })
		if k >= 0 {
			e[0] = byte(starts[k].kind)
			if pieces[k].longer != "" {
				e[1] = 0x80 // a part of what the bytes stand for
			}
			le.PutUint16(e[2:], uint16(starts[k].at%blockSize))
			le.PutUint32(e[4:], uint32(starts[k].block))
			continue
		}
		k = len(starts) - 1
		for starts[k].at/blockSize > i {
			k--
		}
		first, next := starts[k].at/blockSize, count
		if k+1 < len(starts) {
			next = starts[k+1].at / blockSize
		}
		e[0] = 2
		le.PutUint16(e[4:], uint16(i-first))
		if i == first+1 && h.advise&6 != 0 {
			le.PutUint16(e[4:], uint16(1<<11|max(starts[k].blocks, 1)))
		}
		le.PutUint16(e[6:], uint16(next-i))
	}
	return m.inode(0o100644, 1, len(content), uint32(len(m.data)/blockSize), index)
}

// bytes adds the root and the superblock.
func (m *image) bytes(names map[string]uint64) []byte {
	le := binary.LittleEndian
	all := slices.Sorted(func(yield func(string) bool) {
		for n := range names {
			yield(n)
		}
		_ = yield(".") && yield("..")
	})
	size := 12 * len(all)
	for _, n := range all {
		size += len(n)
	}
	for len(m.meta)%32 != 0 {
		m.meta = append(m.meta, 0)
	}
	root := uint64(len(m.meta) / 32)
	dir, text := make([]byte, 12*len(all)), ""
	for i, n := range all {
		number, ok := names[n]
		kind := byte(1)
		if !ok {
			number, kind = root, 2
		}
		le.PutUint64(dir[12*i:], number)
		le.PutUint16(dir[12*i+8:], uint16(len(dir)+len(text)))
		dir[12*i+10] = kind
		text += n
	}
	m.inode(0o040755, 2, size, 0, append(dir, text...)) // inline
	out := make([]byte, dataBlock*blockSize)
	copy(out[metaAt:], m.meta)
	if len(m.meta) > (dataBlock-1)*blockSize {
		m.t.Fatal("too much metadata")
	}
	out = append(out, m.data...)
	sb := out[1024:]
	copy(sb, "\xe2\xe1\xf5\xe0")
	le.PutUint32(sb[8:], 1)
	sb[12] = 12
	le.PutUint16(sb[14:], uint16(root))
	le.PutUint64(sb[16:], uint64(len(names)+1))
	le.PutUint32(sb[36:], uint32(len(out)/blockSize))
	le.PutUint32(sb[40:], 1)
	copy(sb[64:], "built")
	le.PutUint32(sb[80:], m.incompat)
	le.PutUint64(sb[96:], m.packed)
	if m.incompat&2 != 0 {
		// A size and as many bytes for each algorithm.
		le.PutUint16(sb[84:], m.bits)
		cfg := sb[128:]
		for i, c := range []string{"\xff\xff\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "\x0f\x00\x00\x00\x00\x00", "\x00\x0a\x00\x00\x00\x00"} {
			if m.bits&(1<<i) != 0 {
				le.PutUint16(cfg, uint16(len(c)))
				copy(cfg[2:], c)
				cfg = cfg[2+len(c):]
			}
		}
	}
	le.PutUint32(sb[4:], ^crc32.Checksum(out[1024:blockSize], crc32.MakeTable(crc32.Castagnoli)))
	return out
}

// text returns words, the same at each call.
func text(seed uint64, n int) string {
	r := rand.New(rand.NewPCG(seed, 7))
	words := strings.Fields("video stream sensor gain night mode pan tilt zoom record card lens frame key alarm relay")
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(words[r.IntN(len(words))])
		b.WriteByte(" \n"[r.IntN(9)/8])
	}
	return b.String()[:n]
}

// algorithmImage has a file for each algorithm, one with two, and one that
// shares compressed bytes.
func algorithmImage(t *testing.T) ([]byte, map[string]string) {
	m := &image{t: t, incompat: 0x1 | 0x2 | 0x8 | 0x20, bits: 0xf}
	names, want := map[string]uint64{}, map[string]string{}
	for i, name := range []string{"lz4", "lzma", "deflate", "zstd"} {
		want[name] = text(uint64(i), 60_000)
		names[name] = m.file(want[name], head{advise: 2, algorithms: uint16(i)}, []piece{
			{size: 9000, kind: 1, algorithm: i}, {size: 20_001, kind: 1, algorithm: i}, {size: 4096, kind: 0}, {size: 26_903, kind: 1, algorithm: i},
		})
	}
	want["two"] = text(9, 30_000)
	names["two"] = m.file(want["two"], head{advise: 6, algorithms: 3<<4 | 0}, []piece{{size: 15_000, kind: 1}, {size: 15_000, kind: 3, algorithm: 3}})
	for i, name := range []string{"lz4", "lzma", "deflate", "zstd"} {
		want["shared "+name] = text(10, 16_000)
		names["shared "+name] = m.file(want["shared "+name], head{advise: 2, algorithms: uint16(i)}, []piece{
			{size: 12_001, kind: 1, algorithm: i, longer: text(11, 5000)}, {size: 3999, kind: 1, algorithm: i},
		})
	}
	return m.bytes(names), want
}

// fragmentImage has files whose ends stand in the packed inode, which is
// compressed.
func fragmentImage(t *testing.T) ([]byte, map[string]string) {
	m := &image{t: t, incompat: 0x1 | 0x2 | 0x20, bits: 1}
	names, want := map[string]uint64{}, map[string]string{}
	m.meta = make([]byte, 32) // inode 0 would mean that there are no fragments
	pool := text(20, 40_000)
	m.packed = m.file(pool, head{advise: 2}, []piece{{size: 10_000, kind: 1}, {size: 30_000, kind: 1}})
	want["tail"] = text(21, 9000) + pool[9000:12_000]
	names["tail"] = m.file(want["tail"], head{advise: 2 | 0x20, word: 9000}, []piece{{size: 9000, kind: 1}, {size: 3000, kind: 1}})
	want["turned"] = text(22, 5000) + strings.Repeat("not packed", 400) + pool[:5000]
	names["turned"] = m.file(want["turned"], head{advise: 2 | 0x10 | 0x20}, []piece{{size: 5000, kind: 1}, {size: 4000}, {size: 5000, kind: 1}})
	want["whole"] = pool[5000:25_000]
	fragment := make([]byte, 8)
	binary.LittleEndian.PutUint64(fragment, 5000|1<<63)
	names["whole"] = m.inode(0o100644, 1, 20_000, 0, fragment)
	return m.bytes(names), want
}

func TestBuiltImages(t *testing.T) {
	t.Parallel()
	for name, build := range map[string]func(*testing.T) ([]byte, map[string]string){"algorithms": algorithmImage, "fragments": fragmentImage} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			img, want := build(t)
			lines := map[string]archivetest.Line{}
			for name, s := range want {
				lines["/"+name] = archivetest.Line{Path: "/" + name, Mode: "0644", Type: "file", Size: int64(len(s)), SHA256: archivetest.Sum(s)}
			}
			treetest.Same(t, archivetest.Look(t, formats, img, 0), lines, nil)
		})
	}
}
