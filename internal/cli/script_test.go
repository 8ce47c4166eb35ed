package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"assay/internal/assess"
	"assay/internal/sandbox"
)

// TestMain lets the test binary be the program itself: the confined child
// that reads hostile bytes, and the command `assay` of the scripts.
func TestMain(m *testing.M) {
	parsers := assess.Parsers()
	parsers[hungryName] = hungry
	if handled, code := sandbox.Main(parsers, os.Args); handled {
		os.Exit(code)
	}
	testscript.Main(m, map[string]func(){"assay": program})
}

func program() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	streams := IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv}
	if s := os.Getenv("TODAY"); s != "" { // of a script about days
		day, err := time.Parse("2006-01-02", s)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(exitFault)
		}
		streams.Now = func() time.Time { return day }
	}
	code := Main(ctx, streams, os.Args[1:])
	stop()
	os.Exit(code)
}

// TestScripts runs what testdata/script holds: the program as its users see
// it, a file a command.
func TestScripts(t *testing.T) {
	t.Parallel()
	found, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(found) < 20 {
		t.Fatalf("%d scripts (%v), at least one a command is expected", len(found), err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": codeCommand, "json": jsonCommand, "await": awaitCommand, "flip": flipCommand, "clean": cleanCommand, "run": runCommand, "newcomer": newcomerCommand, "cpdir": cpdirCommand, "archive": archiveCommand, "within": withinCommand, "readme": readmeCommand,
		},
		Condition: func(c string) (bool, error) {
			switch c {
			case "unprivileged":
				_, err := exec.LookPath("setpriv")
				return os.Getuid() != 0 || err == nil, nil
			case "root":
				return os.Getuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", c)
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("LANG", "C.UTF-8")
			e.Setenv("LC_ALL", "")
			records, err := filepath.Abs(records)
			if err != nil {
				return err
			}
			e.Setenv("RECORDS", records)
			readme, err := filepath.Abs("../../README.md")
			e.Setenv("README", readme)
			return err
		},
	})
}

// readmeCommand is `readme FILE`: what README.md shows of the demonstration stands
// in FILE, line by line and in this order; … stands for lines that are left out.
func readmeCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: readme FILE")
	}
	b, err := os.ReadFile(ts.Getenv("README"))
	ts.Check(err)
	_, block, _ := strings.Cut(string(b), "`make demo` prints")
	_, block, _ = strings.Cut(block, "```\n")
	block, _, _ = strings.Cut(block, "```")
	got := strings.Split(ofOneRun.ReplaceAllString(ts.ReadFile(args[0]), "#"), "\n")
	shown, left := 0, got
	for line := range strings.Lines(ofOneRun.ReplaceAllString(block, "#")) {
		line = strings.TrimRight(line, "\n")
		if s := strings.TrimSpace(line); s == "" || s == "…" || strings.HasPrefix(s, "Report: ") {
			continue
		}
		i := slices.Index(left, line)
		if i < 0 {
			ts.Fatalf("README.md shows a line that isn't printed there: %q", line)
		}
		left, shown = left[i+1:], shown+1
	}
	if shown < 20 {
		ts.Fatalf("README.md shows %d lines of the demonstration", shown)
	}
}

// ofOneRun is what differs from one demonstration to the next.
var ofOneRun = regexp.MustCompile(`[0-9]{8}-[0-9]{6}-[0-9a-f]{6}|[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8} UTC|\b[1-9][0-9]{4}\b`)

// codeCommand is `code N assay ARGS…`: the exit code must be N. With a
// trailing ! (`code! N …`) nothing changes; `! code` isn't allowed. The word
// unprivileged before assay takes root's right to ignore file modes.
func codeCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N [unprivileged] COMMAND ARGS…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	args = args[1:]
	if args[0] == "unprivileged" {
		args = args[1:]
		if os.Getuid() == 0 {
			args = append([]string{"setpriv", "--bounding-set", "-all", "--inh-caps", "-all"}, args...)
		}
	}
	got := 0
	if err := ts.Exec(args[0], args[1:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d\nstdout: %s\nstderr: %s", got, want, head(ts.ReadFile("stdout")), head(ts.ReadFile("stderr")))
	}
}

// runCommand is `run NAME ARGS…`: assay run --format json, whatever its
// verdicts; $NAME is the run's id then. Wrong use and faults of the
// program are errors.
func runCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: run NAME ARGS…")
	}
	var exit *exec.ExitError
	if err := ts.Exec("assay", append(args[1:], "run", "--format", "json")...); err != nil && (!errors.As(err, &exit) || exit.ExitCode() == exitUse || exit.ExitCode() == exitFault) {
		ts.Fatalf("%v\n%s", err, head(ts.ReadFile("stderr")))
	}
	var doc struct {
		Run struct {
			ID string `json:"id"`
		} `json:"run"`
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &doc))
	ts.Setenv(args[0], doc.Run.ID)
}

func head(s string) string { return s[:min(len(s), 1500)] }

// jsonCommand is `json FILE PATH [VALUE]`: FILE (or stdout) is one JSON
// document and nothing else, and PATH leads to something in it, to VALUE
// where that is given. A path is names and indexes between dots; LEN is the
// length, and > before VALUE asks for more than that. `! json` wants the
// path to be absent in a valid document.
func jsonCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: json FILE PATH [VALUE]")
	}
	dec := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	dec.UseNumber()
	var doc any
	if err := dec.Decode(&doc); err != nil {
		ts.Fatalf("%s isn't JSON: %v", args[0], err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		ts.Fatalf("%s: more than one JSON document (%v)", args[0], err)
	}
	got, ok := walk(doc, args[1])
	match := ok
	if ok && len(args) == 3 {
		text := fmt.Sprint(got)
		if more, is := strings.CutPrefix(args[2], ">"); is {
			n, nerr := strconv.ParseFloat(text, 64)
			than, terr := strconv.ParseFloat(more, 64)
			ts.Check(errors.Join(nerr, terr))
			match = n > than
		} else {
			match = text == args[2]
		}
	}
	if match == neg {
		ts.Fatalf("%s: %s is %v (there: %t), want %v, negated: %t", args[0], args[1], got, ok, args[2:], neg)
	}
}

func walk(doc any, path string) (any, bool) {
	for _, name := range strings.Split(path, ".") {
		switch d := doc.(type) {
		case map[string]any:
			if name == "LEN" {
				doc = len(d)
				continue
			}
			v, ok := d[name]
			if !ok {
				return nil, false
			}
			doc = v
		case []any:
			if name == "LEN" {
				doc = len(d)
				continue
			}
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(d) {
				return nil, false
			}
			doc = d[i]
		default:
			return nil, false
		}
	}
	return doc, true
}

// awaitCommand waits until a file is there and has something in it.
func awaitCommand(ts *testscript.TestScript, _ bool, args []string) {
	end := time.Now().Add(20 * time.Second)
	for _, name := range args {
		for {
			if info, err := os.Stat(ts.MkAbs(name)); err == nil && (info.IsDir() || info.Size() > 0) {
				break
			}
			if time.Now().After(end) {
				ts.Fatalf("%s didn't appear", name)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// flipCommand flips one bit in the middle of the file that a pattern names.
func flipCommand(ts *testscript.TestScript, _ bool, args []string) {
	path := one(ts, args[0])
	b, err := os.ReadFile(path)
	ts.Check(err)
	b[len(b)/2] ^= 1
	ts.Check(os.Chmod(path, 0o600))
	ts.Check(os.WriteFile(path, b, 0o600))
}

func one(ts *testscript.TestScript, pattern string) string {
	found, err := filepath.Glob(ts.MkAbs(pattern))
	ts.Check(err)
	if len(found) == 0 {
		ts.Fatalf("nothing matches %s", pattern)
	}
	return found[0]
}

// cleanCommand refuses terminal control sequences and bidirectional
// overrides in files.
func cleanCommand(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		if bad := dirty(ts.ReadFile(name)); bad != "" {
			ts.Fatalf("%s holds %s", name, bad)
		}
	}
}

// dirty describes the first character that has no business in an output.
func dirty(s string) string {
	for i, r := range s {
		control := r < 0x20 && r != '\n' && r != '\t' && r != '\r' || r == 0x7f || r >= 0x80 && r < 0xa0
		bidi := r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
		if control || bidi {
			return fmt.Sprintf("%U at byte %d, behind %q", r, i, s[max(0, i-40):i])
		}
	}
	return ""
}

// cpdirCommand is `cpdir FROM TO`: copies a folder of files.
func cpdirCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cpdir FROM TO")
	}
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), os.DirFS(ts.MkAbs(args[0]))))
}
