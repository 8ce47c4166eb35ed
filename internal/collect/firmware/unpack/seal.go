package unpack

import (
	"cmp"
	"fmt"
	"slices"

	"assay/internal/collect/firmware/format"
)

// held is a part whose signatures wait for the keys that the rest of the image
// may have.
type held struct {
	part  Part
	seals []format.Seal
}

// key is a public key, and where it stands.
type key struct {
	format.Key
	path string
}

// maxHeld bounds keys, and parts that wait for them.
const maxHeld = 1000

// hold keeps what a part has to do with signatures; it says whether the part is
// told later. It is called under the lock.
func (w *walk) hold(p Part, f *format.Part) bool {
	for _, k := range f.Keys {
		if len(w.keys) < maxHeld {
			w.keys = append(w.keys, key{k, p.Path})
		}
	}
	if len(f.Seals) == 0 || len(w.held) >= maxHeld {
		return false
	}
	p.Guards = slices.Clone(p.Guards)
	w.held = append(w.held, held{p, f.Seals})
	return true
}

// unseal tells the parts that waited.
func (w *walk) unseal() error {
	slices.SortFunc(w.keys, func(a, b key) int { return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.Name, b.Name)) })
	for _, h := range w.held {
		for _, s := range h.seals {
			w.check(&h.part.Guards[s.Guard], s)
		}
		if err := w.emit(func() error { return w.v.Part(h.part) }); err != nil {
			return err
		}
	}
	return nil
}

// check tries the keys of the image on a signature. One that fits, whatever its
// name, is what a boot loader would take; only a key of the same name that
// doesn't fit says that something is wrong.
func (w *walk) check(g *format.Guard, s format.Seal) {
	var named *key
	for i := range w.keys {
		k := &w.keys[i]
		good, known := s.Check(k.Public)
		if good {
			g.State = format.Good
			g.Note += fmt.Sprintf("; it fits the key %q of %s", format.Printable(k.Name), k.path)
			return
		}
		if known && s.Name != "" && k.Name == s.Name && named == nil {
			named = k
		}
	}
	switch {
	case named != nil:
		g.State = format.Bad
		g.Note += fmt.Sprintf("; it does not fit the key of that name in %s", named.path)
	case len(w.keys) > 0:
		g.Note += "; the keys in this image are others"
	default:
		g.Note += "; the key is not in this image"
	}
}
