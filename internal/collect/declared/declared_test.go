package declared

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/sinktest"
	"assay/internal/fact"
	"assay/internal/limit"
	"assay/internal/product"
)

const model = `schema: assay/product@1
product: { name: Thing, model: T-1, release: "1", category: other, maker: { name: M }, support: { until: 2031-05-01 } }
components:
  - { id: device, kind: device, firmware: { file: evidence/t.bin, encrypted: false } }
interfaces:
  - { id: web, on: device, protocol: https, port: 443, purpose: settings, auth: password }
  - { id: log, on: device, protocol: uart, physical: true }
  - { id: clock, on: device, protocol: ntp, port: 123/udp }
roles:
  admin: { may: [view, settings] }
data:
  - { id: video, category: sensitive-personal, purpose: live view, shared_with: [] }
passwords: { used: true, preset: per-unit, change: forced }
update: { mechanism: over-the-air, host: ota.example.com, protocol: https, check: { every: 24h, shown_in: [web] } }
`

func collect(t *testing.T, source string) (*sinktest.Sink, map[string]fact.Declared) {
	t.Helper()
	p, problems := product.Load(product.FileName, []byte(source), limit.Default().YAML)
	if product.HasErrors(problems) {
		t.Fatal(problems)
	}
	s := &sinktest.Sink{}
	c := &Collector{Product: p, Source: []byte(source), Line: func(path string) int { n, _ := p.Position(path); return n }}
	if err := c.Collect(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	out := map[string]fact.Declared{}
	for _, f := range fact.Of[fact.Declared](s.Set(t)) {
		out[f.Subject] = f.Value
	}
	return s, out
}

func TestDeclarations(t *testing.T) {
	t.Parallel()
	s, got := collect(t, model)
	want := map[string]fact.Declared{
		"support/":   {What: "support", Is: true, Value: map[string]string{"until": "2031-05-01"}},
		"passwords/": {What: "passwords", Is: true, Value: map[string]string{"used": "true", "preset": "per-unit", "change": "forced"}},
		"role/admin": {What: "role", ID: "admin", Is: true, Value: map[string]string{"may": "view, settings"}},
		"interface/web": {What: "interface", ID: "web", Is: true, Value: map[string]string{"on": "device", "protocol": "https", "port": "443/tcp",
			"purpose": "settings", "auth": "password"}},
		"interface/log":   {What: "interface", ID: "log", Is: true, Value: map[string]string{"on": "device", "protocol": "uart"}},
		"interface/clock": {What: "interface", ID: "clock", Is: true, Value: map[string]string{"on": "device", "protocol": "ntp", "port": "123/udp"}},
		"firmware/device": {What: "firmware", ID: "device", Is: true, Value: map[string]string{"file": "evidence/t.bin", "encrypted": "false"}},
		"update/": {What: "update", Is: true, Value: map[string]string{"mechanism": "over-the-air", "host": "ota.example.com", "protocol": "https",
			"check_every": "24h", "shown_in": "web"}},
		// That nobody gets the data is a statement; saying nothing isn't.
		"data/video": {What: "data", ID: "video", Is: true, Value: map[string]string{"category": "sensitive-personal", "purpose": "live view", "shared_with_stated": "true"}},
	}
	for subject, w := range want {
		g, ok := got[subject]
		if !ok {
			// A subject without an id may be named otherwise; the text counts.
			for _, x := range got {
				if x.What == w.What && (w.ID == "" || x.ID == w.ID) {
					g, ok = x, true
				}
			}
		}
		g.ID = w.ID
		if d := cmp.Diff(w, g); !ok || d != "" {
			t.Errorf("%s (there: %t):\n%s", subject, ok, d)
		}
	}
	if s.Stored["assay.yaml"] != model {
		t.Error("the model as it is isn't kept as evidence")
	}
	for _, f := range fact.Of[fact.Declared](s.Set(t)) {
		if f.Value.What == "data" && (len(f.Evidence) != 1 || f.Evidence[0].Locator != "assay.yaml line 12") {
			t.Errorf("data stands at %+v, want line 12", f.Evidence)
		}
	}
}

func TestNothingDeclared(t *testing.T) {
	t.Parallel()
	_, got := collect(t, `schema: assay/product@1
product: { name: Thing, model: T-1, release: "1", category: other, maker: { name: M } }
components:
  - { id: device, kind: device }
`)
	for subject, d := range got {
		if d.Is {
			t.Errorf("%s is declared by nobody", subject)
		}
	}
}
