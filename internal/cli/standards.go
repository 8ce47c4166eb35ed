package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"assay/internal/standard"
	"assay/internal/testcase"
)

// standardsListDoc is the `standards` document of `list`.
type standardsListDoc struct {
	Schema     string         `json:"schema"`
	Standards  []standardRow  `json:"standards"`
	References []referenceRow `json:"references"` // pointed to, not judged by
}

// standardRow is one standard in brief.
type standardRow struct {
	ID           standard.ID   `json:"id"`
	Version      string        `json:"version"`
	Title        standard.Text `json:"title"`
	Jurisdiction string        `json:"jurisdiction"` // ISO 3166 alpha-2, or EU
	Requirements int           `json:"requirements"` // how many
	Verified     bool          `json:"verified"`     // every entry was compared with the standard itself
}

// referenceRow is one reference in brief.
type referenceRow struct {
	ID           standard.ID   `json:"id"`
	Version      string        `json:"version"`
	Title        standard.Text `json:"title"`
	Jurisdiction string        `json:"jurisdiction"` // ISO 3166 alpha-2, EU, or INT where it is international
	Items        int           `json:"items"`        // how many
	Verified     bool          `json:"verified"`     // every item was compared with the document itself
}

// standardsShowDoc is the `standards` document of `show ID`.
type standardsShowDoc struct {
	Schema   string             `json:"schema"`
	Standard *standard.Standard `json:"standard"`
}

// standardsRequirementDoc is the `standards` document of `show ID
// REQUIREMENT`.
type standardsRequirementDoc struct {
	Schema      string                `json:"schema"`
	Requirement *standard.Requirement `json:"requirement"`
	Links       standard.Links        `json:"links"` // with other catalogues, in both directions
}

// standardsReferenceDoc is the `standards` document of `show ID` for a
// reference.
type standardsReferenceDoc struct {
	Schema    string              `json:"schema"`
	Reference *standard.Reference `json:"reference"`
}

// standardsPlaceDoc is the `standards` document of `show ID REQUIREMENT` for
// an item of a reference, and for an aspect or group of a standard.
type standardsPlaceDoc struct {
	Schema string         `json:"schema"`
	Place  placeRow       `json:"place"`
	Links  standard.Links `json:"links"` // with other catalogues, in both directions
}

// placeRow is a place that links lead to and that isn't a requirement.
type placeRow struct {
	Catalogue  standard.ID            `json:"catalogue"`
	ID         standard.RequirementID `json:"id"`
	Title      standard.Text          `json:"title"`
	Up         []standard.Ref         `json:"up"`                   // what it stands in, the nearest first
	Parts      []string               `json:"parts,omitempty"`      // of the reference
	Confidence string                 `json:"confidence,omitempty"` // of an item: how sure we are of id and meaning
	Note       standard.Text          `json:"note,omitzero"`
}

// standardsSearchDoc is the `standards` document of `search WORDS`.
type standardsSearchDoc struct {
	Schema string         `json:"schema"`
	Query  string         `json:"query"`
	Hits   []standard.Hit `json:"hits"` // requirements, best first
	// References are items that Assay only points to, best first.
	References []standard.Hit `json:"references"`
}

// standardsCasesDoc is the `standards` document of `--cases`.
type standardsCasesDoc struct {
	Schema string    `json:"schema"`
	Cases  []caseRow `json:"cases"`
}

// caseRow is one test case in brief.
type caseRow struct {
	ID        testcase.ID `json:"id"`
	Title     string      `json:"title"`     // in the language of the call
	Kind      string      `json:"kind"`      // conceptual, functional
	Method    string      `json:"method"`    // automatic, assisted, guided
	Intrusive bool        `json:"intrusive"` // made with --intrusive only
}

func (a *app) standardsCommand() *cobra.Command {
	listCases := false
	c := a.command("standards [list|show ID|search WORDS]", "standards", cobra.ArbitraryArgs, func(_ *cobra.Command, args []string) error {
		if err := a.formats("text", "json"); err != nil {
			return err
		}
		if listCases {
			return a.listCases()
		}
		what := "list"
		if len(args) > 0 {
			what, args = args[0], args[1:]
		}
		switch {
		case what == "list" && len(args) == 0:
			return a.listStandards()
		case what == "show" && len(args) >= 1 && len(args) <= 3:
			return a.showStandard(args)
		case what == "search" && len(args) > 0:
			return a.searchStandards(strings.Join(args, " "))
		}
		return &exitError{code: exitUse, err: fmt.Errorf("standards %s: use list, show ID [REQUIREMENT] or search WORDS", what), next: a.t("ui.next.help")}
	})
	c.Flags().BoolVar(&listCases, "cases", false, a.t("flag.cases"))
	return c
}

func (a *app) listStandards() error {
	lib, err := standard.LoadLibrary()
	if err != nil {
		return err
	}
	if a.format == "json" {
		doc := standardsListDoc{Schema: "assay/standards@1", Standards: []standardRow{}, References: []referenceRow{}}
		for _, s := range lib.Standards {
			doc.Standards = append(doc.Standards, standardRow{s.ID, s.Version, s.Title, s.Jurisdiction, len(s.Requirements), s.Verified})
		}
		for _, r := range lib.References {
			doc.References = append(doc.References, referenceRow{r.ID, r.Version, r.Title, r.Jurisdiction, len(r.Items), r.Verified})
		}
		a.json(doc)
		return nil
	}
	entry := func(id standard.ID, version string, title standard.Text, counts string) {
		fmt.Fprintf(a.Out, "%-22s %-12s %s\n%-35s %s\n", id, version, title.In(string(a.lang)), "", counts)
	}
	for _, s := range lib.Standards {
		m := 0
		for _, r := range s.Requirements {
			if r.Status == standard.Mandatory {
				m++
			}
		}
		entry(s.ID, s.Version, s.Title, a.t("ui.standard-counts", "all", fmt.Sprint(len(s.Requirements)),
			"mandatory", fmt.Sprint(m), "recommended", fmt.Sprint(len(s.Requirements)-m)))
	}
	fmt.Fprintf(a.Out, "\n%s\n", a.t("ui.references"))
	for _, r := range lib.References {
		entry(r.ID, r.Version, r.Title, a.t("ui.reference-counts", "count", fmt.Sprint(len(r.Items))))
	}
	fmt.Fprintf(a.Out, "\n%s\n", a.t("ui.standards-note"))
	return nil
}

func (a *app) showStandard(args []string) error {
	id := standard.ID(args[0])
	// Ids with a space in them (CR 1.2) need no quotes.
	place := standard.RequirementID(strings.Join(args[1:], " "))
	s, err := standard.Get(id)
	if errors.Is(err, standard.ErrUnknown) {
		r, referr := standard.GetReference(id)
		if referr != nil {
			return use(errors.Join(err, referr))
		}
		if place == "" {
			return a.showReference(r)
		}
		return a.showPlace(r.ID, place)
	}
	if err != nil {
		return use(err)
	}
	if place != "" {
		if r, ok := s.Requirement(place); ok {
			return a.showRequirement(s, r)
		}
		return a.showPlace(s.ID, place)
	}
	if a.format == "json" {
		a.json(standardsShowDoc{Schema: "assay/standards@1", Standard: s})
		return nil
	}
	fmt.Fprintf(a.Out, "%s %s  %s\n%s\n", s.ID, s.Version, s.Title.In(string(a.lang)), s.Rule.In(string(a.lang)))
	for _, r := range s.Requirements {
		fmt.Fprintf(a.Out, "%-9s %s  %s\n", r.ID, r.Status, r.Title.In(string(a.lang)))
	}
	return nil
}

func (a *app) showReference(r *standard.Reference) error {
	if a.format == "json" {
		a.json(standardsReferenceDoc{Schema: "assay/standards@1", Reference: r})
		return nil
	}
	lang := string(a.lang)
	fmt.Fprintf(a.Out, "%s %s  %s\n%s\n", r.ID, r.Version, r.Title.In(lang), a.t("ui.reference"))
	for _, t := range r.Unverified {
		fmt.Fprintln(a.Out, t.In(lang))
	}
	for _, p := range r.Parts {
		fmt.Fprintf(a.Out, "[%s] %s\n", p.ID, p.Title.In(lang))
	}
	for _, it := range r.Items {
		in := ""
		if len(it.Parts) > 0 {
			in = "  [" + strings.Join(it.Parts, " ") + "]"
		}
		fmt.Fprintf(a.Out, "%-11s %s%s\n", it.ID, it.Title.In(lang), in)
	}
	return nil
}

// showPlace prints a place that isn't a requirement: an item of a reference,
// or an aspect or group of a standard.
func (a *app) showPlace(catalogue standard.ID, id standard.RequirementID) error {
	lib, err := standard.LoadLibrary()
	if err != nil {
		return err
	}
	p, ok := lib.Find(standard.Ref{Standard: catalogue, Requirement: id})
	if !ok {
		return &exitError{code: exitUse, kind: codeNotFound,
			err: fmt.Errorf("%s has no requirement %q: `assay standards show %s` lists them", catalogue, id, catalogue)}
	}
	row := placeRow{Catalogue: catalogue, ID: p.Ref.Requirement, Title: p.Title, Up: filled(p.Up)}
	for _, r := range lib.References {
		if it, ok := r.Item(id); ok && r.ID == catalogue {
			row.Parts, row.Confidence, row.Note = it.Parts, it.Confidence, it.Note
		}
	}
	if a.format == "json" {
		a.json(standardsPlaceDoc{Schema: "assay/standards@1", Place: row, Links: lib.At(p)})
		return nil
	}
	lang := string(a.lang)
	fmt.Fprintf(a.Out, "%s %s  %s\n", catalogue, row.ID, row.Title.In(lang))
	for _, up := range row.Up {
		if u, ok := lib.Find(up); ok {
			fmt.Fprintln(a.Out, a.t("ui.stands-in", "id", string(up.Requirement), "title", u.Title.In(lang)))
		}
	}
	if len(row.Parts) > 0 {
		fmt.Fprintln(a.Out, "["+strings.Join(row.Parts, " ")+"]")
	}
	if !row.Note.IsZero() {
		fmt.Fprintln(a.Out, row.Note.In(lang))
	}
	if row.Confidence != "" {
		fmt.Fprintln(a.Out, a.t("ui.reference"), a.t("ui.confidence."+row.Confidence))
	}
	a.printLinks(lib, p)
	return nil
}

func (a *app) showRequirement(s *standard.Standard, r *standard.Requirement) error {
	lib, err := standard.LoadLibrary()
	if err != nil {
		return err
	}
	p, ok := lib.Find(standard.Ref{Standard: s.ID, Requirement: r.ID})
	if !ok {
		return fmt.Errorf("%s/%s isn't in the library", s.ID, r.ID)
	}
	if a.format == "json" {
		a.json(standardsRequirementDoc{Schema: "assay/standards@1", Requirement: r, Links: lib.At(p)})
		return nil
	}
	lang := string(a.lang)
	fmt.Fprintf(a.Out, "%s %s  %s  (%s)\n%s\n", s.ID, r.ID, r.Title.In(lang), a.t("status."+r.Status), r.Text.In(lang))
	for _, id := range r.Conditions {
		if c, ok := s.Condition(id); ok {
			fmt.Fprintln(a.Out, a.t("ui.condition", "id", id, "text", c.Text.In(lang)))
		}
	}
	if r.Cases == nil {
		fmt.Fprintln(a.Out, a.t("reason.no-procedure"))
	} else {
		fmt.Fprintln(a.Out, r.Cases.String())
		for _, id := range r.Cases.CaseIDs() {
			fmt.Fprintf(a.Out, "  %-28s %s\n", id, a.t("case."+id+".title"))
		}
	}
	for _, x := range []standard.Text{r.Interpretation, r.Note, r.Remedy} {
		if !x.IsZero() {
			fmt.Fprintln(a.Out, x.In(lang))
		}
	}
	if !r.Verified {
		fmt.Fprintln(a.Out, a.t("ui.unverified"))
	}
	a.printLinks(lib, p)
	return nil
}

// printLinks prints the links of a place and of what it stands in: those that
// a publisher printed, then ours, each below where it comes from.
func (a *app) printLinks(lib *standard.Library, p standard.Place) {
	links := lib.At(p)
	for _, kind := range []struct {
		key   string
		links []standard.Link
	}{{"ui.links.official", links.Official}, {"ui.links.ours", links.Ours}} {
		if len(kind.links) == 0 {
			continue
		}
		fmt.Fprintf(a.Out, "\n%s\n", a.t(kind.key))
		source := ""
		for _, k := range kind.links {
			if s := k.Source.In(string(a.lang)); s != source {
				source = s
				fmt.Fprintf(a.Out, "  %s\n", source)
			}
			a.printLink(lib, p, k)
		}
	}
	if links.Len() > 0 {
		fmt.Fprintf(a.Out, "\n%s\n", a.t("ui.links.meaning"))
	}
}

func (a *app) printLink(lib *standard.Library, p standard.Place, k standard.Link) {
	arrow, here, there := "→", k.From, k.To
	if p.Has(k.To) {
		arrow, here, there = "←", k.To, k.From
	}
	through := ""
	if here != p.Ref {
		through = string(here.Requirement) + " "
	}
	title := ""
	if t, ok := lib.Find(there); ok {
		title = t.Title.In(string(a.lang))
	}
	fmt.Fprintf(a.Out, "    %s%s %-30s %s  (%s)\n", through, arrow, there, title, a.t("ui.confidence."+k.Confidence))
	if !k.Note.IsZero() {
		fmt.Fprintf(a.Out, "      %s\n", k.Note.In(string(a.lang)))
	}
}

func (a *app) searchStandards(query string) error {
	lib, err := standard.LoadLibrary()
	if err != nil {
		return err
	}
	hits := standard.Search(lib.Standards, query, string(a.lang))
	pointed := standard.SearchReferences(lib.References, query, string(a.lang))
	if a.format == "json" {
		a.json(standardsSearchDoc{Schema: "assay/standards@1", Query: query, Hits: filled(hits), References: filled(pointed)})
		return nil
	}
	for _, h := range hits {
		fmt.Fprintf(a.Out, "%-18s %-9s %s\n", h.Standard, h.Requirement, h.Title)
	}
	if len(pointed) > 0 {
		fmt.Fprintf(a.Out, "\n%s\n", a.t("ui.references"))
	}
	for _, h := range pointed {
		fmt.Fprintf(a.Out, "%-18s %-9s %s\n", h.Standard, h.Requirement, h.Title)
	}
	if len(hits)+len(pointed) == 0 {
		fmt.Fprintln(a.Out, a.t("ui.nothing-found", "query", query))
	}
	return nil
}

func (a *app) listCases() error {
	if a.format == "json" {
		rows := []caseRow{}
		for _, c := range testcase.All() {
			rows = append(rows, caseRow{c.ID, a.t("case." + string(c.ID) + ".title"), string(c.Kind), string(c.Method), c.Intrusive})
		}
		a.json(standardsCasesDoc{Schema: "assay/standards@1", Cases: rows})
		return nil
	}
	for _, c := range testcase.All() {
		fmt.Fprintf(a.Out, "%-28s %-14s %s\n", c.ID, a.t("ui.method."+string(c.Method)), a.t("case."+string(c.ID)+".title"))
	}
	return nil
}
