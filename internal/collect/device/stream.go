package device

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"assay/internal/collect/device/rtsp"
	"assay/internal/fact"
	"assay/internal/product"
)

// streamer asks the media server behind a service. Where the model names the
// path of a stream, under login.path, that one is asked for.
func (c *Config) streamer(u product.Unit, f found) *rtsp.Prober {
	cfg := rtsp.Config{TLS: f.is.TLS, ServerName: serverName(u), Host: hostOf(u, f, map[bool]string{false: "554", true: "322"}), Search: true}
	if f.iface != nil && f.iface.Login != nil && f.iface.Login.Path != "" {
		cfg.Path, cfg.Search = f.iface.Login.Path, false
	}
	return rtsp.New(c.dial(u.ID, f.port), cfg)
}

// stream asks a media server who may look, and how it takes passwords.
func (c *Collector) stream(ctx context.Context, r fact.Recorder, u product.Unit, f found) error {
	name := subject(u, f)
	o := r.Observe(envelope(u))
	p := c.streamer(u, f)
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
	not := func(why string, args ...string) error { return notTried(r, o, name, "auth.required", why, args...) }
	access := fact.Access{Unit: u.ID, Interface: f.id(), Port: f.port, Function: "DESCRIBE", Status: res.Anonymous.Status}
	switch res.Anonymous.Outcome {
	case rtsp.Allowed:
		if !res.Anonymous.SDP && (cred == nil || res.Before.SDP) {
			break // a good status, but no stream in it
		}
		access.Allowed = true
		return r.Record(o, name, access, ref)
	case rtsp.NotFound:
		return not("rtsp-path", "interface", name)
	case rtsp.Denied:
		switch {
		case cred == nil:
			return not("credentials", "unit", u.ID)
		case res.Before.Outcome == rtsp.Denied || res.Before.Outcome == rtsp.Locked:
			return not("credentials-refused", "unit", u.ID, "outcome", string(res.Before.Outcome))
		case res.Before.Outcome == rtsp.NotFound: // asks for the password before it looks at the path
			return not("rtsp-path", "interface", name)
		}
		access.Control = fact.Bracket{Before: res.Before.Outcome == rtsp.Allowed, After: res.After.Outcome == rtsp.Allowed}
		return r.Record(o, name, access, ref)
	}
	return not("no-clear-answer", "interface", name, "function", "DESCRIBE", "status", strconv.Itoa(res.Anonymous.Status))
}

func streamTranscript(r fact.Recorder, name string, p *rtsp.Prober) (fact.Ref, error) {
	var b strings.Builder
	for i, x := range p.Transcript() {
		fmt.Fprintf(&b, "#%d %s %s\n%s\n%s\n%s\n", i, x.At.UTC().Format(time.RFC3339), x.Elapsed.Round(time.Millisecond), x.Request, x.Response, x.Err)
	}
	return r.Evidence(name, "transcript", strings.NewReader(b.String()))
}
