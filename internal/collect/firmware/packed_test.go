package firmware

import (
	"archive/tar"
	"bytes"
	"strings"
	"testing"
	"time"
)

// TestPackedModes: what everybody may change counts in what looks like a root
// file system, also one folder below the top, and in packages; not in a folder
// that somebody packed.
func TestPackedModes(t *testing.T) {
	t.Parallel()
	pack := func(names ...string) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for _, name := range names {
			name, inner, _ := strings.Cut(name, " ")
			if inner != "" {
				var in bytes.Buffer
				x := tar.NewWriter(&in)
				put(t, x, inner, []byte("echo\n"))
				if err := x.Close(); err != nil {
					t.Fatal(err)
				}
				put(t, w, name, in.Bytes())
				continue
			}
			put(t, w, name, []byte("echo\n"))
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for _, tt := range []struct {
		name  string
		files []string
		want  string
	}{
		{"a root file system", []string{"etc/a", "usr/b"}, "/etc/a /usr/b"},
		{"one in a folder", []string{"squashfs-root/etc/a", "squashfs-root/bin/b", "notes"}, "/notes /squashfs-root/bin/b /squashfs-root/etc/a"},
		{"a folder", []string{"release/a", "release/b", "readme"}, ""},
		{"a folder with one of its names", []string{"lib/a", "src/b"}, ""},
		{"its names in different folders", []string{"a/lib/x", "b/etc/y"}, ""},
		{"a package in an archive", []string{"release/p.tar usr/c"}, "/usr/c"},
		{"an archive in an archive", []string{"release/p.tar doc/c"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var g Gather
			if err := Analyse(t.Context(), bytes.NewReader(pack(tt.files...)), Options{}, func(r Record) error { g.Add(r); return nil }); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range g.Finish(time.Unix(0, 0), 0).Modes {
				if m.Kind == "world-writable" {
					got = append(got, m.Path[strings.LastIndexByte(m.Path, ':')+1:])
				}
			}
			if out := strings.Join(got, " "); out != tt.want {
				t.Errorf("%q, want %q", out, tt.want)
			}
		})
	}
}

// put writes a file that everybody may change.
func put(t *testing.T, w *tar.Writer, name string, data []byte) {
	t.Helper()
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o777, Size: int64(len(data)), Typeflag: tar.TypeReg}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
}
