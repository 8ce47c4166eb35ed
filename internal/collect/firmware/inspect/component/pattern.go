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

// literals are texts of which one must stand in whatever matches: of all that
// the pattern asks for, those whose shortest is longest.
func literals(re string) ([]string, error) {
	t, err := syntax.Parse(expand(re), syntax.Perl)
	if err != nil {
		return nil, err
	}
	return required(t.Simplify()), nil
}

func required(t *syntax.Regexp) []string {
	switch t.Op {
	case syntax.OpLiteral:
		if t.Flags&syntax.FoldCase == 0 {
			return []string{string(t.Rune)}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return required(t.Sub[0])
	case syntax.OpAlternate:
		var all []string
		for _, sub := range t.Sub {
			w := required(sub)
			if w == nil {
				return nil
			}
			all = append(all, w...)
		}
		return all
	case syntax.OpConcat:
		return requiredOf(t.Sub)
	}
	return nil
}

// requiredOf joins what stands side by side: a literal before or behind a choice
// belongs to each of its branches.
func requiredOf(list []*syntax.Regexp) []string {
	var best []string
	run := ""
	take := func(w []string) {
		if shortest(w) > shortest(best) && len(w) <= 16 {
			best = w
		}
	}
	for i, sub := range list {
		switch {
		case sub.Op == syntax.OpLiteral && sub.Flags&syntax.FoldCase == 0:
			run += string(sub.Rune)
			take([]string{run})
			continue
		case sub.Op == syntax.OpBeginText || sub.Op == syntax.OpEndText || sub.Op == syntax.OpWordBoundary:
			continue
		case sub.Op == syntax.OpAlternate && i+1 < len(list) && list[i+1].Op == syntax.OpLiteral && plain(sub):
			var w []string
			for _, x := range required(sub) {
				w = append(w, run+x+string(list[i+1].Rune))
			}
			take(w)
		default:
			take(required(sub))
		}
		run = ""
	}
	return best
}

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

// plain says that a choice is between literals only.
func plain(t *syntax.Regexp) bool {
	for _, sub := range t.Sub {
		if sub.Op != syntax.OpLiteral || sub.Flags&syntax.FoldCase != 0 {
			return false
		}
	}
	return true
}

func shortest(words []string) int {
	if len(words) == 0 {
		return 0
	}
	n := len(words[0])
	for _, w := range words {
		n = min(n, len(w))
	}
	return n
}
