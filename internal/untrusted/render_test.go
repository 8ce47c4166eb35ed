package untrusted

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"html"
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"pgregory.net/rapid"
)

// forbidden is written apart from the code under test: what no rendering may hold.
func forbidden(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r <= 0x9f: // C0 (ESC, BEL, newline), DEL, C1
		return true
	case r == 0x61c, r == 0x200e, r == 0x200f: // marks
		return true
	case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069: // embeddings, overrides, isolates
		return true
	case r >= 0x200b && r <= 0x200d, r == 0x2060, r == 0xfeff, r == 0x2028, r == 0x2029:
		return true
	}
	return unicode.Is(unicode.Cf, r)
}

func checkSafe(t interface{ Errorf(string, ...any) }, txt Text) {
	for name, s := range map[string]string{
		"Terminal": txt.Terminal(), "HTML": string(txt.HTML()), "Markdown": txt.Markdown(),
		"CSV": txt.CSV(), "XML": txt.XML(), "String": txt.String(), "GoString": txt.GoString(),
		"LogValue": txt.LogValue().String(),
	} {
		if i := strings.IndexFunc(s, forbidden); i >= 0 {
			t.Errorf("%s of %q holds a forbidden character at %d: %q", name, txt.Raw(), i, s)
		}
	}
	h := strings.TrimSuffix(strings.TrimPrefix(string(txt.HTML()), "<bdi>"), "</bdi>")
	if strings.ContainsAny(h, `<>"'`) || html.UnescapeString(h) != txt.Terminal() {
		t.Errorf("HTML of %q is %q", txt.Raw(), h)
	}
	var x struct {
		A string `xml:"a,attr"`
		C string `xml:",chardata"`
	}
	if err := xml.Unmarshal([]byte(`<t a="`+txt.XML()+`">`+txt.XML()+`</t>`), &x); err != nil || x.A != txt.Terminal() || x.C != txt.Terminal() {
		t.Errorf("XML of %q reads back as %q and %q, %v", txt.Raw(), x.A, x.C, err)
	}
	for _, sep := range ",;|" {
		for cell := range strings.SplitSeq(txt.CSV(), string(sep)) {
			cell = strings.TrimLeftFunc(cell, func(r rune) bool { return unicode.IsSpace(r) || r == '"' })
			if strings.IndexAny(cell, "=+-@＝＋－＠") == 0 {
				t.Errorf("CSV of %q has the formula %q", txt.Raw(), cell)
			}
		}
	}
}

// dangerous draws texts that are mostly made of what the renderings guard against.
func dangerous() *rapid.Generator[string] {
	part := rapid.OneOf(
		rapid.SampledFrom([]string{"\x1b[2J", "\x1b]8;;", "\x07", "\u009b", "\u202e", "\u2066", "\u200d", "\ufeff", "\xff", "\xe2\x80",
			"=", "+", "-", "@", ";", ",", "\t", "\r\n", "<a>", "&lt;", "'", `"`, "`", "*", "_", "[", "](", "!", "#", "|", "~~", "\\",
			"http://a.b", "www.a.b", "a@b.cc", "    ", "1. ", "> ", "\u2028", "\x00", "]]>", "<!--"}),
		rapid.String())
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(part, 0, 8).Draw(t, "parts"), "")
	})
}

func TestRenderingsSafe(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		checkSafe(t, From(dangerous().Draw(t, "text"), rapid.IntRange(0, 80).Draw(t, "max")))
	})
}

// A Markdown reader must show the text and nothing else: one paragraph, no
// markup, no link.
func TestMarkdownReadsBack(t *testing.T) {
	t.Parallel()
	md := goldmark.New(goldmark.WithExtensions(extension.GFM))
	rapid.Check(t, func(t *rapid.T) {
		txt := From(dangerous().Draw(t, "text"), 200)
		var out bytes.Buffer
		if err := md.Convert([]byte("x"+txt.Markdown()), &out); err != nil {
			t.Fatal(err)
		}
		inner := strings.TrimSuffix(strings.TrimPrefix(out.String(), "<p>"), "</p>\n")
		if strings.Contains(inner, "<") {
			t.Errorf("Markdown of %q gives markup: %s", txt.Raw(), out.String())
		}
		squeeze := func(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) }
		if got := html.UnescapeString(inner); squeeze(got) != squeeze("x"+txt.Terminal()) {
			t.Errorf("Markdown of %q reads %q", txt.Raw(), got)
		}
		out.Reset()
		if err := md.Convert([]byte(txt.Markdown()), &out); err != nil {
			t.Fatal(err)
		}
		if s := strings.TrimPrefix(out.String(), "<p>"); txt.Terminal() != "" && strings.TrimSpace(s) != "" &&
			strings.Contains(strings.TrimSuffix(s, "</p>\n"), "<") {
			t.Errorf("Markdown of %q at a line's start gives markup: %s", txt.Raw(), out.String())
		}
	})
}

func TestCSVReadsBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		txt := From(dangerous().Draw(t, "text"), 200)
		var out bytes.Buffer
		w := csv.NewWriter(&out)
		if err := w.Write([]string{"a", txt.CSV()}); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		row, err := csv.NewReader(&out).Read()
		if err != nil || len(row) != 2 || row[1] != txt.CSV() {
			t.Errorf("CSV of %q reads back as %q, %v", txt.Raw(), row, err)
		}
	})
}
