// Package banner names the service behind an open port. In: a function that
// opens a connection, and the port as a hint for the order of questions. Out:
// the protocol, product and version where the service tells them, and the
// first bytes that it sent.
//
// It listens first and then asks harmless questions, each on a connection of
// its own: an HTTP GET, an RTSP OPTIONS, an MQTT CONNECT without name or
// password, a TLS ClientHello. It never sends credentials.
package banner

import (
	"context"
	"net"
	"time"
)

// Service is a protocol that the package knows.
type Service string

const (
	HTTP    Service = "http"
	HTTPS   Service = "https"
	RTSP    Service = "rtsp"
	RTSPS   Service = "rtsps"
	SSH     Service = "ssh"
	Telnet  Service = "telnet"
	FTP     Service = "ftp"
	FTPS    Service = "ftps"
	SMTP    Service = "smtp"
	MQTT    Service = "mqtt"
	MQTTS   Service = "mqtts"
	TLS     Service = "tls" // TLS with something unknown inside
	Unknown Service = "unknown"
)

// Dial opens one connection to the port.
type Dial func(ctx context.Context) (net.Conn, error)

// Config bounds the questions. Zero fields take defaults.
type Config struct {
	// Port is a hint for the order of questions; 0 means none.
	Port uint16
	// Passive is how long to listen first (default 1.5 s), Timeout how
	// long one question may take (default 4 s).
	Passive, Timeout time.Duration
	// Host stands in the Host header and in RTSP URLs (default "device").
	Host string
}

// MaxRaw bounds Result.Raw.
const MaxRaw = 512

// Result is what answers on a port. Product, Version and Raw are text from
// outside.
type Result struct {
	Service Service
	// TLS says that the service spoke inside TLS.
	TLS              bool
	Product, Version string
	// Raw is the start of what the service said in the clear, or inside
	// TLS; at most MaxRaw bytes.
	Raw []byte
	// How names the question that was answered: "passive", "http", "rtsp",
	// "mqtt", "tls".
	How string
	// Silent says that the port took connections and answered nothing.
	Silent bool
	// Connections counts the connections made.
	Connections int
	// Err is why the questions were cut short; nil when all were asked.
	Err error
}
