package device

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"assay/internal/collect/device/httpprobe"
	"assay/internal/fact"
	"assay/internal/product"
)

// api describes an interface to the prober, from the model's login.
func (c *Config) api(i *product.Interface) httpprobe.API {
	l := i.Login
	a := httpprobe.API{LoginPath: l.Path, Form: httpprobe.Form(l.Form), UserField: l.UserField, PassField: l.PassField, LogoutPath: l.Logout}
	for _, f := range l.Functions {
		if f.Safe != nil && !*f.Safe {
			continue // the maker says that calling it does harm
		}
		method := f.Method
		if method == "" {
			method = "GET"
		}
		fn := httpprobe.Function{Name: method + " " + f.Path, Method: method, Path: f.Path, Body: f.Body, Roles: f.Roles}
		if f.Body != "" {
			fn.ContentType = "application/json"
		}
		// Changing methods are called only where the model says that it is
		// safe, with the body that it gives.
		fn.Changes = method != "GET" && method != "HEAD" && (f.Safe == nil || !*f.Safe)
		if len(fn.Roles) == 0 && f.Right != "" {
			for _, role := range i.Roles {
				for _, right := range c.Product.Roles[role].May {
					if right == f.Right {
						fn.Roles = append(fn.Roles, role)
					}
				}
			}
		}
		a.Protected = append(a.Protected, fn)
	}
	return a
}

func (c *Config) prober(u product.Unit, f found, api httpprobe.API) *httpprobe.Prober {
	p := httpprobe.New(c.dial(u.ID, f.port), api, httpprobe.Config{TLS: f.is.TLS})
	for _, k := range c.Credentials {
		p.Secret(k.Password)
	}
	return p
}

var (
	passwordField = regexp.MustCompile(`(?i)<input[^>]+type\s*=\s*["']?password`)
	titleElement  = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
)

// web asks an HTTP service: who it is, where it sends people, how it takes
// passwords; and where the model describes its login, what it protects.
func (c *Collector) web(ctx context.Context, r fact.Recorder, u product.Unit, f found) error {
	o := r.Observe(envelope(u))
	p := c.prober(u, f, httpprobe.API{})
	id, err := p.Identify(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil {
		if err := c.recordFront(r, o, u, f, p, id); err != nil {
			return err
		}
	}
	if f.iface == nil || f.iface.Login == nil {
		if f.iface != nil && f.iface.Auth != "" && f.iface.Auth != "none" {
			return notTried(r, o, subject(u, f), "auth.required", "login-description", "interface", f.id())
		}
		return nil
	}
	return c.protected(ctx, r, o, u, f)
}

func (c *Collector) recordFront(r fact.Recorder, o fact.Observation, u product.Unit, f found, p *httpprobe.Prober, id httpprobe.Identity) error {
	page := response(p, id.Exchange)
	ref, err := transcript(r, subject(u, f)+" front page", p)
	if err != nil {
		return err
	}
	if id.Location != "" {
		if to, err := url.Parse(id.Location); err == nil && to.Host != "" {
			if err := r.Record(o, subject(u, f), fact.Redirect{Unit: u.ID, Port: f.port, From: "/", To: clip(id.Location)}, ref); err != nil {
				return err
			}
		}
	}
	scheme := ""
	switch {
	case id.Realm != "" || id.Status == 401:
		scheme = challenge(page)
	case passwordField.MatchString(page):
		scheme = "form"
	}
	if f.iface != nil && f.iface.Login != nil {
		return nil // recorded with the login itself
	}
	if scheme == "" {
		return nil
	}
	return r.Record(o, subject(u, f), fact.LoginChannel{Unit: u.ID, Interface: f.id(), Port: f.port, Scheme: scheme, Encrypted: f.is.TLS}, ref)
}

// challenge names the first scheme of a WWW-Authenticate header.
func challenge(page string) string {
	for line := range strings.Lines(page) {
		name, value, ok := strings.Cut(line, ":")
		if ok && strings.EqualFold(name, "WWW-Authenticate") {
			scheme, _, _ := strings.Cut(strings.TrimSpace(value), " ")
			return strings.ToLower(scheme)
		}
	}
	return "basic"
}

func response(p *httpprobe.Prober, exchange int) string {
	t := p.Transcript()
	if exchange < 0 || exchange >= len(t) {
		return ""
	}
	return t[exchange].Response
}

// transcript stores the exchanges of a prober, which are redacted.
func transcript(r fact.Recorder, name string, p *httpprobe.Prober) (fact.Ref, error) {
	var b strings.Builder
	for i, x := range p.Transcript() {
		fmt.Fprintf(&b, "#%d %s connection %d, %s\n%s\n%s\n", i, x.At.UTC().Format(time.RFC3339), x.Connection, x.Elapsed.Round(time.Millisecond), x.Request, x.Response)
		if x.Err != "" {
			fmt.Fprintf(&b, "error: %s\n", x.Err)
		}
	}
	return r.Evidence(name, "transcript", strings.NewReader(b.String()))
}

func at(ref fact.Ref, t httpprobe.Trial) fact.Ref {
	ref.Locator = fmt.Sprintf("%s #%d", ref.Locator, t.Exchange)
	ref.Excerpt = fmt.Sprintf("%s %s → %d", t.Function.Method, t.Function.Path, t.Status)
	return ref
}

// protected asks everything behind a described login.
func (c *Collector) protected(ctx context.Context, r fact.Recorder, o fact.Observation, u product.Unit, f found) error {
	name := subject(u, f)
	cred, ok := c.entitled(u.ID)
	if !ok {
		return c.withoutCredentials(ctx, r, o, u, f)
	}
	p := c.prober(u, f, c.api(f.iface))
	anonymous := p.AnonymousAccess(ctx, cred.wire())
	if ctx.Err() != nil {
		return ctx.Err()
	}
	login := p.Login(ctx, cred.wire())
	if login.Outcome == httpprobe.Accepted && f.iface.Login.Identity != "" {
		if err := c.identity(ctx, r, o, u, f, p, login.Session); err != nil {
			return err
		}
	}
	ref, err := transcript(r, name+" access", p)
	if err != nil {
		return err
	}
	if login.Outcome == httpprobe.Accepted || login.Outcome == httpprobe.MustChange || login.Outcome == httpprobe.Refused || login.Outcome == httpprobe.Locked {
		if err := r.Record(o, name, fact.LoginChannel{Unit: u.ID, Interface: f.id(), Port: f.port, Scheme: f.iface.Login.Form, Encrypted: f.is.TLS}, ref); err != nil {
			return err
		}
	}
	if login.Outcome != httpprobe.Accepted {
		for _, test := range []string{"session.logout", "access.roles"} {
			if err := notTried(r, o, name, test, "credentials-refused", "unit", u.ID, "outcome", string(login.Outcome)); err != nil {
				return err
			}
		}
	}
	for _, row := range anonymous.Rows {
		t := row.Anonymous
		if t.Answer != httpprobe.Allowed && t.Answer != httpprobe.Denied {
			continue
		}
		err := r.Record(o, name, fact.Access{Unit: u.ID, Interface: f.id(), Port: f.port, Function: t.Function.Name,
			Allowed: t.Answer == httpprobe.Allowed, Status: t.Status,
			Control: fact.Bracket{Before: row.Before.Answer == httpprobe.Allowed, After: row.After.Answer == httpprobe.Allowed}}, at(ref, t))
		if err != nil {
			return err
		}
	}
	if login.Outcome != httpprobe.Accepted {
		return nil
	}
	if err := c.logout(ctx, r, o, u, f, cred); err != nil {
		return err
	}
	return c.roles(ctx, r, o, u, f)
}

// withoutCredentials still sees what answers to nobody.
func (c *Collector) withoutCredentials(ctx context.Context, r fact.Recorder, o fact.Observation, u product.Unit, f found) error {
	name := subject(u, f)
	p := c.prober(u, f, c.api(f.iface))
	res := p.AnonymousAccess(ctx, httpprobe.Credential{})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	ref, err := transcript(r, name+" access", p)
	if err != nil {
		return err
	}
	for _, row := range res.Rows {
		if t := row.Anonymous; t.Answer == httpprobe.Allowed {
			if err := r.Record(o, name, fact.Access{Unit: u.ID, Interface: f.id(), Port: f.port, Function: t.Function.Name, Allowed: true, Status: t.Status}, at(ref, t)); err != nil {
				return err
			}
		}
	}
	for _, test := range []string{"auth.required", "session.logout", "access.roles", "auth.transport"} {
		if err := notTried(r, o, name, test, "credentials", "unit", u.ID); err != nil {
			return err
		}
	}
	return nil
}

// identity reads who the unit says it is, from the path that the model
// names for it.
func (c *Collector) identity(ctx context.Context, r fact.Recorder, o fact.Observation, u product.Unit, f found, p *httpprobe.Prober, s *httpprobe.Session) error {
	path := f.iface.Login.Identity
	t := s.Do(ctx, httpprobe.Function{Name: "GET " + path, Method: "GET", Path: path})
	if t.Answer != httpprobe.Allowed {
		return nil // no identity by this way; the certificate may show one
	}
	var got struct{ Model, Serial, Firmware, Version string }
	_, body, _ := strings.Cut(strings.ReplaceAll(response(p, t.Exchange), "\r\n", "\n"), "\n\n")
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		return nil // not JSON, or not these fields: nothing was learnt
	}
	if got.Firmware == "" {
		got.Firmware = got.Version
	}
	ref, err := r.Evidence(u.ID+" identity", "transcript", strings.NewReader(body))
	if err != nil {
		return err
	}
	ref.Excerpt = clip(body)
	return r.Record(o, u.ID, fact.Identity{Unit: u.ID, Source: "http:" + path, Serial: clip(got.Serial), Model: clip(got.Model),
		Firmware: clip(got.Firmware), Proven: u.Serial != "" && got.Serial == u.Serial}, ref)
}

// safe is a protected function that changes nothing and that a role may use.
func safe(api httpprobe.API, role string) (httpprobe.Function, bool) {
	for _, fn := range api.Protected {
		if fn.Method == "GET" && !fn.Changes && (len(fn.Roles) == 0 || has(fn.Roles, role)) {
			return fn, true
		}
	}
	return httpprobe.Function{}, false
}

func has(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func (c *Collector) logout(ctx context.Context, r fact.Recorder, o fact.Observation, u product.Unit, f found, cred Credential) error {
	api := c.api(f.iface)
	fn, ok := safe(api, cred.Role)
	if !ok || api.LogoutPath == "" {
		return notTried(r, o, subject(u, f), "session.logout", "no-functions", "interface", f.id())
	}
	p := c.prober(u, f, api)
	res := p.Logout(ctx, cred.wire(), fn)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	ref, err := transcript(r, subject(u, f)+" logout", p)
	if err != nil {
		return err
	}
	if res.After.Answer != httpprobe.Allowed && res.After.Answer != httpprobe.Denied {
		return notTried(r, o, subject(u, f), "session.logout", "no-clear-answer", "interface", f.id())
	}
	return r.Record(o, subject(u, f), fact.Logout{Unit: u.ID, Interface: f.id(), Function: fn.Name, Refused: !res.StillValid, Status: res.After.Status,
		Control: fact.Bracket{Before: res.Before.Answer == httpprobe.Allowed, After: res.AgainTrial.Answer == httpprobe.Allowed}}, at(ref, res.After))
}

func (c *Collector) roles(ctx context.Context, r fact.Recorder, o fact.Observation, u product.Unit, f found) error {
	var creds []httpprobe.RoleCredential
	for _, role := range f.iface.Roles {
		k, ok := c.credential(u.ID, role)
		if !ok {
			return notTried(r, o, subject(u, f), "access.roles", "credentials", "unit", u.ID, "role", role)
		}
		creds = append(creds, httpprobe.RoleCredential{Role: role, Credential: k.wire()})
	}
	p := c.prober(u, f, c.api(f.iface))
	res := p.Roles(ctx, creds)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	ref, err := transcript(r, subject(u, f)+" roles", p)
	if err != nil {
		return err
	}
	for _, cell := range res.Cells {
		t := cell.Trial
		if t.Answer != httpprobe.Allowed && t.Answer != httpprobe.Denied {
			continue
		}
		control := fact.Bracket{}
		if cell.Before != nil && cell.After != nil {
			control = fact.Bracket{Before: cell.Before.Answer == httpprobe.Allowed, After: cell.After.Answer == httpprobe.Allowed}
		}
		err := r.Record(o, subject(u, f), fact.RoleAccess{Unit: u.ID, Interface: f.id(), Role: cell.Role, Function: t.Function.Name,
			Allowed: t.Answer == httpprobe.Allowed, Status: t.Status, Control: control}, at(ref, t))
		if err != nil {
			return err
		}
	}
	return nil
}
