// Package format is what the readers of image formats below it share: how a
// format is recognised, what it holds, how a tree of files is walked, how
// damage is told. In: a Source, hostile. Out: a Part with the ranges, decoded
// contents or trees in it. It knows bytes and nothing about facts; package
// firmware joins the formats to one analysis.
//
// A format is a folder: New in it returns the Format, all of it is tested and
// fuzzed there, and package formats lists it.
package format

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Source is a run of bytes: an image, a partition, a decoded layer.
// *io.SectionReader and *bytes.Reader are Sources. ReadAt may be called by
// several goroutines.
type Source interface {
	io.ReaderAt
	Size() int64
}

// Section is the range [off, off+size) of s, cut where s ends.
func Section(s Source, off, size int64) *io.SectionReader {
	off = min(max(off, 0), s.Size())
	return io.NewSectionReader(s, off, min(max(size, 0), s.Size()-off))
}

// ReadAt fills p from off on; a source that ends before is an error.
func ReadAt(s Source, p []byte, off int64) error {
	n, err := s.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read %d bytes at offset %d: %w", len(p), off, err)
}

// Head returns up to n bytes from off on, fewer where the source ends.
func Head(s Source, off int64, n int) []byte {
	n = int(min(int64(n), s.Size()-off))
	if off < 0 || n <= 0 {
		return nil
	}
	b := make([]byte, n)
	k, err := s.ReadAt(b, off)
	if err != nil && err != io.EOF {
		return nil
	}
	return b[:k]
}

// Format recognises one kind of content.
type Format struct {
	Name string // "uimage", "jffs2"
	// Magics say where a look is worth it. A format with a long magic number is
	// looked for at every offset of an image; one whose magic number is short or
	// weak sets Head.
	Magics []Magic
	Head   bool // looked for at the first byte of a region only
	// Weak formats are looked for after all others (raw LZMA, XOR, headers of
	// vendors that only a checksum proves), at multiples of 4 KiB and where what
	// no other format explains begins; with Head only there. Magics may be empty.
	Weak bool
	// Tail formats, which are Head and Weak, stand at the end of what their look
	// begins at: they are looked for beside the others, and whatever begins there.
	Tail bool
	// Look says what stands at offset at of s; nil where it is something else.
	// It must be sure: a stray magic number in other content is nothing. It
	// reads headers and checksums, unpacks nothing that is large, allocates
	// nothing that the image asks for, and returns an error only where ctx ended
	// or s can't be read. ctx ends with the look: what the part holds has its own.
	Look func(ctx context.Context, s Source, at int64) (*Part, error)
}

// Magic is a number and where it stands.
type Magic struct {
	Bytes string
	At    int64 // from the first byte of the format
}

// Part is a run of bytes whose format is known.
type Part struct {
	Format string
	Offset int64  // in the source that Look was given
	Size   int64  // bytes, cut at the source's end; 0: the format doesn't say
	Name   string // that a header gives it, hostile; may be empty
	Note   string // technical English: what the header says
	// What it holds: any of these.
	Regions  []Region                                                 // ranges of it that are looked into
	Contents func(ctx context.Context, lim Limits) ([]Content, error) // what is behind an encoding
	Open     func(ctx context.Context, lim Limits) (Volume, error)    // a tree of files
	Code     bool                                                     // its bytes are a program or data to be inspected as one file
	Data     bool                                                     // the same of what is neither: a picture
	Vars     []Var                                                    // a boot loader's environment, a header's properties
	Guards   []Guard                                                  // signatures, encryption, checksums
	Systems  []System                                                 // names and versions that a header states: a kernel, a boot loader
	Problems []Problem
	Opaque   string // why nothing of it can be read, in technical English: encrypted, not supported; "" else
	Keys     []Key  // public keys that it checks signatures of other parts with
	Seals    []Seal // signatures of it that wait for such a key
}

// Key is a public key.
type Key struct {
	Name   string // as signatures call it; hostile
	Public any    // of package crypto
}

// Seal is a signature whose key may stand elsewhere in the image.
type Seal struct {
	Guard int    // of Part.Guards
	Name  string // of the key, as far as it says so
	// Check says whether the signature is of this key; known is false for a key
	// of another kind.
	Check func(public any) (good, known bool)
}

// Region is a range of a part, offsets in the source that Look was given.
type Region struct {
	Name   string // "kernel", "rootfs", an image node's name
	Offset int64
	Size   int64
	Try    []string // names of formats to be tried first at its start, Weak ones too
	// Program says that what is packed in it is a kernel as it stands in memory:
	// if its banner is there, nobody looks for a header, a trailer or a key.
	Program bool
}

// Content is decoded content: random access, or a stream.
type Content struct {
	Name   string // of the volume, the stream's name; may be empty
	Source Source // either this
	Stream io.Reader
	Size   int64 // of Stream, where a header says; 0 else
	Try    []string
}

// Var is a name and a value; Offset is where it stands in the part's source.
type Var struct {
	Name, Value string
	Offset      int64
}

// System is a product whose name and version stand in a header or a banner.
type System struct {
	Name    string // "linux", "u-boot", "esp-idf"
	Version string
	Text    string // as it stands
	Offset  int64  // in the source
}

// Guard is what protects an image.
type Guard struct {
	Kind   string // signature, encryption, checksum
	Scheme string // "rsa2048-sha256", "aes-256-cbc", "crc32", "md5"
	State  string // good and bad: it was calculated; present: it can't be checked here
	Note   string
	Offset int64
	Undone bool // encryption that was undone: what it hid is read
}

// The kinds and states of a Guard.
const (
	Signature  = "signature"
	Encryption = "encryption"
	Checksum   = "checksum"

	Good    = "good"
	Bad     = "bad"
	Present = "present"
)

// Limits bounds what a reader may cost. A zero field takes its default.
type Limits struct {
	Entries  int   // names of one tree; default 1,000,000
	Depth    int   // folders below the root; default 64
	File     int64 // decoded bytes of one file or layer; default 160 MiB
	Total    int64 // decoded bytes of one tree; default 2 GiB
	Problems int   // problems kept; the rest is counted; default 1000
}

// Defaults fills what is zero.
func (l Limits) Defaults() Limits {
	if l.Entries <= 0 {
		l.Entries = 1_000_000
	}
	if l.Depth <= 0 {
		l.Depth = 64
	}
	if l.File <= 0 {
		l.File = 160 << 20
	}
	if l.Total <= 0 {
		l.Total = 2 << 30
	}
	if l.Problems <= 0 {
		l.Problems = 1000
	}
	return l
}

// Volume is an open tree of files: a file system or an archive.
type Volume interface {
	// Walk calls fn for every entry, folders before what they hold where the
	// format has an order. content is nil but for files; it is valid during the
	// call and need not be read to its end. It returns ErrLimit where limits cut
	// the content, another error where it is damaged; the walk goes on. Only an
	// error of fn or of ctx ends it.
	Walk(ctx context.Context, fn func(e Entry, content io.Reader) error) error
	// Problems returns what was odd so far and how many more were dropped.
	Problems() (kept []Problem, dropped int)
}

// Parallel is a Volume that decodes on several cores.
type Parallel interface {
	Volume
	// Each calls fn once for every entry, from up to workers goroutines at a
	// time, in no order; worker counts from 0. data is the whole content of a
	// file, valid during the call; err says why it isn't whole. Files beyond
	// Limits.File come with the bytes before it and ErrLimit. The names of one
	// content come one after the other, and it counts once against Limits.Total.
	Each(ctx context.Context, workers int, fn func(worker int, e Entry, data []byte, err error) error) error
}

// Type is what an entry is.
type Type string

// The types of an entry.
const (
	Dir     Type = "dir"
	File    Type = "file"
	Symlink Type = "symlink"
	Block   Type = "block"
	Char    Type = "char"
	FIFO    Type = "fifo"
	Socket  Type = "socket"
)

// Entry is one name in a tree.
type Entry struct {
	Path   string // absolute, "/etc/passwd"; never with "..", ".", NUL or an empty part
	Type   Type
	Mode   uint32 // permission bits with set-uid, set-gid, sticky: 0o7777
	UID    uint32
	GID    uint32
	Size   int64 // of a file: what the format claims; of a link: length of the target
	MTime  time.Time
	Target string // of a symbolic link, as it stands
	Major  uint32 // of a device
	Minor  uint32
	Inode  uint64 // equal for hard links; 0: the format doesn't say
	Links  uint32
	// Again says, in Parallel.Each, that the content is that of the name which
	// the same worker was given just before: another hard link.
	Again bool
}

// Problem is damage, a hostile value or a limit that was hit. The walk went on.
type Problem struct {
	Offset int64  // in the source; -1 where no byte stands for it
	Path   string // the entry, as far as it is known; the name may be hostile
	Kind   string // one of the Problem kinds
	Detail string // technical English
	Shared bool   // it comes from an ErrShared
}

// The kinds of a Problem. BadName entries are not followed and not given out.
const (
	BadName     = "bad-name"  // "..", ".", empty, NUL, a slash, an absolute name
	Loop        = "loop"      // a folder or node that was met before
	TooDeep     = "depth"     // below Limits.Depth
	TooMany     = "entries"   // beyond Limits.Entries
	TooBig      = "size"      // beyond Limits.File or Limits.Total
	Damaged     = "damaged"   // does not decode, out of range
	Truncated   = "truncated" // claims more bytes than there are
	Mismatch    = "mismatch"  // two places of the image contradict each other
	BadChecksum = "checksum"
	Overlap     = "overlap"
	Unsupported = "unsupported"
)

func (p Problem) String() string {
	return fmt.Sprintf("%s at offset %d (%q): %s", p.Kind, p.Offset, p.Path, p.Detail)
}

var (
	// ErrLimit is what a content ends with where a limit cut it.
	ErrLimit = errors.New("limit reached")
	// ErrShared is an ErrLimit of work that the goroutines of Parallel.Each share:
	// what it cut depends on which of them came first.
	ErrShared = fmt.Errorf("%w", ErrLimit)
	// ErrUnsupported says that the format is known and this variant is not read.
	ErrUnsupported = errors.New("not read")
	// ErrDamaged says that the bytes don't decode.
	ErrDamaged = errors.New("damaged")
)

// Problems collects problems up to a bound. Its zero value keeps 1000. It is
// for one goroutine at a time.
type Problems struct {
	Max     int
	kept    []Problem
	dropped int
}

// Add keeps p, or counts it.
func (l *Problems) Add(p Problem) {
	if l.Max <= 0 {
		l.Max = 1000
	}
	if len(l.kept) >= l.Max {
		l.dropped++
		return
	}
	l.kept = append(l.kept, p)
}

// All returns what Volume.Problems wants.
func (l *Problems) All() (kept []Problem, dropped int) {
	return append([]Problem(nil), l.kept...), l.dropped
}
