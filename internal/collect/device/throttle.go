package device

import (
	"context"
	"fmt"
	"time"

	"assay/internal/collect/device/banner"
	"assay/internal/collect/device/httpprobe"
	"assay/internal/collect/device/rtsp"
	"assay/internal/fact"
)

// wait is how long a lock is waited for.
func (g *Guess) wait(second bool) time.Duration {
	switch {
	case g.LockWait > 0:
		return g.LockWait
	case second:
		return 5 * time.Second
	}
	return 15 * time.Minute
}

// second is another account of a unit: where the first is locked, it shows
// that the service still answers those who are entitled (rule 2).
func (g *Guess) second(unit string, not Credential) (Credential, bool) {
	for _, k := range g.Credentials {
		if (k.Unit == unit || k.Unit == "") && k.User != not.User {
			return k, true
		}
	}
	return Credential{}, false
}

func (g *Guess) throttle(ctx context.Context, sink fact.Sink, set *fact.Set, l login) error {
	const test = "login.limit"
	return sink.Unit(ctx, fact.Unit{
		Name: "throttle " + l.key, Intrusive: true,
		Interrupted: func(r fact.Recorder) error {
			return notTried(r, r.Observe(envelope(l.unit)), l.key, test, "interrupted", "unit", l.unit.ID)
		},
	}, func(ctx context.Context, r fact.Recorder) error {
		o := r.Observe(envelope(l.unit))
		if ok, err := g.may(ctx, r, o, set, l, test); !ok {
			return err
		}
		sink.Progress("progress.throttle", "service", l.key)
		if l.f.is.Service == banner.RTSP || l.f.is.Service == banner.RTSPS {
			return g.throttleStream(ctx, r, o, l)
		}
		return g.throttleWeb(ctx, r, o, l)
	})
}

// throttleAccount is the account that wrong passwords are sent for: the one
// with the fewest rights, so that the administrator isn't shut out.
func (g *Guess) throttleAccount(unit string) (Credential, bool) {
	best, found, least := Credential{}, false, 0
	for _, k := range g.Credentials {
		if k.Unit != unit && k.Unit != "" {
			continue
		}
		if n := len(g.Product.Roles[k.Role].May); !found || n < least {
			best, found, least = k, true, n
		}
	}
	return best, found
}

func (g *Guess) throttleWeb(ctx context.Context, r fact.Recorder, o fact.Observation, l login) error {
	account, _ := g.throttleAccount(l.unit.ID)
	other, second := g.second(l.unit.ID, account)
	p := g.prober(l.unit, l.f, g.api(l.f.iface))
	patient(ctx, g.door(l), account, time.Now().Add(g.lockWait())) // an earlier step may have locked it
	res := p.Throttle(ctx, httpprobe.ThrottleConfig{Credential: account.wire(), Max: mostWrong, Interval: g.interval(), MaxWait: g.wait(second)})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	t := fact.Throttle{Unit: l.unit.ID, Interface: l.f.id(), Attempts: len(res.Attempts), LimitedAt: res.Begins,
		LockSeconds: int(max(res.Announced, res.Waited) / time.Second), CorrectRefused: res.RightRefused, NewConnection: true,
		Control: fact.Bracket{Before: res.Before.Outcome == httpprobe.Accepted, After: res.Ended}}
	for _, reset := range res.Resets {
		if reset.How == "new-connection" && reset.Login.Outcome == httpprobe.Accepted {
			t.NewConnection = false
		}
	}
	if res.Begins == 0 && res.RightRefused {
		t.LimitedAt = len(res.Attempts) // wrong and right are refused alike: the limit began unseen
	}
	clear := true
	for _, a := range res.Attempts {
		clear = clear && (a.Outcome == httpprobe.Refused || a.Outcome == httpprobe.Locked)
	}
	if t.LimitedAt == 0 && !clear {
		return notTried(r, o, l.key, "login.limit", "no-clear-answer", "interface", l.key)
	}
	if !t.Control.After && second {
		t.Control.After = p.Login(ctx, other.wire()).Outcome == httpprobe.Accepted
	}
	if !res.Whole && t.LimitedAt == 0 {
		return notTried(r, o, l.key, "login.limit", "no-clear-answer", "interface", l.key)
	}
	ref, err := transcript(r, l.key+" throttle", p)
	if err != nil {
		return err
	}
	ref.Excerpt = fmt.Sprintf("%d wrong passwords, limit at %d (%s), lock %d s", t.Attempts, t.LimitedAt, res.Sign, t.LockSeconds)
	return r.Record(o, l.key, t, ref)
}

func (g *Guess) throttleStream(ctx context.Context, r fact.Recorder, o fact.Observation, l login) error {
	account, _ := g.throttleAccount(l.unit.ID)
	other, second := g.second(l.unit.ID, account)
	p := g.streamer(l.unit, l.f)
	patient(ctx, g.door(l), account, time.Now().Add(g.lockWait())) // an earlier step may have locked it
	res := p.Throttle(ctx, rtsp.ThrottleConfig{Credential: account.wire(), Max: mostWrong, Interval: g.interval(), MaxWait: g.wait(second)})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	clear := true
	for _, a := range res.Attempts {
		clear = clear && (a.Outcome == rtsp.Denied || a.Outcome == rtsp.Locked)
	}
	if res.Begins == 0 && !res.RightRefused && (!clear || !res.Whole) {
		return notTried(r, o, l.key, "login.limit", "no-clear-answer", "interface", l.key)
	}
	t := fact.Throttle{Unit: l.unit.ID, Interface: l.f.id(), Attempts: len(res.Attempts), LimitedAt: res.Begins,
		LockSeconds: int(max(res.Announced, res.Waited) / time.Second), CorrectRefused: res.RightRefused, NewConnection: res.RightRefused,
		Control: fact.Bracket{Before: res.Before.Outcome == rtsp.Allowed, After: res.Ended}}
	if res.Begins == 0 && res.RightRefused {
		t.LimitedAt = len(res.Attempts)
	}
	if !t.Control.After && second {
		entitled := other.wire()
		t.Control.After = p.Ask(ctx, "DESCRIBE", &entitled).Outcome == rtsp.Allowed
	}
	ref, err := streamTranscript(r, l.key+" throttle", p)
	if err != nil {
		return err
	}
	ref.Excerpt = fmt.Sprintf("%d wrong passwords, limit at %d (%s), lock %d s", t.Attempts, t.LimitedAt, res.Sign, t.LockSeconds)
	return r.Record(o, l.key, t, ref)
}
