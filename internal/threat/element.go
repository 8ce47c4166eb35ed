package threat

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"assay/internal/product"
)

// Kind is a kind of element that rules are about.
type Kind string

// The kinds.
const (
	OnProduct    Kind = "product"
	OnComponent  Kind = "component"
	OnInterface  Kind = "interface"
	OnFlow       Kind = "flow"
	OnData       Kind = "data"
	OnSecret     Kind = "secret"
	OnUpdate     Kind = "update"
	OnAIFeature  Kind = "ai-feature"
	OnDependency Kind = "dependency"
	OnAccount    Kind = "account"
)

// Kinds lists the kinds of elements.
func Kinds() []Kind {
	return []Kind{OnProduct, OnComponent, OnInterface, OnFlow, OnData, OnSecret, OnUpdate, OnAIFeature, OnDependency, OnAccount}
}

// Element is a part of the model that a threat can be about. Flows between
// the same two components over the same protocol are one element.
type Element struct {
	Ref  string // kind/id, as in interface/web; the product itself is "product"
	Kind Kind
	Name string
	// On is the component that it belongs to, of a flow the one that answers;
	// "" for the product.
	On string
	// From and To are the ends of a flow.
	From, To string
	// Data are the ids of the data that it holds or carries.
	Data []string
	// Paths are the places in assay.yaml, such as interfaces[0].
	Paths []string
	// View is what conditions and texts see.
	View map[string]any

	// direct are the entries from which a device or gateway itself can be
	// reached, for elements that stand for the product as a whole.
	direct []Entry
}

// Zones that components lie in unless the model names others.
const (
	ZonePremises = "premises" // where the product stands
	ZonePhone    = "phone"    // the user's own device
	ZoneMaker    = "maker"    // what the maker runs
	ZoneThird    = "third-party"
	ZoneInternet = "internet" // everything else: world
)

// world is the flows' name for everything outside of the product.
const world = "world"

// ZoneOf says in which trust boundary a component lies; "world" is the
// Internet.
func ZoneOf(p *product.Product, component string) string {
	c, ok := p.Component(component)
	switch {
	case !ok:
		return ZoneInternet
	case c.Zone != "":
		return c.Zone
	}
	return usual(c)
}

// usual is the zone that the kind of a component and who runs it give.
func usual(c product.Component) string {
	switch {
	case c.Kind == "app":
		return ZonePhone
	case c.OperatedBy == "third-party":
		return ZoneThird
	case c.Kind == "backend" && c.OperatedBy != "customer":
		return ZoneMaker
	case c.OperatedBy == "maker" && c.Kind != "device":
		return ZoneMaker
	}
	return ZonePremises
}

// survey is what the views are made from: the product, indexed.
type survey struct {
	p          *product.Product
	context    string
	components map[string]*product.Component
	data       map[string]*product.Data
	interfaces map[string]*product.Interface
	listens    map[string][]*product.Interface // by component
	flows      map[string][]int                // by component, both ends
	stores     map[string][]string             // data by component
	secrets    map[string][]string             // kinds by component
	zones      map[string]string
	bundled    []*bundle
}

func newSurvey(p *product.Product) *survey {
	s := &survey{p: p, context: cmp.Or(p.Identity.Context, "iot"), components: map[string]*product.Component{}, data: map[string]*product.Data{},
		interfaces: map[string]*product.Interface{}, listens: map[string][]*product.Interface{}, flows: map[string][]int{},
		stores: map[string][]string{}, secrets: map[string][]string{}, zones: map[string]string{world: ZoneInternet}}
	for i := range p.Components {
		c := &p.Components[i]
		s.components[c.ID], s.zones[c.ID] = c, ZoneOf(p, c.ID)
	}
	for i := range p.Data {
		d := &p.Data[i]
		s.data[d.ID] = d
		for _, c := range d.StoredOn {
			s.stores[c] = append(s.stores[c], d.ID)
		}
	}
	for i := range p.Interfaces {
		f := &p.Interfaces[i]
		s.interfaces[f.ID] = f
		s.listens[f.On] = append(s.listens[f.On], f)
	}
	for i, f := range p.Flows {
		s.flows[f.From] = append(s.flows[f.From], i)
		if f.To != f.From {
			s.flows[f.To] = append(s.flows[f.To], i)
		}
	}
	for _, x := range p.Secrets {
		s.secrets[x.On] = append(s.secrets[x.On], x.Kind)
	}
	return s
}

// elements lists everything that rules may be about, in the order of the
// model.
func elements(p *product.Product) ([]Element, error) {
	s := newSurvey(p)
	var out []Element
	add := func(e Element, view any) error {
		b, err := json.Marshal(view)
		if err == nil {
			err = json.Unmarshal(b, &e.View)
		}
		if err != nil {
			return fmt.Errorf("view of %s: %w", e.Ref, err)
		}
		out = append(out, e)
		return nil
	}
	direct := s.allEntries("device", "gateway")
	err := add(Element{Ref: string(OnProduct), Kind: OnProduct, Name: p.Identity.Name, direct: direct}, s.productView())
	for i, c := range p.Components {
		err = cmp.Or(err, add(Element{Ref: ref(OnComponent, c.ID), Kind: OnComponent, Name: cmp.Or(c.Name, c.ID), On: c.ID, Data: s.stores[c.ID],
			Paths: path("components", i)}, s.componentView(c)))
	}
	for i, f := range p.Interfaces {
		err = cmp.Or(err, add(Element{Ref: ref(OnInterface, f.ID), Kind: OnInterface, Name: f.ID, On: f.On, Data: s.through(f.ID, f.On), Paths: path("interfaces", i)}, s.interfaceView(f)))
	}
	for _, b := range s.bundles() {
		e := Element{Ref: b.ref, Kind: OnFlow, Name: b.from + " → " + b.to, On: b.to, From: b.from, To: b.to, Data: b.data}
		for _, i := range b.members {
			e.Paths = append(e.Paths, path("flows", i)...)
		}
		if b.to == world {
			e.On = b.from
		}
		err = cmp.Or(err, add(e, s.flowView(b)))
	}
	for i, d := range p.Data {
		e := Element{Ref: ref(OnData, d.ID), Kind: OnData, Name: d.ID, Data: []string{d.ID}, Paths: path("data", i)}
		if len(d.StoredOn) > 0 {
			e.On = d.StoredOn[0]
		}
		err = cmp.Or(err, add(e, s.dataView(d)))
	}
	for i, x := range p.Secrets {
		err = cmp.Or(err, add(Element{Ref: ref(OnSecret, x.ID), Kind: OnSecret, Name: x.ID, On: x.On, Paths: path("secrets", i)}, s.secretView(x)))
	}
	if p.Update != nil {
		err = cmp.Or(err, add(Element{Ref: string(OnUpdate), Kind: OnUpdate, Name: cmp.Or(p.Update.Mechanism, "update"), On: s.mainDevice(), Paths: []string{"update"}}, s.updateView(*p.Update)))
	}
	for i, a := range p.AIFeatures {
		err = cmp.Or(err, add(Element{Ref: ref(OnAIFeature, a.ID), Kind: OnAIFeature, Name: a.ID, On: s.mainDevice(), Paths: path("ai_features", i)}, s.aiView(a)))
	}
	for i, d := range p.Dependencies {
		err = cmp.Or(err, add(Element{Ref: ref(OnDependency, d.ID), Kind: OnDependency, Name: d.ID, On: s.mainDevice(), Paths: path("dependencies", i)}, s.dependencyView(d)))
	}
	for i, u := range p.Users {
		err = cmp.Or(err, add(Element{Ref: ref(OnAccount, u.Name), Kind: OnAccount, Name: u.Name, On: s.mainDevice(), Paths: path("users", i), direct: direct}, s.accountView(u)))
	}
	return out, err
}

func ref(k Kind, id string) string { return string(k) + "/" + id }

func path(list string, i int) []string { return []string{product.ItemPath(list, i)} }

// bundle is the flows between two components over one protocol and
// interface.
type bundle struct {
	ref, from, to string
	members       []int
	data, hosts   []string
}

func (s *survey) bundles() []*bundle {
	if s.bundled != nil {
		return s.bundled
	}
	out := []*bundle{}
	byKey := map[string]*bundle{}
	taken := map[string]int{}
	for i, f := range s.p.Flows {
		name := cmp.Or(f.Interface, f.Protocol, "any")
		key := strings.Join([]string{f.From, f.To, f.Interface, f.Protocol}, "\x00")
		if s.special(f) {
			key += "\x00" + f.Host // updates, clock and names are threatened differently from the rest
			name += ":" + f.Host
		}
		b := byKey[key]
		if b == nil {
			b = &bundle{from: f.From, to: f.To, ref: ref(OnFlow, f.From+":"+f.To+":"+name)}
			if taken[b.ref]++; taken[b.ref] > 1 {
				b.ref += ":" + strconv.Itoa(taken[b.ref])
			}
			byKey[key] = b
			out = append(out, b)
		}
		b.members = append(b.members, i)
		for _, d := range f.Data {
			if !slices.Contains(b.data, d) {
				b.data = append(b.data, d)
			}
		}
		if f.Host != "" && !slices.Contains(b.hosts, f.Host) {
			b.hosts = append(b.hosts, f.Host)
		}
	}
	s.bundled = out
	return out
}

// special says that a flow is one of the product's upkeep: updates, time,
// names.
func (s *survey) special(f product.Flow) bool {
	return s.isUpdate(f) || slices.Contains([]string{"ntp", "nts", "dns", "doh", "dot"}, strings.ToLower(f.Protocol))
}

func (s *survey) isUpdate(f product.Flow) bool {
	u := s.p.Update
	return u != nil && u.Host != "" && f.Host == u.Host
}

// mainDevice is the device that the product is about: the first one.
func (s *survey) mainDevice() string {
	if d := s.p.Devices(); len(d) > 0 {
		return d[0].ID
	}
	if len(s.p.Components) > 0 {
		return s.p.Components[0].ID
	}
	return ""
}

// through lists the data that pass an interface: those of the flows that
// name it.
func (s *survey) through(iface, on string) []string {
	var out []string
	for _, i := range s.flows[on] {
		if f := s.p.Flows[i]; f.Interface == iface {
			for _, d := range f.Data {
				if !slices.Contains(out, d) {
					out = append(out, d)
				}
			}
		}
	}
	return out
}

// categories gives the categories of some data, sorted.
func (s *survey) categories(ids []string) []string {
	out := []string{}
	for _, id := range ids {
		if d, ok := s.data[id]; ok && !slices.Contains(out, d.Category) {
			out = append(out, d.Category)
		}
	}
	slices.Sort(out)
	return out
}
