package publish

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/internal/i18n"
)

func write(t *testing.T, dir string, s *Set) *Manifest {
	t.Helper()
	m, err := Write(t.Context(), dir, s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// folder reads the files of a folder.
func folder(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = string(b)
	}
	return out
}

// TestAChangedValueChangesTheDocumentsThatStateIt: a new end of support makes
// stale, and changes, every document that states it and no other.
func TestAChangedValueChangesTheDocumentsThatStateIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, from, to string
		states         string // in English
		path           string
		at             int // how many documents are expected at least
	}{
		{"support", "support: { from: 2026-03-01, until: 2032-02-29", "support: { from: 2026-03-01, until: 2033-01-31", "29 February 2032", "product.support.until", 4},
		{"role", "see the state, change settings", "see the state, change all settings", "See the state", "roles.owner.may", 2},
		{"erase", "check: the app is gone", "check: the app is no longer there", "the app is gone", "components[1].erase.check", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			before := all(t, edited(t))
			write(t, dir, before)
			old, err := ReadManifest(dir)
			if err != nil {
				t.Fatal(err)
			}
			files := folder(t, dir)

			in := edited(t, c.from, c.to)
			in.Now = clock.AddDate(0, 1, 0)
			after := all(t, in)
			var want []string
			for _, d := range documents(before, i18n.En) {
				// last_update and a release end on the same day as support.
				if strings.Contains(strings.ReplaceAll(said(d, c.path), "\n", " "), c.states) {
					want = append(want, d.ID)
				}
			}
			if len(want) < c.at {
				t.Fatalf("only %v state the value", want)
			}
			var got []string
			for _, x := range Stale(old, after) {
				if x.Why != ChangedValue || x.Path != c.path || x.Old == x.New || len(x.Old) != 64 || len(x.New) != 64 || x.Line == 0 {
					t.Errorf("change: %+v", x)
				}
				if !slices.Contains(got, x.Document) {
					got = append(got, x.Document)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("stale documents (-want +got):\n%s", diff)
			}

			m := write(t, dir, after)
			now := folder(t, dir)
			for name, was := range files {
				id, _, _ := strings.Cut(name, ".")
				should := slices.Contains(want, id) || slices.Contains([]string{"index", "manifest", "SHA256SUMS"}, id)
				if changed := now[name] != was; changed != should {
					t.Errorf("%s: changed is %v, want %v", name, changed, should)
				}
			}
			for _, e := range m.Documents {
				day := clock.Format("2006-01-02")
				if slices.Contains(want, e.ID) {
					day = in.Now.Format("2006-01-02")
				}
				if e.Date != day {
					t.Errorf("%s has the date %s, want %s", e.ID, e.Date, day)
				}
			}
			if left := Stale(m, after); len(left) > 0 {
				t.Errorf("what was just written is stale: %+v", left)
			}
		})
	}
}

// said is what a document says of a place of the model.
func said(d *Document, path string) string {
	var b strings.Builder
	for _, s := range d.Statements() {
		if slices.ContainsFunc(s.Sources, func(x Source) bool { return x.Path == path }) {
			b.WriteString(s.Plain() + "\n")
		}
	}
	return b.String()
}

// TestWritingAgainChangesNothing: the same record gives the same bytes, on
// another day too.
func TestWritingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, all(t, edited(t)))
	before := folder(t, dir)
	in := edited(t)
	in.Now = clock.AddDate(0, 2, 0)
	write(t, dir, all(t, in))
	if diff := cmp.Diff(before, folder(t, dir)); diff != "" {
		t.Errorf("the bytes differ:\n%s", diff)
	}
	for name, content := range before {
		if strings.HasSuffix(name, ".new") {
			t.Errorf("%s was left behind", name)
		}
		if name != SumsFile && !strings.Contains(before[SumsFile], sumOf([]byte(content))+"  "+name+"\n") {
			t.Errorf("%s has no line in %s", name, SumsFile)
		}
	}
}

// TestManifestRoundTrip: what is read is what was written.
func TestManifestRoundTrip(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := write(t, dir, all(t, edited(t)))
	got, err := ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(m)
	b, _ := json.Marshal(got)
	if !bytes.Equal(a, b) {
		t.Error("the manifest differs after reading")
	}
	for _, e := range got.Documents {
		for _, f := range e.Files {
			raw, err := os.ReadFile(filepath.Join(dir, f.Name))
			if err != nil {
				t.Fatal(err)
			}
			if sumOf(raw) != f.SHA256 {
				t.Errorf("%s: the SHA-256 differs", f.Name)
			}
		}
		for _, p := range e.Says {
			if p.Kind == Fact && len(p.Sources) == 0 && p.Text["en"] == "" {
				t.Errorf("%s: a fact without sources and text", p.ID)
			}
		}
	}
	if _, err := ReadManifest(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder without a manifest: %v", err)
	}
}

// TestDocumentsThatAreGone: files of a document that is no longer made are
// removed; files of others stay.
func TestDocumentsThatAreGone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := all(t, edited(t))
	write(t, dir, s)
	if err := os.WriteFile(filepath.Join(dir, "mine.txt"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	old, err := ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	s.Documents = slices.DeleteFunc(s.Documents, func(d []*Document) bool { return d[0].ID == "risk-statement" })
	if c := Stale(old, s); len(c) != 1 || c[0].Document != "risk-statement" || c[0].Why != Vanished {
		t.Errorf("stale: %+v", c)
	}
	write(t, dir, s)
	for name := range folder(t, dir) {
		if strings.HasPrefix(name, "risk-statement") {
			t.Errorf("%s is still there", name)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "mine.txt")); err != nil {
		t.Error(err)
	}
}

// TestBrokenManifest: a folder whose manifest can't be read is not written to.
func TestBrokenManifest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, manifest, says string }{
		{"no-json", "{", "unexpected EOF"},
		{"schema", `{"schema":"assay/other@1"}`, "schema"},
		{"more", `{"schema":"` + ManifestSchema + `"} {}`, "follows"},
		{"way-out", `{"schema":"` + ManifestSchema + `","documents":[{"id":"a","date":"2026-01-01","files":[{"name":"../../x","sha256":"` + strings.Repeat("0", 64) + `"}]}]}`, "no file"},
		{"twice", `{"schema":"` + ManifestSchema + `","documents":[{"id":"a","date":"2026-01-01"},{"id":"a","date":"2026-01-01"}]}`, "no id of its own"},
		{"date", `{"schema":"` + ManifestSchema + `","documents":[{"id":"a","date":"tomorrow"}]}`, "no date"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, ManifestFile), []byte(c.manifest), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Write(t.Context(), dir, all(t, edited(t)))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want something about %q", err, c.says)
			}
			if n := len(folder(t, dir)); n != 1 {
				t.Errorf("%d files were written", n-1)
			}
		})
	}
}

// TestVerdicts: a verdict is shown with its sentence, and a changed one makes
// the sentence stale; a failed one is told.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	in := edited(t)
	in.Verdicts = map[string]string{"etsi-en-303-645/5.3-13": "PASS"}
	in.Standards = map[string]string{"etsi-en-303-645": "EN 303 645"}
	s := all(t, in)
	write(t, dir, s)
	for _, d := range documents(s, i18n.En) {
		if d.ID == "support-statement" && !strings.Contains(html(t, d), `<small class="test v-PASS">Test ETSI EN 303 645 V2.1.1 5.3-13: PASS</small>`) {
			t.Error("the page doesn't show the verdict")
		}
	}
	old, err := ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	in.Verdicts = map[string]string{"etsi-en-303-645/5.3-13": "FAIL"}
	s = all(t, in)
	want := map[string]bool{"support-statement#from-until": true, "security-sheet#support-until": true}
	for _, c := range Stale(old, s) {
		if c.Why != ChangedVerdict && slices.Contains([]string{"support-statement", "security-sheet"}, c.Document) {
			t.Errorf("change: %+v", c)
		}
		delete(want, c.Sentence)
	}
	if len(want) > 0 {
		t.Errorf("not stale: %v", want)
	}
	told := map[string]bool{}
	for _, d := range documents(s, i18n.En) {
		for _, x := range d.Notices {
			told[x.Where] = told[x.Where] || x.Code == CodeContradicted
		}
	}
	if !told["support-statement#from-until"] || !told["security-sheet#support-until"] {
		t.Errorf("the failure is told of %v", told)
	}
}

// TestSecurityTxtExpires: the end is kept while it is far, and made anew when
// it comes near.
func TestSecurityTxtExpires(t *testing.T) {
	t.Parallel()
	const layout = time.RFC3339
	end := clock.Truncate(24 * time.Hour).Add(validity).Format(layout)
	for _, c := range []struct {
		name    string
		days    int
		edit    []string
		renewed bool
	}{
		{"same-day", 0, nil, false},
		{"half-a-year", 180, nil, false},
		{"near", 310, nil, true},
		{"past", 400, nil, true},
		{"other-contact", 10, []string{"security_contact: security@harbour.example", "security_contact: psirt@harbour.example"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, dir, all(t, edited(t)))
			old, err := ReadManifest(dir)
			if err != nil {
				t.Fatal(err)
			}
			in := edited(t, c.edit...)
			in.Now = clock.AddDate(0, 0, c.days)
			s := all(t, in)
			stale := slices.ContainsFunc(Stale(old, s), func(x Change) bool { return x.Document == SecurityTxt })
			if stale != c.renewed {
				t.Errorf("stale is %v, want %v", stale, c.renewed)
			}
			write(t, dir, s)
			text := folder(t, dir)[SecurityFile]
			want := end
			if c.renewed {
				want = in.Now.Truncate(24 * time.Hour).Add(validity).Format(layout)
			}
			if !strings.Contains(text, "Expires: "+want+"\n") {
				t.Errorf("want the end %s in:\n%s", want, text)
			}
		})
	}
}
