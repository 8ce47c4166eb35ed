package activity

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode"

	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/record"
)

// How little can be an answer in prose: fewer letters than this, or fewer
// different words, say nothing about a product. The numbers are ours.
const (
	minLetters = 40 // Han characters count as three
	minWords   = 5  // Han characters count as words
)

// blank are answers that people write to get past a question.
var blank = []string{"n/a", "na", "none", "tbd", "todo", "tba", "test", "asdf", "xxx", "not applicable", "to be done", "to be determined", "待定", "待補", "無", "測試", "不適用"}

var (
	waivedAnswered = record.Text{En: "{id}: answers.yaml says that it doesn't concern the product, and assay.yaml answers it in `{place:raw}`: keep one of them", Zh: "{id}：answers.yaml 表示與產品無關，assay.yaml 卻在 `{place:raw}` 回答：請擇一保留"}

	fillerShort   = record.Text{En: "{id}: too short to say anything about the product: write at least a full sentence", Zh: "{id}：太短，看不出與產品有關的內容：請至少寫一個完整的句子"}
	fillerExample = record.Text{En: "{id}: this is the example, word for word: say what is true of your product", Zh: "{id}：內容與範例完全相同：請寫您產品的實際情況"}
	fillerTwice   = record.Text{En: "{id}: the same words answer another question", Zh: "{id}：與另一題的回答完全相同"}
	fillerEmpty   = record.Text{En: "{id}: a placeholder is no answer; if the question doesn't concern the product, say why with --not-applicable", Zh: "{id}：佔位文字不算回答；若本題與產品無關，請以 --not-applicable 說明原因"}
	fillerWord    = record.Text{En: "{id}: the same word over and over is no answer", Zh: "{id}：重複同樣的字詞不算回答"}
)

// filler says why an answer is none: a placeholder, too short, the example,
// or the words of another answer. Zero: it isn't filler.
func (p *Process) filler(in Input, v *record.View, q *Question, a *Answer) record.Text {
	if a != nil {
		switch text := normal(a.Text); {
		case isBlank(text):
			return fillerEmpty
		case text == normal(q.ExampleText.En) || text == normal(q.ExampleText.Zh):
			return fillerExample
		case p.repeated(in, a):
			return fillerTwice
		case sameWord(text):
			return fillerWord
		case len(strings.FieldsFunc(text, unicode.IsSpace)) < minWords && han(text) < minWords || letters(text) < minLetters:
			return fillerShort
		}
	}
	if q.Place != "" && q.Example != "" && p.isExample(v, q) {
		return fillerExample
	}
	return record.Text{}
}

// repeated says whether another question has the same answer in prose.
func (p *Process) repeated(in Input, a *Answer) bool {
	for _, b := range in.Answers.Entries {
		if b.ID != a.ID && normal(b.Text) == normal(a.Text) {
			return true
		}
	}
	return false
}

// isExample says whether the model says at a question's place what its
// example says.
func (p *Process) isExample(v *record.View, q *Question) bool {
	said := compact(at(v.Get("product"), q.Place))
	if said == nil {
		return false
	}
	b := canonical(said)
	// Reading the example costs more than seeing that it is another length.
	if len(b) > 2*len(q.Example) || 2*len(b) < len(q.Example) {
		return false
	}
	return bytes.Equal(b, exampleOf(q))
}

// exampleOf is what the model says where only an example is written. What it
// refers to needn't be there.
func exampleOf(q *Question) []byte {
	f, err := Files{Model: []byte("schema: " + product.Schema + "\n")}.Set(q.Place, q.Example)
	if err != nil {
		return nil // a test applies every example
	}
	m, _ := product.Load(product.FileName, f.Model, limit.Default().YAML)
	return canonical(compact(at(record.NewView(m, time.Time{}, nil).Get("product"), q.Place)))
}

// compact leaves what says something, with every scalar as text, so that a
// model's full view and a short example compare.
func compact(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, y := range x {
			if c := compact(y); c != nil && k != "_at" && k != "_stated" {
				out[k] = c
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case []any:
		var out []any
		for _, y := range x {
			if c := compact(y); c != nil {
				out = append(out, c)
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	}
	switch x := v.(type) {
	case nil:
		return nil
	case string:
		if x == "" {
			return nil
		}
		return x
	case bool:
		if !x {
			return nil // a switch that isn't set says nothing
		}
		return x
	case int64, float64:
		if s := fmt.Sprint(x); s != "0" {
			return s
		}
		return nil
	}
	return fmt.Sprint(v)
}

func normal(s string) string {
	return strings.Join(strings.Fields(strings.ToLower(s)), " ")
}

func isBlank(s string) bool {
	s = strings.TrimFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
	for _, b := range blank {
		if s == b || s == "" {
			return true
		}
	}
	return false
}

func sameWord(s string) bool {
	words := strings.Fields(s)
	for _, w := range words {
		if w != words[0] {
			return false
		}
	}
	return len(words) > 2
}

func letters(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Han, r):
			n += 3
		case unicode.IsLetter(r):
			n++
		}
	}
	return n
}

func han(s string) int {
	n := 0
	for _, r := range s {
		if unicode.Is(unicode.Han, r) {
			n++
		}
	}
	return n
}
