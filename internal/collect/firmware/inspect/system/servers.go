package system

import (
	"bytes"
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/pattern"
)

// servers are rules of programs that serve others, as their manuals name the
// settings. What holds only together with other settings is together's.
var servers = []program{
	{like("dnsmasq"), []rule{{"enable-tftp", anything, Anonymous, "tftp"}}},
	{like("/config/dhcp"), []rule{{"enable_tftp", yes, Anonymous, "tftp"}}},
	{like("/config/samba", "/config/ksmbd"), []rule{{"guest_ok", yes, Anonymous, "smb"}, {"create_mask", forAll, WorldWritable, "smb"}, {"dir_mask", forAll, WorldWritable, "smb"}, {"directory_mask", forAll, WorldWritable, "smb"}}},
	{like("vsftpd"), []rule{{"file_open_mode", forAll, WorldWritable, "ftp"}, {"local_umask", matches(`^0+$`), WorldWritable, "ftp"}, {"anon_umask", matches(`^0+$`), WorldWritable, "ftp"}}},
	{like("proftpd"), []rule{{"umask", matches(`^0?00\b`), WorldWritable, "ftp"}}},
	{like("/config/uhttpd"), []rule{{"ubus_cors", yes, CrossOrigin, "uhttpd"}, {"no_ubusauth", yes, Anonymous, "ubus"}}},
	{like("accel-ppp"), []rule{{"", matches(`^(?:auth_pap|auth_chap_md5|auth_mschap_v1)\b`), WeakCipher, "ppp"}}},
	{named("xl2tpd.conf"), []rule{{"", matches(`^require pap\s*=\s*yes`), WeakCipher, "ppp"}}},
	{named("mpd.conf", "mpd5.conf"), []rule{{"", matches(`^set\s+link\s+(?:enable|yes|accept)\s.*\b(?:pap|chap-md5|chap-msv1)\b`), WeakCipher, "ppp"}}},
	{named("bftpd.conf"), []rule{{"anonymous_user", yes, Anonymous, "ftp"}}},
	{like("stupid-ftpd"), []rule{{"", matches(`^user=(?:anonymous|ftp)\s`), Anonymous, "ftp"}}},
	{named("ser2net.conf"), []rule{{"", matches(`^\d+:(?:raw|rawlp|telnet):`), Anonymous, "serial"}, {"", matches(`^(?:0\.0\.0\.0|::|\*),\d+:(?:raw|rawlp|telnet):`), Anonymous, "serial"}}},
	{named("ser2net.yaml"), []rule{{"accepter", matches(`^(?:telnet(?:\([^)]*\))?,)?tcp,(?:(?:0\.0\.0\.0|::|\*),)?\d+$`), Anonymous, "serial"}}},
	{like("/pulse/"), []rule{{"", matches(`^load-module\s+module-native-protocol-tcp\b.*\bauth-anonymous=(?:1|true|yes)`), Anonymous, "pulseaudio"}}},
	{like("turnserver"), []rule{{"no-auth", anything, Anonymous, "turn"}}},
	{named("tinyproxy.conf"), []rule{{"allow", matches(`^(?:0\.0\.0\.0/0|::/0)`), Anonymous, "proxy"}}},
	{named("danted.conf", "sockd.conf"), []rule{{"socksmethod", matches(`(?i)\bnone\b`), Anonymous, "proxy"}, {"method", matches(`(?i)^none\b`), Anonymous, "proxy"}}},
	{like("3proxy"), []rule{{"auth", none, Anonymous, "proxy"}}},
	{like("memcached"), []rule{{"-l", matches(`^(?:0\.0\.0\.0|::)`), Anonymous, "memcached"}}},
	{like("elasticsearch", "opensearch"), []rule{{"xpack.security.enabled", no, Anonymous, "elasticsearch"}, {"plugins.security.disabled", yes, Anonymous, "opensearch"}}},
	{like("miniupnpd"), []rule{{"", matches(`^allow\s+[01]-65535\s+0\.0\.0\.0/0\s+[01]-65535`), PortForward, "miniupnpd"}}},
	{named("cockpit.conf"), []rule{{"allowunencrypted", yes, CleartextTransport, "http"}}},
	{named("miniserv.conf"), []rule{{"ssl", no, CleartextTransport, "http"}}},
	{like("haproxy"), []rule{{"", matches(`\bforce-(?:sslv3|tlsv1[01])\b`), WeakTLS, "haproxy"}}},
	{named("login.defs"), []rule{{"encrypt_method", matches(`^(?i)(?:des|md5|sha1)\b`), WeakCipher, "passwords"}, {"md5_crypt_enab", yes, WeakCipher, "passwords"}, {"umask", matches(`^0+$`), WorldWritable, "umask"}}},
	{like("/pam.d/"), []rule{{"", matches(`^-?password\s+.*\bpam_unix\.so\b.*\s(?:md5|bigcrypt)\b`), WeakCipher, "passwords"}}},
	{like("/polkit-1/localauthority", "/polkit-1/50"), []rule{{"resultany", yes, SudoNoPassword, "polkit"}}},
	{named("ld.so.preload"), []rule{{"", outside, PathWritable, "ld.so.preload"}}},
	{like("/ld.so.conf"), []rule{{"", func(v string) bool { return (strings.HasPrefix(v, "/") || strings.HasPrefix(v, ".")) && open(v) }, PathWritable, "ld.so.conf"}}},
	{like("/conf.d/agetty", "/conf.d/getty", "/sv/agetty", "/sv/getty", "/default/agetty"), []rule{{"", matches(`--autologin\b`), SerialShell, "getty"}}},
	{like("/systemd/"), []rule{{"environment", matches(`\bSYSTEMD_SULOGIN_FORCE=1`), SerialShell, "sulogin"}}},
	{named(".npmrc", "npmrc", ".yarnrc"), []rule{{"strict-ssl", no, TLSVerifyDisabled, "npm"}}},
	{like("/system-connections/"), []rule{{"key-mgmt", matches(`^(?:none|ieee8021x)$`), WeakWiFi, "WEP"}}},
	{like("/crypto-policies/config"), []rule{{"", matches(`^LEGACY\b`), WeakTLS, "LEGACY"}}},
	{like("/loader.conf", "loader/loader.conf"), []rule{{"editor", yes, Bootloader, "systemd-boot"}}},
	{like("/bluetooth/"), []rule{{"classicbondedonly", no, Anonymous, "bluetooth"}, {"justworksrepairing", matches(`^always$`), Anonymous, "bluetooth"}}},
	{like("zigbee2mqtt"), []rule{{"permit_join", yes, Anonymous, "zigbee"}}},
	{func(_, base string) bool { return path.Ext(base) == ".rc" }, []rule{{"seclabel", matches(`^u:r:su:s0$`), DebugBuild, "su"}}},
	{named("finit.conf"), []rule{{"", matches(`^tty\s.*\b(?:nologin|notty)\b`), SerialShell, "console"}}},
	{like("homeassistant", "configuration.yaml"), []rule{{"allow_bypass_login", yes, Anonymous, "home-assistant"}}},
}

// outside says that a library lies where no system keeps its own.
func outside(p string) bool {
	return open(p) || strings.HasPrefix(p, "/") && !strings.HasPrefix(p, "/lib") && !strings.HasPrefix(p, "/usr/") && !strings.HasPrefix(p, "/$")
}

// together looks at settings that weaken a server only where others are missing.
func (s *scanner) together(p, base string) {
	d := s.f.Data[:min(len(s.f.Data), maxConfig)]
	switch {
	case base == "daemon.json" && strings.Contains(p, "docker"):
		s.dockerd()
	case strings.HasPrefix(base, "mongod") && path.Ext(base) == ".conf" && !mongoOpen.Match(d): // else that is what is told
		s.lacks("bindip", reached, Anonymous, "mongodb", "authorization")
		s.lacks("bindipall", yes, Anonymous, "mongodb", "authorization")
	case strings.HasPrefix(base, "aria2"):
		if ariaOn.Match(d) {
			s.lacks("rpc-listen-all", yes, Anonymous, "aria2", "rpc-secret")
		}
	case strings.Contains(p, "/system-connections/"):
		s.lacks("mode", func(v string) bool { return v == "ap" }, WeakWiFi, "open", "key-mgmt", "security")
	case strings.Contains(p, "nginx"):
		s.unlocked()
		s.lacksInBlock("dav_methods", writesDAV, Anonymous, "webdav", "auth_basic", "auth_request", "auth_digest", "ssl_verify_client", "deny", "limit_except")
	case strings.Contains(p, "lighttpd"):
		s.lacks("webdav.activate", yes, Anonymous, "webdav", "auth.require", "webdav.is-readonly", "ssl.verifyclient.enforce")
	case strings.Contains(p, "mosquitto"):
		s.listeners()
	case base == "grub.cfg":
		s.lacks("timeout", func(v string) bool { return v != "0" && v != "" && v[0] != '$' }, Bootloader, "grub", "superusers", "password", "password_pbkdf2")
	case strings.HasPrefix(base, "mediamtx") || strings.HasPrefix(base, "rtsp-simple-server"):
		for _, m := range anyViewer.FindAllIndex(d, 64) {
			if rest := d[m[1]:min(len(d), m[1]+200)]; !insideOnly.Match(rest) && !s.f.Comment(m[0]+2) {
				s.add(m[0], inspect.Weakness{Kind: Anonymous, Name: "rtsp", Text: string(bytes.TrimSpace(d[m[0]:m[1]]))})
			}
		}
	case base == "grafana.ini":
		s.eachLine(func(line, key, value string, off int) {
			if s.in() == "auth.anonymous" && key == "enabled" && yes(value) {
				s.add(off, inspect.Weakness{Kind: Anonymous, Name: "grafana", Text: line})
			}
		})
	case strings.Contains(p, "openvpn") || path.Ext(base) == ".ovpn":
		s.eachLine(func(line, key, value string, off int) {
			if f := strings.Fields(value); key == "management" && len(f) == 2 && f[1] != "unix" && !loopback(f[0]) { // no file with a password
				s.add(off, inspect.Weakness{Kind: Anonymous, Name: "openvpn", Text: line})
			}
		})
	case strings.Contains(p, "/polkit-1/rules.d/"):
		for _, m := range polkitRule.FindAllIndex(d, 64) {
			if !s.f.Comment(m[0]) {
				s.add(m[0], inspect.Weakness{Kind: SudoNoPassword, Name: "polkit", Text: string(d[m[0]:m[1]])})
			}
		}
	case strings.Contains(p, "/rpcd/acl.d/"):
		if m := ubusRole.FindIndex(d); m != nil {
			s.add(m[0], inspect.Weakness{Kind: Anonymous, Name: "ubus", Text: "unauthenticated"})
		}
	case strings.HasPrefix(base, "docker-compose") || strings.HasPrefix(base, "compose.y"):
		s.eachLine(func(line, key, value string, off int) {
			if key == "privileged" && yes(value) || strings.HasPrefix(line, "-") && strings.Contains(line, "/docker.sock:") && !strings.HasSuffix(strings.Trim(line, `"' `), ":ro") {
				s.add(off, inspect.Weakness{Kind: ServiceAsRoot, Name: "container", Text: line})
			}
		})
	}
}

var (
	// A rule that says yes before it asks anything.
	polkitRule = pattern.New(`polkit\.addRule\(\s*function\s*\([^)]*\)\s*\{\s*return\s+polkit\.Result\.YES`)
	// Whoever has not logged in may run programs or write files (OpenWrt's rpcd).
	ubusRole = pattern.New(`"unauthenticated"\s*:\s*\{[^@]{0,900}?"(?:file|uci|\*|/[^"]*)"\s*:\s*\[[^\]]*"(?:exec|write|\*)"`)
)

var ariaOn = pattern.New(`(?m)^\s*enable-rpc\s*=\s*true`)

var mongoOpen = pattern.New(`(?m)^\s*(?:authorization\s*:\s*["']?disabled|(?:noauth|auth)\s*=)`)

var tlsOff = pattern.New(`"tlsverify"\s*:\s*false`)

// loopback says that an address is the device's own.
func loopback(v string) bool {
	return v == "localhost" || v == "::1" || v == "lo" || strings.HasPrefix(v, "127.")
}

// reached says that a list of addresses holds one that others reach.
func reached(v string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' }), func(a string) bool { return !loopback(a) && !strings.HasPrefix(a, "/") })
}

// lacks adds what key opens where none of the other settings closes it.
func (s *scanner) lacks(key string, bad func(string) bool, kind, name string, closes ...string) {
	text, at, closed := "", 0, false
	s.eachLine(func(line, k, value string, off int) {
		if k == "set" && strings.Contains(value, "=") { // of grub
			k, value, _ = strings.Cut(value, "=")
		}
		switch {
		case k == key && bad(value):
			if text == "" {
				text, at = line, off
			}
		case slices.Contains(closes, k) && value != "" && !no(value):
			closed = true
		}
	})
	if text != "" && !closed {
		s.add(at, inspect.Weakness{Kind: kind, Name: name, Text: text})
	}
}

// lacksInBlock is lacks for settings in nested blocks, as of nginx: what closes
// must stand in the block of what opens, or in one around it.
func (s *scanner) lacksInBlock(key string, bad func(string) bool, kind, name string, closes ...string) {
	type place struct {
		text  string
		off   int
		block int
	}
	parents, block := []int{-1}, 0 // of each block; 0 is the file
	closed := map[int]bool{}
	var open []place
	off := 0
	for line := range bytes.Lines(s.f.Data[:min(len(s.f.Data), maxConfig)]) {
		start := off
		off += len(line)
		text := string(bytes.TrimSpace(line))
		if text == "" || text[0] == '#' {
			continue
		}
		for part := range strings.SplitSeq(strings.NewReplacer("{", ";{;", "}", ";};").Replace(text), ";") {
			f := strings.Fields(part)
			switch {
			case len(f) == 0:
			case f[0] == "{":
				if len(parents) < maxBlocks {
					parents = append(parents, block)
					block = len(parents) - 1
				}
			case f[0] == "}":
				block = max(0, parents[block])
			case f[0] == key && bad(strings.Join(f[1:], " ")):
				open = append(open, place{text, start + len(line) - len(bytes.TrimLeft(line, " \t")), block})
			case slices.Contains(closes, f[0]) && len(f) > 1 && !no(f[1]):
				closed[block] = true
			}
			if len(open) == maxBlocks {
				break
			}
		}
	}
	for _, p := range open {
		b := p.block
		for b >= 0 && !closed[b] {
			b = parents[b]
		}
		if b < 0 {
			s.add(p.off, inspect.Weakness{Kind: kind, Name: name, Text: p.text})
		}
	}
}

// maxBlocks bounds the blocks of a configuration.
const maxBlocks = 2000

// writesDAV says that the methods of WebDAV are some that change files.
func writesDAV(v string) bool { return strings.Contains(v, "PUT") || strings.Contains(v, "DELETE") }

var (
	anyViewer  = pattern.New(`(?m)^[ \t]*-[ \t]*user:[ \t]*["']?any["']?[ \t]*$`)
	insideOnly = pattern.New(`^[^-]*?\bips:\s*(?:\[\s*)?["'-]*\s*["']?(?:127\.|::1)`)
)

// listeners looks for those of mosquitto.conf(5) on any port that others reach
// and that have no certificate: the well-known ones say so by their number.
func (s *scanner) listeners() {
	text, at, sealed := "", 0, true
	flush := func() {
		if !sealed {
			s.add(at, inspect.Weakness{Kind: CleartextTransport, Name: "mqtt", Text: text})
		}
		sealed = true
	}
	s.eachLine(func(line, key, value string, off int) {
		switch f := strings.Fields(value); key {
		case "listener", "port":
			flush()
			text, at = line, off
			sealed = len(f) == 0 || f[0] == "0" || cleartextPort(f[0]) || len(f) > 1 && (loopback(f[1]) || strings.HasPrefix(f[1], "/"))
		case "certfile", "keyfile", "cafile", "capath", "require_certificate", "tls_version", "psk_hint", "psk_file", "tls_engine":
			sealed = true
		case "bind_address":
			sealed = sealed || loopback(value)
		}
	})
	flush()
}

// cleartextPort says that a port is one that is told of by its number.
func cleartextPort(v string) bool {
	n, err := strconv.Atoi(v)
	return err != nil || cleartext[n] != ""
}

// dockerd reads daemon.json: a socket on the network that asks for no
// certificate gives the rights of root.
func (s *scanner) dockerd() {
	if bytes.Contains(s.f.Data, []byte("tlsverify")) && !tlsOff.Match(s.f.Data) {
		return
	}
	s.eachLine(func(line, key, value string, off int) {
		if i := strings.Index(line, "tcp://"); i >= 0 && !loopback(line[i+len("tcp://"):]) && !strings.HasPrefix(line[i+len("tcp://"):], "localhost") {
			s.add(off, inspect.Weakness{Kind: Anonymous, Name: "docker", Text: line})
		}
	})
}

var (
	noToken   = pattern.New(`(?m)^\s*c\.(?:NotebookApp|ServerApp|IdentityProvider|PasswordIdentityProvider)\.(token|password)\s*=\s*(?:''|"")\s*$`)
	nodeRED   = pattern.New(`(?m)^\s*(?:flowFile|uiPort)\s*:`)
	inside    = pattern.New(`(?m)^\s*uiHost\s*:\s*["'](?:127\.0\.0\.1|localhost|::1)`)
	adminAuth = pattern.New(`(?m)^\s*adminAuth\s*:`)
)

// unasked looks at the settings of servers that are written in a language of
// programs: Jupyter without a token, Node-RED without accounts.
func (s *scanner) unasked() {
	base := path.Base(s.f.Path)
	if library(s.f.Path) {
		return
	}
	d := s.f.Data[:min(len(s.f.Data), maxConfig)]
	switch {
	case strings.HasPrefix(base, "jupyter_") && strings.HasSuffix(base, "_config.py"):
		if m := noToken.FindIndex(d); m != nil {
			s.add(m[0], inspect.Weakness{Kind: Anonymous, Name: "jupyter", Text: string(bytes.TrimSpace(d[m[0]:m[1]]))})
		}
	case base == "settings.js":
		if m := nodeRED.FindIndex(d); m != nil && !adminAuth.Match(d) && !inside.Match(d) {
			s.add(m[0], inspect.Weakness{Kind: Anonymous, Name: "node-red", Text: string(bytes.TrimSpace(d[m[0]:m[1]]))})
		}
	}
}
