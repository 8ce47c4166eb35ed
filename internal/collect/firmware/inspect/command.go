package inspect

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect/shell"
	"assay/internal/pattern"
)

// Commands are what a file has run: all commands of a script of a Bourne shell,
// and those of the tables that init systems, cron and device managers read; nil
// of other files. It is split once.
func (f *File) Commands() []shell.Command {
	if !f.split {
		f.split = true
		switch {
		case f.Kind != Text:
		case f.Sourced() && f.haserl():
			f.commands = shell.Commands(blocks(f.Data))
		case f.Sourced():
			f.commands = shell.Commands(f.Data)
		default:
			f.commands = f.tabled()
		}
	}
	return f.commands
}

// Sourced says that a shell reads the file: a script, or one of the files that
// need neither a first line nor an extension.
func (f *File) Sourced() bool {
	switch {
	case f.Kind != Text:
		return false
	case f.Role == Script:
		return f.Shell()
	case f.Role != Config:
		return false
	}
	dir, base := path.Split(f.Path)
	switch base {
	case "profile", ".profile", ".bashrc", ".bash_profile", ".ashrc", ".shrc", ".bash_login", "bash.bashrc", "rcS", "rcK", "rc", "rc.local", "rc.sysinit", "rc.init", "linuxrc", "preinit":
		return true
	}
	folder := path.Base(dir)
	if folder == "profile.d" || strings.HasPrefix(folder, "rc") && strings.HasSuffix(folder, ".d") || strings.HasPrefix(folder, "if-") || folder == "hotplug.d" || folder == "dhcpcd-hooks" {
		return true
	}
	// Without a first line the kernel doesn't run a text, and a shell does.
	return f.Mode&0o111 != 0 && path.Ext(base) == "" && (folder == "bin" || folder == "sbin" || folder == "libexec" || slices.Contains([]string{"run", "start", "startup", "boot", "autorun", "launch"}, base))
}

// maxTable is how much of a table is read.
const maxTable = 1 << 20

// table is how a line names a command: the first group.
type table struct {
	when func(p string) bool
	line *pattern.Pattern
}

func under(parts ...string) func(string) bool {
	return func(p string) bool {
		return slices.ContainsFunc(parts, func(s string) bool { return strings.Contains(p, s) })
	}
}

func called(names ...string) func(string) bool {
	return func(p string) bool { return slices.Contains(names, path.Base(p)) }
}

var (
	finit = pattern.New(`^\s*(?:service|task|run|sysv)\s+(?:(?:\[[^\]]*\]|<[^>]*>|@\S+|[a-z]+:\S*)\s+)*(/.*?)(?:\s+--\s.*)?$`)
	monit = pattern.New(`^.*?\b(?:(?:start|restart)\s+program\s*=?|exec)\s*"([^"]+)"`)
)

// tables: anacrontab(5), finit.conf(5), dinit-service(5), monit(1), acpid(8),
// incrontab(5), inittab(5), systemd.service(5), crontab(5), udev(7), inetd.conf(5),
// busybox' mdev.conf, interfaces(5), Android's init language, upstart, supervisord.
var tables = []table{
	{called("inittab"), pattern.New(`^[^:]*:[^:]*:[^:]*:-?(.+)`)},
	{func(p string) bool { return strings.Contains(p, "/systemd/") && !strings.HasSuffix(p, ".target") }, pattern.New(`^\s*Exec\w+\s*=\s*[-@+!:]*(.+)`)},
	{called("anacrontab"), pattern.New(`^\s*(?:\d+|@\w+)\s+\d+\s+\S+\s+(.+)`)},
	{called("finit.conf"), finit},
	{under("/finit.d/"), finit},
	{under("/dinit.d/"), pattern.New(`^\s*(?:command|stop-command)\s*=\s*(.+)`)},
	{called("monitrc"), monit},
	{under("/monit/", "/monit.d/"), monit},
	{under("/acpi/events/"), pattern.New(`^\s*action\s*=\s*(.+)`)},
	{under("/incron.d/", "/spool/incron/"), pattern.New(`^\s*/\S+\s+(?:IN_|\d)\S*\s+(.+)`)},
	{called("crontab"), pattern.New(`^\s*(?:@\w+|(?:\S+\s+){5})\s*(?:[\w-]+\s+)?(.+)`)},
	{under("/cron.d/"), pattern.New(`^\s*(?:@\w+\s+|(?:[\d*][\d*/,-]*\s+){5})(?:[\w-]+\s+)?(.+)`)},
	{under("/crontabs/", "/spool/cron/"), pattern.New(`^\s*(?:@\w+\s+|(?:[\d*][\d*/,-]*\s+){5})(.+)`)},
	{under("/udev/rules.d/"), pattern.New(`\b(?:RUN|PROGRAM)(?:\{\w+\})?\s*\+?=+\s*"([^"]*)"`)},
	{called("mdev.conf"), pattern.New(`[@$*]\(?(/[^)]*)`)},
	{called("inetd.conf"), pattern.New(`^\s*\S+\s+(?:stream|dgram)\S*\s+\S+\s+\S+\s+\S+\s+(/.+)`)},
	{under("/network/interfaces"), pattern.New(`^\s*(?:pre-|post-)?(?:up|down)\s+(.+)`)},
	{func(p string) bool { return path.Ext(p) == ".rc" }, pattern.New(`^\s*(?:service\s+\S+\s+(/.+)|exec(?:_background)?\s+.*?--\s+(.+)|((?:setprop|chmod|mount|write)\s.+))`)},
	{func(p string) bool { return strings.Contains(p, "/etc/init/") && path.Ext(p) == ".conf" }, pattern.New(`^\s*exec\s+(.+)`)},
	{under("/supervisor", "/supervisord"), pattern.New(`^\s*command\s*=\s*(.+)`)},
}

// tabled reads the commands of a table, a line each.
func (f *File) tabled() []shell.Command {
	if f.Role != Config && f.Role != Script || f.Kind != Text {
		return nil
	}
	i := slices.IndexFunc(tables, func(t table) bool { return t.when(f.Path) })
	if i < 0 {
		return nil
	}
	var out []shell.Command
	off := 0
	for line := range bytes.Lines(f.Data[:min(len(f.Data), maxTable)]) {
		start := off
		off += len(line)
		if t := bytes.TrimLeft(line, " \t"); len(t) == 0 || t[0] == '#' || t[0] == ';' || len(line) > window {
			continue
		}
		for _, m := range tables[i].line.FindAllSubmatchIndex(bytes.TrimRight(line, "\r\n"), 4) {
			for g := 2; g < len(m); g += 2 {
				if m[g] >= 0 {
					out = append(out, moved(shell.Commands(line[m[g]:m[g+1]]), start+m[g], len(out))...)
				}
			}
		}
		if len(out) > maxCommands {
			break
		}
	}
	return out
}

// maxCommands bounds the commands of a table.
const maxCommands = 20_000

// moved puts the commands of a line at their places in the file.
func moved(cs []shell.Command, by, pipe int) []shell.Command {
	for i := range cs {
		c := &cs[i]
		c.Off, c.End, c.Pipe = c.Off+by, c.End+by, c.Pipe+pipe*window
		for _, words := range [][]shell.Word{c.Words, c.To, c.From} {
			for j := range words {
				words[j].Off += by
			}
		}
	}
	return cs
}
