package system

import (
	"regexp"
	"strings"

	"assay/internal/collect/firmware/inspect"
)

var weakSSH = regexp.MustCompile(`(?i)(^|[,+=\s])(arcfour\S*|3des-cbc|blowfish-cbc|cast128-cbc|des-cbc|hmac-md5(-96)?|hmac-sha1-96|diffie-hellman-group1-sha1|diffie-hellman-group-exchange-sha1|ssh-dss)($|[,\s])`)

// sshd reads sshd_config(5): the first value of a key holds.
func (s *scanner) sshd() {
	type setting struct {
		value, line string
		off         int
	}
	set := map[string]setting{}
	s.eachLine(func(line, key, value string, off int) {
		if _, ok := set[key]; !ok && len(set) < 256 {
			set[key] = setting{value, line, off}
		}
		switch key {
		case "ciphers", "macs", "kexalgorithms", "hostkeyalgorithms":
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

// dropbearDefaults reads DROPBEAR_EXTRA_ARGS of Debian and Buildroot.
func (s *scanner) dropbearDefaults() {
	s.eachLine(func(line, key, value string, off int) {
		if key == "dropbear_extra_args" || key == "dropbear_args" {
			s.dropbear(strings.Fields(value), line, off)
		}
	})
}

// dropbear looks at its options (dropbear(8)): -s and -w and -g keep passwords of
// root out, -B lets accounts in that have none.
func (s *scanner) dropbear(args []string, text string, off int) {
	closed := false
	for _, a := range args {
		if !strings.HasPrefix(a, "-") || strings.HasPrefix(a, "--") {
			continue
		}
		closed = closed || strings.ContainsAny(a, "swg")
		if strings.Contains(a, "B") {
			s.add(off, inspect.Weakness{Kind: SSHEmptyPassword, Name: "dropbear", Text: text})
		}
	}
	if !closed {
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

func (s *scanner) sudoers(line, _, _ string, off int) {
	if i := strings.Index(line, "NOPASSWD:"); i > 0 && !strings.HasPrefix(line, "Defaults") {
		s.add(off, inspect.Weakness{Kind: SudoNoPassword, Name: strings.Fields(line)[0], Text: line})
	}
}

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
	case "security":
		if strings.EqualFold(value, "share") {
			s.add(off, inspect.Weakness{Kind: Anonymous, Name: "smb", Text: line})
		}
	}
}

// ftp reads vsftpd.conf(5) and proftpd.conf.
func (s *scanner) ftp(line, key, value string, off int) {
	if key == "anonymous_enable" && yes(value) || strings.HasPrefix(strings.ToLower(line), "<anonymous") {
		s.add(off, inspect.Weakness{Kind: Anonymous, Name: "ftp", Text: line})
	}
}

// property reads Android's build.prop.
func (s *scanner) property(line, key, value string, off int) {
	switch {
	case key == "ro.adb.secure" && value == "0", key == "persist.service.adb.enable" && value == "1", key == "ro.secure" && value == "0",
		(key == "service.adb.tcp.port" || key == "persist.adb.tcp.port") && value != "" && value != "-1" && value != "0",
		key == "persist.sys.usb.config" && strings.Contains(value, "adb"):
		s.add(off, inspect.Weakness{Kind: ADBEnabled, Name: key, Text: line})
	case key == "ro.debuggable" && value == "1", key == "ro.build.type" && value != "user" && value != "":
		s.add(off, inspect.Weakness{Kind: DebugBuild, Name: key, Text: line})
	}
}
