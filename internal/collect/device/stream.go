package device

import (
	"context"
	"fmt"
	"strings"
	"time"

	"assay/internal/collect/device/rtsp"
	"assay/internal/fact"
	"assay/internal/product"
)

// stream asks a media server who may look, and how it takes passwords.
func (c *Collector) stream(ctx context.Context, r fact.Recorder, u product.Unit, f found) error {
	name := subject(u, f)
	o := r.Observe(envelope(u))
	p := rtsp.New(c.dial(u.ID, f.port), rtsp.Config{TLS: f.is.TLS})
	var cred *rtsp.Credential
	if k, ok := c.entitled(u.ID); ok {
		w := k.wire()
		cred = &w
	}
	res := p.Probe(ctx, cred)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	ref, err := streamTranscript(r, name+" rtsp", p)
	if err != nil {
		return err
	}
	for _, scheme := range res.Schemes {
		if err := r.Record(o, name, fact.LoginChannel{Unit: u.ID, Interface: f.id(), Port: f.port, Scheme: scheme, Encrypted: f.is.TLS}, ref); err != nil {
			return err
		}
	}
	ref.Excerpt = fmt.Sprintf("DESCRIBE → %d", res.Anonymous.Status)
	switch res.Anonymous.Outcome {
	case rtsp.Allowed:
		return r.Record(o, name, fact.Access{Unit: u.ID, Interface: f.id(), Port: f.port, Function: "DESCRIBE", Allowed: true, Status: res.Anonymous.Status}, ref)
	case rtsp.Denied:
		if cred == nil {
			return notTried(r, o, name, "auth.required", "credentials", "unit", u.ID)
		}
		return r.Record(o, name, fact.Access{Unit: u.ID, Interface: f.id(), Port: f.port, Function: "DESCRIBE", Status: res.Anonymous.Status,
			Control: fact.Bracket{Before: res.Before.Outcome == rtsp.Allowed, After: res.After.Outcome == rtsp.Allowed}}, ref)
	}
	return notTried(r, o, name, "auth.required", "no-clear-answer", "interface", name)
}

func streamTranscript(r fact.Recorder, name string, p *rtsp.Prober) (fact.Ref, error) {
	var b strings.Builder
	for i, x := range p.Transcript() {
		fmt.Fprintf(&b, "#%d %s %s\n%s\n%s\n%s\n", i, x.At.UTC().Format(time.RFC3339), x.Elapsed.Round(time.Millisecond), x.Request, x.Response, x.Err)
	}
	return r.Evidence(name, "transcript", strings.NewReader(b.String()))
}
