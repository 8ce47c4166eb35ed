package judge_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"assay/internal/condition"
	"assay/internal/fact"
	"assay/internal/i18n"
	"assay/internal/judge"
	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/standard"
	"assay/internal/testcase"
	"assay/internal/verdict"
)

var clock = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const model = `schema: assay/product@1
product: { name: Example Cam, model: EC-1, release: "1.0.0", maker: { name: Example Ltd. } }
components: [{ id: camera, kind: device, transducers: [image sensor], network: [ethernet], constrained: false }]
units: [{ id: unit-a, of: camera, serial: "A1", address: "192.168.1.11" }]
`

func load(t testing.TB, more string) *product.Product {
	t.Helper()
	p, problems := product.Load("assay.yaml", []byte(model+more), limit.Default().YAML)
	if product.HasErrors(problems) {
		t.Fatal(problems)
	}
	return p
}

func expr(t testing.TB, s string) *standard.Expr {
	t.Helper()
	e := new(standard.Expr)
	if err := yaml.Unmarshal([]byte(s), e); err != nil {
		t.Fatal(err)
	}
	return e
}

// one is a standard of a single requirement.
func one(t testing.TB, cases string, change ...func(*standard.Standard, *standard.Requirement)) *standard.Standard {
	t.Helper()
	s := &standard.Standard{ID: "std", Requirements: []standard.Requirement{{ID: "1.1", Status: standard.Mandatory}}}
	if cases != "" {
		s.Requirements[0].Cases = expr(t, cases)
	}
	for _, c := range change {
		c(s, &s.Requirements[0])
	}
	return s
}

// inventory declares a datum.
const inventory = "data: [{ id: video, category: sensitive-personal, purpose: live view }]\n"

func recommended(_ *standard.Standard, r *standard.Requirement) { r.Status = standard.Recommended }

func conditional(cs ...standard.Condition) func(*standard.Standard, *standard.Requirement) {
	return func(s *standard.Standard, r *standard.Requirement) {
		s.Conditions = cs
		for _, c := range cs {
			r.Conditions = append(r.Conditions, c.ID)
		}
	}
}

// saw makes facts of one observation.
func saw(t testing.TB, ps ...fact.Payload) *fact.Set {
	t.Helper()
	o := fact.Observation{ID: "o", Unit: "unit-a", State: "initialised", Vantage: fact.LAN, Method: fact.Test}
	var fs []fact.Fact
	for _, p := range ps {
		f, err := fact.New(o, subject(p), p)
		if err != nil {
			t.Fatal(err)
		}
		fs = append(fs, f)
	}
	set, err := fact.NewSet(fs, []fact.Observation{o})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func subject(p fact.Payload) string {
	switch x := p.(type) {
	case fact.PersonResult:
		return x.Subject
	case fact.Scope:
		return x.Of
	}
	return "product"
}

var wholePorts = fact.Scope{What: fact.ScopePorts, Of: "unit-a", Count: 65535, Whole: true}

// record is a complete record of a guided case on the product.
func record(t testing.TB, id, v string) fact.PersonResult {
	t.Helper()
	c, err := testcase.Find(testcase.ID(id))
	if err != nil {
		t.Fatal(err)
	}
	good := map[string]string{"any-accepted": "no", "way-in": "no", "common-credential-works": "no", "any-in-clear": "no"}
	p := fact.PersonResult{Case: id, Subject: "product", Verdict: v, By: "Chen", Role: "tester", At: clock, Observations: map[string]string{}}
	for _, o := range c.Observe {
		p.Observations[o.Name] = "yes"
		if g, ok := good[o.Name]; ok {
			p.Observations[o.Name] = g
		}
	}
	p.Attachments = make([]fact.Ref, c.Attach)
	return p
}

func judged(t testing.TB, s *standard.Standard, p *product.Product, set *fact.Set, change ...func(*judge.Input)) *judge.Assessment {
	t.Helper()
	in := judge.Input{Product: p, Standards: []standard.Standard{*s}, Facts: set, Clock: clock}
	for _, c := range change {
		c(&in)
	}
	a, err := judge.Judge(in)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func list(all []*standard.Standard) []standard.Standard {
	var out []standard.Standard
	for _, s := range all {
		out = append(out, *s)
	}
	return out
}

func keys(rs []verdict.Reason) []string {
	var out []string
	for _, r := range rs {
		out = append(out, r.Key)
	}
	return out
}

func claims(support, why string) string {
	return fmt.Sprintf("claims: { std: { \"1.1\": { support: %q, why: %q } } }\n", support, why)
}

const guided = "{all: [{id: recovery.power}]}"

// TestClaims is rule 4 over status, claim and facts.
func TestClaims(t *testing.T) {
	t.Parallel()
	cond := conditional(standard.Condition{ID: "1", When: "!has(product.update)"})
	rows := []struct {
		name   string
		claim  string
		change []func(*standard.Standard, *standard.Requirement)
		facts  []fact.Payload
		want   verdict.Verdict
		reason string
		exit   int
	}{
		{name: "mandatory-not-supported", claim: claims("no", "too dear"), want: verdict.Fail, reason: "reason.mandatory-not-supported", exit: 1,
			facts: []fact.Payload{record(t, "recovery.power", "PASS")}},
		{name: "mandatory-not-applicable-without-condition", claim: claims("n/a", "no power"), want: verdict.Fail, reason: "reason.not-applicable-not-allowed", exit: 1},
		{name: "mandatory-supported", claim: claims("yes", ""), want: verdict.Pass, facts: []fact.Payload{record(t, "recovery.power", "PASS")}},
		{name: "mandatory-silent-is-tested", want: verdict.Pass, facts: []fact.Payload{record(t, "recovery.power", "PASS")}},
		{name: "mandatory-no-facts", want: verdict.Inconclusive},
		{name: "recommended-silent", change: []func(*standard.Standard, *standard.Requirement){recommended}, want: verdict.NotClaimed, reason: "reason.recommendation-not-claimed",
			facts: []fact.Payload{record(t, "recovery.power", "FAIL")}},
		{name: "recommended-declined", claim: claims("no", "not needed"), change: []func(*standard.Standard, *standard.Requirement){recommended},
			want: verdict.NotClaimed, reason: "reason.recommendation-declined", facts: []fact.Payload{record(t, "recovery.power", "FAIL")}},
		{name: "recommended-claimed-passes", claim: claims("yes", ""), change: []func(*standard.Standard, *standard.Requirement){recommended},
			want: verdict.Pass, facts: []fact.Payload{record(t, "recovery.power", "PASS")}},
		{name: "recommended-claimed-fails", claim: claims("yes", ""), change: []func(*standard.Standard, *standard.Requirement){recommended},
			want: verdict.Fail, facts: []fact.Payload{record(t, "recovery.power", "FAIL")}, exit: 1},
		{name: "conditional-not-applicable-is-tested-while-the-condition-holds", claim: claims("n/a", "none"), change: []func(*standard.Standard, *standard.Requirement){cond},
			want: verdict.Fail, facts: []fact.Payload{record(t, "recovery.power", "FAIL")}, exit: 1},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			a := judged(t, one(t, guided, r.change...), load(t, r.claim), saw(t, r.facts...))
			v := a.Verdicts[0]
			if v.Verdict != r.want || (r.reason != "" && !slices.Contains(keys(v.Reasons), r.reason)) {
				t.Errorf("%s %v, want %s %s", v.Verdict, keys(v.Reasons), r.want, r.reason)
			}
			if got := a.ExitCode(); got != r.exit {
				t.Errorf("exit code %d, want %d", got, r.exit)
			}
			if r.want == verdict.NotClaimed && a.Overall[0].Verdict == verdict.Fail {
				t.Error("what isn't claimed counts in the overall verdict")
			}
		})
	}
}

// TestConditions is rule 5: NOT APPLICABLE is never silent.
func TestConditions(t *testing.T) {
	t.Parallel()
	const declaredFalse = "passwords: { used: false }\n"
	when := "!has(product.passwords) || !has(product.passwords.used) || product.passwords.used"
	pw := standard.Condition{ID: "1", When: when, Confirm: []string{"absent.password-login"}}
	rows := []struct {
		name  string
		model string
		conds []standard.Condition
		facts []fact.Payload
		want  verdict.Verdict
		key   string
	}{
		{"false-and-confirmed", declaredFalse, []standard.Condition{pw}, []fact.Payload{wholePorts}, verdict.NotApplicable, "reason.condition-false"},
		{"false-and-unconfirmed", declaredFalse, []standard.Condition{pw}, nil, verdict.Inconclusive, "reason.condition-false-unconfirmed"},
		{"false-and-search-cut", declaredFalse, []standard.Condition{pw}, []fact.Payload{fact.Scope{What: fact.ScopePorts, Of: "unit-a", Cut: "cut.time"}}, verdict.Inconclusive, "reason.condition-false-unconfirmed"},
		{"false-and-contradicted", declaredFalse, []standard.Condition{pw}, []fact.Payload{wholePorts, fact.LoginChannel{Unit: "unit-a", Port: 80, Scheme: "form"},
			fact.Service{Unit: "unit-a", Port: 80, Transport: "tcp", Protocol: "http"}}, verdict.Inconclusive, "reason.condition-false-unconfirmed"},
		{"false-and-page-unexplored", declaredFalse, []standard.Condition{pw}, []fact.Payload{wholePorts, fact.Service{Unit: "unit-a", Port: 80, Transport: "tcp", Protocol: "http"}},
			verdict.Inconclusive, "reason.condition-false-unconfirmed"},
		{"false-without-confirmation", declaredFalse, []standard.Condition{{ID: "1", When: when}}, []fact.Payload{wholePorts}, verdict.Inconclusive, "reason.condition-false-unconfirmed"},
		{"false-with-unknown-confirmation", declaredFalse, []standard.Condition{{ID: "1", When: when, Confirm: []string{"absent.nobody-knows"}}}, []fact.Payload{wholePorts}, verdict.Inconclusive, "reason.condition-false-unconfirmed"},
		{"false-with-two-confirmations-one-open", declaredFalse, []standard.Condition{{ID: "1", When: when, Confirm: []string{"absent.password-login", "absent.preset-credential"}}}, []fact.Payload{wholePorts}, verdict.Inconclusive, "reason.condition-false-unconfirmed"},
		{"second-of-two-conditions-confirmed-false", declaredFalse, []standard.Condition{{ID: "0", When: when, Confirm: []string{"absent.update"}}, pw}, []fact.Payload{wholePorts}, verdict.NotApplicable, "reason.condition-false"},
		{"true-applies", "", []standard.Condition{pw}, []fact.Payload{wholePorts, record(t, "recovery.power", "PASS")}, verdict.Pass, ""},
		{"unknown-applies", "", []standard.Condition{{ID: "1", When: "product.nothing.there", Confirm: []string{"absent.login"}}}, []fact.Payload{wholePorts, record(t, "recovery.power", "FAIL")}, verdict.Fail, "reason.condition-unknown"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			v := judged(t, one(t, guided, conditional(r.conds...)), load(t, r.model), saw(t, r.facts...)).Verdicts[0]
			if v.Verdict == verdict.NotApplicable != (len(v.Facts) > 0) {
				t.Errorf("%s rests on %v", v.Verdict, v.Facts)
			}
			if v.Verdict != r.want || (r.key != "" && !slices.Contains(keys(v.Reasons), r.key)) {
				t.Errorf("%s %v, want %s %s", v.Verdict, keys(v.Reasons), r.want, r.key)
			}
		})
	}
}

// TestConditionFaults: what the standards' data gets wrong is an error, not a
// verdict.
func TestConditionFaults(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*standard.Standard{
		"condition-that-does-not-compile": one(t, guided, conditional(standard.Condition{ID: "1", When: "product."})),
		"condition-that-is-not-there":     one(t, guided, func(_ *standard.Standard, r *standard.Requirement) { r.Conditions = []string{"99"} }),
		"case-that-is-not-there":          one(t, "{all: [{id: no.such}]}"),
	} {
		_, err := judge.Judge(judge.Input{Product: load(t, ""), Standards: []standard.Standard{*s}, Facts: saw(t), Clock: clock})
		if err == nil || !strings.Contains(err.Error(), "std 1.1") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestGroups: alternatives, findings and what is still open.
func TestGroups(t *testing.T) {
	t.Parallel()
	const debug = "{all: [{id: recovery.power}, {any: [{id: debug.no-path}, {id: debug.authenticated}]}]}"
	p := func(id, v string) fact.Payload { return record(t, id, v) }
	rows := []struct {
		name     string
		facts    []fact.Payload
		want     verdict.Verdict
		findings []testcase.ID
		open     []testcase.ID
	}{
		{"all-hold", []fact.Payload{p("recovery.power", "PASS"), p("debug.no-path", "PASS")}, verdict.Pass, nil, nil},
		{"one-alternative-failed-beside-one-that-passed", []fact.Payload{p("recovery.power", "PASS"), p("debug.no-path", "FAIL"), p("debug.authenticated", "PASS")}, verdict.Pass, nil, nil},
		{"failed-elsewhere-alternative-still-no-finding", []fact.Payload{p("recovery.power", "FAIL"), p("debug.no-path", "FAIL"), p("debug.authenticated", "PASS")}, verdict.Fail, []testcase.ID{"recovery.power"}, nil},
		{"failed-alternative-beside-an-open-one", []fact.Payload{p("recovery.power", "PASS"), p("debug.no-path", "FAIL")}, verdict.Inconclusive, nil, []testcase.ID{"debug.authenticated"}},
		{"both-alternatives-failed", []fact.Payload{p("recovery.power", "PASS"), p("debug.no-path", "FAIL"), p("debug.authenticated", "FAIL")}, verdict.Fail, []testcase.ID{"debug.authenticated", "debug.no-path"}, nil},
		{"open-beside-a-passed-alternative-asks-nothing", []fact.Payload{p("debug.no-path", "PASS")}, verdict.Inconclusive, nil, []testcase.ID{"recovery.power"}},
		{"recorded-not-applicable-is-not-left-out", []fact.Payload{p("recovery.power", "PASS"), p("debug.no-path", "NOT_APPLICABLE"), p("debug.authenticated", "FAIL")}, verdict.Inconclusive, nil, []testcase.ID{"debug.no-path"}},
		{"recorded-not-applicable-is-not-dropped", []fact.Payload{p("recovery.power", "NOT_APPLICABLE"), p("debug.no-path", "PASS")}, verdict.Inconclusive, nil, []testcase.ID{"recovery.power"}},
		{"nothing", nil, verdict.Inconclusive, nil, []testcase.ID{"recovery.power", "debug.no-path", "debug.authenticated"}},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			a := judged(t, one(t, debug), load(t, ""), saw(t, r.facts...))
			var got, open []testcase.ID
			for _, f := range a.Findings {
				got = append(got, f.Case)
			}
			for _, u := range a.Undecided {
				open = append(open, u.Case)
			}
			slices.Sort(got)
			if a.Verdicts[0].Verdict != r.want {
				t.Errorf("%s, want %s", a.Verdicts[0].Verdict, r.want)
			}
			if diff := cmp.Diff(r.findings, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(r.open, open); diff != "" {
				t.Errorf("undecided (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOnly(t *testing.T) {
	t.Parallel()
	s := one(t, "{all: [{id: recovery.power}, {id: alert.login}]}")
	only := func(in *judge.Input) { in.Only = []testcase.ID{"recovery.power"} }
	a := judged(t, s, load(t, ""), saw(t, record(t, "recovery.power", "PASS")), only)
	if v := a.Verdicts[0]; v.Verdict != verdict.NotTested || v.Cases[1].Verdict != verdict.NotTested || a.Summary["std"].NotTested != 1 {
		t.Errorf("%+v", v)
	}
	if got := judged(t, s, load(t, ""), saw(t, record(t, "recovery.power", "FAIL")), only).Verdicts[0].Verdict; got != verdict.Fail {
		t.Errorf("a FAIL stands although the rest was left out: %s", got)
	}
	if a.ExitCode() != 0 {
		t.Errorf("exit code %d for what the run was told to leave out", a.ExitCode())
	}
}

func endpoint(static bool) []fact.Payload {
	suites := []fact.TLSSuite{{Version: "1.3", ID: 0x1301, Name: "TLS_AES_128_GCM_SHA256", ForwardSecrecy: true, Approved: true, Preferred: true}}
	if static {
		suites = append(suites, fact.TLSSuite{Version: "1.2", ID: 0x9c, Name: "TLS_RSA_WITH_AES_128_GCM_SHA256"})
	}
	return []fact.Payload{wholePorts, fact.Service{Unit: "unit-a", Port: 443, Transport: "tcp", Protocol: "https", TLS: true},
		fact.TLS{Unit: "unit-a", Port: 443, Suites: suites, Whole: true}}
}

const secrecy = "{all: [{id: tls.forward-secrecy, with: {reading: {literal: supported, strict: enforced}}}]}"

// TestProfiles is rule 7: the reading is chosen, and the other one is shown
// where it differs.
func TestProfiles(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, profile string
		static        bool
		want, other   verdict.Verdict
		named         string
	}{
		{"literal-is-the-default", "", true, verdict.Pass, verdict.Fail, standard.Strict},
		{"strict", standard.Strict, true, verdict.Fail, verdict.Pass, standard.Literal},
		{"no-difference", "", false, verdict.Pass, "", ""},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			a := judged(t, one(t, secrecy), load(t, ""), saw(t, endpoint(r.static)...), func(in *judge.Input) {
				in.Profiles = map[standard.ID]string{"std": r.profile}
			})
			v := a.Verdicts[0]
			if v.Verdict != r.want || v.Other != r.other || v.OtherProfile != r.named {
				t.Errorf("%s, other %s in %q", v.Verdict, v.Other, v.OtherProfile)
			}
			if advisory := len(a.Findings) == 1 && a.Findings[0].Advisory && a.Findings[0].Severity == testcase.Low; r.name == "literal-is-the-default" && !advisory {
				t.Errorf("the static key exchange is no advisory finding: %+v", a.Findings)
			}
		})
	}
}

// TestFindings: ids are stable and don't depend on the requirement; a finding
// of two standards is one; a failure outranks an advice.
func TestFindings(t *testing.T) {
	t.Parallel()
	first, second := one(t, guided), one(t, "{any: [{all: [{id: recovery.power}]}]}", func(s *standard.Standard, r *standard.Requirement) { s.ID, r.ID = "other", "9-9" })
	set := saw(t, record(t, "recovery.power", "FAIL"))
	ids := func(s ...*standard.Standard) []judge.Finding {
		return judged(t, s[0], load(t, ""), set, func(in *judge.Input) { in.Standards = list(s) }).Findings
	}
	a, b, both := ids(first), ids(second), ids(first, second)
	if len(a) != 1 || len(b) != 1 || len(both) != 1 || a[0].ID != b[0].ID || a[0].ID != both[0].ID {
		t.Fatalf("%+v\n%+v\n%+v", a, b, both)
	}
	if want := "F-"; !strings.HasPrefix(a[0].ID, want) || a[0].ID != "F-"+strings.ToLower(a[0].ID[2:]) || len(a[0].ID) != 12 {
		t.Errorf("id %q", a[0].ID)
	}
	if diff := cmp.Diff([]judge.Requirement{{Standard: "std", Requirement: "1.1"}, {Standard: "other", Requirement: "9-9"}}, both[0].Requirements); diff != "" {
		t.Error(diff)
	}
	if len(both[0].Facts) == 0 || both[0].Severity != testcase.Medium || both[0].Advisory {
		t.Errorf("%+v", both[0])
	}
	// The literal reading advises, the second standard demands.
	strict := one(t, "{all: [{id: tls.forward-secrecy, with: {reading: enforced}}]}", func(s *standard.Standard, _ *standard.Requirement) { s.ID = "demands" })
	got := judged(t, one(t, secrecy), load(t, ""), saw(t, endpoint(true)...), func(in *judge.Input) { in.Standards = append(in.Standards, *strict) }).Findings
	if len(got) != 1 || got[0].Advisory || got[0].Severity != testcase.High || len(got[0].Requirements) != 2 {
		t.Errorf("an advice that another standard demands: %+v", got)
	}
	claim := judged(t, first, load(t, claims("no", "too dear")), set).Findings
	if len(claim) != 1 || claim[0].Case != "claim" || claim[0].Reason.Key != "reason.mandatory-not-supported" {
		t.Errorf("failed by its claim: %+v", claim)
	}
}

// TestAbsence: a feature proved absent fulfils a requirement that can't be
// NOT APPLICABLE, where the standard's data says so.
func TestAbsence(t *testing.T) {
	t.Parallel()
	never := func(absence bool) func(*standard.Standard, *standard.Requirement) {
		return func(s *standard.Standard, r *standard.Requirement) {
			s.NeverNotApplicable, r.FulfilledByAbsence = true, absence
		}
	}
	const noEndpoint = "{all: [{id: tls.version}]}"
	for name, r := range map[string]struct {
		s    *standard.Standard
		want verdict.Verdict
		key  string
	}{
		"fulfilled": {one(t, noEndpoint, never(true)), verdict.Pass, "reason.fulfilled-by-absence"},
		"cannot":    {one(t, noEndpoint, never(false)), verdict.Inconclusive, "reason.cannot-be-not-applicable"},
	} {
		a := judged(t, r.s, load(t, ""), saw(t, wholePorts))
		if v := a.Verdicts[0]; v.Verdict != r.want || !slices.Contains(keys(v.Reasons), r.key) {
			t.Errorf("%s: %s %v", name, v.Verdict, keys(v.Reasons))
		}
		if (r.want == verdict.Inconclusive) != (len(a.Undecided) == 1) {
			t.Errorf("%s: undecided %+v", name, a.Undecided)
		}
	}
	// A person can't declare absence, whatever was observed.
	for _, marks := range []string{"no", "yes"} {
		na := record(t, "storage.encrypted", "NOT_APPLICABLE")
		na.Observations["markers-found-in-clear"] = marks
		a := judged(t, one(t, "{all: [{id: storage.encrypted}]}", never(true)), load(t, inventory), saw(t, na, fact.Declared{What: "data", ID: "video", Is: true}))
		v := a.Verdicts[0]
		if v.Verdict != verdict.Inconclusive || slices.Contains(keys(v.Reasons), "reason.fulfilled-by-absence") || len(v.Cases[0].Results) != 1 || v.Cases[0].Results[0].By == nil {
			t.Errorf("recorded as not applicable, markers %s: %s %+v", marks, v.Verdict, v.Cases)
		}
	}
	// Both readings prove the absence: they don't differ.
	s := one(t, secrecy, never(true))
	if v := judged(t, s, load(t, ""), saw(t, wholePorts)).Verdicts[0]; v.Verdict != verdict.Pass || v.Other != "" {
		t.Errorf("no endpoint: %s, other %s", v.Verdict, v.Other)
	}
}

func TestExitCode(t *testing.T) {
	t.Parallel()
	cut := fact.Scope{What: fact.ScopePorts, Of: "unit-a", Cut: "cut.time"}
	for name, r := range map[string]struct {
		cases string
		facts []fact.Payload
		want  int
	}{
		"pass":                        {guided, []fact.Payload{record(t, "recovery.power", "PASS")}, 0},
		"only-a-record-is-missing":    {guided, nil, 0},
		"fail":                        {guided, []fact.Payload{record(t, "recovery.power", "FAIL")}, 1},
		"a-search-was-cut":            {"{all: [{id: transport.clear}]}", []fact.Payload{cut}, 3},
		"fail-beside-a-cut-search":    {"{all: [{id: transport.clear}]}", []fact.Payload{cut, fact.Service{Unit: "unit-a", Port: 80, Transport: "tcp", Protocol: "http"}}, 1},
		"a-cut-beside-a-passed-any":   {"{any: [{id: transport.clear}, {id: recovery.power}]}", []fact.Payload{cut, record(t, "recovery.power", "PASS")}, 0},
		"no-procedure":                {"", nil, 0},
		"an-image-that-was-not-given": {"{all: [{id: service.start-up}]}", nil, 0},
	} {
		if got := judged(t, one(t, r.cases), load(t, ""), saw(t, r.facts...)).ExitCode(); got != r.want {
			t.Errorf("%s: exit code %d, want %d", name, got, r.want)
		}
	}
}

// TestStandards: conditions compile, cases exist and take the parameters,
// every case and every confirmation is used.
func TestStandards(t *testing.T) {
	t.Parallel()
	all, err := standard.All()
	if err != nil {
		t.Fatal(err)
	}
	env, err := condition.NewEnv()
	if err != nil {
		t.Fatal(err)
	}
	used := make(map[string]bool)
	confirms := testcase.Confirmations()
	named := make(map[string]bool)
	for _, s := range all {
		for _, c := range s.Conditions {
			if _, err := env.Compile(c.When); err != nil {
				t.Errorf("%s condition %s: %v", s.ID, c.ID, err)
			}
			for _, name := range c.Confirm {
				named[name] = true
				if confirms[name] == nil {
					t.Errorf("%s condition %s names the confirmation %s, which isn't there", s.ID, c.ID, name)
				}
			}
		}
		for _, r := range s.Requirements {
			for _, profile := range []string{standard.Literal, standard.Strict} {
				r.Cases.Walk(func(id string, with map[string]standard.Value) {
					used[id] = true
					c, err := testcase.Find(testcase.ID(id))
					if err != nil {
						t.Errorf("%s: %v", r.Pos(), err)
						return
					}
					given := make(testcase.Params)
					for k, v := range with {
						given[k] = fmt.Sprint(v.For(profile))
					}
					if err := c.CheckParams(given); err != nil {
						t.Errorf("%s: %v", r.Pos(), err)
					}
				})
			}
		}
	}
	for _, c := range testcase.All() {
		if !used[string(c.ID)] {
			t.Errorf("no standard uses %s", c.ID)
		}
	}
	for name := range confirms {
		if !named[name] {
			t.Errorf("no condition names the confirmation %s", name)
		}
	}
}

// TestParams: a number of the standards' data reaches the case as people
// write it.
func TestParams(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{"7.0": "7", "7.5": "7.5", "10": "10", "\"1.2\"": "1.2", "true": "true"} {
		s := one(t, "{all: [{id: vuln.known-high, with: {cvss: "+written+"}}]}")
		if got := judged(t, s, load(t, ""), saw(t)).Verdicts[0].Cases[0].Params["cvss"]; got != want {
			t.Errorf("%s reaches the case as %q, want %q", written, got, want)
		}
	}
}

// TestNothingPassesOnNothing: without a fact both standards are undecided
// throughout, and the bytes are the same twice.
func TestNothingPassesOnNothing(t *testing.T) {
	t.Parallel()
	all, err := standard.All()
	if err != nil {
		t.Fatal(err)
	}
	texts := i18n.Must()
	in := judge.Input{Product: load(t, ""), Standards: list(all), Facts: saw(t), Clock: clock}
	a, err := judge.Judge(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range a.Verdicts {
		if v.Verdict != verdict.Inconclusive && v.Verdict != verdict.NotClaimed {
			t.Errorf("%s %s: %s without a fact", v.Standard, v.Requirement, v.Verdict)
		}
		for _, k := range keys(v.Reasons) {
			if !slices.Contains(texts.Keys(), k) {
				t.Errorf("%s has no text", k)
			}
		}
	}
	b, err := judge.Judge(in)
	if err != nil {
		t.Fatal(err)
	}
	x, y := marshal(t, a), marshal(t, b)
	if x != y {
		t.Error("judged twice, the bytes differ")
	}
}

func marshal(t *testing.T, a *judge.Assessment) string {
	t.Helper()
	b, err := json.Marshal([]any{a.Verdicts, a.Overall, a.Findings, a.Undecided, a.Different, a.NotTried, a.Summary})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
