package report

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// columns is the width of s on a terminal, without our own colours.
func columns(s string) int {
	n := 0
	for _, part := range cutColors(s) {
		if !part.color {
			n += runewidth.StringWidth(part.text)
		}
	}
	return n
}

type span struct {
	text  string
	color bool
}

// cutColors splits off the colour sequences that paint wrote. Foreign text
// holds none: its escape characters were made visible before.
func cutColors(s string) []span {
	var out []span
	for s != "" {
		i := strings.Index(s, "\x1b[")
		if i < 0 {
			return append(out, span{s, false})
		}
		j := strings.IndexByte(s[i:], 'm')
		if j < 0 {
			return append(out, span{s, false})
		}
		if i > 0 {
			out = append(out, span{s[:i], false})
		}
		out = append(out, span{s[i : i+j+1], true})
		s = s[i+j+1:]
	}
	return out
}

// Wrap breaks s into lines of at most width columns: at spaces, between wide
// characters, and inside a word only where it is longer than a line.
func Wrap(s string, width int) []string {
	width = max(width, 2)
	var lines []string
	var line, word strings.Builder
	lineW, wordW := 0, 0
	flushLine := func() {
		lines = append(lines, strings.TrimRight(line.String(), " "))
		line.Reset()
		lineW = 0
	}
	flushWord := func() {
		if lineW > 0 && lineW+wordW > width {
			flushLine()
		}
		line.WriteString(word.String())
		lineW += wordW
		word.Reset()
		wordW = 0
	}
	for _, p := range cutColors(s) {
		if p.color {
			word.WriteString(p.text)
			continue
		}
		for _, r := range p.text {
			w := runewidth.RuneWidth(r)
			switch {
			case r == ' ':
				flushWord()
				if lineW < width {
					line.WriteByte(' ')
					lineW++
				}
				continue
			case w == 2 && !closing(r):
				// A line may begin with any wide character but closing marks.
				flushWord()
			case wordW+w > width:
				flushWord()
				flushLine()
			}
			word.WriteRune(r)
			wordW += w
		}
	}
	flushWord()
	if line.Len() > 0 || len(lines) == 0 {
		flushLine()
	}
	return lines
}

// closing are the wide marks that don't begin a line (Unicode UAX #14, CL).
func closing(r rune) bool { return strings.ContainsRune("，。、；：？！）」』】》〉", r) }
