package report

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"assay/internal/i18n"
	"assay/internal/report/browsertest"
)

func writeHTML(t *testing.T, in Input) string {
	t.Helper()
	var b bytes.Buffer
	if err := encodeHTML(&b, in); err != nil {
		t.Fatal(err)
	}
	return writePage(t, b.Bytes())
}

func writePage(t *testing.T, page []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, page, 0o600); err != nil {
		t.Fatal(err)
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

const openAll = `document.querySelectorAll("details").forEach(d => d.open = true)`

// overflow lists the elements that stick out to the right. What scrolls in a
// frame of its own may.
const overflow = `(() => {
  const w = document.documentElement.clientWidth, out = [];
  if (document.documentElement.scrollWidth > w) out.push("page " + document.documentElement.scrollWidth + " > " + w);
  document.querySelectorAll("main *, header *").forEach(e => {
    const r = e.getBoundingClientRect();
    if (r.width > 0 && r.right > w + 1 && !e.closest(".skip, .scroll > *, .figure > *")) out.push(e.tagName + "." + (e.getAttribute("class") || "") + " " + Math.round(r.right) + ": " + e.textContent.slice(0, 60));
  });
  return out.slice(0, 5);
})()`

// contrast lists texts whose contrast with what lies behind them is below 4.5
// (WCAG 2.2, 1.4.3).
const contrast = `(() => {
  const rgb = s => { const m = s.match(/[\d.]+/g).map(Number); return { c: m.slice(0, 3), a: m.length > 3 ? m[3] : 1 }; };
  const lum = c => { const f = c.map(x => { x /= 255; return x <= .03928 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4; }); return .2126 * f[0] + .7152 * f[1] + .0722 * f[2]; };
  const out = new Set();
  document.querySelectorAll("body *").forEach(e => {
    if (e.closest("svg, script, .skip") || ![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || !e.checkVisibility()) return;
    let p = e, bg = null;
    while (p && !bg) { const x = rgb(getComputedStyle(p).backgroundColor); if (x.a === 1) bg = x.c; p = p.parentElement; }
    const a = lum(rgb(getComputedStyle(e).color).c), b = lum(bg || [255, 255, 255]);
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) out.add(e.tagName + "." + e.className + " " + ratio.toFixed(2));
  });
  return [...out];
})()`

func TestBrowser(t *testing.T) {
	b := browsertest.New(t)
	for _, lang := range i18n.Langs() {
		threats := realistic(t, lang)
		threats.Threats = threatAnalysis(t)
		for name, in := range map[string]Input{"sample": sample(t, lang), "realistic": realistic(t, lang), "threats": threats} {
			t.Run(name+"-"+string(lang), func(t *testing.T) { look(t, b, in, name+"-"+string(lang)) })
		}
	}
}

func look(t *testing.T, b *browsertest.Browser, in Input, name string) {
	b.Reset()
	at := writeHTML(t, in)
	b.Screen(t, 1280, shotHeight(), "light", "screen")
	b.Run(t, chromedp.Navigate(at))
	if n := browsertest.Eval[int](t, b, `document.querySelectorAll("details.req[open]").length`); n != 0 {
		t.Errorf("%d requirements are open at first", n)
	}
	shoot(t, b, name)

	// A link to a requirement opens it.
	id := browsertest.Eval[string](t, b, `document.querySelector(".cells a").getAttribute("href")`)
	b.Run(t, chromedp.Click(chromedp.CSS(`.cells a`)))
	if !browsertest.Eval[bool](t, b, `document.querySelector('[id="`+strings.TrimPrefix(id, "#")+`"]').closest("details").open`) {
		t.Errorf("following %s doesn't open the requirement", id)
	}
	// The keyboard opens and shuts it.
	before := browsertest.Eval[bool](t, b, `(() => { const s = [...document.querySelectorAll(".req > summary")].pop(); s.focus(); return s.parentElement.open; })()`)
	b.Run(t, chromedp.KeyEvent("\r"))
	if browsertest.Eval[bool](t, b, `[...document.querySelectorAll(".req")].pop().open`) == before {
		t.Error("Enter on a requirement changes nothing")
	}
	filters(t, b)

	browsertest.Do(t, b, openAll)
	fits(t, b)
	printed(t, b)

	if len(b.Problems()) > 0 {
		t.Errorf("the browser complains: %q", b.Problems())
	}
	for _, r := range b.Requests() {
		if r != at && !strings.HasPrefix(r, at+"#") {
			t.Errorf("the report asks for %s", r)
		}
	}
}

// TestBrowserThreats: the page about threats fits every screen, asks for
// nothing, needs no script, and paper shows what is shut.
func TestBrowserThreats(t *testing.T) {
	b := browsertest.New(t)
	for _, lang := range i18n.Langs() {
		t.Run(string(lang), func(t *testing.T) {
			b.Reset()
			at := writePage(t, []byte(encodeThreats(t, "html", threatSample(t, lang))))
			b.Screen(t, 1280, shotHeight(), "light", "screen")
			b.Run(t, chromedp.Navigate(at))
			shootThreats(t, b, "threats-page-"+string(lang))
			browsertest.Do(t, b, openAll)
			fits(t, b)
			browsertest.Do(t, b, `document.querySelectorAll("details").forEach(d => d.open = false)`)
			b.Screen(t, 700, shotHeight(), "dark", "print")
			if n := browsertest.Eval[int](t, b, `[...document.querySelectorAll(".thr .tb")].filter(e => e.getBoundingClientRect().height === 0).length`); n > 0 {
				t.Errorf("%d threats are missing in print", n)
			}
			if c := browsertest.Eval[string](t, b, `getComputedStyle(document.querySelector(".diagram")).getPropertyValue("--d-paper").trim()`); c != "#fff" {
				t.Errorf("pictures on paper are drawn on %s", c)
			}
			b.Screen(t, 1280, shotHeight(), "light", "screen")
			if len(b.Problems()) > 0 || len(b.Requests()) != 1 {
				t.Errorf("the browser complains %q or asks for %q", b.Problems(), b.Requests())
			}
		})
	}
}

// fits holds that nothing sticks out and everything can be read.
func fits(t *testing.T, b *browsertest.Browser) {
	t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{360, 390, 768, 1280} {
			b.Screen(t, width, shotHeight(), scheme, "screen")
			if out := browsertest.Eval[[]string](t, b, overflow); len(out) > 0 {
				t.Errorf("at %d px something sticks out: %q", width, out)
			}
		}
		if out := browsertest.Eval[[]string](t, b, contrast); len(out) > 0 {
			t.Errorf("%s: too little contrast: %q", scheme, out)
		}
	}
}

// shootThreats writes pictures for people to look at, as shoot does.
func shootThreats(t *testing.T, b *browsertest.Browser, name string) {
	t.Helper()
	dir := os.Getenv("ASSAY_REPORT_SHOTS")
	if dir == "" {
		return
	}
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 390} {
			b.Screen(t, width, shotHeight(), scheme, "screen")
			for _, part := range []string{"threat-about", "threat-paths", "threat-stride", "threat-list"} {
				browsertest.Do(t, b, `scrollTo(0, document.getElementById("`+part+`").getBoundingClientRect().top + scrollY - 60)`)
				png, err := chromedp.Run(b.Ctx, chromedp.CaptureScreenshot())
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%s-%d-%s.png", name, scheme, width, part)), png, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	b.Screen(t, 1280, shotHeight(), "light", "screen")
}

func filters(t *testing.T, b *browsertest.Browser) {
	t.Helper()
	shown := `[...document.querySelectorAll(".req")].filter(r => r.checkVisibility()).map(r => r.dataset.v)`
	all := browsertest.Eval[[]string](t, b, shown)
	b.Run(t, chromedp.Click(chromedp.CSS(`button[data-show="FAIL"]`)))
	failed := browsertest.Eval[[]string](t, b, shown)
	if len(failed) == 0 || len(failed) >= len(all) {
		t.Errorf("the filter shows %d of %d", len(failed), len(all))
	}
	for _, v := range failed {
		if v != "FAIL" {
			t.Errorf("the filter for FAIL shows %s", v)
		}
	}
	b.Run(t, chromedp.Click(chromedp.CSS(`button[data-show=""]`)))
	if n := len(browsertest.Eval[[]string](t, b, shown)); n != len(all) {
		t.Errorf("the filter for all shows %d of %d", n, len(all))
	}
}

// printed holds that paper shows what is shut on the screen, by style alone.
func printed(t *testing.T, b *browsertest.Browser) {
	t.Helper()
	browsertest.Do(t, b, `document.querySelectorAll("details").forEach(d => d.open = false)`)
	b.Screen(t, 700, shotHeight(), "dark", "print")
	hidden := browsertest.Eval[[]string](t, b, `[...document.querySelectorAll(".req .body, .req .fact")].filter(e => !e.checkVisibility() || e.getBoundingClientRect().height === 0).map(e => e.className + " " + e.checkVisibility() + e.getBoundingClientRect().height + matchMedia("print").matches)`)
	if len(hidden) > 0 {
		t.Errorf("%d parts are missing in print: %q", len(hidden), hidden[0])
	}
	if c := browsertest.Eval[string](t, b, `getComputedStyle(document.body).backgroundColor`); c != "rgb(255, 255, 255)" {
		t.Errorf("paper is %s", c)
	}
	b.Screen(t, 1280, shotHeight(), "light", "screen")
}

// shoot writes pictures and a print for people to look at, into the folder
// that ASSAY_REPORT_SHOTS names.
func shoot(t *testing.T, b *browsertest.Browser, name string) {
	t.Helper()
	dir := os.Getenv("ASSAY_REPORT_SHOTS")
	if dir == "" {
		return
	}
	save := func(suffix string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name+suffix), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []string{"light", "dark"} {
		for _, w := range []int64{1280, 390} {
			b.Screen(t, w, shotHeight(), s, "screen")
			for _, part := range []string{"result", "findings", "undecided", ".req", "reading"} {
				sel := "#" + part
				if part == ".req" {
					sel = part
					browsertest.Do(t, b, `document.querySelectorAll(".req").forEach((r, i) => r.open = r.dataset.v !== "NOT_CLAIMED" && i < 24)`)
				}
				browsertest.Do(t, b, `(() => { const e = document.querySelector("`+sel+`"); scrollTo(0, "`+part+`" === "result" ? 0 : e.getBoundingClientRect().top + scrollY - 60); })()`)
				png, err := chromedp.Run(b.Ctx, chromedp.CaptureScreenshot())
				if err != nil {
					t.Fatal(err)
				}
				save(fmt.Sprintf("-%s-%d-%s.png", s, w, strings.Trim(part, ".")), png)
			}
			browsertest.Do(t, b, `document.querySelectorAll(".req").forEach(r => r.open = false)`)
		}
	}
	b.Screen(t, 1280, shotHeight(), "light", "")
	pdf, err := chromedp.Run(b.Ctx, chromedp.PrintToPDF(chromedp.PDFPreferCSSPageSize(), chromedp.PDFPrintBackground()))
	if err != nil {
		t.Fatal(err)
	}
	save(".pdf", pdf)
	b.Screen(t, 1280, shotHeight(), "light", "screen")
}

func shotHeight() int64 {
	if os.Getenv("ASSAY_REPORT_SHOTS") != "" {
		return 1500
	}
	return 900
}
