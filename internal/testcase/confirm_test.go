package testcase_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/internal/fact"
	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/testcase"
)

const small = `schema: assay/product@1
product: { name: Example Cam, model: EC-1, release: "1.0.0", maker: { name: Example Ltd. } }
components:
  - { id: camera, kind: device, transducers: [image sensor], network: [ethernet], firmware: { file: evidence/cam.bin } }
  - { id: cloud, kind: backend }
interfaces: [{ id: rtsp, on: camera, protocol: rtsp, port: 554, auth: none }]
data: [{ id: video, category: sensitive-personal }]
flows: [{ from: camera, to: cloud, host: "*.example.com", data: [video] }, { from: camera, to: cloud, host: stats.example.net }]
update: { mechanism: over-the-air, host: ota.example.org }
units: [{ id: unit-a, of: camera, serial: "A1", address: "192.168.1.11" }]
`

// payload is a fact seen in a state.
type payload struct {
	state string
	fact.Payload
}

func view(t *testing.T, model string, ps ...payload) *testcase.View {
	t.Helper()
	p, problems := product.Load("assay.yaml", []byte(model), limit.Default().YAML)
	if product.HasErrors(problems) {
		t.Fatal(problems)
	}
	var fs []fact.Fact
	var seen []fact.Observation
	for i, x := range ps {
		o := fact.Observation{ID: string(rune('a' + i)), Unit: "unit-a", State: x.state, Start: time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC)}
		f, err := fact.New(o, "unit-a", x.Payload)
		if err != nil {
			t.Fatal(err)
		}
		fs, seen = append(fs, f), append(seen, o)
	}
	return &testcase.View{Product: p, Facts: newSet(t, fs, seen)}
}

// TestConfirmations: each is shown by its facts and by nothing less.
func TestConfirmations(t *testing.T) {
	t.Parallel()
	const in = "initialised"
	ports := payload{in, fact.Scope{What: fact.ScopePorts, Of: "unit-a", Count: 65535, Whole: true}}
	image := payload{"", fact.Scope{What: fact.ScopeImageFiles, Of: "evidence/cam.bin", Whole: true}}
	firmware := payload{"", fact.Firmware{Image: "evidence/cam.bin", Version: "1.0.0", Analysable: true}}
	running := payload{in, fact.Identity{Unit: "unit-a", Firmware: "1.0.0"}}
	after := payload{"after-update", fact.Identity{Unit: "unit-a", Firmware: "1.1.0"}}
	rtsp := payload{in, fact.Service{Unit: "unit-a", Port: 554, Protocol: "rtsp"}}
	open := payload{in, fact.Access{Unit: "unit-a", Port: 554, Function: "DESCRIBE", Allowed: true}}
	host := func(name, usage string) payload {
		return payload{"", fact.ImageHost{Found: fact.Found{Image: "evidence/cam.bin"}, Host: name, Usage: usage}}
	}
	secret := func(kind, user string) payload {
		return payload{"", fact.ImageSecret{Found: fact.Found{Image: "evidence/cam.bin"}, Type: kind, User: user}}
	}
	rows := []struct {
		name, confirm string
		facts         []payload
		want          bool
	}{
		{"nothing-listens", "absent.login", []payload{ports}, true},
		{"open-stream-only", "absent.login", []payload{ports, rtsp, open}, true},
		{"stream-not-asked", "absent.login", []payload{ports, rtsp}, false},
		{"ssh-may-take-a-password", "absent.password-login", []payload{ports, {in, fact.Service{Unit: "unit-a", Port: 22, Protocol: "ssh"}}}, false},
		{"web-may-have-a-login-elsewhere", "absent.login", []payload{ports, {in, fact.Service{Unit: "unit-a", Port: 80, Protocol: "http"}}}, false},
		{"ports-cut", "absent.login", []payload{{in, fact.Scope{What: fact.ScopePorts, Of: "unit-a", Cut: "cut.time"}}}, false},
		{"no-facts", "absent.login", nil, false},
		{"clean-image-that-runs", "absent.preset-credential", []payload{image, firmware, running}, true},
		{"image-not-shown-to-run", "absent.preset-credential", []payload{image, firmware}, false},
		{"another-version-runs", "absent.preset-credential", []payload{image, firmware, {in, fact.Identity{Unit: "unit-a", Firmware: "0.9.0"}}}, false},
		{"image-cut", "absent.preset-credential", []payload{{"", fact.Scope{What: fact.ScopeImageFiles, Of: "evidence/cam.bin", Cut: "cut.limit"}}, firmware, running}, false},
		{"hash-in-image", "absent.preset-credential", []payload{image, firmware, running, secret("password-hash", "root")}, false},
		{"login-in-program", "absent.preset-credential", []payload{image, firmware, running, secret("embedded-login", "")}, false},
		{"account-without-password", "absent.preset-credential", []payload{image, firmware, running, {"", fact.ImageWeakness{Type: "empty-password"}}}, false},
		{"key-is-no-credential", "absent.preset-credential", []payload{image, firmware, running, secret("private-key", "")}, true},
		{"hosts-known", "absent.telemetry-host", []payload{image, firmware, running, host("api.example.com", "config"), host("ota.example.org", "script"), host("www.gnu.org", "document")}, true},
		{"host-of-flow-without-data", "absent.telemetry-host", []payload{image, firmware, running, host("stats.example.net", "config")}, false},
		{"unknown-host", "absent.telemetry-host", []payload{image, firmware, running, host("t.example.info", "program")}, false},
		{"version-changed", "shown.update-works", []payload{running, after}, true},
		{"same-version", "shown.update-works", []payload{running, {"after-update", fact.Identity{Unit: "unit-a", Firmware: "1.0.0"}}}, false},
		{"after-was-first", "shown.update-works", []payload{after, running}, false},
		{"no-kind-of-fact-shows-it", "absent.debug-port", []payload{ports, image, firmware, running, {in, fact.PersonResult{Case: "debug.no-path", Subject: "product", Verdict: "PASS"}}}, false},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			got, basis := testcase.Confirmations()[r.confirm](view(t, small, r.facts...))
			if got != r.want || got != (len(basis) > 0) {
				t.Errorf("%s: %t on %d facts, want %t", r.confirm, got, len(basis), r.want)
			}
		})
	}
}

// TestNothingConfirmsOnNothing: no facts, no confirmation.
func TestNothingConfirmsOnNothing(t *testing.T) {
	t.Parallel()
	for name, c := range testcase.Confirmations() {
		if got, _ := c(view(t, small)); got {
			t.Errorf("%s without a fact", name)
		}
	}
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	v := view(t, small, payload{"initialised", fact.Scope{What: fact.ScopePorts, Of: "unit-a", Whole: true}},
		payload{"initialised", fact.Service{Unit: "unit-a", Port: 8080, Protocol: "http"}},
		payload{"", fact.ImageHost{Found: fact.Found{Path: "/etc/x"}, Host: "eu.api.example.com", Usage: "config"}},
		payload{"", fact.ImageHost{Found: fact.Found{Path: "/etc/x"}, Host: "t.example.info", Usage: "config"}})
	var got []string
	for _, d := range testcase.Differences(v) {
		got = append(got, d.What+" "+d.Declared.Key+" "+d.Observed.Key)
	}
	if diff := cmp.Diff([]string{"unit-a/rtsp difference.service difference.closed", "unit-a difference.nothing difference.service",
		"t.example.info difference.nothing difference.in-image"}, got); diff != "" {
		t.Error(diff)
	}
}
