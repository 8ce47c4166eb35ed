package tar

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"assay/internal/collect/firmware/format"
)

const (
	// maxListed bounds the members of an artifact and the lines of its manifest.
	maxListed = 4096
	// maxText bounds a member of an artifact that is read whole.
	maxText = 1 << 20
)

// readArtifact reads the manifest of a Mender artifact, if the archive is one:
// its first members are version, manifest, manifest.sig, header.tar.gz (Mender's
// "Artifact format", versions 2 and 3). The hashes of what lies within the
// compressed payload are not calculated here.
func readArtifact(ctx context.Context, p *format.Part, s format.Source, members []header) error {
	text := func(h header) []byte { return format.Head(s, h.data, int(min(h.size, maxText))) }
	var version struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if json.Unmarshal(text(members[0]), &version) != nil || version.Format != "mender" {
		return nil
	}
	p.Note += fmt.Sprintf("; Mender artifact, version %d", version.Version)
	byName := map[string]header{}
	for _, h := range members {
		if _, ok := byName[h.name]; !ok && h.size >= 0 {
			byName[h.name] = h
		}
	}
	if sig, ok := byName["manifest.sig"]; ok {
		p.Guards = append(p.Guards, format.Guard{Kind: format.Signature, Scheme: menderScheme(text(sig)), State: format.Present,
			Note: "over the manifest; the public key is not in the artifact", Offset: sig.data})
	} else {
		p.Note += ", not signed"
	}
	manifest, ok := byName["manifest"]
	if !ok {
		return nil
	}
	for i, line := range bytes.Split(text(manifest), []byte("\n")) {
		sum, name, ok := strings.Cut(string(line), "  ")
		if !ok || i >= maxListed {
			continue
		}
		h, here := byName[name]
		if !here {
			p.Guards = append(p.Guards, format.Guard{Kind: format.Checksum, Scheme: "sha256", State: format.Present, Note: name + ", within the payload", Offset: manifest.data})
			continue
		}
		hash := sha256.New()
		err := format.Sum(ctx, s, h.data, h.size, hash)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p.Checked("sha256", err == nil && hex.EncodeToString(hash.Sum(nil)) == strings.ToLower(sum), h.data, name)
	}
	return nil
}

// menderScheme tells by its length what a signature, in base64, is of: RSA's is
// as long as the key, that of ECDSA is an ASN.1 sequence.
func menderScheme(text []byte) string {
	b, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(text)))
	switch {
	case err != nil || len(b) == 0:
		return "unknown"
	case len(b) == 256 || len(b) == 384 || len(b) == 512:
		return fmt.Sprintf("rsa%d-sha256", 8*len(b))
	case b[0] == 0x30:
		return "ecdsa-sha256"
	}
	return "unknown"
}
