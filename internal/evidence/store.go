package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"assay/internal/limit"
	"assay/internal/untrusted"
)

// Class says what kind of bytes an object is, which is what Purge chooses by.
type Class string

// The classes.
const (
	Firmware   Class = "firmware"   // images and what was unpacked from them
	Personal   Class = "personal"   // recordings, names, addresses of people
	Sealed     Class = "sealed"     // captures and other bytes with secrets that can't be redacted
	Document   Class = "document"   // manuals, policies, pages
	Transcript Class = "transcript" // redacted dialogues with a device
	Other      Class = "other"
)

func (c Class) valid() bool {
	return slices.Contains([]Class{Firmware, Personal, Sealed, Document, Transcript, Other}, c)
}

// What an operation of a store can fail with, beside wrapped errors of the disk.
var (
	ErrNotFound = errors.New("not in the evidence store")
	ErrPurged   = errors.New("purged")
	ErrChanged  = errors.New("file is not the one that was referenced")
	ErrTooLarge = errors.New("larger than the limit")
	ErrReadOnly = errors.New("evidence store was opened read-only")
)

// Meta is what people know of an object.
type Meta struct {
	Name  untrusted.Text // what to call it: a file name, a URL
	Class Class
}

// Object is one stored or referenced object.
type Object struct {
	Digest Digest         `json:"sha256"`
	Size   int64          `json:"size"`
	Name   untrusted.Text `json:"name"`
	Class  Class          `json:"class"`
	// Path is set for a referenced file: relative to the workspace, with slashes.
	Path string `json:"path,omitempty"`
	// Modified is the referenced file's time; while it and Size hold, the file
	// is opened without hashing it again.
	Modified time.Time `json:"modified,omitzero"`
	Stored   time.Time `json:"stored"`
}

// Tombstone is what is left of purged bytes.
type Tombstone struct {
	Digest Digest         `json:"sha256,omitzero"` // of an object
	Handle string         `json:"handle,omitempty"`
	Size   int64          `json:"size"`
	Name   untrusted.Text `json:"name,omitzero"`
	Class  Class          `json:"class"`
	Path   string         `json:"path,omitempty"` // of a referenced file that was removed
	Stored time.Time      `json:"stored"`
	Purged time.Time      `json:"purged"`
	Reason string         `json:"reason"`
}

// sealedRecord is one sealed value in the index; the value is in its file.
type sealedRecord struct {
	Handle string    `json:"handle"`
	Kind   string    `json:"kind"`
	Digest Digest    `json:"sha256"` // of the file, so that damage shows without the key
	Size   int64     `json:"size"`   // of the file
	Stored time.Time `json:"stored"`
}

// Entry types of the index.
const (
	entryObject    = "object@1"
	entryReference = "reference@1"
	entrySealed    = "sealed@1"
	entryPurged    = "purged@1"
	entryTorn      = "torn@1"
)

// Options of Open. The zero value is a writable store with default limits.
type Options struct {
	ReadOnly bool             // change nothing, open a damaged index too (Verify reports it)
	Now      func() time.Time // clock; nil is time.Now
	Limits   limit.Evidence   // zero is limit.Default
	// Key, if set, is kept elsewhere and needed to unseal what was sealed with it;
	// at least 16 bytes. Without it sealed values are protected by file modes only,
	// because the workspace key lies beside them.
	Key []byte
}

// Store is an open evidence store.
type Store struct {
	work, base *os.Root // the workspace, and .assay in it
	dir        string   // the workspace as given, for messages
	opt        Options

	mu      sync.Mutex
	index   *os.File
	size    int64 // of the index up to the last good line
	chain   Chain
	broken  error // set when the index could not be written or is damaged
	damage  *LogError
	order   []Digest
	objects map[Digest][]Object // more than one: same bytes under another name, class or path
	handles []string
	sealed  map[string]sealedRecord
	purged  map[Digest]Tombstone
	gone    map[string]Tombstone
	key     []byte
}

const (
	baseDir   = ".assay"
	indexPath = "evidence/index.ndjson"
	tmpDir    = "evidence/tmp"
	maxIndex  = 64 << 10 // bytes in one line of the index
)

// Open opens the store of a workspace folder and makes it if it isn't there.
// A torn last line of the index is cut off and noted in it; any other damage is
// an error, unless ReadOnly is set.
func Open(workspace string, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Limits == (limit.Evidence{}) {
		o.Limits = limit.Default().Evidence
	}
	if o.Key != nil && len(o.Key) < 16 {
		return nil, fmt.Errorf("evidence: the key has %d bytes, want at least 16", len(o.Key))
	}
	work, err := os.OpenRoot(workspace)
	if err != nil {
		return nil, fmt.Errorf("evidence: open workspace: %w", err)
	}
	s := &Store{
		work: work, dir: workspace, opt: o,
		objects: map[Digest][]Object{}, sealed: map[string]sealedRecord{},
		purged: map[Digest]Tombstone{}, gone: map[string]Tombstone{},
	}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) open() error {
	if !s.opt.ReadOnly {
		if err := s.work.MkdirAll(baseDir, 0o700); err != nil {
			return s.explain("make "+baseDir, err)
		}
	}
	var err error
	if s.base, err = s.work.OpenRoot(baseDir); err != nil {
		return s.explain("open "+baseDir, err)
	}
	if s.opt.ReadOnly {
		s.index, err = s.base.Open(indexPath)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // nothing stored yet
		}
	} else {
		for _, d := range []string{"evidence/objects", tmpDir, "sealed"} {
			if err := s.base.MkdirAll(d, 0o700); err != nil {
				return s.explain("make "+d, err)
			}
		}
		if err := s.clearTmp(); err != nil {
			return err
		}
		s.index, err = s.base.OpenFile(indexPath, os.O_RDWR|os.O_CREATE, 0o600)
	}
	if err != nil {
		return s.explain("open the index", err)
	}
	return s.replay()
}

// clearTmp removes what a killed process left half written.
func (s *Store) clearTmp() error {
	entries, err := fs.ReadDir(s.base.FS(), tmpDir)
	if err != nil {
		return s.explain("read "+tmpDir, err)
	}
	for _, e := range entries {
		if err := s.base.RemoveAll(tmpDir + "/" + e.Name()); err != nil {
			return s.explain("clear "+tmpDir, err)
		}
	}
	return nil
}

// replay reads the index into memory.
func (s *Store) replay() error {
	for e, err := range Scan(s.index, maxIndex) {
		if err == nil {
			err = s.apply(e)
		}
		if err == nil {
			s.chain.Advance(e)
			s.size = e.Offset + entryLen(e)
			continue
		}
		bad, ok := errors.AsType[*LogError](err)
		if !ok {
			bad = &LogError{Line: e.Line, Offset: e.Offset, Err: err}
		}
		s.damage = bad
		switch {
		case s.opt.ReadOnly:
			return nil
		case errors.Is(bad, ErrTorn):
			return s.cutTorn(bad)
		}
		return fmt.Errorf("evidence: index %s/%s is damaged: %w; `assay verify` says what is affected", baseDir, indexPath, bad)
	}
	return nil
}

// entryLen returns the bytes of the entry's line, newline included.
func entryLen(e Entry) int64 {
	const fixed = len(`{"seq":,"prev":"","type":"","body":}`) + 64 + 1
	return int64(fixed + len(fmt.Sprint(e.Seq)) + len(e.Type) + len(e.Body))
}

func (s *Store) cutTorn(bad *LogError) error {
	st, err := s.index.Stat()
	if err != nil {
		return s.explain("read the index", err)
	}
	if err := s.index.Truncate(bad.Offset); err != nil {
		return s.explain("cut the torn last line of the index", err)
	}
	s.damage = nil
	return s.append(entryTorn, struct {
		Offset int64 `json:"offset"`
		Bytes  int64 `json:"bytes"`
	}{bad.Offset, st.Size() - bad.Offset})
}

// apply puts an entry of the index into the maps.
func (s *Store) apply(e Entry) error {
	decode := func(v any) error {
		if err := json.Unmarshal(e.Body, v); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrSyntax, e.Type, err)
		}
		return nil
	}
	switch e.Type {
	case entryObject, entryReference:
		var o Object
		if err := decode(&o); err != nil {
			return err
		}
		s.addObject(o)
	case entrySealed:
		var r sealedRecord
		if err := decode(&r); err != nil {
			return err
		}
		if !validHandle(r.Handle) {
			return fmt.Errorf("%w: handle of a sealed value is not 32 hex digits", ErrSyntax)
		}
		s.addSealed(r)
	case entryPurged:
		var t Tombstone
		if err := decode(&t); err != nil {
			return err
		}
		if t.Handle != "" {
			s.gone[t.Handle] = t
		} else {
			s.purged[t.Digest] = t
		}
	}
	// Types of later versions are chained all the same, and skipped.
	return nil
}

func (s *Store) addObject(o Object) {
	list, known := s.objects[o.Digest]
	if !known {
		s.order = append(s.order, o.Digest)
	}
	if _, was := s.purged[o.Digest]; was {
		// Stored again after a purge: only the new description counts.
		list = nil
		delete(s.purged, o.Digest)
	}
	s.objects[o.Digest] = append(list, o)
}

func (s *Store) addSealed(r sealedRecord) {
	if _, ok := s.sealed[r.Handle]; !ok {
		s.handles = append(s.handles, r.Handle)
	}
	s.sealed[r.Handle] = r
	delete(s.gone, r.Handle)
}

// append writes one entry to the index and syncs it. A failed write is undone;
// if it can't be, the store takes no more.
func (s *Store) append(typ string, body any) error {
	if s.opt.ReadOnly {
		return fmt.Errorf("evidence: %w", ErrReadOnly)
	}
	if s.broken != nil {
		return fmt.Errorf("evidence: the index could not be written before: %w", s.broken)
	}
	e, line, err := s.chain.Next(typ, body)
	if err != nil {
		return err
	}
	if len(line) > maxIndex {
		return fmt.Errorf("evidence: index entry of %d bytes: %w of %d", len(line), ErrTooLarge, maxIndex)
	}
	_, err = s.index.WriteAt(line, s.size)
	if err == nil {
		err = s.index.Sync()
	}
	if err != nil {
		if terr := s.index.Truncate(s.size); terr != nil {
			s.broken = errors.Join(err, terr)
		}
		return s.explain("write the index", err)
	}
	s.chain.Advance(e)
	s.size += int64(len(line))
	return nil
}

// Head returns the hash of the index's last entry and how many there are: what
// a run notes, so that objects can't be exchanged together with their index.
func (s *Store) Head() (Digest, uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.chain.Head(), s.chain.Count()
}

// Stat returns the object as it was stored first, and whether it is known; a
// purged one is known as a Tombstone only.
func (s *Store) Stat(d Digest) (Object, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.purged[d]; ok || len(s.objects[d]) == 0 {
		return Object{}, false
	}
	return s.objects[d][0], true
}

// Has reports whether the object is stored or referenced and not purged. That
// its bytes are whole is for Verify to say.
func (s *Store) Has(d Digest) bool {
	_, ok := s.Stat(d)
	return ok
}

// Tombstone returns what is left of a purged object.
func (s *Store) Tombstone(d Digest) (Tombstone, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.purged[d]
	return t, ok
}

// Objects returns all objects that are not purged, in the order of storing.
func (s *Store) Objects() []Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Object
	for _, d := range s.order {
		if _, ok := s.purged[d]; !ok {
			out = append(out, s.objects[d][0])
		}
	}
	return out
}

// Open opens an object for reading at its start. A referenced file that has
// another size or time than recorded is hashed first; if it is another file now
// the error is ErrChanged. Other errors: ErrNotFound, ErrPurged with date and
// reason, those of the disk.
func (s *Store) Open(d Digest) (*os.File, error) {
	s.mu.Lock()
	list, t, purged := slices.Clone(s.objects[d]), s.purged[d], false
	if _, purged = s.purged[d]; !purged && len(list) == 0 {
		s.mu.Unlock()
		return nil, fmt.Errorf("evidence: object %s: %w", d, ErrNotFound)
	}
	s.mu.Unlock()
	if purged {
		return nil, t.err("object " + d.String())
	}
	var errs []error
	for _, o := range list {
		f, err := s.openOne(o)
		if err == nil {
			return f, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

func (t Tombstone) err(what string) error {
	return fmt.Errorf("evidence: %s: %w on %s: %s", what, ErrPurged, t.Purged.Format(time.DateOnly), t.Reason)
}

func (s *Store) openOne(o Object) (*os.File, error) {
	if o.Path == "" {
		f, st, err := openRegular(s.base, objectPath(o.Digest))
		if err != nil {
			return nil, s.explain("open object "+o.Digest.String(), err)
		}
		if st.Size() != o.Size {
			return nil, errors.Join(fmt.Errorf("evidence: object %s has %d bytes, stored were %d", o.Digest, st.Size(), o.Size), f.Close())
		}
		return f, nil
	}
	f, st, err := openRegular(s.work, o.Path)
	if err != nil {
		return nil, s.explain(fmt.Sprintf("open referenced file %q", o.Path), err)
	}
	if st.Size() == o.Size && st.ModTime().Equal(o.Modified) {
		return f, nil
	}
	d, n, err := hash(f, o.Size)
	if err == nil && (d != o.Digest || n != o.Size) {
		err = fmt.Errorf("evidence: %q: %w", o.Path, ErrChanged)
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Close releases the folders. Nothing is lost without it.
func (s *Store) Close() error {
	var errs []error
	if s.index != nil {
		errs = append(errs, s.index.Close())
	}
	if s.base != nil {
		errs = append(errs, s.base.Close())
	}
	return errors.Join(append(errs, s.work.Close())...)
}
