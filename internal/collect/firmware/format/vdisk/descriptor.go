package vdisk

import (
	"fmt"
	"strconv"
	"strings"

	"assay/internal/collect/firmware/format"
)

// text is what a VMDK's descriptor says ("Virtual Disk Format 5.0", The
// Descriptor): which file, and which parent, a disk is put together from.
type text struct {
	parent  string // the parent's number
	hint    string // its file
	extents []extent
	crypt   bool
}

type extent struct {
	sectors int64
	kind    string
}

const (
	maxDescriptor = 64 << 10
	maxExtents    = 1 << 10
	noParent      = "ffffffff"
)

// descriptor reads the text that a sparse extent carries; why says that it has
// none.
func descriptor(s format.Source, head []byte) (t text, why string) {
	off, size := le.Uint64(head[28:]), le.Uint64(head[36:])
	if off == 0 || size == 0 {
		return t, "an extent of a disk whose descriptor stands in another file: not read"
	}
	if off >= uint64(s.Size())/sector {
		return t, "its descriptor lies behind the end: not read"
	}
	b := format.Head(s, int64(off)*sector, int(min(size, maxDescriptor/sector))*sector)
	lines, _, _ := strings.Cut(string(b), "\x00")
	if !strings.HasPrefix(lines, "# Disk DescriptorFile") {
		return t, "its descriptor can't be read: not read"
	}
	for line := range strings.Lines(lines) {
		line = strings.TrimSpace(line)
		if fields := strings.Fields(line); len(fields) >= 3 && (fields[0] == "RW" || fields[0] == "RDONLY" || fields[0] == "NOACCESS") {
			if n, err := strconv.ParseInt(fields[1], 10, 64); err == nil && len(t.extents) < maxExtents {
				t.extents = append(t.extents, extent{n, strings.ToUpper(fields[2])})
			}
			continue
		}
		name, value, _ := strings.Cut(line, "=")
		switch name = strings.ToLower(strings.TrimSpace(name)); {
		case strings.HasPrefix(name, "#"):
		case name == "parentcid":
			t.parent = strings.ToLower(strings.TrimSpace(value))
		case name == "parentfilenamehint":
			t.hint = strings.Trim(strings.TrimSpace(value), `"`)
		case strings.Contains(strings.ToLower(line), "crypt"):
			t.crypt = true
		}
	}
	return t, ""
}

// alone says why the disk isn't all in this file; "" where it is.
func (t text) alone(sectors int64) string {
	switch {
	case t.crypt:
		return "encrypted"
	case t.hint != "":
		return "what it doesn't hold stands in its parent, " + format.Printable(t.hint) + ": not read"
	case t.parent == "":
		return "its descriptor doesn't say whether it has a parent: not read"
	case t.parent != noParent:
		return "what it doesn't hold stands in its parent, of number " + format.Printable(t.parent) + ": not read"
	case len(t.extents) != 1:
		return fmt.Sprintf("one of %d extents of a disk: not read", len(t.extents))
	case t.extents[0].kind != "SPARSE":
		return "its content stands in another file: not read"
	case t.extents[0].sectors != sectors:
		return fmt.Sprintf("its descriptor says %d sectors, its header %d: not read", t.extents[0].sectors, sectors)
	}
	return ""
}
