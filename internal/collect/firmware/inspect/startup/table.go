package startup

import (
	"path"
	"slices"
	"strings"

	sh "assay/internal/collect/firmware/inspect/shell"
	"assay/internal/pattern"
)

// inittab reads id:runlevels:action:process (busybox init, sysvinit, procd).
func (s *scanner) inittab(line string, off int) {
	f := strings.SplitN(line, ":", 4)
	if len(f) < 4 || strings.TrimSpace(f[3]) == "" || f[2] == "off" {
		return
	}
	tty := f[0]
	if tty == "" || len(tty) <= 2 && strings.Trim(tty, "0123456789") == "" {
		tty = "console"
	}
	process := strings.TrimSpace(f[3])
	if strings.HasPrefix(process, "-") || strings.HasSuffix(process, " -l") || strings.HasSuffix(process, "--login") {
		s.call("/etc/profile") // a log-in shell reads it
	}
	switch action := f[2]; action {
	case "respawn", "askfirst", "respawnlate", "askconsole", "askconsolelate", "once", "wait", "ondemand":
		s.commands(process, off, line, tty, action != "wait")
	default: // sysinit, bootwait, ctrlaltdel: the script says itself what it starts
		s.commands(process, off, line, "", false)
	}
}

// inetd reads service type protocol wait user program arguments.
func (s *scanner) inetd(line string, off int) {
	f := strings.Fields(line)
	if len(f) < 6 {
		return
	}
	st := Start{Kind: Service, Name: path.Base(f[5]), Program: f[5], Listens: true, Port: number(f[0]), Text: line}
	if st.Args = f[min(len(f), 7):]; st.Name == "busybox" || st.Name == "tcpd" { // what they are called by is what they run
		st.Args = f[6:]
	}
	st.unwrap()
	if f[5] == "internal" {
		st.Name, st.Args = f[0], nil
	}
	s.served(off, st, f[0])
}

// unwrap leaves out what a server's program is run by.
func (st *Start) unwrap() {
	words := texts(sh.Program(sh.Words(append([]string{st.Program}, st.Args...))))
	if len(words) > 0 && words[0] != "" {
		st.Name, st.Program, st.Args = path.Base(words[0]), words[0], words[1:]
	}
}

// served adds a server that is started for each connection to a service.
func (s *scanner) served(off int, st Start, service string) {
	if (service == "telnet" || telnet(st.Name)) && !local(st.Address) {
		st.Kind, st.Name = Telnet, "telnetd"
	}
	open := givesShell(st.Name + " " + strings.Join(st.Args, " "))
	if open {
		st.Login = No
	}
	s.started(off, st, true)
	if open && !local(st.Address) {
		st.Kind, st.Name = Anonymous, "shell"
		s.add(off, st)
	}
}

var (
	xinetdService = pattern.New(`(?s)service\s+(\S+)\s*\{(.*?)\}`)
	xinetdOff     = pattern.New(`(?m)^\s*disable\s*=\s*yes`)
	xinetdServer  = pattern.New(`(?m)^\s*server\s*=\s*(\S+)`)
	xinetdArgs    = pattern.New(`(?m)^\s*server_args\s*=\s*(.+)`)
	xinetdBind    = pattern.New(`(?m)^\s*(?:bind|interface)\s*=\s*(\S+)`)
	xinetdInside  = pattern.New(`(?m)^\s*only_from\s*=(?:\s*(?:127\.\S+|localhost|::1))+\s*$`)
	xinetdPort    = pattern.New(`(?m)^\s*port\s*=\s*(\d+)`)
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
			st.Program, st.Name = p[1], path.Base(p[1])
		}
		if p := xinetdArgs.FindStringSubmatch(body); p != nil {
			st.Args = strings.Fields(p[1])
		}
		st.unwrap()
		if p := xinetdBind.FindStringSubmatch(body); p != nil {
			st.Address = p[1]
		} else if xinetdInside.MatchString(body) {
			st.Address = "localhost"
		}
		if p := xinetdPort.FindStringSubmatch(body); p != nil {
			st.Port = number(p[1])
		}
		s.served(m[0], st, name)
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
		_, rest := fields(line, n)
		s.commands(rest, off, line, "", true)
	}
}

// fields cuts n words off a line.
func fields(line string, n int) (words []string, rest string) {
	for range n {
		line = strings.TrimLeft(line, " \t")
		end := strings.IndexAny(line, " \t")
		if end < 0 {
			end = len(line)
		}
		words, line = append(words, line[:end]), line[end:]
	}
	return words, strings.TrimLeft(line, " \t")
}

var udevRun = pattern.New(`\b(?:RUN|PROGRAM|IMPORT)(?:\{\w+\})?\s*\+?=+\s*"([^"]*)"`)

// udev reads rules; what they run comes with RUN+= and PROGRAM= (udev(7)).
func (s *scanner) udev(line string, off int) {
	for _, m := range udevRun.FindAllStringSubmatchIndex(line, 8) {
		if command := line[m[2]:m[3]]; strings.HasPrefix(command, "/") {
			s.commands(command, off+m[2], line[m[0]:m[1]], "", true)
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
	s.commands(strings.Trim(line[i+1:], "()"), off+i+1, line, "", true)
}

// interfaces reads the commands of ifupdown's interfaces(5).
func (s *scanner) interfaces(line string, off int) {
	f := strings.Fields(line)
	if len(f) < 2 {
		return
	}
	switch f[0] {
	case "up", "pre-up", "post-up", "down":
		_, rest := fields(line, 1)
		s.commands(rest, off, line, "", true)
	}
}

var (
	bootInit    = pattern.New(`(?:^|[\s"'=])(init|rdinit)=(\S+)`)
	bootDebug   = pattern.New(`(?:^|[\s"'=])(systemd\.debug[-_]shell(?:=(?:1|yes|true|on|tty\w+))?|rd\.break(?:=\w+)?)(?:[\s"';]|$)`)
	bootConsole = pattern.New(`(?:^|[\s"'=])console=((?:tty|hvc)\w+)`)
)

// bootargs reads a kernel's command line (Linux, admin-guide/kernel-parameters).
func (s *scanner) bootargs(line string, off int) {
	for _, m := range bootInit.FindAllStringSubmatchIndex(line, 4) {
		if program := strings.Trim(line[m[4]:m[5]], `"';`); shell(path.Base(program)) {
			s.add(off+m[2], Start{Kind: SerialShell, Name: "console", Program: program, By: "bootargs", Text: line[m[2]:m[5]]})
		}
	}
	for _, m := range bootDebug.FindAllStringSubmatchIndex(line, 4) { // kernel-command-line(7), dracut.cmdline(7)
		s.add(off+m[2], Start{Kind: SerialShell, Name: "console", Program: "/bin/sh", By: "bootargs", Text: line[m[2]:m[3]]})
	}
	if weak := weakParameters(line); len(weak) > 0 {
		s.add(off, Start{Kind: KernelWeak, Name: strings.Join(weak, " "), By: "bootargs", Text: strings.Join(weak, " ")})
	}
	for _, m := range bootConsole.FindAllStringSubmatchIndex(line, 4) {
		s.add(off+m[2], Start{Kind: Console, Name: line[m[2]:m[3]], By: "bootargs", Text: strings.TrimSpace(line[m[0]:m[1]])})
	}
}

// parameters switch protections of the kernel off, or a debugger on (Linux,
// admin-guide/kernel-parameters; Android's androidboot.*).
var parameters = map[string]bool{
	"selinux=0": true, "enforcing=0": true, "apparmor=0": true, "security=none": true, "lsm=": true, "nokaslr": true, "norandmaps": true, "nosmep": true, "nosmap": true, "nopti": true, "pti=off": true,
	"mitigations=off": true, "nospectre_v1": true, "nospectre_v2": true, "spectre_v2=off": true, "nospec_store_bypass_disable": true, "noexec=off": true, "noexec32=off": true, "rodata=off": true, "iomem=relaxed": true,
	"kgdbwait": true, "module.sig_enforce=0": true, "ima_appraise=off": true, "lockdown=none": true, "init_on_alloc=0": true, "hardened_usercopy=off": true, "sysrq_always_enabled": true, "kpti=0": true, "kpti=off": true,
	"ima_appraise=fix": true, "ima_appraise=log": true, "randomize_kstack_offset=off": true,
	"androidboot.selinux=permissive": true, "androidboot.veritymode=disabled": true, "androidboot.verifiedbootstate=orange": true, "androidboot.serialconsole=1": true,
}

// weakParameters are those of a command line.
func weakParameters(line string) []string {
	var out []string
	for w := range strings.FieldsSeq(line) {
		w = strings.Trim(w, `"';`)
		if i := strings.Index(w, "bootargs="); i >= 0 {
			w = w[i+len("bootargs="):]
		}
		if parameters[w] || strings.HasPrefix(w, "kgdboc=") || strings.HasPrefix(w, "kdbg=") {
			out = append(out, w)
		}
	}
	return out
}

var (
	fromCard = pattern.New(`\b(?:fatload|ext[24]load|load|fsload|ext4size|fatsize)\s+(mmc|usb)\b`)
	runsIt   = pattern.New(`\b(?:source|autoscr|go)\b`)
	bootsIt  = pattern.New(`\bboot(?:m|z|i|efi|elf)\b`)
	writesIt = pattern.New(`\b(?:sf|nand|nand0|mmc|flash|protect|ubi)\s+(?:write|update|erase|part)|\bcp\.b\b|\bsunxi_flash\s+write\b`)
)

// card looks for a variable that has a boot loader run or install what a memory
// card or stick holds. A kernel that comes from the chip's own mmc is none.
func (s *scanner) card(name, value string, off int) {
	m := fromCard.FindStringSubmatchIndex(value)
	if m == nil {
		return
	}
	rest := value[m[1]:]
	switch {
	case runsIt.MatchString(rest), value[m[2]:m[3]] == "usb" && bootsIt.MatchString(rest):
		s.add(off, Start{Kind: Autorun, Name: name, Text: name + "=" + value})
	case writesIt.MatchString(rest):
		s.add(off, Start{Kind: Unsigned, Name: name, Text: name + "=" + value})
	}
}

// environment reads name=value of a U-Boot environment, a line or a NUL each.
func (s *scanner) environment() {
	data := s.f.Data[:min(len(s.f.Data), maxBytes)]
	delay, delayAt, keyed := "", 0, false
	vars, at := map[string]string{}, map[string]int{}
	for off := 0; off < len(data); {
		end := off
		for end < len(data) && data[end] != 0 && data[end] != '\n' {
			end++
		}
		name, value, ok := strings.Cut(string(data[off:min(end, off+4096)]), "=")
		if ok {
			if len(vars) < maxVariables {
				vars[name], at[name] = value, off
			}
			switch name {
			case "bootdelay":
				delay, delayAt = strings.TrimSpace(value), off
			case "verify": // U-Boot's bootm then takes an image whose sums don't hold
				if v := strings.ToLower(strings.TrimSpace(value)); v == "n" || v == "no" || v == "0" || v == "off" || v == "false" {
					s.add(off, Start{Kind: Unsigned, Name: name, Text: name + "=" + value})
				}
			case "bootstopkey", "bootstopkeysha256", "bootstopkeycrypt", "bootdelaykey":
				keyed = keyed || value != ""
			default:
				s.bootargs(value, off+len(name)+1)
				s.card(name, value, off)
			}
		}
		off = end + 1
	}
	// doc/README.autoboot: -2 never looks for a key; all else stops at one, and
	// -1 stops always. A password for the prompt has a variable of its own.
	if delay != "" && delay != "-2" && !keyed {
		s.add(delayAt, Start{Kind: Bootloader, Name: "u-boot", Text: "bootdelay=" + delay})
	}
	s.fromNetwork(vars, at)
	if in := vars["stdin"]; slices.Contains(strings.Split(in, ","), "nc") { // doc/usage/netconsole.rst
		s.add(at["stdin"], Start{Kind: Bootloader, Name: "netconsole", Text: "stdin=" + in})
	}
}

// bootScript reads a line of a script of U-Boot, as mkimage(1) is given it: what
// starts an image of whoever answers on the network.
func (s *scanner) bootScript(line string, off int) {
	if strings.HasPrefix(strings.TrimSpace(line), "#") {
		return
	}
	if strings.Contains(line, "bootargs") {
		s.bootargs(line, off)
	}
	if m := fromNet.FindStringIndex(line); m != nil && startsIt.MatchString(line[m[1]:]) {
		s.add(off, Start{Kind: Unsigned, Name: "u-boot", By: "bootargs", Text: strings.TrimSpace(line)})
	}
}

// maxVariables bounds those of an environment that are followed.
const maxVariables = 1000

var (
	fromNet  = pattern.New(`\b(?:tftp(?:boot)?|dhcp|bootp|nfs|wget)\b`)
	startsIt = pattern.New(`\b(?:source|autoscr|go|boot(?:m|z|i|efi|elf))\b`)
	runsVar  = pattern.New(`\brun\s+([\w ]+)`)
)

// fromNetwork looks whether what a boot loader does by itself runs what a server
// on the network has, which nobody's signature stands for. Other variables are
// for whoever calls them.
func (s *scanner) fromNetwork(vars map[string]string, at map[string]int) {
	seen := map[string]bool{}
	for queue := []string{"preboot", "bootcmd", "altbootcmd"}; len(queue) > 0 && len(seen) < 64; queue = queue[1:] {
		name := queue[0]
		value, ok := vars[name]
		if seen[name] || !ok {
			continue
		}
		seen[name] = true
		if m := fromNet.FindStringIndex(value); m != nil && startsIt.MatchString(value[m[1]:]) {
			s.add(at[name], Start{Kind: Unsigned, Name: name, Text: name + "=" + value})
		}
		for _, m := range runsVar.FindAllStringSubmatch(value, 16) {
			queue = append(queue, strings.Fields(m[1])...)
		}
	}
}
