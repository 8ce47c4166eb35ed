package component

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
)

// minMentions is how many strings of a program must name a product before it is
// taken for that product under another name: a program of its own says it in
// every other message, one that only knows of it says it once.
const minMentions = 3

// doubt weighs what texts say of products that the file isn't called by. That
// a program holds a banner doesn't make it that program: it may look for it in
// others, or claim to be it. What stays without more is no certainty.
func (s *scanner) doubt() {
	apps := map[*Rule]bool{}
	self := false // it says of itself what it is
	for _, x := range s.seen {
		switch {
		case x.Source != FromText || x.Version == "" || x.rule.Type != Application || x.rank == rankBuilt:
		case x.want != nil:
			// Another text of it stands beside.
		case s.ofRule(x.rule):
			self = true
		default:
			apps[x.rule] = true
		}
	}
	most := 1
	if s.p == nil {
		most = 3 // a whole system in one piece holds several
	}
	list := self || len(apps) > most // it knows of products
	drop := map[*Rule]bool{}
	for r := range apps {
		if list || s.p != nil && s.mentions(r) < minMentions {
			drop[r] = true
			if s.out.Binary != nil {
				s.out.Binary.Says = cmp.Or(s.out.Binary.Says, s.textOf(r))
			}
		}
	}
	s.seen = slices.DeleteFunc(s.seen, func(x seen) bool {
		return x.Source == FromText && (drop[x.rule] || len(apps) > 2 && list && x.rank < rankOwn && x.want == nil && !s.ofRule(x.rule))
	})
	for i := range s.seen {
		// A text alone: the code may be in the file, or the text may be of
		// something that it talks to.
		if x := &s.seen[i]; x.Source == FromText && x.Confidence == High && x.want == nil && !s.ofRule(x.rule) {
			x.Confidence = Medium
		}
	}
}

// ofRule says that the file is a product's own by its name or its folder.
func (s *scanner) ofRule(r *Rule) bool {
	return slices.Contains(s.own, r) || slices.ContainsFunc(s.seen, func(x seen) bool { return x.rule == r && x.named })
}

// textOf is what was taken for a product.
func (s *scanner) textOf(r *Rule) string {
	for _, x := range s.seen {
		if x.rule == r && x.Version != "" {
			return x.Text
		}
	}
	return ""
}

// mentions counts strings of the file that name a product.
func (s *scanner) mentions(r *Rule) int {
	names := [][]byte{[]byte(strings.ToLower(r.Name)), []byte(strings.ToLower(r.ID))}
	for _, p := range r.Programs {
		if len(p) > 3 && !strings.ContainsAny(p, "*?[") {
			names = append(names, []byte(p))
		}
	}
	total, n := 0, 0
	for run := range s.f.Runs(4) {
		if total += len(run.Text); total > maxGreeting {
			return minMentions // enough of it is of a program that large
		}
		if mentioned(run, names) {
			if n++; n == minMentions {
				return n
			}
		}
	}
	return n
}

func mentioned(run inspect.Run, names [][]byte) bool {
	t := bytes.ToLower(run.Text[:min(len(run.Text), 512)])
	return slices.ContainsFunc(names, func(n []byte) bool { return bytes.Contains(t, n) })
}
