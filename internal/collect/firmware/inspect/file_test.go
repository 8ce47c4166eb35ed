package inspect_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect"
)

func TestKindAndRole(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		path, data string
		kind       inspect.Kind
		role       inspect.Role
	}{
		{"/etc/passwd", "root:x:0:0::/:/bin/sh\n", inspect.Text, inspect.Config},
		{"/etc/init.d/S10x", "#!/bin/sh\n", inspect.Text, inspect.Script},
		{"/usr/bin/x", "#!/usr/bin/lua\n", inspect.Text, inspect.Script},
		{"/usr/sbin/d", "\x7fELF\x01\x01", inspect.ELF, inspect.Program},
		{"/var/www/a.js", "var a;", inspect.Text, inspect.Web},
		{"/usr/share/doc/x/README.txt", "text", inspect.Text, inspect.Documentation},
		{"/opt/LICENSE", "text", inspect.Text, inspect.Documentation},
		{"/etc/x.conf.sample", "a=b", inspect.Text, inspect.Documentation},
		{"/usr/share/zoneinfo/tab", "x", inspect.Text, inspect.Database},
		{"/root/.ash_history", "ls", inspect.Text, inspect.History},
		{"/etc/ca", "-----BEGIN CERTIFICATE-----\n", inspect.Text, inspect.Certificate},
		{"/data/nvram", "a=b\x00c=d\x00", inspect.Binary, inspect.Data},
		{"/empty", "", inspect.Text, inspect.Config},
	} {
		f := inspect.New(row.path, 0o644, []byte(row.data))
		if f.Kind != row.kind || f.Role != row.role {
			t.Errorf("%s: %s, %s; want %s, %s", row.path, f.Kind, f.Role, row.kind, row.role)
		}
	}
}

// TestWide: texts in UTF-16 are read as texts, with their places.
func TestWide(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, data, want string
		at               int // of the last byte
		ok               bool
	}{
		{"little", "\xff\xfea\x00=\x00\x01\x4eb\x00", "a=丁b", 8, true},
		{"big", "\xfe\xff\x00a\x00=\x4e\x01\x00b", "a=丁b", 8, true},
		{"surrogates", "\xff\xfe\x3d\xd8\x00\xdea\x00b\x00", "\U0001f600ab", 8, true},
		{"no mark", strings.Repeat("k\x00=\x00v\x00\n\x00", 8), strings.Repeat("k=v\n", 8), 62, true},
		{"a text", "\xef\xbb\xbfkey=value\n", "", 0, false},
		{"bytes", "\xff\xfe\x00\x00\x01\x00\x00\x00", "", 0, false},
		{"odd", "\xff\xfea\x00b\x00c\x00d", "", 0, false},
	} {
		text, at, ok := inspect.New("/a.ini", 0, []byte(row.data)).Wide()
		if ok != row.ok || ok && (string(text.Data) != row.want || at(len(text.Data)-1) != row.at) {
			t.Errorf("%s: %v, %+v", row.name, ok, text)
		}
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	f := inspect.New("/a", 0, []byte("one\n\nthree"))
	for off, want := range []int{1, 1, 1, 1, 2, 3, 3, 3, 3, 3} {
		if got := f.Line(off); got != want {
			t.Errorf("line of %d: %d, want %d", off, got, want)
		}
	}
	if l, start := f.LineAround(6); string(l) != "three" || start != 5 {
		t.Errorf("%q at %d", l, start)
	}
	if l, start := f.LineAround(3); string(l) != "one" || start != 0 {
		t.Errorf("%q at %d", l, start)
	}
	long := inspect.New("/b", 0, bytes.Repeat([]byte("x"), 1<<20))
	if l, start := long.LineAround(500_000); len(l) > 3*4096 || start > 500_000 || start+len(l) < 500_000 {
		t.Errorf("%d bytes at %d", len(l), start)
	}
}

func TestComment(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		path, text string // the place is that of "X"
		want       bool
	}{
		{"/etc/a.conf", "# X", true},
		{"/etc/a.conf", "a = X", false},
		{"/etc/a.conf", "a = b # X", true},
		{"/etc/a.conf", `a = "b # X"`, false},
		{"/etc/a.conf", "; X", true},
		{"/www/a.js", "/* a\n X */", true},
		{"/www/a.js", "/* a */ X", false},
		{"/www/a.html", "<!-- a\nX -->", true},
		{"/www/a.html", "<!-- a -->\nX", false},
		{"/bin/a.sh", "#!/bin/sh X", false},
		{"/bin/a.sh", "ls /*\nX", false},
	} {
		f := inspect.New(row.path, 0, []byte(row.text))
		if got := f.Comment(strings.Index(row.text, "X")); got != row.want {
			t.Errorf("%q: %v", row.text, got)
		}
	}
}

// program builds an ELF with one section of code and one of data.
func program(code, data string) []byte {
	o := binary.LittleEndian
	b := make([]byte, 52)
	copy(b, "\x7fELF\x01\x01\x01")
	text := len(b)
	b = append(b, code...)
	rodata := len(b)
	b = append(b, data...)
	o.PutUint32(b[32:], uint32(len(b)))
	o.PutUint16(b[46:], 40)
	o.PutUint16(b[48:], 2)
	for _, s := range []struct {
		flags     uint32
		off, size int
	}{{6, text, len(code)}, {2, rodata, len(data)}} {
		h := make([]byte, 40)
		o.PutUint32(h[4:], 1)
		o.PutUint32(h[8:], s.flags)
		o.PutUint32(h[16:], uint32(s.off))
		o.PutUint32(h[20:], uint32(s.size))
		b = append(b, h...)
	}
	return b
}

func TestRunsOfAnELFLeaveCodeOut(t *testing.T) {
	t.Parallel()
	f := inspect.New("/bin/x", 0, program("incode\x00", "first\x00\x01secondary\x00"))
	type run struct {
		Text string
		NUL  bool
	}
	var got []run
	for r := range f.Runs(4) {
		got = append(got, run{string(r.Text), r.NUL})
	}
	if d := cmp.Diff([]run{{"first", true}, {"secondary", false}}, got); d != "" {
		t.Error(d)
	}
	if f.InStrings(53) || !f.InStrings(60) {
		t.Error("InStrings contradicts Runs")
	}
}

func FuzzFile(f *testing.F) {
	f.Add("/bin/x", program("code", "data\x00more"), 3)
	f.Add("/etc/a.conf", []byte("a=b # c\n/* d"), 5)
	f.Add("/www/a.html", []byte("<!-- \n x"), 7)
	f.Fuzz(func(t *testing.T, path string, b []byte, off int) {
		if off < 0 || off >= len(b) {
			return
		}
		file := inspect.New(path, 0, b)
		line, start := file.LineAround(off)
		if start > off || start+len(line) < off {
			t.Errorf("line %d+%d around %d", start, len(line), off)
		}
		if n := file.Line(off); file.Kind == inspect.Text && n != 1+bytes.Count(b[:off], []byte("\n")) {
			t.Errorf("line number %d of %d", n, off)
		}
		file.Comment(off)
		total := 0
		for r := range file.Runs(4) {
			total += len(r.Text)
		}
		if total > len(b) {
			t.Errorf("%d bytes of strings in %d", total, len(b))
		}
	})
}
