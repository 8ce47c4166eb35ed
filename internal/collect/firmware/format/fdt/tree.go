package fdt

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"assay/internal/collect/firmware/format"
)

// Tokens of the structure block (Devicetree Specification 0.4, 5.4.1).
const (
	beginNode = 1
	endNode   = 2
	propToken = 3
	nop       = 4
	end       = 9
)

// Bounds of one tree. Real ones have below 5,000 nodes, ten deep.
const (
	maxDepth   = 64
	maxNodes   = 1 << 16
	maxProps   = 1 << 18
	maxName    = 256
	maxStrings = 1 << 20
	maxValue   = 64 << 10 // of a property that is read; data is a range
)

// header is what the first 40 bytes say (Devicetree Specification 0.4, 5.2);
// offsets count from the tree's first byte.
type header struct {
	total, structs, structsLen, strings, stringsLen int64
	version, compatible                             uint32
}

// parseHeader reads the header; false where the fields contradict each other.
func parseHeader(b []byte) (h header, ok bool) {
	if len(b) < 40 || string(b[:4]) != magic {
		return h, false
	}
	field := func(at int) int64 { return int64(binary.BigEndian.Uint32(b[at:])) }
	h = header{total: field(4), structs: field(8), strings: field(12), version: uint32(field(20)), compatible: uint32(field(24)),
		stringsLen: field(32), structsLen: field(36)}
	rsvmap := field(16)
	if h.version == 16 {
		h.structsLen = h.total - h.structs // the field came with version 17
	}
	ok = h.version >= 16 && h.version < 32 && h.compatible <= 17 && h.compatible > 0 &&
		h.structs >= 36 && h.structs%4 == 0 && rsvmap >= 36 && rsvmap < h.total &&
		h.structsLen > 0 && h.structsLen <= h.total-h.structs &&
		h.strings >= 36 && h.strings <= h.total && h.stringsLen <= h.total-h.strings
	return h, ok
}

// node is one node of a tree.
type node struct {
	name  string
	at    int64 // in the source
	props []prop
	nodes []*node
}

// prop is a property: where its value stands in the source.
type prop struct {
	name    string
	at, len int64
}

// child returns the first child with one of the names, without "@address".
func (n *node) child(name string) *node {
	for _, c := range n.nodes {
		if base, _, _ := strings.Cut(c.name, "@"); base == name {
			return c
		}
	}
	return &node{}
}

func (n *node) prop(name string) (prop, bool) {
	for _, p := range n.props {
		if p.name == name {
			return p, true
		}
	}
	return prop{}, false
}

// tree reads values from a source.
type tree struct {
	s        format.Source
	at       int64 // first byte of the tree
	head     header
	names    string // strings block
	problems []format.Problem
	root     *node
}

func (t *tree) problem(at int64, kind, detail string) {
	t.problems = append(t.problems, format.Problem{Offset: at, Kind: kind, Detail: "fdt: " + detail})
}

// read walks the structure block once, without recursion. Where it breaks off
// the nodes before are kept. It returns nil where no tree begins.
func read(ctx context.Context, s format.Source, at int64, h header) (*tree, error) {
	t := &tree{s: s, at: at, head: h}
	t.names = string(format.Head(s, at+h.strings, int(min(h.stringsLen, maxStrings))))
	from := at + h.structs
	c := &cursor{s: s, at: from, end: min(from+h.structsLen, s.Size())}
	if tok, err := c.word(); err != nil || tok != beginNode {
		return nil, nil
	}
	// The root's name is empty; trees that name it are read as well.
	if name, err := c.name(); err != nil || len(name) > 31 {
		return nil, nil
	}
	t.root = &node{at: from}
	w := &walk{tree: t, cursor: c, stack: []*node{t.root}}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		// A look at ctx every thousand tokens is enough.
		for range 1024 {
			if done := w.step(); done {
				return t, nil
			}
		}
	}
}

// walk is the state of one pass.
type walk struct {
	*tree
	*cursor
	stack        []*node
	below        int // nodes open below maxDepth, which are passed over
	nodes, props int
}

// step reads one token and says whether the tree ends here.
func (w *walk) step() (done bool) {
	at := w.cursor.at
	fail := func(err error) bool {
		w.problem(at, format.Damaged, err.Error())
		return true
	}
	tok, err := w.word()
	if err != nil {
		return fail(err)
	}
	switch tok {
	case nop:
	case end:
		if len(w.stack) > 0 || w.below > 0 {
			w.problem(at, format.Damaged, "the tree ends within a node")
		}
		return true
	case beginNode:
		if len(w.stack) == 0 {
			w.problem(at, format.Damaged, "a second root")
			return true
		}
		name, err := w.name()
		if err != nil {
			return fail(err)
		}
		return w.open(name, at)
	case endNode:
		switch {
		case w.below > 0:
			w.below--
		case len(w.stack) == 0:
			w.problem(at, format.Damaged, "a node ends that was not begun")
			return true
		default:
			w.stack = w.stack[:len(w.stack)-1]
		}
	case propToken:
		if err := w.property(); err != nil {
			return fail(err)
		}
	default:
		return fail(fmt.Errorf("token 0x%08x is none of the format", tok))
	}
	return false
}

func (w *walk) open(name string, at int64) (done bool) {
	if w.below > 0 || len(w.stack) >= maxDepth {
		if w.below == 0 {
			w.problem(at, format.TooDeep, fmt.Sprintf("nodes below depth %d are left out", maxDepth))
		}
		w.below++
		return false
	}
	if w.nodes++; w.nodes > maxNodes {
		w.problem(at, format.TooMany, fmt.Sprintf("more than %d nodes", maxNodes))
		return true
	}
	n := &node{name: name, at: at}
	top := w.stack[len(w.stack)-1]
	top.nodes = append(top.nodes, n)
	w.stack = append(w.stack, n)
	return false
}

func (w *walk) property() error {
	size, err := w.word()
	if err != nil {
		return err
	}
	off, err := w.word()
	if err != nil {
		return err
	}
	at := w.cursor.at
	if int64(size) > w.cursor.end-at {
		return fmt.Errorf("a property claims %d bytes, %d are left", size, w.cursor.end-at)
	}
	w.cursor.at += (int64(size) + 3) &^ 3
	if w.below > 0 || len(w.stack) == 0 {
		return nil
	}
	if w.props++; w.props > maxProps {
		return fmt.Errorf("more than %d properties", maxProps)
	}
	if int64(off) >= int64(len(w.names)) {
		return nil // a name that can't be read; the tree goes on
	}
	name, _, _ := strings.Cut(w.names[off:min(int(off)+maxName, len(w.names))], "\x00")
	top := w.stack[len(w.stack)-1]
	top.props = append(top.props, prop{name: name, at: at, len: int64(size)})
	return nil
}

// value reads a property, up to maxValue bytes.
func (t *tree) value(p prop) []byte { return format.Head(t.s, p.at, int(min(p.len, maxValue))) }

// text reads a property that is a string or a list of strings; of a list the
// strings are joined.
func (t *tree) text(n *node, name string) string {
	p, ok := n.prop(name)
	if !ok {
		return ""
	}
	return clean(t.value(p))
}

func clean(b []byte) string {
	b = bytes.TrimRight(b, "\x00")
	out := strings.ReplaceAll(string(b), "\x00", ", ")
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || r == '\ufffd' {
			return '.'
		}
		return r
	}, out)
}

// number reads a property of one or two cells.
func (t *tree) number(n *node, name string) (int64, bool) {
	p, ok := n.prop(name)
	if !ok {
		return 0, false
	}
	switch b := t.value(p); len(b) {
	case 4:
		return int64(binary.BigEndian.Uint32(b)), true
	case 8:
		v := binary.BigEndian.Uint64(b)
		return int64(v), v < 1<<62
	}
	return 0, false
}

// cursor reads words and names in order, through a window.
type cursor struct {
	s       format.Source
	at, end int64
	buf     []byte
	bufAt   int64
}

func (c *cursor) bytes(n int64) ([]byte, error) {
	if n > c.end-c.at {
		return nil, fmt.Errorf("the structure ends at offset %d: %w", c.end, io.ErrUnexpectedEOF)
	}
	if c.at < c.bufAt || c.at+n > c.bufAt+int64(len(c.buf)) {
		c.buf, c.bufAt = format.Head(c.s, c.at, int(min(4096, c.end-c.at))), c.at
		if int64(len(c.buf)) < n {
			return nil, fmt.Errorf("read at offset %d: %w", c.at, io.ErrUnexpectedEOF)
		}
	}
	return c.buf[c.at-c.bufAt:], nil
}

func (c *cursor) word() (uint32, error) {
	b, err := c.bytes(4)
	if err != nil {
		return 0, err
	}
	c.at += 4
	return binary.BigEndian.Uint32(b), nil
}

// name reads the name of a node and passes its padding.
func (c *cursor) name() (string, error) {
	b, err := c.bytes(min(maxName, c.end-c.at))
	if err != nil {
		return "", err
	}
	name, _, ok := bytes.Cut(b[:min(len(b), maxName)], []byte{0})
	if !ok {
		return "", fmt.Errorf("the name of a node has no end")
	}
	c.at += (int64(len(name)) + 4) &^ 3
	return string(name), nil
}
