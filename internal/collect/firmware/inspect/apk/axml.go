package apk

import (
	"fmt"
	"strconv"
)

// element is an element of a binary XML document.
type element struct {
	name     string
	attrs    map[string]string
	text     string // character data directly in it, at most one piece
	children []*element
}

// find returns the children with a name.
func (e *element) find(name string) []*element {
	var out []*element
	for _, c := range e.children {
		if c.name == name {
			out = append(out, c)
		}
	}
	return out
}

// Bounds of one document.
const (
	maxElements = 20_000
	maxDepth    = 128
	maxAttrs    = 256
)

// attribute ids of the framework: tools that shrink an app leave out the names
// (android.R.attr).
var attrNames = map[uint32]string{
	0x01010003: "name", 0x01010006: "permission", 0x01010007: "readPermission", 0x01010008: "writePermission", 0x01010009: "protectionLevel", 0x0101000e: "enabled", 0x0101000f: "debuggable", 0x01010010: "exported",
	0x01010024: "value", 0x01010027: "scheme", 0x01010028: "host", 0x0101020c: "minSdkVersion", 0x0101021b: "versionCode", 0x0101021c: "versionName", 0x01010270: "targetSdkVersion", 0x01010272: "testOnly",
	0x01010280: "allowBackup", 0x010104eb: "fullBackupContent", 0x010104ec: "usesCleartextTraffic", 0x01010527: "networkSecurityConfig", 0x0101063e: "dataExtractionRules",
}

// parseXML reads a binary XML document to its root element. What stands before
// damage is kept and comes with the error.
func parseXML(b []byte) (*element, error) {
	doc, _, err := next(b, 0)
	if err != nil {
		return nil, err
	}
	if doc.kind != chunkXML {
		return nil, fmt.Errorf("%w: no binary XML", ErrFormat)
	}
	var root *element
	var open []*element
	var strings pool
	var ids []byte
	elements := 0
	for rest, off := doc.body, len(doc.head); len(rest) >= 8; {
		var c chunk
		c, rest, err = next(rest, off)
		if err != nil {
			return root, err
		}
		off += len(c.all)
		switch c.kind {
		case chunkPool:
			if strings, err = newPool(c); err != nil {
				return root, err
			}
		case chunkResources:
			ids = c.body
		case chunkStart:
			if elements++; elements > maxElements || len(open) >= maxDepth {
				return root, fmt.Errorf("%w: more elements than are read", ErrFormat)
			}
			e, err := start(c, strings, ids)
			if err != nil {
				return root, err
			}
			if len(open) > 0 {
				p := open[len(open)-1]
				p.children = append(p.children, e)
			} else if root == nil {
				root = e
			}
			open = append(open, e)
		case chunkText:
			if len(c.body) >= 4 && len(open) > 0 {
				open[len(open)-1].text, _ = strings.at(int(int32(le.Uint32(c.body))))
			}
		case chunkEnd:
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		}
	}
	if root == nil {
		return nil, fmt.Errorf("%w: binary XML without an element", ErrFormat)
	}
	return root, nil
}

// start reads the beginning of an element: its name and attributes.
func start(c chunk, strings pool, ids []byte) (*element, error) {
	b := c.body
	if len(b) < 20 {
		return nil, fmt.Errorf("%w: element at offset %d is cut", ErrFormat, c.off)
	}
	name, _ := strings.at(int(int32(le.Uint32(b[4:]))))
	e := &element{name: name, attrs: map[string]string{}}
	at, size, n := int(le.Uint16(b[8:])), int(le.Uint16(b[10:])), int(le.Uint16(b[12:]))
	if size < 20 {
		size = 20
	}
	for i := range min(n, maxAttrs) {
		from := at + i*size
		if from+20 > len(b) {
			return e, nil // what was read is enough to go on
		}
		a := b[from:]
		index := int(int32(le.Uint32(a[4:])))
		key := ""
		if index >= 0 && index*4+4 <= len(ids) {
			key = attrNames[le.Uint32(ids[index*4:])]
		}
		if key == "" {
			key, _ = strings.at(index)
		}
		if key != "" {
			e.attrs[key] = value(a, strings)
		}
	}
	return e, nil
}

// value is a typed value as text; a reference is "@" and its number.
func value(a []byte, strings pool) string {
	kind, data := a[15], le.Uint32(a[16:])
	switch kind {
	case 0x03: // a string
		s, _ := strings.at(int(int32(data)))
		return s
	case 0x12: // a truth value
		return strconv.FormatBool(data != 0)
	case 0x10: // decimal
		return strconv.Itoa(int(int32(data)))
	case 0x11:
		return fmt.Sprintf("0x%x", data)
	case 0x01, 0x02: // a resource, an attribute
		return reference(data)
	}
	if raw := int(int32(le.Uint32(a[8:]))); raw >= 0 {
		s, _ := strings.at(raw)
		return s
	}
	return ""
}

func reference(id uint32) string { return fmt.Sprintf("@0x%08x", id) }
