package unpack

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"assay/internal/collect/firmware/format"
)

// ErrEmpty says that there is nothing to look at.
var ErrEmpty = errors.New("unpack: the image is empty")

// Walk goes through the image s and tells v what stands in it. It returns an
// error only where ctx ended, v failed, or s can't be read; all else is a Gap.
func (fs *Formats) Walk(ctx context.Context, s format.Source, lim Limits, v Visitor) (Image, error) {
	if s.Size() <= 0 {
		return Image{Status: Unknown, Reason: "the image is empty"}, ErrEmpty
	}
	w := &walk{fs: fs, v: v, lim: lim.defaults()}
	w.wants, _ = v.(Selector)
	img, err := w.image(ctx, s)
	if w.failed != nil {
		err = w.failed
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return img, err
}

func (l Limits) defaults() Limits {
	d := func(v *int, def int) {
		if *v <= 0 {
			*v = def
		}
	}
	d(&l.Depth, 12)
	d(&l.Parts, 4096)
	d(&l.Entries, 1_000_000)
	d(&l.Gaps, 2000)
	d(&l.Workers, runtime.GOMAXPROCS(0))
	if l.Total <= 0 {
		l.Total = 2 << 30
	}
	if l.File <= 0 {
		l.File = 160 << 20
	}
	return l
}

// walk is one walk through an image.
type walk struct {
	fs    *Formats
	v     Visitor
	wants Selector
	lim   Limits

	spent   atomic.Int64 // decoded bytes
	entries atomic.Int64
	trees   atomic.Int64 // with at least one entry
	code    atomic.Int64 // programs that were given out
	plain   atomic.Int64 // other ranges that were
	opaque  atomic.Int64 // bytes of the image that say that they are encrypted
	noise   atomic.Int64 // bytes of the image that no format explains and that look like noise

	mu      sync.Mutex // of calls of v but File and Raw, and of what follows
	volumes int
	gaps    int
	named   map[string]int
	known   []string // formats that were recognised
	failed  error
	big     sync.Mutex // one large file in memory at a time
}

// layer is a source that is being gone through.
type layer struct {
	volume  int    // in one of whose files it stands; -1
	path    string // of the file, or the chain of names; "" for the image
	src     format.Source
	base    int64 // of src in the image or decoded layer
	decoded bool
	depth   int
	alone   bool // no other goroutines: the walk is inside of a file
	large   bool // what it stands in holds the place of the one large thing in memory
}

// emit calls v under the lock. The first failure ends the walk.
func (w *walk) emit(fn func() error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed != nil {
		return w.failed
	}
	if err := fn(); err != nil {
		w.failed = err
	}
	return w.failed
}

func (w *walk) gap(g Gap) error {
	return w.emit(func() error {
		w.gaps++
		switch {
		case w.gaps > w.lim.Gaps+1:
			return nil
		case w.gaps > w.lim.Gaps:
			return w.v.Gap(Gap{Volume: -1, Kind: Limit, Detail: fmt.Sprintf("more than %d gaps; the rest isn't listed", w.lim.Gaps)})
		}
		return w.v.Gap(g)
	})
}

func (l layer) gap(off int64, kind, detail string) Gap {
	return Gap{Volume: l.volume, Path: l.path, Offset: l.base + max(off, 0), Kind: kind, Detail: detail}
}

func (w *walk) image(ctx context.Context, s format.Source) (Image, error) {
	img := Image{Size: s.Size()}
	l := layer{volume: -1, src: s}
	lay, err := w.fs.scan(ctx, s, nil, w.lim.Parts)
	if err != nil {
		return img, fmt.Errorf("unpack: %w", err)
	}
	high, share := lay.blocks.packed(s.Size())
	img.Entropy, img.High = round(lay.blocks.entropy(0, s.Size())), round(share)
	err = w.parts(ctx, l, lay, high)
	img.Status, img.Reason = w.status(img)
	return img, err
}

func (w *walk) status(img Image) (Status, string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.Sort(w.known)
	w.known = slices.Compact(w.known)
	trees, code, opaque := w.trees.Load(), w.code.Load(), w.opaque.Load()
	switch {
	case trees > 0:
		return Readable, fmt.Sprintf("%d tree(s) of files read", trees)
	case code > 0:
		return Readable, fmt.Sprintf("%d program(s) without a file system read", code)
	case img.Entropy == 0:
		return Erased, fmt.Sprintf("erased or padding: %d equal bytes", img.Size)
	case opaque*2 > img.Size:
		return Encrypted, "it says that it is encrypted: " + strings.Join(w.known, ", ")
	case w.noise.Load()*2 > img.Size:
		return Encrypted, fmt.Sprintf("encrypted or packed in an unknown way: %.0f %% of %d bytes, entropy %.2f", 100*float64(w.noise.Load())/float64(img.Size), img.Size, img.Entropy)
	case len(w.known) > 0 && w.plain.Load() > 0 && w.noise.Load() == 0:
		return Readable, fmt.Sprintf("%d range(s) without a file system read, of %s", w.plain.Load(), strings.Join(w.known, ", "))
	case len(w.known) > 0:
		return Unread, "recognised, nothing in it is read: " + strings.Join(w.known, ", ")
	}
	return Unknown, fmt.Sprintf("no known format: entropy %.2f over %d bytes", img.Entropy, img.Size)
}

// source goes through a range or a decoded layer.
func (w *walk) source(ctx context.Context, l layer, try []string) error {
	if l.src.Size() == 0 {
		return nil
	}
	if l.depth > w.lim.Depth {
		return w.gap(l.gap(0, format.TooDeep, fmt.Sprintf("more than %d containers in each other", w.lim.Depth)))
	}
	lay, err := w.fs.scan(ctx, l.src, try, w.lim.Parts)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		return w.gap(l.gap(0, format.Damaged, err.Error()))
	}
	high, _ := lay.blocks.packed(l.src.Size())
	return w.parts(ctx, l, lay, high)
}

// parts goes through what was found in a source, and what was not.
func (w *walk) parts(ctx context.Context, l layer, lay *layout, high []bool) error {
	if lay.cut {
		if err := w.gap(l.gap(0, Limit, "more parts than are looked for")); err != nil {
			return err
		}
	}
	single := l.path != "" && len(lay.parts) == 1 && lay.parts[0].Offset == 0
	path := func(p *format.Part) string {
		if single {
			return l.path
		}
		return w.name(l, p.Format, p.Offset)
	}
	for _, p := range lay.banners {
		if _, err := w.part(ctx, l, p, l.path, 0); err != nil {
			return err
		}
	}
	var trees, rest []*format.Part
	endless := slices.ContainsFunc(lay.parts, func(p *format.Part) bool { return p.Size <= 0 && p.Contents != nil })
	for _, p := range lay.parts {
		// What follows a stream without a stated end may stand in it.
		if p.Open != nil && !l.alone && !endless {
			trees = append(trees, p)
		} else {
			rest = append(rest, p)
		}
	}
	var wg sync.WaitGroup
	var err error
	// Trees decode on all cores; what is decoded from end to end beside them
	// fills the time in which they can't.
	wg.Go(func() { trees, err = w.all(ctx, l, lay, trees, path) })
	rest, err2 := w.all(ctx, l, lay, rest, path)
	wg.Wait()
	lay.parts = append(trees, rest...)
	slices.SortFunc(lay.parts, func(a, b *format.Part) int { return cmp.Compare(a.Offset, b.Offset) })
	if err = errors.Join(err, err2); err != nil {
		return err
	}
	for _, g := range free(lay.parts, l.src.Size()) {
		if err := w.unexplained(ctx, l, lay, g, high); err != nil {
			return err
		}
	}
	return nil
}

// all goes into parts, and returns those that are real: what stands in a stream
// whose end is known only when it was decoded is none.
func (w *walk) all(ctx context.Context, l layer, lay *layout, parts []*format.Part, path func(*format.Part) string) (out []*format.Part, err error) {
	skip := int64(0) // the stream reaches to here
	for _, p := range parts {
		if p.Offset < skip {
			continue
		}
		out = append(out, p)
		used, err := w.part(ctx, l, p, path(p), round(lay.blocks.entropy(p.Offset, max(p.Size, 1))))
		if err != nil {
			return out, err
		}
		if p.Size <= 0 && used > 0 {
			p.Size = used
			skip = max(skip, p.Offset+used)
		}
	}
	return out, nil
}

// name makes the name of something in a layer; the second of a name says where
// it stands.
func (w *walk) name(l layer, name string, off int64) string {
	if name == "" {
		name = "part"
	}
	if l.path != "" {
		name = l.path + ":" + name
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.named == nil {
		w.named = make(map[string]int)
	}
	key := fmt.Sprintf("%d:%s", l.volume, name)
	if w.named[key]++; w.named[key] > 1 {
		name = fmt.Sprintf("%s@%d", name, l.base+off)
	}
	return name
}

// part tells of a part and goes into it. used is how many bytes a stream
// without a stated size took; 0 where that isn't known.
func (w *walk) part(ctx context.Context, l layer, p *format.Part, path string, entropy float64) (used int64, err error) {
	// A banner or a checksum has no content: what it says is all there is.
	read := p.Open != nil || p.Contents != nil || len(p.Regions) > 0 || p.Code || len(p.Vars) > 0 || len(p.Guards) > 0 || len(p.Systems) > 0
	if l.volume < 0 || p.Open != nil || len(p.Regions) > 0 || len(p.Guards) > 0 || p.Opaque != "" {
		err := w.emit(func() error {
			w.known = append(w.known, p.Format)
			return w.v.Part(Part{Volume: l.volume, Path: path, Offset: l.base + p.Offset, Decoded: l.decoded, Size: p.Size, Format: p.Format,
				Name: p.Name, Note: p.Note, Entropy: entropy, Read: read && p.Opaque == "", Guards: p.Guards, Systems: p.Systems})
		})
		if err != nil {
			return 0, err
		}
	}
	in := l
	in.path = path
	for _, q := range p.Problems {
		if err := w.gap(in.gap(q.Offset, q.Kind, q.Detail)); err != nil {
			return 0, err
		}
	}
	if p.Opaque != "" {
		if err := w.unreadable(in, p); err != nil {
			return 0, err
		}
	} else if err := w.sealed(in, p); err != nil {
		return 0, err
	}
	in.depth++
	if len(p.Vars) > 0 {
		if err := w.vars(in, p); err != nil {
			return 0, err
		}
	}
	if p.Open != nil {
		if err := w.open(ctx, in, p); err != nil {
			return 0, err
		}
	}
	if p.Contents != nil {
		if used, err = w.contents(ctx, in, p); err != nil {
			return 0, err
		}
	}
	for _, r := range p.Regions {
		if err := w.region(ctx, in, p, r); err != nil {
			return 0, err
		}
	}
	if p.Code {
		if err := w.raw(in, p.Format, p.Offset, p.Size, true); err != nil {
			return 0, err
		}
		if l.volume < 0 {
			if err := w.embedded(ctx, in, p); err != nil {
				return 0, err
			}
		}
	}
	if !read && p.Opaque == "" {
		return 0, w.gap(in.gap(p.Offset, NotRead, strings.TrimSpace(p.Format+": "+p.Note)))
	}
	return used, nil
}

// embedded goes into what a program carries with it: packed pages, images.
func (w *walk) embedded(ctx context.Context, l layer, p *format.Part) error {
	if l.depth > w.lim.Depth {
		return nil
	}
	in := l
	in.src, in.base = format.Section(l.src, p.Offset, max(p.Size, 1)), l.base+p.Offset
	sc := &scanning{fs: w.fs, ctx: ctx, s: in.src, l: &layout{blocks: newBlocks(in.src.Size())}, max: w.lim.Parts}
	if err := sc.everywhere(min(64, in.src.Size())); err != nil {
		if ctx.Err() != nil {
			return err
		}
		return w.gap(in.gap(0, format.Damaged, err.Error()))
	}
	skip := int64(0)
	for _, q := range sc.l.parts {
		if q.Offset < skip || q.Open == nil && q.Contents == nil {
			continue
		}
		used, err := w.part(ctx, in, q, w.name(in, q.Format, q.Offset), 0)
		if err != nil {
			return err
		}
		skip = q.Offset + max(q.Size, used)
	}
	return nil
}

func (w *walk) unreadable(l layer, p *format.Part) error {
	kind := NotRead
	for _, g := range p.Guards {
		if g.Kind == format.Encryption {
			kind = IsEncrypted
			if l.volume < 0 && !l.decoded {
				w.opaque.Add(p.Size)
			}
			break
		}
	}
	return w.gap(l.gap(p.Offset, kind, p.Format+": "+p.Opaque))
}

// sealed tells of pieces that say that they are encrypted, in a part whose rest
// is read.
func (w *walk) sealed(l layer, p *format.Part) error {
	for _, g := range p.Guards {
		if g.Kind != format.Encryption || g.Undone {
			continue
		}
		if err := w.gap(l.gap(g.Offset, IsEncrypted, strings.TrimSpace(p.Format+": "+g.Scheme+" "+g.Note))); err != nil {
			return err
		}
	}
	return nil
}

// vars gives variables out as a file of lines.
func (w *walk) vars(l layer, p *format.Part) error {
	var b bytes.Buffer
	for _, v := range p.Vars {
		fmt.Fprintf(&b, "%s=%s\n", v.Name, v.Value)
	}
	return w.give(Raw{Volume: l.volume, Path: l.path, Offset: l.base + p.Offset, Format: p.Format, Data: b.Bytes(), Vars: p.Vars})
}

func (w *walk) give(r Raw) error {
	if err := w.v.Raw(r); err != nil {
		return w.emit(func() error { return err })
	}
	return nil
}

func (w *walk) region(ctx context.Context, l layer, p *format.Part, r format.Region) error {
	if r.Size <= 0 {
		return nil
	}
	if r.Offset < 0 || r.Offset >= l.src.Size() {
		return w.gap(l.gap(p.Offset, format.Truncated, fmt.Sprintf("%s: %s stands at %d, behind the end at %d", p.Format, format.Printable(r.Name), r.Offset, l.src.Size())))
	}
	in := l
	in.src = format.Section(l.src, r.Offset, r.Size)
	in.base = l.base + r.Offset
	if r.Name != "" {
		in.path = w.name(l, r.Name, r.Offset)
	} else if len(p.Regions) > 1 {
		in.path = w.name(l, "part", r.Offset)
	}
	return w.source(ctx, in, r.Try)
}

// contents goes into what is behind an encoding.
func (w *walk) contents(ctx context.Context, l layer, p *format.Part) (used int64, err error) {
	list, err := p.Contents(ctx, format.Limits{File: w.lim.File, Total: w.lim.Total, Entries: w.lim.Entries})
	if err != nil {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		if err := w.gap(l.gap(p.Offset, kindOf(err), p.Format+": "+err.Error())); err != nil {
			return 0, err
		}
	}
	for _, c := range list {
		in := l
		if c.Name != "" {
			in.path = w.name(l, format.Printable(c.Name), p.Offset)
		}
		if c.Source != nil {
			in.src, in.base, in.decoded = c.Source, 0, true
			if err := w.source(ctx, in, c.Try); err != nil {
				return 0, err
			}
			continue
		}
		n, err := w.stream(ctx, in, p, c)
		if err != nil {
			return 0, err
		}
		used = max(used, n)
	}
	return used, nil
}

// consumer is a stream that knows, at its end, how many bytes it took.
type consumer interface{ Consumed() int64 }

func (w *walk) stream(ctx context.Context, l layer, p *format.Part, c format.Content) (used int64, err error) {
	data, release, err := w.slurp(ctx, c.Stream, c.Size, l.large)
	defer release()
	if k, ok := c.Stream.(consumer); ok && err == nil {
		used = k.Consumed()
	}
	if err != nil {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		if err := w.gap(l.gap(p.Offset, kindOf(err), fmt.Sprintf("%s: after %d decoded bytes: %v", p.Format, len(data), err))); err != nil {
			return 0, err
		}
	}
	in := l
	in.src, in.base, in.decoded, in.large = bytes.NewReader(data), 0, true, l.large || len(data) > largeFile
	return used, w.source(ctx, in, c.Try)
}

// largeFile is from where on a file or layer is alone in memory: whoever reads
// another one waits until it was visited.
const largeFile = 32 << 20

// slurp reads a stream into memory, at most Limits.File bytes of it. release
// must be called when the bytes aren't needed any more; held says that the
// caller has the place of large things already.
func (w *walk) slurp(ctx context.Context, r io.Reader, hint int64, held bool) (b []byte, release func(), err error) {
	release = func() {}
	limit := min(w.lim.File, w.lim.Total-w.spent.Load())
	if limit <= 0 {
		return nil, release, fmt.Errorf("%w: %d bytes were decoded in all", format.ErrLimit, w.lim.Total)
	}
	// A header's word is taken only as far as it costs little.
	b = make([]byte, 0, min(max(hint, 4096)+1, 256<<10, limit+1))
	for {
		if err = ctx.Err(); err != nil {
			break
		}
		if len(b) > largeFile && !held {
			held = true
			w.big.Lock()
			release = w.big.Unlock
		}
		if len(b) == cap(b) {
			b = slices.Grow(b, int(min(int64(len(b)), max(limit+1-int64(len(b)), 1))))
		}
		var n int
		n, err = r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if int64(len(b)) > limit {
			b, err = b[:limit], fmt.Errorf("%w: only the first %d bytes are read", format.ErrLimit, limit)
		}
		if err != nil {
			break
		}
	}
	w.spent.Add(int64(len(b)))
	if err == io.EOF {
		err = nil
	}
	return b, release, err
}

func kindOf(err error) string {
	switch {
	case errors.Is(err, format.ErrLimit):
		return Limit
	case errors.Is(err, format.ErrUnsupported):
		return NotRead
	}
	return format.Damaged
}

// rawLimit bounds bytes without a format that are given out as one file.
const rawLimit = 64 << 20

// raw gives out a range as it stands.
func (w *walk) raw(l layer, kind string, off, size int64, code bool) error {
	if size <= 0 {
		size = l.src.Size() - off
	}
	cut := size > rawLimit
	b := make([]byte, min(size, rawLimit))
	if err := format.ReadAt(l.src, b, off); err != nil {
		return w.gap(l.gap(off, format.Damaged, err.Error()))
	}
	if cut {
		if err := w.gap(l.gap(off, Limit, fmt.Sprintf("only the first %d bytes are inspected", rawLimit))); err != nil {
			return err
		}
	}
	if code {
		w.code.Add(1)
	} else {
		w.plain.Add(1)
	}
	return w.give(Raw{Volume: l.volume, Path: l.path, Offset: l.base + off, Format: kind, Data: b})
}
