package startup

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// Boot joins what the files of an image start with the links between them: an
// init.d script runs where a link in rc3.d or its own name S50x says so, a unit
// where a folder multi-user.target.wants holds it, any other script where one
// that runs calls it. Paths are those that people read: what stands before ":/"
// names the tree, and links and calls stay in theirs, but what isn't there is
// looked for in the others, which are mounted somewhere. It is for one
// goroutine; the order of files is free.
type Boot struct {
	calls    map[string]Calls
	links    map[string]string   // symbolic links
	programs map[string]string   // executable files in the folders of PATH, by tree and name
	rc       map[string]bool     // what links of rc folders, run levels and service folders point to
	names    map[string][]string // paths in calls, by their last name
	globbed  map[string]bool     // folders of which a script that runs starts what fits a pattern
	modes    map[string]bool     // scripts of start folders: whether they may be run
	down     map[string]bool     // folders of services that are not started: a file "down" stands in them
	tested   map[string]bool     // folders of which a script starts only what may be run
	units    units
	reached  map[string]string // path: what starts it; "" of a root
}

// maxEntries bounds each map: a tree of a million names isn't kept.
const maxEntries = 200_000

// Seen says that something tells what is started: a table or a script of an init
// system. A program without an operating system has none.
func (b *Boot) Seen() bool {
	for _, c := range b.calls {
		switch c.By {
		case "inittab", "rc", "init.d", "procd", "openrc", "systemd", "upstart", "android-init", "runit", "s6":
			return true
		}
	}
	return len(b.rc) > 0 || len(b.units.wanted) > 0
}

// tree splits a path: what names its tree, and the path in it.
func tree(p string) (prefix, in string) {
	i := strings.LastIndex(p, ":/")
	return p[:i+1], p[i+1:]
}

// Entry tells of an entry of a tree: its type as package format has it.
func (b *Boot) Entry(p, typ string, mode uint32, target string) {
	if b.links == nil {
		b.links, b.programs, b.rc = map[string]string{}, map[string]string{}, map[string]bool{}
	}
	prefix, in := tree(p)
	dir, base := path.Dir(in), path.Base(in)
	if in == "/etc/machine-id" {
		b.units.known = true
	}
	if typ == "file" && base == "down" && len(b.down) < maxEntries { // s6-supervise(8), runsv(8)
		if b.down == nil {
			b.down = map[string]bool{}
		}
		b.down[prefix+dir] = true
	}
	if typ == "symlink" && len(b.links) < maxEntries {
		if !path.IsAbs(target) {
			target = path.Join(dir, target)
		}
		b.links[p] = prefix + path.Clean(target)
	}
	if typ == "file" && (strings.HasSuffix(dir, "/init.d") || rcFolder(dir)) {
		if b.modes == nil {
			b.modes, b.tested = map[string]bool{}, map[string]bool{}
		}
		if runs := mode&0o111 != 0; len(b.modes) < maxEntries {
			b.modes[p] = runs
			b.modes[prefix+dir] = b.modes[prefix+dir] || runs
		}
	}
	if typ != "dir" && DropIn(p) {
		b.units.drops.entry(p)
	}
	switch {
	case strings.HasSuffix(dir, ".wants") || strings.HasSuffix(dir, ".requires") || strings.Contains(dir, "/systemd/"):
		b.units.entry(dir, base, typ, b.links[p])
	case strings.HasPrefix(base, "S") && rcFolder(dir) || strings.Contains(dir, "/runlevels/") && !strings.HasSuffix(dir, "/shutdown") || typ == "symlink" && serviceFolder(dir):
		if len(b.rc) < maxEntries {
			b.rc[p] = true
		}
	case typ == "file" && mode&0o111 != 0 && binFolder(dir) && len(b.programs) < maxEntries, typ == "symlink" && binFolder(dir):
		b.programs[prefix+base] = p
	}
}

// File takes what Scan returned of a file.
func (b *Boot) File(c *Calls) {
	if c == nil {
		return
	}
	if b.calls == nil {
		b.calls, b.names = map[string]Calls{}, map[string][]string{}
	}
	if _, ok := b.calls[c.Path]; ok || len(b.calls) >= maxEntries {
		return
	}
	b.calls[c.Path] = *c
	base := path.Base(c.Path)
	b.names[base] = append(b.names[base], c.Path)
}

// rcFolder says that names in dir say what a run level starts: /etc/rc3.d,
// /etc/rc.d (OpenWrt), /etc/rc.d/rc3.d.
func rcFolder(dir string) bool {
	base := path.Base(dir)
	return strings.HasPrefix(base, "rc") && strings.HasSuffix(base, ".d")
}

// serviceFolder says that runit, s6 or daemontools runs what stands in dir.
func serviceFolder(dir string) bool {
	switch dir {
	case "/service", "/etc/service", "/var/service", "/run/service", "/etc/s6/service", "/etc/s6-overlay/services":
		return true
	}
	return strings.Contains(dir, "/runsvdir/")
}

func binFolder(dir string) bool {
	base := path.Base(dir)
	return base == "bin" || base == "sbin"
}

// follow resolves links, also those of folders on the way.
func (b *Boot) follow(p string) string {
	for range 8 {
		next := b.step(p)
		if next == p {
			return p
		}
		p = next
	}
	return p
}

func (b *Boot) step(p string) string {
	if target, ok := b.links[p]; ok {
		return target
	}
	prefix, in := tree(p)
	for i := 1; i < len(in); i++ {
		if in[i] != '/' {
			continue
		}
		if target, ok := b.links[prefix+in[:i]]; ok {
			return target + in[i:]
		}
	}
	return p
}

// Resolve sets Boot of starts, and returns those that remain: what is weak only
// where it happens, and isn't started, is a service or process as any other.
func (b *Boot) Resolve(starts []Start) []Start {
	b.walk()
	out := starts[:0]
	for _, s := range starts {
		if s.By != "program" {
			s.Boot = b.state(s.Path)
		}
		if s.By == "systemd" && b.units.drops.gone(s, b.calls[s.Path]) {
			s.Boot = No
		}
		if s.By == "inetd" || s.By == "xinetd" {
			if _, ok := b.Reached("/" + s.By); !ok {
				s.Boot = Unknown // nothing seen that starts the server that reads this
			}
		}
		if s.By == "options" {
			s.Boot = b.server(s.Path)
		}
		if s.Kind == SerialShell && s.Boot == Unknown && strings.HasSuffix(s.Path, "/debug-shell.service") {
			s.Kind = Process // every system has it, few start it
		}
		if s.Boot == No {
			switch s.Kind {
			case Anonymous, DebugTool, ADB, Cleartext:
				continue // its service is in the list
			case Telnet:
				s.Kind = Service
			case SerialShell, Autorun:
				s.Kind = Process
			}
		}
		out = append(out, s)
	}
	return append(out, b.implied()...)
}

// server says whether what a file of options is for is started: by a script or a
// unit of its name.
func (b *Boot) server(p string) string {
	prefix, in := tree(p)
	for _, name := range []string{path.Base(in), server(in)} {
		for _, script := range []string{prefix + "/etc/init.d/" + name, prefix + "/lib/systemd/system/" + name + ".service", prefix + "/usr/lib/systemd/system/" + name + ".service", prefix + "/etc/systemd/system/" + name + ".service"} {
			if _, ok := b.calls[script]; ok {
				return b.state(script)
			}
		}
	}
	return Unknown
}

// Reached says what starts the file at p at boot: the path of a script, a table
// or a unit.
func (b *Boot) Reached(p string) (by string, ok bool) {
	b.walk()
	if by, ok = b.reached[b.follow(p)]; !ok {
		if by, ok = b.reached[p]; !ok && path.Dir(p) == "/" {
			by, ok = b.reached[path.Base(p)]
		}
	}
	return by, ok
}

// Off says that what stands in the file at p isn't done: nothing starts it, and
// what starts its like is there.
func (b *Boot) Off(p string) bool {
	b.walk()
	return b.state(p) == No
}

// asleep says that what starts the scripts of a folder leaves this one out: it
// isn't executable, which others are. Where none is, modes aren't kept.
func (b *Boot) asleep(p string) bool {
	dir := path.Dir(p)
	runs, ok := b.modes[p]
	return ok && !runs && b.modes[dir] && b.tested[dir]
}

func (b *Boot) state(p string) string {
	if by := b.calls[p].By; b.down[path.Dir(p)] && (by == "s6" || by == "runit") {
		return No
	}
	if b.asleep(p) || b.units.drops.dead[p] {
		return No
	}
	if _, ok := b.reached[p]; ok {
		return Yes
	}
	c := b.calls[p]
	switch {
	case (c.By == "init.d" || c.By == "procd" || c.By == "openrc" || c.By == "runit") && (len(b.rc) > 0 || b.globbed[path.Dir(p)]):
		return No
	case c.By == "systemd" && b.units.off(c):
		return No
	}
	return Unknown
}

// root says that what reads the file runs at boot by itself, or when a device
// is plugged in.
func (b *Boot) root(c Calls) bool {
	_, in := tree(c.Path)
	base := path.Base(in)
	switch c.By {
	case "s6":
		return !b.down[path.Dir(c.Path)]
	case "inittab", "rc", "crontab", "cron", "upstart", "android-init", "udev", "mdev", "hotplug", "network", "u-boot", "bootargs", "inetd", "xinetd", "supervisor":
		return true
	case "init.d", "procd", "openrc":
		return !b.asleep(c.Path) && (b.rc[c.Path] || len(base) > 3 && base[0] == 'S' && base[1] >= '0' && base[1] <= '9' || strings.HasPrefix(base, "rc"))
	case "runit":
		dir := path.Dir(in)
		return b.rc[path.Dir(c.Path)] || serviceFolder(path.Dir(dir)) || strings.HasPrefix(dir, "/etc/runit") && base[0] >= '0' && base[0] <= '9'
	}
	return false
}

// walk finds all that is reached from what runs at boot.
func (b *Boot) walk() {
	if b.reached != nil {
		return
	}
	b.reached, b.globbed = map[string]string{}, map[string]bool{}
	for p := range maps.Clone(b.rc) {
		b.rc[b.follow(p)] = true
	}
	for p, c := range b.calls {
		prefix, _ := tree(p)
		for _, dir := range c.Tested {
			if b.tested != nil {
				b.tested[prefix+dir] = true
			}
		}
	}
	var queue []string
	tables := false // an init that reads tables
	for _, p := range slices.Sorted(maps.Keys(b.calls)) {
		c := b.calls[p]
		tables = tables || c.By == "inittab" || c.By == "systemd" || c.By == "android-init"
		if b.root(c) {
			b.reached[p] = ""
			queue = append(queue, p)
		}
	}
	if !tables { // busybox' init has a log-in shell wait on the console
		if c := b.calls["/etc/profile"]; c.By == "profile" {
			b.reached[c.Path] = ""
			queue = append(queue, c.Path)
		}
	}
	for _, p := range b.units.roots(b.calls) {
		if b.mark(p, "") {
			queue = append(queue, p)
		}
	}
	for len(queue) > 0 {
		p := queue[0]
		queue = queue[1:]
		for _, called := range b.units.drops.programs(b.calls[p]) {
			for _, at := range b.find(p, called) {
				if b.mark(at, p) {
					queue = append(queue, at)
				}
			}
		}
		for _, at := range b.units.brought(b.calls[p].Units) {
			if b.mark(at, p) {
				queue = append(queue, at)
			}
		}
	}
}

func (b *Boot) mark(p, by string) bool {
	if _, ok := b.reached[p]; ok {
		return false
	}
	b.reached[p] = by
	return true
}

// find returns the paths that the file at p means by called.
func (b *Boot) find(p, called string) []string {
	prefix, _ := tree(p)
	switch {
	case strings.HasPrefix(called, "*/"):
		if at := b.only(path.Base(called), called[1:]); at != "" {
			return []string{at}
		}
		return nil
	case strings.ContainsAny(called, "*?[{"):
		return b.match(prefix, called)
	case !strings.HasPrefix(called, "/"):
		at := b.programs[prefix+called]
		if at == "" {
			b.mark(called, p) // a name that no folder of PATH holds
			return nil
		}
		b.mark(path.Base(called), p)
		return []string{b.follow(at)}
	}
	b.mark(path.Base(called), p) // a server that a table is for
	at := b.follow(prefix + called)
	if _, ok := b.calls[at]; ok {
		return []string{at}
	}
	// In a tree that is mounted: what stands there as /run.sh is /mnt/app/run.sh.
	for rest := called; rest != ""; {
		if found := b.only(path.Base(called), rest); found != "" {
			return []string{at, found}
		}
		i := strings.IndexByte(rest[1:], '/')
		if i < 0 {
			break
		}
		rest = rest[1+i:]
	}
	return []string{at}
}

// only is the one path in another tree, or below a folder of any name, that ends
// as rest; empty where there are none or several.
func (b *Boot) only(base, rest string) string {
	found := ""
	for _, p := range b.names[base] {
		if _, in := tree(p); in == rest || strings.HasSuffix(p, rest) && rest == "/"+base {
			if found != "" {
				return ""
			}
			found = p
		}
	}
	return found
}

// maxMatches bounds what a pattern brings.
const maxMatches = 512

// match returns the paths of a tree that a shell's pattern means.
func (b *Boot) match(prefix, pattern string) []string {
	var out []string
	for _, one := range braces(pattern) {
		dir, last := path.Split(one)
		if strings.ContainsAny(dir, "*?[") {
			continue
		}
		dir = path.Clean(dir)
		for p, target := range b.links {
			if path.Dir(p) == prefix+dir {
				if ok, err := path.Match(last, path.Base(p)); ok && err == nil && len(out) < maxMatches {
					out = append(out, b.follow(target))
				}
			}
		}
		dir = b.follow(prefix + dir)
		b.globbed[dir] = true
		for p := range b.calls {
			if path.Dir(p) == dir && !b.asleep(p) {
				if ok, err := path.Match(last, path.Base(p)); ok && err == nil && len(out) < maxMatches {
					out = append(out, p)
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

// braces expands the one brace that a loop's variable gives.
func braces(s string) []string {
	before, rest, ok := strings.Cut(s, "{")
	if !ok {
		return []string{s}
	}
	inner, after, ok := strings.Cut(rest, "}")
	if !ok {
		return []string{s}
	}
	var out []string
	for w := range strings.SplitSeq(inner, ",") {
		out = append(out, before+w+after)
	}
	return out[:min(len(out), 16)]
}
