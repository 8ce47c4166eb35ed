package unpack_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/unpack"
)

// TestGapsInAnyOrder: what is told of too many gaps doesn't depend on which of
// them came first.
func TestGapsInAnyOrder(t *testing.T) {
	t.Parallel()
	const most = 10
	for _, n := range []int{5, 100, 16 * most, 16*most + 70, 500} {
		var list []unpack.Gap
		for i := range n {
			list = append(list, unpack.Gap{Path: fmt.Sprintf("/%c", 'a'+i%13), Offset: int64(i), Kind: unpack.NotRead, Detail: fmt.Sprintf("cut at %d", i)})
		}
		want := unpack.Listed(most, list)
		slices.Reverse(list)
		if diff := cmp.Diff(want, unpack.Listed(most, list)); diff != "" {
			t.Errorf("%d gaps (-as they stand +backwards):\n%s", n, diff)
		}
	}
}

// TestBehindStreams: ranges behind streams are looked through a bounded number of
// times, and a gap says from where on they are not.
func TestBehindStreams(t *testing.T) {
	t.Parallel()
	for n, want := range map[int][]string{60: nil, 100: {"8920 bytes behind a stream are not looked through for other formats: 64 such ranges were"}} {
		g := &sealed{}
		image := strings.Repeat("~~\x08....."+strings.Repeat("a sentence; ", 20), n)
		if _, err := unpack.NewFormats(faint(false)).Walk(context.Background(), bytes.NewReader([]byte(image)), unpack.Limits{}, g); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, g.gaps); diff != "" {
			t.Errorf("%d streams (-want +got):\n%s", n, diff)
		}
	}
}
