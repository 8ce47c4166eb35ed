package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"assay/internal/standard"
	"assay/internal/testcase"
)

// standardsListDoc is the `standards` document of `list`.
type standardsListDoc struct {
	Schema    string        `json:"schema"`
	Standards []standardRow `json:"standards"`
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
}

// standardsSearchDoc is the `standards` document of `search WORDS`.
type standardsSearchDoc struct {
	Schema string         `json:"schema"`
	Query  string         `json:"query"`
	Hits   []standard.Hit `json:"hits"` // best first
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
		case what == "show" && len(args) >= 1 && len(args) <= 2:
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
	all, err := standard.All()
	if err != nil {
		return err
	}
	if a.format == "json" {
		rows := []standardRow{}
		for _, s := range all {
			rows = append(rows, standardRow{s.ID, s.Version, s.Title, s.Jurisdiction, len(s.Requirements), s.Verified})
		}
		a.json(standardsListDoc{Schema: "assay/standards@1", Standards: rows})
		return nil
	}
	for _, s := range all {
		m := 0
		for _, r := range s.Requirements {
			if r.Status == standard.Mandatory {
				m++
			}
		}
		fmt.Fprintf(a.Out, "%-22s %-8s %s\n%-31s %s\n", s.ID, s.Version, s.Title.In(string(a.lang)), "",
			a.t("ui.standard-counts", "all", fmt.Sprint(len(s.Requirements)), "mandatory", fmt.Sprint(m), "recommended", fmt.Sprint(len(s.Requirements)-m)))
	}
	fmt.Fprintln(a.Out, a.t("ui.standards-note"))
	return nil
}

func (a *app) showStandard(args []string) error {
	s, err := standard.Get(standard.ID(args[0]))
	if err != nil {
		return use(err)
	}
	if len(args) == 2 {
		r, ok := s.Requirement(standard.RequirementID(args[1]))
		if !ok {
			return &exitError{code: exitUse, kind: codeNotFound,
				err: fmt.Errorf("%s has no requirement %q: `assay standards show %s` lists them", s.ID, args[1], s.ID)}
		}
		return a.showRequirement(s, r)
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

func (a *app) showRequirement(s *standard.Standard, r *standard.Requirement) error {
	if a.format == "json" {
		a.json(standardsRequirementDoc{Schema: "assay/standards@1", Requirement: r})
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
	for _, m := range r.MapsTo {
		fmt.Fprintln(a.Out, "→ "+m.String())
	}
	if !r.Verified {
		fmt.Fprintln(a.Out, a.t("ui.unverified"))
	}
	return nil
}

func (a *app) searchStandards(query string) error {
	all, err := standard.All()
	if err != nil {
		return err
	}
	hits := standard.Search(all, query, string(a.lang))
	if a.format == "json" {
		a.json(standardsSearchDoc{Schema: "assay/standards@1", Query: query, Hits: filled(hits)})
		return nil
	}
	for _, h := range hits {
		fmt.Fprintf(a.Out, "%-18s %-9s %s\n", h.Standard, h.Requirement, h.Title)
	}
	if len(hits) == 0 {
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
