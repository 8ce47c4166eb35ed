package cli

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestVisibleKeepsTheDocument: what a parser reads is what was written, and
// nothing in the bytes acts on a terminal.
func TestVisibleKeepsTheDocument(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.RuneFrom([]rune{0x1b, 0x7f, 0x9b, 0x202e, 0x2066, 0x2028, 0x200b, 0xfeff, 0xfe0f, 0xe0001, '"', '\\', '龥'}))).Draw(t, "text")
		var b bytes.Buffer
		enc := json.NewEncoder(visible{&b})
		enc.SetEscapeHTML(false)
		if err := enc.Encode(map[string]string{"text": want}); err != nil {
			t.Fatal(err)
		}
		if bad := dirty(b.String()); bad != "" {
			t.Fatalf("%q holds %s", b.String(), bad)
		}
		var got map[string]string
		if err := json.Unmarshal(b.Bytes(), &got); err != nil {
			t.Fatalf("%s: %v", b.String(), err)
		}
		if got["text"] != want {
			t.Fatalf("read %q, wrote %q", got["text"], want)
		}
	})
}

// TestRunIDsStandInOrder: a later run has a greater id, within a second too.
func TestRunIDsStandInOrder(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 10, 15, 0, 0, time.UTC)
	last := ""
	for i := range 200 {
		id, err := newID(at.Add(time.Duration(i) * 5 * time.Millisecond))
		if err != nil || id <= last {
			t.Fatalf("%q after %q: %v", id, last, err)
		}
		last = id
	}
}
