// Package pyc reads what compiled Python says like its source: which text a
// name, an argument or a key is given, and which a name is compared with (CPython 3.6 to 3.12:
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
	magic312 = 3531 // attributes with a bit for methods
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
	steps   int // bytes of instructions that were gone over
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
	opLoadAttr    = 106
	opCompare     = 107
	opLoadGlobal  = 116
	opLoadFast    = 124
	opStoreFast   = 125
	opCallNamed   = 141 // up to 3.10: the names of arguments are the last constant
	opExtended    = 144
	opMap         = 156 // the keys of a dictionary are the last constant
	opNames       = 172 // from 3.11 on: the names of arguments
)

// pushed is what an instruction put onto the stack: a constant, or a name.
type pushed struct {
	constant bool
	object
}

// run looks for constants that are stored right away, given by name or by key,
// and for those that a name is compared with. Only what simple loads pushed since
// the last other instruction is known.
func (r *reader) run(code string, constants, names, locals []object) {
	// Many functions may name the same instructions; a sound file holds each once.
	if r.steps += len(code); r.steps > len(r.d) {
		r.bad = true
		return
	}
	var stack []pushed
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
			stack = push(stack, pushed{true, nth(constants, arg)})
			continue
		case opLoadName:
			stack = push(stack, pushed{object: nth(names, arg)})
			continue
		case opLoadGlobal:
			if r.magic >= magic311 {
				arg >>= 1
			}
			stack = push(stack, pushed{object: nth(names, arg)})
			continue
		case opLoadAttr: // the object on top becomes its attribute
			if r.magic >= magic312 {
				arg >>= 1
			}
			if n := len(stack); n > 0 {
				stack[n-1] = pushed{object: nth(names, arg)}
			}
			continue
		case opLoadFast:
			stack = push(stack, pushed{object: nth(locals, arg)})
			continue
		case opNames:
			r.keyed(nth(constants, arg), stack)
		case opMap, opCallNamed:
			if n := len(stack); n > 0 && stack[n-1].constant {
				r.keyed(stack[n-1].object, stack[:n-1])
			}
		case opStoreName, opStoreGlobal:
			r.say(nth(names, arg), top(stack, 0), false)
		case opStoreAttr: // self.name = value
			r.say(nth(names, arg), top(stack, 1), false)
		case opStoreFast:
			r.say(nth(locals, arg), top(stack, 0), false)
		case opCompare:
			a, b := top(stack, 1), top(stack, 0)
			if a.constant {
				a, b = b, a
			}
			if !a.constant {
				r.say(a.object, b, true)
			}
		}
		stack = stack[:0]
	}
}

// maxStack bounds what is kept of pushed values: the longest call by name.
const maxStack = 256

func push(stack []pushed, p pushed) []pushed {
	if len(stack) == maxStack {
		stack = append(stack[:0], stack[1:]...)
	}
	return append(stack, p)
}

func top(stack []pushed, below int) pushed {
	if i := len(stack) - 1 - below; i >= 0 {
		return stack[i]
	}
	return pushed{}
}

func nth(list []object, i int) object {
	if i >= 0 && i < len(list) {
		return list[i]
	}
	return object{}
}

// keyed takes the last values of the stack for those of the keys.
func (r *reader) keyed(keys object, stack []pushed) {
	for i := range keys.items {
		if k := len(stack) - len(keys.items) + i; k >= 0 {
			r.say(keys.items[i], stack[k], false)
		}
	}
}

func (r *reader) say(name object, value pushed, compared bool) {
	if !value.constant || name.text == "" || value.text == "" || value.is == 's' || len(r.out) >= maxTexts {
		return
	}
	r.out = append(r.out, Text{Name: name.text, Value: value.text, Off: value.off, Compared: compared})
}
