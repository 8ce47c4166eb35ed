package httpprobe

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"assay/internal/collect/device/httpwire"
)

const (
	defaultTimeout   = 15 * time.Second
	defaultExchanges = 2000
	maxTranscript    = 4 << 10 // bytes kept of one request and of one response
	maxCookies       = 64
	userAgent        = "assay"
)

// Prober tests one interface. Its methods may be called one after another; a
// transcript and the secrets to mask are kept over all of them.
type Prober struct {
	dial   Dial
	api    API
	cfg    Config
	redact httpwire.Redactor

	// What the entitled have shown so far; see check.go.
	theirs  map[string]*Trial // by function
	control *Session
	shut    map[string]*Trial // by function: the answer to nobody
	over    map[string]LoginResult
	again   map[string]int

	mu          sync.Mutex
	exchanges   []Exchange
	connections int
}

// New returns a Prober for the interface that api describes.
func New(dial Dial, api API, cfg Config) *Prober {
	if cfg.Timeout <= 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.MaxExchanges <= 0 {
		cfg.MaxExchanges = defaultExchanges
	}
	if api.UserField == "" {
		api.UserField = "username"
	}
	if api.PassField == "" {
		api.PassField = "password"
	}
	api.Method = firstOf(api.Method, map[bool]string{true: "GET", false: "POST"}[api.wireAuth()])
	api.LogoutMethod = firstOf(api.LogoutMethod, "POST")
	if api.LoginPath == "" && api.wireAuth() { // any path that needs a credential
		for _, f := range api.Protected {
			if !f.Changes && firstOf(f.Method, "GET") == "GET" {
				api.LoginPath = f.Path
				break
			}
		}
	}
	return &Prober{dial: dial, api: api, cfg: cfg, theirs: map[string]*Trial{}, shut: map[string]*Trial{},
		over: map[string]LoginResult{}, again: map[string]int{}}
}

// wireAuth reports whether the credential travels on every request.
func (a API) wireAuth() bool { return a.Form == Basic || a.Form == Digest }

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// Secret names further values that must not stand in the transcript.
func (p *Prober) Secret(values ...string) {
	for _, v := range values {
		p.redact.Add(v)
	}
}

// Transcript returns every exchange so far, redacted, in order.
func (p *Prober) Transcript() []Exchange {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Exchange(nil), p.exchanges...)
}

// Session is one client of the interface: its cookies, its token or its
// credential, and the connection that it keeps as long as the other side
// does. A Session is used from one goroutine.
type Session struct {
	p       *Prober
	cookies []httpwire.Field
	token   string

	cred      *Credential // with Basic and Digest
	challenge *httpwire.Challenge
	count     uint32 // requests with the challenge's nonce

	agent string
	conn  net.Conn
	r     *bufio.Reader
	id    int // number of the connection
	used  int // connections used so far
}

func (p *Prober) anonymous() *Session { return &Session{p: p, agent: userAgent} }

// copy returns a session with the same cookies and token on a connection of
// its own.
func (s *Session) copy() *Session {
	c := *s
	c.cookies = append([]httpwire.Field(nil), s.cookies...)
	c.conn, c.r = nil, nil
	return &c
}

// Close hangs up; the session may still be used and connects again.
func (s *Session) Close() {
	if s != nil && s.conn != nil {
		_ = s.conn.Close() // nothing is lost: answers were read
		s.conn, s.r = nil, nil
	}
}

// message is one request.
type message struct {
	method, path, body, contentType string
	header                          []httpwire.Field
}

// text returns the request as sent.
func (s *Session) text(m message) (string, error) {
	if !strings.HasPrefix(m.path, "/") || strings.ContainsAny(m.path+m.method, " \r\n\t\x00") || m.method == "" {
		return "", fmt.Errorf("request %.80q %.80q: the path must begin with / and hold no space", m.method, m.path)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nAccept: */*\r\n", m.method, m.path, s.host(), s.agent)
	var pairs []string
	for _, c := range s.cookies {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	if len(pairs) > 0 {
		fmt.Fprintf(&b, "Cookie: %s\r\n", strings.Join(pairs, "; "))
	}
	if s.token != "" {
		if h := s.p.api.TokenHeader; h == "" || strings.EqualFold(h, "Authorization") {
			fmt.Fprintf(&b, "Authorization: Bearer %s\r\n", s.token)
		} else {
			fmt.Fprintf(&b, "%s: %s\r\n", h, s.token)
		}
	}
	for _, f := range m.header {
		fmt.Fprintf(&b, "%s: %s\r\n", f.Name, f.Value)
	}
	if m.contentType != "" {
		fmt.Fprintf(&b, "Content-Type: %s\r\n", m.contentType)
	}
	if m.body != "" || m.method != "GET" && m.method != "HEAD" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(m.body))
	}
	b.WriteString("\r\n" + m.body)
	return b.String(), nil
}

// connect opens the session's connection.
func (s *Session) connect(ctx context.Context) error {
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
	s.p.mu.Lock()
	s.p.connections++
	s.id = s.p.connections
	s.p.mu.Unlock()
	s.used++
	s.conn, s.r = c, bufio.NewReader(c)
	return nil
}

// do makes one exchange and records it. A connection that the other side
// closed while idle is opened again once.
func (s *Session) do(ctx context.Context, m message) (resp *httpwire.Response, exchange int, err error) {
	if ctx.Err() != nil {
		return nil, -1, context.Cause(ctx)
	}
	text, err := s.text(m) // refused before anything is connected
	if err != nil {
		return nil, -1, err
	}
	start := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, s.p.cfg.Timeout, fmt.Errorf("no answer within %v: %w", s.p.cfg.Timeout, context.DeadlineExceeded))
	defer cancel()
	reused := s.conn != nil
	resp, text, err = s.roundTrip(ctx, m, text)
	if reused && err != nil && ctx.Err() == nil && httpwire.HungUp(err) {
		s.Close()
		resp, text, err = s.roundTrip(ctx, m, text)
	}
	if err != nil || resp.Close {
		defer s.Close()
	}
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if resp != nil {
		s.learn(resp)
	}
	return resp, s.p.record(start, s.id, text, resp, err), err
}

// roundTrip sends a message; its text is made again on a new connection,
// whose address it names.
func (s *Session) roundTrip(ctx context.Context, m message, text string) (*httpwire.Response, string, error) {
	if s.conn == nil {
		if err := s.connect(ctx); err != nil {
			return nil, text, err
		}
		var err error
		if text, err = s.text(m); err != nil {
			return nil, text, err
		}
	}
	conn := s.conn
	_ = conn.SetDeadline(time.Time{}) // a failure shows at the write
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer func() {
		if !stop() {
			s.Close() // its deadline lies in the past now
		}
	}()
	if _, err := io.WriteString(conn, text); err != nil {
		return nil, text, fmt.Errorf("send: %w", err)
	}
	resp, err := httpwire.ReadResponse(s.r, m.method, s.p.cfg.Limits)
	if err != nil {
		return nil, text, fmt.Errorf("answer: %w", err)
	}
	if !strings.HasPrefix(resp.Proto, "HTTP/") {
		return nil, text, fmt.Errorf("answer: %s is not HTTP: %w", resp.Proto, httpwire.ErrFormat)
	}
	return resp, text, nil
}

// host is the value of the Host header.
func (s *Session) host() string {
	if s.p.cfg.Host != "" {
		return s.p.cfg.Host
	}
	usual := "80"
	if s.p.cfg.TLS {
		usual = "443"
	}
	if s.conn != nil {
		if h := httpwire.Host(s.conn.RemoteAddr().String(), usual); h != "" {
			return h
		}
	}
	return "device"
}

// learn keeps the cookies of an answer and marks what must not be shown.
func (s *Session) learn(resp *httpwire.Response) {
	for _, v := range resp.Header.Values("Set-Cookie") {
		pair, attributes, _ := strings.Cut(v, ";")
		name, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok || name == "" {
			continue
		}
		if len(value) >= 4 {
			s.p.redact.Add(value)
		}
		s.setCookie(name, value, expired(attributes))
	}
	for _, secret := range secretsOf(resp.Body) {
		s.p.redact.Add(secret)
	}
}

// expired reads whether a Set-Cookie removes its cookie (RFC 6265).
func expired(attributes string) bool {
	for a := range strings.SplitSeq(attributes, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(a), "=")
		if strings.EqualFold(name, "Max-Age") {
			n, err := strconv.Atoi(value)
			return err == nil && n <= 0
		}
		if strings.EqualFold(name, "Expires") {
			t, err := time.Parse(time.RFC1123, value)
			if err == nil && t.Year() < 2000 {
				return true
			}
		}
	}
	return false
}

func (s *Session) setCookie(name, value string, remove bool) {
	for i, c := range s.cookies {
		if c.Name != name {
			continue
		}
		if remove {
			s.cookies = append(s.cookies[:i], s.cookies[i+1:]...)
		} else {
			s.cookies[i].Value = value
		}
		return
	}
	if !remove && len(s.cookies) < maxCookies {
		s.cookies = append(s.cookies, httpwire.Field{Name: name, Value: value})
	}
}

// record adds one exchange to the transcript and returns its index, -1 when
// the transcript is full.
func (p *Prober) record(start time.Time, conn int, request string, resp *httpwire.Response, err error) int {
	e := Exchange{At: start, Elapsed: time.Since(start), Connection: conn, Request: p.clean(request)}
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
	if len(p.exchanges) >= p.cfg.MaxExchanges {
		return -1
	}
	p.exchanges = append(p.exchanges, e)
	return len(p.exchanges) - 1
}

// clean masks first and cuts then: a secret that is cut in two would not be
// known any more.
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
