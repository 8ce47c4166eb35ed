package exchange

import (
	"fmt"
	"slices"
	"strconv"

	"assay/internal/exchange/otm"
	"assay/internal/product"
)

// Threat is a threat to be written.
type Threat struct {
	ID, Name, Description string
	Categories            []string // STRIDE
	CWEs                  []string // CWE-306
	Likelihood, Impact    int      // 0 to 100
	LikelihoodComment     string
	ImpactComment         string
	Tags                  []string
	Attributes            map[string]string
	On                    []Instance
}

// Instance is where a threat applies: a component or a flow of the product.
type Instance struct {
	Component   string // id; or
	Flow        string // id, as FlowIDs gives it
	State       string // exposed, mitigated, … in the words of the reader
	Mitigations []MitigationState
}

// MitigationState is a mitigation of an instance.
type MitigationState struct{ Mitigation, State string }

// Mitigation is what can be done against threats.
type Mitigation struct {
	ID, Name, Description string
	RiskReduction         int // 0 to 100
	Attributes            map[string]string
}

// mostOTM bounds a document that is written, in bytes.
const mostOTM = 64 << 20

// ToOTM writes a product with threats and mitigations as an OTM document. With
// the Remainder of the document that the product was made of, everything that
// came with it stands there again; what differs from it in the product was
// changed since and is written. The error says which argument doesn't fit.
func ToOTM(p *product.Product, threats []Threat, mitigations []Mitigation, rest *Remainder) (*otm.Document, error) {
	w := &documentWriter{p: p, doc: &otm.Document{}}
	w.product()
	if err := w.threats(threats, mitigations, rest); err != nil {
		return nil, err
	}
	if rest == nil {
		return w.doc, nil
	}
	return restore(w.doc, rest.doc)
}

// FlowIDs is the id of each flow of a product, in its order: its own, or one
// made of its ends.
func FlowIDs(p *product.Product) []string {
	taken := map[string]bool{}
	for _, f := range p.Flows {
		taken[f.ID] = true
	}
	out := make([]string, len(p.Flows))
	next := map[string]int{}
	for i, f := range p.Flows {
		if out[i] = f.ID; f.ID != "" {
			continue
		}
		base := f.From + "-" + f.To
		for out[i] = base; taken[out[i]]; {
			next[base] = max(next[base], 1) + 1
			out[i] = base + "-" + strconv.Itoa(next[base])
		}
		taken[out[i]] = true
	}
	return out
}

type documentWriter struct {
	p     *product.Product
	doc   *otm.Document
	zones map[string]string // derived zone → its id
}

func (w *documentWriter) product() {
	w.doc.OTMVersion = otm.Version
	w.project()
	w.assets()
	w.trustZones()
	w.components()
	w.flows()
}

// emptyLists writes the lists whose emptiness is a statement, as product.Check has it.
func (w *documentWriter) emptyLists(to otm.Attributes) {
	p := w.p
	for _, l := range []struct {
		name string
		size int
		made bool
	}{
		{"interfaces", len(p.Interfaces), p.Interfaces != nil}, {"secrets", len(p.Secrets), p.Secrets != nil},
		{"data", len(p.Data), p.Data != nil}, {"flows", len(p.Flows), p.Flows != nil},
		{"dependencies", len(p.Dependencies), p.Dependencies != nil},
	} {
		if l.size == 0 && (l.made || p.Stated(l.name)) {
			to[prefix+l.name] = "[]"
		}
	}
}

func (w *documentWriter) project() {
	id, x := w.p.Identity, &w.doc.Project
	x.Attributes = otm.Attributes{attrSchema: product.Schema}
	for _, s := range []*string{&id.Model, &id.Release, &id.Maker.Name} {
		if *s == Gap {
			*s = ""
		}
	}
	x.Name, x.ID, x.Owner = id.Name, id.Model, id.Maker.Name
	if x.ID == "" {
		x.ID = idFrom(id.Name)
	}
	if x.ID == "" {
		x.ID = "product"
	}
	putAttributes(x.Attributes, id, "name")
	putAttributes(x.Attributes, *w.p, "schema", "product", "components", "data", "flows")
	w.emptyLists(x.Attributes)
}

// ratings are what OTM wants as numbers and a product doesn't state: the
// middle, but for the confidentiality, which follows from the category.
var ratings = map[string]int{"public": 0, "telemetry": 30, "sensitive-personal": 80, "security-sensitive": 100}

const middle = 50

func (w *documentWriter) assets() {
	for _, d := range w.p.Data {
		a := otm.Asset{ID: d.ID, Name: d.ID, Description: d.Purpose, Attributes: otm.Attributes{},
			Risk: otm.AssetRisk{Confidentiality: otm.Number(strconv.Itoa(ratings[d.Category])), Integrity: otm.Number(strconv.Itoa(middle)), Availability: otm.Number(strconv.Itoa(middle))}}
		putAttributes(a.Attributes, d, "id", "purpose")
		w.doc.Assets = append(w.doc.Assets, a)
	}
}

// derivedZones are those that a component lies in without saying so: by what
// it is and who runs it.
var derivedZones = []struct {
	name   string
	rating int
}{{"premises", middle}, {"phone", middle}, {"maker", middle}, {"third-party", middle}, {"internet", 0}}

func derivedZone(c product.Component) string {
	switch {
	case c.Kind == "app":
		return "phone"
	case c.OperatedBy == "third-party":
		return "third-party"
	case c.Kind == "backend" && c.OperatedBy != "customer", c.OperatedBy == "maker" && c.Kind != "device":
		return "maker"
	}
	return "premises"
}

func (w *documentWriter) trustZones() {
	explicit := map[string]bool{}
	used := map[string]bool{}
	for _, c := range w.p.Components {
		if c.Zone == "" {
			used[derivedZone(c)] = true
			continue
		}
		if !explicit[c.Zone] {
			explicit[c.Zone] = true
			w.zone(c.Zone, c.Zone, middle, false)
		}
	}
	used["internet"] = w.worldUsed()
	w.zones = map[string]string{}
	for _, z := range derivedZones {
		id := prefix + z.name
		for explicit[id] {
			id += "-"
		}
		if w.zones[z.name] = id; used[z.name] {
			w.zone(id, z.name, z.rating, true)
		}
	}
}

func (w *documentWriter) zone(id, name string, rating int, derived bool) {
	z := otm.TrustZone{ID: id, Name: name, Risk: otm.ZoneRisk{TrustRating: otm.Number(strconv.Itoa(rating))}}
	if derived {
		z.Attributes = otm.Attributes{attrDerived: "true"}
	}
	w.doc.TrustZones = append(w.doc.TrustZones, z)
}

func (w *documentWriter) worldUsed() bool {
	return slices.ContainsFunc(w.p.Flows, func(f product.Flow) bool { return f.To == world })
}

func (w *documentWriter) components() {
	for _, c := range w.p.Components {
		x := otm.Component{ID: c.ID, Name: c.Name, Type: c.Kind, Parent: &otm.Parent{TrustZone: c.Zone}, Attributes: otm.Attributes{}}
		if c.Zone == "" {
			x.Parent.TrustZone = w.zones[derivedZone(c)]
		}
		if c.Name == "" {
			x.Name = c.ID
			x.Attributes[prefix+"name"] = ""
		}
		for _, d := range w.p.Data {
			if slices.Contains(d.StoredOn, c.ID) {
				if x.Assets == nil {
					x.Assets = &otm.AssetUse{}
				}
				x.Assets.Stored = append(x.Assets.Stored, d.ID)
			}
		}
		putAttributes(x.Attributes, c, "id", "name", "zone")
		w.doc.Components = append(w.doc.Components, x)
	}
	if w.worldUsed() {
		w.doc.Components = append(w.doc.Components, otm.Component{ID: world, Name: world, Type: "external",
			Parent: &otm.Parent{TrustZone: w.zones["internet"]}, Attributes: otm.Attributes{attrWorld: "true"}})
	}
}

func (w *documentWriter) flows() {
	ids := FlowIDs(w.p)
	described := map[string]bool{}
	for _, d := range w.p.Data {
		described[d.ID] = true
	}
	for i, f := range w.p.Flows {
		x := otm.Dataflow{ID: ids[i], Name: f.ID, Description: f.Why, Source: f.From, Destination: f.To, Attributes: otm.Attributes{}}
		if f.ID == "" {
			x.Attributes[attrUnnamed] = "true"
			x.Name = f.From + " → " + f.To
		}
		if f.Why == "" {
			x.Attributes[prefix+"why"] = ""
		}
		for _, d := range f.Data {
			if described[d] {
				x.Assets = append(x.Assets, d)
			}
		}
		but := []string{"id", "from", "to", "why"}
		if len(x.Assets) == len(f.Data) {
			but = append(but, "data") // the flow's own list says it all
		}
		putAttributes(x.Attributes, f, but...)
		w.doc.Dataflows = append(w.doc.Dataflows, x)
	}
}

func (w *documentWriter) threats(threats []Threat, mitigations []Mitigation, rest *Remainder) error {
	known := map[string]bool{}
	if rest != nil {
		for _, m := range rest.doc.Mitigations {
			known[m.ID] = true
		}
	}
	for _, m := range mitigations {
		reduction, err := percent("mitigation "+m.ID+": risk reduction", m.RiskReduction)
		if err != nil {
			return err
		}
		known[m.ID] = true
		w.doc.Mitigations = append(w.doc.Mitigations, otm.Mitigation{ID: m.ID, Name: m.Name, Description: m.Description,
			RiskReduction: reduction, Attributes: anyMap(m.Attributes)})
	}
	for _, t := range threats {
		likelihood, err := percent("threat "+t.ID+": likelihood", t.Likelihood)
		if err != nil {
			return err
		}
		impact, err := percent("threat "+t.ID+": impact", t.Impact)
		if err != nil {
			return err
		}
		w.doc.Threats = append(w.doc.Threats, otm.Threat{ID: t.ID, Name: t.Name, Description: t.Description, Categories: t.Categories, CWEs: t.CWEs,
			Tags: t.Tags, Attributes: anyMap(t.Attributes), Risk: otm.ThreatRisk{Likelihood: likelihood, LikelihoodComment: t.LikelihoodComment,
				Impact: impact, ImpactComment: t.ImpactComment}})
		for _, on := range t.On {
			if err := w.instance(t.ID, on, known); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *documentWriter) instance(threat string, on Instance, known map[string]bool) error {
	x := otm.Instance{Threat: threat, State: on.State}
	for _, m := range on.Mitigations {
		if !known[m.Mitigation] {
			return fmt.Errorf("exchange: threat %s: there is no mitigation %q", threat, m.Mitigation)
		}
		x.Mitigations = append(x.Mitigations, otm.MitigationUse{Mitigation: m.Mitigation, State: m.State})
	}
	if i := slices.IndexFunc(w.doc.Components, func(c otm.Component) bool { return c.ID == on.Component }); i >= 0 && on.Flow == "" {
		w.doc.Components[i].Threats = append(w.doc.Components[i].Threats, x)
		return nil
	}
	if i := slices.IndexFunc(w.doc.Dataflows, func(f otm.Dataflow) bool { return f.ID == on.Flow }); i >= 0 && on.Component == "" {
		w.doc.Dataflows[i].Threats = append(w.doc.Dataflows[i].Threats, x)
		return nil
	}
	return fmt.Errorf("exchange: threat %s: the product has no component %q and no flow %q", threat, on.Component, on.Flow)
}

func percent(what string, n int) (otm.Number, error) {
	if n < 0 || n > 100 {
		return "", fmt.Errorf("exchange: %s is %d: OTM knows 0 to 100", what, n)
	}
	return otm.Number(strconv.Itoa(n)), nil
}

func anyMap(m map[string]string) otm.Attributes {
	if len(m) == 0 {
		return nil
	}
	out := make(otm.Attributes, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}
