package android

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"math/big"

	"assay/internal/collect/firmware/format"
)

const (
	vbmetaMagic = "AVB0"
	vbmetaHead  = 256
	maxVBMeta   = 1 << 20
	footerMagic = "AVBf"
	footerSize  = 64
	maxDescs    = 1000
)

// algorithm is an entry of AvbAlgorithmType.
type algorithm struct {
	bits int
	hash crypto.Hash
}

var algorithms = map[uint32]algorithm{1: {2048, crypto.SHA256}, 2: {4096, crypto.SHA256}, 3: {8192, crypto.SHA256},
	4: {2048, crypto.SHA512}, 5: {4096, crypto.SHA512}, 6: {8192, crypto.SHA512}}

// vbmeta is the header, and the two blocks behind it.
type vbmeta struct{ head, auth, aux []byte }

// slice is a run of a block that the header names.
func slice(b []byte, off, size uint64) []byte {
	if off > uint64(len(b)) || size > uint64(len(b))-off {
		return nil
	}
	return b[off : off+size]
}

func lookVBMeta(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, vbmetaHead)
	if len(b) < vbmetaHead || string(b[:4]) != vbmetaMagic || be.Uint32(b[4:]) != 1 || len(bytes.Trim(b[176:], "\x00")) != 0 {
		return nil, nil
	}
	auth, aux := be.Uint64(b[12:]), be.Uint64(b[20:])
	release, ok := text(b[128:176])
	typ := be.Uint32(b[28:])
	if !ok || auth > maxVBMeta || aux > maxVBMeta || auth%64 != 0 || aux%64 != 0 || typ > 6 {
		return nil, nil
	}
	p := &format.Part{Format: "avb-vbmeta", Offset: at, Note: fmt.Sprintf("made by %q, rollback index %d", release, be.Uint64(b[112:]))}
	whole := p.Claim(s, vbmetaHead+int64(auth+aux))
	if flags := be.Uint32(b[120:]); flags&2 != 0 {
		p.Note += "; verification is switched off"
	} else if flags&1 != 0 {
		p.Note += "; hash trees are switched off"
	}
	if !whole {
		return p, nil
	}
	v := &vbmeta{b, format.Head(s, at+vbmetaHead, int(auth)), format.Head(s, at+vbmetaHead+int64(auth), int(aux))}
	if typ == 0 {
		p.Note += "; not signed"
	} else {
		p.Guards = append(p.Guards, v.signature(algorithms[typ], at))
	}
	return p, v.descriptors(ctx, s, p, at+vbmetaHead+int64(auth))
}

// signature checks hash and signature over header and auxiliary block with the
// key in it. Which key counts is in the boot loader.
func (v *vbmeta) signature(a algorithm, at int64) format.Guard {
	g := format.Guard{Kind: format.Signature, Scheme: fmt.Sprintf("rsa%d-sha256", a.bits), State: format.Bad, Offset: at + 28}
	var h hash.Hash = sha256.New()
	if a.hash == crypto.SHA512 {
		h, g.Scheme = sha512.New(), fmt.Sprintf("rsa%d-sha512", a.bits)
	}
	h.Write(v.head)
	h.Write(v.aux)
	sum := h.Sum(nil)
	if !bytes.Equal(sum, slice(v.auth, be.Uint64(v.head[32:]), be.Uint64(v.head[40:]))) {
		g.Note = "Verified Boot: the hash does not fit"
		return g
	}
	sig := slice(v.auth, be.Uint64(v.head[48:]), be.Uint64(v.head[56:]))
	blob := slice(v.aux, be.Uint64(v.head[64:]), be.Uint64(v.head[72:]))
	if len(blob) < 8+a.bits/8 || int(be.Uint32(blob)) != a.bits {
		g.Note = "Verified Boot: the key is not of the kind that the header says"
		return g
	}
	key := &rsa.PublicKey{N: new(big.Int).SetBytes(blob[8 : 8+a.bits/8]), E: 65537}
	if err := rsa.VerifyPKCS1v15(key, a.hash, sum, sig); err != nil {
		g.Note = "Verified Boot: the signature does not fit the key beside it"
		return g
	}
	id := sha256.Sum256(blob)
	g.State, g.Note = format.Good, "Verified Boot: it fits the key beside it, SHA-256 "+hex.EncodeToString(id[:])+"; which key counts is in the boot loader"
	return g
}

// Tags of descriptors.
const (
	tagProperty = 0
	tagTree     = 1
	tagHash     = 2
	tagCmdline  = 3
	tagChain    = 4
)

// descriptors tells properties, and which partitions are guarded by a hash; it
// holds the one that stands before the metadata against its hash.
func (v *vbmeta) descriptors(ctx context.Context, s format.Source, p *format.Part, at int64) error {
	off := be.Uint64(v.head[96:])
	b := slice(v.aux, off, be.Uint64(v.head[104:]))
	at += int64(min(off, maxVBMeta))
	left := int64(maxHashed)
	for n := 0; len(b) >= 16 && n < maxDescs; n++ {
		size := be.Uint64(b[8:])
		if size > uint64(len(b)-16) {
			p.Problems = append(p.Problems, format.Problem{Offset: at, Kind: format.Damaged, Detail: "avb-vbmeta: a descriptor is longer than the block"})
			return nil
		}
		if len(p.Guards) < maxGuards {
			if err := partition(ctx, s, p, be.Uint64(b), b[16:16+size], at, &left); err != nil {
				return err
			}
		}
		if x, ok := descriptor(be.Uint64(b), b[16:16+size]); ok {
			x.Offset = at
			p.Vars = append(p.Vars, x)
		}
		b = b[16+size:]
		at += 16 + int64(size)
	}
	return nil
}

// descriptor is one of them as a name and a value.
func descriptor(tag uint64, b []byte) (v format.Var, ok bool) {
	name := func(at, head int) string { // of a partition: its length stands at at
		if len(b) < head {
			return ""
		}
		s, _ := text(slice(b, uint64(head), uint64(be.Uint32(b[at:]))))
		return s
	}
	switch {
	case tag == tagProperty && len(b) >= 16:
		key := slice(b, 16, be.Uint64(b))
		value := slice(b, 16+uint64(len(key))+1, be.Uint64(b[8:]))
		v.Name, ok = text(key)
		v.Value, _ = text(value)
		return v, ok && v.Name != "" && v.Value != ""
	case tag == tagTree:
		v = format.Var{Name: "avb." + name(88, 164), Value: "hash tree"}
	case tag == tagHash:
		v = format.Var{Name: "avb." + name(40, 116), Value: "hash"}
	case tag == tagChain:
		v = format.Var{Name: "avb." + name(4, 76), Value: "signed by a key of its own"}
	case tag == tagCmdline && len(b) >= 8:
		s, good := text(slice(b, 8, uint64(be.Uint32(b[4:]))))
		return format.Var{Name: "avb.cmdline", Value: s}, good && s != ""
	}
	return v, len(v.Name) > len("avb.")
}

// lookFooter finds the last 64 bytes of a partition, which say where its
// metadata stand.
func lookFooter(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, footerSize)
	if len(b) < footerSize || string(b[:4]) != footerMagic || be.Uint32(b[4:]) != 1 || len(bytes.Trim(b[36:], "\x00")) != 0 {
		return nil, nil
	}
	size, off, n := be.Uint64(b[12:]), be.Uint64(b[20:]), be.Uint64(b[28:])
	if size > off || off > uint64(at) || n < vbmetaHead || n > maxVBMeta {
		return nil, nil
	}
	return &format.Part{Format: "avb-footer", Offset: at, Size: footerSize,
		Note: fmt.Sprintf("an image of %d bytes, its metadata at offset %d", size, off),
		Vars: []format.Var{{Name: "avb.image-size", Value: fmt.Sprint(size), Offset: at + 12}}}, nil
}
