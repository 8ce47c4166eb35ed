// Package device turns what running units show on the network into facts.
// The folders below it know protocols; this package knows facts, and which
// question to ask where.
//
// In: the product model, one door to the network, credentials of the
// tester. Out: facts on open ports, services, TLS, logins, sessions, roles.
// Collector connects to every port and asks what it finds: without an
// account, and with those that the tester was given, whose passwords it sends
// to declared units. Guess also sends wrong passwords and runs only where
// that was allowed.
package device

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"assay/internal/collect/device/banner"
	"assay/internal/collect/device/httpwire"
	"assay/internal/collect/device/sweep"
	"assay/internal/fact"
	"assay/internal/network"
	"assay/internal/product"
)

// Credential is an account of a unit that the tester was given.
type Credential struct {
	Unit     string `yaml:"unit"` // empty: every unit
	Role     string `yaml:"role"`
	User     string `yaml:"user"`
	Password string `yaml:"password"`
}

// Config is what both collectors need.
type Config struct {
	Product     *product.Product
	Network     network.Dialer
	Credentials []Credential
	// Quick shortens waits that only slow chips need; for simulated units.
	Quick bool
	// LockWait is how long a locked account is waited for at most; zero:
	// 15 minutes, or 5 seconds where a second account shows that the service
	// is still there.
	LockWait time.Duration
	// Asks limits what services are asked to some of "tls", "http", "rtsp"
	// and "prompt"; nil: all.
	Asks []string
	// Intrusive says that the tester allowed steps that may change a unit.
	Intrusive bool
	// Pace is the time between two wrong passwords; zero: half a second.
	Pace time.Duration
	// Ports is the range that somebody named who looks at one device; zero:
	// see search.
	Ports product.PortRange
}

// Collector asks each declared unit what an observer in its network can ask,
// and what the given accounts may do.
type Collector struct{ Config }

var _ fact.Collector = (*Collector)(nil)

// Spec implements fact.Collector.
func (c *Collector) Spec() fact.Spec {
	return fact.Spec{Name: "device", Version: "1", Writes: []fact.Kind{
		fact.Service{}.Kind(), fact.Unreachable{}.Kind(), fact.TLS{}.Kind(), fact.Certificate{}.Kind(),
		fact.LoginChannel{}.Kind(), fact.Access{}.Kind(), fact.Logout{}.Kind(), fact.RoleAccess{}.Kind(),
		fact.Identity{}.Kind(), fact.Redirect{}.Kind(),
	}}
}

// Collect implements fact.Collector. Units are asked at the same time.
func (c *Collector) Collect(ctx context.Context, sink fact.Sink) error {
	var wg sync.WaitGroup
	errs := make([]error, len(c.Product.Units))
	for i, u := range c.Product.Units {
		wg.Go(func() { errs[i] = c.unit(ctx, sink, u) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// found is an open port of a unit and what answers there.
type found struct {
	port  uint16
	iface *product.Interface // declared; nil: not
	is    banner.Result
}

func (c *Config) dial(unit string, port uint16) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) { return c.Network.Dial(ctx, unit, port) }
}

// interfaces are the TCP services that the model declares on a unit, with
// the port at which this unit has them.
func (c *Config) interfaces(u product.Unit) map[uint16]*product.Interface {
	out := make(map[uint16]*product.Interface)
	on := u.Of
	for _, k := range c.Product.Components {
		if on == "" && k.Kind == "device" {
			on = k.ID
		}
	}
	for i := range c.Product.Interfaces {
		f := &c.Product.Interfaces[i]
		if f.On != on || f.Physical || f.Port.Number == 0 || f.Port.Transport == "udp" {
			continue
		}
		port := f.Port.Number
		if p, ok := u.PortMap[f.ID]; ok {
			port = p
		}
		out[port] = f
	}
	return out
}

// subject names a service of a unit: by its interface where it is declared.
func subject(u product.Unit, f found) string {
	if f.iface != nil {
		return u.ID + "/" + f.iface.ID
	}
	return fmt.Sprintf("%s/tcp-%d", u.ID, f.port)
}

func (f found) id() string {
	if f.iface == nil {
		return ""
	}
	return f.iface.ID
}

func envelope(u product.Unit) fact.Observation {
	return fact.Observation{Unit: u.ID, Serial: u.Serial, State: u.State, Simulated: u.Simulated, Vantage: fact.LAN, Method: fact.Test}
}

// unit asks one unit: first which ports are open, then each service.
func (c *Collector) unit(ctx context.Context, sink fact.Sink, u product.Unit) error {
	if u.Address == "" {
		return sink.Unit(ctx, fact.Unit{Name: "ports " + u.ID}, func(_ context.Context, r fact.Recorder) error {
			o := r.Observe(envelope(u))
			if err := r.Record(o, u.ID, fact.Scope{What: fact.ScopePorts, Of: u.ID, Cut: "cut.unreachable"}); err != nil {
				return err
			}
			return unsearched(r, o, u)
		})
	}
	open, err := c.ports(ctx, sink, u)
	if err != nil {
		return err
	}
	for _, f := range open {
		if err := c.service(ctx, sink, u, f); err != nil {
			return err
		}
	}
	return nil
}

// ports sweeps a unit and names what answers. A resumed run that has sealed
// this step reads it back from its facts.
func (c *Collector) ports(ctx context.Context, sink fact.Sink, u product.Unit) ([]found, error) {
	err := sink.Unit(ctx, fact.Unit{Name: "ports " + u.ID}, func(ctx context.Context, r fact.Recorder) error {
		sink.Progress("progress.ports", "unit", u.ID)
		in := c.search(u)
		res := sweep.Run(ctx, c.Network, sweep.Config{Unit: u.ID, Ports: []network.PortRange{{First: in.From, Last: in.To}}})
		o := r.Observe(envelope(u))
		if err := c.recordSweep(r, o, u, res); err != nil {
			return err
		}
		if err := unsearched(r, o, u); err != nil {
			return err
		}
		declared := c.interfaces(u)
		for _, port := range res.Open {
			f := found{port: port, iface: declared[port]}
			f.is = banner.Identify(ctx, c.dial(u.ID, port), banner.Config{Port: standardPort(f), Passive: c.passive(), Host: u.Address})
			if err := c.recordService(r, o, u, f); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	set, err := sink.Facts()
	if err != nil {
		return nil, err
	}
	declared := c.interfaces(u)
	var out []found
	for _, s := range fact.Where(set, func(s fact.Service) bool { return s.Unit == u.ID }) {
		out = append(out, found{port: s.Value.Port, iface: declared[s.Value.Port],
			is: banner.Result{Service: banner.Service(s.Value.Protocol), TLS: s.Value.TLS, Raw: []byte(s.Value.Banner)}})
	}
	return out, nil
}

func (c *Config) passive() time.Duration {
	if c.Quick {
		return 150 * time.Millisecond
	}
	return 0
}

// standardPort is the port of a real unit, as a hint for the order of
// questions.
func standardPort(f found) uint16 {
	if f.iface != nil {
		return f.iface.Port.Number
	}
	return f.port
}

// search is the range of ports that a unit is searched for: all of them. Only
// where a program on this machine plays the unit, which shares the machine's
// ports with others, its declared range is the whole of it: on any other
// address the range would hide services of a real unit.
func (c *Config) search(u product.Unit) product.PortRange {
	ip, err := netip.ParseAddr(u.Address)
	switch {
	case !c.Ports.IsZero():
		return c.Ports
	case u.Simulated && !u.Ports.IsZero() && err == nil && ip.IsLoopback():
		return u.Ports
	}
	return product.PortRange{From: 1, To: 65535}
}

// unsearched says what this version doesn't search for services.
func unsearched(r fact.Recorder, o fact.Observation, u product.Unit) error {
	for _, x := range []struct{ protocol, scope string }{{"UDP", fact.ScopeUDP}, {"IPv6", fact.ScopeIPv6}} {
		if err := notTried(r, o, u.ID, "ports", "not-in-this-version", "protocol", x.protocol); err != nil {
			return err
		}
		if err := r.Record(o, u.ID, fact.Scope{What: x.scope, Of: u.ID, Cut: "cut.not-in-this-version"}); err != nil {
			return err
		}
	}
	return nil
}

// fewFiltered is how many silent ports leave a search whole, or a hundredth
// of the range where that is more: a packet filter that drops a few ports is
// common, one that drops most hides the unit.
const fewFiltered = 64

// hidden says whether silent ports may hide more than a search can overlook:
// too many, or one at which a service is declared.
func hidden(res sweep.Result, declared map[uint16]*product.Interface) bool {
	if res.Filtered > max(fewFiltered, res.Ports/100) {
		return true
	}
	listed, last := 0, uint16(0)
	for _, r := range res.FilteredPorts {
		listed, last = listed+int(r.Last)-int(r.First)+1, r.Last
	}
	for port := range declared {
		if slices.Contains(res.Open, port) {
			continue
		}
		if slices.ContainsFunc(res.FilteredPorts, func(r network.PortRange) bool { return r.Contains(port) }) {
			return true
		}
		if listed < res.Filtered && port > last {
			return true // the list was cut before it
		}
	}
	return false
}

func (c *Collector) recordSweep(r fact.Recorder, o fact.Observation, u product.Unit, res sweep.Result) error {
	scope := fact.Scope{What: fact.ScopePorts, Of: u.ID, Detail: c.search(u).String(), Count: res.Ports - res.Untried, Whole: res.Whole}
	switch {
	case !res.Answered():
		// Silence on every port shows nothing: the unit may be off.
		scope.Whole, scope.Cut = false, "cut.unreachable"
		text := "no answer on any port"
		if res.Err != nil {
			text = clean(res.Err.Error())
		}
		if err := r.Record(o, u.ID, fact.Unreachable{Unit: u.ID, Error: text}); err != nil {
			return err
		}
	case res.Whole && len(res.Open) == 0 && len(c.interfaces(u)) > 0:
		// Everything refuses, though the model declares services: the unit may
		// be off, and another program of its host answers.
		scope.Whole, scope.Cut = false, "cut.unreachable"
		if err := r.Record(o, u.ID, fact.Unreachable{Unit: u.ID, Error: "every port refuses"}); err != nil {
			return err
		}
	case res.Cut == sweep.CutBudget:
		scope.Cut = "cut.budget"
	case res.Cut == sweep.CutCancelled || res.Cut == sweep.CutDeadline:
		scope.Cut = "cut.time"
	case !res.Whole:
		scope.Cut = "cut.unreachable"
	case hidden(res, c.interfaces(u)):
		scope.Whole, scope.Cut = false, "cut.filtered"
	}
	if res.Filtered > 0 {
		// A silent port may hide a service from this vantage.
		scope.Note = fmt.Sprintf("%d filtered", res.Filtered)
	}
	return r.Record(o, u.ID, scope)
}

func (c *Collector) recordService(r fact.Recorder, o fact.Observation, u product.Unit, f found) error {
	proto := string(f.is.Service)
	ref, err := r.Evidence(subject(u, f)+" banner", "transcript", strings.NewReader(string(f.is.Raw)))
	if err != nil {
		return err
	}
	ref.Excerpt = excerpt(string(f.is.Raw))
	return r.Record(o, subject(u, f), fact.Service{
		Unit: u.ID, Interface: f.id(), Port: f.port, Transport: "tcp", Protocol: proto, TLS: f.is.TLS,
		Product: clip(f.is.Product), Version: clip(f.is.Version), Banner: clip(string(f.is.Raw)),
	}, ref)
}

// service asks one service all that its protocol knows.
func (c *Collector) service(ctx context.Context, sink fact.Sink, u product.Unit, f found) error {
	name := subject(u, f)
	if f.is.TLS && c.asks("tls") {
		err := sink.Unit(ctx, fact.Unit{Name: "tls " + name}, func(ctx context.Context, r fact.Recorder) error {
			sink.Progress("progress.tls", "service", name)
			return c.tls(ctx, r, u, f)
		})
		if err != nil {
			return err
		}
	}
	var ask func(context.Context, fact.Recorder) error
	kind := map[banner.Service]string{banner.HTTP: "http", banner.HTTPS: "http", banner.RTSP: "rtsp", banner.RTSPS: "rtsp",
		banner.Telnet: "prompt", banner.FTP: "prompt", banner.FTPS: "prompt"}[f.is.Service]
	if !c.asks(kind) {
		return nil
	}
	switch f.is.Service {
	case banner.HTTP, banner.HTTPS:
		ask = func(ctx context.Context, r fact.Recorder) error { return c.web(ctx, r, u, f) }
	case banner.RTSP, banner.RTSPS:
		ask = func(ctx context.Context, r fact.Recorder) error { return c.stream(ctx, r, u, f) }
	case banner.Telnet, banner.FTP, banner.FTPS:
		ask = func(_ context.Context, r fact.Recorder) error {
			o := r.Observe(envelope(u))
			ref, err := r.Evidence(name+" prompt", "transcript", strings.NewReader(string(f.is.Raw)))
			if err != nil {
				return err
			}
			ref.Excerpt = excerpt(string(f.is.Raw))
			return r.Record(o, name, fact.LoginChannel{Unit: u.ID, Interface: f.id(), Port: f.port, Scheme: "prompt", Encrypted: f.is.TLS}, ref)
		}
	default:
		return nil
	}
	return sink.Unit(ctx, fact.Unit{Name: "ask " + name}, func(ctx context.Context, r fact.Recorder) error {
		sink.Progress("progress.ask", "service", name)
		return ask(ctx, r)
	})
}

func (c *Config) asks(what string) bool { return c.Asks == nil || has(c.Asks, what) }

// credential picks an account of a role for a unit; an empty role means the
// first.
func (c *Config) credential(unit, role string) (Credential, bool) {
	for _, k := range c.Credentials {
		if (k.Unit == unit || k.Unit == "") && (role == "" || k.Role == role) {
			return k, true
		}
	}
	return Credential{}, false
}

// entitled picks the account with the most rights.
func (c *Config) entitled(unit string) (Credential, bool) {
	best, found, most := Credential{}, false, -1
	for _, k := range c.Credentials {
		if k.Unit != unit && k.Unit != "" {
			continue
		}
		if n := len(c.Product.Roles[k.Role].May); n > most {
			best, found, most = k, true, n
		}
	}
	return best, found
}

func (k Credential) wire() httpwire.Credential {
	return httpwire.Credential{User: k.User, Password: k.Password}
}

func notTried(r fact.Recorder, o fact.Observation, subject, test, why string, args ...string) error {
	n := fact.NotTried{Test: test, Why: "not-tried." + why}
	for i := 0; i+1 < len(args); i += 2 {
		if n.Args == nil {
			n.Args = make(map[string]string)
		}
		n.Args[args[i]] = args[i+1]
	}
	return r.Record(o, subject, n)
}

// clip bounds a text from outside that is kept in a fact.
func clip(s string) string {
	s = clean(s)
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}

func clean(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// excerpt is the first lines of a text, for a reader.
func excerpt(s string) string {
	lines := strings.SplitN(clean(s), "\n", 5)
	if len(lines) > 4 {
		lines = lines[:4]
	}
	return clip(strings.TrimSpace(strings.Join(lines, "\n")))
}
