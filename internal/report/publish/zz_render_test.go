package publish

import (
	"context"
	"os"
	"testing"

	"assay/internal/i18n"
)

func TestZZRender(t *testing.T) {
	dir := os.Getenv("ZZ_OUT")
	if dir == "" {
		t.Skip("no folder")
	}
	in := workspace(t, os.Getenv("ZZ_IN"))
	if os.Getenv("ZZ_PASS") != "" {
		in.Run, in.Verdicts = "20260615-101500", map[string]string{}
		for _, d := range templates(t) {
			for _, id := range d.requirements() {
				in.Verdicts[id] = "PASS"
			}
		}
		for _, id := range []string{"uk-psti/PSTI-2.b1", "nist-ir-8425/AI.2", "nist-ir-8425/DOC.1.d.6"} {
			in.Verdicts[id] = "INCONCLUSIVE"
		}
	}
	s := all(t, in)
	if _, err := Write(context.Background(), dir, s); err != nil {
		t.Fatal(err)
	}
	for _, docs := range s.Documents {
		for _, d := range docs {
			t.Log(d.ID, d.Lang, d.Draft, len(d.Statements()), len(d.Errors), len(d.Notices))
			if d.Lang == i18n.Zh && d.For == Regulators || d.ID == "procurement-sheet" {
				for _, n := range d.Notices {
					t.Log("   ", n.Message)
				}
			}
		}
	}
	t.Log(s.Skipped)
}
