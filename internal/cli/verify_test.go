package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assay/internal/evidence"
	"assay/internal/store"
)

// TestTamperedHead: whoever can write the folder can also write hashes that
// fit. Only the head that a report printed finds it (acceptance 6).
func TestTamperedHead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, out, errs := assayRun(t, dir, "demo", "--weakness", "tls10-accepted", "--out", "cam", "--format", "json")
	if code != exitFailed {
		t.Fatalf("demo: exit code %d\n%s", code, errs)
	}
	run := decodeRun(t, out).Run
	path := filepath.Join(dir, "cam", store.Folder, "runs", run.ID, "main.ndjson")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(bytes.TrimSuffix(whole, []byte("\n")), []byte("\n"))
	for _, row := range []struct {
		name    string
		bytes   []byte
		alone   int // exit code of verify without a head
		problem string
	}{
		{"undamaged", whole, exitOK, ""},
		{"last-entry-dropped", bytes.Join(lines[:len(lines)-1], nil), exitOK, "not-head"},
		{"last-entry-forged", forge(t, lines, func(e evidence.Entry) any {
			return json.RawMessage(strings.Replace(string(e.Body), `{`, `{"failed":["nothing, really"],`, 1))
		}), exitOK, "not-head"},
		{"last-entries-swapped", bytes.Join(slices.Concat(lines[:len(lines)-2], [][]byte{append(lines[len(lines)-1], '\n'), lines[len(lines)-2]}), nil), exitFailed, "damaged"},
		{"entry-added", extend(t, lines), exitOK, "behind-head"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if err := os.WriteFile(path, row.bytes, 0o600); err != nil {
				t.Fatal(err)
			}
			if code, out, errs := assayRun(t, dir, "verify", "cam"); code != row.alone {
				t.Errorf("verify: exit code %d, want %d\n%s%s", code, row.alone, out, errs)
			}
			want := exitFailed
			if row.problem == "" {
				want = exitOK
			}
			code, out, errs := assayRun(t, dir, "verify", "cam", "--head", run.Head, "--format", "json")
			if code != want {
				t.Fatalf("verify --head: exit code %d, want %d\n%s%s", code, want, out, errs)
			}
			if !strings.Contains(string(out), row.problem) {
				t.Errorf("verify --head doesn't name %s:\n%s", row.problem, out)
			}
			_, text, _ := assayRun(t, dir, "verify", "cam", "--head", run.Head)
			if row.problem == "" && strings.Contains(string(text), "not authenticated") || len(text) == 0 {
				t.Errorf("words: %s", text)
			}
		})
	}
}

// forge replaces the body of the last entry and makes its hash fit.
func forge(t *testing.T, lines [][]byte, change func(evidence.Entry) any) []byte {
	t.Helper()
	var c evidence.Chain
	for _, l := range lines[:len(lines)-1] {
		if _, err := c.Check(bytes.TrimSuffix(l, []byte("\n"))); err != nil {
			t.Fatal(err)
		}
	}
	at := c
	last, err := at.Check(bytes.TrimSuffix(lines[len(lines)-1], []byte("\n")))
	if err != nil {
		t.Fatal(err)
	}
	_, line, err := c.Next(last.Type, change(last))
	if err != nil {
		t.Fatal(err)
	}
	return append(bytes.Join(lines[:len(lines)-1], nil), line...)
}

// extend adds an entry whose hash fits.
func extend(t *testing.T, lines [][]byte) []byte {
	t.Helper()
	var c evidence.Chain
	for _, l := range lines {
		if _, err := c.Check(bytes.TrimSuffix(l, []byte("\n"))); err != nil {
			t.Fatal(err)
		}
	}
	_, line, err := c.Next("run.end", map[string]any{"at": "2030-01-01T00:00:00Z"})
	if err != nil {
		t.Fatal(err)
	}
	return append(append(bytes.Join(lines, nil), '\n'), line...)
}
