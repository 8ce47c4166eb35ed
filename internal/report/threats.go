package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"assay/internal/i18n"
	"assay/internal/standard"
	"assay/internal/threat"
)

// ThreatInput is all that the pages about threats may look at.
type ThreatInput struct {
	Analysis *threat.Analysis
	// Standards give the titles of requirements; nil: those of the program.
	Standards []*standard.Standard
	Errors    []Error
	Program   string // version of the program; "" isn't shown
	Lang      i18n.Lang
	Texts     Texts
	// Compared: Against lists what differs from another run, which AgainstRun
	// names; "" is no run.
	Compared   bool
	Against    []threat.Difference
	AgainstRun string

	// Color and Width concern the terminal only. Width is in columns; 0 means
	// 80.
	Color bool
	Width int
}

func (in ThreatInput) check() error {
	switch {
	case in.Analysis == nil || in.Analysis.Model == nil:
		return fmt.Errorf("report: no analysis of threats")
	case in.Analysis.Product == nil:
		return fmt.Errorf("report: an analysis of threats without a product")
	case in.Texts == nil:
		return fmt.Errorf("report: no texts")
	}
	return nil
}

// threatEncoders lists the formats in the order in which help texts name
// them.
func threatEncoders() []struct {
	name   string
	encode func(io.Writer, ThreatInput) error
} {
	return []struct {
		name   string
		encode func(io.Writer, ThreatInput) error
	}{
		{"text", threatsText},
		{"json", threatsJSON},
		{"md", threatsMarkdown},
		{"html", threatsHTML},
	}
}

// ThreatFormats lists the names of the formats of Threats.
func ThreatFormats() []string {
	var out []string
	for _, e := range threatEncoders() {
		out = append(out, e.name)
	}
	return out
}

// Threats writes an analysis of threats as a document of its own: a summary
// for a terminal, the assay/threats@1 document, Markdown, or one
// self-contained page. The error is one of the writer, of an unknown format,
// or of an input that lacks a part.
func Threats(w io.Writer, format string, in ThreatInput) error {
	all := threatEncoders()
	i := slices.IndexFunc(all, func(e struct {
		name   string
		encode func(io.Writer, ThreatInput) error
	}) bool {
		return e.name == format
	})
	if i < 0 {
		return fmt.Errorf("unknown format %q for threats: use %s", format, strings.Join(ThreatFormats(), ", "))
	}
	if err := in.check(); err != nil {
		return err
	}
	if in.Standards == nil {
		var err error
		if in.Standards, err = standard.All(); err != nil {
			return fmt.Errorf("report: titles of requirements: %w", err)
		}
	}
	return all[i].encode(w, in)
}

// threatsOf lays out the threats that a test report shows, nil where it shows
// none. Requirements that stand in the report can be linked to.
func threatsOf(in Input) *threatView {
	if in.Threats == nil || in.Threats.Model == nil || in.Threats.Product == nil {
		return nil
	}
	x := ThreatInput{Analysis: in.Threats, Lang: in.Lang, Texts: in.Texts, Color: in.Color, Width: in.Width, Standards: []*standard.Standard{}}
	page := make(map[threat.Ref]bool)
	for i := range in.Standards {
		x.Standards = append(x.Standards, &in.Standards[i])
	}
	for _, v := range in.Assessment.Verdicts {
		if standardOf(in.Standards, v.Standard) != nil {
			page[threat.Ref{Standard: v.Standard, Requirement: v.Requirement}] = true
		}
	}
	return newThreatView(x, page)
}
