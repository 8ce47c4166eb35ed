package fdt

import (
	"context"
	"crypto"
	"crypto/elliptic"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/sign"
)

// public reads a key of a boot loader's tree (lib/rsa/rsa-sign.c and
// lib/ecdsa/ecdsa-libcrypto.c of U-Boot); nil where it is none.
func (t *tree) public(n *node) any {
	read := func(name string) []byte {
		p, _ := n.prop(name)
		return t.value(p)
	}
	if modulus := read("rsa,modulus"); len(modulus) > 0 {
		exponent := uint64(65537)
		if e := read("rsa,exponent"); len(e) == 8 {
			exponent = binary.BigEndian.Uint64(e)
		}
		if k := sign.RSA(modulus, exponent); k != nil {
			return k
		}
		return nil
	}
	curves := map[string]elliptic.Curve{"prime256v1": elliptic.P256(), "secp384r1": elliptic.P384()}
	if c := curves[t.text(n, "ecdsa,curve")]; c != nil {
		if k := sign.ECDSA(c, read("ecdsa,x-point"), read("ecdsa,y-point")); k != nil {
			return k
		}
	}
	return nil
}

// seal makes the check of a signature node, whose guard is the last one of p.
// digest calculates the hash of what is signed.
func (t *tree) seal(p *format.Part, n *node, digest func(algo string) ([]byte, error)) error {
	value, ok := n.prop("value")
	if !ok || value.len == 0 {
		return nil
	}
	algo, _, _ := strings.Cut(t.text(n, "algo"), ",")
	h, ok := map[string]crypto.Hash{"sha1": crypto.SHA1, "sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512}[algo]
	if !ok {
		return nil
	}
	sum, err := digest(algo)
	if sum == nil || err != nil {
		return err
	}
	pad := sign.PKCS1
	if t.text(n, "padding") == "pss" {
		pad = sign.PSS
	}
	signature := t.value(value)
	p.Seals = append(p.Seals, format.Seal{Guard: len(p.Guards) - 1, Name: t.text(n, "key-name-hint"), Check: func(public any) (good, known bool) {
		return sign.Verify(public, h, sum, signature, pad)
	}})
	return nil
}

// unsigned are the properties that a configuration's signature leaves out: the
// hashes of the images stand for their data (boot/image-fit-sig.c of U-Boot).
var unsigned = []string{"data", "data-size", "data-position", "data-offset"}

// signed calculates the hash that a configuration's signature is over: the
// nodes that it lists, each with its properties and the names of its children,
// the end token, and the names of properties (fdt_find_regions in
// boot/fdt_region.c of U-Boot).
func (t *tree) signed(ctx context.Context, n *node, algo string) ([]byte, error) {
	list, ok := n.prop("hashed-nodes")
	if !ok || list.len > maxValue {
		return nil, nil
	}
	nodes := strings.Split(strings.TrimRight(string(t.value(list)), "\x00"), "\x00")
	h := hashes[algo]()
	from := t.at + t.head.structs
	r := &regions{cursor: &cursor{s: t.s, at: from, end: min(from+t.head.structsLen, t.s.Size())}, names: t.names, nodes: nodes}
	begin, stop := from, from // what is to be added
	for done := false; !done; {
		var err error
		if done, err = r.step(); err != nil {
			return nil, ctx.Err() // the tree's own reading tells that it is damaged
		}
		switch {
		case r.begin == r.stop:
			continue
		case r.begin != stop:
			if err := format.Sum(ctx, t.s, begin, stop-begin, h); err != nil {
				return nil, err
			}
			begin = r.begin
		}
		stop = r.stop
	}
	if err := format.Sum(ctx, t.s, begin, stop-begin, h); err != nil {
		return nil, err
	}
	if p, ok := n.prop("hashed-strings"); ok && p.len == 8 {
		size := int64(binary.BigEndian.Uint32(t.value(p)[4:]))
		if size > t.head.total-t.head.strings || format.Sum(ctx, t.s, t.at+t.head.strings, size, h) != nil {
			return nil, ctx.Err()
		}
	}
	return h.Sum(nil), nil
}

// regions goes over the structure once more, for what is signed of it.
type regions struct {
	*cursor
	names string
	nodes []string // paths
	path  []string
	want  []int // of the nodes above: 2: listed, 1: the child of one
	cur   int
	// The last token, if it is signed: begin is before stop then.
	begin, stop int64
}

func (r *regions) step() (done bool, err error) {
	at := r.cursor.at
	r.begin, r.stop = 0, 0
	token, err := r.word()
	if err != nil {
		return false, err
	}
	include := false
	switch token {
	case beginNode:
		name, err := r.name()
		if err != nil {
			return false, err
		}
		if len(r.path) == maxDepth || len(r.path) == 0 && name != "" {
			return false, fmt.Errorf("a node that no signed tree has")
		}
		r.path, r.want = append(r.path, name), append(r.want, r.cur)
		path := strings.Join(r.path, "/")
		if len(r.path) == 1 {
			path = "/"
		}
		if slices.Contains(r.nodes, path) {
			r.cur = 2
		} else if r.cur > 0 {
			r.cur--
		}
		include = r.cur > 0
	case endNode:
		if len(r.path) == 0 {
			return false, fmt.Errorf("a node ends that was not begun")
		}
		include = r.cur > 0
		r.cur = r.want[len(r.want)-1]
		r.path, r.want = r.path[:len(r.path)-1], r.want[:len(r.want)-1]
	case propToken:
		name, err := r.property()
		if err != nil {
			return false, err
		}
		include = r.cur == 2 && !slices.Contains(unsigned, name)
	case nop:
		include = r.cur == 2
	case end:
		include, done = true, true
	default:
		return false, fmt.Errorf("token 0x%08x is none of the format", token)
	}
	if include {
		r.begin, r.stop = at, r.cursor.at
	}
	return done, nil
}

// property passes over one and returns its name.
func (r *regions) property() (string, error) {
	size, err := r.word()
	if err != nil {
		return "", err
	}
	off, err := r.word()
	if err != nil {
		return "", err
	}
	if int64(size) > r.cursor.end-r.cursor.at || int64(off) >= int64(len(r.names)) {
		return "", fmt.Errorf("a property is out of range")
	}
	r.cursor.at += (int64(size) + 3) &^ 3
	name, _, _ := strings.Cut(r.names[off:min(int(off)+maxName, len(r.names))], "\x00")
	return name, nil
}
