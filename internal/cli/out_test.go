package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFailureKeepsOut: a command that fails or is interrupted leaves what stands
// at --out as it was, makes no new file, and writes its error, as JSON, to stdout.
func TestFailureKeepsOut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := writeFile(t, filepath.Join(dir, "env.bin"), environment("bootdelay=5", "bootcmd=run update"))
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	const good = "{\"an earlier\": \"answer\"}\n"
	for _, tt := range []struct {
		name string
		ctx  context.Context
		args []string
		code string
	}{
		{"missing", t.Context(), []string{"firmware", filepath.Join(dir, "no.bin")}, "not-found"},
		{"interrupted", stopped, []string{"firmware", path}, "interrupted"},
		{"interrupted ls", stopped, []string{"firmware", "ls", path}, "interrupted"},
		{"interrupted diff", stopped, []string{"firmware", "diff", path, path}, "interrupted"},
		{"no such path", t.Context(), []string{"firmware", "ls", path, "/nowhere"}, "not-found"},
		{"no workspace", t.Context(), []string{"-C", dir, "check"}, "not-found"},
	} {
		out := writeFile(t, filepath.Join(dir, strings.ReplaceAll(tt.name, " ", "-")+".json"), []byte(good))
		fresh := filepath.Join(dir, "new.json")
		for _, to := range []string{out, fresh} {
			stdout, _, code := call(tt.ctx, append(tt.args, "--format", "json", "--out", to)...)
			if code != exitUse || !strings.Contains(stdout, `"assay/error@1"`) || !strings.Contains(stdout, `"code": "`+tt.code+`"`) {
				t.Errorf("%s: exit code %d, stdout %s", tt.name, code, stdout)
			}
		}
		if b, err := os.ReadFile(out); err != nil || string(b) != good {
			t.Errorf("%s: what stood there became %q, %v", tt.name, b, err)
		}
		if _, err := os.Lstat(fresh); !os.IsNotExist(err) {
			t.Errorf("%s: a file was made: %v", tt.name, err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".answer-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
	// An answer that tells of mistakes is an answer.
	out := filepath.Join(dir, "check.txt")
	thing := fresh(t, "generic")
	writeFile(t, filepath.Join(thing, "threats.yaml"), []byte("nope: 1\n"))
	if _, _, code := call(t.Context(), "-C", thing, "check", "--out", out); code != exitUse {
		t.Errorf("check: exit code %d", code)
	}
	if b, err := os.ReadFile(out); err != nil || !strings.Contains(string(b), "threats.yaml:") {
		t.Errorf("check: %q, %v", b, err)
	}
}
