package i18n

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"assay/internal/pattern"
)

// saidPrefix is the family of sentences that come in English from where no
// reader's language is known: what the readers of firmware images say. Facts and
// JSON documents keep the English.
const saidPrefix = "said."

// sayings are the patterns of those sentences.
type sayings struct {
	exact    map[string]saying // by the English
	patterns []saying          // with arguments, the most specific first
}

type saying struct {
	key   string
	re    *pattern.Pattern
	names []string
	zh    string
	fixed int      // letters that don't vary
	first string   // what it begins with
	holds []string // what else stands in it
}

var argument = pattern.New(`\{([a-z]+)\}`)

// compile makes the patterns of the catalogue, once.
func (t *Texts) compile() *sayings {
	s := &sayings{exact: make(map[string]saying)}
	for k := range t.byKey {
		if !strings.HasPrefix(k, saidPrefix) {
			continue
		}
		v, ok := t.Get(k)
		if !ok {
			continue
		}
		if !strings.Contains(v.En, "{") {
			s.exact[v.En] = saying{key: k, zh: v.Zh}
			continue
		}
		p := saying{key: k, zh: v.Zh, fixed: len(argument.ReplaceAllString(v.En, ""))}
		p.first, _, _ = strings.Cut(v.En, "{")
		re, at := "^", 0
		for _, m := range argument.FindAllStringSubmatchIndex(v.En, -1) {
			re += regexp.QuoteMeta(v.En[at:m[0]]) + "(.+?)"
			p.holds = append(p.holds, v.En[at:m[0]])
			p.names = append(p.names, v.En[m[2]:m[3]])
			at = m[1]
		}
		p.holds = append(p.holds, v.En[at:])
		p.re = pattern.New(re + regexp.QuoteMeta(v.En[at:]) + "$")
		s.patterns = append(s.patterns, p)
	}
	slices.SortFunc(s.patterns, func(a, b saying) int {
		if a.fixed != b.fixed {
			return b.fixed - a.fixed
		}
		return strings.Compare(a.key, b.key)
	})
	return s
}

// Said writes a sentence of a reader of images in the language. What no pattern
// knows stays: names and numbers as they are, and English as a quotation.
func (t *Texts) Said(lang Lang, text string) string {
	if lang != Zh {
		return text
	}
	out, _ := t.said().say(text, 0)
	return out
}

// SaidKey is the key of such a sentence, of one with several pieces that of the
// last one that is known; empty: none is.
func (t *Texts) SaidKey(text string) string {
	_, key := t.said().say(text, 0)
	return key
}

// Where a sentence is taken apart, in this order, and what joins its pieces.
var joints = []struct{ en, zh string }{{": ", "："}, {"; ", "；"}, {", ", "，"}}

// deepest bounds the pieces in pieces of a sentence.
const deepest = 12

func (s *sayings) say(text string, depth int) (out, key string) {
	if x, ok := s.exact[text]; ok {
		return x.zh, x.key
	}
	if depth > deepest {
		return text, ""
	}
	if m := often.FindStringSubmatch(text); m != nil {
		out, key = s.say(m[1], depth+1)
		also, _ := s.say(m[2], depth+1)
		return out + "（" + also + "）", key
	}
	for _, p := range s.patterns {
		if !strings.HasPrefix(text, p.first) || slices.ContainsFunc(p.holds, func(h string) bool { return !strings.Contains(text, h) }) {
			continue
		}
		m := p.re.FindStringSubmatch(text)
		if m == nil || p.several(m[1:]) {
			continue
		}
		if out, ok := s.fill(p, m[1:], depth); ok {
			return out, p.key
		}
	}
	for _, j := range joints {
		if i := outside(text, j.en); i >= 0 {
			a, first := s.say(text[:i], depth+1)
			b, last := s.say(text[i+len(j.en):], depth+1)
			return a + j.zh + b, cmp.Or(last, first)
		}
	}
	if Prose(text) {
		return quotation + text + "」", ""
	}
	return text, ""
}

// quotation begins what stays English.
const quotation = "原文「"

// fill writes a sentence with its arguments, unless one is no argument but
// another sentence.
func (s *sayings) fill(p saying, args []string, depth int) (out string, ok bool) {
	out = p.zh
	for i, name := range p.names {
		arg := args[i]
		if name != verbatim {
			if arg = s.argument(arg, depth); strings.Contains(arg, quotation) {
				return "", false
			}
		}
		out = strings.ReplaceAll(out, "{"+name+"}", arg)
	}
	return out, true
}

// kinds are single words of arguments that are ours; all others are names.
var kinds = []string{"text", "secrets", "hosts", "weaknesses", "starts", "modes", "parts", "gaps", "links", "binaries", "certificates",
	"memory", "deadline", "cpu", "output", "crash", "panic"}

// argument writes what varies in a sentence: a sentence in it, or a name.
func (s *sayings) argument(text string, depth int) string {
	if !strings.Contains(text, " ") && !slices.Contains(kinds, text) {
		return text
	}
	out, _ := s.say(text, depth+1)
	return out
}

// verbatim is the argument that holds what an image says.
const verbatim = "data"

// several says that an argument took in more than one piece of a sentence.
func (p *saying) several(args []string) bool {
	for i, arg := range args {
		if p.names[i] != verbatim && (outside(arg, "; ") >= 0 || outside(arg, ": ") >= 0 || outside(arg+" ", ", ") >= 0) {
			return true
		}
	}
	return false
}

// often is how often something was, behind a sentence.
var often = pattern.New(`^(.*) \((and [0-9]+ more like it, the last at offset [0-9]+|[0-9]+ times, the last at offset [0-9]+)\)$`)

// outside finds sep outside of quotes; -1 where it isn't.
func outside(text, sep string) int {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quoted:
			i++
		case text[i] == '"':
			quoted = !quoted
		case !quoted && strings.HasPrefix(text[i:], sep) && i > 0:
			return i
		}
	}
	return -1
}

var (
	quotedText = pattern.New(`"(?:[^"\\]|\\.)*"`)
	words      = pattern.New(`(?:\b[a-z][a-z']+ ){2,}[a-z][a-z']+\b`)
)

// Prose says that a text holds English: three words in a row, outside of quotes.
func Prose(text string) bool { return words.MatchString(quotedText.ReplaceAllString(text, `""`)) }
