package testcase

import (
	"slices"
	"strconv"

	"assay/internal/fact"
	"assay/internal/verdict"
)

// guided decides a case that a person performs: by the record that counts,
// when it holds the observations and attachments that the case lists. What
// the facts show is laid out, and what they leave open stays open; they never
// make it FAIL.
func guided(c Case, v *View, s Subject, p Params) Result {
	var seen Outcome
	if c.Judge != nil {
		seen = c.Judge(v, s, p)
	}
	rec, ok := record(v, c.ID, s.Key)
	if seen.verdict == verdict.Inconclusive && !seen.person && (!ok || rec.Value.Verdict != string(verdict.Fail)) {
		return finish(c, v, s, seen)
	}
	if !ok {
		why := verdict.Because("reason.not-recorded")
		if slices.ContainsFunc(fact.Of[fact.PersonResult](v.Facts), func(r fact.Typed[fact.PersonResult]) bool {
			return r.Value.Case == string(c.ID) && r.Value.Subject == s.Key
		}) {
			why = verdict.Because("reason.not-reviewed")
		}
		if other, ok := recordedFor(v, c.ID, s.Key); ok {
			why = verdict.Because("reason.recorded-for-other", "model", other.Model, "release", other.Release)
		}
		o := Inconclusive(why, verdict.Because("provide.record")).With(seen.facts...)
		o.reasons = append(slices.Clone(seen.reasons), o.reasons...)
		return finish(c, v, s, o)
	}
	return fromRecord(c, v, s, rec)
}

// assisted lets a person decide where a program found nothing to fail.
func assisted(c Case, v *View, s Subject, auto Result) Result {
	rec, ok := record(v, c.ID, s.Key)
	if !ok {
		return auto
	}
	r := fromRecord(c, v, s, rec)
	r.Automatic = auto.Verdict
	for _, id := range auto.Facts {
		if !slices.Contains(r.Facts, id) {
			r.Facts = append(r.Facts, id)
		}
	}
	return r
}

// failed says that the record that counts is a FAIL: what a person saw go wrong
// needs nothing that a program would have to read.
func failed(v *View, id ID, subject string) bool {
	rec, ok := record(v, id, subject)
	return ok && rec.Value.Verdict == string(verdict.Fail)
}

// record picks the record that counts: the latest of a reviewer in
// laboratory mode (one who isn't a tester of the same, rule 8), else the latest of anyone. Equal times are ordered by
// fact id, so that judging twice gives the same bytes.
func record(v *View, id ID, subject string) (fact.Typed[fact.PersonResult], bool) {
	var best fact.Typed[fact.PersonResult]
	found := false
	all := fact.Where(v.Facts, func(p fact.PersonResult) bool { return p.Case == string(id) && p.Subject == subject && speaks(v, p) })
	counts := func(p fact.PersonResult) bool {
		return !v.Laboratory || p.Role == "reviewer" && !slices.ContainsFunc(all, func(t fact.Typed[fact.PersonResult]) bool {
			return t.Value.Role != "reviewer" && t.Value.By == p.By
		})
	}
	for _, r := range all {
		if !counts(r.Value) {
			continue
		}
		if !found || r.Value.At.After(best.Value.At) {
			best, found = r, true
		}
	}
	return best, found
}

// performed returns the record of a guided case on the product where it makes
// that case PASS: what it saw counts for others, too.
func performed(v *View, id ID) (fact.Typed[fact.PersonResult], bool) {
	for _, c := range guidedCases() {
		if c.ID != id || guided(c, v, productSubject()[0], defaults(c, nil)).Verdict != verdict.Pass {
			continue
		}
		return record(v, id, productSubject()[0].Key)
	}
	return fact.Typed[fact.PersonResult]{}, false
}

func fromRecord(c Case, v *View, s Subject, rec fact.Typed[fact.PersonResult]) Result {
	p := rec.Value
	var o Outcome
	got, err := verdict.Parse(p.Verdict)
	switch owed := owes(c, v, p); {
	case err != nil || got == verdict.NotClaimed || got == verdict.NotTested:
		o = Inconclusive(verdict.Because("reason.record-unreadable", "verdict", p.Verdict), verdict.Because("provide.record"))
	case len(owed) > 0 && got != verdict.Fail:
		o = Inconclusive(verdict.Because("reason.record-incomplete", "missing", joined(owed)), verdict.Because("provide.record"))
	case (got == verdict.Pass || got == verdict.NotApplicable) && contradicting(c, p) != "":
		o = Inconclusive(verdict.Because("reason.record-contradicts", "observed", contradicting(c, p)), verdict.Because("provide.record"))
	case got == verdict.Pass:
		o = Pass(verdict.Because("reason.recorded-pass", "by", p.By, "note", p.Note), rec.Fact)
	case got == verdict.Fail:
		o = Fail(verdict.Because("reason.recorded-fail", "by", p.By, "note", p.Note), rec.Fact)
	case got == verdict.NotApplicable:
		// Rule 5: absence needs facts, and no confirmation reads a record.
		o = Inconclusive(verdict.Because("reason.recorded-not-applicable", "by", p.By, "note", p.Note), verdict.Because("provide.record"))
	default:
		o = Inconclusive(verdict.Because("reason.recorded-inconclusive", "by", p.By, "note", p.Note), verdict.Because("provide.record"))
	}
	o = o.With(rec.Fact)
	if p.Sample {
		o = o.And(verdict.Because("reason.sample"))
	}
	r := finish(c, v, s, o)
	r.By = &p
	return r
}

// speaks says whether a record is about this model and release. A record
// that says neither (an older one) speaks for whichever it lies beside.
func speaks(v *View, p fact.PersonResult) bool {
	id := v.Product.Identity
	return (p.Model == "" || p.Model == id.Model) && (p.Release == "" || p.Release == id.Release)
}

// recordedFor finds a record of another model or release.
func recordedFor(v *View, id ID, subject string) (fact.PersonResult, bool) {
	for _, r := range fact.Where(v.Facts, func(p fact.PersonResult) bool {
		return p.Case == string(id) && p.Subject == subject && !speaks(v, p)
	}) {
		return r.Value, true
	}
	return fact.PersonResult{}, false
}

// owes lists the observations and attachments that a record lacks.
func owes(c Case, v *View, p fact.PersonResult) []string {
	var out []string
	for _, o := range c.Observe {
		if o.When != nil && !o.When(v) {
			continue
		}
		value, ok := p.Observations[o.Name]
		switch {
		case !ok || value == "":
			out = append(out, o.Name)
		case o.Options != nil && !slices.Contains(o.Options, value):
			out = append(out, o.Name+"="+value)
		}
	}
	if n := c.Attach - len(p.Attachments); n > 0 {
		out = append(out, "attachment×"+strconv.Itoa(n))
	}
	return out
}

// contradicting returns the first observation of a record that doesn't go
// with a PASS, as name=answer. A person who records that the case doesn't
// apply is held to the same: what was seen can't be declared away.
func contradicting(c Case, p fact.PersonResult) string {
	for _, o := range c.Observe {
		if o.Met != "" && p.Observations[o.Name] != o.Met {
			return o.Name + "=" + p.Observations[o.Name]
		}
	}
	return ""
}

func joined(names []string) string {
	out := ""
	for i, n := range names {
		if i > 0 {
			out += ", "
		}
		out += n
	}
	return out
}
