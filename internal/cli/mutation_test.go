package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/internal/assess"
	"assay/internal/i18n"
	"assay/internal/judge"
	"assay/internal/limit"
	"assay/internal/network"
	"assay/internal/product"
	"assay/internal/refcam"
	"assay/internal/sandbox"
	"assay/internal/standard"
	"assay/internal/testcase"
	"assay/internal/threat"
	"assay/internal/verdict"
)

var update = flag.Bool("update", false, "rewrite the expected files under testdata")

// seen is what a run on one camera came to: the verdict of every test case
// by profile, with the first reason and place of each FAIL.
type seen struct {
	cases        map[string]verdict.Verdict // "literal tls.version"
	why          map[string]string          // of a FAIL: reason key and place of its first evidence
	requirements map[string]verdict.Verdict // literal, "iot-1005-1 5.4.2.1"
	threats      *threat.Model              // as the literal verdicts leave them
}

// ofApps is the standard that judges apps; the camera isn't built to meet all of
// it.
const ofApps = "nist-ir-8425"

// assessCamera runs the whole job on a camera that lives in memory, inside
// its own bubble of time: a lock-out of ten minutes passes at once.
func assessCamera(t *testing.T, weak ...string) seen {
	t.Helper()
	return assessSpoiled(t, func(string, *refcam.Camera) {}, weak...)
}

// assessSpoiled is assessCamera after spoil has changed the workspace.
func assessSpoiled(t *testing.T, spoil func(dir string, cam *refcam.Camera), weak ...string) seen {
	t.Helper()
	dir := t.TempDir()
	var out seen
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		a := &app{IO: IO{Out: io.Discard, Err: io.Discard, Getenv: func(string) string { return "" }}, now: time.Now, lang: i18n.En}
		cam, err := refcam.New(refcam.Options{Weak: weak, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		hosts := []string{"127.0.50.11", "127.0.50.12"}
		mem := network.NewMemory()
		var wg sync.WaitGroup
		for i := range cam.Units() {
			wg.Go(func() {
				err := cam.Serve(ctx, i, func(_ string, port uint16) (net.Listener, error) { return mem.Listen(hosts[i], port) })
				if err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if err := cam.Workspace(dir, func(unit int) refcam.Address { return refcam.Address{Host: hosts[unit]} }); err != nil {
			t.Fatal(err)
		}
		spoil(dir, cam)
		out = judged(ctx, t, a, cam, mem, dir)
		stop()
		wg.Wait()
	})
	return out
}

func judged(ctx context.Context, t *testing.T, a *app, cam *refcam.Camera, mem *network.Memory, dir string) seen {
	t.Helper()
	p, problems, err := product.LoadDir(dir, limit.Default().YAML)
	if err != nil || product.HasErrors(problems) {
		t.Fatalf("workspace of the camera: %v %v", err, problems)
	}
	source, err := os.ReadFile(filepath.Join(dir, product.FileName))
	if err != nil {
		t.Fatal(err)
	}
	var targets []network.Target
	for _, u := range p.Units {
		targets = append(targets, network.Target{Unit: u.ID, Host: u.Address})
	}
	door, err := mem.Open(ctx, network.Config{Targets: targets, Limits: network.Limits{Connections: -1, PerSecond: -1}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := a.openStore(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w := &workspace{dir: dir, product: p, source: source}
	if err := a.samples(s, dir, w); err != nil {
		t.Fatal(err)
	}
	// The table is about the standards that the camera is built to meet, and
	// what IR 8425 asks of its app.
	var standards []*standard.Standard
	for _, id := range []standard.ID{"etsi-en-303-645", "iot-1005-1", ofApps} {
		s, err := standard.Get(id)
		if err != nil {
			t.Fatal(err)
		}
		standards = append(standards, s)
	}
	cfg := assess.Config{Dir: dir, Product: p, Source: source, Standards: standards, Store: s, Network: door, Run: sandbox.InProcess(assess.Parsers()),
		Credentials: accounts(cam), Intrusive: true, Pace: 31 * time.Second, ID: "20260101-000000-000000", Program: "assay test", By: "test", Now: time.Now}
	out := seen{cases: map[string]verdict.Verdict{}, why: map[string]string{}, requirements: map[string]verdict.Verdict{}}
	res, err := assess.Run(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Failed) > 0 {
		t.Fatalf("collectors failed: %v", res.Failed)
	}
	out.add(standard.Literal, res.Assessment)
	analysis, err := assess.Threats(ctx, assess.ThreatQuestion{Product: p, Standards: standards[:2], Run: res, Now: time.Now()})
	if err != nil || len(analysis.Problems) > 0 {
		t.Fatalf("threats: %v %v", err, analysis.Problems)
	}
	out.threats = analysis.Model
	strict := map[standard.ID]string{}
	for _, s := range standards {
		strict[s.ID] = standard.Strict
	}
	cfg.Profiles = strict
	again, err := assess.Judge(ctx, cfg, cfg.ID)
	if err != nil {
		t.Fatal(err)
	}
	out.add(standard.Strict, again.Assessment)
	return out
}

// add notes the verdict of every case that the standards use. A case that
// is used with other parameters by the second standard counts with the
// first's.
func (s seen) add(profile string, a *judge.Assessment) {
	for _, v := range a.Verdicts {
		if profile == standard.Literal && v.Standard != ofApps {
			s.requirements[fmt.Sprintf("%s %s", v.Standard, v.Requirement)] = v.Verdict
		}
		for _, c := range v.Cases {
			key := profile + " " + string(c.ID)
			if v.Standard == ofApps && !strings.HasPrefix(string(c.ID), "app.") {
				continue
			}
			if v.Standard == "etsi-en-303-645" {
				if _, ok := s.cases[key]; ok {
					continue
				}
			}
			s.cases[key] = c.Verdict
			for _, r := range c.Results {
				if r.Verdict != verdict.Fail {
					continue
				}
				place := ""
				for _, id := range r.Facts {
					f, _ := a.Facts.Get(id)
					for _, e := range f.Evidence {
						if place == "" {
							place = e.Locator
						}
					}
				}
				if s.why[key] == "" {
					s.why[key] = r.Reasons[0].Key + " at " + place
				}
			}
		}
	}
}

func fails(s seen, profile string) []string {
	var out []string
	for key, v := range s.cases {
		if p, id, _ := strings.Cut(key, " "); p == profile && v == verdict.Fail {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// TestMutationTable is the project's conscience: every weakness of the
// reference camera, switched on alone, makes exactly the test cases fail
// that it violates, and each of them passed without it. What else changes is
// written down in testdata/mutation.txt, where a reader can doubt it.
func TestMutationTable(t *testing.T) {
	t.Parallel()
	good := assessCamera(t)
	if got := fails(good, standard.Literal); !slices.Equal(got, []string{"firmware.encrypted"}) {
		// The image is handed over as it is distributed, unencrypted: the
		// other alternative of 5.4.1.1 carries it.
		t.Errorf("hardened camera fails %v", got)
	}
	for req, v := range good.requirements {
		if v == verdict.Fail {
			t.Errorf("hardened camera: %s FAIL", req)
		}
	}
	all := refcam.Weaknesses()
	tables, risks := make([]string, len(all)), make([]string, len(all))
	t.Run("switches", func(t *testing.T) {
		for i, w := range all {
			t.Run(w.Name, func(t *testing.T) {
				t.Parallel()
				tables[i], risks[i] = mutate(t, w, good)
			})
		}
	})
	typical := ""
	t.Run("typical", func(t *testing.T) {
		typical = risen(t, refcam.Weakness{Name: "the camera of the demonstration", Clause: strings.Join(refcam.Typical(), ", ")}, good, assessCamera(t, refcam.Typical()...))
	})
	risks = append(risks, typical)
	golden(t, "testdata/risks.txt", "# switch: requirements that it turns from PASS, and the residual risks that rise with them, against the hardened camera\n\n"+strings.Join(risks, "\n"))
	golden(t, "testdata/mutation.txt", "# switch: test cases that fail, with reason and place; then what else changes against the hardened camera\n\n"+strings.Join(tables, "\n"))
}

// mutate runs one weakness and returns its part of the tables of test cases
// and of risks.
func mutate(t *testing.T, w refcam.Weakness, good seen) (cases, risks string) {
	bad := assessCamera(t, w.Name)
	baseline := []string{"firmware.encrypted"}
	for _, x := range []struct {
		profile string
		want    []string
	}{
		{standard.Literal, w.Violates},
		{standard.Strict, slices.Concat(w.Violates, w.ViolatesStrict)},
	} {
		var got []string
		for _, id := range fails(bad, x.profile) {
			if slices.Contains(baseline, id) || slices.Contains(fails(good, x.profile), id) && !slices.Contains(x.want, id) {
				continue
			}
			if slices.Contains(w.MayViolate, id) {
				continue
			}
			got = append(got, id)
		}
		want := slices.Clone(x.want)
		slices.Sort(want)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s, %s: failing cases (-want +got):\n%s", w.Name, x.profile, d)
		}
		for _, id := range want {
			before, used := good.cases[x.profile+" "+id]
			if used && before != verdict.Pass {
				t.Errorf("%s: %s was %s on the hardened camera (%s), must be PASS to prove that the switch makes it fail", w.Name, id, before, x.profile)
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n", w.Name, w.Clause)
	for _, id := range fails(bad, standard.Strict) {
		if v := good.cases[standard.Strict+" "+id]; v == verdict.Fail {
			continue
		}
		profile := "strict "
		if bad.cases[standard.Literal+" "+id] == verdict.Fail {
			profile = ""
		}
		fmt.Fprintf(&b, "  %sFAIL %s: %s\n", profile, id, bad.why[standard.Strict+" "+id])
	}
	for _, req := range slices.Sorted(maps.Keys(bad.requirements)) {
		if before, after := good.requirements[req], bad.requirements[req]; before != after {
			fmt.Fprintf(&b, "  %s: %s -> %s\n", req, before, after)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(bad.cases)) {
		id, ok := strings.CutPrefix(key, standard.Literal+" ")
		if before, after := good.cases[key], bad.cases[key]; ok && before != after && after != verdict.Fail {
			fmt.Fprintf(&b, "  also %s: %s -> %s\n", id, before, after)
		}
	}
	return b.String(), risen(t, w, good, bad)
}

// TestUnreadNeverPasses: nothing that an image could contradict passes where the
// image was given and not read, whatever is declared and whoever saw what.
func TestUnreadNeverPasses(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 300_000)
	r := rand.NewChaCha8([32]byte{1})
	if _, err := r.Read(noise); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, file string
		bytes      func([]byte) []byte
		of         string // the facts without which a case must not pass
	}{
		{"encrypted", "LC-200_2.4.1.bin", func([]byte) []byte { return noise }, "image"},
		{"cut", "LC-200_2.4.1.bin", func(b []byte) []byte { return b[:len(b)*3/4] }, "image"},
		{"app", refcam.AppName(), func(b []byte) []byte { return noise[:len(b)] }, "app@"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := assessSpoiled(t, func(dir string, _ *refcam.Camera) {
				path := filepath.Join(dir, "evidence", row.file)
				b, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, row.bytes(b), 0o600); err != nil {
					t.Fatal(err)
				}
			})
			n := 0
			for _, c := range testcase.All() {
				needs := slices.ContainsFunc(c.Needs, func(n testcase.Need) bool { return strings.HasPrefix(string(n.Kind), row.of) })
				if !needs || c.ID == "firmware.not-public" || row.of == "image" && strings.HasPrefix(string(c.ID), "app.") { // where it can be had; of the app's package
					continue
				}
				n++
				if v := got.cases[standard.Literal+" "+string(c.ID)]; v == verdict.Pass {
					t.Errorf("%s: %s", c.ID, v)
				}
			}
			if n < 2 {
				t.Errorf("%d cases looked at", n)
			}
		})
	}
}

// TestEveryCaseCanFail: a case that a program can fail exists only with a
// weakness that makes it fail.
func TestEveryCaseCanFail(t *testing.T) {
	t.Parallel()
	proved := map[string]bool{
		"firmware.encrypted": true, // the hardened camera fails it: its image is readable, by choice
	}
	for _, m := range recordMutations { // of paper, not of the camera
		proved[m.testCase] = true
	}
	for _, w := range refcam.Weaknesses() {
		for _, id := range slices.Concat(w.Violates, w.ViolatesStrict, w.MayViolate) {
			proved[id] = true
		}
	}
	for _, c := range testcase.All() {
		if c.Method != testcase.Guided && !proved[string(c.ID)] {
			t.Errorf("test case %s has no weakness in refcam that makes it fail", c.ID)
		}
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: run go test with -update and read the difference", err)
	}
	if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); d != "" {
		t.Errorf("%s differs (-want +got); if it is right, run with -update:\n%s", path, d)
	}
}
