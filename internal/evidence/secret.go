package evidence

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
	"unicode"
	"unicode/utf8"
)

// Secret is what a fact says about a secret: never its value. HMAC (under the
// workspace key, over the value alone) tells whether two secrets of a workspace
// are the same; Handle leads to the sealed value. It prints as Kind and Redacted.
type Secret struct {
	Kind     string `json:"kind"`
	Redacted string `json:"redacted"`
	HMAC     string `json:"hmac"`
	Handle   string `json:"handle"`
}

// String returns kind and redacted form.
func (s Secret) String() string { return s.Kind + ":" + s.Redacted }

// GoString is String.
func (s Secret) GoString() string { return s.String() }

// Format prints String whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { writeState(f, s.String()) }

// LogValue is String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Value is a secret itself, in memory. Printed, logged or marshalled by any
// route it gives its redacted form; only Reveal gives the bytes.
type Value struct {
	// A function, because fmt prints the unexported fields of a struct that
	// holds a Value without asking Value's methods.
	reveal func() []byte
}

// NewValue wraps b, which the caller must not change afterwards.
func NewValue(b []byte) Value { return Value{func() []byte { return b }} }

// Reveal returns the bytes; they must not be changed.
func (v Value) Reveal() []byte {
	if v.reveal == nil {
		return nil
	}
	return v.reveal()
}

// Equal compares in constant time for values of one length.
func (v Value) Equal(w Value) bool { return subtle.ConstantTimeCompare(v.Reveal(), w.Reveal()) == 1 }

// String returns the redacted form.
func (v Value) String() string { return Redact(v.Reveal()) }

// GoString is String.
func (v Value) GoString() string { return v.String() }

// Format prints String whatever the verb.
func (v Value) Format(f fmt.State, _ rune) { writeState(f, v.String()) }

// LogValue is String.
func (v Value) LogValue() slog.Value { return slog.StringValue(v.String()) }

// MarshalText gives the redacted form; encoding/json uses it too.
func (v Value) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

func writeState(f fmt.State, s string) {
	_, _ = io.WriteString(f, s) // fmt.State reports no errors to a Formatter
}

// Redact returns what may be shown of a secret: of 16 characters and more the
// first, the last and a class of length, of shorter ones the class alone.
// Characters that are not printable are shown as a middle dot.
func Redact(value []byte) string {
	n := utf8.RuneCount(value)
	switch {
	case n == 0:
		return "(empty)"
	case n < 8:
		return "…(1-7)"
	case n < 16:
		return "…(8-15)"
	}
	first, _ := utf8.DecodeRune(value)
	last, _ := utf8.DecodeLastRune(value)
	class := "(64+)"
	if n < 32 {
		class = "(16-31)"
	} else if n < 64 {
		class = "(32-63)"
	}
	return string(shown(first)) + "…" + string(shown(last)) + class
}

func shown(r rune) rune {
	if r == utf8.RuneError || !unicode.IsPrint(r) {
		return '·'
	}
	return r
}
