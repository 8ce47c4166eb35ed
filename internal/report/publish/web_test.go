package publish

import (
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

// overflow lists the elements that stick out to the right.
const overflow = `(() => {
  const w = document.documentElement.clientWidth, out = [];
  if (document.documentElement.scrollWidth > w) out.push("page " + document.documentElement.scrollWidth + " > " + w);
  document.querySelectorAll("main *, header *, nav *").forEach(e => {
    const r = e.getBoundingClientRect();
    if (r.width > 0 && r.right > w + 1 && !e.closest("thead")) out.push(e.tagName + " " + Math.round(r.right) + ": " + e.textContent.slice(0, 60));
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
    if (e.closest(".skip") || ![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || !e.checkVisibility()) return;
    let p = e, bg = null;
    while (p && !bg) { const x = rgb(getComputedStyle(p).backgroundColor); if (x.a === 1) bg = x.c; p = p.parentElement; }
    const a = lum(rgb(getComputedStyle(e).color).c), b = lum(bg || [255, 255, 255]);
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) out.add(e.tagName + "." + e.className + " " + ratio.toFixed(2));
  });
  return [...out];
})()`

// TestBrowser: documents fit every screen, ask for nothing, need no script and
// can be read in both colour schemes and on paper; drafts too.
func TestBrowser(t *testing.T) {
	b := browsertest.New(t)
	dir := t.TempDir()
	write(t, dir, all(t, workspace(t, "../../activity/testdata/camera")))
	draft := filepath.Join(dir, "draft")
	in := edited(t, "    name: Harbour Home Ltd.\n", "")
	in.Verdicts = map[string]string{"etsi-en-303-645/5.3-13": "PASS", "etsi-en-303-645/5.2-1": "FAIL", "etsi-en-303-645/5.1-1": "INCONCLUSIVE"}
	write(t, draft, all(t, in))
	for _, name := range []string{"security-sheet", "responsibility-matrix", "draft/security-sheet", "draft/index"} {
		for _, lang := range i18n.Langs() {
			t.Run(name+"-"+string(lang), func(t *testing.T) {
				look(t, b, filepath.Join(dir, name+"."+string(lang)+".html"), strings.ReplaceAll(name, "/", "-")+"-"+string(lang))
			})
		}
	}
}

func look(t *testing.T, b *browsertest.Browser, file, name string) {
	b.Reset()
	at := (&url.URL{Scheme: "file", Path: file}).String()
	b.Screen(t, 1280, shotHeight(), "light", "screen")
	b.Run(t, chromedp.Navigate(at))
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{360, 768, 1280} {
			b.Screen(t, width, shotHeight(), scheme, "screen")
			if out := browsertest.Eval[[]string](t, b, overflow); len(out) > 0 {
				t.Errorf("at %d px something sticks out: %q", width, out)
			}
			shoot(t, b, fmt.Sprintf("%s-%s-%d", name, scheme, width))
		}
		if out := browsertest.Eval[[]string](t, b, contrast); len(out) > 0 {
			t.Errorf("%s: too little contrast: %q", scheme, out)
		}
	}
	b.Screen(t, 700, shotHeight(), "dark", "print")
	if c := browsertest.Eval[string](t, b, `getComputedStyle(document.body).backgroundColor`); c != "rgb(255, 255, 255)" {
		t.Errorf("paper is %s", c)
	}
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

// shotHeight is that of the window: of screenshots, higher.
func shotHeight() int64 {
	if os.Getenv("ASSAY_REPORT_SHOTS") != "" {
		return 1500
	}
	return 900
}
