package system

import (
	"path"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/pattern"
)

// pppOptions says that pppd(8) reads options from a file.
func pppOptions(p, base string) bool {
	return strings.Contains(p, "/ppp/") && (strings.HasPrefix(base, "options") || path.Base(path.Dir(p)) == "peers" || strings.HasSuffix(base, "-options")) || base == "pptpd-options" || base == "l2tpd-options" || base == "options.pptpd" || base == "options.xl2tpd"
}

// ppp reads pppd(8): what it has the other side prove itself by. PAP sends the
// password, CHAP rests on MD5, the first MS-CHAP and MPPE of 40 bits were broken
// long ago.
func (s *scanner) ppp(line, _, _ string, off int) {
	line, _, _ = strings.Cut(line, "#")
	for i, w := range strings.Fields(line) {
		switch name := strings.TrimLeft(strings.TrimPrefix(w, "require-"), "+"); {
		case name == w && w != "nomppe":
		case i > 0 && strings.HasPrefix(strings.Fields(line)[0], "refuse"):
		case name == "pap" || name == "chap" || name == "mschap" || name == "chapms" || name == "mppe-40" || name == "mppe40":
			s.add(off, inspect.Weakness{Kind: WeakCipher, Name: name, Text: strings.TrimSpace(line)})
			return
		}
	}
}

var sealKey = pattern.New(`^(?:(?:use|enable|with)_?(?:https|ssl|tls)|(?:https|ssl|tls)(?:_?(?:on|enabled?|active))?|(?:mqtts?|smtp|ftp|ddns|broker|cloud|mail)_?(?:use_?)?(?:ssl|tls)(?:_?enabled?)?|secure(?:_?(?:connection|transport))?)$`)

// unsealed looks at a connection with a login for which TLS is switched off.
func (s *scanner) unsealed(line, key, value string, off int) {
	if !no(value) && !none(value) || !sealKey.MatchString(words(key)) {
		return
	}
	b := s.block(off)
	if b == nil || !accountWord.Match(b) || !sealHost.Match(b) || switchedOff.MatchString(strings.Replace(string(b), line, "", 1)) || emptyHost.Match(b) || plainPort.Match(b) {
		return
	}
	s.add(off, inspect.Weakness{Kind: CleartextTransport, Name: "tls", Text: line})
}

var (
	sealHost  = pattern.New(`(?im)(?:^|[\s{,<"';])(?:option\s+)?["']?(?:\w*_)?(?:server|host|hostname|broker|url|service_name|address|domain|endpoint|lookup_host|hosts?name|smtp)["']?\s*[>=: ]\s*["']?[a-z0-9]`)
	emptyHost = pattern.New(`(?im)["'\s{,](?:server|host|broker|url)["']?\s*[=: ]\s*(?:""|'')|\b(?:localhost|127\.0\.0\.1|example\.(?:com|org|net))\b`)
	// A port that says so by its number is told of.
	plainPort = pattern.New(`(?im)\bport["']?\s*[=: ]\s*["']?(?:1883|25|21|80|8080|554|23)\b`)
)

// dynamicDNS reads OpenWrt's /etc/config/ddns: a service logs in over HTTP
// unless it is told to use HTTPS. An update by an address of its own is told by
// that.
func (s *scanner) dynamicDNS() {
	service, at, enabled, password, told := "", 0, false, false, false
	flush := func() {
		if service != "" && enabled && password && !told {
			s.add(at, inspect.Weakness{Kind: CleartextTransport, Name: "ddns", Text: service})
		}
		service, enabled, password, told = "", false, false, false
	}
	s.eachLine(func(line, key, value string, off int) {
		switch key {
		case "config":
			flush()
		case "service_name":
			service, at = line, off
		case "enabled":
			enabled = yes(value)
		case "password":
			password = value != "" && !strings.Contains(value, "your")
		case "use_https", "update_url", "update_script":
			told = true
		}
	})
	flush()
}
