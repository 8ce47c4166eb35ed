package component

import (
	"bytes"
	"encoding/binary"
	"strconv"

	"assay/internal/collect/firmware/inspect/sqlite"
)

// maxHeader bounds the header of one package; that of a kernel with its files
// has about 1 MiB.
const maxHeader = 16 << 20

// rpmSQLite reads /var/lib/rpm/rpmdb.sqlite (rpm 4.16 and later): a table
// Packages of numbers and headers.
func (s *scanner) rpmSQLite() {
	err := sqlite.Table(s.f.Data, "Packages", maxHeader, func(row sqlite.Row) bool {
		if len(row.Cells) >= 2 && row.Cells[1].Text != "" {
			s.rpmHeader([]byte(row.Cells[1].Text), row.Cells[1].Off)
		}
		return len(s.out.Packages) < maxPackages
	})
	if err != nil {
		s.problem("rpm database: " + err.Error())
	}
}

// rpmNDB reads Packages.db of rpm's own format (lib/backend/ndb/rpmpkg.c): slots
// of 16 bytes behind a header of 32, each naming a blob in blocks of 16 bytes.
func (s *scanner) rpmNDB() {
	d := s.f.Data
	le := binary.LittleEndian
	if len(d) < 4096 || string(d[:4]) != "RpmP" {
		s.problem("rpm database: not in a format that is known")
		return
	}
	slots := min(int(min(le.Uint32(d[12:]), 1<<16))*4096, len(d))
	for i := 32; i+16 <= slots; i += 16 {
		if string(d[i:i+4]) != "Slot" || le.Uint32(d[i+4:]) == 0 {
			continue
		}
		off := uint64(le.Uint32(d[i+8:])) * 16
		if off+16 > uint64(len(d)) || string(d[off:off+4]) != "BlbS" {
			s.problem("rpm database: a slot points to no entry")
			continue
		}
		n := uint64(le.Uint32(d[off+12:]))
		if n > uint64(len(d))-off-16 {
			s.problem("rpm database: an entry is cut")
			continue
		}
		s.rpmHeader(d[off+16:off+16+n], int(off+16))
	}
}

// rpmBerkeley says that a database of rpm before 4.16 is there: what it lists
// isn't read.
func (s *scanner) rpmBerkeley() {
	s.problem("rpm database in Berkeley DB format: its packages are not read")
}

// The tags of an rpm header that are wanted (rpm's include/rpm/rpmtag.h).
const (
	rpmName      = 1000
	rpmVersion   = 1001
	rpmRelease   = 1002
	rpmEpoch     = 1003
	rpmLicence   = 1014
	rpmArch      = 1022
	rpmSource    = 1044
	rpmDirIndex  = 1116
	rpmBasenames = 1117
	rpmDirnames  = 1118
)

// rpmHeader reads one header as the database keeps it: count of entries, size of
// data, entries of 16 bytes, data ("Package File Format" of the rpm manual).
func (s *scanner) rpmHeader(b []byte, off int) {
	be := binary.BigEndian
	if len(b) < 8 {
		return
	}
	n, size := uint64(be.Uint32(b)), uint64(be.Uint32(b[4:]))
	if n > 4096 || 8+n*16+size > uint64(len(b)) {
		s.problem("rpm database: a header is damaged")
		return
	}
	data := b[8+n*16 : 8+n*16+size]
	get := func(tag uint32) (kind, count uint32, at []byte) {
		for i := range int(n) {
			e := b[8+i*16:]
			if be.Uint32(e) == tag && uint64(be.Uint32(e[8:])) < size {
				return be.Uint32(e[4:]), be.Uint32(e[12:]), data[be.Uint32(e[8:]):]
			}
		}
		return 0, 0, nil
	}
	text := func(tag uint32) string {
		_, _, at := get(tag)
		t, _, _ := bytes.Cut(at[:min(len(at), 1024)], []byte{0})
		return string(t)
	}
	p := Package{Database: FromRPM, Name: text(rpmName), Version: text(rpmVersion), Arch: text(rpmArch), Licence: text(rpmLicence), Offset: int64(off)}
	if p.Name == "gpg-pubkey" || p.Version == "" {
		return // keys stand in the database as packages
	}
	p.Origin = sourceOfRPM(text(rpmSource))
	p.Version += "-" + text(rpmRelease)
	if _, _, at := get(rpmEpoch); len(at) >= 4 {
		p.Version = strconv.Itoa(int(be.Uint32(at))) + ":" + p.Version
	}
	list := func(tag uint32) []string {
		_, count, at := get(tag)
		var out []string
		for len(out) < min(int(count), maxFiles) {
			t, rest, ok := bytes.Cut(at, []byte{0})
			if !ok {
				break
			}
			out, at = append(out, string(t)), rest
		}
		return out
	}
	dirs, bases := list(rpmDirnames), list(rpmBasenames)
	_, count, at := get(rpmDirIndex)
	for i := 0; i < min(len(bases), int(count)) && 4*i+4 <= len(at); i++ {
		if d := be.Uint32(at[4*i:]); int(d) < len(dirs) && len(dirs[d])+len(bases[i]) < 4096 {
			p.Files = append(p.Files, dirs[d]+bases[i])
		}
	}
	s.addPackage(p)
}

// sourceOfRPM: "openssl-3.0.7-27.el9.src.rpm" is of openssl.
func sourceOfRPM(name string) string {
	for range 2 {
		if i := bytes.LastIndexByte([]byte(name), '-'); i > 0 {
			name = name[:i]
		}
	}
	return name
}
