package store

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/internal/fact"
	"assay/internal/store/segment"
)

var at = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

const productFile = "schema: assay/product@1\n"

var spec = fact.Spec{Name: "probe", Version: "1"}

func open(t *testing.T, dir string, readOnly bool) *Store {
	t.Helper()
	s, err := Open(dir, Options{ReadOnly: readOnly, Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func begin(t *testing.T, s *Store, id string) *Run {
	t.Helper()
	r, err := s.Begin(Meta{ID: id, Program: "assay test", Started: at, Standards: []string{"iot-1005-1"}}, []byte(productFile), nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func sink(t *testing.T, r *Run) *Sink {
	t.Helper()
	var s *Sink
	s, err := r.Sink(spec, func() (*fact.Set, error) { return fact.NewSet(s.Written()) }, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// note is work that records one fact.
func note(text string) func(context.Context, fact.Recorder) error {
	return func(_ context.Context, r fact.Recorder) error { return put(r, text) }
}

func put(r fact.Recorder, text string) error {
	o := r.Observe(fact.Observation{Vantage: fact.Paper, Method: fact.Examine})
	return r.Record(o, "thing", fact.Declared{What: "note", ID: text, Is: true})
}

func notes(t *testing.T, set *fact.Set) (out []string) {
	t.Helper()
	for _, f := range fact.Of[fact.Declared](set) {
		out = append(out, f.Value.ID)
	}
	return out
}

func load(t *testing.T, s *Store, id string) *Stored {
	t.Helper()
	st, err := s.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// TestResume: sealed units aren't made again, a unit that was cut off is,
// and what its first attempt wrote isn't judged.
func TestResume(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, false)
	r := begin(t, s, "run-1")
	k := sink(t, r)
	if err := k.Unit(t.Context(), fact.Unit{Name: "first"}, note("sealed")); err != nil {
		t.Fatal(err)
	}
	cut := errors.New("cut off")
	err := k.Unit(t.Context(), fact.Unit{Name: "second"}, func(_ context.Context, rec fact.Recorder) error {
		return errors.Join(put(rec, "of the first attempt"), cut)
	})
	if !errors.Is(err, cut) {
		t.Fatalf("unit: %v", err)
	}
	if err := errors.Join(k.Close(), r.Close()); err != nil {
		t.Fatal(err)
	}
	// A run without an end can be loaded: what was sealed and what was
	// begun are there.
	st := load(t, s, "run-1")
	if !st.Ended.IsZero() || len(notes(t, st.Facts)) != 2 {
		t.Errorf("cut-off run: ended %v, notes %v", st.Ended, notes(t, st.Facts))
	}

	r, err = s.Resume("run-1", []byte(productFile))
	if err != nil {
		t.Fatal(err)
	}
	if r.Resumed != 1 {
		t.Errorf("resumed %d times", r.Resumed)
	}
	k = sink(t, r)
	again := false
	if err := k.Unit(t.Context(), fact.Unit{Name: "first"}, func(context.Context, fact.Recorder) error { again = true; return nil }); err != nil || again {
		t.Errorf("a sealed unit was made again: %t, %v", again, err)
	}
	if set, err := k.Facts(); err != nil || cmp.Diff([]string{"sealed"}, notes(t, set)) != "" {
		t.Errorf("facts of the sealed unit: %v %v", notes(t, set), err)
	}
	if err := k.Unit(t.Context(), fact.Unit{Name: "second"}, note("of the second attempt")); err != nil {
		t.Fatal(err)
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	head, err := r.End([]string{"collector probe: was tired"})
	if err != nil {
		t.Fatal(err)
	}
	st = load(t, s, "run-1")
	if d := cmp.Diff([]string{"of the second attempt", "sealed"}, sorted(notes(t, st.Facts))); d != "" {
		t.Errorf("judged (-want +got):\n%s", d)
	}
	if st.Resumed != 1 || !st.Ended.Equal(at) || st.Head != head || len(st.Failed) != 1 || string(st.Product) != productFile {
		t.Errorf("stored %+v, head %s", st, head)
	}
	if _, err := s.Resume("run-1", []byte(productFile)); !errors.Is(err, ErrEnded) {
		t.Errorf("resuming a run that ended: %v", err)
	}
	if v, err := s.Verify(t.Context(), head); err != nil || v.Problems() != 0 {
		t.Errorf("verify: %+v %v", v, err)
	}
}

func sorted(s []string) []string {
	out := append([]string(nil), s...)
	for i := range out {
		for k := i; k > 0 && out[k] < out[k-1]; k-- {
			out[k], out[k-1] = out[k-1], out[k]
		}
	}
	return out
}

// TestIntrusiveIsNeverRepeated: the intent is on disk before the step.
func TestIntrusiveIsNeverRepeated(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, false)
	r := begin(t, s, "run-1")
	k := sink(t, r)
	step := fact.Unit{Name: "guess", Intrusive: true, Interrupted: func(rec fact.Recorder) error { return put(rec, "interrupted") }}
	killed := errors.New("killed")
	err := k.Unit(t.Context(), step, func(_ context.Context, rec fact.Recorder) error {
		b, err := os.ReadFile(filepath.Join(dir, Folder, "runs", "run-1", "probe.ndjson"))
		if err != nil || !bytes.Contains(b, []byte(`"intrusive":true`)) {
			t.Errorf("the intent isn't on disk when the step is made: %v", err)
		}
		return killed
	})
	if !errors.Is(err, killed) {
		t.Fatal(err)
	}
	if err := errors.Join(k.Close(), r.Close()); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if r, err = s.Resume("run-1", []byte(productFile)); err != nil {
			t.Fatal(err)
		}
		k = sink(t, r)
		made := false
		if err := k.Unit(t.Context(), step, func(context.Context, fact.Recorder) error { made = true; return nil }); err != nil || made {
			t.Errorf("resume %d: made again %t, %v", i, made, err)
		}
		if err := errors.Join(k.Close(), r.Close()); err != nil {
			t.Fatal(err)
		}
	}
	if got := notes(t, load(t, s, "run-1").Facts); len(got) != 1 || got[0] != "interrupted" {
		t.Errorf("notes %v", got)
	}
}

// TestTornLine: a line that was being written when the machine stopped is
// cut and noted; nothing before it is lost.
func TestTornLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, false)
	r := begin(t, s, "run-1")
	k := sink(t, r)
	if err := k.Unit(t.Context(), fact.Unit{Name: "first"}, note("kept")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(k.Close(), r.Close()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, Folder, "runs", "run-1", "probe.ndjson")
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"seq":7,"type":"fact","bo`); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got := notes(t, load(t, s, "run-1").Facts); len(got) != 1 {
		t.Errorf("load of a torn run: %v", got)
	}
	if v, err := s.Verify(t.Context(), ""); err != nil || v.Problems() == 0 {
		t.Errorf("verify doesn't name the torn line: %+v %v", v, err)
	}
	if r, err = s.Resume("run-1", []byte(productFile)); err != nil {
		t.Fatal(err)
	}
	k = sink(t, r)
	if err := k.Unit(t.Context(), fact.Unit{Name: "second"}, note("added")); err != nil {
		t.Fatal(err)
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.End(nil); err != nil {
		t.Fatal(err)
	}
	if v, err := s.Verify(t.Context(), ""); err != nil || v.Problems() != 0 {
		t.Errorf("verify after the repair: %+v %v", v, err)
	}
	if got := sorted(notes(t, load(t, s, "run-1").Facts)); cmp.Diff([]string{"added", "kept"}, got) != "" {
		t.Errorf("notes %v", got)
	}
}

func TestChangedProduct(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), false)
	if err := begin(t, s, "run-1").Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Resume("run-1", []byte(productFile+"# changed\n")); !errors.Is(err, ErrChanged) {
		t.Errorf("resuming on another model: %v", err)
	}
}

// TestSecretsStayOut: what the tester gave and what was sealed meanwhile is
// in no segment and no transcript.
func TestSecretsStayOut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, false)
	r := begin(t, s, "run-1")
	r.KeepOut("password", []byte("hunter2-tester"))
	k := sink(t, r)
	err := k.Unit(t.Context(), fact.Unit{Name: "talk"}, func(_ context.Context, rec fact.Recorder) error {
		redacted, _, handle, err := rec.Seal("password", []byte("hunter3-found"))
		if err != nil {
			return err
		}
		if strings.Contains(redacted, "hunter3-found") {
			t.Errorf("redacted form %q", redacted)
		}
		if v, err := s.Evidence().Unseal(handle); err != nil || string(v.Reveal()) != "hunter3-found" {
			t.Errorf("unseal: %v", err)
		}
		_, err = rec.Evidence("dialogue", "transcript", strings.NewReader("login hunter2-tester, then hunter3-found, done"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.End(nil); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(filepath.Join(dir, Folder), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: mode %v", path, info.Mode())
		}
		b, err := os.ReadFile(path)
		if err != nil || strings.Contains(path, "sealed") {
			return err
		}
		if bytes.Contains(b, []byte("hunter2-tester")) || bytes.Contains(b, []byte("hunter3-found")) {
			t.Errorf("%s holds a secret", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestRecords: what people saw speaks of the product: every run has it.
func TestRecords(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, false)
	if err := os.WriteFile(filepath.Join(dir, "photo.txt"), []byte("a photograph"), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, v := range []string{"PASS", "FAIL"} {
		_, err := s.Record(fact.PersonResult{Case: "label.model", Subject: "product", Verdict: v, By: "Lin", Role: "tester", At: at.Add(time.Duration(i) * time.Minute)}, []string{"photo.txt"})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{"nowhere.txt", "../photo.txt", "/etc/passwd", Folder + "/records/main.ndjson"} {
		if _, err := s.Record(fact.PersonResult{Case: "label.model", Verdict: "PASS", By: "Lin", At: at}, []string{path}); err == nil {
			t.Errorf("attachment %s was taken", path)
		}
	}
	r := begin(t, s, "run-1")
	if _, err := r.End(nil); err != nil {
		t.Fatal(err)
	}
	got := fact.Of[fact.PersonResult](load(t, s, "run-1").Facts)
	if len(got) != 2 || len(got[0].Value.Attachments) != 1 {
		t.Errorf("records %+v", got)
	}
	v, err := s.Verify(t.Context(), "")
	if err != nil || v.Problems() != 0 || len(v.Runs) != 2 {
		t.Errorf("verify %+v %v", v, err)
	}
}

func TestUnknownRuns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, false)
	if _, err := s.Latest(); !errors.Is(err, ErrNoRun) {
		t.Errorf("latest of none: %v", err)
	}
	if _, err := s.Load(t.Context(), "run-9"); !errors.Is(err, ErrNoRun) || !errors.Is(err, ErrUnknownRun) {
		t.Errorf("load of none: %v", err)
	}
	if _, err := begin(t, s, "run-1").End(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(t.Context(), "run-9"); !errors.Is(err, ErrUnknownRun) || !strings.Contains(err.Error(), "run-1") {
		t.Errorf("an unknown run: %v", err)
	}
	for _, id := range []string{"", "..", "../run-1", "run/1", "RUN", strings.Repeat("a", 65), "run-1\n"} {
		if _, err := s.Load(t.Context(), id); !errors.Is(err, ErrUnknownRun) {
			t.Errorf("id %q: %v", id, err)
		}
	}
	if _, err := s.Begin(Meta{ID: "run-1"}, nil, nil); err == nil {
		t.Error("a run was begun twice")
	}
	// A folder that isn't a run is named with what to do.
	if err := os.MkdirAll(filepath.Join(dir, Folder, "runs", "run-2"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(t.Context(), "run-2"); err == nil {
		t.Error("an empty folder was loaded as a run")
	}
}

// TestOneProcess: the second store of a workspace learns who has it.
func TestOneProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, false)
	var locked *segment.LockedError
	if _, err := Open(dir, Options{}); !errors.As(err, &locked) {
		t.Fatalf("a second writer: %v", err)
	}
	if locked.PID != os.Getpid() {
		t.Errorf("held by %d, want %d", locked.PID, os.Getpid())
	}
	reader := open(t, dir, true)
	if _, err := reader.Runs(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir, false)
}
