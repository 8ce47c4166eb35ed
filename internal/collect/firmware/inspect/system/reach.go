package system

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	sh "assay/internal/collect/firmware/inspect/shell"
	"assay/internal/pattern"
)

// fromRequest are variables that hold what a client of a web server sent
// (RFC 3875; haserl's).
var fromRequest = pattern.New(`\$\{?(QUERY_STRING|REQUEST_URI|PATH_INFO|HTTP_\w+|FORM_\w+|POST_\w+|GET_\w+|COOKIE_\w+)\b`)

// anyVariable is a variable that the script itself doesn't set.
var anyVariable = pattern.New(`\$\{?[a-z_]\w*`)

// injected looks at words that a shell reads a second time.
func (s *scanner) injected(args []string, c sh.Command) {
	name := path.Base(args[0])
	again := ""
	switch {
	case name == "eval":
		again = strings.Join(args[1:], " ")
	case (name == "sh" || name == "ash" || name == "bash" || name == "su") && len(args) > 2 && (args[1] == "-c" || name == "su"):
		again = strings.Join(args[2:], " ")
	case strings.HasPrefix(args[0], "$"):
		again = args[0]
	}
	if again == "" {
		return
	}
	from := fromRequest.MatchString(again) || holdsAny(again, s.heard) && !narrows.MatchString(again)
	// Behind eval "$QUERY_STRING" every variable may be the request's.
	if from || s.evaluated && name != "eval" && anyVariable.MatchString(again) {
		s.add(c.Off, inspect.Weakness{Kind: CommandInjection, Name: name, Text: s.text(c)})
	}
	s.evaluated = s.evaluated || from && name == "eval"
}

// hears notes the variables that are read from the network: mosquitto_sub … |
// while read c; do.
func (s *scanner) hears(all []sh.Command, i int) {
	c := all[i]
	if c.Arg(0) != "read" || len(s.heard) >= 16 {
		return
	}
	for _, other := range all[max(0, i-8):i] {
		if other.Pipe != c.Pipe {
			continue
		}
		switch path.Base(other.Arg(0)) {
		case "mosquitto_sub", "nc", "ncat", "netcat", "socat", "curl", "wget", "telnet", "redis-cli", "mqtt":
			if len(c.Words) == 1 {
				s.heard = append(s.heard, "REPLY")
			}
			for _, w := range c.Words[1:] {
				if !strings.HasPrefix(w.Text, "-") {
					s.heard = append(s.heard, w.Text)
				}
			}
		}
	}
}

var passwordInQuery = pattern.New(`QUERY_STRING[^\n]*\b(?:pass|passwd|password|pwd)=|\b(?:pass|passwd|password|pwd)=[^\n]*QUERY_STRING`)

// queried looks for pages that take a password out of the address.
func (s *scanner) queried() {
	if m := passwordInQuery.FindIndex(s.f.Data[:min(len(s.f.Data), maxConfig)]); m != nil && !s.f.Comment(m[0]) {
		line, _ := s.line(m[0])
		s.add(m[0], inspect.Weakness{Kind: LoginOverGet, Text: line})
	}
}

// reverse looks at a shell that is given to whoever answers.
func (s *scanner) reverse(all []sh.Command, i int, args, to []string) {
	if len(args) == 0 {
		return
	}
	c := all[i]
	name := path.Base(args[0])
	give := func(kind string) {
		line, _ := s.line(c.Off)
		s.add(c.Off, inspect.Weakness{Kind: kind, Name: name, Text: line})
	}
	switch {
	case interpreter.MatchString(name):
		if slices.ContainsFunc(to, func(t string) bool { return strings.HasPrefix(t, "/dev/tcp/") }) {
			give(ReverseTunnel)
		}
	case name == "nc" || name == "ncat" || name == "netcat" || name == "telnet":
		l := sh.Options(name, sh.Words(args[1:]))
		waits := l.Has("-l", "--listen")
		if program := strings.Fields(l.Value("-e", "-c", "--exec", "--sh-exec")); !waits && len(program) > 0 && interpreter.MatchString(path.Base(program[0])) {
			give(ReverseTunnel)
			return
		}
		for _, other := range all[max(0, i-8):min(len(all), i+8)] {
			if other.Pipe == c.Pipe && (runsInput(other) || other.Arg(1) == "-i" && interpreter.MatchString(path.Base(other.Arg(0)))) {
				if waits {
					give(Anonymous)
				} else {
					give(ReverseTunnel)
				}
				return
			}
		}
	case name == "socat":
		joined := strings.ToUpper(strings.Join(args[1:], " "))
		if !strings.Contains(joined, "LISTEN") && (strings.Contains(joined, "TCP") || strings.Contains(joined, "OPENSSL")) && strings.Contains(joined, "EXEC:") && strings.Contains(joined, "SH") {
			give(ReverseTunnel)
		}
	}
}

// command looks at commands that let somebody in.
func (s *scanner) command(c sh.Command) {
	words := sh.Program(c.Words)
	if len(words) == 0 {
		return
	}
	if words[0].Text == "procd_set_param" && len(words) > 2 {
		words = words[2:]
	}
	name := path.Base(words[0].Text)
	rest := words[1:]
	weak := func(kind, name, text string) {
		s.add(words[0].Off, inspect.Weakness{Kind: kind, Name: name, Text: text})
	}
	l := sh.Options(name, rest)
	switch name {
	case "upnpc":
		if l.Has("-a", "-r") {
			weak(PortForward, "", s.text(c))
		}
	case "dropbear":
		if bytes.Contains(s.f.Data[:min(len(s.f.Data), 128)], []byte("rc.common")) && bytes.Contains(s.f.Data, []byte("config_")) {
			return // OpenWrt's script gives it the options that /etc/config/dropbear asks for
		}
		line, _ := s.line(c.Off)
		s.dropbear(l, line, words[0].Off)
	case "ssh", "autossh", "dbclient":
		if l.Value("-R") != "" {
			weak(ReverseTunnel, name, s.text(c))
		}
	case "frpc", "ngrok", "chisel", "bore", "cloudflared":
		weak(ReverseTunnel, name, s.text(c))
	case "sshd":
		s.serverOptions(l, words[0].Off, c)
	case "daemonsu", "magiskd": // gives any app the rights of root that it asks for
		weak(DebugBuild, name, s.text(c))
	case "ftpput", "ncftpput", "ftpget", "ncftpget":
		if l.Has("-p", "--password") {
			weak(CleartextTransport, "ftp", name)
		}
	case "mini_snmpd":
		if v := l.Value("-c", "--community"); v == "public" || v == "private" {
			weak(SNMPCommunity, v, s.text(c))
		}
	}
}

// serverOptions reads the settings that sshd(8) is given with -o.
func (s *scanner) serverOptions(l sh.Line, off int, c sh.Command) {
	for _, o := range l.Options {
		if o.Name != "-o" {
			continue
		}
		key, value, _ := strings.Cut(strings.Replace(o.Value.Text, " ", "=", 1), "=")
		switch key = strings.ToLower(key); {
		case key == "permitrootlogin" && yes(value):
			s.add(off, inspect.Weakness{Kind: SSHRootPassword, Name: "sshd", Text: s.text(c)})
		case key == "permitemptypasswords" && yes(value):
			s.add(off, inspect.Weakness{Kind: SSHEmptyPassword, Name: "sshd", Text: s.text(c)})
		}
	}
}
