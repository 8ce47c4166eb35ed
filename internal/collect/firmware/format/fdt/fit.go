package fdt

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
	"hash/crc32"
	"strings"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/banner"
)

// maxImages bounds the images of one FIT; real ones have below 100.
const maxImages = 4096

// maxSeals bounds the signatures of configurations that are calculated.
const maxSeals = 16

// compressions are the decoders of the "compression" property. U-Boot reads LZO
// as lzop writes it.
var compressions = map[string]string{"gzip": "gzip", "bzip2": "bzip2", "lzma": "lzma", "lzo": "lzop", "lz4": "lz4", "zstd": "zstd", "xz": "xz"}

// hashes are the algorithms of hash nodes.
var hashes = map[string]func() hash.Hash{
	"crc32":  func() hash.Hash { return crc32.NewIEEE() },
	"md5":    md5.New,
	"sha1":   sha1.New,
	"sha256": sha256.New,
	"sha384": sha512.New384,
	"sha512": sha512.New,
}

// image is one node below /images.
type image struct {
	*node
	at, size int64 // of the data in the source
	there    int64 // bytes of it that the source has
	cipher   string
}

// fit fills p from the images and configurations of a FIT.
func (t *tree) fit(ctx context.Context, p *format.Part, images *node) error {
	p.Name = format.Printable(t.text(t.root, "description"))
	p.Claim(t.s, t.head.total)
	var list []image
	for _, n := range images.nodes {
		if len(list) == maxImages {
			t.problem(n.at, format.TooMany, fmt.Sprintf("more than %d images", maxImages))
			break
		}
		if i, ok := t.image(n); ok {
			list = append(list, i)
			p.Size = max(p.Size, i.at+i.there-p.Offset)
		}
	}
	sum := &sums{left: 8 * t.s.Size(), done: map[string][]byte{}}
	ciphered := 0
	var about []string
	for _, i := range list {
		about = append(about, t.about(i))
		p.Systems = append(p.Systems, t.systems(i)...)
		if i.cipher != "" {
			ciphered++
			p.Guards = append(p.Guards, format.Guard{Kind: format.Encryption, Scheme: i.cipher, State: format.Present, Note: t.hint(i.child("cipher"), "image "+i.name), Offset: i.at})
		} else if r := t.region(i); overlaps(p.Regions, r) {
			t.problem(i.node.at, format.Overlap, fmt.Sprintf("the data of image %q is that of another", r.Name))
		} else {
			p.Regions = append(p.Regions, r)
		}
		if err := t.guards(ctx, p, i, sum); err != nil {
			return err
		}
	}
	if ciphered > 0 && ciphered == len(list) {
		p.Opaque = "encrypted: every image of the FIT has a cipher node"
	}
	p.Note = fmt.Sprintf("FIT %q, %d image(s): %s", p.Name, len(list), strings.Join(about[:min(len(about), 16)], "; "))
	return t.configurations(ctx, p)
}

// image finds the data of an image: in the tree, or after it at data-offset
// (from the tree's end, to 4 bytes), or at data-position (from its beginning).
func (t *tree) image(n *node) (image, bool) {
	i := image{node: n}
	if data, ok := n.prop("data"); ok {
		i.at, i.size = data.at, data.len
	} else {
		size, ok := t.number(n, "data-size")
		if !ok {
			return i, false // without data: a configuration may still name it
		}
		i.size = size
		if pos, ok := t.number(n, "data-position"); ok {
			i.at = t.at + pos
		} else if off, ok := t.number(n, "data-offset"); ok {
			i.at = t.at + (t.head.total+3)&^3 + off
		} else {
			t.problem(n.at, format.Damaged, fmt.Sprintf("image %q does not say where its data stands", format.Printable(n.name)))
			return i, false
		}
	}
	i.there = max(min(i.size, t.s.Size()-i.at), 0)
	if i.there < i.size {
		t.problem(n.at, format.Truncated, fmt.Sprintf("image %q claims %d bytes at offset %d, %d are there", format.Printable(n.name), i.size, i.at, i.there))
	}
	if i.at < t.at+40 || i.at > t.s.Size() {
		return i, false
	}
	if c := n.child("cipher"); c.name != "" {
		i.cipher = cipher(t.text(c, "algo"))
	}
	return i, true
}

// cipher names U-Boot's algorithms, which are AES in CBC mode
// (doc/usage/fit/signature.rst, lib/aes of U-Boot).
func cipher(algo string) string {
	if bits, ok := strings.CutPrefix(algo, "aes"); ok && (bits == "128" || bits == "192" || bits == "256") {
		return "aes-" + bits + "-cbc"
	}
	return scheme(algo)
}

// scheme is an algorithm as the tree names it: "sha256,rsa2048".
func scheme(algo string) string {
	if algo == "" {
		return "unknown"
	}
	return format.Printable(algo)
}

func (t *tree) region(i image) format.Region {
	r := format.Region{Name: format.Printable(i.name), Offset: i.at, Size: i.there}
	if c, ok := compressions[t.text(i.node, "compression")]; ok {
		r.Try = []string{c}
	}
	return r
}

// overlaps keeps the ranges apart, so that all of them are no more than the
// source.
func overlaps(list []format.Region, r format.Region) bool {
	for _, o := range list {
		if r.Offset < o.Offset+o.Size && o.Offset < r.Offset+r.Size {
			return true
		}
	}
	return false
}

func (t *tree) about(i image) string {
	out := format.Printable(i.name)
	for _, name := range []string{"type", "os", "arch", "compression", "version"} {
		if v := t.text(i.node, name); v != "" && v != "none" {
			out += " " + format.Printable(v)
		}
	}
	return out
}

func (t *tree) systems(i image) []format.System {
	p, ok := i.prop("description")
	if !ok {
		return nil
	}
	return banner.Named(clean(t.value(p)), p.at)
}

// guards checks the hash nodes of an image and names its signature nodes.
func (t *tree) guards(ctx context.Context, p *format.Part, i image, sum *sums) error {
	what := "image " + format.Printable(i.name)
	for _, n := range i.nodes {
		if len(p.Guards) >= maxImages {
			return nil
		}
		algo := t.text(n, "algo")
		switch {
		case strings.HasPrefix(n.name, "signature"):
			p.Guards = append(p.Guards, t.signature(n, what))
			if err := t.seal(p, n, func(algo string) ([]byte, error) { return sum.of(ctx, t.s, algo, i) }); err != nil {
				return err
			}
		case strings.HasPrefix(n.name, "hash"):
			value, ok := n.prop("value")
			if !ok {
				continue
			}
			got, err := sum.of(ctx, t.s, algo, i)
			if err != nil {
				return err
			}
			if got == nil {
				p.Guards = append(p.Guards, format.Guard{Kind: format.Checksum, Scheme: scheme(algo), State: format.Present, Note: what, Offset: value.at})
			} else {
				p.Checked(algo, bytes.Equal(got, t.value(value)), value.at, what)
			}
		}
	}
	return nil
}

// signature says which key and algorithm: the public key is not in the image,
// so it can't be checked here.
func (t *tree) signature(n *node, what string) format.Guard {
	if v, ok := n.prop("value"); !ok || v.len == 0 {
		what += ", not signed yet"
	}
	return format.Guard{Kind: format.Signature, Scheme: scheme(t.text(n, "algo")), State: format.Present, Note: t.hint(n, what), Offset: n.at}
}

func (t *tree) hint(n *node, what string) string {
	if hint := t.text(n, "key-name-hint"); hint != "" {
		return fmt.Sprintf("%s, key %q", what, format.Printable(hint))
	}
	return what
}

// configurations names the signatures over configurations, which are what a
// boot loader checks with "required = conf".
func (t *tree) configurations(ctx context.Context, p *format.Part) error {
	list := t.root.child("configurations")
	t.variable(p, list, "default", "default")
	left := maxSeals
	for _, conf := range list.nodes {
		for _, n := range conf.nodes {
			if strings.HasPrefix(n.name, "signature") && len(p.Guards) < maxImages {
				p.Guards = append(p.Guards, t.signature(n, "configuration "+format.Printable(conf.name)))
				if left--; left < 0 {
					continue // each is a pass over the tree
				}
				if err := t.seal(p, n, func(algo string) ([]byte, error) { return t.signed(ctx, n, algo) }); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// sums calculates hashes, each of a range once, and not more than some bytes in
// all: any number of nodes may name the same data.
type sums struct {
	left int64
	done map[string][]byte
}

// of returns nil where the algorithm isn't known, the data is cut, or the work
// is too much.
func (s *sums) of(ctx context.Context, src format.Source, algo string, i image) ([]byte, error) {
	start, ok := hashes[algo]
	if !ok || i.there < i.size {
		return nil, nil
	}
	key := fmt.Sprintf("%s %d %d", algo, i.at, i.size)
	if got, ok := s.done[key]; ok {
		return got, nil
	}
	if i.size > s.left {
		return nil, nil
	}
	s.left -= i.size
	h := start()
	if err := format.Sum(ctx, src, i.at, i.size, h); err != nil {
		return nil, err
	}
	s.done[key] = h.Sum(nil)
	return s.done[key], nil
}
