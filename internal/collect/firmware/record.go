// Package firmware reads firmware images: it has package unpack walk through
// everything in an image, and every file inspected for components, secrets,
// hosts, what is started, settings, permissions, certificates and how programs
// were built.
//
// In: an open image, hostile until read; Parse runs in the child process of
// package sandbox. Out: records as they are found. Gather joins them, outside
// of the child, to a Result: what was found before a child was killed stays.
// Collector turns the results of the images that a workspace declares into
// facts.
package firmware

import (
	"slices"
	"strings"
	"time"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/apk"
	"assay/internal/collect/firmware/inspect/binary"
	"assay/internal/collect/firmware/inspect/cert"
	"assay/internal/collect/firmware/inspect/component"
	"assay/internal/collect/firmware/inspect/host"
	"assay/internal/collect/firmware/inspect/secret"
	"assay/internal/collect/firmware/inspect/startup"
	"assay/internal/collect/firmware/inspect/system"
	"assay/internal/collect/firmware/unpack"
)

// Options says what to do with an image.
type Options struct {
	Now     time.Time `json:"now"`               // certificates are looked at as of then
	Files   bool      `json:"files,omitempty"`   // emit an Entry per file, with its hash
	Keep    int       `json:"-"`                 // how many of them the result holds; 0: all
	Markers []Marker  `json:"markers,omitempty"` // values to look for
	// Guess is how many rounds of hashing may be spent on password hashes, once
	// the image was read (see package guess).
	Guess int `json:"guess,omitempty"`
}

// Marker is a value that a tester put into a unit before its flash was read.
type Marker struct {
	Name  string `json:"name"`
	Value string `json:"value"` // at least 6 bytes
}

// Record is one thing found: exactly one field is set. Paths are marked with
// the tree that they stand in (see Names).
type Record struct {
	Image    *unpack.Image       `json:"image,omitempty"`
	Part     *unpack.Part        `json:"part,omitempty"`
	Volume   *unpack.Volume      `json:"volume,omitempty"`
	Entry    *Entry              `json:"entry,omitempty"`
	Link     *Entry              `json:"link,omitempty"` // an entry that says what runs at boot
	Secret   *secret.Hit         `json:"secret,omitempty"`
	Clue     *secret.Clue        `json:"clue,omitempty"` // a public key, or the name of a key's file
	Host     *host.Use           `json:"host,omitempty"`
	Start    *startup.Start      `json:"start,omitempty"`
	Calls    *startup.Calls      `json:"calls,omitempty"`
	Weakness *inspect.Weakness   `json:"weakness,omitempty"`
	Update   *system.Update      `json:"update,omitempty"`
	Mode     *Mode               `json:"mode,omitempty"`
	Cert     *cert.Certificate   `json:"cert,omitempty"`
	Software *component.Findings `json:"software,omitempty"`
	Binary   *binary.Record      `json:"binary,omitempty"`
	App      *apk.App            `json:"app,omitempty"`
	Seen     *Seen               `json:"seen,omitempty"` // a marker
	Version  *Version            `json:"version,omitempty"`
	Gap      *Gap                `json:"gap,omitempty"`
	Progress *Progress           `json:"progress,omitempty"`
	Done     *Done               `json:"done,omitempty"`
	Restart  bool                `json:"restart,omitempty"` // what came before is void
}

// Entry is one name in a tree.
type Entry struct {
	Path   string `json:"path"`
	Type   string `json:"type"` // file, dir, symlink, block, char, fifo, socket
	Mode   uint32 `json:"mode"`
	UID    uint32 `json:"uid"`
	GID    uint32 `json:"gid"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256,omitempty"`
	Target string `json:"target,omitempty"`
}

func entryOf(marked string, e format.Entry) Entry {
	return Entry{Path: marked, Type: string(e.Type), Mode: e.Mode, UID: e.UID, GID: e.GID, Size: e.Size, Target: e.Target}
}

// Mode is a permission that matters.
type Mode struct {
	Path string `json:"path"`
	Kind string `json:"kind"`
	Mode uint32 `json:"mode"`
}

// Version is a version of the whole image, as a file of it says.
type Version struct {
	Value string `json:"value"`
	inspect.Where
}

// Seen is a marker that stands in the image.
type Seen struct {
	Name     string `json:"name"`
	Encoding string `json:"encoding"` // plain, base64, hex, utf-16
	inspect.Where
}

// Gap is something that wasn't read, and why.
type Gap struct {
	Path   string `json:"path,omitempty"`
	Offset int64  `json:"offset"`
	Why    string `json:"why"`    // a key: parts-not-read, limit, broken, not-analysable
	Detail string `json:"detail"` // technical English
}

// gapOf turns a gap of the walk into the four words that people read.
func gapOf(g unpack.Gap) Gap {
	why := "broken"
	switch g.Kind {
	case unpack.NotRead, format.Unsupported:
		why = "parts-not-read"
	case unpack.Unrecognised, unpack.IsEncrypted:
		why = "not-analysable"
	case unpack.Limit, format.TooDeep, format.TooMany, format.TooBig:
		why = "limit"
	}
	detail := g.Detail
	if why == "broken" && g.Kind != format.Damaged {
		detail = g.Kind + ": " + detail
	}
	return Gap{Path: mark(g.Volume, g.Path), Offset: g.Offset, Why: why, Detail: once(detail)}
}

// once drops from a chain of causes the names that it said before: each layer
// that hands an error on puts its own before it.
func once(detail string) string {
	parts := strings.Split(detail, ": ")
	out := parts[:0]
	for i, p := range parts {
		if i == len(parts)-1 || !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return strings.Join(out, ": ")
}

// Done ends the records of an image that was read to its end.
type Done struct {
	Files int   `json:"files"` // regular files
	Names int   `json:"names"` // all entries
	Bytes int64 `json:"bytes"` // of them
}
