package publish

import (
	"slices"
	"time"
)

// Why a document is out of date.
const (
	ChangedValue   = "value"   // a value of the model
	ChangedVerdict = "verdict" // a test says something else
	ChangedWording = "wording" // words of ours, or of words.yaml
	Appeared       = "new"     // it would be said now
	Vanished       = "gone"    // it would no longer be said
	Expires        = "expires" // security.txt is about to end
)

// Change is one reason why a published document is out of date.
type Change struct {
	Document string `json:"document"`
	Sentence string `json:"sentence,omitempty"` // "" where it is about the document as a whole
	Why      string `json:"why"`
	File     string `json:"file,omitempty"`
	Path     string `json:"path,omitempty"` // of the value that changed
	Line     int    `json:"line,omitempty"`
	Old      string `json:"old,omitempty"` // SHA-256 of the value
	New      string `json:"new,omitempty"`
}

// Stale compares a manifest with what would be published now: the changes of
// each sentence that would read otherwise, with the values behind it. A value
// that changes without changing a sentence makes nothing stale.
func Stale(m *Manifest, s *Set) []Change {
	now := s.entries()
	var out []Change
	for _, e := range now {
		was := m.entry(e.ID)
		if was == nil {
			out = append(out, Change{Document: e.ID, Why: Appeared})
			continue
		}
		got := s.compare(was, e)
		if len(got) == 0 && was.Content != e.Content {
			got = []Change{{Document: e.ID, Why: ChangedWording}} // titles, order, what stands behind it
		}
		if end, err := time.Parse(time.RFC3339, was.Expires); was.Expires != "" && (err != nil || end.Sub(s.Now) < renewal) {
			got = append(got, Change{Document: e.ID, Why: Expires})
		}
		out = append(out, got...)
	}
	for _, d := range m.Documents {
		if !slices.ContainsFunc(now, func(e Entry) bool { return e.ID == d.ID }) {
			out = append(out, Change{Document: d.ID, Why: Vanished})
		}
	}
	return out
}

func (s *Set) entries() []Entry {
	var out []Entry
	for _, docs := range s.Documents {
		out = append(out, entry(docs))
	}
	if s.Security != nil {
		out = append(out, entry([]*Document{s.Security}))
	}
	return out
}

func (s *Set) compare(was *Entry, now Entry) []Change {
	var out []Change
	old := map[string]Printed{}
	for _, p := range was.Says {
		old[p.ID] = p
	}
	for _, p := range now.Says {
		o, said := old[p.ID]
		delete(old, p.ID)
		switch {
		case !said:
			out = append(out, changes(now.ID, p.ID, Appeared, nil, p.Sources)...)
		case !sameText(o.Text, p.Text):
			out = append(out, changes(now.ID, p.ID, ChangedValue, o.Sources, p.Sources)...)
		case !slices.Equal(o.Verdicts, p.Verdicts):
			out = append(out, Change{Document: now.ID, Sentence: p.ID, Why: ChangedVerdict})
		}
	}
	for _, p := range was.Says {
		if _, left := old[p.ID]; left {
			out = append(out, changes(now.ID, p.ID, Vanished, p.Sources, s.current(p.Sources))...)
		}
	}
	return out
}

func sameText(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}

// changes lists the values behind a sentence that differ; without any, it is
// the wording.
func changes(document, sentence, why string, old, now []Source) []Change {
	var out []Change
	find := func(in []Source, s Source) (Source, bool) {
		i := slices.IndexFunc(in, func(x Source) bool { return x.File == s.File && x.Path == s.Path })
		if i < 0 {
			return Source{}, false
		}
		return in[i], true
	}
	for _, n := range now {
		if o, ok := find(old, n); !ok || o.SHA256 != n.SHA256 {
			out = append(out, Change{document, sentence, why, n.File, n.Path, n.Line, o.SHA256, n.SHA256})
		}
	}
	for _, o := range old {
		if _, ok := find(now, o); !ok {
			out = append(out, Change{document, sentence, why, o.File, o.Path, 0, o.SHA256, ""})
		}
	}
	if len(out) > 0 {
		return out
	}
	if why == ChangedValue {
		why = ChangedWording
	}
	return []Change{{Document: document, Sentence: sentence, Why: why}}
}

// current gives sources the values that their places have now; those that are
// gone are left out.
func (s *Set) current(sources []Source) []Source {
	if s.model.places == nil {
		s.model.places = map[string]any{}
		s.model.walk(s.model.view.Get("product"), "")
	}
	var out []Source
	for _, x := range sources {
		if x.File != s.model.file {
			out = append(out, x) // not of the model: nothing is known
			continue
		}
		if v, ok := s.model.places[x.Path]; ok {
			out = append(out, s.model.source(place{"product", x.Path, v}))
		}
	}
	return out
}
