package threat

import (
	"assay/internal/standard"
	"assay/internal/thread"
)

// The kinds of nodes, from the model to the test.
const (
	NodeElement     thread.Kind = "element"
	NodeAnnex       thread.Kind = "annex" // a threat of a standard's own analysis
	NodeRule        thread.Kind = "rule"
	NodeThreat      thread.Kind = "threat"
	NodeWeakness    thread.Kind = "weakness"
	NodeRequirement thread.Kind = "requirement"
	NodeCase        thread.Kind = "case"
)

// Link links a model and the standards that its countermeasures come
// from. Weaknesses and rules of the library that no threat uses are linked
// too, so that every id can be asked for.
func Link(t *thread.Threads, m *Model, l *Library, standards []*standard.Standard) {
	for _, e := range m.Elements {
		t.Add(thread.Node{Kind: NodeElement, ID: e.Ref})
	}
	for _, s := range standards {
		for _, x := range s.Threats {
			for i := range x.Rows {
				t.Link(thread.Node{Kind: NodeAnnex, ID: x.ID}, thread.Node{Kind: NodeAnnex, ID: rowID(x.ID, i)})
			}
		}
		for i := range s.Requirements {
			r := &s.Requirements[i]
			n := thread.Node{Kind: NodeRequirement, ID: Ref{s.ID, r.ID}.String()}
			t.Add(n)
			for _, id := range r.Cases.CaseIDs() {
				t.Link(n, thread.Node{Kind: NodeCase, ID: id})
			}
		}
	}
	for i := range l.Weaknesses {
		w := &l.Weaknesses[i]
		for _, c := range w.Countermeasures {
			for _, r := range c {
				t.Link(thread.Node{Kind: NodeWeakness, ID: w.ID}, thread.Node{Kind: NodeRequirement, ID: r.String()})
			}
		}
	}
	for i := range l.Rules {
		r := &l.Rules[i]
		t.Add(thread.Node{Kind: NodeRule, ID: r.ID})
		for _, row := range r.Annex {
			if n := (thread.Node{Kind: NodeAnnex, ID: row}); t.Has(n) {
				t.Link(n, thread.Node{Kind: NodeRule, ID: r.ID})
			}
		}
	}
	for i := range m.Threats {
		x := &m.Threats[i]
		n := thread.Node{Kind: NodeThreat, ID: x.ID}
		t.Link(thread.Node{Kind: NodeRule, ID: x.Rule.ID}, n)
		t.Link(thread.Node{Kind: NodeElement, ID: x.Element.Ref}, n)
		for _, w := range x.Weaknesses {
			t.Link(n, thread.Node{Kind: NodeWeakness, ID: w.ID})
		}
	}
}
