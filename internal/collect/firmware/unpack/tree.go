package unpack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync"

	"assay/internal/collect/firmware/format"
)

// tree is a volume that is being walked.
type tree struct {
	w     *walk
	l     layer // that it stands in
	id    int
	image bool // it holds an image's parts, not a root file system: its files are searched whole

	mu    sync.Mutex
	names int
	files int
	bytes int64
	roots map[string]bool
}

// rootNames stand at the top of a root file system (FHS 3.0, 3.2).
var rootNames = []string{"bin", "dev", "etc", "home", "init", "lib", "linuxrc", "mnt", "opt", "proc", "root", "sbin", "sys", "tmp", "usr", "var"}

// open walks a tree of files.
func (w *walk) open(ctx context.Context, l layer, p *format.Part) error {
	lim := format.Limits{File: w.lim.File, Total: max(w.lim.Total-w.spent.Load(), 1), Entries: max(w.lim.Entries-int(w.entries.Load()), 1)}
	vol, err := p.Open(ctx, lim)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return w.gap(l.gap(p.Offset, kindOf(err), p.Format+": "+err.Error()))
	}
	t := &tree{w: w, l: l, roots: make(map[string]bool)}
	start := Volume{Parent: l.volume, Within: l.path, Format: p.Format, Offset: l.base + p.Offset}
	err = w.emit(func() error {
		t.id = w.volumes
		w.volumes++
		start.ID = t.id
		return w.v.Volume(start)
	})
	if err != nil {
		return err
	}
	// A file that a container of an update holds may begin with a vendor's
	// header; inside of a root file system only what begins as an image is one.
	t.image = l.volume < 0 && archive(p.Format)
	if err := t.walk(ctx, vol); err != nil {
		return err
	}
	kept, dropped := vol.Problems()
	for _, q := range kept {
		kind := q.Kind
		if kind == format.TooMany || kind == format.TooBig {
			kind = Limit
		}
		g := Gap{Volume: t.id, Path: q.Path, Offset: l.base + p.Offset + max(q.Offset, 0), Kind: kind, Detail: p.Format + ": " + q.Kind + ": " + q.Detail}
		if err := w.gap(g); err != nil {
			return err
		}
	}
	if dropped > 0 {
		if err := w.gap(Gap{Volume: t.id, Offset: l.base + p.Offset, Kind: format.Damaged, Detail: fmt.Sprintf("%d more problems", dropped)}); err != nil {
			return err
		}
	}
	if t.names > 0 {
		w.trees.Add(1)
	}
	start.Done, start.Names, start.Files, start.Bytes, start.Roots = true, t.names, t.files, t.bytes, len(t.roots)
	return w.emit(func() error { return w.v.Volume(start) })
}

func archive(f string) bool {
	switch f {
	case "cpio", "tar", "zip", "ar", "rpm":
		return true
	}
	return false
}

// walk visits the entries of a tree, on several cores where it is the only one
// that is being walked.
func (t *tree) walk(ctx context.Context, vol format.Volume) error {
	w := t.w
	if p, ok := vol.(format.Parallel); ok {
		workers := w.lim.Workers
		if t.l.alone {
			workers = 1
		}
		err := p.Each(ctx, workers, func(_ int, e format.Entry, data []byte, err error) error {
			return t.visit(ctx, e, data, err)
		})
		return t.ended(ctx, err)
	}
	visit := func(e format.Entry, data []byte, err error, _ bool) error { return t.visit(ctx, e, data, err) }
	wait := func() error { return nil }
	if !t.l.alone {
		visit, wait = t.pool(ctx)
	}
	err := vol.Walk(ctx, func(e format.Entry, content io.Reader) error {
		if e.Type != format.File || !t.wanted(e) {
			return visit(e, nil, nil, false)
		}
		data, err := t.read(ctx, content, e.Size)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return visit(e, data, err, true)
	})
	return t.ended(ctx, errors.Join(err, wait()))
}

func (t *tree) wanted(e format.Entry) bool {
	return t.w.wants == nil || t.w.wants.Wants(t.id, e)
}

// ended tells errors that end the walk from those of the tree.
func (t *tree) ended(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	t.w.mu.Lock()
	failed := t.w.failed
	t.w.mu.Unlock()
	if failed != nil {
		return failed
	}
	g := t.l.gap(0, kindOf(err), err.Error())
	g.Volume, g.Path = t.id, ""
	return t.w.gap(g)
}

// read takes a file's content into memory of its own.
func (t *tree) read(ctx context.Context, r io.Reader, size int64) ([]byte, error) {
	const large = 32 << 20
	if size > large {
		t.w.big.Lock()
		defer t.w.big.Unlock()
	}
	return t.w.slurp(ctx, r, size)
}

// pool visits in goroutines of its own; the bytes in flight are bounded.
func (t *tree) pool(ctx context.Context) (visit func(format.Entry, []byte, error, bool) error, wait func() error) {
	type job struct {
		e    format.Entry
		data []byte
		err  error
	}
	const large = 8 << 20
	jobs := make(chan job, 4*t.w.lim.Workers)
	ctx, cancel := context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	for range t.w.lim.Workers {
		wg.Go(func() {
			for j := range jobs {
				if ctx.Err() != nil {
					continue
				}
				if err := t.visit(ctx, j.e, j.data, j.err); err != nil {
					cancel(err)
				}
			}
		})
	}
	visit = func(e format.Entry, data []byte, err error, _ bool) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if len(data) > large {
			return t.visit(ctx, e, data, err)
		}
		select {
		case jobs <- job{e, data, err}:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	wait = func() error {
		close(jobs)
		wg.Wait()
		err := context.Cause(ctx)
		cancel(nil)
		return err
	}
	return visit, wait
}

// visit is one entry, from any goroutine.
func (t *tree) visit(ctx context.Context, e format.Entry, data []byte, err error) error {
	w := t.w
	if n := w.entries.Add(1); n > int64(w.lim.Entries) {
		return fmt.Errorf("%w: more than %d names", format.ErrLimit, w.lim.Entries)
	}
	t.mu.Lock()
	t.names++
	if e.Type == format.File {
		t.files++
		t.bytes += int64(len(data))
	}
	if top := strings.TrimPrefix(e.Path, "/"); slices.Contains(rootNames, top) {
		t.roots[top] = true
	}
	t.mu.Unlock()
	nested := false
	if e.Type == format.File && len(data) > 0 && t.wanted(e) {
		parts, nerr := t.inside(ctx, e, data)
		if nerr != nil {
			return nerr
		}
		nested = parts
	}
	if ferr := w.v.File(t.id, e, data, nested, err); ferr != nil {
		return w.emit(func() error { return ferr })
	}
	if err != nil {
		return w.gap(Gap{Volume: t.id, Path: e.Path, Kind: kindOf(err), Detail: err.Error()})
	}
	return nil
}

// inside goes into a file that is a container or an image; it says whether it
// did.
func (t *tree) inside(ctx context.Context, e format.Entry, data []byte) (bool, error) {
	l := layer{volume: t.id, path: e.Path, src: bytes.NewReader(data), depth: t.l.depth + 1, decoded: true, alone: true}
	// At the top of an image, the files of an archive are the image's parts: they
	// are gone through with all cores.
	l.alone = !t.image || t.l.alone || len(data) < 1<<20
	if t.image && len(data) >= 512 && !elf(data) {
		lay, err := t.w.fs.scan(ctx, l.src, nil, t.w.lim.Parts)
		if err != nil {
			return false, err
		}
		if len(lay.parts) == 0 {
			return false, nil
		}
		high, _ := lay.blocks.high(l.src.Size())
		return true, t.w.parts(ctx, l, lay, high)
	}
	p, err := t.w.fs.At(ctx, l.src, nil, false)
	if err != nil || p == nil {
		return false, err
	}
	if p.Open == nil && p.Contents == nil && len(p.Regions) == 0 && p.Opaque == "" {
		return false, nil // it is looked at as it stands
	}
	if l.depth > t.w.lim.Depth {
		return true, t.w.gap(l.gap(0, format.TooDeep, fmt.Sprintf("more than %d containers in each other", t.w.lim.Depth)))
	}
	if (p.Open != nil || len(p.Regions) > 0) && !imageName(e.Path) && p.Offset+p.Size < l.src.Size()/2 {
		return false, nil // a small thing at the beginning of something else
	}
	_, err = t.w.part(ctx, l, p, e.Path, 0)
	return true, err
}

func elf(b []byte) bool { return bytes.HasPrefix(b, []byte("\x7fELF")) }

func imageName(p string) bool {
	switch path.Ext(strings.ToLower(p)) {
	case ".img", ".bin", ".fw", ".ubi", ".squashfs", ".sqfs", ".jffs2", ".upd", ".pkg", ".rom", ".itb", ".swu":
		return true
	}
	return false
}
