// Package rtsp asks a media server who may look (RTSP 1.0, RFC 2326; Basic and
// Digest as in HTTP, RFC 7617 and RFC 7616). In: a function that opens a
// connection, plain or TLS, the stream's path and credentials. Out: what
// OPTIONS and DESCRIBE answer without a credential and with the right one, and
// which schemes are offered; Throttle alone sends wrong ones. It starts no
// stream.
package rtsp

import (
	"context"
	"net"
	"time"

	"assay/internal/collect/device/httpwire"
)

// Dial opens one connection to the server; for RTSPS it is a plain
// connection, with Config.TLS set.
type Dial func(ctx context.Context) (net.Conn, error)

// Credential is a name and a password.
type Credential = httpwire.Credential

// Config says how to ask. Zero fields take defaults.
type Config struct {
	TLS        bool
	ServerName string
	// Host and Path make the URL rtsp://Host/Path; the default host is the
	// address that the connection leads to, with the port where it isn't the
	// usual one.
	Host, Path string
	// Timeout bounds one exchange (default 10 s).
	Timeout time.Duration
	// Search lets Probe look at a few usual paths where the server knows no
	// stream at the given one, without a credential.
	Search bool
	Limits httpwire.Limits
	// Redact is applied last to the transcript; Authorization and the
	// given passwords are already masked.
	Redact func(string) string
}

// Outcome is how the server took a request.
type Outcome string

const (
	Allowed  Outcome = "allowed"   // 2xx
	Denied   Outcome = "denied"    // 401, 403
	Locked   Outcome = "locked"    // 403 or 429 that speaks of a lock, Retry-After
	NotFound Outcome = "not-found" // 404 and other answers about the path
	NoAnswer Outcome = "no-answer"
	NotRTSP  Outcome = "not-rtsp"
	Unclear  Outcome = "unclear"
)

// Attempt is one request, or a challenge and its answer.
type Attempt struct {
	Outcome Outcome
	Status  int
	// Scheme is what was used: "", "basic", "digest-md5", "digest-sha-256".
	Scheme string
	// Challenges are the schemes that the server offered.
	Challenges []httpwire.Challenge
	Server     string
	Methods    []string // of OPTIONS
	SDP        bool     // the answer carried a session description
	RetryAfter time.Duration
	Elapsed    time.Duration
	// Exchanges indexes the transcript.
	Exchanges []int
	Err       error
}

// Result is who may look.
type Result struct {
	Options Attempt
	// Anonymous is DESCRIBE without a credential.
	Anonymous Attempt
	// Schemes are those offered, as in Attempt.Scheme.
	Schemes []string
	// Path is the one that was asked for at last; with Search it may be
	// another than the given one.
	Path string
	// Before and After are the controls with the right credential; their
	// Outcome is empty when none was given, and After's also where Before
	// was refused: a mistake in the credential must not lock the account.
	Before, After Attempt
	// Control says that Before and After were allowed.
	Control bool
	Err     error
}

// ThrottleConfig bounds a run of wrong passwords; see httpprobe.
type ThrottleConfig struct {
	Credential Credential
	Max        int           // default 12
	Interval   time.Duration // default 500 ms
	MaxWait    time.Duration // default 15 min
	Delay      time.Duration // default 1 s
}

// ThrottleResult is how the server limits attempts.
type ThrottleResult struct {
	Before   Attempt
	Attempts []Attempt
	// Begins is the first attempt (from 1) that showed a limit, 0 for none;
	// Sign is "lock", "delay", "connection-drop" or "refuses-all-alike".
	Begins    int
	Sign      string
	Announced time.Duration
	// Right is the right credential during the lock, on a new connection.
	Right        Attempt
	RightRefused bool
	Waited       time.Duration
	After        Attempt
	Ended        bool
	Whole        bool
	Err          error
}

// Exchange is one request and its answer in the transcript.
type Exchange struct {
	At                time.Time
	Elapsed           time.Duration
	Request, Response string
	Err               string
}
