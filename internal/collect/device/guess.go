package device

import (
	"context"
	"fmt"
	"strings"
	"time"

	"assay/internal/collect/device/banner"
	"assay/internal/collect/device/httpprobe"
	"assay/internal/collect/device/rtsp"
	"assay/internal/fact"
	"assay/internal/product"
)

// perAccount is how many passwords are tried on one account: below the five
// at which careful products lock, so that the test itself shuts nobody out.
const perAccount = 4

// mostWrong is how many wrong passwords are sent to see whether a limit
// begins: enough that their absence says something (see the case login.limit).
const mostWrong = 30

// common are preset credentials that many products share or have shared:
// the most frequent pairs of the Mirai source code (2016) and of public
// lists of default credentials, at most perAccount of one account.
func common() []httpprobe.Credential {
	var out []httpprobe.Credential
	for _, s := range []string{
		"admin:admin", "admin:12345", "admin:password", "admin:",
		"root:root", "root:12345", "root:xc3511", "root:vizxv",
		"user:user", "guest:guest", "guest:12345", "support:support",
		"service:service", "supervisor:supervisor", "administrator:1234",
		"888888:888888", "666666:666666", "ubnt:ubnt", "default:default",
	} {
		user, pass, _ := strings.Cut(s, ":")
		out = append(out, httpprobe.Credential{User: user, Password: pass})
	}
	return out
}

// Guess tries passwords: the well-known ones, those of the image, and wrong
// ones until a limit shows. It is intrusive: it runs only where the tester
// allowed it, on declared interfaces of a unit that is marked as expendable
// and that proved its identity right before each step.
type Guess struct {
	Config
	Allowed bool // --intrusive
	// Want says which kinds of facts are asked for: a step that gives none
	// of them isn't made. nil: all.
	Want func(fact.Kind) bool
	// Clear gives the clear value of a secret that was found in an image.
	Clear func(handle string) ([]byte, error)
}

var _ fact.Collector = (*Guess)(nil)

// Spec implements fact.Collector. What proves an identity before a step
// stands beside the step's facts and isn't what Guess is run for.
func (g *Guess) Spec() fact.Spec {
	return fact.Spec{Name: "guess", Version: "1",
		Reads:  []fact.Kind{fact.Service{}.Kind(), fact.Identity{}.Kind(), fact.LoginChannel{}.Kind(), fact.ImageSecret{}.Kind()},
		Writes: []fact.Kind{fact.Credential{}.Kind(), fact.Throttle{}.Kind()}}
}

// login is one interface that takes passwords, on the unit it is tried on.
type login struct {
	unit product.Unit
	f    found
	key  string // interface id, or unit/tcp-port where undeclared
}

// Collect implements fact.Collector. Interfaces are tried one after another:
// they may share their counters.
func (g *Guess) Collect(ctx context.Context, sink fact.Sink) error {
	set, err := sink.Facts()
	if err != nil {
		return err
	}
	logins := g.logins(set)
	for _, step := range []struct {
		writes fact.Kind
		do     func(context.Context, fact.Sink, *fact.Set, login) error
	}{
		{fact.Credential{}.Kind(), g.credentials},
		{fact.Throttle{}.Kind(), g.throttle},
	} {
		if g.Want != nil && !g.Want(step.writes) {
			continue
		}
		for _, l := range logins {
			if err := step.do(ctx, sink, set, l); err != nil {
				return err
			}
		}
	}
	return nil
}

// logins lists the interfaces that take a password, each on one unit:
// expendable ones where there are, in turn, because interfaces of one unit
// may share their counters.
func (g *Guess) logins(set *fact.Set) []login {
	at := make(map[string][]login) // by interface: the units it was seen on
	var order []string
	for _, u := range g.Product.Units {
		declared := g.interfaces(u)
		for _, s := range fact.Where(set, func(s fact.Service) bool { return s.Unit == u.ID }) {
			f := found{port: s.Value.Port, iface: declared[s.Value.Port], is: banner.Result{Service: banner.Service(s.Value.Protocol), TLS: s.Value.TLS}}
			channels := fact.Where(set, func(c fact.LoginChannel) bool { return c.Unit == u.ID && c.Port == f.port })
			if len(channels) == 0 && (f.iface == nil || f.iface.Login == nil) {
				continue
			}
			l := login{unit: u, f: f, key: f.id()}
			if l.key == "" {
				l.key = subject(u, f)
			}
			if at[l.key] == nil {
				order = append(order, l.key)
			}
			at[l.key] = append(at[l.key], l)
		}
	}
	var out []login
	n := 0 // of the interfaces that can be tried
	for _, key := range order {
		var fit []login
		for _, l := range at[key] {
			if l.unit.Expendable {
				fit = append(fit, l)
			}
		}
		if len(fit) == 0 {
			fit = at[key]
		}
		out = append(out, fit[n%len(fit)])
		if tryable(fit[0]) {
			n++
		}
	}
	return out
}

// may says whether an intrusive step may be made, and records why not. The
// identity comes last, right before the step.
func (g *Guess) may(ctx context.Context, r fact.Recorder, o fact.Observation, set *fact.Set, l login, test string) (bool, error) {
	no := func(why string, args ...string) (bool, error) {
		return false, notTried(r, o, l.key, test, why, args...)
	}
	switch {
	case !g.Allowed:
		return no("intrusive")
	case !l.unit.Expendable:
		return no("expendable", "unit", l.unit.ID)
	}
	if _, ok := g.entitled(l.unit.ID); !ok {
		return no("credentials", "unit", l.unit.ID)
	}
	if !tryable(l) {
		switch l.f.is.Service {
		case banner.HTTP, banner.HTTPS, banner.RTSP, banner.RTSPS:
			return no("login-description", "interface", l.key)
		}
		return no("not-in-this-version", "protocol", string(l.f.is.Service))
	}
	if proven, err := g.prove(ctx, r, o, set, l); err != nil {
		return false, err
	} else if !proven {
		return no("identity", "unit", l.unit.ID)
	}
	return true, nil
}

// tryable says whether passwords may be tried on an interface, and whether
// this version can: nobody vouches for what answers on an undeclared port.
func tryable(l login) bool {
	if l.f.iface == nil {
		return false
	}
	switch l.f.is.Service {
	case banner.HTTP, banner.HTTPS:
		return l.f.iface.Login != nil
	case banner.RTSP, banner.RTSPS:
		return true
	}
	return false
}

func (g *Guess) credentials(ctx context.Context, sink fact.Sink, set *fact.Set, l login) error {
	const test = "password.no-common"
	return sink.Unit(ctx, fact.Unit{
		Name: "credentials " + l.key, Intrusive: true,
		Interrupted: func(r fact.Recorder) error {
			o := r.Observe(envelope(l.unit))
			if err := r.Record(o, l.key, fact.Scope{What: fact.ScopeCredentials, Of: l.key, Cut: "cut.interrupted"}); err != nil {
				return err
			}
			return notTried(r, o, l.key, test, "interrupted", "unit", l.unit.ID)
		},
	}, func(ctx context.Context, r fact.Recorder) error {
		o := r.Observe(envelope(l.unit))
		if ok, err := g.may(ctx, r, o, set, l, test); !ok {
			return err
		}
		sink.Progress("progress.credentials", "service", l.key)
		list, source, err := g.list(set)
		if err != nil {
			return err
		}
		return g.guesses(ctx, r, o, l, list, source)
	})
}

// list is the well-known credentials and those of the image, at most
// perAccount of one account.
func (g *Guess) list(set *fact.Set) (list []httpprobe.Credential, source []string, err error) {
	count := make(map[string]int)
	add := func(c httpprobe.Credential, from string) {
		if count[c.User] < perAccount {
			count[c.User]++
			list, source = append(list, c), append(source, from)
		}
	}
	for _, k := range fact.Of[fact.ImageSecret](set) {
		if k.Value.User == "" || k.Value.Handle == "" || !loginSecret(k.Value) {
			continue
		}
		value, err := g.Clear(k.Value.Handle)
		if err != nil {
			return nil, nil, fmt.Errorf("secret of image %s: %w", k.Value.Image, err)
		}
		add(httpprobe.Credential{User: k.Value.User, Password: string(value)}, "image")
	}
	for _, c := range common() {
		add(c, "list")
	}
	return list, source, nil
}

// loginSecret says whether a found secret could be a password of an account
// on the unit.
func loginSecret(k fact.ImageSecret) bool {
	switch k.Type {
	case "password", "embedded-login", "default-credentials", "backdoor-credentials":
		return true
	case "password-hash":
		return k.Recovered
	}
	return false
}

func (g *Guess) interval() time.Duration {
	if g.Pace > 0 {
		return g.Pace
	}
	if g.Quick {
		return 50 * time.Millisecond
	}
	return 500 * time.Millisecond
}

// answer is how an interface took one log-in.
type answer struct {
	accepted, mustChange, refused, locked bool

	wait   time.Duration // announced
	status int
}

// door is an interface as a tester's key sees it: one log-in at a time.
type door struct {
	enter      func(context.Context, Credential) answer
	transcript func(fact.Recorder, string) (fact.Ref, error)
}

// door opens the way in that fits the protocol.
func (g *Guess) door(l login, secrets ...string) door {
	if l.f.is.Service == banner.RTSP || l.f.is.Service == banner.RTSPS {
		p := g.streamer(l.unit, l.f)
		return door{
			enter: func(ctx context.Context, c Credential) answer {
				w := c.wire()
				a := p.Ask(ctx, "DESCRIBE", &w)
				return answer{accepted: a.Outcome == rtsp.Allowed, refused: a.Outcome == rtsp.Denied, locked: a.Outcome == rtsp.Locked, wait: a.RetryAfter, status: a.Status}
			},
			transcript: func(r fact.Recorder, name string) (fact.Ref, error) { return streamTranscript(r, name, p) },
		}
	}
	p := g.prober(l.unit, l.f, g.api(l.f.iface))
	p.Secret(secrets...)
	return door{
		enter: func(ctx context.Context, c Credential) answer {
			a := p.Login(ctx, c.wire())
			a.Session.Close()
			must := a.Outcome == httpprobe.MustChange
			return answer{accepted: a.Outcome == httpprobe.Accepted || must, mustChange: must, refused: a.Outcome == httpprobe.Refused,
				locked: a.Outcome == httpprobe.Locked, wait: a.RetryAfter, status: a.Status}
		},
		transcript: func(r fact.Recorder, name string) (fact.Ref, error) { return transcript(r, name, p) },
	}
}

// patient enters, and where the interface is locked, waits as long as it
// says and enters again, but not beyond end.
func patient(ctx context.Context, d door, c Credential, end time.Time) answer {
	for {
		a := d.enter(ctx, c)
		wait := lockedFor(a.wait)
		if !a.locked || ctx.Err() != nil || time.Now().Add(wait).After(end) {
			return a
		}
		if sleep(ctx, wait) != nil {
			return a
		}
	}
}

// lockedFor is how long to wait where a lock was announced to last that long.
func lockedFor(announced time.Duration) time.Duration {
	return max(announced, time.Second) + 100*time.Millisecond
}

func (g *Guess) lockWait() time.Duration {
	if g.LockWait > 0 {
		return g.LockWait
	}
	return 15 * time.Minute
}

// guesses tries a list of credentials, framed by log-ins of somebody
// entitled.
func (g *Guess) guesses(ctx context.Context, r fact.Recorder, o fact.Observation, l login, list []httpprobe.Credential, source []string) error {
	good, _ := g.entitled(l.unit.ID)
	var secrets []string // well-known passwords are no secrets
	for i, c := range list {
		if source[i] != "list" {
			secrets = append(secrets, c.Password)
		}
	}
	d := g.door(l, secrets...)
	end := time.Now().Add(g.lockWait()) // for all waits of this interface together
	before := patient(ctx, d, good, end)
	got := make([]answer, len(list))
	for i, c := range list {
		if err := sleep(ctx, g.interval()); err != nil {
			return err
		}
		got[i] = patient(ctx, d, Credential{User: c.User, Password: c.Password}, end)
	}
	after := patient(ctx, d, good, end)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	ref, err := d.transcript(r, l.key+" credentials")
	if err != nil {
		return err
	}
	tried := 0
	for i, a := range got {
		if !a.accepted && !a.refused {
			continue
		}
		tried++
		shown := "(" + list[i].User + "/well-known)"
		if source[i] != "list" {
			if shown, _, _, err = r.Seal("password", []byte(list[i].Password)); err != nil {
				return err
			}
		}
		x := ref
		x.Excerpt = fmt.Sprintf("%s → %d", list[i].User, a.status)
		err := r.Record(o, l.key, fact.Credential{Unit: l.unit.ID, Interface: l.f.id(), User: list[i].User, Secret: shown, Source: source[i],
			Accepted: a.accepted, MustChange: a.mustChange, Control: fact.Bracket{Before: before.accepted, After: after.accepted}}, x)
		if err != nil {
			return err
		}
	}
	return r.Record(o, l.key, credentialScope(l, tried, len(list)))
}

func credentialScope(l login, tried, all int) fact.Scope {
	s := fact.Scope{What: fact.ScopeCredentials, Of: l.key, Count: tried, Whole: tried == all,
		Detail: fmt.Sprintf("%d pairs, at most %d an account", all, perAccount)}
	if !s.Whole {
		s.Cut = "cut.attempts-bounded"
	}
	return s
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
