package device

import (
	"bytes"
	"context"
	"time"

	"assay/internal/collect/device/banner"
	"assay/internal/collect/device/httpprobe"
	"assay/internal/fact"
	"assay/internal/product"
)

// prove reads afresh who answers and says whether it is the declared unit.
// The facts of the set don't do: addresses move, units are exchanged on the
// bench, and a resumed run's facts are old. It records what it read.
//
// Certificates are read first, because that sends no password. Where none
// names a serial number, somebody entitled logs in once to read it; where
// that log-in is refused, nothing more is sent.
func (g *Guess) prove(ctx context.Context, r fact.Recorder, o fact.Observation, set *fact.Set, l login) (bool, error) {
	if l.unit.Serial == "" || contradicted(set, l.unit) {
		return false, nil
	}
	services := g.declaredServices(set, l)
	for _, f := range services {
		if !f.is.TLS {
			continue
		}
		der := handshake(ctx, g.dial(l.unit.ID, f.port))
		if err := ctx.Err(); err != nil {
			return false, err
		}
		serial := serialOf(der)
		if serial == "" {
			continue
		}
		ref, err := r.Evidence(subject(l.unit, f)+" certificate", "document", bytes.NewReader(der))
		if err != nil {
			return false, err
		}
		id := certified(l.unit, f, serial)
		return id.Proven, r.Record(o, l.unit.ID, id, ref)
	}
	for _, f := range services {
		if f.is.Service != banner.HTTP && f.is.Service != banner.HTTPS || f.iface.Login == nil || f.iface.Login.Identity == "" {
			continue
		}
		proven, done, err := g.proveSignedIn(ctx, r, o, l, f)
		if done || err != nil {
			return proven, err
		}
	}
	return false, nil
}

// contradicted says whether this run has already seen another serial number
// at the unit's address: its facts would then be of two units.
func contradicted(set *fact.Set, u product.Unit) bool {
	return len(fact.Where(set, func(i fact.Identity) bool { return i.Unit == u.ID && i.Serial != "" && !i.Proven })) > 0
}

// declaredServices are the services of a unit that may speak for its
// identity, the one that is about to be tried first.
func (g *Guess) declaredServices(set *fact.Set, l login) []found {
	out := []found{l.f}
	declared := g.interfaces(l.unit)
	for _, s := range fact.Where(set, func(s fact.Service) bool { return s.Unit == l.unit.ID && s.Port != l.f.port }) {
		if i := declared[s.Value.Port]; i != nil {
			out = append(out, found{port: s.Value.Port, iface: i, is: banner.Result{Service: banner.Service(s.Value.Protocol), TLS: s.Value.TLS}})
		}
	}
	return out
}

// proveSignedIn reads the serial number at the path that the model names for
// it. done says that nothing else need be asked.
func (g *Guess) proveSignedIn(ctx context.Context, r fact.Recorder, o fact.Observation, l login, f found) (proven, done bool, err error) {
	good, _ := g.entitled(l.unit.ID)
	p := g.prober(l.unit, f, g.api(f.iface))
	end := time.Now().Add(g.lockWait()) // an earlier step may have locked the account
	res := p.Login(ctx, good.wire())
	for res.Outcome == httpprobe.Locked {
		wait := lockedFor(res.RetryAfter)
		if time.Now().Add(wait).After(end) {
			return false, true, nil
		}
		if err := sleep(ctx, wait); err != nil {
			return false, true, err
		}
		res = p.Login(ctx, good.wire())
	}
	defer res.Session.Close()
	if err := ctx.Err(); err != nil {
		return false, true, err
	}
	if res.Outcome != httpprobe.Accepted {
		return false, res.Outcome == httpprobe.Refused, nil
	}
	seen := &witness{Recorder: r}
	if err := (&Collector{g.Config}).identity(ctx, seen, o, l.unit, f, p, res.Session); err != nil {
		return false, true, err
	}
	return seen.id.Proven, seen.id.Serial != "", ctx.Err()
}

// witness notes the identity that is recorded through it.
type witness struct {
	fact.Recorder
	id fact.Identity
}

// Record implements fact.Recorder.
func (w *witness) Record(o fact.Observation, subject string, p fact.Payload, refs ...fact.Ref) error {
	if id, ok := p.(fact.Identity); ok {
		w.id = id
	}
	return w.Recorder.Record(o, subject, p, refs...)
}
