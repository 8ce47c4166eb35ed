package startup

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// Boot joins what the files of one tree start with the links between them: an
// init.d script runs where a link in rc3.d or its own name S50x says so, a unit
// where a folder multi-user.target.wants holds it, any other script where one
// that runs calls it. It is for one goroutine; the order of files is free.
type Boot struct {
	calls    map[string]Calls
	links    map[string]string // symbolic links
	programs map[string]string // executable files in the folders of PATH, by name
	units    map[string]bool   // systemd: names that a .wants or .requires folder holds
	rc       map[string]bool   // what S* links of rc folders point to
	reached  map[string]string // path: what starts it; "" of a root
}

// maxEntries bounds each map: a tree of a million names isn't kept.
const maxEntries = 200_000

// Entry tells of an entry of the tree: its type as package format has it.
func (b *Boot) Entry(p, typ string, mode uint32, target string) {
	if b.links == nil {
		b.links, b.programs, b.units, b.rc = map[string]string{}, map[string]string{}, map[string]bool{}, map[string]bool{}
	}
	dir, base := path.Dir(p), path.Base(p)
	if typ == "symlink" && len(b.links) < maxEntries {
		if !path.IsAbs(target) {
			target = path.Join(dir, target)
		}
		b.links[p] = path.Clean(target)
	}
	wanted := strings.HasSuffix(dir, ".wants") || strings.HasSuffix(dir, ".requires")
	switch {
	case wanted && len(b.units) < maxEntries:
		b.units[base] = true
	case strings.HasPrefix(base, "S") && rcFolder(dir) && len(b.rc) < maxEntries:
		b.rc[b.follow(p)] = true
	case typ == "file" && mode&0o111 != 0 && binFolder(dir) && len(b.programs) < maxEntries, typ == "symlink" && binFolder(dir):
		b.programs[base] = p
	}
}

// File takes what Scan returned of a file.
func (b *Boot) File(c *Calls) {
	if c == nil {
		return
	}
	if b.calls == nil {
		b.calls = map[string]Calls{}
	}
	if len(b.calls) < maxEntries {
		b.calls[c.Path] = *c
	}
}

// rcFolder says that links in dir name what a run level starts: /etc/rc3.d,
// /etc/rc.d (OpenWrt), /etc/rc.d/rc3.d, OpenRC's run levels.
func rcFolder(dir string) bool {
	base := path.Base(dir)
	return strings.HasPrefix(base, "rc") && strings.HasSuffix(base, ".d") || strings.Contains(dir, "/runlevels/")
}

func binFolder(dir string) bool {
	base := path.Base(dir)
	return base == "bin" || base == "sbin"
}

func (b *Boot) follow(p string) string {
	for range 8 {
		target, ok := b.links[p]
		if !ok {
			return p
		}
		p = target
	}
	return p
}

// Resolve sets Boot of starts.
func (b *Boot) Resolve(starts []Start) {
	b.walk()
	for i := range starts {
		s := &starts[i]
		if s.By == "program" {
			continue
		}
		s.Boot = b.state(s.Path)
		if s.By == "inetd" || s.By == "xinetd" {
			if _, ok := b.Reached("/" + s.By); !ok {
				s.Boot = Unknown // nothing seen that starts the server that reads this
			}
		}
	}
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

func (b *Boot) state(p string) string {
	if _, ok := b.reached[p]; ok {
		return Yes
	}
	c := b.calls[p]
	switch {
	case (c.By == "init.d" || c.By == "procd" || c.By == "openrc") && len(b.rc) > 0:
		return No
	case c.By == "systemd" && c.Install && len(b.units) > 0:
		return No
	}
	return Unknown
}

// root says that what reads the file runs at boot by itself, or when a device
// is plugged in.
func (b *Boot) root(c Calls) bool {
	base := path.Base(c.Path)
	switch c.By {
	case "inittab", "rc", "crontab", "cron", "upstart", "android-init", "runit", "s6", "udev", "mdev", "hotplug", "network", "u-boot", "bootargs", "inetd", "xinetd":
		return true
	case "init.d", "procd", "openrc":
		return b.rc[c.Path] || len(base) > 3 && base[0] == 'S' && base[1] >= '0' && base[1] <= '9' || strings.HasPrefix(base, "rc")
	case "systemd":
		unit := base
		if dir := path.Base(path.Dir(c.Path)); strings.HasSuffix(dir, ".d") {
			unit = strings.TrimSuffix(dir, ".d") // a drop-in belongs to its unit
		}
		if b.units[unit] || b.units[strings.TrimSuffix(unit, path.Ext(unit))+".socket"] {
			return true
		}
		for u := range b.units { // getty@ttyS0.service is made of getty@.service
			if name, _, ok := strings.Cut(u, "@"); ok && strings.HasPrefix(unit, name+"@.") {
				return true
			}
		}
	}
	return false
}

// walk finds all that is reached from what runs at boot.
func (b *Boot) walk() {
	if b.reached != nil {
		return
	}
	b.reached = map[string]string{}
	var queue []string
	for _, p := range slices.Sorted(maps.Keys(b.calls)) {
		if b.root(b.calls[p]) {
			b.reached[p] = ""
			queue = append(queue, p)
		}
	}
	for len(queue) > 0 {
		p := queue[0]
		queue = queue[1:]
		for _, called := range b.calls[p].Programs {
			at := called
			if !strings.HasPrefix(at, "/") {
				at = b.programs[called]
				if at == "" {
					b.mark(called, p) // a name that no folder of PATH holds
					continue
				}
			}
			b.mark(path.Base(called), p) // a server that a table is for
			if at = b.follow(at); b.mark(at, p) {
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
