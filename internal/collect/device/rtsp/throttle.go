package rtsp

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

// Throttle asks DESCRIBE with wrong passwords at a steady pace, each on a new
// connection, until the server shows a limit or Max is reached; then once with
// the right one; then it waits for service to come back. A run may lock the
// account for a while.
func (p *Prober) Throttle(ctx context.Context, cfg ThrottleConfig) ThrottleResult {
	cfg = cfg.withDefaults()
	var r ThrottleResult
	r.Before = p.Ask(ctx, "DESCRIBE", &cfg.Credential)
	if r.Before.Outcome != Allowed || r.Before.Scheme == "" {
		r.Err = fmt.Errorf("control before: %s, status %d, scheme %q: no sign-in that could be limited", r.Before.Outcome, r.Before.Status, r.Before.Scheme)
		return r
	}
	first, err := p.attempts(ctx, cfg, &r)
	if err != nil {
		r.Err = err
		return r
	}
	r.Right = p.Ask(ctx, "DESCRIBE", &cfg.Credential)
	r.RightRefused = r.Right.Outcome == Denied || r.Right.Outcome == Locked || r.Right.Outcome == NoAnswer && r.Sign == "connection-drop"
	if r.Sign == "" && r.RightRefused {
		r.Sign, first = "refuses-all-alike", time.Now()
	}
	if r.Announced == 0 {
		r.Announced = r.Right.RetryAfter
	}
	if r.Right.Outcome == Allowed {
		r.After, r.Ended = r.Right, true
	} else {
		p.recover(ctx, cfg, &r, first)
	}
	if ctx.Err() != nil {
		r.Err = context.Cause(ctx)
	}
	r.Whole = ctx.Err() == nil
	return r
}

// attempts makes the wrong attempts; first is the moment of the first sign.
func (p *Prober) attempts(ctx context.Context, cfg ThrottleConfig, r *ThrottleResult) (first time.Time, err error) {
	quick, dropped := r.Before.Elapsed, 0
	for i := 1; i <= cfg.Max; i++ {
		if i > 1 {
			if err := sleep(ctx, cfg.Interval); err != nil {
				return first, err
			}
		}
		a := p.Ask(ctx, "DESCRIBE", &Credential{User: cfg.Credential.User, Password: wrong(&cfg.Credential, i)})
		if ctx.Err() != nil {
			return first, context.Cause(ctx)
		}
		r.Attempts = append(r.Attempts, a)
		switch a.Outcome {
		case NoAnswer, NotRTSP:
			if dropped++; dropped == 2 {
				r.Sign, r.Begins = "connection-drop", i-1
				return first, nil
			}
			first = time.Now()
			continue
		case Locked:
			r.Sign, r.Begins, r.Announced = "lock", i, a.RetryAfter
			return time.Now(), nil
		case Allowed:
			return first, fmt.Errorf("attempt %d: a wrong password was accepted", i)
		}
		dropped = 0
		if r.Begins == 0 && a.Elapsed >= quick+cfg.Delay {
			r.Sign, r.Begins, first = "delay", i, time.Now()
		}
		quick = min(quick, a.Elapsed)
	}
	return first, nil
}

// recover waits until the right password works again, for the time announced
// or in steps that grow, because each try may make the lock longer.
func (p *Prober) recover(ctx context.Context, cfg ThrottleConfig, r *ThrottleResult, first time.Time) {
	end := first.Add(cfg.MaxWait)
	step := max(5*time.Second, cfg.MaxWait/60)
	wait := max(r.Right.RetryAfter, 0)
	if wait == 0 {
		wait = r.Announced
	}
	for {
		if wait == 0 {
			wait, step = step, step*3/2
			if left := time.Until(end) - time.Second; left > 0 && wait > left {
				wait = left
			}
		}
		if time.Now().Add(wait).After(end) {
			r.Err = fmt.Errorf("the lock lasts longer than the %v allowed for the test", cfg.MaxWait)
			return
		}
		if err := sleep(ctx, wait+time.Second); err != nil {
			return
		}
		r.After = p.Ask(ctx, "DESCRIBE", &cfg.Credential)
		if r.After.Outcome == Allowed {
			r.Waited, r.Ended = time.Since(first), true
			return
		}
		if ctx.Err() != nil {
			return
		}
		wait = r.After.RetryAfter
	}
}
