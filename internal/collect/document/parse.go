// Package document reads what a maker publishes or supplies: security.txt
// (RFC 9116), disclosure policies, set-up guides, support periods, as HTML,
// Markdown or text.
//
// In: the declared documents of a workspace, hostile until read; Parse runs
// in the child process of package sandbox. Out: facts on which documents are
// there, what model they name, quotes with their line, and the structured
// parts that a program may rely on. What a text means, it leaves to people.
package document

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/net/html"

	"assay/internal/fact"
)

// Args tell Parse what to look for.
type Args struct {
	Document string `json:"document"` // id
	Type     string `json:"type"`
	Model    string `json:"model"`
	Name     string `json:"name"`
	Size     int64  `json:"size"` // most bytes that are read
}

// Record is one thing found: exactly one field is set.
type Record struct {
	Page        *Page             `json:"page,omitempty"`
	Quote       *fact.Quote       `json:"quote,omitempty"`
	SecurityTxt *fact.SecurityTxt `json:"security_txt,omitempty"`
	SupportEnd  *fact.SupportEnd  `json:"support_end,omitempty"`
}

// Page is what a document is as a whole.
type Page struct {
	Title string `json:"title,omitempty"`
	Model bool   `json:"model"`
	Other string `json:"other,omitempty"`
	Cut   bool   `json:"cut"`
	Text  int    `json:"text"` // bytes of text in it
}

// maxQuotes bounds the quotes of one topic; a person reads them.
const maxQuotes = 5

// maxQuote bounds a quote in bytes.
const maxQuote = 300

// Parse reads one document. It is a sandbox.Parser.
func Parse(_ context.Context, in *os.File, raw json.RawMessage, emit func(any) error) error {
	var args Args
	if err := json.Unmarshal(raw, &args); err != nil {
		return fmt.Errorf("arguments: %w", err)
	}
	return Read(in, args, func(r Record) error { return emit(r) })
}

// Read reads one document from r.
func Read(r io.Reader, args Args, emit func(Record) error) error {
	if args.Size <= 0 {
		args.Size = 4 << 20
	}
	b, err := io.ReadAll(io.LimitReader(r, args.Size+1))
	if err != nil {
		return err
	}
	cut := int64(len(b)) > args.Size
	if cut {
		b = b[:args.Size]
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if args.Type == "security-txt" {
		s := SecurityTxt(b)
		s.Document = args.Document
		if err := emit(Record{SecurityTxt: &s}); err != nil {
			return err
		}
	}
	lines, title := text(b)
	page := Page{Title: clip(title, maxQuote), Cut: cut}
	for _, l := range lines {
		page.Text += len(l.text)
	}
	page.Model, page.Other = names(lines, title, args)
	if err := emit(Record{Page: &page}); err != nil {
		return err
	}
	if args.Type == "support-period" {
		for _, s := range supportEnds(lines) {
			s.Document = args.Document
			if err := emit(Record{SupportEnd: &s}); err != nil {
				return err
			}
		}
	}
	return quotes(lines, args, emit)
}

type line struct {
	n    int // from 1
	text string
}

// text returns the words of a document by line: an HTML page without its
// markup, scripts and comments; other text as it stands.
func text(b []byte) (lines []line, title string) {
	head := bytes.ToLower(b[:min(len(b), 2048)])
	if !bytes.Contains(head, []byte("<html")) && !bytes.Contains(head, []byte("<!doctype html")) {
		sc := bufio.NewScanner(bytes.NewReader(b))
		sc.Buffer(nil, 1<<20)
		for n := 1; sc.Scan(); n++ {
			s := strings.TrimSpace(strings.ToValidUTF8(sc.Text(), "\uFFFD"))
			if title == "" {
				title = strings.TrimSpace(strings.TrimLeft(s, "#"))
			}
			if s != "" {
				lines = append(lines, line{n, s})
			}
		}
		return lines, title
	}
	return htmlText(b)
}

func htmlText(b []byte) (lines []line, title string) {
	z := html.NewTokenizer(bytes.NewReader(b))
	z.SetMaxBuf(1 << 20)
	n, skip, inTitle := 1, "", false
	for {
		tt := z.Next()
		if tt == html.ErrorToken {
			return lines, title
		}
		start := n
		n += bytes.Count(z.Raw(), []byte("\n"))
		switch tt {
		case html.StartTagToken, html.EndTagToken:
			name, _ := z.TagName()
			tag := string(name)
			if tt == html.EndTagToken {
				if tag == skip {
					skip = ""
				}
				inTitle = inTitle && tag != "title"
				continue
			}
			switch tag {
			case "script", "style", "template":
				skip = tag
			case "title":
				inTitle = true
			}
		case html.TextToken:
			if skip != "" {
				continue
			}
			raw := string(z.Text())
			for i, part := range strings.Split(raw, "\n") {
				s := strings.Join(strings.Fields(strings.ToValidUTF8(part, "\uFFFD")), " ")
				if s == "" {
					continue
				}
				if inTitle {
					title += s
					continue
				}
				lines = append(lines, line{start + i, s})
			}
		}
	}
}

// modelShape is what a model number looks like: letters and digits with at
// least one of each.
var modelShape = regexp.MustCompile(`\b[A-Z]{2,6}[- ]?\d{2,5}[A-Z]{0,3}\b`)

// names says whether a document names the product, and which other model
// stands in the title or after the word "model" where it doesn't.
func names(lines []line, title string, args Args) (model bool, other string) {
	mentions := func(s string) bool {
		return args.Model != "" && word(s, args.Model) || args.Name != "" && word(s, args.Name)
	}
	model = mentions(title)
	look := func(s string) {
		for _, m := range modelShape.FindAllString(s, 4) {
			if other == "" && !strings.EqualFold(m, args.Model) && !standardName(m) {
				other = m
			}
		}
	}
	look(title)
	for _, l := range lines {
		model = model || mentions(l.text)
		low := strings.ToLower(l.text)
		if strings.Contains(low, "model") || strings.Contains(l.text, "型號") || strings.HasPrefix(l.text, "#") {
			look(l.text)
		}
	}
	return model, other
}

// standardName keeps names of standards and protocols from being models.
func standardName(s string) bool {
	for _, p := range []string{"EN", "ISO", "IEC", "RFC", "CVE", "TLS", "WPA", "SHA", "AES", "RSA", "UTF", "IR", "SP", "FIPS", "IPV", "HTTP", "MP"} {
		rest, ok := strings.CutPrefix(s, p)
		if ok && (rest == "" || strings.Trim(rest, "- 0123456789") == "") {
			return true
		}
	}
	return false
}

// word says whether s holds w not as part of a longer word.
func word(s, w string) bool {
	low, lw := strings.ToLower(s), strings.ToLower(w)
	for from := 0; ; {
		i := strings.Index(low[from:], lw)
		if i < 0 {
			return false
		}
		i += from
		before, _ := utf8.DecodeLastRuneInString(low[:i])
		after, _ := utf8.DecodeRuneInString(low[i+len(lw):])
		if !alnum(before) && !alnum(after) {
			return true
		}
		from = i + len(lw)
	}
}

func alnum(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= '0' && r <= '9'
}

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// date reads the dates that people write in documents.
var dates = []struct {
	re     *regexp.Regexp
	layout string
}{
	{regexp.MustCompile(`\b(20\d\d)-(\d\d)-(\d\d)\b`), "2006-01-02"},
	{regexp.MustCompile(`\b(\d{1,2}) (January|February|March|April|May|June|July|August|September|October|November|December) (20\d\d)\b`), "2 January 2006"},
	{regexp.MustCompile(`\b(January|February|March|April|May|June|July|August|September|October|November|December) (\d{1,2}), (20\d\d)\b`), "January 2, 2006"},
	{regexp.MustCompile(`(20\d\d) ?年 ?(\d{1,2}) ?月 ?(\d{1,2}) ?日`), "zh"},
}

func findDates(s string) []time.Time {
	var out []time.Time
	for _, d := range dates {
		for _, m := range d.re.FindAllStringSubmatch(s, 8) {
			text, layout := m[0], d.layout
			if layout == "zh" {
				text, layout = m[1]+"-"+m[2]+"-"+m[3], "2006-1-2"
			}
			if t, err := time.Parse(layout, text); err == nil {
				out = append(out, t)
			}
		}
	}
	return out
}
