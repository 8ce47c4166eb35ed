package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	ghtml "github.com/yuin/goldmark/renderer/html"
	"golang.org/x/net/html"

	"assay/internal/i18n"
	"assay/internal/judge"
	"assay/internal/product"
)

var update = flag.Bool("update", false, "write the golden reports in testdata anew")

func encode(t testing.TB, format string, in Input) string {
	t.Helper()
	e, err := Lookup(format)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := e(&b, in); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, format := range Formats() {
		for _, lang := range i18n.Langs() {
			t.Run(format+"-"+string(lang), func(t *testing.T) {
				t.Parallel()
				got := encode(t, format, sample(t, lang))
				path := filepath.Join("testdata", "sample-"+string(lang)+"."+format)
				if *update {
					if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatalf("%v; run go test ./internal/report -run TestGolden -update", err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("the report changed; look at it, then run with -update (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestSameBytes(t *testing.T) {
	t.Parallel()
	one, other := realistic(t, i18n.En), realistic(t, i18n.En)
	for _, format := range Formats() {
		first := encode(t, format, one)
		for _, in := range []Input{one, other} {
			if encode(t, format, in) != first {
				t.Errorf("%s differs between two runs over the same input", format)
			}
		}
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	if _, err := Lookup("docx"); err == nil || !strings.Contains(err.Error(), "json") {
		t.Errorf("the error %v doesn't name the formats", err)
	}
	for _, format := range Formats() {
		e, err := Lookup(format)
		if err != nil {
			t.Fatal(err)
		}
		for name, in := range map[string]Input{
			"no-product":    {Assessment: &judge.Assessment{}, Texts: realTexts(t)},
			"no-assessment": {Product: &product.Product{}, Texts: realTexts(t)},
			"no-texts":      {Product: &product.Product{}, Assessment: &judge.Assessment{}},
		} {
			if err := e(io.Discard, in); err == nil {
				t.Errorf("%s: %s is taken", format, name)
			}
		}
		empty := Input{Product: &product.Product{}, Assessment: &judge.Assessment{}, Texts: realTexts(t), Lang: i18n.En}
		if err := e(io.Discard, empty); err != nil {
			t.Errorf("%s of an empty assessment: %v", format, err)
		}
		if err := e(full{}, sample(t, i18n.En)); err == nil {
			t.Errorf("%s: a full disk goes unnoticed", format)
		}
	}
}

// full is a disk that is full.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// TestNothingHidden: no control or invisible character of outside text
// reaches a reader.
func TestNothingHidden(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "md", "html"} {
		for i, r := range encode(t, format, sample(t, i18n.Zh)) {
			if r == '\n' {
				continue
			}
			if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp) {
				t.Errorf("%s holds %U at %d", format, r, i)
			}
		}
	}
}

func TestTextColor(t *testing.T) {
	t.Parallel()
	in := sample(t, i18n.En)
	plain := encode(t, "text", in)
	in.Color = true
	colored := encode(t, "text", in)
	if strings.Contains(plain, "\x1b") {
		t.Error("colours without being asked")
	}
	sgr := regexp.MustCompile("\x1b\\[[0-9;]*m")
	if !sgr.MatchString(colored) {
		t.Error("no colours although asked")
	}
	if strings.Contains(sgr.ReplaceAllString(colored, ""), "\x1b") {
		t.Error("an escape sequence that isn't ours")
	}
	if diff := cmp.Diff(plain, sgr.ReplaceAllString(colored, "")); diff != "" {
		t.Errorf("colours change the text (-plain +colored):\n%s", diff)
	}
}

func TestTextWidth(t *testing.T) {
	t.Parallel()
	for _, lang := range i18n.Langs() {
		for _, in := range []Input{sample(t, lang), realistic(t, lang)} {
			for _, width := range []int{40, 80, 132} {
				in.Width = width
				for _, l := range strings.Split(encode(t, "text", in), "\n") {
					if columns(l) > width && !strings.Contains(l, in.Report) {
						t.Errorf("%d columns, asked for %d: %s", columns(l), width, l)
					}
				}
			}
		}
	}
}

func TestMarkdownHoldsNoMarkupFromOutside(t *testing.T) {
	t.Parallel()
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(ghtml.WithUnsafe()))
	for _, lang := range i18n.Langs() {
		var b bytes.Buffer
		for _, text := range []string{encode(t, "md", sample(t, lang)), encodeThreats(t, "md", threatSample(t, lang))} {
			if err := md.Convert([]byte(text), &b); err != nil {
				t.Fatal(err)
			}
		}
		allowed := regexp.MustCompile(`^(h[1-6]|p|ul|ol|li|strong|code|html|head|body)$`)
		doc, err := html.Parse(&b)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for e := range doc.Descendants() {
			if e.Type == html.ElementNode {
				n++
				if !allowed.MatchString(e.Data) {
					t.Errorf("%s: Markdown becomes an element <%s %v>", lang, e.Data, e.Attr)
				}
			}
		}
		if n < 100 {
			t.Errorf("%s: only %d elements", lang, n)
		}
	}
}

func parseHTML(t testing.TB, s string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func TestHTMLIsClosed(t *testing.T) {
	t.Parallel()
	for _, lang := range i18n.Langs() {
		threats := sample(t, lang)
		threats.Threats = threatAnalysis(t)
		for _, page := range []struct {
			html    string
			scripts int
		}{{encode(t, "html", sample(t, lang)), 1}, {encode(t, "html", realistic(t, lang)), 1}, {encode(t, "html", threats), 1}, {encodeThreats(t, "html", threatSample(t, lang)), 0}} {
			doc := parseHTML(t, page.html)
			ids, links := map[string]bool{}, []string{}
			scripts := 0
			for n := range doc.Descendants() {
				if n.Type != html.ElementNode {
					continue
				}
				switch n.Data {
				case "img", "iframe", "object", "embed", "link", "base", "form", "audio", "video", "source", "image", "foreignobject":
					t.Errorf("there is a <%s>", n.Data)
				case "script":
					scripts++
				case "html":
					if attr(n, "lang") != map[i18n.Lang]string{i18n.En: "en", i18n.Zh: "zh-Hant-TW"}[lang] {
						t.Errorf("lang is %q", attr(n, "lang"))
					}
				}
				for _, a := range n.Attr {
					switch {
					case a.Key == "id" && ids[a.Val]:
						t.Errorf("the id %s stands twice", a.Val)
					case a.Key == "id":
						ids[a.Val] = true
					case a.Key == "href":
						links = append(links, a.Val)
					case a.Key == "src", a.Key == "style", strings.HasPrefix(a.Key, "on"):
						t.Errorf("<%s> has %s=%q", n.Data, a.Key, a.Val)
					}
				}
			}
			if scripts != page.scripts {
				t.Errorf("%d scripts, want %d", scripts, page.scripts)
			}
			for _, l := range links {
				if !strings.HasPrefix(l, "#") || !ids[l[1:]] {
					t.Errorf("the link %s leads nowhere", l)
				}
			}
			if len(links) < 20 {
				t.Errorf("only %d links", len(links))
			}
		}
	}
}

func TestHTMLPolicy(t *testing.T) {
	t.Parallel()
	for _, page := range []string{encode(t, "html", sample(t, i18n.En)), encodeThreats(t, "html", threatSample(t, i18n.En))} {
		checkPolicy(t, parseHTML(t, page))
	}
}

func checkPolicy(t *testing.T, doc *html.Node) {
	t.Helper()
	var csp string
	for n := range doc.Descendants() {
		switch {
		case n.Type != html.ElementNode:
		case n.Data == "meta" && attr(n, "http-equiv") == "Content-Security-Policy":
			csp = attr(n, "content")
			if !strings.Contains(csp, "default-src 'none'") {
				t.Errorf("policy %q", csp)
			}
		case n.Data == "script", n.Data == "style":
			if want := n.Data + "-src '" + hashOf(n.FirstChild.Data) + "'"; !strings.Contains(csp, want) {
				t.Errorf("the policy %q lacks %s, or stands behind it", csp, want)
			}
		}
	}
	if csp == "" || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
}

// TestHTMLSays looks for what a report owes its reader.
func TestHTMLSays(t *testing.T) {
	t.Parallel()
	got := encode(t, "html", sample(t, i18n.En))
	page, _, _ := strings.Cut(got, `id="findings"`)
	for _, want := range []string{"Pre-assessment", "r-20260801-1", strings.Repeat("cd", 32), "simulates a device (<bdi>unit-a</bdi>)",
		"Results that are samples", "Overruled.", "failed by the program", "failed by <bdi>Wang</bdi>", "Origin: assay", "All of its requirements must be met.",
		"This run was told to perform these test cases only: <bdi>tls.version</bdi>"} {
		if !strings.Contains(page, want) {
			t.Errorf("page one lacks %q", want)
		}
	}
	for _, want := range []string{"One of these alternatives is enough", "Alternative 2", "strict reading", "offset 12", "030303030303…", "line 7",
		"assay record recovery.power", "assay record doc.setup-guide", "the program said", "legible", "Attached:", "unverified", "our mapping",
		"intrusive steps were not allowed", "nothing", "the product has an app", "not needed &lt;script&gt;"} {
		if !strings.Contains(got, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	in := sample(t, i18n.En)
	in.Run.Laboratory, in.Run.Accreditation = true, "TAF 0000"
	if lab := encode(t, "html", in); strings.Contains(lab, "Pre-assessment") || !strings.Contains(lab, "Test report") {
		t.Error("a laboratory's report is titled as a pre-assessment")
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	small := encode(t, "html", realistic(t, i18n.En))
	if n := len(small); n > 1<<20 {
		t.Errorf("an ordinary report has %d bytes", n)
	}
	in := crowded(t, 80)
	for format, most := range map[string]int{"text": 16 << 10, "html": 16 << 20, "md": 16 << 20} {
		if n := len(encode(t, format, in)); n > most {
			t.Errorf("%s of a crowded run has %d bytes", format, n)
		}
	}
}

func TestSpeaks(t *testing.T) {
	t.Parallel()
	// Every key that the templates and the code name exists.
	texts := realTexts(t)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	templates, err := filepath.Glob("html/*.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	if len(templates) < 2 || len(files) < 10 {
		t.Fatalf("%d files, %d templates", len(files), len(templates))
	}
	key := regexp.MustCompile(`"((?:report|threat)\.[A-Za-z][A-Za-z0-9.-]*[A-Za-z0-9])"`)
	used := map[string]bool{}
	for _, f := range append(files, templates...) {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range key.FindAllStringSubmatch(string(b), -1) {
			used[m[1]] = true
			if !texts.Has(m[1]) && !strings.HasSuffix(f, "_test.go") {
				t.Errorf("%s names %s, which has no text", f, m[1])
			}
		}
	}
	// And none is left over.
	for _, k := range texts.Keys() {
		byPrefix := regexp.MustCompile(`^report\.(profile|kind|method|role|vantage|need)\.`).MatchString(k)
		if strings.HasPrefix(k, "report.") && !used[k] && !byPrefix {
			t.Errorf("nothing uses the text %s", k)
		}
	}
}

func TestJSONKeepsEvidence(t *testing.T) {
	t.Parallel()
	var doc jsonRun
	if err := json.Unmarshal([]byte(encode(t, "json", sample(t, i18n.En))), &doc); err != nil {
		t.Fatal(err)
	}
	r := doc.Verdicts[0].Cases[0].Results[0]
	if len(r.Evidence) != 1 || !strings.Contains(r.Evidence[0].Excerpt, hostileEscape) {
		t.Errorf("the excerpt isn't the bytes that were seen: %+v", r.Evidence)
	}
	if doc.Verdicts[1].Cases[0].Results[0].Automatic != "FAIL" || doc.Verdicts[1].Cases[0].Results[0].Person == nil {
		t.Error("the automatic verdict beside the person's is lost")
	}
	if got := doc.Findings[0].Evidence; len(got) != 2 || got[1].Locator != "cam.bin" {
		t.Errorf("evidence of the observation is lost: %+v", got)
	}
	if diff := cmp.Diff([]string{"sample-1/2.2"}, doc.Findings[0].Refs); diff != "" {
		t.Error(diff)
	}
}
