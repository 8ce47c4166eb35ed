package publish

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"assay/internal/i18n"
)

// browser is a page of a real browser with what it complained about and asked
// for. The test is skipped where there is none, unless ASSAY_REQUIRE_BROWSER
// is 1.
type browser struct {
	ctx      context.Context
	mu       sync.Mutex
	problems []string
	requests []string
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	if testing.Short() {
		t.Skip("browser tests are left out by -short")
	}
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		if os.Getenv("ASSAY_REQUIRE_BROWSER") == "1" {
			t.Fatal("no Chromium found, and ASSAY_REQUIRE_BROWSER=1 asks for one")
		}
		t.Skip("no Chromium found (chromium, google-chrome): install one to run the browser tests")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.WSURLReadTimeout(60*time.Second))
	ctx, cancelTime := context.WithTimeout(context.Background(), 3*time.Minute)
	alloc, cancelAlloc := chromedp.NewExecAllocator(ctx, opts...)
	tab, cancelTab := chromedp.NewContext(alloc)
	t.Cleanup(func() { cancelTab(); cancelAlloc(); cancelTime() })
	b := &browser{ctx: tab}
	if err := chromedp.Listen(tab, b.listen); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	b.run(t, chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, network.Enable, network.EnableParams{})
		if err == nil {
			_, err = cdp.Call(ctx, tab, log.Enable, cdp.Empty{})
		}
		return err
	}))
	return b
}

func (b *browser) listen(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, ev.Request.URL)
	case *log.EventEntryAdded:
		b.problems = append(b.problems, string(ev.Entry.Level)+": "+ev.Entry.Text)
	}
}

func (b *browser) run(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

func eval[T any](t *testing.T, b *browser, js string) T {
	t.Helper()
	out, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](js))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// screen sets the size and the colour scheme.
func (b *browser) screen(t *testing.T, width int64, scheme, media string) {
	t.Helper()
	height := int64(900)
	if os.Getenv("ASSAY_REPORT_SHOTS") != "" {
		height = 1500
	}
	b.run(t, chromedp.EmulateViewport(width, height), chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: media,
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		return err
	}))
}

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
	b := newBrowser(t)
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

func look(t *testing.T, b *browser, file, name string) {
	b.mu.Lock()
	b.problems, b.requests = nil, nil
	b.mu.Unlock()
	at := (&url.URL{Scheme: "file", Path: file}).String()
	b.screen(t, 1280, "light", "screen")
	b.run(t, chromedp.Navigate(at))
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{360, 768, 1280} {
			b.screen(t, width, scheme, "screen")
			if out := eval[[]string](t, b, overflow); len(out) > 0 {
				t.Errorf("at %d px something sticks out: %q", width, out)
			}
			shoot(t, b, fmt.Sprintf("%s-%s-%d", name, scheme, width))
		}
		if out := eval[[]string](t, b, contrast); len(out) > 0 {
			t.Errorf("%s: too little contrast: %q", scheme, out)
		}
	}
	b.screen(t, 700, "dark", "print")
	if c := eval[string](t, b, `getComputedStyle(document.body).backgroundColor`); c != "rgb(255, 255, 255)" {
		t.Errorf("paper is %s", c)
	}
	if out := eval[[]string](t, b, contrast); len(out) > 0 {
		t.Errorf("print: too little contrast: %q", out)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.problems) > 0 {
		t.Errorf("the browser complains: %q", b.problems)
	}
	for _, r := range b.requests {
		if r != at {
			t.Errorf("the page asks for %s", r)
		}
	}
}

// shoot writes pictures for people to look at, into the folder that
// ASSAY_REPORT_SHOTS names.
func shoot(t *testing.T, b *browser, name string) {
	t.Helper()
	dir := os.Getenv("ASSAY_REPORT_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
		t.Fatal(err)
	}
}
