package untrusted

import (
	"fmt"
	"html"
	"html/template"
	"strings"
	"unicode"
)

// Terminal returns the text for one line of a terminal, a log or plain text:
// every control character (so every ANSI and OSC sequence), bidi control,
// zero-width or otherwise invisible character is made visible, as `\x1b`, `\n`
// or ⟨U+202E⟩. Control names as in UAX #9 section 2 and TR36 section 2.5.
func (t Text) Terminal() string { return visible(t.s) }

// HTML returns the text escaped and isolated from the direction of what stands
// around it (the bdi element). html/template strips the element in attributes.
func (t Text) HTML() template.HTML {
	//nolint:gosec // the text is escaped right here
	return template.HTML("<bdi>" + html.EscapeString(visible(t.s)) + "</bdi>")
}

// Markdown returns the text as inline CommonMark or GFM: all ASCII punctuation
// that could start markup, an entity or an autolink where it stands is escaped
// by a backslash. What is harmless there stays, because people read the source
// too.
func (t Text) Markdown() string {
	s := visible(t.s)
	text := strings.TrimLeft(s, " ")
	var b strings.Builder
	// Leading spaces would be a code block, and be lost where they are not.
	b.WriteString(strings.Repeat("&#32;", len(s)-len(text)))
	for i, r := range text {
		if r < unicode.MaxASCII && (unicode.IsPunct(r) || unicode.IsSymbol(r)) && !harmless(text, i, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return linkPrefix.Replace(b.String())
}

// harmless says that punctuation can't start anything where it stands.
func harmless(text string, i int, r rune) bool {
	before, after := text[:i], text[i+1:]
	switch r {
	case ',', '\'', ';', '"', '%', '?', '(', '{', '}':
		return true
	case '.': // 1. begins a list; www. becomes a link
		return strings.Trim(before, "0123456789") != "" && !strings.HasSuffix(strings.ToLower(before), "www")
	case ')': // so does 1)
		return strings.Trim(before, "0123456789") != ""
	case '-', '+', '=': // lists, rules and underlines begin a line
		return strings.Trim(before, " -+=") != ""
	case '/':
		return !strings.HasSuffix(before, ":") && !strings.HasSuffix(before, "/")
	case ':': // https:// becomes a link
		return after == "" || after[0] == ' '
	case '!':
		return !strings.HasPrefix(after, "[")
	}
	return false
}

// linkPrefix breaks "www", which GFM links even before an escaped dot in some
// renderers, by writing its first letter as an entity.
var linkPrefix = strings.NewReplacer(`www\.`, `&#119;ww\.`, `WWW\.`, `&#87;WW\.`)

// CSV returns the value of one cell, not yet quoted: what a spreadsheet would
// take for a formula gets an apostrophe in front, also behind the separators
// that a spreadsheet of another locale splits at (OWASP "CSV Injection").
func (t Text) CSV() string {
	var b strings.Builder
	start := true
	for _, r := range visible(t.s) {
		switch {
		case strings.ContainsRune(",;|", r):
			start = true
		case start && strings.ContainsRune("=+-@＝＋－＠", r):
			b.WriteByte('\'')
			start = false
		case start && (unicode.IsSpace(r) || r == '"' || r == '\''):
			// Spreadsheets skip these before a formula.
		default:
			start = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// XML returns the text escaped for element content and attribute values; it
// holds only characters that XML 1.0 allows (section 2.2, Char).
func (t Text) XML() string {
	return xmlEscape.Replace(visible(t.s))
}

var xmlEscape = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;")

// visible writes every character that a reader can't see, or that acts on the
// text around it, as its number.
func visible(s string) string {
	i := strings.IndexFunc(s, hidden)
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.WriteString(s[:i])
	for _, r := range s[i:] {
		switch {
		case !hidden(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r <= 0xff && r != 0xad:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, "⟨U+%04X⟩", r)
		}
	}
	return b.String()
}

// hidden reports whether r is a control (Cc), a format character (Cf: bidi,
// zero-width, tags), a separator of lines, private, not a character at all, or
// drawn as nothing although its class says letter or mark.
func hidden(r rune) bool {
	switch {
	case r >= 0x20 && r < 0x7f:
		return false
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co):
		return true
	case r >= 0xfdd0 && r <= 0xfdef, r&0xfffe == 0xfffe: // noncharacters
		return true
	case unicode.Is(unicode.Variation_Selector, r), unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r):
		return true
	}
	return false
}
