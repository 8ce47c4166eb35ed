package activity

import (
	"slices"
	"strings"
)

// Consumer is something that uses the answer to a question.
type Consumer struct {
	Kind string `json:"kind"` // question | activity | check | requirement | document | threats
	ID   string `json:"id"`
}

// link joins the questions: which answers an answer rests on, and who uses it.
func (p *Process) link() {
	p.from, p.used = map[string][]string{}, map[string][]Consumer{}
	var all []string
	for i := range p.Activities {
		for _, q := range p.Activities[i].Questions {
			all = append(all, q.ID)
		}
	}
	rests := func(id, on string) {
		if id != on && !slices.Contains(p.from[id], on) {
			p.from[id] = append(p.from[id], on)
		}
	}
	for i := range p.Activities {
		for _, q := range p.Activities[i].Questions {
			for _, f := range q.From {
				for _, id := range expand(all, f) {
					rests(q.ID, id)
					p.use(id, Consumer{"question", q.ID})
				}
			}
			for _, f := range q.Feeds {
				ids := expand(all, f)
				for _, id := range ids {
					rests(id, q.ID)
					p.use(q.ID, Consumer{"question", id})
				}
				if len(ids) == 0 && len(f) == 2 && f[0] == 'A' {
					p.use(q.ID, Consumer{"activity", f})
				}
			}
		}
	}
	for _, c := range p.Checks {
		for _, l := range c.Links {
			for _, id := range expand(all, l) {
				p.use(id, Consumer{"check", c.ID})
			}
		}
	}
}

func (p *Process) use(id string, c Consumer) {
	if !slices.Contains(p.used[id], c) {
		p.used[id] = append(p.used[id], c)
	}
}

// expand gives the questions that an id or a pattern such as 8.A.* means.
func expand(all []string, pattern string) []string {
	prefix, wild := strings.CutSuffix(pattern, "*")
	var out []string
	for _, id := range all {
		if id == pattern || wild && strings.HasPrefix(id, prefix) {
			out = append(out, id)
		}
	}
	return out
}

// Consumers lists what uses the answer to a question: other questions,
// activities and checks.
func (p *Process) Consumers(id string) []Consumer { return slices.Clone(p.used[id]) }

// RestsOn lists the questions whose answers an answer is made of.
func (p *Process) RestsOn(id string) []string { return slices.Clone(p.from[id]) }
