package firmware

import (
	"strings"

	"assay/internal/pattern"
)

// An excerpt is a line of the image, and nobody can list all the ways in which a
// line may hold a password. It is therefore shown by what is known to be none:
// the program, the names of options and settings, numbers, paths, hosts, and
// plain words. All else is masked.

const redacted = "[redacted]"

// Forms that may be shown.
var (
	urlForm      = pattern.New("^[A-Za-z][A-Za-z0-9+.-]*://[^\\s\"'<>|;)`]*")
	hiddenForm   = pattern.New(`^(?:\[redacted\]|…|\*{3})$`)
	variable     = pattern.New(`^\$(?:\{[A-Za-z_]\w*\}|[A-Za-z_]\w*|[0-9@*#?!$-])$`)
	numberForm   = pattern.New(`^[+-]?(?:\d{1,5}(?:\.\d{1,5}){0,3}(?:/\d{1,2})?[a-zA-Z%]?|0x[0-9a-fA-F]{1,4}|\*/\d{1,2})$`)
	pathForm     = pattern.New(`^(?:@|-)?(?:\.{0,2}|~|\$\w+|\$\{\w+\})(?:/[\w.@%+~\-$?*{},]*)+$`)
	fileForm     = pattern.New(`^[\w.$-]+\.(?i:pem|key|crt|cer|der|csr|pub|p12|bin|img|fw|swu|ipk|deb|rpm|apk|tar|gz|tgz|bz2|xz|zip|sh|py|pl|lua|php|cgi|js|html?|xml|json|conf|cfg|ini|ya?ml|txt|log|so|ko|dec|enc|sig|sha256|md5|service|socket|db|sqlite|dtb|ubi|squashfs)$`)
	hostForm     = pattern.New(`^(?:[a-z0-9_*](?:[a-z0-9-]*[a-z0-9])?\.)+(?:com|net|org|io|cn|tw|de|eu|info|biz|dev|cloud|app|local|lan|internal|example|test|invalid|localdomain|arpa|xyz|co|us|uk|jp|kr|fr|me|tv|cc|ru|in|br|it|nl|se|ch|at|au|ca|hk|sg)$|^(?:localhost|ip6-localhost)$|^\[?[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}\]?$`)
	urlHost      = pattern.New(`^(?:[A-Za-z0-9_.-]{1,253}|\[[0-9a-fA-F:.]+\]|\$\{?\w+\}?|%s|\*)?(?::(?:\d{1,5}|\$\{?\w+\}?|%d)?)?$`)
	deviceForm   = pattern.New(`^(?:(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}|%[a-zA-Z]|tty[A-Za-z]{0,5}\d{0,3}|console|null|(?:eth|wlan|usb|br|lo|wan|lan|ppp|tun|tap|ap|ath|ra|en|wl|can|mtd|mtdblock|mmcblk|ubi|sd[a-z])\d{0,2}(?:p\d)?(?:\.\d{1,4})?|(?:9600|19200|38400|57600|115200|230400|460800|921600|1500000)(?:n8)?)$`)
	nameForm     = pattern.New(`^[A-Za-z_.][A-Za-z0-9_.@/+-]{0,47}$`)
	optionForm   = pattern.New(`^(--?|\+)([A-Za-z?][A-Za-z0-9._-]*)?$`)
	spacedKey    = pattern.New(`^[a-z]+(?: [a-z]+){1,3}\s*=`) // "guest ok ="
	headerForm   = pattern.New(`^[A-Z][A-Za-z]*(?:-[A-Za-z]+)*:\s+\S`)
	extension    = pattern.New(`^[.+][a-z]{1,5}$`)
	programForm  = pattern.New(`^[a-z_][a-z0-9_.+-]*$`)
	environment  = pattern.New(`^[A-Z_][A-Z0-9_]*$`)
	assigning    = pattern.New(`^["'\])]{0,2}\s*(?:=>|:=|\+=|\?=|=|:\s)`)
	secretName   = pattern.New(`(?i)(?:pass|pwd|pw$|pw\d|secret|token|psk|phrase|cred|apikey|key\d?$|pin$|communit|^auth$|nonce|salt|signature$|cookie|session|bearer)`)
	randomLooks  = pattern.New(`[A-Za-z0-9_=+-]{20,}`)
	digitsInside = pattern.New(`\d[A-Za-z]`)
)

// words are what a line may say without giving anything away.
var words = set(`yes no on off true false enable enabled disable disabled none null nil any all auto default never always optional required
 sh bash ash dash ksh zsh busybox sudo exec nohup setsid env nice time command start stop restart reload boot up down add del delete set get put post head list show
 respawn askfirst once wait sysinit ctrlaltdel restart shutdown initdefault powerfail stream dgram tcp tcp4 tcp6 udp udp4 udp6 nowait internal
 for in do done if then else elif fi while until case esac function return local export read unset source test true shift break continue
 service program daemon daemonize foreground background form action method input type href src fetch script var let const new import from require
 http https ftp ftps sftp ssh tls ssl telnet tftp mqtt mqtts rtsp rtmp snmp ntp dns dhcp smtp imap pop3 ldap smb nfs coap amqp ws wss socks upnp
 telnetd sshd dropbear httpd uhttpd lighttpd nginx ftpd vsftpd tftpd utelnetd inetd xinetd getty agetty login adbd gdbserver snmpd rsync rsyncd dnsmasq hostapd syslogd crond
 SSLv2 SSLv3 TLSv1 TLSv1.0 TLSv1.1 TLSv1.2 TLSv1.3 TLSv1_1 TLSv1_2 TLS1.0 tlsv1 sslv3 RC4 DES 3DES AES MD5 MD4 SHA SHA1 SHA256 SHA384 SHA512 CBC ECB GCM CTR CCM ARC4 arcfour blowfish cast128 chacha20 poly1305 hmac umac etm
 ECDHE ECDH DHE EDH RSA DSA DSS ECDSA ed25519 EXPORT EXP NULL aNULL eNULL LOW MEDIUM HIGH ALL DEFAULT COMPLEMENTOFALL STRENGTH SECLEVEL PSK SRP CAMELLIA SEED IDEA RC2 aes128 aes192 aes256 diffie hellman group1 group14 exchange nistp256 sha2 openssh
 openssl enc dgst req genrsa x509 s_client s_server rand pkcs12 WEP WPA WPA2 WPA3 TKIP CCMP wps open shared sae owe psk2 psk wep wpa
 accept ACCEPT DROP REJECT INPUT OUTPUT FORWARD MASQUERADE DNAT SNAT filter nat mangle ip ip6 inet table chain policy hook priority tcpip
 rw ro sync async no_root_squash root_squash no_subtree_check insecure secure sec sys hard soft noexec nosuid nodev remount mount defaults
 simple public_key password publickey keyboard interactive without prohibit forced commands only method plain basic digest bearer
 system popen execl eval echo cat sed awk grep cut tr dd flash flashcp mtd update upgrade firmware recovery install download verify check ignore skip allow deny reject permit
 debug release verbose quiet trace info warn warning error userdebug test-keys release-keys eng user_debug
 GET POST PUT HEAD ANY CONNECT Type Environment ExecStart Restart Service Unit Install
 daemonise nodaemon noauth nologin nopass nodes nosalt keyout newkey key cert CAfile CApath in out inkey outform inform pubin connect listen accept redir
 nc ssh curl wget socat upnpc
 vt100 linux xterm unlimited hw ether link dev address macaddr addr file xzf xf zxf zxvf salt pass stdout curlopt verifypeer verifyhost curl_setopt sigver signature verify_mode verify_peer verify_none CERT_NONE rejectUnauthorized InsecureSkipVerify strict LISTEN ede3
 initrd rootfs rootfstype squashfs ubifs jffs2 ext4 earlyprintk earlycon panic init rdinit nokaslr nosmep mitigations selinux permissive enforcing apparmor`)

// accounts are words that stand for an account; behind a colon they may be a
// password as well.
var accounts = set(`root anonymous nobody daemon www-data ALL NOPASSWD`)

// clusters are joined options that are words of tools and hold no value.
var clusters = set(`czvf xzvf xjvf fsSL fsS sSL sSfL`)

func set(list string) map[string]bool {
	m := make(map[string]bool)
	for _, w := range strings.Fields(list) {
		m[w] = true
	}
	return m
}

// plain says that a word is known, or a cipher's name made of such.
func plain(w string) bool {
	if words[w] || words[strings.ToLower(w)] || words[strings.ToUpper(w)] {
		return true
	}
	parts := strings.FieldsFunc(w, func(r rune) bool { return r == '-' || r == '_' })
	known := 0
	for _, p := range parts {
		switch {
		case words[p] || words[strings.ToLower(p)] || words[strings.ToUpper(p)]:
			known++
		case len(p) > 3 || strings.Trim(p, "0123456789") != "":
			return false
		}
	}
	return known > 0 && len(parts) > 1
}

// likely says that a name was given by a programmer: digits stand at the end of
// a word of it, and are few.
func likely(name string) bool {
	if !nameForm.MatchString(name) || digitsInside.MatchString(name) && !strings.ContainsAny(name, "_-.") {
		return false
	}
	digits := 0
	for i, c := range []byte(name) {
		if c >= '0' && c <= '9' {
			digits++
			if i+1 < len(name) && name[i+1] >= 'A' && name[i+1] <= 'Z' {
				return false
			}
		}
	}
	return digits <= 4
}

// path says that p is the name of a file or folder; a piece that looks made by
// chance may be a token.
func isPath(p string) bool {
	return (pathForm.MatchString(p) || fileForm.MatchString(p)) && !hasToken(p)
}

func hasToken(p string) bool {
	for _, s := range randomLooks.FindAllString(p, -1) {
		if strings.ContainsAny(s, "0123456789") && strings.ToLower(s) != s || len(strings.Map(digit, s)) > 5 {
			return true
		}
	}
	return false
}

func digit(r rune) rune {
	if r >= '0' && r <= '9' {
		return r
	}
	return -1
}

// operand shows a word, or masks it. known are words that the finding itself
// names.
func operand(w string, known map[string]bool) string {
	if w == "" || allowed(w, known) {
		return w
	}
	if urlForm.MatchString(w) {
		return address(w)
	}
	if at := strings.LastIndexByte(w, '@'); at > 0 && at+1 < len(w) { // an account elsewhere: the place is shown
		host, port, _ := strings.Cut(w[at+1:], ":")
		if (hostForm.MatchString(host) || numberForm.MatchString(host) && strings.Count(host, ".") == 3) && (port == "" || numberForm.MatchString(port) || isPath(port)) {
			if accounts[w[:at]] || w[:at] == "…" {
				return w
			}
			return redacted + w[at:]
		}
	}
	return redacted
}

// allowed says that a word may be shown as it stands.
func allowed(w string, known map[string]bool) bool {
	switch {
	case len(w) == 1, hiddenForm.MatchString(w), variable.MatchString(w), numberForm.MatchString(w), isPath(w), plain(w), accounts[w], known[w], deviceForm.MatchString(w), extension.MatchString(w), hostForm.MatchString(w):
		return true
	case strings.Trim(w, `.,:;!?*+-/\%#@^~_[]`) == "":
		return len(w) <= 3
	}
	return joined(w)
}

// joined says that w is made of words that may be shown, with ":" or "," between
// them. Numbers stand with hosts and devices only: "root:1234" is an account.
func joined(w string) bool {
	parts := strings.FieldsFunc(w, func(r rune) bool { return r == ':' || r == ',' || r == '!' || r == '+' })
	if len(parts) == 0 || len(w) == len(parts[0]) {
		return false
	}
	numbers, places := 0, 0
	for _, p := range parts {
		switch {
		case numberForm.MatchString(p) && strings.Count(p, ".") < 3:
			numbers++
		case numberForm.MatchString(p), hostForm.MatchString(p), deviceForm.MatchString(p), isPath(p), variable.MatchString(p), p == "*", p == "tcp", p == "udp":
			places++
		case len(p) > 1 && !plain(strings.TrimLeft(p, "-+!@")):
			return false
		}
	}
	return numbers == 0 || places > 0 || numbers == 1 && len(parts) == 1
}

// address shows a URL without its user and the values of its query.
func address(u string) string {
	scheme, rest, _ := strings.Cut(u, "://")
	out := scheme + "://"
	// A password may hold any character, "/" and "?" too: the last "@" ends it.
	if at := strings.LastIndexByte(rest, '@'); at >= 0 && (strings.Contains(rest[:at], ":") || !strings.ContainsAny(rest[:at], "/?#")) {
		out, rest = out+"…@", rest[at+1:]
	}
	rest, fragment, hash := strings.Cut(rest, "#")
	rest, query, asked := strings.Cut(rest, "?")
	host, path, slash := strings.Cut(rest, "/")
	if !urlHost.MatchString(host) {
		host = redacted
	}
	out += host
	if slash {
		for p := range strings.SplitSeq(path, "/") {
			if hasToken(p) {
				p = redacted
			}
			out += "/" + p
		}
	}
	if asked {
		var shown []string
		for q := range strings.SplitSeq(query, "&") {
			k, v, eq := strings.Cut(q, "=")
			switch {
			case !likely(k) || !eq:
				k = redacted
			case v == "" || variable.MatchString(v):
				k += "=" + v
			default:
				k += "=" + redacted
			}
			shown = append(shown, k)
		}
		out += "?" + strings.Join(shown, "&")
	}
	if hash && fragment != "" {
		out += "#" + redacted
	}
	return out
}

// choice shows an option. Letters that are joined with something are told apart
// from it where that may not be shown.
func choice(w string, known map[string]bool) string {
	m := optionForm.FindStringSubmatch(w)
	switch {
	case strings.Trim(w, "-") == "":
		return w
	case m != nil && m[1] == "--" && likely(m[2]):
		return w
	case m != nil && (len(m[2]) <= 3 && strings.Trim(m[2], "0123456789") == m[2] || plain(m[2]) || clusters[m[2]] || known[m[2]]):
		return w
	}
	if w[1] == '-' {
		return redacted
	}
	if rest := w[2:]; numberForm.MatchString(rest) || isPath(rest) || hostForm.MatchString(rest) || variable.MatchString(rest) {
		return w
	}
	return w[:2] + redacted
}

// harmless is what may stand behind the name of a secret: no value, a choice, a
// variable, the file that holds it.
func harmless(v string) bool {
	switch strings.ToLower(v) {
	case "", "yes", "no", "on", "off", "true", "false", "none", "0", "1", "enable", "disable", "enabled", "disabled", redacted:
		return true
	}
	return variable.MatchString(v) || strings.Contains(v, "/") && pathForm.MatchString(v) && !hasToken(v) || keyFile.MatchString(v)
}
