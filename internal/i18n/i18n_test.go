package i18n

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestParseLang(t *testing.T) {
	t.Parallel()
	for _, l := range Langs() {
		if got, err := ParseLang(string(l)); err != nil || got != l {
			t.Errorf("ParseLang(%q) = %q, %v", l, got, err)
		}
	}
	for _, s := range []string{"zh", "zh-TW", "zh-HK"} {
		if got, err := ParseLang(s); err != nil || got != Zh {
			t.Errorf("ParseLang(%q) = %q, %v, want Traditional Chinese", s, got, err)
		}
	}
	for _, s := range []string{"", "zh-CN", "EN", "de"} {
		if got, err := ParseLang(s); err == nil {
			t.Errorf("ParseLang(%q) = %q, want an error", s, got)
		}
	}
}

func TestFromEnvironment(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		env  map[string]string
		want Lang
	}{
		{"nothing", nil, En},
		{"taiwan", map[string]string{"LANG": "zh_TW.UTF-8"}, Zh},
		{"taiwan-without-encoding", map[string]string{"LANG": "zh_TW"}, Zh},
		{"script", map[string]string{"LANG": "zh-Hant"}, Zh},
		{"english", map[string]string{"LANG": "en_US.UTF-8"}, En},
		{"posix", map[string]string{"LANG": "C.UTF-8"}, En},
		{"other", map[string]string{"LANG": "ja_JP.UTF-8"}, En},
		{"messages-over-lang", map[string]string{"LC_MESSAGES": "zh_TW.UTF-8", "LANG": "en_US.UTF-8"}, Zh},
		{"all-over-messages", map[string]string{"LC_ALL": "en_GB.UTF-8", "LC_MESSAGES": "zh_TW.UTF-8"}, En},
		{"empty-is-skipped", map[string]string{"LC_ALL": "", "LANG": "zh_TW.UTF-8"}, Zh},
		{"nonsense", map[string]string{"LC_ALL": "%%%", "LANG": "zh_TW.UTF-8"}, En},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := FromEnvironment(func(k string) string { return c.env[k] }); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func fixture(t *testing.T) *Texts {
	t.Helper()
	texts, err := load(fstest.MapFS{"texts/a.yaml": {Data: []byte(`
greet: {en: "Hello {name}, {name}!", zh-Hant: "{name}，{name} 您好！"}
thing: {en: "key of {where}", zh-Hant: "{where} 的金鑰"}
plain: {en: "as it is", zh-Hant: "原樣"}
open: {en: "left {open", zh-Hant: "未結束 {open"}
`)}})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func TestT(t *testing.T) {
	t.Parallel()
	texts := fixture(t)
	for _, c := range []struct {
		name string
		lang Lang
		key  string
		args map[string]string
		want string
	}{
		{"english", En, "greet", map[string]string{"name": "Ana"}, "Hello Ana, Ana!"},
		{"chinese", Zh, "greet", map[string]string{"name": "小明"}, "小明，小明 您好！"},
		{"missing-key", En, "reason.nowhere", map[string]string{"name": "x"}, "reason.nowhere"},
		{"missing-argument", En, "greet", map[string]string{"other": "x"}, "Hello {name}, {name}!"},
		{"no-arguments", Zh, "greet", nil, "{name}，{name} 您好！"},
		{"argument-not-asked-for", En, "plain", map[string]string{"name": "x"}, "as it is"},
		{"argument-is-a-key", En, "greet", map[string]string{"name": "plain"}, "Hello as it is, as it is!"},
		{"argument-is-a-key-in-chinese", Zh, "greet", map[string]string{"name": "plain"}, "原樣，原樣 您好！"},
		{"argument-isn't-expanded-again", En, "greet", map[string]string{"name": "{name}"}, "Hello {name}, {name}!"},
		{"key-as-argument-gets-no-arguments", En, "greet", map[string]string{"name": "thing", "where": "secret"}, "Hello key of {where}, key of {where}!"},
		{"open-brace", En, "open", map[string]string{"open": "x"}, "left {open"},
		{"unknown-language-is-english", Lang("de"), "plain", nil, "as it is"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := texts.T(c.lang, c.key, c.args); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if got := texts.S(En, "greet", "name", "Ana", "odd"); got != "Hello Ana, Ana!" {
		t.Errorf("S drops an odd argument: got %q", got)
	}
}

func TestLoadErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		files fstest.MapFS
		want  string
	}{
		{"none", fstest.MapFS{}, "no texts"},
		{"lacks-chinese", fstest.MapFS{"texts/a.yaml": {Data: []byte("k: {en: x}\n")}}, "texts/a.yaml: k lacks a language"},
		{"lacks-english", fstest.MapFS{"texts/a.yaml": {Data: []byte("k: {zh-Hant: 文}\n")}}, "texts/a.yaml: k lacks a language"},
		{"no-key", fstest.MapFS{"texts/a.yaml": {Data: []byte("k\n  en: x\n")}}, "texts/a.yaml: k"},
		{"quoted-key", fstest.MapFS{"texts/a.yaml": {Data: []byte("\"k\": {en: x, zh-Hant: 文}\n")}}, "texts/a.yaml: \"k\" is no key"},
		{"third-language", fstest.MapFS{"texts/a.yaml": {Data: []byte("k: {en: x, zh-Hant: 文, de: y}\n")}}, "texts/a.yaml"},
		{"twice-in-a-file", fstest.MapFS{"texts/a.yaml": {Data: []byte("k: {en: x, zh-Hant: 文}\nk: {en: x, zh-Hant: 文}\n")}}, "texts/a.yaml"},
		{"twice-in-two-files", fstest.MapFS{
			"texts/a.yaml": {Data: []byte("k: {en: x, zh-Hant: 文}\n")},
			"texts/b.yaml": {Data: []byte("k: {en: x, zh-Hant: 文}\n")},
		}, "texts/b.yaml: the key k stands twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			texts, err := load(c.files)
			if err == nil {
				err = texts.Check()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

func TestCatalogue(t *testing.T) {
	t.Parallel()
	texts, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if err := texts.Check(); err != nil {
		t.Fatal(err)
	}
	keys := texts.Keys()
	if len(keys) == 0 || !texts.Has(keys[0]) {
		t.Fatal("the catalogue lists no key that it has")
	}
	if _, ok := texts.Get("reason.nowhere"); ok || texts.Has("reason.nowhere") {
		t.Error("a key that doesn't exist is found")
	}
	args := map[string]string{"versions": "1.0", "min": "1.2"}
	if got, want := texts.T(En, "reason.tls-too-old", args), "accepts TLS 1.0, older than 1.2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := texts.T(Zh, "reason.tls-too-old", args), "接受 TLS 1.0，低於 1.2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	got := texts.S(Zh, "reason.stored-in-clear", "type", "secret.private-key", "path", "/etc/key", "line", "3")
	if want := "以明文儲存：私鑰，位於 /etc/key:3"; got != want {
		t.Errorf("an argument that is a key: got %q, want %q", got, want)
	}
}
