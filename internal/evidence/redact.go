package evidence

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Known is a secret with its value, for a Redactor.
type Known struct {
	Secret Secret
	Value  Value
}

// Redactor replaces known secrets in transcripts before they are written. It
// finds a value as it is, percent-encoded, HTML- and JSON-escaped, in UTF-16,
// in hex, and in base64 at any alignment (so also as "user:value" of HTTP Basic
// authentication). It prefers to take too much: a short PIN is replaced
// wherever its digits stand. Immutable, safe for concurrent use.
type Redactor struct {
	byFirst [256][]pattern // longest first
}

type pattern struct {
	text  []byte
	label string
	fold  bool // hex digits and percent-encodings come in both cases
	base  bool // base64: the characters beside it hold bits of the value too
}

// NewRedactor makes a redactor of the values; empty ones are left out.
func NewRedactor(known ...Known) *Redactor {
	r := &Redactor{}
	for _, k := range known {
		v := k.Value.Reveal()
		if len(v) == 0 {
			continue
		}
		label := fmt.Sprintf("[redacted:%s:%.8s]", k.Secret.Kind, k.Secret.HMAC)
		for _, p := range patterns(v) {
			p.label = label
			r.add(p)
		}
	}
	for i := range r.byFirst {
		slices.SortStableFunc(r.byFirst[i], func(a, b pattern) int { return cmp.Compare(len(b.text), len(a.text)) })
	}
	return r
}

func (r *Redactor) add(p pattern) {
	if len(p.text) == 0 {
		return
	}
	first := p.text[:1]
	r.byFirst[first[0]] = append(r.byFirst[first[0]], p)
	if !p.fold {
		return
	}
	for _, other := range [][]byte{bytes.ToLower(first), bytes.ToUpper(first)} {
		if other[0] != first[0] {
			r.byFirst[other[0]] = append(r.byFirst[other[0]], p)
		}
	}
}

// patterns lists the forms of one value.
func patterns(v []byte) []pattern {
	s := string(v)
	forms := []pattern{
		{text: v},
		{text: []byte(html.EscapeString(s))},
		{text: []byte(url.QueryEscape(s)), fold: true},
		{text: []byte(url.PathEscape(s)), fold: true},
		{text: []byte(percentAll(v)), fold: true},
		{text: utf16LE(s)},
	}
	for _, escHTML := range []bool{true, false} {
		esc := jsonEscape(s, escHTML)
		ascii := jsonASCII(esc)
		forms = append(forms, pattern{text: esc}, pattern{text: ascii, fold: true},
			pattern{text: bytes.ReplaceAll(ascii, []byte("/"), []byte(`\/`)), fold: true})
	}
	if len(v) < 3 {
		return forms // hex and base64 of one or two bytes are everywhere
	}
	forms = append(forms, pattern{text: []byte(hex.EncodeToString(v)), fold: true})
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		forms = append(forms, pattern{text: []byte(enc.EncodeToString(v))})
		for shift := range 3 {
			all := enc.EncodeToString(append(make([]byte, shift), v...))
			start := (8*shift + 5) / 6
			end := 8 * (shift + len(v)) / 6
			forms = append(forms, pattern{text: []byte(all[start:end]), base: true})
		}
	}
	slices.SortFunc(forms, func(a, b pattern) int { return bytes.Compare(a.text, b.text) })
	return forms
}

func percentAll(v []byte) string {
	var b strings.Builder
	for _, c := range v {
		fmt.Fprintf(&b, "%%%02x", c)
	}
	return b.String()
}

func utf16LE(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

func jsonEscape(s string, escapeHTML bool) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(escapeHTML)
	if err := enc.Encode(s); err != nil {
		return nil // a string always encodes
	}
	return bytes.TrimSuffix(bytes.TrimPrefix(bytes.TrimRight(b.Bytes(), "\n"), []byte{'"'}), []byte{'"'})
}

// jsonASCII escapes what is not ASCII, as Python and PHP do by default.
func jsonASCII(esc []byte) []byte {
	var b []byte
	for _, r := range string(esc) {
		if r < utf8.RuneSelf {
			b = append(b, byte(r))
			continue
		}
		for _, u := range utf16.Encode([]rune{r}) {
			b = fmt.Appendf(b, `\u%04x`, u)
		}
	}
	return b
}

// Bytes returns b with every known value replaced by "[redacted:kind:hmac]",
// hmac cut to 8 digits. At one place the longest form wins.
func (r *Redactor) Bytes(b []byte) []byte {
	out := make([]byte, 0, len(b))
	from := 0 // out's last bytes up to here came from b, not from a label
	for i := 0; i < len(b); {
		p, ok := r.match(b[i:])
		if !ok {
			out = append(out, b[i])
			i++
			continue
		}
		end := i + len(p.text)
		if p.base {
			if n := len(out); n > 0 && i > from && isBase64(out[n-1]) {
				out = out[:n-1]
			}
			if end < len(b) && isBase64(b[end]) {
				end++
			}
		}
		out = append(out, p.label...)
		i, from = end, end
	}
	return out
}

// String is Bytes for a string.
func (r *Redactor) String(s string) string { return string(r.Bytes([]byte(s))) }

func (r *Redactor) match(b []byte) (pattern, bool) {
	for _, p := range r.byFirst[b[0]] {
		if len(p.text) > len(b) {
			continue
		}
		if bytes.Equal(p.text, b[:len(p.text)]) || p.fold && bytes.EqualFold(p.text, b[:len(p.text)]) {
			return p, true
		}
	}
	return pattern{}, false
}

func isBase64(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("+/-_", c) >= 0
}

// Redactor returns a redactor of all sealed values that are not purged. Values
// that can't be unsealed are an error: without them a transcript is not safe.
func (s *Store) Redactor() (*Redactor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var known []Known
	for _, h := range s.handles {
		if _, gone := s.gone[h]; gone {
			continue
		}
		v, err := s.unseal(h)
		if err != nil {
			return nil, err
		}
		known = append(known, Known{
			Secret: Secret{Kind: s.sealed[h].Kind, Handle: h, Redacted: v.String(), HMAC: hex.EncodeToString(mac(s.key, "value", string(v.Reveal())))},
			Value:  v,
		})
	}
	return NewRedactor(known...), nil
}
