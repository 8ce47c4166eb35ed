package system

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	sh "assay/internal/collect/firmware/inspect/shell"
)

// fromRequest are variables that hold what a client of a web server sent
// (RFC 3875; haserl's).
var fromRequest = regexp.MustCompile(`\$\{?(QUERY_STRING|REQUEST_URI|PATH_INFO|HTTP_\w+|FORM_\w+|POST_\w+|GET_\w+|COOKIE_\w+|REPLY)\b`)

// anyVariable is a variable that the script itself doesn't set.
var anyVariable = regexp.MustCompile(`\$\{?[a-z_]\w*`)

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
	from := fromRequest.MatchString(again) || slices.ContainsFunc(s.heard, func(v string) bool { return strings.Contains(again, "$"+v) || strings.Contains(again, "${"+v) })
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
	if c.Arg(0) != "read" || len(c.Words) < 2 || len(s.heard) >= 16 {
		return
	}
	for _, other := range all[max(0, i-8):i] {
		if other.Pipe != c.Pipe {
			continue
		}
		switch path.Base(other.Arg(0)) {
		case "mosquitto_sub", "nc", "ncat", "netcat", "socat", "curl", "wget", "telnet", "redis-cli", "mqtt":
			for _, w := range c.Words[1:] {
				if !strings.HasPrefix(w.Text, "-") {
					s.heard = append(s.heard, w.Text)
				}
			}
		}
	}
}

var passwordInQuery = regexp.MustCompile(`QUERY_STRING[^\n]*\b(?:pass|passwd|password|pwd)=|\b(?:pass|passwd|password|pwd)=[^\n]*QUERY_STRING`)

// queried looks for pages that take a password out of the address.
func (s *scanner) queried() {
	if m := passwordInQuery.FindIndex(s.f.Data[:min(len(s.f.Data), maxConfig)]); m != nil && !s.f.Comment(m[0]) {
		line, _ := s.line(m[0])
		s.add(m[0], inspect.Weakness{Kind: LoginOverGet, Text: line})
	}
}

// reverse looks at a shell that is given to whoever answers.
func (s *scanner) reverse(all []sh.Command, i int, args, to []string) {
	c := all[i]
	name := path.Base(args[0])
	if name == "busybox" && len(args) > 1 {
		args, name = args[1:], path.Base(args[1])
	}
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
		waits := slices.ContainsFunc(args[1:], func(a string) bool {
			return a == "--listen" || len(a) < 6 && strings.HasPrefix(a, "-") && strings.Contains(a, "l")
		})
		for j, a := range args[:len(args)-1] {
			if j > 0 && !waits && (a == "-e" || a == "-c" || a == "--exec" || a == "--sh-exec") && interpreter.MatchString(path.Base(strings.Fields(args[j+1] + " x")[0])) {
				give(ReverseTunnel)
				return
			}
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
func (s *scanner) command(args []string, c sh.Command) {
	for i, a := range args { // behind wrappers: start-stop-daemon -x dropbear -- -R
		if i > 0 && (i > 8 || !strings.Contains(a, "/") && args[i-1] != "busybox") {
			continue
		}
		switch path.Base(a) {
		case "upnpc":
			if rest := " " + strings.Join(args[i+1:], " ") + " "; strings.Contains(rest, " -a ") || strings.Contains(rest, " -r ") {
				s.add(c.Words[i].Off, inspect.Weakness{Kind: PortForward, Text: s.text(c)})
			}
		case "dropbear":
			if bytes.Contains(s.f.Data[:min(len(s.f.Data), 128)], []byte("rc.common")) && bytes.Contains(s.f.Data, []byte("config_")) {
				continue // OpenWrt's script gives it the options that /etc/config/dropbear asks for
			}
			if strings.Contains(strings.Join(args, " "), "stop") || strings.Contains(" "+strings.Join(args, " ")+" ", " -K ") || strings.HasPrefix(args[0], "[") || args[0] == "test" || args[0] == "killall" {
				continue
			}
			line, _ := s.line(c.Off)
			s.dropbear(args[i+1:], line, c.Words[i].Off)
		case "ssh", "autossh", "dbclient":
			for _, o := range args[i+1:] {
				if o == "-R" || strings.HasPrefix(o, "-R") && strings.Contains(o, ":") {
					s.add(c.Words[i].Off, inspect.Weakness{Kind: ReverseTunnel, Name: path.Base(a), Text: s.text(c)})
					break
				}
			}
		case "frpc", "ngrok", "chisel", "bore", "cloudflared":
			if i == 0 {
				s.add(c.Words[i].Off, inspect.Weakness{Kind: ReverseTunnel, Name: path.Base(a), Text: s.text(c)})
			}
		case "sshd":
			s.serverOptions(args[i+1:], c.Words[i].Off, c)
		case "daemonsu", "magiskd": // gives any app the rights of root that it asks for
			s.add(c.Words[i].Off, inspect.Weakness{Kind: DebugBuild, Name: path.Base(a), Text: s.text(c)})
		case "ftpput", "ncftpput", "ftpget", "ncftpget":
			if slices.Contains(args[i+1:], "-p") && i <= 1 {
				s.add(c.Words[i].Off, inspect.Weakness{Kind: CleartextTransport, Name: "ftp", Text: path.Base(a)})
			}
		case "mini_snmpd", "snmpd":
			for j, o := range args[i+1:] {
				if rest := args[i+1+j+1:]; (o == "-c" || o == "--community") && path.Base(a) == "mini_snmpd" && len(rest) > 0 && (rest[0] == "public" || rest[0] == "private") {
					s.add(c.Words[i].Off, inspect.Weakness{Kind: SNMPCommunity, Name: rest[0], Text: s.text(c)})
				}
			}
		}
	}
}

// serverOptions reads the settings that sshd(8) is given with -o.
func (s *scanner) serverOptions(args []string, off int, c sh.Command) {
	for i, a := range args {
		v, ok := strings.CutPrefix(a, "-o")
		if ok && v == "" && i+1 < len(args) {
			v = args[i+1]
		}
		key, value, _ := strings.Cut(strings.Replace(v, " ", "=", 1), "=")
		switch key = strings.ToLower(key); {
		case !ok:
		case key == "permitrootlogin" && yes(value):
			s.add(off, inspect.Weakness{Kind: SSHRootPassword, Name: "sshd", Text: s.text(c)})
		case key == "permitemptypasswords" && yes(value):
			s.add(off, inspect.Weakness{Kind: SSHEmptyPassword, Name: "sshd", Text: s.text(c)})
		}
	}
}
