// Package httpwire reads the messages that HTTP/1.x and RTSP share and answers
// their authentication. In: bytes of a connection, a challenge, a credential.
// Out: a response with bounds on header and body, the challenges in it, and
// the value of an Authorization header (Basic, RFC 7617; Digest with MD5 or
// SHA-256, RFC 7616 and RFC 2069). It also masks credentials in transcripts.
package httpwire

// Field is one header field; names keep the spelling of the sender.
type Field struct{ Name, Value string }

// Header is a list of fields in the order received.
type Header []Field

// Limits bounds a message. Zero fields take defaults.
type Limits struct {
	HeaderBytes int // status line and header together, default 64 KiB
	Fields      int // default 128
	BodyBytes   int // default 1 MiB; what is longer is cut, not an error
}

// Response is one response. All of it is text from outside.
type Response struct {
	Proto  string // "HTTP/1.1", "RTSP/1.0"
	Status int
	Reason string
	Header Header
	Body   []byte
	// BodyCut says that the body was longer than the limit or ended early.
	BodyCut bool
	// Close says that the connection can't carry another request.
	Close bool
}

// Credential is a name and a password.
type Credential struct{ User, Password string }

// Challenge is one scheme of a WWW-Authenticate header (RFC 7235).
type Challenge struct {
	Scheme    string // lower case: "basic", "digest", "bearer"
	Realm     string
	Nonce     string
	Opaque    string
	Algorithm string // "MD5", "MD5-sess", "SHA-256", "SHA-256-sess"; "" means MD5
	QOP       []string
	Stale     bool
}
