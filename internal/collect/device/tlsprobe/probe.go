package tlsprobe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	defaultTimeout   = 5 * time.Second
	defaultMaxOffers = 80
	defaultMaxGroups = 16
)

func (c Config) withDefaults() Config {
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	if c.MaxOffers <= 0 {
		c.MaxOffers = defaultMaxOffers
	}
	if c.MaxGroups <= 0 {
		c.MaxGroups = defaultMaxGroups
	}
	if c.Versions == nil {
		c.Versions = AllVersions()
	}
	return c
}

// Hello makes one ordinary offer (TLS 1.2 with every listed suite) to tell
// whether TLS is spoken at all.
func Hello(ctx context.Context, dial Dial, cfg Config) Offer {
	p := &prober{dial: dial, cfg: cfg.withDefaults()}
	o := p.offer(ctx, p.hello(TLS12, offers(TLS12)[0]))
	if o.Outcome == Refused || o.Outcome == BadAnswer || o.Outcome == NoAnswer && o.Cause != CauseTimeout && o.Cause != CauseDial {
		if o2 := p.offer(ctx, p.hello(TLS13, offers(TLS13)[0])); o2.Outcome == Accepted {
			return o2
		}
	}
	return o
}

// SpokeTLS reports whether the answer was in TLS records, be it a refusal.
func (o Offer) SpokeTLS() bool {
	return o.Outcome == Accepted || o.Outcome == Refused || o.Outcome == OtherVersion
}

// Probe finds out what the server accepts. It always returns what it saw; a
// probe that was cut short has Whole false and Err.
func Probe(ctx context.Context, dial Dial, cfg Config) Result {
	p := &prober{dial: dial, cfg: cfg.withDefaults(), whole: true}
	var r Result
	for _, v := range p.cfg.Versions {
		vr := p.version(ctx, v)
		r.Versions = append(r.Versions, vr)
		r.TLS = r.TLS || vr.First.SpokeTLS()
		if p.gone(r) {
			break
		}
	}
	r.StaticRSA, r.NoForwardSecrecy = Offer{Outcome: NotTried}, Offer{Outcome: NotTried}
	r.Control = Offer{Outcome: NotTried}
	if r.TLS {
		r.StaticRSA = p.again(ctx, p.hello(TLS12, withoutForwardSecrecy(true)))
		r.NoForwardSecrecy = p.again(ctx, p.hello(TLS12, withoutForwardSecrecy(false)))
		p.certificate(ctx, &r)
		for _, vr := range r.Versions {
			if vr.First.Outcome == Accepted {
				r.Control = p.again(ctx, p.hello(vr.Version, offers(vr.Version)[0]))
				break
			}
		}
	}
	if ctx.Err() != nil {
		p.cut(context.Cause(ctx))
	}
	r.Connections, r.Whole, r.Err = p.connections, p.whole, p.err
	return r
}

// Offered tells whether a version is supported. known is false where the
// probe can't tell: silence, a broken answer, or a connection that was closed
// while no later offer showed that the server was still well.
func (r Result) Offered(v Version) (offered, known bool) {
	vr, _ := r.Version(v)
	o := vr.First
	switch {
	case o.Outcome == Accepted:
		return true, true
	case o.NotOffered():
		return false, true
	case o.Outcome == NoAnswer && (o.Cause == CauseClosed || o.Cause == CauseReset):
		return false, r.Control.Outcome == Accepted
	}
	return false, false
}

type prober struct {
	dial        Dial
	cfg         Config
	connections int
	whole       bool
	err         error
}

func (p *prober) cut(err error) {
	p.whole = false
	if p.err == nil {
		p.err = err
	}
}

// gone reports whether it is useless to go on: nothing took a connection, or
// two versions in a row brought something that isn't TLS.
func (p *prober) gone(r Result) bool {
	n := len(r.Versions)
	last := r.Versions[n-1].First
	if r.TLS || n == len(p.cfg.Versions) {
		return false
	}
	if last.Outcome == NoAnswer && last.Cause == CauseDial {
		p.cut(fmt.Errorf("no connection: %s", last.Detail))
		return true
	}
	return n >= 2 && last.Outcome == NotTLS && r.Versions[n-2].First.Outcome == NotTLS
}

func (p *prober) hello(v Version, suites []uint16) *hello {
	h := &hello{version: v, suites: suites, serverName: p.cfg.ServerName}
	switch {
	case v == TLS13:
		h.groups, h.shares = groupCodes(false), []uint16{0x001d, 0x0017}
	case v > SSL3:
		h.groups = groupCodes(false)
	}
	return h
}

// offer makes one connection and one offer.
func (p *prober) offer(ctx context.Context, h *hello) Offer {
	if ctx.Err() != nil {
		return Offer{Outcome: NotTried, Detail: ctx.Err().Error()}
	}
	msg, err := h.marshal()
	if err != nil {
		return Offer{Outcome: NotTried, Detail: err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Timeout)
	defer cancel()
	p.connections++
	c, err := p.dial(ctx)
	if err != nil {
		return Offer{Outcome: NoAnswer, Cause: CauseDial, Detail: err.Error()}
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := c.Write(msg); err != nil {
		return Offer{Outcome: NoAnswer, Cause: causeOf(err), Detail: err.Error()}
	}
	return readFlight(c, h)
}

// again makes an offer and repeats it once when nothing came back, because a
// small device loses a connection now and then.
func (p *prober) again(ctx context.Context, h *hello) Offer {
	o := p.offer(ctx, h)
	if o.Outcome == NoAnswer && ctx.Err() == nil {
		o = p.offer(ctx, h)
	}
	if ctx.Err() != nil && o.Outcome == NoAnswer {
		o = Offer{Outcome: NotTried, Detail: ctx.Err().Error()}
	}
	return o
}

// version tries one version: first whether it is accepted, then its suites,
// who prefers, and its groups.
func (p *prober) version(ctx context.Context, v Version) VersionResult {
	vr := VersionResult{Version: v, Preference: PreferenceUnknown}
	if v == SSL2 {
		vr.First = p.again(ctx, p.hello(v, nil))
		return vr
	}
	vr.SuitesWhole = true
	left := p.cfg.MaxOffers
	for _, chunk := range offers(v) {
		end := p.suites(ctx, &vr, slices.Clone(chunk), &left)
		vr.SuitesWhole = vr.SuitesWhole && end
		o := vr.First
		if left == 0 {
			p.cut(fmt.Errorf("%s: more than %d offers", v, p.cfg.MaxOffers))
			break
		}
		refused := o.Outcome == Refused && o.Alert.Description != alertProtocolVersion
		if o.Outcome != Accepted && !refused {
			break // another list of suites won't change this
		}
	}
	if len(vr.Suites) == 0 {
		vr.SuitesWhole = false
		return vr
	}
	p.preference(ctx, &vr)
	p.groups(ctx, &vr)
	return vr
}

// suites offers a list again and again without the suites chosen, until the
// server refuses the rest; it reports whether it did.
func (p *prober) suites(ctx context.Context, vr *VersionResult, list []uint16, left *int) bool {
	for len(list) > 0 && *left > 0 {
		*left--
		o := p.again(ctx, p.hello(vr.Version, list))
		if vr.First.Outcome == "" || o.Outcome == Accepted && vr.First.Outcome != Accepted {
			vr.First = o
		}
		if o.Outcome != Accepted {
			vr.SuitesEnd = o
			return p.refusal(ctx, vr, o)
		}
		vr.Suites = append(vr.Suites, SuiteOf(o.Suite))
		if o.DHBits > 0 && (vr.DHBits == 0 || o.DHBits < vr.DHBits) {
			vr.DHBits = o.DHBits
		}
		list = slices.DeleteFunc(list, func(c uint16) bool { return c == o.Suite })
	}
	return len(list) == 0
}

// refusal reports whether o ends an enumeration for good. Servers that hang
// up instead of sending an alert count when they still accept what they
// accepted before.
func (p *prober) refusal(ctx context.Context, vr *VersionResult, o Offer) bool {
	if o.NotOffered() {
		return true
	}
	if o.Outcome != NoAnswer || o.Cause == CauseTimeout || o.Cause == CauseDial || len(vr.Suites) == 0 {
		return false
	}
	return p.offer(ctx, p.hello(vr.Version, []uint16{vr.Suites[0].Code})).Outcome == Accepted
}

// preference offers the two suites chosen first, in both orders.
func (p *prober) preference(ctx context.Context, vr *VersionResult) {
	if len(vr.Suites) < 2 {
		return
	}
	a, b := vr.Suites[0].Code, vr.Suites[1].Code
	one := p.again(ctx, p.hello(vr.Version, []uint16{a, b}))
	two := p.again(ctx, p.hello(vr.Version, []uint16{b, a}))
	switch {
	case one.Outcome != Accepted || two.Outcome != Accepted:
	case one.Suite == two.Suite:
		vr.Preference = PreferenceServer
	case one.Suite == a && two.Suite == b:
		vr.Preference = PreferenceClient
	}
}

// groups finds the named groups: in TLS 1.3 from the HelloRetryRequest that
// answers a hello without key shares (RFC 8446 section 4.2.8), before from
// the ServerKeyExchange of ECDHE suites.
func (p *prober) groups(ctx context.Context, vr *VersionResult) {
	var ecdhe []uint16
	for _, s := range vr.Suites {
		if s.KX == "ECDHE" || s.KX == "TLS1.3" {
			ecdhe = append(ecdhe, s.Code)
		}
	}
	if len(ecdhe) == 0 || vr.Version < TLS10 {
		return
	}
	list := groupCodes(vr.Version < TLS13)
	for range p.cfg.MaxGroups {
		if len(list) == 0 {
			vr.GroupsWhole = true
			return
		}
		h := &hello{version: vr.Version, suites: ecdhe, groups: list, serverName: p.cfg.ServerName}
		o := p.again(ctx, h)
		if o.Outcome != Accepted || o.Group == 0 || !slices.Contains(list, o.Group) {
			if len(vr.Groups) == 0 && vr.Version == TLS13 {
				p.groupsByShare(ctx, vr, ecdhe)
				return
			}
			vr.GroupsWhole = p.refusal(ctx, vr, o)
			return
		}
		vr.Groups = append(vr.Groups, GroupOf(o.Group))
		list = slices.DeleteFunc(list, func(c uint16) bool { return c == o.Group })
	}
	p.cut(fmt.Errorf("%s: more than %d groups", vr.Version, p.cfg.MaxGroups))
}

// groupsByShare offers one group at a time with its share, for servers that
// don't answer a hello without shares.
func (p *prober) groupsByShare(ctx context.Context, vr *VersionResult, suites []uint16) {
	for _, g := range groupCodes(false) {
		if curveOf(g) == nil {
			continue
		}
		h := &hello{version: TLS13, suites: suites, groups: []uint16{g}, shares: []uint16{g}, serverName: p.cfg.ServerName}
		if o := p.again(ctx, h); o.Outcome == Accepted {
			vr.Groups = append(vr.Groups, GroupOf(g))
		}
	}
}

// certificate takes the chain from a flight in the clear, else from a TLS 1.3
// handshake.
func (p *prober) certificate(ctx context.Context, r *Result) {
	var chain [][]byte
	accepted13 := false
	for _, vr := range r.Versions {
		if chain == nil {
			chain = vr.First.chain
		}
		accepted13 = accepted13 || vr.Version == TLS13 && vr.First.Outcome == Accepted
	}
	switch {
	case chain != nil:
	case accepted13:
		chain, r.ChainErr = p.handshake(ctx)
	default:
		r.ChainErr = errors.New("no accepted version showed a certificate")
	}
	for _, der := range chain {
		r.Chain = append(r.Chain, ParseCertificate(der))
	}
}

// handshake completes TLS 1.3 without verification, because there the
// certificate travels encrypted.
func (p *prober) handshake(ctx context.Context) (chain [][]byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Timeout)
	defer cancel()
	p.connections++
	raw, err := p.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect for the certificate: %w", err)
	}
	defer raw.Close()
	conf := &tls.Config{
		MinVersion:         tls.VersionTLS13,
		InsecureSkipVerify: true, // the certificate is looked at, not trusted
		VerifyPeerCertificate: func(certs [][]byte, _ [][]*x509.Certificate) error {
			chain = certs[:min(len(certs), maxChain)]
			return nil
		},
	}
	if isName(p.cfg.ServerName) {
		conf.ServerName = p.cfg.ServerName
	}
	err = tls.Client(raw, conf).HandshakeContext(ctx)
	if chain != nil {
		return chain, nil // whatever came later
	}
	if err == nil {
		err = errors.New("the server showed none")
	}
	return nil, fmt.Errorf("certificate in TLS 1.3: %w", err)
}
