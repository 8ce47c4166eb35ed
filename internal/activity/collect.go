package activity

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"assay/internal/fact"
	"assay/internal/product"
)

// Collector writes where each answer of the record stands and what each check
// over it found, so that requirements that ask for documentation rest on facts
// like all others.
type Collector struct {
	Process *Process
	Input   Input
	Source  []byte // answers.yaml as it is; nil where there is none
}

// Spec implements fact.Collector.
func (c *Collector) Spec() fact.Spec {
	return fact.Spec{Name: "record", Version: "1", Writes: []fact.Kind{fact.Answer{}.Kind(), fact.Check{}.Kind()}}
}

// Collect implements fact.Collector.
func (c *Collector) Collect(ctx context.Context, sink fact.Sink) error {
	return sink.Unit(ctx, fact.Unit{Name: "answers"}, func(ctx context.Context, r fact.Recorder) error {
		rec, err := c.Process.Assess(ctx, c.Input)
		if err != nil {
			return err
		}
		var refs []fact.Ref
		if c.Source != nil {
			ref, err := r.Evidence(AnswersFile, "document", bytes.NewReader(c.Source))
			if err != nil {
				return err
			}
			refs = append(refs, ref)
		}
		o := r.Observe(fact.Observation{Vantage: fact.Paper, Method: fact.Examine})
		for _, a := range rec.Answers() {
			at := slices.Clone(refs)
			if p := c.line(a.Question, rec); p != "" && len(at) > 0 {
				at[0].Locator = p
			}
			if err := r.Record(o, a.Question, a, at...); err != nil {
				return err
			}
		}
		return rec.eachCheck(func(s *CheckState) error {
			x := s.fact()
			return r.Record(o, x.Check, x, c.places(s.Gaps)...)
		})
	})
}

// line says where an answer in prose stands.
func (c *Collector) line(id string, rec *Record) string {
	if q, ok := rec.Question(id); ok && q.Prose != nil && q.Prose.Line > 0 {
		return fmt.Sprintf("%s line %d", AnswersFile, q.Prose.Line)
	}
	return ""
}

// Answers are the answers as facts.
func (r *Record) Answers() []fact.Answer {
	against := map[string][]string{}
	for _, a := range r.Activities {
		for _, c := range a.Checks {
			// Statements about learned models belong to no question: their
			// links say only what is related.
			if !c.Contradicts() || c.Check.Kind == Model {
				continue
			}
			for _, q := range c.Check.Links {
				against[q] = append(against[q], c.Check.ID)
			}
		}
	}
	var out []fact.Answer
	for _, a := range r.Activities {
		for _, q := range a.Questions {
			x := fact.Answer{
				Question: q.Question.ID, State: string(q.State), Gaps: len(q.Gaps), Contradicts: against[q.Question.ID],
				Prose: q.Prose != nil && (q.Question.Kind == InProse || q.Question.Kind == Combined),
			}
			if q.Waiver != nil {
				x.Why, x.By = q.Waiver.Why, q.Waiver.By
			}
			if q.State == Open {
				x.Contradicts = nil // nothing is said that could contradict
			}
			out = append(out, x)
		}
	}
	return out
}

// maxPlaces is how many places a fact of a check points at; `assay guide
// --checks` lists all.
const maxPlaces = 10

// places are the lines of the product file that gaps are at. The file itself
// is evidence of every run.
func (c *Collector) places(gaps []Gap) []fact.Ref {
	var out []fact.Ref
	for _, g := range gaps {
		n, _ := c.Input.Product.Position(g.At)
		at := fact.Ref{Locator: fmt.Sprintf("%s line %d", product.FileName, n)}
		if n > 0 && len(out) < maxPlaces && !slices.Contains(out, at) {
			out = append(out, at)
		}
	}
	return out
}

func (r *Record) eachCheck(do func(*CheckState) error) error {
	for i := range r.Activities {
		for j := range r.Activities[i].Checks {
			if err := do(&r.Activities[i].Checks[j]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *CheckState) fact() fact.Check {
	return fact.Check{Check: s.Check.ID, Applies: s.Applies, Gaps: len(s.Gaps), Contradicts: s.Contradicts()}
}
