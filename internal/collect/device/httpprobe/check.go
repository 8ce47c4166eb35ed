package httpprobe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

const (
	maxChecks   = 5 // functions that one login is checked at
	maxRelogins = 3 // further logins of an account whose session ended
)

// believed reports whether a credential is one of the entitled.
func (p *Prober) believed(c Credential) bool {
	return len(p.cfg.Known) == 0 || slices.Contains(p.cfg.Known, c)
}

func key(f Function) string { return firstOf(f.Method, "GET") + " " + f.Path }

// readable lists what a session can be checked at without changing anything.
func (p *Prober) readable() []Function {
	var list []Function
	for _, f := range p.api.Protected {
		if !f.Changes && firstOf(f.Method, "GET") == "GET" && len(list) < maxChecks {
			list = append(list, f)
		}
	}
	if id := p.api.IdentityPath; id != "" && !slices.ContainsFunc(list, func(f Function) bool { return f.Path == id }) {
		list = append(list, Function{Path: id})
	}
	return list
}

// verify asks for something protected, because some interfaces answer 200 to
// any login, and some accept it but block everything until the password is
// changed.
func (p *Prober) verify(ctx context.Context, s *Session, cred Credential, r *LoginResult) {
	if !p.believed(cred) {
		p.compare(ctx, s, r)
		return
	}
	material := len(s.cookies) > 0 || s.token != ""
	list := p.readable()
	if len(list) == 0 {
		if !material {
			r.Outcome = Unclear
			r.Err = errors.New("the answer holds neither a cookie nor a token, and no protected function is known to try")
		}
		return
	}
	refused, silent := false, error(nil)
	for _, f := range list {
		t, resp, n := s.ask(ctx, f)
		r.Exchanges = append(r.Exchanges, n...)
		if resp == nil {
			silent = fmt.Errorf("check the session at %s: %w", f.Path, orNothing(t.Err))
			break
		}
		if t.Answer == Allowed {
			p.theirs[key(f)], p.control = &t, s.copy()
			return
		}
		away := t.Status/100 == 3
		if mustChange(resp, members(resp.Body)) || away && p.api.PasswordChangePath != "" && strings.Contains(t.Location, p.api.PasswordChangePath) {
			r.Outcome = MustChange
			return
		}
		refused = refused || t.Status == 401 || away || t.Status/100 == 2
	}
	switch {
	case silent != nil:
		r.Err = silent
		if !material {
			r.Outcome = Unclear
		}
	case refused:
		r.Outcome = Refused
	case !material:
		r.Outcome = Unclear
	}
}

// compare believes a login with somebody's guess only where it opens what the
// entitled see and nobody else does.
func (p *Prober) compare(ctx context.Context, s *Session, r *LoginResult) {
	unlike := false
	tried := 0
	for _, f := range p.readable() {
		theirs, nobody := p.reference(ctx, f, r)
		if theirs == nil || nobody.Answer != Denied {
			continue // not known, or open to everybody: it shows nothing
		}
		t, resp, n := s.ask(ctx, f)
		r.Exchanges = append(r.Exchanges, n...)
		if resp == nil {
			r.Outcome, r.Err = Unclear, fmt.Errorf("check the session at %s: %w", f.Path, orNothing(t.Err))
			return
		}
		if t.Status/100 != 2 && mustChange(resp, members(resp.Body)) {
			r.Outcome = MustChange
			return
		}
		tried++
		switch settle(&t, theirs); {
		case t.Answer == Allowed:
			return
		case t.Answer != Denied || t.Status != nobody.Status:
			unlike = true // neither theirs nor what nobody gets
		}
	}
	r.Outcome = Refused
	if tried == 0 || unlike {
		r.Outcome = Unclear
		r.Err = errors.New("the login was answered like a success, but nothing shows that it opens what the entitled may see")
	}
}

// reference returns what the entitled and what nobody get for a function; both
// are asked for once.
func (p *Prober) reference(ctx context.Context, f Function, r *LoginResult) (theirs, nobody *Trial) {
	k := key(f)
	if p.theirs[k] == nil && p.control != nil {
		t, _, n := p.control.ask(ctx, f)
		p.control.Close()
		r.Exchanges = append(r.Exchanges, n...)
		if t.Answer == Allowed {
			p.theirs[k] = &t
		}
	}
	if p.theirs[k] == nil {
		return nil, nil
	}
	if p.shut[k] == nil {
		s := p.anonymous()
		t, _, n := s.ask(ctx, f)
		s.Close()
		r.Exchanges = append(r.Exchanges, n...)
		settle(&t, p.theirs[k])
		p.shut[k] = &t
	}
	return p.theirs[k], p.shut[k]
}

// enter is a control login. An account that was once refused or locked isn't
// tried again: a mistake in the tester's credentials must not lock it.
func (p *Prober) enter(ctx context.Context, cred Credential) LoginResult {
	if r, ok := p.over[cred.User]; ok {
		r.Session = nil
		return r
	}
	r := p.Login(ctx, cred)
	if r.Outcome != Accepted && r.Outcome != MustChange {
		p.over[cred.User] = r
	}
	return r
}
