package startup

import (
	"bytes"
	"cmp"
	"path"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/keyword"
	"assay/internal/pattern"
)

// Bounds of one file.
const (
	maxStarts = 1000
	maxBytes  = 1 << 20 // of a table of starts
	maxText   = 300
	maxCalls  = 500
)

type scanner struct {
	f      *inspect.File
	by     string
	starts []Start
	calls  Calls
	cwd    string          // that the script went to last; empty: not known
	seen   map[string]bool // of calls
	called int             // how many calls are kept
	cut    bool

	setting   string // of a unit that is being read: "ExecStart" …
	connected bool   // a unit whose program talks to whoever connects

	remote  []string // paths of a script where folders of another machine are mounted
	brought []string // paths of a script where what can be put in is mounted, or was copied to
}

// Scan returns what f starts, in the order of their offsets, and what it calls;
// nil where nothing reads f to start something.
func Scan(f *inspect.File, hits []keyword.Hit) ([]Start, *Calls) {
	s := &scanner{f: f, by: by(f), seen: map[string]bool{}}
	if s.by == "" {
		return nil, nil
	}
	s.calls = Calls{Path: f.Path, By: s.by}
	switch {
	case f.Role == inspect.Program:
		s.program(hits)
	case s.by == "firmware":
		s.console(hits)
	case f.Kind != inspect.Text:
		if s.by == "u-boot" { // an environment as it stands in flash: separated by NUL
			s.environment()
		}
	default:
		s.text()
	}
	slices.SortStableFunc(s.starts, func(a, b Start) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Kind, b.Kind))
	})
	s.starts = slices.CompactFunc(s.starts, func(a, b Start) bool {
		return a.Offset == b.Offset && a.Kind == b.Kind && a.Name == b.Name && a.Port == b.Port
	})
	if f.Kind != inspect.Text {
		return s.starts, nil
	}
	return s.starts, &s.calls
}

// call notes that the file starts a program. What stands in a folder that isn't
// known is noted as "*/name".
func (s *scanner) call(program string) {
	if program == "" || program[0] == '-' || program[0] == '[' || program[0] == '`' || strings.HasPrefix(program, "$(") {
		return
	}
	switch slash := strings.IndexByte(program, '/'); {
	case program[0] == '$' && slash < 0:
		return
	case strings.ContainsRune(program, '$'):
		if slash < 0 || strings.ContainsRune(path.Base(program), '$') {
			return
		}
		program = "*/" + path.Base(program)
	case slash > 0 && s.cwd != "":
		program = path.Join(s.cwd, program)
	case slash > 0:
		program = path.Join(path.Dir(s.f.Path), program)
	}
	if s.called >= maxCalls || s.seen[s.setting+" "+program] {
		return
	}
	s.called++
	s.seen[s.setting+" "+program] = true
	if s.setting == "" {
		s.calls.Programs = append(s.calls.Programs, program)
		return
	}
	if s.calls.Execs == nil {
		s.calls.Execs = map[string][]string{}
	}
	s.calls.Execs[s.setting] = append(s.calls.Execs[s.setting], program)
}

// cd follows a script to another folder.
func (s *scanner) cd(dir string) {
	switch {
	case strings.ContainsAny(dir, "$`*") || dir == "" || dir == "-" || dir[0] == '~':
		s.cwd = ""
	case dir[0] == '/':
		s.cwd = path.Clean(dir)
	case s.cwd != "":
		s.cwd = path.Join(s.cwd, dir)
	}
}

func (s *scanner) text() {
	switch s.by {
	case "inittab":
		s.eachLine(s.inittab)
	case "inetd":
		s.eachLine(s.inetd)
	case "xinetd":
		s.xinetd()
	case "systemd":
		s.unit()
	case "options":
		s.eachLine(s.optionsLine)
	case "preset":
		s.eachLine(func(line string, _ int) {
			if f := strings.Fields(line); len(f) > 1 && len(s.calls.Presets) < maxCalls && (f[0] == "enable" || f[0] == "disable") {
				s.calls.Presets = append(s.calls.Presets, f[0]+" "+f[1])
			}
		})
	case "machine-id": // "uninitialized": the next boot is the first (machine-id(5))
		if bytes.HasPrefix(s.f.Data, []byte("uninitialized")) {
			s.calls.Presets = []string{"first-boot"}
		}
	case "upstart":
		s.upstart()
	case "android-init":
		s.androidInit()
	case "supervisor":
		if strings.Contains(s.f.Path, "monit") {
			s.script()
		} else {
			s.eachLine(s.supervisor)
		}
	case "crontab":
		s.eachLine(s.crontab)
	case "udev":
		s.eachLine(s.udev)
	case "mdev":
		s.eachLine(s.mdev)
	case "network":
		if s.f.Sourced() {
			s.script()
		} else {
			s.eachLine(s.interfaces)
		}
	case "u-boot":
		s.environment()
	case "boot-script":
		s.eachLine(s.bootScript)
	case "bootargs":
		s.eachLine(func(line string, off int) { s.bootargs(line, off) })
	case "openrc":
		s.openrc()
		s.script()
	default:
		s.script()
	}
}

// by says what reads a file of this path; "" for what nothing starts.
func by(f *inspect.File) string {
	p := f.Path
	base := path.Base(p)
	in := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(s string) bool { return strings.Contains(p, s) })
	}
	switch {
	case base == "u-boot-env" || base == "uEnv.txt" || strings.HasPrefix(base, "u-boot-env"):
		return "u-boot"
	case base == "boot.txt" || base == "boot.cmd" || base == "boot.script" || base == "bootscript.txt" || base == "autoscript.txt":
		return "boot-script"
	case base == "cmdline.txt" || base == "extlinux.conf" || base == "grub.cfg" || base == "bootargs":
		return "bootargs"
	case f.Role == inspect.Program:
		return "program"
	case f.Kind == inspect.Binary && f.Role == inspect.Data:
		return "firmware"
	case f.Role == inspect.Documentation || f.Role == inspect.Database || f.Role == inspect.Certificate || f.Role == inspect.History || f.Role == inspect.Web:
		return ""
	case base == "inittab":
		return "inittab"
	case base == "inetd.conf" || in("/inetd.d/") && !in("/xinetd.d/"):
		return "inetd"
	case in("/xinetd.d/") || base == "xinetd.conf":
		return "xinetd"
	case in("/systemd/"):
		switch path.Ext(base) {
		case ".service", ".socket", ".conf", ".timer", ".path", ".target", ".mount", ".automount":
			return "systemd"
		case ".preset":
			return "preset"
		}
	case p == "/etc/machine-id":
		return "machine-id"
	case in("/supervisor") && (path.Ext(base) == ".conf" || path.Ext(base) == ".ini"):
		return "supervisor"
	case in("/etc/init/") && strings.HasSuffix(base, ".conf"):
		return "upstart"
	case strings.HasSuffix(base, ".rc") && (path.Dir(p) == "/" || in("/etc/init/", "/init/")):
		return "android-init"
	case base == "anacrontab" || in("/incron.d/", "/spool/incron/"):
		return "cron"
	case base == "finit.conf" || in("/finit.d/", "/dinit.d/"):
		return "rc"
	case base == "monitrc" || in("/monit/", "/monit.d/"):
		return "supervisor"
	case in("/acpi/", "/dispatcher.d/", "/networkd-dispatcher/", "/ifplugd/", "/dhcpcd-hooks/", "/dhclient-exit-hooks.d/", "/dhclient-enter-hooks.d/", "/ppp/ip-up.d/", "/ppp/ip-down.d/", "/ppp/ipv6-up.d/", "/system-sleep/", "/usbmount/mount.d/"):
		return "hotplug"
	case in("/etc/uci-defaults/", "/lib/preinit/", "/lib/functions/preinit/"):
		return "rc"
	case optionsFile(p):
		return "options"
	case base == "crontab" || in("/cron.d/", "/crontabs/", "/spool/cron/"):
		return "crontab"
	case in("/cron.daily/", "/cron.hourly/", "/cron.weekly/", "/cron.monthly/", "/periodic/"):
		return "cron"
	case in("/udev/rules.d/"):
		return "udev"
	case base == "mdev.conf":
		return "mdev"
	case in("/hotplug.d/", "/hotplug/", "/etc/mdev/", "/etc/udev/") || base == "hotplug":
		return "hotplug"
	case in("/network/interfaces", "/network/if-", "/udhcpc/") || base == "ip-up" || base == "ip-down":
		return "network"
	case strings.HasPrefix(base, "run") && in("/sv/", "/service/", "/runit/"):
		return "runit"
	case (base == "run" || base == "up") && in("/s6", "/services.d/"):
		return "s6"
	case strings.HasSuffix(p, "/etc/profile") || in("/profile.d/") || base == ".profile" || base == ".bashrc" || base == ".bash_profile" || base == ".ashrc":
		return "profile"
	}
	if f.Role == inspect.Script || f.Sourced() {
		return scriptBy(f, base)
	}
	return ""
}

// scriptBy tells a script apart by where it lies and by its first line.
func scriptBy(f *inspect.File, base string) string {
	head := f.Data[:min(len(f.Data), 4096)]
	first, _, _ := bytes.Cut(head, []byte("\n"))
	switch {
	case bytes.Contains(first, []byte("openrc-run")) || bytes.Contains(first, []byte("/sbin/runscript")):
		return "openrc"
	case bytes.Contains(first, []byte("rc.common")):
		return "procd"
	case strings.Contains(f.Path, "/init.d/") || strings.Contains(f.Path, "/rc.d/") || rcFolder(path.Dir(f.Path)):
		return "init.d"
	case strings.HasPrefix(base, "rc") && path.Ext(base) != ".py" || base == "init" || base == "linuxrc" || base == "preinit":
		return "rc"
	}
	return "script"
}

func (s *scanner) add(off int, st Start) {
	if len(s.starts) >= maxStarts {
		if !s.cut {
			s.cut = true
			s.starts = append(s.starts, Start{Kind: Cut, Where: s.f.At(off), Text: "more starts than are kept of one file"})
		}
		return
	}
	st.Where = s.f.At(off)
	if st.By == "" {
		st.By = s.by
	}
	st.Text = strings.TrimSpace(st.Text)
	st.Text = st.Text[:min(len(st.Text), maxText)]
	s.starts = append(s.starts, st)
}

// eachLine calls fn for each line of a table that is no comment.
func (s *scanner) eachLine(fn func(line string, off int)) {
	off := 0
	for l := range bytes.Lines(s.f.Data[:min(len(s.f.Data), maxBytes)]) {
		if s.cut {
			return
		}
		line := strings.TrimRight(string(l[:min(len(l), 2048)]), "\r\n")
		if t := strings.TrimLeft(line, " \t"); t != "" && t[0] != '#' && t[0] != ';' {
			fn(line, off)
		}
		off += len(l)
	}
	if off < len(s.f.Data) {
		s.add(off, Start{Kind: Cut, Text: "only the first bytes of the file were looked at"})
	}
}

// program looks for the command line of telnetd in a program that isn't it.
func (s *scanner) program(hits []keyword.Hit) {
	for _, h := range hits {
		if h.End >= len(s.f.Data) || s.f.Data[h.End]|0x20 != 'd' || !s.f.InStrings(h.At) {
			continue
		}
		line, start := s.f.LineAround(h.At)
		text := string(line)
		if commandLine(text, h.At-start) {
			s.add(start, Start{Kind: TelnetOnDemand, Name: "telnetd", Text: text})
			return
		}
	}
}

var telnetServer = pattern.New(`(?i)\btelnet(?:d|_\w+)?\b.{0,24}\b(?:listen(?:ing)?|started|starting|server|running|enabled|ready|client connected|login)\b`)

// console looks for a telnet server in a program that stands without an
// operating system.
func (s *scanner) console(hits []keyword.Hit) {
	for _, h := range hits {
		line, start := s.f.LineAround(h.At)
		if m := telnetServer.FindIndex(line[max(0, h.At-start-8):]); m != nil && len(line) < 512 {
			s.add(start, Start{Kind: TelnetOnDemand, Name: "telnetd", Text: string(line)})
			return
		}
	}
}

// commandLine says that the name of telnetd at off is run, not told of: it
// comes with its folder or behind busybox, or with an option or "&" and nothing
// before it but other commands.
func commandLine(text string, off int) bool {
	for off > 0 && text[off-1] != '/' && text[off-1] != ' ' && text[off-1] != ';' && text[off-1] != '&' {
		off--
	}
	before, rest := text[:off], text[off:]
	_, args, _ := strings.Cut(rest, " ")
	args = strings.TrimSpace(args)
	runs := strings.HasPrefix(args, "-") || strings.HasPrefix(args, "&") || strings.HasPrefix(args, ";") || strings.HasPrefix(args, "2>") || strings.HasPrefix(args, ">")
	switch {
	case strings.HasSuffix(before, "kill ") || strings.HasSuffix(before, "killall ") || strings.HasSuffix(before, "-9 ") || strings.HasSuffix(before, "pidof "):
		return false
	case strings.HasSuffix(before, "/sbin/") || strings.HasSuffix(before, "/bin/"):
		return args == "" || runs
	case strings.HasSuffix(before, "busybox "):
		return true
	case before == "" || strings.HasSuffix(before, "; ") || strings.HasSuffix(before, "&& ") || strings.HasSuffix(before, ";"):
		return runs
	}
	return false
}
