package cpio

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/cms"
)

// The first two members of a SWUpdate package.
const (
	description = "sw-description"
	signature   = "sw-description.sig"
)

// maxDescription bounds a description or signature that is read whole.
const maxDescription = 1 << 20

// readPackage holds the members of a SWUpdate package against its description.
func readPackage(ctx context.Context, p *format.Part, s format.Source, members []header) error {
	byName := map[string]header{}
	for _, h := range members {
		if _, ok := byName[h.name]; !ok {
			byName[h.name] = h
		}
	}
	h := members[0]
	text := format.Head(s, h.data, int(min(h.size, maxDescription)))
	images, version := parseDescription(string(text))
	if version != "" {
		p.Vars = append(p.Vars, format.Var{Name: "software.version", Value: version, Offset: h.data})
	}
	if sig, ok := byName[signature]; ok {
		b := format.Head(s, sig.data, int(min(sig.size, maxDescription)))
		p.Guards = append(p.Guards, guardDescription(b, text, sig.data))
	} else {
		p.Note += ", not signed"
	}
	done := map[string]bool{}
	for _, i := range images {
		if done[i.file+"\x00"+i.sha256] {
			continue // two boards share an artifact
		}
		done[i.file+"\x00"+i.sha256] = true
		h, ok := byName[i.file]
		if !ok {
			p.Problems = append(p.Problems, format.Problem{Offset: members[0].data, Path: i.file, Kind: format.Mismatch,
				Detail: "sw-description names a file that is not in the package"})
			continue
		}
		if err := guardImage(ctx, p, s, i, h); err != nil {
			return err
		}
	}
	return nil
}

// guardDescription says what signs the description. A CMS message brings the
// certificate that it can be held against; of other signatures the key is on the
// device only.
func guardDescription(sig, text []byte, at int64) format.Guard {
	g := format.Guard{Kind: format.Signature, Scheme: scheme(sig), State: format.Present, Offset: at, Note: "over sw-description; the public key is not in the package"}
	if !strings.HasPrefix(g.Scheme, "cms") {
		return g
	}
	c, err := cms.Verify(sig, func(h hash.Hash) error {
		_, err := h.Write(text)
		return err
	})
	if err != nil { // a hash takes all
		return g
	}
	g.State, g.Note = c.State, "over sw-description; "+c.Note
	if c.Scheme != "" {
		g.Scheme = "cms-" + c.Scheme
	}
	return g
}

// guardImage notes how one artifact is encrypted, and calculates its hash.
func guardImage(ctx context.Context, p *format.Part, s format.Source, i image, h header) error {
	if i.encrypted != "" && i.encrypted != "false" {
		cipher := i.encrypted
		if cipher == "true" {
			cipher = "aes-cbc" // SWUpdate's documentation, "Symmetrically encrypted update images"
		}
		p.Guards = append(p.Guards, format.Guard{Kind: format.Encryption, Scheme: cipher, State: format.Present, Note: i.file, Offset: h.data})
	}
	if len(i.sha256) != 2*sha256.Size {
		return nil
	}
	sum := sha256.New()
	err := format.Sum(ctx, s, h.data, h.size, sum)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	p.Checked("sha256", err == nil && hex.EncodeToString(sum.Sum(nil)) == i.sha256, h.data, i.file)
	return nil
}

// scheme names what signed a description, by the signature's bytes.
func scheme(b []byte) string {
	if i, ok := cms.Parse(b); ok {
		if i.Digest != "" {
			return "cms-" + i.Digest
		}
		return "cms"
	}
	switch {
	case bytes.HasPrefix(b, []byte("\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02")):
		return "cms" // of no length, as a stream is encoded
	case bytes.HasPrefix(b, []byte("-----BEGIN PGP")), len(b) > 2 && (b[0] == 0x89 || b[0] == 0xc2):
		return "openpgp"
	case len(b) == 256 || len(b) == 384 || len(b) == 512:
		return fmt.Sprintf("rsa%d-sha256", 8*len(b))
	}
	return "unknown"
}
