package startup

import (
	"bytes"
	"path"
	"regexp"
	"strconv"
	"strings"

	"assay/internal/collect/firmware/inspect"
)

// line looks at a line of a text that holds one of the gate's words.
func (s *scanner) line(line []byte, start int) {
	if s.f.Kind != inspect.Text || s.f.Comment(start+indent(line)) {
		return
	}
	text := string(line)
	switch s.f.Role {
	case inspect.Script:
		if s.f.Shell() {
			s.starts(text, start)
		}
		s.clients(text, start)
		s.updates(text, start)
		s.ciphers(text, start)
		s.injection(text, start)
	case inspect.Config:
		s.clients(text, start)
		s.updates(text, start)
		s.settings(text, start)
	case inspect.History:
	case inspect.Web:
		s.injection(text, start)
	}
}

func indent(line []byte) int {
	return len(line) - len(bytes.TrimLeft(line, " \t"))
}

// By says what runs a script of this path.
func (s *scanner) by() string {
	p := s.f.Path
	base := path.Base(p)
	switch {
	case strings.Contains(p, "/init.d/") || strings.Contains(p, "/rc.d/"):
		return "init.d"
	case strings.HasPrefix(base, "rc"):
		return "rc"
	case strings.Contains(p, "cron"):
		return "crontab"
	}
	return "script"
}

var (
	commandEnd = regexp.MustCompile(`[;|&]+|\bthen\b|\bdo\b|\belse\b|[({]|\$\(|` + "`")
	wrappers   = map[string]bool{"exec": true, "nohup": true, "sudo": true, "env": true, "busybox": true, "setsid": true, "nice": true, "ionice": true, "chroot": true, "start-stop-daemon": true, "service_start": true, "procd_set_param": true, "command": true, "!": true}
)

// starts looks for programs that open a port where a shell would run them.
func (s *scanner) starts(text string, start int) {
	at := 0
	for at <= len(text) {
		end := len(text)
		next := len(text) + 1
		if m := commandEnd.FindStringIndex(text[at:]); m != nil {
			end, next = at+m[0], at+m[1]
		}
		s.command(text, text[at:end], start+at, start)
		at = next
	}
}

func (s *scanner) command(text, cmd string, off, start int) {
	args := strings.Fields(cmd)
	for i, a := range args {
		name := path.Base(strings.Trim(a, "\"'"))
		if services[name] {
			kind := Service
			if telnet(name) {
				kind = Telnet
			}
			if !stops(args) {
				s.add(off+strings.Index(cmd, a), Item{Kind: kind, Name: name, Text: strings.TrimSpace(text), By: s.by(), Port: portOf(args[i:])})
			}
			return
		}
		// What may stand before the program: wrappers, assignments, options of
		// start-stop-daemon.
		if !wrappers[name] && !strings.Contains(a, "=") && !strings.HasPrefix(a, "-") && (i == 0 || !strings.HasPrefix(args[i-1], "-")) {
			return
		}
	}
}

// stops says that the line ends a service.
func stops(args []string) bool {
	for _, a := range args {
		if a == "-K" || a == "--stop" || a == "stop" {
			return true
		}
	}
	return false
}

var (
	curlInsecure = regexp.MustCompile(`\bcurl\b[^;|&]*?(\s-[a-zA-Z]*k[a-zA-Z]*\b|\s--insecure\b)`)
	wgetInsecure = regexp.MustCompile(`\bwget\b[^;|&]*--no-check-certificate`)
	otherUnsafe  = regexp.MustCompile(`(?i)\bmosquitto_(pub|sub|rr)\b[^;|&]*\s--insecure\b|\b(bridge_insecure|tls_insecure|ssl_insecure)\s*[= ]\s*(true|1|yes)\b|\b(verify_peer|tls_verify|ssl_verify|ssl_verify_peer|verify_ssl|verify_certificate)\b["']?\s*[=:]\s*(false|0|no|off)\b`)
)

// clients looks for clients that are told not to check the server.
func (s *scanner) clients(text string, start int) {
	for _, re := range []*regexp.Regexp{curlInsecure, wgetInsecure, otherUnsafe} {
		if m := re.FindStringIndex(text); m != nil {
			s.add(start+m[0], Item{Kind: TLSVerifyDisabled, Text: text[m[0]:m[1]], By: s.by()})
		}
	}
}

var (
	plainURL = regexp.MustCompile(`(?i)\b(http|ftp|tftp)://[^\s"'<>|;)]+`)
	imageURL = regexp.MustCompile(`(?i)(\.(bin|img|fw|swu|trx|chk|pkg|upd|ota|rom|raucb|mender|hex|tar|tgz|gz|xz|zip|ipk|bin\.sig)(\?|$))|[/._-](fw|firmware|ota|upgrade|update|upd)[/._-]`)
	flashes  = regexp.MustCompile(`\b(flashcp|nandwrite|flash_eraseall|mtd(_debug)?\s+(-r\s+)?write|dd\s[^;|&]*of=/dev/mtd|sysupgrade|ubiupdatevol|fw_update|mtd_write)\b[^;|&]*`)
	verifies = regexp.MustCompile(`(?i)-verify\b|\bgpgv?\b|\busign\b|\bsignify\b|\bminisign\b|\bcosign\b|\bucert\b|signature|\bsigntool\b|verify_sig|rsa_verify|swupdate\b`)
	localURL = regexp.MustCompile(`(?i)://(localhost|127\.|0\.0\.0\.0|\[::1\]|\$)`)
)

// updates looks for images that are fetched in clear or written unchecked.
func (s *scanner) updates(text string, start int) {
	if m := plainURL.FindStringIndex(text); m != nil {
		if u := text[m[0]:m[1]]; imageURL.MatchString(u) && !localURL.MatchString(u) {
			s.add(start+indent([]byte(text)), Item{Kind: UpdateOverHTTP, Text: strings.TrimSpace(text), By: s.by()})
		}
	}
	if s.f.Role != inspect.Script {
		return
	}
	if m := flashes.FindStringIndex(text); m != nil && !s.verifies() {
		s.add(start+m[0], Item{Kind: UpdateUnsigned, Text: strings.TrimSpace(text[m[0]:m[1]]), By: s.by()})
	}
	if i := strings.Index(text, "upnpc "); i >= 0 && strings.Contains(text[i:], " -a") {
		s.add(start+i, Item{Kind: PortForward, Text: strings.TrimSpace(text[i:]), By: s.by()})
	}
}

// verifies says that the script checks a signature somewhere.
func (s *scanner) verifies() bool {
	if !s.checked {
		s.checked, s.verified = true, verifies.Match(s.f.Data[:min(len(s.f.Data), 1<<20)])
	}
	return s.verified
}

var weakCipher = regexp.MustCompile(`(?i)\bopenssl\s+(?:enc|smime|cms|rsautl|des\S*|rc4)\b[^;|&]*?\s-((?:aes|aria|camellia|sm4)-?\d*-ecb|des3?(?:-\w+)?|rc4(?:-\d+)?|rc2\S*|bf\S*)`)

func (s *scanner) ciphers(text string, start int) {
	if m := weakCipher.FindStringSubmatchIndex(text); m != nil {
		s.add(start+m[2], Item{Kind: WeakCipher, Name: strings.ToLower(text[m[2]:m[3]]), Text: strings.TrimSpace(text), By: s.by()})
	}
}

var injected = regexp.MustCompile(`(?i)\beval\s+["']?\$\{?(QUERY_STRING|REQUEST_URI|HTTP_\w+)\}?["']?|\b(system|exec|popen|passthru|shell_exec|os\.execute)\s*\([^)]*(QUERY_STRING|\$_(GET|POST|REQUEST))`)

func (s *scanner) injection(text string, start int) {
	if m := injected.FindStringIndex(text); m != nil {
		s.add(start+m[0], Item{Kind: CommandInjection, Text: text[m[0]:m[1]], By: "script"})
	}
}

var (
	minProtocol = regexp.MustCompile(`(?i)["']?MinProtocol["']?\s*(=>|=|:|\s)\s*["']?(SSLv[23]|TLSv1(\.[01])?)["']?(\s|[,;)\]]|$)`)
	protocols   = regexp.MustCompile(`(?i)\b(ssl_protocols|SSLProtocol|ssl\.use-sslv[23]|tls_version)\b[\s=:"]+([^;#\n]*)`)
	weakVersion = regexp.MustCompile(`(?i)(^|[\s+"])(SSLv[23]|TLSv1(\.[01])?|enable)($|[\s;"])`)
	cipherList  = regexp.MustCompile(`(?i)(CipherString|cipher-list|ssl_ciphers|SSLCipherSuite|\bciphers)["']?\s*(?:=>|=|:|\s)\s*["']?([A-Za-z0-9_:+!@=.\-]+)`)
	weakSuite   = regexp.MustCompile(`(?i)^\+?(ALL|RC4|3DES|DES|DES-CBC3-SHA|NULL|eNULL|aNULL|EXP(ORT)?|MD5|LOW|COMPLEMENTOFALL|\S*RC4\S*|\S*DES-CBC\S*|\S*NULL\S*)$`)
	portSetting = regexp.MustCompile(`(?i)^\s*["']?((?:[\w.-]*[._-])?port)["']?\s*(?:=|:|\s)\s*["']?(\d+)["']?,?\s*$`)
	listing     = regexp.MustCompile(`(?i)dir-listing\.activate\s*=\s*"enable"|server\.dir-listing\s*=\s*"enable"|^\s*autoindex\s+on\b`)
	cleartext   = map[int]string{80: "http", 8080: "http", 1883: "mqtt", 21: "ftp", 25: "smtp", 554: "rtsp", 23: "telnet"}
)

// settings looks for what weakens a service in its configuration.
func (s *scanner) settings(text string, start int) {
	if m := minProtocol.FindStringSubmatchIndex(text); m != nil {
		s.add(start+m[0], Item{Kind: WeakTLS, Name: text[m[4]:m[5]], Text: strings.TrimRight(text[m[0]:m[1]], " ,;)\r"), By: "config"})
	}
	if m := protocols.FindStringSubmatchIndex(text); m != nil && weakVersion.MatchString(text[m[4]:m[5]]) && !strings.Contains(text[m[4]:m[5]], "disable") {
		s.add(start+m[0], Item{Kind: WeakTLS, Text: strings.TrimSpace(text[m[0]:m[1]]), By: "config"})
	}
	if m := cipherList.FindStringSubmatchIndex(text); m != nil {
		list := text[m[4]:m[5]]
		for _, c := range strings.Split(list, ":") {
			if !strings.HasPrefix(c, "!") && !strings.HasPrefix(c, "-") && weakSuite.MatchString(c) && !(strings.EqualFold(c, "ALL") && strings.Contains(list, "!")) {
				s.add(start+m[4], Item{Kind: WeakTLS, Name: c, Text: list, By: "config"})
				break
			}
		}
	}
	if m := portSetting.FindStringSubmatchIndex(text); m != nil {
		p, _ := strconv.Atoi(text[m[4]:m[5]]) // too long for a number: no port below
		if proto := cleartext[p]; proto != "" {
			s.add(start+indent([]byte(text)), Item{Kind: CleartextTransport, Name: proto, Text: strings.TrimSpace(text), By: "config", Port: p})
		}
	}
	if m := listing.FindStringIndex(text); m != nil {
		s.add(start+m[0], Item{Kind: DirectoryListing, Text: strings.TrimSpace(text[m[0]:m[1]]), By: "config"})
	}
}

var (
	form      = regexp.MustCompile(`(?is)<form\b([^>]*)>(.*?)</form>`)
	getMethod = regexp.MustCompile(`(?i)\bmethod\s*=\s*["']?get\b["']?`)
	anyMethod = regexp.MustCompile(`(?i)\bmethod\s*=`)
	pwField   = regexp.MustCompile(`(?i)\btype\s*=\s*["']?password\b`)
)

// forms looks for log-in forms that send the password in the URL.
func (s *scanner) forms() {
	d := s.f.Data[:min(len(s.f.Data), 4<<20)]
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
		s.add(off, Item{Kind: LoginOverGet, Text: string(d[m[0]:m[4]]), By: "config"})
	}
}

// program looks at the strings of an ELF for images that are fetched in clear.
func (s *scanner) program() {
	if strings.HasSuffix(s.f.Path, ".ko") || strings.Contains(path.Base(s.f.Path), ".so") {
		return
	}
	for r := range s.f.Runs(12) {
		if !bytes.Contains(r.Text, []byte("tp://")) || len(s.items) >= maxItems {
			continue
		}
		for _, m := range plainURL.FindAllIndex(r.Text, 8) {
			u := string(r.Text[m[0]:m[1]])
			if imageURL.MatchString(u) && !localURL.MatchString(u) && !strings.HasSuffix(u, ".html") {
				s.add(r.Off+m[0], Item{Kind: UpdateOverHTTP, Text: u, By: "program"})
			}
		}
	}
}
