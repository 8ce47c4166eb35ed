package apk

import (
	"encoding/binary"
	"slices"
)

// Element is an element of a document that aapt would compile.
type Element struct {
	Name     string
	Attrs    []Attr
	Text     string // character data; a document of ours has it only in leaves
	Children []Element
}

// Attr is an attribute: a string, a truth value, a whole number, or a Resource.
// Those of the name space "android" have an id of the framework.
type Attr struct {
	Name  string
	Value any
}

// Resource is the id of a resource, as an attribute's value.
type Resource uint32

// ids are the framework's attributes that are used (android.R.attr).
var ids = map[string]uint32{
	"label": 0x01010001, "name": 0x01010003, "permission": 0x01010006, "protectionLevel": 0x01010009, "debuggable": 0x0101000f, "exported": 0x01010010,
	"authorities": 0x01010018, "scheme": 0x01010027, "host": 0x01010028, "minSdkVersion": 0x0101020c, "versionCode": 0x0101021b, "versionName": 0x0101021c,
	"targetSdkVersion": 0x01010270, "testOnly": 0x01010272, "allowBackup": 0x01010280, "fullBackupContent": 0x010104eb, "usesCleartextTraffic": 0x010104ec,
	"networkSecurityConfig": 0x01010527, "dataExtractionRules": 0x0101063e,
}

const androidSpace = "http://schemas.android.com/apk/res/android"

// The chunks of compiled resources (ResourceTypes.h).
const (
	chunkPool    = 0x0001
	chunkTable   = 0x0002
	chunkXML     = 0x0003
	chunkStartNS = 0x0100
	chunkEndNS   = 0x0101
	chunkStart   = 0x0102
	chunkEnd     = 0x0103
	chunkText    = 0x0104
	chunkMap     = 0x0180
	chunkPackage = 0x0200
	chunkType    = 0x0201
	chunkSpec    = 0x0202
)

const none = 0xffffffff

var le = binary.LittleEndian

// chunk is a header, with what belongs to it, and a body.
func chunk(kind uint16, head, body []byte) []byte {
	out := le.AppendUint16(nil, kind)
	out = le.AppendUint16(out, uint16(8+len(head)))
	out = le.AppendUint32(out, uint32(8+len(head)+len(body)))
	return append(append(out, head...), body...)
}

// words are 32-bit numbers one after the other.
func words(list ...uint32) []byte {
	var out []byte
	for _, w := range list {
		out = le.AppendUint32(out, w)
	}
	return out
}

// texts is a pool of strings, each once.
type texts struct{ list []string }

func (t *texts) of(s string) uint32 {
	i := slices.Index(t.list, s)
	if i < 0 {
		i = len(t.list)
		t.list = append(t.list, s)
	}
	return uint32(i)
}

// bytes writes the pool with UTF-8 strings.
func (t *texts) bytes() []byte {
	const utf8Flag = 1 << 8
	var offsets, data []byte
	for _, s := range t.list {
		offsets = le.AppendUint32(offsets, uint32(len(data)))
		data = append(data, length(len([]rune(s)))...) // all are of one UTF-16 unit a rune
		data = append(append(append(data, length(len(s))...), s...), 0)
	}
	for len(data)%4 != 0 {
		data = append(data, 0)
	}
	head := words(uint32(len(t.list)), 0, utf8Flag, uint32(28+len(offsets)), 0)
	return chunk(chunkPool, head, append(offsets, data...))
}

func length(n int) []byte {
	if n < 0x80 {
		return []byte{byte(n)}
	}
	return []byte{byte(n>>8) | 0x80, byte(n)}
}

// XML compiles a document.
func XML(root Element) []byte {
	// The names of attributes with an id come first, in the order of the ids.
	var named []string
	var collect func(Element)
	collect = func(e Element) {
		for _, a := range e.Attrs {
			if ids[a.Name] != 0 && !slices.Contains(named, a.Name) {
				named = append(named, a.Name)
			}
		}
		for _, c := range e.Children {
			collect(c)
		}
	}
	collect(root)
	slices.SortFunc(named, func(a, b string) int { return int(ids[a]) - int(ids[b]) })
	pool := &texts{}
	var resources []byte
	for _, n := range named {
		pool.of(n)
		resources = le.AppendUint32(resources, ids[n])
	}
	space := words(pool.of("android"), pool.of(androidSpace))
	line := words(1, none) // of the source, and no comment
	body := chunk(chunkStartNS, line, space)
	body = append(body, compile(root, pool)...)
	body = append(body, chunk(chunkEndNS, line, space)...)
	return chunk(chunkXML, nil, slices.Concat(pool.bytes(), chunk(chunkMap, nil, resources), body))
}

func compile(e Element, pool *texts) []byte {
	line := words(1, none)
	head := words(none, pool.of(e.Name))
	head = le.AppendUint16(le.AppendUint16(head, 20), 20) // where attributes begin, and the size of one
	head = le.AppendUint16(head, uint16(len(e.Attrs)))
	head = append(head, make([]byte, 6)...)
	attrs := slices.Clone(e.Attrs)
	slices.SortStableFunc(attrs, func(a, b Attr) int { return int(ids[a.Name]) - int(ids[b.Name]) })
	for _, a := range attrs {
		ns := uint32(none)
		if ids[a.Name] != 0 {
			ns = pool.of(androidSpace)
		}
		raw, kind, data := uint32(none), byte(0), uint32(0)
		switch v := a.Value.(type) {
		case string:
			raw, kind = pool.of(v), 0x03
			data = raw
		case bool:
			kind = 0x12
			if v {
				data = none
			}
		case int:
			kind, data = 0x10, uint32(v)
		case Resource:
			kind, data = 0x01, uint32(v)
		}
		head = append(head, words(ns, pool.of(a.Name), raw)...)
		head = append(le.AppendUint16(head, 8), 0, kind)
		head = le.AppendUint32(head, data)
	}
	out := chunk(chunkStart, line, head)
	if e.Text != "" {
		text := pool.of(e.Text)
		value := append(le.AppendUint16(nil, 8), 0, 0x03)
		out = append(out, chunk(chunkText, line, append(words(text), append(value, words(text)...)...))...)
	}
	for _, c := range e.Children {
		out = append(out, compile(c, pool)...)
	}
	return append(out, chunk(chunkEnd, line, words(none, pool.of(e.Name)))...)
}
