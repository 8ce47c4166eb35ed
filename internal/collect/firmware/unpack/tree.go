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
		last := make([]*byte, workers) // the content that each of them saw last
		err := p.Each(ctx, workers, func(i int, e format.Entry, data []byte, err error) error {
			again := false // names of one content come one after the other
			if len(data) > 0 {
				again, last[i] = last[i] == &data[0] && e.Links > 1, &data[0]
			}
			return t.visit(ctx, e, data, err, again)
		})
		return t.ended(ctx, err)
	}
	visit := func(e format.Entry, data []byte, err error) error { return t.visit(ctx, e, data, err, false) }
	wait := func() error { return nil }
	if !t.l.alone {
		visit, wait = t.pool(ctx)
	}
	err := vol.Walk(ctx, func(e format.Entry, content io.Reader) error {
		if e.Type != format.File || !t.wanted(e) {
			return visit(e, nil, nil)
		}
		data, release, err := w.slurp(ctx, content, e.Size, t.l.large)
		defer release()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return visit(e, data, err)
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

// pool visits in goroutines of its own; the bytes in flight are bounded.
func (t *tree) pool(ctx context.Context) (visit func(format.Entry, []byte, error) error, wait func() error) {
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
				if err := t.visit(ctx, j.e, j.data, j.err, false); err != nil {
					cancel(err)
				}
			}
		})
	}
	visit = func(e format.Entry, data []byte, err error) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if len(data) > large {
			return t.visit(ctx, e, data, err, false)
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

// visit is one entry, from any goroutine. again says that its content was
// visited under another name just before.
func (t *tree) visit(ctx context.Context, e format.Entry, data []byte, err error, again bool) error {
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
	nested := again
	if e.Type == format.File && len(data) > 0 && !again && t.wanted(e) {
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
	w := t.w
	l := layer{volume: t.id, path: e.Path, src: bytes.NewReader(data), depth: t.l.depth + 1, decoded: true, large: t.l.large || len(data) > largeFile}
	// At the top of an image, the files of an archive are the image's parts: they
	// are gone through with all cores.
	l.alone = !t.image || t.l.alone || len(data) < 1<<20
	if elf(data) {
		return false, nil
	}
	// An update's members, and files that are called images, may begin with a
	// vendor's header; of all others the first bytes say what they are.
	anywhere := len(data) >= 512 && (t.image || imageName(e.Path))
	if !anywhere {
		p, err := w.fs.At(ctx, l.src, nil, false)
		if err != nil {
			return false, err
		}
		if p == nil || p.Open == nil && p.Contents == nil && len(p.Regions) == 0 && p.Opaque == "" {
			return false, t.weigh(e, data)
		}
		if (p.Open != nil || len(p.Regions) > 0) && p.Offset+p.Size < l.src.Size()/2 {
			return false, nil // a small thing at the beginning of something else
		}
	}
	if l.depth > w.lim.Depth {
		return true, w.gap(l.gap(0, format.TooDeep, fmt.Sprintf("more than %d containers in each other", w.lim.Depth)))
	}
	lay, err := w.fs.scan(ctx, l.src, nil, w.lim.Parts)
	if err != nil {
		return false, err
	}
	if len(lay.parts) == 0 {
		return false, t.weigh(e, data)
	}
	packed, _ := lay.blocks.packed(l.src.Size())
	return true, w.parts(ctx, l, lay, packed)
}

// weigh tells of a file that looks encrypted or packed in an unknown way: that
// nothing was found in it says nothing. Media and what is random by its nature
// are left out.
func (t *tree) weigh(e format.Entry, data []byte) error {
	const least = 4096
	if len(data) < least || medium(e.Path, data) {
		return nil
	}
	n := min(len(data), 1<<20)
	head, tail := entropyOf(data[:n]), entropyOf(data[len(data)-n:])
	if bound := noise(int64(n)) - 0.03; head < bound && tail < bound {
		return nil
	}
	return t.w.gap(Gap{Volume: t.id, Path: e.Path, Kind: Unrecognised,
		Detail: fmt.Sprintf("%d bytes, entropy %.2f: no format recognised; encrypted, or packed in an unknown way", len(data), max(head, tail))})
}

// media are the first bytes of pictures, sounds, films, fonts and archives that
// hold no settings.
var media = []string{"\xff\xd8\xff", "\x89PNG", "GIF8", "RIFF", "OggS", "ID3", "\xff\xfb", "\xff\xf3", "\xff\xf1", "fLaC", "\x1aE\xdf\xa3", "wOFF", "wOF2", "OTTO", "%PDF", "BM", "\x00\x00\x01\x00", "FWS", "CWS"}

func medium(name string, data []byte) bool {
	for _, m := range media {
		if bytes.HasPrefix(data, []byte(m)) {
			return true
		}
	}
	if len(data) > 12 && string(data[4:8]) == "ftyp" {
		return true
	}
	base := path.Base(name)
	return strings.Contains(base, "random-seed") || strings.Contains(base, "random_seed") || base == "urandom.seed" || base == "dh.pem"
}

func elf(b []byte) bool { return bytes.HasPrefix(b, []byte("\x7fELF")) }

func imageName(p string) bool {
	switch path.Ext(strings.ToLower(p)) {
	case ".img", ".bin", ".fw", ".ubi", ".squashfs", ".sqfs", ".jffs2", ".upd", ".pkg", ".rom", ".itb", ".swu":
		return true
	}
	return false
}
