package vdisk_test

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
	"assay/internal/collect/firmware/format/vdisk"
)

var (
	le = binary.LittleEndian
	be = binary.BigEndian
)

// disk is what the machine sees: three blocks of 64 KiB, the second was never
// written, the last is cut.
func disk() []byte {
	b := make([]byte, 2<<16+1024)
	for i := range 1 << 16 {
		b[i] = byte(i / 251)
	}
	copy(b[2<<16:], bytes.Repeat([]byte("the end "), 128))
	return b
}

func padded(b []byte, n int) []byte { return append(b, make([]byte, (n-len(b)%n)%n)...) }

func qcow2(t testing.TB, packing string) []byte {
	const cluster = 1 << 16
	b := make([]byte, 3*cluster)
	copy(b, "QFI\xfb")
	be.PutUint32(b[4:], 3)
	be.PutUint32(b[20:], 16)
	be.PutUint64(b[24:], uint64(len(disk())))
	be.PutUint32(b[36:], 1)
	be.PutUint64(b[40:], cluster)
	be.PutUint32(b[100:], 112)
	be.PutUint64(b[cluster:], 2*cluster|1<<63)
	for i, at := range []int{0, 2 << 16} {
		data := padded(bytes.Clone(disk()[at:min(at+cluster, len(disk()))]), cluster)
		entry := b[2*cluster+16*i:]
		if packing == "" {
			be.PutUint64(entry, uint64(len(b))|1<<63)
			b = append(b, data...)
			continue
		}
		var out bytes.Buffer
		var w io.WriteCloser
		var err error
		if packing == "zstd" {
			w, err = zstd.NewWriter(&out)
			be.PutUint64(b[72:], 1<<3)
			b[104] = 1
		} else {
			w, err = flate.NewWriter(&out, 6)
		}
		if err == nil {
			_, err = w.Write(data)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		be.PutUint64(entry, uint64(len(b))|uint64((out.Len()+len(b)%512-1)/512)<<54|1<<62)
		b = append(b, out.Bytes()...)
	}
	return padded(b, 512)
}

func vdi() []byte {
	b := make([]byte, 1024)
	copy(b, "<<< Oracle VM VirtualBox Disk Image >>>\n")
	for at, v := range map[int]uint32{64: 0xbeda107f, 68: 0x10001, 72: 0x190, 76: 1, 340: 512, 344: 1024, 368: uint32(len(disk())), 376: 1 << 16, 384: 3, 512: 1, 516: 0xffffffff, 520: 0} {
		le.PutUint32(b[at:], v)
	}
	b = append(b, padded(disk()[2<<16:], 1<<16)...)
	return append(b, disk()[:1<<16]...)
}

func sum(b []byte, off int) {
	var v uint32
	for _, c := range b {
		v += uint32(c)
	}
	be.PutUint32(b[off:], ^v)
}

func vhd() []byte {
	b := make([]byte, 512+1024+512)
	copy(b, "conectix")
	be.PutUint64(b[16:], 512)
	be.PutUint64(b[48:], uint64(len(disk())))
	be.PutUint32(b[60:], 3)
	sum(b[:512], 64)
	h := b[512:1536]
	copy(h, "cxsparse")
	be.PutUint64(h[16:], 1536)
	be.PutUint32(h[28:], 3)
	be.PutUint32(h[32:], 1<<16)
	sum(h, 36)
	for i, v := range []uint32{4, 0xffffffff, 4 + 129} {
		be.PutUint32(b[1536+4*i:], v)
	}
	b = append(append(b, make([]byte, 512)...), disk()[:1<<16]...)
	b = append(append(b, make([]byte, 512)...), padded(disk()[2<<16:], 1<<16)...)
	return append(b, b[:512]...)
}

func vmdk(t testing.TB, packed bool) []byte {
	head := make([]byte, 512)
	copy(head, "KDMV")
	copy(head[73:], "\n \r\n")
	le.PutUint32(head[4:], 1)
	le.PutUint64(head[12:], uint64(len(disk())/512))
	le.PutUint64(head[20:], 128)
	le.PutUint32(head[44:], 512)
	b := append(bytes.Clone(head), make([]byte, 512)...) // a descriptor
	list := make([]byte, 2048)
	for i, at := range []int{0, 2 << 16} {
		data := padded(bytes.Clone(disk()[at:min(at+1<<16, len(disk()))]), 1<<16)
		le.PutUint32(list[8*i:], uint32(len(b)/512))
		if packed {
			var out bytes.Buffer
			w := zlib.NewWriter(&out)
			if _, err := w.Write(data); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			b = le.AppendUint64(b, uint64(at/512))
			b = le.AppendUint32(b, uint32(out.Len()))
			data = out.Bytes()
		}
		b = padded(append(b, data...), 512)
	}
	first := make([]byte, 512)
	le.PutUint32(first, uint32(len(b)/512))
	b = append(b, list...)
	le.PutUint64(head[56:], uint64(len(b)/512))
	b = append(b, first...)
	if !packed {
		copy(b, head)
		return b
	}
	le.PutUint32(head[8:], 1<<16|1<<17)
	le.PutUint16(head[77:], 1)
	b = append(append(b, head...), make([]byte, 512)...)
	le.PutUint64(head[56:], 1<<64-1)
	copy(b, head)
	return b
}

func samples(t testing.TB) map[string][]byte {
	return map[string][]byte{"qcow2": qcow2(t, ""), "qcow2 deflate": qcow2(t, "deflate"), "qcow2 zstd": qcow2(t, "zstd"), "vdi": vdi(), "vhd": vhd(), "vmdk": vmdk(t, false), "vmdk packed": vmdk(t, true)}
}

func TestDisks(t *testing.T) {
	t.Parallel()
	for name, img := range samples(t) {
		p := looktest.At(t, vdisk.Formats(), img, 0)
		if p == nil {
			t.Errorf("%s: not found", name)
			continue
		}
		list, err := p.Contents(t.Context(), format.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(format.Section(list[0].Source, 0, list[0].Source.Size()))
		if err != nil || !bytes.Equal(got, disk()) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
		if end := format.Hole(list[0].Source, 1<<16); end != 2<<16 {
			t.Errorf("%s: the hole ends at %d", name, end)
		}
	}
}

// What needs another file, or a key, is not read; what breaks off is an error.
func TestNotRead(t *testing.T) {
	t.Parallel()
	change := func(img []byte, at int, b byte) []byte {
		img[at] = b
		return img
	}
	for name, img := range map[string][]byte{
		"a backing file":      change(qcow2(t, ""), 15, 1),
		"encrypted":           change(qcow2(t, ""), 35, 2),
		"an external file":    change(qcow2(t, ""), 79, 4),
		"a differencing VDI":  change(vdi(), 76, 4),
		"a differencing VHD":  change(vhd(), 63, 4),
		"a VHD without a sum": change(vhd(), 600, 4),
		"text mode":           change(vmdk(t, false), 75, '\n'),
	} {
		if p := looktest.At(t, vdisk.Formats(), img, 0); p != nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
	cut := qcow2(t, "")
	p := looktest.At(t, vdisk.Formats(), cut[:3<<16+100], 0)
	list, err := p.Contents(t.Context(), format.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(format.Section(list[0].Source, 0, 1<<16)); err == nil {
		t.Error("a disk that breaks off is read")
	}
}

func FuzzDisks(f *testing.F) {
	for _, img := range samples(f) {
		f.Add(img[:min(len(img), 4096)])
		f.Add(img)
	}
	f.Fuzz(func(t *testing.T, img []byte) {
		p := looktest.At(t, vdisk.Formats(), img, 0)
		if p == nil {
			return
		}
		list, err := p.Contents(t.Context(), format.Limits{})
		if err != nil {
			return
		}
		s := list[0].Source
		b := make([]byte, 70000)
		for _, off := range []int64{0, 1 << 16, s.Size() / 2, s.Size() - 10} {
			_, _ = s.ReadAt(b, max(off, 0)) // damage is an error
		}
	})
}
