package banner

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"assay/internal/collect/device/httpwire"
	"assay/internal/collect/device/tlsprobe"
	"assay/internal/pattern"
)

const (
	defaultPassive = 1500 * time.Millisecond
	defaultTimeout = 4 * time.Second
	maxAnswer      = 8 << 10 // bytes looked at of one answer
	maxText        = 128
)

// question is a harmless request and the name under which Result.How tells it.
type question struct {
	name string
	text string
}

// mqttConnect is an MQTT 3.1.1 CONNECT with a clean session and without client
// id, name and password (OASIS MQTT 3.1.1 section 3.1).
const mqttConnect = "\x10\x0c\x00\x04MQTT\x04\x02\x00\x1e\x00\x00"

func questions(host string) map[string]question {
	return map[string]question{
		"http": {"http", "GET / HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: assay\r\nAccept: */*\r\nConnection: close\r\n\r\n"},
		"rtsp": {"rtsp", "OPTIONS rtsp://" + host + "/ RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: assay\r\n\r\n"},
		"mqtt": {"mqtt", mqttConnect},
	}
}

// order returns the questions in the order in which the port makes them
// likely. TLS comes first on its own ports: some plain servers hang on it.
func order(port uint16) []string {
	switch port {
	case 443, 8443, 4443, 9443, 990:
		return []string{"tls", "http", "rtsp", "mqtt"}
	case 322, 8322:
		return []string{"tls", "rtsp", "http", "mqtt"}
	case 8883:
		return []string{"tls", "mqtt", "http", "rtsp"}
	case 554, 8554, 10554:
		return []string{"rtsp", "tls", "http", "mqtt"}
	case 1883:
		return []string{"mqtt", "tls", "http", "rtsp"}
	}
	return []string{"http", "tls", "rtsp", "mqtt"}
}

// Identify finds out what answers. It always returns what it saw.
func Identify(ctx context.Context, dial Dial, cfg Config) Result {
	if cfg.Passive <= 0 {
		cfg.Passive = defaultPassive
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.Host == "" || strings.ContainsAny(cfg.Host, " \r\n\t/") {
		cfg.Host = "device"
	}
	p := &prober{dial: dial, cfg: cfg, questions: questions(cfg.Host)}
	r := p.identify(ctx)
	r.Connections = p.connections
	if ctx.Err() != nil {
		r.Err = context.Cause(ctx)
	}
	return r
}

type prober struct {
	dial        Dial
	cfg         Config
	questions   map[string]question
	connections int
}

func (p *prober) identify(ctx context.Context) Result {
	best := Result{Service: Unknown, Silent: true}
	b, err := p.ask(ctx, p.dial, "", p.cfg.Passive)
	if errors.Is(err, errDial) {
		return Result{Service: Unknown, Err: err}
	}
	if len(b) > 0 {
		if r := classify(b); r.Service != Unknown {
			r.How = "passive"
			return r
		}
		best = Result{Service: Unknown, How: "passive", Raw: clipRaw(b)}
	}
	for _, name := range order(p.cfg.Port) {
		if ctx.Err() != nil {
			return best
		}
		if name == "tls" {
			if r, ok := p.tls(ctx); ok {
				return r
			}
			continue
		}
		q := p.questions[name]
		b, err := p.ask(ctx, p.dial, q.text, p.cfg.Timeout)
		if errors.Is(err, errDial) && p.connections > 2 {
			best.Err = err
			return best
		}
		if len(b) == 0 {
			continue
		}
		if r := classify(b); r.Service != Unknown {
			if wantsTLS(r, b) {
				if inside, ok := p.tls(ctx); ok {
					return inside
				}
			}
			r.How = q.name
			return r
		}
		if best.Silent {
			best = Result{Service: Unknown, How: q.name, Raw: clipRaw(b)}
		}
	}
	return best
}

// wantsTLS recognises the plain-text complaint of a TLS port ("The plain HTTP
// request was sent to HTTPS port", "Client sent an HTTP request to an HTTPS
// server.").
func wantsTLS(r Result, b []byte) bool {
	return r.Service == HTTP && regexp400.Match(b)
}

var regexp400 = pattern.New(`(?i)^HTTP/1\.[01] 400[\s\S]*(https|ssl|tls)`)

// tls makes one TLS offer; where it is answered in TLS the questions are asked
// again inside.
func (p *prober) tls(ctx context.Context) (Result, bool) {
	counted := func(ctx context.Context) (net.Conn, error) {
		p.connections++
		return p.dial(ctx)
	}
	o := tlsprobe.Hello(ctx, counted, tlsprobe.Config{Timeout: p.cfg.Timeout, ServerName: p.cfg.Host})
	if !o.SpokeTLS() {
		return Result{}, false
	}
	r := Result{Service: TLS, TLS: true, How: "tls", Raw: clipRaw(o.Raw)}
	inside := func(ctx context.Context) (net.Conn, error) {
		c, err := p.dial(ctx)
		if err != nil {
			return nil, err
		}
		t := tls.Client(c, httpwire.TLSConfig(p.cfg.Host))
		if err := t.HandshakeContext(ctx); err != nil {
			_ = c.Close() // the handshake's error is the one that counts
			return nil, err
		}
		return t, nil
	}
	for _, name := range order(p.cfg.Port) {
		if name == "tls" {
			continue
		}
		b, err := p.ask(ctx, inside, p.questions[name].text, p.cfg.Timeout)
		if errors.Is(err, errDial) {
			break // a handshake that Go can't complete: what is inside stays unknown
		}
		in := classify(b)
		secure, ok := map[Service]Service{HTTP: HTTPS, RTSP: RTSPS, MQTT: MQTTS, FTP: FTPS, SMTP: SMTP}[in.Service]
		if !ok {
			continue
		}
		in.Service, in.TLS, in.How = secure, true, name
		return in, true
	}
	return r, true
}

var errDial = errors.New("no connection")

// ask makes one connection, sends a question (none: only listens) and reads
// until the answer ends, the time is over, or enough was read.
func (p *prober) ask(ctx context.Context, dial Dial, text string, d time.Duration) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	p.connections++
	dctx, cancel := context.WithTimeout(ctx, p.cfg.Timeout)
	defer cancel()
	c, err := dial(dctx)
	if err != nil {
		return nil, errors.Join(errDial, err)
	}
	defer c.Close()
	actx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	stop := context.AfterFunc(actx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if text != "" {
		if _, err := io.WriteString(c, text); err != nil {
			return nil, err
		}
	}
	b := make([]byte, 0, maxAnswer)
	for len(b) < maxAnswer {
		n, err := c.Read(b[len(b):maxAnswer])
		b = b[:len(b)+n]
		if complete(b) {
			return b, nil
		}
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, io.EOF) || len(b) > 0 {
				err = nil
			}
			return b, err
		}
	}
	return b, nil
}

// complete reports whether enough was read to name the service, so that one
// needn't wait for the rest.
func complete(b []byte) bool {
	s := string(b)
	switch {
	case strings.HasPrefix(s, "HTTP/"), strings.HasPrefix(s, "RTSP/"):
		return strings.Contains(s, "\r\n\r\n") || strings.Contains(s, "\n\n")
	case strings.HasPrefix(s, "SSH-"), strings.HasPrefix(s, "220"):
		return strings.Contains(s, "\n")
	case len(b) > 0 && b[0] == 0x20:
		return len(b) >= 4
	}
	return false
}
