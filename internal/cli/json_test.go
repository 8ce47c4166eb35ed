package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"assay/internal/fact"
	"assay/internal/network"
	"assay/internal/product"
	"assay/internal/refcam"
	"assay/internal/standard"
	"assay/internal/store"
	"assay/internal/store/segment"
	"assay/internal/testcase"
	"assay/internal/yamledit"
)

// call runs one command in this process.
func call(ctx context.Context, args ...string) (stdout, stderr string, code int) {
	var out, errs bytes.Buffer
	code = Main(ctx, IO{In: strings.NewReader(""), Out: &out, Err: &errs, Getenv: func(string) string { return "" }}, args)
	return out.String(), errs.String(), code
}

// checked runs a command with --format json, and holds its stdout against the
// schema of a kind: one document, with the schema as its first field.
func checked(t *testing.T, all map[string]*jsonschema.Schema, kind string, code int, args ...string) map[string]any {
	t.Helper()
	stdout, stderr, got := call(t.Context(), append(slices.Clone(args), "--format", "json")...)
	if got != code {
		t.Errorf("assay %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, head(stdout), stderr)
	}
	return valid(t, all, kind, stdout)
}

func valid(t *testing.T, all map[string]*jsonschema.Schema, kind, text string) map[string]any {
	t.Helper()
	if want := fmt.Sprintf("{\n  \"schema\": \"assay/%s@1\"", kind); !strings.HasPrefix(text, want) {
		t.Fatalf("begins with %.60q, want %q", text, want)
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text)) // refuses a second document
	if err != nil {
		t.Fatalf("%v\n%s", err, head(text))
	}
	if err := all[kind].Validate(v); err != nil {
		t.Fatalf("%v\n%s", err, head(text))
	}
	return v.(map[string]any)
}

func writeFile(t *testing.T, path string, b []byte) string {
	t.Helper()
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// fresh is a workspace as `assay init` makes it.
func fresh(t *testing.T, template string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "product")
	if _, stderr, code := call(t.Context(), "init", dir, "--template", template, "-q"); code != exitOK {
		t.Fatalf("init: exit code %d: %s", code, stderr)
	}
	return dir
}

func misspelt(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "assay.yaml"), []byte("schema: assay/product@1\nproduct:\n  modle: X\n"))
	return dir
}

// photographed is the workspace of a reference camera whose image was read
// and nothing else: no unit answers at its addresses.
func photographed(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "camera")
	cam := camera(t, refcam.SerialShell)
	if err := cam.Workspace(dir, func(int) refcam.Address { return refcam.Address{} }); err != nil {
		t.Fatal(err)
	}
	if stdout, stderr, code := call(t.Context(), "-C", dir, "run", "--only", "debug.serial-console", "--standard", "iot-1005-1", "-q"); code != exitFailed {
		t.Fatalf("run: exit code %d\n%s%s", code, head(stdout), stderr)
	}
	return dir
}

func camera(t *testing.T, weak ...string) *refcam.Camera {
	t.Helper()
	cam, err := refcam.New(refcam.Options{Weak: weak, Seed: 1, Refill: demoRefill})
	if err != nil {
		t.Fatal(err)
	}
	return cam
}

func image(t *testing.T, weak ...string) []byte {
	t.Helper()
	b, err := camera(t, weak...).Image()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestJSONCheckAndPlan(t *testing.T) {
	t.Parallel()
	all := schemas(t)
	for _, template := range []string{"camera", "doorbell", "gateway", "generic"} {
		t.Run(template, func(t *testing.T) {
			t.Parallel()
			dir := fresh(t, template)
			d := checked(t, all, "check", exitOK, "-C", dir, "check")
			if d["valid"] != true || d["complete"] != false || len(d["problems"].([]any)) == 0 {
				t.Errorf("a new workspace: valid %v, complete %v, %d points", d["valid"], d["complete"], len(d["problems"].([]any)))
			}
			checked(t, all, "check", exitUndecided, "-C", dir, "check", "--complete", "--lang", "zh-Hant")
			if p := checked(t, all, "plan", exitOK, "-C", dir, "plan", "--standard", "iot-1005-1"); len(p["plan"].([]any)) < 20 {
				t.Errorf("%d rows", len(p["plan"].([]any)))
			}
		})
	}
	dir := misspelt(t)
	if d := checked(t, all, "check", exitUse, "-C", dir, "check"); d["valid"] != false {
		t.Errorf("a misspelt model: valid %v", d["valid"])
	}
	checked(t, all, "plan", exitOK, "-C", fresh(t, "camera"), "plan", "--standard", "etsi-en-303-645", "--lang", "zh-Hant")
}

func TestJSONFirmware(t *testing.T) {
	t.Parallel()
	all := schemas(t)
	dir := t.TempDir()
	good := image(t)
	noise := make([]byte, 64<<10)
	if _, err := io.ReadFull(rand.NewChaCha8([32]byte{1}), noise); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name    string
		code    int
		image   []byte
		args    []string
		more    []string // lists that must not be empty
		absent  []string
		unusual bool
	}{
		{"hardened", exitOK, good, nil, []string{"parts", "volumes", "components", "unattributed", "hosts", "certificates", "binaries", "startup", "updates"}, []string{"entries"}, false},
		{"weak", exitFailed, image(t, refcam.Typical()...), nil, []string{"secrets", "weaknesses"}, nil, false},
		{"files", exitOK, good, []string{"--files"}, []string{"entries"}, nil, false},
		{"cut", exitUndecided, good[:len(good)*3/4], nil, []string{"incomplete"}, nil, true},
		{"noise", exitUndecided, noise, nil, nil, nil, true},
		{"empty", exitUndecided, nil, nil, []string{"incomplete"}, nil, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			path := writeFile(t, filepath.Join(dir, tc.name+".bin"), tc.image)
			d := checked(t, all, "firmware", tc.code, append([]string{"firmware", path}, tc.args...)...)
			for _, name := range tc.more {
				if list, _ := d[name].([]any); len(list) == 0 {
					t.Errorf("no %s", name)
				}
			}
			for _, name := range tc.absent {
				if _, ok := d[name]; ok {
					t.Errorf("%s is there", name)
				}
			}
			if n := len(d["incomplete"].([]any)); !tc.unusual && n > 0 {
				t.Errorf("%d pieces were not read", n)
			}
			for _, h := range d["hosts"].([]any) {
				if v, ok := h.(map[string]any)["declared"]; !ok || v != nil {
					t.Errorf("declared is %v without a model", v)
				}
			}
		})
	}
}

// TestJSONFiles: the documents of ls, extract, diff and of a comparison.
func TestJSONFiles(t *testing.T) {
	t.Parallel()
	all := schemas(t)
	dir := t.TempDir()
	good, weak := writeFile(t, filepath.Join(dir, "good.bin"), image(t)), writeFile(t, filepath.Join(dir, "weak.bin"), image(t, refcam.SerialShell))
	if d := checked(t, all, "files", exitOK, "firmware", "ls", good, "/etc"); len(d["entries"].([]any)) < 5 {
		t.Errorf("%d names below /etc", len(d["entries"].([]any)))
	}
	d := checked(t, all, "files", exitOK, "firmware", "extract", good, "/etc/hostname", "--out", filepath.Join(dir, "out"))
	for _, e := range d["entries"].([]any) {
		at, _ := e.(map[string]any)["extracted"].(string)
		if _, err := os.Stat(filepath.Join(dir, "out", filepath.FromSlash(at))); err != nil || at == "" {
			t.Errorf("%v: %v", e, err)
		}
	}
	d = checked(t, all, "firmware-diff", exitFailed, "firmware", "diff", good, weak)
	var added []string
	for _, w := range d["weaknesses"].([]any) {
		added = append(added, w.(map[string]any)["what"].(string)+" "+w.(map[string]any)["change"].(string))
	}
	if len(added) != 1 || !strings.HasPrefix(added[0], "serial-shell /etc/inittab") || !strings.HasSuffix(added[0], " added") {
		t.Errorf("weaknesses that differ: %q", added)
	}
	checked(t, all, "firmware-diff", exitOK, "firmware", "diff", good, good)
	stdout, stderr, code := call(t.Context(), "sbom", good)
	if code != exitUndecided { // it holds programs of its maker, which are no known component
		t.Fatalf("sbom: exit code %d\n%s", code, stderr)
	}
	list := writeFile(t, filepath.Join(dir, "list.json"), []byte(stdout))
	d = checked(t, all, "sbom-compare", exitUndecided, "sbom", good, "--compare", list)
	if len(d["same"].([]any)) == 0 || len(d["unattributed"].([]any)) == 0 {
		t.Errorf("same %v, unattributed %v", d["same"], d["unattributed"])
	}
}

func TestJSONDevice(t *testing.T) {
	t.Parallel()
	all := schemas(t)
	ctx, stop := context.WithCancel(t.Context())
	b, err := power(ctx, camera(t, refcam.Typical()...))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		stop()
		if err := b.wait(); err != nil {
			t.Error(err)
		}
	}()
	d := checked(t, all, "device", exitOK, "device", benchHost, "--ports", fmt.Sprintf("%d-%d", b.base[0], b.base[0]+portsPerUnit-1))
	for _, name := range []string{"services", "tests", "not_tried"} {
		if len(d[name].([]any)) == 0 {
			t.Errorf("no %s", name)
		}
	}
	for _, s := range d["services"].([]any) {
		if v, ok := s.(map[string]any)["declared"]; !ok || v != nil {
			t.Errorf("declared is %v without a model", v)
		}
	}
	held, base, err := freePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	if err := held[0].Close(); err != nil {
		t.Fatal(err)
	}
	if d := checked(t, all, "device", exitOK, "device", benchHost, "--ports", fmt.Sprint(base), "--lang", "zh-Hant"); len(d["services"].([]any)) != 0 {
		t.Errorf("services on a closed port: %v", d["services"])
	}
}

func TestJSONStandards(t *testing.T) {
	t.Parallel()
	all := schemas(t)
	list := checked(t, all, "standards", exitOK, "standards", "list")["standards"].([]any)
	every, err := standard.All()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != len(every) || len(list) == 0 {
		t.Errorf("%d standards of %d", len(list), len(every))
	}
	for _, s := range every {
		d := checked(t, all, "standards", exitOK, "standards", "show", string(s.ID))
		if n := len(d["standard"].(map[string]any)["requirements"].([]any)); n != len(s.Requirements) {
			t.Errorf("%s: %d requirements of %d", s.ID, n, len(s.Requirements))
		}
		checked(t, all, "standards", exitOK, "standards", "show", string(s.ID), string(s.Requirements[0].ID))
	}
	refs := checked(t, all, "standards", exitOK, "standards", "list")["references"].([]any)
	pointed, err := standard.References()
	if err != nil || len(refs) != len(pointed) {
		t.Errorf("%d references of %d, %v", len(refs), len(pointed), err)
	}
	for _, r := range pointed {
		d := checked(t, all, "standards", exitOK, "standards", "show", string(r.ID))
		if n := len(d["reference"].(map[string]any)["items"].([]any)); n != len(r.Items) {
			t.Errorf("%s: %d items of %d", r.ID, n, len(r.Items))
		}
		checked(t, all, "standards", exitOK, "standards", "show", string(r.ID), string(r.Items[0].ID))
	}
	// A group of links is never null, and both kinds stay apart.
	for _, c := range []struct {
		args           []string
		official, ours int // at least
	}{
		{[]string{"iot-1005-1", "5.4.1.2"}, 1, 8},
		{[]string{"etsi-en-303-645", "5.1"}, 0, 0},
		{[]string{"iec-62443-4-2", "CR 7.6"}, 1, 0},
		{[]string{"iec-62443-4-2", "CR", "7.6"}, 1, 0},
		{[]string{"ssdf", "PW.9"}, 0, 5},
	} {
		d := checked(t, all, "standards", exitOK, append([]string{"standards", "show"}, c.args...)...)["links"].(map[string]any)
		for kind, least := range map[string]int{standard.Official: c.official, standard.Ours: c.ours} {
			links := d[kind].([]any)
			if len(links) < least {
				t.Errorf("%v: %d links are %s, want at least %d", c.args, len(links), kind, least)
			}
			for _, k := range links {
				if k.(map[string]any)["kind"] != kind {
					t.Errorf("%v: %v isn't %s", c.args, k, kind)
				}
			}
		}
	}
	if d := checked(t, all, "standards", exitOK, "standards", "search", "AUM-5-1"); len(d["references"].([]any)) == 0 {
		t.Error("AUM-5-1 isn't found")
	}
	if d := checked(t, all, "standards", exitOK, "standards", "search", "password"); len(d["hits"].([]any)) == 0 {
		t.Error("nothing is about passwords")
	}
	checked(t, all, "standards", exitOK, "standards", "search", "no-such-word-anywhere")
	checked(t, all, "standards", exitOK, "standards", "--cases", "--lang", "zh-Hant")
}

// TestJSONRecord: the documents about the record of IR 8259, of a workspace
// that says little and of one that says everything.
func TestJSONRecord(t *testing.T) {
	t.Parallel()
	all := schemas(t)
	little := fresh(t, "camera")
	g := checked(t, all, "guide", exitUndecided, "-C", little, "guide", "--complete", "--prompts")
	if n := len(g["activities"].([]any)); n != 9 || g["complete"] != false || g["next"] == "" {
		t.Errorf("%d activities, complete %v, next %v", n, g["complete"], g["next"])
	}
	g = checked(t, all, "guide", exitOK, "-C", little, "guide", "--answer", "1.U.5={max_years: 9}", "--lang", "zh-Hant")
	if c := g["changed"].(map[string]any); len(c["files"].([]any)) != 1 || len(c["questions"].([]any)) == 0 {
		t.Errorf("an answer changed %v", c)
	}

	whole := filepath.Join(t.TempDir(), "camera")
	if err := os.CopyFS(whole, os.DirFS(filepath.Join(records, "camera"))); err != nil {
		t.Fatal(err)
	}
	written := checked(t, all, "documents", exitUndecided, "-C", whole, "report", "--documents")
	if n := len(written["documents"].([]any)); n < 10 || written["written"] != true {
		t.Errorf("%d documents, written %v", n, written["written"])
	}
	model, err := yamledit.Set(read(t, whole, product.FileName), "product.support.until", []byte("2031-12-31"))
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(whole, product.FileName), model)
	stale := checked(t, all, "documents", exitFailed, "-C", whole, "report", "--documents", "--stale")
	if len(stale["stale"].([]any)) == 0 || stale["written"] != false {
		t.Errorf("a support period that moved makes %v stale, written %v", stale["stale"], stale["written"])
	}
	for id, kind := range map[string]string{"no-way-in": "need", "support-statement#from-until": "sentence"} {
		d := checked(t, all, "trace", exitOK, "-C", whole, "trace", id)
		if of := d["of"].(map[string]any); of["kind"] != kind || of["title"] == "" {
			t.Errorf("%s is %v", id, of)
		}
		if len(d["up"].([]any))+len(d["down"].([]any)) == 0 {
			t.Errorf("nothing hangs on %s", id)
		}
	}
}

func TestJSONCustody(t *testing.T) {
	t.Parallel()
	all := schemas(t)
	dir := photographed(t)
	for _, c := range testcase.All() {
		if c.Method != testcase.Auto {
			checked(t, all, "record", exitOK, "record", string(c.ID))
		}
	}
	d := checked(t, all, "record", exitOK, "-C", dir, "record", "label.model", "--verdict", "pass", "--by", "Lin")
	if d["verdict"] != "PASS" || len(d["lacks"].([]any)) == 0 {
		t.Errorf("a result without its observations: %v", d)
	}
	d = checked(t, all, "verify", exitOK, "-C", dir, "verify")
	runs := d["runs"].([]any)
	if d["consistent"] != true || d["authenticated"] != false || d["head_given"] != false || len(runs) != 2 {
		t.Errorf("verify: %v, %d runs", d, len(runs))
	}
	noted := runs[0].(map[string]any)["head"].(string)
	if d = checked(t, all, "verify", exitOK, "-C", dir, "verify", "--head", noted); d["head_given"] != true {
		t.Error("--head isn't shown")
	}
	checked(t, all, "verify", exitFailed, "-C", dir, "verify", "--head", strings.Repeat("0", 64))

	d = checked(t, all, "purge", exitOK, "-C", dir, "purge", "--reason", "end of contract")
	if len(d["left"].([]any)) == 0 { // a referenced image stays without --files
		t.Errorf("purge: %v", d)
	}
	d = checked(t, all, "purge", exitOK, "-C", dir, "purge", "--reason", "files too", "--files")
	if len(d["purged"].([]any)) == 0 || len(d["left"].([]any)) != 0 {
		t.Errorf("purge --files: %v", d)
	}
	d = checked(t, all, "verify", exitOK, "-C", dir, "verify")
	if fmt.Sprint(d["evidence"].(map[string]any)["purged"]) == "0" {
		t.Error("verify doesn't count what was purged")
	}

	found, err := filepath.Glob(filepath.Join(dir, store.Folder, "runs", "*", "*.ndjson"))
	if err != nil || len(found) < 2 {
		t.Fatalf("%d segments: %v", len(found), err)
	}
	for _, name := range found {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		b[len(b)/2] ^= 1
		if err := os.Chmod(name, 0o600); err != nil {
			t.Fatal(err)
		}
		writeFile(t, name, b)
	}
	writeFile(t, filepath.Join(dir, store.Folder, "evidence", "stray"), []byte("x"))
	if d = checked(t, all, "verify", exitFailed, "-C", dir, "verify"); d["consistent"] != false {
		t.Error("damage is consistent")
	}
}

// watched is a stdout whose first write is waited for.
type watched struct {
	mu    sync.Mutex
	b     bytes.Buffer
	first chan struct{}
	once  sync.Once
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.once.Do(func() { close(w.first) })
	return w.b.Write(p)
}

func TestJSONRefcam(t *testing.T) {
	t.Parallel()
	all := schemas(t)
	if d := checked(t, all, "refcam", exitOK, "refcam", "--list"); len(d["weaknesses"].([]any)) != len(refcam.Weaknesses()) {
		t.Errorf("%d switches of %d", len(d["weaknesses"].([]any)), len(refcam.Weaknesses()))
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	dir := filepath.Join(t.TempDir(), "camera")
	out := &watched{first: make(chan struct{})}
	var errs bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- Main(ctx, IO{In: strings.NewReader(""), Out: out, Err: &errs, Getenv: func(string) string { return "" }},
			[]string{"refcam", "--hardened", "--out", dir, "--format", "json"})
	}()
	select {
	case <-out.first:
	case code := <-ended:
		t.Fatalf("exit code %d: %s", code, errs.String())
	case <-time.After(time.Minute):
		t.Fatal("no output")
	}
	stop()
	if code := <-ended; code != exitOK {
		t.Errorf("exit code %d: %s", code, errs.String())
	}
	d := valid(t, all, "refcam", out.b.String())
	for _, name := range []string{"workspace", "credentials"} {
		if !exists(d[name].(string)) {
			t.Errorf("%s: %v isn't there", name, d[name])
		}
	}
}

func TestJSONVersion(t *testing.T) {
	t.Parallel()
	if d := checked(t, schemas(t), "version", exitOK, "version"); !strings.HasPrefix(d["version"].(string), release) {
		t.Errorf("version %v", d["version"])
	}
}

func TestJSONErrors(t *testing.T) {
	t.Parallel()
	all := schemas(t)
	dir, wrong, none := fresh(t, "generic"), misspelt(t), filepath.Join(t.TempDir(), "nowhere")
	busy := fresh(t, "generic")
	s, err := store.Open(busy, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := s.Record(fact.PersonResult{Case: "label.model", Subject: "product", Verdict: "PASS", By: "Lin", Role: "tester", At: time.Now()}, nil); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, word string
		where      string // a part of it; empty: none
		args       []string
	}{
		{"unknown-flag", "usage", "", []string{"check", "--nope"}},
		{"unknown-command", "usage", "", []string{"frobnicate"}},
		{"no-argument", "usage", "", []string{"firmware"}},
		{"unknown-language", "usage", "", []string{"version", "--lang", "tlh"}},
		{"no-reason", "usage", "", []string{"-C", dir, "purge"}},
		{"no-name", "usage", "", []string{"-C", dir, "record", "label.model", "--verdict", "pass"}},
		{"folder-for-image", "usage", dir, []string{"firmware", dir}},
		{"no-image", "not-found", none, []string{"firmware", none}},
		{"no-workspace", "not-found", none, []string{"-C", none, "check"}},
		{"no-model", "not-found", "assay.yaml", []string{"-C", filepath.Dir(none), "plan"}},
		{"nothing-stored", "not-found", dir, []string{"-C", dir, "verify"}},
		{"nothing-to-judge", "not-found", "", []string{"-C", dir, "judge"}},
		{"no-standard", "not-found", "", []string{"standards", "show", "nope"}},
		{"no-requirement", "not-found", "", []string{"standards", "show", "iot-1005-1", "9.9"}},
		{"no-case", "not-found", "", []string{"-C", dir, "record", "nope", "--verdict", "pass"}},
		{"no-case-to-run", "not-found", "", []string{"-C", dir, "run", "--only", "nope", "--standard", "iot-1005-1"}},
		{"misspelt-model", "model", "assay.yaml:3:3", []string{"-C", wrong, "plan"}},
		{"busy", "locked", "", []string{"-C", busy, "record", "label.model", "--verdict", "pass", "--by", "Lin"}},
		{"public-address", "address", "", []string{"device", "8.8.8.8", "--ports", "443"}},
		{"multicast", "address", "", []string{"device", "224.0.0.1", "--ports", "443"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := checked(t, all, "error", exitUse, tc.args...)
			e := d["errors"].([]any)[0].(map[string]any)
			if e["code"] != tc.word {
				t.Errorf("code %v, want %s: %v", e["code"], tc.word, e["message"])
			}
			if got := fmt.Sprint(e["exit"]); got != fmt.Sprint(exitUse) {
				t.Errorf("exit %s", got)
			}
			where, _ := e["where"].(string)
			if !strings.Contains(where, tc.where) || (tc.where == "") != (where == "") {
				t.Errorf("where %q, want %q", where, tc.where)
			}
		})
	}
}

// TestErrorWords: every word of the closed set comes from a cause, and the
// cause is found behind a wrapped error.
func TestErrorWords(t *testing.T) {
	t.Parallel()
	got := make(map[string]string)
	for _, err := range []error{
		errors.New("a flag"), os.ErrNotExist, store.ErrNoRun, standard.ErrUnknown, &segment.LockedError{Dir: "x"}, os.ErrPermission,
		syscall.ENOSPC, syscall.EROFS, network.ErrPublic, network.ErrAddress, network.ErrNotDeclared, store.ErrEnded, store.ErrChanged, context.Canceled,
	} {
		got[err.Error()] = string((&exitError{code: exitUse, err: fmt.Errorf("while working: %w", err)}).word())
	}
	got["fault"] = string((&exitError{code: exitFault, err: errors.New("x")}).word())
	got["model"] = string((&exitError{code: exitUse, kind: codeModel, err: os.ErrNotExist}).word())
	got["parser"], got["changed"] = string(codeParser), string(codeChanged)
	want := map[string]string{
		"a flag": "usage", os.ErrNotExist.Error(): "not-found", store.ErrNoRun.Error(): "not-found", standard.ErrUnknown.Error(): "not-found",
		(&segment.LockedError{Dir: "x"}).Error(): "locked", os.ErrPermission.Error(): "permission", syscall.ENOSPC.Error(): "space", syscall.EROFS.Error(): "permission",
		network.ErrPublic.Error(): "address", network.ErrAddress.Error(): "address", network.ErrNotDeclared.Error(): "address",
		store.ErrEnded.Error(): "stale", store.ErrChanged.Error(): "stale", context.Canceled.Error(): "interrupted",
		"fault": "fault", "model": "model", "parser": "parser", "changed": "changed",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	words := slices.Sorted(maps.Values(got))
	if diff := cmp.Diff(slices.Sorted(slices.Values(errorWords(t))), slices.Compact(words)); diff != "" {
		t.Errorf("words without a cause here: %s", diff)
	}
}

// TestSchemasRefuse: the schemas aren't so loose that anything passes.
func TestSchemasRefuse(t *testing.T) {
	t.Parallel()
	all := schemas(t)
	for _, d := range documents() {
		t.Run(d.kind, func(t *testing.T) {
			t.Parallel()
			_, rest, _ := strings.Cut(section(t, d.kind), "```json\n")
			example, _, _ := strings.Cut(rest, "```")
			var whole map[string]any
			if err := json.Unmarshal([]byte(example), &whole); err != nil {
				t.Fatal(err)
			}
			refuse := func(what string, change func(map[string]any)) {
				bad := maps.Clone(whole)
				change(bad)
				if all[d.kind].Validate(bad) == nil {
					t.Errorf("%s passes", what)
				}
			}
			if err := all[d.kind].Validate(whole); err != nil {
				t.Fatal(err)
			}
			refuse("an unknown field", func(m map[string]any) { m["surprise"] = 1 })
			refuse("another version", func(m map[string]any) { m["schema"] = "assay/" + d.kind + "@2" })
			refuse("no schema", func(m map[string]any) { delete(m, "schema") })
			for name, v := range whole {
				refuse(name+" as null", func(m map[string]any) { m[name] = nil })
				if _, ok := v.([]any); ok {
					refuse("unknown element of "+name, func(m map[string]any) { m[name] = []any{map[string]any{"surprise": 1}} })
				}
			}
		})
	}
}
