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
	path   string
	volume int
	offset int64
	n      int // of the part's keys
}

func compareKeys(a, b key) int {
	return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.Name, b.Name), cmp.Compare(a.volume, b.volume), cmp.Compare(a.offset, b.offset), cmp.Compare(a.n, b.n))
}

func compareHeld(a, b held) int {
	return cmp.Or(cmp.Compare(a.part.Volume, b.part.Volume), cmp.Compare(a.part.Path, b.part.Path), cmp.Compare(a.part.Offset, b.part.Offset), cmp.Compare(a.part.Format, b.part.Format))
}

const (
	maxHeld   = 1000 // keys, and parts that wait for them
	maxChecks = 2000 // of a signature with a key: some take a millisecond
)

// hold keeps what a part has to do with signatures; it says whether the part is
// told later. Of too many it keeps those that come first by where they stand, and
// not by when they were found. It is called under the lock.
func (w *walk) hold(p Part, f *format.Part) (later bool, err error) {
	for i, k := range f.Keys {
		w.keys = append(w.keys, key{k, p.Path, p.Volume, p.Offset, i})
		if len(w.keys) >= 2*maxHeld {
			w.fewerKeys()
		}
	}
	if len(f.Seals) == 0 {
		return false, nil
	}
	p.Guards = slices.Clone(p.Guards)
	w.held = append(w.held, held{p, f.Seals})
	if len(w.held) >= 2*maxHeld {
		err = w.fewerHeld()
	}
	return true, err
}

// fewerKeys sorts the keys, and keeps as many as may be.
func (w *walk) fewerKeys() {
	slices.SortFunc(w.keys, compareKeys)
	if over := len(w.keys) - maxHeld; over > 0 {
		w.moreKeys += over
		clear(w.keys[maxHeld:])
		w.keys = w.keys[:maxHeld]
	}
}

// fewerHeld does so with the parts that wait, and tells the others as they are.
func (w *walk) fewerHeld() error {
	slices.SortFunc(w.held, compareHeld)
	if len(w.held) <= maxHeld {
		return nil
	}
	over := w.held[maxHeld:]
	w.moreHeld += len(over)
	for _, h := range over {
		if err := w.v.Part(h.part); err != nil {
			return err
		}
	}
	clear(over)
	w.held = w.held[:maxHeld]
	return nil
}

// tooMany leaves as many keys, and parts that wait, as may be, and says how many
// were more.
func (w *walk) tooMany() error {
	w.fewerKeys()
	if err := w.emit(w.fewerHeld); err != nil {
		return err
	}
	for _, x := range []struct {
		n    int
		what string
	}{{w.moreKeys, "keys are not tried on signatures"}, {w.moreHeld, "parts with signatures are not held against keys"}} {
		if x.n == 0 {
			continue
		}
		if err := w.gap(Gap{Volume: -1, Kind: Limit, Detail: fmt.Sprintf("%d %s: behind the first %d", x.n, x.what, maxHeld)}); err != nil {
			return err
		}
	}
	return nil
}

// unseal tells the parts that waited.
func (w *walk) unseal() error {
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

// check tries the keys of the image on a signature, those of its name first. One
// that fits, whatever its name, is what a boot loader would take; only a key of
// the same name that doesn't fit says that something is wrong.
func (w *walk) check(g *format.Guard, s format.Seal) {
	var named *key
	for _, same := range []bool{true, false} {
		for i := range w.keys {
			k := &w.keys[i]
			if (s.Name != "" && k.Name == s.Name) != same {
				continue
			}
			if w.checks++; w.checks > maxChecks {
				g.Note += "; not every key of this image was tried on it"
				return
			}
			good, known := s.Check(k.Public)
			if good {
				g.State = format.Good
				g.Note += fmt.Sprintf("; it fits the key %q of %s", format.Printable(k.Name), k.path)
				return
			}
			if known && same && named == nil {
				named = k
			}
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
