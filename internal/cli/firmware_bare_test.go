package cli

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// bare are files without any structure that is known, by name.
func bare(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	noise := make([]byte, 40_000)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	out := make(map[string]string)
	for name, b := range map[string][]byte{"empty": nil, "one": {'x'}, "text": []byte("a few lines\nof plain text\n"), "zeros": make([]byte, 64<<10), "noise": noise,
		"jpeg": append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"), bytes.Repeat([]byte{3}, 40)...)} {
		out[name] = writeFile(t, filepath.Join(dir, name+".bin"), b)
	}
	return out
}

// TestSARIFOfNothing: where the text says that an image isn't analysable, SARIF
// doesn't call the execution successful, and says why.
func TestSARIFOfNothing(t *testing.T) {
	t.Parallel()
	for name, path := range bare(t) {
		stdout, _, code := call(t.Context(), "firmware", path, "--format", "sarif")
		var log struct {
			Runs []struct {
				Invocations []struct {
					Successful    bool  `json:"executionSuccessful"`
					Notifications []any `json:"toolExecutionNotifications"`
				} `json:"invocations"`
			} `json:"runs"`
		}
		if err := json.Unmarshal([]byte(stdout), &log); err != nil {
			t.Fatal(err)
		}
		if inv := log.Runs[0].Invocations[0]; code != exitUndecided || inv.Successful || len(inv.Notifications) == 0 {
			t.Errorf("%s: exit code %d, %+v", name, code, inv)
		}
	}
}

// TestBareParts: what stands in an image without files is listed and written out,
// and `cat` takes what `ls` lists; an empty file has its own sentence.
func TestBareParts(t *testing.T) {
	t.Parallel()
	for name, path := range bare(t) {
		list, stderr, code := call(t.Context(), "firmware", "ls", path)
		out := filepath.Join(t.TempDir(), "out")
		if name == "empty" {
			for _, args := range [][]string{{"firmware", "ls", path}, {"firmware", "cat", path, "unknown"}, {"firmware", "extract", path, "--out", out}} {
				if _, stderr, code := call(t.Context(), args...); code != exitUse || !strings.Contains(stderr, "it has no bytes\nCopy or download it again") {
					t.Errorf("%q: exit code %d: %s", args, code, stderr)
				}
			}
			continue
		}
		if name == "zeros" || name == "one" { // one value over and over has no name to be asked for
			if code != exitUse || !strings.Contains(stderr, "could not be analysed: erased or padding") {
				t.Errorf("%s: exit code %d: %s", name, code, stderr)
			}
			continue
		}
		if code != exitUndecided || list == "" {
			t.Errorf("%s: ls: exit code %d, %q, %s", name, code, list, stderr)
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, stderr, code := call(t.Context(), "firmware", "extract", path, "--out", out); code != exitUndecided {
			t.Errorf("%s: extract: exit code %d: %s", name, code, stderr)
		}
		for line := range strings.Lines(list) {
			m := listedName.FindStringSubmatch(strings.TrimSpace(line))
			if m == nil {
				t.Fatalf("%s: %q", name, line)
			}
			if got, stderr, _ := call(t.Context(), "firmware", "cat", path, m[1]); !strings.Contains(string(want), got) || got == "" {
				t.Errorf("%s: cat %s: %d bytes: %s", name, m[1], len(got), stderr)
			}
			if b, err := os.ReadFile(filepath.Join(out, "files", m[1])); err != nil || !bytes.Contains(want, b) || len(b) == 0 {
				t.Errorf("%s: extracted %s: %d bytes, %v", name, m[1], len(b), err)
			}
		}
	}
}

// TestReadOfNothing: the summary doesn't call read what the list below calls unread,
// nor the other way round.
func TestReadOfNothing(t *testing.T) {
	t.Parallel()
	files := bare(t)
	for name, want := range map[string]string{"empty": "an empty file: it has no bytes. Copy or download it again", "text": "its bytes only, searched as they stand", "noise": "What was read   nothing"} {
		stdout, _, _ := call(t.Context(), "firmware", files[name])
		if got := strings.Join(strings.Fields(stdout), " "); !strings.Contains(got, strings.Join(strings.Fields(want), " ")) {
			t.Errorf("%s: no %q in\n%s", name, want, stdout)
		}
	}
}

// TestConsoleOnly: where the kernel writes to isn't called started, and only then
// it is said beside it that nothing is known of the start.
func TestConsoleOnly(t *testing.T) {
	t.Parallel()
	path := writeFile(t, filepath.Join(t.TempDir(), "env.bin"), environment("bootargs=console=ttyS0,115200 root=/dev/mtdblock2", "bootcmd=bootm 0x80000"))
	for _, format := range []string{"text", "html"} {
		stdout, _, _ := call(t.Context(), "firmware", path, "--format", format)
		if !strings.Contains(stdout, "Where the kernel writes to") || strings.Contains(stdout, "Started at boot or") || !strings.Contains(stdout, "Nothing in it says what is started") {
			t.Errorf("%s: %s", format, stdout[:min(len(stdout), 3000)])
		}
	}
}
