package assess

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"assay/internal/fact"
	"assay/internal/product"
	"assay/internal/standard"
	"assay/internal/testcase"
	"assay/internal/verdict"
)

// Planned is one test case of one requirement, with what it needs and what
// is missing so far.
type Planned struct {
	Standard    standard.ID
	Requirement standard.RequirementID
	Case        testcase.ID // empty: no procedure yet
	Kind        testcase.Kind
	Method      testcase.Method
	Intrusive   bool
	Params      testcase.Params
	Collectors  []string // that write what the case judges
	Missing     []verdict.Reason
}

// Plan lists what a run with c would do, in the order of the standards.
func Plan(c Config) ([]Planned, error) {
	all := []fact.Collector{}
	cc := c
	cc.Only = nil
	if cc.Network == nil {
		cc.Network = closed{}
	}
	if len(cc.Product.Units) == 0 { // who would look, once there is a unit
		p := *cc.Product
		p.Units = []product.Unit{{}}
		cc.Product = &p
	}
	all = append(all, collectors(cc)...)
	var out []Planned
	for _, s := range c.Standards {
		profile := c.Profiles[s.ID]
		if profile == "" {
			profile = standard.Literal
		}
		for _, r := range s.Requirements {
			if r.Cases == nil {
				out = append(out, Planned{Standard: s.ID, Requirement: r.ID, Missing: []verdict.Reason{verdict.Because("reason.no-procedure")}})
				continue
			}
			var bad error
			r.Cases.Walk(func(id string, with map[string]standard.Value) {
				tc, err := testcase.Find(testcase.ID(id))
				if err != nil {
					bad = fmt.Errorf("%s: %w", r.Pos(), err)
					return
				}
				row := Planned{Standard: s.ID, Requirement: r.ID, Case: tc.ID, Kind: tc.Kind, Method: tc.Method, Intrusive: tc.Intrusive, Params: testcase.Params{}}
				for k, v := range with {
					row.Params[k] = fmt.Sprint(v.For(profile))
				}
				for _, col := range all {
					spec := col.Spec()
					if slices.ContainsFunc(tc.Needs, func(n testcase.Need) bool { return slices.Contains(spec.Writes, n.Kind) }) {
						row.Collectors = append(row.Collectors, spec.Name)
					}
				}
				row.Missing = missing(c, tc)
				out = append(out, row)
			})
			if bad != nil {
				return nil, bad
			}
		}
	}
	return out, nil
}

// missing lists what a case lacks in this workspace, as far as that can be
// told without looking at a unit.
func missing(c Config, tc testcase.Case) []verdict.Reason {
	var out []verdict.Reason
	add := func(key string, args ...string) {
		r := verdict.Because(key, args...)
		if !slices.ContainsFunc(out, func(x verdict.Reason) bool { return x.Key == key }) {
			out = append(out, r)
		}
	}
	p := c.Product
	if tc.Method == testcase.Guided {
		add("provide.record", "case", string(tc.ID), "subject", "product")
		return out
	}
	reachable := 0
	for _, u := range p.Units {
		if u.Address != "" {
			reachable++
		}
	}
	for _, n := range tc.Needs {
		switch n.Kind {
		case fact.Service{}.Kind(), fact.TLS{}.Kind(), fact.Certificate{}.Kind(), fact.LoginChannel{}.Kind(), fact.Identity{}.Kind(),
			fact.Access{}.Kind(), fact.Logout{}.Kind(), fact.RoleAccess{}.Kind(), fact.Credential{}.Kind(), fact.Throttle{}.Kind():
			if reachable == 0 {
				add("provide.unit")
			} else if reachable < tc.Units {
				add("provide.second-unit")
			}
		case fact.Firmware{}.Kind(), fact.ImageHost{}.Kind(), fact.ImageStart{}.Kind(), fact.ImageSecret{}.Kind(), fact.ImageWeakness{}.Kind():
			if !hasImage(c) {
				add("provide.image")
			}
		case fact.Page{}.Kind(), fact.Quote{}.Kind(), fact.SecurityTxt{}.Kind(), fact.SupportEnd{}.Kind():
			if n.Of != "" && !hasDocument(p, n.Of) {
				add("provide.document", "kind", n.Of)
			}
		}
		switch n.Kind {
		case fact.Access{}.Kind(), fact.Logout{}.Kind(), fact.RoleAccess{}.Kind(), fact.Credential{}.Kind(), fact.Throttle{}.Kind(), fact.LoginChannel{}.Kind():
			if len(c.Credentials) == 0 {
				add("provide.credentials", "unit", firstUnit(p))
			}
			if !slices.ContainsFunc(p.Interfaces, func(i product.Interface) bool { return i.Login != nil }) {
				add("provide.login-description", "interface", "…")
			}
		}
	}
	if tc.Intrusive {
		if !c.Intrusive {
			add("provide.intrusive")
		}
		if !slices.ContainsFunc(p.Units, func(u product.Unit) bool { return u.Expendable }) {
			add("provide.expendable", "unit", firstUnit(p))
		}
	}
	if tc.Method == testcase.Assisted {
		add("provide.record", "case", string(tc.ID), "subject", "product")
	}
	return out
}

// firstUnit names a unit in an instruction: the first, or a hint at one.
func firstUnit(p *product.Product) string {
	if len(p.Units) > 0 {
		return p.Units[0].ID
	}
	return "unit-a"
}

func hasDocument(p *product.Product, kind string) bool {
	return slices.ContainsFunc(p.Documents, func(d product.Document) bool { return d.Kind == kind }) ||
		kind == "disclosure-policy" && p.Identity.Maker.DisclosurePolicy != ""
}

func hasImage(c Config) bool {
	for _, k := range c.Product.Components {
		if k.Firmware == nil || k.Firmware.File == "" {
			continue
		}
		if info, err := os.Stat(filepath.Join(c.Dir, k.Firmware.File)); err == nil && info.Mode().IsRegular() {
			return true
		}
	}
	return false
}
