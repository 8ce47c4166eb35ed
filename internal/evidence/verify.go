package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"assay/internal/untrusted"
)

// ProblemKind names what Verify found.
type ProblemKind string

// The kinds of problems.
const (
	Missing ProblemKind = "missing" // the bytes are not there
	Damaged ProblemKind = "damaged" // the bytes are not the ones that were stored
	Changed ProblemKind = "changed" // a referenced file is another one now
	Remains ProblemKind = "remains" // purged, but bytes are still there
	Unknown ProblemKind = "unknown" // a file that the index does not know
	Index   ProblemKind = "index"   // the index itself, from a position on
	Unread  ProblemKind = "unread"  // could not be read, so nothing is known
)

// Problem is one thing that Verify found, with the names that people know.
type Problem struct {
	Kind   ProblemKind    `json:"kind"`
	Digest Digest         `json:"sha256,omitzero"`
	Handle string         `json:"handle,omitempty"`
	Name   untrusted.Text `json:"name,omitzero"`
	Path   string         `json:"path"` // relative to the workspace
	Detail string         `json:"detail"`
}

func (p Problem) String() string {
	name := p.Name.String()
	if name != "" {
		name = " (" + name + ")"
	}
	return fmt.Sprintf("%s: %s%s: %s", p.Kind, untrusted.From(p.Path, 4096), name, p.Detail)
}

// VerifyReport is what Verify saw. Consistent is not authenticated: whoever can
// write the folder can write a whole other one; compare Head with a noted one.
type VerifyReport struct {
	Objects  int         // objects and sealed values whose bytes were recomputed
	Bytes    int64       // their bytes
	Purged   []Tombstone // what is gone on purpose
	Problems []Problem
	Head     Digest // of the index
	Entries  uint64 // of the index
}

// Verify recomputes the digest of everything that the index knows, and looks
// for files that it doesn't know. Damage is in the report; an error means that
// ctx ended and the report is not complete.
func (s *Store) Verify(ctx context.Context) (VerifyReport, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rep := VerifyReport{Head: s.chain.Head(), Entries: s.chain.Count()}
	if s.damage != nil {
		rep.Problems = append(rep.Problems, Problem{
			Kind: Index, Path: baseDir + "/" + indexPath,
			Detail: s.damage.Error() + "; what was stored later is not known",
		})
	}
	known := map[string]bool{}
	for _, d := range s.order {
		for _, o := range s.objects[d] {
			if o.Path == "" {
				if known[objectPath(d)] {
					continue // one file, many descriptions
				}
				known[objectPath(d)] = true
			}
			if err := s.verifyObject(ctx, o, &rep); err != nil {
				return rep, err
			}
		}
		if t, ok := s.purged[d]; ok {
			rep.Purged = append(rep.Purged, t)
		}
	}
	for _, h := range s.handles {
		known["sealed/"+h] = true
		if err := s.verifySealed(ctx, s.sealed[h], &rep); err != nil {
			return rep, err
		}
	}
	s.verifyKey(&rep)
	known[keyPath] = true
	for _, dir := range []string{"evidence/objects", "sealed"} {
		if err := s.findUnknown(ctx, dir, known, &rep); err != nil {
			return rep, err
		}
	}
	return rep, nil
}

func (s *Store) verifyObject(ctx context.Context, o Object, rep *VerifyReport) error {
	root, path, p := s.base, objectPath(o.Digest), Problem{Digest: o.Digest, Name: o.Name}
	p.Path = baseDir + "/" + path
	if o.Path != "" {
		root, path, p.Path = s.work, o.Path, o.Path
	}
	if _, ok := s.purged[o.Digest]; ok {
		if _, err := root.Lstat(path); err == nil && o.Path == "" {
			p.Kind, p.Detail = Remains, "purged, but its bytes are still there: purge again"
			rep.Problems = append(rep.Problems, p)
		}
		return nil
	}
	d, n, err := s.rehash(ctx, root, path)
	if ctx.Err() != nil {
		return fmt.Errorf("evidence: verify: %w", context.Cause(ctx))
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.Kind, p.Detail = Missing, fmt.Sprintf("%d bytes, stored %s", o.Size, o.Stored.Format("2006-01-02"))
	case err != nil:
		p.Kind, p.Detail = Unread, err.Error()
	case d == o.Digest:
		rep.Objects, rep.Bytes = rep.Objects+1, rep.Bytes+n
		return nil
	case o.Path != "":
		p.Kind, p.Detail = Changed, fmt.Sprintf("sha256 is %s with %d bytes, referenced was %s with %d", d, n, o.Digest, o.Size)
	default:
		p.Kind, p.Detail = Damaged, fmt.Sprintf("sha256 of its %d bytes is %s, stored were %d bytes", n, d, o.Size)
	}
	rep.Problems = append(rep.Problems, p)
	return nil
}

func (s *Store) verifySealed(ctx context.Context, r sealedRecord, rep *VerifyReport) error {
	p := Problem{Handle: r.Handle, Path: baseDir + "/sealed/" + r.Handle, Name: untrusted.From(r.Kind, 64)}
	if t, ok := s.gone[r.Handle]; ok {
		rep.Purged = append(rep.Purged, t)
		if _, err := s.base.Lstat("sealed/" + r.Handle); err == nil {
			p.Kind, p.Detail = Remains, "purged, but its bytes are still there: purge again"
			rep.Problems = append(rep.Problems, p)
		}
		return nil
	}
	d, n, err := s.rehash(ctx, s.base, "sealed/"+r.Handle)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("evidence: verify: %w", context.Cause(ctx))
	case errors.Is(err, fs.ErrNotExist):
		p.Kind, p.Detail = Missing, "sealed value"
	case err != nil:
		p.Kind, p.Detail = Unread, err.Error()
	case d != r.Digest:
		p.Kind, p.Detail = Damaged, fmt.Sprintf("sha256 of its %d bytes is %s", n, d)
	default:
		rep.Objects, rep.Bytes = rep.Objects+1, rep.Bytes+n
		return nil
	}
	rep.Problems = append(rep.Problems, p)
	return nil
}

// verifyKey reports a key that values need and that is gone or of a wrong size.
func (s *Store) verifyKey(rep *VerifyReport) {
	if len(s.sealed) == len(s.gone) {
		return
	}
	p := Problem{Path: baseDir + "/" + keyPath}
	b, err := s.readKey()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.Kind, p.Detail = Missing, "the workspace key: sealed values can't be read"
	case err != nil:
		p.Kind, p.Detail = Unread, err.Error()
	case len(b) != keySize:
		p.Kind, p.Detail = Damaged, fmt.Sprintf("the workspace key is not %d bytes", keySize)
	default:
		return
	}
	rep.Problems = append(rep.Problems, p)
}

func (s *Store) rehash(ctx context.Context, root *os.Root, name string) (Digest, int64, error) {
	f, st, err := openRegular(root, name)
	if err != nil {
		return Digest{}, 0, err
	}
	// A file that grows while it is read ends at the size that it had.
	d, n, err := hash(io.LimitReader(ctxReader{ctx, f}, st.Size()), st.Size())
	return d, n, errors.Join(err, f.Close())
}

type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c ctxReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// findUnknown walks a folder of the store. Links are named, not followed.
func (s *Store) findUnknown(ctx context.Context, dir string, known map[string]bool, rep *VerifyReport) error {
	err := fs.WalkDir(s.base.FS(), dir, func(p string, e fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			rep.Problems = append(rep.Problems, Problem{Kind: Unread, Path: baseDir + "/" + p, Detail: err.Error()})
			return nil
		case e.IsDir() || known[p]:
			return nil
		}
		what := "the index does not know this file"
		if strings.HasPrefix(p, "sealed/") && validHandle(e.Name()) {
			what += ": a secret that was being sealed when the program was killed, or foreign"
		}
		rep.Problems = append(rep.Problems, Problem{Kind: Unknown, Path: baseDir + "/" + p, Detail: what})
		return nil
	})
	if err != nil {
		return fmt.Errorf("evidence: verify: %w", err)
	}
	return nil
}
