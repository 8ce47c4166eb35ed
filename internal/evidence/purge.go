package evidence

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// PurgeOrder says what to remove and why.
type PurgeOrder struct {
	Classes []Class
	Reason  string // for the tombstones: a retention rule, a person's request
	// Files removes referenced files of the workspace too. Without it they are
	// only listed in PurgeResult.Left: they are the maker's own.
	Files bool
}

// PurgeResult says what Purge did.
type PurgeResult struct {
	Purged []Tombstone
	Left   []Object // referenced files of the classes that were left alone
}

// Purge removes the bytes of all objects that have one of the classes, and all
// sealed values if Sealed is among them. The tombstone is written before the
// bytes go: killed in between, Verify finds the remains and the next Purge
// removes them. Removed files are unlinked, not overwritten, because
// overwriting erases nothing on flash and copy-on-write file systems.
func (s *Store) Purge(o PurgeOrder) (PurgeResult, error) {
	var res PurgeResult
	if o.Reason == "" {
		return res, errors.New("evidence: purge: a reason is needed for the tombstones")
	}
	if len(o.Classes) == 0 {
		return res, errors.New("evidence: purge: no class of evidence is named")
	}
	for _, c := range o.Classes {
		if !c.valid() {
			return res, fmt.Errorf("evidence: purge: unknown class %q", c)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.order {
		if err := s.purgeObject(d, o, &res); err != nil {
			return res, err
		}
	}
	if slices.Contains(o.Classes, Sealed) {
		for _, h := range s.handles {
			if err := s.purgeSealed(h, o, &res); err != nil {
				return res, err
			}
		}
	}
	return res, nil
}

func (s *Store) purgeObject(d Digest, o PurgeOrder, res *PurgeResult) error {
	list := s.objects[d]
	i := slices.IndexFunc(list, func(b Object) bool { return slices.Contains(o.Classes, b.Class) })
	if i < 0 {
		return nil
	}
	left := false
	for _, b := range list {
		if b.Path != "" && !o.Files {
			res.Left = append(res.Left, b)
			left = true
		}
	}
	copied := slices.ContainsFunc(list, func(b Object) bool { return b.Path == "" })
	if left && !copied {
		return nil
	}
	if _, done := s.purged[d]; !done {
		b := list[i]
		t := Tombstone{
			Digest: d, Size: b.Size, Name: b.Name, Class: b.Class, Path: b.Path,
			Stored: b.Stored, Purged: s.opt.Now().UTC(), Reason: o.Reason,
		}
		if err := s.append(entryPurged, t); err != nil {
			return err
		}
		s.purged[d] = t
		res.Purged = append(res.Purged, t)
	}
	for _, b := range list {
		if err := s.removeBytes(b, o.Files); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) removeBytes(b Object, files bool) error {
	var err error
	switch {
	case b.Path == "":
		err = s.base.Remove(objectPath(b.Digest))
	case files:
		// The path may hold another file by now; only the one that was
		// referenced is removed.
		f, _, oerr := openRegular(s.work, b.Path)
		if errors.Is(oerr, fs.ErrNotExist) {
			return nil
		}
		if oerr != nil {
			return s.explain(fmt.Sprintf("purge %q", b.Path), oerr)
		}
		d, _, herr := hash(f, b.Size)
		if cerr := f.Close(); cerr != nil {
			return s.explain(fmt.Sprintf("purge %q", b.Path), cerr)
		}
		if herr != nil && !errors.Is(herr, ErrTooLarge) {
			return s.explain(fmt.Sprintf("purge %q", b.Path), herr)
		}
		if d == b.Digest {
			err = s.work.Remove(b.Path)
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s.explain("purge "+b.Digest.String(), err)
	}
	return nil
}

func (s *Store) purgeSealed(h string, o PurgeOrder, res *PurgeResult) error {
	if _, done := s.gone[h]; !done {
		r := s.sealed[h]
		t := Tombstone{
			Handle: h, Digest: r.Digest, Size: r.Size, Class: Sealed,
			Stored: r.Stored, Purged: s.opt.Now().UTC(), Reason: o.Reason,
		}
		if err := s.append(entryPurged, t); err != nil {
			return err
		}
		s.gone[h] = t
		res.Purged = append(res.Purged, t)
	}
	if err := s.base.Remove("sealed/" + h); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s.explain("purge secret "+h, err)
	}
	return nil
}
