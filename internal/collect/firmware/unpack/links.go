package unpack

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// links are the symbolic links of a tree: their targets by path. They are not
// followed anywhere; those that no system could follow are noted.
type links map[string]string

const (
	maxLinks  = 20_000
	maxHops   = 40   // Linux gives up behind this (path_resolution(7))
	maxTarget = 512  // longer ones are left alone
	maxPath   = 4096 // PATH_MAX
)

func (l links) add(path, target string) {
	if len(l) < maxLinks && len(target) < maxTarget {
		l[path] = target
	}
}

// note names the links that lead round in a circle.
func (l links) note() string {
	f := follower{links: l, met: make(map[string]*end)}
	var bad []string
	for _, p := range slices.Sorted(maps.Keys(l)) {
		if e := f.follow(p); e.hops > maxHops {
			bad = append(bad, p)
		}
	}
	if len(bad) == 0 {
		return ""
	}
	more := ""
	const most = 5
	if n := len(bad) - most; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
		bad = bad[:most]
	}
	return "symbolic links that lead round in a circle: " + strings.Join(bad, ", ") + more
}

// end is where a link leads, over how many others; more than maxHops, itself
// included, is nowhere.
type end struct {
	at   string
	hops int
}

var nowhere = &end{hops: maxHops + 1}

// follower follows each link of a tree once: what others make of it is known
// then, however many lead through it.
type follower struct {
	links
	met map[string]*end // nil: on the way
}

// follow resolves the link p as path_resolution(7) has it.
func (f *follower) follow(p string) *end {
	if e, ok := f.met[p]; ok {
		if e == nil {
			return nowhere // it leads through itself
		}
		return e
	}
	f.met[p] = nil
	e := f.walk(path.Dir(p), f.links[p])
	f.met[p] = e
	return e
}

func (f *follower) walk(at, target string) *end {
	if path.IsAbs(target) {
		at = "/"
	}
	hops := 1
	for name := range strings.SplitSeq(target, "/") {
		if at = path.Join(at, name); len(at) > maxPath {
			return nowhere
		}
		if _, ok := f.links[at]; !ok {
			continue
		}
		e := f.follow(at)
		if hops += e.hops; hops > maxHops {
			return nowhere
		}
		at = e.at
	}
	return &end{at, hops}
}
