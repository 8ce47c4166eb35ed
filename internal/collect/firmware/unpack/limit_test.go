package unpack_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/unpack"
)

// More invented formats, for what the first ones haven't:
//
//	"LINK" count size: a tree with that many names of one content
//	"EACH" count size: the same, read on several cores
//	"TORN" names size: a tree whose contents break off, and that says so itself of all but the last
//	"VIEW" size count: that many views of a megabyte of zeros each
func shared() []format.Format {
	head := func(name, magic string, look func(s format.Source, at int64, a, b uint32) *format.Part) format.Format {
		return format.Format{Name: name, Magics: []format.Magic{{Bytes: magic}}, Look: func(_ context.Context, s format.Source, at int64) (*format.Part, error) {
			b := format.Head(s, at, 12)
			if len(b) < 12 || string(b[:4]) != magic {
				return nil, nil
			}
			p := look(s, at, binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:]))
			p.Format, p.Offset, p.Size = name, at, 12
			return p, nil
		}}
	}
	return append(invented(),
		head("linked", "LINK", func(_ format.Source, _ int64, names, size uint32) *format.Part {
			return &format.Part{Open: func(context.Context, format.Limits) (format.Volume, error) {
				return &linked{names: int(names), content: bytes.Repeat([]byte("text "), int(size)/5)}, nil
			}}
		}),
		head("each", "EACH", func(_ format.Source, _ int64, names, size uint32) *format.Part {
			return &format.Part{Open: func(context.Context, format.Limits) (format.Volume, error) {
				return &parallel{linked{names: int(names), content: bytes.Repeat([]byte("text "), int(size)/5)}}, nil
			}}
		}),
		head("torn", "TORN", func(_ format.Source, _ int64, names, _ uint32) *format.Part {
			return &format.Part{Open: func(context.Context, format.Limits) (format.Volume, error) {
				return &torn{linked{names: int(names)}}, nil
			}}
		}),
		head("view", "VIEW", func(_ format.Source, _ int64, _, n uint32) *format.Part {
			return &format.Part{Contents: func(context.Context, format.Limits) (list []format.Content, err error) {
				for range n {
					list = append(list, format.Content{Source: bytes.NewReader(make([]byte, 1<<20))})
				}
				return list, nil
			}}
		}))
}

// linked is a tree of hard links.
type linked struct {
	names   int
	content []byte
}

func (l *linked) Problems() ([]format.Problem, int) { return nil, 0 }

func (l *linked) entry(i int) format.Entry {
	return format.Entry{Path: fmt.Sprintf("/f%d", i), Type: format.File, Size: int64(len(l.content)), Inode: 7, Links: uint32(l.names)}
}

func (l *linked) Walk(_ context.Context, fn func(format.Entry, io.Reader) error) error {
	for i := range l.names {
		if err := fn(l.entry(i), bytes.NewReader(l.content)); err != nil {
			return err
		}
	}
	return nil
}

// parallel is a tree that gives out its names together.
type parallel struct{ linked }

func (l *parallel) Each(_ context.Context, _ int, fn func(int, format.Entry, []byte, error) error) error {
	for i := range l.names {
		e := l.entry(i)
		e.Again = i > 0
		if err := fn(0, e, l.content, nil); err != nil {
			return err
		}
	}
	return nil
}

// torn is a tree whose contents break off.
type torn struct{ linked }

func (t *torn) Walk(_ context.Context, fn func(format.Entry, io.Reader) error) error {
	for i := range t.names {
		e := t.entry(i)
		e.Inode, e.Links = 0, 1
		if err := fn(e, io.MultiReader(strings.NewReader("beginning"), iotest.ErrReader(format.ErrDamaged))); err != nil {
			return err
		}
	}
	return nil
}

func (t *torn) Problems() (list []format.Problem, n int) {
	for i := range t.names - 1 {
		list = append(list, format.Problem{Path: t.entry(i).Path, Offset: 5, Kind: format.Damaged, Detail: "it breaks off"})
	}
	return list, 0
}

func be(magic string, n ...uint32) []byte {
	b := []byte(magic)
	for _, v := range n {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

// namer is seen with names apart, and can begin again.
type namer struct{ seen }

func (n *namer) Name(v int, e format.Entry, first string) error {
	return n.add("name {%d} %s of %s", v, e.Path, first)
}

func (n *namer) Restart() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines, n.trees = []string{"restart"}, nil
	return nil
}

func visit(t *testing.T, image []byte, lim unpack.Limits, v unpack.Visitor) {
	t.Helper()
	if _, err := unpack.NewFormats(shared()).Walk(context.Background(), bytes.NewReader(image), lim, v); err != nil {
		t.Fatal(err)
	}
}

// TestHardLinks: a content with many names is visited once, and counts once.
func TestHardLinks(t *testing.T) {
	t.Parallel()
	for i := range 20 {
		n := &namer{}
		magic, name := "LINK", "linked"
		if i%2 == 0 {
			magic, name = "EACH", "each"
		}
		visit(t, be(magic, 4, 1000), unpack.Limits{Total: 1500, Workers: 3}, n)
		want := []string{
			`file 0 /f0 1000 nested=false <nil>`, `name 0 /f1 of /f0`, `name 0 /f2 of /f0`, `name 0 /f3 of /f0`,
			fmt.Sprintf(`part -1 %q %s 0+12 read=true`, name, name), fmt.Sprintf(`volume 0 in -1 %q: 4 names, 1000 bytes, 0 roots`, name)}
		if diff := cmp.Diff(want, n.sorted()); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	}
	// Who can't take a name alone gets the content each time, as far as limits go.
	s := &seen{}
	visit(t, be("LINK", 3, 1000), unpack.Limits{Total: 2500}, s)
	want := []string{
		`file 0 /f0 1000 nested=false <nil>`, `file 0 /f1 1000 nested=false <nil>`, `file 0 /f2 500 nested=false limit reached: only the first 500 bytes are read`,
		`gap 0 "/f2" 0 limit`, `part -1 "linked" linked 0+12 read=true`, `volume 0 in -1 "linked": 3 names, 2500 bytes, 0 roots`}
	if diff := cmp.Diff(want, s.sorted()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestRestart: where goroutines share a limit, what it cuts doesn't depend on
// which of them was first.
func TestRestart(t *testing.T) {
	t.Parallel()
	var parts [][]byte
	for i := range 6 {
		var list []string
		for j := range 10 {
			list = append(list, fmt.Sprintf("/%d-%d", i, j), strings.Repeat("text ", 100*(j+1)))
		}
		parts = append(parts, files(list...), stream(files(list...)))
	}
	image := slices.Concat(parts...)
	var want []string
	for range 20 {
		n := &namer{}
		visit(t, image, unpack.Limits{Total: 100_000, Workers: 4}, n)
		got := n.sorted()
		if want == nil {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-first +later):\n%s", diff)
		}
	}
	if !slices.Contains(want, "restart") || !slices.ContainsFunc(want, func(s string) bool { return strings.HasSuffix(s, " limit") }) {
		t.Errorf("no limit was hit: %q", want)
	}
	n := &namer{}
	visit(t, image, unpack.Limits{Total: 10_000_000, Workers: 4}, n)
	if slices.Contains(n.lines, "restart") {
		t.Error("it began again, and no limit was hit")
	}
}

// TestViewsCount: bytes of layers with random access count, too.
func TestViewsCount(t *testing.T) {
	t.Parallel()
	s := &seen{}
	visit(t, be("VIEW", 0, 100), unpack.Limits{Total: 1 << 20}, s)
	if !slices.ContainsFunc(s.lines, func(l string) bool { return strings.HasPrefix(l, "gap ") && strings.HasSuffix(l, " limit") }) {
		t.Errorf("a hundred megabytes were read: %q", s.lines)
	}
	s = &seen{}
	visit(t, be("VIEW", 0, 3), unpack.Limits{Total: 16 << 20}, s)
	if slices.ContainsFunc(s.lines, func(l string) bool { return strings.HasPrefix(l, "gap ") }) {
		t.Errorf("three megabytes: %q", s.lines)
	}
}

// TestErrorOnce: what a tree tells of a content that isn't whole is not told
// again by the content.
func TestErrorOnce(t *testing.T) {
	t.Parallel()
	g := &gapped{}
	visit(t, be("TORN", 3, 0), unpack.Limits{}, g)
	var got []string
	for _, x := range g.gaps {
		got = append(got, fmt.Sprint(x.Path, " ", x.Offset, " ", x.Detail))
	}
	want := []string{"/f0 5 torn: damaged: it breaks off", "/f1 5 torn: damaged: it breaks off", "/f2 0 damaged"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// gapped keeps the gaps.
type gapped struct {
	seen
	gaps []unpack.Gap
}

func (g *gapped) Gap(x unpack.Gap) error {
	g.gaps = append(g.gaps, x)
	return nil
}

// TestGapsOfOnePlace: what repeats in one place is one line, with its extent;
// what is large is one by itself, and the ranges stay as they are.
func TestGapsOfOnePlace(t *testing.T) {
	t.Parallel()
	zero := make([]byte, 64<<10)
	image := slices.Concat(random(64<<10), zero, random(64<<10), zero, random(64<<10), zero, random(512<<10), files("/a", "b"))
	g := &gapped{}
	visit(t, image, unpack.Limits{}, g)
	if len(g.gaps) != 2 || !strings.HasPrefix(g.gaps[0].Detail, "3 ranges between offsets 0 and 327680, 196608 bytes in all") || g.gaps[1].Offset != 384<<10 {
		t.Errorf("%+v", g.gaps)
	}
	n := 0
	for _, l := range g.lines {
		if strings.Contains(l, " high-entropy ") {
			n++
		}
	}
	if n != 4 {
		t.Errorf("%d ranges: %q", n, g.lines)
	}
}

// TestLinksInACircle: symbolic links that no system can follow are noted; they
// lose nothing.
func TestLinksInACircle(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		links []string // path, target
		want  string
	}{
		{[]string{"/a", "b", "/b", "/a", "/c", "a/x", "/d", "/etc"}, "symbolic links that lead round in a circle: /a, /b, /c"},
		{[]string{"/self", "self", "/up", "..", "/up2", "../../.."}, "symbolic links that lead round in a circle: /self"},
		{[]string{"/dir/here", ".", "/lib64", "lib", "/usr/lib", "../lib"}, ""},
		{[]string{"/deep", "deep/x"}, "symbolic links that lead round in a circle: /deep"},
	} {
		if got := unpack.Circles(row.links...); got != row.want {
			t.Errorf("%q: %q, want %q", row.links, got, row.want)
		}
	}
}

// TestLinksAreFollowedOnce: links through links through links cost what their
// number costs.
func TestLinksAreFollowedOnce(t *testing.T) {
	t.Parallel()
	var pairs []string
	long := strings.Repeat("/x/..", 90)
	for i := range 20_000 {
		pairs = append(pairs, fmt.Sprintf("/l%05d", i), fmt.Sprintf("/l%05d%s", i+1, long))
	}
	got := unpack.Circles(pairs...)
	if want := "symbolic links that lead round in a circle: /l00000, "; !strings.HasPrefix(got, want) {
		t.Errorf("%.200q, want %q at its head", got, want)
	}
}

// TestRangesInEachOther: ranges that hold each other several times double the
// work at every depth and decode nothing; the walk ends, and says so.
func TestRangesInEachOther(t *testing.T) {
	t.Parallel()
	image := files("/a", "b")
	for range 10 {
		inner := image
		head := binary.BigEndian.AppendUint32(nil, 8)
		for range 8 {
			head = binary.BigEndian.AppendUint32(head, uint32(8+4+8*8))
			head = binary.BigEndian.AppendUint32(head, uint32(len(inner)))
		}
		image = sized("BOX!", append(head, inner...))
	}
	g := &gapped{}
	_, err := unpack.NewFormats(invented()).Walk(context.Background(), bytes.NewReader(image), unpack.Limits{}, g)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(g.gaps, func(g unpack.Gap) bool { return g.Kind == unpack.Limit && strings.Contains(g.Detail, "ranges") }) {
		t.Errorf("no gap says that the walk was cut: %+v", g.gaps[:min(len(g.gaps), 5)])
	}
}
