package system

import (
	"path"
	"regexp"
	"strings"

	"assay/internal/collect/firmware/inspect"
	sh "assay/internal/collect/firmware/inspect/shell"
)

// shell looks at the commands of a shell's script.
func (s *scanner) shell() {
	s.urls()
	var all [][]string
	var flash []sh.Command // commands that write an image
	for _, c := range s.f.Commands() {
		args := make([]string, len(c.Words))
		for i, w := range c.Words {
			args[i] = w.Text
		}
		var to []string
		for _, w := range c.To {
			to = append(to, w.Text)
		}
		all = append(all, args)
		s.client(args, c)
		s.cipher(args, c)
		s.injected(args, c)
		s.command(args, c)
		if writes(args, to) {
			flash = append(flash, c)
		}
		for _, a := range args {
			if strings.Contains(a, "://") {
				s.fetch(c)
				break
			}
		}
	}
	if len(flash) > 0 {
		s.update(flash[0].Off, "script", s.text(flash[0]))
	}
	s.judge(all, nil)
	if len(flash) == 0 || s.up.Signature == Checked {
		return
	}
	for _, c := range flash {
		s.add(c.Off, inspect.Weakness{Kind: UpdateUnsigned, Name: path.Base(c.Arg(0)), Text: s.text(c)})
	}
}

// text is a command as it stands in the script.
func (s *scanner) text(c sh.Command) string {
	return string(s.f.Data[c.Off:min(c.End, c.Off+maxText)])
}

// line is the line that a command stands in, and where it begins.
func (s *scanner) line(off int) (string, int) {
	line, start := s.f.LineAround(off)
	t := strings.TrimLeft(string(line), " \t")
	return t, start + len(line) - len(t)
}

// fetch looks at a command with an address.
func (s *scanner) fetch(c sh.Command) {
	switch path.Base(c.Arg(0)) {
	case "echo", "printf", "logger", "case":
		return
	}
	line, off := s.line(c.Off)
	s.fetched(line, off)
	s.cleartext(line, off)
}

// urls looks at the addresses that assignments hold.
func (s *scanner) urls() {
	s.eachLine(func(line, key, value string, off int) {
		if strings.Contains(value, "://") && strings.HasPrefix(line[len(key):], "=") {
			s.fetched(line, off)
			s.cleartext(line, off)
		}
	})
}

// client looks at clients that are told not to check the server.
func (s *scanner) client(args []string, c sh.Command) {
	name := path.Base(args[0])
	weak := func(text string) {
		s.add(c.Off, inspect.Weakness{Kind: TLSVerifyDisabled, Name: name, Text: text})
	}
	switch name {
	case "curl":
		for _, a := range args[1:] {
			if a == "--insecure" || a == "--proxy-insecure" || strings.HasPrefix(a, "-") && !strings.HasPrefix(a, "--") && curlFlags(a) {
				weak("curl " + a)
				return
			}
		}
	case "wget", "uclient-fetch", "aria2c":
		for _, a := range args[1:] {
			if a == "--no-check-certificate" || a == "--check-certificate=false" {
				weak(name + " " + a)
				return
			}
		}
	case "mosquitto_pub", "mosquitto_sub", "mosquitto_rr":
		for _, a := range args[1:] {
			if a == "--insecure" {
				weak(name + " " + a)
			}
		}
	case "git", "export":
		if joined := strings.Join(args, " "); strings.Contains(joined, "sslVerify=false") {
			weak(joined)
		}
	}
	for _, a := range args {
		if a == "GIT_SSL_NO_VERIFY=1" || a == "NODE_TLS_REJECT_UNAUTHORIZED=0" || a == "PYTHONHTTPSVERIFY=0" {
			weak(a)
		}
	}
}

// curlFlags says that -k is among short options: a letter that takes a value
// ends them (curl(1)).
func curlFlags(a string) bool {
	for _, c := range a[1:] {
		if c == 'k' {
			return true
		}
		if strings.ContainsRune("AbcCdDeEFhHKmoPQrtTuUwxXyYz", c) {
			return false
		}
	}
	return false
}

var weakAlgorithm = regexp.MustCompile(`(?i)^-?((?:aes|aria|camellia|sm4)-?\d*-ecb|des|des3|des-\S+|rc4(?:-\d+)?|rc2\S*|bf|bf-\S+)$`)

// cipher looks at openssl(1) with a cipher that keeps nothing secret, or a
// signature over MD5.
func (s *scanner) cipher(args []string, c sh.Command) {
	if path.Base(args[0]) != "openssl" || len(args) < 2 {
		return
	}
	for i, a := range args[1:] {
		m := weakAlgorithm.FindStringSubmatch(a)
		if m == nil || i > 0 && !strings.HasPrefix(a, "-") {
			continue
		}
		off := c.Words[i+1].Off
		if strings.HasPrefix(a, "-") {
			off++
		}
		line, _ := s.line(c.Off)
		s.add(off, inspect.Weakness{Kind: WeakCipher, Name: strings.ToLower(m[1]), Text: line})
		return
	}
	for i, a := range args {
		if (a == "-md5" || a == "-md4") && args[1] == "dgst" && strings.Contains(strings.Join(args, " "), "sign") {
			s.add(c.Words[i].Off, inspect.Weakness{Kind: WeakCipher, Name: a[1:], Text: s.text(c)})
		}
	}
}

// fromRequest are variables that hold what a client of a web server sent
// (RFC 3875; haserl's).
var fromRequest = regexp.MustCompile(`\$\{?(QUERY_STRING|REQUEST_URI|PATH_INFO|HTTP_\w+|FORM_\w+|POST_\w+|GET_\w+|COOKIE_\w+|REPLY)\b`)

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
	if again != "" && fromRequest.MatchString(again) {
		s.add(c.Off, inspect.Weakness{Kind: CommandInjection, Name: name, Text: s.text(c)})
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
			if strings.Contains(strings.Join(args, " "), "stop") || strings.Contains(" "+strings.Join(args, " ")+" ", " -K ") || strings.HasPrefix(args[0], "[") || args[0] == "test" || args[0] == "killall" {
				continue
			}
			line, _ := s.line(c.Off)
			s.dropbear(args[i+1:], line, c.Words[i].Off)
		case "ssh", "autossh":
			for _, o := range args[i+1:] {
				if o == "-R" || strings.HasPrefix(o, "-R") && strings.Contains(o, ":") {
					s.add(c.Words[i].Off, inspect.Weakness{Kind: ReverseTunnel, Name: path.Base(a), Text: s.text(c)})
					break
				}
			}
		case "frpc", "ngrok":
			if i == 0 {
				s.add(c.Words[i].Off, inspect.Weakness{Kind: ReverseTunnel, Name: path.Base(a), Text: s.text(c)})
			}
		case "setprop":
			if joined := strings.Join(args, " "); strings.Contains(joined, "adb.tcp.port") || strings.Contains(joined, "adb.enable 1") {
				s.add(c.Off, inspect.Weakness{Kind: ADBEnabled, Text: joined})
			}
		}
	}
}
