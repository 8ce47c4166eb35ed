package lzma2

import "io"

// Reader decodes a stream. Its memory grows with what arrives, up to the
// dictionary and a quarter of it again.
type Reader struct {
	c   core
	x   *xz   // nil: an .lzma file
	l   layer // what gives bytes at present
	src source
	max int // bytes of window that may be had

	win   []byte // out[:pos] of the layer
	pos   int
	ready []byte // decoded, not yet given out

	filters []filter
	held    []byte // bytes that filters work on
	marks   []int  // how far each filter came in held
	size    int64  // bytes that the block gave
	begun   int    // where the block began, of all that was decoded: of ReadBehind

	used int64 // of the input, by the streams that ended
	err  error
}

const (
	firstWindow = 64 << 10
	// largeWindow is from where on it gets all that it may need.
	largeWindow = 8 << 20
	// DefaultDict is the largest dictionary that is kept if no other limit is
	// given. It is what "xz -9" uses.
	DefaultDict = 64 << 20
)

// NewReader reads .xz: one stream or several, one behind the other, with zeros
// between them (2.2 of the format). At anything else behind a stream it ends.
// dictLimit bounds the dictionary, 0 for DefaultDict: a stream that asks for a
// larger one is read as long as it gets by with this.
func NewReader(r io.Reader, dictLimit int) (*Reader, error) {
	z := newReader(r, dictLimit)
	z.x = &xz{c: &z.c, src: &z.src}
	if err := z.x.stream(); err != nil {
		return nil, err
	}
	return z, nil
}

// NewAloneReader reads an .lzma file.
func NewAloneReader(r io.Reader, dictLimit int) (*Reader, error) {
	z := newReader(r, dictLimit)
	h, err := aloneHead(&z.src)
	if err != nil {
		return nil, err
	}
	if err := z.c.parameters(h.props); err != nil {
		return nil, err
	}
	dict := max(h.dict, 1<<12) // so the LZMA specification
	l, err := newBare(&z.c, &z.src, dict, h.size)
	if err != nil {
		return nil, err
	}
	z.l = l
	z.window()
	return z, nil
}

func newReader(r io.Reader, dictLimit int) *Reader {
	if dictLimit <= 0 {
		dictLimit = DefaultDict
	}
	return &Reader{src: source{r: r}, max: dictLimit}
}

// window bounds the distances to what is kept.
func (z *Reader) window() {
	z.c.dict = uint32(min(uint64(z.c.dict), uint64(z.max)))
	z.pos = 0
}

// InputOffset returns how many bytes of the input were used. At io.EOF it is
// where what comes behind the streams begins.
func (z *Reader) InputOffset() int64 {
	if z.x != nil && z.err == io.EOF {
		return z.used
	}
	return z.src.taken
}

func (z *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(z.ready) == 0 {
		if z.err != nil {
			return 0, z.err
		}
		z.err = z.step()
	}
	n := copy(p, z.ready)
	z.ready = z.ready[n:]
	return n, nil
}

// ReadBehind is Read for who keeps all that is decoded: b is what it gave so far,
// and it decodes into the room behind, without a window of its own. Bytes that
// it gave may change until it returns an error, io.EOF too: branch filters work
// on whole blocks. It is used from the beginning, or not at all.
func (z *Reader) ReadBehind(b []byte) (int, error) {
	if len(b) == cap(b) {
		return 0, z.err
	}
	for z.err == nil && z.l == nil {
		z.err, z.begun = z.next(), len(b)
	}
	if z.err != nil {
		return 0, z.err
	}
	room := b[:min(cap(b), len(b)+behindStep)]
	pos, err := z.l.fill(room, len(b))
	ended := err == nil && z.l.done()
	switch {
	case z.x == nil && ended:
		err = io.EOF
	case z.x != nil:
		err = z.behind(room[:pos], len(b), ended, err)
	}
	z.err = err
	return pos - len(b), err
}

// behindStep is how much is decoded at once: who reads may want to stop.
const behindStep = 1 << 20

// behind counts what was decoded from at on, and ends the block where it ended.
func (z *Reader) behind(b []byte, at int, ended bool, err error) error {
	if len(z.filters) == 0 {
		z.x.sum.write(b[at:])
	}
	if !ended && err == nil {
		return nil
	}
	block := b[z.begun:]
	for _, f := range z.filters {
		f.undo(block)
	}
	if err != nil {
		return err
	}
	if len(z.filters) > 0 {
		z.x.sum.write(block)
	}
	z.l = nil
	return z.x.endBlock(int64(len(block)))
}

// step decodes what fits in the window, or goes to the next block.
func (z *Reader) step() error {
	if z.l == nil {
		return z.next()
	}
	z.room()
	begin := z.pos
	// Small steps: what was decoded is still in the cache when it is read.
	limit := min(len(z.win), z.pos+firstWindow)
	pos, err := z.l.fill(z.win[:limit], z.pos)
	z.pos = pos
	out := z.win[begin:pos]
	ended := err == nil && z.l.done()
	if z.x == nil {
		z.ready = out
		if ended {
			err = io.EOF
		}
		return err
	}
	if len(z.filters) > 0 {
		out = z.filter(out, ended)
	}
	z.size += int64(len(out))
	z.x.sum.write(out)
	z.ready = out
	if ended {
		z.l = nil
		return z.x.endBlock(z.size)
	}
	return err
}

// next begins the next block, or the next stream.
func (z *Reader) next() error {
	more, err := z.x.block()
	if err != nil {
		return err
	}
	if more {
		z.l = z.x.chunks
		z.filters, z.size = z.x.filters, 0
		z.held, z.marks = z.held[:0], make([]int, len(z.filters))
		z.window()
		return nil
	}
	if err := z.x.end(); err != nil {
		return err
	}
	z.used = z.src.taken
	for {
		b, ok := z.src.peek(4)
		switch {
		case ok && string(b) == "\x00\x00\x00\x00":
			z.src.skip(4)
			continue
		case ok && string(b) == magic[:4]:
			return z.x.stream()
		case z.src.err != nil && z.src.err != io.EOF:
			return z.src.err
		}
		return io.EOF
	}
}

// room makes room behind pos: it lets the window grow until it holds what may be
// referred to and a quarter as much again, then drops what is too old.
func (z *Reader) room() {
	if z.pos < len(z.win) {
		return
	}
	dict := int(z.c.dict)
	if most := dict + max(dict/4, firstWindow); len(z.win) < most {
		// From some size on all of it at once: what isn't written to costs nothing,
		// and no smaller ones are left behind.
		n := max(2*len(z.win), firstWindow)
		if n > largeWindow {
			n = most
		}
		grown := make([]byte, min(n, most))
		copy(grown, z.win[:z.pos])
		z.win = grown
		return
	}
	drop := z.pos - dict
	copy(z.win, z.win[drop:z.pos])
	z.l.moved(drop)
	z.pos = dict
}

// filter puts out through the filters and returns what came through all of them.
// The window must stay as it is: it is the dictionary.
func (z *Reader) filter(out []byte, ended bool) []byte {
	n := z.marks[len(z.marks)-1] // was given out
	z.held = append(z.held[:0], z.held[n:]...)
	for i := range z.marks {
		z.marks[i] -= n
	}
	z.held = append(z.held, out...)
	to := len(z.held)
	for i, f := range z.filters {
		z.marks[i] += f.undo(z.held[z.marks[i]:to])
		if ended {
			z.marks[i] = to
		}
		to = z.marks[i]
	}
	return z.held[:to]
}
