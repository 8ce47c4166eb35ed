package component

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"
)

// version is what <v> stands for in patterns.
const version = `([0-9]+(?:\.[0-9]+)+(?:[a-z]\b|[-.]?(?:rc|alpha|beta|pre|dev|p)[-.]?[0-9]*\b)?)`

// lazy compiles a pattern when it is first asked for: of some hundred rules an
// image needs a few dozen.
func lazy(re string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expand(re)) })
}

func expand(re string) string { return strings.ReplaceAll(re, "<v>", version) }

// firstBytes are the bytes that a string can begin with which the pattern
// matches from its beginning; nil: any.
func firstBytes(re string) *[256]bool {
	t, err := syntax.Parse(expand(re), syntax.Perl)
	if err != nil || !strings.HasPrefix(re, "^") {
		return nil
	}
	var set [256]bool
	if firsts(t.Simplify(), &set) {
		return nil
	}
	return &set
}

// firsts adds the first bytes of what t matches; it says whether that may be
// empty, or begin with anything.
func firsts(t *syntax.Regexp, set *[256]bool) (open bool) {
	switch t.Op {
	case syntax.OpBeginText, syntax.OpWordBoundary, syntax.OpEmptyMatch:
		return true
	case syntax.OpLiteral:
		if t.Rune[0] > 0x7f || t.Flags&syntax.FoldCase != 0 {
			return true
		}
		set[t.Rune[0]] = true
		return false
	case syntax.OpCharClass:
		for i := 0; i+1 < len(t.Rune); i += 2 {
			for r := t.Rune[i]; r <= t.Rune[i+1] && r < 256; r++ {
				set[r] = true
			}
		}
		return false
	case syntax.OpCapture, syntax.OpPlus:
		return firsts(t.Sub[0], set)
	case syntax.OpQuest, syntax.OpStar:
		firsts(t.Sub[0], set)
		return true
	case syntax.OpAlternate:
		for _, sub := range t.Sub {
			open = firsts(sub, set) || open
		}
		return open
	case syntax.OpConcat:
		for _, sub := range t.Sub {
			if !firsts(sub, set) {
				return false
			}
		}
	}
	return true
}
