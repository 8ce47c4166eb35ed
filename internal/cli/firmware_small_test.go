package cli

import (
	"archive/tar"
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"assay/internal/i18n"
)

// linked is an archive of a program and links to it and to nothing.
func linked(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range []tar.Header{
		{Name: "bin/sh", Typeflag: tar.TypeReg, Mode: 0o755, Size: 5}, {Name: "etc/good", Typeflag: tar.TypeSymlink, Linkname: "../bin/sh"},
		{Name: "etc/whole", Typeflag: tar.TypeSymlink, Linkname: "/bin"}, {Name: "etc/gone", Typeflag: tar.TypeSymlink, Linkname: "/nowhere/at/all"},
		{Name: "etc/by", Typeflag: tar.TypeSymlink, Linkname: "whole/sh"},
	} {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := w.Write([]byte("#!sh\n")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestLinksToNothing: of a link whose target isn't there that is said; of others
// where they lead.
func TestLinksToNothing(t *testing.T) {
	t.Parallel()
	path := writeFile(t, filepath.Join(t.TempDir(), "links.tar"), linked(t))
	for name, dangling := range map[string]bool{"/etc/good": false, "/etc/whole": false, "/etc/by": false, "/etc/gone": true} {
		_, stderr, code := call(t.Context(), "firmware", "cat", path, name)
		if code != exitUse || strings.Contains(stderr, "isn't there in the image") != dangling || !strings.Contains(stderr, "is a link to") {
			t.Errorf("%s: exit code %d: %s", name, code, stderr)
		}
	}
}

// TestSmallMisuse: what was given and can't count is refused, or said.
func TestSmallMisuse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := writeFile(t, filepath.Join(dir, "links.tar"), linked(t))
	twice := writeFile(t, filepath.Join(dir, "twice.txt"), []byte("wifi  blue-lighthouse-17\n\nwifi  green-lighthouse-18\n"))
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"firmware", path, "--markers", twice}, "line 3: the name wifi stands on line 1 already"},
		{[]string{"firmware", path, "--files"}, "--format text has no place for them"},
		{[]string{"firmware", path, "--out", ""}, "--out is empty"},
		{[]string{"firmware", "extract", path, "--out", ""}, "--out is empty"},
		{[]string{"firmware", "-"}, "standard input is not read: give a file"},
		{[]string{"firmware", "extract", path, "--out", "."}, "For example: --out files"},
		{[]string{"firmware", "extract", path, "--out", dir}, "For example: --out " + dir + "-2"},
	} {
		if _, stderr, code := call(t.Context(), tt.args...); code != exitUse || !strings.Contains(stderr, tt.want) {
			t.Errorf("%q: exit code %d, no %q in %s", tt.args, code, tt.want, stderr)
		}
	}
	var errs bytes.Buffer
	env := func(name string) string { return map[string]string{"ASSAY_LANG": "xx"}[name] }
	if code := Main(t.Context(), IO{In: strings.NewReader(""), Out: io.Discard, Err: &errs, Getenv: env}, []string{"version"}); code != exitOK || !strings.Contains(errs.String(), "ASSAY_LANG=xx") {
		t.Errorf("ASSAY_LANG=xx: exit code %d, %s", code, errs.String())
	}
}

// TestNothingTwice: no sentence says the same twice, and none counts to zero what
// it complains of.
func TestNothingTwice(t *testing.T) {
	t.Parallel()
	words, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	a := &app{texts: words, lang: "en"}
	for _, tt := range [][3]string{
		{"parts-not-read", "qcow: recognised, not read", "recognised, not read: qcow"}, {"broken", "inode 7: damaged", "damaged: inode 7"},
		{"broken", "damaged", "damaged"}, {"limit", "more names", "a limit was reached: more names"},
	} {
		if got := a.gapText(tt[0], tt[1]); got != tt[2] {
			t.Errorf("%q, want %q", got, tt[2])
		}
	}
	files := bare(t)
	stdout, _, code := call(t.Context(), "firmware", "diff", files["empty"], files["empty"])
	if code != exitUndecided || strings.Contains(stdout, "0 places") || !strings.Contains(stdout, "only the bytes were compared") {
		t.Errorf("diff: exit code %d: %s", code, stdout)
	}
	if _, stderr, code := call(t.Context(), "sbom", files["text"]); code != exitUndecided || strings.Contains(stderr, "0 places") || !strings.Contains(stderr, "the list says nothing") {
		t.Errorf("sbom: exit code %d: %s", code, stderr)
	}
	if stdout, _, _ := call(t.Context(), "firmware", files["one"]); strings.Contains(stdout, "1 bytes") {
		t.Errorf("one byte: %s", head(stdout))
	}
	if stdout, _, _ := call(t.Context(), "firmware", files["text"], "--lang", "zh-Hant"); !strings.Contains(stdout, "看似文字") {
		t.Errorf("a stray space: %s", stdout)
	}
}

// TestMachined: a program's processor has a name.
func TestMachined(t *testing.T) {
	t.Parallel()
	for note, want := range map[string]string{"shared object, machine 62, 64 bits": "shared object, x86-64, 64 bits", "program, machine 40, 32 bits": "program, ARM, 32 bits",
		"program, machine 9999, 32 bits": "program, machine 9999, 32 bits", "2 members": "2 members"} {
		if got := machined(note); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
