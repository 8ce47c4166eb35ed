package fact

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
)

// Typed is a fact with its data decoded.
type Typed[T Payload] struct {
	Fact
	Value T
}

// Set is the facts of one run, as judging reads them: sorted by kind,
// subject and id, repeats folded.
type Set struct {
	facts        []Fact
	byKind       map[Kind][]Fact
	byID         map[ID]Fact
	observations map[string]Observation

	mu      sync.Mutex
	decoded map[Kind]any
}

// NewSet gathers facts and their observations. A fact whose data doesn't
// decode into its kind is an error: what is stored must be readable.
func NewSet(facts []Fact, observations []Observation) (*Set, error) {
	s := &Set{
		byKind:       make(map[Kind][]Fact),
		byID:         make(map[ID]Fact, len(facts)),
		observations: make(map[string]Observation, len(observations)),
		decoded:      make(map[Kind]any),
	}
	known := kinds()
	for _, o := range observations {
		s.observations[o.ID] = o
	}
	for _, f := range facts {
		if _, ok := s.byID[f.ID]; ok {
			continue
		}
		if make, ok := known[f.Kind]; ok {
			if err := json.Unmarshal(f.Data, make()); err != nil {
				return nil, fmt.Errorf("fact %s of kind %s: %w", f.ID, f.Kind, err)
			}
		}
		s.byID[f.ID] = f
		s.facts = append(s.facts, f)
	}
	slices.SortFunc(s.facts, func(a, b Fact) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.ID, b.ID))
	})
	for _, f := range s.facts {
		s.byKind[f.Kind] = append(s.byKind[f.Kind], f)
	}
	return s, nil
}

// All returns every fact, sorted. The slice must not be changed.
func (s *Set) All() []Fact { return s.facts }

// Get returns a fact by id.
func (s *Set) Get(id ID) (Fact, bool) { f, ok := s.byID[id]; return f, ok }

// Observation returns the envelope of a fact.
func (s *Set) Observation(f Fact) Observation { return s.observations[f.Observation] }

// Observations returns how many envelopes there are.
func (s *Set) Observations() int { return len(s.observations) }

// Unknown lists the kinds that this version doesn't know, with their counts:
// a newer program wrote them.
func (s *Set) Unknown() map[Kind]int {
	out := make(map[Kind]int)
	known := kinds()
	for k, fs := range s.byKind {
		if _, ok := known[k]; !ok {
			out[k] = len(fs)
		}
	}
	return out
}

// Of returns the facts of one kind, sorted by subject and id.
func Of[T Payload](s *Set) []Typed[T] {
	var zero T
	k := zero.Kind()
	s.mu.Lock()
	defer s.mu.Unlock()
	if have, ok := s.decoded[k]; ok {
		return have.([]Typed[T])
	}
	out := make([]Typed[T], 0, len(s.byKind[k]))
	for _, f := range s.byKind[k] {
		t := Typed[T]{Fact: f}
		if err := json.Unmarshal(f.Data, &t.Value); err != nil {
			panic(fmt.Sprintf("fact %s was checked by NewSet: %v", f.ID, err))
		}
		out = append(out, t)
	}
	s.decoded[k] = out
	return out
}

// Where returns the facts of one kind for which keep holds.
func Where[T Payload](s *Set, keep func(T) bool) []Typed[T] {
	var out []Typed[T]
	for _, t := range Of[T](s) {
		if keep(t.Value) {
			out = append(out, t)
		}
	}
	return out
}

// kinds lists every kind that this version writes. An older version of a
// kind would stand here with the pure function that upgrades it.
func kinds() map[Kind]func() any {
	out := make(map[Kind]func() any)
	add := func(p Payload, make func() any) { out[p.Kind()] = make }
	add(Scope{}, func() any { return new(Scope) })
	add(Declared{}, func() any { return new(Declared) })
	add(NotTried{}, func() any { return new(NotTried) })
	add(Identity{}, func() any { return new(Identity) })
	add(Service{}, func() any { return new(Service) })
	add(Unreachable{}, func() any { return new(Unreachable) })
	add(TLS{}, func() any { return new(TLS) })
	add(Certificate{}, func() any { return new(Certificate) })
	add(LoginChannel{}, func() any { return new(LoginChannel) })
	add(Access{}, func() any { return new(Access) })
	add(Logout{}, func() any { return new(Logout) })
	add(RoleAccess{}, func() any { return new(RoleAccess) })
	add(Throttle{}, func() any { return new(Throttle) })
	add(Credential{}, func() any { return new(Credential) })
	add(Redirect{}, func() any { return new(Redirect) })
	add(Firmware{}, func() any { return new(Firmware) })
	add(Part{}, func() any { return new(Part) })
	add(ImageSecret{}, func() any { return new(ImageSecret) })
	add(ImageHost{}, func() any { return new(ImageHost) })
	add(ImageStart{}, func() any { return new(ImageStart) })
	add(ImageWeakness{}, func() any { return new(ImageWeakness) })
	add(ImageCheck{}, func() any { return new(ImageCheck) })
	add(ImageComponent{}, func() any { return new(ImageComponent) })
	add(ImageUnattributed{}, func() any { return new(ImageUnattributed) })
	add(ImageBinary{}, func() any { return new(ImageBinary) })
	add(ImageGuard{}, func() any { return new(ImageGuard) })
	add(ImageUpdate{}, func() any { return new(ImageUpdate) })
	add(ImageMarker{}, func() any { return new(ImageMarker) })
	add(CompanionApp{}, func() any { return new(CompanionApp) })
	add(Page{}, func() any { return new(Page) })
	add(Quote{}, func() any { return new(Quote) })
	add(SecurityTxt{}, func() any { return new(SecurityTxt) })
	add(SupportEnd{}, func() any { return new(SupportEnd) })
	add(PersonResult{}, func() any { return new(PersonResult) })
	add(Answer{}, func() any { return new(Answer) })
	add(Check{}, func() any { return new(Check) })
	return out
}

// Kinds lists the kinds that this version knows, sorted.
func Kinds() []Kind {
	var out []Kind
	for k := range kinds() {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
