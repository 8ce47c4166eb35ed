package system

import (
	"path"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	sh "assay/internal/collect/firmware/inspect/shell"
)

// scheduled says that cron reads a table and runs its commands as root.
func scheduled(p string) bool {
	return path.Base(p) == "crontab" || strings.Contains(p, "/cron.d/") || strings.HasSuffix(p, "/crontabs/root") || strings.HasSuffix(p, "/spool/cron/root")
}

// boots says that a script runs as root when the device starts.
func boots(p string) bool {
	base := path.Base(p)
	return base == "init" || base == "linuxrc" || base == "preinit" || base == "rcS" || base == "rc.local" || strings.Contains(p, "/init.d/") || strings.Contains(p, "/rc.d/") || strings.Contains(p, "/preinit/")
}

// kept says that a path lies on a partition that keeps what is written to it: its
// contents outlive an update, and no signature of the system covers them.
func kept(p string) bool {
	for _, d := range []string{"/data/", "/userdata/", "/config/", "/configs/", "/param/", "/params/", "/persist/", "/persistent/", "/jffs/", "/jffs2/", "/overlay/", "/mnt/data/", "/mnt/config/", "/mnt/mtd/", "/mnt/jffs2/", "/mnt/flash/", "/mnt/userdata/", "/media/data/", "/nvram/", "/nvdata/", "/user/", "/usrdata/", "/mnt/user/", "/cfg/"} {
		if strings.HasPrefix(p, d) {
			return true
		}
	}
	return false
}

// bootHooks looks for a script of a partition that keeps what is written, which
// is run at boot where it is there, and which nothing in the file writes.
func (s *scanner) bootHooks(commands []sh.Command) {
	if !boots(s.f.Path) {
		return
	}
	for _, c := range commands {
		program := c.Arg(0)
		if interpreter.MatchString(path.Base(program)) || program == "." || program == "source" {
			program = c.Arg(1)
		}
		if !kept(program) || strings.ContainsAny(program, "$`*?{") {
			continue
		}
		asked := false
		written := slices.ContainsFunc(commands, func(o sh.Command) bool {
			names := func(w sh.Word) bool { return w.Text == program }
			switch path.Base(o.Arg(0)) {
			case "[", "test", "[[":
				asked = asked || slices.ContainsFunc(o.Words, names)
				return false
			case "cp", "mv", "ln", "install", "tee":
				return slices.ContainsFunc(o.Words[1:], func(w sh.Word) bool { return w.Text == program || w.Text == path.Dir(program) })
			}
			return slices.ContainsFunc(o.To, names)
		})
		if asked && !written {
			s.add(c.Off, inspect.Weakness{Kind: PathWritable, Name: path.Base(program), Text: s.text(c)})
		}
	}
}
