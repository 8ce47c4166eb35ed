package startup

import (
	"path"
	"strings"

	sh "assay/internal/collect/firmware/inspect/shell"
)

// wrappers are commands that run what follows them; the number says how many
// arguments of their own come before it.
var wrappers = map[string]int{
	"exec": 0, "nohup": 0, "sudo": 0, "env": 0, "busybox": 0, "setsid": 0, "nice": 0, "ionice": 0, "chroot": 1, "start-stop-daemon": 0, "service_start": 0, "daemon": 0, "daemonize": 0,
	"command": 0, "timeout": 1, "taskset": 1, "chrt": 1, "su": 0, "logwrapper": 0, "stdbuf": 0, "eval": 0, "time": 0, "softlimit": 0, "s6-setuidgid": 1, "chpst": 0, "unbuffer": 0, "foreground": 0, "background": 0,
}

// valued are options of wrappers whose value is the next word.
var valued = map[string]bool{
	"-n": true, "-c": true, "-u": true, "-p": true, "-N": true, "-d": true, "-g": true, "-k": true, "-P": true, "-I": true, "-e": true, "--pidfile": true, "--name": true, "--user": true, "--chuid": true, "--chdir": true, "--nicelevel": true, "--retry": true, "--group": true, "--umask": true, "--signal": true, "--env": true, "--stdout": true, "--stderr": true,
}

// script looks at all commands of a script. What init or an event runs tells of
// every program that it starts; other scripts of services and shells only.
func (s *scanner) script() {
	all := s.by != "script" && s.by != "profile" && s.by != "network"
	var procd []sh.Word // the command of a procd instance, until it is closed
	for _, c := range s.f.Commands() {
		switch c.Arg(0) {
		case "procd_set_param", "procd_append_param":
			if c.Arg(1) == "command" {
				if c.Arg(0) == "procd_set_param" {
					s.run(procd, nil, c, all)
					procd = nil
				}
				procd = append(procd, c.Words[2:]...)
			}
			continue
		case "procd_close_instance":
			s.run(procd, nil, c, all)
			procd = nil
			continue
		}
		s.run(strip(c.Words), c.To, c, all)
	}
	s.run(procd, nil, sh.Command{}, all)
}

func texts(words []sh.Word) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w.Text
	}
	return out
}

// run adds what words start.
func (s *scanner) run(words, to []sh.Word, c sh.Command, all bool) {
	if len(words) == 0 || words[0].Text == "" {
		return
	}
	args := texts(words)
	if len(args) > 1 && asked(path.Base(args[0]), args[1]) {
		return
	}
	off := words[0].Off
	text, _ := s.f.LineAround(off)
	name := path.Base(args[0])
	switch {
	case shell(name) && len(args) > 2 && args[1] == "-c":
		for _, inner := range sh.Commands([]byte(args[2])) {
			s.command(texts(strip(inner.Words)), off, string(text), "", false)
		}
		return
	case shell(name) || name == "." || name == "source" || name == "insmod":
		if len(args) > 1 && !strings.HasPrefix(args[1], "-") {
			s.call(args[1])
		}
		if len(args) > 1 && media(args[1]) {
			s.add(off, Start{Kind: Autorun, Name: path.Base(args[1]), Program: args[1], Args: args[2:], Text: string(text)})
			return
		}
	}
	tty := ""
	for _, w := range to {
		if strings.HasPrefix(w.Text, "/dev/tty") && w.Text != "/dev/tty" || w.Text == "/dev/console" {
			tty = path.Base(w.Text)
		}
	}
	if name == "cttyhack" || tty == "" && s.by == "rc" && shell(name) && c.Arg(0) == "exec" && len(args) == 1 {
		tty = "console"
	}
	if all {
		for _, a := range args[1:] { // a watchdog is told what to start
			if strings.HasPrefix(a, "/") && (strings.Contains(a, "/bin/") || strings.Contains(a, "/sbin/")) && args[0] != "[" && args[0] != "test" && !errand(name) {
				s.call(a)
			}
		}
	}
	program := strings.Contains(args[0], "/") && !strings.HasPrefix(args[0], "$") && !errand(name)
	s.command(args, off, string(text), tty, all && program && !shell(name))
}

// asked says that a server is only asked about its configuration or version.
func asked(name, option string) bool {
	switch option {
	case "--version", "--help", "--test", "-V":
		return true
	case "-t", "-tt", "-T":
		return name == "nginx" || name == "lighttpd" || name == "sshd" || name == "apache2"
	}
	return false
}

// errand says that a program does something and ends: no process of the device.
func errand(name string) bool {
	switch name {
	case "mount", "umount", "mkdir", "cp", "mv", "rm", "ln", "cat", "echo", "chmod", "chown", "touch", "ifconfig", "ip", "route", "insmod", "modprobe", "rmmod", "sysctl", "hostname", "sleep", "kill", "killall", "sync", "reboot", "poweroff", "halt", "date", "hwclock", "mknod", "grep", "sed", "awk", "expr", "test", "[", "true", "false", "ls", "ps", "logger", "stty", "swapon", "swapoff", "fsck", "depmod", "iptables", "ip6tables", "iwconfig", "iwpriv", "env", "printf", "tr", "cut", "head", "tail", "basename", "dirname", "find", "install", "dd", "tar", "gzip", "gunzip", "sh", "bash", "ash", "mdev", "loadkmap", "setfont", "start-stop-daemon", "uci", "devmem", "himm", "passwd", "chpasswd", "seq", "uname", "tee", "which", "readlink", "realpath", "mktemp", "id", "xargs", "sort", "wc":
		return true
	}
	return false
}

// strip leaves out what stands before the program: wrappers with their options.
// Empty: the command ends a program.
func strip(words []sh.Word) []sh.Word {
	for range 8 {
		if len(words) == 0 {
			return nil
		}
		name := path.Base(words[0].Text)
		own, ok := wrappers[name]
		if !ok {
			return words
		}
		if name == "busybox" && len(words) == 1 {
			return words
		}
		if name == "start-stop-daemon" {
			return daemon(words[1:])
		}
		words = words[1:]
		for len(words) > 0 {
			w := words[0].Text
			switch {
			case name == "su" && w == "-c" && len(words) > 1:
				inner := sh.Commands([]byte(words[1].Text))
				if len(inner) == 0 {
					return nil
				}
				out := inner[0].Words
				for i := range out {
					out[i].Off = words[1].Off
				}
				words = out
			case strings.HasPrefix(w, "-"):
				if valued[w] && len(words) > 1 && name != "exec" {
					words = words[1:]
				}
				words = words[1:]
				continue
			case name == "su" || name == "env" && strings.Contains(w, "="):
				words = words[1:]
				continue
			case own > 0:
				own--
				words = words[1:]
				continue
			}
			break
		}
	}
	return words
}

// unwrap is strip for the words of a table.
func unwrap(args []string) []string {
	if _, ok := wrappers[path.Base(strings.TrimLeft(args[0], "-@"))]; !ok || path.Base(args[0]) == "busybox" {
		return args
	}
	words := make([]sh.Word, len(args))
	for i, a := range args {
		words[i].Text = a
	}
	return texts(strip(words))
}

// daemon reads the options of start-stop-daemon(8).
func daemon(words []sh.Word) []sh.Word {
	var program []sh.Word
	for i := 0; i < len(words); i++ {
		w := words[i].Text
		switch {
		case w == "--test" || w == "-t":
			return nil
		case w == "-K" || w == "--stop" || w == "--status" || w == "-T" || strings.HasPrefix(w, "-K"):
			return nil
		case w == "--":
			return append(program, words[i+1:]...)
		case w == "-x" || w == "--exec" || w == "-a" || w == "--startas" || strings.HasPrefix(w, "-") && !strings.HasPrefix(w, "--") && len(w) > 2 && (strings.HasSuffix(w, "x") || strings.HasSuffix(w, "a")):
			if i+1 < len(words) {
				program = words[i+1 : i+2 : i+2]
				i++
			}
		case strings.HasPrefix(w, "--exec=") || strings.HasPrefix(w, "--startas="):
			_, v, _ := strings.Cut(w, "=")
			program = []sh.Word{{Text: v, Off: words[i].Off}}
		case valued[w]:
			i++
		case strings.HasPrefix(w, "-"):
		case len(program) == 0:
			program = words[i : i+1 : i+1]
		default: // arguments without "--"
			return append(program, words[i:]...)
		}
	}
	return program
}
