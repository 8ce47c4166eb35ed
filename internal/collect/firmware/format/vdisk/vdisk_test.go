package vdisk_test

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
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
	le.PutUint64(head[28:], 1)
	le.PutUint64(head[36:], 1)
	about := fmt.Sprintf("# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\ncreateType=\"monolithicSparse\"\n\n# Extent description\nRW %d SPARSE \"disk.vmdk\"\n", len(disk())/512)
	b := append(bytes.Clone(head), padded([]byte(about), 512)...)
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

func change(img []byte, at int, b byte) []byte {
	img[at] = b
	return img
}

// What needs another file, or a key, is named and not read; what breaks off is
// an error.
func TestNotRead(t *testing.T) {
	t.Parallel()
	text := func(from, to string) []byte {
		return bytes.Replace(vmdk(t, false), []byte(from), []byte(to), 1)
	}
	linked := vdi()
	linked[424] = 1
	apart := vhd()
	apart[63] = 4
	be.PutUint32(apart[64:], 0)
	sum(apart[:512], 64)
	for name, row := range map[string]struct {
		img  []byte
		want string
	}{
		"a backing file":       {change(qcow2(t, ""), 15, 1), "backing file"},
		"encrypted":            {change(qcow2(t, ""), 35, 2), "encrypted"},
		"an external file":     {change(qcow2(t, ""), 79, 4), "data file"},
		"extended entries":     {change(qcow2(t, ""), 79, 16), "extended entries"},
		"unknown features":     {change(qcow2(t, ""), 79, 32), "features"},
		"an undo VDI":          {change(vdi(), 76, 3), "undo"},
		"a differencing VDI":   {change(vdi(), 76, 4), "differencing"},
		"a VDI with a parent":  {linked, "linked"},
		"a differencing VHD":   {apart, "differencing"},
		"a VMDK with a parent": {text("parentCID=ffffffff", "parentCID=0badcafe"), "its parent, of number 0badcafe"},
		"a parent's file":      {text("createType=\"monolithicSparse\"", "parentFileNameHint=\"ab.vmdk\""), "its parent, ab.vmdk"},
		"two extents":          {text("# Extent description\n", "RW 1 SPARSE \"ab\"    \n"), "one of 2 extents"},
		"no parent's number":   {text("parentCID", "otherCID_"), "doesn't say"},
		"no extent":            {text("\nRW ", "\n## "), "one of 0 extents"},
		"flat":                 {text(" SPARSE", "   FLAT"), "another file"},
		"another size":         {text("RW 2", "RW 3"), "sectors"},
		"no descriptor":        {change(vmdk(t, false), 28, 0), "descriptor stands in another file"},
		"encrypted VMDK":       {text("createType=\"monolithicSparse\"", "ddb.x = \"vmware_vmcrypt\"   "), "encrypted"},
	} {
		p := looktest.At(t, vdisk.Formats(), row.img, 0)
		if p == nil || !strings.Contains(p.Opaque, row.want) || p.Contents != nil || p.Size != int64(len(row.img)) {
			t.Errorf("%s: %+v", name, p)
		}
	}
	for name, img := range map[string][]byte{
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

// What is read and may not be all is told.
func TestOdd(t *testing.T) {
	t.Parallel()
	short := qcow2(t, "")
	be.PutUint32(short[36:], 0)
	for name, row := range map[string]struct {
		img  []byte
		want string
	}{
		"snapshots":       {change(qcow2(t, ""), 63, 2), "2 snapshots"},
		"corrupt":         {change(qcow2(t, ""), 79, 2), "tables are damaged"},
		"dirty":           {change(qcow2(t, ""), 79, 1), "not closed"},
		"no first table":  {short, "the first 0 of 132096 bytes"},
		"an unclean VMDK": {change(vmdk(t, false), 72, 1), "not closed"},
	} {
		p := looktest.At(t, vdisk.Formats(), row.img, 0)
		if p == nil || len(p.Problems) != 1 || !strings.Contains(p.Problems[0].Detail, row.want) {
			t.Errorf("%s: %+v", name, p)
		}
	}
	for name, img := range samples(t) {
		if p := looktest.At(t, vdisk.Formats(), img, 0); len(p.Problems) > 0 || p.Opaque != "" {
			t.Errorf("%s: %v, %q", name, p.Problems, p.Opaque)
		}
	}
}

func FuzzDisks(f *testing.F) {
	for _, img := range samples(f) {
		f.Add(img[:min(len(img), 4096)])
		f.Add(img)
	}
	f.Fuzz(func(t *testing.T, img []byte) {
		p := looktest.At(t, vdisk.Formats(), img, 0)
		if p == nil || p.Contents == nil {
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
