package device

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"time"

	"assay/internal/collect/device/httpwire"
	"assay/internal/collect/device/tlsprobe"
	"assay/internal/fact"
	"assay/internal/product"
)

// tls records what an endpoint accepts, its certificate, and whether the
// certificate shows the serial number of the declared unit.
func (c *Collector) tls(ctx context.Context, r fact.Recorder, u product.Unit, f found) error {
	res := tlsprobe.Probe(ctx, c.dial(u.ID, f.port), tlsprobe.Config{})
	if err := ctx.Err(); err != nil {
		return err
	}
	o := r.Observe(envelope(u))
	text, err := json.MarshalIndent(res, "", " ")
	if err != nil {
		return fmt.Errorf("tls evidence: %w", err)
	}
	ref, err := r.Evidence(subject(u, f)+" tls", "transcript", bytes.NewReader(text))
	if err != nil {
		return err
	}
	t := fact.TLS{Unit: u.ID, Interface: f.id(), Port: f.port, Whole: res.Whole}
	for _, v := range res.Versions {
		outcome := fact.TLSVersion{Version: versionName(v.Version), Outcome: "no-answer", Detail: v.First.Detail}
		offered, known := res.Offered(v.Version)
		switch {
		case offered:
			outcome.Outcome = "accepted"
		case known:
			outcome.Outcome = "refused"
		case v.First.Outcome == tlsprobe.BadAnswer:
			outcome.Outcome = "bad-answer"
		}
		t.Versions = append(t.Versions, outcome)
		for i, s := range v.Suites {
			t.Suites = append(t.Suites, fact.TLSSuite{Version: outcome.Version, ID: s.Code, Name: s.Name,
				ForwardSecrecy: s.ForwardSecrecy, Approved: s.NIST, Preferred: i == 0})
		}
		t.Whole = t.Whole && (!offered || v.SuitesWhole)
	}
	ref.Excerpt = tlsExcerpt(t)
	if err := r.Record(o, subject(u, f), t, ref); err != nil {
		return err
	}
	if len(res.Chain) == 0 {
		return nil
	}
	leaf := res.Chain[0]
	der, err := r.Evidence(subject(u, f)+" certificate", "document", bytes.NewReader(leaf.DER))
	if err != nil {
		return err
	}
	if leaf.ParseError != "" {
		return nil // its bytes are kept; no certificate fact: tls.certificate stays undecided
	}
	der.Excerpt = clip(fmt.Sprintf("%s, %s %d bits, key SHA-256 %.16s…, until %s", leaf.Subject, leaf.KeyType, leaf.KeyBits, leaf.SPKISHA256, leaf.NotAfter.UTC().Format("2006-01-02")))
	err = r.Record(o, subject(u, f), fact.Certificate{
		Unit: u.ID, Interface: f.id(), Port: f.port, Subject: clip(leaf.Subject), Issuer: clip(leaf.Issuer),
		NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter, Key: leaf.KeyType, Bits: leaf.KeyBits,
		Signature: leaf.SignatureAlgorithm, SPKI: leaf.SPKISHA256, SelfSigned: leaf.SelfSigned,
	}, der)
	if err != nil {
		return err
	}
	if f.iface == nil {
		return nil // an undeclared service doesn't speak for the unit's identity
	}
	if serial := serialOf(leaf.DER); serial != "" {
		return r.Record(o, u.ID, certified(u, f, serial), der)
	}
	return nil
}

// certified is the identity that a declared service's certificate shows.
func certified(u product.Unit, f found, serial string) fact.Identity {
	return fact.Identity{Unit: u.ID, Source: "tls-certificate " + f.iface.ID, Serial: clip(serial), Proven: u.Serial != "" && serial == u.Serial}
}

func versionName(v tlsprobe.Version) string {
	return strings.TrimPrefix(v.String(), "TLS ")
}

// serialOf reads the unit's serial number from a certificate's subject: the
// serialNumber attribute (X.520 clause 6.2.9), as makers of devices use it.
func serialOf(der []byte) string {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return "" // a certificate that can't be read names nobody
	}
	return cert.Subject.SerialNumber
}

const handshakeTime = 10 * time.Second

// handshake completes TLS without verification and returns the leaf
// certificate, whose key the other side has shown to hold; nil: no answer.
func handshake(ctx context.Context, dial func(context.Context) (net.Conn, error)) []byte {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	raw, err := dial(ctx)
	if err != nil {
		return nil
	}
	defer raw.Close()
	c := tls.Client(raw, httpwire.TLSConfig(""))
	if err := c.HandshakeContext(ctx); err != nil {
		return nil
	}
	// TLS without certificates (anonymous suites) isn't among the suites, but
	// the other side is not trusted to keep to the rules.
	if chain := c.ConnectionState().PeerCertificates; len(chain) > 0 {
		return chain[0].Raw
	}
	return nil
}

func tlsExcerpt(t fact.TLS) string {
	var b strings.Builder
	for _, v := range t.Versions {
		fmt.Fprintf(&b, "%s %s\n", v.Version, v.Outcome)
	}
	for i, s := range t.Suites {
		if i == 6 {
			fmt.Fprintf(&b, "… %d more suites", len(t.Suites)-i)
			break
		}
		fmt.Fprintf(&b, "%s %s\n", s.Version, s.Name)
	}
	return strings.TrimSpace(b.String())
}
