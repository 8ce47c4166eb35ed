package refcam

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"sync"
	"time"
)

// device is the state of a running unit, shared by its services.
type device struct {
	cam      *Camera
	unit     *unit
	accounts *accounts
	throttle *throttle
	sessions *sessions

	mu         sync.Mutex
	settings   settings
	recordings []recording
	alerts     []alert
	update     updateState
	started    time.Time
}

// settings are what an administrator may change.
type settings struct {
	Name      string `json:"name"`
	Timezone  string `json:"timezone"`
	Motion    bool   `json:"motion"`
	Telemetry bool   `json:"telemetry"`
}

type recording struct {
	ID      int       `json:"id"`
	Start   time.Time `json:"start"`
	Seconds int       `json:"seconds"`
}

// alert is what an administrator sees about abnormal logins.
type alert struct {
	Time    time.Time `json:"time"`
	Device  string    `json:"device"`
	Kind    string    `json:"kind"`
	Account string    `json:"account"`
	Source  string    `json:"source"`
	Count   int       `json:"count"`
}

const (
	alertAfter = 3 // wrong passwords in a row
	maxAlerts  = 100
)

func (c *Camera) newDevice(u *unit) (*device, error) {
	as := &accounts{}
	var err error
	if as.dummy, err = newAccount("-", "", "-"); err != nil {
		return nil, err
	}
	for _, p := range c.accounts() {
		a, err := newAccount(p.name, p.role, u.current[p.name])
		if err != nil {
			return nil, err
		}
		a.change = c.opt.Factory && !(c.weak[CommonDefaultPassword] && p.name == "admin")
		as.list = append(as.list, a)
	}
	if c.weak[BackdoorAccount] {
		a, err := newAccount(backdoorUser, "admin", c.backdoorPassword())
		if err != nil {
			return nil, err
		}
		as.list = append(as.list, a)
	}
	t := newThrottle(c.opt.Lock, c.opt.Refill, func(name string) bool { return as.find(name) != nil })
	t.off, t.perConnection = c.weak[NoLoginLimit], c.weak[LockPerConnection]
	d := &device{
		cam: c, unit: u, accounts: as, throttle: t, sessions: newSessions(),
		settings: settings{Name: Product, Timezone: "Asia/Taipei", Motion: true},
		update:   updateState{Installed: Release, State: "up to date"},
	}
	for i := range 3 {
		d.recordings = append(d.recordings, recording{ID: i + 1, Start: c.now.Add(-time.Duration(i+1) * time.Hour).Truncate(time.Second), Seconds: 30 + 10*i})
	}
	return d, nil
}

// login checks a password given by a client. wait is how long the client has
// to stay away; the account is nil where the password is wrong.
func (d *device) login(name, password, src, conn string) (a *account, wait time.Duration) {
	return d.attempt(name, src, conn, func() *account { return d.accounts.check(name, password) })
}

// attempt runs one check of a secret under the limits that all services share.
func (d *device) attempt(name, src, conn string, check func() *account) (*account, time.Duration) {
	now := time.Now()
	try, wait := d.throttle.begin(name, src, conn, now)
	if wait > 0 {
		return nil, wait
	}
	if a := check(); a != nil {
		try.ok()
		return a, 0
	}
	if n, locked := try.count(); n >= alertAfter {
		kind := "repeated-login-failures"
		if locked {
			kind = "account-locked"
		}
		d.alert(alert{Time: now, Device: d.unit.Serial, Kind: kind, Account: name, Source: src, Count: n})
	}
	return nil, 0
}

func (d *device) alert(a alert) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.alerts) >= maxAlerts {
		d.alerts = slices.Delete(d.alerts, 0, 1)
	}
	d.alerts = append(d.alerts, a)
}

func (d *device) model() string {
	if d.cam.hostile(AnsiAndBidiTitle) {
		return hostileTitle
	}
	return Model
}

// sessions are the logins over HTTP. Only the hash of a token is kept.
type sessions struct {
	mu   sync.Mutex
	byID map[[sha256.Size]byte]*session
}

type session struct {
	account string
	begun   time.Time
	used    time.Time
}

const (
	sessionIdle = 15 * time.Minute
	sessionLong = 12 * time.Hour
	maxSessions = 64
)

func newSessions() *sessions { return &sessions{byID: map[[sha256.Size]byte]*session{}} }

// start returns the token of a new session. The session that was idle longest
// makes room if there are too many.
func (s *sessions) start(account string, now time.Time) string {
	raw := make([]byte, 32)
	rand.Read(raw) // never fails: crypto/rand ends the process instead
	token := base64.RawURLEncoding.EncodeToString(raw)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.byID) >= maxSessions {
		var oldest [sha256.Size]byte
		var at time.Time
		for id, x := range s.byID {
			if at.IsZero() || x.used.Before(at) {
				oldest, at = id, x.used
			}
		}
		delete(s.byID, oldest)
	}
	s.byID[sha256.Sum256([]byte(token))] = &session{account: account, begun: now, used: now}
	return token
}

// account returns whose session it is; "" if it has ended or never was.
func (s *sessions) account(token string, now time.Time) string {
	id := sha256.Sum256([]byte(token))
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.byID[id]
	if x == nil {
		return ""
	}
	if now.Sub(x.used) > sessionIdle || now.Sub(x.begun) > sessionLong {
		delete(s.byID, id)
		return ""
	}
	x.used = now
	return x.account
}

func (s *sessions) end(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byID, sha256.Sum256([]byte(token)))
}

// endAll ends the sessions of an account whose password has changed.
func (s *sessions) endAll(account string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, x := range s.byID {
		if x.account == account {
			delete(s.byID, id)
		}
	}
}

// The maintenance account of BackdoorAccount. Its password is the same in
// every unit, because it stands in the image.
const backdoorUser = "lumisvc"

func (c *Camera) backdoorPassword() string { return c.password("backdoor") }

// hostileTitle sets the terminal's title, clears its screen and turns the
// order of letters round.
var hostileTitle = fmt.Sprintf("LC-200\x1b]0;owned\x07\x1b[2J%cgnp.exe%c<script>alert(1)</script>", '\u202e', '\u2066')
