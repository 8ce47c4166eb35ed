package carve

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// lookCPIO walks a newc or newc-crc archive (cpio(5)): a header of 110 bytes in
// ASCII, a name, data; each padded to 4 bytes.
func lookCPIO(s *scanner, b []byte, off, end int64, path string, within, depth int) (int64, error) {
	if _, ok := cpioHeader(b); !ok {
		return 0, nil
	}
	if depth >= s.lim.Depth {
		return 0, nil
	}
	archive := s.add(Part{Offset: off, Format: "cpio", Path: path, Within: within, Note: "archive; members are listed"})
	at, members := off, 0
	for {
		if err := s.ctx.Err(); err != nil {
			return at, err
		}
		if end-at < 110 {
			s.problem(Problem{Offset: at, Kind: Truncated, Detail: "cpio ends without its trailer"})
			break
		}
		head := make([]byte, min(110+4096, end-at))
		if err := s.readAt(head, at); err != nil {
			return at, err
		}
		h, ok := cpioHeader(head)
		if !ok {
			s.problem(Problem{Offset: at, Kind: Damaged, Detail: "cpio member header does not hold together"})
			break
		}
		name := string(bytes.TrimRight(head[110:min(110+h.name, int64(len(head)))], "\x00"))
		data := off + align4(at-off+110+h.name)
		if name == "TRAILER!!!" {
			at = min(data, end)
			break
		}
		next := off + align4(data-off+h.size)
		if data+h.size > end {
			s.problem(Problem{Offset: at, Kind: Truncated, Detail: fmt.Sprintf("cpio member %q claims %d bytes, %d are there", cleanName(name), h.size, max(end-data, 0))})
			h.size, next = max(end-data, 0), end
		}
		if badMember(name) {
			s.problem(Problem{Offset: at, Kind: BadName, Detail: fmt.Sprintf("cpio member %q points outside", cleanName(name))})
		}
		if len(s.img.Parts) >= s.lim.Parts {
			s.problem(Problem{Offset: at, Kind: TooMany, Detail: fmt.Sprintf("more than %d parts", s.lim.Parts)})
			s.img.Cut = true
			return end, s.count(off, end)
		}
		if err := s.count(s.blocks.next, min(data, end)); err != nil {
			return at, err
		}
		// Members without content (folders, devices) are no parts of an update.
		if h.size > 0 && h.mode&0o170000 == 0o100000 {
			members++
			if err := s.member(data, h.size, name, archive, depth); err != nil {
				return at, err
			}
		}
		at = next
	}
	s.img.Parts[archive].Size = at - off
	s.img.Parts[archive].Note = fmt.Sprintf("archive of %d file(s)", members)
	return at, s.count(off, at)
}

type cpio struct{ mode, size, name int64 }

func cpioHeader(b []byte) (h cpio, ok bool) {
	if len(b) < 110 || (string(b[:6]) != "070701" && string(b[:6]) != "070702") {
		return h, false
	}
	for i, to := range map[int]*int64{1: &h.mode, 6: &h.size, 11: &h.name} {
		v, err := strconv.ParseUint(string(b[6+8*i:14+8*i]), 16, 32)
		if err != nil {
			return h, false
		}
		*to = int64(v)
	}
	return h, h.name > 0 && h.name <= 4096
}

func align4(n int64) int64 { return (n + 3) &^ 3 }

func badMember(name string) bool {
	for _, part := range strings.Split(name, "/") {
		if part == ".." {
			return true
		}
	}
	return strings.HasPrefix(name, "/") || strings.ContainsRune(name, 0)
}

// member looks at one file of an archive: a part of its own if its format is
// known, else a plain member that is searched too.
func (s *scanner) member(off, size int64, name string, archive, depth int) error {
	before := len(s.img.Parts)
	b := make([]byte, min(int64(lookahead), size))
	if err := s.readAt(b, off); err != nil {
		return err
	}
	next, err := lookHead(s, b, off, off+size, name, archive, depth+1)
	if err == nil && next <= off {
		next, err = s.detect(b, off, off+size, name, archive, depth+1)
	}
	if err != nil {
		return err
	}
	if len(s.img.Parts) > before {
		p := &s.img.Parts[before]
		if p.Size == 0 {
			p.Size = size // the archive says what the format does not
		}
		return s.count(off, off+size)
	}
	i := s.add(Part{Offset: off, Size: size, Format: "member", Path: name, Within: archive})
	return s.region(off, off+size, name, i, depth+1)
}

// lookHead tries the formats that stand only at the beginning of a region.
func lookHead(s *scanner, b []byte, off, end int64, path string, within, depth int) (int64, error) {
	if depth > s.lim.Depth {
		return 0, nil
	}
	one := func(format, note string) (int64, error) {
		s.add(Part{Offset: off, Format: format, Path: path, Within: within, Note: note})
		return 0, nil
	}
	switch {
	case len(b) >= 512 && string(b[257:262]) == "ustar":
		return s.tar(off, end, path, within, depth)
	case bytes.HasPrefix(b, []byte("PK\x03\x04")):
		return s.zip(off, end, path, within, depth)
	case len(b) >= 1082 && b[1080] == 0x53 && b[1081] == 0xef && binary.LittleEndian.Uint32(b[1048:]) <= 6:
		return one("ext", "ext2/3/4 file system; not read")
	case len(b) >= 1028 && binary.LittleEndian.Uint32(b[1024:]) == 0xe0f5e1e2:
		return one("erofs", "erofs file system; not read")
	case len(b) >= 512 && b[510] == 0x55 && b[511] == 0xaa && b[446]&0x7f == 0 && b[450] != 0:
		return one("mbr", "partition table; partitions are searched for, not read by it")
	case bytes.HasPrefix(b, []byte("\x7fELF")) && len(b) >= 52:
		return one("elf", "program; not read as a container")
	case len(b) >= 13 && b[0] == 0x5d && binary.LittleEndian.Uint32(b[1:]) >= 1<<12 && b[13-1] <= 1 || len(b) >= 13 && b[0] == 0x5d && bytes.Equal(b[5:13], bytes.Repeat([]byte{0xff}, 8)):
		return one("lzma", "LZMA stream; not read")
	case bytes.HasPrefix(b, []byte("\x02\x21\x4c\x18")):
		return one("lz4", "legacy frame; not read")
	case bytes.HasPrefix(b, []byte("\x89LZO\x00\x0d\x0a\x1a\x0a")):
		return one("lzop", "LZO stream; not read")
	case bytes.HasPrefix(b, []byte("070707")), bytes.HasPrefix(b, []byte("\xc7\x71")):
		return one("cpio-old", "archive in an old format; not read")
	case len(b) >= 16 && b[0] == 0xe9 && b[1] >= 1 && b[1] <= 16 && b[2] <= 3:
		return one("esp-image", "ESP8266/ESP32 application; not read")
	case bytes.HasPrefix(b, []byte(":")) && hexLine(b[1:]):
		return one("intel-hex", "not read")
	case len(b) > 2 && b[0] == 'S' && b[1] >= '0' && b[1] <= '3' && hexLine(b[2:]):
		return one("s-record", "not read")
	case bytes.HasPrefix(b, []byte("QFI\xfb")):
		return one("qcow", "disk image; not read")
	}
	return 0, nil
}

func hexLine(b []byte) bool {
	line, _, ok := bytes.Cut(b, []byte("\n"))
	line = bytes.TrimRight(line, "\r")
	if !ok || len(line) < 8 || len(line) > 600 {
		return false
	}
	for _, c := range line {
		if !(c >= '0' && c <= '9' || c >= 'A' && c <= 'F' || c >= 'a' && c <= 'f') {
			return false
		}
	}
	return true
}

// tar lists the files of a tar archive and looks at each.
func (s *scanner) tar(off, end int64, path string, within, depth int) (int64, error) {
	archive := s.add(Part{Offset: off, Size: end - off, Format: "tar", Path: path, Within: within})
	sec := io.NewSectionReader(s.r, off, end-off)
	r := tar.NewReader(sec)
	members := 0
	for {
		if err := s.ctx.Err(); err != nil {
			return end, err
		}
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			s.problem(Problem{Offset: off, Kind: Damaged, Detail: "tar: " + err.Error()})
			break
		}
		if badMember(h.Name) {
			s.problem(Problem{Offset: off, Kind: BadName, Detail: fmt.Sprintf("tar member %q points outside", cleanName(h.Name))})
		}
		at, err := sec.Seek(0, io.SeekCurrent)
		if err != nil {
			return end, err
		}
		if h.Typeflag != tar.TypeReg || h.Size == 0 {
			continue
		}
		if h.Size < 0 || h.Size > end-off-at {
			s.problem(Problem{Offset: off + at, Kind: Truncated, Detail: fmt.Sprintf("tar member %q claims %d bytes", cleanName(h.Name), h.Size)})
			break
		}
		if len(s.img.Parts) >= s.lim.Parts {
			s.problem(Problem{Offset: off + at, Kind: TooMany, Detail: fmt.Sprintf("more than %d parts", s.lim.Parts)})
			s.img.Cut = true
			break
		}
		members++
		if err := s.count(s.blocks.next, off+at); err != nil {
			return end, err
		}
		if err := s.member(off+at, h.Size, h.Name, archive, depth); err != nil {
			return end, err
		}
	}
	s.img.Parts[archive].Note = fmt.Sprintf("archive of %d file(s)", members)
	return end, s.count(off, end)
}

// zip lists the members of a zip archive; the ones that are stored as they are
// are looked at, compressed ones are named.
func (s *scanner) zip(off, end int64, path string, within, depth int) (int64, error) {
	r, err := zip.NewReader(io.NewSectionReader(s.r, off, end-off), end-off)
	if err != nil {
		return 0, nil // without a directory: the plain detector names it
	}
	archive := s.add(Part{Offset: off, Size: end - off, Format: "zip", Path: path, Within: within,
		Note: fmt.Sprintf("archive of %d member(s); compressed members are not read", len(r.File))})
	var last int64
	for _, f := range r.File {
		at, err := f.DataOffset()
		size := int64(f.CompressedSize64)
		if err != nil || size < 0 || at < 0 || size > end-off-at {
			s.problem(Problem{Offset: off, Kind: Damaged, Detail: fmt.Sprintf("zip member %q is outside of the archive", cleanName(f.Name))})
			continue
		}
		if badMember(f.Name) {
			s.problem(Problem{Offset: off + at, Kind: BadName, Detail: fmt.Sprintf("zip member %q points outside", cleanName(f.Name))})
		}
		if size == 0 {
			continue
		}
		if at < last {
			s.problem(Problem{Offset: off + at, Kind: Overlap, Detail: fmt.Sprintf("zip member %q overlaps the one before", cleanName(f.Name))})
			continue
		}
		last = at + size
		if len(s.img.Parts) >= s.lim.Parts {
			s.problem(Problem{Offset: off + at, Kind: TooMany, Detail: fmt.Sprintf("more than %d parts", s.lim.Parts)})
			s.img.Cut = true
			break
		}
		if f.Method != zip.Store {
			s.add(Part{Offset: off + at, Size: size, Format: "member", Path: f.Name, Within: archive, Note: "compressed; not read"})
			continue
		}
		if err := s.count(s.blocks.next, off+at); err != nil {
			return end, err
		}
		if err := s.member(off+at, size, f.Name, archive, depth); err != nil {
			return end, err
		}
	}
	return end, s.count(off, end)
}
