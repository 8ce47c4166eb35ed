package publish

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"assay/internal/i18n"
	"assay/internal/record"
	"assay/internal/standard"
)

// TestAcceptedRisks: a high risk that the maker accepted stands in the risk
// statement, with the title that the caller gives.
func TestAcceptedRisks(t *testing.T) {
	t.Parallel()
	threat := func(rule, decision, residual string) map[string]any {
		return map[string]any{"id": rule + "@component/sensor", "rule": rule, "element": "component/sensor", "level": "critical", "residual": residual,
			"decision": decision, "by": "Lin Mei", "why": "nobody can stop a radio from being jammed", "until": "2027-03-01", "overdue": false}
	}
	for _, c := range []struct {
		name    string
		threats []any
		says    string
		not     string
	}{
		{"high", []any{threat("jammed", "accept", "major"), threat("small", "accept", "minor")}, "Radio jamming; Level: Major; Why the manufacturer lives with it: Nobody can stop", "accepted none"},
		{"low", []any{threat("small", "accept", "minor")}, "accepted none of its high risks", "Level:"},
		{"mitigated", []any{threat("jammed", "mitigate", "critical")}, "accepted none of its high risks", "Level:"},
		{"not-modelled", nil, "", "high risks"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := edited(t)
			in.View = record.NewView(in.View.Product(), clock, map[string]any{"threats": c.threats})
			in.Terms = func(_, name, value string) (string, bool) {
				return "Radio jamming", name == "threat" && value == "jammed"
			}
			d := documents(all(t, in), i18n.En)
			i := slices.IndexFunc(d, func(d *Document) bool { return d.ID == "risk-statement" })
			var b strings.Builder
			for _, s := range d[i].Statements() {
				b.WriteString(s.Plain() + "\n")
				if strings.HasPrefix(s.ID, "risk-statement#accepted/") && !slices.ContainsFunc(s.Sources, func(x Source) bool {
					return x.File == "threats.yaml" && strings.HasPrefix(x.Path, `threats["jammed@component/sensor"].`)
				}) {
					t.Errorf("%s rests on %v", s.ID, paths(s.Sources))
				}
			}
			if !strings.Contains(b.String(), c.says) || strings.Contains(b.String(), c.not) {
				t.Errorf("want %q and not %q in:\n%s", c.says, c.not, b.String())
			}
		})
	}
}

const small = `schema: assay/publication@1
origin: assay
id: small
for: regulators
title: { en: Small, zh-Hant: 小 }
audience: { en: all, zh-Hant: 全部 }
purpose: { en: none, zh-Hant: 無 }
behind: [uk-psti/PSTI-1.2]
where_applicable: [uk-psti/PSTI-1.3a]
sections:
  - id: one
    title: { en: One, zh-Hant: 一 }
    sentences:
      - id: name
        with: { name: product.product.name }
        text: { en: "It is {name:name}.", zh-Hant: "這是{name:name}。" }
      - id: sign
        form: blank
        text: { en: Signature, zh-Hant: 簽名 }
`

const smallHead = `schema: assay/publication@1
origin: assay
id: head
for: customers
title: { en: H, zh-Hant: 頭 }
audience: { en: all, zh-Hant: 全部 }
purpose: { en: none, zh-Hant: 無 }
sections: [{ id: head, sentences: [{ id: x, with: { m: product.product.model }, text: { en: "{m:raw}", zh-Hant: "{m:raw}" } }] }]
`

// TestBehind: a document stays a draft while a requirement behind it isn't
// met.
func TestBehind(t *testing.T) {
	t.Parallel()
	ts, err := load(fstest.MapFS{"data/small.yaml": {Data: []byte(small)}, "data/head.yaml": {Data: []byte(smallHead)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		first, second string
		draft         bool
	}{
		{"PASS", "PASS", false},
		{"PASS", "NOT_APPLICABLE", false},
		{"NOT_APPLICABLE", "PASS", true},
		{"INCONCLUSIVE", "PASS", true},
		{"FAIL", "PASS", true},
		{"PASS", "FAIL", true},
		{"", "PASS", true},
		{"PASS", "", true},
		{"", "", true},
	} {
		in := edited(t)
		in.Verdicts = map[string]string{"uk-psti/PSTI-1.2": c.first, "uk-psti/PSTI-1.3a": c.second}
		d, err := Make(t.Context(), ts[0], in)
		if err != nil {
			t.Fatal(err)
		}
		if d.Draft != c.draft || (len(d.Errors) > 0) != c.draft {
			t.Errorf("%q and %q: draft is %v: %+v", c.first, c.second, d.Draft, d.Errors)
		}
		for _, e := range d.Errors {
			if e.Code != CodeRequirement || !strings.Contains(e.Message, "PSTI-1.") {
				t.Errorf("error: %+v", e)
			}
		}
	}
}

// TestBadTemplates: mistakes in the data of a document are told.
func TestBadTemplates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, from, to, says string }{
		{"fine", "", "", ""},
		{"schema", "assay/publication@1", "assay/publication@2", "must begin with"},
		{"origin", "origin: assay", "origin: eu", "must begin with"},
		{"id", "id: small", "id: other", "name of the file"},
		{"for", "for: regulators", "for: friends", "for: is"},
		{"field", "sections:", "more: x\nsections:", "more"},
		{"language", `zh-Hant: "這是{name:name}。" }`, `zh-Hant: "" }`, "lacks a language"},
		{"twice", "id: sign", "id: name", "short name of its own"},
		{"expression", "with: { name: product.product.name }", "with: { name: product. }", "Syntax error"},
		{"no-value", "with: { name: product.product.name }", "with: { nam: product.product.name }", "no value"},
		{"unused", "with: { name: product.product.name }", "with: { name: product.product.name, x: product.product.model }", "no text has a place"},
		{"rests-on-nothing", "with: { name: product.product.name }", "with: { name: '\"x\"' }", "rests on nothing"},
		{"variable", "with: { name: product.product.name }", "with: { name: unknown.x }", "undeclared reference"},
		{"form", "form: blank", "form: poem", "form is"},
		{"advice", "form: blank", "kind: advice\n        with: { a: product.product.name }", "no text has a place"},
		{"advice-states", "      - id: name\n", "      - id: name\n        kind: advice\n", "advice and blanks state nothing"},
		{"row", "form: blank", "form: row", "a row has cells"},
		{"head", "id: sign", "id: x", "taken by data/head.yaml"},
		{"requirement", "uk-psti/PSTI-1.2", "PSTI", "standard/id"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			data := small
			if c.from != "" {
				if !strings.Contains(small, c.from) {
					t.Fatalf("%q isn't in the document", c.from)
				}
				data = strings.Replace(small, c.from, c.to, 1)
			}
			_, err := load(fstest.MapFS{"data/small.yaml": {Data: []byte(data)}, "data/head.yaml": {Data: []byte(smallHead)}})
			switch {
			case c.says == "" && err != nil:
				t.Error(err)
			case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
				t.Errorf("got %v, want something about %q", err, c.says)
			}
		})
	}
	if _, err := load(fstest.MapFS{"data/small.yaml": {Data: []byte(small)}}); err == nil || !strings.Contains(err.Error(), "head.yaml is missing") {
		t.Errorf("without a head: %v", err)
	}
}

// TestRequirementsExist: documents name requirements that there are.
func TestRequirementsExist(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	catalogues, err := standard.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range catalogues {
		for _, r := range c.Requirements {
			known[string(c.ID)+"/"+string(r.ID)] = true
		}
	}
	n := 0
	for _, d := range templates(t) {
		for _, id := range d.requirements() {
			n++
			if !known[id] {
				t.Errorf("%s: there is no requirement %s", d.ID, id)
			}
		}
	}
	if n < 15 {
		t.Errorf("only %d requirements were found", n)
	}
}

// mainland are words that readers in Taiwan don't use, or use for something
// else; simplified are characters of simplified writing only.
var mainland = []string{"固件", "默認", "服務器", "網絡", "信息", "軟件", "硬件", "端口", "用戶", "登錄", "文檔", "密碼", "視頻", "音頻", "攝像頭",
	"訪問", "兼容", "質量", "加載", "鏈接", "接口", "界面", "內存", "密鑰", "遠程", "實時", "賬號", "賬戶", "短信", "反饋", "卸載", "激活", "數字簽名"}

const simplified = "们这说网务应设证认录册关开无时来对动现发经过给请处号码钥权据输连线机检测标记载试护报问产户"

// TestLanguages: each language of a document is itself.
func TestLanguages(t *testing.T) {
	t.Parallel()
	han := func(s string) bool {
		return strings.ContainsFunc(s, func(r rune) bool { return r >= 0x4e00 && r <= 0x9fff })
	}
	n := 0
	look := func(where string, x record.Text) {
		n++
		if han(x.En) || strings.ContainsAny(x.En, "，。；：、（）") {
			t.Errorf("%s: the English holds Chinese: %s", where, x.En)
		}
		plain := slot.ReplaceAllString(x.Zh, "")
		if letters := strings.Trim(plain, " \t/,.;:()–-0123456789：；，。（）"); letters != "" && !han(plain) && x.En != x.Zh {
			t.Errorf("%s: the Chinese isn't Chinese: %s", where, x.Zh)
		}
		zh := strings.NewReplacer("密碼學", "", "密碼技術", "", "密碼套件", "", "密碼演算法", "", "密碼模組", "").Replace(x.Zh)
		for _, w := range mainland {
			if strings.Contains(zh, w) {
				t.Errorf("%s: %s is no word of Taiwan: %s", where, w, x.Zh)
			}
		}
		if i := strings.IndexAny(x.Zh, simplified); i >= 0 {
			t.Errorf("%s: a simplified character in %s", where, x.Zh)
		}
		var slots [2][]string
		for i, s := range []string{x.En, x.Zh} {
			slots[i] = slot.FindAllString(s, -1)
			slices.Sort(slots[i])
		}
		if !slices.Equal(slots[0], slots[1]) {
			t.Errorf("%s: the languages have different places: %v, %v", where, slots[0], slots[1])
		}
	}
	for _, d := range templates(t) {
		look(d.ID, d.Title)
		look(d.ID, d.Audience)
		look(d.ID, d.Purpose)
		for _, s := range d.Sections {
			look(d.ID+" "+s.ID, s.Title)
			for _, x := range s.Sentences {
				for _, text := range x.texts() {
					look(d.ID+"#"+x.ID, text)
				}
			}
		}
	}
	if n < 500 {
		t.Errorf("only %d texts were looked at", n)
	}
}

// TestNoPlaceholders: documents hold no name of an invented company or address.
func TestNoPlaceholders(t *testing.T) {
	t.Parallel()
	for _, d := range templates(t) {
		for _, s := range d.Sections {
			for _, x := range s.Sentences {
				for _, text := range x.texts() {
					for _, w := range []string{"acme", "example.", "lorem", "tbd", "your company", "[name]"} {
						if strings.Contains(strings.ToLower(text.En), w) || strings.Contains(text.Zh, "某某") {
							t.Errorf("%s#%s holds %q", d.ID, x.ID, w)
						}
					}
				}
			}
		}
	}
}
