// Package host finds names and addresses of hosts in the files of a firmware
// image and says how each is used there. In: an inspect.File. Out: uses with
// place, scheme and port. A use in a comment, a name space, a manual or a
// certificate is given with that class, so that the caller can count what is
// contacted and still show what was left out.
package host

import "assay/internal/collect/firmware/inspect"

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
	Certificate   Class = "certificate"
	Local         Class = "local" // loopback, any, broadcast, netmask, multicast, local names
	Cut           Class = "cut"   // no host: a limit was hit here, what follows in the file was not looked at
)

// Contacted says that the use is one that makes the device talk to the host.
func (c Class) Contacted() bool {
	switch c {
	case InConfig, InScript, InWeb, InHistory, InBinary:
		return true
	}
	return false
}

// Use is one host at one place.
type Use struct {
	inspect.Where
	Host   string // lower case, without port; an IPv6 address without brackets
	IP     bool
	Scheme string // "https", "mqtt", "ntp", "dns" …; empty if nothing tells
	Port   int    // as written, as a key beside it says, or the scheme's default; 0 if nothing tells
	Class  Class
	Text   string // the URL, or the host as it stands; credentials are replaced by "***"
}

// Scan returns the uses in f in the order of their offsets.
func Scan(f *inspect.File) []Use { return scan(f) }
