package startup

import (
	"path"
	"slices"
	"strings"

	sh "assay/internal/collect/firmware/inspect/shell"
)

// script looks at all commands of a script. What init or an event runs tells of
// every program that it starts; other scripts of services and shells only.
func (s *scanner) script() {
	all := s.by != "script" && s.by != "profile" && s.by != "network"
	var procd []sh.Word // the command of a procd instance, until it is closed
	commands := s.f.Commands()
	skipped := unreached(s.f.Data, commands)
	for _, c := range commands {
		if within(skipped, c.Off) {
			continue
		}
		switch c.Arg(0) {
		case "procd_set_param", "procd_append_param":
			if c.Arg(1) == "command" {
				if c.Arg(0) == "procd_set_param" {
					s.run(procd, c, "", all)
					procd = nil
				}
				procd = append(procd, c.Words[2:]...)
			}
			continue
		case "procd_close_instance":
			s.run(procd, c, "", all)
			procd = nil
			continue
		case "[", "test":
			s.tests(c)
		case "cd", "pushd", "chdir":
			s.cd(c.Arg(1))
			continue
		}
		s.run(c.Words, c, "", all)
	}
	s.run(procd, sh.Command{}, "", all)
}

// commands looks at what a table has run at off: a command line, which a shell
// or init itself splits.
func (s *scanner) commands(src string, off int, text, tty string, all bool) {
	for i, c := range sh.Commands([]byte(src)) {
		words := sh.Program(c.Words)
		if len(words) == 0 {
			continue
		}
		words[0].Off = off
		if i > 0 {
			tty = ""
		}
		s.start(words, c, text, tty, all)
	}
}

// tests notes folders of which a script runs only what is executable.
func (s *scanner) tests(c sh.Command) {
	for i, w := range c.Words[:len(c.Words)-1] {
		if next := c.Words[i+1].Text; w.Text == "-x" && strings.HasPrefix(next, "/") && strings.ContainsAny(path.Base(next), "*?[") && len(s.calls.Tested) < maxCalls {
			s.calls.Tested = append(s.calls.Tested, path.Dir(next))
		}
	}
}

func texts(words []sh.Word) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w.Text
	}
	return out
}

// run adds what words of a script start.
func (s *scanner) run(words []sh.Word, c sh.Command, tty string, all bool) {
	if words = sh.Program(words); len(words) == 0 {
		return
	}
	text, _ := s.f.LineAround(words[0].Off)
	s.start(words, c, string(text), tty, all)
}

// start adds what words start.
func (s *scanner) start(words []sh.Word, c sh.Command, text, tty string, all bool) {
	if len(words) == 0 || words[0].Text == "" {
		return
	}
	args := texts(words)
	if len(args) > 1 && asked(path.Base(args[0]), args[1:]) {
		return
	}
	off := words[0].Off
	name := path.Base(strings.TrimLeft(args[0], "-@+!:"))
	switch {
	case shell(name) && len(args) > 2 && (args[1] == "-c" || args[1] == "-lc"):
		return // its commands come by themselves
	case shell(name) || name == "." || name == "source" || name == "insmod":
		script := args[1:]
		for len(script) > 0 && strings.HasPrefix(script[0], "-") {
			script = script[1:]
		}
		if len(script) > 0 {
			s.call(script[0])
			kind := Autorun
			if s.far(script[0]) {
				kind = Unsigned
			}
			if kind == Unsigned || s.media(script[0]) {
				s.add(off, Start{Kind: kind, Name: path.Base(script[0]), Program: script[0], Args: script[1:], Text: text})
				return
			}
		}
	case enables(name):
		s.enables(name, sh.Options(name, words[1:]))
	case name == "mount" || name == "cp" || name == "mv":
		s.brings(name, args[1:])
	}
	if tty == "" {
		tty = s.terminal(args, c)
	}
	if all {
		for _, a := range args[1:] { // a watchdog is told what to start
			if strings.HasPrefix(a, "/") && (strings.Contains(a, "/bin/") || strings.Contains(a, "/sbin/")) && args[0] != "[" && args[0] != "test" && !errand(name) {
				s.call(a)
			}
		}
	}
	program := strings.Contains(args[0], "/") && !strings.HasPrefix(args[0], "$") && !errand(name)
	s.command(args, off, text, tty, all && program && (tty != "" || !shell(name)))
}

// enables says that a program has an init system start or enable services.
func enables(name string) bool {
	switch name {
	case "systemctl", "service", "rc-service", "invoke-rc.d", "update-rc.d", "chkconfig", "rc-update":
		return true
	}
	return false
}

// enables notes which services a command has started, or enabled for the next
// boot.
func (s *scanner) enables(name string, l sh.Line) {
	verb, who := l.Arg(0), l.Rest
	if name == "systemctl" {
		switch verb {
		case "start", "restart", "reload-or-restart", "try-restart", "enable", "reenable", "preset", "isolate":
			for _, w := range who[1:] {
				unit := w.Text
				if path.Ext(unit) == "" {
					unit += ".service"
				}
				if len(s.calls.Units) < maxCalls && !strings.ContainsAny(unit, "$`") {
					s.calls.Units = append(s.calls.Units, unit)
				}
			}
		case presetAll:
			s.calls.Units = append(s.calls.Units, presetAll)
		}
		return
	}
	if name == "rc-update" { // rc-update add name
		verb, who = l.Arg(0), who[min(1, len(who)):]
	} else {
		verb = l.Arg(1)
	}
	switch verb {
	case "start", "restart", "defaults", "enable", "on", "add", "force-reload":
		if len(who) > 0 {
			s.call("/etc/init.d/" + who[0].Text)
		}
	}
}

// terminal is the terminal that a command of a script talks to; empty: none.
func (s *scanner) terminal(args []string, c sh.Command) string {
	for _, w := range slices.Concat(c.To, c.From) {
		if strings.HasPrefix(w.Text, "/dev/tty") && w.Text != "/dev/tty" || w.Text == "/dev/console" {
			return path.Base(w.Text)
		}
	}
	name := path.Base(args[0])
	alone := len(args) == 1 || len(args) == 2 && (args[1] == "--login" || args[1] == "-l" || args[1] == "-i")
	if name == "cttyhack" || shell(name) && c.Arg(0) == "exec" && alone && (s.by == "rc" || path.Base(s.f.Path) == "login.sh") {
		return "console" // login.sh is what OpenWrt's init runs on consoles
	}
	return ""
}

// command adds what args start: a service, telnet, a shell or log-in on a
// terminal; any other program where all is set; and what that weakens.
func (s *scanner) command(args []string, off int, text, tty string, all bool) {
	program := strings.TrimLeft(args[0], "-@+!:")
	name := path.Base(program)
	s.call(program)
	st := Start{Kind: Process, Name: name, Program: program, Args: slices.Clone(args[1:min(len(args), 64)]), Text: text}
	st.Listens, st.Port = serves(strings.ToLower(name), st.Args)
	if st.Listens {
		st.Address = address(name, st.Args)
	}
	switch {
	case telnet(name):
		st.Kind, st.Name, st.Listens, st.Port = Telnet, "telnetd", true, portOf(name, st.Args)
		if st.Address = address(name, st.Args); local(st.Address) {
			st.Kind = Service
		}
	case s.media(program):
		st.Kind = Autorun
	case s.far(program):
		st.Kind = Unsigned
	case tty != "" && openShell(args):
		st.Kind, st.Name, st.Login = SerialShell, ttyOf(args, tty), No
	case strings.HasSuffix(name, "getty"):
		st.Kind, st.Name, st.Login = SerialLogin, ttyOf(args, tty), Yes
		if gettyOpen(args) {
			st.Kind, st.Login = SerialShell, No
		}
	case tty != "" && (name == "login" || name == "sulogin" || name == "login.sh"):
		st.Kind, st.Name, st.Login = SerialLogin, ttyOf(args, tty), Yes
	case st.Listens:
		st.Kind = Service
	}
	s.started(off, st, all)
}

// started adds a start, and what it weakens.
func (s *scanner) started(off int, st Start, all bool) {
	weak := weakens(&st)
	if st.Kind != Process || all && !strings.ContainsAny(st.Program, "*?[{") { // of a loop over scripts these tell themselves what they start
		s.add(off, st)
	}
	for _, w := range weak {
		w.Program, w.Args, w.Port, w.Address, w.Text, w.By = st.Program, st.Args, st.Port, st.Address, st.Text, st.By
		s.add(off, w)
	}
}

// maxBrought bounds what is noted of a script's mounts and copies.
const maxBrought = 64

// brings notes where a script mounts what can be put in, and what it copies from
// there.
func (s *scanner) brings(name string, args []string) {
	if len(args) < 2 || len(s.brought) >= maxBrought {
		return
	}
	last := args[len(args)-1]
	if name != "mount" {
		for _, a := range args[:len(args)-1] {
			if s.media(a) {
				s.brought = append(s.brought, last, path.Join(last, path.Base(a)))
			}
		}
		return
	}
	device := args[len(args)-2]
	if i := strings.IndexByte(device, ':'); i > 0 && strings.HasPrefix(device[i+1:], "/") && len(last) > 1 { // of another machine (nfs(5))
		s.remote = append(s.remote, last)
		return
	}
	fat := slices.ContainsFunc(args, func(a string) bool { return a == "vfat" || a == "msdos" || a == "exfat" || a == "ntfs" })
	plugged := strings.Contains(device, "$MDEV") || strings.Contains(device, "$DEVNAME") || strings.Contains(device, "%k") || strings.HasPrefix(device, "/dev/sd") || strings.HasPrefix(device, "/dev/$1")
	if strings.HasPrefix(device, "/dev/") && (plugged || fat && strings.HasPrefix(device, "/dev/mmcblk")) && len(last) > 1 {
		s.brought = append(s.brought, last)
	}
}

// far says that a path lies on another machine, which says nothing of who it is.
func (s *scanner) far(p string) bool {
	return slices.ContainsFunc(s.remote, func(b string) bool { return strings.HasPrefix(p, b+"/") })
}

// media says that a path lies on something that can be put in, or came from it.
func (s *scanner) media(p string) bool {
	return media(p) || slices.ContainsFunc(s.brought, func(b string) bool { return p == b || strings.HasPrefix(p, b+"/") })
}

// asked says that a program is only asked about its configuration or version.
func asked(name string, options []string) bool {
	for i, o := range options {
		switch o {
		case "--version", "--help", "--test":
			return true
		case "-V":
			return i == 0
		case "-t", "-tt", "-T":
			return i == 0 && (name == "nginx" || name == "lighttpd" || name == "sshd" || name == "apache2")
		case "--":
			return false
		}
	}
	return false
}
