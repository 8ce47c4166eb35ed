package unpack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"path"
	"strings"

	"assay/internal/collect/firmware/format"
)

// inside goes into a file that is a container or an image; it says whether it
// did.
func (t *tree) inside(ctx context.Context, e format.Entry, data []byte) (bool, error) {
	w := t.w
	l := layer{volume: t.id, path: e.Path, src: bytes.NewReader(data), mem: data, depth: t.l.depth + 1, decoded: true, large: t.l.large || len(data) > largeFile, above: t.l.above + int64(len(data))}
	// At the top of an image, the files of an archive are the image's parts: they
	// are gone through with all cores.
	l.alone = !t.image || t.l.alone || len(data) < 1<<20
	if elf(data) {
		return false, nil
	}
	// An update's members, and files that are called images, may begin with a
	// vendor's header; of all others the first bytes say what they are.
	anywhere := len(data) >= 512 && (t.image || imageName(e.Path))
	if !anywhere {
		p, err := w.fs.At(ctx, l.src, nil, false)
		if err != nil {
			return false, err
		}
		if p == nil || p.Open == nil && p.Contents == nil && len(p.Regions) == 0 && p.Opaque == "" {
			return false, t.weigh(e, data)
		}
		if (p.Open != nil || len(p.Regions) > 0) && p.Offset+p.Size < l.src.Size()/2 {
			return false, nil // a small thing at the beginning of something else
		}
	}
	if !w.enters(l) {
		return true, nil
	}
	if l.depth > w.lim.Depth {
		return true, w.gap(l.gap(0, format.TooDeep, fmt.Sprintf("more than %d containers in each other", w.lim.Depth)))
	}
	lay, err := w.fs.scan(ctx, l.src, w.search(l, nil))
	if err != nil {
		return false, err
	}
	if len(lay.parts) == 0 {
		return false, t.weigh(e, data)
	}
	if p := lay.parts[0]; len(lay.parts) == 1 && p.Data && p.Size == l.src.Size() {
		return false, nil // it is what it is
	}
	sum := sha256.Sum256(data)
	l.names, l.content = newNames(), sum[:]
	packed, _ := lay.blocks.packed(l.src.Size())
	return true, w.parts(ctx, l, lay, packed)
}

// weigh tells of a file that looks encrypted or packed in an unknown way: that
// nothing was found in it says nothing. Media and what is random by its nature
// are left out.
func (t *tree) weigh(e format.Entry, data []byte) error {
	const least = 4096
	if len(data) < least || medium(e.Path, data) {
		return nil
	}
	n := min(len(data), 1<<20)
	head, tail := entropyOf(data[:n]), entropyOf(data[len(data)-n:])
	if bound := noise(int64(n)) - 0.03; head < bound && tail < bound {
		if !imageName(e.Path) {
			return nil
		}
		block := blockwise(bytes.NewReader(data), 0, int64(len(data)))
		if block == 0 {
			return nil
		}
		return t.w.gap(Gap{Volume: t.id, Path: e.Path, Kind: Unrecognised, Detail: repeated(int64(len(data)), block)})
	}
	return t.w.gap(Gap{Volume: t.id, Path: e.Path, Kind: Unrecognised,
		Detail: fmt.Sprintf("%d bytes, entropy %.2f: no format recognised; encrypted, or packed in an unknown way", len(data), max(head, tail))})
}

// Sounds and Flash films of which only two or three bytes are fixed, and icons:
// enough for what looks like noise.
var shortMedia = []string{"\xff\xfb", "\xff\xf3", "\xff\xf1", "FWS", "CWS", "\x00\x00\x01\x00"}

// medium says that a file looks like noise by its nature.
func medium(name string, data []byte) bool {
	if format.Medium(data, shortMedia...) {
		return true
	}
	base := path.Base(name)
	return strings.Contains(base, "random-seed") || strings.Contains(base, "random_seed") || base == "urandom.seed" || base == "dh.pem"
}

func elf(b []byte) bool { return bytes.HasPrefix(b, []byte("\x7fELF")) }

func imageName(p string) bool {
	switch path.Ext(strings.ToLower(p)) {
	case ".img", ".bin", ".fw", ".ubi", ".squashfs", ".sqfs", ".jffs2", ".upd", ".pkg", ".rom", ".itb", ".swu":
		return true
	}
	return false
}
