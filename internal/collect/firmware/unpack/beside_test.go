package unpack_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/unpack"
)

// head is a weak format of a whole region.
func head(name string, look func(ctx context.Context, s format.Source) (*format.Part, error)) format.Format {
	return format.Format{Name: name, Head: true, Weak: true, Look: func(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
		if at > 0 {
			return nil, nil
		}
		return look(ctx, s)
	}}
}

// code is a part that is given out as it stands.
func code(name string, off, size int64) *format.Part {
	return &format.Part{Format: name, Offset: off, Size: size, Code: true}
}

// TestHeads: formats of whole regions are asked beside each other where a region
// is large; what stands there is what comes first in the list, and nobody waits
// for the others.
func TestHeads(t *testing.T) {
	t.Parallel()
	broken := errors.New("it can't be read")
	image := bytes.Repeat([]byte("text, "), 1<<20)
	hit := head("hit", func(context.Context, format.Source) (*format.Part, error) { return code("hit", 0, 100), nil })
	miss := head("miss", func(context.Context, format.Source) (*format.Part, error) { return nil, nil })
	wrong := head("wrong", func(context.Context, format.Source) (*format.Part, error) { return nil, broken })
	waits := head("waits", func(ctx context.Context, _ format.Source) (*format.Part, error) { // until it is told to stop
		<-ctx.Done()
		return nil, ctx.Err()
	})
	tail := head("tail", func(_ context.Context, s format.Source) (*format.Part, error) {
		return code("tail", s.Size()-6, 6), nil
	})
	tail.Tail = true
	for _, row := range []struct {
		name  string
		list  []format.Format
		size  int
		alone bool
		want  string
		err   error
	}{
		{"the first", []format.Format{hit, waits}, len(image), false, "hit@0", nil},
		{"behind one that isn't there", []format.Format{miss, hit, waits}, len(image), false, "hit@0", nil},
		{"an error", []format.Format{wrong, waits}, len(image), false, "", broken},
		{"an error that comes later than what stands there", []format.Format{hit, wrong}, len(image), false, "hit@0", nil},
		{"beginning and end", []format.Format{tail, hit, waits}, len(image), false, "hit@0 tail@6291450", nil},
		{"the end alone", []format.Format{tail, miss}, len(image), false, "tail@6291450", nil},
		{"a small region", []format.Format{tail, hit, waits}, 600, false, "hit@0 tail@594", nil},
		{"one goroutine", []format.Format{hit, waits}, len(image), true, "hit@0", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			lim := unpack.Limits{Workers: 2}
			if row.alone {
				lim.Workers = 1
			}
			v := &toldParts{}
			_, err := unpack.NewFormats(row.list).Walk(t.Context(), bytes.NewReader(image[:row.size]), lim, v)
			if !errors.Is(err, row.err) {
				t.Fatalf("error %v", err)
			}
			if got := v.known(); got != row.want {
				t.Errorf("%q, want %q", got, row.want)
			}
		})
	}
}

// toldParts keeps the parts with a format.
type toldParts struct {
	seen
	parts []string
}

func (v *toldParts) Part(p unpack.Part) error {
	v.parts = append(v.parts, fmt.Sprintf("%s@%d", p.Format, p.Offset))
	return nil
}

func (v *toldParts) known() string {
	var out []string
	for _, p := range v.parts {
		if strings.HasPrefix(p, "hit@") || strings.HasPrefix(p, "tail@") {
			out = append(out, p)
		}
	}
	return strings.Join(out, " ")
}

// slow is a stream that ends when it is let.
type slow struct{ until <-chan struct{} }

func (s slow) Read([]byte) (int, error) {
	<-s.until
	return 0, io.EOF
}

// pair is a tree that two workers read.
type pair struct {
	visit func(worker int, fn func(name string) error) error
}

func (pair) Walk(context.Context, func(format.Entry, io.Reader) error) error { return nil }
func (pair) Problems() ([]format.Problem, int)                               { return nil, 0 }

func (p pair) Each(_ context.Context, workers int, fn func(int, format.Entry, []byte, error) error) error {
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() {
			errs[i] = p.visit(i, func(name string) error {
				return fn(i, format.Entry{Path: name, Type: format.File, Size: 7}, []byte("content"), nil)
			})
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// TestGiveWay: while something is decoded from end to end beside a tree, the
// tree's last worker leaves it a core.
func TestGiveWay(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	var ended atomic.Bool
	tree := pair{visit: func(worker int, fn func(string) error) error {
		for i := range 20 {
			if err := fn(fmt.Sprintf("/%d/%d", worker, i)); err != nil {
				return err
			}
			if worker == 1 && !ended.Load() {
				return errors.New("the last worker went on beside the stream")
			}
		}
		if worker == 0 { // the stream needs a core until here
			ended.Store(true)
			close(done)
		}
		return nil
	}}
	list := []format.Format{
		{Name: "tree", Magics: []format.Magic{{Bytes: "TREE"}}, Look: func(_ context.Context, _ format.Source, at int64) (*format.Part, error) {
			return &format.Part{Format: "tree", Offset: at, Size: 8, Open: func(context.Context, format.Limits) (format.Volume, error) { return tree, nil }}, nil
		}},
		{Name: "slow", Magics: []format.Magic{{Bytes: "SLOW"}}, Look: func(_ context.Context, _ format.Source, at int64) (*format.Part, error) {
			return &format.Part{Format: "slow", Offset: at, Size: 8, Contents: func(context.Context, format.Limits) ([]format.Content, error) {
				return []format.Content{{Stream: slow{done}}}, nil
			}}, nil
		}},
	}
	v := &seen{}
	if _, err := unpack.NewFormats(list).Walk(t.Context(), bytes.NewReader([]byte("TREE....SLOW....")), unpack.Limits{Workers: 2}, v); err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, line := range v.lines {
		if strings.Contains(line, "/0/") || strings.Contains(line, "/1/") {
			files++
		}
		if strings.Contains(line, "went on") {
			t.Error(line)
		}
	}
	if files != 40 {
		t.Errorf("%d files: %q", files, v.lines)
	}
}
