package vendor

import (
	"context"
	"encoding/binary"
	"fmt"
	"path"
	"slices"

	"assay/internal/collect/firmware/format"
)

// Hikvision's digicap.dav: a header and a list of files under a fixed XOR, the
// files in the clear or encrypted by their own means. Says who: hiktools and
// hikpack; sources of Hikvision's in public repositories.
const (
	hikHead  = 64
	hikEntry = 44
)

var hikKey = [16]byte{0xba, 0xcd, 0xbc, 0xfe, 0xd6, 0xca, 0xdd, 0xd3, 0xba, 0xb9, 0xa3, 0xab, 0xbf, 0xcb, 0xb5, 0xbe}

// hikNames are the magic numbers, as they stand after decoding.
var hikNames = []string{"SWKH", "02KH", "03KH"}

func hikMagics() (out []format.Magic) {
	for _, n := range hikNames {
		out = append(out, format.Magic{Bytes: string(hikDecode([]byte(n)))})
	}
	return out
}

// hikDecode is its own inverse: each 16 bytes begin one place further in the key.
func hikDecode(b []byte) []byte {
	out := make([]byte, len(b))
	for i, c := range b {
		out[i] = c ^ hikKey[(i+i>>4)&15]
	}
	return out
}

func lookHikvision(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	b := hikDecode(format.Head(s, at, hikHead))
	if len(b) < hikHead || !slices.Contains(hikNames, string(b[:4])) {
		return nil, nil
	}
	le := binary.LittleEndian
	head, files := int64(le.Uint32(b[8:])), int64(le.Uint32(b[12:]))
	if files == 0 || files > maxParts || head < hikHead+files*hikEntry || head > 1<<20 {
		return nil, nil
	}
	list := hikDecode(format.Head(s, at, int(hikHead+files*hikEntry)))
	if int64(len(list)) < hikHead+files*hikEntry {
		return nil, nil
	}
	end := head
	for i := range files {
		e := hikFile(list, i)
		if !e.ok || e.off < head {
			return nil, nil
		}
		end = max(end, e.off+e.size)
	}
	p := &format.Part{Format: "hikvision", Offset: at,
		Note: fmt.Sprintf("Hikvision digicap, %d file(s), language %d, device class %d; the header is obfuscated with a fixed key", files, le.Uint32(b[16:]), le.Uint32(b[20:]))}
	p.Claim(s, end)
	hikHeader(p, hikDecode(format.Head(s, at, int(head))), at)
	for i := range files {
		e, n := hikFile(list, i), len(p.Regions)
		add(p, path.Base(e.name), e.off, e.size, head)
		if len(p.Regions) == n || e.off+e.size > p.Size {
			continue
		}
		sum, err := sumOf(ctx, s, at+e.off, e.size)
		if err != nil {
			return nil, err
		}
		p.Checked("sum32", sum == e.sum, at+hikHead+i*hikEntry+40, "file "+format.Printable(e.name))
	}
	return p, nil
}

// hikLine is one line of the list of files.
type hikLine struct {
	name      string
	off, size int64
	sum       uint32
	ok        bool
}

func hikFile(list []byte, i int64) hikLine {
	e, le := list[hikHead+i*hikEntry:], binary.LittleEndian
	name, ok := text(e[:32])
	return hikLine{name: name, size: int64(le.Uint32(e[32:])), off: int64(le.Uint32(e[36:])), sum: le.Uint32(e[40:]), ok: ok && name != ""}
}

// hikHeader checks the sum of the header: over its fields, or over the list as
// well.
func hikHeader(p *format.Part, b []byte, at int64) {
	want := binary.LittleEndian.Uint32(b[4:])
	for _, end := range []int{hikHead, len(b)} {
		var sum bytesum
		sum.Write(b[12:end])
		if sum.value == want {
			p.Checked("sum32", true, at+4, "header")
			return
		}
	}
	p.Guards = append(p.Guards, format.Guard{Kind: format.Checksum, Scheme: "sum32", State: format.Present, Note: "header, by a rule that is not known", Offset: at + 4})
}
