package device

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"assay/internal/collect/device/httpprobe"
	"assay/internal/collect/device/httpwire"
	"assay/internal/fact"
	"assay/internal/pattern"
	"assay/internal/product"
)

func (c *Config) prober(u product.Unit, f found, api httpprobe.API) *httpprobe.Prober {
	cfg := httpprobe.Config{TLS: f.is.TLS, ServerName: serverName(u), Host: hostOf(u, f, map[bool]string{false: "80", true: "443"})}
	for _, k := range c.Credentials {
		if k.Unit == u.ID || k.Unit == "" {
			cfg.Known = append(cfg.Known, k.wire())
		}
	}
	p := httpprobe.New(c.dial(u.ID, f.port), api, cfg)
	for _, k := range c.Credentials {
		p.Secret(k.Password)
	}
	return p
}

// hostOf is how a service is addressed; usual is its usual port, with TLS and
// without.
func hostOf(u product.Unit, f found, usual map[bool]string) string {
	return httpwire.Host(net.JoinHostPort(strings.Trim(u.Address, "[]"), strconv.Itoa(int(f.port))), usual[f.is.TLS])
}

// serverName is the name that TLS asks for: addresses aren't sent (RFC 6066
// section 3).
func serverName(u product.Unit) string {
	if _, err := netip.ParseAddr(u.Address); err == nil {
		return ""
	}
	return u.Address
}

var (
	passwordField = pattern.New(`(?i)<input[^>]+type\s*=\s*["']?password`)
	titleElement  = pattern.New(`(?is)<title[^>]*>(.*?)</title>`)
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
		if to, only, err := c.upgrades(ctx, r, o, u, f, p, id); err != nil {
			return err
		} else if only {
			// Nobody logs in here, and no password is sent in the clear.
			if f.iface == nil {
				return nil
			}
			for _, test := range []string{"auth.required", "session.logout", "access.roles"} {
				if err := notTried(r, o, subject(u, f), test, "redirects", "interface", f.id(), "to", to); err != nil {
					return err
				}
			}
			return nil
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

// upgrades reports whether a plain service only sends people on to HTTPS on the
// same unit: from the front page and from a second path alike.
func (c *Collector) upgrades(ctx context.Context, r fact.Recorder, o fact.Observation, u product.Unit, f found, p *httpprobe.Prober, front httpprobe.Identity) (to string, only bool, err error) {
	to, ok := secured(u, f, front)
	if !ok {
		return "", false, nil
	}
	path := "/no-such-page"
	if f.iface != nil && f.iface.Login != nil && f.iface.Login.Path != "" && !harmful(f.iface.Login.Path) {
		path = f.iface.Login.Path
	}
	second, err := p.Peek(ctx, path)
	if ctx.Err() != nil {
		return "", false, ctx.Err()
	}
	away, ok := secured(u, f, second)
	if err != nil || !ok {
		return "", false, nil //nolint:nilerr // without a second redirect nothing more is known
	}
	ref, err := transcript(r, subject(u, f)+" redirects", p)
	if err != nil {
		return "", false, err
	}
	return to, true, r.Record(o, subject(u, f), fact.Redirect{Unit: u.ID, Port: f.port, From: path, To: away}, ref)
}

// secured is where an answer sends people to, if that is HTTPS on the unit
// itself, by its address or by a relative name.
func secured(u product.Unit, f found, id httpprobe.Identity) (string, bool) {
	to, err := url.Parse(id.Location)
	if err != nil || f.is.TLS || id.Status/100 != 3 || !strings.EqualFold(to.Scheme, "https") {
		return "", false
	}
	return clip(id.Location), strings.EqualFold(to.Hostname(), strings.Trim(u.Address, "[]"))
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
	api, held := c.describe(u, f.iface)
	if err := c.recordHeld(r, o, u, f, held); err != nil {
		return err
	}
	p := c.prober(u, f, api)
	anonymous := p.AnonymousAccess(ctx, cred.wire())
	if ctx.Err() != nil {
		return ctx.Err()
	}
	login := anonymous.Login
	defer func() { login.Session.Close() }()
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
		if !clear(t) {
			why := "no-clear-answer"
			if login.Outcome != httpprobe.Accepted {
				why = "credentials-refused"
			}
			if err := notTried(r, o, name, "auth.required", why, "interface", f.id(), "function", t.Function.Name, "status", strconv.Itoa(t.Status)); err != nil {
				return err
			}
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

// clear reports whether an answer says yes or no.
func clear(t httpprobe.Trial) bool {
	return t.Answer == httpprobe.Allowed || t.Answer == httpprobe.Denied
}

// recordHeld names what no program may call although the model doesn't say
// so: a person has to look at it.
func (c *Collector) recordHeld(r fact.Recorder, o fact.Observation, u product.Unit, f found, held []string) error {
	for _, fn := range held {
		for _, test := range []string{"auth.required", "access.roles"} {
			if err := notTried(r, o, subject(u, f), test, "held-back", "interface", f.id(), "function", fn); err != nil {
				return err
			}
		}
	}
	return nil
}

// withoutCredentials asks as nobody, and makes no login. What it gets is kept
// as a transcript alone: without the answer to somebody entitled it can't be
// told from a login page or an error of the same status.
func (c *Collector) withoutCredentials(ctx context.Context, r fact.Recorder, o fact.Observation, u product.Unit, f found) error {
	name := subject(u, f)
	api, held := c.describe(u, f.iface)
	if err := c.recordHeld(r, o, u, f, held); err != nil {
		return err
	}
	p := c.prober(u, f, api)
	p.AnonymousAccess(ctx, httpprobe.Credential{})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, err := transcript(r, name+" access", p); err != nil {
		return err
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
	if harmful(path) && !trusted(u) {
		return nil // recorded as held back
	}
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
	api, _ := c.describe(u, f.iface)
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
	if !clear(res.After) {
		return notTried(r, o, subject(u, f), "session.logout", "no-clear-answer", "interface", f.id(), "function", fn.Name, "status", strconv.Itoa(res.After.Status))
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
	api, _ := c.describe(u, f.iface)
	p := c.prober(u, f, api)
	res := p.Roles(ctx, creds)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	ref, err := transcript(r, subject(u, f)+" roles", p)
	if err != nil {
		return err
	}
	for _, k := range creds {
		if l := res.Logins[k.Role]; l.Outcome != httpprobe.Accepted {
			if err := notTried(r, o, subject(u, f), "access.roles", "credentials-refused", "unit", u.ID, "role", k.Role, "outcome", string(l.Outcome)); err != nil {
				return err
			}
		}
	}
	for _, cell := range res.Cells {
		t := cell.Trial
		if !clear(t) {
			if res.Logins[cell.Role].Outcome != httpprobe.Accepted {
				continue // said above
			}
			if err := notTried(r, o, subject(u, f), "access.roles", "no-clear-answer", "interface", f.id(), "role", cell.Role, "function", t.Function.Name, "status", strconv.Itoa(t.Status)); err != nil {
				return err
			}
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
