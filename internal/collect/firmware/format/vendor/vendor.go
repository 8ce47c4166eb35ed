// Package vendor reads the headers that makers of cameras, routers and chips put
// before their images. In: bytes at an offset. Out: the ranges or archives
// behind the header, what it says, its checksums, and whether it is signed or
// encrypted. A header counts where its structure holds together or its checksum
// fits; each file says where its layout is documented.
//
// Vendors whose images need no reader here: Xiongmai's are zip archives with
// uImage headers inside, Ingenic's and HiSilicon's are uImage headers.
package vendor

import (
	"bytes"
	"context"
	"fmt"

	"assay/internal/collect/firmware/format"
)

// biggest is more than any image in a device's flash has.
const biggest = 1 << 30

// maxParts bounds the ranges of one header.
const maxParts = 256

// Formats returns the formats of this package.
func Formats() []format.Format {
	return []format.Format{
		{Name: "tplink", Magics: words("\x01\x00\x00\x00TP-LINK", "\x02\x00\x00\x00TP-LINK", "\x01\x00\x00\x00OpenWrt"), Look: lookTPLink1},
		{Name: "tplink", Weak: true, Look: lookTPLink2},
		{Name: "tplink-safeloader", Magics: []format.Magic{{Bytes: "fwup-ptn ", At: safeTable}}, Look: lookSafeloader},
		{Name: "dlink-shrs", Magics: words("SHRS"), Look: lookSHRS},
		{Name: "dlink-encrypted", Magics: words("encrpted_img"), Look: lookEncrpted},
		{Name: "dlink-mh01", Magics: words("MH01"), Look: lookMH01},
		{Name: "openssl-enc", Magics: words("Salted__"), Look: lookOpenSSL},
		{Name: "hikvision", Magics: hikMagics(), Look: lookHikvision},
		{Name: "dahua", Magics: words("DH\x03\x04"), Look: lookDahua},
		{Name: "instar", Magics: words("PK\x03\x07"), Look: lookInstar},
		{Name: "bneg", Magics: words("BNEG\x01\x00\x00\x00\x01\x00\x00\x00"), Look: lookBNEG},
		{Name: "foscam-webui", Magics: words(webMagic), Look: lookWebUI},
		{Name: "reolink-pak", Magics: words(pakMagic), Look: lookPAK},
		{Name: "realtek", Head: true, Look: lookRealtek},
		{Name: "edimax", Head: true, Look: lookEdimax},
		{Name: "zyxel-rombin", Head: true, Look: lookRombin},
		{Name: "zyxel-ras", Head: true, Weak: true, Look: lookRAS},
		{Name: "linksys", Magics: []format.Magic{{Bytes: "U2ND", At: 14}}, Look: lookLinksys},
		{Name: "linksys-footer", Magics: words(footerMagic), Look: lookFooter},
		{Name: "linksys-chdr", Head: true, Look: lookCHDR},
		{Name: "broadcom-tag", Magics: []format.Magic{{Bytes: "Broadcom Corporatio", At: 4}}, Look: lookBroadcom},
		{Name: "broadcom-tag", Head: true, Weak: true, Look: lookBroadcom},
		{Name: "ubiquiti", Magics: words(ubiquiti...), Look: lookUbiquiti},
		{Name: "xiaomi", Magics: words("HDR1", "HDR2"), Look: lookXiaomi},
		{Name: "allwinner", Magics: words("IMAGEWTY"), Look: lookAllwinner},
		{Name: "amlogic", Magics: []format.Magic{{Bytes: "\x56\x19\xb5\x27", At: 8}}, Look: lookAmlogic},
		{Name: "ambarella", Magics: []format.Magic{{Bytes: "\x90\xeb\x24\xa3", At: 24}}, Look: lookAmbarella},
		{Name: "novatek", Magics: words(novatekGUID), Look: lookNovatek},
		{Name: "rbl", Magics: words("RBL\x00"), Look: lookRBL},
		{Name: "rockchip-rkfw", Magics: words("RKFW\x66\x00"), Look: lookRKFW},
		{Name: "rockchip-rkaf", Magics: words("RKAF"), Look: lookRKAF},
	}
}

func words(list ...string) (out []format.Magic) {
	for _, w := range list {
		out = append(out, format.Magic{Bytes: w})
	}
	return out
}

// text is the string at the start of a field; ok says that it is printable and
// that padding follows it.
func text(b []byte) (s string, ok bool) {
	t, rest, _ := bytes.Cut(b, []byte{0})
	t = bytes.TrimRight(t, "\xff")
	for _, c := range t {
		if c < 0x20 || c > 0x7e {
			return format.Printable(string(t)), false
		}
	}
	return string(t), len(bytes.Trim(rest, "\x00\xff")) == 0
}

// add notes a range of the part, off from its first byte. What lies outside, in
// the header or in another range is a problem and is cut or left out.
func add(p *format.Part, name string, off, size, head int64, try ...string) {
	at := p.Offset + off
	r := format.Region{Name: format.Printable(name), Offset: at, Size: min(size, p.Size-off), Try: try}
	fail := func(kind, why string) {
		p.Problems = append(p.Problems, format.Problem{Offset: p.Offset, Kind: kind, Detail: fmt.Sprintf("%s: part %q, %d bytes at %d, %s", p.Format, r.Name, size, off, why)})
	}
	switch {
	case size <= 0:
		return
	case off < head:
		fail(format.Loop, "lies in the header")
		return
	case off >= p.Size:
		fail(format.Truncated, "begins after the end")
		return
	case size > p.Size-off:
		fail(format.Truncated, "ends after the end")
	}
	for _, o := range p.Regions {
		if r.Offset < o.Offset+o.Size && o.Offset < r.Offset+r.Size {
			fail(format.Overlap, "overlaps another")
			return
		}
	}
	if len(p.Regions) < maxParts {
		p.Regions = append(p.Regions, r)
	}
}

// encrypted says that nothing behind the header can be read.
func encrypted(p *format.Part, scheme, note string) {
	p.Opaque = "encrypted: " + scheme
	p.Guards = append(p.Guards, format.Guard{Kind: format.Encryption, Scheme: scheme, State: format.Present, Note: note, Offset: p.Offset})
}

// bytesum adds up bytes.
type bytesum struct{ value uint32 }

func (s *bytesum) Write(p []byte) (int, error) {
	v := s.value
	for _, c := range p {
		v += uint32(c)
	}
	s.value = v
	return len(p), nil
}

func sumOf(ctx context.Context, s format.Source, off, size int64) (uint32, error) {
	var b bytesum
	err := format.Sum(ctx, s, off, size, &b)
	return b.value, err
}
