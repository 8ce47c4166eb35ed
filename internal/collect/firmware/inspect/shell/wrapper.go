package shell

import (
	"path"
	"strings"
)

// wrappers are commands that run what follows them; the number says how many
// arguments of their own come before it.
var wrappers = map[string]int{
	"exec": 0, "nohup": 0, "sudo": 0, "env": 0, "busybox": 0, "setsid": 0, "nice": 0, "ionice": 0, "chroot": 1, "start-stop-daemon": 0, "service_start": 0, "daemon": 0, "daemonize": 0,
	"command": 0, "timeout": 1, "taskset": 1, "chrt": 1, "su": 0, "logwrapper": 0, "stdbuf": 0, "time": 0, "softlimit": 0, "chpst": 0, "unbuffer": 0, "foreground": 0, "background": 0, "runuser": 0, "screen": 0, "catchsegv": 0, "s6-setuidgid": 1, "if": 0, "setuidgid": 1,
	"sshpass": 0, "flock": 1, "su-exec": 1, "gosu": 1, "systemd-cat": 0, "systemd-run": 0, "torsocks": 0, "proxychains": 0, "watch": 0,
}

// Program leaves out what stands before the program of a command: wrappers with
// their options. Empty: the command ends a program, or only asks for one.
func Program(words []Word) []Word {
	for range 8 {
		if len(words) == 0 {
			return nil
		}
		name := path.Base(words[0].Text)
		if strings.HasPrefix(name, "busybox") { // busybox-armv7l
			name = "busybox"
		}
		own, ok := wrappers[name]
		if !ok || name == "busybox" && len(words) == 1 {
			return words
		}
		l := Options(name, words[1:])
		switch {
		case name == "start-stop-daemon":
			return l.daemon()
		case name == "su", l.Has("-c", "--command") && name == "runuser", name == "command" && l.Has("-v", "-V"):
			return nil // the commands of su come by themselves
		}
		words = l.Rest[min(own, len(l.Rest)):]
		for name == "env" && len(words) > 0 && strings.Contains(words[0].Text, "=") {
			words = words[1:]
		}
	}
	return words
}

// daemon reads the options of start-stop-daemon(8): it starts the program that
// they name with what else stands there.
func (l Line) daemon() []Word {
	if l.Has("-K", "--stop", "--status", "-T", "-t", "--test") {
		return nil
	}
	if o, ok := l.Find("-a", "--startas", "-x", "--exec"); ok && o.Has {
		return append([]Word{o.Value}, l.Rest...)
	}
	return l.Rest
}
