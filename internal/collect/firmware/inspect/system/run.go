package system

import (
	"path"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	sh "assay/internal/collect/firmware/inspect/shell"
	"assay/internal/pattern"
)

// fetched is what a command takes from the network into a file.
type fetched struct {
	c    sh.Command
	file string
	url  string // empty: tftp and the like
	kind string // "tftp", "ftp"; empty: the URL tells
}

// fetcher says that a program fetches what an address names.
func fetcher(name string) bool {
	switch name {
	case "curl", "wget", "wget2", "uclient-fetch", "fetch", "aria2c", "axel", "lynx", "http", "tftp", "ftpget", "lftp", "ncftpget", "atftp", "rsync":
		return true
	}
	return false
}

// fetches reads where a program that fetches puts what it got; args are the
// program's, without what it is wrapped in.
func fetches(args, to []string) *fetched {
	if len(args) == 0 {
		return nil
	}
	name := path.Base(args[0])
	if !fetcher(name) {
		return nil
	}
	f := &fetched{}
	l := sh.Options(name, sh.Words(args[1:]))
	for _, a := range args[1:] {
		if strings.Contains(a, "://") {
			f.url = a
		}
	}
	switch name {
	case "curl":
		f.file = l.Value("-o", "--output")
	case "wget", "wget2", "uclient-fetch", "fetch", "axel":
		f.file = l.Value("-O", "--output-document", "-o")
		if name == "wget" {
			f.file = l.Value("-O", "--output-document")
		}
	case "aria2c":
		f.file = l.Value("-o", "--out")
	case "rsync":
		n := len(l.Rest)
		if n < 2 || !strings.HasPrefix(l.Rest[0].Text, "rsync://") && !strings.Contains(l.Rest[0].Text, "::") {
			return nil // over SSH, or here
		}
		f.kind, f.url, f.file = "rsync", "", l.Rest[n-1].Text
		if strings.HasSuffix(f.file, "/") || f.file == "." {
			f.file = path.Join(f.file, path.Base(l.Rest[0].Text))
		}
	case "tftp", "atftp":
		if !l.Has("-g", "--get") && !slices.Contains(args, "get") {
			return nil
		}
		f.kind, f.file = "tftp", l.Value("-l", "--local-file")
		if f.file == "" {
			f.file = l.Value("-r", "--remote-file")
		}
	case "ftpget", "ncftpget":
		f.kind, f.file = "ftp", args[len(args)-1]
		if len(args) > 3 && !strings.HasPrefix(args[len(args)-2], "-") {
			f.file = args[len(args)-2]
		}
	}
	if f.file == "" && len(to) > 0 {
		f.file = to[0]
	}
	if f.file == "" && f.url != "" {
		f.file = path.Base(f.url)
	}
	return f
}

var (
	// What a substitution brings is run: eval "$(curl …)", sh -c "$(wget …)",
	// . <(curl …).
	substituted = pattern.New(`(?:\beval\s+["']?|\b(?:ba|da|a|z|k)?sh\s+(?:-\w*c\s+["']?)?|(?:^|[;&|]\s*)(?:\.|source)\s+)(?:\$\(|\x60|<\()\s*(?:curl|wget|uclient-fetch)\b`)
	// What writes the memory of another chip.
	flashes     = pattern.New(`^(?:flash[-_]\w[\w-]*|\w[\w-]*[-_]flash(?:er)?|esptool(?:\.py)?|avrdude|openocd|stm32flash|dfu-util|bossac|nrfjprog|nrfutil|lpc21isp|mcumgr|universal-silabs-flasher|cc2538-bsl(?:\.py)?|qdl)$`)
	interpreter = pattern.New(`^(?:(?:ba|da|a|z|k|mk)?sh|python[\d.]*|perl|lua[\d.]*|node|php|ruby)$`)
)

// pipes looks at a command of a pipeline that fetches, and whether another one
// runs what it gets.
func (s *scanner) pipes(all []sh.Command, i int) {
	c := all[i]
	if !fetcher(programName(c)) {
		return
	}
	line, start := s.line(c.Off)
	runs := ""
	for _, next := range all[i+1:] {
		if next.Pipe == c.Pipe && runsInput(next) {
			runs = programName(next)
			break
		}
		if next.Off > c.Off+maxLine {
			break
		}
	}
	if m := substituted.FindStringIndex(line); runs == "" && m != nil && start+m[1] <= c.End {
		runs = "sh"
	}
	if runs == "" {
		return
	}
	s.add(c.Off, inspect.Weakness{Kind: UpdateUnsigned, Name: runs, Text: line})
	s.clear(c, "")
}

// programName is the name of what a command runs, without what it is wrapped in.
func programName(c sh.Command) string {
	if words := sh.Program(c.Words); len(words) > 0 {
		return path.Base(words[0].Text)
	}
	return ""
}

// runsInput says that a command runs what it reads: a shell without a script of
// its own.
func runsInput(c sh.Command) bool {
	words := sh.Program(c.Words)
	if len(words) == 0 || !interpreter.MatchString(path.Base(words[0].Text)) {
		return false
	}
	for _, w := range words[1:] {
		if w.Text == "-s" || w.Text == "-" || w.Text == "--" || w.Text == "/dev/stdin" {
			return true
		}
		if !strings.HasPrefix(w.Text, "-") || w.Text == "-c" || w.Text == "-m" {
			return false
		}
	}
	return true
}

// clear notes that code comes in clear.
func (s *scanner) clear(c sh.Command, kind string) {
	for _, w := range c.Words {
		if m := anyURL.FindStringSubmatch(w.Text); m != nil && !strings.EqualFold(m[1], "https") && !localURL.MatchString(w.Text) {
			kind = strings.ToLower(m[1])
		}
	}
	if name := path.Base(c.Arg(0)); kind == "" && (name == "tftp" || name == "ftpget") {
		kind = strings.TrimSuffix(name, "get")
	}
	if kind != "" {
		line, start := s.line(c.Off)
		s.add(start, inspect.Weakness{Kind: UpdateOverHTTP, Name: kind, Text: line})
	}
}

// mostFetches bounds the files of a script that are looked for in its commands.
const mostFetches = 64

// ran looks for files that were fetched and are then run or unpacked over the
// system. What is only stored is data.
func (s *scanner) ran(fetch []fetched, commands []sh.Command) {
	for i, f := range fetch {
		if i == mostFetches {
			commands = nil // a script of so many is none; what each is by itself is still said
		}
		if f.url == "" && f.kind != "" && (imageURL.MatchString(f.file) || s.up != nil) {
			s.clear(f.c, f.kind)
		}
		if f.file == "" || f.file == "-" || f.file == "/dev/null" {
			continue
		}
		if systemFolder(f.file) { // no more is needed
			s.add(f.c.Off, inspect.Weakness{Kind: UpdateUnsigned, Name: path.Base(f.file), Text: s.text(f.c)})
			s.clear(f.c, f.kind)
			continue
		}
		for _, c := range commands {
			if c.Off <= f.c.Off || !uses(c, f.file) {
				continue
			}
			s.add(c.Off, inspect.Weakness{Kind: UpdateUnsigned, Name: programName(c), Text: s.text(c)})
			if !imageURL.MatchString(f.url) { // images are looked for everywhere
				s.clear(f.c, f.kind)
			}
			break
		}
	}
}

// systemFolder says that a file lies where programs and what starts them lie.
func systemFolder(p string) bool {
	dir := path.Dir(p)
	base := path.Base(dir)
	return strings.HasPrefix(p, "/") && (base == "bin" || base == "sbin" || base == "init.d" || base == "lib" && !strings.HasPrefix(p, "/var/") || base == "cgi-bin" || base == "rc.d" || base == "cron.d")
}

// uses says that a command runs a file, or installs what is in it.
func uses(c sh.Command, file string) bool {
	base := path.Base(file)
	same := func(w string) bool {
		return w == file || strings.TrimPrefix(w, "./") == base || path.Base(w) == base && strings.Contains(w, "/") && (strings.HasPrefix(file, "/") || !strings.Contains(file, "/"))
	}
	words := sh.Program(c.Words)
	if len(words) == 0 || len(base) < 2 || strings.HasPrefix(base, "$") && base == file {
		return false
	}
	if same(words[0].Text) && strings.Contains(words[0].Text, "/") {
		return true
	}
	has := func(list ...string) bool {
		return slices.ContainsFunc(words, func(w sh.Word) bool { return slices.Contains(list, w.Text) })
	}
	if !slices.ContainsFunc(words[1:], func(w sh.Word) bool { return same(w.Text) }) {
		return false
	}
	name := path.Base(words[0].Text)
	switch name {
	case ".", "source", "insmod", "dpkg", "rpm", "sysupgrade":
		return true
	case "opkg", "ipkg", "apk", "pip", "pip3", "npm":
		return has("install", "add")
	case "tar", "unzip", "cpio":
		return has("/", "/usr", "/opt", "/usr/", "/opt/", "/bin", "/sbin", "/lib", "/etc", "/app", "/usr/app", "/root")
	}
	return interpreter.MatchString(name) && same(words[1].Text) || flashes.MatchString(name)
}
