package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestCanonical(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 65) + strings.Repeat("]", 65)
	tests := []struct {
		name string
		in   any
		want string // empty: an error
	}{
		{"sorted", map[string]any{"b": 1, "a": []any{true, nil, "x"}}, `{"a":[true,null,"x"],"b":1}`},
		{"struct-order", struct {
			Z int `json:"z"`
			A int `json:"a"`
		}{1, 2}, `{"a":2,"z":1}`},
		// RFC 8785 section 3.2.3: U+FB33 sorts behind the surrogates of U+1F600.
		{"utf16-order", json.RawMessage(`{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}`),
			"{\"\\r\":2,\"1\":4,\"\u0080\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\ufb33\":3}"},
		{"escapes", json.RawMessage(`"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/<"`), `"€$\u000f\nA'B\"\\\\\"/<"`},
		{"spaces", json.RawMessage(" { \"a\" : [ 1 , 2 ] } "), `{"a":[1,2]}`},
		{"big-integers-kept", json.RawMessage(`[9007199254740993,18446744073709551615,-0]`), `[9007199254740993,18446744073709551615,0]`},
		{"floats", json.RawMessage(`[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001,1e21,1e20,-0.0,1.0]`),
			`[333333333.3333333,1e+30,4.5,0.002,1e-27,1e+21,100000000000000000000,0,1]`},
		{"negative-limit", json.RawMessage(`-9223372036854775808`), `-9223372036854775808`},
		{"beyond-64-bits", json.RawMessage(`18446744073709551616`), ""},
		{"beyond-64-bits-negative", json.RawMessage(`-9223372036854775809`), ""},
		{"beyond-float", json.RawMessage(strings.Repeat("8", 400)), ""},
		{"duplicate", json.RawMessage(`{"a":1,"a":2}`), ""},
		{"duplicate-escaped", json.RawMessage(`{"a":1,"\u0061":2}`), ""},
		{"invalid-utf8", json.RawMessage("\"\xff\""), ""},
		{"trailing", json.RawMessage(`1 2`), ""},
		{"truncated", json.RawMessage(`{"a":`), ""},
		{"empty", json.RawMessage(``), ""},
		{"nan", math.NaN(), ""},
		{"huge", json.RawMessage(`1e999`), ""},
		{"deep", json.RawMessage(deep), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := Canonical(tt.in)
			if string(got) != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("Canonical = %s, %v; want %s", got, err, tt.want)
			}
		})
	}
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{`{"b":1,"a":[1.5e3,"\u00e9",null]}`, `"\ud800"`, `-0`, strings.Repeat("8", 400), `[[[]]]`, `{"":{}}`, `1e-7`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		once, err := Canonical(json.RawMessage(b))
		if err != nil {
			return
		}
		twice, err := Canonical(json.RawMessage(once))
		if err != nil || !bytes.Equal(once, twice) {
			t.Errorf("%q becomes %q, then %q, %v", b, once, twice, err)
		}
		var v, w any
		if json.Unmarshal(b, &v) != nil || json.Unmarshal(once, &w) != nil {
			t.Fatalf("%q or %q is no JSON", b, once)
		}
		if d := cmp.Diff(v, w); d != "" {
			t.Errorf("meaning changed:\n%s", d)
		}
	})
}

// logOf builds a log with the bodies.
func logOf(t interface{ Fatal(...any) }, bodies ...any) []byte {
	var c Chain
	var out []byte
	for _, b := range bodies {
		e, line, err := c.Next("fact@1", b)
		if err != nil {
			t.Fatal(err)
		}
		c.Advance(e)
		out = append(out, line...)
	}
	return out
}

func scanAll(r io.Reader, max int64) (entries []Entry, err error) {
	for e, serr := range Scan(r, max) {
		if serr != nil {
			return entries, serr
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func TestScan(t *testing.T) {
	t.Parallel()
	good := string(logOf(t, 1, map[string]any{"b": 2, "a": "x"}, "three"))
	lines := strings.SplitAfter(good, "\n")
	flip := func(s string, i int) string { b := []byte(s); b[i] ^= 1; return string(b) }
	tests := []struct {
		name   string
		in     string
		n      int
		err    error
		line   int64
		offset int
	}{
		{"empty", "", 0, nil, 0, 0},
		{"whole", good, 3, nil, 0, 0},
		{"torn", good[:len(good)-5], 2, ErrTorn, 3, len(lines[0] + lines[1])},
		{"torn-newline-only", good[:len(good)-1], 2, ErrTorn, 3, len(lines[0] + lines[1])},
		{"zeros", good + strings.Repeat("\x00", 4096), 3, ErrTorn, 4, len(good)},
		{"many-zeros", good + strings.Repeat("\x00", 1<<20), 3, ErrTorn, 4, len(good)},
		{"zeros-inside", good + strings.Repeat("\x00", 100_000) + "x", 3, ErrSyntax, 4, len(good)},
		{"body-changed", lines[0] + flip(lines[1], len(lines[1])-4) + lines[2], 2, ErrChain, 3, len(lines[0] + lines[1])},
		{"dropped", lines[0] + lines[2], 1, ErrChain, 2, len(lines[0])},
		{"first-dropped", lines[1] + lines[2], 0, ErrChain, 1, 0},
		{"swapped", lines[0] + lines[2] + lines[1], 1, ErrChain, 2, len(lines[0])},
		{"repeated", lines[0] + lines[0], 1, ErrChain, 2, len(lines[0])},
		{"blank-line", lines[0] + "\n" + lines[1], 1, ErrSyntax, 2, len(lines[0])},
		{"not-json", lines[0] + "x\n", 1, ErrSyntax, 2, len(lines[0])},
		{"space-in-envelope", strings.Replace(lines[0], `,"prev"`, `, "prev"`, 1), 0, ErrSyntax, 1, 0},
		{"leading-zero", strings.Replace(lines[0], `{"seq":0`, `{"seq":00`, 1), 0, ErrSyntax, 1, 0},
		{"second-body", strings.Replace(lines[0], `"body":1`, `"body":1,"body":2`, 1), 0, ErrSyntax, 1, 0},
		{"upper-type", strings.Replace(lines[0], `fact@1`, `Fact@1`, 1), 0, ErrSyntax, 1, 0},
		{"too-long", string(logOf(t, strings.Repeat("x", 100_000))), 0, ErrTooLong, 1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := scanAll(iotest.HalfReader(strings.NewReader(tt.in)), 70_000)
			if len(got) != tt.n || !errors.Is(err, tt.err) {
				t.Fatalf("%d entries, %v; want %d, %v", len(got), err, tt.n, tt.err)
			}
			var pos *LogError
			if tt.err != nil && (!errors.As(err, &pos) || pos.Line != tt.line || pos.Offset != int64(tt.offset)) {
				t.Errorf("position %+v, want line %d, offset %d", pos, tt.line, tt.offset)
			}
			in := strings.SplitAfter(tt.in, "\n")
			for i, e := range got {
				if e.Line != int64(i+1) || tt.in[e.Offset:e.Offset+entryLen(e)] != in[i] {
					t.Errorf("entry %d at line %d, offset %d", i, e.Line, e.Offset)
				}
			}
		})
	}
	_, err := scanAll(iotest.ErrReader(io.ErrClosedPipe), 100)
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("reader's error: %v", err)
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	for _, typ := range []string{"", "A", "1a", "a b", "a\"", "a\n", strings.Repeat("a", 65), "é"} {
		if _, _, err := (Chain{}).Next(typ, 1); err == nil {
			t.Errorf("type %q was taken", typ)
		}
	}
	if _, _, err := (Chain{}).Next("a", func() {}); err == nil {
		t.Error("a function was taken for a body")
	}
}

// Any change of one byte in a log is found, except in the last line, where only
// the head shows it.
func TestChainFindsChanges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		bodies := rapid.SliceOfN(rapid.String(), 2, 6).Draw(t, "bodies")
		anys := make([]any, len(bodies))
		for i, b := range bodies {
			anys[i] = b
		}
		b := logOf(t, anys...)
		want, err := scanAll(bytes.NewReader(b), 1<<20)
		if err != nil || len(want) != len(bodies) {
			t.Fatalf("%d entries, %v", len(want), err)
		}
		i := rapid.IntRange(0, len(b)-1).Draw(t, "at")
		b[i] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		got, err := scanAll(bytes.NewReader(b), 1<<20)
		if err == nil && len(got) == len(want) && got[len(got)-1].Hash == want[len(want)-1].Hash {
			t.Errorf("change at %d is not seen", i)
		}
		if err == nil && int64(i) < want[len(want)-1].Offset {
			t.Errorf("change at %d, before the last line, is not found", i)
		}
	})
}

func FuzzScan(f *testing.F) {
	good := logOf(f, 1, "two", []any{3})
	f.Add(good)
	f.Add(good[:len(good)-3])
	f.Add(append(bytes.Clone(good), 0, 0, 0))
	f.Add([]byte("{\"seq\":0,\"prev\":\"\"}\n"))
	f.Add([]byte("\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var c Chain
		var end int64
		for e, err := range Scan(bytes.NewReader(b), 4096) {
			if err != nil {
				var pos *LogError
				if !errors.As(err, &pos) || pos.Offset != end || pos.Line != int64(c.Count())+1 {
					t.Errorf("error %v behind entry %d that ends at %d", err, c.Count(), end)
				}
				return
			}
			line := b[e.Offset : e.Offset+entryLen(e)]
			if e.Prev != c.Head() || e.Seq != c.Count() || e.Hash != Sum(line[:len(line)-1]) || !json.Valid(e.Body) {
				t.Errorf("entry %s does not follow", fmt.Sprint(e))
			}
			c.Advance(e)
			end = e.Offset + entryLen(e)
		}
		if end != int64(len(b)) {
			t.Errorf("ended without error at %d of %d", end, len(b))
		}
	})
}

func TestParseDigest(t *testing.T) {
	t.Parallel()
	good := Sum([]byte("x")).String()
	for _, tt := range []struct {
		name, in string
		ok       bool
	}{
		{"good", good, true}, {"empty", "", false}, {"short", good[1:], false}, {"long", good + "0", false},
		{"upper", strings.ToUpper(good), false}, {"not-hex", "g" + good[1:], false},
	} {
		d, err := ParseDigest(tt.in)
		if (err == nil) != tt.ok || tt.ok && d.String() != tt.in {
			t.Errorf("%s: %v, %v", tt.name, d, err)
		}
	}
	var back struct{ D Digest }
	b, err := json.Marshal(struct{ D Digest }{Sum([]byte("x"))})
	if err != nil || json.Unmarshal(b, &back) != nil || back.D.String() != good {
		t.Errorf("JSON %s, %v", b, err)
	}
}
