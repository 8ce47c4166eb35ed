package cli

import (
	"bytes"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"
)

// visible writes JSON so that no character of it acts on the terminal or the
// page that shows it: C1 controls, bidirectional and other invisible
// characters of banners and titles become \u escapes. To a parser the
// document is the same: outside of strings JSON has only ASCII. Each Write
// holds whole characters, as those of encoding/json do.
type visible struct{ w io.Writer }

func (v visible) Write(b []byte) (int, error) {
	var out bytes.Buffer
	out.Grow(len(b))
	for rest := b; len(rest) > 0; {
		plain := 0 // most of a document is ASCII
		for plain < len(rest) && rest[plain] < 0x7f {
			plain++
		}
		out.Write(rest[:plain])
		if rest = rest[plain:]; len(rest) == 0 {
			break
		}
		r, n := utf8.DecodeRune(rest)
		if r != utf8.RuneError && r >= 0x7f && invisible(r) {
			if r > 0xffff { // JSON escapes are of UTF-16
				r -= 0x10000
				fmt.Fprintf(&out, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
			} else {
				fmt.Fprintf(&out, `\u%04x`, r)
			}
		} else {
			out.Write(rest[:n])
		}
		rest = rest[n:]
	}
	if _, err := v.w.Write(out.Bytes()); err != nil {
		return 0, err
	}
	return len(b), nil
}

func invisible(r rune) bool {
	return r == 0x7f || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Variation_Selector)
}
