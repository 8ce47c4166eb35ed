package startup

import (
	"path"
	"regexp"
	"strings"
)

// inittab reads id:runlevels:action:process (busybox init, sysvinit, procd).
func (s *scanner) inittab(line string, off int) {
	f := strings.SplitN(line, ":", 4)
	if len(f) < 4 || strings.TrimSpace(f[3]) == "" || f[2] == "off" {
		return
	}
	args := strings.Fields(f[3])
	tty := f[0]
	if tty == "" || len(tty) <= 2 && strings.Trim(tty, "0123456789") == "" {
		tty = "console"
	}
	action := f[2]
	switch action {
	case "respawn", "askfirst", "respawnlate", "askconsole", "askconsolelate", "once", "wait", "ondemand":
		s.command(args, off, line, tty, action != "once" && action != "wait")
	default: // sysinit, bootwait, ctrlaltdel: the script says itself what it starts
		s.command(args, off, line, "", false)
	}
}

// inetd reads service type protocol wait user program arguments.
func (s *scanner) inetd(line string, off int) {
	f := strings.Fields(line)
	if len(f) < 6 {
		return
	}
	st := Start{Kind: Service, Name: path.Base(f[5]), Program: f[5], Args: f[min(len(f), 7):], Listens: true, Port: number(f[0]), Text: line}
	if f[5] == "internal" {
		st.Name, st.Args = f[0], nil
	}
	if st.Name == "busybox" && len(f) > 6 {
		st.Name = path.Base(f[6])
	}
	if f[0] == "telnet" || telnet(st.Name) {
		st.Kind, st.Name = Telnet, "telnetd"
	}
	s.add(off, st)
}

var (
	xinetdService = regexp.MustCompile(`(?s)service\s+(\S+)\s*\{(.*?)\}`)
	xinetdOff     = regexp.MustCompile(`(?m)^\s*disable\s*=\s*yes`)
	xinetdServer  = regexp.MustCompile(`(?m)^\s*server\s*=\s*(\S+)`)
	xinetdPort    = regexp.MustCompile(`(?m)^\s*port\s*=\s*(\d+)`)
)

// xinetd reads blocks "service name { key = value … }"; what isn't disabled runs.
func (s *scanner) xinetd() {
	for _, m := range xinetdService.FindAllSubmatchIndex(s.f.Data[:min(len(s.f.Data), maxBytes)], maxStarts) {
		name, body := string(s.f.Data[m[2]:m[3]]), string(s.f.Data[m[4]:m[5]])
		if xinetdOff.MatchString(body) {
			continue
		}
		st := Start{Kind: Service, Name: name, Listens: true, Text: "service " + name}
		if p := xinetdServer.FindStringSubmatch(body); p != nil {
			st.Program = p[1]
		}
		if p := xinetdPort.FindStringSubmatch(body); p != nil {
			st.Port = number(p[1])
		}
		if name == "telnet" || telnet(path.Base(st.Program)) {
			st.Kind, st.Name = Telnet, "telnetd"
		}
		s.add(m[0], st)
	}
}

// crontab reads five times, in the system's files a user, and a command.
func (s *scanner) crontab(line string, off int) {
	f := strings.Fields(line)
	n := 5
	if len(f) > 0 && strings.HasPrefix(f[0], "@") {
		n = 1
	} else if len(f) < 6 || strings.IndexByte("0123456789*", f[0][0]) < 0 {
		return // a setting: PATH=…
	}
	if base := path.Base(s.f.Path); base == "crontab" || strings.Contains(s.f.Path, "/cron.d/") {
		if len(f) > n+1 && !strings.Contains(f[n], "/") {
			n++
		}
	}
	if len(f) > n {
		s.command(f[n:], off, line, "", true)
	}
}

var udevRun = regexp.MustCompile(`\b(?:RUN|PROGRAM|IMPORT)(?:\{\w+\})?\s*\+?=+\s*"([^"]*)"`)

// udev reads rules; what they run comes with RUN+= and PROGRAM= (udev(7)).
func (s *scanner) udev(line string, off int) {
	for _, m := range udevRun.FindAllStringSubmatchIndex(line, 8) {
		args := strings.Fields(line[m[2]:m[3]])
		if len(args) > 0 && strings.HasPrefix(args[0], "/") {
			s.command(args, off+m[2], line[m[0]:m[1]], "", true)
		}
	}
}

// mdev reads device user:group mode [>|=name] [@|$|*command] (busybox, docs/mdev.txt).
func (s *scanner) mdev(line string, off int) {
	i := strings.IndexAny(line, "@*")
	for i >= 0 && i+1 < len(line) && line[i+1] != '/' && line[i+1] != '(' {
		next := strings.IndexAny(line[i+1:], "@*")
		if next < 0 {
			return
		}
		i += 1 + next
	}
	if i < 0 || i+1 >= len(line) {
		return
	}
	args := strings.Fields(strings.Trim(line[i+1:], "()"))
	s.command(args, off+i+1, line, "", true)
}

// interfaces reads the commands of ifupdown's interfaces(5).
func (s *scanner) interfaces(line string, off int) {
	f := strings.Fields(line)
	if len(f) < 2 {
		return
	}
	switch f[0] {
	case "up", "pre-up", "post-up", "down":
		s.command(f[1:], off, line, "", strings.Contains(f[1], "/"))
	}
}

var (
	bootInit    = regexp.MustCompile(`(?:^|[\s"'=])(init|rdinit)=(\S+)`)
	bootConsole = regexp.MustCompile(`(?:^|[\s"'=])console=((?:tty|hvc)\w+)`)
)

// bootargs reads a kernel's command line (Linux, admin-guide/kernel-parameters).
func (s *scanner) bootargs(line string, off int) {
	for _, m := range bootInit.FindAllStringSubmatchIndex(line, 4) {
		if program := strings.Trim(line[m[4]:m[5]], `"';`); shell(path.Base(program)) {
			s.add(off+m[2], Start{Kind: SerialShell, Name: "console", Program: program, By: "bootargs", Text: line[m[2]:m[5]]})
		}
	}
	for _, m := range bootConsole.FindAllStringSubmatchIndex(line, 4) {
		s.add(off+m[2], Start{Kind: Console, Name: line[m[2]:m[3]], By: "bootargs", Text: strings.TrimSpace(line[m[0]:m[1]])})
	}
}

// environment reads name=value of a U-Boot environment, a line or a NUL each.
func (s *scanner) environment() {
	data := s.f.Data[:min(len(s.f.Data), maxBytes)]
	delay, delayAt, keyed := "", 0, false
	for off := 0; off < len(data); {
		end := off
		for end < len(data) && data[end] != 0 && data[end] != '\n' {
			end++
		}
		name, value, ok := strings.Cut(string(data[off:min(end, off+4096)]), "=")
		if ok {
			switch name {
			case "bootdelay":
				delay, delayAt = strings.TrimSpace(value), off
			case "bootstopkey", "bootstopkeysha256", "bootstopkeycrypt", "bootdelaykey":
				keyed = keyed || value != ""
			default:
				s.bootargs(value, off+len(name)+1)
			}
		}
		off = end + 1
	}
	// doc/README.autoboot: -2 never looks for a key; all else stops at one, and
	// -1 stops always. A password for the prompt has a variable of its own.
	if delay != "" && delay != "-2" && !keyed {
		s.add(delayAt, Start{Kind: Bootloader, Name: "u-boot", Text: "bootdelay=" + delay})
	}
}
