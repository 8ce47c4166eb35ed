package httpprobe

import (
	"context"
	"fmt"
	"time"
)

func (c ThrottleConfig) withDefaults() ThrottleConfig {
	if c.Max <= 0 {
		c.Max = 12
	}
	if c.Interval <= 0 {
		c.Interval = 500 * time.Millisecond
	}
	if c.MaxWait <= 0 {
		c.MaxWait = 15 * time.Minute
	}
	if c.Delay <= 0 {
		c.Delay = time.Second
	}
	return c
}

// Throttle signs in with wrong passwords at a steady pace, on one connection
// as long as the interface keeps it, until it shows a limit or Max is reached;
// then it tries the right password, on the same connection, on a new one and
// with another user agent; then it waits for service to come back. A run locks
// the account for a while.
func (p *Prober) Throttle(ctx context.Context, cfg ThrottleConfig) ThrottleResult {
	cfg = cfg.withDefaults()
	r := ThrottleResult{Started: time.Now()}
	r.Before = p.Login(ctx, cfg.Credential)
	r.Before.Session.Close()
	if r.Before.Outcome != Accepted {
		r.Err = fmt.Errorf("control login before: %s, status %d: %w", r.Before.Outcome, r.Before.Status, orNothing(r.Before.Err))
		return r
	}
	s := p.anonymous()
	defer s.Close()
	if err := p.attempts(ctx, cfg, s, &r); err != nil {
		r.Err = err
		return r
	}
	r.Connections = s.used
	if r.Accepted {
		r.Whole = true
		return r
	}
	if r.Sign == SignNone || r.Sign == SignDelay {
		// Nothing refuses so far; the right password must still work.
		r.After = p.loginOnce(ctx, cfg.Credential)
		if r.After.Outcome != Refused && r.After.Outcome != Locked {
			r.Ended = r.After.Outcome == Accepted
			r.Whole = ctx.Err() == nil
			r.Err = context.Cause(ctx)
			return r
		}
		r.LockedAt = time.Now()
		if r.Sign == SignNone {
			r.Sign = SignHide
		}
	}
	p.resets(ctx, cfg, s, &r)
	p.recover(ctx, cfg, &r)
	if ctx.Err() != nil {
		r.Err = context.Cause(ctx)
	}
	r.Whole = ctx.Err() == nil
	return r
}

// attempts makes the wrong attempts and finds the first sign of a limit.
func (p *Prober) attempts(ctx context.Context, cfg ThrottleConfig, s *Session, r *ThrottleResult) error {
	quick := r.Before.Elapsed
	dropped := 0 // attempts without an answer, in a row
	for i := 1; i <= cfg.Max; i++ {
		if i > 1 {
			if err := sleep(ctx, cfg.Interval); err != nil {
				return err
			}
		}
		wrong := Credential{User: cfg.Credential.User, Password: fmt.Sprintf("Wrong-%d-Guess!", i)}
		if wrong.Password == cfg.Credential.Password {
			wrong.Password += "x"
		}
		l := p.login(ctx, s, wrong)
		l.Session = nil
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r.Attempts = append(r.Attempts, l)
		if l.Outcome == NoAnswer {
			if dropped++; dropped == 1 {
				r.LockedAt = time.Now()
				continue
			}
			r.Sign, r.Begins = SignDrop, i-1
			return nil
		}
		dropped = 0
		switch l.Outcome {
		case Locked:
			r.Sign, r.Begins, r.Announced, r.LockedAt = SignLock, i, l.RetryAfter, time.Now()
			return nil
		case Accepted, MustChange:
			r.Accepted = true
			return nil
		}
		if r.DelayBegins == 0 && l.Elapsed >= quick+cfg.Delay {
			r.DelayBegins = i
			r.Sign, r.Begins = SignDelay, i
		}
		quick = min(quick, l.Elapsed)
	}
	return nil
}

func (p *Prober) loginOnce(ctx context.Context, cred Credential) LoginResult {
	l := p.Login(ctx, cred)
	l.Session.Close()
	return l
}

// resets tries the right password during the lock.
func (p *Prober) resets(ctx context.Context, cfg ThrottleConfig, same *Session, r *ThrottleResult) {
	other := p.anonymous()
	other.agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"
	r.RightRefused = true
	for _, way := range []struct {
		how string
		s   *Session
	}{{"same-connection", same}, {"new-connection", p.anonymous()}, {"other-user-agent", other}} {
		l := p.login(ctx, way.s, cfg.Credential)
		way.s.Close()
		l.Session = nil
		if l.RetryAfter > 0 && r.Announced == 0 {
			r.Announced = l.RetryAfter
		}
		r.Resets = append(r.Resets, ResetTry{way.how, l})
		if l.Outcome != Refused && l.Outcome != Locked && (l.Outcome != NoAnswer || r.Sign != SignDrop) {
			r.RightRefused = false
		}
		if l.Outcome == Accepted || ctx.Err() != nil {
			break // the counter is at zero again; more would show nothing
		}
	}
}

// recover waits until the right password works again: for the time announced,
// else in steps that grow, because each try may make the lock longer.
func (p *Prober) recover(ctx context.Context, cfg ThrottleConfig, r *ThrottleResult) {
	end := r.LockedAt.Add(cfg.MaxWait)
	step := max(5*time.Second, cfg.MaxWait/60)
	wait := r.Announced
	if n := len(r.Resets); n > 0 && r.Resets[n-1].Login.RetryAfter > 0 {
		wait = r.Resets[n-1].Login.RetryAfter
	}
	if n := len(r.Resets); n > 0 && r.Resets[n-1].Login.Outcome == Accepted {
		wait = 0
	}
	for {
		if wait > 0 && time.Now().Add(wait).After(end) {
			r.Err = fmt.Errorf("the lock lasts longer than the %v allowed for the test", cfg.MaxWait)
			return
		}
		if wait > 0 {
			// A clock that counts whole seconds may end a moment later.
			if err := sleep(ctx, wait+time.Second); err != nil {
				return
			}
		}
		r.After = p.loginOnce(ctx, cfg.Credential)
		if r.After.Outcome == Accepted {
			r.Waited, r.Ended = time.Since(r.LockedAt), true
			return
		}
		if ctx.Err() != nil {
			return
		}
		if wait = r.After.RetryAfter; wait == 0 {
			wait, step = step, step*3/2
			// The last try lies at the end of what is allowed.
			if left := time.Until(end) - time.Second; left > 0 && wait > left {
				wait = left
			}
		}
	}
}
