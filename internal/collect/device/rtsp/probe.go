package rtsp

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"assay/internal/collect/device/httpwire"
	"assay/internal/pattern"
)

const (
	defaultTimeout = 10 * time.Second
	maxTranscript  = 4 << 10 // bytes kept of one request and of one response
	maxExchanges   = 1000
	maxText        = 256
)

var lockText = pattern.New(`(?i)\blocked\b|lock[- ]?out|too many|try again later`)

// Prober asks one server. Its methods may be called one after another; the
// transcript is kept over all of them.
type Prober struct {
	dial   Dial
	cfg    Config
	redact httpwire.Redactor

	mu        sync.Mutex
	exchanges []Exchange
	at        string // where the connections lead to, as a host
}

// usual are paths at which cameras serve their first stream, as their makers
// document them.
var usual = []string{"/live", "/stream1", "/h264", "/Streaming/Channels/101", "/cam/realmonitor?channel=1&subtype=0"}

// New returns a Prober for the server behind dial.
func New(dial Dial, cfg Config) *Prober {
	if cfg.Timeout <= 0 {
		cfg.Timeout = defaultTimeout
	}
	return &Prober{dial: dial, cfg: cfg}
}

// Transcript returns every exchange so far, redacted, in order.
func (p *Prober) Transcript() []Exchange {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Exchange(nil), p.exchanges...)
}

// URL returns the stream's URL as sent.
func (p *Prober) URL() string {
	scheme := "rtsp"
	if p.cfg.TLS {
		scheme = "rtsps"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	host := p.cfg.Host
	if host == "" {
		host = p.at
	}
	if host == "" {
		host = "device"
	}
	return scheme + "://" + host + "/" + strings.TrimPrefix(p.cfg.Path, "/")
}

// leads notes where a connection leads to.
func (p *Prober) leads(addr string) {
	port := "554"
	if p.cfg.TLS {
		port = "322"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = httpwire.Host(addr, port)
}

// search looks for a path that the server knows, without a credential, and
// leaves it in the configuration; the answer is the one at the last path.
func (p *Prober) search(ctx context.Context, a Attempt) Attempt {
	given := p.cfg.Path
	for _, path := range usual {
		if a.Outcome != NotFound || ctx.Err() != nil {
			return a
		}
		if strings.Trim(path, "/") == strings.Trim(given, "/") {
			continue
		}
		p.cfg.Path = path
		a = p.Ask(ctx, "DESCRIBE", nil)
	}
	if a.Outcome == NotFound {
		p.cfg.Path = given
	}
	return a
}

// Probe asks OPTIONS and DESCRIBE without a credential and, when good isn't
// nil, DESCRIBE with it and, unless that was refused, with it again. It sends
// no wrong password.
func (p *Prober) Probe(ctx context.Context, good *Credential) Result {
	var r Result
	r.Options = p.Ask(ctx, "OPTIONS", nil)
	r.Anonymous = p.Ask(ctx, "DESCRIBE", nil)
	if p.cfg.Search && r.Anonymous.Outcome == NotFound {
		r.Anonymous = p.search(ctx, r.Anonymous)
	}
	r.Path = p.cfg.Path
	for _, c := range append(r.Anonymous.Challenges, r.Options.Challenges...) {
		if !slices.Contains(r.Schemes, c.Name()) {
			r.Schemes = append(r.Schemes, c.Name())
		}
	}
	if good != nil && ctx.Err() == nil {
		r.Before = p.Ask(ctx, "DESCRIBE", good)
		if r.Before.Outcome == Allowed {
			r.After = p.Ask(ctx, "DESCRIBE", good)
		}
		r.Control = r.Before.Outcome == Allowed && r.After.Outcome == Allowed
	}
	if ctx.Err() != nil {
		r.Err = context.Cause(ctx)
	}
	return r
}

func wrong(good *Credential, i int) string {
	w := fmt.Sprintf("Wrong-%d-Guess!", i)
	if w == good.Password {
		w += "x"
	}
	return w
}

// Ask makes one request on a connection of its own. With a credential it
// answers the strongest challenge that the server makes; the attempt's Scheme
// is empty when the server made none.
func (p *Prober) Ask(ctx context.Context, method string, cred *Credential) Attempt {
	var a Attempt
	start := time.Now()
	defer func() { a.Elapsed = time.Since(start) }()
	if strings.ContainsAny(p.URL()+method, " \r\n\t\x00") {
		a.Outcome, a.Err = Unclear, fmt.Errorf("the URL %.80q holds a space or a line end", p.URL())
		return a
	}
	if cred != nil {
		p.redact.Add(cred.Password)
	}
	s := &session{p: p}
	defer s.close()
	resp, err := s.do(ctx, method, "", &a)
	if err == nil && cred != nil && resp.Status == 401 {
		resp, err = s.answer(ctx, method, resp, *cred, &a)
	}
	if err != nil {
		a.fail(err)
	} else {
		a.judge(resp)
	}
	a.Elapsed = time.Since(start)
	return a
}

// answer sends the request again with the strongest challenge answered; a
// stale nonce (RFC 7616 section 3.3) is replaced once.
func (s *session) answer(ctx context.Context, method string, resp *httpwire.Response, cred Credential, a *Attempt) (*httpwire.Response, error) {
	for try := 0; ; try++ {
		c, ok := httpwire.Strongest(resp.Challenges())
		if !ok {
			return resp, nil // nothing that can be answered: the 401 stands
		}
		a.Scheme = c.Name()
		auth, err := c.Authorize(cred, method, s.p.URL(), 1)
		if err != nil {
			return nil, err
		}
		next, err := s.do(ctx, method, auth, a)
		if err != nil || next.Status != 401 || try > 0 {
			return next, err
		}
		if n, ok := httpwire.Strongest(next.Challenges()); !ok || !n.Stale || n.Nonce == c.Nonce {
			return next, nil
		}
		resp = next
	}
}

func (a *Attempt) fail(err error) {
	a.Outcome, a.Err = NoAnswer, err
	if errors.Is(err, httpwire.ErrFormat) {
		a.Outcome = NotRTSP
	}
}

// judge reads an answer.
func (a *Attempt) judge(resp *httpwire.Response) {
	a.Status = resp.Status
	a.Server = clip(resp.Header.Get("Server"))
	a.RetryAfter = retryAfter(resp)
	for m := range strings.SplitSeq(resp.Header.Get("Public"), ",") {
		if m = strings.TrimSpace(m); m != "" && len(a.Methods) < 32 {
			a.Methods = append(a.Methods, clip(m))
		}
	}
	a.SDP = strings.HasPrefix(string(resp.Body), "v=0")
	switch s := resp.Status; {
	case s == 429, (s/100 == 4 || s == 503) && resp.Header.Get("Retry-After") != "",
		s == 403 && (lockText.Match(resp.Body) || lockText.MatchString(resp.Reason)):
		a.Outcome = Locked
	case s/100 == 2:
		a.Outcome = Allowed
	case s == 401 || s == 403:
		a.Outcome = Denied
	case s == 404 || s == 410 || s == 454 || s == 451 || s/100 == 3:
		a.Outcome = NotFound
	default:
		a.Outcome = Unclear
	}
}

// retryAfter reads RFC 2326 section 12.31; 0 when absent.
func retryAfter(resp *httpwire.Response) time.Duration {
	const longest = 365 * 24 * time.Hour
	v := resp.Header.Get("Retry-After")
	if n, err := strconv.ParseUint(v, 10, 31); err == nil {
		return min(longest, time.Duration(n)*time.Second)
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	now := time.Now()
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		now = date
	}
	return max(0, min(longest, at.Sub(now)))
}

func clip(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// session is one connection.
type session struct {
	p    *Prober
	conn net.Conn
	r    *bufio.Reader
	cseq int
}

func (s *session) close() {
	if s.conn != nil {
		_ = s.conn.Close() // nothing is lost: answers were read
		s.conn = nil
	}
}

func (s *session) connect(ctx context.Context) error {
	c, err := s.p.dial(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	if s.p.cfg.TLS {
		t := tls.Client(c, httpwire.TLSConfig(s.p.cfg.ServerName))
		if err := t.HandshakeContext(ctx); err != nil {
			_ = c.Close() // the handshake's error is the one that counts
			return fmt.Errorf("TLS handshake: %w", err)
		}
		c = t
	}
	s.conn, s.r = c, bufio.NewReader(c)
	s.p.leads(c.RemoteAddr().String())
	return nil
}

// do makes one exchange and records it in the transcript and in a. A server
// that hangs up after the challenge is connected to again.
func (s *session) do(ctx context.Context, method, auth string, a *Attempt) (*httpwire.Response, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, s.p.cfg.Timeout)
	defer cancel()
	reused := s.conn != nil
	text, resp, err := s.roundTrip(ctx, method, auth)
	if reused && httpwire.HungUp(err) && ctx.Err() == nil {
		s.close()
		text, resp, err = s.roundTrip(ctx, method, auth)
	}
	if err != nil || resp.Close {
		s.close()
	}
	if resp != nil {
		a.Challenges = append(a.Challenges, resp.Challenges()...)
		a.Challenges = a.Challenges[:min(len(a.Challenges), 16)]
	}
	if n := s.p.record(start, text, resp, err); n >= 0 {
		a.Exchanges = append(a.Exchanges, n)
	}
	return resp, err
}

func (s *session) roundTrip(ctx context.Context, method, auth string) (text string, resp *httpwire.Response, err error) {
	if s.conn == nil {
		if err := s.connect(ctx); err != nil {
			return method + " " + s.p.URL(), nil, err
		}
	}
	s.cseq++
	text = fmt.Sprintf("%s %s RTSP/1.0\r\nCSeq: %d\r\nUser-Agent: assay\r\n", method, s.p.URL(), s.cseq)
	if method == "DESCRIBE" {
		text += "Accept: application/sdp\r\n"
	}
	if auth != "" {
		text += "Authorization: " + auth + "\r\n"
	}
	text += "\r\n"
	conn := s.conn
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer func() {
		if !stop() {
			s.close() // its deadline lies in the past now
		}
	}()
	if _, err := io.WriteString(conn, text); err != nil {
		return text, nil, fmt.Errorf("send: %w", err)
	}
	resp, err = httpwire.ReadResponse(s.r, method, s.p.cfg.Limits)
	if err != nil {
		return text, nil, fmt.Errorf("answer: %w", err)
	}
	if !strings.HasPrefix(resp.Proto, "RTSP/") {
		return text, nil, fmt.Errorf("answer: %s is not RTSP: %w", resp.Proto, httpwire.ErrFormat)
	}
	return text, resp, nil
}

// record adds one exchange, masked first and cut then.
func (p *Prober) record(start time.Time, request string, resp *httpwire.Response, err error) int {
	e := Exchange{At: start, Elapsed: time.Since(start), Request: p.clean(request)}
	if resp != nil {
		var b strings.Builder
		fmt.Fprintf(&b, "%s %d %s\r\n", resp.Proto, resp.Status, resp.Reason)
		for _, f := range resp.Header {
			fmt.Fprintf(&b, "%s: %s\r\n", f.Name, f.Value)
		}
		b.WriteString("\r\n")
		b.Write(resp.Body)
		e.Response = p.clean(b.String())
	}
	if err != nil {
		e.Err = p.redact.Text(err.Error())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.exchanges) >= maxExchanges {
		return -1
	}
	p.exchanges = append(p.exchanges, e)
	return len(p.exchanges) - 1
}

func (p *Prober) clean(msg string) string {
	msg = p.redact.Message(msg)
	if p.cfg.Redact != nil {
		msg = p.cfg.Redact(msg)
	}
	if len(msg) > maxTranscript {
		msg = msg[:maxTranscript]
	}
	return strings.ToValidUTF8(msg, "\uFFFD")
}
