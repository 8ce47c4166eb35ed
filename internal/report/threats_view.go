package report

import (
	"cmp"
	"fmt"
	"strings"

	"assay/internal/product"
	"assay/internal/standard"
	"assay/internal/threat"
)

// Bounds on what people are shown of threats; the JSON document holds
// everything.
const (
	maxPerElement = 25  // threats of one element, laid out in full
	maxThreats    = 400 // of all elements
	maxLateEach   = 2   // threats of an element, once that is spent
	maxElements   = 300
	maxStride     = 150 // rows of the STRIDE matrix
	maxFindings   = 30  // threat findings of one kind
	maxLengthened = 6   // countermeasures of one path
	maxDifferent  = 60  // threats that differ from another run
	maxProblems   = 60
	maxMet        = 30
)

// threatView is an analysis of threats as people read it: sentences in one
// language, sorted and bounded, foreign parts still marked.
type threatView struct {
	voice
	in  ThreatInput
	a   *threat.Analysis
	run bool // the verdicts of a run count
	// alone: the page is about threats only; else it is a part of the test
	// report, whose requirements can be linked to.
	alone   bool
	inPage  map[threat.Ref]bool
	titles  map[threat.Ref]string
	names   map[string]string // of components
	anchors map[string]string // of threats and elements that are listed

	About              []phrase
	Before, Now, After levels
	Failed             int // distinct countermeasures that FAILED
	Changes            changesView
	Paths              []pathView
	Stride             []strideRow
	MoreStride         int
	Elements           []elementView
	MoreElements       int
	Annexes            []annexView
	Findings           []findingsView
	Problems           []phrase
	MoreProblems       int
	Compared           bool
	AgainstRun         phrase
	Different          []changedView
	MoreDifferent      int
	byElement          map[string][]*threat.Threat
	worstOf            map[string]levels // residual, by element
	MorePages          int               // of data flows, once they are drawn
	total              int
}

// levels counts threats by their level of risk.
type levels struct{ Critical, Major, Minor int }

func (l *levels) add(x threat.Level) {
	switch x {
	case threat.Critical:
		l.Critical++
	case threat.Major:
		l.Major++
	default:
		l.Minor++
	}
}

// grave is how many need somebody's attention.
func (l levels) grave() int { return l.Critical + l.Major }

func (l levels) worst() threat.Level {
	switch {
	case l.Critical > 0:
		return threat.Critical
	case l.Major > 0:
		return threat.Major
	case l.Minor > 0:
		return threat.Minor
	}
	return ""
}

// symbolOf tells a level without colour; internal/diagram draws the same.
func symbolOf(l threat.Level) string {
	return map[threat.Level]string{threat.Critical: "▲", threat.Major: "◆", threat.Minor: "●"}[l]
}

// newThreatView lays an analysis out. inPage holds the requirements that the
// page shows, nil where it is about threats alone.
func newThreatView(in ThreatInput, inPage map[threat.Ref]bool) *threatView {
	v := &threatView{
		voice: voice{in.Texts, in.Lang}, in: in, a: in.Analysis, run: in.Analysis.Run != "" || len(in.Analysis.Met) > 0, alone: inPage == nil, inPage: inPage,
		titles: make(map[threat.Ref]string), names: map[string]string{}, anchors: map[string]string{},
		byElement: map[string][]*threat.Threat{}, worstOf: map[string]levels{}, total: len(in.Analysis.Threats),
	}
	for _, s := range in.Standards {
		for i := range s.Requirements {
			v.titles[threat.Ref{Standard: s.ID, Requirement: s.Requirements[i].ID}] = v.tr(s.Requirements[i].Title)
		}
	}
	for _, c := range v.a.Product.Components {
		v.names[c.ID] = cmp.Or(c.Name, c.ID)
	}
	v.count()
	v.about()
	v.elements()
	v.stride()
	v.changes()
	v.paths()
	for _, x := range v.a.Annexes {
		v.Annexes = append(v.Annexes, v.annex(x))
	}
	v.findings()
	v.problems()
	v.compare()
	return v
}

func (v *threatView) tr(t standard.Text) string { return t.In(string(v.lang)) }

// text is a text of a rule: of the library, or of the workspace.
func (v *threatView) text(t standard.Text, own bool) phrase {
	if own {
		return foreign(v.tr(t))
	}
	return prose(v.tr(t))
}

func (v *threatView) level(l threat.Level) string {
	if l == "" {
		return "–"
	}
	return v.or(string(l), "threat.level."+string(l))
}

// Tally is "▲ 3 Critical · ◆ 5 Major · ● 10 Minor".
func (v *threatView) Tally(l levels) string {
	var out []string
	for _, x := range []struct {
		level threat.Level
		n     int
	}{{threat.Critical, l.Critical}, {threat.Major, l.Major}, {threat.Minor, l.Minor}} {
		out = append(out, fmt.Sprintf("%s %d %s", symbolOf(x.level), x.n, v.level(x.level)))
	}
	return strings.Join(out, " · ")
}

// Short is the tally without the levels that don't occur.
func (v *threatView) Short(l levels) string {
	var out []string
	for _, x := range strings.Split(v.Tally(l), " · ") {
		if !strings.Contains(x, " 0 ") {
			out = append(out, x)
		}
	}
	return strings.Join(out, " · ")
}

// count sums up levels, and groups the threats by element.
func (v *threatView) count() {
	failed := map[string]bool{}
	for i := range v.a.Threats {
		t := &v.a.Threats[i]
		v.Before.add(t.Before.Level)
		v.Now.add(t.Residual.Level)
		v.After.add(t.After.Level)
		ref := t.Element.Ref
		v.byElement[ref] = append(v.byElement[ref], t)
		w := v.worstOf[ref]
		w.add(t.Residual.Level)
		v.worstOf[ref] = w
		for _, x := range t.Weaknesses {
			for _, c := range x.Countermeasures {
				if c.Failed {
					failed[c.Key()] = true
				}
			}
		}
	}
	v.Failed = len(failed)
}

// about says what the numbers are, and whose.
func (v *threatView) about() {
	p := v.a.Profile
	v.About = append(v.About, ours(v.s("threat.about.what")))
	key := "threat.about.unverified"
	if p.Verified {
		key = "threat.about.verified"
	}
	v.About = append(v.About, v.fill(key, map[string]phrase{"profile": prose(v.tr(p.Title)), "note": prose(v.tr(p.Note))}))
	context := v.or(v.a.Context, "threat.context."+v.a.Context)
	if v.a.Assumed {
		v.About = append(v.About, v.say("threat.about.assumed", map[string]string{"context": context}))
	} else {
		v.About = append(v.About, v.say("threat.about.context", map[string]string{"context": context}))
	}
	if v.a.Run == "" {
		v.About = append(v.About, ours(v.s("threat.about.no-run")))
	} else {
		v.About = append(v.About, v.say("threat.about.run", map[string]string{"run": v.a.Run}))
	}
	if v.a.Changed {
		v.About = append(v.About, ours(v.s("threat.about.changed")))
	}
	switch n := len(product.Check(v.a.Product)); {
	case len(v.a.Product.Components) == 0:
		v.About = append(v.About, ours(v.s("threat.about.empty")))
	case n > 0:
		v.About = append(v.About, ours(v.s("threat.about.open", "n", fmt.Sprint(n))))
	}
	if n := len(v.a.Met); n > 0 {
		var met []string
		for _, r := range v.a.Met[:min(n, maxMet)] {
			met = append(met, r.String())
		}
		if n > maxMet {
			met = append(met, fmt.Sprintf("+%d", n-maxMet))
		}
		v.About = append(v.About, v.say("threat.about.met", map[string]string{"requirements": strings.Join(met, ", ")}))
	}
}

// Summary is the sentence that stands first.
func (v *threatView) Summary() phrase {
	key := "threat.summary"
	if !v.run {
		key = "threat.summary.no-run"
	}
	return ours(v.s(key, "n", fmt.Sprint(v.total), "now", v.Tally(v.Now), "before", v.Tally(v.Before), "after", v.Tally(v.After)))
}

// anchorOf gives a listed thing an id that no other has.
func (v *threatView) anchorOf(kind, id string) string {
	base := anchor(kind, clip(id, 120))
	name := base
	for n := 2; v.anchors["#"+name] != ""; n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	v.anchors["#"+name], v.anchors[kind+id] = id, name
	return name
}

// linkTo is the anchor of a threat or element if it is listed.
func (v *threatView) linkTo(kind, id string) string { return v.anchors[kind+id] }

// place names a state of an attack: an entry point, control/camera,
// data/video, function/camera, network/premises.
func (v *threatView) place(node string) phrase {
	kind, id, ok := strings.Cut(node, "/")
	if !ok {
		return ours(v.or(node, "threat.entry."+node))
	}
	switch kind {
	case "control":
		return v.say("threat.place.control", map[string]string{"name": cmp.Or(v.names[id], id)})
	case "function":
		return v.say("threat.place.function", map[string]string{"name": cmp.Or(v.names[id], id)})
	case "data":
		return v.say("threat.place.data", map[string]string{"name": id})
	case "network":
		return v.say("threat.place.network", map[string]string{"name": v.zone(id)})
	}
	return foreign(node)
}

func (v *threatView) zone(id string) string { return v.or(id, "threat.zone."+id) }

// requirementRef is a requirement as a countermeasure, with its verdict.
type requirementRef struct {
	Standard, ID, Title, Anchor string
	Verdict                     string // "" where it is no part of the run
	Word                        string
}

func (v *threatView) requirement(j threat.Judged) requirementRef {
	r := requirementRef{Standard: string(j.Standard), ID: string(j.Requirement), Title: v.titles[j.Ref]}
	if v.inPage[j.Ref] {
		r.Anchor = anchor("r", string(j.Standard), string(j.Requirement))
	}
	switch {
	case j.Verdict != "":
		r.Verdict = string(known(j.Verdict))
		r.Word = v.verdict(j.Verdict)
	case v.a.Run != "":
		r.Word = v.s("threat.not-in-run")
	}
	return r
}

// measureView is a countermeasure and what became of it.
type measureView struct {
	Requirements   []requirementRef
	Counts, Failed bool
	State          string
}

func (v *threatView) measure(c threat.Countermeasure) measureView {
	m := measureView{Counts: c.Counts, Failed: c.Failed}
	for _, r := range c.Requirements {
		m.Requirements = append(m.Requirements, v.requirement(r))
	}
	switch {
	case c.Failed:
		m.State = v.s("threat.measure.failed")
	case c.Counts:
		m.State = v.s("threat.measure.counts")
	case v.run:
		m.State = v.s("threat.measure.open")
	}
	return m
}

// Title is that of the first requirement that has one.
func (m measureView) Title() string {
	for _, r := range m.Requirements {
		if r.Title != "" {
			return r.Title
		}
	}
	return ""
}

// Quiet is the countermeasure without its state, where something else is said
// of it.
func (m measureView) Quiet() measureView {
	m.State = ""
	return m
}
