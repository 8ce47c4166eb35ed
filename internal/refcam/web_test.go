package refcam

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func mustURL(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestRoles: each role can call what the model gives it, and nothing else.
func TestRoles(t *testing.T) {
	t.Parallel()
	b := onLoopback(t, Options{})
	for _, role := range []string{"admin", "viewer", ""} {
		w := b.browser(0, "web")
		if role != "" {
			w = b.as(0, role)
		}
		for _, f := range b.functions() {
			if !f.safe {
				continue
			}
			path := f.path
			if f.test != "" {
				path = f.test
			}
			want := map[bool]int{true: 200, false: 403}[strings.Contains(strings.Join(rights[role], " "), f.right)]
			if role == "" {
				want = 401
			} else if want == 200 && f.method == "DELETE" {
				want = 204
			}
			if a := w.do(f.method, path, f.body); a.status != want {
				t.Errorf("%s %s as %q: %d %s, want %d", f.method, path, role, a.status, a.body, want)
			}
		}
	}
}

func TestDevice(t *testing.T) {
	t.Parallel()
	b := onLoopback(t, Options{Serial: "LC2-000099"})
	for unit, want := range []string{"LC2-000099", "LC2-000100"} {
		var got map[string]string
		if err := json.Unmarshal([]byte(b.as(unit, "viewer").do("GET", "/api/device", "").body), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{"model": Model, "serial": want, "firmware": Release, "mac": b.Units()[unit].MAC}, got); diff != "" {
			t.Error(diff)
		}
		cert := leaf(b, unit)
		if cert.Subject.CommonName != want || cert.Subject.SerialNumber != want {
			t.Errorf("certificate of %v", cert.Subject)
		}
		if k, ok := cert.PublicKey.(*ecdsa.PublicKey); !ok || k.Curve.Params().BitSize != 256 {
			t.Errorf("certificate key %T", cert.PublicKey)
		}
		if now := time.Now(); now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
			t.Errorf("certificate from %v to %v", cert.NotBefore, cert.NotAfter)
		}
		root, _, err := b.root()
		if err != nil {
			t.Fatal(err)
		}
		if err := cert.CheckSignatureFrom(root); err != nil {
			t.Error(err)
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	b := onLoopback(t, Options{})
	a := b.browser(0, "web").do("GET", "/", "")
	if a.status != 200 || !strings.Contains(a.header.Get("Content-Security-Policy"), "default-src 'none'") || a.header.Get("Strict-Transport-Security") == "" {
		t.Errorf("login page: %d %v", a.status, a.header)
	}
	a = b.browser(0, "web").login("admin", b.password(0, "admin"))
	cookie := a.header.Get("Set-Cookie")
	for _, part := range []string{"HttpOnly", "Secure", "SameSite=Strict"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("cookie %q lacks %s", cookie, part)
		}
	}
}

// TestBadInput: every malformed request is refused and changes nothing.
func TestBadInput(t *testing.T) {
	t.Parallel()
	b := onLoopback(t, Options{})
	w := b.as(0, "admin")
	before := w.do("GET", "/api/settings", "").body + w.do("GET", "/api/users", "").body
	for _, x := range []struct {
		name, method, path, body string
		want                     int
	}{
		{"not-json", "PUT", "/api/settings", "name=x", 400},
		{"unknown-field", "PUT", "/api/settings", `{"name":"a","timezone":"UTC","extra":1}`, 400},
		{"wrong-type", "PUT", "/api/settings", `{"name":7,"timezone":"UTC"}`, 400},
		{"two-values", "PUT", "/api/settings", defaultSettings + defaultSettings, 400},
		{"too-long", "PUT", "/api/settings", `{"name":"` + strings.Repeat("a", maxJSON) + `"}`, 413},
		{"markup", "PUT", "/api/settings", `{"name":"<script>","timezone":"UTC"}`, 400},
		{"control", "PUT", "/api/settings", `{"name":"a\u0000b","timezone":"UTC"}`, 400},
		{"shell-in-zone", "PUT", "/api/settings", `{"name":"a","timezone":"UTC;reboot"}`, 400},
		{"traversal", "DELETE", "/api/recordings/..%2f1", "", 400},
		{"number-overflow", "DELETE", "/api/recordings/99999999999999999999", "", 400},
		{"negative", "DELETE", "/api/recordings/-1", "", 400},
		{"weak-password", "POST", "/api/users", `{"name":"eve","role":"viewer","password":"short"}`, 400},
		{"unknown-role", "POST", "/api/users", `{"name":"eve","role":"root","password":"long enough 1"}`, 400},
		{"existing-user", "POST", "/api/users", `{"name":"admin","role":"viewer","password":"long enough 1"}`, 409},
		{"name-with-colon", "POST", "/api/users", `{"name":"a:b","role":"viewer","password":"long enough 1"}`, 400},
		{"no-update", "POST", "/api/update/upload", "LUMIFW1\n", 400},
		{"method", "PATCH", "/api/settings", `{}`, 405},
		{"no-such-path", "GET", "/api/../../etc/passwd", "", 307},
	} {
		if a := w.do(x.method, x.path, x.body); a.status != x.want {
			t.Errorf("%s: %d %s, want %d", x.name, a.status, a.body, x.want)
		}
	}
	r, err := http.NewRequest("PUT", w.base+"/api/settings", strings.NewReader(defaultSettings))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/plain")
	if a := w.send(r); a.status != 415 {
		t.Errorf("settings as text/plain: %d", a.status)
	}
	r, err = http.NewRequest("PUT", w.base+"/api/settings", strings.NewReader(defaultSettings))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if a := w.send(r); a.status != 403 {
		t.Errorf("settings from another site: %d", a.status)
	}
	if after := w.do("GET", "/api/settings", "").body + w.do("GET", "/api/users", "").body; after != before {
		t.Errorf("changed:\n%s\n%s", before, after)
	}
}

func TestPasswordChange(t *testing.T) {
	t.Parallel()
	b := onLoopback(t, Options{Factory: true})
	label := b.password(0, "admin")
	if label == b.password(1, "admin") {
		t.Error("both labels show the same password")
	}
	w := b.as(0, "admin")
	if a := w.do("GET", "/api/settings", ""); a.status != 403 || !strings.Contains(a.body, "change the password") {
		t.Errorf("before the change: %d %s", a.status, a.body)
	}
	if a := w.do("POST", "/api/password", `{"old":"`+label+`","new":"`+label+`"}`); a.status != 400 {
		t.Errorf("the same again: %d", a.status)
	}
	if a := w.do("POST", "/api/password", `{"old":"`+label+`","new":"a better word"}`); a.status != 204 {
		t.Fatalf("change: %d %s", a.status, a.body)
	}
	if a := w.do("GET", "/api/settings", ""); a.status != 200 {
		t.Errorf("after the change: %d %s", a.status, a.body)
	}
	if a := b.browser(0, "web").login("admin", label); a.status != 401 {
		t.Errorf("the label's password after the change: %d", a.status)
	}
	if a := b.browser(0, "web").login("admin", "a better word"); a.status != 200 {
		t.Errorf("the new password: %d", a.status)
	}
}

func TestUpload(t *testing.T) {
	t.Parallel()
	b := onLoopback(t, Options{})
	img, err := b.Image()
	if err != nil {
		t.Fatal(err)
	}
	payload := img[headerSize:]
	flipped := bytes.Clone(img)
	flipped[len(flipped)-1] ^= 1
	unsigned := bytes.Clone(img)
	clear(unsigned[signedHead:headerSize])
	renamed := bytes.Clone(img)
	copy(renamed[48:], "9.9.9") // a newer version, not signed as such
	w := b.as(0, "admin")
	for _, x := range []struct {
		name string
		body []byte
		want int
	}{
		{"same", img, 202},
		{"newer", b.packAs(Model, "2.10.0", payload), 202},
		{"older", b.packAs(Model, "2.4.0", payload), 409},
		{"other-model", b.packAs("LC-300", "9.0.0", payload), 400},
		{"flipped", flipped, 400},
		{"unsigned", unsigned, 400},
		{"renamed", renamed, 400},
		{"cut", img[:len(img)/2], 400},
		{"header-only", img[:headerSize], 400},
		{"odd-version", b.packAs(Model, "2.4", payload), 400},
		{"too-large", make([]byte, maxUpdate+headerSize+1), 413},
	} {
		if a := w.do("POST", "/api/update/upload", string(x.body)); a.status != x.want {
			t.Errorf("%s: %d %s, want %d", x.name, a.status, a.body, x.want)
		}
	}
}

// TestTLS: what the hardened camera accepts, on both services.
func TestTLS(t *testing.T) {
	t.Parallel()
	b := onLoopback(t, Options{})
	chacha := append([]uint16{tls.TLS_CHACHA20_POLY1305_SHA256}, chachaSuites...)
	for _, service := range []string{"web", "rtsp"} {
		for _, x := range []struct {
			name   string
			config *tls.Config
			want   uint16 // version; 0: refused
		}{
			{"tls13", &tls.Config{MinVersion: tls.VersionTLS13}, tls.VersionTLS13},
			{"tls12", &tls.Config{MaxVersion: tls.VersionTLS12}, tls.VersionTLS12},
			{"tls11", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, 0},
			{"static-rsa", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: staticSuites}, 0},
			{"cbc", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: legacySuites}, 0},
			{"chacha12", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: chacha[1:]}, 0},
			{"p256", &tls.Config{CurvePreferences: []tls.CurveID{tls.CurveP256}}, tls.VersionTLS13},
			{"x25519-alone", &tls.Config{CurvePreferences: []tls.CurveID{tls.X25519}}, 0},
		} {
			c, err := b.open(0, service, x.config)
			var got uint16
			if err == nil {
				s := c.(*tls.Conn).ConnectionState()
				if got = s.Version; !strings.Contains(tls.CipherSuiteName(s.CipherSuite), "_GCM_") {
					t.Errorf("%s %s: %s", service, x.name, tls.CipherSuiteName(s.CipherSuite))
				}
				c.Close()
			}
			if got != x.want {
				t.Errorf("%s %s: version %#x (%v), want %#x", service, x.name, got, err, x.want)
			}
		}
	}
}

// TestChaChaFirst: crypto/tls as a client can't be told to name ChaCha20
// first, so the choice is tested by itself.
func TestChaChaFirst(t *testing.T) {
	t.Parallel()
	c, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	config := c.tlsConfig(c.units[0].cert)
	for _, x := range []struct {
		name   string
		suites []uint16
		want   uint16 // highest version that is left; 0: as configured
	}{
		{"aes-only", []uint16{tls.TLS_AES_256_GCM_SHA384}, 0},
		{"chacha-first", []uint16{0x0a0a, tls.TLS_CHACHA20_POLY1305_SHA256, tls.TLS_AES_128_GCM_SHA256}, tls.VersionTLS12},
		{"chacha-only", []uint16{tls.TLS_CHACHA20_POLY1305_SHA256}, tls.VersionTLS12},
		{"cbc-first", []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, tls.TLS_AES_128_GCM_SHA256, tls.TLS_CHACHA20_POLY1305_SHA256}, tls.VersionTLS12},
	} {
		got, err := config.GetConfigForClient(&tls.ClientHelloInfo{CipherSuites: x.suites, SupportedVersions: []uint16{tls.VersionTLS13, tls.VersionTLS12}})
		if err != nil {
			t.Fatal(err)
		}
		var max uint16
		if got != nil {
			max = got.MaxVersion
		}
		if max != x.want {
			t.Errorf("%s: highest version %#x, want %#x", x.name, max, x.want)
		}
	}
}

// TestLock: five wrong passwords lock an account for ten minutes, on every
// connection and protocol, for the right password too; and tell the owner.
func TestLock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := inMemory(t, Options{})
		right := b.password(0, "admin")
		w := b.browser(0, "web")
		for i := range maxFailures {
			if a := w.login("admin", "wrong"); a.status != 401 {
				t.Fatalf("failure %d: %d", i+1, a.status)
			}
		}
		locked := time.Now()
		a := w.login("admin", right)
		if a.status != 429 || a.header.Get("Retry-After") != "600" {
			t.Errorf("right password while locked: %d, Retry-After %q", a.status, a.header.Get("Retry-After"))
		}
		w.fresh()
		if a := w.login("admin", right); a.status != 429 {
			t.Errorf("on a new connection: %d", a.status)
		}
		if out := describeAs(t, b, "admin", right, "SHA-256"); !strings.Contains(out, " 503 ") {
			t.Errorf("over RTSP: %q", out)
		}
		if a := b.browser(0, "web").login("viewer", b.password(0, "viewer")); a.status != 200 {
			t.Errorf("another account: %d", a.status)
		}
		if a := b.browser(1, "web").login("admin", b.password(1, "admin")); a.status != 200 {
			t.Errorf("another unit: %d", a.status)
		}
		time.Sleep(time.Until(locked.Add(10*time.Minute - time.Second)))
		if a := w.login("admin", right); a.status != 429 {
			t.Errorf("a second before the end: %d", a.status)
		}
		time.Sleep(2 * time.Second)
		if a := w.login("admin", right); a.status != 200 {
			t.Errorf("after the lock: %d", a.status)
		}
		alerts := w.do("GET", "/api/alerts", "").body
		if !strings.Contains(alerts, `"kind":"account-locked"`) || !strings.Contains(alerts, `"device":"`+b.units[0].Serial+`"`) {
			t.Errorf("alerts: %s", alerts)
		}
		b.stop()
	})
}

// TestSourceRate: names are tried in turn, so that none is locked; the source
// is slowed down.
func TestSourceRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := inMemory(t, Options{})
		w := b.browser(0, "web")
		for i := range sourceBurst {
			if a := w.login("user"+string(rune('a'+i)), "wrong"); a.status != 401 {
				t.Fatalf("failure %d: %d", i+1, a.status)
			}
		}
		if a := w.login("admin", b.password(0, "admin")); a.status != 429 {
			t.Errorf("one more: %d", a.status)
		}
		time.Sleep(sourceRefill)
		for range 3 { // what is right costs nothing
			if a := w.login("admin", b.password(0, "admin")); a.status != 200 {
				t.Errorf("after a while: %d", a.status)
			}
		}
		b.stop()
	})
}

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := inMemory(t, Options{})
		w := b.as(0, "viewer")
		for range 4 {
			time.Sleep(sessionIdle - time.Minute)
			if a := w.do("GET", "/api/device", ""); a.status != 200 {
				t.Fatalf("in use: %d", a.status)
			}
		}
		time.Sleep(sessionIdle + time.Second)
		if a := w.do("GET", "/api/device", ""); a.status != 401 {
			t.Errorf("after %v: %d", sessionIdle, a.status)
		}
		w = b.as(0, "viewer")
		for range int(sessionLong/(10*time.Minute)) + 1 {
			time.Sleep(10 * time.Minute)
			w.do("GET", "/api/device", "")
		}
		if a := w.do("GET", "/api/device", ""); a.status != 401 {
			t.Errorf("after %v in use: %d", sessionLong, a.status)
		}
		b.stop()
	})
}

// TestUpdateCheck: the state is renewed every day without a user.
func TestUpdateCheck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := inMemory(t, Options{})
		checked := func() time.Time {
			var s updateState
			if err := json.Unmarshal([]byte(b.as(0, "viewer").do("GET", "/api/update/status", "").body), &s); err != nil || s.Checked == nil || s.Next == nil {
				t.Fatalf("state %+v: %v", s, err)
			}
			if got := s.Next.Sub(*s.Checked); got != checkEvery {
				t.Errorf("the next look is %v after the last", got)
			}
			return *s.Checked
		}
		first := checked()
		time.Sleep(checkEvery - time.Hour)
		if got := checked(); !got.Equal(first) {
			t.Errorf("looked at %v, an hour too early", got)
		}
		time.Sleep(2 * time.Hour)
		if got := checked(); got.Sub(first) != checkEvery {
			t.Errorf("looked %v after the first time", got.Sub(first))
		}
		b.stop()
	})
}
