// Package ubifs reads UBIFS, the file system on top of UBI, from a volume or
// from the file that mkfs.ubifs wrote. In: a Source, hostile. Out: a format.Part
// with the newest state: what the index has, and what the journal has that the
// index hasn't yet. Where the index is damaged, all nodes are gone over instead.
//
// fs/ubifs/ubifs-media.h of Linux has the layout; replay.c and recovery.c say
// what a journal means.
package ubifs

import (
	"context"
	"fmt"

	"assay/internal/collect/firmware/format"
)

// New returns the format.
func New() format.Format {
	return format.Format{
		Name: "ubifs",
		// Of every node only the superblock has that length and kind.
		Magics: []format.Magic{{Bytes: "\x00\x10\x00\x00\x06\x00\x00\x00", At: 16}},
		Look:   look,
	}
}

func look(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	if b := format.Head(s, at, headSize); length(b) != superSize || b[20] != kindSuper {
		return nil, nil
	}
	b := format.Head(s, at, superSize)
	if !sound(b, kindSuper, superSize) {
		return nil, nil
	}
	sb := parseSuper(b)
	if !sb.plausible() {
		return nil, nil
	}
	v := &volume{src: s, at: at, super: sb}
	p := &format.Part{Format: "ubifs", Offset: at, Size: min(sb.leb*sb.count, s.Size()-at)}
	p.Note = fmt.Sprintf("%s, format %d, %d erase blocks of %d bytes, pages of %d", sb.compression(), sb.version, sb.count, sb.leb, sb.minIO)
	if sb.readVersion > 0 {
		p.Opaque = fmt.Sprintf("a format that readers of version 0 can't read: %d", sb.readVersion)
		return p, nil
	}
	v.guard(p)
	if m, ok := v.master(); !ok {
		p.Problems = append(p.Problems, format.Problem{Offset: at + sb.leb, Kind: format.Damaged, Detail: "no master node is whole: the index can't be found"})
	} else if end := at + v.offset(m.root.lnum, m.root.offs) + int64(m.root.size); end > s.Size() {
		p.Problems = append(p.Problems, format.Problem{Offset: at, Kind: format.Truncated,
			Detail: fmt.Sprintf("the index ends at %d, the image at %d", end, s.Size())})
	}
	p.Open = func(ctx context.Context, lim format.Limits) (format.Volume, error) {
		return open(ctx, v, lim)
	}
	return p, nil
}

// guard says which protections there are. Keys are needed to check them.
func (v *volume) guard(p *format.Part) {
	if v.flags&flagEncryption != 0 {
		p.Guards = append(p.Guards, format.Guard{Kind: format.Encryption, Scheme: "fscrypt", State: format.Present,
			Note: "some files or all are encrypted", Offset: v.at + 28})
	}
	if v.flags&flagAuthentication == 0 {
		return
	}
	if v.keyed {
		p.Guards = append(p.Guards, format.Guard{Kind: format.Signature, Scheme: "hmac-" + v.hash(), State: format.Present,
			Note: "all nodes are authenticated with a key of the device", Offset: v.at + 128})
	}
	// An image that was signed before it was written has the signature behind the
	// superblock.
	at := v.at + (superSize+v.minIO-1)/v.minIO*v.minIO
	if b := format.Head(v.src, at, int(v.leb-superSize)); sound(b, kindSignature, signatureSize) && u32(b, 24) == signaturePKCS7 {
		p.Guards = append(p.Guards, format.Guard{Kind: format.Signature, Scheme: "pkcs7-" + v.hash(), State: format.Present,
			Note: "the superblock is signed, and with it hashes of all nodes", Offset: at})
	}
}
