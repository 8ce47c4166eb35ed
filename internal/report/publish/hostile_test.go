package publish

import (
	"bytes"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	ghtml "github.com/yuin/goldmark/renderer/html"
	xhtml "golang.org/x/net/html"

	"assay/internal/i18n"
)

// attacks are values that try to be more than text.
func attacks() map[string]string {
	return map[string]string{
		"script":     `</p><script>alert(1)</script><img src=x onerror=alert(1)>`,
		"attribute":  `" onmouseover="alert(1)" x="`,
		"markdown":   "[click](javascript:alert(1)) ![x](http://evil.example/x.png) **bold** `code` <http://evil.example>",
		"table":      "a | b | c\n| --- | --- |\n| x | y |",
		"block":      "\n\n# heading\n\n1. one\n2. two\n\n    code\n\n---\n\n<div>block</div>",
		"bidi":       "safe\u202egnp.exe \u2066hidden\u2069\u200b",
		"control":    "a\x1b[31mred\x07\x00b",
		"template":   "{{.Errors}} {name} ⟦…⟧ {0}",
		"link":       "javascript:alert(1)",
		"link-https": "https://evil.example/\"onclick=alert(1)",
		"autolink":   "www.evil.example mailto:a@evil.example https://evil.example/x",
	}
}

// TestHostileModel: whatever the model says, documents keep their form.
func TestHostileModel(t *testing.T) {
	t.Parallel()
	for name, value := range attacks() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := sensor(t)
			prose(reflect.ValueOf(p).Elem(), "", "", func(_ string, v reflect.Value) { v.SetString(value) })
			for i := range p.Documents {
				p.Documents[i].URL = value
			}
			p.Identity.Maker.SecurityContact, p.Identity.Website, p.Communication.MUD = value, value, value
			s := all(t, input(p))
			for _, docs := range s.Documents {
				for _, d := range docs {
					closed(t, d.ID+" "+string(d.Lang), html(t, d))
					unmarked(t, d.ID+" "+string(d.Lang), markdownOf(t, d))
				}
			}
			for _, lang := range i18n.Langs() {
				page, err := s.indexPage(lang)
				if err != nil {
					t.Fatal(err)
				}
				closed(t, "index", string(page))
			}
			for l := range strings.SplitSeq(strings.TrimSpace(string(s.securityTxt(clock))), "\n") {
				if !regexp.MustCompile(`^(Expires|Preferred-Languages|Canonical|Policy|Contact): [!-~][ -~]*$`).MatchString(l) || strings.Contains(l, "javascript") || strings.Contains(l, "evil") {
					t.Errorf("security.txt holds %q", l)
				}
			}
		})
	}
}

var invisible = regexp.MustCompile(`[\x00-\x08\x0b-\x1f\x7f\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}]`)

// closed holds that a page loads nothing, runs nothing and leads only where
// an address may lead.
func closed(t *testing.T, what, page string) {
	t.Helper()
	if at := invisible.FindStringIndex(page); at != nil {
		t.Errorf("%s holds %q", what, page[at[0]:at[1]])
	}
	doc, err := xhtml.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{"html", "head", "meta", "title", "style", "body", "a", "div", "header", "h1", "h2", "p", "time", "section", "strong", "ul", "ol", "li", "small", "nav", "main",
		"table", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd", "mark", "bdi", "br"}
	attributes := []string{"lang", "charset", "name", "content", "http-equiv", "class", "id", "href", "rel", "datetime", "scope", "data-label", "aria-label"}
	ids, links := map[string]bool{}, []string{}
	policy := false
	for n := range doc.Descendants() {
		if n.Type == xhtml.CommentNode {
			t.Errorf("%s: there is a comment %q", what, n.Data)
		}
		if n.Type != xhtml.ElementNode {
			continue
		}
		if !slices.Contains(allowed, n.Data) {
			t.Errorf("%s: there is a <%s>", what, n.Data)
		}
		for _, a := range n.Attr {
			switch {
			case !slices.Contains(attributes, a.Key):
				t.Errorf("%s: <%s> has %s=%q", what, n.Data, a.Key, a.Val)
			case a.Key == "id" && ids[a.Val]:
				t.Errorf("%s: the id %s stands twice", what, a.Val)
			case a.Key == "id":
				ids[a.Val] = true
			case a.Key == "href":
				links = append(links, a.Val)
			case a.Key == "content" && strings.Contains(a.Val, "default-src 'none'"):
				policy = true
			}
		}
	}
	if !policy {
		t.Errorf("%s has no policy", what)
	}
	file := regexp.MustCompile(`^([a-z-]+\.(en|zh-Hant)\.(html|md)|security\.txt|manifest\.json|SHA256SUMS)$`)
	for _, l := range links {
		switch {
		case strings.HasPrefix(l, "#") && ids[l[1:]], file.MatchString(l):
		case address(l) == l:
		default:
			t.Errorf("%s: there is a link to %q", what, l)
		}
	}
}

// unmarked holds that Markdown becomes what the document has and nothing else.
func unmarked(t *testing.T, what, text string) {
	t.Helper()
	if at := invisible.FindStringIndex(text); at != nil {
		t.Errorf("%s holds %q", what, text[at[0]:at[1]])
	}
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(ghtml.WithUnsafe()))
	var b bytes.Buffer
	if err := md.Convert([]byte(text), &b); err != nil {
		t.Fatal(err)
	}
	doc, err := xhtml.Parse(&b)
	if err != nil {
		t.Fatal(err)
	}
	allowed := regexp.MustCompile(`^(html|head|body|h1|h2|p|ul|ol|li|strong|br|table|thead|tbody|tr|th|td)$`)
	columns := 0
	for n := range doc.Descendants() {
		if n.Type != xhtml.ElementNode {
			continue
		}
		if n.Data == "a" && address(n.Attr[0].Val) != "" && !strings.Contains(n.Attr[0].Val, "evil.example\"") {
			continue
		}
		if !allowed.MatchString(n.Data) {
			t.Errorf("%s: Markdown becomes <%s %v>", what, n.Data, n.Attr)
		}
		if n.Data == "tr" {
			cells := 0
			for c := range n.ChildNodes() {
				if c.Type == xhtml.ElementNode {
					cells++
				}
			}
			if n.Parent.Data == "thead" {
				columns = cells
			} else if cells != columns {
				t.Errorf("%s: a row has %d cells, its table %d columns", what, cells, columns)
			}
		}
	}
}

// TestAddress: what may be a link.
func TestAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"security@maker.example", "mailto:security@maker.example"},
		{"mailto:security@maker.example", "mailto:security@maker.example"},
		{"https://maker.example/report?x=1#y", "https://maker.example/report?x=1#y"},
		{"tel:+886-2-0000-0000", "tel:+886-2-0000-0000"},
		{"+886 3 555 0142", "tel:+886-3-555-0142"},
		{"(02) 5550-1234", ""},
		{"http://maker.example", ""},
		{"javascript:alert(1)", ""},
		{"https://maker.example/\"x", ""},
		{"https://maker.example/ x", ""},
		{"https://user:pass@maker.example/", ""},
		{"a|b@maker.example", ""},
		{"Name <a@maker.example>", ""},
		{"a@localhost", ""},
		{"a@maker.example\r\nX: y", ""},
		{"ask in the shop", ""},
		{strings.Repeat("a", 600) + "@maker.example", ""},
		{"", ""},
	} {
		if got := address(c.in); got != c.want {
			t.Errorf("address(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

// TestSteps: how people number what they write.
func TestSteps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"press the button", []string{"press the button"}},
		{"1. press\n2. wait\n", []string{"press", "wait"}},
		{"- press\n\n- wait", []string{"press", "wait"}},
		{"1. A year before. 2. On 29 February the end. 3. Off.", []string{"A year before.", "On 29 February the end.", "Off."}},
		{"1. 先重置。2. 再移除。", []string{"先重置。", "再移除。"}},
		{"1、先重置\n2、再移除", []string{"先重置", "再移除"}},
		{"release 2.1 is needed, 2. is not", []string{"release 2.1 is needed, 2. is not"}},
		{"1.5 litres of water", []string{"1.5 litres of water"}},
	} {
		var got []string
		for _, ps := range steps([]Piece{{Text: c.in, kind: foreign}}) {
			got = append(got, text(ps))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}

// TestBegun: phrases of people begin a text like sentences.
func TestBegun(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"press it": "Press it", "press": "Press", "mDNS is off": "mDNS is off", "aes-256": "aes-256", "Yes": "Yes", "smart-home programs": "Smart-home programs", "https://x.example is": "https://x.example is", "-x": "-x", "https": "https", "按下": "按下", "": "", "x9 is on": "x9 is on", "2.1": "2.1",
	} {
		if got := begun(in); got != want {
			t.Errorf("begun(%q) = %q, want %q", in, got, want)
		}
	}
}
