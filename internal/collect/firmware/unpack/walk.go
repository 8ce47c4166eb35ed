package unpack

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
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
// What v is told depends on the image alone, but for its order.
func (fs *Formats) Walk(ctx context.Context, s format.Source, lim Limits, v Visitor) (Image, error) {
	if s.Size() <= 0 {
		return Image{Status: Unknown, Reason: "the image is empty"}, ErrEmpty
	}
	lim = lim.defaults()
	again, _ := v.(Restarter)
	img, err := fs.walk(ctx, s, lim, v, again != nil && lim.Workers > 1)
	if errors.Is(err, errAgain) {
		if err := again.Restart(); err != nil {
			return img, err
		}
		lim.Workers = 1
		img, err = fs.walk(ctx, s, lim, v, false)
	}
	return img, err
}

func (fs *Formats) walk(ctx context.Context, s format.Source, lim Limits, v Visitor, shared bool) (Image, error) {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w := &walk{fs: fs, v: v, lim: lim, budget: budget{lim: lim, shared: shared}, gaps: gaps{max: lim.Gaps}, ids: make(map[int]bool), cancel: cancel}
	w.wants, _ = v.(Selector)
	w.namer, _ = v.(Namer)
	img, err := w.image(inner, s)
	if w.failed == nil { // what was found out is told also where the time was up
		if w.tooMany() != nil {
			return img, w.failed
		}
		for _, g := range w.gaps.all() {
			if w.emit(func() error { return v.Gap(g) }) != nil {
				return img, w.failed
			}
		}
		if w.unseal() != nil {
			return img, w.failed
		}
	}
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
	fs     *Formats
	v      Visitor
	wants  Selector // nil: all
	namer  Namer
	lim    Limits
	budget budget
	cancel context.CancelCauseFunc

	trees  atomic.Int64 // with at least one entry
	code   atomic.Int64 // programs that were given out
	plain  atomic.Int64 // bytes of other ranges that were, variables too
	opaque atomic.Int64 // bytes of the image that say that they are encrypted
	noise  atomic.Int64 // bytes of the image that no format explains and that look like noise
	equal  bool         // the image is one byte over and over

	mu    sync.Mutex // of calls of v but File, Name and Raw, and of what follows
	ids   map[int]bool
	gaps  gaps
	known []string // formats that were recognised
	keys  []key
	held  []held // parts that wait for keys
	// How many of both were more than are kept.
	moreKeys, moreHeld int
	checks             int // of signatures with keys
	failed             error
	big                sync.Mutex // one large file in memory at a time
}

// layer is a source that is being gone through.
type layer struct {
	volume  int    // in one of whose files it stands; -1
	path    string // of the file, or the chain of names; "" for the image
	src     format.Source
	mem     []byte // src, where it is in memory
	base    int64  // of src in the image or decoded layer
	decoded bool
	depth   int
	alone   bool            // no other goroutines: the walk is inside of a file
	large   bool            // what it stands in holds the place of the one large thing in memory
	above   int64           // bytes in memory that it stands in
	names   *names          // of the image, or of the file that it stands in
	content []byte          // SHA-256 of the file that it stands in
	packed  bool            // a program is packed in it
	beside  <-chan struct{} // closed when what is decoded beside a tree in it was; nil: nothing is
	program bool            // it is that program
}

// part is the layer of a range of this one.
func (l layer) part(off, size int64) layer {
	l.src, l.base = format.Section(l.src, off, size), l.base+off
	if l.mem != nil {
		l.mem = l.mem[min(off, int64(len(l.mem))):min(off+size, int64(len(l.mem)))]
	}
	return l
}

// locked calls fn under the lock, unless the walk has failed.
func (w *walk) locked(fn func() error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed != nil {
		return w.failed
	}
	return fn()
}

// emit calls v under the lock. The first failure ends the walk.
func (w *walk) emit(fn func() error) error {
	return w.locked(func() error {
		if err := fn(); err != nil {
			w.failed = err
			w.cancel(err)
		}
		return w.failed
	})
}

func (w *walk) fail(err error) error { return w.emit(func() error { return err }) }

// enters says that something at path or below it is wanted.
func (w *walk) enters(l layer) bool {
	return w.wants == nil || l.path == "" || w.wants.Enters(l.volume, l.path)
}

func (w *walk) image(ctx context.Context, s format.Source) (Image, error) {
	img := Image{Size: s.Size()}
	l := layer{volume: -1, src: s, names: newNames()}
	lay, err := w.fs.scan(ctx, s, w.search(l, nil))
	if err != nil {
		return img, fmt.Errorf("unpack: %w", err)
	}
	high, share := lay.blocks.packed(s.Size())
	entropy := lay.blocks.entropy(0, s.Size())
	img.Entropy, img.High, w.equal = round(entropy), round(share), entropy == 0
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
	case w.equal:
		return Erased, fmt.Sprintf("erased or padding: %d equal bytes", img.Size)
	case opaque*2 > img.Size:
		return Encrypted, "it says that it is encrypted: " + strings.Join(w.known, ", ")
	case w.noise.Load()*2 > img.Size:
		return Encrypted, fmt.Sprintf("encrypted or packed in an unknown way: %.0f %% of %d bytes, entropy %.2f", 100*float64(w.noise.Load())/float64(img.Size), img.Size, img.Entropy)
	case len(w.known) > 0 && w.plain.Load() > w.noise.Load():
		return Readable, fmt.Sprintf("%d bytes without a file system read, of %s", w.plain.Load(), strings.Join(w.known, ", "))
	case len(w.known) > 0:
		return Unread, "recognised, nothing in it is read: " + strings.Join(w.known, ", ")
	}
	return Unknown, fmt.Sprintf("no known format: entropy %.2f over %d bytes", img.Entropy, img.Size)
}

// kernelBanner is what every Linux kernel says of itself.
const kernelBanner = "Linux version "

// search says how a layer is searched. What is packed in a kernel's loader is
// a program where it says so itself.
func (w *walk) search(l layer, try []string) search {
	return search{try: try, parts: w.lim.Parts, alone: l.alone || w.lim.Workers == 1, program: l.program && bytes.Contains(l.mem, []byte(kernelBanner))}
}

// source goes through a range or a decoded layer.
func (w *walk) source(ctx context.Context, l layer, try []string) error {
	if l.src.Size() == 0 || !w.enters(l) {
		return nil
	}
	if l.depth > w.lim.Depth {
		return w.gap(l.gap(0, format.TooDeep, fmt.Sprintf("more than %d containers in each other", w.lim.Depth)))
	}
	lay, err := w.fs.scan(ctx, l.src, w.search(l, try))
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		return w.gap(l.gap(0, kindOf(err), err.Error()))
	}
	high, _ := lay.blocks.packed(l.src.Size())
	return w.parts(ctx, l, lay, high)
}

// parts goes through what was found in a source, and what was not.
func (w *walk) parts(ctx context.Context, l layer, lay *layout, high []bool) error {
	if lay.cut != "" {
		if err := w.gap(l.gap(lay.cutAt, Limit, lay.cut)); err != nil {
			return err
		}
	}
	for _, p := range lay.banners {
		if _, err := w.part(ctx, l, lay, p, l.path); err != nil {
			return err
		}
	}
	// What follows a stream without a stated end may stand in it.
	endless := slices.ContainsFunc(lay.parts, func(p *format.Part) bool { return p.Size <= 0 && p.Contents != nil })
	stated := make(map[*format.Part]bool)
	called := make(map[*format.Part]string)
	path := func(p *format.Part) string {
		if called[p] == "" {
			called[p] = l.name(p.Format, p.Offset)
		}
		return called[p]
	}
	if l.path != "" && len(lay.parts) == 1 && lay.parts[0].Offset == 0 {
		called[lay.parts[0]] = l.path
	}
	var trees, rest []*format.Part
	for _, p := range lay.parts {
		stated[p] = p.Size > 0
		if !endless {
			path(p)
		}
		if p.Open != nil && !l.alone && !endless && w.lim.Workers > 1 {
			trees = append(trees, p)
		} else {
			rest = append(rest, p)
		}
	}
	var wg sync.WaitGroup
	var err error
	// Trees decode on all cores; what is decoded from end to end beside them has
	// one of these until it ends: it would else be what the walk waits for.
	done := make(chan struct{})
	beside := l
	beside.beside = done
	wg.Go(func() { trees, err = w.all(ctx, beside, lay, trees, func(p *format.Part) string { return called[p] }) })
	var err2 error
	func() {
		defer close(done)
		rest, err2 = w.all(ctx, l, lay, rest, path)
	}()
	wg.Wait()
	open := make(map[int64]bool) // where streams end whose end wasn't known before
	for _, p := range rest {
		if endless && p.Contents != nil && p.Size > 0 && !stated[p] {
			open[p.Offset+p.Size] = true
		}
	}
	lay.parts = append(trees, rest...)
	slices.SortFunc(lay.parts, func(a, b *format.Part) int { return cmp.Compare(a.Offset, b.Offset) })
	if err = errors.Join(err, err2); err != nil {
		return err
	}
	return w.between(ctx, l, lay, high, open)
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
		used, err := w.part(ctx, l, lay, p, path(p))
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
