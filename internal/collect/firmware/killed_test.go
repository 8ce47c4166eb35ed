package firmware

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/startup"
	"assay/internal/collect/firmware/unpack"
	"assay/internal/collect/sinktest"
	"assay/internal/fact"
	"assay/internal/product"
	"assay/internal/sandbox"
)

func collectImage(t *testing.T, run sandbox.Runner) (*sinktest.Sink, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "image.bin"), []byte("image"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &sinktest.Sink{Dir: dir}
	c := &Collector{Dir: dir, Run: run, Product: &product.Product{Components: []product.Component{
		{ID: "camera", Kind: "device", Firmware: &product.Firmware{File: "image.bin"}},
		{ID: "radio", Kind: "device", Firmware: &product.Firmware{File: "gone.bin"}},
		{ID: "app", Kind: "app"},
	}}}
	return s, c.Collect(t.Context(), s)
}

func scope(t *testing.T, s *sinktest.Sink, image string) fact.Scope {
	t.Helper()
	for _, x := range fact.Of[fact.Scope](s.Set(t)) {
		if x.Value.What == fact.ScopeImageFiles && x.Value.Of == image {
			return x.Value
		}
	}
	t.Fatalf("no scope of %s", image)
	return fact.Scope{}
}

// TestKilled: whatever ends the parser early, what it had found stays, the
// search is cut with the cause, and the next image is read.
func TestKilled(t *testing.T) {
	t.Parallel()
	found := []Record{
		{Image: &unpack.Image{Size: 5, Status: unpack.Readable}},
		{Start: &startup.Start{Kind: startup.Telnet, Where: inspect.Where{Path: "/etc/inittab", Line: 3}, Text: "telnetd"}},
	}
	for _, reason := range []string{sandbox.ReasonMemory, sandbox.ReasonDeadline, sandbox.ReasonCPU, sandbox.ReasonCrash, sandbox.ReasonPanic, sandbox.ReasonOutput, sandbox.ReasonProtocol} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			s, err := collectImage(t, func(_ context.Context, _ sandbox.Job, sink func(json.RawMessage) error) (sandbox.Result, error) {
				for _, r := range found {
					b, err := json.Marshal(r)
					if err != nil {
						return sandbox.Result{}, err
					}
					if err := sink(b); err != nil {
						return sandbox.Result{}, err
					}
				}
				return sandbox.Result{Killed: true, Reason: reason}, &sandbox.Error{Parser: ParserName, Reason: reason}
			})
			if err != nil {
				t.Fatal(err)
			}
			x := scope(t, s, "image.bin")
			if x.Whole || x.Cut != "cut.parser-killed" || !strings.Contains(x.Note, reason) {
				t.Errorf("scope %+v", x)
			}
			if got := fact.Of[fact.ImageStart](s.Set(t)); len(got) != 1 || got[0].Value.Line != 3 {
				t.Errorf("what was found before: %+v", got)
			}
			if y := scope(t, s, "gone.bin"); y.Whole || y.Cut != "cut.missing-file" {
				t.Errorf("the missing image: %+v", y)
			}
		})
	}
}

// TestKilledAtOnce: nothing was said about the image: it isn't clean.
func TestKilledAtOnce(t *testing.T) {
	t.Parallel()
	s, err := collectImage(t, func(context.Context, sandbox.Job, func(json.RawMessage) error) (sandbox.Result, error) {
		return sandbox.Result{Killed: true, Reason: sandbox.ReasonMemory}, &sandbox.Error{Parser: ParserName, Reason: sandbox.ReasonMemory}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fact.Of[fact.Firmware](s.Set(t)) {
		if f.Value.Analysable || f.Value.Why != "cut.parser-killed" {
			t.Errorf("image %+v", f.Value)
		}
	}
	if x := scope(t, s, "image.bin"); x.Whole {
		t.Errorf("scope %+v", x)
	}
}

// TestEndsWithoutDone: a parser that ends well but didn't say that it was
// through has not been through.
func TestEndsWithoutDone(t *testing.T) {
	t.Parallel()
	s, err := collectImage(t, func(_ context.Context, _ sandbox.Job, sink func(json.RawMessage) error) (sandbox.Result, error) {
		return sandbox.Result{}, sink(json.RawMessage(`{"image":{"size":5,"status":"readable"}}`))
	})
	if err != nil {
		t.Fatal(err)
	}
	if x := scope(t, s, "image.bin"); x.Whole {
		t.Errorf("scope %+v", x)
	}
}

// TestNoChild: an error that isn't the parser's is the collector's.
func TestNoChild(t *testing.T) {
	t.Parallel()
	cause := errors.New("no child could be started")
	if _, err := collectImage(t, func(context.Context, sandbox.Job, func(json.RawMessage) error) (sandbox.Result, error) {
		return sandbox.Result{}, cause
	}); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
}
