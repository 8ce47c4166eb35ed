package rauc

import (
	"bytes"
	"testing"

	"assay/internal/collect/firmware/format"
)

// TestPayload: the root hash of three blocks is that of veritysetup 2.6.1.
func TestPayload(t *testing.T) {
	t.Parallel()
	payload := make([]byte, 3*4096+8192)
	check := func(text string) format.Guard {
		t.Helper()
		p := &format.Part{Format: "rauc"}
		if err := guardPayload(t.Context(), bytes.NewReader(payload), p, manifest(text, 0), int64(len(payload))); err != nil || len(p.Guards) != 1 {
			t.Fatalf("%v %+v", err, p)
		}
		return p.Guards[0]
	}
	const text = "[bundle]\nformat=verity\nverity-size=8192\nverity-salt=0011223344556677\nverity-hash=df8bd9b5666cb3ec51ad20c9434abaae56a8efb20c3e806f5690d7196d7e6ac2\n"
	if g := check(text); g.State != format.Good {
		t.Errorf("%+v", g)
	}
	payload[100] ^= 1
	if g := check(text); g.State != format.Bad {
		t.Errorf("changed: %+v", g)
	}
	if g := check("[bundle]\nformat=verity\n"); g.State != format.Present {
		t.Errorf("without a hash: %+v", g)
	}
}
