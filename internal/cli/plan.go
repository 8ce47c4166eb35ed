package cli

import (
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"

	"assay/internal/assess"
	"assay/internal/standard"
)

func (a *app) planCommand() *cobra.Command {
	var standards list
	intrusive := false
	var credFile, credEnv string
	c := a.command("plan", "plan", cobra.NoArgs, func(*cobra.Command, []string) error {
		if err := a.formats("text", "json"); err != nil {
			return err
		}
		w, err := a.open()
		if err != nil {
			return err
		}
		chosen, err := a.standards(standards, w.product)
		if err != nil {
			return err
		}
		cfg := a.config(w, chosen, nil)
		cfg.Intrusive = intrusive
		if cfg.Credentials, err = a.credentials(credFile, credEnv, w.dir); err != nil {
			return err
		}
		if err := a.checkCredentials(cfg.Credentials, w.product); err != nil {
			return err
		}
		rows, err := assess.Plan(cfg)
		if err != nil {
			return err
		}
		if a.format == "json" {
			a.planJSON(rows)
			return nil
		}
		a.planText(rows, chosen)
		return nil
	})
	c.Flags().Var(&standards, "standard", a.t("flag.standard"))
	c.Flags().BoolVar(&intrusive, "intrusive", false, a.t("flag.intrusive"))
	c.Flags().StringVar(&credFile, "cred-file", "", a.t("flag.cred-file"))
	c.Flags().StringVar(&credEnv, "cred-env", "", a.t("flag.cred-env"))
	return c
}

// planDoc is the `plan` document.
type planDoc struct {
	Schema string    `json:"schema"`
	Plan   []planRow `json:"plan"` // in the order of the standards
}

// planRow is one test case of one requirement.
type planRow struct {
	Standard    string            `json:"standard"`
	Requirement string            `json:"requirement"`
	Case        string            `json:"case,omitempty"`   // absent where the requirement has no procedure yet
	Title       string            `json:"title,omitempty"`  // of the test case
	Kind        string            `json:"kind,omitempty"`   // conceptual, functional
	Method      string            `json:"method,omitempty"` // automatic, assisted, guided
	Intrusive   bool              `json:"intrusive"`        // made with --intrusive only
	Params      map[string]string `json:"params,omitempty"` // of the test case, in the reading that the workspace chose
	Collectors  []string          `json:"collectors"`       // collectors that write what the case judges
	Missing     []planMissing     `json:"missing"`          // what to provide; empty: the case can be decided
}

// planMissing is one thing that a test case lacks.
type planMissing struct {
	Key  string `json:"key"`
	Text string `json:"text"`
}

func (a *app) planJSON(rows []assess.Planned) {
	out := make([]planRow, len(rows))
	for i, r := range rows {
		out[i] = planRow{Standard: string(r.Standard), Requirement: string(r.Requirement), Case: string(r.Case), Kind: string(r.Kind),
			Method: string(r.Method), Intrusive: r.Intrusive, Params: r.Params, Collectors: append([]string{}, r.Collectors...), Missing: []planMissing{}}
		if r.Case != "" {
			out[i].Title = a.t("case." + string(r.Case) + ".title")
		}
		for _, m := range r.Missing {
			out[i].Missing = append(out[i].Missing, planMissing{m.Key, a.texts.T(a.lang, m.Key, m.Args)})
		}
	}
	a.json(planDoc{Schema: "assay/plan@1", Plan: out})
}

// planText prints requirement × test case × what is missing, and at the end
// what to provide first: what most rows wait for.
func (a *app) planText(rows []assess.Planned, chosen []*standard.Standard) {
	title := make(map[string]string)
	for _, s := range chosen {
		for _, r := range s.Requirements {
			title[string(s.ID)+" "+string(r.ID)] = r.Title.In(string(a.lang))
		}
	}
	last, lastStandard := "", standard.ID("")
	waits := make(map[string]int)
	text := make(map[string]string)
	var order []string
	ready, noProcedure := 0, 0
	for _, r := range rows {
		if r.Standard != lastStandard {
			fmt.Fprintf(a.Out, "\n%s\n", r.Standard)
			lastStandard = r.Standard
		}
		key := string(r.Standard) + " " + string(r.Requirement)
		if key != last {
			fmt.Fprintf(a.Out, "%-9s %s\n", r.Requirement, title[key])
			last = key
		}
		if r.Case == "" {
			noProcedure++
			fmt.Fprintf(a.Out, "%9s - %s\n", "", a.t("reason.no-procedure"))
			continue
		}
		mark := "✓"
		var miss []string
		for _, m := range r.Missing {
			t := a.texts.T(a.lang, m.Key, m.Args)
			if m.Key == "provide.record" {
				t = a.t("ui.plan-record")
				mark = "✎"
			} else {
				mark = "…"
			}
			miss = append(miss, t)
			if waits[m.Key]++; waits[m.Key] == 1 {
				order = append(order, m.Key)
				text[m.Key] = t
			}
		}
		if len(miss) == 0 {
			ready++
		}
		name := string(r.Case) + " (" + a.t("ui.method."+string(r.Method)) + ")"
		pad := max(0, 44-runewidth.StringWidth(name))
		fmt.Fprintf(a.Out, "%9s %s %s%s %s\n", "", mark, name, strings.Repeat(" ", pad), firstOf(miss))
	}
	fmt.Fprintf(a.Out, "\n%s\n", a.t("ui.plan-summary", "rows", fmt.Sprint(len(rows)-noProcedure), "ready", fmt.Sprint(ready), "none", fmt.Sprint(noProcedure)))
	for _, k := range order {
		fmt.Fprintf(a.Out, "  %3d × %s\n", waits[k], text[k])
	}
	fmt.Fprintln(a.Out, a.t("ui.plan-next"))
}

func firstOf(miss []string) string {
	switch len(miss) {
	case 0:
		return ""
	case 1:
		return miss[0]
	}
	return fmt.Sprintf("%s (+%d)", miss[0], len(miss)-1)
}
