package product

func (c *checker) data() {
	if len(c.p.Data) == 0 && !c.p.Stated("data") {
		c.open("data", "no-data", needs{"5.4.1.2 5.7.1.1 5.7.1.2", "5.4-1 5.11-1 6-1 6-5"})
	}
	for i, d := range c.p.Data {
		path := ItemPath("data", i)
		id := []string{"id", d.ID}
		personal := d.Category == "sensitive-personal"
		sensitive := d.Category == "security-sensitive"
		telemetry := d.Category == "telemetry"
		switch {
		case personal:
			c.missing(d.Purpose, path+".purpose", "data-purpose", needs{"5.7.1.1", "6-1"}, id...)
			c.missing(d.Necessary, path+".necessary", "data-necessary", needs{"5.7.1.1", ""}, id...)
		case telemetry:
			c.missing(d.Purpose, path+".purpose", "data-purpose", needs{"5.7.1.2", "6-5"}, id...)
			c.missing(d.Consent, path+".consent", "data-consent", needs{"5.7.1.2", "6-5"}, id...)
		}
		if (personal || telemetry) && d.SharedWith == nil {
			c.open(path+".shared_with", "data-shared", needs{pick(telemetry, "5.7.1.2", "5.7.1.1"), pick(telemetry, "6-5", "6-1")}, id...)
		}
		if len(d.StoredOn) == 0 {
			if personal || sensitive {
				c.open(path+".stored_on", "data-stored", needs{pick(sensitive, "5.4.1.2", "5.7.1.1"), pick(sensitive, "5.4-1", "5.11-1")}, id...)
			}
			continue
		}
		if personal || sensitive {
			c.missing(d.ProtectedBy, path+".protected_by", "data-protected", needs{"5.4.1.2", "5.4-1"}, id...)
		}
		if personal && len(d.DeletedBy) == 0 {
			c.open(path+".deleted_by", "data-deleted", needs{"5.7.1.1", "5.11-1"}, id...)
		}
	}
}

func pick(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

func (c *checker) flows() {
	if len(c.p.Flows) == 0 && !c.p.Stated("flows") {
		c.open("flows", "no-flows", needs{"5.2.2.1 5.4.1.1 5.4.2.1", "5.5-1 5.5-7"})
	}
	for i, f := range c.p.Flows {
		path := ItemPath("flows", i)
		ends := []string{"from", f.From, "to", f.To}
		// Inside the home an interface is the other end; what leaves needs a host.
		if f.Host == "" && f.Interface == "" {
			c.open(path, "flow-host", needs{"5.2.2.1 5.4.1.1", ""}, ends...)
		}
		if f.Protocol == "" && f.Interface == "" {
			c.open(path+".protocol", "flow-protocol", needs{"5.4.2.1", "5.5-1 5.5-7"}, ends...)
		}
		if len(f.Data) == 0 {
			c.missing(f.Why, path+".why", "flow-why", needs{"5.2.2.1", ""}, ends...)
		}
	}
}

func (c *checker) update() {
	u := c.p.Update
	if u == nil || u.Mechanism == "" {
		c.open("update", "no-update", needs{"5.3.1.1 5.3.1.2 5.3.1.3", "5.3-1 5.3-2 5.3-3 5.3-7"})
		return
	}
	if u.Mechanism == "none" {
		return // a statement; the requirements fail on it
	}
	c.missing(u.AfterFailure, "update.after_failure", "update-failure", needs{"5.3.1.1", ""})
	c.missing(u.Signed, "update.signed", "update-signed", needs{"", "5.3-7 5.3-9 5.3-10"})
	if u.Mechanism != "local" {
		c.missing(u.Host, "update.host", "update-host", needs{"5.3.1.2", "5.3-10"})
		c.missing(u.Protocol, "update.protocol", "update-protocol", needs{"5.3.1.2", "5.3-10"})
	}
	c.missing(u.Rollback, "update.rollback", "update-rollback", needs{"", "5.3-2"})
	if u.Automatic == nil {
		c.open("update.automatic", "update-automatic", needs{"", "5.3-4 5.3-6"})
	}
	switch {
	case u.Check == nil || u.Check.Every == 0:
		c.open("update.check.every", "update-check", needs{"5.3.1.3", "5.3-5"})
	case len(u.Check.ShownIn) == 0:
		c.open("update.check.shown_in", "update-shown", needs{"5.3.1.3", "5.3-11"})
	}
}

// wanted is the documents that requirements ask for, by kind.
var wanted = []struct {
	kind  string
	needs needs
}{
	{"disclosure-policy", needs{"5.2.3.1", "5.2-1"}},
	{"security-txt", needs{"5.2.3.1", "5.2-1"}},
	{"secure-development", needs{"5.2.3.2", "5.6-9"}},
	{"setup-guide", needs{"5.2.3.3", "5.12-2"}},
	{"support-period", needs{"5.3.1.4", "5.3-13"}},
	{"roles", needs{"5.1.2.1", ""}},
	{"privacy-notice", needs{"5.7.1.1 5.7.1.2", "6-1 6-5"}},
}

func (c *checker) documents() {
	have := map[string]bool{}
	for i, d := range c.p.Documents {
		have[d.Kind] = true
		if d.File == "" && d.URL == "" {
			c.open(ItemPath("documents", i), "document-place", needs{}, "id", d.ID)
		}
	}
	if c.p.Identity.Maker.DisclosurePolicy != "" {
		have["disclosure-policy"] = true
	}
	for _, w := range wanted {
		if !have[w.kind] {
			c.open("documents", "no-document", w.needs, "kind", w.kind)
		}
	}
}

func (c *checker) surroundings() {
	p := c.p
	if p.Onboarding == nil || p.Onboarding.Steps == "" {
		c.open("onboarding", "no-onboarding", needs{"5.2.3.3", "5.12-1"})
	}
	if len(p.Environments) == 0 {
		c.open("environments", "no-environment", needs{})
	}
	if len(p.Dependencies) == 0 && !p.Stated("dependencies") {
		c.open("dependencies", "no-dependency", needs{"5.6.1.1", "5.9-1 5.9-2"})
	}
	for i, f := range p.AIFeatures {
		path := ItemPath("ai_features", i)
		c.missing(f.Decides, path+".decides", "ai-decides", needs{}, "id", f.ID)
		c.missing(f.Fallback, path+".fallback", "ai-fallback", needs{}, "id", f.ID)
		c.missing(f.Override, path+".override", "ai-override", needs{}, "id", f.ID)
	}
}

func (c *checker) units() {
	p := c.p
	if len(p.Units) == 0 {
		c.open("units", "no-units", needs{"5.1.1.1 5.1.1.2 5.1.1.3 5.1.2.1 5.2.2.1 5.4.2.1 5.4.2.2", "5.1-1 5.5-1 5.5-5 5.6-1"})
		return
	}
	for _, k := range p.Devices() {
		if len(p.UnitsOf(k.ID)) < 2 {
			c.open("units", "few-units", needs{"5.1.1.1 5.1.1.2 5.1.3.1", "5.1-1 5.1-2 5.4-4"}, "id", k.ID)
		}
	}
	expendable := false
	for i, u := range p.Units {
		path := ItemPath("units", i)
		expendable = expendable || u.Expendable
		c.missing(u.Address, path+".address", "unit-address", needs{"5.1.1.3 5.2.2.1 5.4.2.1", "5.5-1 5.6-1"}, "id", u.ID)
		c.missing(u.Serial, path+".serial", "unit-serial", needs{"5.1.1.1", ""}, "id", u.ID)
		c.missing(u.State, path+".state", "unit-state", needs{"5.1.3.1", "5.1-1"}, "id", u.ID)
		if u.Simulated && u.Ports.IsZero() {
			c.open(path+".ports", "unit-ports", needs{"5.2.2.1", "5.6-1"}, "id", u.ID)
		}
	}
	if !expendable {
		c.open("units", "no-expendable", needs{"5.1.2.2 5.3.1.1 5.5.2.1 5.6.1.1", "5.1-5 5.9-1 5.13-1"})
	}
}

func (c *checker) claims() {
	for standard, rows := range c.p.Claims {
		for requirement, claim := range rows {
			if claim.Support != "yes" && claim.Why == "" {
				path := FieldPath(FieldPath("claims", standard), requirement)
				c.open(path, "claim-why", needs{}, "standard", standard, "requirement", requirement, "support", claim.Support)
			}
		}
	}
}
