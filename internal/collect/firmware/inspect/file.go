// Package inspect holds what the inspectors below it share: a file of a
// firmware tree in memory with its kind, its role, its lines and its printable
// strings. In: path, mode and bytes of one file. Out: a File that each
// inspector (secret, host, startup, cert, perm) reads without another pass over
// the disk. It knows bytes and formats and nothing about facts.
package inspect

import (
	"slices"

	"assay/internal/collect/firmware/inspect/elf"
	"assay/internal/collect/firmware/inspect/shell"
)

// Kind is what the bytes of a file are.
type Kind string

// The kinds of a file.
const (
	Text   Kind = "text"
	ELF    Kind = "elf"
	Binary Kind = "binary"
)

// Role is what a file is there for, as far as its path and first line tell.
type Role string

// The roles of a file.
const (
	Config        Role = "config"
	Script        Role = "script"
	Web           Role = "web"
	History       Role = "history" // what somebody typed in a shell
	Program       Role = "program" // ELF
	Data          Role = "data"
	Documentation Role = "documentation" // manuals, examples, licences, interface descriptions
	Certificate   Role = "certificate"
	Database      Role = "database" // word lists, OUI tables, time zones: full of strings, contacts nothing
)

// Where is a place in the tree.
type Where struct {
	Path   string
	Offset int64 // byte in the file, from 0
	Line   int   // from 1; 0 in binary files
}

// File is one regular file of the tree. It keeps what it worked out about its
// lines, so it is for one goroutine at a time.
type File struct {
	Path string // absolute
	Mode uint32 // permission bits: 0o7777
	UID  uint32
	GID  uint32
	Data []byte
	Kind Kind
	Role Role

	lines    []int32 // offsets of the first byte of each line but the first
	indexed  bool
	last     around
	parts    []span // where strings may stand in a binary
	program  *elf.Program
	parsed   bool
	commands []shell.Command
	split    bool
}

// New makes a File of bytes that are in memory. It keeps data.
func New(path string, mode uint32, data []byte) *File {
	f := &File{Path: path, Mode: mode, Data: data}
	f.Kind = kindOf(data)
	f.Role = roleOf(path, f.Kind, data)
	return f
}

// At returns the place of the byte at off.
func (f *File) At(off int) Where {
	return Where{Path: f.Path, Offset: int64(off), Line: f.Line(off)}
}

// Line returns the line, from 1, that the byte at off stands in; 0 in binaries.
func (f *File) Line(off int) int {
	if f.Kind != Text {
		return 0
	}
	if !f.indexed {
		for i, c := range f.Data {
			if c == '\n' {
				f.lines = append(f.lines, int32(i+1))
			}
		}
		f.indexed = true
	}
	i, ok := slices.BinarySearch(f.lines, int32(off))
	if ok {
		i++
	}
	return i + 1
}

// window is how the text around a place is cut: a minified script is one line of
// megabytes, and what is farther away says nothing about the place.
const window = 4096

// around is the answer of LineAround for places in [from, to).
type around struct{ start, end, from, to int }

// LineAround returns the bytes of the line that off stands in, without its end,
// and the offset of its first byte. In binaries it is the printable run. Of a
// long line it is the piece around off, at least 4 KiB to each side.
func (f *File) LineAround(off int) (line []byte, start int) {
	if a := f.last; off >= a.from && off < a.to {
		return f.Data[a.start:a.end], a.start
	}
	d := f.Data
	stop := func(c byte) bool { return c == '\n' || c == '\r' }
	if f.Kind != Text {
		stop = func(c byte) bool { return !printable[c] }
	}
	// Windows stand at fixed places, so that a walk over a long line cuts it
	// once per window and not once per place.
	block := off / window * window
	low, high := max(0, block-window), min(len(d), block+2*window)
	a := around{start: off, end: off}
	for a.start > low && !stop(d[a.start-1]) {
		a.start--
	}
	for a.end < high && !stop(d[a.end]) {
		a.end++
	}
	a.from, a.to = max(a.start, block), min(a.end, block+window)
	if a.start > low {
		a.from = a.start
	}
	if a.end < high {
		a.to = a.end
	}
	f.last = a
	return d[a.start:a.end], a.start
}
