package assess

import (
	"context"
	"slices"
	"time"

	"assay/internal/activity"
	"assay/internal/fact"
	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/standard"
	"assay/internal/testcase"
	"assay/internal/threat"
)

// RecordQuestion is what the state of the IR 8259 record is asked about.
type RecordQuestion struct {
	Dir     string // the workspace
	Product *product.Product
	// Answers are the bytes of an answers.yaml; nil: none.
	Answers []byte
	// Threats are the product's, with decisions; nil: they aren't modelled.
	Threats   *threat.Model
	Standards []*standard.Standard // that records may refer to: all of them
	// Run is a judged run whose verdicts count; nil: none does.
	Run *Result
	Now time.Time
}

// Recorded is the record as it stands, with what it was made from.
type Recorded struct {
	*activity.Record
	Process  *activity.Process
	Input    activity.Input
	Problems []product.Problem // of answers.yaml
}

// Record says where a product stands in the process of IR 8259.
func Record(ctx context.Context, p *activity.Process, q RecordQuestion) (*Recorded, error) {
	in, problems := recordInput(p, q)
	r, err := p.Assess(ctx, in)
	if err != nil {
		return nil, err
	}
	return &Recorded{r, p, in, problems}, nil
}

func recordInput(p *activity.Process, q RecordQuestion) (activity.Input, []product.Problem) {
	in := activity.Input{Product: q.Product, Threats: q.Threats, Now: q.Now, Verdicts: map[string]string{}}
	var problems []product.Problem
	if q.Answers != nil {
		in.Answers, problems = p.LoadAnswers(q.Answers, limit.Default().YAML)
	}
	in.Texts = activity.Readings(q.Dir, q.Product, limit.Default().YAML)
	if q.Run != nil {
		for _, v := range q.Run.Assessment.Verdicts {
			id := string(v.Standard) + "/" + string(v.Requirement)
			in.Verdicts[id] = string(v.Verdict)
			for _, c := range v.Components {
				in.Components = append(in.Components, activity.ComponentVerdict{Requirement: id, Component: c.Component, Verdict: string(c.Verdict)})
			}
		}
	}
	in.IDs = known(q)
	if q.Run != nil {
		in.IDs["release"] = []string{q.Run.Product.Identity.Release}
	}
	return in, problems
}

// recordCollector writes where the answers of the record stand. What it needs
// is loaded when it runs, beside the collectors that wait for a device.
type recordCollector struct{ c Config }

func (r *recordCollector) Spec() fact.Spec { return (&activity.Collector{}).Spec() }

func (r *recordCollector) Collect(ctx context.Context, sink fact.Sink) error {
	process := r.c.Process
	if process == nil {
		var err error
		if process, err = activity.New(); err != nil {
			return err
		}
	}
	standards, err := standard.All()
	if err != nil {
		return err
	}
	// What of these files can't be read is said by the commands that show
	// them; here it isn't answered.
	answers, err := activity.ReadAnswers(r.c.Dir, limit.Default().YAML)
	if err != nil {
		sink.Progress("progress.answers-unreadable", "error", err.Error())
	}
	decisions, _ := threat.ReadDir(r.c.Dir, limit.Default().YAML)
	threats, err := Threats(ctx, ThreatQuestion{Product: r.c.Product, Library: r.c.Library, Decisions: decisions, Now: r.c.Now()})
	if err != nil {
		return err
	}
	in, _ := recordInput(process, RecordQuestion{Dir: r.c.Dir, Product: r.c.Product, Answers: answers, Threats: threats.Model, Standards: standards, Now: r.c.Now()})
	return (&activity.Collector{Process: process, Input: in, Source: answers}).Collect(ctx, sink)
}

// known are the ids that records may refer to.
func known(q RecordQuestion) map[string][]string {
	out := map[string][]string{"threat": {}, "misuse": {}, "case": {}, "requirement": {}, "export": {"json", "html", "md", "otm"}}
	for _, m := range q.Product.Misuse {
		out["misuse"] = append(out["misuse"], m.ID)
	}
	if q.Threats != nil {
		for _, t := range q.Threats.Threats {
			out["threat"] = append(out["threat"], t.ID)
			if !slices.Contains(out["threat"], t.Rule.ID) {
				out["threat"] = append(out["threat"], t.Rule.ID)
			}
		}
	}
	for _, c := range testcase.All() {
		out["case"] = append(out["case"], string(c.ID))
	}
	for _, s := range q.Standards {
		for i := range s.Requirements {
			out["requirement"] = append(out["requirement"], string(s.ID)+"/"+string(s.Requirements[i].ID))
		}
	}
	return out
}
