package cpio_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/cpio"
)

// member is one of an archive that a test makes.
type member struct {
	name, content string
	mode, links   uint32
	ino           uint32
	sum           uint32
	lie           int // added to the size in the header
}

// newc writes members as "070701" or, where sums is set, "070702".
func newc(sums bool, members ...member) []byte {
	var b bytes.Buffer
	magic := "070701"
	if sums {
		magic = "070702"
	}
	for i, m := range append(members, member{name: "TRAILER!!!"}) {
		sum := m.sum
		for _, c := range []byte(m.content) {
			if sums {
				sum += uint32(c)
			}
		}
		ino := m.ino
		if ino == 0 {
			ino = uint32(100 + i)
		}
		fmt.Fprintf(&b, "%s%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00", magic, ino, m.mode, 7, 8, max(m.links, 1),
			1700000000, len(m.content)+m.lie, 3, 1, 4, 64, len(m.name)+1, sum, m.name)
		b.Write(make([]byte, -b.Len()&3))
		b.WriteString(m.content)
		b.Write(make([]byte, -b.Len()&3))
	}
	return b.Bytes()
}

func TestTree(t *testing.T) {
	t.Parallel()
	img := newc(true,
		member{name: ".", mode: 0o040755},
		member{name: "./dev", mode: 0o040755},
		member{name: "dev/tty", mode: 0o020620},
		member{name: "dev/disk", mode: 0o060660},
		member{name: "run/f", mode: 0o010600},
		member{name: "run/s", mode: 0o140600},
		member{name: "bin/sh", mode: 0o120777, content: "busybox"},
		member{name: "bin/su\x00\x00\x00", mode: 0o104755, content: "#!/bin/sh\n"},
		member{name: "first", mode: 0o100644, links: 2, ino: 9},
		member{name: "second", mode: 0o100644, links: 2, ino: 9, content: "shared"},
	)
	line := func(path, mode, typ string) archivetest.Line {
		return archivetest.Line{Path: path, Mode: mode, Type: typ, UID: 7, GID: 8}
	}
	file := func(path, mode, content string) archivetest.Line {
		l := line(path, mode, "file")
		l.Size, l.SHA256 = int64(len(content)), archivetest.Sum(content)
		return l
	}
	want := map[string]archivetest.Line{}
	tty, disk, sh := line("/dev/tty", "0620", "char"), line("/dev/disk", "0660", "block"), line("/bin/sh", "0777", "symlink")
	tty.Major, tty.Minor, disk.Major, disk.Minor, sh.Target = 4, 64, 4, 64, "busybox"
	for _, l := range []archivetest.Line{
		line("/dev", "0755", "dir"), tty, disk, line("/run/f", "0600", "fifo"), line("/run/s", "0600", "socket"), sh,
		file("/bin/su", "4755", "#!/bin/sh\n"), file("/first", "0644", "shared"), file("/second", "0644", "shared"),
	} {
		want[l.Path] = l
	}
	v := archivetest.Open(t, cpio.Formats(), img)
	if d := cmp.Diff(want, archivetest.Tree(t, v)); d != "" {
		t.Errorf("tree (-want +got):\n%s", d)
	}
	if kept, _ := v.Problems(); len(kept) > 0 {
		t.Errorf("problems: %v", kept)
	}
}

func TestEndsBehindItsPadding(t *testing.T) {
	t.Parallel()
	one := newc(false, member{name: "kernel/x86/microcode", mode: 0o100644, content: "early"})
	full := append(bytes.Clone(one), make([]byte, -len(one)&511)...)
	for _, row := range []struct {
		name string
		rest string
		pad  bool
		want int
	}{
		{"alone", "", false, len(one)},
		{"filled up", "", true, len(full)},
		{"another behind the block", "070701", true, len(full)},
		{"something right behind", "\x1f\x8b", false, len(one)},
		{"zeros beyond the block", strings.Repeat("\x00", 1024), true, len(full)},
	} {
		img := one
		if row.pad {
			img = full
		}
		img = append(append([]byte("ab"), img...), row.rest...)
		p := archivetest.Look(t, cpio.Formats(), img, 2)
		if p == nil || p.Offset != 2 || p.Size != int64(row.want) || len(p.Problems) > 0 {
			t.Errorf("%s: %+v, want %d bytes", row.name, p, row.want)
		}
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	a := member{name: "a", mode: 0o100644, content: "alpha"}
	whole := newc(true, a, member{name: "b", mode: 0o100644, content: "beta"})
	flipped := bytes.Clone(whole)
	flipped[bytes.Index(flipped, []byte("beta"))] ^= 1
	for _, row := range []struct {
		name   string
		img    []byte
		kinds  []string // of the part, then of the walk
		result string   // of the last file
	}{
		{"wrong sum", flipped, []string{"checksum"}, "damaged: the checksum doesn't fit"},
		{"cut in the content", whole[:bytes.Index(whole, []byte("eta"))], []string{"truncated"}, "1 of 4 bytes are there: unexpected EOF"},
		{"no trailer", whole[:bytes.LastIndex(whole, []byte("070702"))], []string{"truncated"}, archivetest.Sum("beta")},
		{"no header", append(bytes.Clone(whole[:bytes.LastIndex(whole, []byte("070702"))]), "garbage garbage garbage garbage"...), []string{"damaged"}, archivetest.Sum("beta")},
		{"size beyond", newc(false, member{name: "b", mode: 0o100644, content: "beta", lie: 1 << 31}), []string{"truncated"}, ""},
	} {
		p := archivetest.Look(t, cpio.Formats(), row.img, 0)
		if p == nil {
			t.Errorf("%s: not recognised", row.name)
			continue
		}
		v := archivetest.Open(t, cpio.Formats(), row.img)
		tree := archivetest.Tree(t, v)
		kept, _ := v.Problems()
		if d := cmp.Diff(row.kinds, archivetest.Kinds(append(p.Problems, kept...))); d != "" {
			t.Errorf("%s: problems (-want +got):\n%s", row.name, d)
		}
		if got := tree["/b"].SHA256; row.result != "" && got != row.result {
			t.Errorf("%s: %q, want %q", row.name, got, row.result)
		}
	}
}

func TestNotAnArchive(t *testing.T) {
	t.Parallel()
	trailer := newc(false)
	for name, img := range map[string][]byte{
		"empty":             nil,
		"a magic number":    []byte("070701"),
		"only a trailer":    trailer,
		"not hexadecimal":   append([]byte("070701zz"), trailer[8:]...),
		"no type":           newc(false, member{name: "a", content: "x"}),
		"binary, one alone": append([]byte("\xc7\x71\x00\x00\x00\x00\xa4\x81"), make([]byte, 100)...),
	} {
		if p := archivetest.Look(t, cpio.Formats(), img, 0); p != nil {
			t.Errorf("%s: taken for %s", name, p.Note)
		}
	}
}

func TestManyNames(t *testing.T) {
	t.Parallel()
	many := make([]member, 3000)
	for i := range many {
		many[i] = member{name: fmt.Sprint("n", i), mode: 0o100600}
	}
	p := archivetest.Look(t, cpio.Formats(), newc(false, many...), 0)
	v, err := p.Open(t.Context(), format.Limits{Entries: 1000})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := v.Walk(t.Context(), func(format.Entry, io.Reader) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	kept, _ := v.Problems()
	if n != 1000 || len(kept) != 1 || kept[0].Kind != format.TooMany {
		t.Errorf("%d names, problems %v", n, kept)
	}
}

func BenchmarkWalk(b *testing.B) {
	many := make([]member, 10000)
	for i := range many {
		many[i] = member{name: fmt.Sprint("usr/lib/", i), mode: 0o100600, content: strings.Repeat("x", i%200)}
	}
	img := newc(false, many...)
	b.SetBytes(int64(len(img)))
	for b.Loop() {
		if err := archivetest.Open(b, cpio.Formats(), img).Walk(b.Context(), func(format.Entry, io.Reader) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzCPIO(f *testing.F) {
	f.Add(newc(true, member{name: "bin/sh", mode: 0o120777, content: "busybox"}, member{name: "a", mode: 0o100644, content: "alpha", links: 2}))
	f.Add(newc(false, member{name: "sw-description", mode: 0o100644, content: sample}, member{name: "sw-description.sig", mode: 0o100644, content: "sig"}))
	f.Add([]byte("0707070000010000021006440000000000000000010000000000000000000000000200000000005a\x00alpha0707070000000000000000000000000000000000010000000000000000000001300000000000TRAILER!!!\x00"))
	f.Add(append([]byte("\xc7\x71\x01\x00\x02\x00\xa4\x81\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x02\x00a\x00hi\xc7\x71"), append(make([]byte, 18), "\x0b\x00\x00\x00\x00\x00TRAILER!!!\x00\x00"...)...))
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.Fuzz(t, cpio.Formats(), data) })
}
