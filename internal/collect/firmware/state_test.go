package firmware

import (
	"context"
	"encoding/json"
	"os"
	"testing"

	"assay/internal/collect/firmware/unpack"
	"assay/internal/sandbox"
)

// TestChanged: an image that is written to while it is read isn't one that was
// searched whole; one that is left alone is.
func TestChanged(t *testing.T) {
	t.Parallel()
	for _, change := range []bool{true, false} {
		s, err := collectImage(t, func(_ context.Context, job sandbox.Job, sink func(json.RawMessage) error) (sandbox.Result, error) {
			if change {
				if err := os.WriteFile(job.Input.Name(), []byte("another image"), 0o600); err != nil {
					return sandbox.Result{}, err
				}
			}
			for _, r := range []Record{{Image: &unpack.Image{Size: 5, Status: unpack.Readable}}, {Done: &Done{}}} {
				b, err := json.Marshal(r)
				if err != nil {
					return sandbox.Result{}, err
				}
				if err := sink(b); err != nil {
					return sandbox.Result{}, err
				}
			}
			return sandbox.Result{}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		x := scope(t, s, "image.bin")
		if change && (x.Whole || x.Cut != "cut.changed") || !change && (!x.Whole || x.Cut != "") {
			t.Errorf("changed %v: scope %+v", change, x)
		}
	}
}
