package httpprobe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// sleep waits on the clock, unless the context ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// doFresh asks for a function with an account's session and signs in again
// when the session has ended meanwhile, at most maxRelogins times.
func (p *Prober) doFresh(ctx context.Context, s **Session, cred Credential, f Function) Trial {
	if *s == nil {
		return Trial{Function: f, Answer: Skipped, Exchange: -1, Err: errors.New("no session")}
	}
	t := (*s).Do(ctx, f)
	if t.Answer != Denied || t.Status == 403 || p.again[cred.User] == maxRelogins {
		return t
	}
	p.again[cred.User]++
	if l := p.enter(ctx, cred); l.Session != nil {
		(*s).Close()
		*s = l.Session
		t = (*s).Do(ctx, f)
	}
	return t
}

// AnonymousAccess asks for every protected function without a session. Each
// request is framed by the same one in a session of cred, which must be
// entitled to all of them. Without a credential no login is made.
func (p *Prober) AnonymousAccess(ctx context.Context, cred Credential) AnonymousResult {
	var r AnonymousResult
	if cred != (Credential{}) {
		r.Login = p.enter(ctx, cred)
		if r.Login.Session == nil {
			r.Err = fmt.Errorf("control login: %s, status %d: %w", r.Login.Outcome, r.Login.Status, orNothing(r.Login.Err))
		}
	}
	s := r.Login.Session
	defer func() { s.Close() }()
	for _, f := range p.api.Protected {
		if ctx.Err() != nil {
			r.Err = context.Cause(ctx)
			return r
		}
		row := AnonymousRow{}
		row.Before = p.doFresh(ctx, &s, cred, f)
		nobody := p.anonymous()
		row.Anonymous = nobody.Do(ctx, f)
		nobody.Close()
		row.After = p.doFresh(ctx, &s, cred, f)
		settle(&row.Anonymous, &row.Before, &row.After)
		row.Control = row.Before.Answer == Allowed && row.After.Answer == Allowed
		r.Rows = append(r.Rows, row)
	}
	r.Login.Session = s
	r.Whole = r.Err == nil && ctx.Err() == nil
	return r
}

// orNothing keeps error chains free of nil.
func orNothing(err error) error {
	if err == nil {
		return errors.New("no further detail")
	}
	return err
}

// DefaultCredentials tries at most limit pairs of a list, one every interval.
// It stops where the interface locks, because further answers would say
// nothing.
func (p *Prober) DefaultCredentials(ctx context.Context, list []Credential, limit int, interval time.Duration) DefaultsResult {
	r := DefaultsResult{Left: len(list)}
	silent := 0
	for i, c := range list {
		if i == limit {
			r.Cut = "limit"
			return r
		}
		if i > 0 {
			if err := sleep(ctx, interval); err != nil {
				r.Cut, r.Err = "cancelled", err
				return r
			}
		}
		l := p.Login(ctx, c)
		l.Session.Close()
		if ctx.Err() != nil {
			r.Cut, r.Err = "cancelled", context.Cause(ctx)
			return r
		}
		r.Tried = append(r.Tried, DefaultTry{Index: i, User: c.User, Login: l})
		r.Left--
		switch l.Outcome {
		case Locked:
			r.Cut = "locked"
			return r
		case NoAnswer:
			if silent++; silent == 2 {
				r.Cut, r.Err = "no-answer", l.Err
				return r
			}
		default:
			silent = 0
		}
	}
	return r
}

// Logout signs in, signs out, and sends the old cookies and token again. The
// control is a fresh login and the same request. f is a protected function
// that cred may use and that changes nothing.
func (p *Prober) Logout(ctx context.Context, cred Credential, f Function) LogoutResult {
	var r LogoutResult
	if p.api.LogoutPath == "" || p.api.wireAuth() {
		r.Err = errors.New("the interface has no logout")
		return r
	}
	r.Login = p.enter(ctx, cred)
	s := r.Login.Session
	if s == nil {
		r.Err = fmt.Errorf("login: %s, status %d: %w", r.Login.Outcome, r.Login.Status, orNothing(r.Login.Err))
		return r
	}
	defer s.Close()
	r.Before = s.Do(ctx, f)
	old := s.copy() // the logout's answer may take the cookies away
	defer old.Close()
	r.Logout = s.Do(ctx, Function{Name: "logout", Method: p.api.LogoutMethod, Path: p.api.LogoutPath})
	s.Close()
	r.After = old.Do(ctx, f)
	r.Again = p.enter(ctx, cred)
	if r.Again.Session != nil {
		r.AgainTrial = r.Again.Session.Do(ctx, f)
		r.Again.Session.Close()
	}
	settle(&r.After, &r.Before, &r.AgainTrial)
	r.StillValid = r.After.Answer == Allowed
	r.Control = r.Before.Answer == Allowed && r.AgainTrial.Answer == Allowed
	if ctx.Err() != nil {
		r.Err = context.Cause(ctx)
	}
	return r
}

// Roles asks for every protected function with every role's session. A cell
// of a role that isn't entitled is framed by the same request of one that is.
func (p *Prober) Roles(ctx context.Context, creds []RoleCredential) RolesResult {
	r := RolesResult{Logins: map[string]LoginResult{}}
	sessions := make([]*Session, len(creds))
	defer func() {
		for _, s := range sessions {
			s.Close()
		}
	}()
	for i, c := range creds {
		l := p.enter(ctx, c.Credential)
		r.Logins[c.Role] = l
		sessions[i] = l.Session
	}
	for _, f := range p.api.Protected {
		may := func(role string) bool { return len(f.Roles) == 0 || slices.Contains(f.Roles, role) }
		entitled := -1
		for i, c := range creds {
			if may(c.Role) && (entitled < 0 || sessions[entitled] == nil) {
				entitled = i
			}
		}
		for i, c := range creds {
			if ctx.Err() != nil {
				r.Err = context.Cause(ctx)
				return r
			}
			cell := RoleCell{Role: c.Role, Entitled: may(c.Role)}
			frame := func() *Trial {
				if cell.Entitled || entitled < 0 {
					return nil
				}
				t := p.doFresh(ctx, &sessions[entitled], creds[entitled].Credential, f)
				return &t
			}
			cell.Before = frame()
			cell.Trial = p.doFresh(ctx, &sessions[i], c.Credential, f)
			cell.After = frame()
			if cell.Entitled {
				if cell.Trial.Answer == Denied && cell.Trial.Status/100 == 2 {
					cell.Trial.Answer = Ambiguous // an error that needn't be about rights
				}
			} else {
				settle(&cell.Trial, cell.Before, cell.After)
			}
			cell.Control = cell.Before != nil && cell.Before.Answer == Allowed && cell.After.Answer == Allowed
			r.Cells = append(r.Cells, cell)
		}
	}
	r.Whole = ctx.Err() == nil
	return r
}
