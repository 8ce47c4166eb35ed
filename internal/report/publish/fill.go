package publish

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"assay/internal/pattern"
	"assay/internal/product"
	"assay/internal/record"
)

// What a piece of text is.
const (
	ours    = iota // words of the document
	foreign        // a value of the model, hostile until it is neutralised
	gap            // a value that is missing
)

// Piece is a part of a sentence.
type Piece struct {
	Text string
	// Lang is the language that a person's words are in, where they have no
	// translation; else "".
	Lang string

	kind int
	link bool // an address that may be one to follow
}

// Gap says that the piece stands for a value that is missing; its text is where.
func (p Piece) Gap() bool { return p.kind == gap }

// text joins pieces as plain text.
func text(ps []Piece) string {
	var b strings.Builder
	for _, p := range ps {
		if p.kind == gap {
			b.WriteString(record.Gap)
			continue
		}
		b.WriteString(p.Text)
	}
	return b.String()
}

var slot = pattern.New(`\{([a-z_]+)(?::([a-z.-]+))?\}`)

// filled is a text with its values.
type filled struct {
	pieces  []Piece
	missing []string // names whose values are missing
	foreign []string // texts of people without a translation
}

// fill puts values into a text, as record.Filler does, and keeps apart what is
// ours and what is the model's. {name:link} is an address to follow, or a place in words;
// {name:name} is a name, which needs no translation but may have one.
func fill(f record.Filler, t record.Text, values map[string]any) filled {
	var out filled
	source, last := t.In(f.Lang), 0
	for _, at := range slot.FindAllStringSubmatchIndex(source, -1) {
		out.ours(source[last:at[0]])
		last = at[1]
		name, form := source[at[2]:at[3]], ""
		if at[4] >= 0 {
			form = source[at[4]:at[5]]
		}
		out.value(f, name, form, values[name])
	}
	out.ours(source[last:])
	return out
}

// ours adds words of the document. People end some of their texts with a full
// stop; the document's own then isn't needed.
func (o *filled) ours(s string) {
	if n := len(o.pieces); n > 0 && o.pieces[n-1].kind == foreign && strings.ContainsAny(lastRune(o.pieces[n-1].Text), ".。!?！？") {
		s = strings.TrimPrefix(strings.TrimPrefix(s, "."), "。")
	}
	if s != "" {
		o.pieces = append(o.pieces, Piece{Text: s, kind: ours})
	}
}

func lastRune(s string) string {
	r := []rune(s)
	if len(r) == 0 {
		return " "
	}
	return string(r[len(r)-1])
}

func (o *filled) value(f record.Filler, name, form string, v any) {
	shape, link, named := "{x}", form == "link", form == "name"
	if s, ok := v.(string); link && (!ok || address(s) == "") {
		link, form = false, "" // a place in words
	}
	switch {
	case link:
		form = "raw"
	case named:
		form = ""
	}
	if form != "" {
		shape = "{x:" + form + "}"
	}
	got := joined(f, record.Text{En: shape, Zh: shape}, scrub(v))
	if len(got.Missing) > 0 {
		o.missing = append(o.missing, name)
		o.pieces = append(o.pieces, Piece{Text: name, kind: gap})
		return
	}
	p := Piece{Text: got.Text, kind: foreign, link: link}
	begins := len(o.pieces) == 0 || strings.HasSuffix(o.pieces[len(o.pieces)-1].Text, ". ")
	if begins && !link && !named && form != "raw" {
		p.Text = begun(p.Text)
	}
	if len(got.Foreign) > 0 && !named {
		o.foreign = append(o.foreign, got.Foreign...)
		p.Lang = other(f.Lang)
	}
	o.pieces = append(o.pieces, p)
}

// begun gives a phrase that begins a sentence a capital letter, where its
// first word is a word and no name such as mDNS, aes-256 or https.
func begun(s string) string {
	word, _, _ := strings.Cut(s, " ")
	word = strings.TrimRight(word, ",;:.")
	switch {
	case word == "", word[0] < 'a', strings.Trim(word, "abcdefghijklmnopqrstuvwxyz-'") != "", !strings.ContainsAny(word, "aeiouy"): // https
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// wide is from how many characters on the members of a list are told apart by
// semicolons: they may hold commas and "and" themselves.
const wide = 30

// joined fills one value; the members of a list of phrases are joined by
// semicolons instead of commas.
func joined(f record.Filler, shape record.Text, v any) record.Filled {
	whole := f.Fill(shape, map[string]any{"x": v})
	list, ok := v.([]any)
	if !ok || len(list) < 2 {
		return whole
	}
	var parts []string
	long := false
	for _, e := range list {
		one := f.Fill(shape, map[string]any{"x": e})
		if len(one.Missing) > 0 {
			continue
		}
		parts = append(parts, one.Text)
		long = long || utf8.RuneCountInString(one.Text) > wide || strings.ContainsAny(one.Text, ",，、;；")
	}
	if long {
		sep := "; "
		if strings.HasPrefix(f.Lang, "zh") {
			sep = "；"
		}
		whole.Text = strings.Join(parts, sep)
	}
	return whole
}

// other is the language that the words are in where they aren't in lang's.
func other(lang string) string {
	if strings.HasPrefix(lang, "zh") {
		return "en"
	}
	return "zh-Hant-TW"
}

// scrub takes out what states nothing, and white space around texts.
func scrub(v any) any {
	switch x := v.(type) {
	case string:
		if strings.Contains(x, product.Gap) {
			return ""
		}
		return strings.TrimSpace(x)
	case []any:
		out := []any{}
		for _, e := range x {
			if !empty(e) {
				out = append(out, scrub(e))
			}
		}
		return out
	case map[string]any:
		return slices.Collect(maps.Keys(x)) // a document that prints a group is a mistake; a test finds it
	}
	return v
}

// steps splits what people wrote as several steps: line by line, or by
// numbers that count from 1 inside of a line. The numbers are taken off.
func steps(ps []Piece) [][]Piece {
	if len(ps) != 1 || ps[0].kind != foreign {
		return [][]Piece{ps}
	}
	var out [][]Piece
	add := func(s string) {
		if s = strings.TrimSpace(marker.ReplaceAllString(s, "")); s != "" {
			p := ps[0]
			p.Text = s
			out = append(out, []Piece{p})
		}
	}
	for line := range strings.SplitSeq(ps[0].Text, "\n") {
		for _, s := range counted(line) {
			add(s)
		}
	}
	if len(out) == 0 {
		return [][]Piece{ps}
	}
	return out
}

var marker = pattern.New(`^\s*(?:\(?\d{1,2}[.)、．]\s|\d{1,2}、|[-*•]\s)\s*`)

// counted splits "1. one 2. two" before each number that counts on.
func counted(line string) []string {
	var out []string
	last, next := 0, 1
	for i := 0; i < len(line); i++ {
		lead := strconv.Itoa(next) + ". "
		if !strings.HasPrefix(line[i:], lead) || i > 0 && !strings.HasSuffix(line[:i], " ") && !strings.HasSuffix(line[:i], "。") && !strings.HasSuffix(line[:i], "；") {
			if next == 1 {
				return []string{line}
			}
			continue
		}
		if i > last {
			out = append(out, line[last:i])
		}
		last = i
		next++
	}
	return append(out, line[last:])
}
