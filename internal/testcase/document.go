package testcase

import (
	"fmt"
	"slices"

	"assay/internal/fact"
	"assay/internal/verdict"
)

// documentCases judge what the maker publishes and supplies (IoT-1005-1
// 5.2.3.x, 5.3.1.4; EN 303 645 5.2-1, 5.3-13, 5.12-2, 6-1). Rule 9: a program may
// fail a document and pass only structured facts.
func documentCases() []Case {
	page := func(kind string) []Need { return []Need{{Kind: fact.Page{}.Kind(), Of: kind}} }
	return []Case{
		{
			ID: "doc.disclosure-policy", Kind: Conceptual, Method: Assisted, Severity: Medium, Needs: page("disclosure-policy"),
			Judge: disclosurePolicy,
			Steps: 3,
			Observe: []Observe{
				ask("covers-product", "yes"), ask("states-disclosure", "yes"),
				ask("states-remedy", "yes"), ask("public", "yes"),
			},
		},
		{
			ID: "doc.security-txt", Kind: Conceptual, Method: Auto, Severity: Low,
			Needs:  []Need{{Kind: fact.SecurityTxt{}.Kind(), Of: "security-txt"}},
			Params: []Param{{Name: "reading", Default: "optional", Allowed: []string{"optional", "required"}}},
			Judge:  securityTxt,
		},
		{
			ID: "doc.policy-contact", Kind: Conceptual, Method: Auto, Severity: Medium,
			Needs: []Need{{Kind: fact.Quote{}.Kind(), Of: "disclosure-policy"}}, Judge: policyContact,
		},
		{
			ID: "doc.secure-development", Kind: Conceptual, Method: Assisted, Severity: Medium, Needs: page("secure-development"),
			Judge: func(v *View, _ Subject, _ Params) Outcome { return supplied(v, "secure-development") },
			Steps: 2, Observe: []Observe{ask("describes-development", "yes")},
		},
		{
			ID: "doc.setup-guide", Kind: Conceptual, Method: Assisted, Severity: Medium, Needs: page("setup-guide"),
			Judge: func(v *View, _ Subject, _ Params) Outcome { return supplied(v, "setup-guide") },
			Steps: 3,
			Observe: []Observe{
				ask("covers-security", "yes"),
				ask("followed-on-unit", "yes"),
			},
		},
		{
			ID: "doc.support-period", Kind: Conceptual, Method: Auto, Severity: Medium,
			Needs: []Need{{Kind: fact.SupportEnd{}.Kind(), Of: "support-period"}, {Kind: fact.Declared{}.Kind()}}, Judge: supportPeriod,
		},
		{
			ID: "doc.privacy-notice", Kind: Conceptual, Method: Assisted, Severity: Medium, Needs: page("privacy-notice"),
			Judge: func(v *View, _ Subject, _ Params) Outcome { return supplied(v, "privacy-notice") },
			Steps: 3,
			Observe: []Observe{
				ask("names-personal-data", "yes"), ask("states-purposes", "yes"),
			},
		},
	}
}

// present finds the first document of one of the kinds. Where there is none,
// the outcome says whether that is a fault (the maker lists documents, and
// none of this kind) or simply not provided yet. One that wasn't read to its
// end counts as not read: what it lacks may stand in the rest.
func present(v *View, kinds ...string) (fact.Typed[fact.Page], Outcome, bool) {
	var missing []fact.Typed[fact.Page]
	for _, kind := range kinds {
		var there []fact.Typed[fact.Page]
		for _, p := range fact.Where(v.Facts, func(p fact.Page) bool { return p.Type == kind }) {
			if p.Value.Present && p.Value.Why == "" {
				there = append(there, p)
			} else {
				missing = append(missing, p)
			}
		}
		if len(there) > 0 {
			// Of several the one that names the model speaks for it.
			i := slices.IndexFunc(there, func(p fact.Typed[fact.Page]) bool { return p.Value.Model })
			return there[max(i, 0)], Outcome{}, true
		}
	}
	if len(missing) > 0 {
		return fact.Typed[fact.Page]{}, Inconclusive(verdict.Because("reason.document-unreadable", "document", missing[0].Value.Source,
			"why", missing[0].Value.Why), verdict.Because("provide.document", "kind", kinds[0])).With(facts(missing)...), false
	}
	if scope, ok := wholeScope(v, fact.ScopeDocuments, "product"); ok && scope.Value.Count > 0 {
		return fact.Typed[fact.Page]{}, Fail(verdict.Because("reason.document-absent", "kind", kinds[0]), scope.Fact), false
	}
	return fact.Typed[fact.Page]{}, Inconclusive(verdict.Because("reason.no-documents", "kind", kinds[0]),
		verdict.Because("provide.document", "kind", kinds[0])), false
}

// unlessUnread gives o, the verdict on the documents of a kind that were read,
// unless another of that kind could not be read: it may say what they don't.
func unlessUnread(v *View, kind string, o Outcome) Outcome {
	unread := fact.Where(v.Facts, func(p fact.Page) bool { return p.Type == kind && (!p.Present || p.Why != "") })
	if len(unread) == 0 {
		return o
	}
	return Inconclusive(verdict.Because("reason.document-unreadable", "document", unread[0].Value.Source, "why", unread[0].Value.Why),
		verdict.Because("provide.document", "kind", kind)).With(facts(unread)...)
}

// supplied fails a document that is absent or of another model and leaves
// the rest to a person, with the quotes laid out.
func supplied(v *View, kind string) Outcome {
	page, o, ok := present(v, kind)
	if !ok {
		return o
	}
	if page.Value.Other != "" && !page.Value.Model {
		return unlessUnread(v, kind, Fail(verdict.Because("reason.document-of-other-model", "document", page.Value.Source,
			"other", page.Value.Other, "model", v.Product.Identity.Model), page.Fact))
	}
	if !page.Value.Model && !covering(kind) {
		return Inconclusive(verdict.Because("reason.model-not-named", "document", page.Value.Source, "model", v.Product.Identity.Model),
			verdict.Because("provide.name-model", "document", page.Value.Source)).With(page.Fact)
	}
	quotes := quotesOf(v, kind)
	return AskPerson(verdict.Because("reason.document-to-read", "document", page.Value.Source, "quotes", fmt.Sprint(len(quotes))),
		append([]fact.Fact{page.Fact}, facts(quotes)...)...)
}

// covering says that a document may speak for all products of a maker.
func covering(kind string) bool {
	return kind == "disclosure-policy" || kind == "secure-development" || kind == "privacy-notice"
}

func quotesOf(v *View, kind string, topics ...string) []fact.Typed[fact.Quote] {
	return fact.Where(v.Facts, func(q fact.Quote) bool {
		return q.Type == kind && (len(topics) == 0 || slices.Contains(topics, q.Topic))
	})
}

func disclosurePolicy(v *View, _ Subject, _ Params) Outcome {
	o := supplied(v, "disclosure-policy")
	if o.Verdict() == verdict.Fail {
		return o
	}
	if page, _, ok := present(v, "disclosure-policy"); ok && page.Value.Public == "no" {
		return Inconclusive(verdict.Because("reason.policy-not-public", "document", page.Value.Source),
			verdict.Because("provide.publish", "document", page.Value.Source)).With(page.Fact)
	}
	return o
}

// policyContact passes a policy with a contact and time lines: both are
// needed by EN 303 645 5.2-1, and both are found by structure (an address, a
// number of days), never by a reading of the text.
func policyContact(v *View, _ Subject, _ Params) Outcome {
	page, o, ok := present(v, "disclosure-policy")
	if !ok {
		return o
	}
	contact, timeline := quotesOf(v, "disclosure-policy", "contact"), quotesOf(v, "disclosure-policy", "timeline")
	if len(contact) == 0 {
		return unlessUnread(v, "disclosure-policy", Fail(verdict.Because("reason.no-contact", "document", page.Value.Source), page.Fact))
	}
	if len(timeline) == 0 {
		return Inconclusive(verdict.Because("reason.no-timeline", "document", page.Value.Source),
			verdict.Because("provide.timeline", "document", page.Value.Source)).With(append(facts(contact), page.Fact)...)
	}
	return Pass(verdict.Because("reason.contact-and-timeline", "contact", contact[0].Value.Text, "timeline", timeline[0].Value.Text),
		append(facts(contact), timeline[0].Fact, page.Fact)...)
}

// securityTxt judges RFC 9116: at least one Contact, exactly one Expires,
// and that in the future of the clock. No standard here asks for the file by
// name: in the optional reading a bad or missing one is a finding.
func securityTxt(v *View, _ Subject, p Params) Outcome {
	got := fact.Of[fact.SecurityTxt](v.Facts)
	bad := func(r verdict.Reason, basis fact.Fact) Outcome {
		if p["reading"] == "required" {
			return Fail(r, basis)
		}
		return NotApplicable(verdict.Because("reason.security-txt-optional"), basis).AndFinding(r)
	}
	if len(got) == 0 {
		scope, ok := wholeScope(v, fact.ScopeDocuments, "product")
		if !ok || scope.Value.Count == 0 {
			return Inconclusive(verdict.Because("reason.no-security-txt"), verdict.Because("provide.document", "kind", "security-txt"))
		}
		return bad(verdict.Because("reason.no-security-txt"), scope.Fact)
	}
	for _, s := range got {
		if len(s.Value.Problems) > 0 {
			return bad(verdict.Because("reason.security-txt-invalid", "document", s.Value.Document, "problem", s.Value.Problems[0].Key), s.Fact)
		}
		if !s.Value.Expires.After(v.Clock) {
			return bad(verdict.Because("reason.security-txt-expired", "document", s.Value.Document, "expires", s.Value.Expires.UTC().Format("2006-01-02")), s.Fact)
		}
	}
	return Pass(verdict.Because("reason.security-txt-valid", "expires", got[0].Value.Expires.UTC().Format("2006-01-02")), facts(got)...)
}

// supportPeriod passes an end of support that is published for the model and
// equals the declared one. A time that could not be turned into a day is left
// to a person: only a document without any fails for having none.
func supportPeriod(v *View, _ Subject, _ Params) Outcome {
	page, o, ok := present(v, "support-period")
	if !ok {
		return o
	}
	ends := fact.Of[fact.SupportEnd](v.Facts)
	if page.Value.Other != "" && !page.Value.Model {
		return unlessUnread(v, "support-period", Fail(verdict.Because("reason.document-of-other-model", "document", page.Value.Source,
			"other", page.Value.Other, "model", v.Product.Identity.Model), page.Fact))
	}
	if len(ends) == 0 {
		if asked := quotesOf(v, "support-period", "period-unparsed"); len(asked) > 0 {
			return Inconclusive(verdict.Because("reason.support-end-unclear", "document", page.Value.Source,
				"line", fmt.Sprint(asked[0].Value.Line), "text", asked[0].Value.Text),
				verdict.Because("provide.support-end", "document", page.Value.Source)).With(append(facts(asked), page.Fact)...)
		}
		return unlessUnread(v, "support-period", Fail(verdict.Because("reason.no-support-end", "document", page.Value.Source), page.Fact))
	}
	for _, e := range ends[1:] {
		if e.Value.Until != ends[0].Value.Until {
			return Fail(verdict.Because("reason.support-ends-differ", "first", ends[0].Value.Until, "other", e.Value.Until), facts(ends)...)
		}
	}
	d, ok := declaration(v, "support", "")
	if !ok || d.Value.Value["until"] == "" {
		return Inconclusive(verdict.Because("reason.not-declared", "what", "product.support.until"),
			verdict.Because("provide.declare", "what", "product.support.until")).With(facts(ends)...)
	}
	if d.Value.Value["until"] != ends[0].Value.Until {
		return Fail(verdict.Because("reason.support-contradicts", "published", ends[0].Value.Until, "declared", d.Value.Value["until"]), ends[0].Fact, d.Fact)
	}
	if !page.Value.Model {
		return Inconclusive(verdict.Because("reason.model-not-named", "document", page.Value.Source, "model", v.Product.Identity.Model),
			verdict.Because("provide.name-model", "document", page.Value.Source)).With(page.Fact)
	}
	if page.Value.Public != "yes" {
		return Inconclusive(verdict.Because("reason.support-not-public", "document", page.Value.Source),
			verdict.Because("provide.publish", "document", page.Value.Source)).With(page.Fact)
	}
	return unlessUnread(v, "support-period",
		Pass(verdict.Because("reason.support-published", "until", ends[0].Value.Until), append(facts(ends), page.Fact, d.Fact)...))
}
