package report

// kicker is what the report calls itself: a pre-assessment unless a
// laboratory made it (rule 12).
func (v *view) kicker() string {
	if v.in.Run.Accreditation != "" {
		return v.s("report.assessment")
	}
	return v.s("report.pre-assessment")
}

func (v *view) unit(id, serial string, simulated bool) phrase {
	p := foreign(id)
	if serial != "" {
		p = append(p, piece{" (", plain}, piece{serial, outside}, piece{")", plain})
	}
	if simulated {
		p = append(p, piece{", " + v.s("report.html.simulated"), catalogue})
	}
	return p
}

// notes are what a reader must know before trusting a verdict.
func (v *view) notes() []phrase {
	r := v.in.Run
	var out []phrase
	add := func(key string, args map[string]string) { out = append(out, v.say(key, args)) }
	if r.Ended.IsZero() {
		add("report.note.stopped", nil)
	}
	if r.Accreditation == "" {
		add("report.note.pre-assessment", nil)
	}
	if r.Laboratory {
		add("report.note.laboratory", nil)
	}
	if len(v.Simulated) > 0 {
		add("report.note.simulated", map[string]string{"units": joined(v.Simulated)})
	}
	if v.Samples > 0 {
		out = append(out, ours(v.counted("report.note.samples", v.Samples)))
	}
	if r.Intrusive {
		add("report.note.intrusive", nil)
	} else {
		add("report.note.no-intrusive", nil)
	}
	if len(r.Only) > 0 {
		var only []phrase
		for _, c := range r.Only {
			only = append(only, foreign(c))
		}
		add("report.note.only", map[string]string{"cases": joined(only)})
	}
	if r.Resumed > 0 {
		out = append(out, ours(v.counted("report.note.resumed", r.Resumed)))
	}
	if r.Head == "" {
		add("report.note.no-head", nil)
	} else {
		add("report.note.head", nil)
	}
	add("report.note.origin", nil)
	return out
}
