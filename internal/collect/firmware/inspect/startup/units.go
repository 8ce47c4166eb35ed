package startup

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// units is what folders of systemd say of its units: which others want them, and
// which are masked. Names are of all trees: an image has one systemd.
type units struct {
	wants  map[string][]string // by the unit that wants
	wanted map[string]bool
	masked map[string]bool
	files  map[string][]string // by name: the paths that describe a unit; filled by roots
	drops  dropIns
	known  bool     // the device has an identity, so that no boot is its first
	preset []string // units that presets enable; filled by roots
}

// entry notes an entry of a folder of systemd.
func (u *units) entry(dir, base, typ, target string) {
	if u.wants == nil {
		u.wants, u.wanted, u.masked = map[string][]string{}, map[string]bool{}, map[string]bool{}
	}
	if len(u.wanted)+len(u.masked) >= maxEntries {
		return
	}
	owner := path.Base(dir)
	for _, suffix := range []string{".wants", ".requires"} {
		if name, ok := strings.CutSuffix(owner, suffix); ok {
			u.wants[name] = append(u.wants[name], base)
			u.wanted[base] = true
			// Enabled under an alias.
			if real := path.Base(target); typ == "symlink" && real != base && !strings.Contains(real, "@.") {
				u.wants[name] = append(u.wants[name], real)
				u.wanted[real] = true
			}
			return
		}
	}
	if typ == "symlink" && path.Base(target) == "null" {
		u.masked[base] = true
	}
}

// never says that a target isn't one of a boot that goes well.
func never(target string) bool {
	switch strings.TrimSuffix(target, ".target") {
	case "rescue", "emergency", "shutdown", "halt", "reboot", "poweroff", "kexec", "umount", "final", "sleep", "suspend", "hibernate", "hybrid-sleep", "suspend-then-hibernate", "exit", "factory-reset", "system-update", "runlevel0", "runlevel1", "runlevel6":
		return true
	}
	return false
}

// unit is the name of the unit that a file is about: of a drop-in, its folder's.
func unit(p string) string {
	if dir := path.Base(path.Dir(p)); strings.HasSuffix(dir, ".d") && path.Ext(p) == ".conf" {
		return strings.TrimSuffix(dir, ".d")
	}
	return path.Base(p)
}

// roots lists the files of the units that are started with the system, and notes
// which files describe a unit: what lies in /etc stands for what lies in /lib.
func (u *units) roots(calls map[string]Calls) []string {
	u.files = map[string][]string{}
	u.drops.settle(calls)
	for p, c := range calls {
		if c.By != "systemd" || u.drops.dead[p] {
			continue
		}
		name, drop := unit(p), path.Ext(p) == ".conf"
		// Another file that describes the same unit of the same tree.
		other := func(q string) bool { return path.Ext(q) != ".conf" && placed(q).unit == placed(p).unit }
		etc := strings.Contains(p, "/etc/systemd/")
		if !drop && !etc && slices.ContainsFunc(u.files[name], func(q string) bool { return strings.Contains(q, "/etc/systemd/") && other(q) }) {
			continue
		}
		if !drop && etc {
			u.files[name] = slices.DeleteFunc(u.files[name], other)
		}
		u.files[name] = append(u.files[name], p)
	}
	u.presets(calls)
	var out []string
	for owner, list := range u.wants {
		if strings.HasSuffix(owner, ".target") && !never(owner) {
			out = append(out, u.brought(list)...)
		}
	}
	slices.Sort(out)
	return out
}

// presets finds the units that rules enable (systemd.preset(5)): of files with
// the same name the one in /etc holds, of all rules the first that fits; what
// none names is enabled. They are followed at the first boot of a device.
func (u *units) presets(calls map[string]Calls) {
	files := map[string]string{}
	first, sure := !u.known, false
	for _, p := range slices.Sorted(maps.Keys(calls)) {
		switch c := calls[p]; c.By {
		case "preset":
			sure = sure || path.Base(p) != systemdsOwn
			if at := files[path.Base(p)]; at == "" || strings.Contains(p, "/etc/") {
				files[path.Base(p)] = p
			}
		case "machine-id":
			first = len(c.Presets) > 0
			sure = first
		}
	}
	if len(files) == 0 {
		return
	}
	var rules []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		rules = append(rules, calls[files[name]].Presets...)
	}
	enabled := map[string]bool{}
	var queue []string
	for _, name := range slices.Sorted(maps.Keys(u.files)) {
		if slices.ContainsFunc(u.files[name], func(p string) bool { return calls[p].Install && path.Ext(p) != ".conf" }) && allows(rules, name, sure) {
			queue = append(queue, name)
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		if name := queue[0]; !enabled[name] && !u.masked[name] {
			enabled[name] = true
			u.preset = append(u.preset, name)
			for _, p := range u.files[name] {
				queue = append(queue, calls[p].Also...)
			}
		}
	}
	if !first {
		return
	}
	if u.wants == nil {
		u.wants, u.wanted, u.masked = map[string][]string{}, map[string]bool{}, map[string]bool{}
	}
	for _, name := range u.preset {
		for _, p := range u.files[name] {
			for _, owner := range calls[p].WantedBy {
				u.wants[owner] = append(u.wants[owner], name)
				u.wanted[name] = true
			}
		}
	}
}

// systemdsOwn is the file of rules that systemd brings. Where a device has no
// other, and nothing says that it has yet to be booted, nobody has thought of
// presets: what no rule names is left as the links have it.
const systemdsOwn = "90-systemd.preset"

// allows says what the first of the rules that fits a unit says of it.
func allows(rules []string, unit string, rest bool) bool {
	for _, r := range rules {
		verb, pattern, _ := strings.Cut(r, " ")
		if ok, err := path.Match(pattern, unit); ok && err == nil {
			return verb == "enable"
		}
	}
	return rest
}

// presetAll stands for all units that presets enable: systemctl preset-all.
const presetAll = "preset-all"

// brought lists the files of units, and of those that they want.
func (u *units) brought(names []string) []string {
	var out []string
	seen := map[string]bool{}
	for queue := slices.Clone(names); len(queue) > 0 && len(seen) < 1000; queue = queue[1:] {
		name := queue[0]
		if seen[name] || u.masked[name] || never(name) {
			continue
		}
		seen[name] = true
		if name == presetAll {
			queue = append(queue, u.preset...)
		}
		out = append(out, u.files[name]...)
		if before, instance, ok := strings.Cut(name, "@"); ok && !strings.HasPrefix(instance, ".") {
			out = append(out, u.files[before+"@"+path.Ext(name)]...)
		}
		if before, ok := strings.CutSuffix(name, ".service"); ok {
			out = append(out, u.files[before+".socket"]...)
		}
		queue = append(queue, u.wants[name]...)
	}
	return out
}

// off says that a unit which isn't reached stays off: it is masked, another
// file stands for it, or it would have to be enabled, as others are.
func (u *units) off(c Calls) bool {
	name := unit(c.Path)
	if u.masked[name] || u.masked[strings.TrimSuffix(name, path.Ext(name))+".socket"] {
		return true
	}
	if files := u.files[name]; len(files) > 0 && !slices.Contains(files, c.Path) {
		return true
	}
	// A unit of a socket that isn't started, either.
	before, _, _ := strings.Cut(strings.TrimSuffix(name, path.Ext(name)), "@")
	socket := path.Ext(name) == ".service" && len(u.files[before+".socket"]) > 0
	return len(u.wanted) > 0 && (c.Install || u.wanted[name] || socket)
}
