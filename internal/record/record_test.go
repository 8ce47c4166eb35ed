package record

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/internal/limit"
	"assay/internal/product"
)

const model = `schema: assay/product@1
product: { name: Cam, model: C-1, release: "1.0", maker: { name: Maker Ltd. }, support: { until: 2031-02-28 } }
customers:
  - { id: owner, who: people at home, kind: person, skill: none }
  - { id: guest, who: visitors, kind: person }
data:
  - { id: video, category: sensitive-personal, shared_with: [] }
  - { id: usage, category: telemetry }
update: { mechanism: over-the-air, automatic: false, check: { every: 24h } }
`

var today = time.Date(2026, 6, 15, 0, 0, 0, 0, time.UTC)

func view(t *testing.T, more map[string]any) *View {
	t.Helper()
	p, problems := product.Load("assay.yaml", []byte(model), limit.Default().YAML)
	if product.HasErrors(problems) {
		t.Fatal(problems)
	}
	return NewView(p, today, more)
}

// TestHits shows what a view holds and where rules hold.
func TestHits(t *testing.T) {
	t.Parallel()
	env, err := NewEnv("facts2")
	if err != nil {
		t.Fatal(err)
	}
	v := view(t, map[string]any{"facts2": []any{"a", "b"}})
	for _, c := range []struct {
		name string
		rule Rule
		at   []string
	}{
		{"whole_product", Rule{When: "product.product.name == 'Cam'"}, []string{""}},
		{"field_of_it", Rule{When: "true", Field: "product.support.until"}, []string{"product.support.until"}},
		{"members", Rule{Each: "product.customers", When: "it.skill == ''", Field: "skill"}, []string{"customers[1].skill"}},
		{"every_field_is_there", Rule{Each: "product.needs", When: "it.robustness == ''"}, nil},
		{"optional_group", Rule{When: "!product.aftercare._stated && product.aftercare.end.cloud == ''"}, []string{""}},
		{"yes_no_and_unsaid", Rule{When: "product.update.automatic == 'no' && product.passwords.used == ''"}, []string{""}},
		{"period_in_hours", Rule{When: "product.update.check.every == 24.0"}, []string{""}},
		{"dates_compare", Rule{When: "product.product.support.until > today && days(today, product.product.support.until) > 1000"}, []string{""}},
		{"years_later", Rule{When: "later(today, 2) == '2028-06-15' && later('', 2) == ''"}, []string{""}},
		{"an_empty_list_that_says_so", Rule{Each: "product.data", When: "it.shared_with_said"}, []string{"data[0]"}},
		{"label", Rule{When: "label.owner == 'people at home' && label.video == 'video'"}, []string{""}},
		{"texts", Rule{Each: "facts2", When: "it == 'b'", Field: "/communication"}, []string{"communication"}},
		{"filtered", Rule{Each: "product.customers.filter(c, c.skill != '')"}, []string{"customers[0]"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			x, err := env.Compile(c.rule)
			if err != nil {
				t.Fatal(err)
			}
			hits, err := x.Hits(t.Context(), v)
			if err != nil {
				t.Fatal(err)
			}
			var at []string
			for _, h := range hits {
				at = append(at, h.At)
			}
			if !slices.Equal(at, c.at) {
				t.Errorf("holds at %q, want %q", at, c.at)
			}
		})
	}
}

// TestRuleFaults: a rule that can't be asked says so; it never counts as not
// holding.
func TestRuleFaults(t *testing.T) {
	t.Parallel()
	env, err := NewEnv()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []Rule{{When: "product."}, {Each: "unknown"}, {With: map[string]string{"x": "1 +"}}} {
		if _, err := env.Compile(r); err == nil {
			t.Errorf("%v compiled", r)
		}
	}
	for _, r := range []Rule{{When: "product.nonsense == 1"}, {When: "product.product.name"}, {Each: "product.product.name"}, {When: "days('soon', today) > 0"}, {With: map[string]string{"x": "product.nonsense"}}} {
		x, err := env.Compile(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := x.Hits(t.Context(), view(t, nil)); err == nil {
			t.Errorf("%v held without an error", r)
		}
	}
}

type words map[string]string

func (w words) Word(lang, text string) (string, bool) { s, ok := w[lang+" "+text]; return s, ok }

func TestFill(t *testing.T) {
	t.Parallel()
	terms := func(lang, name, value string) (string, bool) {
		s, ok := map[string]string{"en  none": "none", "en skill none": "no knowledge", "zh-Hant skill none": "沒有相關知識"}[lang+" "+name+" "+value]
		return s, ok
	}
	for _, c := range []struct {
		name, lang, en, zh string
		values             map[string]any
		want               Filled
	}{
		{"words", "en", "Used by {who}.", "", map[string]any{"who": "people at home"}, Filled{Text: "Used by people at home."}},
		{"translated", "zh-Hant", "", "使用者：{who}。", map[string]any{"who": "people at home"}, Filled{Text: "使用者：家庭成員。"}},
		{"not_translated", "zh-Hant", "", "使用者：{who}。", map[string]any{"who": "visitors of a house"}, Filled{Text: "使用者：visitors of a house。", Foreign: []string{"visitors of a house"}}},
		{"chinese_in_english", "en", "Used by {who}.", "", map[string]any{"who": "訪客"}, Filled{Text: "Used by 訪客.", Foreign: []string{"訪客"}}},
		{"missing", "en", "Until {until:date}.", "", map[string]any{"until": ""}, Filled{Text: "Until " + Gap + ".", Missing: []string{"until"}}},
		{"date", "en", "Until {until:date}.", "", map[string]any{"until": "2031-02-28"}, Filled{Text: "Until 28 February 2031."}},
		{"date_zh", "zh-Hant", "", "至 {until:date}", map[string]any{"until": "2031-02-28"}, Filled{Text: "至 2031 年 2 月 28 日"}},
		{"list", "en", "{x:raw}", "", map[string]any{"x": []any{"a", "b", "c"}}, Filled{Text: "a, b and c"}},
		{"list_zh", "zh-Hant", "", "{x:raw}", map[string]any{"x": []any{"a", "b"}}, Filled{Text: "a、b"}},
		{"term", "en", "{s:term.skill}", "", map[string]any{"s": "none"}, Filled{Text: "no knowledge"}},
		{"term_zh", "zh-Hant", "", "{s:term.skill}", map[string]any{"s": "none"}, Filled{Text: "沒有相關知識"}},
		{"hours", "en", "every {h:hours}", "", map[string]any{"h": 48.0}, Filled{Text: "every 2 days"}},
		{"hour_zh", "zh-Hant", "", "每 {h:hours}", map[string]any{"h": 168.0}, Filled{Text: "每 1 週"}},
		{"number", "en", "{n:number} days", "", map[string]any{"n": int64(7)}, Filled{Text: "7 days"}},
		{"nothing_is_a_gap", "en", "{n:number} days", "", map[string]any{"n": int64(0)}, Filled{Text: Gap + " days", Missing: []string{"n"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := Filler{Lang: c.lang, Words: words{"zh-Hant people at home": "家庭成員"}, Terms: terms}
			got := f.Fill(Text{En: c.en, Zh: c.zh}, c.values)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}
