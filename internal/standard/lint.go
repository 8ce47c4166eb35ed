package standard

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"assay/internal/pattern"
)

// maxWhen bounds the source of a condition, in bytes.
const maxWhen = 2000

var (
	caseID    = pattern.New(`^[a-z]+(\.[a-z]+(-[a-z]+)*)+$`)
	observeID = pattern.New(`^[a-z]+(\.[a-z]+(-[a-z]+)*)+$`)
)

var (
	subjects = []string{"product", "device", "manufacturer", "product_and_manufacturer"}
	levels   = []string{"high", "medium", "low"}
	risks    = []string{"Minor", "Major", "Critical"}
)

// Lint says what is wrong with the content of the given standards, taken
// together: missing texts, ids that repeat or stand out of order, references
// that lead nowhere or have no way back. Each error begins with the place.
func Lint(standards []*Standard) []error {
	var l linter
	for _, s := range standards {
		l.catalog(s)
		l.requirements(s)
	}
	l.mappings(standards)
	return l.errs
}

type linter struct{ errs []error }

func (l *linter) add(pos, format string, args ...any) {
	l.errs = append(l.errs, fmt.Errorf("%s: %s", pos, fmt.Sprintf(format, args...)))
}

// text asks for both languages, and that they are two languages.
func (l *linter) text(pos, field string, t Text) {
	switch {
	case strings.TrimSpace(t.En) == "" || strings.TrimSpace(t.Zh) == "":
		l.add(pos, "%s needs both en and zh-Hant", field)
	case t.En == t.Zh:
		l.add(pos, "%s is the same in both languages", field)
	}
}

func (l *linter) optional(pos, field string, t Text) {
	if !t.IsZero() {
		l.text(pos, field, t)
	}
}

func (l *linter) oneOf(pos, field, v string, allowed []string) {
	if !slices.Contains(allowed, v) {
		l.add(pos, "%s is %q, want one of %s", field, v, strings.Join(allowed, ", "))
	}
}

// once reports an id that is empty or was seen before.
func (l *linter) once(pos, kind, id string, seen map[string]bool) {
	if id == "" {
		l.add(pos, "%s without an id", kind)
	}
	if seen[id] {
		l.add(pos, "%s %q stands twice", kind, id)
	}
	seen[id] = true
}

func (l *linter) catalog(s *Standard) {
	pos := s.File
	l.text(pos, "title", s.Title)
	l.text(pos, "rule", s.Rule)
	if s.Version == "" || s.Jurisdiction == "" || len(s.Source) == 0 {
		l.add(pos, "version, jurisdiction and source are needed")
	}
	if s.Origin != OriginAssay {
		l.add(pos, "origin is %q: texts are ours, write %q", s.Origin, OriginAssay)
	}
	if !s.Verified && len(s.Unverified) == 0 {
		l.add(pos, "unverified must say what was not compared with the standard")
	}
	for i, t := range s.Unverified {
		l.text(pos, "unverified "+strconv.Itoa(i+1), t)
	}
	seen := map[string]bool{}
	for _, a := range s.Aspects {
		l.once(pos, "aspect", a.ID, seen)
		l.text(pos, "title of aspect "+a.ID, a.Title)
		l.text(pos, "aim of aspect "+a.ID, a.Aim)
		for _, g := range a.Groups {
			l.once(pos, "group", g.ID, seen)
			l.text(pos, "title of group "+g.ID, g.Title)
			if !strings.HasPrefix(g.ID, a.ID+".") {
				l.add(pos, "group %q does not belong to aspect %q", g.ID, a.ID)
			}
		}
	}
	l.conditions(s)
	l.lists(s)
}

func (l *linter) conditions(s *Standard) {
	seen := map[string]bool{}
	for _, c := range s.Conditions {
		name := "condition " + c.ID
		l.once(s.File, "condition", c.ID, seen)
		l.text(s.File, "text of "+name, c.Text)
		l.text(s.File, "proof of "+name, c.Proof)
		l.optional(s.File, "note of "+name, c.Note)
		if c.When == "" || len(c.When) > maxWhen {
			l.add(s.File, "%s needs a when of at most %d bytes", name, maxWhen)
		}
		if len(c.Confirm) == 0 {
			l.add(s.File, "%s needs confirm: a declared false is never enough", name)
		}
		for _, o := range c.Confirm {
			if !observeID.MatchString(o) {
				l.add(s.File, "%s: observation %q is not written theme.name", name, o)
			}
		}
	}
}

func (l *linter) lists(s *Standard) {
	pos := s.File
	known := func(where string, ids []RequirementID) {
		for _, id := range ids {
			if _, ok := s.Requirement(id); !ok {
				l.add(pos, "%s names requirement %q, which does not exist", where, id)
			}
		}
	}
	seen := map[string]bool{}
	for _, d := range s.Definitions {
		l.once(pos, "definition", d.ID, seen)
		l.text(pos, "term "+d.ID, d.Term)
		l.text(pos, "definition "+d.ID, d.Text)
	}
	for _, a := range s.Annexes {
		l.once(pos, "annex", a.ID, seen)
		l.text(pos, "title of annex "+a.ID, a.Title)
		l.text(pos, "text of annex "+a.ID, a.Text)
		known("annex "+a.ID, a.Requirements)
	}
	for _, r := range s.Remarks {
		l.once(pos, "remark", r.ID, seen)
		l.text(pos, "remark "+r.ID, r.Text)
		known("remark "+r.ID, r.Requirements)
	}
	for _, m := range s.Mappings {
		l.text(pos, "source of the mapping to "+string(m.To), m.Source)
	}
	for _, a := range s.Assets {
		l.once(pos, "asset", a.ID, seen)
		l.text(pos, "title of asset "+a.ID, a.Title)
		l.text(pos, "text of asset "+a.ID, a.Text)
	}
	for _, t := range s.Threats {
		l.once(pos, "threat", t.ID, seen)
		l.text(pos, "title of threat "+t.ID, t.Title)
		l.oneOf(pos, "risk of "+t.ID, t.Risk, risks)
		for i, r := range t.Rows {
			where := fmt.Sprintf("row %d of threat %s", i+1, t.ID)
			l.text(pos, "weakness of "+where, r.Weakness)
			l.text(pos, "consequence of "+where, r.Consequence)
			l.oneOf(pos, "risk of "+where, r.Risk, risks)
			for _, id := range r.Assets {
				if !slices.ContainsFunc(s.Assets, func(a Asset) bool { return a.ID == id }) {
					l.add(pos, "%s: asset %s is not in the catalogue", where, id)
				}
			}
		}
	}
	for _, m := range s.Mitigations {
		where := fmt.Sprintf("mitigation %d", m.Row)
		known(where, m.Requirements)
		l.oneOf(pos, where+" before", m.Before, risks)
		l.oneOf(pos, where+" after", m.After, risks)
		for _, id := range m.Requirements {
			if r, ok := s.Requirement(id); ok && !slices.Contains(r.Threats, m.Threat) {
				l.add(pos, "%s: requirement %s does not name threat %s", where, id, m.Threat)
			}
		}
	}
}

func (l *linter) requirements(s *Standard) {
	if len(s.Requirements) == 0 {
		l.add(s.File, "no requirements")
	}
	seen := map[string]bool{}
	for i := range s.Requirements {
		r := &s.Requirements[i]
		l.once(r.Pos(), "requirement", string(r.ID), seen)
		for _, a := range r.Aliases {
			l.once(r.Pos(), "alias", string(a), seen)
		}
		if i > 0 && !follows(s, &s.Requirements[i-1], r) {
			l.add(r.Pos(), "requirement %q stands after %q", r.ID, s.Requirements[i-1].ID)
		}
		l.requirement(s, r)
	}
}

// follows says whether b may stand right after a: aspects come as the catalogue
// lists them (IR 8259A has DI before DC), the ids of one aspect by Compare. An
// aspect that the catalogue lacks is reported by place.
func follows(s *Standard, a, b *Requirement) bool {
	if a.Aspect == b.Aspect {
		return Compare(a.ID, b.ID) < 0
	}
	at := func(r *Requirement) int {
		return slices.IndexFunc(s.Aspects, func(x Aspect) bool { return x.ID == r.Aspect })
	}
	return at(a) < at(b) || at(b) < 0
}

func (l *linter) requirement(s *Standard, r *Requirement) {
	pos := r.Pos()
	l.text(pos, "title", r.Title)
	l.text(pos, "text", r.Text)
	l.text(pos, "remedy", r.Remedy)
	l.optional(pos, "note", r.Note)
	l.optional(pos, "interpretation", r.Interpretation)
	l.oneOf(pos, "status", r.Status, []string{Mandatory, Recommended})
	l.oneOf(pos, "subject", r.Subject, subjects)
	l.oneOf(pos, "confidence.status", r.Confidence.Status, levels)
	l.oneOf(pos, "confidence.conditions", r.Confidence.Conditions, levels)
	if sure := r.Confidence == (Confidence{"high", "high"}); r.Verified != sure {
		l.add(pos, "verified is %t with confidence %s and %s", r.Verified, r.Confidence.Status, r.Confidence.Conditions)
	}
	if r.Origin != OriginAssay {
		l.add(pos, "origin is %q: texts are ours, write %q", r.Origin, OriginAssay)
	}
	if r.Cases == nil && r.Note.IsZero() {
		l.add(pos, "without cases a note must say what a procedure would have to look at")
	}
	for _, id := range r.Cases.CaseIDs() {
		if !caseID.MatchString(id) {
			l.add(pos, "case %q is not written theme.name", id)
		}
	}
	for _, c := range r.Conditions {
		if _, ok := s.Condition(c); !ok {
			l.add(pos, "condition %q does not exist", c)
		}
	}
	if s.NeverNotApplicable && len(r.Conditions) > 0 {
		l.add(pos, "a standard without NOT APPLICABLE has no conditions")
	}
	for _, t := range r.Threats {
		if !slices.ContainsFunc(s.Threats, func(x Threat) bool { return x.ID == t }) {
			l.add(pos, "threat %q does not exist", t)
		}
	}
	l.place(s, r)
}

// place checks that the requirement's aspect and group exist and belong
// together.
func (l *linter) place(s *Standard, r *Requirement) {
	at := slices.IndexFunc(s.Aspects, func(a Aspect) bool { return a.ID == r.Aspect })
	if at < 0 {
		l.add(r.Pos(), "aspect %q does not exist", r.Aspect)
		return
	}
	groups := s.Aspects[at].Groups
	if r.Group == "" && len(groups) == 0 {
		return
	}
	if !slices.ContainsFunc(groups, func(g Group) bool { return g.ID == r.Group }) {
		l.add(r.Pos(), "group %q does not exist in aspect %q", r.Group, r.Aspect)
	}
}

// mappings asks that every reference resolves and has its way back, and that
// its origin is stated.
func (l *linter) mappings(standards []*Standard) {
	for _, s := range standards {
		for i := range s.Requirements {
			r := &s.Requirements[i]
			for _, ref := range r.MapsTo {
				l.mapping(standards, s, r, ref)
			}
		}
	}
}

func (l *linter) mapping(standards []*Standard, s *Standard, r *Requirement, ref Ref) {
	if !slices.ContainsFunc(s.Mappings, func(m Mapping) bool { return m.To == ref.Standard }) {
		l.add(r.Pos(), "mapping to %s: the catalog names no source for it", ref)
	}
	at := slices.IndexFunc(standards, func(t *Standard) bool { return t.ID == ref.Standard })
	if at < 0 {
		l.add(r.Pos(), "mapping to %s: no such standard", ref)
		return
	}
	other, ok := standards[at].Requirement(ref.Requirement)
	if !ok {
		l.add(r.Pos(), "mapping to %s: no such requirement", ref)
		return
	}
	if back := (Ref{s.ID, r.ID}); !slices.Contains(other.MapsTo, back) {
		l.add(other.Pos(), "mapping from %s has no way back", back)
	}
}

// Compare orders requirement ids as people do: numbers by value, so that
// 5.3-2 comes before 5.3-10 and 5.9-1 before 5.10-1, and an item before its
// points: SU.6, SU.6.a.
func Compare(a, b RequirementID) int {
	x, y := split(a), split(b)
	for i := 0; i < len(x) && i < len(y); i++ {
		m, errM := strconv.Atoi(x[i])
		n, errN := strconv.Atoi(y[i])
		c := strings.Compare(x[i], y[i])
		if errM == nil && errN == nil {
			c = m - n
		}
		if c != 0 {
			return c
		}
	}
	return len(x) - len(y)
}

func split(id RequirementID) []string {
	return strings.FieldsFunc(string(id), func(r rune) bool { return r == '.' || r == '-' })
}
