package product

// Component returns the component with this id.
func (p *Product) Component(id string) (Component, bool) {
	for _, c := range p.Components {
		if c.ID == id {
			return c, true
		}
	}
	return Component{}, false
}

// Interface returns the interface with this id.
func (p *Product) Interface(id string) (Interface, bool) {
	for _, f := range p.Interfaces {
		if f.ID == id {
			return f, true
		}
	}
	return Interface{}, false
}

// Unit returns the unit with this id.
func (p *Product) Unit(id string) (Unit, bool) {
	for _, u := range p.Units {
		if u.ID == id {
			return u, true
		}
	}
	return Unit{}, false
}

// Devices returns the components of kind device, in the order of the file.
func (p *Product) Devices() []Component {
	var out []Component
	for _, c := range p.Components {
		if c.Kind == "device" {
			out = append(out, c)
		}
	}
	return out
}

// ComponentOf returns the id of the component that a unit is a specimen of:
// what it states, else the only device; "" where that is not decided.
func (p *Product) ComponentOf(u Unit) string {
	if u.Of != "" {
		return u.Of
	}
	if d := p.Devices(); len(d) == 1 {
		return d[0].ID
	}
	return ""
}

// UnitsOf returns the units of a component, in the order of the file.
func (p *Product) UnitsOf(component string) []Unit {
	var out []Unit
	for _, u := range p.Units {
		if p.ComponentOf(u) == component {
			out = append(out, u)
		}
	}
	return out
}

// PortOf returns the port at which an interface answers on a unit: where a
// simulated unit maps it, else the declared one. It is zero for interfaces of
// other components and for those without a port.
func (p *Product) PortOf(u Unit, f Interface) Port {
	if p.ComponentOf(u) != f.On {
		return Port{}
	}
	if n, ok := u.PortMap[f.ID]; ok && u.Simulated {
		transport := f.Port.Transport
		if transport == "" {
			transport = "tcp"
		}
		return Port{Number: n, Transport: transport}
	}
	return f.Port
}
