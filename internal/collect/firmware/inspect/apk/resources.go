package apk

// resource is an entry of resources.arsc: what it is referred to with, its type
// ("string", "xml") and its key.
type resource struct {
	id        uint32
	kind, key string
}

// resources calls fn for each simple string value of a table, with the pool that
// the value's index is of; that pool is returned too. ok says that the table was
// read as far as it goes.
func resources(b []byte, fn func(r resource, values pool, index int) bool) (values pool, ok bool) {
	doc, _, err := next(b, 0)
	if err != nil {
		return values, false
	}
	rest, off := doc.body, len(doc.head)
	for len(rest) >= 8 {
		var c chunk
		if c, rest, err = next(rest, off); err != nil {
			break
		}
		off += len(c.all)
		switch c.kind {
		case chunkPool:
			if values, err = newPool(c); err != nil {
				return values, false
			}
		case chunkPackage:
			packageOf(c, func(r resource, index int) bool { return fn(r, values, index) })
		}
	}
	return values, true
}

// pool is the pool of strings whose place stands at a field of a package's header;
// an empty one where there is none.
func (c chunk) pool(field int) pool {
	at := int64(le.Uint32(c.head[field:]))
	if at < int64(len(c.head)) || at >= int64(len(c.all)) {
		return pool{}
	}
	s, _, err := next(c.all[at:], c.off+int(at))
	if err != nil {
		return pool{}
	}
	p, _ := newPool(s)
	return p
}

// packageOf calls fn for each simple string value of a package.
func packageOf(p chunk, fn func(r resource, index int) bool) {
	if len(p.head) < 284 {
		return
	}
	types, keys := p.pool(268), p.pool(276) // without keys the values are told alone
	for rest, off := p.body, p.off+len(p.head); len(rest) >= 8; {
		c, more, err := next(rest, off)
		if err != nil {
			return
		}
		rest = more
		off += len(c.all)
		if c.kind == chunkType && !entries(c, le.Uint32(p.head[8:])<<24, types, keys, fn) {
			return
		}
	}
}

// entries reads one type chunk: offsets, and entries of which only simple
// strings count (Res_value of type 3).
func entries(c chunk, base uint32, types, keys pool, fn func(r resource, index int) bool) bool {
	if len(c.head) < 20 {
		return true
	}
	kind, _ := types.at(int(c.head[8]) - 1)
	base |= uint32(c.head[8]) << 16
	flags, n, start := c.head[9], int64(le.Uint32(c.head[12:])), int64(le.Uint32(c.head[16:]))
	width := int64(4)
	if flags&2 != 0 { // FLAG_OFFSET16
		width = 2
	}
	if n*width > int64(len(c.body)) || start > int64(len(c.all)) {
		return true
	}
	for i := range n {
		var at int64
		id := base | uint32(i&0xffff)
		switch {
		case flags&1 != 0: // FLAG_SPARSE: an index and an offset, both of 16 bits
			id = base | uint32(le.Uint16(c.body[4*i:]))
			at = 4 * int64(le.Uint16(c.body[4*i+2:]))
		case width == 2:
			if at = 4 * int64(le.Uint16(c.body[2*i:])); at == 4*0xffff {
				continue
			}
		default:
			if at = int64(le.Uint32(c.body[4*i:])); at == 0xffffffff {
				continue
			}
		}
		at += start
		if at+16 > int64(len(c.all)) {
			continue
		}
		e := c.all[at:]
		if le.Uint16(e) < 8 || le.Uint16(e[2:])&1 != 0 || e[11] != 3 { // a bag, or no string
			continue
		}
		key, _ := keys.at(int(int32(le.Uint32(e[4:]))))
		if !fn(resource{id, kind, key}, int(int32(le.Uint32(e[12:])))) {
			return false
		}
	}
	return true
}
