package diagram

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"

	"assay/internal/untrusted"
)

// maxText bounds what is looked at of one text, in bytes.
const maxText = 2000

// clean is a text from outside as one line that can be shown: each control or
// invisible character is replaced by its number.
func clean(s string, limit int) string {
	return untrusted.From(s, min(limit, maxText)).Terminal()
}

// Sizes of type. Nothing is smaller than 11 at natural size.
const (
	labelSize, labelLine = 13.0, 17.0
	noteSize, noteLine   = 11.0, 14.0
)

// Fonts wider than Helvetica are in use, in bold above all: a box a little wide
// is better than text that leaves it.
const slack, slackBold = 1.1, 1.2

// per is the width of a thousandth.
func per(size float64) float64 {
	if size == labelSize {
		return size * slackBold / 1000
	}
	return size * slack / 1000
}

// advance is the width of a character in thousandths of the size, after
// Helvetica in groups of about the same width. East Asian wide characters are
// as wide as high.
func advance(r rune) float64 {
	switch {
	case strings.ContainsRune("iljI.,:;'|!", r):
		return 270
	case strings.ContainsRune(`ftr()[]{}/\-"`+" `·", r):
		return 340
	case strings.ContainsRune("mwMW@%—…→", r):
		return 920
	case unicode.IsUpper(r) && r < 0x250:
		return 700
	case r < 0x250:
		return 556
	case wide(r):
		return 1000
	case unicode.Is(unicode.Mn, r):
		return 150 // marks take no room, but a hundred on one letter have to end somewhere
	}
	return 800
}

// widthOf is about the width of a text in pixels.
func widthOf(s string, size float64) float64 {
	w := 0.0
	for _, r := range s {
		w += advance(r)
	}
	return w * per(size)
}

// short cuts a text to a width; a cut one ends in … and says so.
func short(s string, size, width float64) (string, bool) {
	if widthOf(s, size) <= width {
		return s, false
	}
	w := widthOf("…", size)
	for i, r := range s {
		w += advance(r) * per(size)
		if w > width {
			return strings.TrimRight(s[:i], " ") + "…", true
		}
	}
	return s, false
}

// wrapped breaks a text into at most most lines no wider than width: at spaces,
// between East Asian characters, behind some punctuation, and in long words
// anywhere. The lines are of about the same length.
func wrapped(s string, size, width float64, most int) []string {
	s = strings.Join(strings.Fields(s), " ")
	lines, cut := broken(s, size, width, most)
	for narrow := width - 8; !cut && len(lines) > 1 && narrow > width/2; narrow -= 8 {
		closer, bad := broken(s, size, narrow, most)
		if bad || len(closer) > len(lines) {
			break
		}
		lines = closer
	}
	return lines
}

func broken(s string, size, width float64, most int) (lines []string, bad bool) {
	for len(lines) < most-1 && widthOf(s, size) > width {
		at, within := breakAt(s, size, width)
		bad = bad || within
		lines = append(lines, strings.TrimRight(s[:at], " "))
		s = strings.TrimLeft(s[at:], " ")
	}
	if s == "" {
		return lines, bad
	}
	s, cut := short(s, size, width)
	return append(lines, s), cut || bad
}

// breakAt is where a text too wide for one line breaks, at least behind the
// first character, and whether that is within a word. A space is preferred to
// a place between characters.
func breakAt(s string, size, width float64) (at int, within bool) {
	w, space, best, fits := 0.0, 0, 0, 0
	var last rune
	for i, r := range s {
		if i > 0 && breaks(last, r) {
			best = i
		}
		if i > 0 && r == ' ' {
			space = i
		}
		w += advance(r) * per(size)
		if w > width && r != ' ' {
			break
		}
		fits = i + utf8.RuneLen(r)
		last = r
	}
	_, first := utf8.DecodeRuneInString(s)
	fits = max(fits, first)
	switch {
	case space > fits/2:
		return space, false
	case best > fits/3:
		return best, false
	}
	return fits, true
}

// breaks says whether a line may end between two characters.
func breaks(a, b rune) bool {
	switch {
	case a == ' ' || strings.ContainsRune("/-_.:", a) && b != ' ':
		return true
	case strings.ContainsRune("，。、；：？！）」』》", b) || strings.ContainsRune("（「『《", a):
		return false // such punctuation begins or ends no line
	}
	return wide(a) && b != ' ' || wide(b)
}

// wide says whether a character is as wide as high, whatever the locale.
func wide(r rune) bool {
	c := runewidth.Condition{StrictEmojiNeutral: true}
	return r >= 0x1100 && c.RuneWidth(r) > 1
}
