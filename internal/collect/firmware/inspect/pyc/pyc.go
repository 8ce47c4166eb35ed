// Package pyc reads what compiled Python says like its source: which text a
// name is assigned, and which it is compared with (CPython 3.6 to 3.12:
// Python/marshal.c, Doc/library/dis). In: the bytes of a .pyc file, hostile. Out:
// names and texts with their places. Other releases number their instructions
// otherwise and give nothing.
package pyc

import "encoding/binary"

// Bounds of a file: no compiled module of a device comes near.
const (
	maxSize    = 8 << 20
	maxDepth   = 100
	maxObjects = 200_000
	maxTexts   = 10_000
)

// Text is a text that a name is assigned, or compared with.
type Text struct {
	Name     string
	Value    string
	Off      int // of Value in the file
	Compared bool
}

// The magic numbers of releases (Lib/importlib/_bootstrap_external.py): the first
// whose instructions are two bytes, then those that change the layout.
const (
	magic36  = 3379
	magic37  = 3390 // a header of four words
	magic38  = 3401 // arguments that are positional only
	magic311 = 3450 // names of all variables in one list
	magic313 = 3550 // other numbers of instructions
)

// Texts returns what the module in data says; nil where it isn't one that is
// read. What was read before damage is returned.
func Texts(data []byte) []Text {
	if len(data) < 16 || len(data) > maxSize || data[2] != '\r' || data[3] != '\n' {
		return nil
	}
	magic := int(binary.LittleEndian.Uint16(data))
	if magic < magic36 || magic >= magic313 {
		return nil
	}
	r := &reader{d: data, at: 16, magic: magic}
	if magic < magic37 {
		r.at = 12
	}
	r.object(0)
	return r.out
}

// object is what is kept of a value: text and where it stands, the elements of a
// tuple, the bytes of instructions.
type object struct {
	text  string
	off   int
	is    byte // the type; 0: nothing that is kept
	items []object
}

type reader struct {
	d       []byte
	at      int
	magic   int
	refs    []object
	objects int
	bad     bool
	out     []Text
}

func (r *reader) take(n int) []byte {
	if r.bad || n < 0 || n > len(r.d)-r.at {
		r.bad = true
		return nil
	}
	b := r.d[r.at : r.at+n]
	r.at += n
	return b
}

func (r *reader) word() int {
	b := r.take(4)
	if b == nil {
		return 0
	}
	return int(int32(binary.LittleEndian.Uint32(b)))
}

func (r *reader) octet() byte {
	b := r.take(1)
	if b == nil {
		return 0
	}
	return b[0]
}

// shared says that an object is kept to be named again.
const shared = 0x80

// object reads one value (marshal.c, r_object).
func (r *reader) object(depth int) object {
	if r.objects++; depth > maxDepth || r.objects > maxObjects {
		r.bad = true
	}
	if r.bad {
		return object{}
	}
	kind := r.octet()
	ref := -1
	if kind&shared != 0 {
		ref = len(r.refs)
		r.refs = append(r.refs, object{})
	}
	o := r.value(kind&^shared, depth)
	if ref >= 0 {
		r.refs[ref] = o
	}
	return o
}

func (r *reader) value(kind byte, depth int) object {
	switch kind {
	case 'N', 'F', 'T', 'S', '.', '0':
		return object{}
	case 'i':
		r.take(4)
	case 'I', 'g':
		r.take(8)
	case 'y':
		r.take(16)
	case 'f':
		r.take(int(r.octet()))
	case 'x':
		r.take(int(r.octet()))
		r.take(int(r.octet()))
	case 'l':
		n := r.word()
		r.take(2 * max(n, -n))
	case 's', 't', 'u', 'a', 'A':
		return r.string(kind, r.word())
	case 'z', 'Z':
		return r.string(kind, int(r.octet()))
	case '(', '[', '<', '>':
		return r.list(r.word(), depth)
	case ')':
		return r.list(int(r.octet()), depth)
	case '{':
		for !r.bad && r.at < len(r.d) && r.d[r.at] != '0' {
			r.object(depth + 1)
			r.object(depth + 1)
		}
		r.take(1)
	case 'r':
		if n := r.word(); n >= 0 && n < len(r.refs) {
			return r.refs[n]
		}
		r.bad = true
	case 'c':
		r.code(depth)
	default:
		r.bad = true
	}
	return object{}
}

func (r *reader) string(kind byte, n int) object {
	off := r.at
	b := r.take(n)
	if b == nil && n != 0 {
		return object{}
	}
	return object{is: kind, text: string(b), off: off}
}

func (r *reader) list(n, depth int) object {
	if n < 0 || n > len(r.d)-r.at { // each takes a byte at least
		r.bad = true
		return object{}
	}
	o := object{is: '('}
	for range n {
		if r.bad {
			break
		}
		o.items = append(o.items, r.object(depth+1))
	}
	return o
}

// code reads a code object: numbers, instructions, constants, names.
func (r *reader) code(depth int) {
	numbers := 5
	if r.magic >= magic38 && r.magic < magic311 {
		numbers = 6
	}
	for range numbers {
		r.word()
	}
	instructions := r.object(depth + 1)
	constants := r.object(depth + 1)
	names := r.object(depth + 1)
	locals := r.object(depth + 1) // from 3.11 on, of all variables
	rest := 4                     // of closures two lists, the file, the function
	if r.magic >= magic311 {
		rest = 4 // kinds, the file, the function, its whole name
	}
	for range rest {
		r.object(depth + 1)
	}
	r.word() // the first line
	r.object(depth + 1)
	if r.magic >= magic311 {
		r.object(depth + 1) // handlers of exceptions
	}
	if !r.bad {
		r.run(instructions.text, constants.items, names.items, locals.items)
	}
}

// Instructions, the same from 3.6 to 3.12 (Include/opcode.h).
const (
	opStoreName   = 90
	opStoreAttr   = 95
	opStoreGlobal = 97
	opLoadConst   = 100
	opLoadName    = 101
	opCompare     = 107
	opLoadGlobal  = 116
	opLoadFast    = 124
	opStoreFast   = 125
	opExtended    = 144
)

// run looks for a constant that is stored right away, and for one that a name is
// compared with.
func (r *reader) run(code string, constants, names, locals []object) {
	at := func(list []object, i int) object {
		if i >= 0 && i < len(list) {
			return list[i]
		}
		return object{}
	}
	var below, value, name object // loaded before and last; the name before the constant
	extended := 0
	for i := 0; i+1 < len(code) && len(r.out) < maxTexts; i += 2 {
		op, arg := code[i], int(code[i+1])|extended
		extended = 0
		switch op {
		case opExtended:
			extended = arg << 8 & 0xffffff
			continue
		case 0: // room that the interpreter uses
			continue
		case opLoadConst:
			value = at(constants, arg)
			continue
		case opLoadName:
			below, name, value = value, at(names, arg), object{}
			continue
		case opLoadGlobal:
			if r.magic >= magic311 {
				arg >>= 1
			}
			below, name, value = value, at(names, arg), object{}
			continue
		case opLoadFast:
			below, name, value = value, at(locals, arg), object{}
			continue
		case opStoreName, opStoreGlobal:
			r.say(at(names, arg), value, false)
		case opStoreAttr: // self.name = value
			r.say(at(names, arg), below, false)
		case opStoreFast:
			r.say(at(locals, arg), value, false)
		case opCompare:
			r.say(name, value, true)
		}
		below, value, name = object{}, object{}, object{}
	}
}

func (r *reader) say(name, value object, compared bool) {
	if name.text == "" || value.text == "" || value.is == 's' {
		return
	}
	r.out = append(r.out, Text{Name: name.text, Value: value.text, Off: value.off, Compared: compared})
}
