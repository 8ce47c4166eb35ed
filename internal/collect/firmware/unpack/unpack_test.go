package unpack_test

import (
	"bytes"
	gocmp "cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/unpack"
)

// Three invented formats: a box of ranges, a stream, a tree of files. Lengths
// are four bytes, big-endian.
//
//	"BOX!" size count (offset size)…
//	"STRM" size, bytes with every bit flipped
//	"TREE" size, entries: name length, name, content length, content
//	"DARK" size: says that it is encrypted
func invented() []format.Format {
	be := binary.BigEndian
	head := func(s format.Source, at int64, magic string) (size int64, ok bool) {
		b := format.Head(s, at, 8)
		if len(b) < 8 || string(b[:4]) != magic {
			return 0, false
		}
		return int64(be.Uint32(b[4:])), true
	}
	one := func(name, magic string, look func(s format.Source, p *format.Part)) format.Format {
		return format.Format{Name: name, Magics: []format.Magic{{Bytes: magic}}, Look: func(_ context.Context, s format.Source, at int64) (*format.Part, error) {
			size, ok := head(s, at, magic)
			if !ok {
				return nil, nil
			}
			p := &format.Part{Format: name, Offset: at, Size: min(size+8, s.Size()-at)}
			look(s, p)
			return p, nil
		}}
	}
	return []format.Format{
		one("box", "BOX!", func(s format.Source, p *format.Part) {
			b := format.Head(s, p.Offset+8, int(p.Size)-8)
			if len(b) < 4 {
				return
			}
			for i := range min(int(be.Uint32(b)), (len(b)-4)/8) {
				p.Regions = append(p.Regions, format.Region{Name: fmt.Sprint("r", i), Offset: p.Offset + int64(be.Uint32(b[4+8*i:])), Size: int64(be.Uint32(b[8+8*i:]))})
			}
		}),
		one("stream", "STRM", func(s format.Source, p *format.Part) {
			stated := p.Size
			p.Size = 0
			p.Contents = func(context.Context, format.Limits) ([]format.Content, error) {
				return []format.Content{{Stream: &flipped{r: format.Section(s, p.Offset+8, stated-8)}}}, nil
			}
		}),
		one("tree", "TREE", func(s format.Source, p *format.Part) {
			p.Open = func(context.Context, format.Limits) (format.Volume, error) {
				return &tree{r: format.Section(s, p.Offset+8, p.Size-8)}, nil
			}
		}),
		one("dark", "DARK", func(_ format.Source, p *format.Part) {
			p.Opaque, p.Guards = "no key", []format.Guard{{Kind: format.Encryption, State: format.Present}}
		}),
	}
}

type flipped struct {
	r io.Reader
	n int64
}

func (f *flipped) Read(b []byte) (int, error) {
	n, err := f.r.Read(b)
	for i := range b[:n] {
		b[i] ^= 0xff
	}
	f.n += int64(n)
	return n, err
}

func (f *flipped) Consumed() int64 { return f.n + 8 }

type tree struct {
	r        *io.SectionReader
	problems format.Problems
}

func (t *tree) Problems() ([]format.Problem, int) { return t.problems.All() }

func (t *tree) Walk(_ context.Context, fn func(format.Entry, io.Reader) error) error {
	for at := int64(0); at+8 <= t.r.Size(); {
		n := int64(binary.BigEndian.Uint32(format.Head(t.r, at, 4)))
		if at+8+n > t.r.Size() {
			return nil
		}
		name := string(format.Head(t.r, at+4, int(n)))
		size := int64(binary.BigEndian.Uint32(format.Head(t.r, at+4+n, 4)))
		e := format.Entry{Path: name, Type: format.File, Mode: 0o644, Size: size}
		if strings.HasSuffix(name, "/") {
			e.Path, e.Type = strings.TrimSuffix(name, "/"), format.Dir
		}
		if err := fn(e, format.Section(t.r, at+8+n, size)); err != nil {
			return err
		}
		at += 8 + n + size
	}
	return nil
}

func sized(magic string, body []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte(magic), uint32(len(body))), body...)
}

func stream(b []byte) []byte {
	out := slices.Clone(b)
	for i := range out {
		out[i] ^= 0xff
	}
	return sized("STRM", out)
}

func files(list ...string) []byte {
	var b []byte
	for i := 0; i < len(list); i += 2 {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(list[i]))), list[i]...)
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(list[i+1]))), list[i+1]...)
	}
	return sized("TREE", b)
}

func box(regions ...[]byte) []byte {
	head := binary.BigEndian.AppendUint32(nil, uint32(len(regions)))
	at := 8 + 4 + 8*len(regions)
	var body []byte
	for _, r := range regions {
		head = binary.BigEndian.AppendUint32(head, uint32(at+len(body)))
		head = binary.BigEndian.AppendUint32(head, uint32(len(r)))
		body = append(body, r...)
	}
	return sized("BOX!", append(head, body...))
}

func random(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// seen writes down what it is told.
type seen struct {
	mu    sync.Mutex
	lines []string
	trees []unpack.Volume
	fail  error
}

// sorted returns the lines with the trees numbered by where they stand: their
// ids are numbers that nobody can read.
func (s *seen) sorted() []string {
	slices.SortFunc(s.trees, func(a, b unpack.Volume) int {
		return gocmp.Or(gocmp.Compare(a.Offset, b.Offset), gocmp.Compare(a.Within, b.Within), gocmp.Compare(a.ID, b.ID))
	})
	var ids []string
	for i, v := range s.trees {
		ids = append(ids, fmt.Sprintf("{%d}", v.ID), fmt.Sprint(i))
	}
	r := strings.NewReplacer(append(ids, "{-1}", "-1")...)
	for i := range s.lines {
		s.lines[i] = r.Replace(s.lines[i])
	}
	slices.Sort(s.lines)
	return s.lines
}

func (s *seen) add(f string, args ...any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, fmt.Sprintf(f, args...))
	return s.fail
}

func (s *seen) Part(p unpack.Part) error {
	return s.add("part {%d} %q %s %d+%d read=%v", p.Volume, p.Path, p.Format, p.Offset, p.Size, p.Read)
}

func (s *seen) Volume(v unpack.Volume) error {
	if !v.Done {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.trees = append(s.trees, v)
		return nil
	}
	return s.add("volume {%d} in {%d} %q: %d names, %d bytes, %d roots", v.ID, v.Parent, v.Within, v.Names, v.Bytes, v.Roots)
}

func (s *seen) File(v int, e format.Entry, data []byte, nested bool, err error) error {
	if e.Type != format.File {
		return nil
	}
	return s.add("file {%d} %s %d nested=%v %v", v, e.Path, len(data), nested, err)
}

func (s *seen) Raw(r unpack.Raw) error {
	return s.add("raw {%d} %q %q", r.Volume, r.Path, r.Data[:min(len(r.Data), 24)])
}

func (s *seen) Gap(g unpack.Gap) error {
	return s.add("gap {%d} %q %d %s", g.Volume, g.Path, g.Offset, g.Kind)
}

func walk(t *testing.T, image []byte, lim unpack.Limits) (unpack.Image, []string) {
	t.Helper()
	s := &seen{}
	img, err := unpack.NewFormats(invented()).Walk(context.Background(), bytes.NewReader(image), lim, s)
	if err != nil {
		t.Fatal(err)
	}
	return img, s.sorted()
}

func TestWalk(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("some text\n", 30)
	for _, row := range []struct {
		name   string
		image  []byte
		lim    unpack.Limits
		status unpack.Status
		want   []string
	}{
		{"tree", files("/etc/", "", "/etc/a", "hello"), unpack.Limits{}, unpack.Readable, []string{
			`file 0 /etc/a 5 nested=false <nil>`,
			`part -1 "tree" tree 0+40 read=true`,
			`volume 0 in -1 "tree": 2 names, 5 bytes, 1 roots`}},
		{"behind padding and a header", slices.Concat([]byte("Vendor 1"), bytes.Repeat([]byte{0xff}, 100), files("/a", "b"), bytes.Repeat([]byte{0}, 20)), unpack.Limits{}, unpack.Readable, []string{
			`file 0 /a 1 nested=false <nil>`,
			`part -1 "" padding 127+20 read=true`,
			`part -1 "header" header 0+108 read=true`,
			`part -1 "tree" tree 108+19 read=true`,
			`raw -1 "header" "Vendor 1\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"`,
			`volume 0 in -1 "tree": 1 names, 1 bytes, 0 roots`}},
		{"regions, streams and trees in each other", box(stream(files("/a", string(stream([]byte(text))))), []byte(text)), unpack.Limits{}, unpack.Readable, []string{
			`file 0 /a 308 nested=true <nil>`,
			`part -1 "box" box 0+662 read=true`,
			`part -1 "box:r0" stream 28+334 read=true`,
			`part -1 "box:r0" tree 0+326 read=true`,
			`part -1 "box:r1" data 362+300 read=true`,
			`raw -1 "box:r1" "some text\nsome text\nsome"`,
			`raw 0 "/a" "some text\nsome text\nsome"`,
			`volume 0 in -1 "box:r0": 1 names, 308 bytes, 0 roots`}},
		{"two trees", slices.Concat(files("/etc/", "", "/bin/", ""), files("/user.conf", "x")), unpack.Limits{}, unpack.Readable, []string{
			`file 1 /user.conf 1 nested=false <nil>`,
			`part -1 "tree" tree 0+34 read=true`,
			`part -1 "tree@34" tree 34+27 read=true`,
			`volume 0 in -1 "tree": 2 names, 0 bytes, 2 roots`,
			`volume 1 in -1 "tree@34": 1 names, 1 bytes, 0 roots`}},
		{"what a stream took isn't looked into", stream(stream(files("/a", "b"))), unpack.Limits{}, unpack.Readable, []string{
			`file 0 /a 1 nested=false <nil>`,
			`part -1 "stream" stream 0+27 read=true`,
			`part -1 "stream" stream 0+35 read=true`,
			`part -1 "stream" tree 0+19 read=true`,
			`volume 0 in -1 "stream": 1 names, 1 bytes, 0 roots`}},
		{"noise", random(300 << 10), unpack.Limits{}, unpack.Encrypted, []string{
			`gap -1 "high-entropy" 0 unrecognised`,
			`part -1 "high-entropy" high-entropy 0+307200 read=false`}},
		{"says that it is encrypted", sized("DARK", random(100)), unpack.Limits{}, unpack.Encrypted, []string{
			`gap -1 "dark" 0 encrypted`,
			`part -1 "dark" dark 0+108 read=false`}},
		{"erased", bytes.Repeat([]byte{0xff}, 70000), unpack.Limits{}, unpack.Erased, []string{
			`part -1 "" padding 0+70000 read=true`}},
		{"depth", box(box(box(box(files("/a", "b"))))), unpack.Limits{Depth: 2}, unpack.Unread, []string{
			`gap -1 "box:r0:r0:r0" 60 depth`,
			`part -1 "box" box 0+99 read=true`,
			`part -1 "box:r0" box 20+79 read=true`,
			`part -1 "box:r0:r0" box 40+59 read=true`}},
		{"a file beyond the limit", files("/a", text), unpack.Limits{File: 100}, unpack.Readable, []string{
			`file 0 /a 100 nested=false limit reached: only the first 100 bytes are read`,
			`gap 0 "/a" 0 limit`,
			`part -1 "tree" tree 0+318 read=true`,
			`volume 0 in -1 "tree": 1 names, 100 bytes, 0 roots`}},
		{"all of it beyond the limit", files("/a", text, "/b", text), unpack.Limits{Total: 400}, unpack.Readable, []string{
			`file 0 /a 300 nested=false <nil>`,
			`file 0 /b 100 nested=false limit reached: only the first 100 bytes are read`,
			`gap 0 "/b" 0 limit`,
			`part -1 "tree" tree 0+628 read=true`,
			`volume 0 in -1 "tree": 2 names, 400 bytes, 0 roots`}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			img, got := walk(t, row.image, row.lim)
			if img.Status != row.status {
				t.Errorf("%s (%s), want %s", img.Status, img.Reason, row.status)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestEveryByte: parts and ranges of an image lie side by side and leave
// nothing out.
func TestEveryByte(t *testing.T) {
	t.Parallel()
	image := slices.Concat([]byte("head"), random(70<<10), bytes.Repeat([]byte{0}, 5000), files("/a", "b"), []byte("in between"), files("/c", "d"), random(3000), []byte("end"))
	s := &ranges{}
	if _, err := unpack.NewFormats(invented()).Walk(context.Background(), bytes.NewReader(image), unpack.Limits{}, s); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(s.all, func(a, b [2]int64) int { return int(a[0] - b[0]) })
	at := int64(0)
	for _, r := range s.all {
		if r[0] != at {
			t.Errorf("a range begins at %d, the one before ends at %d", r[0], at)
		}
		at = r[0] + r[1]
	}
	if at != int64(len(image)) {
		t.Errorf("the ranges end at %d of %d", at, len(image))
	}
}

type ranges struct {
	seen
	all [][2]int64
}

func (r *ranges) Part(p unpack.Part) error {
	if p.Volume < 0 && !p.Decoded {
		r.all = append(r.all, [2]int64{p.Offset, p.Size})
	}
	return nil
}

// TestVisitorFails: the first error of a visitor ends the walk and comes out.
func TestVisitorFails(t *testing.T) {
	t.Parallel()
	var list []string
	for i := range 500 {
		list = append(list, fmt.Sprintf("/f%d", i), "content")
	}
	stop := errors.New("enough")
	s := &seen{fail: stop}
	_, err := unpack.NewFormats(invented()).Walk(context.Background(), bytes.NewReader(files(list...)), unpack.Limits{}, s)
	if !errors.Is(err, stop) {
		t.Errorf("error %v", err)
	}
	if len(s.lines) > 50 {
		t.Errorf("%d calls after the first error", len(s.lines))
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := unpack.NewFormats(invented()).Walk(ctx, bytes.NewReader(files("/a", "b")), unpack.Limits{}, &seen{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// FuzzWalk: whatever the formats say, a walk ends, and no range of the image is
// told twice.
func FuzzWalk(f *testing.F) {
	f.Add(files("/etc/", "", "/etc/a", "hello"))
	f.Add(box(stream(files("/a", string(stream([]byte("text"))))), []byte("text")))
	f.Add(slices.Concat([]byte("head"), bytes.Repeat([]byte{0}, 100), stream(stream(files("/a", "b"))), files("/c", "d")))
	f.Add(sized("DARK", []byte("x")))
	f.Fuzz(func(t *testing.T, image []byte) {
		if len(image) > 1<<16 {
			return
		}
		s := &ranges{}
		_, err := unpack.NewFormats(invented()).Walk(context.Background(), bytes.NewReader(image), unpack.Limits{Total: 1 << 22, File: 1 << 20}, s)
		if err != nil && !errors.Is(err, unpack.ErrEmpty) {
			t.Fatal(err)
		}
		for _, r := range s.all {
			if r[0] < 0 || r[0]+r[1] > int64(len(image)) {
				t.Errorf("range %d+%d of %d bytes", r[0], r[1], len(image))
			}
		}
	})
}
