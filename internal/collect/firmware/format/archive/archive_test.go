package archive_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive"
)

func kind(t *archive.Tree) string {
	kept, _ := t.Problems()
	if len(kept) == 0 {
		return ""
	}
	return kept[len(kept)-1].Kind
}

func TestPath(t *testing.T) {
	t.Parallel()
	tree := archive.NewTree(format.Limits{Depth: 3})
	tree.Symlink("/lib")
	for _, row := range []struct {
		name, path, kind string
	}{
		{"./etc/passwd", "/etc/passwd", ""},
		{"/etc/passwd", "", format.BadName},
		{"a/../b", "", format.BadName},
		{"a/b/c/d", "", format.TooDeep},
		{"lib/x", "/lib/x", format.Mismatch},
		{"library/x", "/library/x", format.Mismatch}, // the one before
	} {
		path, ok := tree.Path(row.name, 0)
		if path != row.path || ok != (path != "") || kind(tree) != row.kind {
			t.Errorf("%s: %q, %t, %q", row.name, path, ok, kind(tree))
		}
	}
	if kept, _ := tree.Problems(); len(kept) != 4 {
		t.Errorf("%d problems, want 4", len(kept))
	}
}

func TestRootIsAFolder(t *testing.T) {
	t.Parallel()
	tree := archive.NewTree(format.Limits{})
	if !tree.Fits(format.Entry{Path: "/", Type: format.Dir}, 0) || !tree.Fits(format.Entry{Path: "/a", Type: format.File}, 0) || tree.Fits(format.Entry{Path: "/", Type: format.File}, 0) {
		t.Error("what fits")
	}
}

func TestContent(t *testing.T) {
	t.Parallel()
	const text = "twelve bytes"
	for _, row := range []struct {
		name string
		lim  format.Limits
		r    io.Reader
		n    int
		err  error
		kind string
	}{
		{"whole", format.Limits{}, strings.NewReader(text), 12, nil, ""},
		{"just as long as the limit", format.Limits{File: 12}, strings.NewReader(text), 12, nil, ""},
		{"beyond the limit of a file", format.Limits{File: 5}, strings.NewReader(text), 5, format.ErrLimit, format.TooBig},
		{"beyond the limit of all", format.Limits{Total: 5}, strings.NewReader(text), 5, format.ErrLimit, format.TooBig},
		{"cut off", format.Limits{}, archive.Exactly(bytes.NewReader([]byte(text)), 4, 20), 8, io.ErrUnexpectedEOF, format.Truncated},
		{"damaged", format.Limits{}, archive.Fail(errors.New("a bad bit")), 0, format.ErrDamaged, format.Damaged},
		{"not read", format.Limits{}, archive.Fail(format.ErrUnsupported), 0, format.ErrUnsupported, format.Unsupported},
		{"a wrong checksum", format.Limits{}, archive.Fail(archive.ErrChecksum), 0, format.ErrDamaged, format.BadChecksum},
	} {
		tree := archive.NewTree(row.lim)
		b, err := io.ReadAll(tree.Content(context.Background(), row.r, "/a", 7))
		if len(b) != row.n || !errors.Is(err, row.err) || kind(tree) != row.kind {
			t.Errorf("%s: %d bytes, %v, %q", row.name, len(b), err, kind(tree))
		}
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("0123456789"), 10000)
	w := archive.NewWindow(bytes.NewReader(data))
	for _, row := range []struct {
		off  int64
		n    int
		want string
	}{
		{0, 3, "012"}, {16382, 4, "2345"}, {99998, 4, "89"}, {100000, 1, ""}, {-1, 4, ""}, {5, 2, "56"}, {70003, 1, "3"},
	} {
		if got := w.Bytes(row.off, row.n); string(got) != row.want {
			t.Errorf("%d bytes at %d: %q, want %q", row.n, row.off, got, row.want)
		}
	}
	if got := w.Bytes(1, 50000); !bytes.Equal(got, data[1:50001]) {
		t.Errorf("a long piece: %d bytes", len(got))
	}
}
