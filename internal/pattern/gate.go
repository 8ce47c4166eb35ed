package pattern

import (
	"bytes"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// gate is what every match has: looking for words is an order of magnitude
// faster than matching, and most texts have none of them.
type gate struct {
	words []string // one of these; none: nothing is known
	bytes [][]byte // the same
	fold  bool     // in any case: they are in small letters
	odd   bool     // of letters of which there are others in Unicode, in any case: of k the Kelvin sign, of s the long one
}

const (
	mostWords = 32
	leastWord = 2
)

// newGate finds the words. An expression that begins with a word has a gate of
// its own in package regexp.
func newGate(source string) gate {
	re, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return gate{}
	}
	g := words(re)
	if len(g.words) == 0 || len(g.words) > mostWords || shortest(g.words) < leastWord {
		return gate{}
	}
	for i, w := range g.words {
		if len(w) > maxWord {
			return gate{}
		}
		if g.fold {
			w = strings.ToLower(w)
			g.words[i], g.odd = w, g.odd || strings.ContainsAny(w, "ks")
		}
		g.bytes = append(g.bytes, []byte(w))
	}
	return g
}

// words are those of which a match has one at least; none where that isn't known.
func words(re *syntax.Regexp) (out gate) {
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			if r >= utf8.RuneSelf {
				return gate{}
			}
		}
		return gate{words: []string{string(re.Rune)}, fold: re.Flags&syntax.FoldCase != 0}
	case syntax.OpCapture, syntax.OpPlus:
		return words(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return words(re.Sub[0])
		}
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			if g := words(sub); g.better(out) {
				out = g
			}
		}
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			g := words(sub)
			if len(g.words) == 0 {
				return gate{}
			}
			out.words, out.fold = append(out.words, g.words...), out.fold || g.fold
		}
	}
	return out
}

// better says that g keeps out more than h.
func (g gate) better(h gate) bool {
	switch {
	case len(g.words) == 0 || len(g.words) > mostWords:
		return false
	case len(h.words) == 0:
		return true
	}
	if a, b := shortest(g.words), shortest(h.words); a != b && min(a, b) < 4 {
		return a > b
	}
	return len(g.words) < len(h.words)
}

func shortest(words []string) int {
	n := len(words[0])
	for _, w := range words {
		n = min(n, len(w))
	}
	return n
}

// maxWord bounds words, so that a piece of text holds several.
const maxWord = 256

// open says that b may have a match.
func open[T string | []byte](g *gate, b T, contains func(b T, word string) bool) bool {
	switch {
	case len(g.words) == 0:
		return true
	case !g.fold:
		for _, w := range g.words {
			if contains(b, w) {
				return true
			}
		}
		return false
	}
	var small [2048]byte
	for {
		n := min(len(b), len(small))
		others := byte(0)
		for i := range n {
			c := b[i]
			others |= c
			if c >= 'A' && c <= 'Z' {
				c += 'a' - 'A'
			}
			small[i] = c
		}
		if g.odd && others >= utf8.RuneSelf {
			return true
		}
		for _, w := range g.bytes {
			if bytes.Contains(small[:n], w) {
				return true
			}
		}
		if n == len(b) {
			return false
		}
		b = b[n-maxWord:] // a word may stand across the border
	}
}
