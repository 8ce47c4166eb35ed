package fact

import "time"

// Bracket is the control around a refusal: the same path, entitled and
// fresh, worked just before and just after (rule 2).
type Bracket struct {
	Before bool `json:"before"`
	After  bool `json:"after"`
}

// Holds says whether the refusal between the two controls counts.
func (b Bracket) Holds() bool { return b.Before && b.After }

// Identity is who a unit says it is, with the place where it was read.
type Identity struct {
	Unit     string `json:"unit"`
	Source   string `json:"source"` // tls-certificate, http:/api/device
	Serial   string `json:"serial,omitempty"`
	Model    string `json:"model,omitempty"`
	Firmware string `json:"firmware,omitempty"`
	Proven   bool   `json:"proven"` // equals the serial number that the workspace declares
}

func (Identity) Kind() Kind { return "unit.identity@1" }

// Service is what answers on a port.
type Service struct {
	Unit      string `json:"unit"`
	Interface string `json:"interface,omitempty"` // declared interface whose port this is
	Port      uint16 `json:"port"`
	Transport string `json:"transport"`
	Protocol  string `json:"protocol"` // http, https, rtsp, rtsps, ssh, telnet, ftp, mqtt, mqtts, tls, unknown
	TLS       bool   `json:"tls"`
	Product   string `json:"product,omitempty"`
	Version   string `json:"version,omitempty"`
	Banner    string `json:"banner,omitempty"`
	Title     string `json:"title,omitempty"`
}

func (Service) Kind() Kind { return "net.service@1" }

// Unreachable says that a declared interface gave no answer.
type Unreachable struct {
	Unit      string `json:"unit"`
	Interface string `json:"interface,omitempty"`
	Port      uint16 `json:"port,omitempty"`
	Error     string `json:"error"`
}

func (Unreachable) Kind() Kind { return "net.unreachable@1" }

// TLSVersion is what an endpoint did with an offer of one version.
type TLSVersion struct {
	Version string `json:"version"` // "SSL 3.0", "1.0" … "1.3"
	Outcome string `json:"outcome"` // accepted, refused, no-answer, bad-answer
	Detail  string `json:"detail,omitempty"`
}

// TLSSuite is a cipher suite that an endpoint accepted.
type TLSSuite struct {
	Version        string `json:"version"`
	ID             uint16 `json:"id"`
	Name           string `json:"name"`
	ForwardSecrecy bool   `json:"forward_secrecy"`
	Approved       bool   `json:"approved"`  // within NIST's lists; see the crypto policy
	Preferred      bool   `json:"preferred"` // chosen when everything of its version was offered
}

// TLS is how an endpoint sets up its secure channel.
type TLS struct {
	Unit      string       `json:"unit"`
	Interface string       `json:"interface,omitempty"`
	Port      uint16       `json:"port"`
	Versions  []TLSVersion `json:"versions"`
	Suites    []TLSSuite   `json:"suites"`
	Whole     bool         `json:"whole"` // every version got a clear answer and the suites were listed to the end
}

func (TLS) Kind() Kind { return "tls.endpoint@1" }

// Certificate is the leaf certificate of an endpoint.
type Certificate struct {
	Unit       string    `json:"unit"`
	Interface  string    `json:"interface,omitempty"`
	Port       uint16    `json:"port"`
	Subject    string    `json:"subject"`
	Issuer     string    `json:"issuer"`
	NotBefore  time.Time `json:"not_before"`
	NotAfter   time.Time `json:"not_after"`
	Key        string    `json:"key"` // RSA, ECDSA, Ed25519
	Bits       int       `json:"bits"`
	Signature  string    `json:"signature"`
	SPKI       string    `json:"spki_sha256"`
	SelfSigned bool      `json:"self_signed"`
}

func (Certificate) Kind() Kind { return "tls.certificate@1" }

// LoginChannel is how an interface takes authentication factors.
type LoginChannel struct {
	Unit      string `json:"unit"`
	Interface string `json:"interface,omitempty"`
	Port      uint16 `json:"port"`
	Scheme    string `json:"scheme"` // basic, digest-md5, digest-sha256, form, json, prompt
	Encrypted bool   `json:"encrypted"`
}

func (LoginChannel) Kind() Kind { return "login.channel@1" }

// Access is one protected function asked for without a login.
type Access struct {
	Unit      string  `json:"unit"`
	Interface string  `json:"interface,omitempty"`
	Port      uint16  `json:"port"`
	Function  string  `json:"function"` // "GET /api/settings", "DESCRIBE"
	Allowed   bool    `json:"allowed"`
	Status    int     `json:"status"`
	Control   Bracket `json:"control"`
}

func (Access) Kind() Kind { return "access.anonymous@1" }

// Logout is what a session was good for after its end.
type Logout struct {
	Unit      string  `json:"unit"`
	Interface string  `json:"interface,omitempty"`
	Function  string  `json:"function"`
	Refused   bool    `json:"refused"`
	Status    int     `json:"status"`
	Control   Bracket `json:"control"`
}

func (Logout) Kind() Kind { return "session.logout@1" }

// RoleAccess is one function asked for in one role.
type RoleAccess struct {
	Unit      string  `json:"unit"`
	Interface string  `json:"interface,omitempty"`
	Role      string  `json:"role"`
	Function  string  `json:"function"`
	Allowed   bool    `json:"allowed"`
	Status    int     `json:"status"`
	Control   Bracket `json:"control"` // for a refusal: an entitled role succeeds
}

func (RoleAccess) Kind() Kind { return "access.role@1" }

// Throttle is what happened to wrong passwords sent at a steady rate.
type Throttle struct {
	Unit           string  `json:"unit"`
	Interface      string  `json:"interface,omitempty"`
	Attempts       int     `json:"attempts"`        // wrong passwords sent
	LimitedAt      int     `json:"limited_at"`      // attempt at which delay or lock-out began; 0: never
	LockSeconds    int     `json:"lock_seconds"`    // announced or measured
	CorrectRefused bool    `json:"correct_refused"` // the right password is refused meanwhile
	NewConnection  bool    `json:"new_connection"`  // the limit holds on a new connection
	Control        Bracket `json:"control"`
}

func (Throttle) Kind() Kind { return "login.throttle@1" }

// Credential is a well-known or found credential that was tried.
type Credential struct {
	Unit       string  `json:"unit"`
	Interface  string  `json:"interface,omitempty"`
	User       string  `json:"user"`
	Secret     string  `json:"secret"` // redacted
	Source     string  `json:"source"` // list, image
	Accepted   bool    `json:"accepted"`
	MustChange bool    `json:"must_change"`
	Control    Bracket `json:"control"`
}

func (Credential) Kind() Kind { return "login.credential@1" }

// Redirect is an attempt of a unit to send the tester elsewhere; it was not
// followed.
type Redirect struct {
	Unit string `json:"unit"`
	Port uint16 `json:"port"`
	From string `json:"from"`
	To   string `json:"to"`
}

func (Redirect) Kind() Kind { return "http.redirect@1" }
