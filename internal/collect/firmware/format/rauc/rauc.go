// Package rauc recognises a RAUC update bundle: a squashfs, a CMS signature
// behind it, and the signature's length in the last eight bytes. In: a source
// that is one bundle. Out: the payload as a region, the signature, and what the
// manifest says where it is within the signature.
//
// A bundle is known by its end, while its beginning is that of a plain
// squashfs: this format has to be asked before that one, at the head of a
// region only.
package rauc

import (
	"context"
	"encoding/binary"
	"hash"
	"strings"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/cms"
)

// New returns the format. It has no magic number: the end decides.
func New() format.Format { return format.Format{Name: "rauc", Head: true, Look: look} }

// maxSignature bounds the signature, with certificates and manifest; RAUC
// refuses more than 64 KiB.
const maxSignature = 64 << 10

// look is sure by a CMS message of just the length that the last eight bytes
// give ("RAUC reference, Bundle format").
func look(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	end := s.Size()
	var b [8]byte
	if end-at < 64 || format.ReadAt(s, b[:], end-8) != nil {
		return nil, nil
	}
	n := binary.BigEndian.Uint64(b[:])
	if n < 32 || n > maxSignature || int64(n) > end-at-8 {
		return nil, nil
	}
	start := end - 8 - int64(n)
	message := format.Head(s, start, int(n))
	info, ok := cms.Parse(message)
	if !ok || info.Size != int64(n) {
		return nil, nil
	}
	p := &format.Part{Format: "rauc", Offset: at, Size: end - at, Note: "bundle, signature at its end"}
	guard := format.Guard{Kind: format.Signature, Scheme: "cms", State: format.Present, Note: info.Kind, Offset: start}
	if info.Digest != "" {
		guard.Scheme += "-" + info.Digest
	}
	if info.Kind == "signed-data" {
		// A plain bundle is signed as a whole; of the others the manifest is, which
		// stands in the message.
		c, err := cms.Verify(message, func(h hash.Hash) error { return format.Sum(ctx, s, at, start-at, h) })
		if err != nil {
			return nil, err
		}
		guard.State, guard.Note = c.State, info.Kind+"; "+c.Note
		if c.Scheme != "" {
			guard.Scheme = "cms-" + c.Scheme
		}
	}
	p.Guards = append(p.Guards, guard)
	m := manifest(string(info.Content), start)
	p.Vars = m.vars
	if info.Kind == "enveloped-data" || m.value("bundle.format") == "crypt" {
		p.Guards = append(p.Guards, format.Guard{Kind: format.Encryption, Scheme: "aes-256-cbc (dm-crypt)", State: format.Present, Note: "payload", Offset: at})
		p.Opaque = "the payload is encrypted"
		return p, nil
	}
	payload := format.Region{Name: "payload", Offset: at, Size: start - at, Try: []string{"squashfs"}}
	if m.value("bundle.format") == "verity" {
		if err := guardPayload(ctx, s, p, m, start-at); err != nil {
			return nil, err
		}
	}
	p.Regions = []format.Region{payload}
	return p, nil
}

// parsed is a manifest.
type parsed struct{ vars []format.Var }

func (m parsed) value(name string) string {
	for _, v := range m.vars {
		if v.Name == name {
			return v.Value
		}
	}
	return ""
}

// maxVars bounds what is kept of a manifest.
const maxVars = 256

// manifest reads sections and keys, as GLib's key files have them. A verity
// bundle carries its manifest within the signature.
func manifest(text string, at int64) (m parsed) {
	section := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") {
			section = line[1 : len(line)-1]
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(line, "#") || len(m.vars) >= maxVars {
			continue
		}
		m.vars = append(m.vars, format.Var{Name: section + "." + strings.TrimSpace(name), Value: strings.TrimSpace(value), Offset: at})
	}
	return m
}
