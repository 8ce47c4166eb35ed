package system

import (
	"path"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	sh "assay/internal/collect/firmware/inspect/shell"
)

// maxCarried bounds the paths that are followed.
const maxCarried = 64

// carried finds what a script runs, or installs, out of an archive that lay on a
// card or came over the network: the commands that do so. from are the files
// that it fetches.
func carried(commands []sh.Command, from []fetched) []sh.Command {
	var moved, unpacked []string // files as they came; folders and files that were made of them
	var out []sh.Command
	cwd := ""
	abs := func(p string) string {
		if cwd != "" && p != "" && p[0] != '/' && p[0] != '$' && p[0] != '-' {
			return path.Join(cwd, p)
		}
		return path.Clean(p)
	}
	within := func(p string, list []string) bool {
		p = abs(p)
		return slices.ContainsFunc(list, func(b string) bool { return p == b || len(b) > 1 && strings.HasPrefix(p, b+"/") })
	}
	for _, c := range commands {
		words := sh.Program(c.Words)
		if len(words) == 0 {
			continue
		}
		name := path.Base(words[0].Text)
		if name == "cd" || name == "chdir" || name == "pushd" {
			if cwd = ""; len(words) > 1 && strings.HasPrefix(words[1].Text, "/") {
				cwd = path.Clean(words[1].Text)
			}
			continue
		}
		for _, f := range from {
			if f.c.Off == c.Off && f.file != "" && f.file != "-" && len(moved) < maxCarried {
				moved = append(moved, abs(f.file))
			}
		}
		script := words[0].Text
		if (interpreter.MatchString(name) || name == "." || name == "source" || name == "insmod") && len(words) > 1 {
			script = words[1].Text
		}
		if strings.Contains(script, "/") || script != words[0].Text {
			if within(script, unpacked) {
				out = append(out, c)
				continue
			}
		}
		if len(moved)+len(unpacked) >= maxCarried {
			continue
		}
		came := slices.ContainsFunc(words[1:], func(w sh.Word) bool { return onCard(w.Text) || within(w.Text, moved) || within(w.Text, unpacked) }) ||
			slices.ContainsFunc(c.From, func(w sh.Word) bool { return onCard(w.Text) || within(w.Text, moved) || within(w.Text, unpacked) })
		if !came {
			continue
		}
		switch to := target(name, words, c); {
		case to == "":
		case archivers[name] && covers(to):
			if !slices.ContainsFunc(words[1:], func(w sh.Word) bool { return onCard(w.Text) }) { // which fromCard tells
				out = append(out, c)
			}
		case archivers[name]:
			unpacked = append(unpacked, abs(to))
		case !onCard(to):
			moved = append(moved, abs(to))
		}
	}
	return out
}

// archivers are programs that take an archive apart.
var archivers = map[string]bool{"tar": true, "unzip": true, "cpio": true, "7z": true, "7za": true, "7zr": true, "bsdtar": true, "unsquashfs": true, "unrar": true}

// covers says that what is unpacked into a folder lies over the system.
func covers(to string) bool {
	switch to {
	case "/", "/usr", "/opt", "/etc", "/app", "/usr/app", "/root", "/bin", "/sbin", "/lib":
		return true
	}
	return systemFolder(path.Join(to, "x"))
}

// target is where a command puts what it makes of its input; empty: nowhere that
// it says.
func target(name string, words []sh.Word, c sh.Command) string {
	next := func(options ...string) string {
		for i, w := range words {
			for _, o := range options {
				if w.Text == o && i+1 < len(words) {
					return words[i+1].Text
				}
				if len(w.Text) > len(o) && len(o) == 2 && strings.HasPrefix(w.Text, o) && strings.HasPrefix(w.Text[2:], "/") || strings.HasPrefix(o, "--") && strings.HasPrefix(w.Text, o+"=") {
					return strings.TrimPrefix(strings.TrimPrefix(w.Text, o), "=")
				}
			}
		}
		if len(c.To) > 0 && !strings.HasPrefix(c.To[0].Text, "/dev/") {
			return c.To[0].Text
		}
		return ""
	}
	switch name {
	case "openssl":
		return next("-out")
	case "gpg", "gpg2":
		return next("-o", "--output")
	case "unzip", "unsquashfs":
		return next("-d", "-dest")
	case "tar", "bsdtar":
		return next("-C", "--directory", "--one-top-level")
	case "7z", "7za", "7zr":
		return next("-o")
	case "cpio":
		return next("-D", "--directory")
	case "cp", "mv":
		if n := len(words); n > 2 {
			return words[n-1].Text
		}
	case "dd":
		for _, w := range words {
			if v, ok := strings.CutPrefix(w.Text, "of="); ok && !strings.HasPrefix(v, "/dev/") {
				return v
			}
		}
	case "gunzip", "zcat", "gzip", "xz", "xzcat", "bunzip2", "bzcat", "base64", "cat", "lzma", "unlzma", "tail", "head", "des", "ccrypt", "aespipe", "decrypt":
		return next("-o")
	}
	return ""
}

// unchecked adds what carried finds.
func (s *scanner) unchecked(found []sh.Command) {
	for _, c := range found {
		if line, _ := s.line(c.Off); line != "" {
			s.add(c.Off, inspect.Weakness{Kind: UpdateUnsigned, Name: programName(c), Text: s.text(c)})
		}
	}
}
