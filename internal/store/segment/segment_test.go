package segment

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/internal/evidence"
	"assay/internal/limit"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "__lock" {
		os.Exit(lockMain(os.Args[2]))
	}
	os.Exit(m.Run())
}

type fatal interface {
	Helper()
	Fatal(...any)
}

// must returns a function that takes the results of a call that has to work.
func must[T any](v T, err error) func(t fatal) T {
	return func(t fatal) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t fatal, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// build writes a run with two segments of two units each, and returns its head.
func build(t fatal, dir string) evidence.Digest {
	t.Helper()
	r := must(Create(dir, "run-1", Options{}))(t)
	ok(t, second(r.Append("plan@1", map[string]any{"cases": []string{"a", "b"}})))
	for _, name := range []string{"device.tls", "firmware"} {
		w := must(r.Segment(name))(t)
		for u := range 2 {
			for i := range 3 {
				ok(t, second(w.Append("fact@1", map[string]any{"unit": u, "i": i, "by": name})))
			}
			ok(t, second(w.Seal("unit "+strconv.Itoa(u))))
		}
		ok(t, second(w.Append("fact@1", "after the last seal")))
	}
	ok(t, r.Close())
	return r.Head()
}

func second[T any](_ T, err error) error { return err }

func lines(t fatal, dir, name string) []string {
	t.Helper()
	b := must(os.ReadFile(filepath.Join(dir, name+suffix)))(t)
	l := strings.SplitAfter(string(b), "\n")
	return l[:len(l)-1]
}

func rewrite(t fatal, dir, name string, l ...string) {
	t.Helper()
	ok(t, os.WriteFile(filepath.Join(dir, name+suffix), []byte(strings.Join(l, "")), 0o600))
}

func TestRun(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "run")
	head := build(t, dir)
	rep, err := Verify(t.Context(), dir, &head, limit.Segment{})
	ok(t, err)
	if len(rep.Problems) != 0 || rep.Head != head || rep.ID != "run-1" || len(rep.Segments) != 3 {
		t.Errorf("report %+v", rep)
	}
	for _, s := range rep.Segments {
		if !s.Closed || s.Recorded != s.Entries {
			t.Errorf("segment %+v", s)
		}
	}
	if got, want := must(Names(dir))(t), []string{"main", "device.tls", "firmware"}; !slices.Equal(got, want) {
		t.Errorf("names %q, want %q", got, want)
	}
	var units []string
	facts := 0
	for e, err := range Read(dir, "firmware", limit.Segment{}) {
		ok(t, err)
		if u, sealed := SealedUnit(e); sealed {
			units = append(units, u)
		}
		if !Own(e) {
			facts++
		}
	}
	if !slices.Equal(units, []string{"unit 0", "unit 1"}) || facts != 7 {
		t.Errorf("units %q, %d facts", units, facts)
	}
	st := must(os.Stat(filepath.Join(dir, "main.ndjson")))(t)
	dirSt := must(os.Stat(dir))(t)
	if st.Mode() != 0o600 || dirSt.Mode().Perm() != 0o700 {
		t.Errorf("modes %v, %v", st.Mode(), dirSt.Mode())
	}
	if _, err := Create(dir, "run-1", Options{}); err == nil {
		t.Error("a run was begun twice")
	}
}

func TestVerifyFinds(t *testing.T) {
	t.Parallel()
	file := func(dir, name string) string { return filepath.Join(dir, name+suffix) }
	tests := []struct {
		name    string
		change  func(t *testing.T, dir string)
		plain   []string // without a head: code and file
		headed  []string // more with the head
		anyLine bool
	}{
		{name: "nothing", change: func(*testing.T, string) {}},
		{name: "segment-missing", change: func(t *testing.T, dir string) { ok(t, os.Remove(file(dir, "firmware"))) }, plain: []string{"missing firmware"}},
		{name: "main-missing", change: func(t *testing.T, dir string) { ok(t, os.Remove(file(dir, "main"))) },
			plain: []string{"missing main", "unrecorded device.tls", "unrecorded firmware"}, headed: []string{"not-head main"}},
		{name: "segments-swapped", change: func(t *testing.T, dir string) {
			ok(t, os.Rename(file(dir, "firmware"), file(dir, "x")))
			ok(t, os.Rename(file(dir, "device.tls"), file(dir, "firmware")))
			ok(t, os.Rename(file(dir, "x"), file(dir, "device.tls")))
		}, plain: slices.Concat(slices.Repeat([]string{"swapped device.tls"}, 5), slices.Repeat([]string{"swapped firmware"}, 5))},
		{name: "last-entry-dropped", change: func(t *testing.T, dir string) {
			l := lines(t, dir, "firmware")
			rewrite(t, dir, "firmware", l[:len(l)-1]...)
		}, plain: []string{"short firmware"}},
		{name: "last-entry-dropped-everywhere", change: func(t *testing.T, dir string) {
			l, m := lines(t, dir, "firmware"), lines(t, dir, "main")
			rewrite(t, dir, "firmware", l[:len(l)-1]...)
			rewrite(t, dir, "main", m[:len(m)-2]...)
		}, plain: nil, headed: []string{"behind-head device.tls:10", "not-head main"}},
		{name: "main-cut-by-one", change: func(t *testing.T, dir string) {
			m := lines(t, dir, "main")
			rewrite(t, dir, "main", m[:len(m)-1]...)
		}, plain: nil, headed: []string{"not-head main"}, anyLine: true},
		{name: "entries-swapped", change: func(t *testing.T, dir string) {
			l := lines(t, dir, "firmware")
			l[2], l[3] = l[3], l[2]
			rewrite(t, dir, "firmware", l...)
		}, plain: []string{"damaged firmware:3"}},
		{name: "main-entries-swapped", change: func(t *testing.T, dir string) {
			m := lines(t, dir, "main")
			m[2], m[3] = m[3], m[2]
			rewrite(t, dir, "main", m...)
		}, anyLine: true, plain: []string{"damaged main:3"}},
		{name: "byte-changed", change: func(t *testing.T, dir string) {
			l := lines(t, dir, "firmware")
			l[2] = strings.Replace(l[2], `"i":1`, `"i":7`, 1)
			rewrite(t, dir, "firmware", l...)
		}, plain: []string{"damaged firmware:4"}},
		{name: "last-byte-changed", change: func(t *testing.T, dir string) {
			l := lines(t, dir, "firmware")
			l[len(l)-1] = strings.Replace(l[len(l)-1], "last", "lost", 1)
			rewrite(t, dir, "firmware", l...)
		}, plain: []string{"swapped firmware:10"}},
		{name: "torn", change: func(t *testing.T, dir string) {
			l := lines(t, dir, "firmware")
			rewrite(t, dir, "firmware", append(l, `{"seq":`)...)
		}, plain: []string{"torn firmware:11"}},
		{name: "appended-and-chained", change: func(t *testing.T, dir string) {
			r := must(Open(dir, Options{}))(t)
			w := must(r.Segment("firmware"))(t)
			ok(t, second(w.Append("fact@1", "late")))
			ok(t, r.Close())
		}, plain: nil, headed: []string{"behind-head firmware:11", "behind-head main:11"}},
		{name: "unrecorded", change: func(t *testing.T, dir string) { rewrite(t, dir, "extra", "") }, plain: []string{"unrecorded extra"}},
		{name: "bad-name", change: func(t *testing.T, dir string) { rewrite(t, dir, "Bad\u202e") }, plain: []string{"unrecorded \"Bad\\u202e"}},
		{name: "link", change: func(t *testing.T, dir string) {
			ok(t, os.Remove(file(dir, "firmware")))
			ok(t, os.Symlink("/etc/hostname", file(dir, "firmware")))
		}, plain: []string{"unreadable firmware"}},
		{name: "folder-gone", change: func(t *testing.T, dir string) { ok(t, os.RemoveAll(dir)) }, plain: []string{"unreadable ."}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "run")
			head := build(t, dir)
			tt.change(t, dir)
			show := func(head *evidence.Digest) []string {
				rep, err := Verify(t.Context(), dir, head, limit.Segment{})
				ok(t, err)
				var out []string
				for _, p := range rep.Problems {
					s := string(p.Code) + " " + strings.TrimSuffix(strings.TrimSuffix(p.File, `"`), suffix)
					if p.Line > 0 && p.Code != Swapped || p.Line > 0 && tt.name == "last-byte-changed" {
						s += ":" + strconv.FormatInt(p.Line, 10)
					}
					out = append(out, s)
					if p.Detail == "" || !strings.Contains(p.String(), p.Detail) {
						t.Errorf("problem without words: %+v", p)
					}
				}
				slices.Sort(out)
				return out
			}
			got := show(nil)
			// Where main itself is broken, more follows from it; the cause must be named.
			for _, w := range tt.plain {
				if !slices.ContainsFunc(got, func(g string) bool { return g == w || strings.HasPrefix(g, w) }) {
					t.Errorf("without a head %q is not among %q", w, got)
				}
			}
			if !tt.anyLine && len(got) != len(tt.plain) {
				t.Errorf("without a head: %q, want %q", got, tt.plain)
			}
			headed := show(&head)
			if len(tt.plain)+len(tt.headed) > 0 && len(headed) == 0 {
				t.Error("with the head nothing is found")
			}
			for _, w := range tt.headed {
				if !slices.ContainsFunc(headed, func(g string) bool { return strings.HasPrefix(g, w) }) {
					t.Errorf("with the head %q is not among %q", w, headed)
				}
			}
			if tt.name == "nothing" && len(headed) > 0 {
				t.Errorf("whole run: %q", headed)
			}
		})
	}
}

// Every line that is dropped, and every pair that is exchanged, in any segment
// is found once the head is known.
func TestHeadFindsAll(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "run")
	head := build(t, dir)
	for _, name := range []string{"main", "device.tls", "firmware"} {
		whole := lines(t, dir, name)
		for i := range whole {
			for j := i; j < len(whole); j++ {
				l := slices.Clone(whole)
				if i == j {
					l = slices.Delete(l, i, i+1)
				} else {
					l[i], l[j] = l[j], l[i]
				}
				rewrite(t, dir, name, l...)
				rep, err := Verify(t.Context(), dir, &head, limit.Segment{})
				if err != nil || len(rep.Problems) == 0 {
					t.Errorf("%s: lines %d and %d: nothing found, %v", name, i, j, err)
				}
			}
		}
		rewrite(t, dir, name, whole...)
	}
	if rep, err := Verify(t.Context(), dir, &head, limit.Segment{}); err != nil || len(rep.Problems) > 0 {
		t.Errorf("put back: %+v, %v", rep.Problems, err)
	}
}

func TestResume(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "run")
	r := must(Create(dir, "run-1", Options{}))(t)
	w := must(r.Segment("tls"))(t)
	ok(t, second(w.Append("fact@1", 1)))
	ok(t, second(w.Seal("unit 0")))
	ok(t, second(w.Append("fact@1", 2)))
	// The process dies here: nothing is closed. Half a line is on disk.
	f := must(os.OpenFile(filepath.Join(dir, "tls.ndjson"), os.O_APPEND|os.O_WRONLY, 0))(t)
	must(f.WriteString(`{"seq":4,"prev":"00`))(t)
	ok(t, f.Close())
	r2 := must(Open(dir, Options{}))(t)
	w2 := must(r2.Segment("tls"))(t)
	ok(t, second(w2.Append("fact@1", 3)))
	ok(t, r2.Close())
	head := r2.Head()
	rep, err := Verify(t.Context(), dir, &head, limit.Segment{})
	ok(t, err)
	if len(rep.Problems) > 0 {
		t.Errorf("problems: %v", rep.Problems)
	}
	var types []string
	for e, err := range Read(dir, "tls", limit.Segment{}) {
		ok(t, err)
		types = append(types, e.Type+" "+string(e.Body))
	}
	last := lines(t, dir, "tls")[3]
	want := []string{
		`segment.open@1 {"segment":"tls"}`, "fact@1 1", `segment.seal@1 {"unit":"unit 0"}`, "fact@1 2",
		fmt.Sprintf(`segment.torn@1 {"bytes":19,"offset":%d,"sha256":"%s"}`,
			len(strings.Join(lines(t, dir, "tls")[:4], "")), evidence.Sum([]byte(`{"seq":4,"prev":"00`))),
		"fact@1 3",
	}
	if d := cmp.Diff(want, types); d != "" {
		t.Errorf("entries (-want +got):\n%s%s", d, last)
	}
	ok(t, r.Close()) // the dead process's handles, for the leak check
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(t *testing.T, dir string)
		want   string
	}{
		{"damaged-main", func(t *testing.T, dir string) {
			m := lines(t, dir, "main")
			m[1] = "x" + m[1]
			rewrite(t, dir, "main", m...)
		}, "main.ndjson: line 2, offset"},
		{"main-torn-at-start", func(t *testing.T, dir string) { rewrite(t, dir, "main", "{") }, "the run never began"},
		{"main-empty", func(t *testing.T, dir string) { rewrite(t, dir, "main", "") }, "no first entry"},
		{"other-schema", func(t *testing.T, dir string) {
			m := lines(t, dir, "main")
			rewrite(t, dir, "main", strings.Replace(m[0], runSchema, "assay/run-segments@9", 1))
		}, "this version knows"},
		{"damaged-segment", func(t *testing.T, dir string) {
			l := lines(t, dir, "firmware")
			rewrite(t, dir, "firmware", append([]string{l[1]}, l...)...)
		}, "firmware.ndjson: line 1, offset 0"},
		{"cut-sealed-segment", func(t *testing.T, dir string) {
			l := lines(t, dir, "firmware")
			rewrite(t, dir, "firmware", l[:4]...)
		}, "main recorded 10"},
		{"torn-sealed-segment", func(t *testing.T, dir string) {
			l := lines(t, dir, "firmware")
			rewrite(t, dir, "firmware", append(l[:4], "{")...)
		}, "10 were sealed"},
		{"missing-segment", func(t *testing.T, dir string) { ok(t, os.Remove(filepath.Join(dir, "firmware.ndjson"))) }, "missing, but main recorded"},
		{"other-segment", func(t *testing.T, dir string) { rewrite(t, dir, "firmware", lines(t, dir, "device.tls")...) }, "does not begin as segment firmware"},
		{"no-run", func(t *testing.T, dir string) { ok(t, os.RemoveAll(dir)) }, "run folder"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "run")
			build(t, dir)
			tt.change(t, dir)
			before, _ := os.ReadFile(filepath.Join(dir, "firmware.ndjson")) // may be gone
			r, err := Open(dir, Options{})
			if err == nil {
				_, err = r.Segment("firmware")
				ok(t, r.Close())
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if after, _ := os.ReadFile(filepath.Join(dir, "firmware.ndjson")); !bytes.Equal(before, after) {
				t.Error("the refused segment was changed")
			}
		})
	}
}

func TestWriterErrors(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "run")
	lim := limit.Default().Segment
	lim.Line = 1000
	r := must(Create(dir, "run-1", Options{Limits: lim}))(t)
	for _, name := range []string{"", "main", "..", "a/b", "A", "-x", ".x", "é", strings.Repeat("a", 65)} {
		if _, err := r.Segment(name); err == nil {
			t.Errorf("name %q was taken", name)
		}
	}
	w := must(r.Segment("a"))(t)
	if _, err := r.Segment("a"); err == nil {
		t.Error("two writers of one segment")
	}
	_, before := w.Head()
	for _, err := range []error{
		second(w.Append("fact@1", strings.Repeat("x", 1000))), second(w.Append("segment.seal@1", 1)), second(w.Append("Bad", 1)),
		second(w.Append("fact@1", func() {})), second(w.Seal(strings.Repeat("u", 2000))), second(r.Append("segment.x", 1)),
	} {
		if err == nil {
			t.Error("no error")
		}
	}
	if _, after := w.Head(); after != before {
		t.Errorf("refused entries moved the segment from %d to %d", before, after)
	}
	ok(t, w.Close())
	ok(t, w.Close())
	if _, err := w.Append("fact@1", 1); !errors.Is(err, os.ErrClosed) {
		t.Errorf("closed writer: %v", err)
	}
	w = must(r.Segment("a"))(t)
	ok(t, r.Close())
	ok(t, r.Close())
	if _, err := r.Segment("b"); !errors.Is(err, os.ErrClosed) {
		t.Errorf("closed run: %v", err)
	}
	for _, err := range []error{second(w.Seal("u")), w.Sync(), second(r.Append("x", 1)), r.Sync()} {
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("after close: %v", err)
		}
	}
	for _, err := range Read(dir, "../run/main", limit.Segment{}) {
		if err == nil {
			t.Error("a path was read")
		}
	}
}

func TestSyncGroups(t *testing.T) {
	t.Parallel()
	open := func(lim limit.Segment) (*Run, *Writer) {
		r := must(Create(filepath.Join(t.TempDir(), "run"), "r", Options{Limits: lim}))(t)
		return r, must(r.Segment("a"))(t)
	}
	dirty := func(w *Writer) int {
		w.log.mu.Lock()
		defer w.log.mu.Unlock()
		return w.log.dirty
	}
	r, w := open(limit.Segment{Line: 1000, Group: 3, Interval: time.Hour})
	for want := range []int{0, 1, 2, 0} {
		if got := dirty(w); got != want%3 {
			t.Errorf("%d entries wait, want %d", got, want%3)
		}
		ok(t, second(w.Append("fact@1", 1)))
	}
	ok(t, w.Sync())
	if got := dirty(w); got != 0 {
		t.Errorf("%d entries wait after Sync", got)
	}
	ok(t, r.Close())
	r, w = open(limit.Segment{Line: 1000, Group: 1000, Interval: time.Millisecond})
	ok(t, second(w.Append("fact@1", 1)))
	for begin := time.Now(); dirty(w) > 0; time.Sleep(time.Millisecond) {
		if time.Since(begin) > 10*time.Second {
			t.Fatal("the interval syncs nothing")
		}
	}
	ok(t, r.Close())
}

func TestConcurrent(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "run")
	r := must(Create(dir, "r", Options{}))(t)
	done := make(chan error)
	for i := range 4 {
		go func() {
			w, err := r.Segment("c" + strconv.Itoa(i))
			for n := 0; n < 50 && err == nil; n++ {
				if _, err = w.Append("fact@1", n); err == nil && n%10 == 9 {
					_, err = w.Seal("u")
				}
			}
			done <- err
		}()
	}
	for range 4 {
		ok(t, <-done)
	}
	ok(t, r.Close())
	head := r.Head()
	if rep, err := Verify(t.Context(), dir, &head, limit.Segment{}); err != nil || len(rep.Problems) > 0 || len(rep.Segments) != 5 {
		t.Errorf("%+v, %v", rep, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Verify(ctx, dir, nil, limit.Segment{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// Cut a segment anywhere, as a crash does: what was sealed is there or opening
// says that it isn't; after opening, the run is consistent.
func TestCutAnywhere(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		dir := filepath.Join(base, strconv.Itoa(n))
		r := must(Create(dir, "r", Options{}))(t)
		w := must(r.Segment("a"))(t)
		sealed := rapid.IntRange(0, 3).Draw(t, "sealed")
		for i := range sealed {
			ok(t, second(w.Append("fact@1", i)))
		}
		file := filepath.Join(dir, "a.ndjson")
		pos := must(w.Seal("u"))(t)
		after := must(os.Stat(file))(t).Size()
		for i := range rapid.IntRange(0, 3).Draw(t, "unsealed") {
			ok(t, second(w.Append("fact@1", i)))
		}
		size := must(os.Stat(file))(t).Size()
		at := rapid.Int64Range(0, size).Draw(t, "at")
		ok(t, os.Truncate(file, at))
		r2 := must(Open(dir, Options{}))(t)
		w2, err := r2.Segment("a")
		if err == nil {
			ok(t, second(w2.Append("fact@1", "on")))
			ok(t, r2.Close())
			head := r2.Head()
			if rep, err := Verify(context.Background(), dir, &head, limit.Segment{}); err != nil || len(rep.Problems) > 0 {
				t.Fatalf("after a cut at %d of %d: %+v, %v", at, size, rep.Problems, err)
			}
			if at <= pos.Offset {
				t.Fatalf("cut at %d, before the seal at %d, was not seen", at, pos.Offset)
			}
		} else {
			ok(t, r2.Close())
			if at >= after {
				t.Fatalf("cut at %d, behind the seal that ends at %d: %v", at, after, err)
			}
		}
		ok(t, r.main.close())
		ok(t, w.log.close())
		ok(t, r.root.Close())
	})
}

func lockMain(dir string) int {
	l, err := Lock(dir)
	if err != nil {
		fmt.Println(err)
		return 3
	}
	fmt.Println("locked")
	var b [1]byte
	_, _ = os.Stdin.Read(b[:]) // until the test ends it
	if err := l.Unlock(); err != nil {
		return 4
	}
	return 0
}

func TestLock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	exe := must(os.Executable())(t)
	cmd := exec.Command(exe, "__lock", dir)
	in := must(cmd.StdinPipe())(t)
	out := must(cmd.StdoutPipe())(t)
	ok(t, cmd.Start())
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "locked\n" {
		t.Fatalf("other process: %q, %v", line, err)
	}
	_, err := Lock(dir)
	var locked *LockedError
	if !errors.As(err, &locked) || locked.PID != cmd.Process.Pid || !strings.Contains(err.Error(), "process "+strconv.Itoa(cmd.Process.Pid)) {
		t.Errorf("second lock: %v", err)
	}
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait() // killed
	_ = in.Close() // nobody reads it
	l := must(Lock(dir))(t)
	if _, err := Lock(dir); err == nil {
		t.Error("locked twice in one process")
	}
	if second, err := exec.Command(exe, "__lock", dir).Output(); err == nil || !strings.Contains(string(second), "process "+strconv.Itoa(os.Getpid())) {
		t.Errorf("other process while we hold it: %s, %v", second, err)
	}
	ok(t, l.Unlock())
	l = must(Lock(dir))(t)
	ok(t, l.Unlock())
	ok(t, os.WriteFile(filepath.Join(dir, lockFile), []byte("junk that is no number and rather long"), 0o600))
	l = must(Lock(dir))(t)
	ok(t, l.Unlock())
	if _, err := Lock(filepath.Join(dir, "missing")); err == nil {
		t.Error("a missing folder was locked")
	}
}

func FuzzRead(f *testing.F) {
	whole := filepath.Join(f.TempDir(), "run")
	build(f, whole)
	for _, n := range []string{"main", "firmware"} {
		b := []byte(strings.Join(lines(f, whole, n), ""))
		f.Add(b, n == "main")
		f.Add(b[:len(b)-7], n == "main")
		f.Add(bytes.Replace(b, []byte(`"count":`), []byte(`"count":9`), 1), n == "main")
	}
	f.Add([]byte(`{"seq":0,"prev":"`+strings.Repeat("0", 64)+`","type":"segment.open@1","body":{"segment":"../x","count":-1}}`+"\n"), true)
	f.Fuzz(func(t *testing.T, b []byte, isMain bool) {
		dir := t.TempDir()
		ok(t, os.CopyFS(dir, os.DirFS(whole))) // faster than building it: no fsync
		name := "firmware"
		if isMain {
			name = Main
		}
		ok(t, os.WriteFile(filepath.Join(dir, name+suffix), b, 0o600))
		n, bad := 0, false
		for e, err := range Read(dir, name, limit.Segment{Line: 1 << 16}) {
			if bad {
				t.Fatal("entries behind an error")
			}
			if bad = err != nil; !bad {
				if e.Seq != uint64(n) {
					t.Errorf("seq %d at %d", e.Seq, n)
				}
				n++
			}
		}
		rep, err := Verify(t.Context(), dir, nil, limit.Segment{Line: 1 << 16})
		ok(t, err)
		if bad && len(rep.Problems) == 0 {
			t.Error("Verify sees nothing where Read fails")
		}
		before := len(rep.Problems)
		r, err := Open(dir, Options{})
		if err != nil {
			return
		}
		_, serr := r.Segment("firmware")
		ok(t, r.Close())
		rep, err = Verify(t.Context(), dir, nil, limit.Segment{})
		ok(t, err)
		if serr == nil && before == 0 && len(rep.Problems) > 0 {
			t.Errorf("opening broke it: %v", rep.Problems)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	r := must(Create(filepath.Join(b.TempDir(), "run"), "r", Options{}))(b)
	w := must(r.Segment("a"))(b)
	body := map[string]any{"port": 443, "state": "open", "unit": "A", "banner": strings.Repeat("x", 100)}
	for b.Loop() {
		ok(b, second(w.Append("fact@1", body)))
	}
	ok(b, r.Close())
}

func BenchmarkRead(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "run")
	r := must(Create(dir, "r", Options{Limits: limit.Segment{Line: 1 << 20, Group: 1 << 20}}))(b)
	w := must(r.Segment("a"))(b)
	body := map[string]any{"port": 443, "state": "open", "unit": "A", "banner": strings.Repeat("x", 100)}
	for range 10_000 {
		ok(b, second(w.Append("fact@1", body)))
	}
	ok(b, r.Close())
	st := must(os.Stat(filepath.Join(dir, "a.ndjson")))(b)
	b.SetBytes(st.Size())
	for b.Loop() {
		for _, err := range Read(dir, "a", limit.Segment{}) {
			ok(b, err)
		}
	}
}
