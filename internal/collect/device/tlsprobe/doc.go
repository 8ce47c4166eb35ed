// Package tlsprobe finds out what a TLS server accepts: versions from SSL 2.0
// to TLS 1.3, cipher suites, groups, and the certificate. In: a function that
// opens a connection. Out: for each version an outcome of a closed set with
// the alert or the cause behind it, the suites in the order accepted, and the
// chain as bytes with the facts read from it.
//
// It writes its own ClientHello and reads the server's first flight (RFC 8446,
// RFC 5246, RFC 6101); no handshake is completed, except where only TLS 1.3 is
// accepted and the certificate travels encrypted.
package tlsprobe

import (
	"context"
	"net"
	"time"
)

// Dial opens one connection to the server; the network's limits lie behind
// it.
type Dial func(ctx context.Context) (net.Conn, error)

// Config bounds a probe. Zero fields take defaults.
type Config struct {
	// ServerName is sent as SNI (RFC 6066) when it is a name.
	ServerName string
	// Timeout bounds one offer, from dialling to the end of the server's
	// flight (default 5 s).
	Timeout time.Duration
	// MaxOffers bounds the offers for suites of one version (default 80)
	// and MaxGroups those for groups (default 16).
	MaxOffers, MaxGroups int
	// Versions are those to try; nil means all, newest first.
	Versions []Version
}

// Version is a protocol version as on the wire.
type Version uint16

const (
	SSL2  Version = 0x0002
	SSL3  Version = 0x0300
	TLS10 Version = 0x0301
	TLS11 Version = 0x0302
	TLS12 Version = 0x0303
	TLS13 Version = 0x0304
)

// Outcome is how an offer ended.
type Outcome string

const (
	// Accepted: the server chose what was offered.
	Accepted Outcome = "accepted"
	// Refused: an alert said no.
	Refused Outcome = "refused"
	// OtherVersion: the server answered with an older version than the one
	// offered, so it doesn't offer this one.
	OtherVersion Outcome = "other-version"
	// NotTLS: what came back is no TLS record.
	NotTLS Outcome = "not-tls"
	// NoAnswer: silence, a closed or a reset connection; Cause says which.
	// It doesn't show that the version isn't offered.
	NoAnswer Outcome = "no-answer"
	// BadAnswer: TLS records that break the protocol (malformed, too long,
	// a suite that was not offered).
	BadAnswer Outcome = "bad-answer"
	// NotTried: cancelled, or a bound was reached before.
	NotTried Outcome = "not-tried"
)

// Cause tells kinds of NoAnswer apart.
type Cause string

const (
	CauseDial    Cause = "dial"    // no connection
	CauseTimeout Cause = "timeout" // silence
	CauseClosed  Cause = "closed"  // orderly end without an answer
	CauseReset   Cause = "reset"   // the connection was reset
)

// Alert is a TLS alert (RFC 8446 section 6).
type Alert struct {
	Level, Description uint8
	Name               string
}

// Offer is one ClientHello and what became of it.
type Offer struct {
	Outcome Outcome
	Cause   Cause  // with NoAnswer
	Alert   *Alert // with Refused
	// Version and Suite are the server's choice; Group is the named group
	// of its key share, retry request or key exchange, 0 where unknown;
	// DHBits the size of a finite-field prime.
	Version Version
	Suite   uint16
	Group   uint16
	DHBits  int
	// HelloRetry says that the choice came in a HelloRetryRequest.
	HelloRetry bool
	// Detail explains a bad answer, in plain English.
	Detail string
	// Raw holds the start of the answer, at most 256 bytes.
	Raw []byte

	chain [][]byte
}

// NotOffered reports whether the offer shows that the server doesn't support
// what was offered: a clear alert or an older version. Silence, a closed
// connection and a bad answer don't show it.
func (o Offer) NotOffered() bool {
	switch o.Outcome {
	case OtherVersion:
		return true
	case Refused:
		switch o.Alert.Description {
		case alertHandshakeFailure, alertProtocolVersion, alertInsufficientSecurity,
			alertInappropriateFallback, alertIllegalParameter, alertMissingExtension:
			return true
		}
	}
	return false
}

// Preference says who chooses the suite.
type Preference string

const (
	PreferenceUnknown Preference = "unknown"
	PreferenceServer  Preference = "server"
	PreferenceClient  Preference = "client"
)

// VersionResult is what one version showed.
type VersionResult struct {
	Version Version
	// First is the first offer, with all suites of the version.
	First Offer
	// Suites were accepted, in the order chosen; SuitesWhole says that the
	// server refused every other suite, SuitesEnd how the last offer ended.
	Suites      []Suite
	SuitesWhole bool
	SuitesEnd   Offer
	Preference  Preference
	// DHBits is the size of the smallest finite-field prime that came with
	// a DHE suite; 0 when none did.
	DHBits int
	// Groups are the named groups that the server chose, best first;
	// GroupsWhole says that it refused the others that were offered.
	Groups      []Group
	GroupsWhole bool
}

// Result is what a server showed.
type Result struct {
	// TLS says that at least one answer was a TLS record.
	TLS      bool
	Versions []VersionResult
	// StaticRSA is an offer of static RSA suites alone at TLS 1.2 and
	// NoForwardSecrecy one of every suite without forward secrecy.
	StaticRSA, NoForwardSecrecy Offer
	// Chain is the certificate chain, leaf first; ChainErr why there is
	// none.
	Chain    []Certificate
	ChainErr error
	// Control repeats an accepted offer at the end: the server was still
	// there, so earlier refusals were refusals. NotTried when nothing was
	// accepted.
	Control Offer
	// Connections counts the connections that were made.
	Connections int
	// Whole says that no bound and no cancellation cut the probe short;
	// Err has the cause.
	Whole bool
	Err   error
}

// Version returns the result for v; ok is false when it was not tried.
func (r Result) Version(v Version) (vr VersionResult, ok bool) {
	for _, vr := range r.Versions {
		if vr.Version == v {
			return vr, true
		}
	}
	return VersionResult{Version: v, First: Offer{Outcome: NotTried}}, false
}

// Level ranks a suite or group; it repeats the crypto policy's own words.
type Level string

const (
	Preferred     Level = "preferred"
	PreferredPQ   Level = "preferred_pq"
	Acceptable    Level = "acceptable"
	WeakMode      Level = "weak_mode"
	StrongNotNIST Level = "strong_not_nist"
	NoFS          Level = "no_fs"
	Forbidden     Level = "forbidden"
	NotApproved   Level = "not_approved" // Camellia, ARIA
	AskExpert     Level = "ask_expert"   // in no table
)

// Suite is a cipher suite with its properties. Listed says that the policy
// names it; the others are derived from the name by the policy's default rule.
type Suite struct {
	Code           uint16
	Name           string
	KX             string // "ECDHE", "RSA", "TLS1.3", …
	Cipher         string // "AES-128-GCM", …
	ForwardSecrecy bool
	NIST           bool
	Level          Level
	Listed         bool
}

// Group is a named group (RFC 8446 section 4.2.7).
type Group struct {
	Code     uint16
	Name     string
	Strength int // bits; 0 where the policy doesn't list it
	NIST     bool
	Level    Level
}

// Certificate is one certificate of the chain. With ParseError only DER and
// SHA256 stand.
type Certificate struct {
	DER                []byte
	SHA256             string // of DER, hexadecimal
	Version            int
	Subject, Issuer    string
	SANs               []string // names, addresses, mail, URIs
	NotBefore          time.Time
	NotAfter           time.Time
	KeyType            string // "RSA", "ECDSA", "Ed25519", "DSA", "unknown"
	KeyBits            int
	Curve              string
	SignatureAlgorithm string
	SPKISHA256         string
	Serial             string // hexadecimal
	SelfSigned         bool
	IsCA               bool
	ParseError         string
}
