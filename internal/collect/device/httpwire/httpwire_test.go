package httpwire

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadResponse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text, method string
		want         *Response
		err          error
	}{
		"length": {text: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhixx",
			want: &Response{Proto: "HTTP/1.1", Status: 200, Reason: "OK", Header: Header{{"Content-Length", "2"}}, Body: []byte("hi")}},
		"bare_lf_and_no_reason": {text: "HTTP/1.0 401\nWWW-Authenticate: Basic realm=\"x\"\n\nno",
			want: &Response{Proto: "HTTP/1.0", Status: 401, Header: Header{{"WWW-Authenticate", `Basic realm="x"`}}, Body: []byte("no"), Close: true}},
		"chunked": {text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: r\r\n\r\nrest",
			want: &Response{Proto: "HTTP/1.1", Status: 200, Reason: "OK", Header: Header{{"Transfer-Encoding", "chunked"}}, Body: []byte("abcde")}},
		"continue": {text: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
			want: &Response{Proto: "HTTP/1.1", Status: 204, Reason: "No Content"}},
		"head": {text: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", method: "HEAD",
			want: &Response{Proto: "HTTP/1.1", Status: 200, Reason: "OK", Header: Header{{"Content-Length", "9"}}}},
		"rtsp_without_length": {text: "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n",
			want: &Response{Proto: "RTSP/1.0", Status: 200, Reason: "OK", Header: Header{{"CSeq", "1"}}}},
		"folded": {text: "HTTP/1.1 204 x\r\nA: b\r\n  c\r\n\r\n",
			want: &Response{Proto: "HTTP/1.1", Status: 204, Reason: "x", Header: Header{{"A", "b c"}}}},
		"body_cut_by_limit": {text: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + strings.Repeat("x", 100),
			want: &Response{Proto: "HTTP/1.1", Status: 200, Reason: "OK", Header: Header{{"Content-Length", "100"}}, Body: []byte(strings.Repeat("x", 20)), BodyCut: true, Close: true}},
		"body_ends_early": {text: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
			want: &Response{Proto: "HTTP/1.1", Status: 200, Reason: "OK", Header: Header{{"Content-Length", "10"}}, Body: []byte("abc"), BodyCut: true, Close: true}},
		"empty":            {text: "", err: io.EOF},
		"ends_in_header":   {text: "HTTP/1.1 200 OK\r\nA: b", err: io.ErrUnexpectedEOF},
		"no_status":        {text: "hello\r\n\r\n", err: ErrFormat},
		"bad_status":       {text: "HTTP/1.1 2000 x\r\n\r\n", err: ErrFormat},
		"no_colon":         {text: "HTTP/1.1 200 OK\r\nabc\r\n\r\n", err: ErrFormat},
		"long_line":        {text: "HTTP/1.1 200 " + strings.Repeat("x", 5000) + "\r\n\r\n", err: ErrTooLong},
		"many_fields":      {text: "HTTP/1.1 200 OK\r\n" + strings.Repeat("a:b\r\n", 20) + "\r\n", err: ErrTooLong},
		"negative_length":  {text: "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", err: ErrFormat},
		"two_lengths":      {text: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", err: ErrFormat},
		"bad_chunk_size":   {text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", err: ErrFormat},
		"endless_continue": {text: strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 20), err: ErrFormat},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ReadResponse(bufio.NewReaderSize(strings.NewReader(tt.text), 64), tt.method, Limits{HeaderBytes: 1000, Fields: 10, BodyBytes: 20})
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
				t.Fatalf("ReadResponse: %v, want %v", err, tt.err)
			}
			if err != nil {
				return
			}
			if len(got.Body) == 0 {
				got.Body = nil
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("response (-want +got):\n%s", diff)
			}
		})
	}
}

func TestChallenges(t *testing.T) {
	t.Parallel()
	got := ParseChallenges(`Digest realm="a \"b\", c", qop="auth, auth-int", nonce="n", algorithm=SHA-256, stale=TRUE, Basic realm=x, Negotiate`)
	want := []Challenge{
		{Scheme: "digest", Realm: `a "b", c`, Nonce: "n", Algorithm: "SHA-256", QOP: []string{"auth", "auth-int"}, Stale: true},
		{Scheme: "basic", Realm: "x"},
		{Scheme: "negotiate"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("challenges (-want +got):\n%s", diff)
	}
	if best, ok := Strongest(got); !ok || best.Name() != "digest-sha-256" {
		t.Errorf("strongest %v", best)
	}
	if _, ok := Strongest(got[2:]); ok {
		t.Error("Negotiate can't be answered")
	}
}

// TestDigestVectors holds the answers against the examples of RFC 7616 section
// 3.9.1 and RFC 2617 section 3.5.
func TestDigestVectors(t *testing.T) {
	t.Parallel()
	mufasa := Credential{"Mufasa", "Circle of Life"}
	rfc7616 := Challenge{Scheme: "digest", Realm: "http-auth@example.org", Nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", QOP: []string{"auth", "auth-int"}, Opaque: "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"}
	tests := map[string]struct {
		c        Challenge
		alg      string
		cred     Credential
		cnonce   string
		response string
	}{
		"sha256": {rfc7616, "SHA-256", mufasa, "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
		"md5":    {rfc7616, "MD5", mufasa, "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "8ca523f5e9506fed4657c9700eebdbec"},
		"rfc2617": {Challenge{Scheme: "digest", Realm: "testrealm@host.com", Nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093", QOP: []string{"auth"}}, "",
			Credential{"Mufasa", "Circle Of Life"}, "0a4f113b", "6629fae49393a05397450978507c4ef1"},
		"rfc2069_without_qop": {Challenge{Scheme: "digest", Realm: "testrealm@host.com", Nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093"}, "",
			Credential{"Mufasa", "Circle Of Life"}, "", "670fd8c2df070c60b045671b8b24ff02"},
	}
	for name, tt := range tests {
		tt.c.Algorithm = tt.alg
		got, err := tt.c.digest(tt.cred, "GET", "/dir/index.html", 1, tt.cnonce)
		if err != nil || !strings.Contains(got, `response="`+tt.response+`"`) {
			t.Errorf("%s: %s, %v; want response %s", name, got, err, tt.response)
		}
	}
	for name, c := range map[string]Challenge{
		"unknown_algorithm": {Scheme: "digest", Algorithm: "SHA-512-256"},
		"auth_int_alone":    {Scheme: "digest", QOP: []string{"auth-int"}},
		"unknown_scheme":    {Scheme: "ntlm"},
	} {
		if got, err := c.Authorize(mufasa, "GET", "/", 1); err == nil {
			t.Errorf("%s: answered with %s", name, got)
		}
	}
	evil := Challenge{Scheme: "digest", Realm: "a\r\nX-Injected: 1", Nonce: "n\"", Algorithm: "MD5\r\nX: 1"}
	evil.Algorithm = "MD5"
	got, err := evil.Authorize(mufasa, "GET", "/", 1)
	if err != nil || strings.ContainsAny(got, "\r\n") {
		t.Errorf("a challenge adds lines: %q, %v", got, err)
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	var r Redactor
	r.Add(`p"ss <wörd>&`)
	r.Add("tok-123")
	for name, msg := range map[string]string{
		"header":      "GET / HTTP/1.1\r\nAuthorization: Basic czNjcmV0\r\nCookie: sid=s3cret; b=s3cret\r\nX-Auth-Token: s3cret\r\n\r\n",
		"bare_token":  "GET / HTTP/1.1\r\nAuthorization: s3cret-s3cret-s3cret\r\n\r\n",
		"set_cookie":  "HTTP/1.1 200 OK\r\nSet-Cookie: sid=s3cret; HttpOnly; Secure\r\n\r\n{}",
		"json":        "POST / HTTP/1.1\r\n\r\n{\"password\":\"p\\\"ss \\u003cwörd\\u003e\\u0026\"}",
		"form":        "POST / HTTP/1.1\r\n\r\nuser=a&pass=p%22ss+%3Cw%C3%B6rd%3E%26",
		"html":        "HTTP/1.1 200 OK\r\n\r\n<b>p&#34;ss &lt;wörd&gt;&amp;</b>",
		"token_body":  "HTTP/1.1 200 OK\r\n\r\n{\"token\":\"tok-123\"}",
		"token_query": "GET /x?t=tok-123 HTTP/1.1\r\n\r\n",
	} {
		got := r.Message(msg)
		for _, leak := range []string{"s3cret", "czNjcmV0", "wörd", "w%C3%B6rd", "tok-123"} {
			if strings.Contains(got, leak) {
				t.Errorf("%s: %q still stands in %q", name, leak, got)
			}
		}
		if !strings.Contains(got, Mask) {
			t.Errorf("%s: nothing masked in %q", name, got)
		}
	}
	if got := r.Message("HTTP/1.1 200 OK\r\nSet-Cookie: sid=s3cret; HttpOnly; Secure\r\n\r\n"); !strings.Contains(got, "sid=[redacted]; HttpOnly; Secure") {
		t.Errorf("a cookie's attributes are evidence: %q", got)
	}
}

func FuzzReadResponse(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
	f.Add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
	f.Add("RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nWWW-Authenticate: Digest realm=\"a\", nonce=\"b\"\r\n\r\n")
	f.Add("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 302 Found\nLocation: //x\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		l := Limits{HeaderBytes: 4096, Fields: 16, BodyBytes: 512}
		resp, err := ReadResponse(bufio.NewReader(strings.NewReader(text)), "GET", l)
		if resp == nil && err == nil {
			t.Fatal("neither a response nor an error")
		}
		if resp == nil {
			return
		}
		if len(resp.Body) > l.BodyBytes || len(resp.Header) > l.Fields || resp.Status < 100 || resp.Status > 999 {
			t.Errorf("response beyond its limits: %+v", resp)
		}
		for _, c := range resp.Challenges() {
			auth, err := c.Authorize(Credential{"u", "p"}, "GET", "/", 1)
			if err == nil && strings.ContainsAny(auth, "\r\n") {
				t.Errorf("challenge %+v gives a header of several lines: %q", c, auth)
			}
		}
	})
}

func FuzzParseChallenges(f *testing.F) {
	f.Add(`Digest realm="a", qop="auth", nonce="n", Basic realm=x`)
	f.Add(`Digest realm="never closed\`)
	f.Fuzz(func(t *testing.T, v string) {
		for _, c := range ParseChallenges(v) {
			if c.Scheme == "" {
				t.Errorf("challenge without a scheme from %q", v)
			}
		}
	})
}
