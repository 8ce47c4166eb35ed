package tree_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

// fake is a file system in memory: a folder's names by the folder's number. A
// name is "name=number" for a folder, "name:content" for a file.
type fake map[int][]string

func (f fake) Root() (tree.Node[string], error) {
	return tree.Node[string]{Entry: format.Entry{Type: format.Dir}, Own: "0"}, nil
}

func (f fake) List(_ context.Context, d *tree.Node[string], found tree.Found[string]) error {
	for i, s := range f[int(d.List)] {
		n := tree.Node[string]{At: int64(i)}
		name, content, file := strings.Cut(s, ":")
		if file {
			n.Type, n.Size, n.Own = format.File, int64(len(content)), content
			if content == "short" {
				n.Size = 10
			}
		} else {
			n.Type = format.Dir
			name, content, _ = strings.Cut(s, "=")
			fmt.Sscan(content, &n.List)
		}
		var err error
		switch content {
		case "bad inode":
			err = tree.Damage(7, "the inode is bad")
		case "end":
			return tree.Unread(9, "the rest is not read")
		}
		if err := found(name, n.At, &n, err); err != nil {
			return err
		}
	}
	return nil
}

func (f fake) Open(n *tree.Node[string]) io.Reader { return strings.NewReader(n.Own) }

// read walks f and returns "path" of folders and "path:content" of files.
func read(t *testing.T, f fake, lim format.Limits) (got, problems []string) {
	t.Helper()
	v := tree.New(f, lim, new(tree.Log))
	err := v.Walk(context.Background(), func(e format.Entry, r io.Reader) error {
		if r == nil {
			got = append(got, e.Path)
			return nil
		}
		b, err := io.ReadAll(r)
		if err != nil {
			b = append(b, '!')
		}
		got = append(got, e.Path+":"+string(b))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	kept, _ := v.Problems()
	for _, p := range kept {
		problems = append(problems, p.Kind+" "+p.Path)
	}
	var mu sync.Mutex
	var all []string
	err = v.Each(context.Background(), 3, func(_ int, e format.Entry, data []byte, err error) error {
		mu.Lock()
		defer mu.Unlock()
		s := e.Path
		if e.Type == format.File {
			s += ":" + string(data)
		}
		if err != nil {
			s += "!"
		}
		all = append(all, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sorted := slices.Sorted(slices.Values(got))
	if slices.Sort(all); !slices.Equal(sorted, all) {
		t.Errorf("on several cores: %q, one by one: %q", all, sorted)
	}
	return got, problems
}

func TestWalk(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		fs       fake
		lim      format.Limits
		want     []string
		problems []string
	}{
		{"folders first", fake{0: {"a=1", "b:beta"}, 1: {"c:"}}, format.Limits{}, []string{"/", "/a", "/a/c:", "/b:beta"}, nil},
		{"a folder in itself", fake{0: {"a=1", "b:beta"}, 1: {"c=0", "d=1"}}, format.Limits{},
			[]string{"/", "/a", "/a/c", "/a/d", "/b:beta"}, []string{"loop /a/c", "loop /a/d"}},
		{"names that lead out", fake{0: {"..=1", "a/b:x", "", "ok:y"}}, format.Limits{},
			[]string{"/", "/ok:y"}, []string{"bad-name /..", "bad-name /a/b", "bad-name /"}},
		{"too deep", fake{0: {"a=1"}, 1: {"b=2"}, 2: {"c=3"}}, format.Limits{Depth: 2}, []string{"/", "/a", "/a/b"}, []string{"depth /a/b"}},
		{"too many", fake{0: {"a:1", "b:2", "c:3"}}, format.Limits{Entries: 2}, []string{"/", "/a:1", "/b:2"}, []string{"entries /c"}},
		{"a large file", fake{0: {"a:12345", "b:12"}}, format.Limits{File: 3}, []string{"/", "/a:123!", "/b:12"}, []string{"size /a"}},
		{"large together", fake{0: {"a:12345", "b:1234", "c:1"}}, format.Limits{Total: 7}, []string{"/", "/a:12345", "/b:12!", "/c:!"}, []string{"size /b", "size /c"}},
		{"a short content", fake{0: {"a:short", "b:2"}}, format.Limits{}, []string{"/", "/a:short!", "/b:2"}, []string{"truncated /a"}},
		{"an inode that can't be read", fake{0: {"a:bad inode", "b:2"}}, format.Limits{}, []string{"/", "/b:2"}, []string{"damaged /a"}},
		{"a listing that ends early", fake{0: {"a:1", "b:end", "c:3"}}, format.Limits{}, []string{"/", "/a:1"}, []string{"unsupported /"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, problems := read(t, row.fs, row.lim)
			if !slices.Equal(got, row.want) {
				t.Errorf("%q, want %q", got, row.want)
			}
			if !slices.Equal(problems, row.problems) {
				t.Errorf("problems %q, want %q", problems, row.problems)
			}
		})
	}
}

func TestContentErrors(t *testing.T) {
	t.Parallel()
	v := tree.New(fake{0: {"a:12345", "b:short"}}, format.Limits{File: 4}, new(tree.Log))
	var errs []error
	v.Walk(context.Background(), func(_ format.Entry, r io.Reader) error {
		if r != nil {
			_, err := io.Copy(io.Discard, r)
			errs = append(errs, err)
		}
		return nil
	})
	if len(errs) != 2 || !errors.Is(errs[0], format.ErrLimit) || !errors.Is(errs[1], format.ErrLimit) {
		t.Errorf("%v", errs)
	}
	v = tree.New(fake{0: {"b:short"}}, format.Limits{}, new(tree.Log))
	v.Walk(context.Background(), func(_ format.Entry, r io.Reader) error {
		if r != nil {
			if _, err := io.Copy(io.Discard, r); !errors.Is(err, format.ErrDamaged) {
				t.Errorf("%v", err)
			}
		}
		return nil
	})
}

func TestWalkEnds(t *testing.T) {
	t.Parallel()
	many := fake{}
	for i := range 1000 {
		many[0] = append(many[0], fmt.Sprintf("f%d:x", i))
	}
	v := tree.New(many, format.Limits{}, new(tree.Log))
	stop := errors.New("stop")
	n := 0
	err := v.Walk(context.Background(), func(format.Entry, io.Reader) error {
		if n++; n == 5 {
			return stop
		}
		return nil
	})
	if err != stop || n != 5 {
		t.Errorf("%d entries, %v", n, err)
	}
	if err := v.Each(context.Background(), 2, func(int, format.Entry, []byte, error) error { return stop }); err != stop {
		t.Errorf("each: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := v.Walk(ctx, func(format.Entry, io.Reader) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := v.Each(ctx, 2, func(int, format.Entry, []byte, error) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("each, cancelled: %v", err)
	}
	if kept, _ := v.Problems(); len(kept) > 0 {
		t.Errorf("problems %v", kept)
	}
}

func TestRuns(t *testing.T) {
	t.Parallel()
	src := bytes.NewReader([]byte("0123456789"))
	runs := []tree.Run{{At: 8, Len: 2}, {At: -1, Len: 3}, {At: 0, Len: 0}, {At: 1, Len: 4}}
	next := func() (tree.Run, error) {
		if len(runs) == 0 {
			return tree.Run{}, io.EOF
		}
		r := runs[0]
		runs = runs[1:]
		return r, nil
	}
	b, err := io.ReadAll(tree.Runs(src, next))
	if string(b) != "89\x00\x00\x001234" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	runs = []tree.Run{{At: 7, Len: 5}}
	b, err = io.ReadAll(tree.Runs(src, next))
	if string(b) != "789" || !errors.Is(err, format.ErrDamaged) {
		t.Errorf("beyond the end: %q, %v", b, err)
	}
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	open := func() io.Reader {
		return tree.Blocks(10, 4, func(i int64, p []byte) error {
			for j := range p {
				p[j] = byte('a' + i)
			}
			return nil
		})
	}
	for _, step := range []int{1, 3, 4, 5, 64} {
		var got []byte
		r, p := open(), make([]byte, step)
		for {
			n, err := r.Read(p)
			got = append(got, p[:n]...)
			if err != nil {
				break
			}
		}
		if string(got) != "aaaabbbbcc" {
			t.Errorf("in steps of %d: %q", step, got)
		}
	}
}

func TestBudget(t *testing.T) {
	t.Parallel()
	var b tree.Budget
	b.Set(10, "blocks")
	if err := b.Spend(10); err != nil {
		t.Error(err)
	}
	if err := b.Spend(1); !errors.Is(err, format.ErrLimit) || !strings.Contains(err.Error(), "blocks") {
		t.Errorf("%v", err)
	}
}
