// Package squashfs reads squashfs 4.0 file systems as they stand in firmware
// images: gzip, xz (with its branch filters), lzma, lz4, zstd and stored
// blocks. In: an io.ReaderAt over the file system's first byte, and limits.
// Out: a walk over every entry with its content in one pass, and a list of
// problems (damage, hostile names, limits that were hit).
//
// The layout follows the kernel's Documentation/filesystems/squashfs.rst and
// fs/squashfs/squashfs_fs.h. Everything is little-endian; versions 1 to 3 and
// the LZO compressor are not read.
package squashfs

import (
	"errors"
	"fmt"
	"time"
)

// Limits bounds what a file system may cost. A zero field takes its default.
type Limits struct {
	Entries  int   // names over the whole tree; default 1,000,000
	Depth    int   // folders below the root; default 64
	File     int64 // decompressed bytes of one file; default 512 MiB
	Total    int64 // decompressed bytes of all files; default 4 GiB
	Problems int   // problems kept; the rest is counted; default 1000
}

func (l Limits) withDefaults() Limits {
	if l.Entries <= 0 {
		l.Entries = 1_000_000
	}
	if l.Depth <= 0 {
		l.Depth = 64
	}
	if l.File <= 0 {
		l.File = 512 << 20
	}
	if l.Total <= 0 {
		l.Total = 4 << 30
	}
	if l.Problems <= 0 {
		l.Problems = 1000
	}
	return l
}

// Type is what an entry is.
type Type string

// The types of an inode.
const (
	Dir     Type = "dir"
	File    Type = "file"
	Symlink Type = "symlink"
	Block   Type = "blockdev"
	Char    Type = "chardev"
	FIFO    Type = "fifo"
	Socket  Type = "socket"
)

// Entry is one name in the tree.
type Entry struct {
	Path   string // absolute, "/etc/passwd"; never with "..", NUL or an empty part
	Type   Type
	Mode   uint32 // permission bits with set-uid, set-gid, sticky: 0o7777
	UID    uint32
	GID    uint32
	Size   int64 // of a file: what its inode claims; of a link: length of the target
	MTime  time.Time
	Target string // of a symbolic link, as it stands
	Major  uint32 // of a device
	Minor  uint32
	Inode  uint32 // equal for hard links
	Links  uint32
}

// Problem is damage, a hostile value or a limit that was hit. The walk went on.
type Problem struct {
	Offset int64  // in the file system; -1 where no byte stands for it
	Path   string // the entry, as far as it is known; the name may be hostile
	Kind   string // one of the Problem kinds
	Detail string // technical English
}

// The kinds of a Problem. BadName entries are not followed and not given out.
const (
	BadName     = "bad-name"  // "..", ".", empty, NUL, a slash
	Loop        = "loop"      // a directory that was listed before
	TooDeep     = "depth"     // below Limits.Depth
	TooMany     = "entries"   // beyond Limits.Entries
	TooBig      = "size"      // beyond Limits.File or Limits.Total
	Damaged     = "damaged"   // does not decode, out of range
	Truncated   = "truncated" // claims more bytes than the image holds
	Mismatch    = "mismatch"  // two places of the image contradict each other
	Unsupported = "unsupported"
)

func (p Problem) String() string {
	return fmt.Sprintf("squashfs: %s at offset %d (%q): %s", p.Kind, p.Offset, p.Path, p.Detail)
}

// ErrFormat says that no readable squashfs 4.0 starts here.
var ErrFormat = errors.New("squashfs: not a squashfs 4.0 file system")

// ErrLimit is what a content reader returns where a limit cut the content.
var ErrLimit = errors.New("squashfs: limit reached")

// ErrUnsupported says that it is a squashfs 4.0 whose compressor is not read.
var ErrUnsupported = errors.New("squashfs: not read")
