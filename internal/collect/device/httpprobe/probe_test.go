package httpprobe

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"assay/internal/collect/device/httpwire"
	"assay/internal/collect/device/peertest"

	"github.com/google/go-cmp/cmp"
)

func cred(user, password string) Credential { return Credential{User: user, Password: password} }

// forms are the ways to sign in that every test of a login runs through.
var forms = map[string]func(*device){
	"json":          func(*device) {},
	"form":          func(d *device) { d.form = true },
	"basic":         func(d *device) { d.basic = true },
	"digest_md5":    func(d *device) { d.digest = "MD5" },
	"digest_sha256": func(d *device) { d.digest = "SHA-256" },
	"close_each":    func(d *device) { d.closeEach = true },
}

func TestLogin(t *testing.T) {
	t.Parallel()
	for name, set := range forms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDevice()
				set(d)
				p := New(d.start(t, nil), d.api(), Config{})
				for _, tt := range []struct {
					cred Credential
					want Outcome
				}{{admin, Accepted}, {cred("admin", "nope"), Refused}, {viewer, Accepted}, {cred("", ""), Refused}} {
					l := p.Login(t.Context(), tt.cred)
					if l.Outcome != tt.want || (l.Session != nil) != (tt.want == Accepted) {
						t.Errorf("login as %q: %s, status %d, %v; want %s", tt.cred.User, l.Outcome, l.Status, l.Err, tt.want)
					}
					if l.Session != nil {
						if got := l.Session.Do(t.Context(), Function{Path: "/api/status"}); got.Answer != Allowed {
							t.Errorf("session of %s: %+v", tt.cred.User, got)
						}
						l.Session.Close()
					}
				}
				checkTranscript(t, p)
			})
		})
	}
}

// checkTranscript fails when a secret of the device stands in the transcript.
func checkTranscript(t *testing.T, p *Prober) {
	t.Helper()
	list := p.Transcript()
	if len(list) == 0 {
		t.Error("the transcript is empty")
	}
	for _, e := range list {
		for _, secret := range []string{"Adm1n", "v1ewer-pass", "secretcookie", "secrettoken", "Wrong-", "djFld2Vy", "response=", "Basic YW"} {
			if strings.Contains(e.Request+e.Response+e.Err, secret) {
				t.Errorf("%q stands in the transcript:\n%s\n%s", secret, e.Request, e.Response)
			}
		}
		if len(e.Request) > maxTranscript || len(e.Response) > maxTranscript {
			t.Error("an exchange is longer than its bound")
		}
	}
}

func TestMustChange(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"json", "basic", "digest_sha256"} {
		synctest.Test(t, func(t *testing.T) {
			d := newDevice()
			d.mustChange = true
			forms[name](d)
			p := New(d.start(t, nil), d.api(), Config{})
			l := p.Login(t.Context(), admin)
			if l.Outcome != MustChange || l.Session == nil {
				t.Errorf("%s: %+v", name, l)
			}
			l.Session.Close()
		})
	}
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		set     func(*device)
		cfg     ThrottleConfig
		begins  int
		sign    Sign
		refused bool
		ended   bool
		waited  time.Duration // at least; at most a tenth more and 10 s
		resets  int
	}{
		"lock":           {set: func(d *device) { d.lockAfter = 5 }, begins: 6, sign: SignLock, refused: true, ended: true, waited: 10 * time.Minute, resets: 3},
		"not_told":       {set: func(d *device) { d.lockAfter, d.noRetryAfter = 5, true }, begins: 6, sign: SignLock, refused: true, ended: true, waited: 10 * time.Minute, resets: 3},
		"hidden":         {set: func(d *device) { d.lockAfter, d.hideLock = 5, true }, sign: SignHide, refused: true, ended: true, waited: 9 * time.Minute, resets: 3},
		"none":           {set: func(*device) {}, ended: true},
		"delay":          {set: func(d *device) { d.delay = 3 * time.Second }, begins: 1, sign: SignDelay, ended: true},
		"drops":          {set: func(d *device) { d.lockAfter, d.drop = 4, true }, begins: 5, sign: SignDrop, refused: true, ended: true, waited: 10 * time.Minute, resets: 3},
		"per_connection": {set: func(d *device) { d.lockAfter, d.perConnection = 5, true }, begins: 6, sign: SignLock, ended: true, resets: 2},
		"per_agent":      {set: func(d *device) { d.lockAfter, d.perAgent = 5, true }, begins: 6, sign: SignLock, ended: true, waited: 10 * time.Minute, resets: 3},
		"right_unlocks":  {set: func(d *device) { d.lockAfter, d.rightUnlocks = 5, true }, begins: 6, sign: SignLock, ended: true, resets: 1},
		"too_long": {set: func(d *device) { d.lockAfter, d.lockFor = 5, time.Hour }, cfg: ThrottleConfig{MaxWait: 5 * time.Minute},
			begins: 6, sign: SignLock, refused: true, resets: 3},
		"too_long_not_told": {set: func(d *device) { d.lockAfter, d.lockFor, d.noRetryAfter = 5, time.Hour, true }, cfg: ThrottleConfig{MaxWait: 5 * time.Minute},
			begins: 6, sign: SignLock, refused: true, resets: 3},
		"max": {set: func(d *device) { d.lockAfter = 12 }, cfg: ThrottleConfig{Max: 4}, ended: true},
	}
	for name, tt := range tests {
		for form, set := range forms {
			if tt.set == nil || form == "close_each" && name == "per_connection" {
				continue // every attempt would come from a new connection
			}
			t.Run(name+"_"+form, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					d := newDevice()
					set(d)
					tt.set(d)
					p := New(d.start(t, nil), d.api(), Config{})
					cfg := tt.cfg
					cfg.Credential = admin
					r := p.Throttle(t.Context(), cfg)
					if r.Begins != tt.begins || r.Sign != tt.sign || r.RightRefused != tt.refused || r.Ended != tt.ended || !r.Whole || len(r.Resets) != tt.resets || r.Accepted {
						t.Errorf("begins %d with %q, right refused %v, ended %v, whole %v, resets %+v, %v\nwant %+v", r.Begins, r.Sign, r.RightRefused, r.Ended, r.Whole, r.Resets, r.Err, tt)
					}
					if r.Before.Outcome != Accepted || tt.ended != (r.After.Outcome == Accepted) {
						t.Errorf("controls: %s before, %s after", r.Before.Outcome, r.After.Outcome)
					}
					if r.Waited < tt.waited-10*time.Second || r.Waited > tt.waited*14/10+20*time.Second {
						t.Errorf("waited %v, want about %v", r.Waited, tt.waited)
					}
					if name == "lock" && (r.Announced < 9*time.Minute || r.Announced > 11*time.Minute) {
						t.Errorf("announced %v", r.Announced)
					}
					checkTranscript(t, p)
				})
			})
		}
	}
}

func TestThrottleNeedsItsControl(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDevice()
		p := New(d.start(t, nil), d.api(), Config{})
		r := p.Throttle(t.Context(), ThrottleConfig{Credential: cred("admin", "old")})
		if r.Whole || r.Err == nil || len(r.Attempts) != 0 {
			t.Errorf("without a control login: %+v", r)
		}
	})
}

func TestThrottleCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDevice()
		d.lockAfter = 5
		p := New(d.start(t, nil), d.api(), Config{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		r := p.Throttle(ctx, ThrottleConfig{Credential: admin})
		if r.Whole || r.Err == nil || r.Begins != 6 || r.Ended {
			t.Errorf("cut during the lock: whole %v, %v, begins %d, ended %v", r.Whole, r.Err, r.Begins, r.Ended)
		}
	})
}

func TestAnonymousAccess(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		set  func(*device)
		want []Answer
	}{
		"closed":         {func(*device) {}, []Answer{Denied, Denied, Skipped}},
		"open":           {func(d *device) { d.open = true }, []Answer{Allowed, Allowed, Skipped}},
		"closed_form":    {func(d *device) { d.form = true }, []Answer{Denied, Denied, Skipped}},
		"closed_digest":  {func(d *device) { d.digest = "SHA-256" }, []Answer{Denied, Denied, Skipped}},
		"closed_basic":   {func(d *device) { d.basic = true }, []Answer{Denied, Denied, Skipped}},
		"connect_anew":   {func(d *device) { d.closeEach = true }, []Answer{Denied, Denied, Skipped}},
		"session_needed": {func(d *device) { d.flatRoles = true }, []Answer{Denied, Denied, Skipped}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDevice()
				tt.set(d)
				p := New(d.start(t, nil), d.api(), Config{})
				r := p.AnonymousAccess(t.Context(), admin)
				var got []Answer
				for _, row := range r.Rows {
					got = append(got, row.Anonymous.Answer)
					if row.Control != !row.Before.Function.Changes {
						t.Errorf("%s: control %v: %+v", row.Before.Function.Path, row.Control, row)
					}
				}
				if diff := cmp.Diff(tt.want, got); diff != "" || !r.Whole {
					t.Errorf("whole %v, %v (-want +got):\n%s", r.Whole, r.Err, diff)
				}
				if d.changed != 0 {
					t.Error("the unit was rebooted without leave")
				}
				checkTranscript(t, p)
			})
		})
	}
}

func TestIntrusive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDevice()
		p := New(d.start(t, nil), d.api(), Config{Intrusive: true})
		r := p.AnonymousAccess(t.Context(), admin)
		if d.changed != 2 || !r.Rows[2].Control || r.Rows[2].Anonymous.Answer != Denied {
			t.Errorf("%d reboots, %+v", d.changed, r.Rows[2])
		}
	})
}

func TestLogout(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		set  func(*device)
		want bool // still valid
	}{
		"ends":      {func(*device) {}, false},
		"keeps":     {func(d *device) { d.keepSession = true }, true},
		"ends_form": {func(d *device) { d.form = true }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDevice()
				tt.set(d)
				p := New(d.start(t, nil), d.api(), Config{})
				r := p.Logout(t.Context(), admin, Function{Path: "/api/status"})
				if r.StillValid != tt.want || !r.Control || r.Err != nil || r.Logout.Answer == NoReply {
					t.Errorf("%+v", r)
				}
			})
		})
	}
	p := New(nil, API{LoginPath: "/", Form: Basic}, Config{})
	if r := p.Logout(t.Context(), admin, Function{}); r.Err == nil {
		t.Error("an interface without logout gives no error")
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		set  func(*device)
		want Answer // of the viewer at the users' list
	}{
		"kept":        {func(*device) {}, Denied},
		"flat":        {func(d *device) { d.flatRoles = true }, Allowed},
		"kept_digest": {func(d *device) { d.digest = "SHA-256" }, Denied},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDevice()
				tt.set(d)
				p := New(d.start(t, nil), d.api(), Config{})
				r := p.Roles(t.Context(), []RoleCredential{{"viewer", viewer}, {"admin", admin}})
				if !r.Whole || len(r.Cells) != 6 {
					t.Fatalf("%+v", r)
				}
				for _, c := range r.Cells {
					want := Allowed
					if c.Role == "viewer" && c.Trial.Function.Path == "/api/users" {
						want = tt.want
						if c.Entitled || !c.Control {
							t.Errorf("the refused cell has no control: %+v", c)
						}
					}
					if c.Trial.Function.Changes {
						want = Skipped
					}
					if c.Trial.Answer != want {
						t.Errorf("%s at %s: %s, want %s", c.Role, c.Trial.Function.Path, c.Trial.Answer, want)
					}
				}
			})
		})
	}
}

func TestDefaultCredentials(t *testing.T) {
	t.Parallel()
	list := []Credential{cred("admin", "admin"), cred("root", "root"), viewer, cred("admin", "1234"), cred("admin", "12345")}
	for name, tt := range map[string]struct {
		lockAfter, limit int
		cut              string
		tried            int
	}{
		"whole":  {0, 10, "", 5},
		"limit":  {0, 3, "limit", 3},
		"locked": {2, 10, "locked", 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDevice()
				d.lockAfter = tt.lockAfter
				p := New(d.start(t, nil), d.api(), Config{})
				start := time.Now()
				r := p.DefaultCredentials(t.Context(), list, tt.limit, 2*time.Second)
				if r.Cut != tt.cut || len(r.Tried) != tt.tried || r.Left != len(list)-tt.tried {
					t.Fatalf("%+v", r)
				}
				if r.Tried[2].Login.Outcome != Accepted || r.Tried[0].Login.Outcome != Refused {
					t.Errorf("%+v", r.Tried)
				}
				if d := time.Since(start); d != time.Duration(tt.tried-1)*2*time.Second && tt.cut != "limit" {
					t.Errorf("took %v for %d pairs, one every 2 s", d, tt.tried)
				}
			})
		})
	}
}

var cert = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
})

func TestOldTLSAndIdentity(t *testing.T) {
	t.Parallel()
	d := newDevice()
	dial := d.start(t, &tls.Config{Certificates: []tls.Certificate{cert()}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10})
	p := New(dial, d.api(), Config{TLS: true, ServerName: "cam.local"})
	id, err := p.Identify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Identity{Status: 200, Server: "lumi/2.4", Title: "Lumi Cam & more"}, id); diff != "" {
		t.Errorf("identity (-want +got):\n%s", diff)
	}
	l := p.Login(t.Context(), admin)
	if l.Outcome != Accepted {
		t.Errorf("login over TLS 1.0: %+v", l)
	}
	l.Session.Close()
}

func TestNoRedirectIsFollowed(t *testing.T) {
	t.Parallel()
	dials := 0
	serve := peertest.Pipe(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 4096))
		_, _ = io.WriteString(c, "HTTP/1.1 301 Moved\r\nLocation: http://198.51.100.7/login\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	})
	p := New(func(ctx context.Context) (net.Conn, error) { dials++; return serve(ctx) }, API{}, Config{})
	s := p.anonymous()
	got := s.Do(t.Context(), Function{Path: "/x"})
	if got.Answer != Denied || got.Location != "http://198.51.100.7/login" || dials != 1 {
		t.Errorf("%+v after %d connections", got, dials)
	}
	for _, bad := range []string{"", "x", "/a b", "/a\r\nHost: other"} {
		if got := s.Do(t.Context(), Function{Path: bad}); got.Answer != NoReply || got.Err == nil {
			t.Errorf("path %q: %+v", bad, got)
		}
	}
}

func TestRedactorOfTheCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDevice()
		p := New(d.start(t, nil), d.api(), Config{Redact: func(s string) string { return strings.ReplaceAll(s, "Lumi", "****") }})
		p.Secret("lumi/2.4")
		if _, err := p.Identify(t.Context()); err != nil {
			t.Fatal(err)
		}
		if e := p.Transcript()[0]; strings.Contains(e.Response, "Lumi") || strings.Contains(e.Response, "lumi/2.4") || !strings.Contains(e.Response, "****") {
			t.Errorf("transcript %q", e.Response)
		}
	})
}

func TestBadPeers(t *testing.T) {
	api := newDevice().api()
	uses := map[string]func(ctx context.Context, t *testing.T, p *Prober){
		"login": func(ctx context.Context, t *testing.T, p *Prober) {
			if l := p.Login(ctx, admin); l.Outcome == Accepted && l.Err == nil {
				t.Errorf("login accepted: %+v", l)
			}
		},
		"anonymous": func(ctx context.Context, t *testing.T, p *Prober) {
			for _, row := range p.AnonymousAccess(ctx, admin).Rows {
				if row.Control {
					t.Errorf("control worked: %+v", row)
				}
			}
		},
		"throttle": func(ctx context.Context, t *testing.T, p *Prober) {
			if r := p.Throttle(ctx, ThrottleConfig{Credential: admin}); r.RightRefused || r.Whole {
				t.Errorf("throttle: %+v", r)
			}
		},
		"logout": func(ctx context.Context, t *testing.T, p *Prober) {
			if r := p.Logout(ctx, admin, Function{Path: "/api/status"}); r.Control {
				t.Errorf("logout: %+v", r)
			}
		},
		"roles": func(ctx context.Context, t *testing.T, p *Prober) {
			for _, c := range p.Roles(ctx, []RoleCredential{{"viewer", viewer}, {"admin", admin}}).Cells {
				if c.Control {
					t.Errorf("roles: %+v", c)
				}
			}
		},
		"defaults": func(ctx context.Context, t *testing.T, p *Prober) {
			_ = p.DefaultCredentials(ctx, []Credential{admin, viewer, admin}, 3, time.Second)
		},
		"identify": func(ctx context.Context, t *testing.T, p *Prober) { _, _ = p.Identify(ctx) },
	}
	for name, use := range uses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peertest.Run(t, func(ctx context.Context, t *testing.T, dial peertest.Dial) {
				api := api
				if name == "login" {
					api.Protected = nil
				} else if name != "identify" {
					// A peer that answers 200 to everything is an open
					// interface, not a bad one: ask for digest.
					api.Form, api.LoginPath = Digest, "/api/status"
				}
				cfg := Config{}
				if name != "login" { // one use shows the default bounds
					cfg.Limits.BodyBytes = 64 << 10
				}
				use(ctx, t, New(Dial(dial), api, cfg))
			})
		})
	}
	t.Run("tls", func(t *testing.T) {
		t.Parallel()
		peertest.Run(t, func(ctx context.Context, t *testing.T, dial peertest.Dial) {
			p := New(Dial(dial), api, Config{TLS: true})
			if _, err := p.Identify(ctx); err == nil {
				t.Error("such a peer spoke TLS")
			}
		})
	})
}

func FuzzBody(f *testing.F) {
	f.Add(200, "", `{"ok":false,"must_change":true,"token":"abcdef"}`)
	f.Add(403, "120", `account locked, try again later`)
	f.Add(200, "Fri, 31 Dec 1999 23:59:59 GMT", `<title>x</title><input type="password">`)
	f.Fuzz(func(t *testing.T, status int, retry, body string) {
		p := New(nil, API{LoginPath: "/l"}, Config{})
		resp := &httpwire.Response{Proto: "HTTP/1.1", Status: status, Body: []byte(body), Header: httpwire.Header{{Name: "Retry-After", Value: retry}, {Name: "Set-Cookie", Value: body}}}
		var r LoginResult
		p.judge(&r, resp)
		if r.Outcome == "" || r.RetryAfter < 0 || status == 429 && r.Outcome != Locked {
			t.Errorf("status %d: %+v", status, r)
		}
		s := p.anonymous()
		s.learn(resp)
		if len(title(resp.Body)) > maxTitle*3 {
			t.Error("title beyond its bound")
		}
		p.record(time.Now(), 1, "GET / HTTP/1.1\r\n\r\n", resp, nil)
	})
}
