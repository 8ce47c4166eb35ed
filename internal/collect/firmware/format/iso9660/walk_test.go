package iso9660_test

import (
	"bytes"
	"compress/zlib"
	"strings"
	"testing"

	"assay/internal/collect/firmware/unpack"
	"assay/internal/collect/firmware/unpack/walktest"
)

func sectorOf(img []byte, n int) []byte { return img[n*2048 : (n+1)*2048] }

// disc is an image with more sectors, a boot catalogue and images in it: one
// that no record names, one that is a file, and text that nothing names.
func disc() []byte {
	img := append(image(true), make([]byte, 15*2048)...)
	copy(img[16*2048+80:], both(blocks+15))
	boot := sectorOf(img, 17)
	copy(boot, "\x00CD001\x01EL TORITO SPECIFICATION")
	le.PutUint32(boot[71:], 26)
	copy(sectorOf(img, 18), "\xffCD001\x01")
	list := sectorOf(img, 26)
	list[0], list[30], list[31] = 1, 0x55, 0xaa
	le.PutUint16(list[28:], -(1+0xaa55)&0xffff)
	entry := func(i int, indicator byte, at uint32) {
		list[32*i] = indicator
		le.PutUint16(list[32*i+6:], 4)
		le.PutUint32(list[32*i+8:], at)
	}
	entry(1, 0x88, 28)
	list[64], list[65], list[66] = 0x91, 0xef, 1
	entry(3, 0x88, fileAt) // a file, too
	copy(sectorOf(img, 28), strings.Repeat("what the firmware of a PC starts\n", 60))
	copy(sectorOf(img, 24), strings.Repeat("a note that no record names\n", 70))
	return img
}

func region(v *walktest.Told, text string) (path string) {
	for _, r := range v.Raws {
		if bytes.Contains(r.Data, []byte(text)) {
			return r.Path
		}
	}
	return ""
}

func TestWholeDisc(t *testing.T) {
	t.Parallel()
	got := walktest.Walk(t, disc())
	if got.Files["/etc/passwd"] != "root:x:0:" || got.Image.Status != unpack.Readable || len(got.Gaps) > 0 {
		t.Errorf("%s, %q\n%s", got.Image.Status, got.Files, got.Lost())
	}
	if path := region(got, "what the firmware of a PC starts"); !strings.Contains(path, "boot-bios") {
		t.Errorf("the boot image: %q", path)
	}
	if path := region(got, "a note that no record names"); !strings.Contains(path, "unnamed") {
		t.Errorf("sectors without a name: %q", path)
	}
	// What the catalogue names and is a file is read once.
	if path := region(got, "root:x:0:"); path != "" {
		t.Errorf("a file is a region, too: %s", path)
	}
}

// A disc that may be written to a stick has tables of partitions in front.
func TestHybrid(t *testing.T) {
	t.Parallel()
	img := disc()
	copy(img, strings.Repeat("code of a boot sector\n", 20))
	copy(img[446:], "\x80\x00\x01\x00\xcd\x3f\xe0\xff\x00\x00\x00\x00\xa0\x00\x00\x00")
	img[510], img[511] = 0x55, 0xaa
	copy(img[512:], "EFI PART\x00\x00\x01\x00\x5c\x00\x00\x00")
	copy(img[8192:], strings.Repeat("behind the table\n", 40))
	got := walktest.Walk(t, img)
	if !got.Holds("code of a boot sector") || !got.Holds("behind the table") || got.Files["/etc/passwd"] == "" || len(got.Gaps) > 0 {
		t.Errorf("parts %s\n%s", got.Formats(), got.Lost())
	}
}

// joliet adds a second tree with one file, at a sector.
func joliet(img []byte, file uint32) []byte {
	copy(sectorOf(img, 19), sectorOf(img, 18))
	v := sectorOf(img, 18)
	clear(v)
	copy(v, "\x02CD001\x01")
	copy(v[88:], "%/E")
	copy(v[156:], record("\x00", 34, 2048, 2))
	copy(sectorOf(img, 34), bytes.Join([][]byte{record("\x00", 34, 2048, 2), record("\x01", 34, 2048, 2), record("\x00f", file, 9, 0)}, nil))
	return img
}

func TestWhatIsTold(t *testing.T) {
	t.Parallel()
	udf := disc()
	copy(sectorOf(udf, 19), "\x00BEA01\x01")
	copy(sectorOf(udf, 20), sectorOf(udf, rootAt)) // the root moves on
	copy(sectorOf(udf, 36), sectorOf(udf, rootAt))
	le.PutUint32(sectorOf(udf, 36)[2:], 36)
	be.PutUint32(sectorOf(udf, 36)[6:], 36)
	copy(sectorOf(udf, 16)[156:], record("\x00", 36, 2048, 2))
	copy(sectorOf(udf, 20), append([]byte("\x00NSR02\x01"), make([]byte, 2041)...))
	broken := disc()
	sectorOf(broken, 26)[30] = 0
	behind := disc()
	le.PutUint32(sectorOf(behind, 26)[40:], 5000)
	// A later session stands behind the first; its numbers count from the first one.
	session := disc()
	le.PutUint32(session[16*2048+156+2:], 64+rootAt)
	be.PutUint32(session[16*2048+156+6:], 64+rootAt)
	both := append(append(disc(), make([]byte, (64-blocks-15)*2048)...), session...)
	later := append(make([]byte, 64*2048), disc()...)
	for name, row := range map[string]struct {
		img  []byte
		want string // "": nothing
	}{
		"Joliet":           {joliet(disc(), fileAt), ""},
		"only in Joliet":   {joliet(disc(), 24), "unsupported: iso9660: 1 files that only its second tree"},
		"UDF":              {udf, "unsupported: iso9660: a UDF volume stands beside it"},
		"a catalogue":      {broken, "checksum: iso9660: the boot catalogue"},
		"behind the end":   {behind, "truncated: iso9660: a boot image at sector 5000"},
		"another session":  {both, "not-read: iso9660: its root folder isn't where it says: damaged, or a later session"},
		"a disc elsewhere": {later, ""},
	} {
		got := walktest.Walk(t, row.img)
		if row.want == "" && len(got.Gaps) > 0 || !strings.Contains(got.Lost(), row.want) || got.Files["/etc/passwd"] != "root:x:0:" {
			t.Errorf("%s: %q\n%s", name, got.Files, got.Lost())
		}
	}
	// Such a session alone.
	if got := walktest.Walk(t, session); !strings.Contains(got.Lost(), "a later session of a disc") || len(got.Files) > 0 {
		t.Errorf("%q\n%s", got.Files, got.Lost())
	}
}

// packed is text as mkzftree writes it: two blocks and one of zeros between.
func packed(t *testing.T, text string) (b []byte, size int) {
	t.Helper()
	size = 2<<15 + len(text)
	b = append([]byte("\x37\xe4\x53\x96\xc9\xdb\xd6\x07"), le.AppendUint32(nil, uint32(size))...)
	b = append(b, 4, 15, 0, 0)
	var blocks [2]bytes.Buffer
	for i, data := range [][]byte{append([]byte(text), make([]byte, 1<<15-len(text))...), []byte(text)} {
		w := zlib.NewWriter(&blocks[i])
		_, err := w.Write(data)
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	first := uint32(len(b) + 16)
	second := first + uint32(blocks[0].Len())
	for _, at := range []uint32{first, second, second, second + uint32(blocks[1].Len())} {
		b = le.AppendUint32(b, at)
	}
	return append(append(b, blocks[0].Bytes()...), blocks[1].Bytes()...), size
}

func TestPacked(t *testing.T) {
	t.Parallel()
	const text = "a setting that was packed"
	file, size := packed(t, text)
	for name, row := range map[string]struct {
		use  string
		want string // of what is told
	}{
		"read":                 {entry("ZF", "pz\x04\x0f"+both(uint32(size))), ""},
		"another version":      {entry("ZF", "PZ\x04\x0f"+both(uint32(size))), "unsupported: zisofs of another version"},
		"the record is silent": {"", "unsupported: packed as zisofs"},
	} {
		img := disc()
		copy(sectorOf(img, 30), file)
		use := []string{nm("conf"), px(0o100644, 0)}
		if row.use != "" {
			use = append(use, row.use)
		}
		copy(sectorOf(img, etcAt), bytes.Join([][]byte{record("\x00", etcAt, 2048, 2), record("\x01", rootAt, 2048, 2), record("PASSWD.;1", fileAt, 9, 0, nm("passwd")),
			record("CONF.;1", 30, uint32(len(file)), 0, use...), make([]byte, 512)}, nil))
		got := walktest.Walk(t, img)
		conf := got.Files["/etc/conf"]
		if row.want == "" && (len(conf) != size || !strings.HasPrefix(conf, text) || !strings.HasSuffix(conf, "\x00"+text)) || row.want != "" && strings.Contains(conf, text) {
			t.Errorf("%s: %d bytes, want %d", name, len(conf), size)
		}
		if !strings.Contains(got.Lost(), row.want) || row.want == "" && len(got.Gaps) > 0 {
			t.Errorf("%s: %s", name, got.Lost())
		}
	}
}
