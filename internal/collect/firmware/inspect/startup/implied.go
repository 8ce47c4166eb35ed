package startup

import (
	"maps"
	"path"
	"slices"

	"assay/internal/collect/firmware/inspect"
)

// implied are the shells that busybox' init has wait on the console where it
// finds no inittab (busybox, init/init.c, parse_inittab).
func (b *Boot) implied() []Start {
	var out []Start
	for _, p := range slices.Sorted(maps.Keys(b.links)) {
		prefix, in := tree(p)
		if in != "/sbin/init" && in != "/linuxrc" || path.Base(b.follow(p)) != "busybox" {
			continue
		}
		scripts, tables := false, false
		for at, c := range b.calls {
			if t, in := tree(at); t == prefix {
				scripts = scripts || in == "/etc/init.d/rcS"
				tables = tables || c.By == "inittab" || in == "/init"
			}
		}
		if scripts && !tables {
			out = append(out, Start{Kind: SerialShell, Name: "console", Program: "/bin/sh", By: "inittab", Boot: Yes, Login: No, Text: "askfirst:-/bin/sh", Where: inspect.Where{Path: p}})
		}
	}
	return out[:min(len(out), 1)]
}
