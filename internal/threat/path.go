package threat

import (
	"cmp"
	"slices"
	"strings"

	"assay/internal/product"
)

// Paths are the attacks that lead from an entry point to something worth
// having.
type Paths struct {
	// All holds the cheapest path for every pair of entry point and target
	// that has one, the cheapest first.
	All []Path
	// Changes are the countermeasures that, put in place, raise the cheapest
	// attack most; at most three.
	Changes Changes
}

// Path is the cheapest attack from an entry point to a target. Its potential
// is the sum over its steps: a skill that two steps need is counted twice, so
// long paths look dearer than they are, never cheaper. What nobody attacks
// (the maker's own use of data, what happens by itself) is no step, and
// neither is what countermeasures have left little harm in.
type Path struct {
	From      Entry
	To        string // control/camera, data/video, function/camera
	Potential int
	// Unprotected is the potential of the cheapest such path if no
	// countermeasure counted, Protected if all did; -1 where none is left.
	Unprotected, Protected int
	Steps                  []Step
}

// Step is one step of a path.
type Step struct {
	From, To string
	// Threat is nil for what comes by itself: who controls a component has
	// what it holds.
	Threat *Threat
	Points int
	// Weakness is the weakness that costs the attacker least.
	Weakness *Weakness
}

// Changes are countermeasures and what they do to the cheapest attack.
type Changes struct {
	Countermeasures []Countermeasure
	// Cheapest is the potential of the cheapest attack now, and with them in
	// place; -1 where no attack is left.
	Cheapest, Then int
	// Closes counts the threats that they bring down to what is left with every
	// countermeasure in place.
	Closes int
	// Cut: not everything could be tried.
	Cut bool
	// Sum is the sum of the cheapest attacks on every target, now and then;
	// a target that nothing reaches counts as 100.
	Sum, SumThen int
}

// Lengthened is what one countermeasure does to one path.
type Lengthened struct {
	Countermeasure Countermeasure
	// Then is the potential of the cheapest way between the same ends with
	// it in place; -1 where none is left.
	Then int
}

// out of reach, in sums over targets: far above what any single attack costs.
const outOfReach = 100

// Bounds of the look for the best changes: how many steps of a graph all its
// searches together may look at, how many searches there are at most, and how
// many countermeasures are tried for each place that is left.
const (
	maxLooked   = 4_000_000
	maxSearches = 2_000
	maxFill     = 24
)

// Paths finds the attack paths of the model as the verdicts leave it.
func (m *Model) Paths(p *product.Product) *Paths {
	g := newGraph(m, p)
	out := &Paths{}
	none := make([]bool, len(g.counts))
	all := slices.Repeat([]bool{true}, len(g.counts))
	for _, from := range g.starts() {
		now, open, closed := g.search(g.counts, from), g.search(none, from), g.search(all, from)
		for _, to := range g.targets {
			if now.cost[to] >= never {
				continue
			}
			path := Path{From: g.origins[from], To: g.names[to], Potential: now.cost[to], Unprotected: shownCost(open.cost[to]), Protected: shownCost(closed.cost[to])}
			path.Steps = g.steps(now, to)
			out.All = append(out.All, path)
		}
	}
	slices.SortStableFunc(out.All, func(a, b Path) int {
		return cmp.Or(cmp.Compare(a.Potential, b.Potential), cmp.Compare(worth(a.To), worth(b.To)), cmp.Compare(len(a.Steps), len(b.Steps)))
	})
	out.Changes = g.best()
	return out
}

// worth orders targets: control of a component before data before its mere
// function.
func worth(target string) int {
	switch kind, _, _ := strings.Cut(target, "/"); kind {
	case "control":
		return 0
	case "data":
		return 1
	}
	return 2
}

// Cheapest returns the n cheapest paths that differ in how they go: a path
// that begins and ends with the same threats as one before it is left out.
func (p *Paths) Cheapest(n int) []Path {
	var out []Path
	seen := map[string]bool{}
	for _, x := range p.All {
		key := x.key()
		if seen[key] {
			continue
		}
		seen[key] = true
		if out = append(out, x); len(out) == n {
			break
		}
	}
	return out
}

func (p Path) key() string {
	var ids []string
	for _, s := range p.Steps {
		if s.Threat != nil {
			ids = append(ids, s.Threat.ID)
		}
	}
	return strings.Join(ids, " ")
}

func shownCost(c int) int {
	if c >= never {
		return -1
	}
	return c
}

func (g *graph) starts() []int {
	var out []int
	for n := range g.origins {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

func (g *graph) steps(t tree, to int) []Step {
	var out []Step
	for n := to; t.prev[n] >= 0; n = t.prev[n] {
		e := t.via[n]
		s := Step{From: g.names[t.prev[n]], To: g.names[n], Threat: e.threat, Points: e.points(g.counts)}
		if e.threat != nil {
			s.Weakness = g.easiest(e)
		}
		out = append(out, s)
	}
	slices.Reverse(out)
	return out
}

func (g *graph) easiest(e *edge) *Weakness {
	best := -1
	for i := range e.threat.Weaknesses {
		open := slices.ContainsFunc(e.needs[i], func(n int) bool { return !g.counts[n] })
		if open {
			return &e.threat.Weaknesses[i]
		}
		if best < 0 || e.closed[i] < e.closed[best] {
			best = i
		}
	}
	return &e.threat.Weaknesses[best]
}

// Lengthen says, for a path, what each countermeasure on it that isn't in
// place would do: the most effective first.
func (m *Model) Lengthen(p *product.Product, path Path) []Lengthened {
	g := newGraph(m, p)
	from, to := g.node(string(path.From)), g.node(path.To)
	var out []Lengthened
	for _, n := range g.open(g.search(g.counts, from), to) {
		counts := slices.Clone(g.counts)
		counts[n] = true
		out = append(out, Lengthened{g.changes[n], shownCost(g.search(counts, from).cost[to])})
	}
	slices.SortStableFunc(out, func(a, b Lengthened) int { return cmp.Compare(far(b.Then), far(a.Then)) })
	return out
}

func far(c int) int {
	if c < 0 {
		return never
	}
	return c
}

// open lists the countermeasures on the way to a node that aren't in place.
func (g *graph) open(t tree, to int, but ...int) []int {
	var out []int
	for n := to; t.prev[n] >= 0; n = t.prev[n] {
		for _, need := range t.via[n].needs {
			for _, c := range need {
				if !g.counts[c] && !slices.Contains(out, c) && !slices.Contains(but, c) {
					out = append(out, c)
				}
			}
		}
	}
	return out
}

// best looks for three countermeasures that raise the cheapest attack most,
// then the sum over all targets. Whatever raises the cheapest attack must
// stand on its way, so only those are tried, and after each the next cheapest
// way: no three raise it more, unless the bound on searches cut it short.
func (g *graph) best() Changes {
	edges := 1
	for _, out := range g.out {
		edges += len(out)
	}
	b := bestSearch{g: g, left: min(maxSearches, max(40, maxLooked/edges)), starts: g.starts()}
	counts := slices.Clone(g.counts)
	t := g.search(counts, b.starts...)
	b.out.Cheapest, b.out.Sum, _ = b.rate(t)
	b.out.Then, b.out.SumThen = b.out.Cheapest, b.out.Sum
	b.try(counts, t, nil)
	b.fill(counts)
	for _, n := range b.chosen {
		b.out.Countermeasures = append(b.out.Countermeasures, g.changes[n])
	}
	return b.out
}

type bestSearch struct {
	g      *graph
	starts []int
	left   int
	chosen []int
	out    Changes
}

// rate gives the cheapest target's cost, the sum over targets, and the
// cheapest target.
func (b *bestSearch) rate(t tree) (cheapest, sum, target int) {
	cheapest, target = never, -1
	for _, n := range b.g.targets {
		sum += min(t.cost[n], outOfReach)
		if t.cost[n] < cheapest {
			cheapest, target = t.cost[n], n
		}
	}
	return shownCost(cheapest), sum, target
}

func (b *bestSearch) try(counts []bool, t tree, chosen []int) {
	_, _, target := b.rate(t)
	if target < 0 || len(chosen) == 3 {
		return
	}
	for _, n := range b.g.open(t, target, chosen...) {
		if b.left == 0 {
			b.out.Cut = true
			return
		}
		b.left--
		with := slices.Clone(counts)
		with[n] = true
		next := b.g.search(with, b.starts...)
		now := append(slices.Clone(chosen), n)
		if c, s, _ := b.rate(next); far(c) > far(b.out.Then) || far(c) == far(b.out.Then) && s > b.out.SumThen {
			b.out.Then, b.out.SumThen, b.chosen = c, s, now
		}
		b.try(with, next, now)
	}
}

// fill adds what raises the sum over all targets most, until there are three:
// where the cheapest attack has too many equals, the next ones still count.
func (b *bestSearch) fill(counts []bool) {
	with := slices.Clone(counts)
	for _, n := range b.chosen {
		with[n] = true
	}
	for len(b.chosen) < 3 {
		t := b.g.search(with, b.starts...)
		best, bestSum := -1, b.out.SumThen
		var tries []int
		for _, target := range b.g.targets {
			if t.cost[target] >= never {
				continue
			}
			for _, n := range b.g.open(t, target) {
				if !slices.Contains(tries, n) && len(tries) < maxFill {
					tries = append(tries, n)
				}
			}
		}
		for _, n := range tries {
			with[n] = true
			cheapest, sum, _ := b.rate(b.g.search(with, b.starts...))
			if with[n] = false; sum > bestSum && far(cheapest) >= far(b.out.Then) {
				best, bestSum = n, sum
			}
		}
		if best < 0 {
			break
		}
		with[best] = true
		b.chosen, b.out.SumThen = append(b.chosen, best), bestSum
		b.out.Then, _, _ = b.rate(b.g.search(with, b.starts...))
	}
	b.closeMost(with)
}

// closeMost fills what places are left with what closes most threats, and
// counts the threats that all of it closes.
func (b *bestSearch) closeMost(with []bool) {
	for len(b.chosen) < 3 {
		best, most := -1, 0
		for n := range with {
			if with[n] {
				continue
			}
			with[n] = true
			if c := b.g.closes(with); c > most {
				best, most = n, c
			}
			with[n] = false
		}
		if best < 0 || most <= b.g.closes(with) {
			break
		}
		with[best] = true
		b.chosen = append(b.chosen, best)
	}
	b.out.Closes = b.g.closes(with)
}

// closes counts the threats that some countermeasures close and those in
// place don't.
func (g *graph) closes(counts []bool) int {
	n := 0
	for _, needs := range g.threats {
		if closed(needs, counts) && !closed(needs, g.counts) {
			n++
		}
	}
	return n
}

func closed(needs [][]int, counts []bool) bool {
	for _, need := range needs {
		for _, c := range need {
			if !counts[c] {
				return false
			}
		}
	}
	return true
}
