package unpack

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	below map[string]map[string]bool // of each folder at its top, and of the top: names of a root file system in it
	links links
	odd   []Gap // contents that aren't whole
}

// rootNames stand at the top of a root file system (FHS 3.0, 3.2).
var rootNames = []string{"bin", "dev", "etc", "home", "init", "lib", "linuxrc", "mnt", "opt", "proc", "root", "sbin", "sys", "tmp", "usr", "var"}

// open walks a tree of files.
func (w *walk) open(ctx context.Context, l layer, p *format.Part) error {
	lim := format.Limits{File: w.lim.File, Total: max(w.budget.left(), 1), Entries: w.budget.entries()}
	vol, err := p.Open(ctx, lim)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return w.gap(l.gap(p.Offset, kindOf(err), p.Format+": "+err.Error()))
	}
	t := &tree{w: w, l: l, roots: make(map[string]bool), below: make(map[string]map[string]bool), links: make(links)}
	told := Volume{Parent: l.volume, Within: l.path, Format: p.Format, Offset: l.base + p.Offset}
	err = w.emit(func() error {
		// The same id twice is the same bytes under the same name.
		for t.id = l.identify(told); w.ids[t.id]; t.id++ {
		}
		w.ids[t.id] = true
		told.ID = t.id
		return w.v.Volume(told)
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
	if err := t.problems(vol, l.base+p.Offset, p.Format); err != nil {
		return err
	}
	if t.names > 0 {
		w.trees.Add(1)
	}
	for _, names := range t.below {
		told.Like = max(told.Like, len(names))
	}
	told.Done, told.Names, told.Files, told.Bytes, told.Roots, told.Note = true, t.names, t.files, t.bytes, len(t.roots), t.links.note()
	return w.emit(func() error { return w.v.Volume(told) })
}

func archive(f string) bool {
	switch f {
	case "cpio", "tar", "zip", "ar", "rpm":
		return true
	}
	return false
}

// problems tells what was odd in the tree; what the volume tells of a file whose
// content isn't whole says more than the content's error.
func (t *tree) problems(vol format.Volume, at int64, name string) error {
	kept, dropped := vol.Problems()
	told := make(map[string]bool)
	for _, q := range kept {
		if q.Shared && t.w.budget.shared {
			return t.w.fail(errAgain)
		}
		told[q.Path] = true
		if err := t.w.gap(problem(t.id, at, name, q)); err != nil {
			return err
		}
	}
	for _, g := range t.odd {
		if told[g.Path] {
			continue
		}
		if err := t.w.gap(g); err != nil {
			return err
		}
	}
	if dropped > 0 {
		return t.w.gap(Gap{Volume: t.id, Offset: at, Kind: format.Damaged, Detail: fmt.Sprintf("%s: %d more problems", name, dropped)})
	}
	return nil
}

// walk visits the entries of a tree, on several cores where it is the only one
// that is being walked.
func (t *tree) walk(ctx context.Context, vol format.Volume) error {
	// Who wants only some files has only those decoded.
	if p, ok := vol.(format.Parallel); ok && t.w.wants == nil {
		workers := t.w.lim.Workers
		if t.l.alone {
			workers = 1
		}
		first := make([]string, workers) // the name of the content that each of them saw last
		return t.ended(ctx, p.Each(ctx, workers, func(i int, e format.Entry, data []byte, err error) error {
			if i > 0 && i == workers-1 && len(data) < large {
				t.giveWay(ctx) // who has something large holds what others wait for
			}
			if !e.Again {
				first[i] = e.Path
				if err := t.w.budget.spend(int64(len(data))); err != nil {
					return t.limit(err)
				}
				return t.visit(ctx, e, data, err)
			}
			return t.again(e, first[i], data, err)
		}))
	}
	q := t.queue(ctx)
	err := vol.Walk(ctx, func(e format.Entry, content io.Reader) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return t.entry(ctx, q, e, content)
	})
	return t.ended(ctx, errors.Join(err, q.wait()))
}

// giveWay waits until what is decoded beside the tree needs no core of its own.
func (t *tree) giveWay(ctx context.Context) {
	if t.l.beside == nil {
		return
	}
	select {
	case <-t.l.beside:
	case <-ctx.Done():
	}
}

// entry visits one entry of a volume that has them one after the other.
func (t *tree) entry(ctx context.Context, q *queue, e format.Entry, content io.Reader) error {
	if e.Type != format.File || !t.wanted(e) {
		return q.add(job{e: e})
	}
	linked := e.Links > 1 && e.Inode != 0 && t.w.namer != nil
	if linked {
		if f := q.linked[e.Inode]; f != nil {
			return q.add(job{e: e, first: f})
		}
	}
	data, release, err := t.w.slurp(ctx, content, e.Size, t.l)
	defer release()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	j := job{e: e, data: data, err: err}
	if linked && err == nil {
		j.own = &shared{path: e.Path, seen: make(chan struct{})}
		q.linked[e.Inode] = j.own
	}
	return q.add(j)
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

// count notes a name.
func (t *tree) count(e format.Entry, content int64) error {
	if err := t.w.budget.name(); err != nil {
		return t.limit(err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.names++
	if e.Type == format.File {
		t.files++
		t.bytes += content
	}
	if top := strings.TrimPrefix(e.Path, "/"); slices.Contains(rootNames, top) {
		t.roots[top] = true
	}
	first, rest, _ := strings.Cut(strings.TrimPrefix(e.Path, "/"), "/")
	second, _, _ := strings.Cut(rest, "/")
	t.like("", first)
	t.like(first, second)
	if e.Type == format.Symlink {
		t.links.add(e.Path, e.Target)
	}
	return nil
}

// like notes a name of a root file system in the folder dir.
func (t *tree) like(dir, name string) {
	const most = 64 // folders at the top of an archive
	if !slices.Contains(rootNames, name) {
		return
	}
	names := t.below[dir]
	if names == nil {
		if len(t.below) >= most {
			return
		}
		names = make(map[string]bool)
		t.below[dir] = names
	}
	names[name] = true
}

// limit is the error of a limit: of the tree, or of a walk that begins again.
func (t *tree) limit(err error) error {
	if errors.Is(err, errAgain) {
		return t.w.fail(err)
	}
	return err
}

// visit is one entry, from any goroutine.
func (t *tree) visit(ctx context.Context, e format.Entry, data []byte, err error) error {
	if err := t.count(e, int64(len(data))); err != nil {
		return err
	}
	nested := false
	if e.Type == format.File && len(data) > 0 && t.wanted(e) {
		var ierr error
		if nested, ierr = t.inside(ctx, e, data); ierr != nil {
			return ierr
		}
	}
	if ferr := t.w.v.File(t.id, e, data, nested, err); ferr != nil {
		return t.w.fail(ferr)
	}
	if err == nil {
		return nil
	}
	if errors.Is(err, format.ErrShared) && t.w.budget.shared {
		return t.w.fail(errAgain)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.odd) < t.w.lim.Entries {
		t.odd = append(t.odd, Gap{Volume: t.id, Path: e.Path, Kind: kindOf(err), Detail: err.Error()})
	}
	return nil
}

// again is another name of a content that was visited.
func (t *tree) again(e format.Entry, first string, data []byte, err error) error {
	if err := t.count(e, 0); err != nil {
		return err
	}
	if t.w.namer != nil {
		err = t.w.namer.Name(t.id, e, first)
	} else {
		err = t.w.v.File(t.id, e, data, true, err)
	}
	if err != nil {
		return t.w.fail(err)
	}
	return nil
}
