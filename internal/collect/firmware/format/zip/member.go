package zip

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive"
)

// The general purpose flags (section 4.4.4) that matter.
const (
	flagEncrypted  = 1 << 0
	flagMark       = 1 << 1 // a mark ends a content of LZMA
	flagDescriptor = 1 << 3 // sizes and CRC stand behind the content
)

// member is what the directory, or a header, says of one.
type member struct {
	at     int64 // of the record
	local  int64 // offset of its header
	name   string
	made   byte // the system that made the attributes
	flags  uint16
	method uint16
	crc    uint32
	packed int64
	size   int64
	attrs  uint32
	time   time.Time
	data   int64 // of the content; known from the header only
	next   int64 // behind the record
	extra  extra
}

// extra is what the extra fields say (section 4.5).
type extra struct {
	uid, gid uint32
	aes      byte // strength: 1 to 3
	inner    uint16
	mtime    int64
}

// readLocal reads the header at offset at, and what follows it.
func readLocal(w *archive.Window, at int64) (m member, ok bool) {
	b := w.Bytes(at, localSize)
	if len(b) < localSize || !plausible(b) {
		return m, false
	}
	names, extras := int(binary.LittleEndian.Uint16(b[26:])), int(binary.LittleEndian.Uint16(b[28:]))
	m = member{
		at: at, local: at, flags: binary.LittleEndian.Uint16(b[6:]), method: binary.LittleEndian.Uint16(b[8:]),
		time: dosTime(binary.LittleEndian.Uint32(b[10:])), crc: binary.LittleEndian.Uint32(b[14:]),
		packed: int64(binary.LittleEndian.Uint32(b[18:])), size: int64(binary.LittleEndian.Uint32(b[22:])),
		data: at + localSize + int64(names+extras),
	}
	rest := w.Bytes(at+localSize, names+extras)
	if len(rest) < names {
		return m, false
	}
	m.name = string(rest[:names])
	m.readExtra(rest[names:])
	return m, true
}

// readCentral reads a record of the directory.
func readCentral(w *archive.Window, start, at int64) (m member, ok bool) {
	b := w.Bytes(at, centralSize)
	if len(b) < centralSize || string(b[:4]) != centralMagic {
		return m, false
	}
	names, extras, comments := int(binary.LittleEndian.Uint16(b[28:])), int(binary.LittleEndian.Uint16(b[30:])), int(binary.LittleEndian.Uint16(b[32:]))
	m = member{
		at: at, made: b[5], flags: binary.LittleEndian.Uint16(b[8:]), method: binary.LittleEndian.Uint16(b[10:]),
		time: dosTime(binary.LittleEndian.Uint32(b[12:])), crc: binary.LittleEndian.Uint32(b[16:]),
		packed: int64(binary.LittleEndian.Uint32(b[20:])), size: int64(binary.LittleEndian.Uint32(b[24:])),
		attrs: binary.LittleEndian.Uint32(b[38:]), local: int64(binary.LittleEndian.Uint32(b[42:])),
		next: at + centralSize + int64(names+extras+comments),
	}
	rest := w.Bytes(at+centralSize, names+extras)
	if len(rest) < names+extras {
		return m, false
	}
	m.name = string(rest[:names])
	m.readExtra(rest[names:])
	m.local += start
	return m, true
}

// readExtra goes over the extra fields. The large sizes stand only where a
// record's own field is full (section 4.5.3), in their order.
func (m *member) readExtra(b []byte) {
	for len(b) >= 4 {
		id, n := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
		if b = b[4:]; n > len(b) {
			return
		}
		f := b[:n]
		b = b[n:]
		switch id {
		case 0x0001:
			for _, v := range []*int64{&m.size, &m.packed, &m.local} {
				if *v == 1<<32-1 && len(f) >= 8 {
					*v = int64(binary.LittleEndian.Uint64(f) & (1<<62 - 1))
					f = f[8:]
				}
			}
		case 0x5455: // extended timestamp
			if len(f) >= 5 && f[0]&1 != 0 {
				m.extra.mtime = int64(int32(binary.LittleEndian.Uint32(f[1:])))
			}
		case 0x7875: // Info-ZIP's owners
			m.extra.uid, m.extra.gid = owners(f)
		case 0x9901: // WinZip's AES
			if len(f) >= 7 {
				m.extra.aes, m.extra.inner = f[4], binary.LittleEndian.Uint16(f[5:])
			}
		}
	}
}

// owners reads two numbers with their lengths.
func owners(f []byte) (uid, gid uint32) {
	if len(f) < 3 || f[0] != 1 {
		return 0, 0
	}
	var v [2]uint32
	f = f[1:]
	for i := range v {
		if len(f) == 0 || int(f[0]) > len(f)-1 || f[0] > 8 {
			return 0, 0
		}
		var n [8]byte
		copy(n[:], f[1:1+f[0]])
		v[i] = uint32(binary.LittleEndian.Uint64(n[:]))
		f = f[1+f[0]:]
	}
	return v[0], v[1]
}

// dosTime has two seconds for its step and no zone.
func dosTime(v uint32) time.Time {
	d, t := int(v>>16), int(v&0xffff)
	return time.Date(1980+d>>9, time.Month(d>>5&15), d&31, t>>11, t>>5&63, t&31*2, 0, time.UTC)
}

func (m *member) cipher() string {
	switch {
	case m.method != 99:
		return "zipcrypto"
	case m.extra.aes >= 1 && m.extra.aes <= 3:
		return fmt.Sprintf("aes-%d-ctr", 64+64*int(m.extra.aes))
	}
	return "aes-ctr"
}

// entry is the member as a name in the tree. Attributes of Unix stand in the
// upper half (made by 3, Unix, or 19, macOS: section 4.4.2); where there are
// none it is a file that all may read.
func (m *member) entry(path string) format.Entry {
	e := format.Entry{Path: path, Type: format.File, Mode: 0o644, UID: m.extra.uid, GID: m.extra.gid, Size: m.size, MTime: m.time}
	if m.extra.mtime != 0 {
		e.MTime = time.Unix(m.extra.mtime, 0).UTC()
	}
	mode := m.attrs >> 16
	if (m.made == 3 || m.made == 19) && mode != 0 {
		e.Mode = mode & 0o7777
		switch mode & 0o170000 {
		case 0o040000:
			e.Type = format.Dir
		case 0o120000:
			e.Type = format.Symlink
		case 0o060000:
			e.Type = format.Block
		case 0o020000:
			e.Type = format.Char
		case 0o010000:
			e.Type = format.FIFO
		case 0o140000:
			e.Type = format.Socket
		}
	}
	if m.name[len(m.name)-1] == '/' && e.Type != format.Dir {
		e.Type = format.Dir
		if mode == 0 {
			e.Mode = 0o755
		}
	}
	if e.Type != format.File {
		e.Size = 0
	}
	return e
}

// members calls fn for every member, by the directory or, without one, by the
// headers.
func (v *volume) members(ctx context.Context, w *archive.Window, fn func(member) bool) error {
	if v.dir.at == 0 {
		v.chain(ctx, w, fn)
		return ctx.Err()
	}
	at := v.dir.at
	for n := uint64(0); at < v.dir.at+v.dir.size; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		m, ok := readCentral(w, v.start, at)
		if !ok || m.name == "" {
			v.broken = &format.Problem{Offset: at, Kind: format.Damaged, Detail: "zip: the directory breaks off"}
			return nil
		}
		if !fn(m) {
			return nil
		}
		at = m.next
	}
	return nil
}

// chain follows the headers before the members, calls fn for each, and returns
// where the last one ends and how many there were.
func (v *volume) chain(ctx context.Context, w *archive.Window, fn func(member) bool) (end int64, n int) {
	at := v.start
	for ; n%1024 != 0 || ctx.Err() == nil; n++ {
		m, ok := readLocal(w, at)
		if !ok || m.name == "" {
			return at, n
		}
		if m.flags&flagDescriptor != 0 && m.packed == 0 {
			if !v.describe(ctx, w, &m) {
				if fn != nil {
					fn(m)
				}
				return v.src.Size(), n + 1
			}
		} else {
			at = m.data + m.packed
			if m.flags&flagDescriptor != 0 {
				at = behindDescriptor(w, at)
			}
			m.next = at
		}
		if fn != nil && !fn(m) || m.data+m.packed > v.src.Size() {
			return min(m.data+m.packed, v.src.Size()), n + 1
		}
		at = m.next
	}
	return at, n
}

// behindDescriptor steps over what may stand with or without its signature
// (section 4.3.9.3), and in two widths.
func behindDescriptor(w *archive.Window, at int64) int64 {
	b := w.Bytes(at, 28)
	for _, n := range []int{16, 24, 12, 20} {
		if len(b) >= n+4 && string(b[n:n+2]) == "PK" && (n < 16 || n == 20 || string(b[:4]) == descriptorMagic) {
			return at + int64(n)
		}
	}
	return at
}

// describe finds the sizes of a member whose header has none: behind it, in a
// descriptor whose size is the distance to it.
func (v *volume) describe(ctx context.Context, w *archive.Window, m *member) bool {
	const piece = 64 << 10
	for at := m.data; at < v.src.Size() && ctx.Err() == nil; at += piece {
		b := format.Head(v.src, at, piece+24)
		for i := 0; ; i++ {
			k := bytes.Index(b[min(i, len(b)):], []byte(descriptorMagic))
			if k < 0 || i+k >= piece {
				break
			}
			i += k
			d := b[i:]
			pos := at + int64(i)
			if len(d) >= 24 && int64(binary.LittleEndian.Uint64(d[8:])) == pos-m.data {
				m.crc, m.packed, m.size = binary.LittleEndian.Uint32(d[4:]), pos-m.data, int64(binary.LittleEndian.Uint64(d[16:])&(1<<62-1))
				m.next = pos + 24
				return true
			}
			if len(d) >= 16 && int64(binary.LittleEndian.Uint32(d[8:])) == pos-m.data {
				m.crc, m.packed, m.size = binary.LittleEndian.Uint32(d[4:]), pos-m.data, int64(binary.LittleEndian.Uint32(d[12:]))
				m.next = pos + 16
				return true
			}
		}
	}
	m.packed = v.src.Size() - m.data
	return false
}

// decodes says whether the content of a member begins as its method demands.
func (m *member) decodes(s format.Source) bool {
	if m.flags&flagEncrypted != 0 || m.size == 0 && m.flags&flagDescriptor == 0 {
		return true
	}
	r, err := m.open(s, m.data, s.Size()-m.data)
	if err != nil {
		return m.method != 0 && m.method != 8
	}
	n, err := io.ReadFull(r, make([]byte, 512))
	return err == nil || err == io.EOF || err == io.ErrUnexpectedEOF && n > 0
}
