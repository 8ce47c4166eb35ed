// Package declared turns what the product model says into facts, so that
// conceptual test cases rest on evidence like all others: the lines of
// assay.yaml.
//
// In: a product and its positions in the file. Out: Declared facts with the
// line they stand on. It reads nothing else.
package declared

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/product"
)

// Collector reads the model of one product.
type Collector struct {
	Product *product.Product
	Source  []byte // assay.yaml as it is
	// Line gives the line of a field path such as "data[2]"; 0: unknown.
	Line func(path string) int
}

// Spec implements fact.Collector.
func (c *Collector) Spec() fact.Spec {
	return fact.Spec{Name: "declared", Version: "1", Writes: []fact.Kind{fact.Declared{}.Kind()}}
}

// Collect implements fact.Collector.
func (c *Collector) Collect(ctx context.Context, sink fact.Sink) error {
	return sink.Unit(ctx, fact.Unit{Name: "model"}, func(_ context.Context, r fact.Recorder) error {
		ref, err := r.Evidence("assay.yaml", "document", bytes.NewReader(c.Source))
		if err != nil {
			return err
		}
		o := r.Observe(fact.Observation{Vantage: fact.Paper, Method: fact.Examine})
		for _, d := range c.declarations() {
			at := ref
			if n := c.Line(d.path); n > 0 {
				at.Locator = "assay.yaml line " + strconv.Itoa(n)
			}
			if err := r.Record(o, d.What+"/"+d.ID, d.Declared, at); err != nil {
				return err
			}
		}
		return nil
	})
}

type declaration struct {
	path string
	fact.Declared
}

// declarations lists what conceptual cases look at. What the model leaves
// out is listed as not declared where a case asks for it.
func (c *Collector) declarations() []declaration {
	p := c.Product
	var out []declaration
	add := func(path, what, id string, is bool, value map[string]string) {
		for k, v := range value {
			if v == "" {
				delete(value, k)
			}
		}
		out = append(out, declaration{path, fact.Declared{What: what, ID: id, Is: is, Value: value}})
	}
	if s := p.Identity.Support; s != nil {
		v := map[string]string{}
		if !s.Until.IsZero() {
			v["until"] = s.Until.String()
		}
		if !s.From.IsZero() {
			v["from"] = s.From.String()
		}
		if l := p.Identity.Lifetime; l != nil && l.TypicalYears > 0 {
			v["use_years"] = strconv.Itoa(l.TypicalYears)
		}
		add("product.support", "support", "", true, v)
	}
	if i := p.Identifier; i != nil {
		add("identifier", "identifier", "", true, map[string]string{"kind": i.Kind, "rule": i.Rule})
	}
	if w := p.Passwords; w != nil {
		add("passwords", "passwords", "", true, map[string]string{"used": flag(w.Used), "preset": w.Preset, "rule": w.Rule, "change": w.Change})
	}
	if u := p.Update; u != nil {
		v := map[string]string{"mechanism": u.Mechanism, "host": u.Host, "protocol": u.Protocol, "signed": u.Signed,
			"automatic": flag(u.Automatic), "rollback": u.Rollback, "after_failure": u.AfterFailure}
		if u.Check != nil {
			if u.Check.Every > 0 {
				v["check_every"] = u.Check.Every.String()
			}
			v["shown_in"] = strings.Join(u.Check.ShownIn, ", ")
		}
		add("update", "update", "", true, v)
	}
	for i, d := range p.Data {
		v := map[string]string{"category": d.Category, "purpose": d.Purpose, "necessary": d.Necessary, "consent": d.Consent,
			"stored_on": strings.Join(d.StoredOn, ", "), "deleted_by": strings.Join(d.DeletedBy, ", "),
			"protected_by": d.ProtectedBy, "shared_with": strings.Join(d.SharedWith, ", ")}
		if d.SharedWith != nil {
			v["shared_with_stated"] = "true"
		}
		add(fmt.Sprintf("data[%d]", i), "data", d.ID, true, v)
	}
	for name, role := range p.Roles {
		add("roles."+name, "role", name, true, map[string]string{"may": strings.Join(role.May, ", ")})
	}
	for i, s := range p.Secrets {
		add(fmt.Sprintf("secrets[%d]", i), "secret", s.ID, true, map[string]string{"kind": s.Kind, "unique_by": s.UniqueBy, "protected_by": s.ProtectedBy})
	}
	for n, i := range p.Interfaces {
		v := map[string]string{"on": i.On, "protocol": i.Protocol, "purpose": i.Purpose, "auth": i.Auth}
		if i.Port.Number != 0 {
			v["port"] = i.Port.String()
		}
		add(fmt.Sprintf("interfaces[%d]", n), "interface", i.ID, true, v)
	}
	for i, k := range p.Components {
		if k.Firmware != nil {
			add(fmt.Sprintf("components[%d].firmware", i), "firmware", k.ID, true, map[string]string{"file": k.Firmware.File,
				"public": flag(k.Firmware.Public), "encrypted": flag(k.Firmware.Encrypted), "encryption": k.Firmware.Encryption})
		}
	}
	return out
}

func flag(b *bool) string {
	if b == nil {
		return ""
	}
	return strconv.FormatBool(*b)
}
