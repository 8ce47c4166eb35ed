package testcase

import (
	"strings"

	"assay/internal/fact"
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
			Subjects: keys, Judge: uniqueKey,
			Scopes: portScopes,
			Steps:  2, Observe: []Observe{{Name: "generated-per-unit", Options: []string{"yes", "no"}}},
		},
	}
}

// uniqueIdentity compares the identifiers of all units. One unit can show
// neither sameness nor difference; two different values show uniqueness only
// with the rule that excludes repeats.
func uniqueIdentity(v *View, _ Subject, _ Params) Outcome {
	serial := make(map[string]fact.Typed[fact.Identity]) // serial → where first seen
	var basis []fact.Fact
	seen := make(map[string]bool)
	for _, id := range fact.Where(v.Facts, func(i fact.Identity) bool { return i.Serial != "" }) {
		if first, ok := serial[id.Value.Serial]; ok && first.Value.Unit != id.Value.Unit {
			return Fail(verdict.Because("reason.identifier-shared", "identifier", id.Value.Serial,
				"unit", first.Value.Unit, "other", id.Value.Unit), first.Fact, id.Fact)
		}
		if _, ok := serial[id.Value.Serial]; !ok {
			serial[id.Value.Serial] = id
		}
		if !seen[id.Value.Unit] {
			seen[id.Value.Unit] = true
			basis = append(basis, id.Fact)
		}
	}
	for _, u := range units(v) {
		if !seen[u.ID] {
			return Inconclusive(verdict.Because("reason.identifier-unread", "unit", u.ID),
				verdict.Because("provide.reachable-unit", "unit", u.ID)).With(basis...)
		}
	}
	if len(basis) < 2 {
		return Inconclusive(verdict.Because("reason.one-unit"), verdict.Because("provide.second-unit")).With(basis...)
	}
	rule, ok := declaration(v, "identifier", "")
	if !ok || !rule.Value.Is || rule.Value.Value["rule"] == "" {
		return Inconclusive(verdict.Because("reason.no-allocation-rule"), verdict.Because("provide.identifier-rule")).With(basis...)
	}
	return Pass(verdict.Because("reason.identifiers-differ"), append(basis, rule.Fact)...)
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
	for _, d := range declarations(v, "secret") {
		if kind := d.Value.Value["kind"]; d.Value.Is && !strings.HasPrefix(kind, "tls") && !strings.Contains(kind, "public") {
			out = append(out, Subject{Key: "secret/" + d.Value.ID, Item: "secret"})
		}
	}
	return out
}

func uniqueKey(v *View, s Subject, _ Params) Outcome {
	switch s.Item {
	case "image":
		return keyInImage(v, s)
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
	for _, u := range units(v) {
		if !seen[u.ID] {
			return unseen(v, Subject{Key: u.ID + "/" + s.Interface, Unit: u.ID, Interface: s.Interface, Port: s.Port}, "tls").With(basis...)
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

func short(fingerprint string) string {
	if len(fingerprint) > 16 {
		return fingerprint[:16] + "…"
	}
	return fingerprint
}
