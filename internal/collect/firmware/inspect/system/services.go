package system

import (
	"bytes"
	"path"
	"strconv"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/pattern"
)

var (
	minProtocol = pattern.New(`(?i)["']?\b(MinProtocol|ssl_min_version|tls_min_version|min_tls_version|ssl-min-ver|ssl_min_protocol|tls_minimum_protocol)["']?\s*(?:=>|=|:|\s)\s*["']?(SSLv[23]|TLSv?1(?:\.[01])?)["']?(?:\s|[,;)\]}]|$)`)
	oldProtocol = pattern.New(`(?i)(?:^|[\s+"',:=])(SSLv?[23]|TLSv?1(?:[._][01])?)(?:$|[\s;"',:])`)
	cipherList  = pattern.New(`(?i)(?:CipherString|cipher-list|ssl_ciphers|SSLCipherSuite|\bciphers?)["']?\s*(?:=>|=|:|\s)\s*["']?([A-Za-z0-9_:+!@=.\-]+)`)
	weakSuite   = pattern.New(`(?i)^\+?(ALL|RC4|3DES|DES|DES-CBC3-SHA|NULL|eNULL|aNULL|EXP(ORT)?|MD5|LOW|COMPLEMENTOFALL|\S*RC4\S*|\S*DES-CBC\S*|\S*NULL\S*|\S*@SECLEVEL=0)$`)
	gnutlsOld   = pattern.New(`\+VERS-(SSL3\.0|TLS1\.[01]|TLS-ALL|ALL)\b`)
	plainScheme = pattern.New(`(?i)\b(mqtt|ftp|telnet)://[^\s"'<>]+`)
	unchecked   = pattern.New(`(?i)\b(bridge_insecure|tls_insecure|ssl_insecure|allow_insecure|insecure_skip_verify|skipverify|SkipVerify)["']?\s*[= :]\s*["']?(true|1|yes|on)\b|\b(verify_peer|tls_verify|ssl_verify|ssl_verify_peer|ssl_verify_host|verify_ssl|verify_certificate|verify_cert|check_certificate|check_hostname|verify_server|rejectUnauthorized|ssl_verifypeer|ssl_verifyhost)["']?\)?\s*[=: ]\s*["']?(false|0|no|off|none)\b|\b(verify_mode|tls_verify|TLS_REQCERT|verify)["']?\s*[=: ]\s*["']?(none|never|SSL_VERIFY_NONE)\b`)
)

// cleartext are ports whose protocols send all they carry in clear.
var cleartext = map[int]string{80: "http", 8080: "http", 1883: "mqtt", 21: "ftp", 25: "smtp", 554: "rtsp", 23: "telnet"}

// services reads what says the same in the configurations of many programs.
func (s *scanner) services() {
	base := strings.ToLower(path.Base(s.f.Path))
	redirects := redirected(s.f.Data)
	extension := strings.ToLower(path.Ext(base))
	s.eachLine(func(line, key, value string, off int) {
		switch extension {
		case ".properties": // java.util.Properties escapes colons
			line, value = strings.ReplaceAll(line, `\:`, ":"), strings.ReplaceAll(value, `\:`, ":")
		case ".xml":
			s.attributes(line, off)
		}
		s.tls(line, key, value, off)
		s.port(base, line, key, value, off, redirects)
		switch {
		case (key == "dir-listing.activate" || key == "server.dir-listing") && yes(value), key == "autoindex" && yes(value),
			key == "options" && strings.Contains(" "+strings.ReplaceAll(value, "+", ""), " Indexes") && !strings.Contains(value, "-Indexes") && strings.Contains(base+s.f.Path, "httpd"):
			s.add(off, inspect.Weakness{Kind: DirectoryListing, Text: line})
		case key == "options" && strings.Contains(s.f.Path, "apache") && strings.Contains(" "+strings.ReplaceAll(value, "+", " "), " Indexes"):
			s.add(off, inspect.Weakness{Kind: DirectoryListing, Text: line})
		case key == "allow_anonymous" && yes(value) && !s.alone(off):
			s.add(off, inspect.Weakness{Kind: Anonymous, Name: "mqtt", Text: line})
		}
		if !s.application(line, key, value, off) {
			s.verification(line, off)
		}
		s.concealed(line, key, value, off)
		s.unsealed(line, key, value, off)
		if isSetting(line, key, value) {
			s.cleartext(line, off)
			s.fetched(line, off)
			s.source(line, key, value, off)
		}
	})
}

var (
	settingKey = pattern.New(`^[\w.\-\[\]/]+$`)
	sourceKey  = pattern.New(`(?i)url|server|host|source|feed|mirror|^src|update|upgrade|firmware|ota|broker|address|endpoint`)
)

// isSetting says that the line sets something to an address: prose and patterns
// name addresses, too.
func isSetting(line, key, value string) bool {
	i := strings.Index(value, "://")
	if i < 0 || i > 8 || !letters(value[:i]) || !settingKey.MatchString(key) || strings.ContainsAny(value, `[]*\\()`) {
		return false
	}
	rest := strings.TrimLeft(line, `"'`)
	rest = strings.TrimLeft(rest[min(len(key), len(rest)):], "\"' \t")
	return strings.HasPrefix(rest, "=") || strings.HasPrefix(rest, ":") || strings.HasPrefix(line, "option") || strings.HasPrefix(line, "list") || strings.HasPrefix(line, "<") || sourceKey.MatchString(key)
}

func letters(s string) bool {
	for _, c := range s {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return s != ""
}

func (s *scanner) cleartext(line string, off int) {
	if m := plainScheme.FindStringSubmatchIndex(line); m != nil && !localURL.MatchString(line[m[0]:m[1]]) {
		s.add(off+m[0], inspect.Weakness{Kind: CleartextTransport, Name: strings.ToLower(line[m[2]:m[3]]), Text: line[m[0]:m[1]]})
	}
}

// verification looks for settings of clients that don't look at certificates.
func (s *scanner) verification(line string, off int) {
	if !strings.Contains(line, "erify") && !strings.Contains(line, "ERIFY") && !strings.Contains(line, "nsecure") && !strings.Contains(line, "check_") && !strings.Contains(line, "nauthorized") && !strings.Contains(line, "REQCERT") && !strings.Contains(line, "reqcert") {
		return
	}
	if m := unchecked.FindStringIndex(line); m != nil {
		s.add(off+m[0], inspect.Weakness{Kind: TLSVerifyDisabled, Text: line[m[0]:m[1]]})
	}
}

// redirected says that a web server sends every plain request on to HTTPS.
var redirects = pattern.New(`(?i)return\s+30[1278]\s+https://|rewrite\s+\S+\s+https://|url\.redirect\s*=.*https://|RewriteRule\s+\S+\s+https://|Redirect\s+(permanent\s+|30[12]\s+)?/\s+https://|redirect_https\s+'?1`)

func redirected(b []byte) bool {
	b = b[:min(len(b), maxConfig)]
	return bytes.Contains(b, []byte("https")) && redirects.Match(b)
}

// tls looks at versions and ciphers.
func (s *scanner) tls(line, key, value string, off int) {
	if strings.Contains(line, "inProtocol") || strings.Contains(line, "inprotocol") || strings.Contains(line, "in_version") || strings.Contains(line, "-min-ver") || strings.Contains(line, "_min_protocol") || strings.Contains(line, "imum_protocol") || strings.Contains(line, "tls_version") {
		if m := minProtocol.FindStringSubmatchIndex(line); m != nil {
			s.add(off+m[0], inspect.Weakness{Kind: WeakTLS, Name: line[m[4]:m[5]], Text: strings.TrimRight(line[m[0]:m[1]], " ,;)}\r")})
		}
	}
	if strings.Contains(line, "+VERS-") { // GnuTLS
		if m := gnutlsOld.FindStringSubmatchIndex(line); m != nil {
			s.add(off+m[0], inspect.Weakness{Kind: WeakTLS, Name: line[m[2]:m[3]], Text: line})
		}
	}
	switch key {
	case "ssl.openssl.ssl-conf-cmd":
		if _, list, ok := strings.Cut(line, `"Protocol"`); ok {
			for _, v := range strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(`"=>,() `, r) }) {
				if oldProtocol.MatchString(v) {
					s.add(off, inspect.Weakness{Kind: WeakTLS, Name: v, Text: line})
					break
				}
			}
		}
	case "ssl_protocols", "sslprotocol", "sslversion", "sslversionmin", "tls_version", "ssl_version", "tls-version", "bridge_tls_version", "proxy_ssl_protocols":
		if m := oldProtocol.FindStringSubmatch(value); m != nil && !strings.Contains(value, "-"+m[1]) {
			s.add(off, inspect.Weakness{Kind: WeakTLS, Name: m[1], Text: line})
		} else if key == "sslprotocol" && strings.EqualFold(value, "all") {
			s.add(off, inspect.Weakness{Kind: WeakTLS, Name: value, Text: line})
		}
	case "ssl.use-sslv2", "ssl.use-sslv3":
		if yes(value) {
			s.add(off, inspect.Weakness{Kind: WeakTLS, Name: strings.TrimPrefix(key, "ssl.use-"), Text: line})
		}
	}
	if !strings.Contains(line, "ipher") && !strings.Contains(line, "IPHER") {
		return
	}
	if m := cipherList.FindStringSubmatchIndex(line); m != nil {
		list := line[m[2]:m[3]]
		for _, c := range strings.Split(list, ":") {
			if !strings.HasPrefix(c, "!") && !strings.HasPrefix(c, "-") && weakSuite.MatchString(c) && !(strings.EqualFold(c, "ALL") && strings.Contains(list, "!")) {
				s.add(off+m[2], inspect.Weakness{Kind: WeakTLS, Name: c, Text: list})
				break
			}
		}
	}
}

// port looks at ports of protocols in clear.
func (s *scanner) port(base, line, key, value string, off int, redirects bool) {
	switch {
	case key == "port" || strings.HasSuffix(key, "_port") || strings.HasSuffix(key, ".port") || strings.HasSuffix(key, "-port"):
	case key == "listen" && (strings.Contains(s.f.Path, "nginx") || strings.Contains(base, "httpd") || strings.Contains(s.f.Path, "apache") || strings.Contains(base, "lighttpd")),
		key == "listener" && strings.Contains(s.f.Path, "mosquitto") && !strings.Contains(value, " 127.") && !strings.Contains(value, " localhost"), key == "listen_http":
		value, _, _ = strings.Cut(value, " ")
		value = value[strings.LastIndexByte(value, ':')+1:]
	default:
		return
	}
	p, err := strconv.Atoi(value)
	if err != nil {
		return
	}
	proto := cleartext[p]
	if proto != "" && (base == "firewall" || s.asleep(off)) { // ports of rules; what is switched off
		return
	}
	if proto == "" || proto == "http" && redirects || strings.Contains(line, " ssl") {
		return
	}
	s.add(off, inspect.Weakness{Kind: CleartextTransport, Name: proto, Text: line, Port: p})
}

var (
	form      = pattern.New(`(?is)<form\b([^>]*)>(.*?)</form>`)
	getMethod = pattern.New(`(?i)\bmethod\s*=\s*["']?get\b["']?`)
	anyMethod = pattern.New(`(?i)\bmethod\s*=`)
	pwField   = pattern.New(`(?i)\btype\s*=\s*["']?password\b`)
)

// forms looks for log-in forms that send the password in the URL.
func (s *scanner) forms() {
	d := s.f.Data[:min(len(s.f.Data), 4<<20)]
	if !bytes.Contains(d, []byte("<form")) && !bytes.Contains(d, []byte("<FORM")) {
		return
	}
	for _, m := range form.FindAllSubmatchIndex(d, maxItems) {
		attrs := d[m[2]:m[3]]
		if !pwField.Match(d[m[4]:m[5]]) {
			continue
		}
		// A form without an action is sent by a script, which decides.
		g := getMethod.FindIndex(attrs)
		if g == nil && (anyMethod.Match(attrs) || !bytes.Contains(attrs, []byte("action"))) {
			continue
		}
		off := m[0]
		if g != nil {
			off = m[2] + g[0]
		}
		s.add(off, inspect.Weakness{Kind: LoginOverGet, Text: string(d[m[0]:m[4]])})
	}
}
