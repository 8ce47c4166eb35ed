package secret

import (
	"bytes"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/pattern"
)

// maxFields bounds the files that are read as records of fixed fields.
const maxFields = 256 << 10

// fixedFields reads binary settings of fixed fields, as recorders and cameras
// keep their accounts: a name, zeros up to the end of its field, a password.
func (s *scanner) fixedFields() {
	d := s.f.Data
	if s.f.Kind != inspect.Binary || len(d) > maxFields || s.prose() || s.library || bytes.Count(d, []byte{0})*4 < len(d) || deviceTree(d) {
		return
	}
	var last inspect.Run
	for r := range s.f.Runs(3) {
		user, pw := string(last.Text), string(r.Text)
		gap := r.Off - last.Off
		if last.Text != nil && (accounts[strings.ToLower(user)] || mailAddress.MatchString(user)) && gap >= 16 && gap <= 256 && gap%4 == 0 &&
			gap-len(user) >= fieldEnd && empty(d[last.Off+len(last.Text):r.Off]) && len(pw) <= 64 && empty(d[r.Off+len(pw):min(len(d), r.Off+len(pw)+fieldEnd)]) &&
			(chosen(pw) || scrambled(pw) || defaults[pw]) && !s.placeholder(pw) {
			s.add(r.Off, Hit{Kind: Password, Value: pw, User: user, Note: "field behind an account's"})
		}
		last = inspect.Run{Off: r.Off, Text: bytes.Clone(r.Text)}
	}
}

// fieldEnd is how many zeros end a field at least; texts that only follow each
// other have one.
const fieldEnd = 6

func empty(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

// deviceTree says that d is a flattened device tree (Devicetree Specification,
// 5.2): names and texts of all kinds in 32-bit cells.
func deviceTree(d []byte) bool { return bytes.HasPrefix(d, []byte("\xd0\x0d\xfe\xed")) }

var mailAddress = pattern.New(`^[\w.+-]+@[\w-]+\.[\w.-]+$`)

// Captures of traffic begin with these (libpcap's savefile and pcapng's section
// header, in both orders).
var captureMagic = [][]byte{{0xd4, 0xc3, 0xb2, 0xa1}, {0xa1, 0xb2, 0xc3, 0xd4}, {0x4d, 0x3c, 0xb2, 0xa1}, {0x0a, 0x0d, 0x0d, 0x0a}}

// maxCapture bounds how much of a capture is looked at.
const maxCapture = 16 << 20

// capture looks for what FTP and POP3 send in clear in a capture of traffic that
// was left behind: USER al, PASS x.
func (s *scanner) capture() {
	d := s.f.Data[:min(len(s.f.Data), maxCapture)]
	if s.f.Kind != inspect.Binary || len(d) < 24 || !hasOne(d, captureMagic) {
		return
	}
	user := ""
	for i := 0; len(s.hits) < maxHits; {
		k := bytes.Index(d[i:], []byte("\r\n"))
		if k < 0 {
			return
		}
		line := d[max(i, i+k-80) : i+k]
		if u := bytes.LastIndex(line, []byte("USER ")); u >= 0 {
			user = string(line[u+5:])
		}
		if p := bytes.LastIndex(line, []byte("PASS ")); p >= 0 {
			if pw := string(line[p+5:]); len(pw) >= 3 && ascii(pw) && user != "anonymous" && !strings.ContainsAny(pw, " \t") {
				s.add(i+k-len(pw), Hit{Kind: Password, Value: pw, User: user, Scheme: "ftp", Note: "in captured traffic"})
			}
		}
		i += k + 2
	}
}

func hasOne(d []byte, prefixes [][]byte) bool {
	for _, p := range prefixes {
		if bytes.HasPrefix(d, p) {
			return true
		}
	}
	return false
}
