package host

import (
	"bytes"
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"assay/internal/collect/firmware/inspect"
)

// maxUses bounds what one file may report.
const maxUses = 2000

// maxCandidates bounds the texts that are looked at closely.
const maxCandidates = 100_000

type scanner struct {
	f          *inspect.File
	uses       []Use
	candidates int
	cut        bool
}

func scan(f *inspect.File) []Use {
	s := &scanner{f: f}
	switch {
	case f.Role == inspect.Certificate:
		return nil // names in a certificate are encoded; package cert reads them
	case f.Kind == inspect.Text:
		s.text()
	default:
		s.binary()
	}
	slices.SortStableFunc(s.uses, func(a, b Use) int { return cmp.Compare(a.Offset, b.Offset) })
	return s.uses
}

func (s *scanner) add(off int, u Use) {
	switch {
	case s.cut:
		return
	case len(s.uses) >= maxUses || s.candidates >= maxCandidates:
		u = Use{Class: Cut, Text: "too many hosts to look at; the rest of the file was not"}
		s.cut = true
	}
	u.Where = s.f.At(off)
	s.uses = append(s.uses, u)
}

// full says that no more is looked for.
func (s *scanner) full() bool { return s.cut }

// reach is how far around a host the text matters, in bytes.
const reach = 256

// tail returns the end of b, at most reach bytes.
func tail(b []byte) []byte { return b[max(0, len(b)-reach):] }

// usage is the class of what stands in this file in general.
func (s *scanner) usage() Class {
	switch s.f.Role {
	case inspect.Documentation, inspect.Database:
		return Documentation
	case inspect.Certificate:
		return Certificate
	case inspect.Script:
		return InScript
	case inspect.Web:
		return InWeb
	case inspect.History:
		return InHistory
	case inspect.Program, inspect.Data:
		return InBinary
	}
	return InConfig
}

// hostByte holds what a name or an address is made of.
var hostByte = func() (t [256]bool) {
	for c := range 256 {
		t[c] = c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.' || c == '-' || c == '_'
	}
	return t
}()

// parse reads host text: an address or a name below a known top-level domain.
func parse(text string) (host string, ip, ok bool) {
	text = strings.ToLower(strings.TrimSuffix(text, "."))
	if a, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil && a.Zone() == "" {
		return a.String(), true, true
	}
	if !nameOK(text) {
		return text, false, false
	}
	return text, false, knownTLD(text)
}

// nameOK checks the form of a name (RFC 1123, 2.1), at least two labels.
func nameOK(n string) bool {
	if len(n) > 253 || !strings.Contains(n, ".") {
		return false
	}
	for _, l := range strings.Split(n, ".") {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
		for i := range len(l) {
			if c := l[i]; !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
				return false
			}
		}
	}
	tld := n[strings.LastIndexByte(n, '.')+1:]
	return len(tld) >= 2 && !(tld[0] >= '0' && tld[0] <= '9')
}

func knownTLD(n string) bool {
	suffix, icann := publicsuffix.PublicSuffix(n)
	return (icann || strings.Contains(suffix, ".")) && suffix != n
}

// local says that the host is no other host: loopback, any, broadcast, netmask,
// multicast, names of the network itself. Private addresses are no local ones:
// somebody's network has them.
func local(host string, ip bool) bool {
	if !ip {
		return host == "localhost" || strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".localdomain") || strings.HasSuffix(host, ".lan") || strings.HasSuffix(host, ".home") || strings.HasSuffix(host, ".arpa") || strings.HasSuffix(host, ".invalid")
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return true
	}
	if a.IsLoopback() || a.IsUnspecified() || a.IsMulticast() || a.IsLinkLocalUnicast() {
		return true
	}
	if a.Is4() {
		b := a.As4()
		return b[0] == 0 || b[0] >= 240 || b[3] == 255 || mask(b)
	}
	return false
}

// mask says that b is a netmask: ones, then zeros.
func mask(b [4]byte) bool {
	v := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	return v&(v>>1|1<<31) == v && v>>24 >= 0xf0
}

var ports = map[string]int{"http": 80, "https": 443, "ftp": 21, "ftps": 990, "sftp": 22, "ssh": 22, "scp": 22, "tftp": 69, "telnet": 23, "smtp": 25, "smtps": 465, "imap": 143, "pop3": 110, "rtsp": 554, "rtsps": 322, "rtmp": 1935, "rtmps": 443, "mqtt": 1883, "tcp": 0, "mqtts": 8883, "ws": 80, "wss": 443, "ntp": 123, "dns": 53, "coap": 5683, "coaps": 5684, "ldap": 389, "ldaps": 636, "stun": 3478, "turn": 3478, "syslog": 514, "amqp": 5672, "amqps": 5671, "snmp": 161, "redis": 6379, "mysql": 3306, "ssl": 0, "udp": 0, "nfs": 2049, "git": 9418, "rsync": 873, "sip": 5060, "sips": 5061}

// names of name spaces and schemas: identifiers that nobody fetches.
var namespaceHosts = []string{"w3.org", "xmlsoap.org", "onvif.org", "ns.adobe.com", "purl.org", "iptc.org", "oasis-open.org", "schemas.microsoft.com", "openxmlformats.org", "upnp.org", "relaxng.org", "xml.apache.org", "docbook.org", "java.sun.com", "xmlns.com", "ogp.me", "schema.org", "json-schema.org", "freedesktop.org/standards", "musicbrainz.org", "prefix.cc", "trustedcomputinggroup.org"}

// hosts that free software names in its messages: manuals, homes, bug trackers.
var projectHosts = []string{"gnu.org", "debian.org", "openssl.org", "freedesktop.org", "kernel.org", "mosquitto.org", "curl.se", "curl.haxx.se", "sqlite.org", "gnome.org", "apache.org", "python.org", "lua.org", "perl.org", "busybox.net", "openwrt.org", "buildroot.org", "lighttpd.net", "nginx.org", "ietf.org", "rfc-editor.org", "wikipedia.org", "sourceforge.net", "sf.net", "github.com", "gitlab.com", "bitbucket.org", "launchpad.net", "opensource.org", "creativecommons.org", "iana.org", "bugs.debian.net", "debuginfod.debian.net", "tuxfamily.org", "free.fr", "asn.au", "veracrypt.fr", "netfilter.org", "samba.org", "isc.org", "thekelleys.org.uk", "w1.fi", "tcpdump.org", "unicode.org", "gstreamer.net", "ffmpeg.org", "videolan.org", "zlib.net", "openssh.com", "openldap.org", "sites.google.com", "ifpi.org", "avahi.org", "xiph.org", "live555.com", "systemd.io", "boost.org", "llvm.org", "golang.org", "go.dev", "rust-lang.org", "npmjs.com", "nodejs.org", "jquery.com", "jquery.org", "mozilla.org", "readthedocs.io", "stackoverflow.com"}

func under(host string, list []string) bool {
	for _, l := range list {
		if host == l || strings.HasSuffix(host, "."+l) {
			return true
		}
	}
	return false
}

func namespace(host, rest string) bool {
	for _, n := range namespaceHosts {
		h, p, _ := strings.Cut(n, "/")
		if (host == h || strings.HasSuffix(host, "."+h)) && strings.HasPrefix(strings.TrimPrefix(rest, "/"), p) {
			return true
		}
	}
	low := strings.ToLower(rest)
	return strings.HasSuffix(low, ".dtd") || strings.HasSuffix(low, ".xsd") || strings.HasSuffix(low, "#") && len(low) > 1 || strings.Contains(low, "/xmlns") || strings.HasSuffix(low, "/schema") || strings.Contains(low, "/schemas/") || strings.HasPrefix(low, "/ns/") || strings.HasPrefix(low, "/xml/")
}

// manual says that a path leads to something for people to read.
func manual(rest string) bool {
	low := strings.ToLower(rest)
	for _, m := range []string{"/doc", "/wiki", "/license", "/bugs", "/bug", "/issues", "/software/", "/help", "/gethelp", "/faq", "/manual", "/copyleft", "/projects/", "/pkg/", "/man/"} {
		if strings.Contains(low, m) {
			return true
		}
	}
	// With or without the full stop that ends a sentence.
	low = strings.TrimRight(low, ".")
	return strings.HasSuffix(low, ".html") || strings.HasSuffix(low, ".htm") || strings.HasSuffix(low, ".pdf") || strings.HasSuffix(low, ".txt") || strings.HasSuffix(low, ".php")
}

// reserved says that the name is for examples (RFC 2606).
func reserved(host string) bool {
	return under(host, []string{"example.com", "example.org", "example.net", "example", "test", "invalid"})
}

var prose = [][]byte{[]byte("report"), []byte("bug"), []byte("see "), []byte("home page"), []byte("homepage"), []byte("for more"), []byte("documentation"), []byte("visit"), []byte("licen"), []byte("copyright"), []byte("manual"), []byte("e.g."), []byte("example"), []byte("usage"), []byte("warranty"), []byte("refer to"), []byte("please "), []byte("written by"), []byte("info at"), []byte("read about"), []byte("maintained")}

// sentence says that the text around line[at] is written for people.
func sentence(line []byte, at int) bool {
	low := bytes.ToLower(line[max(0, at-reach):min(len(line), at+reach)])
	for _, p := range prose {
		if bytes.Contains(low, p) {
			return true
		}
	}
	return false
}
