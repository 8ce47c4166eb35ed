package publish

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"assay/internal/pattern"
)

// Variables that documents have beside the record's, because a document may
// say of a requirement what a test found or else what the maker states.
//
//	outcomes   {"standard/id": {id, verdict, stated, parts}} of the requirements
//	           that a document names in `outcome`: verdict is "" without one;
//	           stated and parts are the entries of capabilities[].meets about
//	           it, of the product as a whole and of components
//	routes     {"route": "way"} of the document: the way by which each route is
//	           settled, "" while none is; `behind` is "met" where every
//	           requirement behind the document is
//	run        {id}: of the run that verdicts are of, "" where there is none
const (
	varOutcomes = "outcomes"
	varRoutes   = "routes"
	varRun      = "run"
)

var requirementShape = pattern.New(`^[a-z0-9][a-z0-9.-]*/[A-Za-z0-9][A-Za-z0-9.-]*$`)

// outcomeEach is the list that a sentence about one requirement goes through.
func outcomeEach(id string) string { return fmt.Sprintf("[%s[%s]]", varOutcomes, strconv.Quote(id)) }

// outcomes fills the variable for the requirements that a document names.
func (m *maker) outcomes(t *Template) {
	all, _ := m.vars[varOutcomes].(map[string]any)
	for _, s := range t.Sections {
		for _, x := range s.Sentences {
			if x.Outcome != "" && all[x.Outcome] == nil {
				all[x.Outcome] = m.outcome(x.Outcome)
			}
		}
	}
}

func (m *maker) outcome(id string) map[string]any {
	stated, parts := []any{}, []any{}
	root, _ := m.view.Get("product").(map[string]any)
	for _, c := range list(root["capabilities"]) {
		group, _ := c.(map[string]any)
		for _, e := range list(group["meets"]) {
			switch x, _ := e.(map[string]any); {
			case x["item"] != id:
			case x["component"] == "":
				stated = append(stated, e)
			default:
				parts = append(parts, e)
			}
		}
	}
	return map[string]any{"id": id, "verdict": m.in.Verdicts[id], "stated": stated, "parts": parts}
}

func list(v any) []any {
	out, _ := v.([]any)
	return out
}

// home gives a group of the model that another variable holds its place in
// the model.
func home(x place) place {
	if x.root == "product" {
		return x
	}
	if group, ok := x.value.(map[string]any); ok {
		if at, ok := group["_at"].(string); ok {
			return place{"product", at, group}
		}
	}
	return x
}

// stated gives what an outcome holds a place that people know: the lists of
// statements are of the capabilities, a verdict is that of the run.
func (m *model) stated(x place) place {
	if x.root != varOutcomes {
		return x
	}
	if _, ok := x.value.([]any); ok {
		root, _ := m.view.Get("product").(map[string]any)
		return place{"product", "capabilities", root["capabilities"]}
	}
	if id, ok := strings.CutSuffix(strings.TrimPrefix(x.path, varOutcomes), ".verdict"); ok {
		x.path = "verdicts" + id
	}
	return x
}

// unjudged says that a place is a verdict that there isn't: no value that
// something rests on.
func unjudged(x place) bool {
	return x.root == varOutcomes && strings.HasSuffix(x.path, ".verdict") && x.value == ""
}

// checkOutcome finds mistakes in a sentence about one requirement.
func (x *Sentence) checkOutcome() []string {
	switch {
	case x.Outcome == "":
		return nil
	case !requirementShape.MatchString(x.Outcome):
		return []string{fmt.Sprintf("outcome %q: must be standard/id", x.Outcome)}
	case x.Each != "":
		return []string{"outcome and each exclude each other"}
	}
	return nil
}

// requirements lists every requirement that a document rests on, each once.
func (t *Template) requirements() []string {
	var out []string
	add := func(ids ...string) {
		for _, id := range ids {
			if !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	add(t.Behind...)
	add(t.WhereApplicable...)
	for _, r := range t.Routes {
		for _, w := range r.Ways {
			add(w.Behind...)
			add(w.WhereApplicable...)
		}
	}
	for _, s := range t.Sections {
		for _, x := range s.Sentences {
			add(x.Verdict...)
			if x.Outcome != "" {
				add(x.Outcome)
			}
		}
	}
	return out
}

// byStandard splits ids such as standard/id: the standards in their order, the
// rest of the ids of each.
func byStandard(ids []string) (standards []string, of map[string][]string) {
	of = map[string][]string{}
	for _, id := range ids {
		s, rest, _ := strings.Cut(id, "/")
		if !slices.Contains(standards, s) {
			standards = append(standards, s)
		}
		of[s] = append(of[s], rest)
	}
	return standards, of
}
