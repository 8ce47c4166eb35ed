package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"assay/internal/product"
	"assay/internal/standard"
	"assay/internal/testcase"
	"assay/internal/verdict"
)

// ComponentVerdict is the verdict on one requirement for one component of the
// product (IR 8425 section 2.2: outcomes are met by the product, through its
// components).
type ComponentVerdict struct {
	Component string
	Verdict   verdict.Verdict
	Reasons   []verdict.Reason
	// Declared: the maker says in capabilities that the component doesn't meet
	// the requirement.
	Declared bool
	// byComponent: what is open is open because of this component, not in the
	// cases' own results.
	byComponent bool
}

// components judges a requirement for each component and rolls it up: the
// worst counts, so a component that nothing looked at leaves it undecided.
func (j *judge) components(v *Verdict, s *standard.Standard, r *standard.Requirement) {
	if !s.PerComponent || r.Subject != "product" {
		return
	}
	all := []verdict.Verdict{}
	for _, c := range j.in.Product.Components {
		x := ComponentVerdict{Component: c.ID}
		if why, declared := j.declared(s.ID, r.ID, c.ID); declared {
			x.Verdict, x.Reasons, x.Declared = why.verdict, []verdict.Reason{why.reason}, why.verdict == verdict.Fail
			x.byComponent = true
		} else {
			j.ofComponent(&x, v, r, c)
		}
		v.Components, all = append(v.Components, x), append(all, x.Verdict)
	}
	if why, declared := j.declared(s.ID, r.ID, ""); declared { // of the product as a whole
		v.Components = append(v.Components, ComponentVerdict{Component: "product", Verdict: why.verdict, Reasons: []verdict.Reason{why.reason}, Declared: why.verdict == verdict.Fail, byComponent: true})
		all = append(all, why.verdict)
	}
	if len(all) > 0 && v.Verdict != verdict.NotTested {
		v.Verdict = verdict.All(append(all, v.Verdict)...)
	}
}

type declaredVerdict struct {
	verdict verdict.Verdict
	reason  verdict.Reason
}

// declared is what the maker says of an item for a component that it isn't
// met by: a reasoned gap is a gap (IR 8425, documentation outcome 1.c). What
// the maker says is met decides nothing.
func (j *judge) declared(std standard.ID, req standard.RequirementID, component string) (declaredVerdict, bool) {
	var out declaredVerdict
	found := false
	for _, c := range j.in.Product.Capabilities {
		for _, m := range c.Meets {
			if m.Item != string(std)+"/"+string(req) || m.Component != component {
				continue
			}
			args := []string{"component", cmp.Or(component, "product"), "why", m.Why, "by", m.By}
			switch m.Met {
			case "no", "partly":
				return declaredVerdict{verdict.Fail, verdict.Because("reason.component-not-met", append(args, "met", "record.met."+m.Met)...)}, true
			case "n/a": // unless another entry says that it isn't met
				out, found = declaredVerdict{verdict.Inconclusive, verdict.Because("reason.component-not-applicable", args...)}, true
			}
		}
	}
	return out, found
}

// ofComponent judges by the results whose subjects are of the component.
func (j *judge) ofComponent(x *ComponentVerdict, v *Verdict, r *standard.Requirement, c product.Component) {
	if r.Cases == nil {
		x.Verdict, x.Reasons = verdict.Inconclusive, []verdict.Reason{verdict.Because("reason.no-procedure")}
		return
	}
	seen := false
	var why []because
	x.Verdict, seen = j.part(v, r.Cases, v.Profile, func(subject string) bool {
		of := j.componentsOf(subject)
		// What is judged for the product as a whole is judged on its devices;
		// what belongs to no component shows nothing of any.
		return slices.Contains(of, c.ID) || subject == "product" && (c.Kind == "device" || c.Kind == "gateway")
	}, &why)
	for _, w := range why {
		if w.verdict == x.Verdict {
			x.Reasons = append(x.Reasons, w.reason)
		}
	}
	if !seen || len(x.Reasons) == 0 {
		x.byComponent = true
		x.Verdict = verdict.Inconclusive
		x.Reasons = []verdict.Reason{verdict.Because("reason.component-not-tested", "component", c.ID)}
	}
}

// because is what a result said, and with which verdict.
type because struct {
	verdict verdict.Verdict
	reason  verdict.Reason
}

// part evaluates an expression over a part of the results that were gathered
// for the requirement. seen says whether any of them was in it; why gets what
// decided each case.
func (j *judge) part(v *Verdict, e *standard.Expr, profile string, keep func(string) bool, why *[]because) (verdict.Verdict, bool) {
	if e.Case != "" {
		var vs []verdict.Verdict
		var reasons []because
		for _, c := range v.Cases {
			if string(c.ID) != e.Case || !sameParams(c.Params, e, profile) {
				continue
			}
			for _, r := range c.Results {
				if keep(r.Subject) {
					vs = append(vs, r.Verdict)
					if len(r.Reasons) > 0 {
						reasons = append(reasons, because{r.Verdict, r.Reasons[0]})
					}
				}
			}
			break
		}
		if len(vs) == 0 {
			return verdict.Inconclusive, false
		}
		for _, w := range reasons {
			if w.verdict == verdict.All(vs...) {
				*why = append(*why, w)
				break
			}
		}
		return verdict.All(vs...), true
	}
	members, join := e.All, verdict.All
	if e.Any != nil {
		members, join = e.Any, verdict.Any
	}
	var vs []verdict.Verdict
	seen := false
	for i := range members {
		got, has := j.part(v, &members[i], profile, keep, why)
		vs, seen = append(vs, got), seen || has
	}
	return join(vs...), seen
}

func sameParams(p testcase.Params, e *standard.Expr, profile string) bool {
	if len(p) != len(e.With) {
		return false
	}
	for k, v := range e.With {
		if p[k] != fmt.Sprint(v.For(profile)) {
			return false
		}
	}
	return true
}

// componentsOf names the components that a subject is of; nil for the product
// as a whole, and for what belongs to no component.
func (j *judge) componentsOf(subject string) []string {
	p := j.in.Product
	head, rest, _ := strings.Cut(subject, "/")
	switch head {
	case "data":
		for _, d := range p.Data {
			if d.ID == rest && len(d.StoredOn) > 0 {
				return d.StoredOn
			}
		}
	case "secret":
		for _, s := range p.Secrets {
			if s.ID == rest {
				return []string{s.On}
			}
		}
	}
	for _, u := range p.Units {
		if u.ID == head {
			return []string{j.unitOf(u)}
		}
	}
	for _, i := range p.Interfaces {
		if i.ID == subject {
			return []string{i.On}
		}
	}
	for _, c := range p.Components {
		if c.ID == subject || c.Firmware != nil && c.Firmware.File == subject {
			return []string{c.ID}
		}
	}
	return nil
}

func (j *judge) unitOf(u product.Unit) string {
	if u.Of != "" {
		return u.Of
	}
	for _, c := range j.in.Product.Devices() {
		return c.ID
	}
	return ""
}
