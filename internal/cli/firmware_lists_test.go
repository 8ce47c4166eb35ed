package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/i18n"
)

// TestUnread: what was not read is counted as it is listed: the same cause at many
// places once with its count, what a layer and the one around it both tell once.
func TestUnread(t *testing.T) {
	t.Parallel()
	a := &app{texts: i18n.Must(), lang: i18n.En}
	gap := func(path string, offset int64, why, detail string) firmwareGap {
		return firmwareGap{Path: path, Offset: offset, Why: why, Detail: detail}
	}
	type row struct {
		where, text string
		count       int
	}
	for _, tt := range []struct {
		name string
		gaps []firmwareGap
		want []row
	}{
		{"one", []firmwareGap{gap("/a", 5, "broken", "squashfs: damaged: block at offset 96: xz: checksum")},
			[]row{{"/a@5", "damaged: squashfs: damaged: block at offset 96: xz: checksum", 1}}},
		{"one cause at three places, one of them told with more layers", []firmwareGap{
			gap("/a", 0, "broken", "squashfs: damaged: block at offset 96: xz: byte 112 repeats one 9 before it"),
			gap("/b", 0, "broken", "squashfs: damaged: xz: byte 7 repeats one 8 before it"), gap("/c", 0, "broken", "squashfs: xz: byte 1 repeats one 2 before it")},
			[]row{{"/a", "damaged: squashfs: damaged: block at offset 96: xz: byte 112 repeats one 9 before it (2 more like this)", 3}}},
		{"counted by the reader", []firmwareGap{gap("/d", 9, "limit", "cpio: depth: 65 folders deep; the limit is 64"),
			gap("/d/d", 9, "limit", "cpio: depth: 66 folders deep; the limit is 64 (and 9 more like it, the last at offset 77)")},
			[]row{{"/d@9", "a limit was reached: cpio: depth: 65 folders deep; the limit is 64 (10 more like this)", 11}}},
		{"a layer and the one around it", []firmwareGap{gap("uimage", 0, "broken", "uimage: gzip: unexpected EOF"), gap("uimage:kernel", 64, "broken", "gzip: unexpected EOF")},
			[]row{{"uimage", "damaged: uimage: gzip: unexpected EOF", 1}}},
		{"two layers beside each other", []firmwareGap{gap("a", 0, "broken", "gzip: unexpected EOF"), gap("ab", 64, "broken", "xz: unexpected EOF")},
			[]row{{"a", "damaged: gzip: unexpected EOF", 1}, {"ab@64", "damaged: xz: unexpected EOF", 1}}},
		{"the image as a whole stands in the summary", []firmwareGap{gap("", 0, "not-analysable", "no known format")}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := &firmwareDoc{Incomplete: tt.gaps}
			var got []row
			n := 0
			for _, g := range a.unread(d) {
				got, n = append(got, row(g)), n+g.count
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(row{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if a.places(d) != n {
				t.Errorf("%d places in the head, %d listed", a.places(d), n)
			}
		})
	}
}
