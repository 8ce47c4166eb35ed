package host

import (
	"bytes"
	"cmp"
	"path"
	"strconv"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/pattern"
)

// text goes over the lines of a text; a line without a dot names no host.
func (s *scanner) text() {
	d := s.f.Data
	for start := 0; start < len(d) && !s.full(); {
		end := bytes.IndexByte(d[start:], '\n')
		if end < 0 {
			end = len(d)
		} else {
			end += start
		}
		if bytes.IndexByte(d[start:end], '.') >= 0 || bytes.Contains(d[start:end], []byte("::")) {
			s.line(d[start:end], start)
		}
		start = end + 1
	}
}

// line looks at the tokens of one line that may be hosts.
func (s *scanner) line(line []byte, start int) {
	if s.resolver(line, start) {
		return
	}
	if (s.f.Role == inspect.Config || s.f.Shell()) && bytes.Contains(line, []byte("::")) {
		s.six(line, start)
	}
	for i := 0; i < len(line) && !s.full(); {
		if !hostByte[line[i]] {
			if line[i] == ':' && bytes.HasPrefix(line[i:], []byte("://")) {
				if end := s.url(line, start, start+i); end > start+i {
					i = end - start
					continue
				}
			}
			i++
			continue
		}
		j := i
		for j < len(line) && hostByte[line[j]] {
			j++
		}
		if !bytes.HasPrefix(line[j:], []byte("://")) && j-i >= 4 && bytes.IndexByte(line[i:j], '.') > 0 {
			s.candidate(line, start, i, j)
		}
		i = j
	}
}

// resolver reads a line of resolv.conf(5): IPv6 addresses stand without brackets
// there.
func (s *scanner) resolver(line []byte, start int) bool {
	if s.f.Role != inspect.Config || !strings.Contains(path.Base(s.f.Path), "resolv") {
		return false
	}
	f := bytes.Fields(line[:min(len(line), reach)])
	if len(f) < 2 || string(f[0]) != "nameserver" {
		return false
	}
	if host, ip, ok := parse(string(f[1])); ok && ip {
		s.key = "nameserver"
		s.bare(start+bytes.Index(line, f[1]), len(f[1]), host, true, 0, line, start, "dns")
	}
	return true
}

// sixth is an address of IPv6, in brackets or not.
var sixth = pattern.New(`(?:^|[\s="'\[,(])((?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4})(?:$|[\s"'\],;)])`)

// six looks at addresses of IPv6 that are the values of settings; those of URLs
// are read with them.
func (s *scanner) six(line []byte, start int) {
	for _, m := range sixth.FindAllSubmatchIndex(line[:min(len(line), 1024)], 8) {
		host, ip, ok := parse(string(line[m[2]:m[3]]))
		if !ok || !ip || !strings.Contains(host, ":") || m[2] > 1 && (line[m[2]-2] == '/' || line[m[2]-2] == '@') {
			continue
		}
		scheme, known := s.context(line, m[2])
		port := 0
		if m[3] < len(line) && line[m[3]] == ']' {
			port = portAt(line, m[3]+1)
		}
		if known || port > 0 {
			s.bare(start+m[2], m[3]-m[2], host, true, port, line, start, scheme)
		}
	}
}

// candidate looks at the token line[i:j], which has a dot and no scheme.
func (s *scanner) candidate(line []byte, start, i, j int) {
	for j > i && strings.IndexByte("._-", line[j-1]) >= 0 {
		j--
	}
	for i < j && strings.IndexByte("_-", line[i]) >= 0 {
		i++
	}
	token := string(line[i:j])
	host, ip, ok := parse(token)
	if ok && redirected.Match(line[:i]) {
		s.key = "/dev/tcp"
		s.bare(start+i, len(token), host, ip, portBehind(line[j:]), line, start, "tcp")
		return
	}
	if !ok || i > 0 && line[i-1] == '/' && !s.unc(line, i) && !(ip && strings.Contains(s.f.Path, "dnsmasq")) || i > 0 && strings.IndexByte("\\$%", line[i-1]) >= 0 {
		return
	}
	if s.candidates++; s.candidates >= maxCandidates {
		s.add(start+i, Use{})
		return
	}
	port := portAt(line, j)
	if j < len(line) && (line[j] == '(' || line[j] == '=' || line[j] == '@' || line[j] == '\\') {
		return // a call, a key's name, a local part
	}
	account := i > 0 && line[i-1] == '@' && (i < 2 || line[i-2] == ' ' || letter(line[i-2]) || line[i-2] >= '0' && line[i-2] <= '9' || line[i-2] == '@' || line[i-2] == '_')
	switch {
	case i > 0 && line[i-1] == ':' && !s.afterColon(line, i):
		return
	case ip && version(line[:i], host, line[j:]):
		s.add(start+i, Use{Host: host, IP: true, Class: Number, Text: token})
		return
	}
	scheme, known := s.context(line, i)
	if !known && i > 1 && line[i-1] == '/' && j+1 < len(line) && line[j] == '/' && alnum(line[j+1]) && s.f.Role == inspect.Config && s.unc(line, i) { // //host/share
		scheme, known = "smb", true
	}
	if ip && !known && port == 0 && small(host) {
		s.add(start+i, Use{Host: host, IP: true, Class: Number, Text: token})
		return
	}
	switch {
	case account && !ip && !known && !s.login(line, i, j):
		s.add(start+i, Use{Host: host, Class: Mail, Text: token})
		return
	case !ip && s.code() && !inString(line, i, j):
		return // a member of an object
	case ip || known || account && s.login(line, i, j):
	case !s.value(line, i, j, host, port) || dbus(token):
		return
	}
	tld := host[strings.LastIndexByte(host, '.')+1:]
	if (fileLike[tld] || unitLike[tld] && strings.Contains(s.f.Path, "/systemd/")) && port == 0 && !ip && (!known || unitLike[tld] || strings.Count(host, ".") < 2) {
		s.add(start+i, Use{Host: host, Class: FileName, Text: token})
		return
	}
	s.bare(start+i, len(token), host, ip, port, line, start, scheme)
}

// redirected is where bash itself opens a connection: /dev/tcp/host/port.
var redirected = pattern.New(`/dev/(tcp|udp)/$`)

// portBehind reads "/9001".
func portBehind(rest []byte) int {
	if len(rest) < 2 || rest[0] != '/' {
		return 0
	}
	return portAt(append([]byte{':'}, rest[1:min(len(rest), 8)]...), 0)
}

// code says that the file is a source whose texts stand in quotes.
func (s *scanner) code() bool {
	switch s.f.Role {
	case inspect.Web:
		return path.Ext(s.f.Path) != ".html" && path.Ext(s.f.Path) != ".htm"
	case inspect.Script:
		first, _, _ := bytes.Cut(s.f.Data[:min(len(s.f.Data), 128)], []byte("\n"))
		return !s.f.Shell() && !bytes.Contains(first, []byte("expect")) && !bytes.Contains(first, []byte("tcl"))
	}
	return false
}

// inString says that line[i:j] stands in a quoted text without blanks before it.
func inString(line []byte, i, j int) bool {
	for i > 0 && j-i < reach && (hostByte[line[i-1]] || strings.IndexByte(",;:/|@=?& ", line[i-1]) >= 0) {
		i--
	}
	if i == 0 || strings.IndexByte("\"'`", line[i-1]) < 0 || line[i] == '=' {
		return false // ""===i.host
	}
	for q := line[i-1]; j < len(line) && j-i < 2*reach; j++ {
		if line[j] == q {
			return true
		}
		if strings.IndexByte("+(){}<>", line[j]) >= 0 {
			return false
		}
	}
	return false
}

// portAt reads ":8883" at line[j:].
func portAt(line []byte, j int) int {
	if j >= len(line) || line[j] != ':' {
		return 0
	}
	k := j + 1
	for k < len(line) && k-j < 7 && line[k] >= '0' && line[k] <= '9' {
		k++
	}
	if p, err := strconv.Atoi(string(line[j+1 : k])); err == nil && p > 0 && p < 65536 {
		return p
	}
	return 0
}

// unc says that "//host/share" begins before line[i], or a URL's authority
// without a scheme.
func (s *scanner) unc(line []byte, i int) bool {
	return i >= 2 && line[i-2] == '/' && (i == 2 || line[i-3] == ' ' || line[i-3] == '"' || line[i-3] == '\'' || line[i-3] == '=' || line[i-3] == '\n')
}

// afterColon says that a host may stand behind the colon before line[i]: that of
// a mapping in YAML, of "stun:host", of the kernel's ip=client:server.
func (s *scanner) afterColon(line []byte, i int) bool {
	before := strings.ToLower(string(tail(line[:i-1])))
	k := len(before)
	for k > 0 && (hostByte[before[k-1]]) {
		k--
	}
	w := before[k:]
	_, scheme := ports[w]
	if scheme || w == "nameserver" || hostKey(w) {
		return true
	}
	for _, p := range []string{"ssl", "tls", "udp", "tcp", "openssl", "sctp", "socks"} { // addresses of socat: TCP4:, OPENSSL-CONNECT:
		if strings.HasPrefix(w, p) {
			return true
		}
	}
	_, ip, ok := parse(w)
	return ok && ip && strings.Contains(before, "ip=")
}

// login says that user@host in front of line[j:] is an account on a host: an
// argument of ssh, or "user@host:/path".
func (s *scanner) login(line []byte, i, j int) bool {
	if j+1 < len(line) && line[j] == ':' && (line[j+1] == '/' || line[j+1] == '~') {
		return true
	}
	if i >= 2 && line[i-2] == '@' || i == 1 { // "*.* @@host" of syslog
		return true
	}
	if i >= 3 && (line[i-2] == ' ' || line[i-2] == '\t') && strings.Contains(path.Base(s.f.Path), "syslog") {
		return true // "*.* @host"
	}
	_, ok := s.command(string(tail(line[:i])))
	return ok || bytes.Contains(tail(line[:i]), []byte("=>")) && bytes.Contains(line, []byte("register"))
}

// bare keeps a host without a scheme.
func (s *scanner) bare(off, n int, host string, ip bool, port int, line []byte, start int, scheme string) {
	u := Use{Host: host, IP: ip, Scheme: scheme, Port: port, Class: s.usage(), Text: string(s.f.Data[off : off+n])}
	if port > 0 {
		u.Text += ":" + strconv.Itoa(port)
	}
	switch {
	case local(host, ip):
		u.Class = Local
	case !ip && strings.HasSuffix(host, ".apps.googleusercontent.com"): // a client's id
		u.Class = Namespace
	case u.Class == Documentation:
	case demonstration[path.Base(s.f.Path)] || exactExample(host) || !ip && (placeholderName(host) || s.f.Sample() && reserved(host)):
		u.Class = Documentation
	case s.f.Comment(off):
		u.Class = Comment
	case ip && own(s.key):
		if private(host) || off+n < len(s.f.Data) && s.f.Data[off+n] == '/' {
			u.Class = Private
		}
	}
	if !ip && u.Class.Contacted() && s.ownName(line, start) {
		if u.Own = true; strings.Contains(host, "example") || strings.HasPrefix(host, "your") || strings.HasPrefix(host, "my") {
			u.Own, u.Class = false, Documentation // cam.example.dyndns.org, my-camera.no-ip.org
		}
	}
	if u.Scheme == "" && s.f.Role == inspect.Config {
		u.Scheme = cmp.Or(schemeOf(s.key), schemeOf(s.section(start)), schemeOf(path.Base(s.f.Path)))
	}
	if u.Port == 0 {
		u.Port = s.portBeside(line, start, off, n)
	}
	if u.Port == 0 {
		u.Port = ports[u.Scheme]
	}
	if u.Scheme == "mqtt" && u.Port == 8883 {
		u.Scheme = "mqtts"
	}
	s.add(off, u)
}

// ownName says that a name is the one that a service of dynamic DNS gives to the
// device itself: others reach it by this name.
func (s *scanner) ownName(line []byte, start int) bool {
	key := s.key[strings.LastIndexByte(s.key, '.')+1:]
	low := strings.ToLower(path.Base(s.f.Path) + " " + s.section(start) + " " + key)
	dynamic := false
	for _, w := range []string{"ddns", "ddclient", "inadyn", "dyndns", "noip", "no-ip", "ez-ipupdate", "dyn_dns", "dynamicdns", "dynamic_dns"} {
		dynamic = dynamic || strings.Contains(low, w)
	}
	if !dynamic {
		return false
	}
	switch strings.Trim(key[max(0, strings.LastIndexAny(key, "_-")+1):], " ") {
	case "domain", "hostname", "alias", "host", "domains", "hostnames", "name", "domainname":
		return true
	case "":
		return len(bytes.Fields(line)) == 1 && strings.Contains(low, "ddclient")
	}
	return false
}

// small says that an address that nothing calls one looks like a version: a
// single digit first, short numbers behind it.
func small(host string) bool {
	first, rest, _ := strings.Cut(host, ".")
	return len(first) == 1 && len(rest) <= 7 && !strings.Contains(host, ":") && !resolvers[host]
}

// resolvers are well-known addresses that begin with a single digit.
var resolvers = map[string]bool{"1.1.1.1": true, "1.0.0.1": true, "1.2.4.8": true, "8.8.8.8": true, "8.8.4.4": true, "9.9.9.9": true, "4.2.2.1": true, "4.2.2.2": true, "1.1.1.2": true, "1.1.1.3": true}

// own says that a setting of this name holds an address of the device itself.
func own(key string) bool {
	key = strings.ToLower(key[strings.LastIndexByte(key, '.')+1:])
	switch key {
	case "ip", "ipaddr", "ip_addr", "ipaddress", "lan_ipaddr", "lan_ip", "netmask", "gateway", "gw", "defaultgateway", "address", "addr", "addresses", "allowed_ips", "allowedips", "network", "dest_ip", "staticip", "static_ip", "localip", "local_ip", "hostip", "dhcp_start", "dhcp_end":
		return true
	}
	return false
}
