package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"assay/internal/fact"
	"assay/internal/judge"
	"assay/internal/pattern"
	"assay/internal/standard"
	"assay/internal/testcase"
	"assay/internal/verdict"
)

// Bounds on what people are shown; the JSON document holds everything.
const (
	maxResults = 60 // of one test case
	maxFacts   = 8  // of one result
	maxRefs    = 6  // of one fact
	maxValues  = 14 // of one fact's data
	maxValue   = 240
	maxLines   = 12      // of one excerpt
	maxSpent   = 2 << 20 // bytes of foreign text in all results together
	maxLate    = 3       // results of a test case, once that is spent
)

func newView(in Input) *view {
	v := &view{voice: voice{in.Texts, in.Lang}, in: in}
	v.excerpts = v.spoken(in.Assessment.Facts)
	for i := range in.Standards {
		v.Standards = append(v.Standards, v.standard(&in.Standards[i]))
	}
	for _, f := range in.Assessment.Findings {
		v.Findings = append(v.Findings, v.finding(f))
	}
	v.Needs = v.needs()
	for _, d := range in.Assessment.Different {
		v.Different = append(v.Different, differenceView{foreign(d.What), v.reason(d.Declared), v.reason(d.Observed)})
	}
	for _, n := range in.Assessment.NotTried {
		v.NotTried = append(v.NotTried, notTriedView{v.caseTitle(testcase.ID(n.Test)), foreign(n.Subject), v.reason(n.Why)})
	}
	v.Overruled = v.overruled()
	for _, u := range in.Product.Units {
		if u.Simulated {
			v.Simulated = append(v.Simulated, foreign(u.ID))
		}
	}
	if in.Assessment.Facts != nil {
		v.Samples = len(fact.Where(in.Assessment.Facts, func(p fact.PersonResult) bool { return p.Sample }))
	}
	v.Threats = threatsOf(in)
	return v
}

func (v *view) tr(t standard.Text) string { return t.In(string(v.lang)) }

func (v *view) standard(s *standard.Standard) standardView {
	out := standardView{
		ID: string(s.ID), Anchor: anchor("s", string(s.ID)), Title: v.tr(s.Title), Version: s.Version, Rule: v.tr(s.Rule),
		Verdict: verdict.Inconclusive, Verified: s.Verified, Summary: v.in.Assessment.Summary[s.ID], Profile: standard.Literal,
	}
	for _, o := range v.in.Assessment.Overall {
		if o.Standard == s.ID {
			out.Verdict, out.Profile = known(o.Verdict), o.Profile
		}
	}
	for _, u := range s.Unverified {
		out.Unverified = append(out.Unverified, v.tr(u))
	}
	for _, m := range s.Mappings {
		key := "report.mapping.ours"
		if m.Official {
			key = "report.mapping.official"
		}
		out.Mappings = append(out.Mappings, v.s(key, "to", string(m.To), "source", v.tr(m.Source)))
	}
	for _, a := range s.Aspects {
		out.Aspects = append(out.Aspects, aspectView{ID: a.ID, Title: v.tr(a.Title), Aim: v.tr(a.Aim), Anchor: anchor("a", string(s.ID), a.ID)})
	}
	for _, w := range v.in.Assessment.Verdicts {
		if w.Standard != s.ID {
			continue
		}
		r, ok := s.Requirement(w.Requirement)
		if !ok { // a requirement that this edition doesn't list is still shown
			r = &standard.Requirement{ID: w.Requirement, Status: w.Status}
		}
		i := slices.IndexFunc(out.Aspects, func(a aspectView) bool { return a.ID == r.Aspect })
		if i < 0 {
			out.Aspects = append(out.Aspects, aspectView{ID: r.Aspect, Anchor: anchor("a", string(s.ID), r.Aspect)})
			i = len(out.Aspects) - 1
		}
		out.Aspects[i].Summary.Add(w.Verdict)
		out.Aspects[i].Requirements = append(out.Aspects[i].Requirements, v.requirement(s, r, w))
	}
	out.Aspects = slices.DeleteFunc(out.Aspects, func(a aspectView) bool { return len(a.Requirements) == 0 })
	return out
}

func (v *view) requirement(s *standard.Standard, r *standard.Requirement, w judge.Verdict) requirementView {
	out := requirementView{
		ID: string(r.ID), Anchor: anchor("r", string(s.ID), string(r.ID)), Title: v.tr(r.Title), Text: v.tr(r.Text),
		Remedy: v.tr(r.Remedy), Note: v.tr(r.Note), Interp: v.tr(r.Interpretation), Status: w.Status, Claim: w.Claim,
		Profile: w.Profile, OtherProfile: w.OtherProfile, Verdict: known(w.Verdict), Verified: r.Verified, Reasons: v.reasons(w.Reasons),
	}
	if w.Other != "" {
		out.Other = known(w.Other)
	}
	if c, ok := v.in.Product.Claims[string(s.ID)][string(r.ID)]; ok {
		out.ClaimWhy = foreign(c.Why)
	}
	for _, id := range r.Conditions {
		text := id
		if c, ok := s.Condition(id); ok {
			text = id + ": " + v.tr(c.Text)
		}
		out.Conditions = append(out.Conditions, text)
	}
	for _, m := range r.MapsTo {
		x := mapView{Name: m.String()}
		if standardOf(v.in.Standards, m.Standard) != nil {
			for _, o := range v.in.Assessment.Verdicts {
				if o.Standard == m.Standard && o.Requirement == m.Requirement {
					x.Anchor, x.Verdict = anchor("r", string(m.Standard), string(m.Requirement)), known(o.Verdict)
				}
			}
		}
		for _, d := range s.Mappings {
			x.Official = x.Official || d.To == m.Standard && d.Official
		}
		out.Maps = append(out.Maps, x)
	}
	rest := make([]*caseView, 0, len(w.Cases))
	for _, c := range w.Cases {
		cv := v.testCase(c)
		rest = append(rest, &cv)
	}
	out.Tree = tree(r.Cases, rest)
	for _, c := range w.Components {
		out.Components = append(out.Components, componentView{foreign(v.componentName(c.Component)), known(c.Verdict), v.reasons(c.Reasons)})
	}
	out.Lead = v.lead(w)
	return out
}

// tree joins an expression with its cases, which come in the same order. A
// stored run of other standards' data may not fit: its cases stand in one
// list then.
func tree(e *standard.Expr, cases []*caseView) *node {
	if len(cases) == 0 {
		return nil
	}
	ids := e.CaseIDs()
	fits := len(ids) == len(cases)
	for i := range ids {
		fits = fits && ids[i] == cases[i].ID
	}
	if !fits {
		n := &node{}
		for _, c := range cases {
			n.Members = append(n.Members, &node{Case: c, Verdict: c.Verdict})
		}
		n.Verdict = join(n)
		return n
	}
	return grow(e, &cases)
}

func grow(e *standard.Expr, cases *[]*caseView) *node {
	if e.Case != "" {
		c := (*cases)[0]
		*cases = (*cases)[1:]
		return &node{Case: c, Verdict: c.Verdict}
	}
	n := &node{Any: e.Any != nil}
	for _, list := range [][]standard.Expr{e.All, e.Any} {
		for i := range list {
			n.Members = append(n.Members, grow(&list[i], cases))
		}
	}
	n.Verdict = join(n)
	return n
}

func join(n *node) verdict.Verdict {
	var vs []verdict.Verdict
	for _, m := range n.Members {
		vs = append(vs, m.Verdict)
	}
	if n.Any {
		return verdict.Any(vs...)
	}
	return verdict.All(vs...)
}

// lead is the one reason that explains a verdict best: that of a result with
// the same verdict.
func (v *view) lead(w judge.Verdict) phrase {
	if len(w.Reasons) > 0 {
		return v.reason(w.Reasons[0])
	}
	for _, c := range w.Cases {
		for _, r := range c.Results {
			if r.Verdict == w.Verdict && len(r.Reasons) > 0 {
				return v.reason(r.Reasons[0])
			}
		}
	}
	return nil
}

func (v *view) componentName(id string) string {
	for _, c := range v.in.Product.Components {
		if c.ID == id && c.Name != "" {
			return c.Name
		}
	}
	return id
}

func (v *view) caseTitle(id testcase.ID) string {
	return v.or(string(id), "case."+string(id)+".title", "case."+string(id))
}

func (v *view) testCase(c judge.CaseVerdict) caseView {
	out := caseView{
		ID: string(c.ID), Title: v.caseTitle(c.ID), Verdict: known(c.Verdict),
		Kind:   v.or(string(c.Kind), "report.kind."+string(c.Kind)),
		Method: v.or(string(c.Method), "report.method."+string(c.Method)),
	}
	prefix := "case." + string(c.ID)
	out.Shows, out.Limits = v.maybe(prefix+".establishes"), v.maybe(prefix+".limits")
	var params []string
	for k, p := range c.Params {
		params = append(params, k+"="+p)
	}
	slices.Sort(params)
	out.Params = strings.Join(params, ", ")
	results := slices.Clone(c.Results)
	// Where the list is cut, what decides must be in the part that is shown.
	slices.SortStableFunc(results, func(a, b testcase.Result) int { return weight(a.Verdict) - weight(b.Verdict) })
	for i, r := range results {
		if i == maxResults || i >= maxLate && v.spent > maxSpent {
			out.More = len(results) - i
			break
		}
		out.Results = append(out.Results, v.result(r))
	}
	return out
}

func weight(x verdict.Verdict) int { return slices.Index(verdict.Known(), known(x)) }

func (v *view) result(r testcase.Result) resultView {
	out := resultView{
		Subject: foreign(r.Subject), Verdict: known(r.Verdict), Reasons: v.reasons(r.Reasons), Findings: v.reasons(r.Findings),
		Provide: v.reasons(r.Provide), Person: v.person(r.By),
	}
	if r.Automatic != "" {
		out.Automatic = known(r.Automatic)
	}
	for _, p := range slices.Concat(out.Reasons, out.Findings, out.Provide) {
		v.spent += min(len(p.raw()), maxOutside)
	}
	set := v.in.Assessment.Facts
	if set == nil {
		return out
	}
	for _, id := range r.Facts {
		f, ok := set.Get(id)
		if !ok || f.Kind == (fact.PersonResult{}).Kind() && r.By != nil { // a person's record is shown as such
			continue
		}
		if len(out.Facts) == maxFacts || v.spent > maxSpent {
			out.More++
			continue
		}
		out.Facts = append(out.Facts, v.fact(set, f))
		v.spent += len(f.Data)
		for _, e := range evidenceOfFact(set, f) {
			v.spent += min(len(e.Excerpt), maxOutside) + len(e.Locator)
		}
	}
	return out
}

func (v *view) person(p *fact.PersonResult) *personView {
	if p == nil {
		return nil
	}
	out := &personView{By: foreign(p.By), Note: foreign(p.Note), At: stamp(p.At), Verdict: known(verdict.Verdict(p.Verdict)), Sample: p.Sample,
		Role: foreign(p.Role), Attachments: v.refs(p.Attachments)}
	if v.texts.Has("report.role." + p.Role) {
		out.Role = ours(v.s("report.role." + p.Role))
	}
	names := make([]string, 0, len(p.Observations))
	for n := range p.Observations {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		out.Observed = append(out.Observed, pair{foreign(n), foreign(p.Observations[n])})
	}
	return out
}

func (v *view) refs(rs []fact.Ref) []refView {
	var out []refView
	for _, r := range rs {
		out = append(out, refView{foreign(r.Locator), lines(cmp.Or(v.excerpts[r.Excerpt], r.Excerpt)), short(r.SHA256)})
	}
	return out
}

// lines splits an excerpt, at most maxLines of it.
func lines(s string) []phrase {
	if s == "" {
		return nil
	}
	var out []phrase
	for i, l := range strings.Split(strings.TrimRight(clip(s, maxOutside), "\r\n"), "\n") {
		if i == maxLines {
			return append(out, foreign("…"))
		}
		out = append(out, foreign(strings.TrimRight(l, "\r")))
	}
	return out
}

func (v *view) finding(f judge.Finding) findingView {
	out := findingView{
		ID: f.ID, Anchor: anchor("f", f.ID), Severity: f.Severity, Advisory: f.Advisory, Title: v.reason(f.Reason), Subject: foreign(f.Subject),
		Case: string(f.Case), CaseTitle: v.caseTitle(f.Case), Remedy: v.remedy(v.in, f),
		Requirements: v.links(f.Requirements),
	}
	refs := evidenceOf(v.in.Assessment.Facts, f.Facts)
	if len(refs) > maxRefs {
		refs = refs[:maxRefs]
	}
	out.Evidence = v.refs(refs)
	return out
}

func (v *view) links(rs []judge.Requirement) []linkView {
	var out []linkView
	for _, r := range rs {
		l := linkView{Standard: string(r.Standard), ID: string(r.Requirement)}
		if standardOf(v.in.Standards, r.Standard) != nil {
			l.Anchor = anchor("r", string(r.Standard), string(r.Requirement))
		}
		out = append(out, l)
	}
	return out
}

// overruled lists every FAIL that doesn't count because a person's verdict
// stands in its place (rule 8): of the program, or of another person.
func (v *view) overruled() []overruledView {
	var out []overruledView
	at := make(map[string]int)
	add := func(key string, req judge.Requirement, entry func() overruledView) {
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, entry())
		}
		for _, l := range v.links([]judge.Requirement{req}) {
			if !slices.Contains(out[i].Requirements, l) {
				out[i].Requirements = append(out[i].Requirements, l)
			}
		}
	}
	var records []fact.Typed[fact.PersonResult]
	if set := v.in.Assessment.Facts; set != nil {
		records = fact.Where(set, func(p fact.PersonResult) bool { return p.Verdict == string(verdict.Fail) })
	}
	for _, w := range v.in.Assessment.Verdicts {
		req := judge.Requirement{Standard: w.Standard, Requirement: w.Requirement}
		for _, c := range w.Cases {
			for _, r := range c.Results {
				if r.By == nil || r.Verdict == verdict.Fail {
					continue
				}
				base := overruledView{Case: v.caseTitle(c.ID), Subject: foreign(r.Subject), By: v.person(r.By), Verdict: known(r.Verdict)}
				key := string(c.ID) + "\x00" + r.Subject
				if r.Automatic == verdict.Fail {
					add(key, req, func() overruledView { o := base; o.Automatic = true; return o })
				}
				for _, p := range records {
					if p.Value.Case == string(c.ID) && p.Value.Subject == r.Subject {
						add(key+"\x00"+string(p.ID), req, func() overruledView { o := base; o.Failed = foreign(p.Value.By); return o })
					}
				}
			}
		}
	}
	return out
}

var notAnchor = pattern.New(`[^A-Za-z0-9.]+`)

// anchor makes an id for HTML and Markdown: letters, digits, dots and dashes.
func anchor(parts ...string) string {
	for i, p := range parts {
		parts[i] = strings.Trim(notAnchor.ReplaceAllString(p, "-"), "-")
	}
	return strings.Join(parts, "-")
}

func short(sha string) string {
	if len(sha) > 12 {
		return sha[:12]
	}
	return sha
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05") + " UTC"
}

// counts are the verdicts of a summary that occur, worst first.
func counts(s verdict.Summary) []count {
	all := []count{
		{verdict.Fail, s.Fail}, {verdict.Inconclusive, s.Inconclusive}, {verdict.Pass, s.Pass},
		{verdict.NotApplicable, s.NotApplicable}, {verdict.NotClaimed, s.NotClaimed}, {verdict.NotTested, s.NotTested},
	}
	return slices.DeleteFunc(all, func(c count) bool { return c.N == 0 })
}

type count struct {
	Verdict verdict.Verdict
	N       int
}

func (v *view) tally(s verdict.Summary) string {
	var out []string
	for _, c := range counts(s) {
		out = append(out, fmt.Sprintf("%d %s", c.N, v.verdict(c.Verdict)))
	}
	return strings.Join(out, " · ")
}

// between writes a span of time, the day once where it is the same.
func between(from, to time.Time) string {
	if to.IsZero() || from.IsZero() {
		return stamp(from)
	}
	from, to = from.UTC(), to.UTC()
	end := to.Format("15:04:05")
	if from.Format(time.DateOnly) != to.Format(time.DateOnly) {
		end = to.Format("2006-01-02 15:04:05")
	}
	return from.Format("2006-01-02 15:04:05") + " – " + end + " UTC"
}
