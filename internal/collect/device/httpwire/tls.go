package httpwire

import (
	"crypto/tls"
	"net"
)

// TLSConfig returns a configuration that talks to weak devices: no
// verification, TLS 1.0 and every suite that Go knows. It is for testing an
// interface, never for trusting one.
func TLSConfig(serverName string) *tls.Config {
	c := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10}
	if net.ParseIP(serverName) == nil {
		c.ServerName = serverName
	}
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		c.CipherSuites = append(c.CipherSuites, s.ID)
	}
	return c
}
