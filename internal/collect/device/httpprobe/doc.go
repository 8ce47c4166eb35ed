// Package httpprobe tests the sign-in and the sessions of an HTTP interface.
// In: a function that opens a connection, a plain description of the
// interface, credentials. Out: which functions answer without a session, how
// the interface reacts to default and to wrong passwords, whether a session
// ends at logout, which role may do what; each with the controls that frame
// it and a transcript in which no password, cookie or token stands.
//
// It follows no redirect and performs no function that changes the unit
// unless it was told to.
package httpprobe

import (
	"context"
	"net"
	"time"

	"assay/internal/collect/device/httpwire"
)

// Dial opens one connection to the interface.
type Dial func(ctx context.Context) (net.Conn, error)

// Credential is a name and a password.
type Credential = httpwire.Credential

// Form is how a login carries the credential.
type Form string

const (
	JSON    Form = "json"   // a JSON object in the body
	FormURL Form = "form"   // application/x-www-form-urlencoded
	Basic   Form = "basic"  // RFC 7617 on every request
	Digest  Form = "digest" // RFC 7616 on every request
)

// API describes an interface.
type API struct {
	// LoginPath takes the login; with Basic and Digest it is any path that
	// needs a credential. Method defaults to POST (GET for Basic and
	// Digest).
	LoginPath, Method    string
	Form                 Form
	UserField, PassField string            // default "username", "password"
	ExtraFields          map[string]string // sent beside them, as strings
	// TokenField names the field of a JSON answer that holds a token; by
	// default token, access_token, accessToken, jwt, session_token and
	// sessionToken are looked for. TokenHeader carries it (default
	// "Authorization", as "Bearer …"; any other header carries it bare).
	TokenField, TokenHeader  string
	LogoutPath, LogoutMethod string // method default POST
	// IdentityPath tells who the interface is; with GET. It helps to check a
	// session where no function is known.
	IdentityPath string
	// Protected lists functions that need a session.
	Protected []Function
	// PasswordChangePath is left open to a session that must first change
	// its password; the probe never calls it.
	PasswordChangePath string
}

// Function is one thing that the interface does.
type Function struct {
	Name              string // for reports; default "METHOD path"
	Method, Path      string // method default GET
	Body, ContentType string
	// Roles may use it; empty means every role.
	Roles []string
	// Changes says that performing it changes the unit: it is left out
	// unless Config.Intrusive is set.
	Changes bool
}

// Config says how to talk to the interface. Zero fields take defaults.
type Config struct {
	// TLS wraps connections, without verification of the certificate and
	// down to TLS 1.0, because the interface is tested and not trusted.
	TLS        bool
	ServerName string
	// Host is the Host header's value; default: the address that the
	// connection leads to, with the port where it isn't the usual one.
	Host string
	// Known are the credentials that are entitled. Where there are any, a
	// login with another one counts as accepted only when it opens what
	// they open. Without any every login is believed as far as it shows.
	Known []Credential
	// Timeout bounds one exchange (default 15 s).
	Timeout time.Duration
	Limits  httpwire.Limits
	// Intrusive allows functions with Changes.
	Intrusive bool
	// Redact is applied last to every text of the transcript; passwords,
	// cookies, tokens and Authorization are already masked then.
	Redact func(string) string
	// MaxExchanges bounds the transcript (default 2000); later exchanges
	// are made but not kept.
	MaxExchanges int
}

// Outcome is how the interface took a login.
type Outcome string

const (
	Accepted   Outcome = "accepted"
	Refused    Outcome = "refused"
	Locked     Outcome = "locked"               // 429, 423, Retry-After, 403 that speaks of a lock
	MustChange Outcome = "must-change-password" // the credential is right, but use is blocked until it is changed
	NoAnswer   Outcome = "no-answer"            // no connection, no or broken answer
	Unclear    Outcome = "unclear"              // an answer that says neither
)

// LoginResult is one login.
type LoginResult struct {
	Outcome    Outcome
	Status     int
	RetryAfter time.Duration // announced; 0 when not
	Elapsed    time.Duration
	// Session is set when accepted or must-change.
	Session *Session
	// Exchanges indexes the transcript.
	Exchanges []int
	Err       error
}

// Answer is a function's reaction.
type Answer string

const (
	// Allowed is 2xx with neither a login page nor an error in it; for
	// somebody who isn't entitled it must resemble what the entitled got.
	Allowed Answer = "allowed"
	// Denied is 401, 403, a redirect to the login, 2xx with the login page
	// or an error; beside content for the entitled also 404, 405 and any
	// other redirect.
	Denied    Answer = "denied"
	NoReply   Answer = "no-answer" // no connection, no or broken answer
	Ambiguous Answer = "ambiguous" // 5xx, content unlike that of the entitled, …
	Skipped   Answer = "not-tried" // changes the unit, or cut short
)

// Trial is one request to a function.
type Trial struct {
	Function Function
	Answer   Answer
	Status   int
	Location string // of a redirect, never followed
	Exchange int    // -1 when none
	Err      error

	got *content
}

// AnonymousResult is what answers without a session.
type AnonymousResult struct {
	// Login is the control login, with the session that it opened; its
	// Outcome is empty when no credential was given.
	Login LoginResult
	Rows  []AnonymousRow
	// Whole says that every function was tried or left out as told; Err
	// is the cause of a cut.
	Whole bool
	Err   error
}

// AnonymousRow is one function: without a session, framed by the same request
// in a fresh session before and after.
type AnonymousRow struct {
	Before, Anonymous, After Trial
	// Control says that both frames were allowed.
	Control bool
}

// DefaultsResult is what became of a list of default credentials.
type DefaultsResult struct {
	// Tried are the logins in the order of the list, without passwords.
	Tried []DefaultTry
	// Left is how many pairs were not tried; Cut says why: "", "limit",
	// "locked", "cancelled", "no-answer".
	Left int
	Cut  string
	Err  error
}

// DefaultTry is one pair of the list.
type DefaultTry struct {
	Index int // in the list
	User  string
	Login LoginResult
}

// ThrottleConfig bounds a run of wrong passwords.
type ThrottleConfig struct {
	Credential Credential // the right one, for the controls
	// Max wrong passwords (default 12), Interval between them (default
	// 500 ms), MaxWait for a lock to end (default 15 min).
	Max      int
	Interval time.Duration
	MaxWait  time.Duration
	// Delay is how much longer than the first attempts an answer must take
	// to count as a delay (default 1 s).
	Delay time.Duration
}

// Sign is what showed that attempts are limited.
type Sign string

const (
	SignNone  Sign = ""
	SignLock  Sign = "lock"              // an answer of outcome Locked
	SignDelay Sign = "delay"             // answers became slow
	SignDrop  Sign = "connection-drop"   // connections or answers stopped
	SignHide  Sign = "refuses-all-alike" // no sign, but the right password is refused too
)

// ThrottleResult is how an interface limits attempts.
type ThrottleResult struct {
	// Before is the control login before.
	Before LoginResult
	// Attempts are the wrong ones, in order.
	Attempts []LoginResult
	// Sign is the strongest sign of a limit (lock, then drop, then delay)
	// and Begins the number of the first attempt (from 1) that showed it; 0
	// when none did, also with SignHide. DelayBegins is the first attempt
	// with a delay, whatever came later.
	Begins      int
	Sign        Sign
	DelayBegins int
	// Accepted says that a wrong password was accepted.
	Accepted bool
	// Announced is the length of the lock that the interface told.
	Announced time.Duration
	// Connections is how many the attempts took; above 1 the interface
	// closed connections itself.
	Connections int
	// LockedAt is the moment of the first sign of a lock.
	LockedAt time.Time
	// Resets are tries of the right password during the lock: on the same
	// connection, on a new one (new source port), with another user agent.
	Resets []ResetTry
	// RightRefused says that every one of them was refused.
	RightRefused bool
	// Waited is the measured time from the first sign to the first login
	// that worked again; After is that login. Ended says that it worked
	// within MaxWait.
	Waited time.Duration
	After  LoginResult
	Ended  bool
	// Started, Err and Whole: Whole is false when the run was cut short.
	Started time.Time
	Whole   bool
	Err     error
}

// ResetTry is one way around the counter.
type ResetTry struct {
	How   string // "same-connection", "new-connection", "other-user-agent"
	Login LoginResult
}

// LogoutResult is what a logout ends.
type LogoutResult struct {
	Login  LoginResult
	Before Trial // the session works
	Logout Trial
	After  Trial // the same session again
	// Again and AgainTrial are the control: a fresh login and request.
	Again      LoginResult
	AgainTrial Trial
	// Control says that Before and AgainTrial were allowed.
	Control bool
	// StillValid says that the old session still works.
	StillValid bool
	Err        error
}

// RoleCredential is a credential with its role.
type RoleCredential struct {
	Role       string
	Credential Credential
}

// RolesResult is functions × roles.
type RolesResult struct {
	Logins map[string]LoginResult // by role
	Cells  []RoleCell
	Whole  bool
	Err    error
}

// RoleCell is one function with one role's session.
type RoleCell struct {
	Role     string
	Entitled bool // by Function.Roles
	Trial    Trial
	// Before and After frame a cell that is not entitled: the same request
	// with an entitled role. Control says that both were allowed.
	Before, After *Trial
	Control       bool
}

// Exchange is one request and its answer in the transcript, bounded and
// redacted.
type Exchange struct {
	At                time.Time
	Elapsed           time.Duration
	Connection        int // number of the connection, from 1
	Request, Response string
	Err               string
}

// Identity is what the interface says about itself; text from outside.
type Identity struct {
	Status                  int
	Server, Title, Location string
	Realm                   string
	Exchange                int
}
