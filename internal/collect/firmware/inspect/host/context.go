package host

import (
	"bytes"
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/internal/collect/firmware/inspect"
)

// commands are programs whose argument is a host, with what they speak.
var commands = map[string]string{
	"telnet": "telnet", "ssh": "ssh", "scp": "ssh", "sftp": "ssh", "autossh": "ssh", "dbclient": "ssh", "ping": "", "ping6": "", "nc": "", "netcat": "", "ncat": "", "wget": "http", "curl": "http", "uclient-fetch": "http", "aria2c": "http",
	"ntpd": "ntp", "ntpdate": "ntp", "ntpclient": "ntp", "rdate": "time", "sntp": "ntp", "busybox": "", "mosquitto_pub": "mqtt", "mosquitto_sub": "mqtt", "mosquitto_rr": "mqtt",
	"syslogd": "syslog", "logger": "syslog", "klogd": "syslog", "tftp": "tftp", "ftpget": "ftp", "ftpput": "ftp", "ftp": "ftp", "lftp": "ftp", "ncftpput": "ftp", "ncftpget": "ftp", "nslookup": "dns", "dig": "dns", "traceroute": "", "iperf": "", "iperf3": "", "socat": "", "stunnel": "", "openssl": "", "openvpn": "openvpn", "nfsmount": "nfs", "mount": "nfs", "rsync": "rsync", "sendmail": "smtp", "sendemail": "smtp", "host": "dns", "frpc": "", "snmptrap": "snmp", "route": "", "iptables": "", "ip": "", "arping": "", "wg": "", "redis-cli": "redis", "mysql": "mysql", "psql": "", "coap-client": "coap", "ffmpeg": "rtsp", "gst-launch-1.0": "rtsp", "inadyn": "", "upnpc": "", "smbclient": "smb", "docker": "http", "podman": "http", "telnetd": "", "pppd": "", "sshpass": "ssh", "lftpget": "ftp", "axel": "http", "htpdate": "http", "chronyd": "ntp", "nmap": "", "mtr": "", "zabbix_sender": "", "rtmpdump": "rtmp", "vlc": "rtsp", "ngrok": "", "xl2tpd-control": "", "ftpd": "ftp", "msmtp": "smtp", "swaks": "smtp", "nsupdate": "dns", "ntpq": "ntp", "ipmitool": "", "psftp": "ssh", "mosh": "ssh", "whois": "",
}

// context says whether what stands before line[i] makes it a host: a command, a
// directive of a known file, a key whose name says so; and what is spoken.
func (s *scanner) context(line []byte, i int) (scheme string, ok bool) {
	base := path.Base(s.f.Path)
	before := string(tail(line[:i]))
	s.key = ""
	switch base {
	case "ntp.conf", "chrony.conf", "timesyncd.conf", "openntpd.conf", "ntpd.conf":
		f := strings.FieldsFunc(before, func(r rune) bool { return r == ' ' || r == '\t' || r == '=' })
		ok := len(f) > 0 && (f[0] == "server" || f[0] == "pool" || f[0] == "peer" || f[0] == "servers" || f[0] == "NTP" || f[0] == "FallbackNTP")
		if ok {
			s.key = f[0]
		}
		return "ntp", ok
	case ".pgpass", "pgpass":
		s.key = "host"
		return "postgres", strings.TrimSpace(before) == ""
	case "passwd.client": // of Exim: server:user:password
		s.key = "server"
		return "smtp", strings.TrimSpace(before) == ""
	case ".netrc":
		return "ftp", strings.HasSuffix(strings.TrimSpace(before), "machine")
	case "hosts":
		return "", false // names for addresses; contacts nothing by itself
	}
	if sch, ok := s.command(before); ok {
		return sch, true
	}
	key := keyBefore(before)
	if !hostKey(key) {
		if of := listKey(before); of != "" {
			key = of
		}
	}
	s.key = key
	return schemeOf(key), hostKey(key)
}

// listKey returns the name of a setting whose value is a list of hosts, where
// before ends behind some of them: ntp = "0.pool 1.pool .
func listKey(before string) string {
	k := strings.LastIndexAny(before, "=\"'[(")
	if k < 0 || k+1 >= len(before) {
		return ""
	}
	items := strings.FieldsFunc(before[k+1:], func(r rune) bool { return r == ' ' || r == ',' || r == ';' || r == '|' })
	for _, item := range items {
		name, _, ok := hostPort(item)
		if _, _, known := parse(name); !ok || !known {
			return ""
		}
	}
	if len(items) == 0 {
		return ""
	}
	return keyBefore(before[:k+1])
}

// command says that what stands before a host is a command whose argument it is.
func (s *scanner) command(before string) (scheme string, ok bool) {
	switch s.f.Role {
	case inspect.Script, inspect.History, inspect.Config, inspect.Program:
	default:
		return "", false
	}
	for n, f := range strings.Fields(lastCommand(before)) {
		f = strings.Trim(f, "\"'-@")
		if k := strings.LastIndexAny(f, "='\""); k >= 0 { // ExecStart=wget, alias up='wget
			f = f[k+1:]
		}
		sch, found := commands[path.Base(f)]
		if !found {
			continue
		}
		switch s.f.Role {
		case inspect.Config:
			if !strings.HasPrefix(f, "/") && !(strings.Contains(s.f.Path, "cron") && n >= 1) && !strings.HasSuffix(s.f.Path, ".service") {
				continue
			}
		case inspect.Program:
			if n > 1 {
				continue
			}
		}
		s.key = path.Base(f)
		if sch == "nfs" && strings.Contains(before, "cifs") {
			sch = "smb"
		}
		return sch, true
	}
	return "", false
}

// lastCommand returns what stands behind the last ; | & ( or brace outside of
// quotes.
func lastCommand(before string) string {
	from, quote := 0, byte(0)
	for i := range len(before) {
		switch c := before[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"':
			quote = c
		case strings.IndexByte(";|&(`{", c) >= 0:
			from = i + 1
		}
	}
	return before[from:]
}

// keyBefore returns the name that a value in front of which before ends is
// assigned to: host = , "server": ", <addr>, option server ', --host .
func keyBefore(before string) string {
	for _, mark := range []string{"; ", "{ "} { // Backlog of Tasmota, upstream u { server … of nginx
		if k := strings.LastIndex(before, mark); k >= 0 && !strings.ContainsAny(before[k:], "\"'") {
			before = before[k+2:]
		}
	}
	b := strings.TrimRight(before, " \t\"'`[(\\")
	xml := strings.HasSuffix(b, ">")
	if !xml && !strings.HasSuffix(b, "=") && !strings.HasSuffix(b, ":") && !strings.HasSuffix(b, ",") {
		f := strings.Fields(b)
		if len(f) == 2 && b != before && f[0] != "option" && f[0] != "list" && f[0] != "set" && !strings.HasPrefix(f[1], "-") {
			return strings.ToLower(f[0] + "_" + f[1]) // "ntp server "
		}
		if len(f) > 0 && b != before && (len(f) <= 2 || strings.HasPrefix(f[len(f)-1], "-") || f[0] == "option" || f[0] == "list") { // "option server '", "server ", "--host "
			return strings.ToLower(strings.Trim(f[len(f)-1], "-<>\"'"))
		}
		if len(f) > 0 && b != before && len(f) > 2 && strings.HasPrefix(f[0], "list") {
			return strings.ToLower(f[1])
		}
		return ""
	}
	if strings.HasSuffix(b, ",") { // a list: the name stands before it
		if k := strings.LastIndexAny(b, "=["); k > 0 {
			b = strings.TrimRight(b[:k+1], "[ \t\"'")
		}
	}
	if xml {
		if k := strings.LastIndexByte(b, '<'); k >= 0 {
			b = b[k+1:]
			if e := strings.IndexAny(b, " >"); e >= 0 {
				b = b[:e]
			}
			return strings.ToLower(b[strings.LastIndexByte(b, ':')+1:])
		}
	}
	b = strings.TrimRight(b, ">=: \t\"'`")
	k := len(b)
	for k > 0 && (hostByte[b[k-1]]) {
		k--
	}
	return strings.ToLower(strings.TrimLeft(b[k:], "-"))
}

// Parts of the names of settings that hold a host; whole are those that are part
// of other words, too ("requisite", "return").
var (
	hostParts = []string{"host", "server", "srv", "addr", "url", "uri", "endpoint", "domain", "broker", "gateway", "ntp", "dns", "remote", "peer", "cloud", "p2p", "relay", "stun", "upstream", "proxy", "smtp", "mqtt", "registrar", "collector", "mirror", "mailhub", "ipaddr"}
	hostWhole = []string{"ip", "pool", "machine", "h", "r", "site", "turn", "api", "feed", "target", "connect", "acs", "sink", "origin", "trapsink", "trap2sink", "informsink", "externip", "dest", "destination", "master", "hub", "ping", "to", "base", "poll", "via", "ipv6", "ip6", "web"}
)

// hostKey says that a setting of this name holds a host.
func hostKey(key string) bool {
	key = key[strings.LastIndexByte(key, '.')+1:]
	if strings.HasSuffix(key, "suffix") || strings.HasPrefix(key, "source") || strings.HasPrefix(key, "comment") || strings.HasPrefix(key, "description") {
		return false
	}
	for _, w := range hostParts {
		if strings.Contains(key, w) {
			return true
		}
	}
	for _, part := range strings.FieldsFunc(key, func(r rune) bool { return r == '_' || r == '-' }) {
		if slices.Contains(hostWhole, strings.TrimRight(part, "0123456789")) || slices.Contains(hostWhole, part) {
			return true
		}
	}
	return false
}

// value says that the whole value is a host: a quoted text, or all that stands
// behind a colon or an equals sign. Words with a dot in running text are none.
func (s *scanner) value(line []byte, i, j int, host string, port int) bool {
	tld := host[strings.LastIndexByte(host, '.')+1:]
	labels := strings.Count(host, ".") + 1
	if len(tld) > 2 && !common[tld] || strings.HasSuffix(s.key, "suffix") {
		return false
	}
	end := j
	if port > 0 {
		end += 1 + len(strconv.Itoa(port))
	}
	quoted := i > 0 && end < len(line) && (line[i-1] == line[end] && strings.IndexByte("\"'`", line[i-1]) >= 0 || line[i-1] == '>' && line[end] == '<')
	member := end < len(line) && line[end] == '"' && end+1 < len(line) && line[end+1] == ':' // a member's name in JSON
	if member {
		return !fileLike[tld] && labels >= 3 && dotted(host)
	}
	if s.f.Role == inspect.Web && i >= 3 && line[i-1] == '/' && strings.IndexByte("\"'`", line[i-3]) >= 0 {
		return labels >= 3 // a URL with the scheme of the page: '//host/…'
	}
	if s.f.Role == inspect.Script || s.f.Role == inspect.Web {
		return (quoted || s.f.Shell() && optionBefore(line[:i]) && (end >= len(line) || line[end] == ' ')) && (labels >= 3 || port > 0)
	}
	after := bytes.TrimSpace(line[end:min(len(line), end+reach)])
	before := bytes.TrimRight(tail(line[:i]), " \t")
	if len(before) > 0 && len(after) > 0 && strings.IndexByte(";|", before[len(before)-1]) >= 0 && strings.IndexByte(";|", after[0]) >= 0 {
		return labels >= 3 && !dbus(host) // a field of a table
	}
	alone := len(after) == 0 && (bytes.HasSuffix(before, []byte("=")) || bytes.HasSuffix(before, []byte(":")) || len(before) == 0 && labels >= 3 || string(bytes.TrimSpace(before)) == "-")
	list := len(before) > 0 && len(after) > 0 && strings.IndexByte("[,=;|", before[len(before)-1]) >= 0 && strings.IndexByte("],;|", after[0]) >= 0
	return (quoted || alone || list || optionBefore(line[:i]) || spokenKey(before)) && (labels >= 3 || port > 0)
}

// spokenKey says that what stands before a value ends with a word for a server
// or an address in Chinese.
func spokenKey(before []byte) bool {
	text := strings.TrimRight(string(before), ":： =＝\"'")
	for _, w := range []string{"服务器", "服務器", "伺服器", "地址", "位址", "域名", "网址", "網址", "主机", "主機"} {
		if strings.HasSuffix(text, w) {
			return true
		}
	}
	return false
}

// optionBefore says that an option of a command ends right here: " -s ".
func optionBefore(before []byte) bool {
	f := bytes.Fields(tail(before))
	return len(f) > 1 && len(f[len(f)-1]) >= 2 && f[len(f)-1][0] == '-' && letter(f[len(f)-1][len(f[len(f)-1])-1]) && bytes.HasSuffix(before, []byte(" "))
}

// dotted says that a name is no list of words: "com.vendor.app" begins with a
// domain's end.
func dotted(host string) bool {
	first, _, _ := strings.Cut(host, ".")
	return !common[first]
}

// demonstration are configurations that a package ships with servers of its
// project in them, used only if a command names their section.
var demonstration = map[string]bool{"openssl.cnf": true}

// fileLike are top-level domains that end file names, too.
var fileLike = map[string]bool{"sh": true, "py": true, "so": true, "pl": true, "rs": true, "ps": true, "md": true, "ml": true, "mk": true, "la": true, "in": true, "ac": true, "am": true, "cc": true, "gz": true, "id": true, "do": true, "is": true, "as": true, "js": true, "bz": true, "py3": true, "lc": true, "mo": true, "pm": true, "zip": true, "bin": true, "ko": true}

// unitLike are top-level domains that end the names of systemd's units.
var unitLike = map[string]bool{"target": true, "network": true, "link": true, "services": true}

// common are the generic top-level domains that stand without a scheme.
var common = map[string]bool{"com": true, "net": true, "org": true, "info": true, "biz": true, "cloud": true, "xyz": true, "online": true, "gov": true, "edu": true, "mil": true, "int": true, "top": true, "app": true, "dev": true, "iot": true, "tech": true, "shop": true, "site": true, "link": true, "live": true}

// spoken are the protocols that a name of a key, a section or a file tells.
var spoken = []string{"trapsink", "trap2sink", "informsink", "mqtt", "smtp", "ntp", "dns", "rtsp", "rtmp", "stun", "turn", "p2p", "ftp", "syslog", "sip", "coap", "telnet", "broker"}

func schemeOf(name string) string {
	name = strings.ToLower(name)
	for _, n := range spoken {
		i := strings.Index(name, n)
		if i < 0 || n == "dns" && strings.Contains(name, "ddns") || (n == "turn" || n == "sip") && i > 0 && letter(name[i-1]) {
			continue // "return", "recipient"
		}
		switch n {
		case "broker":
			return "mqtt"
		case "trapsink", "trap2sink", "informsink":
			return "snmptrap"
		}
		return n
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
		if bytes.HasPrefix(l, []byte("config ")) { // UCI
			return string(l[7:])
		}
		head = head[:i]
	}
	return ""
}

// version says that four numbers with dots are no address: a version, a part of
// a longer number, an identifier of ASN.1.
func version(before []byte, host string, after []byte) bool {
	b := strings.ToLower(strings.TrimRight(string(before[max(0, len(before)-40):]), " \t=:\"'(-_/>"))
	if f := strings.Fields(b); len(f) > 0 && strings.Contains(f[len(f)-1], "/") && before[len(before)-1] == ' ' {
		b = "" // a command by its path: /usr/sbin/update_agent 203.0.113.9
	}
	if bytes.HasSuffix(bytes.TrimRight(before, " "), []byte("==")) || bytes.HasSuffix(before, []byte("~=")) {
		return true // a requirement on a package
	}
	for _, w := range []string{"version", "ver", "release", "build", "rev", "revision", "sdk", "firmware", "fw", "v", "driver", "vers", "tag", "oid", "software", "hardware", "agent", "chrome", "firefox", "safari", "edge", "applewebkit", "api"} {
		if strings.HasSuffix(b, w) && (len(b) == len(w) || !letter(b[len(b)-len(w)-1]) || len(w) > 3) {
			return true
		}
	}
	if len(after) > 0 && (after[0] == '.' && len(after) > 1 && (letter(after[1]) || after[1] >= '0' && after[1] <= '9') || after[0] == '-' && len(after) > 1 && letter(after[1]) || letter(after[0])) {
		return true
	}
	if rest := strings.ToLower(string(bytes.TrimLeft(after[:min(len(after), 12)], " \t"))); strings.HasPrefix(rest, "build") || strings.HasPrefix(rest, "release") || strings.HasPrefix(rest, "beta") {
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
