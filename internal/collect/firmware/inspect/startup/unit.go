package startup

import (
	"bytes"
	"path"
	"strings"

	"assay/internal/pattern"
)

// unit reads a systemd unit (systemd.service(5), systemd.socket(5)).
func (s *scanner) unit() {
	base := path.Base(s.f.Path)
	tty := strings.TrimSuffix(base, path.Ext(base))
	if drop := path.Base(path.Dir(s.f.Path)); strings.HasSuffix(drop, ".service.d") {
		tty = strings.TrimSuffix(drop, ".service.d")
	}
	if _, instance, ok := strings.Cut(tty, "@"); ok && instance != "" {
		tty = instance
	}
	terminal := ""
	if bytes.Contains(s.f.Data[:min(len(s.f.Data), maxBytes)], []byte("StandardInput=tty")) && strings.HasPrefix(s.f.Path, "/etc/") {
		terminal = tty // systemd's own units for rescue and debugging lie elsewhere
	}
	s.connected = bytes.Contains(s.f.Data[:min(len(s.f.Data), maxBytes)], []byte("StandardInput=socket"))
	if base == "debug-shell.service" { // a shell of root, for whoever enables it
		terminal = "tty9"
	}
	s.calls.Install = bytes.Contains(s.f.Data[:min(len(s.f.Data), maxBytes)], []byte("[Install]"))
	if strings.HasSuffix(base, ".timer") || strings.HasSuffix(base, ".path") || strings.HasSuffix(base, ".socket") {
		name := strings.TrimSuffix(base, path.Ext(base))
		s.calls.Units = append(s.calls.Units, name+".service", name+"@.service")
	}
	s.eachLine(func(line string, off int) {
		key, v, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok {
			return
		}
		switch key = strings.TrimSpace(key); key {
		case "ExecStart", "ExecStartPre", "ExecStartPost":
			if strings.TrimSpace(v) == "" {
				s.takeBack(key, off)
				return
			}
			s.setting = key
			s.exec(line, v, off, tty, terminal)
			s.setting = ""
		case "WantedBy", "RequiredBy", "UpheldBy":
			s.calls.WantedBy = append(s.calls.WantedBy, some(v)...)
		case "Also":
			s.calls.Also = append(s.calls.Also, some(v)...)
		case "ListenStream", "ListenDatagram":
			s.socket(line, strings.TrimSpace(v), off)
		case "Wants", "Requires", "BindsTo", "Upholds", "Requisite", "Unit", "Service", "Sockets":
			s.calls.Units = append(s.calls.Units, some(v)...)
		}
	})
}

// some are the names of a list, as far as they are kept.
func some(list string) []string {
	f := strings.Fields(list)
	return f[:min(len(f), 64)]
}

// exec reads what a unit runs: a terminal is given where it talks to one.
func (s *scanner) exec(line, v string, off int, tty, terminal string) {
	v = strings.TrimSpace(v)
	flags := v[:len(v)-len(strings.TrimLeft(v, "-@+!:"))]
	v = v[len(flags):]
	if words, rest := fields(v, 2); strings.Contains(flags, "@") && words[1] != "" {
		v = words[0] + " " + rest // "@program name arguments"
	}
	if s.connected && givesShell(v) {
		s.add(off, Start{Kind: Anonymous, Name: "shell", Program: strings.Fields(v)[0], Text: line, Listens: true, Login: No})
	}
	if program, _, _ := strings.Cut(v, " "); strings.HasSuffix(program, "getty") {
		terminal = tty
	}
	s.commands(v, off, line, terminal, true)
}

func (s *scanner) socket(line, v string, off int) {
	if strings.HasPrefix(v, "/") || strings.HasPrefix(v, "@") || strings.HasPrefix(v, "%") || strings.HasPrefix(v, "vsock") {
		return // a socket of the file system
	}
	st := Start{Kind: Service, Name: strings.TrimSuffix(path.Base(s.f.Path), ".socket"), Listens: true, Port: number(afterColon(v)), Text: line}
	if strings.Contains(v, ":") {
		st.Address = host(v)
	}
	if st.Port == 23 {
		st.Kind, st.Name = Telnet, "telnetd"
	}
	s.add(off, st)
}

// upstart reads "exec program arguments" and the lines of a script (init(5) of
// upstart). A job with "manual", or without an event, waits for somebody.
func (s *scanner) upstart() {
	inside := false
	s.eachLine(func(line string, off int) {
		words, rest := fields(line, 1)
		_, second := fields(line, 2)
		switch {
		case words[0] == "end" && strings.HasPrefix(rest, "script"):
			inside = false
		case inside:
			s.commands(line, off, line, "", true)
		case words[0] == "exec" && rest != "":
			s.commands(rest, off, line, "console", true)
		case (words[0] == "pre-start" || words[0] == "post-start") && strings.HasPrefix(rest, "exec ") && second != "":
			s.commands(second, off, line, "", true)
		case words[0] == "script", (words[0] == "pre-start" || words[0] == "post-start") && strings.HasPrefix(rest, "script"):
			inside = true
		}
	})
}

var supervisorOff = pattern.New(`(?im)^[ \t]*autostart[ \t]*=[ \t]*(?:false|no|0|off)\b`)

// supervisor reads "command=program arguments" of a program of supervisord.
func (s *scanner) supervisor(line string, off int) {
	if key, v, ok := strings.Cut(line, "="); ok && strings.TrimSpace(key) == "command" {
		rest := s.f.Data[off:min(len(s.f.Data), off+4096)]
		if end := bytes.Index(rest, []byte("\n[")); end >= 0 {
			rest = rest[:end+1]
		}
		if supervisorOff.Match(rest) {
			return // somebody has to start it
		}
		s.commands(strings.TrimSpace(v), off, line, "", true)
	}
}

var (
	openrcCommand = pattern.New(`(?m)^\s*command=["']?([^"'\s]+)`)
	openrcArgs    = pattern.New(`(?m)^\s*command_args=["']?([^"'\n]*)`)
)

// openrc reads what openrc-run(8) starts: command and command_args.
func (s *scanner) openrc() {
	data := s.f.Data[:min(len(s.f.Data), maxBytes)]
	m := openrcCommand.FindSubmatchIndex(data)
	if m == nil {
		return
	}
	text := string(data[m[2]:m[3]])
	if a := openrcArgs.FindSubmatch(data); a != nil {
		text += " " + string(a[1])
	}
	s.commands(text, m[2], text, "", true)
}

// androidInit reads services of Android's init (system/core/init/README.md):
// "service name program arguments", and options indented below.
func (s *scanner) androidInit() {
	type service struct {
		command, line     string
		off               int
		disabled, console bool
	}
	var all []*service
	byName := map[string]*service{}
	var cur *service
	boots := false // below a trigger that comes at each boot
	s.eachLine(func(line string, off int) {
		f := strings.Fields(line)
		switch {
		case f[0] == "service" && len(f) > 2:
			_, command := fields(line, 2)
			cur = &service{command: command, line: line, off: off}
			if len(all) < maxStarts {
				all, byName[f[1]] = append(all, cur), cur
			}
		case f[0] == "on" || f[0] == "import" || f[0] == "service":
			cur, boots = nil, f[0] == "on" && len(f) > 1 && atBoot(f[1])
		case cur == nil && boots && (f[0] == "start" || f[0] == "enable" || f[0] == "exec_start") && len(f) > 1:
			if sv := byName[f[1]]; sv != nil {
				sv.disabled = false
			}
		case cur != nil && f[0] == "disabled":
			cur.disabled = true
		case cur != nil && f[0] == "console":
			cur.console = true
		}
	})
	for _, sv := range all {
		if !sv.disabled {
			tty := ""
			if sv.console {
				tty = "console"
			}
			s.commands(sv.command, sv.off, sv.line, tty, true)
		}
	}
}

// atBoot says that a trigger of Android's init comes at each boot.
func atBoot(trigger string) bool {
	switch trigger {
	case "early-init", "init", "late-init", "early-fs", "fs", "post-fs", "late-fs", "post-fs-data", "early-boot", "boot", "nonencrypted", "zygote-start", "property:sys.boot_completed=1":
		return true
	}
	return false
}
