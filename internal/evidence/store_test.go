package evidence

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"assay/internal/limit"
	"assay/internal/untrusted"

	"github.com/google/go-cmp/cmp"
)

var testTime = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func testOptions() Options { return Options{Now: func() time.Time { return testTime }} }

func openStore(t *testing.T, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // some tests close it themselves
	return s
}

func meta(name string, c Class) Meta { return Meta{Name: untrusted.From(name, 100), Class: c} }

func put(t *testing.T, s *Store, content, name string, c Class) Object {
	t.Helper()
	o, err := s.Put(strings.NewReader(content), meta(name, c))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func readAll(t *testing.T, s *Store, d Digest) string {
	t.Helper()
	f, err := s.Open(d)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(f)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestPut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openStore(t, dir, testOptions())
	a := put(t, s, "hello", "a.bin", Firmware)
	if a.Digest != Sum([]byte("hello")) || a.Size != 5 || !a.Stored.Equal(testTime) {
		t.Errorf("object %+v", a)
	}
	again := put(t, s, "hello", "a.bin", Firmware)
	if d := cmp.Diff(a, again); d != "" {
		t.Errorf("stored twice (-first +second):\n%s", d)
	}
	_, before := s.Head()
	put(t, s, "hello", "b.bin", Other)
	if _, n := s.Head(); n != before+1 {
		t.Errorf("another name is not noted: %d entries, had %d", n, before)
	}
	empty := put(t, s, "", "empty", Other)
	if got := readAll(t, s, empty.Digest); got != "" {
		t.Errorf("empty object reads %q", got)
	}
	head, n := s.Head()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, dir, Options{ReadOnly: true})
	if got := readAll(t, s, a.Digest); got != "hello" || !s.Has(a.Digest) || s.Has(Digest{}) {
		t.Errorf("after opening again: %q", got)
	}
	if h, m := s.Head(); h != head || m != n {
		t.Errorf("head %v %d, was %v %d", h, m, head, n)
	}
	if got := len(s.Objects()); got != 2 {
		t.Errorf("%d objects, want 2", got)
	}
	if _, err := s.Open(Digest{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown object: %v", err)
	}
	if _, err := s.Put(strings.NewReader("x"), meta("x", Other)); !errors.Is(err, ErrReadOnly) {
		t.Errorf("read-only store: %v", err)
	}
	checkModes(t, dir)
}

// checkModes holds every folder to 0700 and every file to 0600.
func checkModes(t *testing.T, dir string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(filepath.Join(dir, baseDir), func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		st, err := e.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if e.IsDir() {
			want = fs.ModeDir | 0o700
		} else {
			files++
		}
		if st.Mode() != want {
			t.Errorf("%s has mode %v, want %v", p, st.Mode(), want)
		}
		return nil
	})
	if err != nil || files == 0 {
		t.Errorf("%d files, %v", files, err)
	}
}

func TestPutErrors(t *testing.T) {
	t.Parallel()
	o := testOptions()
	o.Limits = limit.Evidence{Object: 10, Sealed: 10, Name: 10}
	dir := t.TempDir()
	s := openStore(t, dir, o)
	tests := []struct {
		name string
		r    io.Reader
		m    Meta
		want string
	}{
		{"too-large", strings.NewReader("01234567890"), meta("x", Other), "limit of 10 bytes"},
		{"endless", iotest.DataErrReader(endless{}), meta("x", Other), "limit of 10 bytes"},
		{"reader-fails", iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("abc"))), meta("x", Other), "after 1 bytes"},
		{"no-class", strings.NewReader("x"), meta("x", ""), "unknown class"},
		{"long-name", strings.NewReader("x"), meta("01234567890", Other), "limit of 10"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := s.Put(tt.r, tt.m); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
	if put(t, s, "0123456789", "x", Other).Size != 10 {
		t.Error("an object of exactly the limit")
	}
	left, err := os.ReadDir(filepath.Join(dir, baseDir, tmpDir))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestReference(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), t.TempDir()
	write(t, filepath.Join(dir, "evidence", "image.bin"), "firmware")
	write(t, filepath.Join(outside, "other"), "other")
	for link, to := range map[string]string{"link-out": filepath.Join(outside, "other"), "link-up": "../" + filepath.Base(outside), "link-in": "evidence/image.bin"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := openStore(t, dir, testOptions())
	for _, name := range []string{"../x", "/etc/passwd", filepath.Join(outside, "other"), "link-out", "link-up/other", "pipe",
		"evidence", "missing", baseDir + "/evidence/index.ndjson", "x/../" + baseDir + "/evidence/index.ndjson", ""} {
		if o, err := s.Reference(name, meta("x", Other)); err == nil {
			t.Errorf("%q was referenced as %+v", name, o)
		}
	}
	for _, name := range []string{"evidence/image.bin", filepath.Join(dir, "evidence/image.bin"), "./x/../evidence/image.bin", "link-in"} {
		o, err := s.Reference(name, meta("image", Firmware))
		if err != nil || o.Digest != Sum([]byte("firmware")) || o.Size != 8 {
			t.Errorf("%q: %+v, %v", name, o, err)
		}
	}
	d := Sum([]byte("firmware"))
	if _, err := os.Stat(filepath.Join(dir, baseDir, objectPath(d))); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file was copied: %v", err)
	}
	if got := readAll(t, s, d); got != "firmware" {
		t.Errorf("reads %q", got)
	}
	image := filepath.Join(dir, "evidence", "image.bin")
	if err := os.Chtimes(image, testTime, testTime); err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, s, d); got != "firmware" {
		t.Errorf("with another time it reads %q", got)
	}
	write(t, image, "FIRMWARE")
	if _, err := s.Open(d); !errors.Is(err, ErrChanged) {
		t.Errorf("changed file: %v", err)
	}
}

// A workspace that was cloned may bring links where the store has its folders.
func TestHostileWorkspace(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	for _, link := range []string{baseDir, baseDir + "/evidence", baseDir + "/sealed", baseDir + "/evidence/objects", baseDir + "/evidence/index.ndjson"} {
		t.Run(strings.ReplaceAll(link, "/", "-"), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, link)), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(outside, filepath.Join(dir, link)); err != nil {
				t.Fatal(err)
			}
			s, err := Open(dir, testOptions())
			if err == nil {
				_, err = s.Put(strings.NewReader("x"), meta("x", Other))
				_, serr := s.Seal([]byte("x"), "pin")
				err = errors.Join(err, serr)
				if cerr := s.Close(); cerr != nil {
					t.Error(cerr)
				}
			}
			if err == nil {
				t.Error("no error")
			}
			if left, err := os.ReadDir(outside); err != nil || len(left) != 0 {
				t.Errorf("outside now holds %v, %v", left, err)
			}
		})
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	type world struct {
		dir           string
		s             *Store
		a, b, ref     Digest
		handle        string
		object, index string
	}
	tests := []struct {
		name   string
		break_ func(t *testing.T, w world)
		want   []string // kind and name
	}{
		{"whole", func(*testing.T, world) {}, nil},
		{"missing", func(t *testing.T, w world) { remove(t, w.object) }, []string{"missing a.bin"}},
		{"damaged", func(t *testing.T, w world) { write(t, w.object, "hellO") }, []string{"damaged a.bin"}},
		{"truncated", func(t *testing.T, w world) { write(t, w.object, "hell") }, []string{"damaged a.bin"}},
		{"link", func(t *testing.T, w world) {
			remove(t, w.object)
			if err := os.Symlink("/etc/hostname", w.object); err != nil {
				t.Fatal(err)
			}
		}, []string{"unread a.bin"}},
		{"folder", func(t *testing.T, w world) { remove(t, w.object); write(t, w.object+"/x", "x") }, []string{"unread a.bin", "unknown "}},
		{"reference-changed", func(t *testing.T, w world) { write(t, filepath.Join(w.dir, "image"), "fIrmware") }, []string{"changed image"}},
		{"reference-missing", func(t *testing.T, w world) { remove(t, filepath.Join(w.dir, "image")) }, []string{"missing image"}},
		{"foreign-object", func(t *testing.T, w world) { write(t, filepath.Join(w.dir, baseDir, "evidence/objects/00/x"), "x") }, []string{"unknown "}},
		{"sealed-damaged", func(t *testing.T, w world) { write(t, filepath.Join(w.dir, baseDir, "sealed", w.handle), "x") }, []string{"damaged password"}},
		{"sealed-missing", func(t *testing.T, w world) { remove(t, filepath.Join(w.dir, baseDir, "sealed", w.handle)) }, []string{"missing password"}},
		{"key-missing", func(t *testing.T, w world) { remove(t, filepath.Join(w.dir, baseDir, keyPath)) }, []string{"missing "}},
		{"key-short", func(t *testing.T, w world) { write(t, filepath.Join(w.dir, baseDir, keyPath), "x") }, []string{"damaged "}},
		{"purged", func(t *testing.T, w world) { purge(t, w.s, Firmware) }, nil},
		{"purged-remains", func(t *testing.T, w world) { purge(t, w.s, Firmware); write(t, w.object, "hello") }, []string{"remains a.bin"}},
		{"index-changed", func(t *testing.T, w world) {
			b, err := os.ReadFile(w.index)
			if err != nil {
				t.Fatal(err)
			}
			write(t, w.index, strings.Replace(string(b), "b.bin", "c.bin", 1))
		}, []string{"index ", "missing-entries"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := world{dir: t.TempDir()}
			w.s = openStore(t, w.dir, testOptions())
			w.a = put(t, w.s, "hello", "a.bin", Firmware).Digest
			w.b = put(t, w.s, "world", "b.bin", Document).Digest
			w.object = filepath.Join(w.dir, baseDir, objectPath(w.a))
			w.index = filepath.Join(w.dir, baseDir, indexPath)
			write(t, filepath.Join(w.dir, "image"), "firmware")
			o, err := w.s.Reference("image", meta("image", Document))
			if err != nil {
				t.Fatal(err)
			}
			w.ref = o.Digest
			sec, err := w.s.Seal([]byte("swordfish"), "password")
			if err != nil {
				t.Fatal(err)
			}
			w.handle = sec.Handle
			tt.break_(t, w)
			if err := w.s.Close(); err != nil {
				t.Fatal(err)
			}
			rep, err := openStore(t, w.dir, Options{ReadOnly: true}).Verify(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			unknown := 0
			for _, p := range rep.Problems {
				if p.Detail == "" || p.Path == "" || p.String() == "" {
					t.Errorf("problem without words: %+v", p)
				}
				if tt.name == "index-changed" && p.Kind == Unknown {
					unknown++
					continue
				}
				got = append(got, string(p.Kind)+" "+p.Name.Raw())
			}
			if tt.name == "index-changed" && unknown > 0 {
				got = append(got, "missing-entries")
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("problems (-want +got):\n%s%v", d, rep.Problems)
			}
			if wantPurged := strings.HasPrefix(tt.name, "purged"); wantPurged != (len(rep.Purged) == 1) {
				t.Errorf("purged: %+v", rep.Purged)
			}
		})
	}
	s := openStore(t, t.TempDir(), testOptions())
	put(t, s, "x", "x", Other)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Verify(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func remove(t *testing.T, name string) {
	t.Helper()
	if err := os.RemoveAll(name); err != nil {
		t.Fatal(err)
	}
}

func purge(t *testing.T, s *Store, classes ...Class) PurgeResult {
	t.Helper()
	res, err := s.Purge(PurgeOrder{Classes: classes, Reason: "retention of 90 days"})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestPurge(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openStore(t, dir, testOptions())
	fw := put(t, s, "firmware", "fw.bin", Firmware)
	doc := put(t, s, "manual", "manual.pdf", Document)
	face := put(t, s, "face", "face.jpg", Other)
	put(t, s, "face", "face.jpg", Personal) // the same bytes under a second class
	write(t, filepath.Join(dir, "image"), "referenced")
	ref, err := s.Reference("image", meta("image", Firmware))
	if err != nil {
		t.Fatal(err)
	}
	sec, err := s.Seal([]byte("swordfish"), "password")
	if err != nil {
		t.Fatal(err)
	}
	res := purge(t, s, Firmware, Personal, Sealed)
	if len(res.Purged) != 3 || len(res.Left) != 1 || res.Left[0].Path != "image" {
		t.Errorf("purged %+v, left %+v", res.Purged, res.Left)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, dir, testOptions())
	for _, d := range []Digest{fw.Digest, face.Digest} {
		tomb, ok := s.Tombstone(d)
		if _, err := s.Open(d); !errors.Is(err, ErrPurged) || !strings.Contains(err.Error(), "2026-11-21: retention of 90 days") {
			t.Errorf("purged object: %v", err)
		}
		if s.Has(d) || !ok || tomb.Digest != d || tomb.Size == 0 || tomb.Reason == "" || !tomb.Stored.Equal(testTime) {
			t.Errorf("tombstone %+v, %v", tomb, ok)
		}
		if _, err := os.Stat(filepath.Join(dir, baseDir, objectPath(d))); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("bytes are still there: %v", err)
		}
	}
	if _, err := s.Unseal(sec.Handle); !errors.Is(err, ErrPurged) {
		t.Errorf("purged secret: %v", err)
	}
	if readAll(t, s, doc.Digest) != "manual" || readAll(t, s, ref.Digest) != "referenced" {
		t.Error("more was purged than asked for")
	}
	if n := len(purge(t, s, Firmware, Personal, Sealed).Purged); n != 0 {
		t.Errorf("second purge made %d more tombstones", n)
	}
	if _, err := s.Purge(PurgeOrder{Classes: []Class{Firmware}, Reason: "r", Files: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "image")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("referenced file is still there: %v", err)
	}
	rep, err := s.Verify(t.Context())
	if err != nil || len(rep.Problems) != 0 || len(rep.Purged) != 4 {
		t.Errorf("verify %+v, %v", rep, err)
	}
	put(t, s, "firmware", "fw.bin", Firmware)
	if again, err := s.Seal([]byte("swordfish"), "password"); err != nil || again != sec {
		t.Errorf("sealed again: %+v, %v", again, err)
	}
	if v, err := s.Unseal(sec.Handle); err != nil || string(v.Reveal()) != "swordfish" || !s.Has(fw.Digest) || len(s.Objects()) != 2 {
		t.Errorf("stored again after the purge: %v, objects %+v", err, s.Objects())
	}
	for _, o := range []PurgeOrder{{}, {Classes: []Class{Firmware}}, {Reason: "r"}, {Reason: "r", Classes: []Class{"all"}}} {
		if _, err := s.Purge(o); err == nil {
			t.Errorf("order %+v was taken", o)
		}
	}
}

// A file that took the path of a referenced one is not removed.
func TestPurgeOtherFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openStore(t, dir, testOptions())
	write(t, filepath.Join(dir, "image"), "old")
	if _, err := s.Reference("image", meta("image", Firmware)); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "image"), "a new image, longer")
	if _, err := s.Purge(PurgeOrder{Classes: []Class{Firmware}, Reason: "r", Files: true}); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "image")); err != nil || string(b) != "a new image, longer" {
		t.Errorf("the other file: %q, %v", b, err)
	}
}

func TestTornIndex(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openStore(t, dir, testOptions())
	a := put(t, s, "a", "a", Other)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	index := filepath.Join(dir, baseDir, indexPath)
	b, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	write(t, index, string(b)+`{"seq":1,"prev":`)
	write(t, filepath.Join(dir, baseDir, tmpDir, "half"), "half written")
	rep, err := openStore(t, dir, Options{ReadOnly: true}).Verify(t.Context())
	if err != nil || len(rep.Problems) != 1 || rep.Problems[0].Kind != Index {
		t.Errorf("read-only: %+v, %v", rep.Problems, err)
	}
	s = openStore(t, dir, testOptions())
	c := put(t, s, "c", "c", Other)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, dir, testOptions())
	rep, err = s.Verify(t.Context())
	if err != nil || len(rep.Problems) != 0 || rep.Entries != 3 || !s.Has(a.Digest) || !s.Has(c.Digest) {
		t.Errorf("after the cut: %+v, %v", rep, err)
	}
	if after, err := os.ReadFile(index); err != nil || !bytes.HasPrefix(after, b) || !bytes.Contains(after, []byte(entryTorn)) {
		t.Errorf("the cut is not noted: %s, %v", after, err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, baseDir, tmpDir)); err != nil || len(left) != 0 {
		t.Errorf("half written objects stay: %v, %v", left, err)
	}
	write(t, index, "x"+string(b))
	if _, err := Open(dir, testOptions()); err == nil || !strings.Contains(err.Error(), "line 1, offset 0") {
		t.Errorf("damaged index: %v", err)
	}
}

func TestConcurrentPut(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir(), testOptions())
	done := make(chan error)
	for i := range 8 {
		go func() {
			_, err := s.Put(strings.NewReader(strings.Repeat("x", i%4)), meta("x", Other))
			_, serr := s.Seal([]byte{byte(i % 4)}, "pin")
			done <- errors.Join(err, serr)
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	rep, err := s.Verify(t.Context())
	if err != nil || len(rep.Problems) != 0 || rep.Objects != 8 {
		t.Errorf("%+v, %v", rep, err)
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	s := &Store{dir: "/w"}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{syscall.ENOSPC, "disk of /w is full"}, {syscall.EDQUOT, "disk of /w is full"}, {syscall.EROFS, "read-only file system"},
		{fs.ErrPermission, "no permission"}, {fs.ErrNotExist, "missing"}, {io.ErrUnexpectedEOF, "unexpected EOF"},
	} {
		if got := s.explain("put", tt.err); !strings.Contains(got.Error(), tt.want) || !errors.Is(got, tt.err) {
			t.Errorf("%v is explained as %v", tt.err, got)
		}
	}
}

func BenchmarkPut(b *testing.B) {
	s, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close() // a benchmark's own folder
	data := make([]byte, 64<<20)
	b.SetBytes(int64(len(data)))
	for i := 0; b.Loop(); i++ {
		data[0], data[1] = byte(i), byte(i>>8)
		if _, err := s.Put(bytes.NewReader(data), meta("x", Firmware)); err != nil {
			b.Fatal(err)
		}
	}
	runtime.KeepAlive(data)
}
