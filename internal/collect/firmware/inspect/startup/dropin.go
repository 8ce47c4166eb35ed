package startup

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// dropIns is how the drop-ins of an image change its units (systemd.unit(5)):
// of those with one name the one of the highest folder counts, and they are read
// behind the unit's own file, in the order of their names. A setting without a
// value takes back what was set before, of that name alone (systemd.service(5)).
type dropIns struct {
	paths  map[string]bool              // of all there are, also of links and of empty files
	dead   map[string]bool              // those that others stand for
	resets map[string]map[string]string // by the unit's place and the setting: the last drop-in that takes back
}

// DropIn says that a path is one of a drop-in.
func DropIn(p string) bool {
	return path.Ext(p) == ".conf" && strings.HasSuffix(path.Dir(p), ".d") && strings.Contains(p, "/systemd/")
}

func (d *dropIns) entry(p string) {
	if d.paths == nil {
		d.paths = map[string]bool{}
	}
	if len(d.paths) < maxEntries {
		d.paths[p] = true
	}
}

// unitFolders are where units lie, the highest first.
var unitFolders = []string{"/etc/systemd/", "/run/systemd/", "/usr/local/lib/systemd/", "/usr/lib/systemd/", "/lib/systemd/"}

// place is where a file about a unit stands among those about it.
type place struct {
	unit string // the tree, the manager and the name of the unit: others' are other units
	rank int    // of its folder, 0 is the highest
	name string // of a drop-in; "" of the unit's own file
}

func placed(p string) place {
	out := place{unit: unit(p), rank: len(unitFolders)}
	if DropIn(p) {
		out.name = path.Base(p)
	}
	prefix, in := tree(p)
	for i, dir := range unitFolders {
		if at := strings.Index(in, dir); at >= 0 {
			manager, _, _ := strings.Cut(in[at+len(dir):], "/")
			manager, _, _ = strings.Cut(manager, ".") // system.control
			out.unit, out.rank = prefix+in[:at]+" "+manager+" "+out.unit, i
			break
		}
	}
	return out
}

// settle finds which drop-ins count, and what they take back.
func (d *dropIns) settle(calls map[string]Calls) {
	for p, c := range calls {
		if c.By == "systemd" && DropIn(p) {
			d.entry(p)
		}
	}
	d.dead, d.resets = map[string]bool{}, map[string]map[string]string{}
	type key struct{ unit, name string }
	best := map[key]string{}
	for _, p := range slices.Sorted(maps.Keys(d.paths)) {
		at := placed(p)
		k := key{at.unit, at.name}
		switch q, ok := best[k]; {
		case !ok:
			best[k] = p
		case placed(q).rank > at.rank:
			best[k] = p
			d.dead[q] = true
		default:
			d.dead[p] = true
		}
	}
	for _, p := range best {
		at := placed(p)
		for setting := range calls[p].Resets {
			if d.resets[at.unit] == nil {
				d.resets[at.unit] = map[string]string{}
			}
			d.resets[at.unit][setting] = max(d.resets[at.unit][setting], at.name)
		}
	}
}

// over says that a drop-in which is read later takes back what a setting of the
// file at p starts.
func (d *dropIns) over(p, setting string) bool {
	at := placed(p)
	return d.resets[at.unit][setting] > at.name
}

// gone says that a start of a unit was taken back; c is of the file that it
// stands in.
func (d *dropIns) gone(s Start, c Calls) bool {
	setting, _, _ := strings.Cut(s.Text, "=")
	setting = strings.TrimSpace(setting)
	end, ok := c.Resets[setting]
	return ok && s.Offset < end || d.over(s.Path, setting)
}

// programs lists what a file starts, without what drop-ins take back.
func (d *dropIns) programs(c Calls) []string {
	if len(c.Execs) == 0 {
		return c.Programs
	}
	out := slices.Clone(c.Programs)
	for _, setting := range slices.Sorted(maps.Keys(c.Execs)) {
		if !d.over(c.Path, setting) {
			out = append(out, c.Execs[setting]...)
		}
	}
	return out
}

// takeBack notes that a setting of a unit stands without a value.
func (s *scanner) takeBack(setting string, off int) {
	for _, p := range s.calls.Execs[setting] {
		delete(s.seen, setting+" "+p)
	}
	s.called -= len(s.calls.Execs[setting])
	delete(s.calls.Execs, setting)
	if s.calls.Resets == nil {
		s.calls.Resets = map[string]int64{}
	}
	s.calls.Resets[setting] = int64(off)
}
