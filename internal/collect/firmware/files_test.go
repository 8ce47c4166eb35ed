package firmware

import (
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// filesOf has an image's files read, as the child does it; it returns the paths
// that came with content, sorted.
func filesOf(t *testing.T, image []byte, only ...string) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image.bin")
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return given(t, f, FilesOptions{Content: true, Only: only})
}

// given has the child's function read a file.
func given(t *testing.T, f *os.File, opt FilesOptions) []string {
	t.Helper()
	args, err := json.Marshal(opt)
	if err != nil {
		t.Fatal(err)
	}
	var names Names
	var got []string
	err = ParseFiles(t.Context(), f, args, func(v any) error {
		switch r := v.(FileRecord); {
		case r.Volume != nil:
			names.Add(*r.Volume)
		case len(r.Data) > 0:
			got = append(got, names.Full(r.Path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	return slices.Compact(got)
}

// TestOnly: of an image just what is asked for is given out, wherever it stands.
func TestOnly(t *testing.T) {
	t.Parallel()
	box := zipOf(t, member{"etc/a", []byte("1")}, member{"etc/b", []byte("2")})
	image := slices.Concat(tarOf(t, member{"opt/box.zip", box}, member{"opt/box.zip2", box}, member{"etc/a", []byte("3")}, member{"etc/ab", []byte("4")}),
		make([]byte, 5000), gzipOf(t, tarOf(t, member{"x", []byte("5")})))
	for _, row := range []struct{ only, want []string }{
		{[]string{"tar:/etc/a"}, []string{"tar:/etc/a"}},
		{[]string{"tar:/etc"}, []string{"tar:/etc/a", "tar:/etc/ab"}},
		{[]string{"tar:/opt/box.zip:/etc/b", "gzip:/x"}, []string{"gzip:/x", "tar:/opt/box.zip:/etc/b"}},
		{[]string{"tar:/opt/box.zip"}, []string{"tar:/opt/box.zip"}},
		{[]string{"gzip:/"}, []string{"gzip:/x"}},
		{[]string{"tar:/"}, []string{"tar:/etc/a", "tar:/etc/ab", "tar:/opt/box.zip", "tar:/opt/box.zip2", "tar:/opt/box.zip2:/etc/a", "tar:/opt/box.zip2:/etc/b",
			"tar:/opt/box.zip:/etc/a", "tar:/opt/box.zip:/etc/b"}},
		{[]string{"tar:/nothing"}, nil},
	} {
		if got := filesOf(t, image, row.only...); !slices.Equal(got, row.want) {
			t.Errorf("%q: %q, want %q", row.only, got, row.want)
		}
	}
	if got := filesOf(t, image); len(got) != 9 {
		t.Errorf("all of it: %q", got)
	}
}

// TestPiecesOnly: what stands in no tree is given out by name, also the second of
// one; a part as it stands, and nothing that only begins alike.
func TestPiecesOnly(t *testing.T) {
	t.Parallel()
	env := make([]byte, 16<<10)
	copy(env[4:], "bootcmd=bootm\x00bootcmd2=run x\x00\x00")
	binary.LittleEndian.PutUint32(env, crc32.ChecksumIEEE(env[4:]))
	path := filepath.Join(t.TempDir(), "image.bin")
	packed := gzipOf(t, tarOf(t, member{"x", []byte("5")}))
	if err := os.WriteFile(path, slices.Concat(env, env, packed), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := given(t, f, FilesOptions{Content: true, Pieces: true})
	i := slices.IndexFunc(all, func(p string) bool { return strings.HasPrefix(p, "u-boot-env@") && strings.HasSuffix(p, ":bootcmd") })
	if i < 0 || !slices.Contains(all, "u-boot-env:bootcmd") || !slices.Contains(all, "gzip:/x") {
		t.Fatalf("all of it: %q", all)
	}
	for _, tt := range []struct {
		opt  FilesOptions
		want []string
	}{
		{FilesOptions{Only: []string{"u-boot-env:bootcmd"}}, []string{"u-boot-env:bootcmd"}},
		{FilesOptions{Only: []string{all[i]}}, []string{all[i]}},
		{FilesOptions{Only: []string{"u-boot-env"}}, []string{"u-boot-env"}},
		{FilesOptions{Only: []string{"gzip"}, Parts: true}, []string{"gzip"}},
		{FilesOptions{Only: []string{"u-boot-env:boot"}}, nil},
		{FilesOptions{Only: []string{"gzi"}, Parts: true}, nil},
	} {
		tt.opt.Content, tt.opt.Pieces = true, true
		if got := given(t, f, tt.opt); !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, want %q", tt.opt.Only, got, tt.want)
		}
	}
}
