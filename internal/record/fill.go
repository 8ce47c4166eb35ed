package record

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"assay/internal/pattern"
)

// Words finds what people wrote in one language in another: the workspace's
// words.yaml. ok is false where it isn't there.
type Words interface {
	Word(lang, text string) (translation string, ok bool)
}

// Terms finds the word for a fixed value of the model, such as a choice. The
// name is that after "term." in a form, or "".
type Terms func(lang, name, value string) (word string, ok bool)

// Filler puts values into texts.
type Filler struct {
	Lang  string
	Words Words // nil: none
	Terms Terms
}

// Filled is a text with its values.
type Filled struct {
	Text string
	// Missing are names whose values are empty: the text says nothing there.
	Missing []string
	// Foreign are texts of people that stand in another language than the
	// filler's and have no translation.
	Foreign []string
}

var slot = pattern.New(`\{([a-z_]+)(?::([a-z.-]+))?\}`)

// Gap stands where a value is missing.
const Gap = "⟦…⟧"

// Fill puts values into the places of a text. The forms:
//
//	{name}          what people wrote, translated where words.yaml has it
//	{name:raw}      an identifier, a version, an address: the same in every language
//	{name:date}     a day, written as the language does
//	{name:term}     a fixed value of the model, as a word; {name:term.skill}
//	                where the same value needs another word in this place
//	{name:hours}    a period given in hours
//	{name:number}   a number
//
// Lists are joined as the language does.
func (f Filler) Fill(t Text, values map[string]any) Filled {
	var out Filled
	out.Text = slot.ReplaceAllStringFunc(t.In(f.Lang), func(s string) string {
		m := slot.FindStringSubmatch(s)
		text := f.value(values[m[1]], m[2], &out)
		if text == "" {
			out.Missing = append(out.Missing, m[1])
			return Gap
		}
		return text
	})
	return out
}

// Slots lists the names that a text has places for.
func (t Text) Slots() []string {
	var out []string
	for _, m := range slot.FindAllStringSubmatch(t.En+t.Zh, -1) {
		out = append(out, m[1])
	}
	return out
}

func (f Filler) zh() bool { return strings.HasPrefix(f.Lang, "zh") }

func (f Filler) value(v any, form string, out *Filled) string {
	switch x := v.(type) {
	case nil:
		return ""
	case []any:
		var all []string
		for _, m := range x {
			if s := f.value(m, form, out); s != "" {
				all = append(all, s)
			}
		}
		return f.join(all)
	case string:
		return f.text(x, form, out)
	case int64:
		return f.number(float64(x), form)
	case float64:
		return f.number(x, form)
	case bool:
		return f.text(map[bool]string{true: "yes", false: "no"}[x], "term", out)
	}
	return fmt.Sprint(v)
}

func (f Filler) text(s, form string, out *Filled) string {
	switch {
	case s == "":
		return ""
	case form == "raw":
		return s
	case form == "date":
		return f.date(s)
	case form == "term" || strings.HasPrefix(form, "term."):
		if f.Terms != nil {
			if w, ok := f.Terms(f.Lang, strings.TrimPrefix(strings.TrimPrefix(form, "term"), "."), s); ok {
				return w
			}
		}
		return s
	}
	if f.Words != nil {
		if w, ok := f.Words.Word(f.Lang, s); ok {
			return w
		}
	}
	if foreign(f.zh(), s) {
		out.Foreign = append(out.Foreign, s)
	}
	return s
}

// foreign says whether people wrote a text in the other language: with Han
// characters in an English document, or without any but with several words in
// a Chinese one. A single word may be a name.
func foreign(zh bool, s string) bool {
	han, words := false, len(strings.Fields(s))
	for _, r := range s {
		han = han || unicode.Is(unicode.Han, r)
	}
	if zh {
		return !han && words > 1
	}
	return han
}

func (f Filler) join(all []string) string {
	switch {
	case f.zh():
		return strings.Join(all, "、")
	case len(all) > 1:
		return strings.Join(all[:len(all)-1], ", ") + " and " + all[len(all)-1]
	}
	return strings.Join(all, "")
}

func (f Filler) date(s string) string {
	d, err := time.Parse("2006-01-02", s)
	if err != nil {
		return s
	}
	if f.zh() {
		return fmt.Sprintf("%d 年 %d 月 %d 日", d.Year(), d.Month(), d.Day())
	}
	return d.Format("2 January 2006")
}

func (f Filler) number(x float64, form string) string {
	if x == 0 {
		return ""
	}
	if form == "hours" {
		return f.period(x)
	}
	return strconv.FormatFloat(x, 'f', -1, 64)
}

// period writes hours in the largest unit that keeps them whole.
func (f Filler) period(h float64) string {
	for _, u := range []struct {
		hours    float64
		one, few string
		zh       string
	}{{24 * 365, "year", "years", "年"}, {24 * 7, "week", "weeks", "週"}, {24, "day", "days", "天"}, {1, "hour", "hours", "小時"}, {1. / 60, "minute", "minutes", "分鐘"}} {
		n := h / u.hours
		if n != float64(int64(n)) || n < 1 {
			continue
		}
		switch {
		case f.zh():
			return fmt.Sprintf("%d %s", int64(n), u.zh)
		case n == 1:
			return u.one
		}
		return fmt.Sprintf("%d %s", int64(n), u.few)
	}
	return strconv.FormatFloat(h, 'f', 2, 64) + " h"
}
