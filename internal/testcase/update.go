package testcase

import (
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
			Needs: []Need{{Kind: fact.Declared{}.Kind()}, {Kind: fact.ImageWeakness{}.Kind()}}, Judge: updateChannel,
			Steps: 4, Observe: []Observe{
				ask("transfer-seen", "yes"), {Name: "tls-version"},
				ask("forward-secrecy", "yes"), ask("bad-certificate-refused", "yes"),
			},
		},
		{
			ID: "update.signed", Kind: Conceptual, Method: Auto, Severity: High,
			Needs: []Need{{Kind: fact.Declared{}.Kind()}, {Kind: fact.ImageWeakness{}.Kind()}}, Judge: updateSigned,
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
func updateChannel(v *View, _ Subject, _ Params) Outcome {
	for _, w := range fact.Of[fact.ImageWeakness](v.Facts) {
		switch w.Value.Type {
		case "update-over-http":
			return Fail(verdict.Because("reason.update-over-http", "path", w.Value.Path, "detail", w.Value.Detail), w.Fact)
		case "tls-verify-disabled":
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
	return AskPerson(verdict.Because("reason.no-transfer-seen"), d.Fact)
}

func updateSigned(v *View, _ Subject, _ Params) Outcome {
	for _, w := range fact.Where(v.Facts, func(w fact.ImageWeakness) bool { return w.Type == "update-without-signature" }) {
		return Fail(verdict.Because("reason.update-script-unsigned", "path", w.Value.Path, "detail", w.Value.Detail), w.Fact)
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
		o := Pass(verdict.Because("reason.update-signed", "algorithm", signed), d.Fact)
		if checks := fact.Of[fact.ImageCheck](v.Facts); len(checks) > 0 {
			return o.With(checks[0].Fact)
		}
		return o
	case incompleteSignature:
		return Inconclusive(verdict.Because("reason.algorithm-incomplete", "algorithm", signed), verdict.Because("provide.signature")).With(d.Fact)
	}
	return Inconclusive(verdict.Because("reason.algorithm-unknown", "algorithm", signed), verdict.Because("provide.signature")).With(d.Fact)
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
