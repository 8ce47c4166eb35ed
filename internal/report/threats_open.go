package report

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/i18n"
	"assay/internal/threat"
	"assay/internal/verdict"
)

// changesView is what to do first.
type changesView struct {
	Measures []measureView
	// Sentence says what they do to the cheapest attack, also where that is
	// nothing; Sum what they do over all targets.
	Sentence, Sum string
}

func (v *threatView) changes() {
	p := v.a.Paths
	if p == nil {
		v.Changes.Sentence = v.s("threat.changes.no-path")
		return
	}
	c := p.Changes
	for _, m := range c.Countermeasures {
		v.Changes.Measures = append(v.Changes.Measures, v.measure(m))
	}
	args := []string{"now", fmt.Sprint(c.Cheapest), "then", fmt.Sprint(c.Then), "rating", v.band(c.Cheapest), "better", v.band(c.Then), "n", fmt.Sprint(len(c.Countermeasures))}
	switch {
	case c.Cheapest < 0:
		v.Changes.Sentence = v.s("threat.changes.no-path")
		return
	case len(c.Countermeasures) == 0:
		v.Changes.Sentence = v.s("threat.changes.none", args...)
		return
	case c.Then < 0:
		v.Changes.Sentence = v.s("threat.changes.end", args...)
	case c.Then > c.Cheapest:
		v.Changes.Sentence = v.s("threat.changes.dearer", args...)
	default:
		v.Changes.Sentence = v.s("threat.changes.same", args...)
	}
	if c.SumThen > c.Sum {
		v.Changes.Sum = v.s("threat.changes.sum", "now", fmt.Sprint(c.Sum), "then", fmt.Sprint(c.SumThen))
	}
	if c.Closes > 0 {
		v.Changes.Sum = strings.TrimSpace(v.Changes.Sum + v.gap() + v.s("threat.changes.closes", "n", fmt.Sprint(c.Closes)))
	}
	if c.Cut {
		v.Changes.Sum = strings.TrimSpace(v.Changes.Sum + v.gap() + v.s("threat.changes.cut"))
	}
}

// pathView is an attack path.
type pathView struct {
	From, To         phrase
	Potential        int
	Sentence, Bounds phrase
	Steps            []stepView
	Measures         []lengthenedView
	More             int
	path             threat.Path
}

type stepView struct {
	Title  phrase // of the threat; empty for a step that comes by itself
	On     phrase
	Anchor string
	Points int
	Weak   phrase
	Gives  phrase
}

type lengthenedView struct {
	Measure measureView
	Then    string
}

func (v *threatView) paths() {
	for i, p := range v.a.Cheapest {
		x := pathView{From: v.place(string(p.From)), To: v.place(p.To), Potential: p.Potential, path: p}
		threats := 0
		for _, s := range p.Steps {
			step := stepView{Points: s.Points, Gives: v.place(s.To)}
			if t := s.Threat; t != nil {
				threats++
				step.Title, step.On, step.Anchor = v.text(t.Rule.Title, t.Rule.Own), v.nameOf(t.Element), v.linkTo("t", t.ID)
				if s.Weakness != nil && s.Weakness.WeaknessKind != nil {
					step.Weak = v.text(s.Weakness.Title, t.Rule.Own)
				}
			}
			x.Steps = append(x.Steps, step)
		}
		key := "threat.path.sentence"
		if threats == 1 {
			key = "threat.path.sentence.one"
		}
		x.Sentence = v.fill(key, map[string]phrase{"from": x.From, "to": x.To, "steps": ours(fmt.Sprint(threats)), "points": ours(fmt.Sprint(p.Potential)), "rating": ours(v.band(p.Potential))})
		x.Bounds = ours(v.s("threat.path.bounds", "open", v.points(p.Unprotected), "closed", v.points(p.Protected)))
		if i < len(v.a.Lengthened) {
			for k, l := range v.a.Lengthened[i] {
				if k == maxLengthened {
					x.More = len(v.a.Lengthened[i]) - k
					break
				}
				x.Measures = append(x.Measures, lengthenedView{v.measure(l.Countermeasure), v.then(p.Potential, l.Then)})
			}
		}
		v.Paths = append(v.Paths, x)
	}
}

// step is a step that a threat allows, in one line.
func (v *threatView) step(s stepView) phrase {
	return v.fill("threat.step", map[string]phrase{"threat": s.Title, "element": s.On, "points": ours(v.points(s.Points)), "gives": s.Gives})
}

// StepRest is what stands behind the title of a step: where, by which
// weakness, for how much, and what it gives.
func (v *threatView) StepRest(s stepView) phrase {
	place := s.On
	if !s.Weak.Empty() {
		place = v.fill("threat.step.place", map[string]phrase{"element": s.On, "weakness": s.Weak})
	}
	rest := v.fill("threat.step.rest", map[string]phrase{"place": place, "points": ours(v.points(s.Points)), "gives": s.Gives})
	return slices.Concat(prose(v.gap()), rest)
}

// gap is what stands between a word and a bracket: Chinese brackets bring
// their own room.
func (v voice) gap() string {
	if v.lang == i18n.Zh {
		return ""
	}
	return " "
}

// fill is a sentence whose arguments are phrases themselves.
func (v voice) fill(key string, args map[string]phrase) phrase {
	names := make(map[string]string, len(args))
	marks := make(map[string]phrase, len(args))
	for k, p := range args {
		names[k] = markOpen + k + markClose
		marks[names[k]] = p
	}
	var out phrase
	for _, x := range v.say(key, names) {
		if p, ok := marks[x.text]; ok {
			out = append(out, p...)
			continue
		}
		out = append(out, x)
	}
	return out
}

func (v *threatView) points(n int) string {
	if n < 0 {
		return v.s("threat.path.closed")
	}
	if n == 1 {
		return v.s("threat.points.one")
	}
	return v.s("threat.points", "n", fmt.Sprint(n))
}

// then says what one countermeasure does to a path.
func (v *threatView) then(now, then int) string {
	switch {
	case then < 0:
		return v.s("threat.path.ends")
	case then > now:
		return v.s("threat.path.dearer", "then", v.points(then), "more", fmt.Sprint(then-now))
	}
	return v.s("threat.path.same")
}

// findingsView are the findings of one kind.
type findingsView struct {
	Of    threat.FindingKind
	Kind  string
	Items []threatFinding
	More  int
	N     int
}

type threatFinding struct {
	Text   phrase
	ID     phrase
	Anchor string
	Level  threat.Level
	Line   int
}

// findings groups what is open, what is left of a risk worst first.
func (v *threatView) findings() {
	all := slices.Clone(v.a.Findings)
	residual := func(f threat.Finding) int {
		if t, ok := v.a.Threat(f.Threat); ok {
			return t.Residual.Product
		}
		return 0
	}
	slices.SortStableFunc(all, func(a, b threat.Finding) int { return residual(b) - residual(a) })
	for _, kind := range []threat.FindingKind{threat.Expired, threat.Undecided, threat.Idle, threat.Unneeded} {
		x := findingsView{Of: kind, Kind: v.s("threat.finding-kind." + string(kind))}
		for _, f := range all {
			if f.Kind != kind {
				continue
			}
			if x.N++; x.N > maxFindings {
				x.More++
				continue
			}
			item := threatFinding{Text: v.said(f.Reason), ID: foreign(f.Threat), Anchor: v.linkTo("t", f.Threat), Line: f.Line}
			if t, ok := v.a.Threat(f.Threat); ok {
				item.Level = t.Residual.Level
				if item.Text = v.titled(t); kind == threat.Undecided {
					x.Items = append(x.Items, item) // the title of the kind says the rest
					continue
				}
				item.Text = v.fill("threat.finding-of", map[string]phrase{"threat": v.text(t.Rule.Title, t.Rule.Own), "element": v.nameOf(t.Element), "text": v.said(f.Reason)})
			}
			x.Items = append(x.Items, item)
		}
		if x.N > 0 {
			v.Findings = append(v.Findings, x)
		}
	}
}

// said is a reason whose level is written in words.
func (v voice) said(r verdict.Reason) phrase {
	if l, ok := r.Args["level"]; ok && slices.Contains(threat.Levels(), threat.Level(l)) {
		args := make(map[string]string, len(r.Args))
		for k, x := range r.Args {
			args[k] = x
		}
		args["level"] = "threat.level." + l
		r.Args = args
	}
	return v.reason(r)
}

func (v *threatView) problems() {
	for i, p := range v.a.Problems {
		if i == maxProblems {
			v.MoreProblems = len(v.a.Problems) - i
			return
		}
		v.Problems = append(v.Problems, slices.Concat(foreign(where(p)), prose(": "), v.reason(p.Reason)))
	}
}

func where(p threat.Problem) string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// changedView is a threat whose risk differs from another run's.
type changedView struct {
	ID          phrase
	Anchor      string
	Title       phrase
	Before, Now rated
	Higher      bool
}

func (v *threatView) compare() {
	v.Compared = v.in.Compared
	v.AgainstRun = foreign(v.in.AgainstRun)
	if v.in.AgainstRun == "" {
		v.AgainstRun = prose(v.s("threat.text.no-run"))
	}
	list := slices.Clone(v.in.Against)
	slices.SortStableFunc(list, func(a, b threat.Difference) int {
		return (b.Now.Product - b.Before.Product) - (a.Now.Product - a.Before.Product)
	})
	for i, d := range list {
		if i == maxDifferent {
			v.MoreDifferent = len(list) - i
			return
		}
		x := changedView{ID: foreign(d.ID), Anchor: v.linkTo("t", d.ID), Before: v.rated(d.Before), Now: v.rated(d.Now), Higher: d.Now.Product > d.Before.Product}
		if t, ok := v.a.Threat(d.ID); ok {
			x.Title = v.titled(t)
		}
		v.Different = append(v.Different, x)
	}
}
