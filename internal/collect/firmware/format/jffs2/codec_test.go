package jffs2

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"

	"github.com/ulikunitz/xz/lzma"
)

// pack is the other half of rubinState, for the tests.
func pack(data []byte, of uint32, odds [8]uint32) []byte {
	var out []byte
	bits := 0
	push := func(v bool) {
		if bits%8 == 0 {
			out = append(out, 0)
		}
		if v {
			out[bits/8] |= 1 << (7 - bits%8)
		}
		bits++
	}
	low, width := uint32(0), uint32(2*rubinTop)
	for _, b := range data {
		for bit, odd := range odds {
			for low >= rubinTop || low+width <= rubinTop {
				push(low&rubinTop != 0)
				low = low & (rubinTop - 1) << 1
				width <<= 1
			}
			zero := min(max((of-odd)*width/of, 1), width-1)
			if b>>bit&1 != 0 {
				low += zero
				width -= zero
			} else {
				width = zero
			}
		}
	}
	for range 16 {
		push(low&rubinTop != 0)
		low = low & (rubinTop - 1) << 1
	}
	return out
}

func TestRubin(t *testing.T) {
	t.Parallel()
	text := []byte(strings.Repeat("zone=night relay=off\n", 30))
	odds := [8]uint32{120, 100, 130, 90, 110, 200, 170, 1}
	dyn := pack(text, dynRubinOf, odds)
	var head []byte
	for _, o := range odds {
		head = append(head, byte(o))
	}
	for name, in := range map[string][]byte{
		"odds in front": append(head, dyn...),
		"odds of MIPS":  pack(text, rubinMIPSOf, rubinMIPS),
	} {
		out := make([]byte, len(text))
		if err := rubin(out, in); err != nil || !bytes.Equal(out, text) {
			t.Errorf("%s: %q, %v", name, out, err)
		}
		if err := rubin(out, in[:len(in)/2]); err == nil {
			t.Errorf("%s: half of it decodes", name)
		}
	}
}

func TestExpand(t *testing.T) {
	t.Parallel()
	plain := strings.Repeat("motion zone alarm ", 60)
	var stream bytes.Buffer
	w, err := lzma.WriterConfig{Properties: &lzma.Properties{}, DictCap: 4096, Size: int64(len(plain)), SizeInHeader: true}.NewWriter(&stream)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name  string
		compr byte
		raw   string
		want  string // "" where it is damaged
	}{
		{"as it is", comprNone, "abc", "abc"},
		{"too short", comprNone, "abc", ""},
		{"rtime: a run, and what followed the last a", comprRTime, "a\x00b\x00a\x02", "abab" + "a"},
		{"rtime without its end", comprRTime, "a\x00b", ""},
		{"lzo", comprLZO, "\x15abcd\x6c\x00\x11\x00\x00", "abcdabcd"},
		{"lzo of fewer bytes", comprLZO, "\x15abcd\x11\x00\x00", ""},
		{"lzma of OpenWrt", comprLZMA, stream.String()[13:], plain},
		{"lzma without its end", comprLZMA, stream.String()[13:21], ""},
		{"zlib", comprZlib, "\x78\x9c\x4b\x4c\x4a\x06\x00", "abc"},
		{"zlib with a dictionary", comprZlib, "\x78\xbb\x4b\x4c\x4a\x06\x00", ""},
		{"zlib of nothing", comprZlib, "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			n := len(row.want)
			if n == 0 {
				n = 10
			}
			for range 2 { // buffers are used again
				z := &codec{raw: []byte(row.raw), out: make([]byte, n)}
				err := z.expand(row.compr)
				if row.want == "" && err == nil || row.want != "" && (err != nil || string(z.out) != row.want) {
					t.Errorf("%q, %v", z.out, err)
				}
			}
		})
	}
}

func FuzzExpand(f *testing.F) {
	f.Add(byte(comprRTime), uint16(20), []byte("a\x00b\x00a\x02"))
	f.Add(byte(comprRubinMIPS), uint16(300), pack([]byte(strings.Repeat("pan tilt ", 30)), rubinMIPSOf, rubinMIPS))
	f.Add(byte(comprZlib), uint16(3), []byte("\x78\x9c\x4b\x4c\x4a\x06\x00"))
	f.Add(byte(comprLZMA), uint16(100), binary.BigEndian.AppendUint64(nil, 1<<40))
	f.Fuzz(func(t *testing.T, compr byte, n uint16, raw []byte) {
		z := &codec{raw: raw, out: make([]byte, n)}
		if z.expand(compr%12) == nil && len(z.out) != int(n) {
			t.Fatalf("%d bytes", len(z.out))
		}
	})
}
