package publish

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"cel.dev/cel-go/cel"

	"assay/internal/record"
)

// Variables are those that documents can use beside the ones of
// internal/record: the same as questions and checks have, and part.
//
//	part   the member of the list that a repeated section is about
//	none   the paths of lists that are stated as empty, where that says
//	       "nobody": readers and shared_with of data
func Variables() []string {
	return []string{"threats", "verdicts", "components", "answers", "texts", "markets", "ids", "part", "none", varOutcomes, varRoutes, varRun}
}

// keyName is the name under which a sentence's key is evaluated; it can't be
// that of a place in a text.
const keyName = "@key"

// compiled is a rule with the places that it reads.
type compiled struct {
	*record.Compiled
	each   []spot // read by each
	member given  // what each gives
	when   []spot
	with   map[string][]spot
	from   []spot
}

type compiler struct {
	env    *record.Env
	parser *cel.Env
}

func newCompiler() (*compiler, error) {
	env, err := record.NewEnv(Variables()...)
	if err != nil {
		return nil, err
	}
	parser, err := newParser()
	if err != nil {
		return nil, err
	}
	return &compiler{env, parser}, nil
}

func (c *compiler) template(t *Template) error {
	var errs []error
	if t.Applies != "" {
		var err error
		t.applies, err = c.env.Compile(record.Rule{When: t.Applies})
		errs = append(errs, err)
	}
	for _, s := range t.Sections {
		var err error
		if s.rule, err = c.rule(s.Rule, s.Title.Slots(), nil); err != nil {
			errs = append(errs, fmt.Errorf("section %s: %w", s.ID, err))
		}
		for _, x := range s.Sentences {
			if err := c.sentence(s, x); err != nil {
				errs = append(errs, fmt.Errorf("sentence %s: %w", x.ID, err))
			}
		}
	}
	return errors.Join(errs...)
}

func (c *compiler) sentence(s *Section, x *Sentence) error {
	r := x.Rule
	if r.Field != "" {
		return errors.New("field: name what it rests on in from")
	}
	if x.Outcome != "" {
		r.Each = outcomeEach(x.Outcome)
	}
	if r.Each == "" && s.Each != "" {
		r.Each = "[part]"
	}
	r.With = maps.Clone(r.With)
	if x.Key != "" {
		if r.With == nil {
			r.With = map[string]string{}
		}
		r.With[keyName] = x.Key
	}
	var err error
	x.rule, err = c.rule(r, x.slots(), x.From)
	if err == nil && x.Kind == Fact && x.Form != Blank && !x.rule.rests() {
		err = errors.New("a fact rests on nothing of the model: name it in from, or make it advice")
	}
	return err
}

// rule compiles a rule. A place in a text that `with` doesn't name is the
// member's field of that name.
func (c *compiler) rule(r record.Rule, slots, from []string) (*compiled, error) {
	with := maps.Clone(r.With)
	if with == nil {
		with = map[string]string{}
	}
	for _, s := range slots {
		if _, ok := with[s]; ok {
			continue
		}
		if r.Each == "" {
			return nil, fmt.Errorf("the place {%s} has no value in with", s)
		}
		with[s] = "it." + s
	}
	for name := range with {
		if name != keyName && !slices.Contains(slots, name) {
			return nil, fmt.Errorf("with %s: no text has a place for it", name)
		}
	}
	r.With = with
	out := &compiled{with: map[string][]spot{}}
	var errs []error
	note := func(err error) { errs = append(errs, err) }
	var err error
	if out.Compiled, err = c.env.Compile(r); err != nil {
		return nil, err
	}
	if r.Each != "" {
		var list given
		out.each, list, err = reads(c.parser, r.Each)
		note(err)
		out.member = list.members()
	} else {
		out.member = given{at: []spot{{root: "product"}}}
	}
	if r.When != "" {
		out.when, err = readsAll(c.parser, r.When)
		note(err)
	}
	for name, source := range with {
		out.with[name], err = readsAll(c.parser, source)
		note(err)
	}
	for _, source := range from {
		p, err := readsAll(c.parser, source)
		note(err)
		out.from = append(out.from, p...)
	}
	return out, errors.Join(errs...)
}

// rests says whether the rule reads anything of the model.
func (c *compiled) rests() bool {
	n := len(c.each) + len(c.when) + len(c.from)
	for _, p := range c.with {
		n += len(p)
	}
	for _, p := range c.member.at {
		n += len(p.steps)
	}
	return n > 0
}
