package cli

import (
	"assay/internal/activity"
	"assay/internal/product"
)

// guideDoc is the `guide` document.
type guideDoc struct {
	Schema  string     `json:"schema"`
	Product namedModel `json:"product"`
	// Edition is the one whose numbers are shown; ids are those of the final.
	Edition    string          `json:"edition"`
	Complete   bool            `json:"complete"` // every question answered, no check found anything
	Activities []guideActivity `json:"activities"`
	Checks     []guideCheck    `json:"checks"`
	Next       string          `json:"next"` // id of the most valuable question; "" where none is open
	// Changed is what the answers that were given with the command changed.
	Changed *changed `json:"changed,omitempty"`
	// StaleDocuments are documents that were written and are out of date.
	StaleDocuments []string    `json:"stale_documents"`
	Errors         []jsonError `json:"errors,omitempty"`
}

type namedModel struct {
	Name    string `json:"name"`
	Model   string `json:"model"`
	Release string `json:"release"`
}

type guideActivity struct {
	Number     int               `json:"number"`   // in the final edition
	Editions   map[string]string `json:"editions"` // number in each edition that has it
	Title      string            `json:"title"`
	TitleBasis string            `json:"title_basis"`
	Phase      string            `json:"phase"`
	Section    string            `json:"section"`
	State      activity.State    `json:"state"`
	Done       int               `json:"done"` // questions
	Questions  []guideQuestion   `json:"questions"`
	Prompts    []guidePrompt     `json:"prompts,omitempty"` // with --prompts
}

type guideQuestion struct {
	ID         string              `json:"id"`
	Editions   map[string]string   `json:"editions"`
	Title      string              `json:"title"`
	Text       string              `json:"text"`
	Why        string              `json:"why"`
	Basis      string              `json:"basis"`      // primary, secondary, derived, recalled, ours
	Confidence string              `json:"confidence"` // high, medium, low
	Kind       string              `json:"kind"`       // model, prose, mixed, derive
	Place      string              `json:"place,omitempty"`
	State      activity.State      `json:"state"`
	Answer     any                 `json:"answer"` // what assay.yaml says at place, or the words; null: none
	Gaps       []guideGap          `json:"gaps"`
	Stale      []string            `json:"stale,omitempty"` // questions whose answers changed since
	Consumers  []activity.Consumer `json:"consumers"`
	Example    string              `json:"example,omitempty"`
}

type guideGap struct {
	Text  string `json:"text"`
	Where string `json:"where"`
	Field string `json:"field,omitempty"`
}

type guidePrompt struct {
	ID       string   `json:"id"`
	Text     string   `json:"text"`
	TakenUp  []string `json:"taken_up_by"`
	Workshop int      `json:"workshop"`
}

type guideCheck struct {
	ID         string     `json:"id"`
	Kind       string     `json:"kind"` // lifecycle, consistency, ai
	Activity   int        `json:"activity"`
	Title      string     `json:"title"`
	Basis      string     `json:"basis"`
	Confidence string     `json:"confidence"`
	Applies    bool       `json:"applies"`
	Gaps       []guideGap `json:"gaps"`
}

func (a *app) guideDoc(g *guided, f guideFlags, c *changed) guideDoc {
	id := g.now.Input.Product.Identity
	d := guideDoc{
		Schema: "assay/guide@1", Product: namedModel{id.Name, id.Model, id.Release}, Edition: f.edition, Complete: g.now.Complete(),
		Activities: []guideActivity{}, Checks: []guideCheck{}, Changed: c, StaleDocuments: append([]string{}, g.stale...),
	}
	if next, ok := g.process.Next(g.now.Record); ok {
		d.Next = next.Question.ID
	}
	for _, p := range g.w.problems {
		if p.Severity == product.SeverityError {
			d.Errors = append(d.Errors, jsonError{Code: codeModel, Exit: exitUse, Message: a.texts.T(a.lang, p.Key, p.Args), Where: p.Where()})
		}
	}
	for _, p := range g.now.Problems {
		d.Errors = append(d.Errors, jsonError{Code: codeModel, Exit: exitUse, Message: a.texts.T(a.lang, p.Key, p.Args), Where: p.Where()})
	}
	for i := range g.now.Activities {
		s := &g.now.Activities[i]
		x := guideActivity{
			Number: activityNumber(s.Activity.ID), Editions: s.Activity.Numbers, Title: a.in(s.Activity.Title), TitleBasis: s.Activity.TitleBasis,
			Phase: s.Activity.Phase, Section: s.Activity.Section, State: s.State, Done: s.Done, Questions: []guideQuestion{},
		}
		for j := range s.Questions {
			x.Questions = append(x.Questions, a.guideQuestion(g, &s.Questions[j]))
		}
		for _, p := range g.process.Prompts {
			if f.prompts && p.Activity == s.Activity.ID {
				x.Prompts = append(x.Prompts, guidePrompt{p.ID, a.in(p.Text), p.TakenUp, p.Workshop})
			}
		}
		d.Activities = append(d.Activities, x)
		for _, k := range s.Checks {
			d.Checks = append(d.Checks, guideCheck{k.Check.ID, k.Check.Kind, x.Number, a.in(k.Check.Title), k.Check.Basis, k.Check.Confidence, k.Applies, a.gaps(g, k.Gaps)})
		}
	}
	return d
}

func (a *app) guideQuestion(g *guided, s *activity.QuestionState) guideQuestion {
	q := s.Question
	x := guideQuestion{
		ID: q.ID, Editions: q.Editions, Title: a.in(q.Title), Text: a.in(q.Text), Why: a.in(q.Why), Basis: q.Basis, Confidence: q.Confidence,
		Kind: q.Kind, Place: q.Place, State: s.State, Answer: g.now.Answer(s), Gaps: a.gaps(g, s.Gaps), Stale: s.Changed,
		Consumers: g.consumers(q.ID), Example: a.example(q),
	}
	if x.Consumers == nil {
		x.Consumers = []activity.Consumer{}
	}
	return x
}

func (a *app) gaps(g *guided, all []activity.Gap) []guideGap {
	out := []guideGap{}
	for _, x := range all {
		where, field := g.place(x)
		out = append(out, guideGap{a.says(x), where, field})
	}
	return out
}
