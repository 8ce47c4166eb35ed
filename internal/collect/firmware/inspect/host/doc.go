// Package host finds names and addresses of hosts in the files of a firmware
// image and says how each is used there. In: an inspect.File and where the words
// of Words stand in it. Out: uses with place, scheme, port and the strength of
// the evidence that the product contacts the host. What only looks like a host
// that is contacted (a name space, a manual, a comment, a version) is given with
// its class, so that the caller can count what is contacted and still show what
// was left out.
package host

import (
	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/keyword"
)

// Class is how a host is used where it stands.
type Class string

// The classes of a use.
const (
	InConfig      Class = "config"
	InScript      Class = "script"
	InWeb         Class = "web"
	InHistory     Class = "history"
	InBinary      Class = "binary"
	Documentation Class = "documentation" // manual, example, licence, help text of a program
	Namespace     Class = "namespace"     // an XML name space or schema: an identifier
	Comment       Class = "comment"
	Certificate   Class = "certificate" // revocation lists and responders, names of authorities
	Local         Class = "local"       // loopback, any, broadcast, netmask, multicast, local names
	Private       Class = "private"     // an address of somebody's own network (RFC 1918, RFC 4193): of the factory or the device itself
	Mail          Class = "mail"        // the domain of an e-mail address
	Number        Class = "number"      // a version or an object identifier, not an address
	FileName      Class = "file-name"   // a name of a file, a package or a bus that ends like a domain
	Cut           Class = "cut"         // no host: a limit was hit here, what follows in the file was not looked at
)

// Contacted says that the use is one that makes the device talk to the host.
func (c Class) Contacted() bool {
	switch c {
	case InConfig, InScript, InWeb, InHistory, InBinary:
		return true
	}
	return false
}

// Evidence is how strongly a use shows that the product contacts the host.
type Evidence string

// The evidence, strongest first.
const (
	Configured Evidence = "configured" // the value of a setting, a directive of a known file
	Scripted   Evidence = "script"     // an argument or a value in a script, a crontab, a unit; what a page fetches
	Programmed Evidence = "program"    // a string of a program that opens connections
	Mentioned  Evidence = "mentioned"  // it stands there, and nothing shows that it is used
)

// Use is one host at one place.
type Use struct {
	inspect.Where
	Host     string // lower case, without port; an IPv6 address without brackets
	IP       bool
	Scheme   string // "https", "mqtt", "ntp", "dns" …; empty if nothing tells
	Port     int    // as written, as a key beside it says, or the scheme's default; 0 if nothing tells
	Class    Class
	Evidence Evidence
	Own      bool   // the device's own name, which a service of dynamic DNS keeps: it is registered, not contacted
	Key      string // the name of the setting, or the command, that it belongs to; empty if there is none
	Text     string // the URL, or the host as it stands; credentials are replaced by "***"
}

// Words returns what the caller looks for in a file's bytes, without regard to
// case. The caller must not change it.
func Words() []string { return words }

// Scan returns the uses in f in the order of their offsets. found are the places
// of Words in f.Data, ordered by where they end. Several goroutines may call it,
// each with a File of its own.
func Scan(f *inspect.File, found []keyword.Hit) []Use { return scan(f, found) }
