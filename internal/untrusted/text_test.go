package untrusted

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestNew(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   string
		max  int
		want string
		cut  bool
	}{
		{"empty", "", 10, "", false},
		{"zero-bound", "a", 0, cutMark, true},
		{"negative-bound", "a", -5, cutMark, true},
		{"empty-zero-bound", "", 0, "", false},
		{"fits-exactly", "abc", 3, "abc", false},
		{"one-over", "abcd", 3, "abc" + cutMark, true},
		{"not-inside-character", "ab視", 4, "ab" + cutMark, true},
		{"not-inside-emoji", "a😀", 3, "a" + cutMark, true},
		{"invalid", "a\xff\xfeb", 10, `a\xff\xfeb`, false},
		{"truncated-character", "a\xe8\xa6", 10, `a\xe8\xa6`, false},
		{"continuations", "\x80\x80\x80\x80\x80\x80", 5, `\x80\x80\x80\x80\x80` + cutMark, true},
		{"surrogate", "\xed\xa0\x80", 10, `\xed\xa0\x80`, false},
		{"real-replacement-character", "\ufffd", 10, "\ufffd", false},
		{"control-kept", "a\x1b[31m", 10, "a\x1b[31m", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := New([]byte(tt.in), tt.max)
			if got.Raw() != tt.want || got.Cut() != tt.cut {
				t.Errorf("New(%q, %d) = %q, cut %v; want %q, cut %v", tt.in, tt.max, got.Raw(), got.Cut(), tt.want, tt.cut)
			}
			if from := From(tt.in, tt.max); from != got {
				t.Errorf("From gives %q, New gives %q", from.Raw(), got.Raw())
			}
		})
	}
}

func TestRenderings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in                         string
		terminal, html, markdown, csv, x string
	}{
		{"plain", "nginx 1.2", "nginx 1.2", "nginx 1.2", "nginx 1.2", "nginx 1.2", "nginx 1.2"},
		{"ansi", "\x1b[31mred", `\x1b[31mred`, `\x1b[31mred`, `\\x1b\[31mred`, `\x1b[31mred`, `\x1b[31mred`},
		{"osc-link", "\x1b]8;;http://x\x07", `\x1b]8;;http://x\x07`, `\x1b]8;;http://x\x07`,
			`\\x1b\]8;;http\:\/\/x\\x07`, `\x1b]8;;http://x\x07`, `\x1b]8;;http://x\x07`},
		{"c1-csi", "\u009b31m", `\x9b31m`, `\x9b31m`, `\\x9b31m`, `\x9b31m`, `\x9b31m`},
		{"bidi-override", "a\u202egpj.exe", "a⟨U+202E⟩gpj.exe", "a⟨U+202E⟩gpj.exe", "a⟨U+202E⟩gpj.exe", "a⟨U+202E⟩gpj.exe", "a⟨U+202E⟩gpj.exe"},
		{"zero-width", "pay\u200bpal", "pay⟨U+200B⟩pal", "pay⟨U+200B⟩pal", "pay⟨U+200B⟩pal", "pay⟨U+200B⟩pal", "pay⟨U+200B⟩pal"},
		{"soft-hyphen", "a\u00adb", "a⟨U+00AD⟩b", "a⟨U+00AD⟩b", "a⟨U+00AD⟩b", "a⟨U+00AD⟩b", "a⟨U+00AD⟩b"},
		{"line-separator", "a\u2028b", "a⟨U+2028⟩b", "a⟨U+2028⟩b", "a⟨U+2028⟩b", "a⟨U+2028⟩b", "a⟨U+2028⟩b"},
		{"hangul-filler", "\u3164", "⟨U+3164⟩", "⟨U+3164⟩", "⟨U+3164⟩", "⟨U+3164⟩", "⟨U+3164⟩"},
		{"tag-character", "\U000e0041", "⟨U+E0041⟩", "⟨U+E0041⟩", "⟨U+E0041⟩", "⟨U+E0041⟩", "⟨U+E0041⟩"},
		{"nonchar", "\ufffe", "⟨U+FFFE⟩", "⟨U+FFFE⟩", "⟨U+FFFE⟩", "⟨U+FFFE⟩", "⟨U+FFFE⟩"},
		{"newline", "a\r\n\tb", `a\r\n\tb`, `a\r\n\tb`, `a\\r\\n\\tb`, `a\r\n\tb`, `a\r\n\tb`},
		{"nul", "a\x00", `a\x00`, `a\x00`, `a\\x00`, `a\x00`, `a\x00`},
		{"script", "<script>'\"&", `<script>'"&`, "&lt;script&gt;&#39;&#34;&amp;", `\<script\>'"\&`, `<script>'"&`, "&lt;script&gt;&#39;&#34;&amp;"},
		{"formula", "=cmd|x", "=cmd|x", "=cmd|x", `\=cmd\|x`, "'=cmd|x", "=cmd|x"},
		{"formula-after-space", "  @SUM", "  @SUM", "  @SUM", `&#32;&#32;\@SUM`, "  '@SUM", "  @SUM"},
		{"formula-after-separator", "a;=b", "a;=b", "a;=b", "a;=b", "a;'=b", "a;=b"},
		{"formula-fullwidth", "＝1", "＝1", "＝1", "＝1", "'＝1", "＝1"},
		{"formula-after-quote", `"=1`, `"=1`, "&#34;=1", `"=1`, `"'=1`, "&#34;=1"},
		{"minus-inside", "a-b", "a-b", "a-b", "a-b", "a-b", "a-b"},
		{"www", "www.x.y", "www.x.y", "www.x.y", `&#119;ww\.x.y`, "www.x.y", "www.x.y"},
		{"link", "[a](b)", "[a](b)", "[a](b)", `\[a\](b)`, "[a](b)", "[a](b)"},
		{"chinese", "攝影機 韌體", "攝影機 韌體", "攝影機 韌體", "攝影機 韌體", "攝影機 韌體", "攝影機 韌體"},
		{"hebrew", "שלום", "שלום", "שלום", "שלום", "שלום", "שלום"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			txt := From(tt.in, 1000)
			want := []string{tt.terminal, "<bdi>" + tt.html + "</bdi>", tt.markdown, tt.csv, tt.x}
			got := []string{txt.Terminal(), string(txt.HTML()), txt.Markdown(), txt.CSV(), txt.XML()}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("renderings (-want +got):\n%s", d)
			}
			if s := fmt.Sprintf("%v %s", txt, txt); s != tt.terminal+" "+tt.terminal {
				t.Errorf("printed as %q", s)
			}
		})
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"plain", "abc", `"abc"`},
		{"escape", "a\x1b\"", `"a\u001b\""`},
		{"invalid", "\xff", `"\\xff"`},
		{"bidi-kept", "\u202e", "\"\u202e\""},
		{"empty", "", `""`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			txt := From(tt.in, 100)
			b, err := json.Marshal(struct{ T Text }{txt})
			if err != nil || string(b) != `{"T":`+tt.want+`}` {
				t.Fatalf("Marshal = %s, %v; want %s", b, err, tt.want)
			}
			var back struct{ T Text }
			if err := json.Unmarshal(b, &back); err != nil || back.T != txt {
				t.Errorf("back %q, %v; want %q", back.T.Raw(), err, txt.Raw())
			}
		})
	}
	var txt Text
	if err := json.Unmarshal([]byte("7"), &txt); err == nil {
		t.Error("a number was taken for a text")
	}
	long, _ := json.Marshal(strings.Repeat("a", maxDecoded+1)) // a string always marshals
	if err := json.Unmarshal(long, &txt); err == nil {
		t.Error("a text over the bound was taken")
	}
	var got struct {
		T Text `json:"t,omitzero"`
	}
	if b, err := json.Marshal(got); err != nil || string(b) != "{}" {
		t.Errorf("empty text with omitzero = %s, %v", b, err)
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "plain", "\x1b]0;x\x07", "\u202e\u2066\u200b", "\xff\xfe", "=1+1", "<b>&", "\ufeff", "a;=b", strings.Repeat("é", 50)} {
		f.Add([]byte(s), 20)
	}
	f.Fuzz(func(t *testing.T, b []byte, max int) {
		max %= 1 << 12
		txt := New(b, max)
		if txt != From(string(b), max) {
			t.Errorf("New and From differ for %q", b)
		}
		if !utf8.ValidString(txt.Raw()) {
			t.Errorf("%q is not UTF-8", txt.Raw())
		}
		if txt.Len() > 4*clampMax(max)+len(cutMark) {
			t.Errorf("length %d for bound %d", txt.Len(), max)
		}
		if len(b) > clampMax(max) != txt.Cut() && !strings.HasSuffix(string(b), cutMark) {
			t.Errorf("cut = %v for %d bytes, bound %d", txt.Cut(), len(b), max)
		}
		checkSafe(t, txt)
		j, err := json.Marshal(txt)
		if err != nil {
			t.Fatal(err)
		}
		var back Text
		if err := json.Unmarshal(j, &back); err != nil || back != txt {
			t.Errorf("JSON gives %q, %v for %q", back.Raw(), err, txt.Raw())
		}
	})
}
