// Package untrusted holds text that came from outside: banners, file names,
// titles, error texts of devices. Bytes come in, bounded; a Text goes out that
// is safe to store, and that is neutralised once more for the place where it is
// shown: terminal, HTML, Markdown, CSV, XML. Nothing here judges the text.
package untrusted

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"unicode/utf8"
)

// cutMark ends a text that was longer than its bound. It is part of the text,
// so that it survives storage; a device can send it too, so it informs readers
// and decides nothing: a collector records its own cut in a scope.
const cutMark = "…⟨cut⟩"

// maxDecoded bounds a text that comes back from JSON, in bytes. Whatever stores
// texts bounds its lines below this; the bound holds for foreign JSON.
const maxDecoded = 1 << 20

// Text is text from outside as valid UTF-8, otherwise unchanged: it may hold
// control characters, and is compared as it is. It prints (String, %v, %q, log)
// as Terminal does. The zero value is the empty text.
type Text struct{ s string }

// New makes a text of at most max bytes of b, then the cut mark if b was longer.
// Bytes that are not UTF-8 become `\xff` with their value. A cut never splits a
// character. With max ≤ 0 only the mark of a non-empty b is left.
func New(b []byte, max int) Text {
	max = clampMax(max)
	if len(b) <= max {
		return Text{valid(string(b))}
	}
	return Text{valid(string(b[:cutAt(b, max)])) + cutMark}
}

// From is New for a string.
func From(s string, max int) Text {
	max = clampMax(max)
	if len(s) <= max {
		return Text{valid(s)}
	}
	// Four bytes more than max are enough to find a character's start, so the
	// rest of a huge string is not copied.
	return Text{valid(s[:cutAt([]byte(s[:max+1]), max)]) + cutMark}
}

func clampMax(max int) int {
	if max < 0 {
		return 0
	}
	return max
}

// cutAt returns the largest n ≤ max at which b may be cut without splitting a
// character; a run of stray continuation bytes is cut at max.
func cutAt(b []byte, max int) int {
	for n := max; n > 0 && n > max-utf8.UTFMax; n-- {
		if utf8.RuneStart(b[n]) {
			return n
		}
	}
	return max
}

// valid replaces each byte that is not UTF-8 by `\x` and two digits.
func valid(s string) string {
	if utf8.ValidString(s) {
		return strings.Clone(s) // keeps no megabyte buffer alive for a banner
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[i])
		} else {
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// Raw returns the text as it was received, for matching and comparing only.
// Never print it.
func (t Text) Raw() string { return t.s }

// Len returns the length in bytes of the stored text, mark included.
func (t Text) Len() int { return len(t.s) }

// IsZero reports whether the text is empty; encoding/json's omitzero uses it.
func (t Text) IsZero() bool { return t.s == "" }

// Cut reports whether the text ends in the cut mark.
func (t Text) Cut() bool { return strings.HasSuffix(t.s, cutMark) }

// Equal reports whether both texts are the same.
func (t Text) Equal(u Text) bool { return t == u }

// Compare orders texts by their bytes.
func (t Text) Compare(u Text) int { return strings.Compare(t.s, u.s) }

// String is Terminal, so that a forgotten rendering is a safe one.
func (t Text) String() string { return t.Terminal() }

// GoString is Terminal in quotes.
func (t Text) GoString() string { return `untrusted.Text("` + t.Terminal() + `")` }

// LogValue makes log/slog write Terminal.
func (t Text) LogValue() slog.Value { return slog.StringValue(t.Terminal()) }

// MarshalJSON gives the stored text as a plain JSON string. Control characters
// are escaped by JSON itself; bidi and zero-width characters stay, because this
// form is the evidence.
func (t Text) MarshalJSON() ([]byte, error) {
	b, err := json.Marshal(t.s)
	if err != nil {
		return nil, fmt.Errorf("untrusted: text of %d bytes: %w", len(t.s), err)
	}
	return b, nil
}

// UnmarshalJSON takes a JSON string; null leaves the text empty. Text over
// 1 MiB is an error, since cutting here would change what was recorded.
func (t *Text) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("untrusted: text is not a JSON string: %w", err)
	}
	if len(s) > maxDecoded {
		return fmt.Errorf("untrusted: text of %d bytes is longer than %d", len(s), maxDecoded)
	}
	t.s = valid(s)
	return nil
}
