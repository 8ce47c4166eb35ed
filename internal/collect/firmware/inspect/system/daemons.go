package system

import (
	"bytes"
	"net/netip"
	"path"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	sh "assay/internal/collect/firmware/inspect/shell"
	"assay/internal/pattern"
)

// daemons are more rules of programs, as their manuals name the settings.
var daemons = []program{
	{like("stubby"), []rule{{"tls_authentication", matches(`^GETDNS_AUTHENTICATION_NONE\b`), TLSVerifyDisabled, "stubby"}}},
	{like("lirc"), []rule{{"listen", func(v string) bool { return v != "" && !loopback(v) }, Anonymous, "lirc"}}},
	{named(".yarnrc.yml", ".yarnrc.yaml"), []rule{{"enablestrictssl", no, TLSVerifyDisabled, "yarn"}}},
	{like("/ostree/"), []rule{{"gpg-verify", no, UpdateUnsigned, "ostree"}, {"tls-permissive", yes, TLSVerifyDisabled, "ostree"}}},
	{like("homeassistant", "configuration.yaml"), []rule{{"cors_allowed_origins", matches(`^\[?["']?\*`), CrossOrigin, "home-assistant"}}},
	{like("/Network/", "/systemd/resolved"), []rule{{"dnsovertls", matches(`^opportunistic`), TLSVerifyDisabled, "resolved"}}},
	{like("/rng-tools", "/default/rng"), []rule{{"hrngdevice", matches(`^/dev/u?random$`), WeakRandom, "rngd"}, {"rngdoptions", matches(`-r\s*/dev/u?random`), WeakRandom, "rngd"}}},
	{named("zyppd.conf", "zypp.conf"), []rule{{"gpgcheck", no, UpdateUnsigned, "zypp"}, {"repo_gpgcheck", no, UpdateUnsigned, "zypp"}}},
	{like("/pacman.conf", "/pacman.d/"), []rule{{"siglevel", matches(`^(?:Never|Optional\s+TrustAll)`), UpdateUnsigned, "pacman"}}},
	{named("rtl_433.conf", "telegraf.conf"), []rule{{"output", matches(`^mqtt://(?:[^l1\s]|1[^2]|l[^o])`), CleartextTransport, "mqtt"}}},
}

// farLog says that messages are sent in clear to a host that isn't near.
func farLog(line string) bool {
	m := remoteLog.FindStringSubmatch(line)
	return m != nil && !near(m[1])
}

var remoteLog = pattern.New(`^[\w.*;,=!-]+\s+@@?(?:\([^)]*\))?\[?([^/\s:\]]+)`)

// near says that a host is of the device or of the network that it stands in.
func near(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified()
	}
	return host == "localhost" || !strings.Contains(host, ".") || strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".lan")
}

// knxOpen says that options have knxd serve the network, which asks for nothing.
func knxOpen(v string) bool {
	return slices.ContainsFunc(strings.Fields(strings.Trim(v, `"'`)), func(a string) bool {
		return a == "-S" || a == "--Server" || strings.HasPrefix(a, "-S=") || strings.HasPrefix(a, "--Server=") || a == "-i" || strings.HasPrefix(a, "--listen-tcp") || strings.HasPrefix(a, "-i6")
	})
}

// daemon looks at the options of programs that serve others.
func (s *scanner) daemon(args []string, c sh.Command) {
	weak := func(kind, name string) {
		s.add(c.Off, inspect.Weakness{Kind: kind, Name: name, Text: s.text(c)})
	}
	joined := strings.Join(args[1:], " ")
	switch name := path.Base(args[0]); name {
	case "knxd", "eibd":
		if knxOpen(joined) {
			weak(Anonymous, "knx")
		}
	case "lircd":
		if l := sh.Options(name, c.Words[1:]); l.Has("-l", "--listen") && !strings.Contains(joined, "127.0.0.1") {
			weak(Anonymous, "lirc")
		}
	case "rngd":
		if fedByItself.MatchString(joined) {
			weak(WeakRandom, "rngd") // the pool is fed with itself
		}
	case "ostree":
		if strings.Contains(joined, "--no-gpg-verify") || strings.Contains(joined, "gpg-verify=false") || strings.Contains(joined, "gpg-verify false") || strings.Contains(joined, "sign-verify=false") {
			weak(UpdateUnsigned, name)
		}
	case "mount", "mount.cifs":
		if strings.Contains(joined, "vers=1.0") && (strings.Contains(joined, "cifs") || name == "mount.cifs") {
			weak(CleartextTransport, "smb1")
		}
	case "export": // execline's has a blank between name and value
		if len(args) == 3 && searched[strings.ToLower(args[1])] && slices.ContainsFunc(strings.Split(args[2], ":"), open) {
			weak(PathWritable, strings.ToLower(args[1]))
		}
	case "curl", "wget":
		return
	}
	if superServer(path.Base(args[0])) {
		s.serves(args, c)
	}
}

// superServer says that a program runs another one for whoever connects
// (s6-networking, ucspi-tcp, ipsvd, busybox).
func superServer(name string) bool {
	switch name {
	case "tcpsvd", "tcpserver", "s6-tcpserver", "s6-tcpserver4", "s6-tcpserver6", "s6-tcpserverd", "s6-tlsserver", "ipsvd", "sslserver", "inetutils-inetd", "micro-inetd", "faucet":
		return true
	}
	return false
}

// serves looks at a shell that whoever connects is given.
func (s *scanner) serves(args []string, c sh.Command) {
	if slices.ContainsFunc(args[1:], loopback) {
		return
	}
	for i, a := range args[1:] {
		if base := path.Base(a); i > 0 && interpreter.MatchString(base) && (i+2 == len(args) || args[i+2] == "-i" || args[i+2] == "-l") {
			s.add(c.Off, inspect.Weakness{Kind: Anonymous, Name: base, Text: s.text(c)})
			return
		}
	}
}

// searched are variables whose folders programs and modules are looked for in.
var searched = map[string]bool{"path": true, "ld_library_path": true, "ld_preload": true, "pythonpath": true, "perl5lib": true, "perllib": true, "node_path": true, "rubylib": true, "lua_path": true, "lua_cpath": true, "gst_plugin_path": true, "qt_plugin_path": true, "gio_extra_modules": true, "openssl_conf": true, "openssl_modules": true, "pythonstartup": true, "bash_env": true, "ld_audit": true}

// walls looks at the packet filter that a script sets: one that lets in what no
// rule names, and a hole for one address of the Internet.
func (s *scanner) walls(commands []sh.Command) {
	policy, later, closed := -1, false, false
	for i, c := range commands {
		name := path.Base(c.Arg(0))
		if name != "iptables" && name != "ip6tables" {
			continue
		}
		l := sh.Options("iptables", c.Words[1:])
		text := s.text(c)
		switch chain := l.Value("-A", "-I", "--append", "--insert"); {
		case strings.Contains(text, "-P INPUT ACCEPT"):
			policy, later = i, false
		case strings.Contains(text, "-P INPUT DROP") || strings.Contains(text, "-P INPUT REJECT"):
			closed = true
		case chain != "INPUT":
			closed = closed || strings.EqualFold(chain, "INPUT") || strings.Contains(text, "iptables-restore")
		default:
			later = true
			source, target := l.Value("-s", "--source", "--src"), l.Value("-j", "--jump")
			if (target == "DROP" || target == "REJECT") && !l.Has("-s", "-p", "-i", "-m", "--dport", "--source", "--protocol", "--match") {
				closed = true
			}
			if (target == "DROP" || target == "REJECT") && l.Has("-i") && !l.Has("-p", "--dport", "-s", "-m") {
				closed = true // of the outer side
			}
			if target == "ACCEPT" && far(source) {
				s.add(c.Off, inspect.Weakness{Kind: FirewallOpen, Name: source, Text: text})
			}
		}
	}
	if policy >= 0 && later && !closed {
		s.add(commands[policy].Off, inspect.Weakness{Kind: FirewallOpen, Name: "INPUT", Text: s.text(commands[policy])})
	}
}

// far says that a text is a single address that isn't of the device's network.
func far(v string) bool {
	v = strings.TrimSuffix(v, "/32")
	a, err := netip.ParseAddr(v)
	return err == nil && !near(a.String())
}

var (
	fedByItself = pattern.New(`(?:^|\s)(?:-r\s*|--rng-device[= ])/dev/u?random\b`)
	oldMounts   = pattern.New(`(?m)^[^#\n]*\bcifs\b[^#\n]*\bvers=1\.0\b`)
	oldGUI      = pattern.New(`\bolder-ciphers\s+enable\b`)
	polkitWho   = pattern.New(`subject\.user\s*[=!]|isInGroup\(\s*["'](?:wheel|sudo|admin|adm|root)["']`)
	dbusDefault = pattern.New(`(?s)<policy\s+context="default"\s*>(.*?)</policy>`)
	dbusAny     = pattern.New(`<allow\s+(?:own|own_prefix|send_destination)="\*"[^>]*/?>`)
	polkitAdd   = pattern.New(`polkit\.addRule\(`)
	polkitYes   = pattern.New(`polkit\.Result\.YES`)
	crossDomain = pattern.New(`<allow-access-from\s[^>]*domain="\*"|<allow-http-request-headers-from\s[^>]*domain="\*"|<domain\s+uri="(?:\*|https?://\*)"`)
	anyNetwork  = pattern.New(`(?m)^\s*-\s*["']?(?:0\.0\.0\.0/0|::/0)["']?\s*$`)
	corsList    = pattern.New(`(?m)^\s*cors_allowed_origins:\s*\n\s*-\s*["']?\*["']?\s*$`)
)

// policies reads what says who may do what: of D-Bus, of polkit, of Flash, of
// the tunnel to a public server, of players.
func (s *scanner) policies(p, base string) {
	d := s.f.Data[:min(len(s.f.Data), maxConfig)]
	found := func(at int, kind, name string, end int) {
		if !s.f.Comment(at) {
			s.add(at, inspect.Weakness{Kind: kind, Name: name, Text: string(d[at:end])})
		}
	}
	switch {
	case strings.Contains(p, "/dbus-1/") && !strings.HasPrefix(base, "session"):
		for _, m := range dbusDefault.FindAllSubmatchIndex(d, 16) {
			for _, a := range dbusAny.FindAllIndex(d[m[2]:m[3]], 16) {
				found(m[2]+a[0], BusOpen, "dbus", m[2]+a[1])
			}
		}
	case strings.Contains(p, "/polkit-1/rules.d/"):
		rules := polkitAdd.FindAllIndex(d, 64)
		for i, m := range rules {
			end := len(d)
			if i+1 < len(rules) {
				end = rules[i+1][0]
			}
			if y := polkitYes.FindIndex(d[m[0]:end]); y != nil && !bytes.Contains(d[m[0]:m[0]+y[0]], []byte("action.")) && !polkitWho.Match(d[m[0]:m[0]+y[0]]) && !polkitRule.Match(d[m[0]:end]) {
				found(m[0]+y[0], SudoNoPassword, "polkit", m[0]+y[1])
			}
		}
	case base == "crossdomain.xml" || base == "clientaccesspolicy.xml":
		for _, m := range crossDomain.FindAllIndex(d, 16) {
			found(m[0], CrossOrigin, base, m[1])
		}
	case strings.HasPrefix(base, "knxd") || strings.HasPrefix(base, "eibd"):
		s.eachLine(func(line, key, value string, off int) {
			if (strings.HasSuffix(key, "_opts") || strings.HasSuffix(key, "_args")) && knxOpen(value) && !bytes.Contains(d, []byte("\nSTART_KNXD=NO")) {
				s.add(off, inspect.Weakness{Kind: Anonymous, Name: "knx", Text: line})
			}
		})
	case strings.Contains(base, "fstab") || strings.HasPrefix(base, "auto."):
		for _, m := range oldMounts.FindAllIndex(d, 16) { // version 1 neither encrypts nor signs well
			s.add(m[0], inspect.Weakness{Kind: CleartextTransport, Name: "smb1", Text: string(d[m[0]:m[1]])})
		}
	case base == "config.boot": // of Vyatta's children, whose blocks stand on one line, too
		for _, m := range oldGUI.FindAllIndex(d, 4) {
			found(m[0], WeakTLS, "older-ciphers", m[1])
		}
	case base == "mpd.conf":
		s.player()
	case strings.HasPrefix(base, "frpc") && (path.Ext(base) == ".toml" || path.Ext(base) == ".ini" || path.Ext(base) == ".yaml" || path.Ext(base) == ".json"):
		s.eachLine(func(line, key, value string, off int) {
			if (key == "localport" || key == "local_port") && administers(value) || (key == "localport" || key == "local_port") && (value == "5900" || value == "554") {
				s.add(off, inspect.Weakness{Kind: ReverseTunnel, Name: value, Text: line})
			}
		})
	case base == "configuration.yaml":
		if m := corsList.FindIndex(d); m != nil {
			found(m[0], CrossOrigin, "home-assistant", m[1])
		}
	}
	if strings.Contains(p, "nginx") {
		s.nginx()
	}
}

// player reads mpd.conf(5): the protocol has no TLS, and who may do what is in
// default_permissions, all where nothing else stands.
func (s *scanner) player() {
	text, at, password, wide := "", 0, false, true
	s.eachLine(func(line, key, value string, off int) {
		switch key {
		case "bind_to_address":
			if v := strings.ToLower(value); v == "any" || v == "0.0.0.0" || v == "::" || v == "*" {
				text, at = line, off
			}
		case "password":
			password = true
		case "default_permissions":
			wide = strings.Contains(value, "admin") || strings.Contains(value, "control")
			if wide {
				s.add(off, inspect.Weakness{Kind: Anonymous, Name: "mpd", Text: line})
			}
			password = true // it is said
		}
	})
	switch {
	case text == "":
	case !password && wide:
		s.add(at, inspect.Weakness{Kind: Anonymous, Name: "mpd", Text: text})
	default:
		s.add(at, inspect.Weakness{Kind: CleartextTransport, Name: "mpd", Text: text})
	}
}

var (
	askedHost = pattern.New(`^https?://\$(?:\{?(?:arg|http|cookie)_\w+|args\b|query_string\b|\{?host\b|\{?\d\b)`)
	location  = pattern.New(`^location\s+(?:\^~\s+)?(/\S*?)\s*\{$`)
)

// nginx follows the blocks of nginx.conf: aliases that leave their folder,
// proxies to whatever a request names, pages that any site may read.
func (s *scanner) nginx() {
	type block struct {
		prefix, origin     string
		at                 int
		credentials, asked bool
	}
	stack := []block{{}}
	d := s.f.Data[:min(len(s.f.Data), maxConfig)]
	off := 0
	for l := range statements(d) {
		t := bytes.TrimSpace(l)
		start := off + len(l) - len(bytes.TrimLeft(l, " \t\r\n"))
		off += len(l)
		for len(t) > 0 && t[0] == '#' { // a comment in front of the statement
			i := bytes.IndexByte(t, '\n')
			if i < 0 {
				t = nil
				break
			}
			rest := bytes.TrimLeft(t[i+1:], " \t\r\n")
			start += len(t) - len(rest)
			t = rest
		}
		if len(t) == 0 || len(t) > maxLine {
			continue
		}
		text := string(t)
		top := &stack[len(stack)-1]
		f := strings.Fields(strings.TrimRight(text, ";{} "))
		switch {
		case text == "}":
			if top.origin != "" && top.credentials {
				s.add(top.at, inspect.Weakness{Kind: CrossOrigin, Name: "nginx", Text: top.origin})
			}
			stack = stack[:max(1, len(stack)-1)]
		case strings.HasSuffix(text, "{"):
			b := block{asked: top.asked || strings.HasPrefix(text, "if") && strings.Contains(text, "$http_origin")}
			if m := location.FindStringSubmatch(text); m != nil {
				b.prefix = m[1]
			}
			if len(stack) < maxSections {
				stack = append(stack, b)
			}
		case len(f) < 2:
		case f[0] == "alias" && top.prefix != "" && !strings.HasSuffix(top.prefix, "/") && strings.HasSuffix(f[1], "/"):
			s.add(start, inspect.Weakness{Kind: PathTraversal, Name: "nginx", Text: "location " + top.prefix + " { " + text + " }"})
		case f[0] == "proxy_pass" && askedHost.MatchString(f[1]):
			s.add(start, inspect.Weakness{Kind: RequestForgery, Name: "nginx", Text: text})
		case f[0] == "add_header" && len(f) > 2 && strings.EqualFold(f[1], "Access-Control-Allow-Origin") && !top.asked:
			if v := strings.Trim(f[2], `"'`); v == "*" || v == "$http_origin" {
				top.origin, top.at = text, start
				top.credentials = top.credentials || v == "$http_origin"
			}
		case f[0] == "add_header" && len(f) > 2 && strings.EqualFold(f[1], "Access-Control-Allow-Credentials") && strings.Contains(f[2], "true"):
			top.credentials = true
		}
	}
}
