package product

import (
	"slices"
	"strings"
)

// Ids of the standards whose requirements Check names. The pairs of field and
// requirement are our reading: they say which answer a tester will miss.
const (
	iot1005 = "iot-1005-1"
	en303   = "etsi-en-303-645"
)

// Check returns the open points of a product: what is not stated, and which
// requirements stay undecided until it is. It looks at the model alone; see
// CheckFiles for the files that it names.
func Check(p *Product) []Problem {
	c := &checker{p: p}
	for _, s := range p.Standards {
		c.chosen = append(c.chosen, s.ID)
	}
	c.identity()
	c.components()
	c.interfaces()
	c.users()
	c.secrets()
	c.data()
	c.flows()
	c.update()
	c.documents()
	c.surroundings()
	c.units()
	c.claims()
	return arrange(p.File(), c.problems)
}

type checker struct {
	p        *Product
	chosen   []string
	problems []Problem
}

// needs is the requirements that wait for an answer, per standard.
type needs struct{ iot, en string }

// open adds an open point at a path.
func (c *checker) open(path, key string, n needs, pairs ...string) {
	affects, concerns := c.affects(n)
	if !concerns {
		return
	}
	a := args(pairs...)
	a["affects"] = grouped(affects)
	line, column := c.p.Position(path)
	c.problems = append(c.problems, Problem{
		File: c.p.File(), Line: line, Column: column, Path: path,
		Key: "open." + key, Args: a, Severity: SeverityOpen, Affects: affects,
	})
}

// affects lists the requirements of the chosen standards that an open point
// leaves undecided, and all of them where neither standard is chosen: others
// build on them. It reports false for a point that concerns only a standard
// that was not chosen beside one that was.
func (c *checker) affects(n needs) (list []string, concerns bool) {
	either := slices.Contains(c.chosen, iot1005) || slices.Contains(c.chosen, en303)
	for _, s := range []struct{ id, requirements string }{{iot1005, n.iot}, {en303, n.en}} {
		for _, r := range strings.Fields(s.requirements) {
			if !either || slices.Contains(c.chosen, s.id) {
				list = append(list, s.id+" "+r)
			}
		}
	}
	return list, len(list) > 0 || n == needs{}
}

// grouped writes each standard once: "iot-1005-1 5.2.2.1, 5.4.2.1; etsi-…".
func grouped(affects []string) string {
	var b strings.Builder
	last := ""
	for _, a := range affects {
		standard, requirement, _ := strings.Cut(a, " ")
		switch {
		case standard == last:
			b.WriteString(", " + requirement)
		case last == "":
			b.WriteString(a)
		default:
			b.WriteString("; " + a)
		}
		last = standard
	}
	return b.String()
}

// missing adds an open point where a text is empty.
func (c *checker) missing(value, path, key string, n needs, pairs ...string) {
	if value == "" {
		c.open(path, key, n, pairs...)
	}
}

// Gap stands in an assay.yaml where a field is required and nobody has stated
// it yet, as in one that was made of a foreign model. It is no value: whoever
// reads the file has to replace it.
const Gap = "NOT STATED 未說明"

func (c *checker) identity() {
	id := c.p.Identity
	for _, f := range []struct{ path, value string }{{"product.name", id.Name}, {"product.model", id.Model}, {"product.release", id.Release}, {"product.maker.name", id.Maker.Name}} {
		if f.value == Gap {
			c.open(f.path, "gap", needs{}, "field", f.path)
		}
	}
	if len(c.p.Standards) == 0 {
		c.open("standards", "no-standard", needs{})
	}
	c.missing(id.Category, "product.category", "no-category", needs{})
	if len(id.Markets) == 0 {
		c.open("product.markets", "no-market", needs{})
	}
	if id.Support == nil || id.Support.Until.IsZero() {
		c.open("product.support.until", "no-support", needs{"5.3.1.4", "5.3-13"})
	}
	c.missing(id.Maker.SecurityContact, "product.maker.security_contact", "no-contact", needs{"5.2.3.1", "5.2-1"})
}

func (c *checker) components() {
	if len(c.p.Devices()) == 0 {
		c.open("components", "no-device", needs{})
	}
	for i, k := range c.p.Components {
		path := ItemPath("components", i)
		if k.Kind == "device" {
			if len(k.Transducers) == 0 {
				c.open(path+".transducers", "no-transducer", needs{}, "id", k.ID)
			}
			if len(k.Network) == 0 {
				c.open(path+".network", "no-network", needs{}, "id", k.ID)
			}
		}
		if k.Kind == "app" {
			c.missing(k.Package, path+".package", "no-package", needs{}, "id", k.ID)
		}
		if k.Kind == "device" || k.Kind == "gateway" {
			c.firmware(k, path+".firmware")
		}
		c.missing(k.OperatedBy, path+".operated_by", "no-operator", needs{}, "id", k.ID)
		if k.Kind != "backend" {
			c.missing(k.UpdatedBy, path+".updated_by", "no-updater", needs{"", "5.3-1"}, "id", k.ID)
		}
	}
}

func (c *checker) firmware(k Component, path string) {
	if k.Firmware == nil || k.Firmware.File == "" {
		c.open(path, "no-firmware", needs{"5.2.2.1 5.4.1.1 5.4.1.2 5.5.1.1", "5.4-1 5.4-3"}, "id", k.ID)
		return
	}
	if k.Firmware.Encrypted == nil {
		c.open(path+".encrypted", "firmware-encrypted", needs{"5.4.1.1", ""}, "id", k.ID)
	} else if *k.Firmware.Encrypted {
		c.missing(k.Firmware.Encryption, path+".encryption", "firmware-encryption", needs{"5.4.1.1", ""}, "id", k.ID)
	}
	if k.Firmware.Public == nil {
		c.open(path+".public", "firmware-public", needs{"5.4.1.1", ""}, "id", k.ID)
	}
}

// overIP are the protocols that need a port to be compared with what listens.
var overIP = []string{
	"http", "https", "rtsp", "rtsps", "ssh", "telnet", "ftp", "ftps", "sftp", "mdns", "onvif", "mqtt", "mqtts",
	"coap", "coaps", "upnp", "ssdp", "ws-discovery", "snmp", "tcp", "udp", "tls", "dtls",
}

func (c *checker) interfaces() {
	if len(c.p.Interfaces) == 0 && !c.p.Stated("interfaces") {
		c.open("interfaces", "no-interfaces", needs{"5.2.2.1 5.4.2.1", "5.6-1 5.5-7"})
	}
	for i, f := range c.p.Interfaces {
		path := ItemPath("interfaces", i)
		if f.Debug {
			switch f.Access {
			case "":
				c.open(path+".access", "debug-access", needs{"5.5.1.1", "5.6-4"}, "id", f.ID)
			case "open":
				c.open(path+".access", "debug-open", needs{"5.5.1.1", "5.6-4"}, "id", f.ID)
			}
			continue
		}
		c.missing(f.Purpose, path+".purpose", "no-purpose", needs{"5.2.2.1", "5.6-5"}, "id", f.ID)
		c.missing(f.Protocol, path+".protocol", "no-protocol", needs{"5.4.2.1", "5.5-1"}, "id", f.ID)
		if f.Port.IsZero() && !f.Physical && slices.Contains(overIP, f.Protocol) {
			c.open(path+".port", "no-port", needs{"5.2.2.1", "5.6-1"}, "id", f.ID)
		}
		if f.Physical {
			continue
		}
		c.missing(f.Auth, path+".auth", "no-auth", needs{"5.1.1.3 5.4.2.2", "5.5-5"}, "id", f.ID)
		if f.Auth != "" && f.Auth != "none" && len(f.Roles) == 0 {
			c.open(path+".roles", "no-interface-roles", needs{"5.1.2.1", ""}, "id", f.ID)
		}
		c.login(f, path+".login")
	}
}

func (c *checker) login(f Interface, path string) {
	web := f.Protocol == "http" || f.Protocol == "https"
	if f.Login == nil {
		if web && f.Auth != "" && f.Auth != "none" {
			c.open(path, "no-login", needs{"5.1.1.3 5.1.2.1 5.1.2.2 5.1.3.1", "5.1-5 5.5-5"}, "id", f.ID)
		}
		return
	}
	l := f.Login
	if f.Protocol == "rtsp" || f.Protocol == "rtsps" {
		return // only the path of the stream counts
	}
	c.missing(l.Identity, path+".identity", "login-identity", needs{"5.1.1.1", ""}, "id", f.ID)
	if l.Form == "json" || l.Form == "form" {
		c.missing(l.Path, path+".path", "login-path", needs{"5.1.1.3 5.1.2.2", "5.1-5"}, "id", f.ID)
		c.missing(l.Logout, path+".logout", "login-logout", needs{"5.1.1.3", ""}, "id", f.ID)
	}
	if len(l.Functions) == 0 {
		c.open(path+".functions", "login-functions", needs{"5.1.1.3 5.1.2.1", "5.5-5"}, "id", f.ID)
	}
	for i, fn := range l.Functions {
		if fn.Right == "" && len(fn.Roles) == 0 {
			c.open(ItemPath(path+".functions", i), "function-right", needs{"5.1.2.1", ""}, "id", f.ID, "path", fn.Path)
		}
	}
}

func (c *checker) users() {
	p := c.p
	if len(p.Roles) < 2 {
		c.open("roles", "few-roles", needs{"5.1.2.1", ""})
	}
	for _, name := range sortedRoles(p.Roles) {
		if len(p.Roles[name].May) == 0 {
			c.open(FieldPath("roles", name)+".may", "role-rights", needs{"5.1.2.1", ""}, "role", name)
		}
	}
	if len(p.Users) == 0 {
		c.open("users", "no-users", needs{"5.1.2.1 5.1.3.1", "5.1-1"})
	}
	pw := p.Passwords
	switch {
	case pw == nil || pw.Used == nil && pw.Preset == "":
		c.open("passwords", "no-passwords", needs{"5.1.3.1", "5.1-1 5.1-2"})
	case pw.Used != nil && !*pw.Used:
	case pw.Preset == "":
		c.open("passwords.preset", "password-preset", needs{"5.1.3.1", "5.1-1 5.1-2"})
	case pw.Preset == "per-unit":
		c.missing(pw.Rule, "passwords.rule", "password-rule", needs{"5.1.3.1", "5.1-2"})
	}
	if pw != nil && (pw.Used == nil || *pw.Used) {
		c.missing(pw.Change, "passwords.change", "password-change", needs{"5.1.3.1", "5.1-4"})
	}
}

func sortedRoles(r Roles) []string {
	out := make([]string, 0, len(r))
	for name := range r {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func (c *checker) secrets() {
	if id := c.p.Identifier; id == nil || id.Kind == "" {
		c.open("identifier", "no-identifier", needs{"5.1.1.1", "5.4-2"})
	} else {
		c.missing(id.Rule, "identifier.rule", "identifier-rule", needs{"5.1.1.1", ""})
	}
	if len(c.p.Secrets) == 0 && !c.p.Stated("secrets") {
		c.open("secrets", "no-secrets", needs{"5.1.1.2 5.4.1.2", "5.4-1 5.4-4"})
	}
	for i, s := range c.p.Secrets {
		path := ItemPath("secrets", i)
		c.missing(s.UniqueBy, path+".unique_by", "secret-unique", needs{"5.1.1.2", "5.4-4"}, "id", s.ID)
		c.missing(s.ProtectedBy, path+".protected_by", "secret-protected", needs{"5.4.1.2", "5.4-1"}, "id", s.ID)
	}
}
