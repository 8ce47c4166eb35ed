package threat

import (
	"cmp"
	"slices"
	"strings"

	"assay/internal/product"
)

func (s *survey) common(id string, entries []Entry, data []string) common {
	c := common{ID: id, Context: s.context, Category: s.p.Identity.Category, Entries: []string{}, Carries: s.categories(data), Data: append([]string{}, data...)}
	for _, e := range entries {
		c.Entries = append(c.Entries, string(e))
	}
	return c
}

func (s *survey) productView() productView {
	p := s.p
	var all []string
	for _, d := range p.Data {
		all = append(all, d.ID)
	}
	v := productView{common: s.common("product", s.allEntries(), all), Markets: append([]string{}, p.Identity.Markets...), Types: []string{}, Roles: []string{}, Documents: []string{},
		Passwords: unknown, Preset: unknown, Change: unknown, Onboarding: p.Onboarding != nil, Identifier: p.Identifier != nil, Update: p.Update != nil, Contact: p.Identity.Maker.SecurityContact != ""}
	for _, c := range p.Components {
		if !slices.Contains(v.Types, c.Kind) {
			v.Types = append(v.Types, c.Kind)
		}
		sees, hears, acts := senses(c.Transducers)
		v.Sees, v.Hears, v.Acts = v.Sees || sees, v.Hears || hears, v.Acts || acts
		v.Radio = v.Radio || len(radios(c.Network)) > 0
		v.Remote = v.Remote || c.Kind == "backend"
	}
	for _, f := range p.Flows {
		v.Remote = v.Remote || f.To == world
		v.CloudAccounts = v.CloudAccounts || s.typeOf(f.From) == "app" && s.typeOf(f.To) == "backend"
	}
	v.Exposed = s.exposed()
	v.Personal = slices.Contains(v.Carries, "sensitive-personal")
	v.Accounts = p.Passwords != nil && p.Passwords.Used != nil && *p.Passwords.Used || len(p.Roles) > 0 || len(p.Users) > 0
	for _, f := range p.Interfaces {
		v.Accounts = v.Accounts || f.Auth != "" && f.Auth != "none"
	}
	if x := p.Passwords; x != nil {
		v.Passwords, v.Preset, v.Change = answer(x.Used), cmp.Or(x.Preset, unknown), cmp.Or(x.Change, unknown)
	}
	for r := range p.Roles {
		v.Roles = append(v.Roles, r)
	}
	slices.Sort(v.Roles)
	if p.Onboarding != nil {
		v.OnboardingSecret = p.Onboarding.Secret
	}
	for _, d := range p.Data {
		v.Removal = v.Removal || len(d.DeletedBy) > 0
	}
	if x := p.Identity.Support; x != nil && !x.Until.IsZero() {
		v.Support = true
		if !x.From.IsZero() && x.MechanicalLifeYears > 0 {
			v.Unsupported = max(0, x.From.Year()+x.MechanicalLifeYears-x.Until.Year()-1)
		}
	}
	for _, d := range p.Documents {
		v.Documents = append(v.Documents, d.Kind)
	}
	for _, d := range p.Dependencies {
		v.Suppliers = v.Suppliers || isCode(d)
	}
	v.Suppliers = v.Suppliers || len(p.Suppliers) > 0
	return v
}

// allEntries are those of all components, or of those of some kinds.
func (s *survey) allEntries(kinds ...string) []Entry {
	var out []Entry
	for _, c := range s.p.Components {
		if len(kinds) > 0 && !slices.Contains(kinds, c.Kind) {
			continue
		}
		for _, e := range s.reach(c.ID) {
			if !slices.Contains(out, e) {
				out = append(out, e)
			}
		}
	}
	return ordered(out)
}

func (s *survey) componentView(c product.Component) componentView {
	sees, hears, acts := senses(c.Transducers)
	v := componentView{common: s.common(c.ID, s.reach(c.ID), s.stores[c.ID]), Type: c.Kind, Zone: s.zones[c.ID],
		OperatedBy: cmp.Or(c.OperatedBy, unknown), UpdatedBy: cmp.Or(c.UpdatedBy, unknown), Transducers: append([]string{}, c.Transducers...),
		Sees: sees, Hears: hears, Acts: acts, Network: append([]string{}, c.Network...), Radios: radios(c.Network), Constrained: answer(c.Constrained),
		Firmware: c.Firmware != nil, Encrypted: unknown, Public: unknown, Interfaces: []string{}, Listens: []string{}, Ports: []string{}, Debug: []string{},
		Secrets: append([]string{}, s.secrets[c.ID]...), TalksTo: []string{}, CalledBy: []string{}, Neighbours: []string{}, Platforms: append([]string{}, c.Platforms...)}
	if c.Firmware != nil {
		v.Encrypted, v.Public = answer(c.Firmware.Encrypted), answer(c.Firmware.Public)
	}
	for _, f := range s.listens[c.ID] {
		v.Interfaces = append(v.Interfaces, f.ID)
		switch {
		case f.Physical:
			v.Ports = append(v.Ports, f.ID)
		case f.Port.Number > 0:
			v.Listens = append(v.Listens, f.ID)
		}
		if f.Debug {
			v.Debug = append(v.Debug, f.ID)
		}
	}
	v.Battery = says(c.Computing, "batter*")
	for _, i := range s.flows[c.ID] {
		f := s.p.Flows[i]
		for _, id := range f.Data {
			if d := s.data[id]; d != nil && f.From == c.ID {
				v.Battery = v.Battery || says(d.ID+" "+d.Purpose, "batter*")
			}
		}
		other, list := f.To, &v.TalksTo
		if f.From != c.ID {
			other, list = f.From, &v.CalledBy
		}
		if !slices.Contains(*list, other) {
			*list = append(*list, other)
		}
		if t := s.typeOf(other); !slices.Contains(v.Neighbours, t) {
			v.Neighbours = append(v.Neighbours, t)
		}
	}
	return v
}

func (s *survey) typeOf(component string) string {
	if c, ok := s.components[component]; ok {
		return c.Kind
	}
	return world
}

func (s *survey) interfaceView(f product.Interface) interfaceView {
	protocol := strings.ToLower(f.Protocol)
	v := interfaceView{common: s.common(f.ID, s.entriesOf(f), s.through(f.ID, f.On)), On: f.On, Type: s.typeOf(f.On), Protocol: protocol, Port: int(f.Port.Number),
		Purpose: f.Purpose, Auth: cmp.Or(strings.ToLower(f.Auth), unknown), Encrypted: encrypted(protocol), Roles: append([]string{}, f.Roles...), Physical: f.Physical,
		Debug: f.Debug, Access: cmp.Or(f.Access, unknown), Listens: f.Port.Number > 0 && !f.Physical}
	v.Radio = !f.Physical && slices.Contains(radioProtocols, protocol)
	v.Web = slices.Contains([]string{"http", "https", "ws", "wss", "http/2", "http/3"}, protocol)
	v.Media = slices.Contains(mediaProtocols, protocol)
	v.Shell = slices.Contains([]string{"ssh", "telnet", "adb", "rlogin"}, protocol)
	v.Discovery = slices.Contains([]string{"mdns", "ssdp", "upnp", "ws-discovery", "llmnr", "onvif-discovery"}, protocol)
	v.Messaging = slices.Contains([]string{"mqtt", "mqtts", "amqp", "amqps", "coap", "coaps"}, protocol)
	v.Fieldbus = slices.Contains(fieldProtocols, protocol)
	v.Onboarding = says(f.Purpose, "onboard*", "set-up", "setup", "pairing", "pair", "provision*", "commission*") && !v.Discovery
	v.Storage = says(protocol+" "+f.Purpose+" "+f.ID, "sd-card", "sd card", "sd", "microsd", "sdcard", "usb", "memory card", "storage")
	v.Exposed = v.Type == "device" && s.exposed()
	return v
}

func (s *survey) flowView(b *bundle) flowView {
	first := s.p.Flows[b.members[0]]
	v := flowView{common: s.common(strings.TrimPrefix(b.ref, "flow/"), s.onTheWay(b), b.data), From: b.from, To: b.to, FromType: s.typeOf(b.from), ToType: s.typeOf(b.to),
		Protocol: strings.ToLower(first.Protocol), Hosts: append([]string{}, b.hosts...), Auth: unknown, Interface: first.Interface, Count: len(b.members)}
	var whys, auths []string
	for _, i := range b.members {
		f := s.p.Flows[i]
		if f.Why != "" && !slices.Contains(whys, f.Why) {
			whys = append(whys, f.Why)
		}
		v.Update = v.Update || s.isUpdate(f)
		auths = append(auths, strings.ToLower(f.Auth))
	}
	v.Why = strings.Join(whys, ", ")
	v.Auth = weakest(auths)
	if i, ok := s.interfaces[v.Interface]; ok {
		v.Protocol = cmp.Or(v.Protocol, strings.ToLower(i.Protocol))
		if v.Auth == unknown {
			v.Auth = cmp.Or(strings.ToLower(i.Auth), unknown)
		}
	}
	v.Encrypted = encrypted(v.Protocol)
	v.Crosses = s.zones[b.from] != s.zones[b.to]
	v.Remote = s.remote(b.from, b.to)
	v.Radio = slices.Contains(radioProtocols, v.Protocol)
	v.Media = slices.Contains(mediaProtocols, v.Protocol) || slices.ContainsFunc(b.data, func(d string) bool { return s.isMedia(d) })
	v.Relay = slices.Contains([]string{"srtp", "dtls-srtp", "webrtc", "stun", "turn", "p2p", "quic-media"}, v.Protocol)
	v.Clock = slices.Contains([]string{"ntp", "nts", "sntp", "ptp"}, v.Protocol)
	v.Names = slices.Contains([]string{"dns", "doh", "dot"}, v.Protocol)
	for _, d := range b.data {
		if x, ok := s.data[d]; ok && x.Category != "telemetry" {
			v.Control = v.Control || says(d+" "+x.Purpose, "command", "control", "setting", "config*")
		}
	}
	v.Control = v.Control || says(v.Why, "command", "control", "setting", "config*")
	return v
}

func (s *survey) dataView(d product.Data) dataView {
	entries, types := []Entry{}, []string{}
	for _, c := range d.StoredOn {
		for _, e := range s.reach(c) {
			if !slices.Contains(entries, e) {
				entries = append(entries, e)
			}
		}
		if t := s.typeOf(c); !slices.Contains(types, t) {
			types = append(types, t)
		}
	}
	if len(entries) == 0 { // what is kept nowhere is met on its way
		for _, b := range s.bundles() {
			if slices.Contains(b.data, d.ID) {
				entries = append(entries, s.onTheWay(b)...)
			}
		}
	}
	v := dataView{common: s.common(d.ID, ordered(entries), []string{d.ID}), Kind: d.Category, Purpose: d.Purpose, StoredOn: append([]string{}, d.StoredOn...), StoredTypes: types,
		Protected: unknown, ProtectedBy: d.ProtectedBy, Retention: d.RetentionDays, DeletedBy: append([]string{}, d.DeletedBy...), Consent: d.Consent, Necessary: d.Necessary,
		Shared: unknown, SharedWith: append([]string{}, d.SharedWith...), Media: s.isMedia(d.ID)}
	switch strings.ToLower(d.ProtectedBy) {
	case "":
	case "none", "nothing", "no":
		v.Protected = no
	default:
		v.Protected = yes
	}
	if d.SharedWith != nil {
		v.Shared = no
		if len(d.SharedWith) > 0 {
			v.Shared = yes
		}
	}
	for _, f := range s.p.Flows {
		v.Leaves = v.Leaves || slices.Contains(f.Data, d.ID) && s.remote(f.From, f.To)
	}
	words := d.ID + " " + d.Purpose
	v.Credential = d.Category == "security-sensitive" && says(words, "key", "password", "passphrase", "credential", "token", "secret", "pin", "psk", "certificate", "pairing")
	v.Log = says(words, "log", "audit", "event")
	return v
}

func (s *survey) secretView(x product.Secret) secretView {
	return secretView{common: s.common(x.ID, s.reach(x.On), nil), On: x.On, Type: s.typeOf(x.On), Kind: x.Kind, UniqueBy: x.UniqueBy, ProtectedBy: x.ProtectedBy,
		Production: says(x.UniqueBy, "production", "factory", "manufactur*", "inject*", "fused", "provision*")}
}

func (s *survey) updateView(u product.Update) updateView {
	v := updateView{common: s.common("update", []Entry{Remote, Local, Supply, Peer}, nil), Mechanism: cmp.Or(strings.ToLower(u.Mechanism), unknown), Host: u.Host, Protocol: strings.ToLower(u.Protocol),
		Encrypted: encrypted(strings.ToLower(u.Protocol)), Signed: unknown, Automatic: answer(u.Automatic), Checks: u.Check != nil, Rollback: cmp.Or(strings.ToLower(u.Rollback), unknown), AfterFailure: u.AfterFailure}
	switch s := strings.ToLower(u.Signed); {
	case s == "none" || s == "no":
		v.Signed = no
	case s != "":
		v.Signed = yes
	}
	v.None = v.Mechanism == "none"
	if v.Mechanism == "local" {
		v.Entries = []string{string(Local), string(Physical), string(Supply)}
	}
	return v
}

func (s *survey) aiView(a product.AIFeature) aiView {
	v := aiView{common: s.common(a.ID, []Entry{Remote, Local, Nearby, Physical, Supply}, a.Data), Decides: a.Decides, Limits: a.Limits, Fallback: a.Fallback, Override: a.Override,
		Retrains: answer(a.Retrains), On: a.On, Actuates: append([]string{}, a.Actuates...)}
	if a.On != "" {
		v.Type = s.typeOf(a.On)
	}
	if a.Model != nil {
		v.Origin = a.Model.Origin
	}
	for _, c := range s.p.Components {
		sees, hears, _ := senses(c.Transducers)
		v.Senses = v.Senses || sees || hears
	}
	v.Learns = says(a.Decides+" "+a.Limits+" "+a.Fallback+" "+a.Override, "learn*", "train*", "retrain*", "tuned", "adapt*") || v.Retrains == "yes"
	v.Language = says(a.Decides+" "+v.Origin, "language model", "llm*", "gpt*", "chatbot*", "prompt*", "語言模型")
	for _, x := range a.Attacks {
		v.Language = v.Language || x.Kind == "prompt-injection" && x.Na == ""
	}
	return v
}

func isCode(d product.Dependency) bool {
	return says(d.Kind, "library", "libraries", "sdk", "module", "component", "firmware", "software", "chip*", "supplier", "open source")
}

func (s *survey) dependencyView(d product.Dependency) dependencyView {
	kind := strings.ToLower(d.Kind)
	return dependencyView{common: s.common(d.ID, []Entry{Remote, Supply}, nil), Kind: kind, Why: d.Why, Without: d.Without,
		Outage: says(kind, "network", "power", "internet", "cellular"), Service: says(kind, "service", "cloud", "api", "backend", "platform"), Code: isCode(d)}
}

func (s *survey) accountView(u product.User) accountView {
	return accountView{common: s.common(u.Name, s.allEntries(), nil), Name: u.Name, Role: u.Role, Preset: u.Preset, May: append([]string{}, s.p.Roles[u.Role].May...)}
}
