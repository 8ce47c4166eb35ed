package tar_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	reader "assay/internal/collect/firmware/format/tar"
)

// member is one of an archive that a test makes.
type member struct {
	name, content, link string
	kind                byte
	mode                int64
	format              tar.Format
}

func made(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		h := &tar.Header{Name: m.name, Typeflag: m.kind, Mode: m.mode, Linkname: m.link, Size: int64(len(m.content)), Uid: 7, Gid: 8,
			ModTime: time.Unix(1700000000, 0), Format: m.format}
		if m.kind == tar.TypeChar || m.kind == tar.TypeBlock {
			h.Devmajor, h.Devminor = 4, 64
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, m.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func unzipped(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTree(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("folder/", 40) + "a"
	img := made(t,
		member{name: "./", kind: tar.TypeDir, mode: 0o755},
		member{name: "./dev/tty", kind: tar.TypeChar, mode: 0o620},
		member{name: "dev/disk", kind: tar.TypeBlock, mode: 0o660},
		member{name: "run/f", kind: tar.TypeFifo, mode: 0o600},
		member{name: "bin/sh", kind: tar.TypeSymlink, mode: 0o777, link: "busybox"},
		member{name: "bin/su", kind: tar.TypeReg, mode: 0o4755, content: "#!/bin/sh\n"},
		member{name: "bin/again", kind: tar.TypeLink, mode: 0o644, link: "./bin/su"},
		member{name: long, kind: tar.TypeReg, mode: 0o644, content: "pax", format: tar.FormatPAX},
		member{name: long + "b", kind: tar.TypeReg, mode: 0o644, content: "gnu", format: tar.FormatGNU},
	)
	line := func(path, mode, typ string) archivetest.Line {
		return archivetest.Line{Path: path, Mode: mode, Type: typ, UID: 7, GID: 8}
	}
	file := func(path, mode, content string) archivetest.Line {
		l := line(path, mode, "file")
		l.Size, l.SHA256 = int64(len(content)), archivetest.Sum(content)
		return l
	}
	tty, disk, sh := line("/dev/tty", "0620", "char"), line("/dev/disk", "0660", "block"), line("/bin/sh", "0777", "symlink")
	tty.Major, tty.Minor, disk.Major, disk.Minor, sh.Target = 4, 64, 4, 64, "busybox"
	want := map[string]archivetest.Line{}
	for _, l := range []archivetest.Line{
		tty, disk, line("/run/f", "0600", "fifo"), sh, file("/bin/su", "4755", "#!/bin/sh\n"), file("/bin/again", "4755", "#!/bin/sh\n"),
		file("/"+long, "0644", "pax"), file("/"+long+"b", "0644", "gnu"),
	} {
		want[l.Path] = l
	}
	v := archivetest.Open(t, reader.Formats(), img)
	if d := cmp.Diff(want, archivetest.Tree(t, v)); d != "" {
		t.Errorf("tree (-want +got):\n%s", d)
	}
	if kept, _ := v.Problems(); len(kept) > 0 {
		t.Errorf("problems: %v", kept)
	}
}

func TestHardLinksShareAnInode(t *testing.T) {
	t.Parallel()
	v := archivetest.Open(t, reader.Formats(), made(t, member{name: "a", kind: tar.TypeReg, content: "x"}, member{name: "b", kind: tar.TypeLink, link: "a"}, member{name: "c", kind: tar.TypeReg}))
	inodes := map[string]uint64{}
	if err := v.Walk(t.Context(), func(e format.Entry, _ io.Reader) error { inodes[e.Path] = e.Inode; return nil }); err != nil {
		t.Fatal(err)
	}
	if inodes["/a"] == 0 || inodes["/a"] != inodes["/b"] || inodes["/c"] != 0 {
		t.Errorf("inodes %v", inodes)
	}
}

// TestSparse reads what tar -S of GNU wrote of a file with holes.
func TestSparse(t *testing.T) {
	t.Parallel()
	const sum = "43f4c1666b8090081a28715bc8f12c6cf66e6471ff5c70a5a8012c991be3ae01"
	for _, name := range []string{"sparse-gnu", "sparse-pax"} {
		tree := archivetest.Tree(t, archivetest.Open(t, reader.Formats(), unzipped(t, "testdata/"+name+".tar.gz")))
		for _, file := range []string{"/holes", "/second"} {
			if file == "/second" && name == "sparse-pax" {
				continue
			}
			if l := tree[file]; l.Size != 700003 || l.SHA256 != sum {
				t.Errorf("%s: %+v", name, l)
			}
		}
	}
}

func TestEnd(t *testing.T) {
	t.Parallel()
	img := made(t, member{name: "a", kind: tar.TypeReg, content: "alpha"}) // 4 blocks
	for _, row := range []struct {
		name string
		img  []byte
		want int
		kind string
	}{
		{"two blocks of zeros", img, 2048, ""},
		{"a full record", append(bytes.Clone(img), make([]byte, 8192)...), 10240, ""},
		{"more zeros", append(bytes.Clone(img), make([]byte, 30000)...), 10240, ""},
		{"something behind", append(bytes.Clone(img), "hsqs"...), 2048, ""},
		{"no end", img[:1024], 1024, format.Truncated},
		{"garbage", append(bytes.Clone(img[:1024]), bytes.Repeat([]byte("garbage "), 100)...), 1024, format.Damaged},
		{"cut in the content", img[:515], 515, format.Truncated},
	} {
		p := archivetest.Look(t, reader.Formats(), row.img, 0)
		if p == nil || p.Size != int64(row.want) {
			t.Errorf("%s: %+v, want %d bytes", row.name, p, row.want)
			continue
		}
		if kinds := archivetest.Kinds(p.Problems); row.kind != strings.Join(kinds, " ") {
			t.Errorf("%s: problems %v, want %q", row.name, kinds, row.kind)
		}
	}
}

// TestOld reads the kind of header that had neither a magic number nor folders.
func TestOld(t *testing.T) {
	t.Parallel()
	img := made(t, member{name: "etc/motd", kind: tar.TypeReg, content: "hello"}, member{name: "etc/issue", kind: tar.TypeReg, content: "x"})
	for at := 0; at < 2048; at += 1024 {
		h := img[at : at+512]
		copy(h[156:], make([]byte, 1))
		copy(h[257:], make([]byte, 255))
		sum := 8 * 32
		for i, c := range h {
			if i < 148 || i >= 156 {
				sum += int(c)
			}
		}
		copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	}
	tree := archivetest.Tree(t, archivetest.Open(t, reader.Formats(), img))
	if tree["/etc/motd"].SHA256 != archivetest.Sum("hello") || len(tree) != 2 {
		t.Errorf("%v", tree)
	}
}

var artifact = []member{
	{name: "version", kind: tar.TypeReg, content: `{"format":"mender","version":3}`},
	{name: "manifest", kind: tar.TypeReg, content: archivetest.Sum("header") + "  header.tar.gz\n" +
		archivetest.Sum("rootfs") + "  data/0000/rootfs.ext4\n" + archivetest.Sum("another version") + "  version\n"},
	{name: "manifest.sig", kind: tar.TypeReg, content: strings.Repeat("QUJD", 128)},
	{name: "header.tar.gz", kind: tar.TypeReg, content: "header"},
	{name: "data/0000.tar.gz", kind: tar.TypeReg, content: "payload"},
}

func TestMender(t *testing.T) {
	t.Parallel()
	p := archivetest.Look(t, reader.Formats(), made(t, artifact...), 0)
	want := []format.Guard{
		{Kind: format.Signature, Scheme: "rsa3072-sha256", State: format.Present, Note: "over the manifest; the public key is not in the artifact", Offset: 2560},
		{Kind: format.Checksum, Scheme: "sha256", State: format.Good, Note: "header.tar.gz", Offset: 3584},
		{Kind: format.Checksum, Scheme: "sha256", State: format.Present, Note: "data/0000/rootfs.ext4, within the payload", Offset: 1536},
		{Kind: format.Checksum, Scheme: "sha256", State: format.Bad, Note: "version", Offset: 512},
	}
	if d := cmp.Diff(want, p.Guards); d != "" {
		t.Errorf("guards (-want +got):\n%s", d)
	}
	if p.Note != "5 members; Mender artifact, version 3" {
		t.Errorf("note %q", p.Note)
	}
}

func TestPackageOfOpkg(t *testing.T) {
	t.Parallel()
	p := archivetest.Look(t, reader.Formats(), made(t, member{name: "./debian-binary", kind: tar.TypeReg, content: "2.0\n"}, member{name: "./data.tar.gz", kind: tar.TypeReg}), 0)
	if p.Note != "2 members; package of opkg" {
		t.Errorf("note %q", p.Note)
	}
}

func TestNotAnArchive(t *testing.T) {
	t.Parallel()
	img := made(t, member{name: "a", kind: tar.TypeReg})
	img[150] ^= 1
	for name, b := range map[string][]byte{
		"empty": nil, "zeros": make([]byte, 2048), "text": bytes.Repeat([]byte("text 0 "), 300), "a wrong checksum": img,
		"the magic number alone": append(make([]byte, 257), bytes.Repeat([]byte("ustar"), 100)...),
	} {
		if p := archivetest.Look(t, reader.Formats(), b, 0); p != nil {
			t.Errorf("%s: taken for %s", name, p.Note)
		}
	}
}

func TestCollection(t *testing.T) {
	t.Parallel()
	want := archivetest.Manifest(t, "firmware/built/formats/tree.manifest.jsonl")
	img := archivetest.Image(t, true, "firmware/built/formats/rootfs.tar.gz")
	v := archivetest.Open(t, reader.Formats(), img)
	if d := cmp.Diff(want, archivetest.Tree(t, v)); d != "" {
		t.Errorf("(-manifest +read):\n%s", d)
	}
	if kept, _ := v.Problems(); len(kept) > 0 {
		t.Errorf("problems %v", kept)
	}
}

func TestHostile(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		file, names string
		kinds       []string
	}{
		{"tar-traversal.tar", "/dev /l /l/assay-evil /ok", []string{format.BadName, format.Mismatch}},
		{"tar-huge-size.tar", "", []string{format.Damaged}},
	} {
		img := archivetest.Image(t, false, "firmware/built/hostile", row.file)
		p := archivetest.Look(t, reader.Formats(), img, 0)
		v := archivetest.Open(t, reader.Formats(), img)
		tree := archivetest.Tree(t, v)
		for _, name := range strings.Fields(row.names) {
			if _, ok := tree[name]; !ok {
				t.Errorf("%s: no %s", row.file, name)
			}
		}
		if len(tree) != len(strings.Fields(row.names)) {
			t.Errorf("%s: %d names, want %s", row.file, len(tree), row.names)
		}
		kept, _ := v.Problems()
		if d := cmp.Diff(row.kinds, archivetest.Kinds(append(kept, p.Problems...))); d != "" {
			t.Errorf("%s: problems (-want +got):\n%s", row.file, d)
		}
	}
}

func BenchmarkWalk(b *testing.B) {
	many := make([]member, 5000)
	for i := range many {
		many[i] = member{name: fmt.Sprint("usr/lib/", i), kind: tar.TypeReg, content: strings.Repeat("x", i%200)}
	}
	img := made(b, many...)
	b.SetBytes(int64(len(img)))
	for b.Loop() {
		if err := archivetest.Open(b, reader.Formats(), img).Walk(b.Context(), func(format.Entry, io.Reader) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzTar(f *testing.F) {
	f.Add(made(f, artifact...))
	f.Add(made(f, member{name: strings.Repeat("n", 200), kind: tar.TypeReg, content: "pax", format: tar.FormatPAX}, member{name: "l", kind: tar.TypeLink, link: strings.Repeat("n", 200)}))
	f.Add(unzipped(f, "testdata/sparse-gnu.tar.gz")[:6000])
	f.Add(unzipped(f, "testdata/sparse-pax.tar.gz")[:6000])
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.Fuzz(t, reader.Formats(), data) })
}
