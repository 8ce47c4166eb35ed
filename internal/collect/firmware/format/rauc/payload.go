package rauc

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/verity"
)

// guardPayload holds the payload against the hash of the manifest.
func guardPayload(ctx context.Context, s format.Source, p *format.Part, m parsed, payload int64) error {
	root, err := hex.DecodeString(m.value("bundle.verity-hash"))
	salt, err2 := hex.DecodeString(m.value("bundle.verity-salt"))
	tree, err3 := strconv.ParseInt(m.value("bundle.verity-size"), 10, 64)
	size := payload - tree
	if err != nil || err2 != nil || err3 != nil || len(root) != sha256.Size || len(salt) > 256 || tree <= 0 || size <= 0 || size%4096 != 0 {
		p.Guards = append(p.Guards, format.Guard{Kind: format.Checksum, Scheme: "dm-verity-sha256", State: format.Present, Note: "payload; the manifest does not say it in a way that is known here", Offset: p.Offset})
		return nil
	}
	got, err := verity.Root(ctx, s, p.Offset, size, salt)
	if err != nil {
		return err
	}
	p.Checked("dm-verity-sha256", bytes.Equal(got, root), p.Offset, fmt.Sprintf("payload of %d bytes, against the manifest", size))
	return nil
}
