// Package startup reads what a device starts: inittab, init.d and rc scripts,
// systemd units, inetd and xinetd, crontabs; and the lines of scripts and
// configurations that weaken it (an update over plain HTTP, a certificate check
// switched off). In: an inspect.File. Out: items with place and text. Whether a
// script is run is for the caller to see from the tree; Item.By says what runs
// it if the file itself tells.
package startup

import "assay/internal/collect/firmware/inspect"

// Kind is what was found.
type Kind string

// The kinds of an item.
const (
	Service            Kind = "service"              // a network service is started; Name says which
	Telnet             Kind = "telnet-enabled"       // telnetd is started
	SerialShell        Kind = "serial-shell"         // a shell on a terminal without log-in
	SerialLogin        Kind = "serial-login"         // a getty on a serial line: a log-in is asked for
	Process            Kind = "process"              // any other program that init keeps running
	UpdateOverHTTP     Kind = "update-over-http"     // an image is fetched over plain HTTP or FTP
	TLSVerifyDisabled  Kind = "tls-verify-disabled"  // a client told not to check the certificate
	UpdateUnsigned     Kind = "update-without-check" // flash is written in a script that verifies no signature
	WeakTLS            Kind = "weak-tls-config"
	WeakCipher         Kind = "weak-cipher" // ECB, DES, RC4 in a command line
	PortForward        Kind = "upnp-port-forward"
	CleartextTransport Kind = "cleartext-transport" // a configured plain port of MQTT, web administration
	DirectoryListing   Kind = "directory-listing"
	CommandInjection   Kind = "command-injection" // a request's text is evaluated by a shell
	LoginOverGet       Kind = "login-over-get"
	Cut                Kind = "cut" // no item: a limit was hit here, what follows in the file was not looked at
)

// Item is one line that starts or weakens something.
type Item struct {
	Kind Kind
	inspect.Where
	Name string // of a service: "telnetd", "dropbear" …, of a terminal: "ttyS0"
	Text string // the line or the part of it that says so; credentials are not replaced
	By   string // "inittab", "init.d", "rc", "systemd", "inetd", "xinetd", "crontab", "script", "config"
	Port int    // where the line names it
}

// Scan returns the items of f in the order of their offsets.
func Scan(f *inspect.File) []Item { return scan(f) }
