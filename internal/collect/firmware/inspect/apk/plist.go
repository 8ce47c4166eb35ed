package apk

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strconv"
	"unicode/utf16"

	"assay/internal/collect/firmware/inspect"
)

// scanPlist reads the Info.plist of an iOS app.
func scanPlist(f *inspect.File) *App {
	v, err := plist(f.Data)
	dict, ok := v.(map[string]any)
	a := &App{Path: f.Path, Platform: "ios"}
	if err != nil {
		a.Problems = append(a.Problems, err.Error())
	}
	if !ok {
		return a
	}
	text := func(key string) string { s, _ := dict[key].(string); return s }
	a.Package, a.Version, a.Code = text("CFBundleIdentifier"), text("CFBundleShortVersionString"), text("CFBundleVersion")
	for _, key := range slices.Sorted(maps.Keys(dict)) {
		const usage = "UsageDescription"
		if len(key) > len(usage) && key[len(key)-len(usage):] == usage && len(a.Permissions) < maxListed {
			a.Permissions = append(a.Permissions, key)
		}
	}
	if ats, ok := dict["NSAppTransportSecurity"].(map[string]any); ok {
		a.Network = transport(ats)
	}
	types, _ := dict["CFBundleURLTypes"].([]any)
	for _, t := range types {
		d, _ := t.(map[string]any)
		schemes, _ := d["CFBundleURLSchemes"].([]any)
		for _, s := range schemes {
			if name, _ := s.(string); name != "" && len(a.Links) < maxListed {
				a.Links = append(a.Links, name+"://")
			}
		}
	}
	return a
}

// scanProvision reads the entitlements of a provisioning profile: a CMS message
// around a property list. get-task-allow lets a debugger in
// (developer.apple.com, "Diagnosing issues with entitlements").
func scanProvision(f *inspect.File) *App {
	from, to := bytes.Index(f.Data, []byte("<?xml")), bytes.LastIndex(f.Data, []byte("</plist>"))
	if from < 0 || to < from {
		return nil
	}
	v, _ := plist(f.Data[from : to+len("</plist>")]) // what was read before damage counts
	dict, _ := v.(map[string]any)
	rights, _ := dict["Entitlements"].(map[string]any)
	if rights == nil {
		return nil
	}
	return &App{Path: f.Path, Platform: "ios", Debuggable: on(rights["get-task-allow"])}
}

// transport reads the exceptions from App Transport Security
// (developer.apple.com, NSAppTransportSecurity).
func transport(ats map[string]any) *Network {
	n := &Network{}
	if on(ats["NSAllowsArbitraryLoads"]) {
		n.Cleartext = append(n.Cleartext, "*")
	}
	domains, _ := ats["NSExceptionDomains"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(domains)) {
		d, _ := domains[name].(map[string]any)
		if (on(d["NSExceptionAllowsInsecureHTTPLoads"]) || on(d["NSTemporaryExceptionAllowsInsecureHTTPLoads"])) && len(n.Cleartext) < maxListed {
			n.Cleartext = append(n.Cleartext, name)
		}
		for _, key := range []string{"NSExceptionMinimumTLSVersion", "NSTemporaryExceptionMinimumTLSVersion"} {
			if v, _ := d[key].(string); (v == "TLSv1.0" || v == "TLSv1.1") && len(n.OldTLS) < maxListed {
				n.OldTLS = append(n.OldTLS, name)
			}
		}
	}
	pinned, _ := ats["NSPinnedDomains"].(map[string]any)
	n.Pins = len(pinned)
	return n
}

func on(v any) bool { b, _ := v.(bool); return b }

// plist reads a property list, binary or XML, to maps, slices, strings, numbers
// as text, and truth values.
func plist(b []byte) (any, error) {
	if bytes.HasPrefix(b, []byte("bplist00")) {
		return binaryPlist(b)
	}
	d := xml.NewDecoder(bytes.NewReader(b))
	d.Strict = false
	for range 16 {
		tok, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("%w: property list: %v", ErrFormat, err)
		}
		if s, ok := tok.(xml.StartElement); ok && s.Name.Local == "plist" {
			v, _, err := xmlValue(d, 0)
			return v, err
		}
	}
	return nil, fmt.Errorf("%w: no property list", ErrFormat)
}

// xmlValue reads the next value; ended says that the element around it ends.
func xmlValue(d *xml.Decoder, depth int) (v any, ended bool, err error) {
	for {
		tok, err := d.Token()
		if err != nil {
			return nil, true, fmt.Errorf("%w: property list: %v", ErrFormat, err)
		}
		switch t := tok.(type) {
		case xml.EndElement:
			return nil, true, nil
		case xml.StartElement:
			v, err := xmlElement(d, t.Name.Local, depth)
			return v, false, err
		}
	}
}

func xmlElement(d *xml.Decoder, name string, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%w: property list is too deep", ErrFormat)
	}
	switch name {
	case "true", "false":
		return name == "true", d.Skip()
	case "array":
		var out []any
		for {
			v, ended, err := xmlValue(d, depth+1)
			if ended || err != nil {
				return out, err
			}
			out = append(out, v)
		}
	case "dict":
		out := map[string]any{}
		for {
			k, ended, err := xmlValue(d, depth+1)
			if ended || err != nil {
				return out, err
			}
			v, ended, err := xmlValue(d, depth+1)
			if key, ok := k.(string); ok && !ended {
				out[key] = v
			}
			if ended || err != nil {
				return out, err
			}
		}
	}
	var text []byte
	for {
		tok, err := d.Token()
		if err != nil {
			return string(text), fmt.Errorf("%w: property list: %v", ErrFormat, err)
		}
		switch t := tok.(type) {
		case xml.CharData:
			text = append(text, t...)
		case xml.StartElement:
			if err := d.Skip(); err != nil {
				return string(text), err
			}
		case xml.EndElement:
			return string(text), nil
		}
	}
}

// bplist is a binary property list (CoreFoundation, CFBinaryPList.c).
type bplist struct {
	b       []byte
	offsets []byte
	wide    int // bytes of an offset
	ref     int // bytes of a reference
	left    int // objects that may still be read
}

func binaryPlist(b []byte) (any, error) {
	if len(b) < 40 {
		return nil, fmt.Errorf("%w: property list of %d bytes", ErrFormat, len(b))
	}
	t := b[len(b)-32:]
	p := &bplist{b: b[:len(b)-32], wide: int(t[6]), ref: int(t[7]), left: maxElements}
	n, top, at := beUint(t[8:16]), beUint(t[16:24]), beUint(t[24:32])
	if p.wide < 1 || p.wide > 8 || p.ref < 1 || p.ref > 8 || at > uint64(len(p.b)) || n > (uint64(len(p.b))-at)/uint64(p.wide) {
		return nil, fmt.Errorf("%w: property list: %d objects at %d in %d bytes", ErrFormat, n, at, len(b))
	}
	p.offsets = p.b[at : at+n*uint64(p.wide)]
	return p.object(top, 0)
}

func beUint(b []byte) uint64 {
	var n uint64
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

func (p *bplist) object(i uint64, depth int) (any, error) {
	if p.left--; p.left < 0 || depth > maxDepth || i >= uint64(len(p.offsets)/p.wide) {
		return nil, fmt.Errorf("%w: property list: object %d is out of range, too deep or one too many", ErrFormat, i)
	}
	at := beUint(p.offsets[i*uint64(p.wide):][:p.wide])
	if at >= uint64(len(p.b)) {
		return nil, fmt.Errorf("%w: property list: object %d at %d", ErrFormat, i, at)
	}
	b := p.b[at:]
	kind, n := b[0]>>4, uint64(b[0]&15)
	b = b[1:]
	switch {
	case kind == 0:
		return b0(n), nil
	case kind == 1 || kind == 2 || kind == 3 || kind == 8: // numbers and dates: 2^n bytes, of a UID n+1
		size := uint64(1) << n
		if kind == 8 {
			size = n + 1
		}
		if size > 8 || size > uint64(len(b)) {
			return nil, nil
		}
		return strconv.FormatUint(beUint(b[:size]), 10), nil
	}
	if n == 15 { // the length is a number of its own
		if len(b) < 2 || b[0]>>4 != 1 || b[0]&15 > 3 {
			return nil, fmt.Errorf("%w: property list: length of object %d", ErrFormat, i)
		}
		size := 1 << (b[0] & 15)
		if len(b) < 1+size {
			return nil, fmt.Errorf("%w: property list: length of object %d", ErrFormat, i)
		}
		n, b = beUint(b[1:1+size]), b[1+size:]
	}
	return p.sized(kind, n, b, depth)
}

func b0(n uint64) any {
	switch n {
	case 8:
		return false
	case 9:
		return true
	}
	return nil
}

// sized reads what has a length: data, text, lists.
func (p *bplist) sized(kind byte, n uint64, b []byte, depth int) (any, error) {
	unit := uint64(1)
	switch kind {
	case 6:
		unit = 2
	case 10, 12:
		unit = uint64(p.ref)
	case 13:
		unit = 2 * uint64(p.ref)
	}
	high, need := bits.Mul64(n, unit)
	if high != 0 || need > uint64(len(b)) {
		return nil, fmt.Errorf("%w: property list: %d units in %d bytes", ErrFormat, n, len(b))
	}
	ref := func(i uint64) uint64 { return beUint(b[i*uint64(p.ref):][:p.ref]) }
	switch kind {
	case 5, 7:
		return string(b[:n]), nil
	case 6:
		u := make([]uint16, n)
		for i := range u {
			u[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
		}
		return string(utf16.Decode(u)), nil
	case 10, 12:
		var out []any
		for i := range n {
			v, err := p.object(ref(i), depth+1)
			if err != nil {
				return out, err
			}
			out = append(out, v)
		}
		return out, nil
	case 13:
		out := map[string]any{}
		for i := range n {
			k, err := p.object(ref(i), depth+1)
			if err != nil {
				return out, err
			}
			v, err := p.object(ref(n+i), depth+1)
			if err != nil {
				return out, err
			}
			if key, ok := k.(string); ok {
				out[key] = v
			}
		}
		return out, nil
	}
	return nil, nil
}
