package httpprobe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"assay/internal/collect/device/httpwire"
)

// Login signs in once on a new connection.
func (p *Prober) Login(ctx context.Context, cred Credential) LoginResult {
	return p.login(ctx, p.anonymous(), cred)
}

// login signs in with the connection (and whatever cookies) of s; where it is
// accepted s becomes the session, else s keeps its connection.
func (p *Prober) login(ctx context.Context, s *Session, cred Credential) LoginResult {
	p.redact.Add(cred.Password)
	if p.api.LoginPath == "" {
		return LoginResult{Outcome: Unclear, Err: errors.New("the interface has no login path")}
	}
	var r LoginResult
	start := time.Now()
	if p.api.wireAuth() {
		p.loginWire(ctx, s, cred, &r)
		r.Elapsed = time.Since(start)
		return r
	}
	m, err := p.loginMessage(cred)
	if err != nil {
		return LoginResult{Outcome: Unclear, Err: err}
	}
	resp, n, err := s.do(ctx, m)
	r.Elapsed = time.Since(start)
	r.Exchanges = append(r.Exchanges, n)
	if err != nil {
		r.Outcome, r.Err = NoAnswer, err
		return r
	}
	p.judge(&r, resp)
	if r.Outcome == Accepted || r.Outcome == MustChange {
		if t := p.api.token(members(resp.Body)); t != "" {
			s.token = t
			p.redact.Add(t)
		}
	}
	if r.Outcome == Accepted {
		p.verify(ctx, s, cred, &r)
	}
	if r.Outcome == Accepted || r.Outcome == MustChange && (len(s.cookies) > 0 || s.token != "") {
		r.Session = s
	}
	return r
}

func (p *Prober) loginMessage(cred Credential) (message, error) {
	m := message{method: p.api.Method, path: p.api.LoginPath}
	switch p.api.Form {
	case JSON, "":
		fields := map[string]string{}
		for k, v := range p.api.ExtraFields {
			fields[k] = v
		}
		fields[p.api.UserField], fields[p.api.PassField] = cred.User, cred.Password
		b, err := json.Marshal(fields)
		if err != nil {
			return m, fmt.Errorf("login: %w", err)
		}
		m.body, m.contentType = string(b), "application/json"
	case FormURL:
		v := url.Values{}
		for k, x := range p.api.ExtraFields {
			v.Set(k, x)
		}
		v.Set(p.api.UserField, cred.User)
		v.Set(p.api.PassField, cred.Password)
		m.body, m.contentType = v.Encode(), "application/x-www-form-urlencoded"
	default:
		return m, fmt.Errorf("login: form %q is not known", p.api.Form)
	}
	return m, nil
}

// judge reads the answer to a login.
func (p *Prober) judge(r *LoginResult, resp *httpwire.Response) {
	ms := members(resp.Body)
	r.Status = resp.Status
	r.RetryAfter = retryAfter(resp, ms, time.Now())
	location := resp.Header.Get("Location")
	switch {
	case locked(resp, ms):
		r.Outcome = Locked
	case mustChange(resp, ms):
		r.Outcome = MustChange
	case resp.Status/100 == 2:
		r.Outcome = Accepted
		// An error, or the login page again.
		if contentOf(resp).refusal() || !p.api.wireAuth() && failure(ms) {
			r.Outcome = Refused
		}
	case resp.Status/100 == 3 && p.upgrades(location):
		r.Outcome, r.Err = Unclear, fmt.Errorf("the login is sent on to %.80s", clip(location))
	case resp.Status == 302 || resp.Status == 303:
		r.Outcome = Accepted
		low := strings.ToLower(location)
		switch {
		case p.api.PasswordChangePath != "" && strings.Contains(location, p.api.PasswordChangePath):
			r.Outcome = MustChange
		case strings.Contains(location, p.api.LoginPath) || strings.Contains(low, "login") || strings.Contains(low, "error") || strings.Contains(low, "fail"):
			r.Outcome = Refused
		}
	case resp.Status == 400 || resp.Status == 401 || resp.Status == 403 || resp.Status == 422:
		r.Outcome = Refused
	default:
		r.Outcome = Unclear
		r.Err = fmt.Errorf("status %d says neither yes nor no", resp.Status)
	}
}

// loginWire signs in with Basic or Digest: a request without, then with the
// credential.
func (p *Prober) loginWire(ctx context.Context, s *Session, cred Credential, r *LoginResult) {
	m := message{method: p.api.Method, path: p.api.LoginPath}
	fail := func(o Outcome, err error) { r.Outcome, r.Err = o, err }
	if s.challenge == nil {
		s.cred = nil
		resp, n, err := s.do(ctx, m)
		r.Exchanges = append(r.Exchanges, n)
		if err != nil {
			fail(NoAnswer, err)
			return
		}
		r.Status = resp.Status
		if resp.Status != 401 || locked(resp, members(resp.Body)) {
			if p.judge(r, resp); r.Outcome != Locked {
				fail(Unclear, fmt.Errorf("%s answers %d without a credential; a login there shows nothing", m.path, resp.Status))
			}
			return
		}
		if err := s.choose(resp); err != nil {
			fail(Unclear, err)
			return
		}
	}
	s.cred = &cred
	resp, list, err := s.authorised(ctx, m)
	r.Exchanges = append(r.Exchanges, list...)
	if err != nil {
		fail(NoAnswer, err)
		return
	}
	p.judge(r, resp)
	if r.Outcome == Accepted {
		t := &Trial{Function: Function{Method: m.method, Path: m.path}, Status: resp.Status, Answer: Allowed, got: contentOf(resp)}
		if k := key(t.Function); p.believed(cred) {
			p.theirs[k] = t
		} else if theirs := p.theirs[k]; theirs == nil || !theirs.got.like(t.got) {
			fail(Unclear, fmt.Errorf("%s answers %d, but not as to the entitled", m.path, resp.Status))
		}
	}
	if r.Outcome == Accepted || r.Outcome == MustChange {
		r.Session = s
	}
}

// upgrades reports whether a plain interface sends people on to TLS.
func (p *Prober) upgrades(location string) bool {
	return !p.cfg.TLS && strings.HasPrefix(strings.ToLower(location), "https://")
}

// choose picks the challenge that the interface's form names.
func (s *Session) choose(resp *httpwire.Response) error {
	var fit []httpwire.Challenge
	for _, c := range resp.Challenges() {
		if c.Scheme == string(s.p.api.Form) {
			fit = append(fit, c)
		}
	}
	best, ok := httpwire.Strongest(fit)
	switch {
	case ok:
	case s.p.api.Form == Basic:
		best = httpwire.Challenge{Scheme: "basic"} // a 401 that names no scheme
	default:
		return fmt.Errorf("no %s challenge that can be answered", s.p.api.Form)
	}
	s.challenge, s.count = &best, 0
	return nil
}

// authorised sends a message with the session's credential; a stale nonce (RFC
// 7616 section 3.3) is replaced once.
func (s *Session) authorised(ctx context.Context, m message) (*httpwire.Response, []int, error) {
	var exchanges []int
	for try := 0; ; try++ {
		with := m
		if s.cred != nil && s.challenge != nil {
			s.count++
			v, err := s.challenge.Authorize(*s.cred, m.method, m.path, s.count)
			if err != nil {
				return nil, exchanges, err
			}
			with.header = append(append([]httpwire.Field(nil), m.header...), httpwire.Field{Name: "Authorization", Value: v})
		}
		resp, n, err := s.do(ctx, with)
		exchanges = append(exchanges, n)
		if err != nil || resp.Status != 401 || s.challenge == nil {
			return resp, exchanges, err
		}
		old := s.challenge.Nonce
		if err := s.choose(resp); err != nil {
			return resp, exchanges, nil //nolint:nilerr // the 401 stands for itself
		}
		// A new nonce without stale=true is offered to a wrong password,
		// too; trying again would count as a second wrong password.
		if try > 0 || !s.challenge.Stale || s.challenge.Nonce == old {
			return resp, exchanges, nil
		}
	}
}

// Do asks for one function with the session. A function with Changes is
// skipped unless Config.Intrusive is set.
func (s *Session) Do(ctx context.Context, f Function) Trial {
	t, _, _ := s.ask(ctx, f)
	return t
}

// ask is Do, with the response (nil when there is none) and the indexes of its
// exchanges.
func (s *Session) ask(ctx context.Context, f Function) (Trial, *httpwire.Response, []int) {
	t := Trial{Function: f, Exchange: -1}
	if f.Changes && !s.p.cfg.Intrusive {
		t.Answer = Skipped
		return t, nil, nil
	}
	resp, list, err := s.authorised(ctx, message{method: firstOf(f.Method, "GET"), path: f.Path, body: f.Body, contentType: f.ContentType})
	if len(list) > 0 {
		t.Exchange = list[len(list)-1]
	}
	if err != nil {
		t.Answer, t.Err = NoReply, err
		if ctx.Err() != nil {
			t.Answer = Skipped
		}
		return t, nil, list
	}
	t.Status, t.got = resp.Status, contentOf(resp)
	if t.Status/100 == 3 {
		t.Location = clip(resp.Header.Get("Location"))
	}
	t.Answer = t.got.answer(t.Location)
	return t, resp, list
}

// Identify asks for / without a session and returns what the interface says
// about itself.
func (p *Prober) Identify(ctx context.Context) (Identity, error) { return p.Peek(ctx, "/") }

// Peek is Identify at another path.
func (p *Prober) Peek(ctx context.Context, path string) (Identity, error) {
	s := p.anonymous()
	defer s.Close()
	resp, n, err := s.do(ctx, message{method: "GET", path: path})
	if err != nil {
		return Identity{Exchange: n}, err
	}
	id := Identity{Status: resp.Status, Server: clip(resp.Header.Get("Server")), Title: title(resp.Body),
		Location: clip(resp.Header.Get("Location")), Exchange: n}
	for _, c := range resp.Challenges() {
		id.Realm = firstOf(id.Realm, clip(c.Realm))
	}
	return id, nil
}
