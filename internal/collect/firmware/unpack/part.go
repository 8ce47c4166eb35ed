package unpack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"assay/internal/collect/firmware/format"
)

// part tells of a part and goes into it. used is how many bytes a stream
// without a stated size took; 0 where that isn't known.
func (w *walk) part(ctx context.Context, l layer, lay *layout, p *format.Part, path string) (used int64, err error) {
	in := l
	in.path, in.program = path, false
	if !w.enters(in) {
		return 0, nil
	}
	// A banner or a checksum has no content: what it says is all there is.
	read := p.Open != nil || p.Contents != nil || len(p.Regions) > 0 || p.Code || p.Data || len(p.Vars) > 0 || len(p.Guards) > 0 || len(p.Systems) > 0
	tell := func(size int64) error {
		if l.volume >= 0 && p.Open == nil && len(p.Regions) == 0 && len(p.Guards) == 0 && p.Opaque == "" {
			return nil
		}
		entropy := 0.0
		if lay != nil {
			entropy = round(lay.blocks.entropy(p.Offset, max(size, 1)))
		}
		return w.emit(func() error {
			w.known = append(w.known, p.Format)
			if err := w.carve(in, p.Offset, size); err != nil {
				return err
			}
			told := Part{Volume: l.volume, Path: path, Offset: l.base + p.Offset, Decoded: l.decoded, Size: size, Format: p.Format,
				Name: p.Name, Note: p.Note, Entropy: entropy, Read: read && p.Opaque == "", Guards: p.Guards, Systems: p.Systems}
			if later, err := w.hold(told, p); later || err != nil {
				return err
			}
			return w.v.Part(told)
		})
	}
	// How long a stream without a stated end is turns out when it was decoded.
	endless := p.Size <= 0 && p.Contents != nil
	if !endless {
		if err := tell(p.Size); err != nil {
			return 0, err
		}
	}
	for _, q := range p.Problems {
		if err := w.gap(in.gap(q.Offset, q.Kind, q.Detail)); err != nil {
			return 0, err
		}
	}
	if used, err = w.into(ctx, in, p); err != nil {
		return 0, err
	}
	if endless {
		if err := tell(used); err != nil {
			return 0, err
		}
	}
	if !read && p.Opaque == "" {
		return 0, w.gap(in.gap(p.Offset, NotRead, strings.TrimSpace(p.Format+": "+p.Note)))
	}
	return used, nil
}

// carve shows bytes of a layer, whose path is theirs, to who wants them. It is
// called under the lock.
func (w *walk) carve(l layer, off, size int64) error {
	if c, ok := w.v.(Carver); ok {
		return c.Carve(l.volume, l.path, l.src, off, size)
	}
	return nil
}

// into goes into all that a part holds; l has its name.
func (w *walk) into(ctx context.Context, l layer, p *format.Part) (used int64, err error) {
	if p.Opaque != "" {
		err = w.unreadable(l, p)
	} else {
		err = w.sealed(l, p)
	}
	if err != nil {
		return 0, err
	}
	l.depth++
	if len(p.Vars) > 0 {
		if err := w.vars(l, p); err != nil {
			return 0, err
		}
	}
	if p.Open != nil {
		if err := w.open(ctx, l, p); err != nil {
			return 0, err
		}
	}
	if p.Contents != nil {
		if used, err = w.contents(ctx, l, p); err != nil {
			return 0, err
		}
	}
	for _, r := range p.Regions {
		if err := w.region(ctx, l, p, r); err != nil {
			return 0, err
		}
	}
	if p.Data {
		return used, w.raw(l, p.Format, p.Offset, p.Size, false)
	}
	if !p.Code {
		return used, nil
	}
	if err := w.raw(l, p.Format, p.Offset, p.Size, true); err != nil {
		return 0, err
	}
	if l.volume < 0 {
		return used, w.embedded(ctx, l, p)
	}
	return used, nil
}

// embedded goes into what a program carries with it: packed pages, images.
func (w *walk) embedded(ctx context.Context, l layer, p *format.Part) error {
	if l.depth > w.lim.Depth {
		return nil
	}
	in := l.part(p.Offset, max(p.Size, 1))
	sc := &scanning{fs: w.fs, ctx: ctx, s: in.src, l: &layout{blocks: newBlocks(in.src.Size())}, max: w.lim.Parts}
	if err := sc.everywhere(min(64, in.src.Size())); err != nil {
		if ctx.Err() != nil {
			return err
		}
		return w.gap(in.gap(0, kindOf(err), err.Error()))
	}
	skip := int64(0)
	for _, q := range sc.l.parts {
		if q.Offset < skip || q.Open == nil && q.Contents == nil {
			continue
		}
		used, err := w.part(ctx, in, nil, q, in.name(q.Format, q.Offset))
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
	w.plain.Add(int64(b.Len()))
	return w.give(Raw{Volume: l.volume, Path: l.path, Offset: l.base + p.Offset, Format: p.Format, Data: b.Bytes(), Vars: p.Vars})
}

func (w *walk) give(r Raw) error {
	if err := w.v.Raw(r); err != nil {
		return w.fail(err)
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
	if err := w.budget.region(); errors.Is(err, errAgain) {
		return w.fail(err)
	} else if err != nil {
		return w.gap(l.gap(p.Offset, Limit, fmt.Sprintf("%s: %v", p.Format, err)))
	}
	in := l.part(r.Offset, r.Size)
	in.packed = r.Program
	if r.Name != "" {
		in.path = l.name(r.Name, r.Offset)
	} else if len(p.Regions) > 1 {
		in.path = l.name("part", r.Offset)
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
	for i, c := range list {
		list[i] = format.Content{} // its reader, with what that has in memory, ends with it
		in := l
		if c.Name != "" {
			in.path = l.name(format.Printable(c.Name), p.Offset)
		}
		if c.Source == nil {
			n, err := w.stream(ctx, in, p, c)
			if err != nil {
				return 0, err
			}
			used = max(used, n)
			continue
		}
		if size := c.Source.Size(); size > maxView {
			if err := w.gap(in.gap(p.Offset, Limit, fmt.Sprintf("%s: a layer of %d bytes", p.Format, size))); err != nil {
				return 0, err
			}
			continue
		}
		in.src, in.mem, in.base, in.decoded = view{c.Source, w}, nil, 0, true
		if err := w.source(ctx, in, c.Try); err != nil {
			return 0, err
		}
	}
	return used, nil
}

// consumer is a stream that knows, at its end, how many bytes it took.
type consumer interface{ Consumed() int64 }

func (w *walk) stream(ctx context.Context, l layer, p *format.Part, c format.Content) (used int64, err error) {
	data, release, err := w.slurp(ctx, c.Stream, c.Size, l)
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
	if c.Stream = nil; l.volume < 0 && len(data) >= muchFile {
		// The window and the pieces that were outgrown are as large as the layer:
		// the collector would let as much again come up before it looked.
		runtime.GC()
	}
	in := l
	in.src, in.mem, in.base, in.decoded, in.large = bytes.NewReader(data), data, 0, true, l.large || len(data) > largeFile
	in.above += int64(len(data))
	in.program, in.packed = l.packed, false
	return used, w.source(ctx, in, c.Try)
}

// rawLimit bounds bytes without a format that are given out as one file.
const rawLimit = 64 << 20

// raw gives out a range as it stands.
func (w *walk) raw(l layer, kind string, off, size int64, code bool) error {
	if size <= 0 {
		size = l.src.Size() - off
	}
	cut := size > rawLimit
	n := min(size, rawLimit)
	var b []byte
	if l.mem != nil && off+n <= int64(len(l.mem)) {
		b = l.mem[off : off+n : off+n] // nobody writes to it
	} else {
		b = make([]byte, n)
		if err := format.ReadAt(l.src, b, off); err != nil {
			return w.gap(l.gap(off, kindOf(err), err.Error()))
		}
	}
	if cut {
		if err := w.gap(l.gap(off, Limit, fmt.Sprintf("only the first %d bytes are inspected", rawLimit))); err != nil {
			return err
		}
	}
	if code {
		w.code.Add(1)
	} else {
		w.plain.Add(n)
	}
	return w.give(Raw{Volume: l.volume, Path: l.path, Offset: l.base + off, Format: kind, Data: b})
}
