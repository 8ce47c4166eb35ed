package startup

import (
	"bytes"
	"path"
	"regexp"
	"strings"
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
	s.calls.Install = bytes.Contains(s.f.Data[:min(len(s.f.Data), maxBytes)], []byte("[Install]"))
	s.eachLine(func(line string, off int) {
		key, v, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok {
			return
		}
		switch key {
		case "ExecStart", "ExecStartPre", "ExecStartPost":
			args := strings.Fields(strings.TrimLeft(v, "-@+!: "))
			if strings.HasPrefix(strings.TrimLeft(v, "-+!: "), "@") && len(args) > 1 {
				args = append(args[:1:1], args[2:]...) // "@program name arguments"
			}
			for i, a := range args {
				args[i] = strings.Trim(a, `"'`)
			}
			name := terminal
			if len(args) > 1 && asked(path.Base(args[0]), args[1]) {
				return
			}
			if len(args) > 0 && strings.HasSuffix(path.Base(args[0]), "getty") {
				name = tty
			}
			if name == "" && len(args) > 2 && shell(path.Base(args[0])) && args[1] == "-c" {
				args = args[2:]
			}
			s.command(args, off, line, name, true)
		case "ListenStream", "ListenDatagram":
			s.socket(line, v, off)
		}
	})
}

func (s *scanner) socket(line, v string, off int) {
	if strings.HasPrefix(v, "/") || strings.HasPrefix(v, "@") || strings.HasPrefix(v, "%") || strings.HasPrefix(v, "vsock") {
		return // a socket of the file system
	}
	st := Start{Kind: Service, Name: strings.TrimSuffix(path.Base(s.f.Path), ".socket"), Listens: true, Port: number(afterColon(v)), Text: line}
	if st.Port == 23 {
		st.Kind, st.Name = Telnet, "telnetd"
	}
	s.add(off, st)
}

// upstart reads "exec program arguments" (init(5) of upstart).
func (s *scanner) upstart(line string, off int) {
	f := strings.Fields(line)
	if len(f) > 1 && f[0] == "exec" {
		s.command(f[1:], off, line, "console", true)
	}
}

var (
	openrcCommand = regexp.MustCompile(`(?m)^\s*command=["']?([^"'\s]+)`)
	openrcArgs    = regexp.MustCompile(`(?m)^\s*command_args=["']?([^"'\n]*)`)
)

// openrc reads what openrc-run(8) starts: command and command_args.
func (s *scanner) openrc() {
	data := s.f.Data[:min(len(s.f.Data), maxBytes)]
	m := openrcCommand.FindSubmatchIndex(data)
	if m == nil {
		return
	}
	args := []string{string(data[m[2]:m[3]])}
	if a := openrcArgs.FindSubmatch(data); a != nil {
		args = append(args, strings.Fields(string(a[1]))...)
	}
	s.command(args, m[2], strings.Join(args, " "), "", true)
}

// androidInit reads services of Android's init (system/core/init/README.md):
// "service name program arguments", and options indented below.
func (s *scanner) androidInit() {
	type pending struct {
		args     []string
		line     string
		off      int
		disabled bool
		console  bool
	}
	var cur *pending
	flush := func() {
		if cur != nil && len(cur.args) > 2 && !cur.disabled {
			tty := ""
			if cur.console {
				tty = "console"
			}
			s.command(cur.args[2:], cur.off, cur.line, tty, true)
		}
		cur = nil
	}
	s.eachLine(func(line string, off int) {
		f := strings.Fields(line)
		switch {
		case f[0] == "service":
			flush()
			cur = &pending{args: f, line: line, off: off}
		case f[0] == "on" || f[0] == "import":
			flush()
		case cur != nil && f[0] == "disabled":
			cur.disabled = true
		case cur != nil && f[0] == "console":
			cur.console = true
		}
	})
	flush()
}
