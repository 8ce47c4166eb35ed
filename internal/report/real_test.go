package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/internal/fact"
	"assay/internal/i18n"
	"assay/internal/judge"
	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/standard"
	"assay/internal/testcase"
	"assay/internal/verdict"
)

// realistic judges the camera template by the real standards on facts of an
// invented unit: what people will look at.
func realistic(t testing.TB, lang i18n.Lang) Input {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "product", "templates", "camera", "assay.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	p, problems := product.Load("assay.yaml", b, limit.Default().YAML)
	if product.HasErrors(problems) {
		t.Fatal(problems)
	}
	p.Units = []product.Unit{{ID: "unit-a", Serial: "EX100-000231", State: "initialised", Address: "127.0.0.1", Simulated: true, Expendable: true}}
	var stds []standard.Standard
	for _, id := range []standard.ID{"iot-1005-1", "etsi-en-303-645"} {
		s, err := standard.Get(id)
		if err != nil {
			t.Fatal(err)
		}
		stds = append(stds, *s)
	}
	set := realisticFacts(t, p)
	a, err := judge.Judge(judge.Input{Product: p, Standards: stds, Facts: set, Clock: sampleTime})
	if err != nil {
		t.Fatal(err)
	}
	return Input{Product: p, Standards: stds, Assessment: a, Lang: lang, Texts: realTexts(t), Report: "/home/wen/lumi/report.html",
		Run: Run{ID: "r-20260801-120000", Started: sampleTime, Ended: sampleTime.Add(7 * time.Second), Head: strings.Repeat("8f3c", 16), Program: "0.1.0",
			By: "wen", Command: "assay run", Workspace: "/home/wen/lumi", Intrusive: true}}
}

func realisticFacts(t testing.TB, p *product.Product) *fact.Set {
	t.Helper()
	lan := fact.Observation{ID: "o-lan", Collector: "device@1", Unit: "unit-a", Serial: "EX100-000231", State: "initialised", Vantage: fact.LAN, Method: fact.Test,
		By: "assay 0.1.0", Start: sampleTime, End: sampleTime, Simulated: true}
	img := fact.Observation{ID: "o-img", Collector: "firmware@1", Vantage: fact.Image, Method: fact.Examine, By: "assay 0.1.0", Start: sampleTime}
	per := fact.Observation{ID: "o-per", Collector: "people@1", Vantage: fact.Physical, Method: fact.Interview, By: "Lin Mei-hua", Start: sampleTime}
	var facts []fact.Fact
	add := func(o fact.Observation, subject string, x fact.Payload, refs ...fact.Ref) {
		f, err := fact.New(o, subject, x, refs...)
		if err != nil {
			t.Fatal(err)
		}
		facts = append(facts, f)
	}
	sha := func(c string) string { return strings.Repeat(c, 32) }
	both := fact.Bracket{Before: true, After: true}
	add(lan, "unit-a", fact.Scope{What: fact.ScopePorts, Of: "unit-a", Count: 65535, Whole: true})
	add(lan, "unit-a/tcp-23", fact.Service{Unit: "unit-a", Port: 23, Transport: "tcp", Protocol: "telnet", Banner: "EX-100 login:"},
		fact.Ref{SHA256: sha("11"), Locator: "offset 0", Excerpt: "ff fd 18 ff fd 20 EX-100 login:"})
	for _, i := range p.Interfaces {
		if i.Port.Number == 0 || i.Port.Transport == "udp" {
			continue
		}
		add(lan, "unit-a/"+i.ID, fact.Service{Unit: "unit-a", Interface: i.ID, Port: i.Port.Number, Transport: "tcp", Protocol: i.Protocol, TLS: true},
			fact.Ref{SHA256: sha("22"), Locator: "offset 0", Excerpt: "HTTP/1.1 401 Unauthorized"})
		add(lan, "unit-a/"+i.ID, fact.TLS{Unit: "unit-a", Interface: i.ID, Port: i.Port.Number, Whole: true,
			Versions: []fact.TLSVersion{{Version: "1.0", Outcome: "accepted"}, {Version: "1.2", Outcome: "accepted"}, {Version: "1.3", Outcome: "refused"}},
			Suites: []fact.TLSSuite{{Version: "1.2", Name: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", ForwardSecrecy: true, Approved: true, Preferred: true},
				{Version: "1.2", Name: "TLS_RSA_WITH_AES_128_CBC_SHA"}}},
			fact.Ref{SHA256: sha("33"), Locator: "record 2", Excerpt: "ServerHello 03 01 … TLS_RSA_WITH_AES_128_CBC_SHA"})
	}
	add(lan, "unit-a/web", fact.Access{Unit: "unit-a", Interface: "web", Port: 443, Function: "GET /api/settings", Allowed: true, Status: 200, Control: both},
		fact.Ref{SHA256: sha("44"), Locator: "offset 0", Excerpt: "HTTP/1.1 200 OK\nContent-Type: application/json\n\n{\"wifi\":\"…\"}"})
	add(img, "evidence/EX-100_1.0.0.bin", fact.ImageSecret{Found: fact.Found{Image: "evidence/EX-100_1.0.0.bin", Path: "/etc/ssl/private/server.key", Offset: 0, Line: 1},
		Type: "private-key", Redacted: "-----BEGIN RSA PRIVATE KEY----- …", HMAC: "x"},
		fact.Ref{SHA256: sha("55"), Locator: "/etc/ssl/private/server.key line 1", Excerpt: "-----BEGIN RSA PRIVATE KEY-----"})
	add(per, "product", fact.PersonResult{Case: "label.model", Subject: "product", Verdict: "PASS", By: "Lin Mei-hua 林美華", Role: "tester", At: sampleTime,
		Note: "Label on the underside, read without tools.", Sample: true, Observations: map[string]string{"legible": "yes", "model-read": "EX-100"},
		Attachments: []fact.Ref{{SHA256: sha("66"), Locator: "photos/label.jpg"}}})
	add(lan, "unit-a", fact.NotTried{Test: "login.limit", Why: "not-tried.credentials"})
	set, err := fact.NewSet(facts, []fact.Observation{lan, img, per})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// crowded is one test case with so many results and facts that a report of
// all of them could not be opened.
func crowded(t testing.TB, results int) Input {
	t.Helper()
	in := realistic(t, i18n.En)
	var facts []fact.Fact
	var rs []testcase.Result
	o := fact.Observation{ID: "o", Vantage: fact.Image, Method: fact.Examine, By: "assay", Start: sampleTime}
	for n := range results {
		f, err := fact.New(o, hostileLong, fact.Part{Image: hostileLong, Offset: int64(n), Format: strings.Repeat("f", 5000), Note: hostileLong},
			fact.Ref{SHA256: strings.Repeat("0", 64), Locator: hostileLong, Excerpt: strings.Repeat("<e>", 4000)})
		if err != nil {
			t.Fatal(err)
		}
		facts = append(facts, f)
		rs = append(rs, testcase.Result{Subject: hostileLong, Verdict: verdict.Pass, Facts: []fact.ID{f.ID},
			Reasons: []verdict.Reason{verdict.Because("reason.x", "a", strings.Repeat("<", 9000))}})
	}
	set, err := fact.NewSet(facts, []fact.Observation{o})
	if err != nil {
		t.Fatal(err)
	}
	in.Assessment.Facts = set
	for i := range in.Assessment.Verdicts {
		for k := range in.Assessment.Verdicts[i].Cases {
			in.Assessment.Verdicts[i].Cases[k].Results = rs
		}
	}
	return in
}
