package sandbox

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if handled, code := Main(testParsers(), os.Args); handled {
		os.Exit(code)
	}
	if len(os.Args) == 3 && os.Args[1] == "__parent" {
		os.Exit(parentMain(os.Args[2]))
	}
	os.Exit(m.Run())
}

// Race-enabled programs need several times the memory of ordinary ones.
var testLimits = Limits{Memory: 512 << 20, AddressSpace: 2 << 30, Deadline: 30 * time.Second, Procs: 2}

func testParsers() Parsers {
	type p = func(ctx context.Context, in *os.File, args json.RawMessage, emit func(v any) error) error
	three := func(emit func(v any) error) error {
		for i := range 3 {
			if err := emit(i); err != nil {
				return err
			}
		}
		return nil
	}
	then := func(f func(emit func(v any) error) error) p {
		return func(_ context.Context, _ *os.File, _ json.RawMessage, emit func(v any) error) error {
			if err := three(emit); err != nil {
				return err
			}
			return f(emit)
		}
	}
	parsers := Parsers{
		"lines": parseLines,
		"echo": func(_ context.Context, _ *os.File, args json.RawMessage, emit func(v any) error) error {
			return emit(args)
		},
		"three": then(func(func(any) error) error { return nil }),
		"error": then(func(func(any) error) error { return errors.New("bad magic at offset 7\x1b[31m") }),
		"panic": then(func(func(any) error) error { panic("index out of hope") }),
		"panic-elsewhere": then(func(func(any) error) error {
			go panic("in a goroutine of the parser")
			select {}
		}),
		"allocate": then(func(func(any) error) error {
			var keep [][]byte
			for {
				b := make([]byte, 1<<20)
				for i := 0; i < len(b); i += 4096 {
					b[i] = 1
				}
				keep = append(keep, b)
				runtime.KeepAlive(keep)
			}
		}),
		"reserve": then(func(func(any) error) error {
			b := make([]byte, 1<<40)
			b[0] = 1
			return nil
		}),
		"recurse": then(func(func(any) error) error { recurse(0); return nil }),
		"sleep":   then(func(func(any) error) error { time.Sleep(time.Hour); return nil }),
		"spin": then(func(func(any) error) error {
			for i := 0; ; i++ {
				_ = i
			}
		}),
		"flood": func(_ context.Context, _ *os.File, _ json.RawMessage, emit func(v any) error) error {
			for {
				if err := emit(strings.Repeat("a", 1000)); err != nil {
					return fmt.Errorf("flood: %w", err)
				}
			}
		},
		"long":    then(func(emit func(any) error) error { return emit(strings.Repeat("a", 100_000)) }),
		"swallow": then(func(emit func(any) error) error { _ = emit(strings.Repeat("a", 100_000)); return nil }),
		"context": func(ctx context.Context, _ *os.File, _ json.RawMessage, emit func(v any) error) error {
			<-ctx.Done()
			if err := emit("cut at 5"); err != nil {
				return err
			}
			return ctx.Err()
		},
		"stderr": then(func(func(any) error) error {
			for range 100_000 {
				fmt.Fprintln(os.Stderr, "noise noise noise noise")
			}
			return nil
		}),
		"pid": func(_ context.Context, _ *os.File, _ json.RawMessage, emit func(v any) error) error {
			if err := emit(os.Getpid()); err != nil {
				return err
			}
			select {}
		},
		"escape": escape,
	}
	// What a child could write that was taken over by the bytes it read.
	raw := func(s string) p {
		return then(func(func(any) error) error {
			_, err := os.NewFile(fdOutput, "raw").WriteString(s)
			if err != nil {
				return err
			}
			select {}
		})
	}
	parsers["raw-garbage"] = raw("hello\n")
	parsers["raw-not-json"] = raw("R{\n")
	parsers["raw-empty-line"] = raw("\n")
	parsers["raw-second-hello"] = raw(`H{"confinement":["everything"]}` + "\n")
	parsers["raw-after-end"] = raw("E{}\nR1\n")
	parsers["raw-endless-line"] = then(func(func(any) error) error {
		out := os.NewFile(fdOutput, "raw")
		for {
			if _, err := out.WriteString("R" + strings.Repeat("1", 4096)); err != nil {
				return err
			}
		}
	})
	parsers["raw-close"] = then(func(func(any) error) error {
		if err := syscall.Close(fdOutput); err != nil {
			return err
		}
		select {}
	})
	parsers["raw-exit"] = then(func(func(any) error) error { os.Exit(0); return nil })
	return parsers
}

//go:noinline
func recurse(n int) int { var b [1024]byte; b[n%1024] = 1; return recurse(n+1) + int(b[0]) }

func parseLines(_ context.Context, in *os.File, _ json.RawMessage, emit func(v any) error) error {
	sc := bufio.NewScanner(in)
	for sc.Scan() {
		if err := emit(map[string]string{"line": sc.Text()}); err != nil {
			return err
		}
	}
	return sc.Err()
}

// escape tries what a taken-over parser would, and emits the outcome of each.
func escape(_ context.Context, in *os.File, args json.RawMessage, emit func(v any) error) error {
	var where struct{ Dir, Addr string }
	if err := json.Unmarshal(args, &where); err != nil {
		return err
	}
	read := func(name string) error {
		_, err := os.ReadFile(name)
		return err
	}
	dial := func(network string) error {
		conn, err := net.DialTimeout(network, where.Addr, time.Second)
		if err != nil {
			return err
		}
		_, err = conn.Write([]byte("x"))
		return errors.Join(err, conn.Close())
	}
	for _, t := range []struct {
		name string
		err  error
	}{
		{"read-passwd", read("/etc/passwd")},
		{"read-own-dir", read(filepath.Join(where.Dir, "secret"))},
		{"read-proc-environ", read("/proc/self/environ")},
		{"read-parent-environ", read("/proc/" + strconv.Itoa(os.Getppid()) + "/environ")},
		{"reopen-input", read("/proc/self/fd/" + strconv.Itoa(fdInput))},
		{"write-file", os.WriteFile(filepath.Join(where.Dir, "new"), []byte("x"), 0o600)},
		{"write-input", func() error { _, err := in.WriteAt([]byte("x"), 0); return err }()},
		{"remove", os.Remove(filepath.Join(where.Dir, "secret"))},
		{"chmod", os.Chmod(filepath.Join(where.Dir, "secret"), 0o777)},
		{"chmod-input", in.Chmod(0o777)},
		{"dial-tcp", dial("tcp")},
		{"dial-udp", dial("udp")},
		{"listen", func() error { l, err := net.Listen("tcp", "127.0.0.1:0"); return errors.Join(err, closeIf(l, err)) }()},
		{"exec", exec.Command("/bin/true").Run()},
		{"exec-self", exec.Command("/proc/self/exe", "x").Run()},
		{"fork", func() error { _, err := syscall.ForkExec("/bin/true", []string{"true"}, nil); return err }()},
		{"kill-parent", syscall.Kill(os.Getppid(), 0)},
		{"unlimit", syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1 << 20, Max: 1 << 20})},
		{"ptrace", syscall.PtraceAttach(os.Getppid())},
	} {
		msg := ""
		if t.err != nil {
			msg = t.err.Error()
		}
		if err := emit([]string{t.name, msg}); err != nil {
			return err
		}
	}
	return emit([]string{"environment", strings.Join(os.Environ(), " ")})
}

func closeIf(c io.Closer, err error) error {
	if err != nil {
		return nil
	}
	return c.Close()
}

// parentMain is a parent that waits for its child until it is killed itself.
func parentMain(input string) int {
	in, err := os.Open(input)
	if err != nil {
		return 1
	}
	_, err = Run(context.Background(), Job{Parser: "pid", Input: in, Limits: testLimits}, func(b json.RawMessage) error {
		fmt.Println(string(b))
		return nil
	})
	fmt.Println(err)
	return 1
}

func inputFile(t *testing.T, content string) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "input")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func needLinux(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("children are confined on Linux only")
	}
}

func TestEndings(t *testing.T) {
	t.Parallel()
	needLinux(t)
	short := func(l *Limits) { l.Deadline = time.Second }
	tests := []struct {
		parser  string
		limit   func(*Limits)
		records int
		killed  bool
		reason  string
		detail  string
	}{
		{parser: "three", records: 3},
		{parser: "stderr", records: 3},
		{parser: "error", records: 3, reason: ReasonError, detail: `bad magic at offset 7\x1b[31m`},
		{parser: "panic", records: 3, reason: ReasonPanic, detail: "index out of hope"},
		{parser: "panic-elsewhere", records: 3, reason: ReasonPanic, detail: "in a goroutine of the parser"},
		{parser: "allocate", limit: func(l *Limits) { l.Memory = 200 << 20 }, records: 3, killed: true, reason: ReasonMemory},
		{parser: "reserve", records: 3, killed: true, reason: ReasonMemory},
		{parser: "recurse", records: 3, killed: true, reason: ReasonMemory},
		{parser: "sleep", limit: short, records: 3, killed: true, reason: ReasonDeadline},
		{parser: "spin", limit: short, records: 3, killed: true, reason: ReasonDeadline},
		{parser: "context", limit: short, records: 1, reason: ReasonDeadline},
		{parser: "flood", limit: func(l *Limits) { l.MaxOutput = 10_500 }, records: 10, killed: true, reason: ReasonOutput},
		{parser: "long", limit: func(l *Limits) { l.MaxLine = 1000 }, records: 3, killed: true, reason: ReasonLine},
		{parser: "swallow", limit: func(l *Limits) { l.MaxLine = 1000 }, records: 3, killed: true, reason: ReasonLine},
		{parser: "unheard-of", reason: ReasonNoParser},
		{parser: "raw-garbage", records: 3, killed: true, reason: ReasonProtocol},
		{parser: "raw-not-json", records: 3, killed: true, reason: ReasonProtocol},
		{parser: "raw-empty-line", records: 3, killed: true, reason: ReasonProtocol},
		{parser: "raw-second-hello", records: 3, killed: true, reason: ReasonProtocol},
		{parser: "raw-after-end", records: 3, killed: true, reason: ReasonProtocol},
		{parser: "raw-endless-line", limit: func(l *Limits) { l.MaxLine = 1 << 16 }, records: 3, killed: true, reason: ReasonLine},
		{parser: "raw-close", records: 3, killed: true, reason: ReasonProtocol},
		{parser: "raw-exit", records: 3, reason: ReasonCrash},
	}
	for _, tt := range tests {
		t.Run(tt.parser, func(t *testing.T) {
			t.Parallel()
			job := Job{Parser: tt.parser, Input: inputFile(t, "x"), Limits: testLimits}
			if tt.limit != nil {
				tt.limit(&job.Limits)
			}
			begin := time.Now()
			var got int
			res, err := Run(t.Context(), job, func(json.RawMessage) error { got++; return nil })
			took := time.Since(begin)
			t.Logf("%v: killed %v, %s, peak %d MiB, CPU %v, %v", took, res.Killed, res.Reason, res.PeakBytes>>20, res.CPU, err)
			if res.Records != tt.records || got != tt.records || res.Killed != tt.killed || res.Reason != tt.reason {
				t.Errorf("result %+v with %d records, want %+v", res, got, tt)
			}
			var fail *Error
			if tt.reason == "" {
				if err != nil {
					t.Errorf("error %v", err)
				}
			} else if !errors.As(err, &fail) || fail.Reason != tt.reason || !strings.Contains(err.Error(), tt.detail) {
				t.Errorf("error %v, want reason %s with %q", err, tt.reason, tt.detail)
			}
			if strings.ContainsRune(fmt.Sprint(err), '\x1b') {
				t.Errorf("error carries an escape character")
			}
			if took > 25*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestRecords(t *testing.T) {
	t.Parallel()
	run := map[string]Runner{"in-process": InProcess(testParsers())}
	if runtime.GOOS == "linux" {
		run["child"] = Run
	}
	for name, r := range run {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := inputFile(t, "a\nb\nc\n")
			var got []string
			sink := func(b json.RawMessage) error { got = append(got, string(b)); return nil }
			if res, err := r(t.Context(), Job{Parser: "lines", Input: in, Limits: testLimits}, sink); err != nil || res.Records != 3 || res.Bytes != 36 {
				t.Errorf("result %+v, %v", res, err)
			}
			if want := []string{`{"line":"a"}`, `{"line":"b"}`, `{"line":"c"}`}; !slices.Equal(got, want) {
				t.Errorf("records %q, want %q", got, want)
			}
			got = nil
			job := Job{Parser: "echo", Input: in, Args: json.RawMessage(`{"part":"視訊","n":12345678901234567890}`), Limits: testLimits}
			if _, err := r(t.Context(), job, sink); err != nil || len(got) != 1 || got[0] != string(job.Args) {
				t.Errorf("arguments came back as %q, %v", got, err)
			}
			stop := errors.New("disk full")
			res, err := r(t.Context(), Job{Parser: "three", Input: in, Limits: testLimits}, func(json.RawMessage) error { return stop })
			if !errors.Is(err, stop) || res.Reason != ReasonSink || !res.Killed || res.Records != 0 {
				t.Errorf("refusing sink gives %+v, %v", res, err)
			}
			if _, err := r(t.Context(), Job{Parser: "three"}, sink); err == nil {
				t.Error("no input was taken")
			}
		})
	}
}

// The same endings in process, where they can be had.
func TestInProcessEndings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		parser, reason string
		records        int
	}{
		{"three", "", 3}, {"error", ReasonError, 3}, {"panic", ReasonPanic, 3}, {"context", ReasonDeadline, 1},
		{"flood", ReasonOutput, 10}, {"long", ReasonLine, 3}, {"swallow", ReasonLine, 3}, {"unheard-of", ReasonNoParser, 0},
	} {
		t.Run(tt.parser, func(t *testing.T) {
			t.Parallel()
			lim := Limits{Deadline: time.Second, MaxOutput: 10_500, MaxLine: 2000}
			res, err := InProcess(testParsers())(t.Context(), Job{Parser: tt.parser, Input: inputFile(t, "x"), Limits: lim},
				func(json.RawMessage) error { return nil })
			if res.Reason != tt.reason || res.Records != tt.records || (err == nil) != (tt.reason == "") {
				t.Errorf("%+v, %v; want %q after %d records", res, err, tt.reason, tt.records)
			}
		})
	}
}

func TestConfinement(t *testing.T) {
	needLinux(t)
	t.Setenv("ASSAY_TEST_SECRET", "hunter2hunter2")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // nobody connects
	args, err := json.Marshal(map[string]string{"Dir": dir, "Addr": l.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	in := inputFile(t, "content")
	got := map[string]string{}
	res, err := Run(t.Context(), Job{Parser: "escape", Input: in, Args: args, Limits: testLimits}, func(b json.RawMessage) error {
		var pair [2]string
		if err := json.Unmarshal(b, &pair); err != nil {
			return err
		}
		got[pair[0]] = pair[1]
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("held: %v", res.Confinement)
	env := got["environment"]
	delete(got, "environment")
	if len(got) != 19 {
		t.Errorf("%d attempts, want 19", len(got))
	}
	held := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(res.Confinement, n) })
	}
	needs := map[string][]string{
		"chmod": {HeldSeccomp}, "chmod-input": {HeldSeccomp}, "kill-parent": {HeldSeccomp, HeldLandlockScope},
		"dial-udp": {HeldSeccomp, HeldNetworkNamespace}, "dial-tcp": {HeldSeccomp, HeldNetworkNamespace, HeldLandlockTCP},
		"listen": {HeldSeccomp}, "ptrace": {HeldSeccomp, HeldLandlockFiles}, "write-input": {HeldLimits},
		"unlimit": {HeldNoCapabilities, HeldUserNamespace},
	}
	for name, msg := range got {
		need := needs[name]
		if need == nil {
			need = []string{HeldSeccomp, HeldLandlockFiles}
		}
		switch {
		case msg != "":
			t.Logf("%s: %s", name, msg)
		case held(need...):
			t.Errorf("%s succeeded although %v held", name, res.Confinement)
		default:
			t.Logf("%s: not prevented on this system, it lacks %v", name, need)
		}
	}
	for kv := range strings.FieldsSeq(env) {
		if name, _, _ := strings.Cut(kv, "="); name != "GOMEMLIMIT" && name != "GOMAXPROCS" {
			t.Errorf("the child sees %s", kv)
		}
	}
	if b, err := os.ReadFile(in.Name()); err != nil || string(b) != "content" {
		t.Errorf("input is now %q, %v", b, err)
	}
	if !slices.IsSorted(res.Confinement) || !held(HeldLimits) || !held(HeldNoNewPrivileges) {
		t.Errorf("confinement %v", res.Confinement)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	needLinux(t)
	ctx, cancel := context.WithCancel(t.Context())
	res, err := Run(ctx, Job{Parser: "sleep", Input: inputFile(t, "x"), Limits: testLimits}, func(b json.RawMessage) error {
		if string(b) == "2" {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || res.Reason != ReasonCancelled || res.Records != 3 {
		t.Errorf("%+v, %v", res, err)
	}
}

func TestInputs(t *testing.T) {
	t.Parallel()
	needLinux(t)
	run := func(in *os.File) (int, error) {
		res, err := Run(t.Context(), Job{Parser: "lines", Input: in, Limits: testLimits}, func(json.RawMessage) error { return nil })
		return res.Records, err
	}
	in := inputFile(t, "a\nb\n")
	if _, err := in.Seek(0, io.SeekEnd); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the offset of the caller is its own
		if n, err := run(in); n != 2 || err != nil {
			t.Errorf("file: %d, %v", n, err)
		}
	}
	if err := os.Remove(in.Name()); err != nil {
		t.Fatal(err)
	}
	if n, err := run(in); n != 2 || err != nil {
		t.Errorf("removed file: %d, %v", n, err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close() // the test is over
	if _, err := w.WriteString("a\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := run(w); err == nil {
		t.Error("a writable pipe was given to a child")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := run(r); n != 1 || err != nil {
		t.Errorf("pipe: %d, %v", n, err)
	}
}

func TestParentDies(t *testing.T) {
	t.Parallel()
	needLinux(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	parent := exec.Command(exe, "__parent", inputFile(t, "x").Name())
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); err != nil {
		t.Fatalf("the child is not there before: %v", err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // it was killed
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		// A zombie waits for whoever inherited it; it runs no more.
		if err != nil || strings.Contains(string(b), ") Z ") {
			return
		}
		if time.Since(begin) > 10*time.Second {
			t.Fatalf("child %d lives on: %s", pid, b)
		}
	}
}

func TestMainArguments(t *testing.T) {
	t.Parallel()
	for _, argv := range [][]string{nil, {"assay"}, {"assay", "run"}, {"assay", command, "more"}, {command, "x"}} {
		if handled, _ := Main(nil, argv); handled {
			t.Errorf("Main took %q", argv)
		}
	}
}

// What a person gets who types the internal command.
func TestMainByHand(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(exe, command).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 4 || !strings.Contains(string(out), "internal") {
		t.Errorf("%v: %s", err, out)
	}
}

func FuzzReadChild(f *testing.F) {
	f.Add("H{\"confinement\":[\"limits\"]}\nR1\nR2\nE{}\n")
	f.Add("R1\n")
	f.Add("H{}\nE{\"reason\":\"x\"}\nR1\n")
	f.Add("H{}\nR{\n\n\n")
	f.Add("H{}\nR" + strings.Repeat("1", 300))
	f.Fuzz(func(t *testing.T, s string) {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_, _ = w.WriteString(s) // the reader may stop early
			_ = w.Close()
		}()
		lim := Limits{MaxLine: 200, MaxOutput: 1000}
		c := &proc{job: Job{Parser: "fuzz", Limits: lim}, out: r}
		var n, all int
		_, _, fail := c.read(func(b json.RawMessage) error {
			n, all = n+1, all+len(b)
			if !json.Valid(b) || len(b) > 200 {
				t.Errorf("record %q", b)
			}
			return nil
		})
		if n != c.res.Records || all > 1000 || int64(all) != c.res.Bytes {
			t.Errorf("%d records, %d bytes; result %+v, %v", n, all, c.res, fail)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkRun(b *testing.B) {
	in, err := os.Open(os.DevNull)
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close() // read only
	for b.Loop() {
		if _, err := Run(b.Context(), Job{Parser: "three", Input: in, Limits: testLimits}, func(json.RawMessage) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
