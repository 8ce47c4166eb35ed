package activity

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"assay/internal/fact"
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
		for _, c := range rec.Checked() {
			if err := r.Record(o, c.Check, c, refs...); err != nil {
				return err
			}
		}
		return nil
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
			if !c.Contradicts() {
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

// Checked is what the checks found, as facts.
func (r *Record) Checked() []fact.Check {
	var out []fact.Check
	for _, a := range r.Activities {
		for _, c := range a.Checks {
			out = append(out, fact.Check{Check: c.Check.ID, Applies: c.Applies, Gaps: len(c.Gaps), Contradicts: c.Contradicts()})
		}
	}
	return out
}
