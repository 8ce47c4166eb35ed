package image_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"assay/internal/i18n"
	"assay/internal/report/browsertest"
)

// overflow lists the elements that stick out to the right, but in a box that
// scrolls.
const overflow = `(() => {
  const w = document.documentElement.clientWidth, out = [];
  if (document.documentElement.scrollWidth > w) out.push("page " + document.documentElement.scrollWidth + " > " + w);
  document.querySelectorAll("main *").forEach(e => {
    const r = e.getBoundingClientRect();
    if (r.width > 0 && r.right > w + 1 && !e.closest("thead, svg")) out.push(e.tagName + " " + Math.round(r.right) + ": " + e.textContent.slice(0, 60));
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
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || !e.checkVisibility() || e.closest("svg")) return;
    let p = e, bg = null;
    while (p && !bg) { const x = rgb(getComputedStyle(p).backgroundColor); if (x.a === 1) bg = x.c; p = p.parentElement; }
    const a = lum(rgb(getComputedStyle(e).color).c), b = lum(bg || [255, 255, 255]);
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) out.add(e.tagName + "." + e.className + " " + ratio.toFixed(2));
  });
  return [...out];
})()`

// accessible lists what a reader with a screen reader would miss: the language,
// a heading, names of pictures, headings of columns.
const accessible = `(() => {
  const out = [];
  if (!document.documentElement.lang) out.push("no language");
  if (document.querySelectorAll("h1").length !== 1) out.push("not one h1");
  document.querySelectorAll("svg").forEach(e => { if (!e.getAttribute("aria-label")) out.push("a picture without a name"); });
  document.querySelectorAll("table").forEach(e => { if (!e.querySelector("thead th[scope=col]")) out.push("a table without headings"); });
  document.querySelectorAll("nav a").forEach(e => { if (!document.querySelector(e.getAttribute("href"))) out.push("a link to nowhere: " + e.getAttribute("href")); });
  return out;
})()`

// TestBrowser: the page fits a phone and a desk, in both colour schemes and on
// paper, runs nothing and asks for nothing.
func TestBrowser(t *testing.T) {
	b := browsertest.New(t)
	dir := t.TempDir()
	for _, lang := range i18n.Langs() {
		t.Run(string(lang), func(t *testing.T) {
			file := filepath.Join(dir, string(lang)+".html")
			if err := os.WriteFile(file, []byte(page(t, camera(lang), lang)), 0o600); err != nil {
				t.Fatal(err)
			}
			b.Reset()
			at := (&url.URL{Scheme: "file", Path: file}).String()
			b.Screen(t, 1280, 1500, "light", "screen")
			b.Run(t, chromedp.Navigate(at))
			for _, scheme := range []string{"light", "dark"} {
				for _, width := range []int64{360, 768, 1280} {
					b.Screen(t, width, 1500, scheme, "screen")
					if out := browsertest.Eval[[]string](t, b, overflow); len(out) > 0 {
						t.Errorf("at %d px something sticks out: %q", width, out)
					}
					shoot(t, b, fmt.Sprintf("image-%s-%s-%d", lang, scheme, width))
				}
				if out := browsertest.Eval[[]string](t, b, contrast); len(out) > 0 {
					t.Errorf("%s: too little contrast: %q", scheme, out)
				}
			}
			if out := browsertest.Eval[[]string](t, b, accessible); len(out) > 0 {
				t.Errorf("not for everybody: %q", out)
			}
			if n := browsertest.Eval[int](t, b, `document.querySelectorAll("script, img, iframe, link").length`); n != 0 {
				t.Errorf("%d elements that have no place here", n)
			}
			b.Screen(t, 700, 1500, "dark", "print")
			if out := browsertest.Eval[[]string](t, b, contrast); len(out) > 0 {
				t.Errorf("print: too little contrast: %q", out)
			}
			if len(b.Problems()) > 0 {
				t.Errorf("the browser complains: %q", b.Problems())
			}
			for _, r := range b.Requests() {
				if r != at {
					t.Errorf("the page asks for %s", r)
				}
			}
		})
	}
}

// shoot writes pictures for people to look at, into the folder that
// ASSAY_REPORT_SHOTS names.
func shoot(t *testing.T, b *browsertest.Browser, name string) {
	t.Helper()
	dir := os.Getenv("ASSAY_REPORT_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.Ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
		t.Fatal(err)
	}
}
