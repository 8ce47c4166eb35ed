package httpwire

import (
	"net"
	"strings"
)

// Host returns the address of a service as the Host field and URLs have it
// (RFC 9110 section 7.2): without the port where it is the usual one, IPv6 in
// brackets and without a zone. addr is host:port; anything else gives "".
func Host(addr, usual string) string {
	host, port, err := net.SplitHostPort(addr)
	host, _, _ = strings.Cut(host, "%")
	if err != nil || host == "" || strings.ContainsAny(addr, " \r\n\t\x00/") {
		return ""
	}
	if port != usual {
		return net.JoinHostPort(host, port)
	}
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}
