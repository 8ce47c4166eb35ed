package document

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// line is a line of text, or a part of one that is very long.
type line struct {
	n       int // from 1
	text    string
	heading bool
	mail    string // address that a link here leads to
}

// maxLine is the length in bytes above which a line is taken in parts, so
// that searches near a word stay near it.
const maxLine = 4096

// text returns the words of a document by line: an HTML page without its
// markup, scripts and comments; other text as it stands. whole is false where
// a page broke off inside markup that is too large or never ends.
func text(b []byte) (lines []line, title string, whole bool) {
	if isHTML(b) {
		lines, title, whole = htmlText(b)
	} else {
		lines, title = plainText(b)
		whole = true
	}
	for i := range lines {
		lines[i].text = strings.TrimSpace(lines[i].text)
	}
	return parts(lines), title, whole
}

func plainText(b []byte) (lines []line, title string) {
	for n := 1; len(b) > 0; n++ {
		raw, rest, _ := bytes.Cut(b, []byte("\n"))
		b = rest
		s := strings.TrimSpace(string(raw))
		if s == "" {
			continue
		}
		words := strings.TrimSpace(strings.TrimLeft(s, "#"))
		if title == "" {
			title = words
		}
		lines = append(lines, line{n: n, text: s, heading: strings.HasPrefix(s, "#")})
	}
	return lines, title
}

// parts cuts long lines, at a space where there is one.
func parts(in []line) []line {
	if !slices.ContainsFunc(in, func(l line) bool { return len(l.text) > maxLine }) {
		return in
	}
	var out []line
	for _, l := range in {
		for len(l.text) > maxLine {
			at := strings.LastIndexByte(l.text[:maxLine], ' ')
			if at < maxLine/2 {
				at = len(strings.ToValidUTF8(l.text[:maxLine], ""))
			}
			part := l
			part.text, l.text = l.text[:at], l.text[at:]
			out = append(out, part)
		}
		out = append(out, l)
	}
	return out
}

// inline are elements that don't end a line of text.
var inline = []string{"a", "abbr", "b", "cite", "code", "data", "em", "font", "i", "img", "kbd", "label", "mark", "q", "s", "samp", "small",
	"span", "strong", "sub", "sup", "td", "th", "time", "u", "var", "wbr"}

// hidden are elements whose text a reader doesn't see.
var hidden = []string{"script", "style", "template", "iframe", "noembed", "noframes"}

// htmlPage is what htmlText has read so far.
type htmlPage struct {
	lines   []line
	title   string
	titled  bool // a title has ended
	inTitle bool
	skip    string // the hidden element that is open
	depth   int    // of it
	heading bool
	broken  bool // markup that never ends
	newLine bool // a block began since the last text
	mail    string
}

func htmlText(b []byte) (lines []line, title string, whole bool) {
	z := html.NewTokenizer(bytes.NewReader(b))
	z.SetMaxBuf(1 << 20)
	var p htmlPage
	for n := 1; ; {
		tt := z.Next()
		if tt == html.ErrorToken {
			return p.lines, p.title, errors.Is(z.Err(), io.EOF) && p.skip == "" && !p.broken
		}
		start, raw := n, z.Raw()
		n += bytes.Count(raw, []byte("\n"))
		switch tt {
		case html.CommentToken:
			p.broken = p.broken || !bytes.HasSuffix(raw, []byte(">"))
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			p.tag(z, tt)
		case html.TextToken:
			p.words(string(z.Text()), start)
		}
	}
}

func (p *htmlPage) tag(z *html.Tokenizer, tt html.TokenType) {
	name, attributes := z.TagName()
	tag := string(name)
	open, end := tt == html.StartTagToken, tt == html.EndTagToken
	if p.skip != "" {
		switch {
		case tag == p.skip && open:
			p.depth++
		case tag == p.skip && end:
			if p.depth--; p.depth == 0 {
				p.skip = ""
			}
		}
		return
	}
	if !slices.Contains(inline, tag) {
		p.newLine = true
	}
	switch {
	case slices.Contains(hidden, tag) && open:
		p.skip, p.depth = tag, 1
	case tag == "title":
		p.inTitle = open && !p.titled
		p.titled = p.titled || end
	case tag == "h1" || tag == "h2":
		p.heading = open
	case (tag == "td" || tag == "th") && len(p.lines) > 0 && !p.newLine:
		p.lines[len(p.lines)-1].text += " "
	case tag == "a" && open:
		p.mail = ""
		for attributes {
			var key, value []byte
			key, value, attributes = z.TagAttr()
			if scheme, rest, ok := strings.Cut(string(value), ":"); string(key) == "href" && ok && strings.EqualFold(scheme, "mailto") {
				address, _, _ := strings.Cut(rest, "?")
				p.mail = clip(strings.ToValidUTF8(strings.TrimSpace(address), ""), maxQuote)
			}
		}
	}
}

// words adds text that begins in source line n.
func (p *htmlPage) words(raw string, n int) {
	if p.skip != "" {
		return
	}
	for i, part := range strings.Split(strings.ToValidUTF8(raw, "\uFFFD"), "\n") {
		s := strings.Join(strings.Fields(part), " ")
		if p.inTitle {
			p.title = strings.TrimSpace(p.title + " " + s)
			continue
		}
		last := len(p.lines) - 1
		if last >= 0 && p.lines[last].n == n+i && !p.newLine && len(p.lines[last].text) < maxLine {
			l := &p.lines[last]
			if strings.TrimLeft(part, " \t\r") != part && !strings.HasSuffix(l.text, " ") {
				l.text += " "
			}
			l.text += s
			if s != "" && strings.TrimRight(part, " \t\r") != part {
				l.text += " "
			}
			if p.mail != "" {
				l.mail, p.mail = p.mail, ""
			}
			continue
		}
		if s == "" {
			continue
		}
		if strings.TrimRight(part, " \t\r") != part {
			s += " "
		}
		p.lines = append(p.lines, line{n: n + i, text: s, heading: p.heading, mail: p.mail})
		p.newLine, p.mail = false, ""
	}
}
