package zip_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	reader "assay/internal/collect/firmware/format/zip"
)

var formats = []format.Format{reader.New()}

// member is one of an archive that a test makes.
type member struct {
	name, content string
	mode          fs.FileMode
	method        uint16
	windows       bool
}

func made(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.name, Method: m.method, Modified: time.Unix(1700000000, 0)}
		if !m.windows {
			h.SetMode(m.mode)
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, m.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sample has all that the writer can make.
func sample(t testing.TB) []byte {
	t.Helper()
	return made(t,
		member{name: "bin/", mode: fs.ModeDir | 0o750},
		member{name: "bin/su", mode: fs.ModeSetuid | 0o755, content: strings.Repeat("#!/bin/sh\n", 50), method: zip.Deflate},
		member{name: "bin/sh", mode: fs.ModeSymlink | 0o777, content: "busybox"},
		member{name: "stored", mode: 0o600, content: "as it is"},
		member{name: `etc\win.ini`, windows: true, content: "[x]"},
	)
}

func TestTree(t *testing.T) {
	t.Parallel()
	file := func(path, mode, content string) archivetest.Line {
		return archivetest.Line{Path: path, Mode: mode, Type: "file", Size: int64(len(content)), SHA256: archivetest.Sum(content)}
	}
	want := map[string]archivetest.Line{
		"/bin":         {Path: "/bin", Mode: "0750", Type: "dir"},
		"/bin/sh":      {Path: "/bin/sh", Mode: "0777", Type: "symlink", Target: "busybox"},
		"/bin/su":      file("/bin/su", "4755", strings.Repeat("#!/bin/sh\n", 50)),
		"/stored":      file("/stored", "0600", "as it is"),
		"/etc/win.ini": file("/etc/win.ini", "0644", "[x]"),
	}
	img := sample(t)
	whole := int64(len(img))
	for _, row := range []struct {
		name string
		img  []byte
		size int64
	}{
		{"a file", img, whole},
		{"with things behind", append(bytes.Clone(img), bytes.Repeat([]byte("behind "), 20000)...), whole},
	} {
		p := archivetest.Look(t, formats, row.img, 0)
		if p == nil || p.Size != row.size || len(p.Problems) > 0 || p.Opaque != "" {
			t.Errorf("%s: %+v", row.name, p)
			continue
		}
		v := archivetest.Open(t, formats, row.img)
		if d := cmp.Diff(want, archivetest.Tree(t, v)); d != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, d)
		}
		if kept, _ := v.Problems(); len(kept) > 0 {
			t.Errorf("%s: problems %v", row.name, kept)
		}
	}
}

// TestNoDirectory reads by the headers; modes and links are lost with the
// directory.
func TestNoDirectory(t *testing.T) {
	t.Parallel()
	img := sample(t)
	img = img[:bytes.Index(img, []byte("PK\x01\x02"))]
	p := archivetest.Look(t, formats, img, 0)
	if p == nil || p.Size != int64(len(img)) || archivetest.Kinds(p.Problems)[0] != format.Truncated {
		t.Fatalf("%+v", p)
	}
	tree := archivetest.Tree(t, archivetest.Open(t, formats, img))
	if len(tree) != 5 || tree["/bin/su"].SHA256 != archivetest.Sum(strings.Repeat("#!/bin/sh\n", 50)) || tree["/stored"].SHA256 != archivetest.Sum("as it is") {
		t.Errorf("%v", tree)
	}
	cut := archivetest.Tree(t, archivetest.Open(t, formats, img[:bytes.Index(img, []byte("as it"))]))
	if len(cut) != 4 || cut["/bin/su"].SHA256 != tree["/bin/su"].SHA256 {
		t.Errorf("cut off: %v", cut)
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	img := sample(t)
	change := func(old, new string) []byte { return bytes.Replace(bytes.Clone(img), []byte(old), []byte(new), 1) }
	for _, row := range []struct {
		name string
		img  []byte
		kind string
	}{
		{"content", change("as it is", "as it Is"), format.BadChecksum},
		{"a name that the header has otherwise", change("stored", "st0red"), format.Mismatch},
		{"a header's signature", change("PK\x03\x04\x14\x00\x08\x00\x00\x00", "PK\x03\x04\x14\x00\x08\x80\x00\x00"), format.Damaged},
	} {
		v := archivetest.Open(t, formats, row.img)
		archivetest.Tree(t, v)
		kept, _ := v.Problems()
		if kinds := archivetest.Kinds(kept); len(kinds) != 1 || kinds[0] != row.kind {
			t.Errorf("%s: %v, want %s", row.name, kinds, row.kind)
		}
	}
}

// encrypt sets the flag in all headers and in the directory.
func encrypt(img []byte) []byte {
	img = bytes.Clone(img)
	for i := range img {
		switch {
		case bytes.HasPrefix(img[i:], []byte("PK\x03\x04")):
			img[i+6] |= 1
		case bytes.HasPrefix(img[i:], []byte("PK\x01\x02")):
			img[i+8] |= 1
		}
	}
	return img
}

func TestEncrypted(t *testing.T) {
	t.Parallel()
	img := encrypt(made(t, member{name: "a", content: "secret", mode: 0o600}))
	p := archivetest.Look(t, formats, img, 0)
	want := []format.Guard{{Kind: format.Encryption, Scheme: "zipcrypto", State: format.Present, Note: "a"}}
	if d := cmp.Diff(want, p.Guards); d != "" || p.Opaque == "" {
		t.Errorf("opaque %q, guards (-want +got):\n%s", p.Opaque, d)
	}
	v := archivetest.Open(t, formats, img)
	tree := archivetest.Tree(t, v)
	kept, _ := v.Problems()
	if len(tree) != 1 || !strings.Contains(tree["/a"].SHA256, "encrypted with zipcrypto") || archivetest.Kinds(kept)[0] != format.Unsupported {
		t.Errorf("%v, %v", tree, kept)
	}
}

// TestSignedAPK puts the block of signatures where Android wants it.
func TestSignedAPK(t *testing.T) {
	t.Parallel()
	img := made(t, member{name: "AndroidManifest.xml", content: "x"}, member{name: "META-INF/CERT.RSA", content: "y"})
	dir := bytes.Index(img, []byte("PK\x01\x02"))
	u64 := binary.LittleEndian.AppendUint64
	pair := append(binary.LittleEndian.AppendUint32(u64(nil, 8), 0x7109871a), "sign"...)
	size := uint64(len(pair) + 24)
	block := append(u64(append(u64(nil, size), pair...), size), "APK Sig Block 42"...)
	img = append(append(bytes.Clone(img[:dir]), block...), img[dir:]...)
	binary.LittleEndian.PutUint32(img[len(img)-6:], uint32(dir+len(block)))
	for _, behind := range []string{"", strings.Repeat("behind ", 20000)} {
		p := archivetest.Look(t, formats, append(bytes.Clone(img), behind...), 0)
		if p == nil || len(p.Guards) != 2 || p.Guards[0].Scheme != "jar" || p.Guards[1].Scheme != "apk-v2" || p.Size != int64(len(img)) {
			t.Errorf("%d bytes behind: %+v", len(behind), p)
		}
	}
}

func TestNotAnArchive(t *testing.T) {
	t.Parallel()
	img := sample(t)
	for name, b := range map[string][]byte{
		"empty":               nil,
		"a magic number":      []byte("PK\x03\x04"),
		"and noise":           append([]byte("PK\x03\x04"), bytes.Repeat([]byte("\xd3\x91\x05"), 100)...),
		"a lone header":       append([]byte("PK\x03\x04\x14\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00a"), bytes.Repeat([]byte{1}, 100)...),
		"a control character": bytes.Replace(img, []byte("bin/"), []byte("bi\x01/"), 1),
	} {
		if p := archivetest.Look(t, formats, b, 0); p != nil {
			t.Errorf("%s: taken for %s", name, p.Note)
		}
	}
}

func TestCollection(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		path []string
		want string // names
	}{
		{[]string{"firmware/built/formats/ota.zip"}, "/fw/readme.txt /fw/rootfs.squashfs"},
		{[]string{"firmware/real/binwalk-zip.bin"}, "/CH-sys-48.53.64.67.bin"},
		{[]string{"firmware/real/wyze-hacks-0.4.04.zip"}, "/FIRMWARE_660R.bin /config.inc.TEMPLATE /remote_install.sh /telnet_install.sh /version.ini /wyze_updater.py"},
	} {
		img := archivetest.Image(t, false, row.path...)
		v := archivetest.Open(t, formats, img)
		tree := archivetest.Tree(t, v)
		for _, name := range strings.Fields(row.want) {
			if l, ok := tree[name]; !ok || len(l.SHA256) != 64 {
				t.Errorf("%s: %s: %+v", row.path, name, l)
			}
		}
		if kept, _ := v.Problems(); len(kept) > 0 || len(tree) != len(strings.Fields(row.want)) {
			t.Errorf("%s: %d names, problems %v", row.path, len(tree), kept)
		}
	}
}

func TestHostile(t *testing.T) {
	t.Parallel()
	slip := archivetest.Open(t, formats, archivetest.Image(t, false, "firmware/built/hostile/zip-slip.zip"))
	tree := archivetest.Tree(t, slip)
	kept, _ := slip.Problems()
	if _, ok := tree["/ok.txt"]; !ok || len(tree) != 1 || len(kept) != 3 || kept[0].Kind != format.BadName {
		t.Errorf("zip-slip: %v, %v", tree, kept)
	}
	img := archivetest.Image(t, false, "firmware/built/hostile/zip-overlap-16g.zip")
	p := archivetest.Look(t, formats, img, 0)
	v := archivetest.Open(t, formats, img)
	archivetest.Tree(t, v)
	kept, dropped := v.Problems()
	if archivetest.Kinds(p.Problems)[0] != format.TooBig || !slices.Contains(archivetest.Kinds(kept), format.Overlap) || len(kept)+dropped != 2000 {
		t.Errorf("zip-overlap: %v, %d of kind %v", p.Problems, len(kept)+dropped, archivetest.Kinds(kept))
	}
}

func BenchmarkWalk(b *testing.B) {
	many := make([]member, 5000)
	for i := range many {
		many[i] = member{name: fmt.Sprint("res/", i), content: strings.Repeat("x", i%200), method: zip.Deflate}
	}
	img := made(b, many...)
	b.SetBytes(int64(len(img)))
	for b.Loop() {
		archivetest.Tree(b, archivetest.Open(b, formats, img))
	}
}

func FuzzZip(f *testing.F) {
	img := sample(f)
	f.Add(img)
	f.Add(img[:bytes.Index(img, []byte("PK\x01\x02"))])
	f.Add(encrypt(img))
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.Fuzz(t, formats, data) })
}
