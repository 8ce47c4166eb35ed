package ubi

import (
	"io"

	"assay/internal/collect/firmware/format"
)

// pages is a Source without the spare bytes that a dump of NAND flash has
// behind every page.
type pages struct {
	src         format.Source
	at          int64
	page, spare int64
}

func (s pages) Size() int64 {
	n := s.src.Size() - s.at
	return n/(s.page+s.spare)*s.page + min(n%(s.page+s.spare), s.page)
}

// place is where a byte stands in the dump.
func (s pages) place(off int64) int64 { return s.at + off/s.page*(s.page+s.spare) + off%s.page }

func (s pages) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		if off >= s.Size() {
			return done, io.EOF
		}
		part := p[done:min(int64(len(p)), int64(done)+s.page-off%s.page)]
		n, err := s.src.ReadAt(part, s.place(off))
		done += n
		off += int64(n)
		if n < len(part) {
			return done, err
		}
	}
	return done, nil
}

// without returns the device without spare bytes, where its erase blocks have
// some: they are no power of two then, but pages would be. Which pages it are
// shows in the volume table, whose checksums fit only if they are cut right.
func (d *device) without() (*device, pages, bool) {
	if d.peb&(d.peb-1) == 0 {
		return nil, pages{}, false
	}
	for page := int64(512); page <= 16384; page *= 2 {
		for spare := int64(8); spare <= page/4; spare += 2 {
			peb := d.peb / (page + spare) * page
			if d.peb%(page+spare) != 0 || peb&(peb-1) != 0 || d.data%page != 0 {
				continue
			}
			s := pages{d.src, d.at, page, spare}
			out := device{src: s, geometry: d.geometry, peb: peb}
			if try := out; try.fitsTable() {
				return &out, s, true
			}
		}
	}
	return nil, pages{}, false
}

// fitsTable says that a volume table stands whole in one of the first blocks.
func (d *device) fitsTable() bool {
	for k := range int64(looked) {
		b, ok := d.block(k*d.peb, 0)
		if !ok || b.vol != layoutVolume {
			continue
		}
		if _, whole := d.records(b); whole {
			return true
		}
	}
	return false
}
