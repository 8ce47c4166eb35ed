package activity

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"assay/internal/product"
	"assay/internal/record"
	"assay/internal/threat"
)

// State is where a question or an activity stands.
type State string

const (
	Open          State = "open"           // nothing is answered
	Partly        State = "partly"         // something is missing in the answer
	Filler        State = "filler"         // words that say nothing
	Stale         State = "stale"          // what the answer rests on has changed since
	Answered      State = "answered"       //
	NotApplicable State = "not-applicable" // with who, when and why
)

// Input is all that the state of the process rests on.
type Input struct {
	Product *product.Product
	Answers *Answers // nil: none
	// Threats are the product's threats with the decisions; nil: not modelled.
	Threats *threat.Model
	// Verdicts are of the run that counts, by "standard/requirement";
	// Components per component. Both are empty without a run.
	Verdicts   map[string]string
	Components []ComponentVerdict
	Texts      []Reading
	// IDs are what records may refer to (see Variables).
	IDs map[string][]string
	Now time.Time
}

// ComponentVerdict is the verdict on one requirement for one component.
type ComponentVerdict struct {
	Requirement string // standard/requirement
	Component   string
	Verdict     string
}

// Gap is something that is missing or contradicts something else.
type Gap struct {
	Says   record.Text
	Values map[string]any
	At     string // path in assay.yaml; "" for the file as a whole
	File   string // AnswersFile where it is about an answer in prose, with Line
	Line   int
	// Contradiction: two answers can't both be right; nothing is missing.
	Contradiction bool
}

// QuestionState is where one question stands.
type QuestionState struct {
	Question *Question
	State    State
	Gaps     []Gap
	// Changed are the questions whose answers have changed since this one was
	// answered.
	Changed []string
	Waiver  *Waiver
	Prose   *Answer
	Digest  string // of the answer, for what rests on it
}

// ActivityState is where one activity stands: the worst of its questions.
type ActivityState struct {
	Activity  *Activity
	State     State
	Questions []QuestionState
	Done      int // questions answered, or not applicable with a reason
	Checks    []CheckState
}

// CheckState is what a check found.
type CheckState struct {
	Check   *Check
	Applies bool
	Gaps    []Gap
}

// Record is where a product stands in the whole process.
type Record struct {
	Activities []ActivityState
	View       *record.View
}

// Complete says whether every question is answered and no check found
// anything.
func (r *Record) Complete() bool {
	for _, a := range r.Activities {
		if a.Done < len(a.Questions) {
			return false
		}
		for _, c := range a.Checks {
			if len(c.Gaps) > 0 {
				return false
			}
		}
	}
	return true
}

// Question finds the state of a question.
func (r *Record) Question(id string) (*QuestionState, bool) {
	for i := range r.Activities {
		for j := range r.Activities[i].Questions {
			if q := &r.Activities[i].Questions[j]; q.Question.ID == id {
				return q, true
			}
		}
	}
	return nil, false
}

// View makes what the rules see.
func (p *Process) View(in Input) *record.View {
	return record.NewView(in.Product, in.Now, map[string]any{
		"threats":    threats(in.Threats, in.Now),
		"verdicts":   texts(in.Verdicts),
		"components": componentVerdicts(in.Components),
		"answers":    prose(in.Answers),
		"texts":      readings(in.Texts),
		"markets":    lists(p.Markets),
		"ids":        lists(in.IDs),
	})
}

// Assess says where a product stands. An error is a fault of the catalogue.
func (p *Process) Assess(ctx context.Context, in Input) (*Record, error) {
	if in.Answers == nil {
		in.Answers = &Answers{Edition: Final}
	}
	r := &Record{View: p.View(in)}
	digests := p.digests(in, r.View)
	open, partly := []any{}, []any{}
	for i := range p.Activities {
		a := &p.Activities[i]
		s := ActivityState{Activity: a, State: Answered}
		for j := range a.Questions {
			q, err := p.question(ctx, in, r.View, &a.Questions[j], digests)
			if err != nil {
				return nil, err
			}
			s.Questions = append(s.Questions, q)
			switch q.State {
			case Answered, NotApplicable:
				s.Done++
			case Open:
				open = append(open, q.Question.ID)
			default:
				partly = append(partly, q.Question.ID)
			}
		}
		r.Activities = append(r.Activities, s)
	}
	// Checks come after the questions: some look at what is answered.
	if ids, ok := r.View.Get("ids").(map[string]any); ok {
		ids["open"], ids["partly"] = open, partly
	}
	for i := range r.Activities {
		s := &r.Activities[i]
		for j := range p.Checks {
			c := &p.Checks[j]
			if c.Activity != s.Activity.ID {
				continue
			}
			x, err := p.check(ctx, r.View, c)
			if err != nil {
				return nil, err
			}
			s.Checks = append(s.Checks, x)
		}
		s.State = s.worst()
	}
	return r, nil
}

// worst is Open where nothing is answered, Partly where something isn't or a
// check found a gap, Stale where only that is left.
func (s *ActivityState) worst() State {
	open, stale, less := 0, 0, 0
	for _, q := range s.Questions {
		switch q.State {
		case Open:
			open++
		case Stale:
			stale++
		case Partly, Filler:
			less++
		}
	}
	for _, c := range s.Checks {
		less += len(c.Gaps)
	}
	switch {
	case open == len(s.Questions):
		return Open
	case open+less > 0:
		return Partly
	case stale > 0:
		return Stale
	}
	return Answered
}

func (p *Process) question(ctx context.Context, in Input, v *record.View, q *Question, digests map[string]string) (QuestionState, error) {
	s := QuestionState{Question: q, State: Answered, Digest: digests[q.ID]}
	s.Prose, _ = in.Answers.Answer(q.ID)
	open, err := p.unanswered(ctx, v, q, s.Prose)
	if err != nil {
		return s, err
	}
	if w, ok := in.Answers.Waived(q.ID); ok {
		s.State, s.Waiver = NotApplicable, w
		if !open && (q.Kind == InModel || q.Kind == Combined) {
			s.State, s.Waiver = Partly, nil
			s.Gaps = []Gap{{Says: waivedAnswered, Values: map[string]any{"id": q.ID, "place": q.Place}, File: AnswersFile, Line: w.Line}}
		}
		return s, nil
	}
	if open {
		s.State = Open
		s.Gaps = []Gap{{Says: record.Text{}, At: q.Place}}
		if q.Kind == InProse {
			s.Gaps[0].File = AnswersFile
		}
		return s, nil
	}
	if s.Gaps, err = p.hits(ctx, q.ID, v); err != nil {
		return s, err
	}
	if len(s.Gaps) > 0 {
		s.State = Partly
	}
	if why := p.filler(in, v, q, s.Prose); !why.IsZero() {
		g := Gap{Says: why, Values: map[string]any{"id": q.ID}, At: q.Place}
		if s.Prose != nil && q.Kind == InProse {
			g.File, g.Line, g.At = AnswersFile, s.Prose.Line, ""
		}
		s.Gaps, s.State = append(s.Gaps, g), Filler
	}
	if stamp, ok := in.Answers.stamp(q.ID); ok {
		for _, b := range stamp.Of {
			if d, known := digests[b.ID]; known && d != b.Digest {
				s.Changed = append(s.Changed, b.ID)
			}
		}
		if len(s.Changed) > 0 && s.State == Answered {
			s.State = Stale // else what is missing comes first
		}
	}
	return s, nil
}

// unanswered says whether nothing at all is answered.
func (p *Process) unanswered(ctx context.Context, v *record.View, q *Question, a *Answer) (bool, error) {
	if q.Kind == InProse {
		return a == nil, nil
	}
	if q.Kind == Combined && a != nil && len(p.open[q.ID]) == 0 {
		return false, nil
	}
	return holds(ctx, p.open[q.ID], v)
}

func (p *Process) check(ctx context.Context, v *record.View, c *Check) (CheckState, error) {
	s := CheckState{Check: c, Applies: true}
	if r := p.apply[c.ID]; r != nil {
		is, err := holds(ctx, []*record.Compiled{r}, v)
		if err != nil {
			return s, fmt.Errorf("%s: %w", c.ID, err)
		}
		s.Applies = is
	}
	if !s.Applies {
		return s, nil
	}
	var err error
	s.Gaps, err = p.hits(ctx, c.ID, v)
	for i := range s.Gaps {
		s.Gaps[i].Contradiction = s.Gaps[i].Contradiction || c.Contradiction
	}
	return s, err
}

// Contradicts says whether one of the gaps means that two answers can't both
// be right.
func (s *CheckState) Contradicts() bool {
	return slices.ContainsFunc(s.Gaps, func(g Gap) bool { return g.Contradiction })
}

// Next is the most valuable question that isn't answered: of the first
// activity that isn't done, the one whose answer most others wait for. People
// begin with their customers (activity 1); what the organisation has set up
// (0) is asked before the plan that builds on it (5). Derived questions come
// last: they answer themselves.
func (p *Process) Next(r *Record) (*QuestionState, bool) {
	return p.NextBut(r, nil)
}

// NextBut is Next without the questions that were put off.
func (p *Process) NextBut(r *Record, off map[string]bool) (*QuestionState, bool) {
	var best *QuestionState
	value := func(q *QuestionState) int {
		n := len(p.used[q.Question.ID])
		if q.Question.Kind == Derived {
			n -= 1000
		}
		return n
	}
	for _, id := range []string{"A1", "A2", "A3", "A4", "A0", "A5", "A6", "A7", "A8"} {
		i := slices.IndexFunc(r.Activities, func(a ActivityState) bool { return a.Activity.ID == id })
		if i < 0 {
			continue
		}
		for j := range r.Activities[i].Questions {
			q := &r.Activities[i].Questions[j]
			if q.State == Answered || q.State == NotApplicable || off[q.Question.ID] {
				continue
			}
			if best == nil || value(q) > value(best) {
				best = q
			}
		}
		if best != nil {
			return best, true
		}
	}
	return nil, false
}

// StampFor is what to note with an answer that is given now.
func (p *Process) StampFor(r *Record, id string, now time.Time) (Stamp, bool) {
	s := Stamp{ID: id, On: now.Format("2006-01-02")}
	for _, f := range p.from[id] {
		if q, ok := r.Question(f); ok {
			s.Of = append(s.Of, Basis{ID: f, Digest: q.Digest})
		}
	}
	slices.SortFunc(s.Of, func(a, b Basis) int { return strings.Compare(a.ID, b.ID) })
	return s, len(s.Of) > 0
}

// Answer is what answers a question: what the model says at its place, or the
// words; nil: nothing does.
func (r *Record) Answer(s *QuestionState) any {
	if s.Waiver != nil {
		return map[string]any{"not_applicable": s.Waiver.Why, "by": s.Waiver.By, "on": s.Waiver.On}
	}
	if s.Question.Place == "" || s.State == Open {
		if s.Prose != nil {
			return s.Prose.Text
		}
		return nil
	}
	return compact(at(r.View.Get("product"), s.Question.Place))
}

// Entries are the entries of a list of the model as they stand.
func (r *Record) Entries(place string) []map[string]any {
	list, _ := at(r.View.Get("product"), place).([]any)
	var out []map[string]any
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}
