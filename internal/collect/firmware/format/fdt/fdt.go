// Package fdt reads flattened device trees, and FIT images, which are device
// trees that hold images. In: bytes at an offset. Out: of a FIT the images with
// their hashes checked and their signatures named; of a tree what product it
// describes. Says who: Devicetree Specification 0.4, chapter 5; doc/usage/fit of
// U-Boot.
package fdt

import (
	"context"
	"encoding/binary"
	"fmt"

	"assay/internal/collect/firmware/format"
)

const magic = "\xd0\x0d\xfe\xed"

// New returns the format. Its parts are "fit" or "fdt".
func New() format.Format {
	return format.Format{Name: "fdt", Magics: []format.Magic{{Bytes: magic}}, Look: look}
}

func look(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	h, ok := parseHeader(format.Head(s, at, 40))
	if !ok {
		return nil, nil
	}
	t, err := read(ctx, s, at, h)
	if t == nil || err != nil {
		return nil, err
	}
	p := &format.Part{Format: "fdt", Offset: at}
	images := t.root.child("images")
	if len(images.nodes) > 0 {
		p.Format = "fit"
		err = t.fit(ctx, p, images)
	} else {
		p.Claim(s, h.total)
		t.describe(p)
	}
	p.Problems = append(p.Problems, t.problems...)
	return p, err
}

// describe tells what a plain device tree says of its product: the model, what
// the kernel is started with, how the flash is divided, the keys that a boot
// loader trusts.
func (t *tree) describe(p *format.Part) {
	p.Code = true
	model, compatible := t.text(t.root, "model"), t.text(t.root, "compatible")
	p.Name = format.Printable(model)
	p.Note = fmt.Sprintf("device tree, model %q, compatible %q", format.Printable(model), format.Printable(compatible))
	for _, name := range []string{"model", "compatible", "serial-number"} {
		t.variable(p, t.root, name, name)
	}
	chosen := t.root.child("chosen")
	for _, name := range []string{"bootargs", "stdout-path", "linux,stdout-path", "u-boot,version"} {
		t.variable(p, chosen, name, name)
	}
	if keys := t.root.child("signature"); len(keys.nodes) > 0 {
		for _, k := range keys.nodes {
			t.key(p, k)
		}
	}
	t.partitions(p, t.root)
}

// maxVars bounds what is told of one tree.
const maxVars = 256

func (t *tree) variable(p *format.Part, n *node, prop, name string) {
	if v, ok := n.prop(prop); ok && len(p.Vars) < maxVars {
		p.Vars = append(p.Vars, format.Var{Name: name, Value: clean(t.value(v)), Offset: v.at})
	}
}

// key notes a public key in the tree of a boot loader that verifies images
// (doc/usage/fit/signature.rst of U-Boot).
func (t *tree) key(p *format.Part, n *node) {
	if len(p.Guards) >= maxVars {
		return
	}
	algo := t.text(n, "algo")
	if _, ok := n.prop("rsa,modulus"); !ok && algo == "" {
		return
	}
	note := fmt.Sprintf("public key %q in a device tree", format.Printable(t.text(n, "key-name-hint")))
	if r := t.text(n, "required"); r != "" {
		note += ", required for " + format.Printable(r)
	}
	p.Guards = append(p.Guards, format.Guard{Kind: format.Signature, Scheme: scheme(algo), State: format.Present, Note: note, Offset: n.at})
	if k := t.public(n); k != nil {
		p.Keys = append(p.Keys, format.Key{Name: t.text(n, "key-name-hint"), Public: k})
	}
}

// partitions tells the fixed partitions of a flash chip, "partition:label" with
// offset and size in it (Documentation/devicetree/bindings/mtd of Linux).
func (t *tree) partitions(p *format.Part, root *node) {
	for todo := []*node{root}; len(todo) > 0; {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for i := range n.nodes {
			todo = append(todo, n.nodes[len(n.nodes)-1-i])
		}
		if label, ok := n.prop("label"); ok && len(n.name) > 10 && n.name[:10] == "partition@" && len(p.Vars) < maxVars {
			reg, _ := n.prop("reg")
			off, size, ok := cells(t.value(reg))
			if ok {
				p.Vars = append(p.Vars, format.Var{Name: "partition:" + clean(t.value(label)), Value: fmt.Sprintf("0x%x+0x%x", off, size), Offset: label.at})
			}
		}
	}
}

// cells reads an offset and a size, one or two cells each.
func cells(reg []byte) (off, size uint64, ok bool) {
	be := binary.BigEndian
	switch len(reg) {
	case 8:
		return uint64(be.Uint32(reg)), uint64(be.Uint32(reg[4:])), true
	case 16:
		return be.Uint64(reg), be.Uint64(reg[8:]), true
	}
	return 0, 0, false
}
