package report

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"assay/internal/fact"
	"assay/internal/testcase"
	"assay/internal/verdict"
)

// RunSchema is the first line of the JSON document of a run.
const RunSchema = "assay/run@1"

type jsonRun struct {
	Schema           string                     `json:"schema"`
	Lang             string                     `json:"lang"`
	Product          jsonProduct                `json:"product"`
	Run              jsonHow                    `json:"run"`
	Units            []jsonUnit                 `json:"units"`
	Overall          map[string]jsonOverall     `json:"overall"`
	Summary          map[string]verdict.Summary `json:"summary"`
	Verdicts         []jsonVerdict              `json:"verdicts"`
	Findings         []jsonFinding              `json:"findings"`
	Undecided        []jsonUndecided            `json:"undecided"`
	DeclaredObserved []jsonDifference           `json:"declared_observed"`
	NotTried         []jsonNotTried             `json:"not_tried"`
	Risks            *jsonRisks                 `json:"risks,omitempty"`
	Report           string                     `json:"report"`
	Errors           []Error                    `json:"errors"`
}

type jsonProduct struct {
	Name    string `json:"name"`
	Model   string `json:"model"`
	Release string `json:"release"`
	Maker   string `json:"maker"`
}

type jsonHow struct {
	ID         string     `json:"id"`
	Started    time.Time  `json:"started"`
	Ended      *time.Time `json:"ended"` // null: the run was stopped
	Resumed    int        `json:"resumed"`
	Head       string     `json:"head"`
	Program    string     `json:"program"`
	By         string     `json:"by"`
	Command    string     `json:"command"`
	Only       []string   `json:"only"`
	Intrusive  bool       `json:"intrusive"`
	Laboratory bool       `json:"laboratory"`
	Workspace  string     `json:"workspace"`
}

type jsonUnit struct {
	ID        string `json:"id"`
	Serial    string `json:"serial"`
	State     string `json:"state"`
	Simulated bool   `json:"simulated"`
}

type jsonOverall struct {
	Verdict verdict.Verdict `json:"verdict"`
	Rule    string          `json:"rule"`
	Profile string          `json:"profile"`
}

type jsonReason struct {
	Key  string            `json:"key"`
	Args map[string]string `json:"args"`
	Text string            `json:"text"`
}

type jsonVerdict struct {
	Standard     string          `json:"standard"`
	Requirement  string          `json:"requirement"`
	Title        string          `json:"title"`
	Aspect       string          `json:"aspect"`
	Status       string          `json:"status"`
	Claim        string          `json:"claim"`
	Profile      string          `json:"profile"`
	Verdict      verdict.Verdict `json:"verdict"`
	OtherProfile string          `json:"other_profile,omitempty"`
	OtherVerdict verdict.Verdict `json:"other_verdict,omitempty"`
	Open         bool            `json:"open"`
	Reasons      []jsonReason    `json:"reasons"`
	Facts        []string        `json:"facts,omitempty"`
	Cases        []jsonCase      `json:"cases"`
	// Components are the verdicts for each component, where the standard asks
	// for them.
	Components []jsonComponent `json:"components,omitempty"`
}

type jsonComponent struct {
	Component string          `json:"component"`
	Verdict   verdict.Verdict `json:"verdict"`
	Declared  bool            `json:"declared"` // the maker says that it isn't met
	Reasons   []jsonReason    `json:"reasons"`
}

type jsonCase struct {
	ID      string            `json:"id"`
	Group   string            `json:"group"`
	Kind    string            `json:"kind"`
	Method  string            `json:"method"`
	Params  map[string]string `json:"params"`
	Verdict verdict.Verdict   `json:"verdict"`
	Results []jsonResult      `json:"results"`
}

type jsonResult struct {
	Subject   string          `json:"subject"`
	Verdict   verdict.Verdict `json:"verdict"`
	Automatic verdict.Verdict `json:"automatic,omitempty"`
	Person    *jsonPerson     `json:"person,omitempty"`
	Reasons   []jsonReason    `json:"reasons"`
	Findings  []jsonReason    `json:"findings"`
	Provide   []jsonReason    `json:"provide"`
	Facts     []string        `json:"facts"`
	Evidence  []jsonRef       `json:"evidence"`
}

type jsonPerson struct {
	By           string            `json:"by"`
	Role         string            `json:"role"`
	At           time.Time         `json:"at"`
	Verdict      string            `json:"verdict"`
	Note         string            `json:"note"`
	Observations map[string]string `json:"observations"`
	Attachments  []jsonRef         `json:"attachments"`
	Sample       bool              `json:"sample"`
}

type jsonRef struct {
	SHA256  string `json:"sha256"`
	Locator string `json:"locator"`
	Excerpt string `json:"excerpt"`
}

type jsonFinding struct {
	ID          string     `json:"id"`
	Severity    string     `json:"severity"`
	Advisory    bool       `json:"advisory"`
	Title       string     `json:"title"`
	Case        string     `json:"case"`
	Subject     string     `json:"subject"`
	Reason      jsonReason `json:"reason"`
	Requirement []string   `json:"requirement"`
	Refs        []string   `json:"refs"`
	Remedy      string     `json:"remedy"`
	Facts       []string   `json:"facts"`
	Evidence    []jsonRef  `json:"evidence"`
}

type jsonUndecided struct {
	Standard    string       `json:"standard"`
	Requirement string       `json:"requirement"`
	Case        string       `json:"case"`
	Subject     string       `json:"subject"`
	Provide     string       `json:"provide"`
	Needs       []jsonReason `json:"needs"`
}

type jsonDifference struct {
	What     string `json:"what"`
	Declared string `json:"declared"`
	Observed string `json:"observed"`
}

type jsonNotTried struct {
	Test    string     `json:"test"`
	Subject string     `json:"subject"`
	Why     string     `json:"why"`
	Reason  jsonReason `json:"reason"`
}

// encodeJSON writes the assay/run@1 document of docs/json.md. Foreign text
// stays as it was seen (JSON escapes its control characters): it is evidence.
func encodeJSON(w io.Writer, in Input) error {
	if err := in.check(); err != nil {
		return err
	}
	j := jsonWriter{voice{in.Texts, in.Lang}, in}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(j.run()); err != nil {
		return fmt.Errorf("report: JSON document: %w", err)
	}
	return nil
}

type jsonWriter struct {
	voice
	in Input
}

// stopped gives the end of a run, nil for one that was cut off.
func stopped(end time.Time) *time.Time {
	if end.IsZero() {
		return nil
	}
	end = end.UTC()
	return &end
}

func (j jsonWriter) run() jsonRun {
	p, r, a := j.in.Product, j.in.Run, j.in.Assessment
	out := jsonRun{
		Schema:  RunSchema,
		Lang:    string(j.lang),
		Product: jsonProduct{p.Identity.Name, p.Identity.Model, p.Identity.Release, p.Identity.Maker.Name},
		Run: jsonHow{r.ID, r.Started.UTC(), stopped(r.Ended), r.Resumed, r.Head, r.Program, r.By, r.Command, list(r.Only),
			r.Intrusive, r.Laboratory, r.Workspace},
		Units:            []jsonUnit{},
		Overall:          make(map[string]jsonOverall),
		Summary:          make(map[string]verdict.Summary),
		Verdicts:         []jsonVerdict{},
		Findings:         []jsonFinding{},
		Undecided:        []jsonUndecided{},
		DeclaredObserved: []jsonDifference{},
		NotTried:         []jsonNotTried{},
		Report:           j.in.Report,
		Errors:           list(j.in.Errors),
		Risks:            risks(j.in.Threats),
	}
	for _, u := range p.Units {
		out.Units = append(out.Units, jsonUnit{u.ID, u.Serial, u.State, u.Simulated})
	}
	for _, o := range a.Overall {
		rule := ""
		if s := standardOf(j.in.Standards, o.Standard); s != nil {
			rule = s.Rule.In(string(j.lang))
		}
		out.Overall[string(o.Standard)] = jsonOverall{o.Verdict, rule, o.Profile}
	}
	for id, s := range a.Summary {
		out.Summary[string(id)] = s
	}
	for i := range a.Verdicts {
		out.Verdicts = append(out.Verdicts, j.verdict(i))
	}
	for i := range a.Findings {
		out.Findings = append(out.Findings, j.finding(i))
	}
	for _, u := range a.Undecided {
		x := jsonUndecided{string(u.Standard), string(u.Requirement.Requirement), string(u.Case), u.Subject, "", j.list(u.Provide)}
		for i, n := range x.Needs {
			if i > 0 {
				x.Provide += " "
			}
			x.Provide += n.Text
		}
		out.Undecided = append(out.Undecided, x)
	}
	for _, d := range a.Different {
		out.DeclaredObserved = append(out.DeclaredObserved, jsonDifference{d.What, j.reason(d.Declared).raw(), j.reason(d.Observed).raw()})
	}
	for _, n := range a.NotTried {
		why := j.one(n.Why)
		out.NotTried = append(out.NotTried, jsonNotTried{n.Test, n.Subject, why.Text, why})
	}
	return out
}

func (j jsonWriter) verdict(i int) jsonVerdict {
	v := j.in.Assessment.Verdicts[i]
	out := jsonVerdict{
		Standard: string(v.Standard), Requirement: string(v.Requirement), Status: v.Status, Claim: v.Claim, Profile: v.Profile,
		Verdict: v.Verdict, OtherProfile: v.OtherProfile, OtherVerdict: v.Other, Open: v.Open,
		Reasons: j.list(v.Reasons), Cases: []jsonCase{},
	}
	if r := requirementOf(j.in.Standards, v.Standard, v.Requirement); r != nil {
		out.Title, out.Aspect = r.Title.In(string(j.lang)), r.Aspect
	}
	if len(v.Facts) > 0 {
		out.Facts = ids(v.Facts)
	}
	for _, c := range v.Cases {
		jc := jsonCase{string(c.ID), c.Group, string(c.Kind), string(c.Method), map[string]string{}, c.Verdict, []jsonResult{}}
		for k, p := range c.Params {
			jc.Params[k] = p
		}
		for _, r := range c.Results {
			jc.Results = append(jc.Results, j.result(r))
		}
		out.Cases = append(out.Cases, jc)
	}
	for _, c := range v.Components {
		out.Components = append(out.Components, jsonComponent{c.Component, c.Verdict, c.Declared, j.list(c.Reasons)})
	}
	return out
}

func (j jsonWriter) result(r testcase.Result) jsonResult {
	out := jsonResult{
		Subject: r.Subject, Verdict: r.Verdict, Automatic: r.Automatic,
		Reasons: j.list(r.Reasons), Findings: j.list(r.Findings), Provide: j.list(r.Provide),
		Facts: ids(r.Facts), Evidence: refs(evidenceOf(j.in.Assessment.Facts, r.Facts)),
	}
	if p := r.By; p != nil {
		out.Person = &jsonPerson{p.By, p.Role, p.At.UTC(), p.Verdict, p.Note, map[string]string{}, refs(p.Attachments), p.Sample}
		for k, v := range p.Observations {
			out.Person.Observations[k] = v
		}
	}
	return out
}

func (j jsonWriter) finding(i int) jsonFinding {
	f := j.in.Assessment.Findings[i]
	why := j.one(f.Reason)
	out := jsonFinding{
		ID: f.ID, Severity: string(f.Severity), Advisory: f.Advisory, Title: why.Text, Case: string(f.Case), Subject: f.Subject, Reason: why,
		Requirement: []string{}, Refs: []string{}, Remedy: j.remedy(j.in, f).raw(),
		Facts: ids(f.Facts), Evidence: refs(evidenceOf(j.in.Assessment.Facts, f.Facts)),
	}
	for _, r := range f.Requirements {
		if id := string(r.Requirement); !slices.Contains(out.Requirement, id) {
			out.Requirement = append(out.Requirement, id)
		}
		out.Refs = append(out.Refs, string(r.Standard)+"/"+string(r.Requirement))
	}
	return out
}

func (j jsonWriter) one(r verdict.Reason) jsonReason {
	args := r.Args
	if args == nil {
		args = map[string]string{}
	}
	return jsonReason{r.Key, args, j.reason(r).raw()}
}

func (j jsonWriter) list(rs []verdict.Reason) []jsonReason {
	out := make([]jsonReason, 0, len(rs))
	for _, r := range rs {
		out = append(out, j.one(r))
	}
	return out
}

func refs(rs []fact.Ref) []jsonRef {
	out := make([]jsonRef, 0, len(rs))
	for _, r := range rs {
		out = append(out, jsonRef(r))
	}
	return out
}

func ids(fs []fact.ID) []string {
	out := make([]string, 0, len(fs))
	for _, f := range fs {
		out = append(out, string(f))
	}
	return out
}

// list keeps an absent list from becoming null.
func list[T any](in []T) []T {
	if in == nil {
		return []T{}
	}
	return in
}
