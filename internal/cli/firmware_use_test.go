package cli

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"assay/internal/refcam"
)

// oddTar is an archive with names that terminals can't be shown as they are.
func oddTar(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range []string{"etc/", "etc/plain.conf", "etc/a\x1b[2Jb.conf", "etc/line\nbreak.conf", "etc/right\u202eleft.conf", "etc/x.conf:12", "設定/主.conf", "etc/with space.conf"} {
		h := &tar.Header{Name: name, Mode: 0o644, Format: tar.FormatGNU}
		data := "mqtt_password=Tr0ub4dor-" + strings.Trim(name, "/") + "\n"
		if h.Typeflag = tar.TypeReg; strings.HasSuffix(name, "/") {
			h.Typeflag, data = tar.TypeDir, ""
		}
		h.Size = int64(len(data))
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pathsIn collects the paths of a JSON document.
func pathsIn(v any, out map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if s, ok := x.(string); ok && k == "path" && s != "" {
				out[s] = true
			}
			pathsIn(x, out)
		}
	case []any:
		for _, x := range v {
			pathsIn(x, out)
		}
	}
}

var listedName = regexp.MustCompile(`^-\S+ +\d+ +\d+ +\d+ (.*)$`)

// TestPathsAreTaken: `cat` takes every path that a report prints, with its line
// or offset, and every name that `ls` prints. Folders and links are told as such.
func TestPathsAreTaken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, b := range map[string][]byte{"camera": image(t, refcam.Typical()...), "odd": oddTar(t), "env": environment("bootdelay=5", "bootargs=console=ttyS0 init=/bin/sh", "wifi_psk=blue-lighthouse-17")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := writeFile(t, filepath.Join(dir, name+".bin"), b)
			stdout, _, _ := call(t.Context(), "firmware", path, "--format", "json")
			var doc map[string]any
			if err := json.Unmarshal([]byte(stdout), &doc); err != nil {
				t.Fatal(err)
			}
			delete(doc, "image")
			paths := make(map[string]bool)
			pathsIn(doc, paths)
			list, _, code := call(t.Context(), "firmware", "ls", path)
			if code != exitOK {
				t.Fatalf("ls: exit code %d", code)
			}
			for line := range strings.Lines(list) {
				if m := listedName.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
					paths[m[1]] = true
				}
			}
			if len(paths) < 4 {
				t.Fatalf("only %d paths", len(paths))
			}
			for p := range paths {
				got, stderr, code := call(t.Context(), "firmware", "cat", path, p)
				if code != exitOK && !strings.Contains(stderr, "is a folder") && !strings.Contains(stderr, "is a link") {
					t.Errorf("%q: exit code %d: %s", p, code, stderr)
				}
				if line, _, code := call(t.Context(), "firmware", "cat", path, p+":3"); code != exitOK && got != "" || line != got {
					t.Errorf("%q with a line: exit code %d, %d bytes, want %d", p, code, len(line), len(got))
				}
			}
		})
	}
}

// TestPieces: what stands in no tree is listed where there is no tree, shown, and
// written out; a name with a mistake has a near one.
func TestPieces(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := writeFile(t, filepath.Join(dir, "env.bin"), environment("bootdelay=5", "bootcmd=run update; bootm 0x80000"))
	if got := ok(t, "firmware", "cat", env, "u-boot-env:bootcmd"); got != "run update; bootm 0x80000" {
		t.Errorf("a variable: %q", got)
	}
	if got := ok(t, "firmware", "ls", env); !strings.Contains(got, " u-boot-env:bootcmd\n") {
		t.Errorf("ls: %s", got)
	}
	for _, wrong := range []string{"u-boot-env:bootcmdd", "uboot-env:bootcmd"} {
		if _, stderr, code := call(t.Context(), "firmware", "cat", env, wrong); code != exitUse || !strings.Contains(stderr, "is it u-boot-env:bootcmd") {
			t.Errorf("%s: exit code %d: %s", wrong, code, stderr)
		}
	}
	if _, stderr, code := call(t.Context(), "firmware", "cat", env, ""); code != exitUse || !strings.Contains(stderr, "empty") {
		t.Errorf("no path: exit code %d: %s", code, stderr)
	}
	out := filepath.Join(dir, "env")
	ok(t, "firmware", "extract", env, "--out", out)
	if b, err := os.ReadFile(filepath.Join(out, "files", "u-boot-env%3Abootcmd")); err != nil || !strings.HasPrefix(string(b), "run update") {
		t.Errorf("%q, %v", b, err)
	}
	camera := writeFile(t, filepath.Join(dir, "camera.bin"), image(t))
	if got := ok(t, "firmware", "cat", camera, "squashfs"); !strings.HasPrefix(got, "hsqs") {
		t.Errorf("a part: %.8q", got)
	}
	if got := ok(t, "firmware", "cat", camera, "squashfs:/etc/inittab"); got != ok(t, "firmware", "cat", camera, "/etc/inittab") {
		t.Error("the full path is another file")
	}
	all := filepath.Join(dir, "all")
	ok(t, "firmware", "extract", camera, "--out", all)
	list, err := filepath.Glob(filepath.Join(all, "*", "%2E"))
	if err != nil || len(list) > 0 {
		t.Errorf("a folder for the root: %q, %v", list, err)
	}
}

// TestInterrupted: what a person who pressed Ctrl-C reads, in both languages and
// as JSON.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := writeFile(t, filepath.Join(dir, "camera.bin"), image(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, args := range [][]string{{"firmware", path}, {"firmware", "ls", path}, {"firmware", "cat", path, "/etc/inittab"}, {"firmware", "extract", path, "--out", filepath.Join(dir, "out")},
		{"firmware", "diff", path, path}, {"sbom", path}} {
		_, stderr, code := call(ctx, args...)
		if code != exitUse || !strings.Contains(stderr, "interrupted; nothing was written") || strings.Contains(stderr, "context") {
			t.Errorf("%q: exit code %d: %s", args, code, stderr)
		}
		if _, stderr, _ := call(ctx, append(slices.Clone(args), "--lang", "zh-Hant")...); !strings.Contains(stderr, "已中斷") {
			t.Errorf("%q: %s", args, stderr)
		}
	}
	stdout, _, _ := call(ctx, "firmware", path, "--format", "json")
	if !strings.Contains(stdout, `"code": "interrupted"`) {
		t.Errorf("JSON: %s", stdout)
	}
	if _, err := os.Stat(filepath.Join(dir, "out")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder was made: %v", err)
	}
}

// TestSought: markers are told by name, found or not, and never by value.
func TestSought(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := writeFile(t, filepath.Join(dir, "env.bin"), environment("wifi_psk=blue-lighthouse-17", "bootdelay=5"))
	marks := writeFile(t, filepath.Join(dir, "m.txt"), []byte("wifi  blue-lighthouse-17\nadmin  Tr0ub4dor-unit-a\n"))
	for _, tt := range []struct{ lang, format, want string }{
		{"en", "text", "1 of 2 found in clear; not found: admin"},
		{"zh-Hant", "text", "2 個標記中，1 個以明文出現；未發現：admin"},
		{"en", "html", "1 of 2 found in clear; not found: admin"},
		{"en", "json", `"name": "admin",` + "\n      " + `"found": false`},
	} {
		stdout, _, code := call(t.Context(), "firmware", path, "--markers", marks, "--format", tt.format, "--lang", tt.lang)
		if code != exitFailed || !strings.Contains(stdout, tt.want) {
			t.Errorf("%s, %s: exit code %d, no %q in\n%s", tt.lang, tt.format, code, tt.want, head(stdout))
		}
		if strings.Contains(stdout, "Tr0ub4dor") {
			t.Errorf("%s, %s: the value of a marker is shown", tt.lang, tt.format)
		}
	}
	noise := make([]byte, 64<<10)
	for i, x := 0, uint32(7); i < len(noise); i++ {
		x = x*1664525 + 1013904223
		noise[i] = byte(x >> 24)
	}
	stdout, _, _ := call(t.Context(), "firmware", writeFile(t, filepath.Join(dir, "noise.bin"), noise), "--markers", marks)
	if !strings.Contains(stdout, "not found in what could be read") {
		t.Errorf("an image that can't be read: %s", stdout)
	}
}

// TestHelpOffers: the help of a command names the formats that it takes, and no
// other.
func TestHelpOffers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"firmware"}, "text, json, html, cyclonedx, spdx, sarif"}, {[]string{"firmware", "ls"}, "text, json"}, {[]string{"firmware", "cat"}, "text"},
		{[]string{"firmware", "extract"}, "text, json"}, {[]string{"firmware", "diff"}, "text, json"}, {[]string{"sbom"}, "cyclonedx, spdx, with --compare text, json"},
	} {
		help := ok(t, append(tt.args, "--help")...)
		if !strings.Contains(help, "answer: "+tt.want+" (default") || strings.Count(help, "--format FORMAT") != 1 {
			t.Errorf("%q: %s", tt.args, help)
		}
	}
}
