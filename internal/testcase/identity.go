package testcase

import (
	"strings"

	"assay/internal/fact"
	"assay/internal/product"
	"assay/internal/verdict"
)

// identityCases judge what tells one unit from another (IoT-1005-1 5.1.1.1,
// 5.1.1.2; EN 303 645 5.4-2, 5.4-4).
func identityCases() []Case {
	return []Case{
		{
			ID: "identity.unique", Kind: Functional, Method: Auto, Severity: Low, Units: 2,
			Needs: []Need{{Kind: fact.Identity{}.Kind()}, {Kind: fact.Declared{}.Kind()}},
			Judge: uniqueIdentity,
		},
		{
			ID: "key.unique", Kind: Functional, Method: Assisted, Severity: High, Units: 2,
			Needs:    []Need{{Kind: fact.Certificate{}.Kind()}, {Kind: fact.ImageSecret{}.Kind()}},
			Subjects: keys, Judge: uniqueKey, Empty: noKey,
			Scopes: portScopes,
			Steps:  2, Observe: []Observe{ask("generated-per-unit", "yes")},
		},
	}
}

// uniqueIdentity compares the identifiers of the units of each component. One
// unit can show neither sameness nor difference; two different values show
// uniqueness only with the rule that excludes repeats.
func uniqueIdentity(v *View, _ Subject, _ Params) Outcome {
	var basis []fact.Fact
	var lacking []Outcome
	for _, of := range models(v) {
		serial := make(map[string]fact.Typed[fact.Identity]) // where first seen
		var seen []fact.Fact
		for _, u := range of {
			read := fact.Where(v.Facts, func(i fact.Identity) bool { return i.Unit == u.ID && i.Serial != "" })
			for _, id := range read {
				if first, ok := serial[id.Value.Serial]; ok && first.Value.Unit != u.ID {
					return Fail(verdict.Because("reason.identifier-shared", "identifier", id.Value.Serial,
						"unit", first.Value.Unit, "other", u.ID), first.Fact, id.Fact)
				} else if !ok {
					serial[id.Value.Serial] = id
				}
			}
			if len(read) == 0 {
				provide := verdict.Because("provide.reachable-unit", "unit", u.ID)
				if answers(v, u) {
					provide = verdict.Because("provide.identity", "unit", u.ID)
				}
				lacking = append(lacking, Inconclusive(verdict.Because("reason.identifier-unread", "unit", u.ID), provide))
				continue
			}
			seen = append(seen, read[0].Fact)
		}
		basis = append(basis, seen...)
		if len(of) < 2 {
			lacking = append(lacking, Inconclusive(verdict.Because("reason.one-unit"), verdict.Because("provide.second-unit")))
		}
	}
	if len(lacking) > 0 {
		return lacking[0].With(basis...)
	}
	if len(basis) == 0 {
		return Inconclusive(verdict.Because("reason.no-units"), verdict.Because("provide.unit"))
	}
	rule, ok := declaration(v, "identifier", "")
	if !ok || !rule.Value.Is || rule.Value.Value["rule"] == "" {
		return Inconclusive(verdict.Because("reason.no-allocation-rule"), verdict.Because("provide.identifier-rule")).With(basis...)
	}
	return Pass(verdict.Because("reason.identifiers-differ"), append(basis, rule.Fact)...)
}

// answers says whether a service was seen on a unit.
func answers(v *View, u product.Unit) bool {
	return len(fact.Where(v.Facts, func(s fact.Service) bool { return s.Unit == u.ID })) > 0
}

// models groups the units by the component that they are specimens of, in
// the order of the model.
func models(v *View) [][]product.Unit {
	var order []string
	by := make(map[string][]product.Unit)
	for _, u := range units(v) {
		of := device(v, u)
		if by[of] == nil {
			order = append(order, of)
		}
		by[of] = append(by[of], u)
	}
	out := make([][]product.Unit, len(order))
	for n, of := range order {
		out[n] = by[of]
	}
	return out
}

// keys is the population of secret keys: the TLS key of every interface, the
// private keys of every image, the other secrets that the model declares.
func keys(v *View) []Subject {
	var out []Subject
	have := make(map[string]bool)
	for _, s := range endpoints(v) {
		key := s.Interface
		if key == "" {
			key = s.Key
		}
		if !have[key] {
			have[key] = true
			out = append(out, Subject{Key: key, Interface: s.Interface, Port: s.Port, Unit: s.Unit, Item: "endpoint"})
		}
	}
	for _, s := range images(v) {
		out = append(out, Subject{Key: s.Key, Item: "image"})
	}
	seen := make(map[string]bool)
	for _, d := range dumps(v) {
		if !seen[d.Item] {
			seen[d.Item] = true
			out = append(out, Subject{Key: d.Item, Item: "dumps"})
		}
	}
	for _, d := range declarations(v, "secret") {
		if kind := d.Value.Value["kind"]; d.Value.Is && !strings.HasPrefix(kind, "tls") && !strings.Contains(kind, "public") {
			out = append(out, Subject{Key: "secret/" + d.Value.ID, Item: "secret"})
		}
	}
	return out
}

func noKey(*View) Outcome {
	return Inconclusive(verdict.Because("reason.no-subject"), verdict.Because("provide.declare", "what", "secrets"))
}

func uniqueKey(v *View, s Subject, _ Params) Outcome {
	if i, ok := declaredInterface(v, s); ok && datagram(i) {
		return unseen(v, s, fact.ScopeTLS)
	}
	switch s.Item {
	case "image":
		return speaksFor(v, s.Key, keyInImage(v, s))
	case "dumps":
		return keysInDumps(v, s.Key)
	case "secret":
		d, _ := declaration(v, "secret", strings.TrimPrefix(s.Key, "secret/"))
		return AskPerson(verdict.Because("reason.secret-not-comparable", "secret", s.Key,
			"rule", d.Value.Value["unique_by"]), d.Fact)
	}
	var basis []fact.Fact
	seen := make(map[string]bool)
	for _, c := range fact.Where(v.Facts, func(c fact.Certificate) bool {
		if s.Interface != "" {
			return c.Interface == s.Interface
		}
		return c.Unit == s.Unit && c.Port == s.Port
	}) {
		for _, other := range fact.Where(v.Facts, func(o fact.Certificate) bool { return o.SPKI == c.Value.SPKI && o.Unit != c.Value.Unit }) {
			return Fail(verdict.Because("reason.key-shared", "interface", s.Key, "unit", c.Value.Unit, "other", other.Value.Unit,
				"fingerprint", short(c.Value.SPKI)), c.Fact, other.Fact)
		}
		seen[c.Value.Unit] = true
		basis = append(basis, c.Fact)
	}
	if s.Interface == "" { // undeclared: stands on this unit only
		return Inconclusive(verdict.Because("reason.one-unit"), verdict.Because("provide.second-unit")).With(basis...)
	}
	i, _ := declaredInterface(v, s)
	for _, u := range units(v) {
		if device(v, u) == i.On && !seen[u.ID] {
			return unseen(v, Subject{Key: u.ID + "/" + s.Interface, Unit: u.ID, Interface: s.Interface, Port: s.Port}, fact.ScopeTLS).With(basis...)
		}
	}
	if len(seen) < 2 {
		return Inconclusive(verdict.Because("reason.one-unit"), verdict.Because("provide.second-unit")).With(basis...)
	}
	// Two different keys are no rule: the maker says how each comes about.
	for _, d := range declarations(v, "secret") {
		if d.Value.Is && strings.HasPrefix(d.Value.Value["kind"], "tls") && d.Value.Value["unique_by"] != "" {
			return Pass(verdict.Because("reason.keys-differ"), append(basis, d.Fact)...)
		}
	}
	return Inconclusive(verdict.Because("reason.not-declared", "what", "secrets.unique_by"),
		verdict.Because("provide.declare", "what", "secrets.unique_by")).With(basis...)
}

// keyInImage judges private keys of the common image: one that a unit shows
// on the wire is a key of every unit.
func keyInImage(v *View, s Subject) Outcome {
	var open []fact.Fact
	for _, k := range fact.Where(v.Facts, func(k fact.ImageSecret) bool { return k.Image == s.Key && k.Type == "private-key" }) {
		for _, c := range fact.Of[fact.Certificate](v.Facts) {
			if k.Value.SPKI != "" && c.Value.SPKI == k.Value.SPKI {
				return Fail(verdict.Because("reason.key-of-image-in-use", "path", k.Value.Path, "unit", c.Value.Unit,
					"fingerprint", short(k.Value.SPKI)), k.Fact, c.Fact)
			}
		}
		open = append(open, k.Fact)
	}
	if len(open) > 0 {
		return Inconclusive(verdict.Because("reason.key-in-image-unused"), verdict.Because("provide.key-use")).With(open...)
	}
	scope, ok := wholeScope(v, fact.ScopeImageFiles, s.Key)
	if !ok {
		return Inconclusive(verdict.Because("reason.image-not-read", "image", s.Key), verdict.Because("provide.readable-image", "image", s.Key))
	}
	return PassAbsent(verdict.Because("reason.no-key-in-image"), scope)
}

// keysInDumps compares the keys that were read out of the flash of the units
// of a component: one that stands in two of them is shared.
func keysInDumps(v *View, component string) Outcome {
	var basis []fact.Fact
	var empty string // a dump in which no key was found
	type holder struct {
		unit string
		key  fact.Typed[fact.ImageSecret]
	}
	first := make(map[string]holder)
	n := 0
	for _, d := range dumps(v) {
		if d.Item != component {
			continue
		}
		n++
		keys := fact.Where(v.Facts, func(k fact.ImageSecret) bool { return k.Image == d.Key && isKey(k) })
		for _, k := range keys {
			for _, id := range []string{k.Value.SPKI, k.Value.HMAC} {
				if h, ok := first[id]; ok && h.unit != d.Unit {
					return Fail(verdict.Because("reason.key-in-two-dumps", "path", k.Value.Path, "unit", h.unit, "other", d.Unit,
						"fingerprint", short(id)), h.key.Fact, k.Fact)
				} else if !ok && id != "" {
					first[id] = holder{d.Unit, k}
				}
			}
			basis = append(basis, k.Fact)
		}
		if len(keys) == 0 && empty == "" {
			empty = d.Unit
		}
	}
	for _, d := range dumps(v) {
		if d.Item != component {
			continue
		}
		scope, whole := wholeScope(v, fact.ScopeImageFiles, d.Key)
		if !whole {
			return unread(v, d).With(basis...)
		}
		basis = append(basis, scope.Fact)
	}
	switch {
	case n < 2:
		return Inconclusive(verdict.Because("reason.one-dump"), verdict.Because("provide.second-dump")).With(basis...)
	case empty != "":
		return AskPerson(verdict.Because("reason.no-key-in-dump", "unit", empty), basis...)
	}
	// As with keys on the wire: two different keys are no rule.
	for _, d := range declarations(v, "secret") {
		if d.Value.Is && d.Value.Value["unique_by"] != "" {
			return Pass(verdict.Because("reason.keys-differ"), append(basis, d.Fact)...)
		}
	}
	return Inconclusive(verdict.Because("reason.not-declared", "what", "secrets.unique_by"),
		verdict.Because("provide.declare", "what", "secrets.unique_by")).With(basis...)
}

// isKey says that a secret is one that no two units may share. A pass phrase
// of the laboratory's network stands on both.
func isKey(k fact.ImageSecret) bool {
	return k.Type == "private-key" || k.Type == "private-key-encrypted" || k.Type == "symmetric-key"
}

func short(fingerprint string) string {
	if len(fingerprint) > 16 {
		return fingerprint[:16] + "…"
	}
	return fingerprint
}
