package tree_test

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

// linked is a folder of names, each with the number of its inode.
type linked struct {
	names  []string
	inodes []uint64
	opened atomic.Int32
}

func (l *linked) Root() (tree.Node[int], error) {
	return tree.Node[int]{Entry: format.Entry{Type: format.Dir}}, nil
}

func (l *linked) List(_ context.Context, _ *tree.Node[int], found tree.Found[int]) error {
	for i, name := range l.names {
		n := &tree.Node[int]{Entry: format.Entry{Type: format.File, Size: 10, Inode: l.inodes[i], Links: 2}}
		if err := found(name, 0, n, nil); err != nil {
			return err
		}
	}
	return nil
}

func (l *linked) Open(n *tree.Node[int]) io.Reader {
	l.opened.Add(1)
	return strings.NewReader(fmt.Sprintf("content %02d", n.Inode))
}

// TestEachReadsLinksOnce: the names of one inode come one after the other, with
// a content that was read once and counts once.
func TestEachReadsLinksOnce(t *testing.T) {
	t.Parallel()
	l := &linked{names: []string{"a", "b", "c", "d", "e"}, inodes: []uint64{5, 6, 5, 0, 5}}
	v := tree.New(l, format.Limits{Total: 30}, new(tree.Log))
	var mu sync.Mutex
	var got []string
	last := map[int]string{}
	err := v.Each(context.Background(), 3, func(worker int, e format.Entry, data []byte, err error) error {
		mu.Lock()
		defer mu.Unlock()
		if e.Type != format.File {
			return nil
		}
		s := fmt.Sprintf("%s %q %v", e.Path, data, err)
		if e.Again {
			s += " again of " + last[worker]
		} else {
			last[worker] = e.Path
		}
		got = append(got, s)
		return nil
	})
	slices.Sort(got)
	want := []string{`/a "content 05" <nil>`, `/b "content 06" <nil>`, `/c "content 05" <nil> again of /a`, `/d "content 00" <nil>`, `/e "content 05" <nil> again of /a`}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v\n%q, want\n%q", err, got, want)
	}
	if n := l.opened.Load(); n != 3 {
		t.Errorf("%d contents were read", n)
	}
}
