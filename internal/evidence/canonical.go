package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"assay/internal/limit"
)

// Canonical returns v as JSON in one spelling: object names sorted by UTF-16
// units, no white space, the fewest escapes, as RFC 8785 has it. One difference,
// on purpose: whole numbers written without fraction or exponent keep all their
// digits, where RFC 8785 rounds beyond 2^53, because offsets and nanoseconds
// must not change by being stored. Errors: what json.Marshal refuses, a
// duplicate name, invalid UTF-8, a whole number beyond 64 bits, nesting beyond limit.Segment.Depth.
func Canonical(v any) ([]byte, error) {
	raw, ok := v.(json.RawMessage)
	if !ok {
		var err error
		if raw, err = json.Marshal(v); err != nil {
			return nil, fmt.Errorf("canonical JSON: %w", err)
		}
	}
	if !utf8.Valid(raw) {
		return nil, errors.New("canonical JSON: not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	c := canon{dec: dec, depth: limit.Default().Segment.Depth}
	out, err := c.value(make([]byte, 0, len(raw)), 0)
	if err != nil {
		return nil, fmt.Errorf("canonical JSON at offset %d: %w", dec.InputOffset(), err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("canonical JSON: more after the value, at offset %d", dec.InputOffset())
	}
	return out, nil
}

type canon struct {
	dec   *json.Decoder
	depth int
}

func (c canon) value(out []byte, depth int) ([]byte, error) {
	tok, err := c.dec.Token()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	switch t := tok.(type) {
	case nil:
		return append(out, "null"...), nil
	case bool:
		return strconv.AppendBool(out, t), nil
	case string:
		return appendString(out, t), nil
	case json.Number:
		return appendNumber(out, t.String())
	case json.Delim:
		if depth >= c.depth {
			return nil, fmt.Errorf("nested deeper than %d", c.depth)
		}
		if t == '[' {
			return c.array(out, depth+1)
		}
		return c.object(out, depth+1)
	}
	return nil, fmt.Errorf("unexpected %T", tok)
}

func (c canon) array(out []byte, depth int) ([]byte, error) {
	out = append(out, '[')
	for i := 0; c.dec.More(); i++ {
		if i > 0 {
			out = append(out, ',')
		}
		var err error
		if out, err = c.value(out, depth); err != nil {
			return nil, err
		}
	}
	if _, err := c.dec.Token(); err != nil {
		return nil, err
	}
	return append(out, ']'), nil
}

type member struct {
	name  string
	units []uint16
	value []byte
}

func (c canon) object(out []byte, depth int) ([]byte, error) {
	var members []member
	for c.dec.More() {
		tok, err := c.dec.Token()
		if err != nil {
			return nil, err
		}
		name, ok := tok.(string)
		if !ok {
			return nil, fmt.Errorf("object name is %T", tok)
		}
		v, err := c.value(nil, depth)
		if err != nil {
			return nil, err
		}
		members = append(members, member{name, utf16.Encode([]rune(name)), v})
	}
	if _, err := c.dec.Token(); err != nil {
		return nil, err
	}
	slices.SortFunc(members, func(a, b member) int { return slices.Compare(a.units, b.units) })
	out = append(out, '{')
	for i, m := range members {
		if i > 0 {
			if m.name == members[i-1].name {
				return nil, fmt.Errorf("name %q twice in one object", m.name)
			}
			out = append(out, ',')
		}
		out = append(appendString(out, m.name), ':')
		out = append(out, m.value...)
	}
	return append(out, '}'), nil
}

// appendString escapes as RFC 8785 section 3.2.2.2.
func appendString(out []byte, s string) []byte {
	out = append(out, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\b':
			out = append(out, '\\', 'b')
		case '\t':
			out = append(out, '\\', 't')
		case '\n':
			out = append(out, '\\', 'n')
		case '\f':
			out = append(out, '\\', 'f')
		case '\r':
			out = append(out, '\\', 'r')
		default:
			if c < 0x20 {
				out = fmt.Appendf(out, `\u%04x`, c)
			} else {
				out = append(out, c)
			}
		}
	}
	return append(out, '"')
}

// appendNumber writes whole numbers as they are and others as ECMAScript's
// Number.prototype.toString (RFC 8785 section 3.2.2.3).
func appendNumber(out []byte, s string) ([]byte, error) {
	if !strings.ContainsAny(s, ".eE") {
		// Others would be read as infinite, or rounded, by whoever reads them.
		if _, err := strconv.ParseInt(s, 10, 64); err == nil {
			return append(out, strings.Replace(s, "-0", "0", 1)...), nil
		}
		if _, err := strconv.ParseUint(s, 10, 64); err != nil {
			return nil, fmt.Errorf("whole number beyond 64 bits: %w", err)
		}
		return append(out, s...), nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil, fmt.Errorf("number: %w", err)
	}
	if f == 0 {
		return append(out, '0'), nil
	}
	if abs := math.Abs(f); abs >= 1e-6 && abs < 1e21 {
		return strconv.AppendFloat(out, f, 'f', -1, 64), nil
	}
	e := strconv.FormatFloat(f, 'e', -1, 64)
	mant, exp, _ := strings.Cut(e, "e")
	sign := exp[:1]
	return append(out, mant+"e"+sign+strings.TrimLeft(exp[1:], "0")...), nil
}
