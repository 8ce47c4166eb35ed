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
	"doas": 0, "setpriv": 0, "unshare": 0, "nsenter": 0, "dumb-init": 0, "tini": 0, "envdir": 1, "s6-envdir": 1, "envuidgid": 1, "s6-envuidgid": 1, "s6-softlimit": 0, "setlock": 1, "s6-setlock": 1, "pgrphack": 0, "dbus-run-session": 0, "tcpd": 0, "builtin": 0, "toybox": 0,
}

// mostWrappers bounds how many wrappers are taken off a command.
const mostWrappers = 8

// Program leaves out what stands before the program of a command: wrappers with
// their options. Empty: the command ends a program, only asks for one, or gives
// a shell a text to read, whose commands Commands returns by themselves.
func Program(words []Word) []Word {
	for range mostWrappers {
		next, ok := behind(words)
		if !ok {
			return words
		}
		words = next
	}
	return words
}

// Layers are a command, and what is run behind each of its wrappers: of "nice -n
// 5 sshpass -f /x ssh h" the words from nice, from sshpass and from ssh.
func Layers(words []Word) [][]Word {
	var out [][]Word
	for ok := true; ok && len(words) > 0 && len(out) <= mostWrappers; {
		out = append(out, words)
		words, ok = behind(words)
	}
	return out
}

// behind takes one wrapper off a command; not ok: it is none.
func behind(words []Word) (rest []Word, ok bool) {
	if len(words) == 0 {
		return nil, false
	}
	name := path.Base(words[0].Text)
	if strings.HasPrefix(name, "busybox") { // busybox-armv7l
		name = "busybox"
	}
	own, ok := wrappers[name]
	if !ok || (name == "busybox" || name == "toybox" || name == "tcpd") && len(words) == 1 {
		return words, false
	}
	l := Options(name, words[1:])
	switch {
	case name == "start-stop-daemon":
		return l.daemon(), true
	case name == "su", l.Has("-c", "--command") && name == "runuser", name == "command" && l.Has("-v", "-V"):
		return nil, true // the commands of su come by themselves
	case name == "flock" && len(given(l)) > 0:
		return nil, true
	}
	rest = l.Rest[min(own, len(l.Rest)):]
	for name == "env" && len(rest) > 0 && strings.Contains(rest[0].Text, "=") {
		rest = rest[1:]
	}
	return rest, true
}

// given is the text that flock(1) has a shell read, behind "FILE -c".
func given(l Line) []Word {
	if len(l.Rest) > 2 && (l.Rest[1].Text == "-c" || l.Rest[1].Text == "--command") {
		return l.Rest[2:3]
	}
	return nil
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
