// Package report writes what leaves the house about one run: the JSON
// document that programs read, the summary on a terminal, and the test report
// as Markdown and as one self-contained HTML file.
//
// In: an Input (product, standards, assessment, run, language). Out: bytes,
// the same ones for the same Input. It judges nothing and opens no file;
// text that came from outside is neutralised here, for the place where it is
// shown.
package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"assay/internal/i18n"
	"assay/internal/judge"
	"assay/internal/product"
	"assay/internal/standard"
	"assay/internal/threat"
)

// Run says how an assessment came about.
type Run struct {
	ID             string
	Started, Ended time.Time
	Resumed        int    // how often it was resumed
	Head           string // last hash of the chain of segments
	Program        string // version of the program
	By             string
	Command        string
	Only           []string // test cases, where the run was told to leave out the others
	Intrusive      bool
	Laboratory     bool // a reviewer's results count
	// Accreditation of the laboratory that answers for the report; without
	// one it is a pre-assessment (rule 12).
	Accreditation string
	Workspace     string // absolute path
}

// Error is something that went wrong in the run, as scripts read it.
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Where   string `json:"where,omitempty"`
}

// Texts is the catalogue of everything that a person reads; *i18n.Texts in
// the program, a fixed one in tests, so that rewording a reason doesn't touch
// the recorded reports.
type Texts interface {
	T(lang i18n.Lang, key string, args map[string]string) string
	Has(key string) bool
	Said(lang i18n.Lang, text string) string // what readers of images say, in technical English
}

// Input is all that an encoder may look at.
type Input struct {
	Product    *product.Product
	Standards  []standard.Standard
	Assessment *judge.Assessment
	Run        Run
	Errors     []Error
	// Threats are the product's threats as the run leaves them; nil: they
	// aren't shown.
	Threats *threat.Analysis
	Lang    i18n.Lang
	Texts   Texts
	Report  string // absolute path of the HTML report

	// Color and Width concern the terminal summary only. Width is in
	// columns; 0 means 80.
	Color bool
	Width int
}

func (in Input) check() error {
	switch {
	case in.Product == nil:
		return fmt.Errorf("report: no product")
	case in.Assessment == nil:
		return fmt.Errorf("report: no assessment")
	case in.Texts == nil:
		return fmt.Errorf("report: no texts")
	}
	return nil
}

// Encoder writes one format. An error is one of the writer, or of an Input
// that lacks a part.
type Encoder func(w io.Writer, in Input) error

// encoders lists the formats in the order in which help texts name them.
func encoders() []struct {
	name   string
	encode Encoder
} {
	return []struct {
		name   string
		encode Encoder
	}{
		{"text", encodeText},
		{"json", encodeJSON},
		{"md", encodeMarkdown},
		{"html", encodeHTML},
	}
}

// Formats lists the names of the formats.
func Formats() []string {
	var out []string
	for _, e := range encoders() {
		out = append(out, e.name)
	}
	return out
}

// Lookup returns the encoder of a format. The error names those that exist.
func Lookup(format string) (Encoder, error) {
	all := encoders()
	i := slices.IndexFunc(all, func(e struct {
		name   string
		encode Encoder
	}) bool {
		return e.name == format
	})
	if i < 0 {
		return nil, fmt.Errorf("unknown report format %q: use %s", format, strings.Join(Formats(), ", "))
	}
	return all[i].encode, nil
}
