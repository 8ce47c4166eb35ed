package system

import (
	"path"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	sh "assay/internal/collect/firmware/inspect/shell"
	"assay/internal/pattern"
)

var weakSSH = pattern.New(`(?i)(^|[,+=\s])(arcfour\S*|3des-cbc|blowfish-cbc|cast128-cbc|des-cbc|hmac-md5(-96)?|hmac-sha1-96|diffie-hellman-group1-sha1|diffie-hellman-group-exchange-sha1|ssh-dss)($|[,\s])`)

// sshd reads sshd_config(5): the first value of a key holds.
func (s *scanner) sshd() {
	type setting struct {
		value, line string
		off         int
	}
	set := map[string]setting{}
	match := ""
	s.eachLine(func(line, key, value string, off int) {
		if key == "match" { // for some only, up to the next one
			match = strings.ToLower(value)
			if match == "all" {
				match = ""
			}
			return
		}
		if match != "" {
			s.matched(match, line, key, value, off)
			return
		}
		if _, ok := set[key]; !ok && len(set) < 256 {
			set[key] = setting{value, line, off}
		}
		switch key {
		case "ciphers", "macs", "kexalgorithms", "hostkeyalgorithms", "pubkeyacceptedalgorithms", "pubkeyacceptedkeytypes", "hostbasedacceptedalgorithms":
			if m := weakSSH.FindStringSubmatch(value); m != nil && !strings.HasPrefix(value, "-") {
				s.add(off, inspect.Weakness{Kind: WeakSSH, Name: m[2], Text: line})
			}
		case "protocol":
			if strings.Contains(value, "1") {
				s.add(off, inspect.Weakness{Kind: WeakSSH, Name: "SSH-1", Text: line})
			}
		}
	})
	if r := set["permitrootlogin"]; strings.EqualFold(r.value, "yes") && !no(set["passwordauthentication"].value) {
		s.add(r.off, inspect.Weakness{Kind: SSHRootPassword, Name: "sshd", Text: r.line})
	}
	if e := set["permitemptypasswords"]; yes(e.value) {
		s.add(e.off, inspect.Weakness{Kind: SSHEmptyPassword, Name: "sshd", Text: e.line})
	}
}

// matched reads what sshd_config(5) sets for some accounts or clients. What is
// for the device itself is nobody's.
func (s *scanner) matched(match, line, key, value string, off int) {
	if strings.Contains(match, "127.0.0.1") || strings.Contains(match, "::1") {
		return
	}
	switch {
	case key == "permitrootlogin" && yes(value), key == "passwordauthentication" && yes(value) && strings.Contains(match, "user root"):
		s.add(off, inspect.Weakness{Kind: SSHRootPassword, Name: "sshd", Text: line})
	case key == "permitemptypasswords" && yes(value):
		s.add(off, inspect.Weakness{Kind: SSHEmptyPassword, Name: "sshd", Text: line})
	}
}

// uciDropbear reads OpenWrt's /etc/config/dropbear.
func (s *scanner) uciDropbear() {
	any, text, at := true, "", 0
	s.eachLine(func(line, key, value string, off int) {
		switch key {
		case "passwordauth":
			any = any && !no(value)
		case "rootpasswordauth":
			if yes(value) {
				text, at = line, off
			}
		}
	})
	if any && text != "" {
		s.add(at, inspect.Weakness{Kind: SSHRootPassword, Name: "dropbear", Text: text})
	}
}

// dropbearDefaults reads DROPBEAR_EXTRA_ARGS of Debian and Buildroot, and what
// OpenRC and others call it.
func (s *scanner) dropbearDefaults() {
	s.eachLine(func(line, key, value string, off int) {
		switch key {
		case "dropbear_extra_args", "dropbear_args", "dropbear_opts", "dropbear_options", "dropbear_flags":
			s.dropbear(sh.Options("dropbear", sh.Words(strings.Fields(value))), line, off)
		}
	})
}

// dropbear looks at its options (dropbear(8)): -s and -w and -g keep passwords of
// root out, -B lets accounts in that have none.
func (s *scanner) dropbear(l sh.Line, text string, off int) {
	if l.Has("-B") {
		s.add(off, inspect.Weakness{Kind: SSHEmptyPassword, Name: "dropbear", Text: text})
	}
	if !l.Has("-s", "-w", "-g") {
		s.add(off, inspect.Weakness{Kind: SSHRootPassword, Name: "dropbear", Text: text})
	}
}

// snmp reads snmpd.conf(5): communities that everybody knows, and any that may
// write: versions 1 and 2c send them in clear.
func (s *scanner) snmp(line, key, value string, off int) {
	f := strings.Fields(value)
	for i := range f {
		f[i] = strings.Trim(f[i], `"'`)
	}
	community := ""
	switch {
	case len(f) == 0:
		return
	case key == "createuser":
		for _, w := range f[1:] {
			if w == "MD5" || w == "DES" {
				s.add(off, inspect.Weakness{Kind: WeakCipher, Name: "snmp " + w, Text: key})
				return
			}
		}
		return
	case (key == "rwuser" || key == "rouser") && len(f) > 1 && strings.EqualFold(f[1], "noauth"):
		s.add(off, inspect.Weakness{Kind: Anonymous, Name: "snmp", Text: line})
		return
	case key == "rwcommunity" || key == "rwcommunity6":
		s.add(off, inspect.Weakness{Kind: SNMPCommunity, Name: f[0], Text: line})
		return
	case key == "rocommunity" || key == "rocommunity6" || key == "community" || key == "trapcommunity":
		community = f[0]
	case key == "com2sec" || key == "com2sec6":
		community = f[len(f)-1]
	}
	if community == "public" || community == "private" {
		s.add(off, inspect.Weakness{Kind: SNMPCommunity, Name: community, Text: line})
	}
}

// sudoers reads sudoers(5). What only stops or restarts the device needs no
// password.
func (s *scanner) sudoers(line, _, _ string, off int) {
	if strings.HasPrefix(line, "Defaults") {
		if strings.Contains(line, "!authenticate") {
			s.add(off, inspect.Weakness{Kind: SudoNoPassword, Name: "Defaults", Text: line})
		}
		return
	}
	i := strings.Index(line, "NOPASSWD:")
	if i <= 0 {
		return
	}
	for command := range strings.SplitSeq(line[i+len("NOPASSWD:"):], ",") {
		program, _, _ := strings.Cut(strings.TrimSpace(command), " ")
		switch path.Base(program) {
		case "reboot", "poweroff", "shutdown", "halt", "hwclock", "sync":
			continue
		}
		s.add(off, inspect.Weakness{Kind: SudoNoPassword, Name: strings.Fields(line)[0], Text: line})
		return
	}
}

var guestShare = pattern.New(`(?im)^\s*(?:guest\s+ok|public|guest\s+only)\s*=\s*(?:yes|true|1)`)

// samba reads smb.conf(5), whose keys hold blanks.
func (s *scanner) samba(line, _, _ string, off int) {
	key, value, ok := strings.Cut(line, "=")
	if !ok {
		return
	}
	value = strings.TrimSpace(value)
	switch strings.Join(strings.Fields(strings.ToLower(key)), " ") {
	case "guest ok", "public", "guest only", "null passwords":
		if yes(value) {
			s.add(off, inspect.Weakness{Kind: Anonymous, Name: "smb", Text: line})
		}
	case "map to guest":
		if guestShare.Match(s.f.Data) && strings.HasPrefix(strings.ToLower(value), "bad ") {
			s.add(off, inspect.Weakness{Kind: Anonymous, Name: "smb", Text: line})
		}
	case "security":
		if strings.EqualFold(value, "share") {
			s.add(off, inspect.Weakness{Kind: Anonymous, Name: "smb", Text: line})
		}
	case "server min protocol", "min protocol", "client min protocol": // version 1 neither encrypts nor signs well
		if v := strings.ToUpper(value); v == "NT1" || v == "CORE" || strings.HasPrefix(v, "LANMAN") {
			s.add(off, inspect.Weakness{Kind: CleartextTransport, Name: "smb1", Text: line})
		}
	case "create mask", "create mode", "directory mask", "directory mode", "force create mode", "force directory mode":
		if forAll(value) {
			s.add(off, inspect.Weakness{Kind: WorldWritable, Name: "smb", Text: line})
		}
	case "force user":
		if root(value) {
			s.add(off, inspect.Weakness{Kind: ServiceAsRoot, Name: "smb", Text: line})
		}
	case "ntlm auth", "lanman auth":
		if yes(value) || strings.EqualFold(value, "ntlmv1-permitted") {
			s.add(off, inspect.Weakness{Kind: WeakCipher, Name: "ntlm", Text: line})
		}
	}
}

// forAll says that a mode, in octal digits, lets everybody write.
func forAll(v string) bool {
	v = strings.Trim(v, `"'`)
	if len(v) < 3 || len(v) > 5 || strings.Trim(v, "01234567") != "" {
		return false
	}
	return (v[len(v)-1]-'0')&2 != 0
}

var nfsClient = pattern.New(`(\S*)\(([^)]*)\)`)

// nfs reads exports(5): folders that everybody may mount, or where the root of
// another machine is root here.
func (s *scanner) nfs(line, _, _ string, off int) {
	if !strings.HasPrefix(line, "/") && !strings.HasPrefix(line, `"/`) {
		return
	}
	for _, m := range nfsClient.FindAllStringSubmatch(line, 16) {
		options := "," + m[2] + ","
		if strings.Contains(options, ",no_root_squash,") || (m[1] == "*" || m[1] == "") && strings.Contains(options, ",rw,") && !strings.Contains(options, "sec=krb5") {
			s.add(off, inspect.Weakness{Kind: Anonymous, Name: "nfs", Text: line})
			return
		}
	}
}

// rsync reads rsyncd.conf(5): modules that ask nobody.
func (s *scanner) rsync() {
	at, text, open, global := 0, "", false, false
	flush := func() {
		if open && !global {
			s.add(at, inspect.Weakness{Kind: Anonymous, Name: "rsync", Text: text})
		}
		open = false
	}
	s.eachLine(func(line, key, value string, off int) {
		switch {
		case strings.HasPrefix(line, "["):
			flush()
			at, text, open = off, line, true
		case strings.HasPrefix(line, "auth users") || strings.HasPrefix(line, "hosts allow"):
			if open {
				open = false
			} else {
				global = true // of all modules
			}
		}
	})
	flush()
}

// firewall reads OpenWrt's /etc/config/firewall: a zone of the Internet's side
// that lets everything in.
func (s *scanner) firewall() {
	name, text, at := "", "", 0
	rule := map[string]string{}
	flush := func() {
		if strings.HasPrefix(name, "wan") && text != "" {
			s.add(at, inspect.Weakness{Kind: FirewallOpen, Name: name, Text: text})
		}
		if strings.HasPrefix(rule["src"], "wan") && strings.EqualFold(rule["target"], "ACCEPT") && rule["dest"] == "" && rule["src_ip"] == "" && rule["ipset"] == "" && !no(rule["enabled"]) && administers(rule["dest_port"]) {
			s.add(at, inspect.Weakness{Kind: FirewallOpen, Name: rule["dest_port"], Text: text})
		}
		name, text = "", ""
		clear(rule)
	}
	s.eachLine(func(line, key, value string, off int) {
		switch {
		case key == "config":
			flush()
		case s.in() == "rule":
			if len(rule) < 64 {
				rule[key] = strings.ToLower(value)
			}
			if key == "dest_port" {
				text, at = line, off
			}
		case s.in() != "zone":
		case key == "name":
			name = strings.ToLower(value)
		case key == "input" && strings.EqualFold(value, "ACCEPT"):
			text, at = line, off
		}
	})
	flush()
}

// administers says that among the ports of a rule is one by which a device is
// managed.
func administers(ports string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(ports, func(r rune) bool { return r == ' ' || r == ',' }), func(p string) bool {
		switch p {
		case "22", "23", "80", "443", "8080", "8443", "5555", "161":
			return true
		}
		return false
	})
}

// stunnel reads stunnel(8): as a client it has to be told to look at
// certificates.
func (s *scanner) stunnel() {
	client := false
	s.eachLine(func(line, key, value string, off int) {
		switch key {
		case "client":
			client = yes(value)
		case "verify":
			if client && no(value) {
				s.add(off, inspect.Weakness{Kind: TLSVerifyDisabled, Name: "stunnel", Text: line})
			}
		case "verifychain", "verifypeer":
			if client && no(value) {
				s.add(off, inspect.Weakness{Kind: TLSVerifyDisabled, Name: "stunnel", Text: line})
			}
		case "options":
			if v := strings.ToUpper(value); strings.HasPrefix(v, "-NO_SSL") || v == "-NO_TLSV1" || v == "-NO_TLSV1.1" {
				s.add(off, inspect.Weakness{Kind: WeakTLS, Name: strings.TrimPrefix(v, "-NO_"), Text: line})
			}
		}
	})
}

var weakIKE = pattern.New(`(?i)\b(3des|des|md5|modp768|modp1024(?:s160)?|null)\b`)

// ipsec reads proposals of ipsec.conf(5), swanctl.conf(5) and racoon.conf(5).
func (s *scanner) ipsec(line, key, value string, off int) {
	switch key {
	case "aggressive", "exchange_mode": // who listens learns what a short key is guessed by
		if yes(value) || strings.HasPrefix(value, "aggressive") {
			s.add(off, inspect.Weakness{Kind: WeakCipher, Name: "aggressive", Text: line})
		}
	case "ike", "esp", "ah", "proposals", "esp_proposals", "ah_proposals", "encryption_algorithm", "hash_algorithm", "authentication_algorithm", "dh_group":
		if m := weakIKE.FindString(value); m != "" {
			s.add(off, inspect.Weakness{Kind: WeakCipher, Name: strings.ToLower(m), Text: line})
		}
	}
}

// property reads Android's build.prop.
func (s *scanner) property(line, key, value string, off int) {
	switch {
	case key == "ro.adb.secure" && value == "0", key == "persist.service.adb.enable" && value == "1", key == "ro.secure" && value == "0",
		(key == "service.adb.tcp.port" || key == "persist.adb.tcp.port") && value != "" && value != "-1" && value != "0",
		key == "persist.sys.usb.config" && strings.Contains(value, "adb"):
		s.add(off, inspect.Weakness{Kind: ADBEnabled, Name: key, Text: line})
	case key == "ro.boot.selinux" && value == "permissive", key == "ro.build.selinux" && value == "0":
		s.add(off, inspect.Weakness{Kind: KernelWeak, Name: "selinux", Text: line})
	case key == "ro.build.tags" && strings.Contains(value, "test-keys"), // whose private half AOSP publishes
		key == "ro.debuggable" && value == "1", key == "ro.build.type" && value != "user" && value != "":
		s.add(off, inspect.Weakness{Kind: DebugBuild, Name: key, Text: line})
	}
}
