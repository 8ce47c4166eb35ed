// Package document reads what a maker publishes or supplies: security.txt
// (RFC 9116), disclosure policies, set-up guides, support periods, as HTML,
// Markdown or text in UTF-8, UTF-16, Big5 or GB 18030.
//
// In: the declared documents of a workspace, hostile until read; Parse runs
// in the child process of package sandbox. Out: facts on which documents are
// there, what model they name, quotes with their line, and the structured
// parts that a program may rely on. What a text means, it leaves to people.
package document

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

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
	Cut   bool   `json:"cut"`           // not read to its end
	Text  int    `json:"text"`          // bytes of text in it
	Why   string `json:"why,omitempty"` // it can't be read at all: a key of the texts
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
	// RFC 9116 section 4 leaves a security.txt no other form than UTF-8 text.
	if args.Type == "security-txt" {
		s := SecurityTxt(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")))
		s.Document = args.Document
		if err := emit(Record{SecurityTxt: &s}); err != nil {
			return err
		}
	}
	if cut {
		b = whole(b)
	}
	b, ok := decode(b)
	if !ok {
		return emit(Record{Page: &Page{Cut: cut, Why: "cut.format"}})
	}
	lines, title, ended := text(b)
	page := Page{Title: clip(title, maxQuote), Cut: cut || !ended}
	for _, l := range lines {
		page.Text += len(l.text)
	}
	page.Model, page.Other = names(lines, title, args)
	var found support
	if args.Type == "support-period" {
		found = readSupport(lines, title, args)
		page.Cut = page.Cut || found.cut
	}
	if err := emit(Record{Page: &page}); err != nil {
		return err
	}
	for _, s := range found.ends {
		s.Document = args.Document
		if err := emit(Record{SupportEnd: &s}); err != nil {
			return err
		}
	}
	for _, q := range found.unparsed {
		q.Document, q.Type = args.Document, args.Type
		if err := emit(Record{Quote: &q}); err != nil {
			return err
		}
	}
	return quotes(lines, args, emit)
}

// whole takes the beginning of a character off the end of b: it was cut there.
func whole(b []byte) []byte {
	for i := 1; i <= min(3, len(b)); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-i:]) {
				return b[:len(b)-i]
			}
			break
		}
	}
	return b
}

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
