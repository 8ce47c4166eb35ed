// Package system finds what weakens a device in its configurations, scripts and
// pages: services that let anybody in, connections in clear or unchecked, weak
// ciphers, commands made of what a request sends, updates that nobody signs. In:
// an inspect.File and the places of Words in it. Out: weaknesses, and what is
// known of the update mechanism.
package system

import (
	"assay/internal/collect/firmware/inspect"
)

// The kinds of weaknesses.
const (
	UpdateOverHTTP     = "update-over-http"         // an image is fetched over plain HTTP or FTP
	UpdateUnsigned     = "update-without-signature" // flash is written, or packages are installed, and no signature is looked at
	TLSVerifyDisabled  = "tls-verify-disabled"      // a client told not to check the certificate
	WeakTLS            = "weak-tls-config"
	WeakCipher         = "weak-cipher" // ECB, DES, RC4, MD5 in a command or call
	WeakSSH            = "weak-ssh-config"
	WeakWiFi           = "weak-wifi-security"  // an open network, WEP, WPA 1, TKIP
	CleartextTransport = "cleartext-transport" // a configured plain port of MQTT, web administration …
	DirectoryListing   = "directory-listing"
	CommandInjection   = "command-injection" // a request's text is run by a shell
	LoginOverGet       = "login-over-get"
	PortForward        = "upnp-port-forward"
	ReverseTunnel      = "reverse-tunnel"     // a connection outwards that lets somebody in
	SSHRootPassword    = "ssh-root-password"  // root logs in over SSH with a password
	SSHEmptyPassword   = "ssh-empty-password" // accounts without a password log in over SSH
	SNMPCommunity      = "snmp-default-community"
	SudoNoPassword     = "sudo-without-password"
	Anonymous          = "anonymous-access" // of MQTT, FTP, SMB: Name says which
	ADBEnabled         = "adb-enabled"
	DebugBuild         = "debug-build"            // Android's switches of a development build
	SerialShell        = "serial-shell"           // a setting that leaves the log-in of a console out
	EmptyPassword      = "empty-password"         // a script takes the password of an account away
	Bootloader         = "bootloader-open"        // a script sets a boot loader to wait for a key
	TelnetEnabled      = "telnet-enabled"         // a setting that switches it on
	HardCodedKey       = "hard-coded-key"         // a key in the command line of openssl; Text is masked
	ServiceAsRoot      = "service-as-root"        // a server told to keep the rights of root
	FirewallOpen       = "firewall-open"          // what comes from the Internet's side is let in
	KernelWeak         = "kernel-not-hardened"    // protections of the kernel that are off; Name says which
	CoreDumps          = "core-dump-enabled"      // memory of programs is written to files
	PathWritable       = "path-writable"          // programs or libraries are looked for where others may write
	RootWritable       = "root-writable"          // the root file system is made writable
	WorldWritable      = "world-writable"         // a script gives everybody the right to write
	SetUIDRoot         = "setuid-root"            // a script gives a program the rights of root
	FixedIdentity      = "fixed-identity"         // an address, an identifier or a seed that is the same on each unit
	DebugTool          = "debug-tool"             // a debugger that a program opens for others
	Leftover           = "development-leftover"   // what belongs to whoever developed it; Name says what
	CodeInjection      = "code-injection"         // a request's text is run as a program or a template
	SQLInjection       = "sql-injection"          // a request's text is put into a query
	PathTraversal      = "path-traversal"         // a request names any file
	RequestForgery     = "request-forgery"        // a request has the device fetch any address
	Deserialization    = "unsafe-deserialization" // a request's bytes are turned into objects
	TokenUnchecked     = "token-not-verified"     // a token whose signature nobody looks at
	HiddenAccess       = "hidden-access"          // a word that opens without a login
	WeakRandom         = "weak-random"            // identifiers of sessions that can be guessed
	WeakHash           = "weak-password-hash"
	CrossOrigin        = "cross-origin"     // pages of any site may call the interface
	Downgrade          = "update-downgrade" // older versions are taken
	BusOpen            = "bus-open"         // every process may take any name of D-Bus
	Cut                = "cut"              // no weakness: a limit was hit here, what follows in the file was not looked at
)

// Report is what one file says.
type Report struct {
	Weaknesses []inspect.Weakness
	Updates    []Update
}

// Update is what a file tells of how the device is renewed.
type Update struct {
	inspect.Where
	Mechanism string // "script", "program", "swupdate", "rauc", "mender", "opkg", "apt", "yum", "u-boot-env"
	Scheme    string // of the source: "https", "http", "ftp"; "" where it names none
	URL       string // credentials are not replaced
	Signature string // Checked, NotSeen, Disabled
	Rollback  string // Checked, NotSeen: whether an older version is refused
	Key       string // the path of the key that it is checked with
	Text      string
}

// What is known of a check.
const (
	Checked  = "checked"
	NotSeen  = "not-seen"
	Disabled = "disabled"
)

// anchor is a word, and what is looked for where it stands.
type anchor struct {
	word string
	use  int
}

var anchorList = [...]anchor{
	{"http://", updates}, {"ftp://", updates}, {"https://", updates},
	{"insecure", clients}, {"no-check-certificate", clients}, {"verify_none", clients}, {"verify=false", clients}, {"verify = false", clients}, {"ssl_verify", clients}, {"verify_peer", clients}, {"cert_none", clients},
	{"check_hostname", clients}, {"rejectunauthorized", clients}, {"skipverify", clients}, {"unverified_context", clients}, {"curl -", clients}, {"missing_host_key", clients},
	{`verify = "none`, clients}, {`verify="none`, clients}, {"tls_insecure_set", clients}, {"ssl_opts", clients}, {"ssl_verifypeer", clients}, {"ssl_verifyhost", clients}, {"tls_reject", clients}, {"protocol_tlsv1", versions}, {"protocol_sslv", versions}, {"tlsversion.tlsv1", versions}, {"tlsv1_method", versions},
	{"tlsv1_1_method", versions}, {"sslv3_method", versions}, {`"tlsv1"`, versions}, {`"sslv3"`, versions}, {"minversion", versions}, {"debug=true", debuggers}, {"| sh", piped}, {"|sh", piped}, {"| bash", piped}, {"|bash", piped},
	{"pass=", pages}, {"pwd=", pages}, {"passwd=", pages}, {"password=", pages},
	{"os.execute", commands}, {"popen", commands}, {"shell_exec", commands}, {"passthru", commands}, {"system", commands}, {"proc_open", commands}, {"exec", commands}, {"subprocess", commands}, {"sys.call", commands},
	{"stricthostkeychecking", hosts}, {"dbclient", hosts}, {"sysauth", logins}, {"openssl enc", phrases}, {"openssl aes", phrases},
	{"mode_ecb", ciphers}, {"mcrypt_des", ciphers}, {"mcrypt_3des", ciphers}, {"mcrypt_mode_ecb", ciphers}, {"des.new", ciphers}, {"des3.new", ciphers}, {"arc4.new", ciphers}, {"createcipher", ciphers}, {"aes-128-ecb", ciphers}, {"aes-256-ecb", ciphers}, {"des-cbc", ciphers}, {"des-ecb", ciphers},
}

// Words are the anchors that Scan wants the places of, in programs, in pages and
// in scripts of other languages than the shell's; configurations and the shell's
// scripts are read line by line.
func Words() []string {
	out := make([]string, len(anchorList))
	for i, a := range anchorList {
		out[i] = a.word
	}
	return out
}
