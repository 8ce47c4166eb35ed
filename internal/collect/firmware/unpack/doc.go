// Package unpack walks everything that stands in a firmware image: it finds
// the parts, decodes what is behind an encoding, opens the trees of files, and
// goes on inside of their files, to a bounded depth. In: an image, hostile; the
// list of formats; limits. Out: calls of a Visitor, for parts, trees, files and
// bytes without a tree, and for every range that could not be read, and why.
// Nothing is written; what is decoded is in memory only while it is visited.
package unpack

import (
	"assay/internal/collect/firmware/format"
)

// Visitor is told what stands in an image. File and Raw may be called by
// several goroutines at a time, the others by one at a time. An error ends the
// walk and is returned by Walk.
type Visitor interface {
	Part(p Part) error
	// Volume tells that a tree is being opened, and once more when it was walked
	// (Done).
	Volume(v Volume) error
	// File is an entry of a tree. data is the whole content of a regular file,
	// valid during the call. nested says that the content is a container that
	// the walk goes into. err says why data isn't whole.
	File(v int, e format.Entry, data []byte, nested bool, err error) error
	// Raw is bytes without a tree: a program, a region of text, variables.
	Raw(r Raw) error
	Gap(g Gap) error
}

// Selector is a Visitor that wants only some of what stands in an image.
// Content that it doesn't want is neither decoded, where the format has random
// access, nor gone into, nor given out.
type Selector interface {
	// Enters says that something that is wanted stands at path, or below it.
	Enters(v int, path string) bool
	Wants(v int, e format.Entry) bool
}

// Carver is a Visitor that is shown the bytes of parts and ranges as they stand,
// before they are told of, the outer one of a path before the inner ones.
type Carver interface {
	Carve(v int, path string, s format.Source, off, size int64) error
}

// Namer is a Visitor that need not see a content once for each of its names.
type Namer interface {
	// Name is told instead of File of another hard link of what File was told
	// of as first, before.
	Name(v int, e format.Entry, first string) error
}

// Restarter is a Visitor that can begin anew. Where goroutines share a limit,
// what it cuts depends on which of them came first: the walk then begins again
// with one of them, so that its result follows from the image alone.
type Restarter interface {
	// Restart says that what was told so far is void.
	Restart() error
}

// Image is what the image is as a whole.
type Image struct {
	Size    int64
	Status  Status
	Reason  string  // technical English, one sentence
	Entropy float64 // of the whole image, bits a byte
	High    float64 // share of blocks, 0 to 1, that look like noise
}

// Status says whether the image can be analysed.
type Status string

// The statuses. Only Readable lets a later absence mean something.
const (
	Readable  Status = "readable"  // a tree of files or a program is read
	Unread    Status = "unread"    // formats are recognised, none of them is read
	Encrypted Status = "encrypted" // it says so, or nearly all of it looks like noise
	Unknown   Status = "unknown"   // no format is recognised
	Erased    Status = "erased"    // one byte value only
)

// Part is a run of bytes of an image or of a layer in it.
type Part struct {
	Volume  int    // the tree in one of whose files it stands; -1: no tree
	Path    string // of what it is or stands in: a file of the tree, a chain of names with ":"; "" for the image itself
	Offset  int64  // in the image, or in what is decoded there
	Decoded bool   // the offset counts in a decoded layer
	Size    int64
	Format  string
	Name    string // that its header gives it
	Note    string
	Entropy float64
	Read    bool // something of it is read
	Guards  []format.Guard
	Systems []format.System
}

// Volume is a tree of files.
type Volume struct {
	ID     int    // of the image alone: its place, in nested ones also the content, say which it is
	Parent int    // the tree in one of whose files it stands; -1: none
	Within string // the file of the parent, or the chain of names in the image
	Format string
	Offset int64
	Done   bool
	Names  int    // entries
	Files  int    // regular files
	Bytes  int64  // of them
	Roots  int    // names at its top that a root file system has
	Like   int    // the most such names in one folder: at its top, or one below it
	Note   string // technical English: what is odd in it and loses nothing
}

// Raw is bytes without a tree.
type Raw struct {
	Volume int
	Path   string
	Offset int64 // of its first byte in the image or layer
	Format string
	Data   []byte
	Vars   []format.Var // where Data was made of variables, "name=value\n" each: in the same order
}

// Gap is something that was not read, or not in order. Gaps are told at the end
// of the walk; what repeats in one place is one gap.
type Gap struct {
	Volume int
	Path   string
	Offset int64  // of the first, where it is several
	Kind   string // one of the kinds below, or a format.Problem kind
	Detail string // technical English
}

// The kinds of a Gap beside those of a format.Problem.
const (
	NotRead      = "not-read"     // recognised, not read
	Unrecognised = "unrecognised" // a range that looks packed or encrypted
	IsEncrypted  = "encrypted"    // it says so
	Limit        = "limit"        // a limit of this walk
)

// Limits bounds a walk. A zero field takes its default.
type Limits struct {
	Depth   int   // containers in containers; default 12
	Parts   int   // parts of one source; default 4096
	Total   int64 // decoded bytes of all layers; default 2 GiB
	File    int64 // one file or layer in memory; default 160 MiB
	Entries int   // names of all trees; default 1,000,000
	Gaps    int   // default 2000
	Workers int   // goroutines that visit files; default GOMAXPROCS
}
