package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// recordMutations are for the cases that judge the maker's record what the
// weaknesses of the reference camera are for the others: one change to the
// complete record, and the requirement that it turns to FAIL. It passed before.
var recordMutations = []struct {
	testCase, standard, requirement string
	set                             string // of assay guide
}{
	{"support.minimum", "eu-cra", "13.8.b", "product.support.until=2028-02-29"},
	{"record.answered", "nist-ir-8259", "3", "means=[{id: right-place, skill: expert}]"},
	{"record.checked", "ai-records", "AI-OVER-4", "ai_features=[{id: person-detection, review: before}]"},
}

// TestRecordCasesCanFail proves that each of them fails where it should.
func TestRecordCasesCanFail(t *testing.T) {
	t.Parallel()
	for _, m := range recordMutations {
		t.Run(m.testCase, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "cam")
			if err := os.CopyFS(dir, os.DirFS(filepath.Join(records, "camera"))); err != nil {
				t.Fatal(err)
			}
			before := caseVerdict(t, dir, m.standard, m.testCase)
			if before[m.requirement] != "PASS" {
				t.Errorf("%s of %s/%s is %s on the complete record, must be PASS to prove anything", m.testCase, m.standard, m.requirement, before[m.requirement])
			}
			recordMain(t, dir, "guide", "-q", "--set", m.set)
			if after := caseVerdict(t, dir, m.standard, m.testCase); after[m.requirement] != "FAIL" {
				t.Errorf("%s of %s/%s is %s after %s", m.testCase, m.standard, m.requirement, after[m.requirement], m.set)
			}
		})
	}
}

// caseVerdict runs the record against a standard and gives the verdict of a
// case by requirement.
func caseVerdict(t *testing.T, dir, standard, id string) map[string]string {
	t.Helper()
	var doc struct {
		Verdicts []struct {
			Requirement string
			Cases       []struct{ ID, Verdict string }
		}
	}
	if err := json.Unmarshal([]byte(recordMain(t, dir, "run", "--standard", standard, "--format", "json")), &doc); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, v := range doc.Verdicts {
		for _, c := range v.Cases {
			if c.ID == id {
				out[v.Requirement] = c.Verdict
			}
		}
	}
	return out
}

func recordMain(t *testing.T, dir string, args ...string) string {
	t.Helper()
	var out, errs strings.Builder
	streams := IO{In: strings.NewReader(""), Out: &out, Err: &errs, Getenv: func(string) string { return "" }, Now: func() time.Time { return recordToday }}
	if code := Main(t.Context(), streams, append([]string{"-C", dir}, args...)); code == exitUse || code == exitFault {
		t.Fatalf("assay %s: exit code %d\n%s", strings.Join(args, " "), code, errs.String())
	}
	return out.String()
}
