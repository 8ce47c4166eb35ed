package pyc_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect/pyc"
)

// module is testdata/mod.py, compiled by CPython 3.11.
func module(t testing.TB) []byte {
	b, err := os.ReadFile(filepath.Join("testdata", "mod311.pyc"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTexts(t *testing.T) {
	t.Parallel()
	b := module(t)
	got := map[string]string{}
	for _, x := range pyc.Texts(b) {
		if string(b[x.Off:x.Off+len(x.Value)]) != x.Value {
			t.Errorf("%+v doesn't stand there", x)
		}
		sign := " = "
		if x.Compared {
			sign = " == "
		}
		got[x.Name] += sign + x.Value
	}
	want := map[string]string{"API_TOKEN": " = tk-81c0ffe9", "password": " = Zx81kkQp", "user": " = al", "pin": " == 73544554", "secret": " = s3 == s4", "passwd": " = kw-Zx81", "psk": " = di-Zx82", "host": " = h", "__qualname__": " = Cloud"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// build writes a module of another release: KEY = "s3cret" and nothing else.
func build(magic, header, numbers int) []byte {
	b := binary.LittleEndian.AppendUint16(nil, uint16(magic))
	b = append(b, '\r', '\n')
	b = append(b, make([]byte, header-4)...)
	b = append(b, 'c')
	b = append(b, make([]byte, 4*numbers)...)
	b = append(b, 's', 4, 0, 0, 0, 100, 0, 90, 0)            // LOAD_CONST 0, STORE_NAME 0
	b = append(b, ')', 1, 'z', 6)                            // constants
	b = append(b, "s3cret"...)                               //
	b = append(b, ')', 1, 'Z'|0x80, 3, 'K', 'E', 'Y')        // names
	b = append(b, ')', 0, ')', 0, ')', 0, 'z', 0, 'r', 0, 0) // variables, closures, the file
	b = append(b, 0, 0, 0, 0, 0, 0, 's', 0, 0, 0, 0)         // the function, a line, lines
	return b
}

func TestReleases(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name                   string
		magic, header, numbers int
		want                   int
	}{
		{"3.5", 3351, 12, 5, 0},
		{"3.6", 3379, 12, 5, 1},
		{"3.7", 3394, 16, 5, 1},
		{"3.8", 3413, 16, 6, 1},
		{"3.10", 3439, 16, 6, 1},
		{"3.13", 3571, 16, 5, 0},
	} {
		if got := pyc.Texts(build(row.magic, row.header, row.numbers)); len(got) != row.want || row.want == 1 && (got[0].Name != "KEY" || got[0].Value != "s3cret") {
			t.Errorf("%s: %+v", row.name, got)
		}
	}
}

// TestShared: functions that name the same instructions are gone over once.
func TestShared(t *testing.T) {
	t.Parallel()
	b := build(3394, 16, 5)
	code := b[16:]
	image := append(b[:16:16], '(')
	image = binary.LittleEndian.AppendUint32(image, 3)
	for range 3 {
		image = append(image, code...)
	}
	if got := pyc.Texts(image); len(got) != 3 {
		t.Errorf("three functions of their own: %+v", got)
	}
	// The instructions, shared by 500 functions: r 0 is the first object.
	long := strings.Repeat("d\x00Z\x00", 5000)
	image = append(b[:16:16], '(')
	image = binary.LittleEndian.AppendUint32(image, 501)
	image = append(image, 's'|0x80)
	image = binary.LittleEndian.AppendUint32(image, uint32(len(long)))
	image = append(image, long...)
	for range 500 {
		image = append(image, 'c')
		image = append(image, make([]byte, 20)...)
		image = append(image, 'r', 0, 0, 0, 0) // the instructions
		image = append(image, code[1+20+9:]...)
	}
	if got := pyc.Texts(image); len(got) > 10_000 {
		t.Errorf("%d texts", len(got))
	}
}

// TestBroken: what was read before damage stays, and nothing is made up.
func TestBroken(t *testing.T) {
	t.Parallel()
	b := module(t)
	for n := range b {
		for _, x := range pyc.Texts(b[:n]) {
			if !strings.Contains(string(b), x.Value) {
				t.Errorf("%d bytes: %+v", n, x)
			}
		}
	}
}

func FuzzTexts(f *testing.F) {
	f.Add(module(f))
	for _, x := range [][3]int{{3379, 12, 5}, {3413, 16, 6}} {
		f.Add(build(x[0], x[1], x[2]))
	}
	f.Add([]byte("\xa7\x0d\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00((((((((((("))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, x := range pyc.Texts(b) {
			if x.Off < 0 || x.Off+len(x.Value) > len(b) || string(b[x.Off:x.Off+len(x.Value)]) != x.Value {
				t.Errorf("%+v", x)
			}
		}
	})
}
