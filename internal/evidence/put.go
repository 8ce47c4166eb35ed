package evidence

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
)

// Put copies r into the store, streaming, and returns the object with its
// digest and size. The bytes are on disk (fsync, rename, fsync of the folder)
// when Put returns. Bytes that are already there are not written twice; a new
// name or class for them is noted. An r of more than Limits.Object bytes is
// ErrTooLarge and leaves nothing.
func (s *Store) Put(r io.Reader, m Meta) (Object, error) {
	if err := s.checkMeta(m); err != nil {
		return Object{}, err
	}
	tmp := tmpDir + "/" + rand.Text()
	f, err := s.base.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return Object{}, s.explain("make an object", err)
	}
	d, size, err := s.fill(f, r)
	if err == nil {
		err = s.place(tmp, d, size)
	}
	if err != nil {
		if rerr := s.base.Remove(tmp); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
			err = errors.Join(err, rerr)
		}
		return Object{}, err
	}
	o := Object{Digest: d, Size: size, Name: m.Name, Class: m.Class, Stored: s.opt.Now().UTC()}
	return s.record(entryObject, o)
}

func (s *Store) checkMeta(m Meta) error {
	switch {
	case s.opt.ReadOnly:
		return fmt.Errorf("evidence: %w", ErrReadOnly)
	case !m.Class.valid():
		return fmt.Errorf("evidence: unknown class %q", m.Class)
	case m.Name.Len() > s.opt.Limits.Name:
		return fmt.Errorf("evidence: name of %d bytes: %w of %d", m.Name.Len(), ErrTooLarge, s.opt.Limits.Name)
	}
	return nil
}

// fill copies r into f, hashes it, syncs and closes f.
func (s *Store) fill(f *os.File, r io.Reader) (d Digest, size int64, err error) {
	defer func() {
		if cerr := f.Close(); cerr != nil && err == nil {
			err = s.explain("write an object", cerr)
		}
	}()
	h := sha256.New()
	src := &source{r: io.LimitReader(r, s.opt.Limits.Object+1)}
	size, err = io.Copy(io.MultiWriter(f, h), src)
	switch {
	case src.err != nil:
		return d, size, fmt.Errorf("evidence: read the input after %d bytes: %w", size, src.err)
	case err != nil:
		return d, size, s.explain(fmt.Sprintf("write an object after %d bytes", size), err)
	case size > s.opt.Limits.Object:
		return d, size, fmt.Errorf("evidence: object: %w of %d bytes", ErrTooLarge, s.opt.Limits.Object)
	}
	if err := f.Sync(); err != nil {
		return d, size, s.explain("write an object", err)
	}
	return Digest(h.Sum(nil)), size, nil
}

// source remembers the reader's own error, to tell it from the disk's.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// place moves a written file to where its digest says. A file of the same size
// that is there already stays: a damaged one has to be found, not hidden. One
// of another size can only be a wreck and is replaced.
func (s *Store) place(tmp string, d Digest, size int64) error {
	to := objectPath(d)
	if st, err := s.base.Lstat(to); err == nil && st.Mode().IsRegular() && st.Size() == size {
		if err := s.base.Remove(tmp); err != nil {
			return s.explain("remove a copy", err)
		}
		return nil
	}
	dir := path.Dir(to)
	if err := s.base.MkdirAll(dir, 0o700); err != nil {
		return s.explain("make "+dir, err)
	}
	if err := s.base.Rename(tmp, to); err != nil {
		return s.explain("place object "+d.String(), err)
	}
	for _, p := range []string{dir, path.Dir(dir)} {
		if err := syncDir(s.base, p); err != nil {
			return s.explain("sync "+p, err)
		}
	}
	return nil
}

// record notes the object unless the same is known already.
func (s *Store) record(typ string, o Object) (Object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, purged := s.purged[o.Digest]; !purged {
		for _, old := range s.objects[o.Digest] {
			if old.Name == o.Name && old.Class == o.Class && old.Path == o.Path && old.Modified.Equal(o.Modified) {
				return old, nil
			}
		}
	}
	if err := s.append(typ, o); err != nil {
		return Object{}, err
	}
	s.addObject(o)
	return o, nil
}

// Reference hashes a regular file of the workspace where it lies, without
// copying it, and notes path, size, time and digest. The path is relative to
// the workspace, or absolute inside it; a path or link that leaves it is an
// error, and so is one into .assay.
func (s *Store) Reference(name string, m Meta) (Object, error) {
	if err := s.checkMeta(m); err != nil {
		return Object{}, err
	}
	rel, err := s.relative(name)
	if err != nil {
		return Object{}, err
	}
	f, st, err := openRegular(s.work, rel)
	if err != nil {
		return Object{}, s.explain(fmt.Sprintf("reference %q", rel), err)
	}
	d, size, err := hash(f, s.opt.Limits.Object)
	if cerr := f.Close(); err == nil && cerr != nil {
		err = cerr
	}
	if err != nil {
		return Object{}, fmt.Errorf("evidence: reference %q: %w", rel, err)
	}
	o := Object{
		Digest: d, Size: size, Name: m.Name, Class: m.Class, Path: rel,
		Modified: st.ModTime().UTC(), Stored: s.opt.Now().UTC(),
	}
	return s.record(entryReference, o)
}

func (s *Store) relative(name string) (string, error) {
	rel := name
	if filepath.IsAbs(name) {
		dir, err := filepath.Abs(s.dir)
		if err == nil {
			rel, err = filepath.Rel(dir, name)
		}
		if err != nil {
			return "", fmt.Errorf("evidence: %q: %w", name, err)
		}
	}
	rel = filepath.Clean(rel)
	if !filepath.IsLocal(rel) {
		return "", fmt.Errorf("evidence: %q is not inside the workspace: copy it there, or store it", name)
	}
	rel = filepath.ToSlash(rel)
	if first, _, _ := strings.Cut(rel, "/"); first == baseDir {
		return "", fmt.Errorf("evidence: %q is inside %s: only files of the maker are referenced", name, baseDir)
	}
	return rel, nil
}

// openRegular opens a regular file inside root. It never waits on a pipe.
func openRegular(root *os.Root, name string) (*os.File, os.FileInfo, error) {
	f, err := root.OpenFile(filepath.FromSlash(name), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = fmt.Errorf("%q is not a regular file", name)
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, st, nil
}

// hash reads at most max bytes and returns digest and size.
func hash(r io.Reader, max int64) (Digest, int64, error) {
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(r, max+1))
	if err != nil {
		return Digest{}, n, fmt.Errorf("read after %d bytes: %w", n, err)
	}
	if n > max {
		return Digest{}, n, fmt.Errorf("%w of %d bytes", ErrTooLarge, max)
	}
	return Digest(h.Sum(nil)), n, nil
}

func objectPath(d Digest) string {
	s := d.String()
	return "evidence/objects/" + s[:2] + "/" + s
}

func syncDir(root *os.Root, name string) error {
	d, err := root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// explain says what to do about errors of the disk.
func (s *Store) explain(what string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("evidence: %s: the disk of %s is full; free some space and resume: %w", what, s.dir, err)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("evidence: %s: %s is on a read-only file system: %w", what, s.dir, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("evidence: %s: no permission in %s; it must belong to the user who runs this: %w", what, s.dir, err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("evidence: %s: missing in %s: %w", what, s.dir, err)
	}
	return fmt.Errorf("evidence: %s: %w", what, err)
}
