package unpack

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// links are the symbolic links of a tree: their targets by path. They are not
// followed anywhere; those that no system could follow are noted.
type links map[string]string

const (
	maxLinks = 20_000
	maxHops  = 40 // Linux gives up behind this (path_resolution(7))
)

func (l links) add(path, target string) {
	if len(l) < maxLinks {
		l[path] = target
	}
}

// note names the links that lead round in a circle.
func (l links) note() string {
	var bad []string
	for p := range l {
		if l.circle(p) {
			bad = append(bad, p)
		}
	}
	if len(bad) == 0 {
		return ""
	}
	slices.Sort(bad)
	more := ""
	const most = 5
	if n := len(bad) - most; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
		bad = bad[:most]
	}
	return "symbolic links that lead round in a circle: " + strings.Join(bad, ", ") + more
}

// circle follows the link p as path_resolution(7) has it.
func (l links) circle(p string) bool {
	at, rest := "/", split(p)
	for hops := 0; len(rest) > 0; {
		next := path.Join(at, rest[0])
		rest = rest[1:]
		target, ok := l[next]
		if !ok {
			at = next
			continue
		}
		if hops++; hops > maxHops || len(rest) > 1000 {
			return true
		}
		if path.IsAbs(target) {
			at = "/"
		}
		rest = append(split(target), rest...)
	}
	return false
}

func split(p string) []string {
	return strings.FieldsFunc(p, func(r rune) bool { return r == '/' })
}
