package firmware

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
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
	args, err := json.Marshal(FilesOptions{Content: true, Only: only})
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
