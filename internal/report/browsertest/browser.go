// Package browsertest runs pages in a real headless Chromium, for tests.
//
// In: a page by its address. Out: what JavaScript sees of it, what the browser
// complained about, and what it asked for. Only tests import it.
package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Browser is a page of a real browser, with what it complained about and
// asked for.
type Browser struct {
	Ctx      context.Context // of chromedp
	mu       sync.Mutex
	problems []string
	requests []string
}

// New starts a browser. The test is skipped where there is none, unless
// ASSAY_REQUIRE_BROWSER is 1.
func New(t *testing.T) *Browser {
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
	b := &Browser{Ctx: tab}
	if err := chromedp.Listen(tab, b.listen); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	b.Run(t, chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, network.Enable, network.EnableParams{})
		if err == nil {
			_, err = cdp.Call(ctx, tab, log.Enable, cdp.Empty{})
		}
		return err
	}))
	return b
}

func (b *Browser) listen(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, ev.Request.URL)
	case *runtime.EventExceptionThrown:
		b.problems = append(b.problems, "exception: "+ev.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		if ev.Type == runtime.ConsoleAPICalledTypeError || ev.Type == runtime.ConsoleAPICalledTypeWarning {
			b.problems = append(b.problems, fmt.Sprintf("console: %v", ev.Args))
		}
	case *log.EventEntryAdded:
		b.problems = append(b.problems, string(ev.Entry.Level)+": "+ev.Entry.Text)
	}
}

// Run carries out actions; an error ends the test.
func (b *Browser) Run(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b.Ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// Eval gives the value of a JavaScript expression.
func Eval[T any](t *testing.T, b *Browser, js string) T {
	t.Helper()
	out, err := chromedp.Run(b.Ctx, chromedp.Evaluate[T](js))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Do runs JavaScript for its effect.
func Do(t *testing.T, b *Browser, js string) {
	t.Helper()
	Eval[bool](t, b, "(() => { "+js+"; return true; })()")
}

// Screen sets the size, the colour scheme and the medium (screen, print).
func (b *Browser) Screen(t *testing.T, width, height int64, scheme, media string) {
	t.Helper()
	b.Run(t, chromedp.EmulateViewport(width, height), chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: media,
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		return err
	}))
}

// Reset forgets what was complained about and asked for.
func (b *Browser) Reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems, b.requests = nil, nil
}

// Problems are what the browser complained about since Reset.
func (b *Browser) Problems() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.problems)
}

// Requests are the addresses that it asked for since Reset.
func (b *Browser) Requests() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.requests)
}
