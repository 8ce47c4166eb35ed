package refcam

import (
	"encoding/base64"
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func nonce(t testing.TB, answer string) string {
	t.Helper()
	m := regexp.MustCompile(`nonce="([0-9a-f]+)"`).FindStringSubmatch(answer)
	if m == nil {
		t.Fatalf("no nonce in %q", answer)
	}
	return m[1]
}

// digest makes an Authorization header for DESCRIBE; without qop where nc is 0.
func digest(user, password, nonce, algorithm string, nc int) string {
	const uri = "rtsp://camera.test/live"
	ha1 := digestHex(algorithm, user+":"+realm+":"+password)
	ha2 := digestHex(algorithm, "DESCRIBE:"+uri)
	h := fmt.Sprintf(`Authorization: Digest username="%s", realm="%s", nonce="%s", uri="%s", algorithm=%s`, user, realm, nonce, uri, algorithm)
	if nc == 0 {
		return h + fmt.Sprintf(`, response="%s"`, digestHex(algorithm, ha1+":"+nonce+":"+ha2))
	}
	return h + fmt.Sprintf(`, qop=auth, nc=%08x, cnonce="c0", response="%s"`, nc,
		digestHex(algorithm, fmt.Sprintf("%s:%s:%08x:c0:auth:%s", ha1, nonce, nc, ha2)))
}

func describeWith(header string) string {
	return "DESCRIBE rtsp://camera.test/live RTSP/1.0\r\nCSeq: 3\r\n" + header + "\r\n\r\n"
}

// describeAs logs in with digest on a new connection and returns the answer.
func describeAs(t testing.TB, b *bench, user, password, algorithm string) string {
	t.Helper()
	c := b.mustOpen(0, "rtsp")
	defer c.Close()
	n := nonce(t, talk(t, c, describe, "\r\n\r\n"))
	return talk(t, c, describeWith(digest(user, password, n, algorithm, 1)), "\r\n\r\n")
}

func TestRTSP(t *testing.T) {
	t.Parallel()
	b := onLoopback(t, Options{})
	c := b.mustOpen(0, "rtsp")
	if out := talk(t, c, "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n", "\r\n\r\n"); !strings.HasPrefix(out, "RTSP/1.0 200 OK\r\nCSeq: 1\r\n") || !strings.Contains(out, "Public: OPTIONS, DESCRIBE") {
		t.Errorf("OPTIONS: %q", out)
	}
	out := talk(t, c, describe, "\r\n\r\n")
	if !strings.HasPrefix(out, "RTSP/1.0 401 ") || strings.Index(out, "algorithm=SHA-256") > strings.Index(out, "algorithm=MD5") {
		t.Errorf("DESCRIBE: %q", out)
	}
	for _, algorithm := range []string{"SHA-256", "MD5"} {
		for _, user := range []string{"admin", "viewer"} {
			out := describeAs(t, b, user, b.password(0, user), algorithm)
			if !strings.HasPrefix(out, "RTSP/1.0 200 ") || !strings.Contains(out, "application/sdp") {
				t.Errorf("%s with %s: %q", user, algorithm, out)
			}
		}
	}
	if out := describeAs(t, b, "admin", "wrong", "SHA-256"); !strings.HasPrefix(out, "RTSP/1.0 401 ") {
		t.Errorf("wrong password: %q", out)
	}
	if out := describeAs(t, b, "nobody", "wrong", "SHA-256"); !strings.HasPrefix(out, "RTSP/1.0 401 ") {
		t.Errorf("unknown user: %q", out)
	}
}

// TestDigestReplay: nothing that was sent is accepted a second time.
func TestDigestReplay(t *testing.T) {
	t.Parallel()
	b := onLoopback(t, Options{})
	password := b.password(0, "viewer")
	for _, nc := range []int{0, 1} { // 0: without qop
		c := b.mustOpen(0, "rtsp")
		n := nonce(t, talk(t, c, describe, "\r\n\r\n"))
		request := describeWith(digest("viewer", password, n, "SHA-256", nc))
		if out := talk(t, c, request, "track1\r\n"); !strings.Contains(out, " 200 ") {
			t.Fatalf("first, nc %d: %q", nc, out)
		}
		c2 := b.mustOpen(0, "rtsp")
		talk(t, c2, describe, "\r\n\r\n")
		if out := talk(t, c2, request, "\r\n\r\n"); !strings.Contains(out, " 401 ") || !strings.Contains(out, "stale=true") {
			t.Errorf("on another connection, nc %d: %q", nc, out)
		}
		if out := talk(t, c, request, "\r\n\r\n"); !strings.Contains(out, " 401 ") {
			t.Errorf("on the same connection, nc %d: %q", nc, out)
		}
	}
}

func TestNonceAges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := inMemory(t, Options{})
		c := b.mustOpen(0, "rtsp")
		n := nonce(t, talk(t, c, describe, "\r\n\r\n"))
		for range 3 {
			time.Sleep(nonceLife/3 + time.Second)
			c.SetDeadline(time.Time{})
			talk(t, c, "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n", "\r\n\r\n")
		}
		if out := talk(t, c, describeWith(digest("admin", b.password(0, "admin"), n, "MD5", 1)), "\r\n\r\n"); !strings.Contains(out, "stale=true") {
			t.Errorf("an old nonce: %q", out)
		}
		c.Close()
		b.stop()
	})
}

func TestBasicOnPlainRTSP(t *testing.T) {
	t.Parallel()
	b := onLoopback(t, Options{Weak: []string{PlainRTSP}})
	ask := func(password string) string {
		c := b.mustOpen(0, "rtsp-plain")
		return talk(t, c, describeWith("Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte("admin:"+password))), "\r\n\r\n")
	}
	if out := ask(b.password(0, "admin")); !strings.Contains(out, " 200 ") {
		t.Errorf("right: %q", out)
	}
	for range maxFailures {
		ask("wrong")
	}
	if out := ask(b.password(0, "admin")); !strings.Contains(out, " 503 ") {
		t.Errorf("right after %d failures: %q", maxFailures, out)
	}
}

// TestRTSPBadInput: malformed requests are answered or dropped, never served.
func TestRTSPBadInput(t *testing.T) {
	t.Parallel()
	b := onLoopback(t, Options{})
	for name, in := range map[string]string{
		"http":         "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"no-cseq":      "OPTIONS * RTSP/1.0\r\n\r\n",
		"cseq-letters": "OPTIONS * RTSP/1.0\r\nCSeq: x\r\n\r\n",
		"long-line":    "OPTIONS " + strings.Repeat("a", 3*maxLine) + " RTSP/1.0\r\n",
		"many-headers": "OPTIONS * RTSP/1.0\r\n" + strings.Repeat("A: b\r\n", 2*maxHeaders),
		"big-body":     "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 99999999\r\n\r\n",
		"no-colon":     "OPTIONS * RTSP/1.0\r\nCSeq\r\n\r\n",
	} {
		if out := talk(t, b.mustOpen(0, "rtsp"), in, "\r\n\r\n"); !strings.HasPrefix(out, "RTSP/1.0 400 ") {
			t.Errorf("%s: %q", name, out)
		}
	}
}

func FuzzRTSP(f *testing.F) {
	c, err := New(Options{})
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{
		describe, "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n", describeWith(`Authorization: Digest username="admin", nonce="`),
		describeWith(digest("admin", "x", "00", "MD5", 1)), "\r\n\r\n\r\nGET_PARAMETER rtsp://h RTSP/1.0\r\nCSeq: 2\r\nContent-Length: 3\r\n\r\nabc",
	} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, in string, basic bool) {
		out := feed(t, in, func(conn net.Conn) { c.units[0].dev.rtsp(conn, "fuzz", basic) })
		if strings.Contains(out, "application/sdp") {
			t.Errorf("the stream was described to %q", in)
		}
	})
}

func FuzzTelnet(f *testing.F) {
	c, err := New(Options{Weak: []string{TelnetOpen}})
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"admin\r\nadmin\r\n", "\xff\xfb\x01root\r\n\xff\r\n", "\n\n\n\n\n\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		out := feed(t, in, func(conn net.Conn) { c.units[0].dev.telnet(conn, "fuzz") })
		if strings.Contains(out, "# ") {
			t.Errorf("a shell for %q", in)
		}
	})
}

// feed sends in to a handler and returns all that it answers.
func feed(t *testing.T, in string, handle func(net.Conn)) string {
	near, far := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer far.Close()
		handle(far)
	}()
	go func() {
		near.SetWriteDeadline(time.Now().Add(5 * time.Second))
		near.Write([]byte(in)) // an error means that the handler had enough
		near.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	}()
	var out strings.Builder
	b := make([]byte, 4096)
	for {
		n, err := near.Read(b)
		out.Write(b[:n])
		if err != nil {
			break
		}
	}
	near.Close()
	<-done
	return out.String()
}
