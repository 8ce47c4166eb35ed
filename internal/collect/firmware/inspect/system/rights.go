package system

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/perm"
	sh "assay/internal/collect/firmware/inspect/shell"
	"assay/internal/pattern"
)

// rights looks at commands that give rights to everybody.
func (s *scanner) rights(args []string, c sh.Command) {
	switch path.Base(args[0]) {
	case "chmod":
		s.chmod(args[1:], c)
	case "install":
		if l := sh.Options("install", c.Words[1:]); l.Has("-m", "--mode") && len(l.Rest) > 1 {
			s.chmod([]string{l.Value("-m", "--mode"), l.Rest[len(l.Rest)-1].Text}, c)
		}
	case "setcap":
		if len(args) > 2 && rootly.MatchString(args[1]) {
			s.add(c.Off, inspect.Weakness{Kind: SetUIDRoot, Name: path.Base(args[len(args)-1]), Text: s.text(c)})
		}
	case "mknod":
		l := sh.Options("mknod", c.Words[1:])
		if n, err := strconv.ParseUint(l.Value("-m", "--mode"), 8, 32); err == nil && n&0o006 != 0 && perm.Sensitive(l.Arg(0)) {
			s.add(c.Off, inspect.Weakness{Kind: string(perm.OpenDevice), Name: path.Base(l.Arg(0)), Text: s.text(c)})
		}
	case "iptables", "ip6tables":
		s.filter(args[1:], c)
	case "umask":
		if n, err := strconv.ParseUint(strings.Join(args[1:], ""), 8, 32); err == nil && n&0o002 == 0 {
			s.add(c.Off, inspect.Weakness{Kind: WorldWritable, Name: "umask", Text: s.text(c)})
		}
	case "mount":
		joined := strings.ReplaceAll(strings.Join(args[1:], ","), " ", ",") + ","
		if args[len(args)-1] == "/" && strings.Contains(joined, "remount,") && strings.Contains(joined, "rw,") || strings.HasPrefix(joined, "/,-o,") && strings.Contains(joined, "remount") && strings.Contains(joined, "rw") {
			s.add(c.Off, inspect.Weakness{Kind: RootWritable, Text: s.text(c)})
		}
	}
}

// rootly are capabilities that are as good as all (capabilities(7)).
var rootly = pattern.New(`\b(?:all|cap_sys_admin|cap_setuid|cap_dac_override|cap_sys_ptrace|cap_sys_module|cap_sys_rawio|cap_fowner|cap_chown)\b[^ ]*[=+][eip]*e`)

// filter looks at a rule of a packet filter that lets anybody reach a shell, a
// debugger or what has the rights of root.
func (s *scanner) filter(args []string, c sh.Command) {
	l := sh.Options("iptables", sh.Words(args))
	chain := l.Value("-A", "-I", "--append", "--insert")
	if !strings.HasPrefix(strings.ToLower(chain), "input") || l.Value("-j", "--jump") != "ACCEPT" || l.Has("-s", "--source", "--src") && l.Value("-s", "--source", "--src") != "0.0.0.0/0" || l.Value("-i", "--in-interface") == "lo" {
		return
	}
	switch port := l.Value("--dport", "--destination-port"); port {
	case "23", "telnet", "2323", "5555", "2375", "512", "513", "514":
		s.add(c.Off, inspect.Weakness{Kind: FirewallOpen, Name: port, Text: s.text(c)})
	}
}

// chmod reads a mode and the names that it is for.
func (s *scanner) chmod(args []string, c sh.Command) {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") && !strings.ContainsAny(args[0], "wsx") {
		args = args[1:]
	}
	if len(args) < 2 {
		return
	}
	write, suid := granted(args[0])
	for _, p := range args[1:] {
		switch {
		case write && !shared(p):
			s.add(c.Off, inspect.Weakness{Kind: WorldWritable, Name: "chmod", Text: s.text(c)})
			return
		case suid && !perm.NeedsRoot(path.Base(p)):
			s.add(c.Off, inspect.Weakness{Kind: SetUIDRoot, Name: path.Base(p), Text: s.text(c)})
			return
		}
	}
}

var symbolic = pattern.New(`^([ugoa]*)([+=])([rwxXst]+)$`)

// granted says whether a mode lets everybody write, without the sticky bit, and
// whether it lets a program run as its owner.
func granted(mode string) (write, suid bool) {
	if n, err := strconv.ParseUint(mode, 8, 32); err == nil {
		return n&0o002 != 0 && n&0o1000 == 0, n&0o4000 != 0 && n&0o111 != 0
	}
	for part := range strings.SplitSeq(mode, ",") {
		m := symbolic.FindStringSubmatch(part)
		if m == nil {
			continue
		}
		all := strings.ContainsAny(m[1], "oa")
		write = write || all && strings.Contains(m[3], "w") && !strings.Contains(m[3], "t")
		suid = suid || (m[1] == "" || strings.ContainsAny(m[1], "ua")) && strings.Contains(m[3], "s")
	}
	return write, suid
}

// shared says that everybody may write to a path anyway: folders for temporary
// files, sockets, devices that hold nothing.
func shared(p string) bool {
	switch clean := path.Clean(p); clean {
	case "/tmp", "/var/tmp", "/dev/shm", "/var/lock", "/run/lock", "/var/run", "/run", "/run/shm", "/dev":
		return true
	default:
		if strings.HasPrefix(clean, "/dev/") {
			return !perm.Sensitive(clean)
		}
		return strings.HasSuffix(clean, ".sock") || strings.HasSuffix(clean, ".socket") || strings.HasSuffix(clean, ".fifo") || strings.HasSuffix(clean, ".pipe")
	}
}

// settings looks at commands that set the kernel, addresses, and paths.
func (s *scanner) settings(args, to []string, c sh.Command) {
	text := func() string { line, _ := s.line(c.Off); return line }
	switch name := path.Base(args[0]); name {
	case "echo", "printf", "write":
		s.appended(args, to, c)
		if name == "write" && len(args) > 2 { // Android's init language
			to, args = args[1:2], []string{name, args[2]}
		}
		for _, t := range to {
			if (t == "/sys/fs/selinux/enforce" || t == "/selinux/enforce") && args[len(args)-1] == "0" {
				s.add(c.Off, inspect.Weakness{Kind: KernelWeak, Name: "selinux", Text: text()})
			}
			if key, ok := strings.CutPrefix(t, "/proc/sys/"); ok && len(args) > 1 {
				s.sysctl(key, strings.TrimSpace(strings.TrimPrefix(strings.Join(args[1:], " "), "-n ")), text(), c.Off)
			}
		}
	case "sysctl":
		for _, a := range args[1:] {
			if key, value, ok := strings.Cut(a, "="); ok {
				s.sysctl(key, value, s.text(c), c.Off)
			}
		}
	case "ulimit":
		if joined := strings.Join(args[1:], " "); strings.Contains(joined, "-c ") && !strings.HasSuffix(joined, "-c 0") && !strings.Contains(joined, "-c 0 ") {
			s.add(c.Off, inspect.Weakness{Kind: CoreDumps, Name: "ulimit", Text: s.text(c)})
		}
	case "setenforce":
		if len(args) > 1 && (args[1] == "0" || strings.EqualFold(args[1], "permissive")) {
			s.add(c.Off, inspect.Weakness{Kind: KernelWeak, Name: "selinux", Text: s.text(c)})
		}
	case "passwd", "usermod", "sed":
		s.account(name, args, c)
	case "ifconfig", "ip", "macchanger":
		for i, a := range args {
			if i > 1 && hardware(a) && (args[i-1] == "ether" || args[i-1] == "address" || args[i-1] == "-m" || args[i-1] == "--mac") {
				s.add(c.Off, inspect.Weakness{Kind: FixedIdentity, Name: "mac", Text: s.text(c)})
			}
		}
	case "iwconfig":
		for i, a := range args {
			switch {
			case i <= 1 || args[i-1] != "key" && args[i-1] != "enc" && args[i-1] != "encryption":
			case a == "open" || a == "off":
				s.add(c.Off, inspect.Weakness{Kind: WeakWiFi, Name: "open", Text: s.text(c)})
			case a != "on" && a != "restricted" && !strings.HasPrefix(a, "["): // all that it has keys for is WEP (iwconfig(8))
				s.add(c.Off, inspect.Weakness{Kind: WeakWiFi, Name: "WEP", Text: strings.Join(args[:i], " ")})
			}
		}
	case "iwpriv":
		for _, a := range args[min(len(args), 2):] {
			key, value, _ := strings.Cut(strings.ToLower(a), "=")
			if name := driver(key, value); name != "" {
				s.add(c.Off, inspect.Weakness{Kind: WeakWiFi, Name: name, Text: s.text(c)})
				break
			}
		}
	case "wpa_cli":
		if joined := strings.Join(args, " "); strings.HasSuffix(joined, "key_mgmt NONE") {
			s.add(c.Off, inspect.Weakness{Kind: WeakWiFi, Name: "open", Text: joined})
		}
	}
}

// newAccount is a line of passwd(5) or shadow(5) without a password.
var newAccount = pattern.New(`^([a-z_][\w.-]*)::[\d:]`)

// appended looks at accounts without a password that a script writes.
func (s *scanner) appended(args, to []string, c sh.Command) {
	if !slices.ContainsFunc(to, func(p string) bool { return strings.HasSuffix(p, "/etc/passwd") || strings.HasSuffix(p, "/etc/shadow") }) {
		return
	}
	for _, a := range args[1:] {
		if m := newAccount.FindStringSubmatch(a); m != nil {
			s.add(c.Off, inspect.Weakness{Kind: EmptyPassword, Name: m[1], Text: s.text(c)})
			return
		}
	}
}

var emptied = pattern.New(`s[/|#,]\^?\w+:.*[/|#,](\w+)::`)

// account looks at commands that take the password of an account away.
func (s *scanner) account(name string, args []string, c sh.Command) {
	joined := strings.Join(args[1:], " ")
	user := ""
	switch name {
	case "passwd":
		if len(args) > 2 && (args[1] == "-d" || args[1] == "--delete") {
			user = args[2]
		}
	case "usermod":
		if i := strings.Index(joined+" ", "-p  "); i >= 0 {
			user = args[len(args)-1]
		}
	case "sed":
		if strings.Contains(joined, "/etc/shadow") || strings.Contains(joined, "/etc/passwd") {
			if m := emptied.FindStringSubmatch(joined); m != nil {
				user = m[1]
			}
		}
	}
	if user != "" {
		s.add(c.Off, inspect.Weakness{Kind: EmptyPassword, Name: user, Text: s.text(c)})
	}
}

// variables looks at assignments of paths that programs and libraries are looked
// for in.
func (s *scanner) variables(line, key, value string, off int) {
	if !searched[key] {
		if assigned := key + "=" + strings.ToLower(strings.Trim(value, `"'`)); blind("", assigned, "") {
			s.add(off, inspect.Weakness{Kind: TLSVerifyDisabled, Name: key, Text: line})
		}
		return
	}
	value, _, _ = strings.Cut(value, " ")
	value, _, _ = strings.Cut(strings.Trim(value, `"'`), ";")
	if value == "" {
		return
	}
	for dir := range strings.SplitSeq(value, ":") {
		if open(strings.Trim(dir, `"'`)) {
			s.add(off, inspect.Weakness{Kind: PathWritable, Name: key, Text: line})
			return
		}
	}
}

// open says that a folder isn't the system's alone: the one that somebody stands
// in, one for temporary files, a memory card.
func open(dir string) bool {
	if dir == "" || dir == "." || strings.HasPrefix(dir, "./") || dir == ".." || strings.HasPrefix(dir, "../") {
		return true
	}
	for _, d := range []string{"/tmp", "/var/tmp", "/dev/shm", "/mnt/sd", "/mnt/mmc", "/mnt/usb", "/mnt/tf", "/media", "/sdcard", "/mnt/udisk"} {
		if dir == d || strings.HasPrefix(dir, d+"/") || strings.HasPrefix(dir, d) && strings.HasPrefix(d, "/mnt/") {
			return true
		}
	}
	return false
}
