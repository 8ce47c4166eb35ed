package system

import (
	"path"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/pattern"
)

// source are texts that are compiled or that an editor reads: no settings of the
// device.
var source = map[string]bool{".h": true, ".hpp": true, ".c": true, ".cc": true, ".cpp": true, ".td": true, ".go": true, ".rs": true, ".java": true, ".vim": true, ".el": true, ".tmac": true, ".hwdb": true, ".csv": true, ".s": true, ".map": true, ".csh": true, ".zsh": true, ".m4": true, ".cmake": true, ".pc": true, ".la": true, ".dts": true, ".svg": true, ".ps": true, ".tex": true, ".log": true}

// config reads a configuration: by the program that it is for, and what says
// the same in all of them.
func (s *scanner) config() {
	p := s.f.Path
	base := strings.ToLower(path.Base(p))
	if strings.Contains(p, "/.git/") || strings.Contains(p, ".dist-info/") || strings.Contains(p, ".egg-info/") || strings.HasPrefix(p, "/usr/include/") || library(p) || source[path.Ext(base)] {
		return
	}
	in := func(part string) bool { return strings.Contains(p, part) }
	switch {
	case strings.HasPrefix(base, "sshd_config") || in("/sshd_config.d/"):
		s.sshd()
	case base == "dropbear" && in("/config/"):
		s.uciDropbear()
	case base == "dropbear" && (in("/default/") || in("/conf.d/") || in("/sysconfig/")):
		s.dropbearDefaults()
	case base == "snmpd" && in("/config/"), strings.HasPrefix(base, "snmpd") && strings.HasSuffix(base, ".conf"):
		s.eachLine(s.snmp)
	case base == "sudoers" || in("/sudoers.d/"):
		s.eachLine(s.sudoers)
	case base == "smb.conf" || base == "ksmbd.conf" || in("/samba/"):
		s.eachLine(s.samba)
	case base == "exports" || in("/exports.d/"):
		s.eachLine(s.nfs)
	case base == "rsyncd.conf":
		s.rsync()
	case base == "firewall" && in("/config/"):
		s.firewall()
	case strings.HasPrefix(base, "stunnel") || in("/stunnel/"):
		s.stunnel()
	case base == "ipsec.conf" || base == "racoon.conf" || base == "swanctl.conf" || in("/ipsec.d/") || in("/swanctl/conf.d/") || in("/racoon/"):
		s.eachLine(s.ipsec)
	case base == "sysctl.conf" || in("/sysctl.d/"):
		s.eachLine(func(line, _, _ string, off int) {
			if key, value, ok := strings.Cut(line, "="); ok {
				s.sysctl(strings.TrimSpace(key), strings.TrimSpace(value), line, off)
			}
		})
		return
	case kernelConfig(s.f):
		s.kernel()
		return
	case wifiConfig(base, p):
		s.wifi()
	case strings.HasSuffix(base, ".prop"):
		s.eachLine(s.property)
	case base == "syslinux.cfg" || base == "isolinux.cfg" || base == "extlinux.conf":
		s.prompt()
		return
	case in("/rules.d/") && in("udev"), base == "mdev.conf":
		s.nodes()
		return
	case pppOptions(p, base):
		s.eachLine(s.ppp)
	case base == "ddns" && in("/config/"):
		s.dynamicDNS()
	case in("/cups/") && base == "cupsd.conf":
		s.cups()
	case s.updater(base):
		return // it says all that there is to say of such a file
	}
	if strings.Contains(p, "lighttpd") {
		s.lighttpd()
	}
	s.together(p, base)
	s.origins()
	s.policies(p, base)
	for _, prog := range programs {
		if prog.when(p, base) {
			s.eachLine(func(line, key, value string, off int) { s.rules(prog.rules, line, key, value, off) })
		}
	}
	s.services()
}

// lighttpd looks whether it runs programs without giving up the rights that it
// is started with.
func (s *scanner) lighttpd() {
	text, at, user := "", 0, false
	s.eachLine(func(line, key, value string, off int) {
		switch key {
		case "server.username":
			user = true
		case "cgi.assign":
			text, at = line, off
		}
	})
	if text != "" && !user {
		s.add(at, inspect.Weakness{Kind: ServiceAsRoot, Name: "lighttpd", Text: text})
	}
}

// rule is a setting that weakens a program. The key is in lower case; an empty
// one is for the whole line.
type rule struct {
	key  string
	bad  func(value string) bool
	kind string
	name string
}

func (s *scanner) rules(rules []rule, line, key, value string, off int) {
	for _, r := range rules {
		switch {
		case r.key == key && r.bad(value), r.key == "" && r.bad(line):
			s.add(off, inspect.Weakness{Kind: r.kind, Name: r.name, Text: line})
			return
		}
	}
}

func root(v string) bool {
	first, _, _ := strings.Cut(v, " ")
	first = strings.Trim(first, `"';`)
	return first == "root" || first == "0" || first == "#0"
}

func none(v string) bool { return strings.EqualFold(v, "none") }

func anything(string) bool { return true }

func matches(re string) func(string) bool { return pattern.New(re).MatchString }

func named(names ...string) func(p, base string) bool {
	return func(_, base string) bool { return slices.Contains(names, base) }
}

func like(parts ...string) func(p, base string) bool {
	return func(p, _ string) bool {
		return slices.ContainsFunc(parts, func(s string) bool { return strings.Contains(p, s) })
	}
}

// program is what a configuration is for.
type program struct {
	when  func(p, base string) bool
	rules []rule
}

// programs are rules by the program that a configuration is for: the settings
// as the manuals of these programs name them.
var programs = slices.Concat(servers, daemons, []program{
	{like("lighttpd"), []rule{{"server.username", root, ServiceAsRoot, "lighttpd"}}},
	{like("pip.conf", "pip/config"), []rule{{"trusted-host", anything, TLSVerifyDisabled, "pip"}}},
	{like("openssl.cnf"), []rule{{"options", matches(`(?i)UnsafeLegacy`), WeakTLS, "renegotiation"}}},
	{like("nginx"), []rule{
		{"user", root, ServiceAsRoot, "nginx"}, {"proxy_ssl_verify", no, TLSVerifyDisabled, "nginx"}, {"uwsgi_ssl_verify", no, TLSVerifyDisabled, "nginx"}, {"grpc_ssl_verify", no, TLSVerifyDisabled, "nginx"},
	}},
	{like("apache", "httpd.conf"), []rule{{"user", root, ServiceAsRoot, "apache"}, {"sslproxyverify", none, TLSVerifyDisabled, "apache"}, {"sslproxycheckpeername", no, TLSVerifyDisabled, "apache"}}},
	{like("boa.conf"), []rule{{"user", root, ServiceAsRoot, "boa"}}},
	{like("thttpd"), []rule{{"user", root, ServiceAsRoot, "thttpd"}}},
	{like("mini_httpd"), []rule{{"user", root, ServiceAsRoot, "mini_httpd"}}},
	{like("php-fpm", "/fpm/"), []rule{{"user", root, ServiceAsRoot, "php-fpm"}}},
	{like("mosquitto"), []rule{{"user", root, ServiceAsRoot, "mosquitto"}}},
	{func(p, base string) bool {
		return (strings.Contains(p, "ssh_config") || strings.HasSuffix(p, "/.ssh/config")) && !strings.HasPrefix(p, "/usr/lib/")
	}, []rule{{"stricthostkeychecking", no, WeakSSH, "StrictHostKeyChecking"}}},
	{like("sshd_config"), []rule{
		{"hostbasedauthentication", yes, WeakSSH, "HostbasedAuthentication"}, {"ignorerhosts", no, WeakSSH, "IgnoreRhosts"}, {"permituserenvironment", yes, WeakSSH, "PermitUserEnvironment"}, {"strictmodes", no, WeakSSH, "StrictModes"},
	}},
	{like("miniupnpd", "/config/upnpd"), []rule{{"secure_mode", no, PortForward, "miniupnpd"}}},
	{like("vsftpd"), []rule{
		{"anonymous_enable", yes, Anonymous, "ftp"}, {"anon_upload_enable", yes, Anonymous, "ftp"}, {"anon_mkdir_write_enable", yes, Anonymous, "ftp"}, {"no_anon_password", yes, Anonymous, "ftp"},
		{"ssl_sslv2", yes, WeakTLS, "SSLv2"}, {"ssl_sslv3", yes, WeakTLS, "SSLv3"}, {"ssl_enable", no, CleartextTransport, "ftp"},
	}},
	{like("proftpd"), []rule{{"", matches(`(?i)^<Anonymous\b`), Anonymous, "ftp"}, {"tlsprotocol", matches(`(?i)SSLv[23]|TLSv1(\s|$)`), WeakTLS, "proftpd"}}},
	{like("pure-ftpd"), []rule{{"noanonymous", no, Anonymous, "ftp"}, {"anonymousonly", yes, Anonymous, "ftp"}}},
	{like("redis"), []rule{{"protected-mode", no, Anonymous, "redis"}, {"bind", matches(`^(0\.0\.0\.0|\*)`), CleartextTransport, "redis"}}},
	{like("mongod"), []rule{{"authorization", no, Anonymous, "mongodb"}, {"noauth", yes, Anonymous, "mongodb"}, {"auth", no, Anonymous, "mongodb"}}},
	{like("my.cnf", "/mysql/", "mariadb"), []rule{{"skip-grant-tables", anything, Anonymous, "mysql"}, {"skip_grant_tables", anything, Anonymous, "mysql"}}},
	{named("pg_hba.conf"), []rule{{"", matches(`^(host\w*)\s+\S+\s+\S+\s+(?:[^1:\s]|1[^2]|12[^7]|::/)\S*\s+(?:\S+\s+)?trust\b`), Anonymous, "postgresql"}}},
	{named("doas.conf"), []rule{{"", matches(`^permit\b.*\bnopass\b`), SudoNoPassword, "doas"}}},
	{like("/pam.d/su", "/pam.d/sudo"), []rule{{"", matches(`^auth\s.*\bpam_wheel\.so\b.*\btrust\b|^auth\s+sufficient\s+\S*pam_permit\.so`), SudoNoPassword, "su"}}},
	{func(p, base string) bool { return strings.Contains(p, "/pam.d/") && !strings.HasPrefix(base, "su") }, []rule{{"", matches(`^auth\s+sufficient\s+\S*pam_permit\.so`), Anonymous, "pam"}}},
	{named(".rhosts", "hosts.equiv", ".shosts", "shosts.equiv"), []rule{{"", anything, Anonymous, "rsh"}}},
	{like("/motion"), []rule{{"stream_auth_method", none, Anonymous, "motion"}, {"stream_auth_method", no, Anonymous, "motion"}, {"webcontrol_localhost", no, Anonymous, "motion"}}},
	{like("mediamtx", "rtsp-simple-server"), []rule{{"rtspencryption", no, CleartextTransport, "rtsp"}}},
	{like("/.vnc/", "tigervnc"), []rule{{"securitytypes", none, Anonymous, "vnc"}}},
	{like("openvpn", ".ovpn"), []rule{
		{"cipher", matches(`(?i)^(bf|des|rc2|cast5)|^none$`), WeakCipher, "openvpn"}, {"data-ciphers", matches(`(?i)\b(bf-cbc|des|rc2|none)`), WeakCipher, "openvpn"}, {"auth", matches(`(?i)^(none|md5|md4)$`), WeakCipher, "openvpn"},
		{"tls-version-min", matches(`^1\.[01]\b`), WeakTLS, "openvpn"}, {"verify-client-cert", none, Anonymous, "openvpn"}, {"client-cert-not-required", anything, Anonymous, "openvpn"},
	}},
	{like("/config/cwmp", "/config/easycwmp", "/config/icwmp", "tr069"), []rule{{"url", matches(`^http://`), CleartextTransport, "tr069"}, {"acs_url", matches(`^http://`), CleartextTransport, "tr069"}}},
	{func(p, base string) bool {
		return base == "syslog.conf" || base == "rsyslog.conf" || strings.Contains(p, "/rsyslog.d/")
	}, []rule{{"", farLog, CleartextTransport, "syslog"}}},
	{named("limits.conf"), []rule{{"", matches(`^\S+\s+(?:soft|hard|-)\s+core\s+(?:unlimited|infinity|-1|[1-9])`), CoreDumps, "core"}}},
	{like("/systemd/"), []rule{{"limitcore", matches(`^(infinity|[1-9])`), CoreDumps, "core"}, {"defaultlimitcore", matches(`^(infinity|[1-9])`), CoreDumps, "core"}, {"macaddress", hardware, FixedIdentity, "mac"}, {"environment", unverified, TLSVerifyDisabled, "environment"}}},
	{like("/selinux/config"), []rule{{"selinux", matches(`^(permissive|disabled)`), KernelWeak, "selinux"}}},
	{like("/config/network"), []rule{{"macaddr", hardware, FixedIdentity, "mac"}}},
	{like("/network/interfaces"), []rule{{"hwaddress", hardware, FixedIdentity, "mac"}}},
	{named(".curlrc"), []rule{{"insecure", anything, TLSVerifyDisabled, "curl"}, {"-k", anything, TLSVerifyDisabled, "curl"}, {"--insecure", anything, TLSVerifyDisabled, "curl"}}},
	{named(".wgetrc", "wgetrc"), []rule{{"check_certificate", no, TLSVerifyDisabled, "wget"}, {"check-certificate", no, TLSVerifyDisabled, "wget"}}},
	{like("asterisk/"), []rule{{"", matches(`\b(?:Try)?System\(.*\$\{(?:CALLERID|EXTEN|CDR|(?:PJ)?SIP_?HEADER|ARG\d|DTMF\w*|SHELL)`), CommandInjection, "asterisk"}}},
	{like("asterisk/manager"), []rule{{"bindaddr", anywhere, CleartextTransport, "ami"}}},
	{like("dovecot"), []rule{{"disable_plaintext_auth", no, CleartextTransport, "imap"}, {"auth_allow_cleartext", yes, CleartextTransport, "imap"}, {"ssl", no, CleartextTransport, "imap"}}},
	{like("unbound"), []rule{{"access-control", matches(`^(?:0\.0\.0\.0/0|::/?0?)\s+allow`), Anonymous, "dns"}}},
	{like("named.conf", "/bind/"), []rule{{"allow-recursion", matches(`^\{?\s*any\b`), Anonymous, "dns"}}},
	{like("squid"), []rule{{"http_access", matches(`^allow\s+all\b`), Anonymous, "proxy"}}},
	{like("rsyslog"), []rule{{"$actionsendstreamdriverauthmode", matches(`^anon$`), TLSVerifyDisabled, "syslog"}, {"", matches(`(?i)\bStreamDriverAuthMode\s*=\s*"anon"`), TLSVerifyDisabled, "syslog"}}},
	{named("krb5.conf", "kdc.conf"), []rule{{"allow_weak_crypto", yes, WeakCipher, "kerberos"}, {"", matches(`^\s*(?:default_t[gk]s|permitted|supported)_enctypes\s*=.*\b(?:des-|des3|arcfour|rc4)`), WeakCipher, "kerberos"}}},
	{like("/config/system"), []rule{{"ttylogin", no, SerialShell, "console"}}},
})

// unverified says that variables of a unit tell a client not to look at
// certificates.
func unverified(v string) bool {
	return slices.ContainsFunc(strings.Fields(v), func(w string) bool { return blind("", strings.Trim(w, `"'`), "") })
}

var macAddress = pattern.New(`(?i)\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}\b`)

// hardware says that a value holds a hardware address that can be one.
func hardware(v string) bool {
	m := macAddress.FindString(v)
	return m != "" && strings.Trim(m, "0:-") != "" && strings.Trim(strings.ToLower(m), "f:-") != ""
}
