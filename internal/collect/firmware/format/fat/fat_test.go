package fat_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/fat"
	"assay/internal/collect/firmware/format/looktest"
	"assay/internal/collect/firmware/format/tree/treetest"
)

var formats = fat.Formats()

// source is what was copied onto the volumes, with the modes that Linux shows.
func source(t *testing.T) map[string]archivetest.Line {
	t.Helper()
	all := treetest.Source(t)
	maps.DeleteFunc(all, func(path string, l archivetest.Line) bool {
		return strings.HasPrefix(path, "/dev") || strings.HasPrefix(path, "/run") || strings.HasPrefix(path, "/bin/") && path != "/bin/tool"
	})
	for path, l := range all {
		l.UID, l.GID, l.Mode = 0, 0, "0644"
		switch {
		case l.Type == "dir":
			l.Mode = "0755"
		case path == "/etc/shadow":
			l.Mode = "0444"
		}
		all[path] = l
	}
	return all
}

func TestMadeImages(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		file, format, name, note string
		size                     int64 // mkfs takes whole tracks
	}{
		{"f12.img", "fat12", "CAMERA", "2870 clusters of 1024 bytes", 5792 * 512},
		{"f16.img", "fat16", "", "5713 clusters of 512 bytes", 5792 * 512},
		{"f32.img", "fat32", "SD CARD", "68528 clusters of 512 bytes", 34 << 20},
	} {
		t.Run(row.file, func(t *testing.T) {
			t.Parallel()
			img := treetest.Image(t, row.file)
			p := archivetest.Look(t, formats, slices.Concat([]byte("before"), img, []byte("after")), 6)
			treetest.Same(t, p, source(t), nil)
			if p.Format != row.format || p.Offset != 6 || p.Size != row.size || p.Name != row.name || p.Note != row.note {
				t.Errorf("%s %q of %d bytes at %d: %s", p.Format, p.Name, p.Size, p.Offset, p.Note)
			}
		})
	}
}

func TestExFAT(t *testing.T) {
	t.Parallel()
	img := treetest.Image(t, "exfat.img")
	p := archivetest.Look(t, formats, img, 0)
	file := func(path, mode string, size int64, sum string) archivetest.Line {
		return archivetest.Line{Path: path, Mode: mode, Type: "file", Size: size, SHA256: sum}
	}
	want := map[string]archivetest.Line{}
	for _, l := range []archivetest.Line{
		{Path: "/many", Mode: "0755", Type: "dir"},
		{Path: "/folder in a row", Mode: "0755", Type: "dir"},
		file("/empty", "0644", 0, archivetest.Sum("")),
		file("/settings-in-pieces.txt", "0644", 22390, "e948108f58447f4011b1c3e730d977a3f885c715756a51d32bb6978d981e81c2"),
		file("/列.bin", "0444", 10240, "e96760a87768717bcebcfd25ddc7d46b4dbc95a4b0014def080c08539f7d90d0"),
		file("/half-written", "0644", 9300, "181bfae628c30b7cdd95a3eb15be1b3348262718a880b9277eb409e5a05ef707"),
		file("/folder in a row/"+strings.Repeat("x", 120)+".long", "0644", 5, archivetest.Sum("deep\n")),
	} {
		want[l.Path] = l
	}
	for i := range 60 {
		l := file(fmt.Sprintf("/many/file-%03d.txt", i), "0644", 0, "")
		content := fmt.Sprintf("number %d\n", i)
		l.Size, l.SHA256 = int64(len(content)), archivetest.Sum(content)
		want[l.Path] = l
	}
	treetest.Same(t, p, want, nil)
	if p.Name != "記憶卡" || p.Size != int64(len(img)) || !slices.Equal(looktest.Guards(p), []string{"checksum exfat-boot-sum good"}) {
		t.Errorf("%q of %d bytes, guards %v", p.Name, p.Size, p.Guards)
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]map[string]string{
		"f16.img":   {"/etc/passwd": "2024-01-02T03:04:04Z"},
		"exfat.img": {"/empty": "2024-01-02T03:04:05.5Z", "/settings-in-pieces.txt": "2024-01-01T19:04:05.5Z", "/列.bin": "2024-01-02T11:04:05.5Z"},
	} {
		v := archivetest.Open(t, formats, treetest.Image(t, file))
		v.Walk(context.Background(), func(e format.Entry, _ io.Reader) error {
			if w, ok := want[e.Path]; ok && e.MTime.Format("2006-01-02T15:04:05.999Z07:00") != w {
				t.Errorf("%s: %s was changed at %v, want %s", file, e.Path, e.MTime, w)
			}
			return nil
		})
	}
}

func TestCollection(t *testing.T) {
	t.Parallel()
	card := looktest.Read(t, "built/formats/sdcard-mbr.img.gz")[2048*512 : 4096*512]
	v := archivetest.Open(t, formats, card)
	got := archivetest.Tree(t, v)
	if len(got) != 1 {
		t.Errorf("%v", got)
	}
	for path, l := range got {
		if !strings.EqualFold(path, "/zImage") || l.Size != 300_000 {
			t.Errorf("%+v", l)
		}
	}
	for name, img := range looktest.Noise(t) {
		if got := looktest.Every(t, formats, img); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestShortNames(t *testing.T) {
	t.Parallel()
	img := tiny(
		"README  TXT\x20\x00", "UPPER   \x20\x20\x20\x20\x08", "LOWER   EXT\x20\x18", "\x05BC     \x20\x20\x20\x20\x00",
		"\xe5ELETED TXT\x20\x00", "LABEL      \x08\x00", "CAF\x90    BIN\x20\x00",
	)
	v := archivetest.Open(t, formats, img)
	got := slices.Sorted(maps.Keys(archivetest.Tree(t, v)))
	if want := []string{"/CAFÉ.BIN", "/README.TXT", "/lower.ext", "/upper", "/σBC"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// tiny is a FAT12 volume without the usual names, whose root has entries with
// the given names, attributes and case bytes.
func tiny(entries ...string) []byte {
	b := make([]byte, 16*512)
	le := binary.LittleEndian
	copy(b, "\xeb\x3c\x90vendor  ")
	le.PutUint16(b[11:], 512)
	b[13] = 1
	le.PutUint16(b[14:], 1)
	b[16] = 1
	le.PutUint16(b[17:], 16)
	le.PutUint16(b[19:], 16)
	b[21] = 0xf8
	le.PutUint16(b[22:], 1)
	b[510], b[511] = 0x55, 0xaa
	copy(b[512:], "\xf8\xff\xff")
	for i, e := range entries {
		copy(b[1024+32*i:], e)
	}
	return b
}

func TestDamage(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, file string
		change     func([]byte) []byte
		look       string
		walk       []string
		entries    int
	}{
		{"cut in the files", "f16.img", func(b []byte) []byte { return b[:len(b)/8] }, "truncated", []string{format.Truncated}, 14},
		{"a chain of itself", "f16.img", func(b []byte) []byte { return chain(b, "noise", 0) }, "", []string{format.Loop}, 149},
		{"a chain that leads out", "f16.img", func(b []byte) []byte { return chain(b, "noise", 0xfff0) }, "", []string{format.Damaged}, 149},
		{"no chain", "exfat.img", func(b []byte) []byte { clear(b[65536 : 65536+2000]); return b }, "", []string{format.Damaged}, 49},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := archivetest.Look(t, formats, row.change(treetest.Image(t, row.file)), 0)
			if p == nil {
				t.Fatal("not recognised")
			}
			if got := looktest.Kinds(p); got != row.look {
				t.Errorf("looking tells %v", p.Problems)
			}
			v, err := p.Open(context.Background(), format.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if n := len(archivetest.Tree(t, v)); n != row.entries {
				t.Errorf("%d entries, want %d", n, row.entries)
			}
			kept, _ := v.Problems()
			if got := archivetest.Kinds(kept); !slices.Equal(got, row.walk) {
				t.Errorf("walking tells %v", kept)
			}
		})
	}
}

// chain changes what follows the first cluster of a file of FAT16; 0 leads back
// to it.
func chain(b []byte, name string, to uint16) []byte {
	const fatAt = 512
	le := binary.LittleEndian
	at := bytes.Index(b, []byte(strings.ToUpper(name)))
	cluster := le.Uint16(b[at+26:])
	if to == 0 {
		to = cluster
	}
	le.PutUint16(b[fatAt+2*int(cluster):], to)
	return b
}

func FuzzLook(f *testing.F) {
	f.Add(tiny("README  TXT\x20\x00", "DIR        \x10\x00"))
	f.Add(treetest.Image(f, "f12.img")[:64<<10])
	f.Add(treetest.Image(f, "exfat.img")[:160<<10])
	f.Fuzz(func(t *testing.T, img []byte) { treetest.Fuzz(t, formats, img) })
}

func TestFlips(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"f12.img", "f16.img", "exfat.img"} {
		treetest.Flips(t, formats, treetest.Image(t, name), 10)
	}
}

func BenchmarkEach(b *testing.B) {
	treetest.Bench(b, formats, looktest.Read(b, "built/formats/sdcard-mbr.img.gz")[2048*512:4096*512])
}
