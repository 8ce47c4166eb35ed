package refcam

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// function is one function of the web behind a login. The same table makes
// the routes and the interface in assay.yaml.
type function struct {
	method, path string // path as net/http's patterns have it
	right        string // "": every account that is logged in
	test         string // path of a test call, where path has a wildcard
	safe         bool   // may be called by a test with body
	body         string
	handle       func(*web, http.ResponseWriter, *http.Request, *account)
}

// functions of the web, in the order of the documents.
func (c *Camera) functions() []function {
	fs := []function{
		{method: "GET", path: "/api/device", right: rightView, safe: true, handle: (*web).device},
		{method: "GET", path: "/api/snapshot", right: rightView, safe: true, handle: (*web).snapshot},
		{method: "GET", path: "/api/recordings", right: rightView, safe: true, handle: (*web).recordings},
		// Recording 0 never exists: deleting it changes nothing.
		{method: "DELETE", path: "/api/recordings/{id}", test: "/api/recordings/0", right: rightDelete, safe: true, handle: (*web).deleteRecording},
		{method: "GET", path: "/api/settings", right: rightSettings, safe: true, handle: (*web).readSettings},
		{method: "PUT", path: "/api/settings", right: rightSettings, safe: true, body: defaultSettings, handle: (*web).writeSettings},
		{method: "GET", path: "/api/alerts", right: rightSettings, safe: true, handle: (*web).alerts},
		{method: "GET", path: "/api/users", right: rightUsers, safe: true, handle: (*web).users},
		{method: "POST", path: "/api/users", right: rightUsers, handle: (*web).addUser},
		{method: "POST", path: "/api/password", handle: (*web).changePassword},
	}
	if !c.weak[NoUpdateMechanism] {
		fs = append(fs,
			function{method: "GET", path: "/api/update/status", right: rightView, safe: true, handle: (*web).updateStatus},
			function{method: "POST", path: "/api/update/check", right: rightUpdate, safe: true, handle: (*web).updateCheck},
			function{method: "POST", path: "/api/update/upload", right: rightUpdate, handle: (*web).updateUpload},
		)
	}
	return fs
}

// defaultSettings are the settings of a unit before anybody changed them.
const defaultSettings = `{"name":"` + Product + `","timezone":"Asia/Taipei","motion":true,"telemetry":false}`

const (
	cookieName = "sid"
	maxJSON    = 4 << 10
)

// web is the web administration of one unit over one transport.
type web struct {
	dev *device
	mux *http.ServeMux
}

func newWeb(d *device) http.Handler {
	w := &web{dev: d, mux: http.NewServeMux()}
	w.mux.HandleFunc("GET /{$}", w.page("text/html; charset=utf-8", loginPage(d.model())))
	w.mux.HandleFunc("GET /app.js", w.page("text/javascript; charset=utf-8", loginScript))
	w.mux.HandleFunc("GET /style.css", w.page("text/css; charset=utf-8", loginStyle))
	w.mux.HandleFunc("POST /api/login", w.login)
	w.mux.HandleFunc("POST /api/logout", w.logout)
	for _, f := range d.cam.functions() {
		w.mux.HandleFunc(f.method+" "+f.path, w.guard(f))
	}
	// A page of another origin can't make a browser send requests here.
	h := http.NewCrossOriginProtection().Handler(w.mux)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		head := rw.Header()
		head.Set("Server", d.serverName())
		head.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Referrer-Policy", "no-referrer")
		head.Set("Cache-Control", "no-store")
		if r.TLS != nil {
			head.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if d.cam.hostile(RedirectElsewhere) {
			http.Redirect(rw, r, elsewhere, http.StatusFound)
			return
		}
		r.Body = http.MaxBytesReader(rw, r.Body, maxUpdate+headerSize)
		h.ServeHTTP(rw, r)
	})
}

// elsewhere is an address for documentation (RFC 5737): no unit.
const elsewhere = "http://192.0.2.1/"

func (d *device) serverName() string {
	if d.cam.hostile(AnsiAndBidiTitle) {
		// A header can't hold controls below 0x20; these two pass.
		return "ipcamd \u202egnp.exe \u009b2J"
	}
	return "ipcamd"
}

func (w *web) page(kind, text string) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", kind)
		rw.Header().Set("Content-Length", strconv.Itoa(len(text)))
		io.WriteString(rw, text) // an error means that the client left
	}
}

// reply writes JSON.
func reply(rw http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(rw, "internal error", http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	rw.Write(append(b, '\n')) // an error means that the client left
}

func refuse(rw http.ResponseWriter, status int, why string) {
	reply(rw, status, map[string]string{"error": why})
}

// read decodes one JSON object of the request into v; where it can't, it has
// answered and returns false.
func read(rw http.ResponseWriter, r *http.Request, v any) bool {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		refuse(rw, http.StatusUnsupportedMediaType, "send application/json")
		return false
	}
	d := json.NewDecoder(http.MaxBytesReader(rw, r.Body, maxJSON))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil && d.More() {
		err = errors.New("more than one value")
	}
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		refuse(rw, http.StatusRequestEntityTooLarge, "too long")
	case err != nil:
		refuse(rw, http.StatusBadRequest, "not the JSON object that is expected here")
	}
	return err == nil
}

// guard lets a request through to a function if its session may call it.
func (w *web) guard(f function) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie(cookieName)
		if err != nil {
			if w.dev.cam.weak[SettingsWithoutLogin] && f.path == "/api/settings" {
				// The flaw: rights are looked at only where a session is.
				f.handle(w, rw, r, &account{})
				return
			}
			refuse(rw, http.StatusUnauthorized, "log in first")
			return
		}
		a := w.dev.accounts.find(w.dev.sessions.account(cookie.Value, time.Now()))
		switch {
		case a == nil:
			refuse(rw, http.StatusUnauthorized, "log in first")
		case a.change && f.path != "/api/password":
			refuse(rw, http.StatusForbidden, "change the password first")
		case !w.may(a, f):
			refuse(rw, http.StatusForbidden, "this account may not do that")
		default:
			f.handle(w, rw, r, a)
		}
	}
}

func (w *web) may(a *account, f function) bool {
	if w.dev.cam.weak[ViewerMayConfigure] && f.right == rightSettings {
		return true
	}
	return f.right == "" || slices.Contains(rights[a.role], f.right)
}

// source returns the address of the client without its port.
func source(addr string) string {
	if host, _, err := net.SplitHostPort(addr); err == nil {
		return host
	}
	return addr
}

type connKey struct{}

// connID names the connection of a request.
func connID(ctx context.Context) string {
	s, _ := ctx.Value(connKey{}).(string)
	return s
}

func (w *web) login(rw http.ResponseWriter, r *http.Request) {
	var in struct{ User, Password string }
	if !read(rw, r, &in) {
		return
	}
	if !validName(in.User) || in.Password == "" || len(in.Password) > 128 {
		refuse(rw, http.StatusBadRequest, "name or password has a wrong form")
		return
	}
	a, wait := w.dev.login(in.User, in.Password, source(r.RemoteAddr), connID(r.Context()))
	if wait > 0 {
		rw.Header().Set("Retry-After", retryAfter(wait))
		refuse(rw, http.StatusTooManyRequests, "too many wrong passwords; try later")
		return
	}
	if a == nil {
		refuse(rw, http.StatusUnauthorized, "name or password is wrong")
		return
	}
	http.SetCookie(rw, w.cookie(r, w.dev.sessions.start(a.name, time.Now()), 0))
	reply(rw, http.StatusOK, map[string]any{"user": a.name, "role": a.role, "change_password": a.change})
}

func retryAfter(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }

func (w *web) cookie(r *http.Request, value string, age int) *http.Cookie {
	return &http.Cookie{
		Name: cookieName, Value: value, Path: "/", MaxAge: age,
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode,
	}
}

func (w *web) logout(rw http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(cookieName); err == nil && !w.dev.cam.weak[LogoutKeepsSession] {
		w.dev.sessions.end(cookie.Value)
	}
	http.SetCookie(rw, w.cookie(r, "", -1))
	rw.WriteHeader(http.StatusNoContent)
}

func (w *web) device(rw http.ResponseWriter, _ *http.Request, _ *account) {
	reply(rw, http.StatusOK, map[string]string{"model": w.dev.model(), "serial": w.dev.unit.Serial, "firmware": Release, "mac": w.dev.unit.MAC})
}

func (w *web) recordings(rw http.ResponseWriter, _ *http.Request, _ *account) {
	w.dev.mu.Lock()
	list := append([]recording{}, w.dev.recordings...)
	w.dev.mu.Unlock()
	reply(rw, http.StatusOK, list)
}

// deleteRecording is idempotent (RFC 9110 9.2.2): what isn't there counts as
// deleted.
func (w *web) deleteRecording(rw http.ResponseWriter, r *http.Request, _ *account) {
	id, err := strconv.ParseUint(r.PathValue("id"), 10, 31)
	if err != nil {
		refuse(rw, http.StatusBadRequest, "a recording has a number")
		return
	}
	w.dev.mu.Lock()
	w.dev.recordings = slices.DeleteFunc(w.dev.recordings, func(x recording) bool { return x.ID == int(id) })
	w.dev.mu.Unlock()
	rw.WriteHeader(http.StatusNoContent)
}

func (w *web) readSettings(rw http.ResponseWriter, _ *http.Request, _ *account) {
	w.dev.mu.Lock()
	s := w.dev.settings
	w.dev.mu.Unlock()
	reply(rw, http.StatusOK, s)
}

func (w *web) writeSettings(rw http.ResponseWriter, r *http.Request, _ *account) {
	var s settings
	if !read(rw, r, &s) {
		return
	}
	if err := s.check(); err != nil {
		refuse(rw, http.StatusBadRequest, err.Error())
		return
	}
	w.dev.mu.Lock()
	w.dev.settings = s
	w.dev.mu.Unlock()
	reply(rw, http.StatusOK, s)
}

func (s settings) check() error {
	zone := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune("/_+-0123456789", r)
	}
	name := func(r rune) bool { return r < ' ' || strings.ContainsRune("<>&\"'`\\\x7f", r) || r == '\ufffd' }
	switch {
	case s.Name == "" || len(s.Name) > 64 || strings.ContainsFunc(s.Name, name):
		return errors.New("name has 1 to 64 bytes without < > & quotes and control characters")
	case s.Timezone == "" || len(s.Timezone) > 64 || strings.ContainsFunc(s.Timezone, zone):
		return errors.New("timezone is a name like Asia/Taipei")
	}
	return nil
}

func (w *web) alerts(rw http.ResponseWriter, _ *http.Request, _ *account) {
	w.dev.mu.Lock()
	list := append([]alert{}, w.dev.alerts...)
	w.dev.mu.Unlock()
	reply(rw, http.StatusOK, map[string]any{"device": w.dev.unit.Serial, "alerts": list})
}

func (w *web) users(rw http.ResponseWriter, _ *http.Request, _ *account) {
	list := []map[string]string{}
	for _, p := range w.dev.accounts.names() {
		list = append(list, map[string]string{"name": p.name, "role": p.role})
	}
	reply(rw, http.StatusOK, list)
}

func (w *web) addUser(rw http.ResponseWriter, r *http.Request, _ *account) {
	var in struct{ Name, Role, Password string }
	if !read(rw, r, &in) {
		return
	}
	if w.dev.cam.weak[SingleRole] && in.Role != "admin" {
		refuse(rw, http.StatusBadRequest, "the only role is admin")
		return
	}
	switch err := w.dev.accounts.add(in.Name, in.Role, in.Password); {
	case errors.Is(err, errExists), errors.Is(err, errFull):
		refuse(rw, http.StatusConflict, err.Error())
	case err != nil:
		refuse(rw, http.StatusBadRequest, err.Error())
	default:
		reply(rw, http.StatusCreated, map[string]string{"name": in.Name, "role": in.Role})
	}
}

// changePassword asks for the old password, under the same limits as a login:
// a stolen session must not become a way to guess.
func (w *web) changePassword(rw http.ResponseWriter, r *http.Request, a *account) {
	var in struct{ Old, New string }
	if !read(rw, r, &in) {
		return
	}
	if len(in.Old) > 128 {
		refuse(rw, http.StatusBadRequest, errWeakWords.Error())
		return
	}
	ok, wait := w.dev.login(a.name, in.Old, source(r.RemoteAddr), connID(r.Context()))
	switch {
	case wait > 0:
		rw.Header().Set("Retry-After", retryAfter(wait))
		refuse(rw, http.StatusTooManyRequests, "too many wrong passwords; try later")
		return
	case ok == nil:
		refuse(rw, http.StatusForbidden, "the old password is wrong")
		return
	}
	if err := w.dev.accounts.change(a.name, in.Old, in.New); err != nil {
		refuse(rw, http.StatusBadRequest, err.Error())
		return
	}
	w.dev.sessions.endAll(a.name)
	http.SetCookie(rw, w.cookie(r, w.dev.sessions.start(a.name, time.Now()), 0))
	rw.WriteHeader(http.StatusNoContent)
}

func (w *web) updateStatus(rw http.ResponseWriter, _ *http.Request, _ *account) {
	reply(rw, http.StatusOK, w.dev.status())
}

func (w *web) updateCheck(rw http.ResponseWriter, _ *http.Request, _ *account) {
	reply(rw, http.StatusOK, w.dev.checkNow())
}

func (w *web) updateUpload(rw http.ResponseWriter, r *http.Request, _ *account) {
	b, err := io.ReadAll(r.Body) // bounded by newWeb
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		refuse(rw, http.StatusRequestEntityTooLarge, fmt.Sprintf("an update has at most %d bytes", maxUpdate))
		return
	case err != nil:
		refuse(rw, http.StatusBadRequest, "the upload broke off")
		return
	}
	state, err := w.dev.install(b)
	switch {
	case errors.Is(err, errUpdateOld):
		refuse(rw, http.StatusConflict, err.Error())
	case err != nil:
		refuse(rw, http.StatusBadRequest, err.Error())
	default:
		reply(rw, http.StatusAccepted, state)
	}
}
