package hexfile

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
)

// line makes an Intel HEX record.
func line(typ byte, addr uint16, data string) string {
	b := append([]byte{byte(len(data)), byte(addr >> 8), byte(addr), typ}, data...)
	return fmt.Sprintf(":%X\r\n", append(b, -total(b)))
}

// srec makes an S-record; addr are the bytes of the address.
func srec(typ byte, addr, data string) string {
	b := append([]byte{byte(len(addr) + len(data) + 1)}, addr+data...)
	return fmt.Sprintf("S%c%X\n", typ, append(b, ^total(b)))
}

const end = ":00000001FF\r\n"

// dump shows what the contents are: name, and bytes as they stand or, where they
// are many, their number.
func dump(t *testing.T, p *format.Part) (out []string) {
	t.Helper()
	if p.Contents == nil {
		return nil
	}
	contents, err := p.Contents(t.Context(), format.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range contents {
		b, err := io.ReadAll(io.NewSectionReader(c.Source, 0, c.Source.Size()))
		if err != nil {
			t.Fatal(err)
		}
		b = bytes.TrimRight(b, "\xff")
		if len(b) > 32 {
			b = fmt.Appendf(nil, "%d bytes", len(b))
		}
		out = append(out, c.Name+" "+string(b))
	}
	return out
}

func TestFiles(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, text string
		want       []string
		note       string
		problems   string
	}{
		{"one line", line(0, 0x100, "hello") + end, []string{"0x00000100 hello"}, "2 lines, 5 bytes", ""},
		{"lines join", line(0, 0, "hello ") + line(0, 6, "world") + end, []string{"0x00000000 hello world"}, "3 lines, 11 bytes", ""},
		{"linear address", line(4, 0, "\x08\x00") + line(0, 0x10, "flash") + line(4, 0, "\x10\x00") + line(0, 0x1000, "uicr") + line(5, 0, "\x08\x00\x00\xc1") + end,
			[]string{"0x08000010 flash", "0x10001000 uicr"}, "6 lines, 9 bytes, entry 0x080000c1", ""},
		{"segment address", line(2, 0, "\x12\x34") + line(0, 0xfffe, "abcd") + line(3, 0, "\x10\x00\x00\x07") + end,
			[]string{"0x00012340 65536 bytes"}, "4 lines, 4 bytes, entry 0x00010007", ""},
		{"any order, twice", line(0, 6, "world") + line(0, 0, "HELLO ") + line(0, 0, "hello") + end, []string{"0x00000000 hello world"}, "4 lines, 16 bytes", ""},
		{"a gap", line(0, 0, "a") + line(0, 3, "b") + end, []string{"0x00000000 a\xff\xffb"}, "3 lines, 2 bytes", ""},
		{"a bad sum", strings.Repeat(line(0, 0, "good"), 4) + strings.Replace(line(0, 4, "bad!"), "B", "C", 1) + line(0, 8, "more") + end, []string{"0x00000000 good\xff\xff\xff\xffmore"}, "7 lines, 20 bytes", format.BadChecksum},
		{"a broken line", strings.Repeat(line(0, 0, "good"), 4) + ":xyz\r\n" + end, []string{"0x00000000 good"}, "6 lines, 16 bytes", format.Damaged},
		{"no end", line(0, 0, "a") + line(0, 1, "b") + line(0, 2, "c") + line(0, 3, "d"), []string{"0x00000000 abcd"}, "4 lines, 4 bytes", format.Truncated},
		{"s-records", srec('0', "\x00\x00", "board 7") + srec('1', "\x10\x00", "abc") + srec('2', "\x00\x10\x03", "def") + srec('3', "\x20\x00\x00\x00", "xyz") + srec('5', "\x00\x03", "") + srec('7', "\x20\x00\x00\x01", ""),
			[]string{"0x00001000 abcdef", "0x20000000 xyz"}, "6 lines, 9 bytes, entry 0x20000001", ""},
		{"s-records, miscounted", srec('1', "\x10\x00", "abc") + srec('1', "\x10\x03", "abc") + srec('1', "\x10\x06", "abc") + srec('1', "\x10\x09", "abc") + srec('5', "\x00\x03", "") + srec('9', "\x00\x00", ""),
			[]string{"0x00001000 abcabcabcabc"}, "6 lines, 12 bytes, entry 0x00000000", format.Damaged},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := looktest.At(t, Formats(), []byte(row.text+"something else"), 0)
			if p == nil {
				t.Fatal("not found")
			}
			got := dump(t, p)
			for i := range row.want {
				row.want[i] = strings.TrimRight(row.want[i], "\xff")
			}
			if d := cmp.Diff(row.want, got); d != "" {
				t.Errorf("contents (-want +got):\n%s", d)
			}
			if p.Size != int64(len(row.text)) || looktest.Kinds(p) != row.problems {
				t.Errorf("%d bytes of %d, problems %v, want %q", p.Size, len(row.text), p.Problems, row.problems)
			}
			if row.problems == "" && p.Note != row.note {
				t.Errorf("note %q, want %q", p.Note, row.note)
			}
		})
	}
}

func TestNothing(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", ":", "S1", ":::", ":00000001FE\n", ": a list\n", "S113 is a road\n", ":0000000", "\n" + end,
		line(0, 0, "a") + "and then text\n", ":02000007\n", strings.Repeat(":", 5000),
	} {
		if p := looktest.At(t, Formats(), []byte(text), 0); p != nil {
			t.Errorf("%.30q: %+v", text, p)
		}
	}
	for name, img := range looktest.Noise(t) {
		if got := looktest.Every(t, Formats(), img); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestProblemsNameLines(t *testing.T) {
	t.Parallel()
	text := strings.Repeat(line(0, 0, "good"), 5) + ":0400000000000000FF\r\n" + end
	p := looktest.At(t, Formats(), []byte(text), 0)
	if p == nil || len(p.Problems) != 1 || p.Problems[0].Detail != "line 6: the checksum does not fit" || p.Problems[0].Offset != int64(strings.Index(text, ":0400000000")) {
		t.Fatalf("%+v", p)
	}
}

// TestBounds: addresses far apart give many runs, near ones much that is not
// there; neither costs memory.
func TestBounds(t *testing.T) {
	t.Parallel()
	var far, near strings.Builder
	for i := range 3000 {
		far.WriteString(line(4, 0, string([]byte{byte(i * 2 >> 8), byte(i * 2)})) + line(0, uint16(i), "x"))
		near.WriteString(line(4, 0, string([]byte{byte(i >> 8), byte(i)})) + line(0, 0, "x"))
	}
	for name, text := range map[string]string{"far": far.String(), "near": near.String()} {
		p := looktest.At(t, Formats(), []byte(text), 0)
		if p == nil {
			t.Fatalf("%s: not found", name)
		}
		c, err := p.Contents(t.Context(), format.Limits{File: 100 << 20})
		if !errors.Is(err, format.ErrLimit) && name == "near" || len(c) > maxRuns {
			t.Errorf("%s: %d runs, %v", name, len(c), err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Formats()[0].Look(ctx, strings.NewReader(far.String()), 0); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestCollection(t *testing.T) {
	t.Parallel()
	img := looktest.Read(t, "built/formats/squashfs-xz.img")
	for _, row := range []struct{ file, format string }{{"hex.hex.gz", "intel-hex"}, {"srec.s19.gz", "s-record"}} {
		text := looktest.Read(t, "built/formats", row.file)
		p := looktest.At(t, Formats(), text, 0)
		if p == nil || p.Format != row.format || p.Size != int64(len(text)) || p.Problems != nil {
			t.Fatalf("%s: %+v", row.file, p)
		}
		c, err := p.Contents(t.Context(), format.Limits{})
		if err != nil || len(c) != 1 {
			t.Fatalf("%s: %d contents, %v", row.file, len(c), err)
		}
		b := format.Head(c[0].Source, 0, int(c[0].Source.Size()))
		if len(b) < 100_000 || !bytes.HasPrefix(img, b) {
			t.Errorf("%s: %d bytes that are not the image", row.file, len(b))
		}
	}
	p := looktest.At(t, Formats(), looktest.Read(t, "real/ruuvi-nrf52-v2.0.0-full.hex"), 0)
	if p == nil || p.Problems != nil {
		t.Fatalf("%+v", p)
	}
	c, err := p.Contents(t.Context(), format.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range c {
		got = append(got, fmt.Sprintf("%s %d", c.Name, c.Source.Size()))
	}
	t.Log(got, p.Note)
	if len(c) < 2 || c[0].Name != "0x00000000" {
		t.Errorf("%v", got)
	}
}

func FuzzLook(f *testing.F) {
	f.Add([]byte(line(4, 0, "\x08\x00") + line(0, 0x10, "flash") + line(0, 0x12, "x") + end))
	f.Add([]byte(line(2, 0, "\x12\x34") + line(0, 0xfffe, "abcd") + end))
	f.Add([]byte(srec('0', "\x00\x00", "board 7") + srec('2', "\x00\x10\x03", "def") + srec('5', "\x00\x01", "") + srec('7', "\x20\x00\x00\x01", "")))
	f.Fuzz(func(t *testing.T, b []byte) {
		p := looktest.At(t, Formats(), b, 0)
		if p == nil || p.Contents == nil {
			return
		}
		c, err := p.Contents(context.Background(), format.Limits{File: 1 << 20})
		if err != nil && !errors.Is(err, format.ErrLimit) {
			t.Fatal(err)
		}
		for _, c := range c {
			if n, err := io.Copy(io.Discard, io.NewSectionReader(c.Source, 0, c.Source.Size())); err != nil || n != c.Source.Size() {
				t.Errorf("%s: %d bytes of %d, %v", c.Name, n, c.Source.Size(), err)
			}
		}
	})
}

// FuzzRuns compares the runs with a map of addresses.
func FuzzRuns(f *testing.F) {
	f.Add([]byte("\x00\x05\x03\x02\x01\x09\x04\x04"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, want := &memory{keep: true, pages: map[uint64]*page{}}, map[uint64]byte{}
		for i := 0; i+1 < len(b); i += 2 {
			addr := uint64(b[i])
			data := bytes.Repeat([]byte{byte(i)}, int(b[i+1]%16)+1)
			m.store(addr, data)
			for j, c := range data {
				want[addr+uint64(j)] = c
			}
		}
		c, err := m.contents(1 << 20)
		if err != nil || len(c) > 1 {
			t.Fatal(len(c), err)
		}
		for _, c := range c {
			got := format.Head(c.Source, 0, int(c.Source.Size()))
			for i, v := range got {
				if w, ok := want[c.Source.(*run).base+uint64(i)]; ok && v != w || !ok && v != 0xff {
					t.Fatalf("%s at %d: %02x\n%s", c.Name, i, v, hex.Dump(b))
				}
			}
		}
	})
}
