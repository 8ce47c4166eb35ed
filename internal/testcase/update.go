package testcase

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/verdict"
)

// updateCases judge how software is renewed (IoT-1005-1 5.3.1.x; EN 303 645
// 5.3). What only a unit in the act can show is guided.
func updateCases() []Case {
	declared := []Need{{Kind: fact.Declared{}.Kind()}}
	return []Case{
		{ID: "update.mechanism", Kind: Conceptual, Method: Auto, Severity: High, Needs: declared, Judge: updateMechanism},
		{
			ID: "update.channel", Kind: Functional, Method: Assisted, Severity: High,
			Needs: []Need{{Kind: fact.Declared{}.Kind()}, {Kind: fact.ImageWeakness{}.Kind()}, {Kind: fact.ImageUpdate{}.Kind()}}, Judge: updateChannel,
			Steps: 4, Observe: []Observe{
				ask("transfer-seen", "yes"), {Name: "tls-version"},
				ask("forward-secrecy", "yes"), ask("bad-certificate-refused", "yes"),
			},
		},
		{
			ID: "update.signed", Kind: Conceptual, Method: Auto, Severity: High,
			Needs: []Need{{Kind: fact.Declared{}.Kind()}, {Kind: fact.ImageWeakness{}.Kind()}, {Kind: fact.ImageUpdate{}.Kind()}, {Kind: fact.ImageGuard{}.Kind()}},
			Judge: updateSigned,
		},
		{ID: "update.check", Kind: Conceptual, Method: Auto, Severity: Medium, Needs: declared, Judge: updateCheck},
	}
}

// update returns what the model declares of updates.
func update(v *View) (fact.Typed[fact.Declared], Outcome, bool) {
	d, ok := declaration(v, "update", "")
	if !ok {
		return d, Inconclusive(verdict.Because("reason.not-declared", "what", "update"), verdict.Because("provide.declare", "what", "update")), false
	}
	return d, Outcome{}, true
}

func hasUpdates(d fact.Declared) bool {
	m := strings.ToLower(d.Value["mechanism"])
	return d.Is && m != "" && m != "none"
}

func updateMechanism(v *View, _ Subject, _ Params) Outcome {
	d, o, ok := update(v)
	if !ok {
		return o
	}
	if !hasUpdates(d.Value) {
		if d.Value.Value["mechanism"] == "" {
			return Inconclusive(verdict.Because("reason.not-declared", "what", "update.mechanism"), verdict.Because("provide.declare", "what", "update.mechanism")).With(d.Fact)
		}
		return Fail(verdict.Because("reason.no-update-mechanism"), d.Fact)
	}
	return Pass(verdict.Because("reason.update-mechanism", "mechanism", d.Value.Value["mechanism"]), d.Fact)
}

// updateChannel fails a channel that the image or the model shows to be in
// clear or unverified. That a channel is good only a seen transfer can show.
// A client that doesn't check certificates counts where it fetches updates;
// elsewhere it is a matter of firmware.transport.
func updateChannel(v *View, _ Subject, _ Params) Outcome {
	for _, w := range fact.Where(v.Facts, func(w fact.ImageWeakness) bool { return stored(v, w.Found) }) {
		switch w.Value.Type {
		case "update-over-http":
			return Fail(verdict.Because("reason.update-over-http", "path", w.Value.Path, "detail", w.Value.Detail), w.Fact)
		case "tls-verify-disabled":
			if !updates(v, w.Value.Found) {
				continue
			}
			return Fail(verdict.Because("reason.update-unverified", "path", w.Value.Path, "detail", w.Value.Detail), w.Fact)
		}
	}
	d, o, ok := update(v)
	if !ok {
		return o
	}
	if p := strings.ToLower(d.Value.Value["protocol"]); p == "http" || p == "ftp" || p == "tftp" {
		return Fail(verdict.Because("reason.update-declared-clear", "protocol", p), d.Fact)
	}
	if !hasUpdates(d.Value) {
		return Inconclusive(verdict.Because("reason.no-update-mechanism"), verdict.Because("provide.declare", "what", "update.mechanism")).With(d.Fact)
	}
	if o, open := unreadImage(v); open {
		return o.With(d.Fact)
	}
	o = AskPerson(verdict.Because("reason.no-transfer-seen"), d.Fact)
	for _, u := range fact.Where(v.Facts, func(u fact.ImageUpdate) bool { return stored(v, u.Found) }) {
		switch u.Value.Scheme {
		case "http", "ftp", "tftp": // of a package feed that may not be in use, or an address on the unit itself
			return o.And(verdict.Because("reason.update-source-in-clear", "path", u.Value.Path, "mechanism", u.Value.Mechanism, "scheme", u.Value.Scheme)).With(u.Fact)
		case "https":
			o = o.With(u.Fact)
		}
	}
	return o
}

func updateSigned(v *View, _ Subject, _ Params) Outcome {
	for _, w := range fact.Where(v.Facts, func(w fact.ImageWeakness) bool { return w.Type == "update-without-signature" && stored(v, w.Found) }) {
		return Fail(verdict.Because("reason.update-script-unsigned", "path", w.Value.Path, "detail", w.Value.Detail), w.Fact)
	}
	for _, u := range fact.Where(v.Facts, func(u fact.ImageUpdate) bool { return u.Signature == "disabled" && stored(v, u.Found) }) {
		return Fail(verdict.Because("reason.update-check-disabled", "path", u.Value.Path, "mechanism", u.Value.Mechanism, "detail", u.Value.Text), u.Fact)
	}
	for _, g := range guards(v, "signature", "bad") {
		return Fail(verdict.Because("reason.image-signature-bad", "image", g.Value.Image, "scheme", g.Value.Scheme, "offset", fmt.Sprint(g.Value.Offset)), g.Fact)
	}
	d, o, ok := update(v)
	if !ok {
		return o
	}
	signed := strings.ToLower(d.Value.Value["signed"])
	switch {
	case !hasUpdates(d.Value):
		return Inconclusive(verdict.Because("reason.no-update-mechanism"), verdict.Because("provide.declare", "what", "update.mechanism")).With(d.Fact)
	case signed == "":
		return Inconclusive(verdict.Because("reason.not-declared", "what", "update.signed"), verdict.Because("provide.declare", "what", "update.signed")).With(d.Fact)
	case signed == "none" || signed == "no":
		return Fail(verdict.Because("reason.update-unsigned"), d.Fact)
	}
	switch signatureOf(signed) {
	case weakSignature:
		return Fail(verdict.Because("reason.update-weakly-signed", "algorithm", signed), d.Fact)
	case approvedSignature:
		for _, g := range guards(v, "checksum", "bad") {
			return Inconclusive(verdict.Because("reason.image-damaged", "image", g.Value.Image, "scheme", g.Value.Scheme, "offset", fmt.Sprint(g.Value.Offset)),
				verdict.Because("provide.readable-image", "image", g.Value.Image)).With(d.Fact, g.Fact)
		}
		if o, open := unreadImage(v); open {
			return o.With(d.Fact)
		}
		return seenInImage(v, Pass(verdict.Because("reason.update-signed", "algorithm", signed), d.Fact))
	case incompleteSignature:
		return Inconclusive(verdict.Because("reason.algorithm-incomplete", "algorithm", signed), verdict.Because("provide.signature")).With(d.Fact)
	}
	return Inconclusive(verdict.Because("reason.algorithm-unknown", "algorithm", signed), verdict.Because("provide.signature")).With(d.Fact)
}

// guards are the signatures or checksums of the images themselves, not of
// what is packed inside of them.
func guards(v *View, kind, state string) []fact.Typed[fact.ImageGuard] {
	return fact.Where(v.Facts, func(g fact.ImageGuard) bool {
		return g.Type == kind && g.State == state && g.Path == "" && stored(v, g.Found)
	})
}

// seenInImage adds to a PASS what images show of the check of updates: it
// supports the declaration; a mechanism at which no check was seen may have
// it elsewhere, and is a finding.
func seenInImage(v *View, o Outcome) Outcome {
	if checks := fact.Where(v.Facts, func(c fact.ImageCheck) bool { return stored(v, c.Found) }); len(checks) > 0 {
		o = o.With(checks[0].Fact)
	}
	for _, g := range slices.Concat(guards(v, "signature", "good"), guards(v, "signature", "present")) {
		o = o.With(g.Fact)
	}
	all := fact.Where(v.Facts, func(u fact.ImageUpdate) bool { return stored(v, u.Found) })
	has := func(check func(fact.ImageUpdate) bool) bool {
		return slices.ContainsFunc(all, func(u fact.Typed[fact.ImageUpdate]) bool { return check(u.Value) })
	}
	if len(all) > 0 && !has(func(u fact.ImageUpdate) bool { return u.Signature == "checked" }) {
		o = o.AndFinding(verdict.Because("reason.update-check-not-seen", "path", all[0].Value.Path, "mechanism", all[0].Value.Mechanism))
	}
	if has(func(u fact.ImageUpdate) bool { return u.Rollback == "not-seen" }) && !has(func(u fact.ImageUpdate) bool { return u.Rollback == "checked" }) {
		o = o.AndFinding(verdict.Because("reason.update-rollback-not-seen", "path", all[0].Value.Path, "mechanism", all[0].Value.Mechanism))
	}
	return o.With(facts(all)...)
}

func updateCheck(v *View, _ Subject, _ Params) Outcome {
	d, o, ok := update(v)
	if !ok {
		return o
	}
	every, shown := d.Value.Value["check_every"], d.Value.Value["shown_in"]
	switch {
	case every == "" && shown == "":
		return Fail(verdict.Because("reason.no-update-check"), d.Fact)
	case every == "":
		return Fail(verdict.Because("reason.no-update-period"), d.Fact)
	case shown == "":
		return Fail(verdict.Because("reason.update-state-not-shown"), d.Fact)
	}
	return Pass(verdict.Because("reason.update-check", "every", every, "shown", shown), d.Fact)
}
