package rtsp

import (
	"bufio"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"assay/internal/collect/device/peertest"

	"github.com/google/go-cmp/cmp"
)

// server is a small RTSP server: auth is "", "basic", "digest-md5" or
// "digest-sha-256".
type server struct {
	auth      string
	lockAfter int
	lockFor   time.Duration
	silent    bool // refuses with 401 while locked
	hangsUp   bool // after each answer
	delay     time.Duration

	mu     sync.Mutex
	fails  int
	locked time.Time
}

var good = Credential{User: "cam", Password: "S3cret-word"}

var param = regexp.MustCompile(`(\w+)="?([^",]*)"?`)

func (s *server) right(method, auth string) bool {
	scheme, rest, _ := strings.Cut(auth, " ")
	if scheme == "Basic" {
		return s.auth == "basic" && rest == base64.StdEncoding.EncodeToString([]byte("cam:S3cret-word"))
	}
	f := map[string]string{}
	for _, m := range param.FindAllStringSubmatch(rest, -1) {
		f[m[1]] = m[2]
	}
	h := func(t string) string {
		if s.auth == "digest-md5" {
			x := md5.Sum([]byte(t))
			return hex.EncodeToString(x[:])
		}
		x := sha256.Sum256([]byte(t))
		return hex.EncodeToString(x[:])
	}
	a1, a2 := h("cam:r:S3cret-word"), h(method+":"+f["uri"])
	if s.auth == "digest-md5" { // as RFC 2326 has it, without qop
		return f["response"] == h(a1+":n1:"+a2)
	}
	return f["response"] == h(a1+":n1:"+f["nc"]+":"+f["cnonce"]+":auth:"+a2)
}

func (s *server) serve(c net.Conn) {
	r := bufio.NewReader(c)
	for {
		method, auth, cseq, n := "", "", "", 0
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			line = strings.TrimRight(line, "\r\n")
			if line == "" {
				break
			}
			if n++; n == 1 {
				method, _, _ = strings.Cut(line, " ")
			}
			name, value, _ := strings.Cut(line, ": ")
			switch name {
			case "Authorization":
				auth = value
			case "CSeq":
				cseq = value
			}
		}
		if _, err := fmt.Fprint(c, strings.Replace(s.reply(method, auth), "\r\n", "\r\nCSeq: "+cseq+"\r\nServer: lumi-rtsp/1\r\n", 1)); err != nil || s.hangsUp {
			return
		}
	}
}

func (s *server) reply(method, auth string) string {
	const sdp = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\n"
	ok := fmt.Sprintf("RTSP/1.0 200 OK\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s", len(sdp), sdp)
	challenge := map[string]string{
		"basic":          `WWW-Authenticate: Basic realm="r"`,
		"digest-md5":     `WWW-Authenticate: Digest realm="r", nonce="n1"`,
		"digest-sha-256": "WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", qop=\"auth\", algorithm=SHA-256\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n0\", algorithm=MD5",
	}[s.auth]
	denied := "RTSP/1.0 401 Unauthorized\r\n" + challenge + "\r\n\r\n"
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case method == "OPTIONS":
		return "RTSP/1.0 200 OK\r\nPublic: OPTIONS, DESCRIBE, SETUP\r\n\r\n"
	case s.auth == "":
		return ok
	case auth == "":
		return denied
	case time.Now().Before(s.locked) && s.silent:
		return denied
	case time.Now().Before(s.locked):
		return fmt.Sprintf("RTSP/1.0 403 Forbidden\r\nRetry-After: %d\r\n\r\n", int(time.Until(s.locked).Seconds())+1)
	case s.right(method, auth):
		s.fails = 0
		return ok
	}
	if s.fails++; s.lockAfter > 0 && s.fails >= s.lockAfter {
		s.locked, s.fails = time.Now().Add(s.lockFor), 0
	}
	time.Sleep(s.delay)
	return denied
}

func TestProbe(t *testing.T) {
	t.Parallel()
	for _, hangsUp := range []bool{false, true} {
		for name, tt := range map[string]struct {
			anonymous Outcome
			scheme    string
			schemes   []string
		}{
			"":               {Allowed, "", nil},
			"basic":          {Denied, "basic", []string{"basic"}},
			"digest-md5":     {Denied, "digest-md5", []string{"digest-md5"}},
			"digest-sha-256": {Denied, "digest-sha-256", []string{"digest-sha-256", "digest-md5"}},
		} {
			t.Run(fmt.Sprintf("auth_%s_%v", name, hangsUp), func(t *testing.T) {
				t.Parallel()
				s := &server{auth: name, hangsUp: hangsUp}
				p := New(Dial(peertest.Pipe(t, s.serve)), Config{Path: "/live"})
				r := p.Probe(t.Context(), &good)
				if r.Anonymous.Outcome != tt.anonymous || r.Before.Scheme != tt.scheme || !r.Control || !r.Before.SDP {
					t.Errorf("%+v", r)
				}
				if diff := cmp.Diff(tt.schemes, r.Schemes); diff != "" {
					t.Errorf("schemes (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff([]string{"OPTIONS", "DESCRIBE", "SETUP"}, r.Options.Methods); diff != "" || r.Options.Server != "lumi-rtsp/1" {
					t.Errorf("options %+v\n%s", r.Options, diff)
				}
				list := p.Transcript()
				if len(list) == 0 {
					t.Error("no transcript")
				}
				for _, e := range list {
					for _, secret := range []string{"S3cret", "Wrong-", "response=", "Y2FtO"} {
						if strings.Contains(e.Request+e.Response, secret) {
							t.Errorf("%q stands in the transcript: %s", secret, e.Request)
						}
					}
				}
			})
		}
	}
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		s       *server
		begins  int
		sign    string
		refused bool
		ended   bool
		err     bool
	}{
		"lock":     {s: &server{auth: "basic", lockAfter: 5, lockFor: 10 * time.Minute}, begins: 6, sign: "lock", refused: true, ended: true},
		"hidden":   {s: &server{auth: "digest-sha-256", lockAfter: 12, lockFor: 5 * time.Minute, silent: true}, sign: "refuses-all-alike", refused: true, ended: true},
		"none":     {s: &server{auth: "digest-md5"}, ended: true},
		"delay":    {s: &server{auth: "basic", delay: 3 * time.Second}, begins: 1, sign: "delay", ended: true},
		"too_long": {s: &server{auth: "basic", lockAfter: 5, lockFor: time.Hour}, begins: 6, sign: "lock", refused: true, err: true},
		"open":     {s: &server{}, err: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := New(Dial(peertest.Pipe(t, tt.s.serve)), Config{})
				r := p.Throttle(t.Context(), ThrottleConfig{Credential: good})
				if r.Begins != tt.begins || r.Sign != tt.sign || r.RightRefused != tt.refused || r.Ended != tt.ended || (r.Err != nil) != tt.err {
					t.Errorf("%+v", r)
				}
				if name == "lock" && (r.Waited < 10*time.Minute || r.Waited > 11*time.Minute || r.Announced < 9*time.Minute) {
					t.Errorf("waited %v, announced %v", r.Waited, r.Announced)
				}
			})
		})
	}
}

func TestBadPeers(t *testing.T) {
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("tls_%v", secure), func(t *testing.T) {
			peertest.Run(t, func(ctx context.Context, t *testing.T, dial peertest.Dial) {
				p := New(Dial(dial), Config{TLS: secure})
				if r := p.Probe(ctx, &good); r.Control || r.Anonymous.Outcome == Denied {
					t.Errorf("%+v", r)
				}
				if r := p.Throttle(ctx, ThrottleConfig{Credential: good}); r.Whole || r.RightRefused {
					t.Errorf("%+v", r)
				}
			})
		})
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add("RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS\r\n\r\n")
	f.Add("RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", stale=true\r\n\r\n")
	f.Add("RTSP/1.0 403 Locked\r\nRetry-After: 99999999999\r\nContent-Length: 3\r\n\r\nabc")
	f.Fuzz(func(t *testing.T, text string) {
		dial := peertest.Pipe(t, func(c net.Conn) {
			for range 3 {
				if _, err := c.Read(make([]byte, 4096)); err != nil {
					return
				}
				if _, err := c.Write([]byte(text)); err != nil {
					return
				}
			}
		})
		a := New(Dial(dial), Config{Timeout: 100 * time.Millisecond}).Ask(t.Context(), "DESCRIBE", &good)
		if a.Outcome == "" || a.RetryAfter < 0 || len(a.Challenges) > 16 {
			t.Errorf("%+v", a)
		}
	})
}
