package activity

import (
	"time"

	"assay/internal/threat"
)

// The variables of the view, as plain values.

func threats(m *threat.Model, now time.Time) []any {
	out := []any{}
	if m == nil {
		return out
	}
	for i := range m.Threats {
		t := &m.Threats[i]
		x := map[string]any{
			"id": t.ID, "rule": t.Rule.ID, "element": t.Element.Ref,
			"stride": string(t.Rule.Stride), "level": string(t.Before.Level), "residual": string(t.Residual.Level),
			"decision": "", "by": "", "why": "", "until": "", "overdue": false,
		}
		if d := t.Decision; d != nil {
			x["decision"], x["by"], x["why"], x["overdue"] = d.Decide, d.By, d.Why, d.Expired(now)
			if !d.End.IsZero() {
				x["until"] = d.End.String()
			}
		}
		out = append(out, x)
	}
	return out
}

func strs(in []string) []any {
	out := make([]any, len(in))
	for i, s := range in {
		out[i] = s
	}
	return out
}

func texts(in map[string]string) map[string]any {
	out := map[string]any{}
	for k, v := range in {
		out[k] = v
	}
	return out
}

func lists(in map[string][]string) map[string]any {
	out := map[string]any{}
	for k, v := range in {
		out[k] = strs(v)
	}
	return out
}

func componentVerdicts(in []ComponentVerdict) []any {
	out := make([]any, len(in))
	for i, c := range in {
		out[i] = map[string]any{"requirement": c.Requirement, "component": c.Component, "verdict": c.Verdict}
	}
	return out
}

func prose(a *Answers) map[string]any {
	out := map[string]any{}
	if a == nil {
		return out
	}
	for _, x := range a.Entries {
		out[x.ID] = map[string]any{"text": x.Text, "by": x.By, "on": x.On, "state": "answered"}
	}
	for _, x := range a.NotApplicable {
		out[x.ID] = map[string]any{"text": x.Why, "by": x.By, "on": x.On, "state": "not-applicable"}
	}
	return out
}
