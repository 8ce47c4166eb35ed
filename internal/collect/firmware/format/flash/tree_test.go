package flash_test

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/flash"
	"assay/internal/collect/firmware/format/tree"
)

// nodes are files with their number for content, and folders below 10.
type nodes struct{ missing uint64 }

func (n nodes) Stat(node uint64) (format.Entry, error) {
	if node == n.missing {
		return format.Entry{}, fmt.Errorf("node %d", node)
	}
	if node < 10 {
		return format.Entry{Type: format.Dir, Mode: 0o700}, nil
	}
	return format.Entry{Type: format.File, Size: int64(len(fmt.Sprint(node)))}, nil
}

func (nodes) Content(node uint64) io.Reader { return strings.NewReader(fmt.Sprint(node)) }

func TestTree(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		names   []flash.Name
		missing uint64
		strict  bool
		want    []string
		kinds   []string
	}{
		{"folders before files, links counted", []flash.Name{{2, 20, "b", 0}, {1, 20, "a", 0}, {1, 2, "d", 0}, {2, 21, "c", 0}}, 0, true,
			[]string{"/ 0700", "/a 20 linked 2", "/d", "/d/b 20 linked 2", "/d/c 21"}, nil},
		{"the later of two names", []flash.Name{{1, 20, "a", 0}, {1, 21, "a", 0}}, 0, true, []string{"/ 0700", "/a 21"}, nil},
		{"a root without node", []flash.Name{{1, 20, "a", 0}}, 1, true, []string{"/ 0755", "/a 20"}, nil},
		{"a name without node", []flash.Name{{1, 20, "a", 0}, {1, 21, "b", 0}}, 20, true, []string{"/ 0700", "/b 21"}, []string{"damaged"}},
		{"names that nothing leads to", []flash.Name{{1, 20, "a", 0}, {5, 21, "b", 0}, {6, 7, "c", 0}, {7, 6, "d", 0}}, 0, true, []string{"/ 0700", "/a 20"}, []string{"mismatch"}},
		{"the same, where that is usual", []flash.Name{{1, 20, "a", 0}, {5, 21, "b", 0}}, 0, false, []string{"/ 0700", "/a 20"}, nil},
		{"a circle", []flash.Name{{1, 2, "d", 0}, {2, 1, "root", 0}, {2, 2, "self", 0}}, 0, true, []string{"/ 0700", "/d", "/d/root", "/d/self"}, []string{"loop"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			v := flash.New(nodes{row.missing}, 1, row.names, row.strict, format.Limits{}, new(tree.Log))
			var got []string
			err := v.Walk(context.Background(), func(e format.Entry, r io.Reader) error {
				l := e.Path
				if r != nil {
					b, err := io.ReadAll(r)
					if err != nil {
						return err
					}
					l += " " + string(b)
				} else if l == "/" {
					l += fmt.Sprintf(" %04o", e.Mode)
				}
				if e.Links > 1 {
					l += fmt.Sprintf(" linked %d", e.Links)
				}
				got = append(got, l)
				return nil
			})
			if err != nil || !slices.Equal(got, row.want) {
				t.Errorf("%q, %v; want %q", got, err, row.want)
			}
			kept, _ := v.Problems()
			if kinds := archivetest.Kinds(kept); !slices.Equal(kinds, row.kinds) {
				t.Errorf("problems %v, want %v", kinds, row.kinds)
			}
		})
	}
}

func TestModes(t *testing.T) {
	t.Parallel()
	if _, ok := flash.TypeOf(0o170644); ok {
		t.Error("a type that Linux doesn't have")
	}
	if typ, ok := flash.TypeOf(0o140755); !ok || typ != format.Socket {
		t.Errorf("%q for a socket", typ)
	}
	// new_encode_dev(MKDEV(31, 300)) is 300&0xff | 31<<8 | (300&^0xff)<<12.
	if major, minor := flash.Device(0x2c | 31<<8 | 0x100<<12); major != 31 || minor != 300 {
		t.Errorf("%d:%d", major, minor)
	}
}
