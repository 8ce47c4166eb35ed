package tlsprobe

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"syscall"
)

// Bounds on what a server may send in its first flight.
const (
	maxRecord   = 1<<14 + 2048 // RFC 5246 section 6.2.3
	maxFlight   = 256 << 10
	maxRecords  = 512
	maxMessage  = 128 << 10
	maxChain    = 16
	maxRaw      = 256
	maxWarnings = 8
)

const (
	alertHandshakeFailure      = 40
	alertIllegalParameter      = 47
	alertProtocolVersion       = 70
	alertInsufficientSecurity  = 71
	alertInappropriateFallback = 86
	alertMissingExtension      = 109
)

var alertNames = map[uint8]string{
	0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed",
	22: "record_overflow", 30: "decompression_failure", 40: "handshake_failure", 41: "no_certificate",
	42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked",
	45: "certificate_expired", 46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca",
	49: "access_denied", 50: "decode_error", 51: "decrypt_error", 60: "export_restriction",
	70: "protocol_version", 71: "insufficient_security", 80: "internal_error",
	86: "inappropriate_fallback", 90: "user_canceled", 100: "no_renegotiation",
	109: "missing_extension", 110: "unsupported_extension", 112: "unrecognized_name",
	113: "bad_certificate_status_response", 115: "unknown_psk_identity",
	116: "certificate_required", 120: "no_application_protocol",
}

// helloRetryRandom marks a HelloRetryRequest (RFC 8446 section 4.1.3).
var helloRetryRandom = []byte{
	0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
	0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
}

// flight reads the server's answer to one hello.
type flight struct {
	r    io.Reader
	h    *hello
	o    Offer
	hs   []byte // handshake bytes not yet parsed
	done bool
}

// readFlight reads records until the answer is known: the ServerHello of TLS
// 1.3, the ServerHelloDone of older versions, an alert, or the end. Once a
// ServerHello was accepted, later trouble is only told in Detail.
func readFlight(r io.Reader, h *hello) Offer {
	f := &flight{r: r, h: h}
	if h.version == SSL2 {
		f.readSSL2()
		return f.o
	}
	total := 0
	for n := 0; !f.done; n++ {
		if n == maxRecords || total > maxFlight {
			f.bad(fmt.Sprintf("the flight is longer than %d bytes or %d records", maxFlight, maxRecords))
			break
		}
		kind, body, err := f.record(n == 0)
		if err != nil {
			f.failed(err)
			break
		}
		if f.done {
			break
		}
		total += len(body)
		switch kind {
		case 21:
			f.alert(body)
		case 22:
			f.hs = append(f.hs, body...)
			f.messages()
		case 20: // change_cipher_spec, as sent for middleboxes
		default:
			f.bad(fmt.Sprintf("record %d has type %d, want handshake or alert", n, kind))
		}
	}
	return f.o
}

// bad ends the flight with a broken answer, unless an answer is there.
func (f *flight) bad(detail string) {
	f.done = true
	f.o.Detail = detail
	if f.o.Outcome == "" {
		f.o.Outcome = BadAnswer
	}
}

// failed ends the flight because nothing more can be read.
func (f *flight) failed(err error) {
	f.done = true
	if f.o.Outcome != "" {
		f.o.Detail = "after the answer: " + err.Error()
		return
	}
	f.o.Outcome, f.o.Cause = NoAnswer, causeOf(err)
	if len(f.o.Raw) > 0 && f.o.Cause != CauseTimeout {
		f.o.Outcome, f.o.Cause = BadAnswer, ""
	}
	if f.o.Alert != nil { // a warning, then the end
		f.o.Outcome, f.o.Cause = Refused, ""
	}
	f.o.Detail = err.Error()
}

func causeOf(err error) Cause {
	var ne net.Error
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &ne) && ne.Timeout():
		return CauseTimeout
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return CauseReset
	}
	return CauseClosed
}

// read fills b and keeps the start of the answer in Raw.
func (f *flight) read(b []byte) error {
	n, err := io.ReadFull(f.r, b)
	if room := maxRaw - len(f.o.Raw); room > 0 {
		f.o.Raw = append(f.o.Raw, b[:min(n, room)]...)
	}
	return err
}

// record reads one record (RFC 5246 section 6.2.1).
func (f *flight) record(first bool) (kind byte, body []byte, err error) {
	var head [5]byte
	if err := f.read(head[:1]); err != nil {
		return 0, nil, err
	}
	if head[0] < 20 || head[0] > 23 {
		f.done = true
		if first {
			f.o.Outcome, f.o.Detail = NotTLS, fmt.Sprintf("the answer begins with byte 0x%02X", head[0])
			f.more()
		} else {
			f.bad(fmt.Sprintf("record of type 0x%02X", head[0]))
		}
		return 0, nil, nil
	}
	if err := f.read(head[1:]); err != nil {
		return 0, nil, fmt.Errorf("record header: %w", err)
	}
	n := int(binary.BigEndian.Uint16(head[3:]))
	switch {
	case head[1] != 3 && first:
		f.done, f.o.Outcome = true, NotTLS
		f.o.Detail = fmt.Sprintf("record of version %d.%d", head[1], head[2])
		f.more()
		return 0, nil, nil
	case head[1] != 3:
		f.bad(fmt.Sprintf("record of version %d.%d", head[1], head[2]))
		return 0, nil, nil
	case n == 0 || n > maxRecord:
		f.bad(fmt.Sprintf("record of %d bytes", n))
		return 0, nil, nil
	}
	body = make([]byte, n)
	if err := f.read(body); err != nil {
		return 0, nil, fmt.Errorf("record of %d bytes: %w", n, err)
	}
	return head[0], body, nil
}

// more keeps what else is at hand of an answer that is no TLS.
func (f *flight) more() {
	b := make([]byte, maxRaw-len(f.o.Raw))
	n, _ := f.r.Read(b) // whatever comes; the outcome is known
	f.o.Raw = append(f.o.Raw, b[:n]...)
}

func (f *flight) alert(body []byte) {
	if len(body) != 2 {
		f.bad(fmt.Sprintf("alert of %d bytes", len(body)))
		return
	}
	a := &Alert{Level: body[0], Description: body[1], Name: alertNames[body[1]]}
	if a.Name == "" {
		a.Name = fmt.Sprintf("alert(%d)", a.Description)
	}
	if f.o.Outcome != "" {
		f.done = true
		f.o.Detail = "after the ServerHello: alert " + a.Name
		return
	}
	f.o.Alert = a
	// A warning (unrecognized_name above all) may stand before the answer.
	if a.Level == 1 && a.Description != 0 {
		if f.h.version == TLS13 || len(f.o.Raw) > maxWarnings*7 {
			f.done, f.o.Outcome = true, Refused
		}
		return
	}
	f.done, f.o.Outcome = true, Refused
}

// messages parses whole handshake messages (RFC 5246 section 7.4).
func (f *flight) messages() {
	for !f.done && len(f.hs) >= 4 {
		n := int(f.hs[1])<<16 | int(f.hs[2])<<8 | int(f.hs[3])
		if n > maxMessage {
			f.bad(fmt.Sprintf("handshake message of %d bytes", n))
			return
		}
		if len(f.hs) < 4+n {
			return
		}
		kind, body := f.hs[0], f.hs[4:4+n]
		f.hs = f.hs[4+n:]
		if f.o.Outcome == "" && kind != 2 {
			f.bad(fmt.Sprintf("handshake message %d before the ServerHello", kind))
			return
		}
		switch kind {
		case 2:
			if f.o.Outcome != "" {
				f.bad("a second ServerHello")
				return
			}
			f.serverHello(body)
		case 11:
			f.o.chain = parseChain(body)
		case 12:
			f.keyExchange(body)
		case 14:
			f.done = true
		}
	}
}

// serverHello reads RFC 8446 section 4.1.3, RFC 5246 section 7.4.1.3.
func (f *flight) serverHello(b []byte) {
	if len(b) < 38 {
		f.bad(fmt.Sprintf("ServerHello of %d bytes", len(b)))
		return
	}
	version := Version(binary.BigEndian.Uint16(b))
	random := b[2:34]
	sid := int(b[34])
	rest := b[35:]
	if sid > 32 || len(rest) < sid+3 {
		f.bad(fmt.Sprintf("ServerHello with a session id of %d bytes", sid))
		return
	}
	rest = rest[sid:]
	suite, compression := binary.BigEndian.Uint16(rest), rest[2]
	exts := rest[3:]
	f.o.HelloRetry = f.h.version == TLS13 && bytes.Equal(random, helloRetryRandom)
	if len(exts) > 0 {
		if len(exts) < 2 || int(binary.BigEndian.Uint16(exts)) != len(exts)-2 {
			f.bad("ServerHello: the length of the extensions is wrong")
			return
		}
		exts = exts[2:]
	}
	for len(exts) > 0 {
		if len(exts) < 4 || len(exts)-4 < int(binary.BigEndian.Uint16(exts[2:])) {
			f.bad("ServerHello: an extension is cut short")
			return
		}
		n := int(binary.BigEndian.Uint16(exts[2:]))
		body := exts[4 : 4+n]
		switch binary.BigEndian.Uint16(exts) {
		case extSupportedVersions:
			if n == 2 {
				version = Version(binary.BigEndian.Uint16(body))
			}
		case extKeyShare:
			if n >= 2 {
				f.o.Group = binary.BigEndian.Uint16(body)
			}
		}
		exts = exts[4+n:]
	}
	f.choice(version, suite, compression)
}

// choice holds the server's choice against what was offered.
func (f *flight) choice(version Version, suite uint16, compression byte) {
	f.o.Version, f.o.Suite = version, suite
	switch {
	case version > f.h.version || version < SSL3:
		f.bad(fmt.Sprintf("version 0x%04X was chosen, 0x%04X was offered", uint16(version), uint16(f.h.version)))
	case version < f.h.version:
		f.done, f.o.Outcome = true, OtherVersion
	case !slices.Contains(f.h.suites, suite):
		f.bad(fmt.Sprintf("suite 0x%04X was chosen and not offered", suite))
	case compression != 0:
		f.bad(fmt.Sprintf("compression %d was chosen and not offered", compression))
	case version == TLS13 && f.o.Group != 0 && !slices.Contains(f.h.groups, f.o.Group):
		f.bad(fmt.Sprintf("group 0x%04X was chosen and not offered", f.o.Group))
	default:
		f.o.Outcome = Accepted
		f.o.Alert = nil // a warning that had no consequence
		f.done = version == TLS13
	}
}

// keyExchange reads the group of a ServerKeyExchange (RFC 8422 section 5.4,
// RFC 5246 section 7.4.3). What can't be read stays unknown.
func (f *flight) keyExchange(b []byte) {
	s := SuiteOf(f.o.Suite)
	switch s.KX {
	case "ECDHE", "ECDH_anon":
		if len(b) >= 3 && b[0] == 3 {
			f.o.Group = binary.BigEndian.Uint16(b[1:])
		}
	case "DHE", "DH_anon":
		if len(b) < 2 {
			return
		}
		n := int(binary.BigEndian.Uint16(b))
		if n > len(b)-2 {
			return
		}
		p := bytes.TrimLeft(b[2:2+n], "\x00")
		if len(p) > 0 {
			f.o.DHBits = 8 * len(p)
			for m := p[0]; m < 0x80; m <<= 1 {
				f.o.DHBits--
			}
		}
	}
}

// parseChain reads a Certificate message (RFC 5246 section 7.4.2) and returns
// the certificates up to where it breaks.
func parseChain(b []byte) [][]byte {
	if len(b) < 3 {
		return nil
	}
	b = b[3:]
	var chain [][]byte
	for len(b) >= 3 && len(chain) < maxChain {
		n := int(b[0])<<16 | int(b[1])<<8 | int(b[2])
		if n == 0 || n > len(b)-3 {
			break
		}
		chain = append(chain, bytes.Clone(b[3:3+n]))
		b = b[3+n:]
	}
	return chain
}

// readSSL2 reads an SSL 2.0 SERVER-HELLO, or the record with which a newer
// server refuses.
func (f *flight) readSSL2() {
	var head [3]byte
	if err := f.read(head[:]); err != nil {
		f.failed(err)
		return
	}
	if head[0] == 21 && head[1] == 3 { // a TLS alert
		rest := make([]byte, 4)
		if err := f.read(rest); err != nil {
			f.failed(err)
			return
		}
		f.alert(rest[2:])
		f.done = true
		if f.o.Outcome == "" {
			f.o.Outcome = Refused
		}
		return
	}
	if head[0]&0x80 == 0 || head[2] > 8 {
		f.o.Outcome, f.o.Detail = NotTLS, fmt.Sprintf("the answer begins with % x", head[:])
		f.more()
		return
	}
	n := int(head[0]&0x7f)<<8 | int(head[1])
	switch {
	case head[2] == 0 && n == 3: // ERROR
		f.o.Outcome, f.o.Alert = Refused, &Alert{Level: 2, Description: alertHandshakeFailure, Name: "SSL 2.0 error"}
		return
	case head[2] != 4 || n < 11:
		f.bad(fmt.Sprintf("SSL 2.0 message %d of %d bytes", head[2], n))
		return
	}
	body := make([]byte, n-1)
	if err := f.read(body); err != nil {
		f.failed(err)
		return
	}
	// session-id-hit, certificate type, version, three lengths, certificate
	f.o.Version = Version(binary.BigEndian.Uint16(body[2:]))
	if f.o.Version != SSL2 {
		f.bad(fmt.Sprintf("SSL 2.0 SERVER-HELLO of version 0x%04X", uint16(f.o.Version)))
		return
	}
	f.o.Outcome = Accepted
	if k := int(binary.BigEndian.Uint16(body[4:])); k > 0 && k <= len(body)-10 {
		f.o.chain = [][]byte{bytes.Clone(body[10 : 10+k])}
	}
}
