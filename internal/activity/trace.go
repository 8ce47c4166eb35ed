package activity

import (
	"fmt"
	"strings"

	"assay/internal/product"
	"assay/internal/standard"
	"assay/internal/thread"
	"assay/internal/threat"
)

// The kinds of nodes that the record adds to a thread.
const (
	NodeQuestion   thread.Kind = "question"
	NodeCustomer   thread.Kind = "customer"
	NodeUseCase    thread.Kind = "use-case"
	NodeMisuse     thread.Kind = "misuse"
	NodeLaw        thread.Kind = "law"
	NodeNeed       thread.Kind = "need"
	NodeMeans      thread.Kind = "means"
	NodeCapability thread.Kind = "capability"
)

// Kinds are all kinds of nodes between the customer and the test, in the
// order of a thread. What the documents say comes after them.
func Kinds() []thread.Kind {
	return []thread.Kind{
		NodeQuestion, NodeCustomer, NodeUseCase, threat.NodeElement, NodeMisuse, threat.NodeAnnex, threat.NodeRule, threat.NodeThreat,
		NodeLaw, NodeNeed, NodeMeans, NodeCapability, threat.NodeWeakness, threat.NodeRequirement, threat.NodeCase,
	}
}

// Link adds the record to threads that hold the product's threats and the
// standards already: who the customers are, what they need, by which means it
// is met, which capability that makes and which requirement it answers; and
// which questions ask for what.
func (p *Process) Link(t *thread.Threads, m *product.Product, standards []*standard.Standard) {
	linkProduct(t, m)
	for id, from := range p.from {
		for _, f := range from {
			t.Link(thread.Node{Kind: NodeQuestion, ID: f}, thread.Node{Kind: NodeQuestion, ID: id})
		}
	}
	for i := range p.Activities {
		for _, q := range p.Activities[i].Questions {
			t.Add(thread.Node{Kind: NodeQuestion, ID: q.ID})
		}
	}
	for _, s := range standards {
		for i := range s.Requirements {
			r := &s.Requirements[i]
			for _, q := range Asked(r) {
				t.Link(thread.Node{Kind: NodeQuestion, ID: q}, requirement(string(s.ID)+"/"+string(r.ID)))
			}
		}
	}
}

// Asked lists the questions whose answers decide a requirement.
func Asked(r *standard.Requirement) []string {
	var out []string
	r.Cases.Walk(func(_ string, with map[string]standard.Value) {
		if v, ok := with["questions"]; ok {
			out = append(out, strings.Fields(fmt.Sprint(v.For(standard.Literal)))...)
		}
	})
	return out
}

func requirement(id string) thread.Node {
	return thread.Node{Kind: threat.NodeRequirement, ID: id}
}

func linkProduct(t *thread.Threads, m *product.Product) {
	node := func(k thread.Kind, id string) thread.Node { return thread.Node{Kind: k, ID: id} }
	// A reference to a threat names it, its rule, or a case of misuse. What
	// none of them is a check finds; a thread doesn't show it.
	risks := func(ids []string, to thread.Node) {
		for _, id := range ids {
			for _, k := range []thread.Kind{threat.NodeThreat, threat.NodeRule, NodeMisuse} {
				if n := node(k, id); t.Has(n) {
					t.Link(n, to)
				}
			}
		}
	}
	for _, x := range m.Misuse {
		t.Add(node(NodeMisuse, x.ID))
		for _, k := range []thread.Kind{threat.NodeThreat, threat.NodeRule} {
			if n := node(k, x.Threat); t.Has(n) {
				t.Link(node(NodeMisuse, x.ID), n)
			}
		}
	}
	for _, c := range m.Customers {
		t.Add(node(NodeCustomer, c.ID))
	}
	for _, l := range m.Laws {
		t.Add(node(NodeLaw, l.ID))
	}
	for _, u := range m.UseCases {
		n := node(NodeUseCase, u.ID)
		t.Add(n)
		for _, c := range u.By {
			t.Link(node(NodeCustomer, c), n)
		}
		for _, id := range u.Risks {
			for _, k := range []thread.Kind{threat.NodeThreat, threat.NodeRule, NodeMisuse} {
				if x := node(k, id); t.Has(x) {
					t.Link(n, x)
				}
			}
		}
	}
	for _, x := range m.Needs {
		n := node(NodeNeed, x.ID)
		t.Add(n)
		for _, c := range x.Of {
			t.Link(node(NodeCustomer, c), n)
		}
		for _, u := range x.In {
			t.Link(node(NodeUseCase, u), n)
		}
		for _, l := range x.Laws {
			t.Link(node(NodeLaw, l), n)
		}
		risks(x.Risks, n)
	}
	for _, x := range m.Means {
		n := node(NodeMeans, x.ID)
		t.Add(n)
		for _, f := range x.For {
			t.Link(node(NodeNeed, f), n)
		}
	}
	for _, x := range m.Capabilities {
		n := node(NodeCapability, x.ID)
		t.Add(n)
		for _, f := range x.Means {
			t.Link(node(NodeMeans, f), n)
		}
		for _, l := range x.Laws {
			t.Link(node(NodeLaw, l), n)
		}
		risks(x.Threats, n)
		for _, c := range x.Meets {
			if r := requirement(c.Item); t.Has(r) {
				t.Link(n, r)
			}
		}
		for _, test := range []thread.Node{requirement(x.Test), node(threat.NodeCase, x.Test)} {
			if t.Has(test) {
				t.Link(n, test)
			}
		}
	}
}
