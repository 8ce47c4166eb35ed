package system

import (
	"path"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	sh "assay/internal/collect/firmware/inspect/shell"
	"assay/internal/pattern"
)

// shell looks at commands: of a script, or of a table.
func (s *scanner) shell(commands []sh.Command) {
	s.urls()
	s.queried()
	s.cgi(commands)
	s.walls(commands)
	var all [][]string
	var flash []sh.Command // commands that write an image
	var cards []sh.Command // commands that install what a card or stick holds
	var fetch []fetched    // what they fetch
	careless := -1         // a check of a signature whose result nobody looks at
	for i, c := range commands {
		args, to := texts(c.Words), texts(c.To)
		if !s.ignored(c) {
			all = append(all, args)
		} else if careless < 0 && checksSignature(args) {
			careless = i
		}
		s.client(args, c)
		s.sends(c)
		s.cipher(args, c)
		s.hears(commands, i)
		s.injected(args, c)
		s.command(c)
		s.rights(args, c)
		s.daemon(args, c)
		s.settings(args, to, c)
		s.stores(args, c)
		s.pipes(commands, i)
		run := texts(sh.Program(c.Words))
		s.reverse(commands, i, run, to)
		if f := fetches(run, to); f != nil {
			f.c = c
			fetch = append(fetch, *f)
		}
		s.temporary(commands, i)
		if s.fromCard(args, c) {
			cards = append(cards, c)
		}
		if writes(args, to) {
			flash = append(flash, c)
		}
		if slices.ContainsFunc(args, func(a string) bool { return strings.Contains(a, "://") }) {
			s.fetch(c)
		}
	}
	if len(flash) > 0 {
		s.update(flash[0].Off, "script", s.text(flash[0]))
	}
	s.bootHooks(commands)
	unpacked := carried(commands, fetch)
	s.renewed(fetch, len(flash) > 0)
	if s.up == nil && len(fetch) == 0 && len(cards)+len(unpacked) == 0 {
		return
	}
	defer func() {
		if careless >= 0 && !slices.ContainsFunc(s.rep.Weaknesses, func(w inspect.Weakness) bool { return w.Kind == UpdateUnsigned }) {
			c := commands[careless]
			line, _ := s.line(c.Off)
			s.add(c.Off, inspect.Weakness{Kind: UpdateUnsigned, Name: path.Base(c.Arg(0)), Text: line})
		}
	}()
	if !s.judge(all, nil) {
		for _, c := range cards {
			s.add(c.Off, inspect.Weakness{Kind: UpdateUnsigned, Name: path.Base(c.Arg(0)), Text: s.text(c)})
		}
		for _, c := range flash {
			s.add(c.Off, inspect.Weakness{Kind: UpdateUnsigned, Name: path.Base(c.Arg(0)), Text: s.text(c)})
		}
		s.ran(fetch, commands)
		s.unchecked(unpacked)
	}
}

// renewing are names of scripts that renew the firmware.
var renewing = pattern.New(`(?i)(?:^|[^a-z])(?:fw|firmware|ota|fota|sysupgrade|upgrade)(?:[^a-z]|$)|(?:auto|fw|firmware|sys|online)_?-?up(?:d|date|grade)`)

// renewed looks at what a script that writes an image, or that is named for it,
// fetches in clear: also a list of versions says what is taken next.
func (s *scanner) renewed(fetch []fetched, flashes bool) {
	if !flashes && !renewing.MatchString(path.Base(s.f.Path)) || slices.ContainsFunc(s.rep.Weaknesses, func(w inspect.Weakness) bool { return w.Kind == UpdateOverHTTP }) {
		return
	}
	for _, f := range fetch {
		if m := plainHTTP.FindStringSubmatch(f.url); m != nil && elsewhere(m[1]) && !dynamic.MatchString(f.url) && !sending.MatchString(s.text(f.c)) {
			s.clear(f.c, "http")
			return
		}
	}
}

// anyway says that a script goes on whatever a command has found.
var anyway = pattern.New(`\|\|\s*(?:true|:|/bin/true|echo\b[^;|&{}]*|logger\b[^;|&{}]*)\s*$`)

// ignored says that a check is one whose result nobody looks at.
func (s *scanner) ignored(c sh.Command) bool {
	line, _ := s.line(c.Off)
	return strings.Contains(line, "||") && anyway.MatchString(line)
}

// checksSignature says that a command looks at a signature.
func checksSignature(args []string) bool {
	switch path.Base(args[0]) {
	case "openssl":
		return slices.Contains(args, "-verify") || slices.Contains(args, "-prverify")
	case "gpg", "gpg2":
		return slices.Contains(args, "--verify")
	case "gpgv", "usign", "signify", "minisign", "cosign", "ucert":
		return true
	}
	return false
}

// fromCard says that a command installs what a memory card or stick holds.
func (s *scanner) fromCard(args []string, c sh.Command) bool {
	name := path.Base(args[0])
	l := sh.Options(name, c.Words[1:])
	brought := slices.ContainsFunc(args[1:], func(a string) bool { return strings.HasPrefix(a, "/") && onCard(a) })
	switch name {
	case "tar", "unzip", "cpio":
		return brought && slices.ContainsFunc(args[1:], func(a string) bool {
			return a == "/" || a == "-C/" || a == "-d/" || strings.HasPrefix(a, "/") && !onCard(a) && systemFolder(path.Join(a, "x"))
		})
	case "dpkg", "opkg", "ipkg", "rpm", "insmod":
		return brought
	case "cp", "mv", "install":
		n := len(l.Rest)
		if n < 2 || onCard(l.Rest[n-1].Text) || !onCard(l.Rest[0].Text) {
			return false
		}
		to := l.Rest[n-1].Text
		return systemFolder(to) || systemFolder(path.Join(to, "x"))
	}
	return false
}

// onCard says that a path lies on something that can be put in.
func onCard(p string) bool {
	return open(p) && !strings.HasPrefix(p, "/tmp") && !strings.HasPrefix(p, "/var/tmp") && !strings.HasPrefix(p, "/dev/shm") && strings.HasPrefix(p, "/")
}

// temporary looks for a script in a folder where everybody may write, which is
// run where it is there: nothing in the file writes it.
func (s *scanner) temporary(commands []sh.Command, i int) {
	c := commands[i]
	program := c.Arg(0)
	if interpreter.MatchString(path.Base(program)) || program == "." || program == "source" {
		program = c.Arg(1)
	}
	if !strings.HasPrefix(program, "/tmp/") && !strings.HasPrefix(program, "/var/tmp/") && !strings.HasPrefix(program, "/dev/shm/") || strings.ContainsAny(program, "$`*?") {
		return
	}
	asked := false
	for _, other := range commands {
		switch path.Base(other.Arg(0)) {
		case "[", "test", "[[":
			asked = asked || slices.ContainsFunc(other.Words, func(w sh.Word) bool { return w.Text == program })
			continue
		case "rm", "chmod", "sh", "ash", "bash", ".", "source", "echo":
			if len(other.To) == 0 {
				continue
			}
		}
		if slices.ContainsFunc(other.To, func(w sh.Word) bool { return w.Text == program }) || other.Off != c.Off && slices.ContainsFunc(other.Words[1:], func(w sh.Word) bool {
			return w.Text == program || w.Text == path.Dir(program) || strings.HasSuffix(w.Text, path.Base(program))
		}) {
			return
		}
	}
	if asked || scheduled(s.f.Path) {
		s.add(c.Off, inspect.Weakness{Kind: PathWritable, Name: path.Base(program), Text: s.text(c)})
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

// managed is the address of a server that manages devices (TR-069), in clear.
var managed = pattern.New(`(?i)(?:\b(?:acs|cwmp\w*|tr-?069\w*)\b[^|;&]*\shttp://|\bhttp://[\w.-]+:7547\b)`)

// fetch looks at a command with an address.
func (s *scanner) fetch(c sh.Command) {
	switch path.Base(c.Arg(0)) {
	case "echo", "printf", "logger", "case":
		return
	}
	line, off := s.line(c.Off)
	if managed.MatchString(line) {
		s.add(c.Off, inspect.Weakness{Kind: CleartextTransport, Name: "tr069", Text: s.text(c)})
	}
	s.fetched(line, off)
	s.cleartext(line, off)
}

// urls looks at the addresses that assignments hold.
func (s *scanner) urls() {
	s.eachLine(func(line, key, value string, off int) {
		s.variables(line, key, value, off)
		if strings.Contains(value, "://") && strings.HasPrefix(line[len(key):], "=") {
			s.fetched(line, off)
			s.cleartext(line, off)
		}
	})
}

// client looks at clients that are told not to check the server, or to speak
// what is broken.
func (s *scanner) client(args []string, c sh.Command) {
	name := path.Base(args[0])
	if words := sh.Program(c.Words); len(words) > 0 && len(words) < len(c.Words) { // sshpass -p x ssh …
		name, args, c.Words = path.Base(words[0].Text), texts(words), words
	}
	switch name {
	case "echo", "printf", "logger", "grep", "case":
		return
	case "rsync", "git", "lftp", "sshfs", "ansible":
		for i, a := range args[1:] {
			if carelessHost.MatchString(a) {
				s.add(c.Words[i+1].Off, inspect.Weakness{Kind: WeakSSH, Name: "StrictHostKeyChecking", Text: s.text(c)})
				return
			}
		}
	case "curl":
		if o, ok := sh.Options(name, c.Words[1:]).Find("-k"); ok {
			s.add(c.Off, inspect.Weakness{Kind: TLSVerifyDisabled, Name: name, Text: "curl " + args[o.At+1]})
			return
		}
	case "ssh", "scp", "sftp", "autossh", "dbclient":
		for i, a := range args[1:] {
			if carelessOption.MatchString(a) || name == "dbclient" && (a == "-y" || a == "-yy") {
				s.add(c.Words[i+1].Off, inspect.Weakness{Kind: WeakSSH, Name: "StrictHostKeyChecking", Text: s.text(c)})
				return
			}
		}
	case "npm", "yarn":
		if strings.Contains(strings.Join(args, " "), "strict-ssl false") {
			s.add(c.Off, inspect.Weakness{Kind: TLSVerifyDisabled, Name: name, Text: s.text(c)})
		}
	}
	for i, a := range args {
		next := ""
		if i+1 < len(args) {
			next = args[i+1]
		}
		switch {
		case blind(name, a, next):
			text := name + " " + a
			if i == 0 {
				text = a
			}
			s.add(c.Off, inspect.Weakness{Kind: TLSVerifyDisabled, Name: name, Text: text})
			return
		case outdated(name, a, next):
			s.add(c.Off, inspect.Weakness{Kind: WeakTLS, Name: strings.TrimLeft(a, "-"), Text: s.text(c)})
			return
		case unsigned[a] && i > 0:
			s.add(c.Off, inspect.Weakness{Kind: UpdateUnsigned, Name: name, Text: s.text(c)})
			return
		}
	}
}

var (
	// Options of ssh(1) that take the key of any host, as a word of their own and
	// in the text of a command.
	carelessOption = pattern.New(`(?i)^(?:-o)?\s*StrictHostKeyChecking\s*[= ]\s*(?:no|off)$`)
	carelessHost   = pattern.New(`(?i)\bStrictHostKeyChecking\s*[= ]\s*(?:no|off)\b|\bdbclient\s(?:[^"';|&]*\s)?-yy?\s`)
)

// unsigned are options of package managers that take what nobody signed.
var unsigned = map[string]bool{"--force-signature": true, "--allow-unauthenticated": true, "--allow-untrusted": true, "--nogpgcheck": true, "--no-gpg-checks": true, "--nosignature": true, "--no-check-sig": true, "--skip-verify-signature": true, "--force-yes": true, "--force-bad-verify": true, "APT::Get::AllowUnauthenticated=true": true, "Acquire::AllowInsecureRepositories=true": true}

// blind says that an option, or a variable, has a client not look at
// certificates.
func blind(program, a, next string) bool {
	switch strings.ToLower(a) {
	case "--insecure", "--proxy-insecure", "--no-check-certificate", "--no-check-certificates", "--check-certificate=false", "--check-certificate=no", "--no-verify-ssl", "--no-ssl-verify", "--ssl-no-verify", "--insecure-skip-tls-verify", "--tls-insecure", "--skip-tls-verify",
		"--disable-cert-check", "--accept-invalid-certs", "--verify=no", "--verify=false", "--no-verify-peer", "--tls-no-verify", "--ignore-certificate-errors", "--skipverify", "acquire::https::verify-peer=false", "-oacquire::https::verify-peer=false":
		return true
	case "git_ssl_no_verify=1", "git_ssl_no_verify=true", "node_tls_reject_unauthorized=0", "pythonhttpsverify=0", "http.sslverify=false", "curl_insecure=1":
		return true
	case "-verify", "-tls_verify":
		return next == "0" && (program == "openssl" || strings.HasPrefix(program, "ff"))
	case "http.sslverify":
		return next == "false" || next == "0"
	case "--trusted-host":
		return program == "pip" || program == "pip3"
	}
	low := strings.ToLower(a)
	return program == "socat" && strings.Contains(low, "openssl:") && strings.Contains(low, "verify=0") || program == "lftp" && strings.Contains(low, "verify-certificate no")
}

// outdated says that an option asks for a version of TLS that is broken.
func outdated(program, a, next string) bool {
	switch a {
	case "--tlsv1.0", "--tlsv1.1", "--sslv2", "--sslv3":
		return program == "curl" && next != "--tlsv1.2"
	case "--tls-max":
		return next == "1.0" || next == "1.1"
	case "-ssl2", "-ssl3", "-tls1", "-tls1_1":
		return program == "openssl"
	}
	return program == "wget" && (a == "--secure-protocol=SSLv2" || a == "--secure-protocol=SSLv3" || a == "--secure-protocol=TLSv1" || a == "--secure-protocol=TLSv1_1")
}
