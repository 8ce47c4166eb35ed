package standard

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxQuery bounds a search term, in bytes.
const maxQuery = 200

// Hit is one found requirement.
type Hit struct {
	Standard    ID            `json:"standard"`
	Requirement RequirementID `json:"requirement"`
	Title       string        `json:"title"`   // in the language asked for
	Field       string        `json:"field"`   // where the best match lies: id, title, text, note, remedy, case, mapping
	Excerpt     string        `json:"excerpt"` // the matched field, in the language that matched
	rank        int
}

// Search finds requirements of the given standards whose id, texts (both
// languages, whatever lang is), test cases or mappings contain every word of
// the query. Letter case does not count; Chinese is matched as a substring.
// Results come best first (id, then title, then text), then in the order of
// the standards. An empty query finds nothing.
func Search(standards []*Standard, query, lang string) []Hit {
	if len(query) > maxQuery || !utf8.ValidString(query) {
		return nil
	}
	words := strings.Fields(strings.ToLower(query))
	if len(words) == 0 {
		return nil
	}
	var hits []Hit
	for _, s := range standards {
		for i := range s.Requirements {
			if h, ok := match(s, &s.Requirements[i], words, lang); ok {
				hits = append(hits, h)
			}
		}
	}
	slices.SortStableFunc(hits, func(a, b Hit) int { return cmp.Compare(a.rank, b.rank) })
	return hits
}

type field struct {
	name, value string
}

// match asks that every word is somewhere, and names the best field of the
// first word.
func match(s *Standard, r *Requirement, words []string, lang string) (Hit, bool) {
	fields := searchable(r, lang)
	best := -1
	for i, w := range words {
		at := slices.IndexFunc(fields, func(f field) bool { return strings.Contains(strings.ToLower(f.value), w) })
		if at < 0 && !strings.Contains(strings.ToLower(string(s.ID)), w) {
			return Hit{}, false
		}
		if i == 0 || best < 0 {
			best = at
		}
	}
	h := Hit{Standard: s.ID, Requirement: r.ID, Title: r.Title.In(lang), rank: len(fields)}
	if best >= 0 {
		h.Field, h.Excerpt, h.rank = fields[best].name, fields[best].value, best
		if strings.EqualFold(string(r.ID), words[0]) {
			h.rank = -1 // an id typed in full wins over ids that contain it
		}
	}
	return h, true
}

// searchable lists a requirement's fields, best first, the asked language
// before the other. The length is the same for every requirement, so that a
// place in it is a rank.
func searchable(r *Requirement, lang string) []field {
	ids := []string{string(r.ID)}
	for _, a := range r.Aliases {
		ids = append(ids, string(a))
	}
	refs := make([]string, len(r.MapsTo))
	for i, m := range r.MapsTo {
		refs[i] = m.String()
	}
	out := []field{{"id", strings.Join(ids, " ")}}
	other := Chinese
	if strings.HasPrefix(lang, "zh") {
		other = English
	}
	for _, f := range []struct {
		name string
		text Text
	}{{"title", r.Title}, {"text", r.Text}, {"note", r.Note}, {"note", r.Interpretation}, {"remedy", r.Remedy}} {
		out = append(out, field{f.name, f.text.In(lang)}, field{f.name, f.text.In(other)})
	}
	return append(out,
		field{"case", strings.Join(r.Cases.CaseIDs(), " ")},
		field{"mapping", strings.Join(refs, " ")})
}
