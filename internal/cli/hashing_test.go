package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// meddler changes a file when the first line of progress is written: it was
// opened then, and isn't read to its end.
type meddler struct {
	bytes.Buffer
	once   sync.Once
	change func()
}

func (m *meddler) Write(b []byte) (int, error) {
	m.once.Do(m.change)
	return m.Buffer.Write(b)
}

// TestChangedWhileRead: an image that somebody writes to while it is read has no
// hash, is incomplete, and never ends as read whole.
func TestChangedWhileRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	content := []byte(strings.Repeat("a few lines of plain text\n", 3000))
	for _, tt := range []struct {
		name string
		args []string
		want []string
	}{
		{"text", []string{"firmware", "IMAGE"}, []string{"SHA-256 not stated: the file changed while it was read"}},
		{"json", []string{"firmware", "IMAGE", "--format", "json"}, []string{`"why": "changed"`, `"code": "changed"`}},
		{"sarif", []string{"firmware", "IMAGE", "--format", "sarif"}, []string{`"executionSuccessful": false`}},
		{"sbom", []string{"sbom", "IMAGE"}, []string{"CycloneDX"}},
		{"diff", []string{"firmware", "diff", "IMAGE", "IMAGE", "--format", "json"}, []string{`"why": "changed"`}},
		{"ls", []string{"firmware", "ls", "IMAGE", "--format", "json"}, []string{`"why": "changed"`, `"code": "changed"`}},
	} {
		for what, change := range map[string]func(path string) error{
			"grown": func(path string) error {
				return os.WriteFile(path, append(content[:len(content):len(content)], 1), 0o644)
			},
			"cut": func(path string) error { return os.Truncate(path, int64(len(content)/2)) },
			"same size": func(path string) error {
				return os.Chtimes(path, time.Unix(1e9, 0), time.Unix(1e9, 0))
			},
		} {
			t.Run(tt.name+" "+what, func(t *testing.T) {
				t.Parallel()
				path := writeFile(t, filepath.Join(dir, strings.ReplaceAll(tt.name+what, " ", "")+".bin"), content)
				errs := &meddler{change: func() {
					if err := change(path); err != nil {
						t.Error(err)
					}
				}}
				var out bytes.Buffer
				args := append(strings.Split(strings.ReplaceAll(strings.Join(tt.args, "\n"), "IMAGE", path), "\n"), "-v")
				code := Main(t.Context(), IO{In: strings.NewReader(""), Out: &out, Err: errs, Getenv: func(string) string { return "" }}, args)
				if code != exitUndecided && (tt.name != "diff" || code != exitFailed) {
					t.Errorf("exit code %d\n%s", code, errs.String())
				}
				for _, want := range tt.want {
					if !strings.Contains(out.String(), want) {
						t.Errorf("no %q in\n%s", want, head(out.String()))
					}
				}
				if s := out.String(); tt.name != "diff" && tt.name != "ls" && strings.Contains(s, `"sha-256"`) || strings.Contains(s, `"alg"`) {
					t.Errorf("a hash is stated\n%s", head(s))
				}
			})
		}
	}
}

// TestMadeByTheSystem: what the system makes while it is read isn't an image,
// whatever size it states.
func TestMadeByTheSystem(t *testing.T) {
	t.Parallel()
	found := 0
	for _, path := range []string{"/proc/version", "/sys/class/net/lo/address", "/sys/kernel/mm/transparent_hugepage/enabled"} {
		if _, err := os.Stat(path); err != nil {
			continue
		}
		found++
		for _, args := range [][]string{{"firmware", path}, {"firmware", "ls", path}, {"sbom", path}} {
			if _, stderr, code := call(t.Context(), args...); code != exitUse || !strings.Contains(stderr, "Copy it into a file first") {
				t.Errorf("%q: exit code %d: %s", args, code, stderr)
			}
		}
	}
	if found == 0 {
		t.Skip("no /proc and no /sys here")
	}
}
