package judge_test

import (
	"fmt"
	"testing"

	"assay/internal/fact"
	"assay/internal/judge"
	"assay/internal/standard"
	"assay/internal/verdict"
)

// BenchmarkJudge judges both standards over a run of the size of a stored
// one: a unit with fifty services, an image with thousands of hits.
func BenchmarkJudge(b *testing.B) {
	all, err := standard.All()
	if err != nil {
		b.Fatal(err)
	}
	ps := []fact.Payload{wholePorts, fact.Scope{What: fact.ScopeImageFiles, Of: "evidence/cam.bin", Count: 20000, Whole: true}}
	for n := range 50 {
		port := uint16(8000 + n)
		ps = append(ps, fact.Service{Unit: "unit-a", Port: port, Transport: "tcp", Protocol: "https", TLS: true},
			fact.TLS{Unit: "unit-a", Port: port, Suites: []fact.TLSSuite{{Version: "1.3", Name: "TLS_AES_128_GCM_SHA256", ForwardSecrecy: true, Approved: true, Preferred: true}}, Whole: true},
			fact.Certificate{Unit: "unit-a", Port: port, Key: "ECDSA", Bits: 256, SPKI: fmt.Sprint(n), NotAfter: clock.AddDate(1, 0, 0)},
			fact.LoginChannel{Unit: "unit-a", Port: port, Scheme: "form", Encrypted: true},
			fact.Access{Unit: "unit-a", Port: port, Function: "GET /", Status: 401, Control: fact.Bracket{Before: true, After: true}})
		for m := range 100 {
			at := fact.Found{Image: "evidence/cam.bin", Path: fmt.Sprintf("/usr/lib/%d/%d", n, m), Line: m + 1}
			ps = append(ps, fact.ImageHost{Found: at, Host: fmt.Sprintf("h%d.example.com", m), Usage: "program"},
				fact.ImageStart{Found: at, Type: "service", Text: "x"}, fact.ImageWeakness{Found: at, Type: "mode"})
		}
	}
	facts := saw(b, ps...).All()
	p := load(b, "")
	b.ReportMetric(float64(len(facts)), "facts")
	for b.Loop() {
		set, err := fact.NewSet(facts, nil)
		if err != nil {
			b.Fatal(err)
		}
		a, err := judge.Judge(judge.Input{Product: p, Standards: list(all), Facts: set, Clock: clock})
		if err != nil {
			b.Fatal(err)
		}
		if len(a.Verdicts) == 0 || a.Overall[0].Verdict == verdict.Pass {
			b.Fatal("judged nothing")
		}
	}
	b.ReportMetric(float64(len(facts)), "facts")
}
