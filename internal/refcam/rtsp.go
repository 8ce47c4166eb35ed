package refcam

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// rtsp speaks RTSP 1.0 (RFC 2326) on one connection: OPTIONS, DESCRIBE and
// GET_PARAMETER. basic: Basic authentication instead of Digest, as PlainRTSP
// does.
func (d *device) rtsp(conn net.Conn, id string, basic bool) {
	s := &rtspConn{device: d, conn: conn, id: id, basic: basic, in: newLineReader(conn, 30*time.Second)}
	// Far more than a player sends; a scanner has to come again.
	for range 1000 {
		r, err := s.read()
		if err != nil {
			if errors.Is(err, errRTSP) || errors.Is(err, errLine) {
				s.answer(r, 400, nil, "")
			}
			return
		}
		if !s.handle(r) {
			return
		}
	}
}

type rtspConn struct {
	*device
	conn  net.Conn
	id    string
	basic bool
	in    *lineReader

	nonce  string
	issued time.Time
	used   uint64 // highest nc of the nonce
	spent  bool   // used once without nc: not a second time
}

type rtspRequest struct {
	method, uri string
	header      map[string]string // lower case; the first of a name counts
}

var errRTSP = errors.New("not an RTSP request")

const (
	maxHeaders  = 40
	maxRTSPBody = 4 << 10
	nonceLife   = time.Minute
)

// read returns the next request; with errRTSP what was understood of it.
func (s *rtspConn) read() (rtspRequest, error) {
	r := rtspRequest{header: map[string]string{}}
	first, err := s.in.line()
	for i := 0; err == nil && first == "" && i < 4; i++ { // empty lines before a request are allowed
		first, err = s.in.line()
	}
	if err != nil {
		return r, err
	}
	parts := strings.Split(first, " ")
	if len(parts) != 3 || parts[2] != "RTSP/1.0" || !token(parts[0]) || parts[1] == "" {
		return r, errRTSP
	}
	r.method, r.uri = parts[0], parts[1]
	for range maxHeaders {
		line, err := s.in.line()
		if err != nil {
			return r, err
		}
		if line == "" {
			return r, s.skipBody(r)
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || !token(name) {
			return r, errRTSP
		}
		name = strings.ToLower(name)
		if _, ok := r.header[name]; !ok {
			r.header[name] = strings.TrimSpace(value)
		}
	}
	return r, errRTSP
}

func (s *rtspConn) skipBody(r rtspRequest) error {
	text, ok := r.header["content-length"]
	if !ok {
		return nil
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil || n > maxRTSPBody {
		return errRTSP
	}
	_, err = io.CopyN(io.Discard, s.in.r, int64(n))
	return err
}

func token(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}

// handle answers a request and reports whether the connection goes on.
func (s *rtspConn) handle(r rtspRequest) bool {
	if cseq := r.header["cseq"]; cseq == "" || len(cseq) > 10 || strings.Trim(cseq, "0123456789") != "" {
		s.answer(r, 400, nil, "")
		return false
	}
	switch r.method {
	case "OPTIONS":
		return s.answer(r, 200, []string{"Public: OPTIONS, DESCRIBE, GET_PARAMETER"}, "")
	case "DESCRIBE", "GET_PARAMETER":
	default:
		return s.answer(r, 405, []string{"Allow: OPTIONS, DESCRIBE, GET_PARAMETER"}, "")
	}
	if r.header["authorization"] != "" || !s.cam.weak[RTSPWithoutLogin] {
		status, head := s.authorise(r)
		if status != 200 {
			return s.answer(r, status, head, "") && status == 401
		}
	}
	if !slices.Contains([]string{"", "/", "/live", "/live/"}, uriPath(r.uri)) {
		return s.answer(r, 404, nil, "")
	}
	if r.method == "GET_PARAMETER" { // keeps the session alive, RFC 2326 10.8
		return s.answer(r, 200, nil, "")
	}
	return s.answer(r, 200, []string{"Content-Type: application/sdp"}, s.sdp())
}

// uriPath returns the path of an rtsp or rtsps URI, without query.
func uriPath(uri string) string {
	if _, rest, ok := strings.Cut(uri, "://"); ok {
		i := strings.IndexByte(rest, '/')
		if i < 0 {
			return ""
		}
		uri = rest[i:]
	}
	uri, _, _ = strings.Cut(uri, "?")
	return uri
}

func (s *rtspConn) sdp() string {
	return "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=" + s.model() + "\r\nt=0 0\r\na=control:*\r\n" +
		"m=video 0 RTP/SAVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:track1\r\n"
}

var rtspReasons = map[int]string{200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}

func (s *rtspConn) answer(r rtspRequest, status int, head []string, body string) bool {
	var b strings.Builder
	fmt.Fprintf(&b, "RTSP/1.0 %d %s\r\n", status, rtspReasons[status])
	if cseq := r.header["cseq"]; cseq != "" && len(cseq) <= 10 && strings.Trim(cseq, "0123456789") == "" {
		fmt.Fprintf(&b, "CSeq: %s\r\n", cseq)
	}
	fmt.Fprintf(&b, "Server: %s\r\n", s.serverName())
	for _, h := range head {
		b.WriteString(h + "\r\n")
	}
	if body != "" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n" + body)
	s.conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
	_, err := io.WriteString(s.conn, b.String())
	return err == nil
}

// authorise returns 200, or the status and headers of a refusal.
func (s *rtspConn) authorise(r rtspRequest) (int, []string) {
	scheme, rest, _ := strings.Cut(r.header["authorization"], " ")
	switch {
	case r.header["authorization"] == "":
		return s.challenge(false)
	case s.basic && strings.EqualFold(scheme, "Basic"):
		return s.basicLogin(rest)
	case !s.basic && strings.EqualFold(scheme, "Digest"):
		return s.digestLogin(r, parseParams(rest))
	}
	return s.challenge(false)
}

func (s *rtspConn) challenge(stale bool) (int, []string) {
	if s.basic {
		return 401, []string{`WWW-Authenticate: Basic realm="` + realm + `"`}
	}
	raw := make([]byte, 16)
	rand.Read(raw) // never fails: crypto/rand ends the process instead
	s.nonce, s.issued, s.used, s.spent = hex.EncodeToString(raw), time.Now(), 0, false
	var head []string
	// SHA-256 first: a client takes the first that it knows (RFC 7616 3.7).
	// MD5 is for players without SHA-256; both run inside TLS only.
	for _, algorithm := range []string{"SHA-256", "MD5"} {
		h := fmt.Sprintf(`WWW-Authenticate: Digest realm="%s", nonce="%s", algorithm=%s, qop="auth"`, realm, s.nonce, algorithm)
		if stale {
			h += ", stale=true"
		}
		head = append(head, h)
	}
	return 401, head
}

// verdict turns the result of an attempt into a status.
func (s *rtspConn) verdict(a *account, wait time.Duration) (int, []string) {
	switch {
	case wait > 0:
		return 503, []string{"Retry-After: " + retryAfter(wait)}
	case a == nil:
		return s.challenge(false)
	case a.change || !slices.Contains(rights[a.role], rightView):
		return 403, nil
	}
	return 200, nil
}

func (s *rtspConn) basicLogin(text string) (int, []string) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	name, password, ok := strings.Cut(string(raw), ":")
	if err != nil || !ok || !validName(name) || len(password) > 128 {
		return s.challenge(false)
	}
	return s.verdict(s.login(name, password, source(s.conn.RemoteAddr().String()), s.id))
}

// digestLogin checks a response of RFC 7616 3.4.1. A nonce belongs to its
// connection, lives for a minute and takes each nc once, in rising order:
// nothing that was sent is accepted again.
func (s *rtspConn) digestLogin(r rtspRequest, p map[string]string) (int, []string) {
	algorithm := p["algorithm"]
	if algorithm == "" {
		algorithm = "MD5"
	}
	name := p["username"]
	if (algorithm != "MD5" && algorithm != "SHA-256") || !validName(name) || p["realm"] != realm || p["uri"] != r.uri {
		return s.challenge(false)
	}
	if s.nonce == "" || p["nonce"] != s.nonce || time.Since(s.issued) > nonceLife {
		return s.challenge(true)
	}
	middle := s.nonce
	switch p["qop"] {
	case "auth":
		nc, err := strconv.ParseUint(p["nc"], 16, 32)
		if err != nil || len(p["nc"]) != 8 || p["cnonce"] == "" || len(p["cnonce"]) > 256 {
			return s.challenge(false)
		}
		if nc <= s.used || s.spent {
			return s.challenge(true)
		}
		s.used = nc
		middle += ":" + p["nc"] + ":" + p["cnonce"] + ":auth"
	case "":
		// RFC 2069, which many players still speak: once for each nonce.
		if s.used > 0 || s.spent {
			return s.challenge(true)
		}
		s.spent = true
	default:
		return s.challenge(false)
	}
	return s.verdict(s.attempt(name, source(s.conn.RemoteAddr().String()), s.id, func() *account {
		a := s.accounts.find(name)
		secret := s.accounts.dummy.ha1[algorithm]
		if a != nil {
			secret = a.ha1[algorithm]
		}
		want := digestHex(algorithm, secret+":"+middle+":"+digestHex(algorithm, r.method+":"+r.uri))
		if subtle.ConstantTimeCompare([]byte(want), []byte(strings.ToLower(p["response"]))) != 1 {
			return nil
		}
		return a
	}))
}

// parseParams reads name=value and name="value" pairs. Names are lower case;
// the first of a name counts.
func parseParams(s string) map[string]string {
	p := map[string]string{}
	for len(s) > 0 && len(p) < 20 {
		name, rest, ok := strings.Cut(s, "=")
		if !ok {
			return p
		}
		name = strings.ToLower(strings.Trim(name, " \t,"))
		var value string
		if strings.HasPrefix(rest, `"`) {
			if value, rest, ok = strings.Cut(rest[1:], `"`); !ok {
				return p
			}
			_, s, _ = strings.Cut(rest, ",")
		} else {
			value, s, _ = strings.Cut(rest, ",")
			value = strings.TrimSpace(value)
		}
		if _, ok := p[name]; !ok {
			p[name] = value
		}
	}
	return p
}
