package httpwire

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// ErrFormat is wrapped by errors about bytes that are no such message.
var ErrFormat = errors.New("malformed response")

// ErrTooLong is wrapped by errors about a header beyond its limit.
var ErrTooLong = errors.New("header too long")

func (l Limits) withDefaults() Limits {
	if l.HeaderBytes <= 0 {
		l.HeaderBytes = 64 << 10
	}
	if l.Fields <= 0 {
		l.Fields = 128
	}
	if l.BodyBytes <= 0 {
		l.BodyBytes = 1 << 20
	}
	return l
}

// Get returns the first value of a field, whatever the spelling of its name.
func (h Header) Get(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Values returns every value of a field.
func (h Header) Values(name string) []string {
	var v []string
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			v = append(v, f.Value)
		}
	}
	return v
}

// Has reports whether a list-valued field holds a token.
func (h Header) Has(name, token string) bool {
	for _, v := range h.Values(name) {
		for part := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}

// ReadResponse reads one final response to a request of the given method from
// r, HTTP/1.x (RFC 9112) or RTSP/1.0 (RFC 2326). Interim 1xx responses of
// HTTP are passed over, at most 8. Errors wrap ErrFormat or ErrTooLong and
// name the line, or are the reader's own. A body that ends early is kept, with
// BodyCut.
func ReadResponse(r *bufio.Reader, method string, l Limits) (*Response, error) {
	l = l.withDefaults()
	for range 8 {
		resp, err := readHead(r, l)
		if err != nil {
			return nil, err
		}
		if resp.Status/100 == 1 && resp.Status != 101 && strings.HasPrefix(resp.Proto, "HTTP/") {
			continue
		}
		return resp, readBody(r, resp, method, l)
	}
	return nil, fmt.Errorf("more than 8 interim responses: %w", ErrFormat)
}

// HungUp reports whether err says that the other side had closed a connection
// before any of the answer came, as servers do with an idle one.
func HungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed)
}

// lines reads lines within a budget of bytes.
type lines struct {
	r    *bufio.Reader
	left int
	n    int // number of the line, from 1
}

// next returns a line without its end. A bare LF ends a line as well (RFC 9112
// section 2.2).
func (s *lines) next() (string, error) {
	s.n++
	var b []byte
	for {
		part, err := s.r.ReadSlice('\n')
		if len(part) > s.left {
			return "", fmt.Errorf("line %d: %w", s.n, ErrTooLong)
		}
		s.left -= len(part)
		b = append(b, part...)
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil {
			if err == io.EOF && (s.n > 1 || len(b) > 0) {
				err = io.ErrUnexpectedEOF
			}
			return "", fmt.Errorf("line %d: %w", s.n, err)
		}
		return strings.TrimRight(string(b), "\r\n"), nil
	}
}

func readHead(r *bufio.Reader, l Limits) (*Response, error) {
	s := &lines{r: r, left: l.HeaderBytes}
	line, err := s.next()
	if err != nil {
		return nil, err
	}
	resp := &Response{}
	proto, rest, _ := strings.Cut(line, " ")
	code, reason, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	status, err := strconv.Atoi(code)
	if !(strings.HasPrefix(proto, "HTTP/1.") || strings.HasPrefix(proto, "RTSP/")) ||
		len(proto) > 12 || err != nil || len(code) != 3 || status < 100 {
		return nil, fmt.Errorf("line 1: %.60q is no status line: %w", line, ErrFormat)
	}
	resp.Proto, resp.Status, resp.Reason = proto, status, reason
	for {
		line, err := s.next()
		if err != nil {
			return nil, err
		}
		if line == "" {
			break
		}
		if line[0] == ' ' || line[0] == '\t' { // obsolete folding
			if n := len(resp.Header); n > 0 {
				resp.Header[n-1].Value += " " + strings.TrimSpace(line)
			}
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" {
			return nil, fmt.Errorf("line %d: %.60q is no field: %w", s.n, line, ErrFormat)
		}
		if len(resp.Header) == l.Fields {
			return nil, fmt.Errorf("line %d: more than %d fields: %w", s.n, l.Fields, ErrTooLong)
		}
		resp.Header = append(resp.Header, Field{strings.TrimSpace(name), strings.TrimSpace(value)})
	}
	resp.Close = resp.Header.Has("Connection", "close") || proto == "HTTP/1.0" && !resp.Header.Has("Connection", "keep-alive")
	return resp, nil
}

// readBody reads the body as RFC 9112 section 6.3 delimits it.
func readBody(r *bufio.Reader, resp *Response, method string, l Limits) error {
	rtsp := strings.HasPrefix(resp.Proto, "RTSP/")
	lengths := resp.Header.Values("Content-Length")
	switch {
	case method == "HEAD" || resp.Status == 204 || resp.Status == 304 || resp.Status == 101:
		return nil
	case resp.Header.Has("Transfer-Encoding", "chunked") && !rtsp:
		return readChunks(r, resp, l)
	case len(lengths) > 0:
		n, err := strconv.ParseInt(lengths[0], 10, 64)
		if err != nil || n < 0 {
			return fmt.Errorf("field Content-Length: %.40q: %w", lengths[0], ErrFormat)
		}
		for _, other := range lengths[1:] {
			if other != lengths[0] {
				return fmt.Errorf("field Content-Length: %.40q and %.40q: %w", lengths[0], other, ErrFormat)
			}
		}
		take(r, resp, n, l)
		return nil
	case rtsp:
		return nil // RFC 2326 section 4.4: no length, no body
	}
	resp.Close = true
	body, err := io.ReadAll(io.LimitReader(r, int64(l.BodyBytes)+1))
	resp.Body = body
	if len(body) > l.BodyBytes {
		resp.Body, resp.BodyCut = body[:l.BodyBytes], true
	}
	if err != nil {
		resp.BodyCut = true
	}
	return nil
}

// take reads n bytes of body, or as many as the limit allows. Memory grows
// with what arrives, not with what was announced.
func take(r *bufio.Reader, resp *Response, n int64, l Limits) {
	const step = 32 << 10
	for n > 0 {
		at := len(resp.Body)
		k := int(min(n, step, int64(l.BodyBytes-at)))
		if k == 0 {
			resp.BodyCut, resp.Close = true, true
			return
		}
		resp.Body = slices.Grow(resp.Body, k)[:at+k]
		got, err := io.ReadFull(r, resp.Body[at:])
		resp.Body = resp.Body[:at+got]
		if err != nil {
			resp.BodyCut, resp.Close = true, true
			return
		}
		n -= int64(k)
	}
}

// maxChunks bounds the chunks of one body: a hostile peer sends one byte in
// each.
const maxChunks = 1 << 14

func readChunks(r *bufio.Reader, resp *Response, l Limits) error {
	// Chunk sizes and trailers have a budget of their own.
	s := &lines{r: r, left: l.HeaderBytes + 16*maxChunks}
	for count := 0; ; count++ {
		line, err := s.next()
		if err != nil || count == maxChunks {
			resp.BodyCut, resp.Close = true, true
			return nil //nolint:nilerr // what came before is kept
		}
		size, _, _ := strings.Cut(line, ";")
		n, err := strconv.ParseUint(strings.TrimSpace(size), 16, 31)
		if err != nil {
			resp.BodyCut, resp.Close = true, true
			return fmt.Errorf("chunk size %.40q: %w", size, ErrFormat)
		}
		if n == 0 {
			break
		}
		if take(r, resp, int64(n), l); resp.BodyCut {
			return nil
		}
		if _, err := s.next(); err != nil {
			resp.BodyCut, resp.Close = true, true
			return nil //nolint:nilerr // what came before is kept
		}
	}
	for range l.Fields {
		line, err := s.next()
		if err != nil || line == "" {
			resp.Close = resp.Close || err != nil
			return nil
		}
	}
	resp.Close = true
	return nil
}
