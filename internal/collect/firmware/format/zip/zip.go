// Package zip reads zip archives, APKs among them: by their directory, or, where
// that is gone, by the headers before the members. In: a source. Out: the tree
// of its members, and what protects them: encryption, the signatures of an APK.
//
// The layout is that of PKWARE's APPNOTE.TXT 6.3.10; numbers of sections in the
// code are of that.
package zip

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive"
)

// New returns the format.
func New() format.Format {
	return format.Format{Name: "zip", Magics: []format.Magic{{Bytes: localMagic}}, Look: look}
}

// The signatures of the records (sections 4.3.7, 4.3.9, 4.3.12, 4.3.14, 4.3.16).
const (
	localMagic      = "PK\x03\x04"
	descriptorMagic = "PK\x07\x08"
	centralMagic    = "PK\x01\x02"
	end64Magic      = "PK\x06\x06"
	locatorMagic    = "PK\x06\x07"
	endMagic        = "PK\x05\x06"
)

// maxName bounds a member's name.
const maxName = 4096

// look is sure by a first header that holds together and a directory that
// points back to where the archive begins, or, without one, by a member that
// decodes and what follows it.
func look(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, localSize)
	if len(b) < localSize || !plausible(b) {
		return nil, nil
	}
	w := archive.NewWindow(s)
	first, ok := readLocal(w, at)
	if !ok || !sureName(first.name) {
		return nil, nil
	}
	v := &volume{src: s, start: at}
	p := &format.Part{Format: "zip", Offset: at}
	if v.dir, ok = tailDirectory(s, w, at); !ok {
		if !first.decodes(s) {
			return nil, nil
		}
		end, n := v.chain(ctx, w, nil)
		if v.dir, ok = behindMembers(ctx, w, at, end); !ok {
			if n < 2 && end < s.Size() && string(w.Bytes(end, 4)) != centralMagic {
				return nil, ctx.Err()
			}
			v.dir = directory{end: end}
			p.Problems = append(p.Problems, format.Problem{Offset: end, Kind: format.Truncated, Detail: "zip: no directory; the members are read by the headers before them"})
		}
	}
	p.Size = v.dir.end - at
	if err := v.survey(ctx, p, w); err != nil {
		return nil, err
	}
	p.Open = func(_ context.Context, lim format.Limits) (format.Volume, error) {
		c := *v
		c.lim = lim.Defaults()
		return &c, nil
	}
	return p, nil
}

// plausible is the cheap check: a version that exists, methods, a name.
func plausible(b []byte) bool {
	version, flags, method := binary.LittleEndian.Uint16(b[4:]), binary.LittleEndian.Uint16(b[6:]), binary.LittleEndian.Uint16(b[8:])
	names := binary.LittleEndian.Uint16(b[26:])
	return string(b[:4]) == localMagic && version&0xff <= 63 && flags&0xd780 == 0 && (method <= 20 || method >= 93 && method <= 99) && names > 0 && names <= maxName
}

// sureName refuses what no archiver writes: control characters.
func sureName(name string) bool {
	for _, c := range []byte(name) {
		if c < ' ' || c == 0x7f {
			return false
		}
	}
	return true
}

// directory is where the central directory stands.
type directory struct {
	at, size int64
	end      int64 // of the archive
}

// maxComment bounds what may follow the end record.
const maxComment = 1<<16 - 1

// tailDirectory looks for the end record at the source's end, where that of a
// file is, whose directory belongs to the archive that begins at start.
func tailDirectory(s format.Source, w *archive.Window, start int64) (directory, bool) {
	from := max(s.Size()-endSize-maxComment, start)
	tail := format.Head(s, from, int(s.Size()-from))
	for {
		i := bytes.LastIndex(tail, []byte(endMagic))
		if i < 0 {
			return directory{}, false
		}
		if d, ok := readEnd(w, start, from+int64(i)); ok {
			return d, true
		}
		tail = tail[:i]
	}
}

// behindMembers looks for the directory and its end record behind the last
// member, at offset at.
func behindMembers(ctx context.Context, w *archive.Window, start, at int64) (directory, bool) {
	at = signingBlock(w, at)
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return directory{}, false
		}
		b := w.Bytes(at, centralSize)
		if len(b) < centralSize || string(b[:4]) != centralMagic {
			break
		}
		at += centralSize + int64(binary.LittleEndian.Uint16(b[28:])) + int64(binary.LittleEndian.Uint16(b[30:])) + int64(binary.LittleEndian.Uint16(b[32:]))
	}
	if b := w.Bytes(at, 56); len(b) == 56 && string(b[:4]) == end64Magic {
		at += 12 + int64(binary.LittleEndian.Uint32(b[4:])) + locatorSize
	}
	return readEnd(w, start, at)
}

const (
	localSize   = 30
	centralSize = 46
	endSize     = 22
	locatorSize = 20
)

// readEnd reads the end record at offset at, and the larger one before it, and
// is false unless the directory is where they say, from start on.
func readEnd(w *archive.Window, start, at int64) (d directory, ok bool) {
	b := w.Bytes(at, endSize)
	if len(b) < endSize || string(b[:4]) != endMagic {
		return d, false
	}
	count := uint64(binary.LittleEndian.Uint16(b[10:]))
	d.size, d.at = int64(binary.LittleEndian.Uint32(b[12:])), int64(binary.LittleEndian.Uint32(b[16:]))
	d.end = at + endSize + int64(len(w.Bytes(at+endSize, int(binary.LittleEndian.Uint16(b[20:])))))
	stop := at // where the directory must end
	if l := w.Bytes(at-locatorSize, locatorSize); len(l) == locatorSize && string(l[:4]) == locatorMagic {
		end64 := start + int64(binary.LittleEndian.Uint64(l[8:])&(1<<62-1))
		if e := w.Bytes(end64, 56); len(e) == 56 && string(e[:4]) == end64Magic {
			stop = end64
			count = binary.LittleEndian.Uint64(e[32:])
			d.size, d.at = int64(binary.LittleEndian.Uint64(e[40:])&(1<<62-1)), int64(binary.LittleEndian.Uint64(e[48:])&(1<<62-1))
		}
	}
	if d.at += start; d.at+d.size > stop || count > 0 && d.size < centralSize {
		return d, false
	}
	c := w.Bytes(d.at, centralSize)
	return d, count == 0 || len(c) == centralSize && string(c[:4]) == centralMagic && d.at > start
}

// survey goes over the members once: what is encrypted, what overlaps, what
// signs an APK.
func (v *volume) survey(ctx context.Context, p *format.Part, w *archive.Window) error {
	n, encrypted, files := 0, 0, 0
	var claim int64
	ciphers := map[string]bool{}
	var sign string
	err := v.members(ctx, w, func(m member) bool {
		if n++; m.size > 0 {
			files++
			claim += min(m.size, 1<<50)
		}
		if m.flags&flagEncrypted != 0 {
			encrypted++
			if c := m.cipher(); !ciphers[c] {
				ciphers[c] = true
				p.Guards = append(p.Guards, format.Guard{Kind: format.Encryption, Scheme: c, State: format.Present, Note: format.Printable(m.name), Offset: m.local})
			}
		}
		if strings.HasPrefix(m.name, "META-INF/") && (strings.HasSuffix(m.name, ".RSA") || strings.HasSuffix(m.name, ".DSA") || strings.HasSuffix(m.name, ".EC")) {
			sign = m.name
		}
		return claim < 1<<60
	})
	if err != nil {
		return err
	}
	p.Note = fmt.Sprintf("%d members", n)
	if sign != "" {
		p.Guards = append(p.Guards, format.Guard{Kind: format.Signature, Scheme: "jar", State: format.Present, Note: format.Printable(sign), Offset: p.Offset})
	}
	p.Guards = append(p.Guards, apkSignatures(w, v.dir.at)...)
	if most := (format.Limits{}).Defaults().Total; claim > most {
		p.Problems = append(p.Problems, format.Problem{Offset: v.dir.at, Kind: format.TooBig, Detail: fmt.Sprintf("zip: the members claim %d bytes together", claim)})
	}
	if encrypted > 0 && encrypted >= files {
		p.Opaque = "every member is encrypted"
	}
	return nil
}
