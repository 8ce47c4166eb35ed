package component

import (
	"slices"
)

// settle weighs what was seen of each rule and keeps what holds together.
func (s *scanner) settle() {
	if s.kernel {
		return
	}
	if s.pure {
		// A Go program without C code: what it says of C libraries is a list, a
		// pattern, a name to be called by.
		s.seen = slices.DeleteFunc(s.seen, func(x seen) bool { return x.Source == FromText })
	}
	s.seen = slices.DeleteFunc(s.seen, func(x seen) bool {
		return x.want != nil && !slices.Contains(s.own, x.rule) && !slices.ContainsFunc(x.want, func(w string) bool { return s.with[w] })
	})
	s.doubt()
	for _, c := range s.vague {
		if !s.made {
			s.claim(c)
		}
	}
	there := map[string]bool{}
	for _, x := range s.seen {
		there[x.rule.ID] = there[x.rule.ID] || x.rank < rankName
	}
	s.seen = slices.DeleteFunc(s.seen, func(x seen) bool {
		return slices.ContainsFunc(x.rule.Unless, func(id string) bool { return there[id] })
	})
	text := slices.ContainsFunc(s.seen, func(x seen) bool { return x.Version != "" && x.rank < rankFile })
	if text {
		// A program says whose it is: the name of its file says nothing then.
		s.seen = slices.DeleteFunc(s.seen, func(x seen) bool { return x.named && !s.surer(x.rule) })
	}
	done := map[*Rule]bool{}
	for i := range s.seen {
		r := s.seen[i].rule
		if done[r] {
			continue
		}
		done[r] = true
		s.weigh(r)
	}
}

// surer says that more than the name of the file speaks for a rule.
func (s *scanner) surer(r *Rule) bool {
	return slices.ContainsFunc(s.seen, func(x seen) bool { return x.rule == r && !x.named })
}

func (s *scanner) weigh(r *Rule) {
	var all []seen
	best := rankName + 1
	atLeast, below := "", ""
	for _, x := range s.seen {
		if x.rule != r {
			continue
		}
		all = append(all, x)
		if x.Version != "" {
			best = min(best, x.rank)
		}
		if x.AtLeast != "" {
			atLeast = x.AtLeast
		}
		if x.Below != "" {
			below = x.Below
		}
	}
	for _, x := range all {
		if len(x.Versions) > 0 {
			x.Versions = slices.DeleteFunc(slices.Clone(x.Versions), func(v string) bool {
				return atLeast != "" && compare(v, atLeast) < 0 || below != "" && compare(v, below) >= 0
			})
			if len(x.Versions) == 1 && best > x.rank {
				x.Version, x.Versions = x.Versions[0], nil
				best = x.rank
			}
		}
		// What a stronger clue of the same file contradicts is only a name.
		if x.Version != "" && x.rank > best {
			x.Version, x.Confidence = "", Low
		}
		if best <= rankName {
			x.Versions, x.AtLeast, x.Below = nil, "", ""
		}
		s.claim(x.Claim)
	}
}
