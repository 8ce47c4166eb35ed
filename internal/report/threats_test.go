package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"assay/internal/i18n"
	"assay/internal/threat"
)

func encodeThreats(t testing.TB, format string, in ThreatInput) string {
	t.Helper()
	var b bytes.Buffer
	if err := Threats(&b, format, in); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var (
	pictures = regexp.MustCompile(`(?s)<svg[^>]* class="diagram".*?</svg>`)
	styles   = regexp.MustCompile(`(?s)<style>.*?</style>|sha256-[A-Za-z0-9+/=]+`)
)

// bare is a page without style and pictures, which have tests of their own.
func bare(page string) string {
	return styles.ReplaceAllString(pictures.ReplaceAllString(page, "<svg/>"), "…")
}

func TestThreatsGolden(t *testing.T) {
	t.Parallel()
	for _, format := range ThreatFormats() {
		for _, lang := range i18n.Langs() {
			t.Run(format+"-"+string(lang), func(t *testing.T) {
				t.Parallel()
				got := bare(encodeThreats(t, format, threatSample(t, lang)))
				path := filepath.Join("testdata", "threats-"+string(lang)+"."+format)
				if *update {
					if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatalf("%v; run go test ./internal/report -run TestThreatsGolden -update", err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("the page changed; look at it, then run with -update (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestThreatsErrors(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]ThreatInput{
		"no-analysis": {Texts: realTexts(t)},
		"no-product":  {Analysis: &threat.Analysis{Model: &threat.Model{}}, Texts: realTexts(t)},
		"no-texts":    {Analysis: &threat.Analysis{Model: &threat.Model{}, Product: sampleProduct()}},
	} {
		for _, format := range ThreatFormats() {
			if err := Threats(io.Discard, format, in); err == nil {
				t.Errorf("%s: %s is taken", format, name)
			}
		}
	}
	if err := Threats(io.Discard, "docx", threatSample(t, i18n.En)); err == nil || !strings.Contains(err.Error(), "json") {
		t.Errorf("the error %v doesn't name the formats", err)
	}
	empty := ThreatInput{Analysis: &threat.Analysis{Model: &threat.Model{}, Product: sampleProduct()}, Texts: realTexts(t), Lang: i18n.En}
	for _, format := range ThreatFormats() {
		if got := encodeThreats(t, format, empty); len(got) < 200 {
			t.Errorf("%s of an empty analysis: %q", format, got)
		}
		if err := Threats(full{}, format, threatSample(t, i18n.En)); err == nil {
			t.Errorf("%s: a full disk goes unnoticed", format)
		}
	}
}

func TestThreatsNothingHidden(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "md", "html"} {
		for i, r := range encodeThreats(t, format, threatSample(t, i18n.Zh)) {
			if r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp) {
				t.Errorf("%s holds %U at %d", format, r, i)
			}
		}
	}
}

func TestThreatsTextWidth(t *testing.T) {
	t.Parallel()
	for _, lang := range i18n.Langs() {
		in := threatSample(t, lang)
		for _, width := range []int{40, 80, 132} {
			in.Width = width
			for _, l := range strings.Split(encodeThreats(t, "text", in), "\n") {
				if columns(l) > width {
					t.Errorf("%d columns, asked for %d: %s", columns(l), width, l)
				}
			}
		}
		in.Color = true
		if !strings.Contains(encodeThreats(t, "text", in), "\x1b[1;31m") {
			t.Error("no colours although asked")
		}
	}
}

// TestThreatsSay looks for what the page owes its reader.
func TestThreatsSay(t *testing.T) {
	t.Parallel()
	page := encodeThreats(t, "html", threatSample(t, i18n.En))
	for _, want := range []string{
		"Sample numbers, unverified", "Nobody declared it", "run <bdi>r-20260801-1</bdi>", "these requirements count as met, whatever the run says: <bdi>sample-1/2.1</bdi>",
		"Countermeasures that FAILED in the run: 1", "rises from 4 (basic) to 9 (basic)", "no way is left", "14 points (&#43;5)", "no dearer alone",
		"not part of the run", "the model says so", "closed", "CWE-319", "<bdi>CAPEC-94</bdi>", "set by hand <bdi>Lin</bdi>", "rule of the workspace", "accepted by <bdi>Chen ",
		"transferred to <bdi>an insurer</bdi>", "no factors, so the comparison checks plausibility", "Rows that differ: 1 of 3", "no threat of this product", "threats.yaml:12",
		"What differs from run <bdi>r-20260701-1</bdi>", "Risk is left and nobody decided", "<b>1</b> <span class=\"sym\">▲</span>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	in := threatSample(t, i18n.En)
	in.Analysis.Apply("", nil)
	in.Analysis.Met, in.Analysis.Paths.Changes.Then = nil, in.Analysis.Paths.Changes.Cheapest
	page = encodeThreats(t, "html", in)
	for _, want := range []string{"No run: no countermeasure counts", "don&#39;t raise the cheapest attack"} {
		if !strings.Contains(page, want) {
			t.Errorf("without a run the page lacks %q", want)
		}
	}
	if strings.Contains(page, "Left now") {
		t.Error("without a run the page tells what is left")
	}
}

// TestThreatsPictures: the pictures hold the boundaries, the bundled flows
// with their mark, the entry point and the asset.
func TestThreatsPictures(t *testing.T) {
	t.Parallel()
	got := strings.Join(pictures.FindAllString(encodeThreats(t, "html", threatSample(t, i18n.En)), -1), "\n")
	for _, want := range []string{"Premises", "User&#39;s phone", "Maker", "vault cfg", "▲ 1 · tls, mqtt", "https", "admin", "on the local network", "the data video", "control of cloud", `href="#t-log-in-interface-web"`} {
		if !strings.Contains(got, want) {
			t.Errorf("the pictures lack %q", want)
		}
	}
	if strings.Contains(got, "can&#39;t be drawn") {
		t.Error("a picture can't be drawn")
	}
}

// TestThreatsBounded: many threats give a page that opens, which says what it
// leaves out; the JSON document holds all.
func TestThreatsBounded(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ threats, elements, least, most int }{
		{2000, 1, maxPerElement, maxPerElement}, {2000, 40, 300, maxThreats + 100}, {2000, 1000, 300, maxThreats + 2*maxElements},
	} {
		t.Run(fmt.Sprint(tc.elements), func(t *testing.T) {
			t.Parallel()
			in := ThreatInput{Analysis: manyThreats(t, tc.threats, tc.elements), Lang: i18n.En, Texts: realTexts(t)}
			page := encodeThreats(t, "html", in)
			if n := strings.Count(page, `class="thr `); n < tc.least || n > tc.most {
				t.Errorf("the page lists %d threats", n)
			}
			if !strings.Contains(page, "more; the JSON document holds all of them") {
				t.Error("the page doesn't say that it leaves something out")
			}
			if len(page) > 6<<20 {
				t.Errorf("the page has %d bytes", len(page))
			}
			var doc jsonThreats
			if err := json.Unmarshal([]byte(encodeThreats(t, "json", in)), &doc); err != nil {
				t.Fatal(err)
			}
			if len(doc.Threats) != tc.threats {
				t.Errorf("the document holds %d threats", len(doc.Threats))
			}
		})
	}
}

// TestThreatsInReport: the test report shows the threats behind its findings,
// and their requirements lead to those of the report.
func TestThreatsInReport(t *testing.T) {
	t.Parallel()
	in := sample(t, i18n.En)
	without := encode(t, "text", in)
	in.Threats = threatAnalysis(t)
	page := encode(t, "html", in)
	order := []int{strings.Index(page, `id="findings"`), strings.Index(page, `id="threats"`), strings.Index(page, `id="undecided"`)}
	if order[0] < 0 || order[1] < order[0] || order[2] < order[1] {
		t.Errorf("the threats don't stand between findings and what is undecided: %v", order)
	}
	linked := false
	doc := parseHTML(t, page[order[1]:order[2]])
	for n := range doc.Descendants() {
		linked = linked || n.Type == html.ElementNode && attr(n, "href") == "#r-sample-1-1.1"
	}
	if !linked {
		t.Error("no countermeasure leads to its requirement")
	}
	if md := encode(t, "md", in); !strings.Contains(md, "## Threats and risk") {
		t.Error("the Markdown report lacks the threats")
	}
	text := encode(t, "text", in)
	for _, want := range []string{"Threats: 4; left: ▲ 3 Critical", "countermeasures that FAILED: 1"} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
			t.Errorf("the summary lacks %q", want)
		}
	}
	if n := strings.Count(text, "\n") - strings.Count(without, "\n"); n > 4 {
		t.Errorf("threats take %d lines of the summary", n)
	}
}

func TestThreatsJSON(t *testing.T) {
	t.Parallel()
	var doc jsonThreats
	if err := json.Unmarshal([]byte(encodeThreats(t, "json", threatSample(t, i18n.En))), &doc); err != nil {
		t.Fatal(err)
	}
	x := doc.Threats[2]
	if x.ID != "own-rule@component/camera" || x.Weakness != "weak-own-rule" || x.Title != hostileMarkup || x.Risk.Level != threat.Critical || x.Risk.Factors["opportunity"].By != "Lin" {
		t.Errorf("threat %+v", x)
	}
	if diff := cmp.Diff([]jsonJudged{{"sample-1/1.3", "INCONCLUSIVE"}, {"sample-1/2.1", "PASS"}}, x.Countermeasures); diff != "" {
		t.Error(diff)
	}
	if doc.Threats[3].Residual.Level != threat.Minor || !doc.Threats[3].Weaknesses[0].Closed {
		t.Errorf("a weakness whose requirement is met stays open: %+v", doc.Threats[3])
	}
	if p := doc.Paths[0]; p.Protected != nil || len(p.Steps) != 2 || p.Steps[1].Threat != "" || len(p.Countermeasures) != 1 || p.Countermeasures[0].Then != nil {
		t.Errorf("path %+v", p)
	}
	if doc.Against == nil || doc.Against.Threats[1].Now != nil {
		t.Errorf("against %+v", doc.Against)
	}
	if want := (jsonRisks{4, jsonLevels{4, 0, 0}, jsonLevels{3, 0, 1}, jsonLevels{0, 0, 4}, 1}); doc.Summary != want {
		t.Errorf("summary %+v", doc.Summary)
	}
}
