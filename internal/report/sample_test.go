package report

import (
	"slices"
	"strings"
	"testing"
	"time"

	"assay/internal/fact"
	"assay/internal/i18n"
	"assay/internal/judge"
	"assay/internal/product"
	"assay/internal/standard"
	"assay/internal/testcase"
	"assay/internal/verdict"
)

// Strings that a hostile device, image or workspace would send.
const (
	hostileMarkup  = `<script>alert("x")</script><img src=//evil.example/p onerror=alert(1)>`
	hostileEscape  = "\x1b[31mred\x1b]0;title\x07"
	hostileBidi    = "cfg\u202e4321.exe\u2066"
	hostileFormula = `=HYPERLINK("http://evil.example","x")|# *b* [l](javascript:alert(1)) ` + "`" + `code` + "`"
	hostileKey     = "reason.{note}\ue0000\ue001"
)

var hostileLong = strings.Repeat("very-long-name/", 40) + "end"

// fixed is a catalogue whose reasons don't change when the real ones are
// reworded: the words of the reports themselves are the real ones.
type fixed struct{ real *i18n.Texts }

func fixedTexts() map[string]i18n.Text {
	return map[string]i18n.Text{
		"reason.tls-too-old":          {En: "accepts TLS {versions}; at least {min} is asked for", Zh: "接受 TLS {versions}；要求至少 {min}"},
		"reason.tls-versions":         {En: "accepts only TLS {versions}", Zh: "只接受 TLS {versions}"},
		"reason.open-without-login":   {En: "{function} answers without a login", Zh: "{function} 無須登入即回應"},
		"reason.static-accepted":      {En: "a static key exchange is accepted ({suite})", Zh: "接受靜態金鑰交換（{suite}）"},
		"reason.secret-in-image":      {En: "{type} in clear: {path}", Zh: "明文存放{type}：{path}"},
		"reason.not-recorded":         {En: "nobody has recorded a result", Zh: "尚無人記錄結果"},
		"reason.recorded-pass":        {En: "{by} recorded a pass: {note}", Zh: "{by} 記錄為符合：{note}"},
		"reason.sample":               {En: "this record is a sample", Zh: "這筆記錄是範例"},
		"reason.no-procedure":         {En: "there is no procedure yet", Zh: "目前沒有測試程序"},
		"reason.condition-false":      {En: "condition {condition} does not hold", Zh: "條件 {condition} 不成立"},
		"reason.declined":             {En: "declined: {why}", Zh: "未採用：{why}"},
		"reason.unsupported":          {En: "claimed as not supported: {why}", Zh: "宣告不支援：{why}"},
		"reason.unreachable":          {En: "{unit} gave no answer: {error}", Zh: "{unit} 沒有回應：{error}"},
		"provide.record":              {En: "perform {case} on {subject} and record the result", Zh: "對 {subject} 執行 {case} 並記錄結果"},
		"provide.reachable-unit":      {En: "connect {unit} and run again", Zh: "接上 {unit} 後再執行一次"},
		"secret.private-key":          {En: "a private key", Zh: "私鑰"},
		"difference.nothing":          {En: "nothing", Zh: "未宣告"},
		"difference.closed":           {En: "closed", Zh: "未開放"},
		"difference.service":          {En: "{protocol} on port {port}", Zh: "連接埠 {port} 的 {protocol}"},
		"not-tried.intrusive":         {En: "intrusive steps were not allowed", Zh: "未允許侵入式步驟"},
		"case.tls.version.title":      {En: "TLS version", Zh: "TLS 版本"},
		"case.auth.required.title":    {En: "Login required", Zh: "須登入"},
		"case.firmware.encrypted":     {En: "Image encrypted", Zh: "映像已加密"},
		"case.label.model.title":      {En: "Model on the label", Zh: "標籤上的型號"},
		"case.auth.required.remedy":   {En: "Check the session first, as in `require_login`.", Zh: "先檢查連線階段，例如 `require_login`。"},
		"case.recovery.power.step1":   {En: "Cut the power.", Zh: "切斷電源。"},
		"case.recovery.power.step2":   {En: "Run `ping` until it answers.", Zh: "執行 `ping` 直到有回應。"},
		"case.recovery.power.expect":  {En: "It answers again.", Zh: "恢復回應。"},
		"case.firmware.no-secrets":    {En: "No secrets in the image", Zh: "映像中沒有機密"},
		"case.doc.setup-guide.title":  {En: "Setup guide", Zh: "設定指引"},
		"case.firmware.not-public":    {En: "Image not public", Zh: "映像未公開"},
		"case.recovery.power.title":   {En: "Recovery from power cuts", Zh: "斷電復原"},
		"case.alert.login.title":      {En: "Alert on logins", Zh: "登入警示"},
		"case.tls.forward-secrecy":    {En: "Forward secrecy", Zh: "前向保密"},
		"case.input.validation.title": {En: "Validation of input", Zh: "輸入驗證"},
		"threat.finding.expired":      {En: "accepted by {by} until {until}", Zh: "{by} 接受至 {until}"},
		"threat.finding.undecided":    {En: "{level} risk, undecided", Zh: "{level}風險，未決定"},
		"threat.problem.own":          {En: "left out: {error}", Zh: "已略過：{error}"},
	}
}

func (f fixed) Has(key string) bool {
	_, ok := fixedTexts()[key]
	theme, _, _ := strings.Cut(key, ".")
	return ok || slices.Contains([]string{"report", "verdict", "severity", "status", "claim", "threat"}, theme) && f.real.Has(key)
}

func (f fixed) Said(lang i18n.Lang, text string) string { return f.real.Said(lang, text) }

func (f fixed) T(lang i18n.Lang, key string, args map[string]string) string {
	text, ok := fixedTexts()[key]
	if !ok {
		if !f.Has(key) {
			return key
		}
		return f.real.T(lang, key, args)
	}
	s := text.En
	if lang == i18n.Zh {
		s = text.Zh
	}
	for k, v := range args {
		s = strings.ReplaceAll(s, "{"+k+"}", v)
	}
	return s
}

func realTexts(t testing.TB) *i18n.Texts {
	t.Helper()
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func both(en, zh string) standard.Text { return standard.Text{En: en, Zh: zh} }

func sampleStandard() standard.Standard {
	req := func(id, aspect, status, title, zh string) standard.Requirement {
		return standard.Requirement{
			ID: standard.RequirementID(id), Aspect: aspect, Status: status, Verified: true, Origin: standard.OriginAssay,
			Title: both(title, zh), Text: both(title+", in our words.", zh+"（摘述）。"),
			Remedy: both("Mend what "+id+" asks for.", "修正 "+id+" 所要求的內容。"),
		}
	}
	one := func(id string) *standard.Expr { return &standard.Expr{All: []standard.Expr{{Case: id}}} }
	s := standard.Standard{
		ID: "sample-1", Version: "v2", Origin: standard.OriginAssay, Title: both("Sample standard", "範例標準"), Jurisdiction: "TW",
		Rule:       both("All of its requirements must be met.", "全部要求皆須符合。"),
		Unverified: []standard.Text{both("The title was not at hand.", "未取得名稱。")},
		Mappings:   []standard.Mapping{{To: "other-2", Source: both("annex Z", "附錄 Z"), Official: true}},
		Conditions: []standard.Condition{{ID: "c1", Text: both("the product has an app", "產品有應用程式")}},
		Aspects: []standard.Aspect{
			{ID: "1", Title: both("Access", "存取"), Aim: both("Keep strangers out.", "擋下外人。")},
			{ID: "2", Title: both("Data", "資料"), Aim: both("Keep data safe.", "保護資料。")},
		},
	}
	r := req("1.1", "1", "M", "Login before use", "使用前須登入")
	r.Cases = one("auth.required")
	r.Threats, r.MapsTo = []string{"T-1"}, []standard.Ref{{Standard: "other-2", Requirement: "A-1"}, {Standard: "sample-1", Requirement: "2.1"}}
	r.Note, r.Interpretation = both("A note.", "附註。"), both("Our reading.", "本專案的解讀。")
	s.Requirements = append(s.Requirements, r)
	r = req("1.2", "1", "M", "Model on the label", "標籤載明型號")
	r.Cases = one("label.model")
	s.Requirements = append(s.Requirements, r)
	r = req("1.3", "1", "M", "Setup guide", "設定指引")
	r.Cases = &standard.Expr{All: []standard.Expr{{Case: "doc.setup-guide"}, {Any: []standard.Expr{{Case: "recovery.power"}, {Case: "alert.login"}}}}}
	s.Requirements = append(s.Requirements, r)
	r = req("1.4", "1", "R", "Recommended thing", "建議事項")
	r.Verified = false
	s.Requirements = append(s.Requirements, r)
	r = req("1.5", "1", "M", "App thing", "應用程式事項")
	r.Conditions = []string{"c1"}
	s.Requirements = append(s.Requirements, r)
	r = req("2.1", "2", "M", "Secure channel", "安全通道")
	r.Cases = &standard.Expr{All: []standard.Expr{{Case: "tls.version"}, {Case: "tls.forward-secrecy"}}}
	s.Requirements = append(s.Requirements, r)
	r = req("2.2", "2", "M", "No secrets in the firmware", "韌體不洩漏機密")
	r.Cases = &standard.Expr{Any: []standard.Expr{
		{All: []standard.Expr{{Case: "firmware.not-public"}, {Case: "firmware.encrypted"}}},
		{All: []standard.Expr{{Case: "firmware.no-secrets"}}},
	}}
	s.Requirements = append(s.Requirements, r)
	r = req("2.3", "2", "M", "Left out", "略過的項目")
	r.Cases = one("input.validation")
	s.Requirements = append(s.Requirements, r)
	r = req("2.4", "2", "M", "Not supported by claim", "宣告不支援的項目")
	s.Requirements = append(s.Requirements, r)
	r = req("2.5", "2", "M", "No procedure", "沒有程序的項目")
	s.Requirements = append(s.Requirements, r)
	return s
}

func sampleProduct() *product.Product {
	return &product.Product{
		Schema:   product.Schema,
		Identity: product.Identity{Name: "Lumi Cam " + hostileBidi, Model: "LC-2", Release: "2.4.1", Maker: product.Maker{Name: "示例電子 <b>Ltd.</b>"}},
		Units:    []product.Unit{{ID: "unit-a", Serial: "SN-1", State: "initialised", Simulated: true}, {ID: "unit-b", Serial: "SN-2"}},
		Claims: product.Claims{"sample-1": {
			"1.4": {Support: "no", Why: "not needed " + hostileMarkup}, "2.4": {Support: "no", Why: "too dear"},
		}},
	}
}

var sampleTime = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)

// sampleFacts builds facts with evidence, hostile strings in every field that
// comes from outside.
func sampleFacts(t testing.TB) (*fact.Set, map[string]fact.ID) {
	t.Helper()
	lan := fact.Observation{ID: "o-1", Collector: "device@1", Unit: "unit-a", Serial: "SN-1", Vantage: fact.LAN, Method: fact.Test,
		By: "assay 1.0", Start: sampleTime, End: sampleTime.Add(time.Second), Simulated: true}
	img := fact.Observation{ID: "o-2", Collector: "firmware@1", Vantage: fact.Image, Method: fact.Examine, By: "assay 1.0", Start: sampleTime,
		Evidence: []fact.Ref{{SHA256: strings.Repeat("ab", 32), Locator: "cam.bin"}}}
	person := fact.Observation{ID: "o-3", Collector: "people@1", Vantage: fact.Physical, Method: fact.Interview, By: "Lin " + hostileMarkup, Start: sampleTime}
	var facts []fact.Fact
	names := make(map[string]fact.ID)
	add := func(name string, o fact.Observation, subject string, p fact.Payload, refs ...fact.Ref) {
		f, err := fact.New(o, subject, p, refs...)
		if err != nil {
			t.Fatal(err)
		}
		facts, names[name] = append(facts, f), f.ID
	}
	add("open", lan, "unit-a/web", fact.Access{Unit: "unit-a", Interface: "web", Port: 443, Function: "GET /" + hostileMarkup, Allowed: true, Status: 200,
		Control: fact.Bracket{Before: true, After: true}},
		fact.Ref{SHA256: strings.Repeat("01", 32), Locator: "offset 12", Excerpt: "HTTP/1.1 200 OK " + hostileEscape + " " + hostileMarkup})
	add("tls", lan, "unit-a/web", fact.TLS{Unit: "unit-a", Interface: "web", Port: 443, Whole: true,
		Versions: []fact.TLSVersion{{Version: "1.0", Outcome: "accepted"}, {Version: "1.2", Outcome: "accepted"}},
		Suites:   []fact.TLSSuite{{Version: "1.2", ID: 0x3c, Name: "TLS_RSA_WITH_AES_128_CBC_SHA256"}}},
		fact.Ref{SHA256: strings.Repeat("02", 32), Locator: "packet 3", Excerpt: "ServerHello"})
	add("secret", img, "evidence/"+hostileLong, fact.ImageSecret{Found: fact.Found{Image: "evidence/cam.bin", Path: "/etc/" + hostileBidi, Offset: 1234, Line: 7},
		Type: "private-key", Redacted: "-----BEGIN … " + hostileFormula, HMAC: "h"},
		fact.Ref{SHA256: strings.Repeat("03", 32), Locator: "/etc/" + hostileBidi + " line 7", Excerpt: hostileFormula})
	add("image", img, "evidence/cam.bin", fact.Firmware{Image: "evidence/cam.bin", Size: 99, SHA256: strings.Repeat("ab", 32), Version: "2.4.1", Analysable: true, Files: 3})
	add("person", person, "product", fact.PersonResult{Case: "label.model", Subject: "product", Verdict: "PASS", By: "Lin " + hostileMarkup, Role: "reviewer",
		Note: hostileFormula, At: sampleTime, Sample: true, Observations: map[string]string{"legible": "yes", "model-read": hostileEscape},
		Attachments: []fact.Ref{{SHA256: strings.Repeat("04", 32), Locator: "label.jpg"}}})
	add("tester", person, "product", fact.PersonResult{Case: "label.model", Subject: "product", Verdict: "FAIL", By: "Wang", Role: "tester", At: sampleTime})
	set, err := fact.NewSet(facts, []fact.Observation{lan, img, person})
	if err != nil {
		t.Fatal(err)
	}
	return set, names
}

// sample is an assessment with every verdict, an overruled FAIL, both
// readings, alternatives, and hostile strings wherever text comes from
// outside.
func sample(t testing.TB, lang i18n.Lang) Input {
	t.Helper()
	set, ids := sampleFacts(t)
	because := verdict.Because
	record := fact.Of[fact.PersonResult](set)
	var by fact.PersonResult
	for _, r := range record {
		if r.Value.Role == "reviewer" {
			by = r.Value
		}
	}
	std := sampleStandard()
	one := func(id testcase.ID, group string, kind testcase.Kind, m testcase.Method, v verdict.Verdict, rs ...testcase.Result) judge.CaseVerdict {
		return judge.CaseVerdict{ID: id, Group: group, Kind: kind, Method: m, Verdict: v, Results: rs}
	}
	open := testcase.Result{Subject: "unit-a/web", Verdict: verdict.Fail, Facts: []fact.ID{ids["open"]},
		Reasons: []verdict.Reason{because("reason.open-without-login", "function", "GET /"+hostileMarkup)}}
	label := testcase.Result{Subject: "product", Verdict: verdict.Pass, Automatic: verdict.Fail, Facts: []fact.ID{ids["person"]}, By: &by,
		Reasons: []verdict.Reason{because("reason.recorded-pass", "by", by.By, "note", by.Note), because("reason.sample")}}
	waits := func(id testcase.ID) testcase.Result {
		return testcase.Result{Subject: "product", Verdict: verdict.Inconclusive, Reasons: []verdict.Reason{because("reason.not-recorded")},
			Provide: []verdict.Reason{because("provide.record", "case", string(id), "subject", "product")}}
	}
	away := testcase.Result{Subject: "unit-b/" + hostileEscape, Verdict: verdict.Inconclusive,
		Reasons: []verdict.Reason{because("reason.unreachable", "unit", "unit-b", "error", hostileEscape)},
		Provide: []verdict.Reason{because("provide.reachable-unit", "unit", "unit-b")}}
	tls := testcase.Result{Subject: "unit-a/web", Verdict: verdict.Pass, Facts: []fact.ID{ids["tls"]},
		Reasons:  []verdict.Reason{because("reason.tls-versions", "versions", "1.2, 1.3")},
		Findings: []verdict.Reason{because("reason.static-accepted", "suite", "TLS_RSA_WITH_AES_128_CBC_SHA256")}}
	secret := testcase.Result{Subject: "evidence/" + hostileLong, Verdict: verdict.Fail, Facts: []fact.ID{ids["secret"], ids["image"]},
		Reasons: []verdict.Reason{because("reason.secret-in-image", "type", "secret.private-key", "path", "/etc/"+hostileBidi)}}
	lacking := because(hostileKey, "arg", hostileMarkup)

	v := func(id, status string, x verdict.Verdict, rs []verdict.Reason, cs ...judge.CaseVerdict) judge.Verdict {
		return judge.Verdict{Standard: std.ID, Requirement: standard.RequirementID(id), Status: status, Profile: "literal", Verdict: x, Reasons: rs, Cases: cs}
	}
	a := &judge.Assessment{Facts: set, Summary: map[standard.ID]verdict.Summary{}}
	a.Verdicts = []judge.Verdict{
		v("1.1", "M", verdict.Fail, nil, one("auth.required", "all", testcase.Functional, testcase.Auto, verdict.Fail, open)),
		v("1.2", "M", verdict.Pass, nil, one("label.model", "all", testcase.Functional, testcase.Guided, verdict.Pass, label)),
		v("1.3", "M", verdict.Inconclusive, nil,
			one("doc.setup-guide", "all", testcase.Conceptual, testcase.Assisted, verdict.Inconclusive, waits("doc.setup-guide")),
			one("recovery.power", "all/any1", testcase.Functional, testcase.Guided, verdict.Inconclusive, waits("recovery.power")),
			one("alert.login", "all/any2", testcase.Functional, testcase.Guided, verdict.Inconclusive, away)),
		v("1.4", "R", verdict.NotClaimed, []verdict.Reason{because("reason.declined", "why", "not needed "+hostileMarkup)}),
		v("1.5", "M", verdict.NotApplicable, []verdict.Reason{because("reason.condition-false", "condition", "c1")}),
		v("2.1", "M", verdict.Pass, nil,
			one("tls.version", "all", testcase.Functional, testcase.Auto, verdict.Pass, tls),
			one("tls.forward-secrecy", "all", testcase.Functional, testcase.Auto, verdict.Pass, tls)),
		v("2.2", "M", verdict.Fail, nil,
			one("firmware.not-public", "any1/all", testcase.Conceptual, testcase.Guided, verdict.Fail, secret),
			one("firmware.encrypted", "any1/all", testcase.Functional, testcase.Assisted, verdict.Fail, secret),
			one("firmware.no-secrets", "any2/all", testcase.Functional, testcase.Auto, verdict.Fail, secret)),
		v("2.3", "M", verdict.NotTested, nil, one("input.validation", "all", testcase.Functional, testcase.Guided, verdict.NotTested)),
		v("2.4", "M", verdict.Fail, []verdict.Reason{because("reason.unsupported", "why", "too dear")}),
		v("2.5", "M", verdict.Inconclusive, []verdict.Reason{because("reason.no-procedure"), lacking}),
	}
	a.Verdicts[0].Claim, a.Verdicts[3].Claim, a.Verdicts[8].Claim = "yes", "no", "no"
	a.Verdicts[4].Facts = []fact.ID{ids["tls"]} // confirmed that the condition is false
	a.Verdicts[5].Other, a.Verdicts[5].OtherProfile = verdict.Fail, "strict"
	a.Verdicts[5].Cases[0].Params = testcase.Params{"min": "1.2"}
	var sum verdict.Summary
	for _, x := range a.Verdicts {
		sum.Add(x.Verdict)
	}
	a.Summary[std.ID] = sum
	a.Overall = []judge.Overall{{Standard: std.ID, Verdict: verdict.Fail, Profile: "literal"}}
	req := func(ids ...string) (out []judge.Requirement) {
		for _, id := range ids {
			out = append(out, judge.Requirement{Standard: std.ID, Requirement: standard.RequirementID(id)})
		}
		return out
	}
	a.Findings = []judge.Finding{
		{ID: "F-0000000001", Severity: testcase.Critical, Case: "firmware.no-secrets", Subject: secret.Subject, Reason: secret.Reasons[0], Requirements: req("2.2"), Facts: secret.Facts},
		{ID: "F-0000000002", Severity: testcase.High, Case: "auth.required", Subject: open.Subject, Reason: open.Reasons[0], Requirements: req("1.1"), Facts: open.Facts},
		{ID: "F-0000000003", Severity: testcase.High, Case: "claim", Subject: "2.4", Reason: a.Verdicts[8].Reasons[0], Requirements: req("2.4")},
		{ID: "F-0000000004", Severity: testcase.Low, Case: "tls.forward-secrecy", Subject: "unit-a/web", Reason: tls.Findings[0], Requirements: req("2.1"), Facts: tls.Facts, Advisory: true},
	}
	a.Undecided = []judge.Undecided{
		{Requirement: req("1.3")[0], Case: "doc.setup-guide", Subject: "product", Provide: waits("doc.setup-guide").Provide},
		{Requirement: req("1.3")[0], Case: "recovery.power", Subject: "product", Provide: waits("recovery.power").Provide},
		{Requirement: req("1.3")[0], Case: "alert.login", Subject: away.Subject, Provide: away.Provide},
		{Requirement: req("2.5")[0], Provide: a.Verdicts[9].Reasons},
	}
	a.Different = []testcase.Difference{
		{What: "unit-a/tcp-8081", Declared: because("difference.nothing"), Observed: because("difference.service", "protocol", hostileMarkup, "port", "8081")},
		{What: "unit-a/web", Declared: because("difference.service", "protocol", "https", "port", "443"), Observed: because("difference.closed")},
	}
	a.NotTried = []judge.NotTried{{Test: "input.validation", Subject: "unit-a/" + hostileEscape, Why: because("not-tried.intrusive")}}
	return Input{
		Product: sampleProduct(), Standards: []standard.Standard{std}, Assessment: a, Lang: lang, Texts: fixed{realTexts(t)},
		Report: "/work space/lumi/report.html",
		Run: Run{ID: "r-20260801-1", Started: sampleTime, Ended: sampleTime.Add(42 * time.Second), Resumed: 1, Head: strings.Repeat("cd", 32),
			Program: "1.0.0", By: "Chen", Command: "assay run", Only: []string{"tls.version"}, Workspace: "/work space/lumi"},
	}
}
