package ubi_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/looktest"
	"assay/internal/collect/firmware/format/tree/treetest"
	"assay/internal/collect/firmware/format/ubi"
)

var formats = []format.Format{ubi.New()}

// volumes returns the volumes' names and contents; what was not written is "_".
func volumes(t testing.TB, p *format.Part) map[string]string {
	t.Helper()
	if p == nil {
		t.Fatal("not recognised")
	}
	if p.Contents == nil {
		return nil
	}
	list, err := p.Contents(context.Background(), format.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, c := range list {
		b, err := io.ReadAll(io.NewSectionReader(c.Source, 0, c.Source.Size()))
		text := strings.TrimRight(string(b), "\xff")
		if err != nil {
			text += " !"
		}
		out[c.Name] = text
	}
	return out
}

func lines(text string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%s %d\n", text, i)
	}
	return b.String()
}

func TestMadeImages(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		file string
		size int64
		note string
	}{
		{"ubinize-16k.img", 16384 * 6, "6 erase blocks of 16384 bytes, 2 volumes: kernel (static), rootfs (dynamic)"},
		{"ubinize-nor.img", 65536 * 4, "4 erase blocks of 65536 bytes, 2 volumes: kernel (static), rootfs (dynamic)"},
	} {
		t.Run(row.file, func(t *testing.T) {
			t.Parallel()
			img := treetest.Image(t, row.file)
			for _, at := range []int64{0, 4321} {
				p := looktest.At(t, formats, slices.Concat(make([]byte, at), img, make([]byte, 100)), at)
				got := volumes(t, p)
				if len(got) != 2 || got["kernel"] != lines("kernel line", 1800) || got["rootfs"] != lines("data of volume", 1500) {
					t.Errorf("%d volumes: %.40q, %.40q", len(got), got["kernel"], got["rootfs"])
				}
				if p.Size != row.size || p.Note != row.note || len(p.Problems) > 0 {
					t.Errorf("%d bytes: %s; %v", p.Size, p.Note, p.Problems)
				}
				if g := looktest.Guards(p); !slices.Equal(g, []string{"checksum crc32 good"}) {
					t.Errorf("guards %v", g)
				}
			}
		})
	}
}

func TestCollection(t *testing.T) {
	t.Parallel()
	p := looktest.At(t, formats, looktest.Read(t, "built/formats/ubi-2vol.img"), 0)
	list, err := p.Contents(context.Background(), format.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Size != 2621440 || len(list) != 2 || list[0].Name != "kernel" || list[1].Name != "rootfs" || len(p.Problems) > 0 {
		t.Fatalf("%+v", p)
	}
	// The file system is what stands as a file beside, filled up to whole blocks.
	want := looktest.Read(t, "built/formats/ubifs-lzo.img")
	got := format.Head(list[1].Source, 0, len(want))
	if sha256.Sum256(got) != sha256.Sum256(want) {
		t.Error("the volume is not the file system")
	}
	if err := iotest.TestReader(io.NewSectionReader(list[0].Source, 0, list[0].Source.Size()), format.Head(list[0].Source, 0, 1<<20)); err != nil {
		t.Error(err)
	}
	one := looktest.At(t, formats, looktest.Read(t, "built/formats/ubi-squashfs.img"), 0)
	if got := volumes(t, one); len(got) != 1 || !strings.HasPrefix(got["rootfs"], "hsqs") {
		t.Errorf("%d volumes", len(got))
	}
}

func TestHostileCollection(t *testing.T) {
	t.Parallel()
	p := looktest.At(t, formats, looktest.Read(t, "built/hostile/ubi-bad-offsets.img"), 0)
	if p == nil || p.Opaque == "" || p.Contents != nil || p.Size != 262144 || looktest.Kinds(p) != "damaged" {
		t.Errorf("%+v", p)
	}
	for name, img := range looktest.Noise(t) {
		if got := looktest.Every(t, formats, img); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

const (
	blockSize  = 8192
	dataOffset = 256
	layout     = 0x7fffefff
)

// head is what a test says of an erase block.
type head struct {
	seq       uint32
	vol, lnum uint32
	sqnum     uint64
	static    bool
	moved     bool
	ebs       uint32
	data      string
	free      bool
}

func seal(b []byte) []byte {
	return binary.BigEndian.AppendUint32(b, ^crc32.ChecksumIEEE(b))
}

func (h head) block() []byte {
	b := append([]byte("UBI#\x01"), make([]byte, 11)...)
	b = binary.BigEndian.AppendUint32(b, 64)
	b = binary.BigEndian.AppendUint32(b, dataOffset)
	b = binary.BigEndian.AppendUint32(b, h.seq)
	b = seal(append(b, make([]byte, 32)...))
	if !h.free {
		kind, moved := byte(1), byte(0)
		if h.static {
			kind = 2
		}
		if h.moved {
			moved = 1
		}
		v := append([]byte("UBI!\x01"), kind, moved, 0)
		v = binary.BigEndian.AppendUint32(v, h.vol)
		v = binary.BigEndian.AppendUint32(v, h.lnum)
		v = append(v, 0, 0, 0, 0)
		size, sum := uint32(0), uint32(0)
		if h.static || h.moved {
			size, sum = uint32(len(h.data)), ^crc32.ChecksumIEEE([]byte(h.data))
		}
		for _, n := range []uint32{size, h.ebs, 0, sum, 0} {
			v = binary.BigEndian.AppendUint32(v, n)
		}
		v = binary.BigEndian.AppendUint64(v, h.sqnum)
		b = append(b, seal(append(v, make([]byte, 12)...))...)
		b = append(b, bytes.Repeat([]byte{0xff}, dataOffset-len(b))...)
		b = append(b, h.data...)
	}
	return append(b, bytes.Repeat([]byte{0xff}, blockSize-len(b))...)
}

// table is a volume table: names, each with ten blocks; "" leaves a number free.
func table(names ...string) string {
	var b []byte
	for i := range (blockSize - dataOffset) / 172 {
		r := make([]byte, 168)
		if i < len(names) && names[i] != "" {
			binary.BigEndian.PutUint32(r, 10)
			r[12], r[15] = 1, byte(len(names[i]))
			copy(r[16:], names[i])
		}
		b = append(b, seal(r)...)
	}
	return string(b)
}

func device(heads ...head) []byte {
	var b []byte
	for _, h := range heads {
		b = append(b, h.block()...)
	}
	return b
}

const full = blockSize - dataOffset

func TestStates(t *testing.T) {
	t.Parallel()
	tab := head{vol: layout, data: table("a", "b")}
	second := head{vol: layout, lnum: 1, data: table("a", "b")}
	pad := func(s string) string { return s + strings.Repeat("\xff", full-len(s)) }
	for _, row := range []struct {
		name   string
		img    []byte
		want   map[string]string
		blocks int64
		kinds  string
	}{
		{"blocks out of order, and the newest copy", device(
			tab, head{vol: 0, lnum: 1, sqnum: 5, data: "two"}, second, head{free: true}, head{vol: 0, lnum: 0, sqnum: 9, data: "new"}, head{vol: 0, sqnum: 3, data: "old"},
		), map[string]string{"a": pad("new") + "two"}, 6, ""},
		{"a block that was never written", device(
			tab, second, head{vol: 1, lnum: 2, data: "third"}, head{vol: 1, data: "first"},
		), map[string]string{"b": pad("first") + strings.Repeat("\xff", full) + "third"}, 4, ""},
		{"a copy that was not finished", device(
			tab, second, head{vol: 0, sqnum: 3, data: "whole"}, func() head { h := head{vol: 0, sqnum: 9, moved: true, data: "copy"}; return h }(),
		), map[string]string{"a": "copy"}, 4, ""},
		{"a copy whose checksum is wrong", func() []byte {
			b := device(tab, second, head{vol: 0, sqnum: 3, data: "whole"}, head{vol: 0, sqnum: 9, moved: true, data: "copy"})
			b[3*blockSize+dataOffset] = 'X'
			return b
		}(), map[string]string{"a": "whole"}, 4, "checksum"},
		{"one age, two copies", device(tab, second, head{vol: 0, data: "x"}, head{vol: 0, data: "y"}),
			map[string]string{"a": "x"}, 4, "mismatch"},
		{"a static volume", device(tab, second, head{vol: 0, static: true, ebs: 2, lnum: 1, data: "end"}, head{vol: 0, static: true, ebs: 2, data: pad("start")}),
			map[string]string{"a": pad("start") + "end"}, 4, ""},
		{"a static volume without its end", device(tab, second, head{vol: 0, static: true, ebs: 3, data: pad("start")}),
			map[string]string{"a": "start"}, 3, "truncated"},
		{"a static volume with a hole and a wrong checksum", func() []byte {
			b := device(tab, second, head{vol: 0, static: true, ebs: 2, lnum: 1, data: "end"})
			b[2*blockSize+dataOffset] = 'E'
			return b
		}(), map[string]string{"a": strings.Repeat("\xff", full) + "End"}, 3, "checksum checksum damaged"},
		{"bad blocks between", slices.Concat(device(tab), bytes.Repeat([]byte{0xff}, 2*blockSize), bytes.Repeat([]byte{0}, blockSize), device(second, head{vol: 0, data: "x"}, head{free: true}, head{free: true})),
			map[string]string{"a": "x"}, 8, ""},
		{"the second block is bad", slices.Concat(device(tab), make([]byte, blockSize), device(second, head{vol: 0, data: "x"}, head{vol: 0, lnum: 1, data: "y"})),
			map[string]string{"a": pad("x") + "y"}, 5, ""},
		{"no whole volume table", func() []byte {
			b := device(tab, second, head{vol: 0, data: "x"}, head{vol: 1, data: "y"})
			b[dataOffset+172+20]++
			b[blockSize+dataOffset+3]++
			return b
		}(), map[string]string{"a": "x", "volume 1": "y"}, 4, "damaged mismatch"},
		{"a number that no volume has", device(tab, second, head{vol: 0, lnum: 1 << 30, data: "x"}, head{vol: 0, data: "y"}),
			map[string]string{"a": "y"}, 4, "damaged"},
		{"a volume that the table does not have", device(tab, second, head{vol: 7, data: "x"}),
			map[string]string{"volume 7": "x"}, 3, "mismatch"},
		{"lies in a volume's header, damage in another", func() []byte {
			b := device(tab, second, head{vol: 0, data: "x"}, head{vol: 0, lnum: 1, data: "y"}, head{vol: 0, lnum: 2, data: "z"})
			h := b[3*blockSize+64 : 3*blockSize+128]
			binary.BigEndian.PutUint32(h[28:], 1<<31)
			copy(h, seal(h[:60:60]))
			b[4*blockSize+64+9]++
			return b
		}(), map[string]string{"a": "x"}, 5, "damaged checksum"},
		{"an image within a volume", device(tab, second,
			head{vol: 0, data: string(slices.Concat(head{}.block()[:128], make([]byte, 1000), head{}.block()[:128]))}, head{vol: 1, data: "y"}, head{free: true}),
			map[string]string{"a": string(slices.Concat(head{}.block()[:128], make([]byte, 1000), head{}.block()[:128])), "b": "y"}, 5, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := looktest.At(t, formats, row.img, 0)
			got := volumes(t, p)
			for name, text := range row.want {
				if got[name] != text {
					t.Errorf("%q: %q, want %q", name, short(got[name]), short(text))
				}
			}
			if len(got) != len(row.want) {
				t.Errorf("%d volumes: %s", len(got), p.Note)
			}
			if p.Size != row.blocks*blockSize || looktest.Kinds(p) != row.kinds {
				t.Errorf("%d bytes, want %d; problems %v, want %q", p.Size, row.blocks*blockSize, p.Problems, row.kinds)
			}
		})
	}
}

func short(s string) string {
	return strings.ReplaceAll(s, "\xff", "")[:min(len(strings.ReplaceAll(s, "\xff", "")), 60)]
}

// TestNeighbours: what was written with one sequence number, or has one volume
// table, is one device.
func TestNeighbours(t *testing.T) {
	t.Parallel()
	dev := func(seq uint32, text string) []byte {
		return device(head{seq: seq, vol: layout, data: table("a")}, head{seq: seq, vol: layout, lnum: 1, data: table("a")}, head{seq: seq, data: text})
	}
	for name, seqs := range map[string][2]uint32{"two sequences": {5, 6}, "no sequences": {0, 0}, "the same sequence": {9, 9}} {
		img := slices.Concat(dev(seqs[0], "first"), dev(seqs[1], "second"))
		a, b := looktest.At(t, formats, img, 0), looktest.At(t, formats, img, 3*blockSize)
		if got := volumes(t, a)["a"] + " " + volumes(t, b)["a"]; got != "first second" || a.Size != 3*blockSize {
			t.Errorf("%s: %q, %d bytes", name, got, a.Size)
		}
	}
	// An image was written over another one, and not to its end.
	img := device(head{seq: 5, vol: layout, data: table("a")}, head{seq: 5, vol: layout, lnum: 1, data: table("a")}, head{seq: 4, vol: 0, data: "old"}, head{seq: 5, data: "new"}, head{seq: 5, free: true})
	got := volumes(t, looktest.At(t, formats, img, 0))
	if len(got) != 2 || got["a (image sequence 0x5)"] != "new" || got["volume 0 (image sequence 0x4)"] != "old" {
		t.Errorf("%q", got)
	}
}

// TestSpare: a dump of NAND flash has spare bytes behind every page.
func TestSpare(t *testing.T) {
	t.Parallel()
	plain := treetest.Image(t, "ubinize-16k.img")
	for _, row := range []struct{ page, spare int }{{512, 16}, {512, 64}} {
		var dump []byte
		for b := plain; len(b) > 0; b = b[row.page:] {
			dump = slices.Concat(dump, b[:row.page], bytes.Repeat([]byte{0xff, 0x5a}, row.spare/2))
		}
		last := len(dump) - row.page - row.spare
		for at, img := range map[int64][]byte{0: dump, 99: slices.Concat(make([]byte, 99), dump, make([]byte, 50))} {
			p := looktest.At(t, formats, img, at)
			got := volumes(t, p)
			if len(got) != 2 || got["kernel"] != lines("kernel line", 1800) || got["rootfs"] != lines("data of volume", 1500) {
				t.Errorf("%v: %d volumes: %.40q, %.40q", row, len(got), got["kernel"], got["rootfs"])
			}
			if p.Size != int64(len(dump)) || !strings.HasSuffix(p.Note, fmt.Sprintf(", in pages of %d bytes with %d spare ones", row.page, row.spare)) {
				t.Errorf("%d bytes: %s", p.Size, p.Note)
			}
		}
		if p := looktest.At(t, formats, dump[:last], 0); p == nil || len(volumes(t, p)) != 2 {
			t.Errorf("cut: %+v", p)
		}
		dump[2*(16384/row.page)*(row.page+row.spare)+2*(row.page+row.spare)]++
		p := looktest.At(t, formats, dump, 0)
		if q := p.Problems; len(q) != 2 || q[1].Kind != format.BadChecksum || q[1].Offset != int64(2*(16384/row.page)*(row.page+row.spare)+2*(row.page+row.spare)) {
			t.Errorf("problems %v", q)
		}
	}
}

func TestNotThere(t *testing.T) {
	t.Parallel()
	wrong := head{}.block()
	wrong[9]++
	for name, img := range map[string][]byte{
		"a header alone":   head{free: true}.block(),
		"a wrong checksum": slices.Concat(wrong, wrong),
		"the magic number": []byte("UBI#"),
	} {
		if p := looktest.At(t, formats, img, 0); p != nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if p := looktest.At(t, formats, device(head{data: "x"}), 0); p == nil || looktest.Kinds(p) != "truncated damaged" {
		t.Errorf("a block alone: %+v", p)
	}
}

// TestCut: the last erase block has its headers, and no data.
func TestCut(t *testing.T) {
	t.Parallel()
	img := device(head{vol: layout, data: table("a")}, head{vol: layout, lnum: 1, data: table("a")}, head{static: true, ebs: 1, data: "x"})
	p := looktest.At(t, formats, img[:2*blockSize+dataOffset-50], 0)
	if got := volumes(t, p); len(got) != 1 || got["a"] != " !" || looktest.Kinds(p) != "checksum checksum" {
		t.Errorf("%q, %v", got, p.Problems)
	}
}

func FuzzLook(f *testing.F) {
	f.Add(treetest.Image(f, "ubinize-16k.img")[:3*16384])
	f.Add(device(head{vol: layout, data: table("a", "b")}, head{data: "x", moved: true}, head{data: "y", sqnum: 2}, head{vol: 1, static: true, ebs: 1, data: "z"}))
	f.Fuzz(func(t *testing.T, img []byte) {
		img = bytes.Clone(img)
		for at := 0; at+64 <= len(img); at += 4 { // so that changes get behind the checksums
			if m := string(img[at : at+4]); m == "UBI#" || m == "UBI!" {
				copy(img[at:], seal(img[at:at+60:at+60]))
			}
		}
		archivetest.Fuzz(t, formats, img)
		if p := looktest.At(t, formats, img, 0); p != nil {
			volumes(t, p)
		}
	})
}

func BenchmarkLook(b *testing.B) {
	img := looktest.Read(b, "built/formats/ubi-2vol.img")
	b.SetBytes(int64(len(img)))
	for b.Loop() {
		archivetest.Look(b, formats, img, 0)
	}
}

func BenchmarkRead(b *testing.B) {
	p := archivetest.Look(b, formats, looktest.Read(b, "built/formats/ubi-2vol.img"), 0)
	list, err := p.Contents(context.Background(), format.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(list[1].Source.Size())
	for b.Loop() {
		if _, err := io.Copy(io.Discard, io.NewSectionReader(list[1].Source, 0, list[1].Source.Size())); err != nil {
			b.Fatal(err)
		}
	}
}
