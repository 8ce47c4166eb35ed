package ar_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/ar"
	"assay/internal/collect/firmware/format/archive/archivetest"
)

var formats = []format.Format{ar.New()}

func made(members ...string) []byte {
	b := bytes.NewBufferString("!<arch>\n")
	for i := 0; i < len(members); i += 2 {
		fmt.Fprintf(b, "%-16s%-12d%-6d%-6d%-8o%-10d`\n%s", members[i], 1700000000, 7, 8, 0o100644, len(members[i+1]), members[i+1])
		if b.Len()%2 != 0 {
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

func TestTree(t *testing.T) {
	t.Parallel()
	line := func(path, content string) archivetest.Line {
		return archivetest.Line{Path: path, Mode: "0644", Type: "file", UID: 7, GID: 8, Size: int64(len(content)), SHA256: archivetest.Sum(content)}
	}
	for _, row := range []struct {
		note string
		img  []byte
		want []archivetest.Line
	}{
		{"3 members; package of dpkg or opkg", made("debian-binary", "2.0\n", "control.tar.xz", "odd", "data.tar.xz/", "data"),
			[]archivetest.Line{line("/debian-binary", "2.0\n"), line("/control.tar.xz", "odd"), line("/data.tar.xz", "data")}},
		{"4 members; static library", made("/", "symbols", "//", "a_name_that_is_long.o/\nanother_long_name.o/\n", "/0", "one", "/23", "two"),
			[]archivetest.Line{line("/a_name_that_is_long.o", "one"), line("/another_long_name.o", "two")}},
		{"1 members", made("#1/20", "a name of twenty.o\x00\x00content"), []archivetest.Line{line("/a name of twenty.o", "content")}},
	} {
		p := archivetest.Look(t, formats, append(bytes.Clone(row.img), "behind"...), 0)
		if p == nil || p.Note != row.note || p.Size != int64(len(row.img)) || len(p.Problems) > 0 {
			t.Errorf("%s: %+v", row.note, p)
			continue
		}
		want := map[string]archivetest.Line{}
		for _, l := range row.want {
			want[l.Path] = l
		}
		if d := cmp.Diff(want, archivetest.Tree(t, archivetest.Open(t, formats, row.img))); d != "" {
			t.Errorf("%s (-want +got):\n%s", row.note, d)
		}
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	img := made("../evil", "x", "ok", "content")
	img = img[:len(img)-4]
	p := archivetest.Look(t, formats, img, 0)
	v := archivetest.Open(t, formats, img)
	tree := archivetest.Tree(t, v)
	kept, _ := v.Problems()
	if d := cmp.Diff([]string{format.Truncated, format.BadName}, archivetest.Kinds(append(p.Problems, kept...))); d != "" || len(tree) != 1 {
		t.Errorf("%v, problems (-want +got):\n%s", tree, d)
	}
	for _, b := range []string{"", "!<arch>\n", "!<arch>\nnot a header of a member, though long enough to be one at all\n"} {
		if p := archivetest.Look(t, formats, []byte(b), 0); p != nil {
			t.Errorf("%q: taken for %s", b, p.Note)
		}
	}
}

func FuzzAr(f *testing.F) {
	f.Add(made("/", "symbols", "//", "a_name_that_is_long.o/\n", "/0", "one", "#1/4", "namecontent"))
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.Fuzz(t, formats, data) })
}
