package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/internal/fact"
	"assay/internal/limit"
	"assay/internal/store"
	"assay/internal/store/segment"
	"assay/internal/testcase"
	"assay/internal/verdict"
)

// assayCommand is the program in a process of its own.
func assayCommand(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// A run that hangs fails its own test, not the whole suite.
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, self)
	cmd.WaitDelay = 2 * time.Second
	cmd.Args = append([]string{"assay"}, args...)
	cmd.Dir = dir
	cmd.Env = []string{"HOME=" + dir, "TMPDIR=" + os.TempDir(), "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8"}
	return cmd
}

// assayRun runs the program to its end.
func assayRun(t *testing.T, dir string, args ...string) (code int, stdout, stderr []byte) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := assayCommand(t, dir, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("assay %v: %v", args, err)
	}
	return cmd.ProcessState.ExitCode(), out.Bytes(), errs.Bytes()
}

// startCamera keeps a reference camera alive in a process of its own, with a
// workspace in dir/cam.
func startCamera(t *testing.T, dir string, args ...string) (stop func()) {
	t.Helper()
	cmd := assayCommand(t, dir, append([]string{"refcam", "--out", "cam"}, args...)...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Errorf("refcam: %v\n%s", err, errs.Bytes())
		}
	}
	t.Cleanup(stop)
	end := time.Now().Add(20 * time.Second)
	for {
		if info, err := os.Stat(filepath.Join(dir, "cam-credentials.yaml")); err == nil && info.Size() > 0 {
			return stop
		}
		if time.Now().After(end) {
			t.Fatalf("the camera didn't start: %s", errs.Bytes())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// runDoc is what the test reads of a run's JSON.
type runDoc struct {
	Run struct {
		ID      string
		Head    string
		Resumed int
	}
	Verdicts []struct {
		Standard, Requirement string
		Verdict               verdict.Verdict
		Cases                 []struct {
			ID      string
			Verdict verdict.Verdict
		}
	}
	NotTried []struct {
		Test, Subject, Why string
		Reason             struct{ Key string }
	} `json:"not_tried"`
	Report string
	Errors []any
}

func decodeRun(t *testing.T, b []byte) runDoc {
	t.Helper()
	var d runDoc
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatalf("not a run document: %v\n%.400s", err, b)
	}
	if len(d.Verdicts) == 0 {
		t.Fatalf("no verdicts in %.400s", b)
	}
	return d
}

var weakCamera = []string{"--weakness", "tls10-accepted", "--weakness", "telnet-open", "--weakness", "common-default-password", "--weakness", "serial-shell"}

func intrusive(more ...string) []string {
	return append([]string{"-C", "cam", "run", "--intrusive", "--cred-file", "cam-credentials.yaml", "--lock-wait", "200ms", "--format", "json"}, more...)
}

// TestKillAndResume kills a run (SIGKILL) at random moments and resumes it:
// the verdicts are those of a run that nobody killed, no intrusive step is
// made twice, and what is stored stays consistent: ten moments, two with
// -short. ASSAY_KILLS sets another number, ASSAY_SEED which moments.
func TestKillAndResume(t *testing.T) {
	t.Parallel()
	moments := int64(10)
	if testing.Short() {
		moments = 2
	}
	kills := number(t, "ASSAY_KILLS", moments)
	seed := number(t, "ASSAY_SEED", time.Now().UnixNano()%1e9)
	t.Logf("ASSAY_SEED=%d ASSAY_KILLS=%d", seed, kills)

	dir := t.TempDir()
	stop := startCamera(t, dir, weakCamera...)
	began := time.Now()
	code, out, errs := assayRun(t, dir, intrusive()...)
	took := time.Since(began)
	if code != exitFailed {
		t.Fatalf("undisturbed run: exit code %d\n%s", code, errs)
	}
	whole := decodeRun(t, out)
	stop()

	for i := range kills {
		t.Run(fmt.Sprintf("kill-%d", i), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(uint64(seed), uint64(i)))
			killed(t, rng, took, whole)
		})
	}
}

func number(t *testing.T, name string, otherwise int64) int64 {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		t.Fatalf("%s=%s: a whole number is expected", name, s)
	}
	return n
}

// killed starts a run, kills it once or twice, lets it resume and looks at
// what came of it.
func killed(t *testing.T, rng *rand.Rand, took time.Duration, whole runDoc) {
	dir := t.TempDir()
	defer startCamera(t, dir, weakCamera...)()
	args, times := intrusive(), 1+rng.IntN(2)
	left := took
	for n := range times {
		after := time.Duration(rng.Int64N(int64(left)))
		t.Logf("kill %d of %d after %v", n+1, times, after)
		if ended := kill(t, dir, after, args); ended {
			code, _, errs := assayRun(t, dir, intrusive("--resume")...)
			if code != exitUse || !bytes.Contains(errs, []byte("start a new one")) {
				t.Errorf("resuming a run that ended: exit code %d\n%s", code, errs)
			}
			clean(t, dir, "")
			return
		}
		if !begun(t, dir) {
			t.Log("killed before the run began")
			code, _, errs := assayRun(t, dir, intrusive("--resume")...)
			if code != exitUse || len(errs) == 0 {
				t.Errorf("resuming what never began: exit code %d\n%s", code, errs)
			}
			args = intrusive()
			continue
		}
		args, left = intrusive("--resume"), left-after
	}
	code, out, errs := assayRun(t, dir, args...)
	if code != exitFailed {
		t.Fatalf("resumed run: exit code %d\n%s", code, errs)
	}
	got := decodeRun(t, out)
	if slices.Contains(args, "--resume") && got.Run.Resumed == 0 {
		t.Error("the document doesn't say that the run was resumed")
	}
	interrupted := interruptedUnits(t, filepath.Join(dir, "cam", store.Folder, "runs", got.Run.ID))
	if len(interrupted) > 0 {
		t.Logf("interrupted: %v", interrupted)
		if !slices.ContainsFunc(got.NotTried, func(n struct {
			Test, Subject, Why string
			Reason             struct{ Key string }
		}) bool {
			return n.Reason.Key == "not-tried.interrupted"
		}) {
			t.Error("the document doesn't say which intrusive test was interrupted")
		}
	}
	sameVerdicts(t, whole, got, len(interrupted) > 0)
	clean(t, dir, got.Run.Head)
	_, again, _ := assayRun(t, dir, "-C", "cam", "judge", "--format", "json")
	if !bytes.Equal(out, again) {
		t.Error("judging the resumed run again gives other bytes")
	}
}

// kill starts a run and kills it after a time; ended says that the run was
// over before.
func kill(t *testing.T, dir string, after time.Duration, args []string) (ended bool) {
	t.Helper()
	cmd := assayCommand(t, dir, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	err := cmd.Wait()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return runEnded(t, dir)
	}
	if cmd.ProcessState.ExitCode() != exitFailed {
		t.Fatalf("the run ended by itself: %v", err)
	}
	return true
}

// main returns the main segment's entries of the newest run.
func mainEntries(t *testing.T, dir string) (types []string) {
	t.Helper()
	runs, err := filepath.Glob(filepath.Join(dir, "cam", store.Folder, "runs", "*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(runs) == 0 {
		return nil
	}
	slices.Sort(runs)
	for e, err := range segment.Read(runs[len(runs)-1], segment.Main, limit.Default().Segment) {
		if err != nil {
			break // cut off while it was written
		}
		types = append(types, e.Type)
	}
	return types
}

func begun(t *testing.T, dir string) bool    { return slices.Contains(mainEntries(t, dir), "run.meta") }
func runEnded(t *testing.T, dir string) bool { return slices.Contains(mainEntries(t, dir), "run.end") }

// interruptedUnits reads the intrusive units that were begun more than once,
// and insists that no later attempt did anything but say so.
func interruptedUnits(t *testing.T, run string) (names []string) {
	t.Helper()
	begins, said := map[string]int{}, map[string]bool{}
	attempt := map[string]int{}
	for e, err := range segment.Read(run, "guess", limit.Default().Segment) {
		if err != nil {
			t.Fatal(err)
		}
		var b struct {
			Unit      string
			Attempt   int
			Intrusive bool
			Fact      *fact.Fact
		}
		if segment.Own(e) {
			continue
		}
		if err := json.Unmarshal(e.Body, &b); err != nil {
			t.Fatal(err)
		}
		switch {
		case e.Type == "unit.begin":
			if !b.Intrusive {
				t.Errorf("unit %s of guess isn't marked as intrusive", b.Unit)
			}
			begins[b.Unit]++
			attempt[b.Unit] = b.Attempt
			if b.Attempt != begins[b.Unit] {
				t.Errorf("unit %s: attempt %d is counted as %d", b.Unit, begins[b.Unit], b.Attempt)
			}
		case b.Fact != nil && b.Attempt > 1:
			switch b.Fact.Kind {
			case fact.Credential{}.Kind(), fact.Throttle{}.Kind():
				t.Errorf("unit %s was made again: attempt %d wrote %s", b.Unit, b.Attempt, b.Fact.Kind)
			case fact.NotTried{}.Kind():
				said[b.Unit] = said[b.Unit] || strings.Contains(string(b.Fact.Data), "not-tried.interrupted")
			}
		}
	}
	for unit, n := range begins {
		if n < 2 {
			continue
		}
		names = append(names, unit)
		if !said[unit] {
			t.Errorf("unit %s was begun %d times and never called interrupted", unit, n)
		}
	}
	slices.Sort(names)
	return names
}

var portSubject = regexp.MustCompile(`tcp-\d+`)

// sameVerdicts compares two runs. Where an intrusive step was interrupted,
// the cases that rest on it may be undecided, and nothing else.
func sameVerdicts(t *testing.T, want, got runDoc, interrupted bool) {
	t.Helper()
	guessed := map[string]bool{}
	for _, c := range testcase.All() {
		for _, n := range c.Needs {
			if n.Kind == (fact.Credential{}).Kind() || n.Kind == (fact.Throttle{}).Kind() {
				guessed[string(c.ID)] = true
			}
		}
	}
	if len(want.Verdicts) != len(got.Verdicts) {
		t.Fatalf("%d requirements, want %d", len(got.Verdicts), len(want.Verdicts))
	}
	for i, w := range want.Verdicts {
		g := got.Verdicts[i]
		name := w.Standard + " " + w.Requirement
		weaker := false
		for k, c := range w.Cases {
			v := g.Cases[k].Verdict
			if v == c.Verdict {
				continue
			}
			if interrupted && guessed[c.ID] && v == verdict.Inconclusive {
				weaker = true
				continue
			}
			t.Errorf("%s, %s: %s, undisturbed %s", name, c.ID, v, c.Verdict)
		}
		if g.Verdict != w.Verdict && !(weaker && g.Verdict == verdict.Inconclusive) {
			t.Errorf("%s: %s, undisturbed %s", name, g.Verdict, w.Verdict)
		}
	}
	if !interrupted {
		subjects := func(d runDoc) (out []string) {
			for _, n := range d.NotTried {
				out = append(out, n.Test+" "+portSubject.ReplaceAllString(n.Subject, "tcp")+" "+n.Reason.Key)
			}
			slices.Sort(out)
			return out
		}
		if w, g := subjects(want), subjects(got); !slices.Equal(w, g) {
			t.Errorf("not tried: %v, undisturbed %v", g, w)
		}
	}
}

// clean verifies the workspace.
func clean(t *testing.T, dir, head string) {
	t.Helper()
	args := []string{"verify", "cam"}
	if head != "" {
		args = append(args, "--head", head)
	}
	if code, out, errs := assayRun(t, dir, args...); code != exitOK {
		t.Errorf("verify: exit code %d\n%s%s", code, out, errs)
	}
}
