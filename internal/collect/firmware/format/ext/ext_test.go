package ext_test

import (
	"bytes"
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/ext"
	"assay/internal/collect/firmware/format/looktest"
	"assay/internal/collect/firmware/format/tree/treetest"
)

var formats = []format.Format{ext.New()}

// with adds the folder that mkfs makes for files without a name.
func with(all map[string]archivetest.Line) map[string]archivetest.Line {
	all = maps.Clone(all)
	all["/lost+found"] = archivetest.Line{Path: "/lost+found", Mode: "0700", Type: "dir"}
	return all
}

// under returns what stands below dir, as a tree of its own.
func under(all map[string]archivetest.Line, dir string) map[string]archivetest.Line {
	out := map[string]archivetest.Line{}
	for path, l := range all {
		if rest, ok := strings.CutPrefix(path, dir+"/"); ok {
			l.Path = "/" + rest
			out[l.Path] = l
		}
	}
	return out
}

func TestMadeImages(t *testing.T) {
	t.Parallel()
	tree := treetest.Source(t)
	// mkfs.ext4 -d of 1.47 leaves out the hole at a file's end where the file
	// system has inline data.
	short := maps.Clone(tree)
	short["/data/sparse"] = file("/data/sparse", "f0d0f872e29d9e298794647a5985b3388e1a05055474aad6564b47cb9093c8ef", 204800)
	for _, row := range []struct {
		file, format, name, note string
		want                     map[string]archivetest.Line
		guards                   []string
	}{
		{"ext2-1k.img", "ext2", "camera-data", `2048 blocks of 1024 bytes, 256 inodes, last mounted on "/mnt/data"`, tree, nil},
		{"ext2-rev0.img", "ext2", "", "2048 blocks of 1024 bytes, 256 inodes", tree, nil},
		{"ext3.img", "ext3", "", "4096 blocks of 1024 bytes, 256 inodes", tree, nil},
		{"ext4.img", "ext4", "", "1536 blocks of 4096 bytes, 256 inodes", short, []string{"checksum crc32c good"}},
		{"ext4-meta-bg.img", "ext4", "", "2048 blocks of 1024 bytes, 512 inodes", tree, []string{"checksum crc32c good"}},
		{"ext4-bigalloc.img", "ext4", "", "8192 blocks of 1024 bytes, 256 inodes", tree, []string{"checksum crc32c good"}},
		{"ext4-64k.img", "ext4", "", "192 blocks of 65536 bytes, 256 inodes", under(tree, "/many"), nil},
	} {
		t.Run(row.file, func(t *testing.T) {
			t.Parallel()
			img := treetest.Image(t, row.file)
			p := archivetest.Look(t, formats, slices.Concat([]byte("seven b"), img, []byte("tail")), 7)
			treetest.Same(t, p, with(row.want), nil)
			if p.Format != row.format || p.Offset != 7 || p.Size != int64(len(img)) || p.Name != row.name || p.Note != row.note {
				t.Errorf("%s %q of %d bytes at %d: %s", p.Format, p.Name, p.Size, p.Offset, p.Note)
			}
			if g := looktest.Guards(p); !slices.Equal(g, row.guards) {
				t.Errorf("guards %v", g)
			}
		})
	}
}

func TestInodes(t *testing.T) {
	t.Parallel()
	v := archivetest.Open(t, formats, treetest.Image(t, "ext4.img"))
	got := map[string]format.Entry{}
	v.Walk(context.Background(), func(e format.Entry, _ io.Reader) error {
		got[e.Path] = e
		return nil
	})
	tool, hard := got["/bin/tool"], got["/bin/hard"]
	if tool.Inode == 0 || tool.Inode != hard.Inode || tool.Links != 2 {
		t.Errorf("inodes %d and %d, %d links", tool.Inode, hard.Inode, tool.Links)
	}
	if s := tool.MTime.Format("2006-01-02 15:04:05"); s != "2024-01-02 03:04:05" {
		t.Errorf("changed on %s", s)
	}
}

func TestCollection(t *testing.T) {
	t.Parallel()
	want := archivetest.Manifest(t, "firmware/built/formats/tree.manifest.jsonl")
	card := looktest.Read(t, "built/formats/sdcard-mbr.img.gz")
	for name, img := range map[string][]byte{
		"ext2": looktest.Read(t, "built/formats/ext2.img.gz"),
		"ext4": looktest.Read(t, "built/formats/ext4.img.gz"),
		"card": card[4096*512:], // the second partition
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			treetest.Same(t, archivetest.Look(t, formats, img, 0), with(want), func(l *archivetest.Line) { l.Major, l.Minor = 0, 0 })
		})
	}
}

func file(path, sha256 string, size int64) archivetest.Line {
	return archivetest.Line{Path: path, Mode: "0644", Type: "file", Size: size, SHA256: sha256}
}

func TestBlockLists(t *testing.T) {
	t.Parallel()
	treetest.Same(t, archivetest.Look(t, formats, treetest.Image(t, "far.img"), 0), with(map[string]archivetest.Line{
		"/far": file("/far", "8311eea8eb379b42a7ab7873c33f16696981bbea3cbd2c1a8761141f6fd7da5c", 70_000_001),
	}), nil)
}

func TestExtentsAndEncryption(t *testing.T) {
	t.Parallel()
	p := archivetest.Look(t, formats, treetest.Image(t, "deep.img"), 0)
	if g := looktest.Guards(p); !slices.Equal(g, []string{"checksum crc32c good", "encryption fscrypt present"}) {
		t.Errorf("guards %v", g)
	}
	v, err := p.Open(context.Background(), format.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	got := archivetest.Tree(t, v)
	for _, want := range []archivetest.Line{
		file("/holes", "cc529ee10c96d562828d23b63c8df619f2348e0e6829df3c4ee3d7127d112a21", 899*2048+10),
		file("/plain/allocated", "386b4a47257dfcc76a03a0c451f21b6362848910d1f20a6dce8b0ec00609721e", 100000),
		{Path: "/secret", Mode: "0755", Type: "dir"},
	} {
		if got[want.Path] != want {
			t.Errorf("%+v, want %+v", got[want.Path], want)
		}
	}
	kept, _ := v.Problems()
	if _, leaked := got["/secret/x"]; leaked || len(kept) != 1 || kept[0].Kind != format.Unsupported || kept[0].Path != "/secret" {
		t.Errorf("the encrypted folder: %v", kept)
	}
}

func TestJournal(t *testing.T) {
	t.Parallel()
	p := archivetest.Look(t, formats, treetest.Image(t, "dirty.img"), 0)
	if p == nil || !strings.Contains(p.Note, "not unmounted: what its journal holds") {
		t.Fatalf("%+v", p)
	}
	treetest.Same(t, p, with(map[string]archivetest.Line{
		"/d":               {Path: "/d", Mode: "0755", Type: "dir"},
		"/d/new":           {Path: "/d/new", Mode: "0755", Type: "dir"},
		"/d/new/wifi.conf": file("/d/new/wifi.conf", "daf33bf8ea2b78680d850cb43c55fa37c27405e9c0f31c079adaf977210edc7d", 19),
		"/link":            {Path: "/link", Mode: "0777", Type: "symlink", Target: "d/short"},
		"/magic":           file("/magic", "5a07842557f5527992382ea0e571b4f942093eef97bec778df6ff6aac7ac5e70", 2030),
		"/magic2":          file("/magic2", "d76f0ee7870e5880dfd895f42fd3193983d89a8ad9a09af66151b613b01c2ffb", 1510),
		"/settings":        file("/settings", "30e3cc7176949eff99e96575cdc4dd9eaa32cd4b2a453d9de91b23cb70d98ff6", 11),
	}), nil)
}

// TestNoJournal reads the same image without its journal: what stands in place, and
// a problem that says so.
func TestNoJournal(t *testing.T) {
	t.Parallel()
	img := treetest.Image(t, "dirty.img")
	for at := 0; at < len(img); at += 1024 { // the journal's superblock
		if bytes.HasPrefix(img[at:], []byte("\xc0\x3b\x39\x98\x00\x00\x00\x04")) {
			clear(img[at : at+1024])
		}
	}
	v := archivetest.Open(t, formats, img)
	got := archivetest.Tree(t, v)
	kept, _ := v.Problems()
	if len(got) < 5 || len(kept) == 0 || !strings.Contains(kept[0].Detail, "its journal can't be read") {
		t.Errorf("%d entries, problems %v", len(got), kept)
	}
}
