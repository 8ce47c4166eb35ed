package report

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark"
	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"assay/internal/i18n"
	"assay/internal/verdict"
)

func TestPhrase(t *testing.T) {
	t.Parallel()
	v := voice{fixed{realTexts(t)}, i18n.En}
	for _, tc := range []struct {
		name   string
		reason verdict.Reason
		text   string
		html   string
		md     string
	}{
		{"plain", verdict.Because("reason.tls-versions", "versions", "1.2"), "accepts only TLS 1.2", "accepts only TLS <bdi>1.2</bdi>", `accepts only TLS 1\.2`},
		{"key-as-argument", verdict.Because("reason.secret-in-image", "type", "secret.private-key", "path", "/a"), "a private key in clear: /a",
			"a private key in clear: <bdi>/a</bdi>", `a private key in clear: /a`},
		{"argument-looks-like-placeholder", verdict.Because("reason.unreachable", "unit", "{error}", "error", "e"), "{error} gave no answer: e",
			"<bdi>{error}</bdi> gave no answer: <bdi>e</bdi>", `{error} gave no answer: e`},
		{"argument-looks-like-mark", verdict.Because("reason.unreachable", "unit", "\ue0001\ue001", "error", "e"), "⟨U+E000⟩1⟨U+E001⟩ gave no answer: e",
			"<bdi>⟨U+E000⟩1⟨U+E001⟩</bdi> gave no answer: <bdi>e</bdi>", `⟨U+E000⟩1⟨U+E001⟩ gave no answer: e`},
		{"missing-key", verdict.Because("reason.unheard", "b", "2", "a", "<1>"), "reason.unheard: a=<1>, b=2",
			"<bdi>reason.unheard</bdi>: <bdi>a=&lt;1&gt;</bdi>, <bdi>b=2</bdi>", `reason.unheard: a=\<1\>, b=2`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := v.reason(tc.reason)
			if got := p.Text(); got != tc.text {
				t.Errorf("text %q, want %q", got, tc.text)
			}
			if got := string(p.HTML()); got != tc.html {
				t.Errorf("HTML %q, want %q", got, tc.html)
			}
			if got := p.Markdown(); got != tc.md {
				t.Errorf("Markdown %q, want %q", got, tc.md)
			}
		})
	}
}

func TestPhraseCode(t *testing.T) {
	t.Parallel()
	p := phrase{{"run `assay record ", catalogue}, {"a`b<i>", outside}, {"` now", catalogue}}
	if got, want := string(p.HTML()), "run <code>assay record <bdi>a`b&lt;i&gt;</bdi></code> now"; got != want {
		t.Errorf("HTML %q, want %q", got, want)
	}
	if got, want := p.Markdown(), "run `` assay record a`b<i> `` now"; got != want {
		t.Errorf("Markdown %q, want %q", got, want)
	}
}

// TestPhraseContains: whatever stands in a phrase, its HTML holds only code
// and bdi elements, closed, and its Markdown no element but code.
func TestPhraseContains(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var p phrase
		for range rapid.IntRange(1, 5).Draw(t, "pieces") {
			text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"`", "<b>", "</code>", "*", "\n", "](x)", "\x1b[1m", "\u202e", "&#60;"})).Draw(t, "text")
			p = append(p, piece{text, origin(rapid.IntRange(int(catalogue), int(outside)).Draw(t, "origin"))})
		}
		contained(t, p)
	})
}

func contained(t interface{ Errorf(string, ...any) }, p phrase) {
	for _, r := range p.Text() {
		if unicode.In(r, unicode.Cc, unicode.Cf) {
			t.Errorf("text holds %U", r)
		}
	}
	var b bytes.Buffer
	if err := goldmark.Convert([]byte("- "+p.Markdown()), &b); err != nil {
		t.Errorf("Markdown: %v", err)
	}
	for name, s := range map[string]string{"HTML": string(p.HTML()), "Markdown": b.String()} {
		nodes, err := html.ParseFragment(strings.NewReader(s), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, top := range nodes {
			for n := range top.Descendants() {
				if n.Type == html.ElementNode && !strings.Contains(" code bdi html head body ul li p ", " "+n.Data+" ") {
					t.Errorf("%s of %q becomes <%s>: %s", name, p.raw(), n.Data, s)
				}
			}
		}
	}
}

// FuzzValues: no data of a fact, however broken, does more than give a bounded
// number of bounded values.
func FuzzValues(f *testing.F) {
	for _, s := range []string{`{"a":1,"b":["x",{"c":null}],"d":{"e":{"f":true}}}`, `[]`, `"x"`, `{`, `{"a":[[[[[[[[[1]]]]]]]]]}`, `nul`,
		`{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}`, "{\"a\":\"" + strings.Repeat("長", 200) + "\"}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got := values(data)
		if len(got) > maxValues+1 {
			t.Errorf("%d values", len(got))
		}
		for _, p := range got {
			if len(p.Value.raw()) > maxValue+8 {
				t.Errorf("a value of %d bytes", len(p.Value.raw()))
			}
			contained(t, p.Name)
			contained(t, p.Value)
		}
	})
}

func TestWrap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.SampledFrom([]rune("ab 漢字，。é-"))).Draw(t, "s")
		width := rapid.IntRange(4, 30).Draw(t, "width")
		joined := ""
		for _, l := range Wrap(s, width) {
			if columns(l) > width+2 { // a closing mark may hang over
				t.Fatalf("%q has %d columns, asked for %d", l, columns(l), width)
			}
			joined += l
		}
		if strings.ReplaceAll(joined, " ", "") != strings.ReplaceAll(s, " ", "") {
			t.Fatalf("%q became %q", s, joined)
		}
	})
}
