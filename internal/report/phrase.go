package report

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"

	"assay/internal/i18n"
	"assay/internal/judge"
	"assay/internal/untrusted"
	"assay/internal/verdict"
)

// maxOutside bounds one piece of foreign text in what people read, in bytes.
// The JSON document holds it whole.
const maxOutside = 2000

// origin says who wrote a piece of text.
type origin int

const (
	catalogue origin = iota // our own sentence; `…` marks code in it
	plain                   // a text of the standards' data
	outside                 // a device, an image, a document, a person
)

type piece struct {
	text string
	from origin
}

// phrase is a sentence whose foreign parts are still marked as such, so that
// each format can neutralise and set them off.
type phrase []piece

func ours(s string) phrase    { return phrase{{s, catalogue}} }
func prose(s string) phrase   { return phrase{{s, plain}} }
func foreign(s string) phrase { return phrase{{s, outside}} }

// Empty reports whether there is nothing to show.
func (p phrase) Empty() bool {
	for _, x := range p {
		if x.text != "" {
			return false
		}
	}
	return true
}

// raw joins the pieces unchanged, for JSON alone.
func (p phrase) raw() string {
	var b strings.Builder
	for _, x := range p {
		b.WriteString(x.text)
	}
	return b.String()
}

// Text is the phrase for one line of a terminal.
func (p phrase) Text() string {
	var b strings.Builder
	for _, x := range p {
		b.WriteString(untrusted.From(x.text, maxOutside).Terminal())
	}
	return b.String()
}

func (p phrase) String() string { return p.Text() }

// HTML is the phrase as inline HTML. Foreign parts are isolated (bdi).
func (p phrase) HTML() template.HTML {
	var b strings.Builder
	code := false
	for _, x := range p {
		t := untrusted.From(x.text, maxOutside)
		if x.from == outside {
			b.WriteString(string(t.HTML()))
			continue
		}
		parts := []string{t.Terminal()}
		if x.from == catalogue {
			parts = strings.Split(t.Terminal(), "`")
		}
		for i, part := range parts {
			if i > 0 {
				b.WriteString(map[bool]string{false: "<code>", true: "</code>"}[code])
				code = !code
			}
			b.WriteString(template.HTMLEscapeString(part))
		}
	}
	if code {
		b.WriteString("</code>")
	}
	//nolint:gosec // every part was escaped above
	return template.HTML(b.String())
}

// Markdown is the phrase as inline CommonMark.
func (p phrase) Markdown() string {
	var b, code strings.Builder
	in := false
	for _, x := range p {
		t := untrusted.From(x.text, maxOutside)
		switch {
		case x.from != catalogue && in:
			code.WriteString(t.Terminal())
			continue
		case x.from == plain:
			b.WriteString(light(t.Terminal(), b.Len() == 0))
			continue
		case x.from != catalogue:
			b.WriteString(inside(t.Markdown(), b.Len() > 0))
			continue
		}
		for i, part := range strings.Split(t.Terminal(), "`") {
			if i > 0 {
				if in {
					b.WriteString(codeSpan(code.String()))
					code.Reset()
				}
				in = !in
			}
			if in {
				code.WriteString(part)
			} else {
				b.WriteString(light(part, b.Len() == 0))
			}
		}
	}
	if in {
		b.WriteString(codeSpan(code.String()))
	}
	return b.String()
}

// inside gives back the spaces at the beginning of a piece that doesn't begin
// a line: only there could they be read as a code block.
func inside(s string, within bool) string {
	spaces := 0
	for within && strings.HasPrefix(s, "&#32;") {
		s = s[len("&#32;"):]
		spaces++
	}
	return strings.Repeat(" ", spaces) + s
}

// light escapes what is markup in the middle of a line, and at its beginning
// what would begin a block. It is for texts of ours, which should stay
// readable in the source too.
func light(s string, begins bool) string {
	s = markup.Replace(s)
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	switch {
	case !begins || s == "":
		return s
	case strings.ContainsRune("#-+=", rune(s[0])):
		return `\` + s
	case digits > 0 && digits < len(s) && (s[digits] == '.' || s[digits] == ')') && (digits+1 == len(s) || s[digits+1] == ' '):
		return s[:digits] + `\` + s[digits:]
	}
	return strings.Repeat("&#32;", len(s)-len(strings.TrimLeft(s, " "))) + strings.TrimLeft(s, " ")
}

var markup = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`, "&", `\&`, "|", `\|`, "~", `\~`)

// codeSpan fences s with more backticks than it holds (CommonMark 6.1).
func codeSpan(s string) string {
	if s == "" {
		return ""
	}
	longest, run := 0, 0
	for _, r := range s {
		if r == '`' {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	fence := strings.Repeat("`", longest+1)
	if longest > 0 || strings.HasPrefix(s, " ") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// voice says keys of the catalogue in one language.
type voice struct {
	texts Texts
	lang  i18n.Lang
}

// s is a sentence of ours without arguments from outside.
func (v voice) s(key string, args ...string) string {
	m := make(map[string]string, len(args)/2)
	for i := 0; i+1 < len(args); i += 2 {
		m[args[i]] = args[i+1]
	}
	return v.texts.T(v.lang, key, m)
}

// Marks around the number of an argument. They are private-use characters,
// which foreign text never reaches: it is put in afterwards.
const (
	markOpen  = "\ue000"
	markClose = "\ue001"
)

// say is a key with arguments, which count as foreign unless an argument is
// itself a key. A key that the catalogue lacks is shown with its arguments:
// nothing is lost on the reader.
func (v voice) say(key string, args map[string]string) phrase {
	r := verdict.Reason{Key: key, Args: args}
	names := r.SortedArgs()
	if !v.texts.Has(key) {
		p := phrase{{key, outside}}
		for i, n := range names {
			sep := ", "
			if i == 0 {
				sep = ": "
			}
			p = append(p, piece{sep, catalogue}, piece{n + "=" + args[n], outside})
		}
		return p
	}
	marked := make(map[string]string, len(names))
	for i, n := range names {
		marked[n] = markOpen + strconv.Itoa(i) + markClose
	}
	var p phrase
	for i, part := range strings.Split(v.texts.T(v.lang, key, marked), markOpen) {
		if i > 0 {
			number, rest, _ := strings.Cut(part, markClose)
			n, err := strconv.Atoi(number)
			if err != nil || n < 0 || n >= len(names) {
				p = append(p, piece{part, catalogue})
				continue
			}
			p = append(p, v.argument(args[names[n]]))
			part = rest
		}
		if part != "" {
			p = append(p, piece{part, catalogue})
		}
	}
	return p
}

func (v voice) argument(s string) piece {
	if v.texts.Has(s) {
		return piece{v.texts.T(v.lang, s, nil), catalogue}
	}
	return piece{s, outside}
}

func (v voice) reason(r verdict.Reason) phrase { return v.say(r.Key, r.Args) }

func (v voice) reasons(rs []verdict.Reason) []phrase {
	var out []phrase
	for _, r := range rs {
		out = append(out, v.reason(r))
	}
	return out
}

// verdict is the word for a verdict; what is no verdict counts as
// INCONCLUSIVE.
func (v voice) verdict(x verdict.Verdict) string { return v.s("verdict." + string(known(x))) }

func known(x verdict.Verdict) verdict.Verdict {
	if _, err := verdict.Parse(string(x)); err != nil {
		return verdict.Inconclusive
	}
	return x
}

// or returns the text of the first key that exists, else last.
func (v voice) or(last string, keys ...string) string {
	for _, k := range keys {
		if v.texts.Has(k) {
			return v.s(k)
		}
	}
	return last
}

// remedy is what to do about a finding: the test case's own, which is more
// concrete, else that of the requirement.
func (v voice) remedy(in Input, f judge.Finding) phrase {
	if p := v.maybe("case." + string(f.Case) + ".remedy"); p != nil {
		return p
	}
	return prose(remedyOf(in.Standards, f.Requirements, string(v.lang)))
}

// maybe is a text of the catalogue that need not exist.
func (v voice) maybe(key string) phrase {
	if !v.texts.Has(key) {
		return nil
	}
	return ours(v.s(key))
}

// counted is a sentence with a number in it.
func (v voice) counted(key string, n int) string {
	if n == 1 {
		key = singular(key)
	}
	return v.s(key, "n", fmt.Sprint(n))
}

// singular is the key of the sentence for one, where English needs another.
func singular(key string) string {
	switch key {
	case "report.html.requirements":
		return "report.html.requirements.one"
	case "report.html.more":
		return "report.html.more.one"
	case "report.text.undecided":
		return "report.text.undecided.one"
	}
	return key
}
