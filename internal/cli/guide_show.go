package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"assay/internal/activity"
	"assay/internal/record"
	"assay/internal/report"
)

func (a *app) guideShow(g *guided, id string, f guideFlags, c *changed) error {
	if a.format == "json" {
		if id != "" && !a.guideKnows(g, id, f) {
			return a.guideUnknown(id)
		}
		a.json(a.guideDoc(g, f, c))
		return nil
	}
	if c != nil {
		a.showChanged(g, c)
	}
	switch {
	case id != "":
		return a.guideOne(g, id, f)
	case f.checks:
		a.guideChecks(g, "")
		return nil
	case c != nil:
		if next, ok := g.process.Next(g.now.Record); ok && !a.quiet {
			fmt.Fprintln(a.Out, a.t("ui.guide-next-one", "id", next.Question.ID, "title", a.in(next.Question.Title), "dir", a.dirFlag()))
		}
		return nil
	}
	a.overview(g, f)
	return nil
}

func (a *app) in(t record.Text) string { return t.In(string(a.lang)) }

func (a *app) example(q *activity.Question) string {
	if q.Example != "" {
		return strings.TrimRight(q.Example, "\n")
	}
	return a.in(q.ExampleText)
}

func activityNumber(id string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(id, "A"))
	if err != nil {
		return -1 // a test holds the ids
	}
	return n
}

// overview is one line for each activity, and the next question.
func (a *app) overview(g *guided, f guideFlags) {
	w := a.Out
	id := g.now.Input.Product.Identity
	fmt.Fprintf(w, "%s\n\n", a.t("ui.guide-title", "name", plain(id.Name), "model", plain(id.Model), "release", plain(id.Release)))
	phase := ""
	for i := range g.now.Activities {
		s := &g.now.Activities[i]
		if s.Activity.Phase != phase {
			phase = s.Activity.Phase
			fmt.Fprintf(w, "%s\n", a.t("guide.phase."+phase))
		}
		found := 0
		for _, c := range s.Checks {
			if len(c.Gaps) > 0 {
				found++
			}
		}
		line := fmt.Sprintf("  %s  %s  %2d/%-2d  %s", a.numberIn(s.Activity, f.edition), bar(s.Done, len(s.Questions)), s.Done, len(s.Questions), a.in(s.Activity.Title))
		if found > 0 {
			line += "  " + a.t("ui.guide-checks-found", "count", fmt.Sprint(found))
		}
		fmt.Fprintln(w, line)
	}
	total, found := 0, 0
	for _, s := range g.now.Activities {
		for _, c := range s.Checks {
			if c.Applies {
				total++
			}
			if len(c.Gaps) > 0 {
				found++
			}
		}
	}
	fmt.Fprintf(w, "\n%s\n", a.t("ui.guide-checks", "found", fmt.Sprint(found), "total", fmt.Sprint(total)))
	if len(g.stale) > 0 {
		a.wrapped(w, "", a.t("ui.guide-documents", "ids", some(g.stale)))
	}
	next, ok := g.process.Next(g.now.Record)
	if !ok {
		fmt.Fprintf(w, "%s\n", a.t("ui.guide-done"))
		return
	}
	fmt.Fprintf(w, "\n%s\n", a.t("ui.guide-next"))
	a.showQuestion(g, next, false)
}

// numberIn is an activity's number in an edition, or a dash.
func (a *app) numberIn(x *activity.Activity, edition string) string {
	n := digits(x.Numbers[edition])
	if len(n) != 1 {
		n = "–" // not in it, or at a place that isn't known
	}
	return n
}

func bar(done, of int) string {
	const width = 10
	n := 0
	if of > 0 {
		n = done * width / of
	}
	return strings.Repeat("█", n) + strings.Repeat("░", width-n)
}

// guideOne shows one question, activity or check.
func (a *app) guideOne(g *guided, id string, f guideFlags) error {
	id = strings.ToUpper(id)
	if q, ok := g.now.Question(id); ok {
		a.showQuestion(g, q, true)
		return nil
	}
	shown := false
	for i := range g.now.Activities {
		s := &g.now.Activities[i]
		if s.Activity.ID == strings.ToUpper(id) || digits(s.Activity.Numbers[f.edition]) == id {
			a.showActivity(g, s, f)
			shown = true // an older activity may be two of the final
		}
	}
	if shown {
		return nil
	}
	if _, ok := g.process.Check(strings.ToUpper(id)); ok {
		a.guideChecks(g, strings.ToUpper(id))
		return nil
	}
	if ids := g.process.Translate(f.edition, id); len(ids) > 0 {
		for _, x := range ids {
			if q, ok := g.now.Question(x); ok {
				a.showQuestion(g, q, true)
			}
		}
		return nil
	}
	return a.guideUnknown(id)
}

func (a *app) guideUnknown(id string) error {
	return &exitError{code: exitUse, kind: codeNotFound, err: errors.New(a.t("ui.guide-unknown", "id", id)), next: a.t("ui.next.guide")}
}

// guideKnows says whether an id is one of a question, an activity or a check.
func (a *app) guideKnows(g *guided, id string, f guideFlags) bool {
	_, question := g.now.Question(id)
	_, check := g.process.Check(strings.ToUpper(id))
	for i := range g.process.Activities {
		x := &g.process.Activities[i]
		question = question || x.ID == strings.ToUpper(id) || digits(x.Numbers[f.edition]) == id
	}
	return question || check || len(g.process.Translate(f.edition, id)) > 0
}

// digits is the number itself of one such as "3 (first half)".
func digits(s string) string {
	n, _, _ := strings.Cut(s, " ")
	return n
}

func (a *app) showActivity(g *guided, s *activity.ActivityState, f guideFlags) {
	w := a.Out
	x := s.Activity
	fmt.Fprintf(w, "%s  %s\n", a.numberIn(x, f.edition), a.in(x.Title))
	a.wrapped(w, "  ", a.in(x.Purpose))
	if !x.Note.IsZero() {
		a.wrapped(w, "  ", a.in(x.Note))
	}
	fmt.Fprintln(w)
	for i := range s.Questions {
		q := &s.Questions[i]
		fmt.Fprintf(w, "%s %-7s %s  [%s]\n", mark(q.State), q.Question.ID, a.in(q.Question.Title), a.t("guide.state."+string(q.State)))
		a.showGaps(g, q.Gaps)
	}
	for _, c := range s.Checks {
		if len(c.Gaps) > 0 {
			fmt.Fprintf(w, "! %s  %s\n", c.Check.ID, a.in(c.Check.Title))
			a.showGaps(g, c.Gaps)
		}
	}
	if f.prompts && slices.ContainsFunc(g.process.Prompts, func(p activity.Prompt) bool { return p.Activity == x.ID }) {
		fmt.Fprintf(w, "\n%s\n", a.t("ui.guide-prompts"))
		for _, p := range g.process.Prompts {
			if p.Activity == x.ID {
				a.wrapped(w, "  ", p.ID+"  "+a.in(p.Text))
			}
		}
	}
}

// manyGaps is how many gaps of one thing people read at once.
const manyGaps = 6

func (a *app) showGaps(g *guided, all []activity.Gap) {
	for i, p := range all {
		if i == manyGaps && !a.verbose {
			fmt.Fprintf(a.Out, "    %s\n", a.t("ui.guide-more", "count", fmt.Sprint(len(all)-i)))
			return
		}
		if !p.Says.IsZero() {
			a.showGap(g, p)
		}
	}
}

func (a *app) showGap(g *guided, x activity.Gap) {
	where, field := g.place(x)
	if field != "" {
		where += " " + field
	}
	a.wrapped(a.Out, "    ", "· "+a.says(x)+"  ("+where+")")
}

func mark(s activity.State) string {
	switch s {
	case activity.Answered:
		return "✓"
	case activity.NotApplicable:
		return "–"
	case activity.Open:
		return "○"
	}
	return "◐"
}

// showQuestion shows a question with where it stands and how to answer it.
func (a *app) showQuestion(g *guided, s *activity.QuestionState, whole bool) {
	w, q := a.Out, s.Question
	fmt.Fprintf(w, "%s %s  %s  [%s]\n", mark(s.State), q.ID, a.in(q.Title), a.t("guide.state."+string(s.State)))
	a.wrapped(w, "  ", a.in(q.Text))
	a.wrapped(w, "  ", a.basis(q.Basis, q.Confidence))
	a.wrapped(w, "  ", a.t("ui.guide-why", "why", a.in(q.Why)))
	if whole && !q.Note.IsZero() {
		a.wrapped(w, "  ", a.in(q.Note))
	}
	for _, x := range s.Gaps {
		if !x.Says.IsZero() {
			a.showGap(g, x)
		}
	}
	if len(s.Changed) > 0 {
		a.wrapped(w, "  ", a.t("ui.guide-stale", "ids", strings.Join(s.Changed, ", "), "id", q.ID))
	}
	if s.Waiver != nil {
		a.wrapped(w, "  ", a.t("ui.guide-waived", "why", plain(s.Waiver.Why), "by", plain(s.Waiver.By), "on", s.Waiver.On))
	}
	if whole {
		if uses := g.consumers(q.ID); len(uses) > 0 {
			var ids []string
			for _, c := range uses {
				ids = append(ids, c.ID)
			}
			a.wrapped(w, "  ", a.t("ui.guide-uses", "ids", strings.Join(ids, ", ")))
		}
	}
	a.howToAnswer(g, q)
}

// basis says on what a question or check rests.
func (a *app) basis(basis, confidence string) string {
	if confidence == "" {
		return a.t("ui.guide-basis-only", "basis", a.t("guide.basis."+basis))
	}
	return a.t("ui.guide-basis", "basis", a.t("guide.basis."+basis), "confidence", a.t("guide.confidence."+confidence))
}

func (a *app) howToAnswer(g *guided, q *activity.Question) {
	w := a.Out
	if q.Kind == activity.Derived {
		a.wrapped(w, "  ", a.t("ui.guide-derived", "ids", strings.Join(g.process.RestsOn(q.ID), ", ")))
		return
	}
	where := activity.AnswersFile
	if q.Place != "" {
		where = "assay.yaml: " + q.Place
	}
	fmt.Fprintf(w, "  %s\n", a.t("ui.guide-example", "where", where))
	for line := range strings.Lines(a.example(q)) {
		fmt.Fprintf(w, "    %s\n", strings.TrimRight(line, "\n"))
	}
	value := "…"
	if q.Kind == activity.InProse {
		value = a.t("ui.guide-words")
	}
	fmt.Fprintf(w, "  %s\n", a.t("ui.guide-how", "id", q.ID, "value", value, "dir", a.dirFlag()))
}

// guideChecks lists what the checks found, or one check in full.
func (a *app) guideChecks(g *guided, id string) {
	w, found := a.Out, 0
	for _, s := range g.now.Activities {
		for _, c := range s.Checks {
			if id != "" && c.Check.ID != id || id == "" && len(c.Gaps) == 0 {
				continue
			}
			found++
			fmt.Fprintf(w, "%s  %s\n", c.Check.ID, a.in(c.Check.Title))
			a.wrapped(w, "  ", a.in(c.Check.Text))
			if id != "" {
				a.wrapped(w, "  ", a.t("ui.guide-why", "why", a.in(c.Check.Why)))
				a.wrapped(w, "  ", a.basis(c.Check.Basis, c.Check.Confidence))
			}
			if id == "" {
				a.showGaps(g, c.Gaps)
			} else {
				for _, x := range c.Gaps {
					a.showGap(g, x)
				}
			}
			switch {
			case !c.Applies:
				fmt.Fprintf(w, "  %s\n", a.t("ui.guide-check-na"))
			case len(c.Gaps) == 0:
				fmt.Fprintf(w, "  %s\n", a.t("ui.guide-check-ok"))
			default:
				a.wrapped(w, "  ", "→ "+a.in(c.Check.Do))
			}
			fmt.Fprintln(w)
		}
	}
	if found == 0 {
		fmt.Fprintln(w, a.t("ui.guide-no-findings"))
	}
}

// wrapped writes a text in lines that fit.
func (a *app) wrapped(w io.Writer, indent, text string) {
	for _, line := range report.Wrap(text, a.width()-len(indent)) {
		fmt.Fprintf(w, "%s%s\n", indent, line)
	}
}

// dirFlag is the -C of the command line, for commands that people copy.
func (a *app) dirFlag() string {
	if a.dir == "." {
		return ""
	}
	return " -C " + a.dir
}
