package assess

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/device"
	"assay/internal/collect/firmware"
	"assay/internal/fact"
	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/sandbox"
	"assay/internal/standard"
	"assay/internal/store"
	"assay/internal/testcase"
	"assay/internal/verdict"
)

var at = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

const bare = `schema: assay/product@1
product: { name: Thing, model: T-1, release: "1", category: other, maker: { name: M } }
standards: [iot-1005-1]
components:
  - { id: device, kind: device, firmware: { file: evidence/image.bin } }
documents:
  - { id: guide, kind: setup-guide, file: evidence/guide.md }
`

// config is a workspace with an image and a guide, and no unit.
func config(t *testing.T, source string) Config {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "evidence"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"assay.yaml": source, "evidence/image.bin": "\x00\x01\x02", "evidence/guide.md": "# T-1\nChange the password."} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, problems := product.Load(product.FileName, []byte(source), limit.Default().YAML)
	if product.HasErrors(problems) {
		t.Fatal(problems)
	}
	s, err := store.Open(dir, store.Options{Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	std, err := standard.Get("iot-1005-1")
	if err != nil {
		t.Fatal(err)
	}
	return Config{Dir: dir, Product: p, Source: []byte(source), Standards: []*standard.Standard{std}, Store: s,
		Run: sandbox.InProcess(Parsers()), ID: "run-1", Program: "assay test", By: "test", Now: func() time.Time { return at }}
}

func keys(rs []verdict.Reason) (out []string) {
	for _, r := range rs {
		out = append(out, r.Key)
	}
	slices.Sort(out)
	return out
}

func plan(t *testing.T, c Config) map[testcase.ID]Planned {
	t.Helper()
	rows, err := Plan(c)
	if err != nil {
		t.Fatal(err)
	}
	out := map[testcase.ID]Planned{}
	seen := map[standard.RequirementID]bool{}
	for _, r := range rows {
		out[r.Case] = r
		seen[r.Requirement] = true
	}
	if len(seen) != len(c.Standards[0].Requirements) {
		t.Errorf("the plan has %d requirements, the standard %d", len(seen), len(c.Standards[0].Requirements))
	}
	return out
}

func TestPlanNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	nothing := strings.NewReplacer("evidence/image.bin", "evidence/gone.bin", "  - { id: guide, kind: setup-guide, file: evidence/guide.md }", "  []").Replace(bare)
	unit := bare + "interfaces:\n  - { id: web, on: device, protocol: https, port: 443, purpose: p, auth: password, roles: [a], login: { form: json, path: /l, user_field: u, pass_field: p, logout: /o } }\n" +
		"roles:\n  a: { may: [view] }\nunits:\n  - { id: unit-a, of: device, serial: S1, address: 192.168.1.2, expendable: true }\n  - { id: unit-b, of: device, serial: S2, address: 192.168.1.3 }\n"
	with := func(c Config) Config {
		c.Credentials, c.Intrusive = []device.Credential{{Unit: "unit-a", Role: "a", User: "u", Password: "p"}}, true
		return c
	}
	for _, row := range []struct {
		name   string
		config Config
		id     testcase.ID
		want   []string
	}{
		{"no-unit", config(t, bare), "tls.version", []string{"provide.unit"}},
		{"no-image", config(t, nothing), "service.start-up", []string{"provide.image"}},
		{"image", config(t, bare), "service.start-up", nil},
		{"guided", config(t, bare), "label.model", []string{"provide.record"}},
		{"unit", config(t, unit), "tls.version", nil},
		{"no-credentials", config(t, unit), "session.logout", []string{"provide.credentials"}},
		{"not-intrusive", config(t, unit), "login.limit", []string{"provide.credentials", "provide.intrusive"}},
		{"everything", with(config(t, unit)), "login.limit", nil},
		{"nothing-expendable", with(config(t, strings.Replace(unit, ", expendable: true", "", 1))), "login.limit", []string{"provide.expendable"}},
		{"one-unit", config(t, strings.Replace(unit, "  - { id: unit-b, of: device, serial: S2, address: 192.168.1.3 }\n", "", 1)), "key.unique", []string{"provide.second-unit"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, ok := plan(t, row.config)[row.id]
			if !ok {
				t.Fatalf("the plan has no %s", row.id)
			}
			got := keys(r.Missing)
			got = slices.DeleteFunc(got, func(k string) bool { return k == "provide.record" && !slices.Contains(row.want, k) })
			if d := cmp.Diff(row.want, got, cmp.Transformer("empty", func(s []string) string { return strings.Join(s, " ") })); d != "" {
				t.Errorf("missing for %s (-want +got):\n%s", row.id, d)
			}
		})
	}
	rows := plan(t, config(t, bare))
	if got := rows["tls.version"].Collectors; !slices.Equal(got, []string{"device"}) {
		t.Errorf("tls.version is fed by %v", got)
	}
	if got := rows["tls.version"].Params["min"]; got != "1.2" {
		t.Errorf("min of tls.version: %q", got)
	}
}

// fake is a collector of a test.
type fake struct {
	spec fact.Spec
}

func (f fake) Spec() fact.Spec                          { return f.spec }
func (f fake) Collect(context.Context, fact.Sink) error { return nil }

func made(name string, reads, writes []fact.Kind) fact.Collector {
	return fake{fact.Spec{Name: name, Version: "1", Reads: reads, Writes: writes}}
}

func TestAcyclic(t *testing.T) {
	t.Parallel()
	a, b, c := []fact.Kind{"a@1"}, []fact.Kind{"b@1"}, []fact.Kind{"c@1"}
	if err := acyclic([]fact.Collector{made("x", nil, a), made("y", a, b), made("z", slices.Concat(a, b), c)}); err != nil {
		t.Error(err)
	}
	err := acyclic([]fact.Collector{made("x", c, a), made("y", a, b), made("z", b, c)})
	if err == nil || !strings.Contains(err.Error(), "waits for itself") {
		t.Errorf("a circle: %v", err)
	}
	if err := acyclic(collectors(Config{Product: &product.Product{Units: []product.Unit{{ID: "u"}}}, Network: closed{}, Now: time.Now})); err != nil {
		t.Errorf("the real ones: %v", err)
	}
}

func TestOnlyKeepsWhatItNeeds(t *testing.T) {
	t.Parallel()
	all := collectors(Config{Product: &product.Product{Units: []product.Unit{{ID: "u"}}}, Network: closed{}, Now: time.Now})
	names := func(ids ...testcase.ID) (out []string) {
		for _, c := range wanted(ids, all) {
			out = append(out, c.Spec().Name)
		}
		slices.Sort(out)
		return out
	}
	if got := names("tls.version"); !slices.Equal(got, []string{"device"}) {
		t.Errorf("tls.version: %v", got)
	}
	// Guessing reads what device and firmware write.
	if got := names("password.no-common"); !slices.Contains(got, "guess") || !slices.Contains(got, "device") || !slices.Contains(got, "firmware") {
		t.Errorf("password.no-common: %v", got)
	}
	if got := wanted(nil, all); len(got) != len(all) {
		t.Errorf("without --only %d of %d", len(got), len(all))
	}
}

// TestAFailingCollectorStopsNoOther: what the others saw is judged, and the
// run says which failed.
func TestAFailingCollectorStopsNoOther(t *testing.T) {
	t.Parallel()
	c := config(t, bare)
	run := c.Run
	c.Run = func(ctx context.Context, job sandbox.Job, sink func(json.RawMessage) error) (sandbox.Result, error) {
		if job.Parser == firmware.ParserName {
			return sandbox.Result{}, errors.New("no child could be started")
		}
		return run(ctx, job, sink)
	}
	res, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Failed) != 1 || !strings.Contains(res.Failed[0].Error(), "collector firmware") || len(res.Stored.Failed) != 1 {
		t.Errorf("failed: %v, stored %v", res.Failed, res.Stored.Failed)
	}
	pages := fact.Of[fact.Page](res.Stored.Facts)
	if len(pages) != 1 || !pages[0].Value.Present {
		t.Errorf("pages %+v", pages)
	}
	if len(fact.Of[fact.Declared](res.Stored.Facts)) == 0 {
		t.Error("nothing declared was stored")
	}
	for _, v := range res.Assessment.Verdicts {
		for _, k := range v.Cases {
			if k.ID == "service.start-up" && k.Verdict == verdict.Pass {
				t.Error("service.start-up passes without the image's facts")
			}
		}
	}
}

// TestCancelKeepsWhatWasCollected: a run that is cut off resumes, and comes
// to the same.
func TestCancelKeepsWhatWasCollected(t *testing.T) {
	t.Parallel()
	whole, err := Run(t.Context(), config(t, bare))
	if err != nil {
		t.Fatal(err)
	}
	c := config(t, bare)
	good := c.Run
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	c.Run = func(ctx context.Context, job sandbox.Job, sink func(json.RawMessage) error) (sandbox.Result, error) {
		if job.Parser == firmware.ParserName {
			cancel()
			<-ctx.Done()
			return sandbox.Result{Killed: true, Reason: sandbox.ReasonCancelled}, ctx.Err()
		}
		return good(ctx, job, sink)
	}
	if _, err := Run(ctx, c); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "--resume") {
		t.Fatalf("a cut-off run: %v", err)
	}
	st, err := c.Store.Load(t.Context(), "run-1")
	if err != nil {
		t.Fatal(err)
	}
	if !st.Ended.IsZero() || len(fact.Of[fact.Declared](st.Facts)) == 0 {
		t.Errorf("ended %v, %d declared facts", st.Ended, len(fact.Of[fact.Declared](st.Facts)))
	}
	c.Resume, c.ID = "run-1", ""
	c.Run = func(ctx context.Context, job sandbox.Job, sink func(json.RawMessage) error) (sandbox.Result, error) {
		calls++
		return good(ctx, job, sink)
	}
	res, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if calls == 0 || res.Stored.Resumed != 1 {
		t.Errorf("%d parses, resumed %d", calls, res.Stored.Resumed)
	}
	short := func(r *Result) (out []string) {
		for _, v := range r.Assessment.Verdicts {
			out = append(out, string(v.Requirement)+" "+string(v.Verdict))
		}
		return out
	}
	if d := cmp.Diff(short(whole), short(res)); d != "" {
		t.Errorf("undisturbed and resumed differ:\n%s", d)
	}
}

// TestJudgeAgain: the product as it was then, another standard, and the same
// each time.
func TestJudgeAgain(t *testing.T) {
	t.Parallel()
	c := config(t, bare)
	if _, err := Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	en, err := standard.Get("etsi-en-303-645")
	if err != nil {
		t.Fatal(err)
	}
	j := Config{Store: c.Store, Standards: []*standard.Standard{en}}
	var last []byte
	for range 2 {
		res, err := Judge(t.Context(), j, "run-1")
		if err != nil {
			t.Fatal(err)
		}
		if res.Product.Identity.Model != "T-1" || len(res.Assessment.Verdicts) != len(en.Requirements) {
			t.Errorf("model %s, %d verdicts", res.Product.Identity.Model, len(res.Assessment.Verdicts))
		}
		b, err := json.Marshal(res.Assessment.Verdicts)
		if err != nil {
			t.Fatal(err)
		}
		if last != nil && string(last) != string(b) {
			t.Error("judging twice gives other bytes")
		}
		last = b
	}
	if _, err := Judge(t.Context(), j, "run-2"); !errors.Is(err, store.ErrUnknownRun) {
		t.Errorf("an unknown run: %v", err)
	}
	// Without standards: those of the run.
	res, err := Judge(t.Context(), Config{Store: c.Store}, "run-1")
	if err != nil || len(res.Assessment.Verdicts) != len(c.Standards[0].Requirements) {
		t.Errorf("the run's own standards: %v", err)
	}
}
