package standard

import (
	"cmp"
	"fmt"
	"slices"
)

// Link says that two places of different catalogues touch the same ground. A
// PASS of one is no PASS of the other.
type Link struct {
	From Ref `json:"from"`
	To   Ref `json:"to"`
	// Kind says who made the link: official (a publisher printed it) or ours.
	Kind       string `json:"kind"`
	Confidence string `json:"confidence"` // how sure we are that it is right, or printed so: high, medium, low
	Source     Text   `json:"source"`     // where it is printed, or that it is ours
	// Cell is the cell of the publisher's table, where it says more than the
	// ids do.
	Cell string `json:"cell,omitempty"`
	Note Text   `json:"note,omitzero"`

	File string `json:"-"`
	Line int    `json:"-"`
}

// Pos is the place of the link as "file:line".
func (k Link) Pos() string { return fmt.Sprintf("%s:%d", k.File, k.Line) }

// Links are links between catalogues: what publishers printed, and ours apart
// from it.
type Links struct {
	Official []Link `json:"official"`
	Ours     []Link `json:"ours"`
}

// Len is the number of links of both kinds.
func (l Links) Len() int { return len(l.Official) + len(l.Ours) }

// From gives the links that lead from any of the places.
func (l Links) From(places ...Ref) Links {
	return l.filter(func(k Link) bool { return slices.Contains(places, k.From) })
}

// To gives the links that lead to any of the places.
func (l Links) To(places ...Ref) Links {
	return l.filter(func(k Link) bool { return slices.Contains(places, k.To) })
}

// Between gives the links of two catalogues, in both directions.
func (l Links) Between(a, b ID) Links {
	return l.filter(func(k Link) bool {
		return k.From.Standard == a && k.To.Standard == b || k.From.Standard == b && k.To.Standard == a
	})
}

// filter never gives nil lists: both kinds are always there, also in JSON.
func (l Links) filter(keep func(Link) bool) Links {
	out := Links{Official: []Link{}, Ours: []Link{}}
	for _, k := range l.Official {
		if keep(k) {
			out.Official = append(out.Official, k)
		}
	}
	for _, k := range l.Ours {
		if keep(k) {
			out.Ours = append(out.Ours, k)
		}
	}
	return out
}

func (l *Links) add(all ...Link) {
	for _, k := range all {
		if k.Kind == Official {
			l.Official = append(l.Official, k)
		} else {
			l.Ours = append(l.Ours, k)
		}
	}
}

// Library is what Assay knows of standards: those that it judges by, those
// that it only points to, and the links between all of them.
type Library struct {
	Standards  []*Standard
	References []*Reference
	Links      Links
}

// LoadLibrary loads everything that comes with the program.
func LoadLibrary() (*Library, error) {
	standards, err := All()
	if err != nil {
		return nil, err
	}
	refs, err := References()
	if err != nil {
		return nil, err
	}
	walks, err := Crosswalks()
	if err != nil {
		return nil, err
	}
	return NewLibrary(standards, refs, walks), nil
}

// NewLibrary puts catalogues and crosswalks together. Its links are those of
// the crosswalks and those that the standards hold in maps_to.
func NewLibrary(standards []*Standard, refs []*Reference, walks []*Crosswalk) *Library {
	lib := &Library{Standards: standards, References: refs}
	lib.Links.add(mapped(standards)...)
	for _, c := range walks {
		lib.Links.add(c.links()...)
	}
	return lib
}

// LoadLinks loads the links between everything that comes with the program.
func LoadLinks() (Links, error) {
	lib, err := LoadLibrary()
	if err != nil {
		return Links{}, err
	}
	return lib.Links, nil
}

// Edition gives the edition of a catalogue, standard or reference.
func (lib *Library) Edition(id ID) (string, bool) {
	for _, s := range lib.Standards {
		if s.ID == id {
			return s.Version, true
		}
	}
	for _, r := range lib.References {
		if r.ID == id {
			return r.Version, true
		}
	}
	return "", false
}

// Place is what a reference leads to: a requirement, group or aspect of a
// standard, or an item of a reference.
type Place struct {
	Ref   Ref
	Title Text
	// Up is what it stands in, the nearest first.
	Up []Ref
}

// Find looks a place up. Links may lead to a whole aspect or group: a rule of
// the UK regulations, say, is mapped section by section.
func (lib *Library) Find(ref Ref) (Place, bool) {
	for _, s := range lib.Standards {
		if s.ID == ref.Standard {
			return s.place(ref)
		}
	}
	for _, r := range lib.References {
		if r.ID == ref.Standard {
			return r.place(ref)
		}
	}
	return Place{}, false
}

func (s *Standard) place(ref Ref) (Place, bool) {
	if r, ok := s.Requirement(ref.Requirement); ok {
		p := Place{Ref: Ref{s.ID, r.ID}, Title: r.Title}
		if r.Group != "" {
			p.Up = append(p.Up, Ref{s.ID, RequirementID(r.Group)})
		}
		p.Up = append(p.Up, Ref{s.ID, RequirementID(r.Aspect)})
		return p, true
	}
	for _, a := range s.Aspects {
		if a.ID == string(ref.Requirement) {
			return Place{Ref: ref, Title: a.Title}, true
		}
		for _, g := range a.Groups {
			if g.ID == string(ref.Requirement) {
				return Place{Ref: ref, Title: g.Title, Up: []Ref{{s.ID, RequirementID(a.ID)}}}, true
			}
		}
	}
	return Place{}, false
}

func (r *Reference) place(ref Ref) (Place, bool) {
	it, ok := r.Item(ref.Requirement)
	if !ok {
		return Place{}, false
	}
	p := Place{Ref: ref, Title: it.Title}
	for up := it.Parent; up != "" && len(p.Up) < len(r.Items); {
		p.Up = append(p.Up, Ref{r.ID, up})
		parent, ok := r.Item(up)
		if !ok {
			break
		}
		up = parent.Parent
	}
	return p, true
}

// Has reports whether a reference leads to the place or to what it stands in.
func (p Place) Has(ref Ref) bool { return ref == p.Ref || slices.Contains(p.Up, ref) }

// At gives the links of a place in both directions, also those of what it
// stands in: a table that speaks of a family speaks of its members.
func (lib *Library) At(p Place) Links {
	return lib.Links.filter(func(k Link) bool { return p.Has(k.From) || p.Has(k.To) })
}

// mapped makes links of what standards hold in maps_to, each pair once: the
// catalogues hold both ways of it. The verified catalogue is where it is
// printed; of two alike the first by id stands for both.
func mapped(standards []*Standard) []Link {
	var out []Link
	seen := map[linkKey]bool{}
	order := slices.Clone(standards)
	verifiedFirst := map[bool]int{true: -1}
	slices.SortStableFunc(order, func(a, b *Standard) int {
		return cmp.Or(verifiedFirst[a.Verified]-verifiedFirst[b.Verified], cmp.Compare(a.ID, b.ID))
	})
	for _, s := range order {
		for i := range s.Requirements {
			r := &s.Requirements[i]
			for _, to := range r.MapsTo {
				k := s.mappedLink(r, to)
				if key := keyOf(k); !seen[key] {
					seen[key] = true
					out = append(out, k)
				}
			}
		}
	}
	return out
}

// mappedLink is the link of one entry of maps_to. Such an entry names no
// confidence: a printed one is as sure as the catalogue was compared with what
// is printed, one of ours could be anything.
func (s *Standard) mappedLink(r *Requirement, to Ref) Link {
	k := Link{From: Ref{s.ID, r.ID}, To: to, Kind: Ours, Confidence: "low", File: r.File, Line: r.Line}
	at := slices.IndexFunc(s.Mappings, func(m Mapping) bool { return m.To == to.Standard })
	if at < 0 {
		return k
	}
	k.Source = s.Mappings[at].Source
	if s.Mappings[at].Official {
		k.Kind, k.Confidence = Official, "medium"
		if s.Verified {
			k.Confidence = "high"
		}
	}
	return k
}

func compareRefs(a, b Ref) int {
	return cmp.Or(cmp.Compare(a.Standard, b.Standard), cmp.Compare(a.Requirement, b.Requirement))
}
