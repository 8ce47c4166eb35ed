package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"assay/internal/assess"
	"assay/internal/collect/firmware"
	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/startup"
	"assay/internal/collect/firmware/unpack"
	"assay/internal/fact"
	"assay/internal/i18n"
	"assay/internal/judge"
	"assay/internal/limit"
	"assay/internal/network"
	"assay/internal/product"
	"assay/internal/refcam"
	"assay/internal/report"
	"assay/internal/sandbox"
	"assay/internal/standard"
	"assay/internal/testdata"
	"assay/internal/verdict"
)

// hostileRun is what came of a run on a hostile camera.
type hostileRun struct {
	res       *assess.Result
	counts    map[string]network.Count
	elsewhere int64             // connections to the address that it points to
	reports   map[string]string // by format
}

// assessHostile runs the whole job on a camera in memory that attacks its
// tester. run replaces the runner of parsers where it isn't nil.
func assessHostile(t *testing.T, opt refcam.Options, run sandbox.Runner) hostileRun {
	t.Helper()
	dir := t.TempDir()
	if run == nil {
		run = sandbox.InProcess(assess.Parsers())
	}
	out := hostileRun{reports: map[string]string{}}
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		a := testApp(t)
		opt.Seed = 1
		cam, err := refcam.New(opt)
		if err != nil {
			t.Fatal(err)
		}
		hosts := []string{"127.0.50.11", "127.0.50.12"}
		mem := network.NewMemory()
		var wg sync.WaitGroup
		for i := range cam.Units() {
			wg.Go(func() {
				if err := cam.Serve(ctx, i, func(_ string, port uint16) (net.Listener, error) { return mem.Listen(hosts[i], port) }); err != nil {
					t.Error(err)
				}
			})
		}
		trap, count := listenElsewhere(t, mem)
		synctest.Wait()
		if err := cam.Workspace(dir, func(unit int) refcam.Address { return refcam.Address{Host: hosts[unit]} }); err != nil {
			t.Fatal(err)
		}
		out.res, out.counts = collectHostile(ctx, t, a, cam, mem, dir, run, out.reports)
		out.elsewhere = count.Load()
		stop()
		if err := trap.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
	})
	return out
}

func testApp(t *testing.T) *app {
	t.Helper()
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	return &app{IO: IO{Out: io.Discard, Err: io.Discard, Getenv: func(string) string { return "" }}, texts: texts, now: time.Now, lang: i18n.En}
}

// listenElsewhere counts connections to the address that the hostile camera
// points to.
func listenElsewhere(t *testing.T, mem *network.Memory) (net.Listener, *atomic.Int64) {
	t.Helper()
	l, err := mem.Listen("192.0.2.1", 80)
	if err != nil {
		t.Fatal(err)
	}
	n := &atomic.Int64{}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			n.Add(1)
			_ = c.Close() // it was counted
		}
	}()
	return l, n
}

func collectHostile(ctx context.Context, t *testing.T, a *app, cam *refcam.Camera, mem *network.Memory, dir string, run sandbox.Runner, reports map[string]string) (*assess.Result, map[string]network.Count) {
	t.Helper()
	p, problems, err := product.LoadDir(dir, limit.Default().YAML)
	if err != nil || product.HasErrors(problems) {
		t.Fatalf("workspace of the camera: %v %v", err, problems)
	}
	source, err := os.ReadFile(filepath.Join(dir, product.FileName))
	if err != nil {
		t.Fatal(err)
	}
	var door *network.Net
	if mem != nil {
		var targets []network.Target
		for _, u := range p.Units {
			targets = append(targets, network.Target{Unit: u.ID, Host: u.Address})
		}
		if door, err = mem.Open(ctx, network.Config{Targets: targets, Limits: network.Limits{Connections: -1, PerSecond: -1}}); err != nil {
			t.Fatal(err)
		}
	}
	s, err := a.openStore(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	standards, err := standard.All()
	if err != nil {
		t.Fatal(err)
	}
	cfg := assess.Config{Dir: dir, Product: p, Source: source, Standards: standards, Store: s, Run: run,
		Credentials: accounts(cam), Intrusive: true, Pace: 31 * time.Second, ID: "20260101-000000-000000", Program: "assay test", By: "test", Now: time.Now}
	if door != nil {
		cfg.Network = door
	}
	res, err := assess.Run(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	in, err := a.reportInput(t.Context(), cfg, res, filepath.Join(dir, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"text", "md", "html", "json"} {
		encode, err := report.Lookup(format)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		var w io.Writer = &b
		if format == "json" {
			w = visible{&b}
		}
		if err := encode(w, in); err != nil {
			t.Errorf("report %s: %v", format, err)
		}
		reports[format] = b.String()
	}
	if door == nil {
		return res, nil
	}
	return res, door.Counts()
}

// complete insists that every requirement of both standards has a verdict
// with a reason, and that every report was written, harmless, to its end.
func (h hostileRun) complete(t *testing.T) {
	t.Helper()
	if len(h.res.Failed) > 0 {
		t.Errorf("collectors failed: %v", h.res.Failed)
	}
	all, err := standard.All()
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, s := range all {
		want += len(s.Requirements)
	}
	if got := len(h.res.Assessment.Verdicts); got != want {
		t.Errorf("%d verdicts, want %d", got, want)
	}
	for _, v := range h.res.Assessment.Verdicts {
		if v.Verdict == "" {
			t.Errorf("%s %s has no verdict", v.Standard, v.Requirement)
		}
		for _, c := range v.Cases {
			for _, r := range c.Results {
				if len(r.Reasons) == 0 {
					t.Errorf("%s %s, %s on %s: no reason", v.Standard, v.Requirement, c.ID, r.Subject)
				}
			}
		}
	}
	for format, text := range h.reports {
		if bad := dirty(text); bad != "" {
			t.Errorf("report %s holds %s", format, bad)
		}
		if strings.Contains(text, "<script>alert(1)") {
			t.Errorf("report %s holds the page's script", format)
		}
	}
	if !json.Valid([]byte(h.reports["json"])) {
		t.Error("the JSON document isn't valid")
	}
	if !strings.HasSuffix(strings.TrimSpace(h.reports["html"]), "</html>") {
		t.Error("the HTML report has no end")
	}
}

// caseResult finds what a case came to on a subject.
func caseResult(a *judge.Assessment, id, subject string) verdict.Verdict {
	for _, v := range a.Verdicts {
		for _, c := range v.Cases {
			for _, r := range c.Results {
				if string(c.ID) == id && r.Subject == subject {
					return r.Verdict
				}
			}
		}
	}
	return ""
}

// TestHostileCamera: a device that attacks its tester gets a complete report
// that says so (acceptance 8).
func TestHostileCamera(t *testing.T) {
	t.Parallel()
	t.Run(refcam.RedirectElsewhere, func(t *testing.T) {
		t.Parallel()
		h := assessHostile(t, refcam.Options{Hostile: []string{refcam.RedirectElsewhere}}, nil)
		h.complete(t)
		if h.elsewhere != 0 {
			t.Errorf("%d connections followed the redirect", h.elsewhere)
		}
		if len(h.counts) != 2 {
			t.Errorf("hosts that were dialled: %v, want the two units", h.counts)
		}
		seen := fact.Of[fact.Redirect](h.res.Stored.Facts)
		if len(seen) != 2 || !strings.HasPrefix(seen[0].Value.To, "http://192.0.2.1") {
			t.Errorf("redirects as facts: %v, want one a unit", seen)
		}
		for _, id := range []string{"auth.required", "session.logout", "access.roles", "login.limit", "password.no-common"} {
			for _, v := range h.res.Assessment.Verdicts {
				for _, c := range v.Cases {
					if string(c.ID) == id && c.Verdict == verdict.Pass {
						t.Errorf("%s %s: %s passes although the web answered nothing", v.Standard, v.Requirement, id)
					}
				}
			}
		}
		if !strings.Contains(h.reports["json"], `"not-tried.`) {
			t.Error("the report names nothing that wasn't tried")
		}
		for _, format := range []string{"text", "html", "json"} {
			if !strings.Contains(h.reports[format], "192.0.2.1") {
				t.Errorf("%s doesn't say where the camera sends its users", format)
			}
		}
	})
	t.Run(refcam.EndlessBanner, func(t *testing.T) {
		t.Parallel()
		h := assessHostile(t, refcam.Options{Hostile: []string{refcam.EndlessBanner}}, nil)
		h.complete(t)
		for unit, n := range h.counts {
			if n.BytesRead > 16<<20 {
				t.Errorf("%s: %d bytes were read", unit, n.BytesRead)
			}
		}
		found := fact.Where(h.res.Stored.Facts, func(s fact.Service) bool { return s.Port == 9000 })
		if len(found) != 2 {
			t.Fatalf("services on the endless port: %v", found)
		}
		for _, s := range found {
			if len(s.Value.Banner) > 300 {
				t.Errorf("a banner of %d bytes is kept", len(s.Value.Banner))
			}
		}
		if got := caseResult(h.res.Assessment, "service.necessary", "unit-a/tcp-9000"); got != verdict.Fail {
			t.Errorf("the undeclared port: %s, want FAIL", got)
		}
	})
	t.Run(refcam.AnsiAndBidiTitle, func(t *testing.T) {
		t.Parallel()
		h := assessHostile(t, refcam.Options{Hostile: []string{refcam.AnsiAndBidiTitle}, Weak: []string{refcam.TelnetOpen}}, nil)
		h.complete(t)
		// The test would show nothing if the hostile text were not in the facts.
		if !slices.ContainsFunc(h.res.Stored.Facts.All(), func(f fact.Fact) bool { return dirty(raw(f)) != "" }) {
			t.Error("no fact holds the hostile text")
		}
	})
	t.Run("all-at-once", func(t *testing.T) {
		t.Parallel()
		h := assessHostile(t, refcam.Options{Hostile: []string{refcam.RedirectElsewhere, refcam.EndlessBanner, refcam.AnsiAndBidiTitle}, Weak: refcam.Typical()}, nil)
		h.complete(t)
		if h.elsewhere != 0 {
			t.Errorf("%d connections followed the redirect", h.elsewhere)
		}
	})
}

// raw is a fact's texts as they were seen.
func raw(f fact.Fact) string {
	var v map[string]any
	if err := json.Unmarshal(f.Data, &v); err != nil {
		return ""
	}
	s := ""
	for _, x := range v {
		if text, ok := x.(string); ok {
			s += strings.NewReplacer("\r", "", "\n", "").Replace(text)
		}
	}
	return s
}

const hungryName = "test-hungry"

// hungry is a parser for tests: it finds something, as the real one would,
// and then eats memory until it is killed.
func hungry(ctx context.Context, _ *os.File, _ json.RawMessage, emit func(any) error) error {
	for _, r := range []firmware.Record{
		{Image: &unpack.Image{Status: unpack.Readable, Size: 4096}},
		{Start: &startup.Start{Kind: startup.Telnet, Where: inspect.Where{Path: "/etc/inittab", Line: 7}, Name: "telnetd", Text: "::respawn:telnetd"}},
	} {
		if err := emit(r); err != nil {
			return err
		}
	}
	var hold [][]byte
	for ctx.Err() == nil {
		b := make([]byte, 8<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		hold = append(hold, b)
	}
	return fmt.Errorf("held %d blocks: %w", len(hold), ctx.Err())
}

// TestParserKilledInTheChild: the child that reads an image is killed; what
// it had found is kept, the search is cut with the cause, and the report is
// whole (acceptance 8).
func TestParserKilledInTheChild(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cam, err := refcam.New(refcam.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := cam.Workspace(dir, func(int) refcam.Address { return refcam.Address{} }); err != nil {
		t.Fatal(err)
	}
	h := hostileRun{reports: map[string]string{}}
	run := func(ctx context.Context, job sandbox.Job, sink func(json.RawMessage) error) (sandbox.Result, error) {
		if job.Parser == firmware.ParserName {
			job.Parser, job.Limits.Memory, job.Limits.Deadline = hungryName, 48<<20, 20*time.Second
		}
		return sandbox.Run(ctx, job, sink)
	}
	h.res, h.counts = collectHostile(t.Context(), t, testApp(t), cam, nil, dir, run, h.reports)
	h.complete(t)
	scopes := fact.Where(h.res.Stored.Facts, func(s fact.Scope) bool { return s.What == fact.ScopeImageFiles && strings.HasSuffix(s.Of, ".bin") })
	if len(scopes) != 1 || scopes[0].Value.Whole || scopes[0].Value.Cut != "cut.parser-killed" {
		t.Fatalf("scope of the image: %+v, want a cut by cut.parser-killed", scopes)
	}
	if !strings.Contains(scopes[0].Value.Note, "memory") {
		t.Errorf("the note doesn't say why: %s", scopes[0].Value.Note)
	}
	if got := fact.Where(h.res.Stored.Facts, func(s fact.ImageStart) bool { return strings.HasSuffix(s.Image, ".bin") }); len(got) != 1 {
		t.Errorf("what was found before: %v, want telnetd", got)
	}
	for _, v := range h.res.Assessment.Verdicts {
		for _, c := range v.Cases {
			if c.Verdict == verdict.Pass && slices.Contains([]string{"firmware.no-secrets", "firmware.no-private-keys", "service.start-up", "firmware.hosts-declared"}, string(c.ID)) {
				t.Errorf("%s passes on an image that was read in part", c.ID)
			}
		}
	}
	for _, format := range []string{"md", "html", "json"} { // text is the summary alone
		text := h.reports[format]
		if !strings.Contains(text, "cut.parser-killed") && !strings.Contains(text, "the reading process was stopped") {
			t.Errorf("report %s doesn't say that the reader was stopped", format)
		}
	}
}

func hostileImages(t *testing.T) []string {
	dir := testdata.Dir(t, "firmware", "built", "hostile")
	all, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(all) < 40 {
		t.Fatalf("%d hostile images in %s (%v)", len(all), dir, err)
	}
	return slices.DeleteFunc(all, func(p string) bool { return filepath.Ext(p) == ".json" })
}

// TestHostileImages reads every hostile image in the confined child: a valid
// document, an exit code that doesn't say "good", no fault of Assay.
func TestHostileImages(t *testing.T) {
	t.Parallel()
	for _, path := range hostileImages(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			code, out, errs := assayRun(t, t.TempDir(), "firmware", path, "--format", "json", "--files")
			var d firmwareDoc
			if err := json.Unmarshal(out, &d); err != nil {
				t.Fatalf("exit code %d, not JSON: %v\n%s", code, err, errs)
			}
			// What is odd and lost nothing may end well.
			whole := []string{"cpio-symlink-loop.cpio", "cpio-odd-names.cpio", "cpio-20000-files.cpio.gz"}
			if code == 0 && slices.Contains(whole, filepath.Base(path)) && d.Image.Analysable && len(d.Incomplete) == 0 && len(d.Entries) > 0 {
				t.Log("read whole")
			} else if code != exitFailed && code != exitUndecided {
				t.Errorf("exit code %d\n%s", code, errs)
			} else if d.Image.Analysable && len(d.Incomplete) == 0 && code == exitUndecided {
				t.Error("undecided without a cause")
			}
			if bad := dirty(string(out)); bad != "" {
				t.Errorf("the document holds %s", bad)
			}
			for _, e := range d.Entries {
				if !strings.HasPrefix(e.Path, "/") && !strings.Contains(e.Path, ":/") || slices.Contains(strings.Split(e.Path, "/"), "..") {
					t.Errorf("a path leaves its file system: %q", e.Path)
				}
			}
		})
	}
}

// TestImageThatIsNone: what stands in an image's place in a workspace of a
// stranger never stops a run and never passes.
func TestImageThatIsNone(t *testing.T) {
	t.Parallel()
	outside := filepath.Join(t.TempDir(), "outside.bin")
	if err := os.WriteFile(outside, []byte("SECRET OUTSIDE"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name string
		make func(path string) error
	}{
		{"missing", func(string) error { return nil }},
		{"empty", func(p string) error { return os.WriteFile(p, nil, 0o600) }},
		{"one-byte", func(p string) error { return os.WriteFile(p, []byte{0x27}, 0o600) }},
		{"folder", func(p string) error { return os.Mkdir(p, 0o700) }},
		{"pipe", func(p string) error { return syscall.Mkfifo(p, 0o600) }},
		{"link-outside", func(p string) error { return os.Symlink(outside, p) }},
		{"link-loop", func(p string) error { return os.Symlink(filepath.Base(p), p) }},
		{"unreadable-link", func(p string) error { return os.Symlink("nowhere", p) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.MkdirAll(filepath.Join(dir, "cam", "evidence"), 0o700); err != nil {
				t.Fatal(err)
			}
			model := "schema: assay/product@1\nproduct: { name: Thing, model: T-1, release: \"1\", category: other, maker: { name: M } }\nstandards: [iot-1005-1]\n" +
				"components:\n  - { id: device, kind: device, firmware: { file: evidence/image.bin } }\n" +
				"documents:\n  - { id: guide, kind: setup-guide, file: evidence/guide.txt }\n"
			if err := os.WriteFile(filepath.Join(dir, "cam", "assay.yaml"), []byte(model), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"image.bin", "guide.txt"} {
				if err := row.make(filepath.Join(dir, "cam", "evidence", name)); err != nil {
					t.Fatal(err)
				}
			}
			code, out, errs := assayRun(t, dir, "-C", "cam", "run", "--format", "json")
			if code != exitOK && code != exitUndecided && code != exitFailed {
				t.Fatalf("exit code %d\n%s", code, errs)
			}
			d := decodeRun(t, out)
			for _, v := range d.Verdicts {
				for _, c := range v.Cases {
					if strings.HasPrefix(c.ID, "firmware.") && c.Verdict == verdict.Pass || c.ID == "service.start-up" && c.Verdict == verdict.Pass {
						t.Errorf("%s passes without an image", c.ID)
					}
				}
			}
			if bytes.Contains(out, []byte("SECRET OUTSIDE")) {
				t.Error("the document quotes a file outside of the workspace")
			}
			clean(t, dir, d.Run.Head)
		})
	}
}
