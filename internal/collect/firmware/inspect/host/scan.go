package host

import (
	"cmp"
	"net/netip"
	"path"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/keyword"
)

// maxUses bounds what one file may report, maxNoise how much of it may be what is
// not contacted.
const (
	maxUses  = 2000
	maxNoise = 500
)

// maxCandidates bounds the texts that are looked at closely.
const maxCandidates = 100_000

// maxLines bounds the texts whose lines are all read; of longer ones only the
// places of words are.
const maxLines = 1 << 20

type scanner struct {
	f          *inspect.File
	uses       []Use
	noise      int
	candidates int
	done       int  // places before it were looked at
	network    bool // a name of a function that opens connections stands in the file
	asked      bool // networks was worked out
	opens      bool
	key        string // what the host in hand belongs to
	cut        bool
}

func scan(f *inspect.File, found []keyword.Hit) []Use {
	s := &scanner{f: f}
	switch {
	case strings.HasSuffix(f.Path, "ipsec.secrets"):
		return nil // who the ends are, not where
	case f.Role == inspect.Certificate:
		return nil // names in a certificate are encoded; package cert reads them
	case s.utf16():
	case f.Kind == inspect.Text && len(f.Data) <= maxLines:
		s.text()
		s.encoded(found)
	default:
		s.places(found)
	}
	slices.SortStableFunc(s.uses, func(a, b Use) int { return cmp.Compare(a.Offset, b.Offset) })
	s.listed()
	return s.uses
}

// maxSpoken is how many different hosts a program contacts, at the most: more are
// a list that it knows traffic or services by.
const maxSpoken = 40

// fewUpdaters is from how many services of dynamic DNS on a program knows them
// all, and contacts the one that its settings name.
const fewUpdaters = 6

// listed takes the evidence from the hosts of a program or a script that names
// too many: which of them it contacts stands elsewhere.
func (s *scanner) listed() {
	if s.f.Role == inspect.Config {
		return
	}
	hosts := map[string]bool{}
	for i := range s.uses {
		if u := &s.uses[i]; u.Class == InBinary || u.Class == InScript {
			hosts[u.Host] = true
		}
	}
	updaters := 0
	for h := range hosts {
		if under(h, dynamicDNS) {
			updaters++
		}
	}
	all := len(hosts) > maxSpoken
	if !all && updaters < fewUpdaters {
		return
	}
	for i := range s.uses {
		if u := &s.uses[i]; (u.Class == InBinary || u.Class == InScript) && (all || under(u.Host, dynamicDNS)) {
			u.Evidence = Mentioned
		}
	}
}

func (s *scanner) add(off int, u Use) {
	switch {
	case s.cut:
		return
	case len(s.uses) >= maxUses || s.candidates >= maxCandidates:
		u = Use{Class: Cut, Text: "too many hosts to look at; the rest of the file was not"}
		s.cut = true
	case !u.Class.Contacted():
		if s.noise++; s.noise > maxNoise {
			return
		}
	}
	if u.Class.Contacted() && u.IP && private(u.Host) {
		u.Class = Private
	}
	u.Where = s.f.At(off)
	if u.Key == "" {
		u.Key = s.key
	}
	u.Evidence = s.evidence(&u)
	s.key = ""
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
	base := path.Base(s.f.Path)
	if s.f.Library() {
		return Documentation
	}
	switch base {
	case "package.json", "package-lock.json", "bower.json", "composer.json", "yarn.lock":
		return Documentation // where a library comes from
	}
	switch path.Ext(base) {
	case ".pod", ".pc", ".la", ".cmake", ".m4", ".am":
		return Documentation // what a library is built with
	case ".h", ".hpp":
		if strings.Contains(s.f.Path, "/usr/") {
			return Documentation
		}
	}
	if base == "motd" || base == "issue" || base == "issue.net" || base == "banner" {
		return Documentation // people read it
	}
	if strings.HasSuffix(base, ".log") || strings.HasPrefix(s.f.Path, "/var/log/") {
		return Documentation // what happened once
	}
	if s.f.Role == inspect.Database && strings.HasPrefix(s.f.Path, "/etc/") {
		return InConfig // the settings of a package manager, not its database
	}
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
	if icann {
		return suffix != n
	}
	return strings.Contains(suffix, ".") // a domain of a cloud: s3.amazonaws.com is a host, too
}

// local says that the host is no other host: loopback, any, broadcast, netmask,
// multicast, names of the network itself. Private addresses are none of these:
// somebody's network has them.
func local(host string, ip bool) bool {
	if !ip {
		return host == "localhost" || strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".localdomain") || strings.HasSuffix(host, ".lan") || strings.HasSuffix(host, ".home") || strings.HasSuffix(host, ".internal") || strings.HasSuffix(host, ".arpa") || strings.HasSuffix(host, ".invalid")
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

// private says that an address is one of networks that nobody routes.
func private(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsPrivate()
}
