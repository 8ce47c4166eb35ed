package host

import (
	"bytes"
	"cmp"
	"path"
	"strconv"
	"strings"

	"assay/internal/collect/firmware/inspect"
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
	if s.f.Role == inspect.Config && strings.HasSuffix(s.f.Path, "resolv.conf") {
		// IPv6 name servers, too.
		if f := bytes.Fields(line[:min(len(line), reach)]); len(f) >= 2 && string(f[0]) == "nameserver" {
			if host, ip, ok := parse(string(f[1])); ok && ip {
				s.bare(start+bytes.Index(line, f[1]), len(f[1]), host, true, 0, line, start, "dns")
			}
			return
		}
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

// candidate looks at the token line[i:j], which has a dot and no scheme.
func (s *scanner) candidate(line []byte, start, i, j int) {
	for j > i && strings.IndexByte("._-", line[j-1]) >= 0 {
		j--
	}
	token := string(line[i:j])
	host, ip, ok := parse(token)
	if !ok || i > 0 && strings.IndexByte("@/\\$%:", line[i-1]) >= 0 && !(ip && line[i-1] == '@') {
		return
	}
	if i > 0 && line[i-1] == ':' {
		return
	}
	if s.candidates++; s.candidates >= maxCandidates {
		s.add(start+i, Use{})
		return
	}
	port := 0
	if j < len(line) && line[j] == ':' {
		k := j + 1
		for k < len(line) && k-j < 7 && line[k] >= '0' && line[k] <= '9' {
			k++
		}
		if p, err := strconv.Atoi(string(line[j+1 : k])); err == nil && p > 0 && p < 65536 {
			port = p
		}
	}
	if j < len(line) && (line[j] == '(' || line[j] == '=' || line[j] == '@' || line[j] == '\\') {
		return // a call, a key's name, a local part
	}
	scheme := ""
	if ip {
		if version(line[:i], host, line[j:]) {
			return
		}
		scheme, _ = s.context(line, i)
	} else if scheme, ok = s.context(line, i); !ok && !s.value(line, i, j, host, port) {
		return
	}
	s.bare(start+i, len(token), host, ip, port, line, start, scheme)
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
	case u.Class == Documentation:
	case demonstration[path.Base(s.f.Path)]:
		u.Class = Documentation
	case s.f.Comment(off):
		u.Class = Comment
	}
	if u.Scheme == "" && s.f.Role == inspect.Config {
		u.Scheme = cmp.Or(schemeOf(s.section(start)), schemeOf(path.Base(s.f.Path)))
		scheme = u.Scheme
	}
	if u.Port == 0 {
		u.Port = s.portBeside(line, start, off)
	}
	if u.Port == 0 {
		u.Port = ports[scheme]
	}
	if scheme == "mqtt" && u.Port == 8883 {
		u.Scheme = "mqtts"
	}
	s.add(off, u)
}

// commands are programs whose argument is a host, with what they speak.
var commands = map[string]string{
	"telnet": "telnet", "ssh": "ssh", "scp": "ssh", "dbclient": "ssh", "ping": "", "ping6": "", "nc": "", "netcat": "", "ncat": "", "wget": "http", "curl": "http",
	"ntpd": "ntp", "ntpdate": "ntp", "ntpclient": "ntp", "rdate": "time", "sntp": "ntp", "mosquitto_pub": "mqtt", "mosquitto_sub": "mqtt", "mosquitto_rr": "mqtt",
	"syslogd": "syslog", "logger": "syslog", "tftp": "tftp", "ftpget": "ftp", "ftpput": "ftp", "ftp": "ftp", "nslookup": "dns", "dig": "dns", "traceroute": "", "iperf": "", "iperf3": "", "socat": "", "openvpn": "openvpn", "nfsmount": "nfs", "rsync": "rsync", "sendmail": "smtp", "host": "dns",
}

// context says whether what stands before line[i] makes it a host: a command, a
// directive of a known file, a key whose name says so; and what is spoken.
func (s *scanner) context(line []byte, i int) (scheme string, ok bool) {
	base := path.Base(s.f.Path)
	before := string(tail(line[:i]))
	switch base {
	case "resolv.conf", "resolv.conf.auto":
		return "dns", strings.HasPrefix(strings.TrimSpace(before), "nameserver")
	case "ntp.conf", "chrony.conf", "timesyncd.conf", "openntpd.conf", "ntpd.conf":
		f := strings.FieldsFunc(before, func(r rune) bool { return r == ' ' || r == '\t' || r == '=' })
		return "ntp", len(f) > 0 && (f[0] == "server" || f[0] == "pool" || f[0] == "peer" || f[0] == "servers" || f[0] == "NTP" || f[0] == "FallbackNTP")
	case "hosts":
		return "", false // names for addresses; contacts nothing by itself
	}
	switch s.f.Role {
	case inspect.Script, inspect.History, inspect.Config:
		// The command that the argument belongs to begins after ; | & or ( .
		cmd := before
		if k := strings.LastIndexAny(cmd, ";|&(`{"); k >= 0 {
			cmd = cmd[k+1:]
		}
		for n, f := range strings.Fields(cmd) {
			f = strings.Trim(f, "\"'")
			if sch, found := commands[path.Base(f)]; found && (s.f.Role != inspect.Config || strings.HasPrefix(f, "/") || n >= 5 && strings.Contains(s.f.Path, "cron")) {
				return sch, true
			}
		}
	}
	key := keyBefore(before)
	return schemeOf(key), hostKey(key)
}

// keyBefore returns the name that a value in front of which before ends is
// assigned to: host = , "server": ", <addr>, option server '.
func keyBefore(before string) string {
	b := strings.TrimRight(before, " \t\"'`[(")
	xml := strings.HasSuffix(b, ">")
	if !xml && !strings.HasSuffix(b, "=") && !strings.HasSuffix(b, ":") {
		f := strings.Fields(b)
		if len(f) > 0 && len(f) <= 2 && b != before { // "option server '", "server "
			return strings.ToLower(f[len(f)-1])
		}
		return ""
	}
	b = strings.TrimRight(b, ">=: \t\"'`")
	k := len(b)
	for k > 0 && (hostByte[b[k-1]]) {
		k--
	}
	return strings.ToLower(b[k:])
}

// hostKey says that a setting of this name holds a host.
func hostKey(key string) bool {
	key = key[strings.LastIndexByte(key, '.')+1:]
	for _, w := range []string{"host", "server", "addr", "url", "uri", "endpoint", "domain", "broker", "gateway", "ntp", "dns", "remote", "peer", "cloud", "p2p", "relay", "stun", "turn", "api", "ddns", "hostname", "upstream", "proxy", "smtp", "mqtt", "nameserver", "site", "origin"} {
		if strings.Contains(key, w) {
			return true
		}
	}
	return key == "ip" || strings.HasSuffix(key, "_ip") || strings.HasSuffix(key, "ipaddr")
}

// value says that the whole value is a host: a quoted text, or all that stands
// behind a colon or an equals sign. Words with a dot in running text are none.
func (s *scanner) value(line []byte, i, j int, host string, port int) bool {
	tld := host[strings.LastIndexByte(host, '.')+1:]
	labels := strings.Count(host, ".") + 1
	if fileLike[tld] && port == 0 || len(tld) > 2 && !common[tld] {
		return false
	}
	end := j
	if port > 0 {
		end += 1 + len(strconv.Itoa(port))
	}
	quoted := i > 0 && end < len(line) && line[i-1] == line[end] && strings.IndexByte("\"'`", line[i-1]) >= 0
	if s.f.Role == inspect.Script || s.f.Role == inspect.Web {
		return quoted && (labels >= 3 || port > 0)
	}
	after := bytes.TrimSpace(line[end:min(len(line), end+reach)])
	alone := len(after) == 0 && bytes.HasSuffix(bytes.TrimRight(tail(line[:i]), " \t"), []byte("="))
	return (quoted || alone) && (labels >= 3 || port > 0)
}

// demonstration are configurations that a package ships with servers of its
// project in them, used only if a command names their section.
var demonstration = map[string]bool{"openssl.cnf": true}

// fileLike are top-level domains that end file names, too.
var fileLike = map[string]bool{"sh": true, "py": true, "so": true, "pl": true, "rs": true, "ps": true, "md": true, "ml": true, "mk": true, "la": true, "in": true, "ac": true, "am": true, "cc": true, "gz": true, "id": true, "do": true, "is": true, "as": true, "js": true, "bz": true, "py3": true, "lc": true, "mo": true, "pm": true}

// common are the generic top-level domains that stand without a scheme.
var common = map[string]bool{"com": true, "net": true, "org": true, "info": true, "biz": true, "cloud": true, "xyz": true, "online": true, "gov": true, "edu": true, "mil": true, "int": true, "top": true, "app": true, "dev": true, "iot": true, "tech": true, "shop": true, "site": true}

// spoken are the protocols that a name of a key, a section or a file tells.
var spoken = []string{"mqtt", "smtp", "ntp", "dns", "rtsp", "rtmp", "stun", "turn", "p2p", "ftp", "syslog", "sip", "coap", "telnet"}

func schemeOf(name string) string {
	name = strings.ToLower(name)
	for _, n := range spoken {
		if strings.Contains(name, n) {
			return n
		}
	}
	return ""
}

// section returns the name in the section's head above start: "[smtp]".
func (s *scanner) section(start int) string {
	head := s.f.Data[max(0, start-2048):start]
	for len(head) > 0 {
		i := bytes.LastIndexByte(head[:len(head)-1], '\n') + 1
		l := bytes.TrimSpace(head[i:])
		if len(l) > 2 && l[0] == '[' && l[len(l)-1] == ']' {
			return string(l[1 : len(l)-1])
		}
		head = head[:i]
	}
	return ""
}

// portBeside looks for a setting of a port on the lines beside off, within the
// same section, and for what a section or a file name says is spoken.
func (s *scanner) portBeside(line []byte, start, off int) int {
	if s.f.Role == inspect.History || s.f.Role == inspect.Script {
		// "telnet 203.0.113.1 23": the argument behind.
		f := bytes.Fields(line[min(len(line), off-start):min(len(line), off-start+reach)])
		if len(f) >= 2 {
			if p, err := strconv.Atoi(string(f[1])); err == nil && p > 0 && p < 65536 {
				return p
			}
		}
		return 0
	}
	if s.f.Role != inspect.Config {
		return 0
	}
	for _, l := range s.around(start, 4) {
		key, v, ok := bytes.Cut(l, []byte("="))
		if !ok {
			key, v, ok = bytes.Cut(l, []byte(":"))
		}
		if !ok {
			continue
		}
		name := strings.ToLower(strings.Trim(string(key), " \t\"'"))
		if name != "port" && !strings.HasSuffix(name, "_port") && !strings.HasSuffix(name, "serverport") {
			continue
		}
		if p, err := strconv.Atoi(strings.Trim(string(v), " \t\"',;\r")); err == nil && p > 0 && p < 65536 {
			return p
		}
	}
	return 0
}

// around returns up to n lines behind and before the one at start, nearest
// first, not beyond a section's head or an empty line.
func (s *scanner) around(start, n int) [][]byte {
	d := s.f.Data
	var out [][]byte
	at := start
	for range n {
		i := bytes.IndexByte(d[at:], '\n')
		if i < 0 || at+i+1 >= len(d) {
			break
		}
		at += i + 1
		l, _, _ := bytes.Cut(d[at:min(len(d), at+256)], []byte("\n"))
		if ends(l) {
			break
		}
		out = append(out, l)
	}
	at = start
	for range n {
		if at == 0 {
			break
		}
		end := at - 1
		at = bytes.LastIndexByte(d[max(0, end-256):end], '\n') + 1 + max(0, end-256)
		l := d[at:end]
		if ends(l) {
			break
		}
		out = append(out, l)
	}
	return out
}

func ends(l []byte) bool {
	t := bytes.TrimSpace(l)
	return len(t) == 0 || t[0] == '['
}

// version says that four numbers with dots are no address: a version, a part of
// a longer number, an identifier of ASN.1.
func version(before []byte, host string, after []byte) bool {
	b := strings.ToLower(strings.TrimRight(string(before[max(0, len(before)-40):]), " \t=:\"'(-_/"))
	for _, w := range []string{"version", "ver", "release", "build", "rev", "revision", "sdk", "firmware", "fw", "v", "driver", "vers", "tag", "oid", "software", "hardware"} {
		if strings.HasSuffix(b, w) && (len(b) == len(w) || !letter(b[len(b)-len(w)-1]) || len(w) > 3) {
			return true
		}
	}
	if len(after) > 0 && (after[0] == '.' || after[0] == '-' && len(after) > 1 && letter(after[1]) || letter(after[0])) {
		return true
	}
	return oid(host)
}

// oid says that the numbers begin as identifiers of ASN.1 do (X.660): joint and
// ISO arcs; no host of the internet has these.
func oid(host string) bool {
	return strings.HasPrefix(host, "0.") && host != "0.0.0.0" || strings.HasPrefix(host, "1.2.840.") || strings.HasPrefix(host, "1.3.") || strings.HasPrefix(host, "2.5.") || strings.HasPrefix(host, "1.2.0.") || strings.HasPrefix(host, "2.16.") || strings.HasPrefix(host, "2.23.") || strings.HasPrefix(host, "1.0.8802.")
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
