package apk

import (
	"cmp"
	"strconv"
	"strings"
)

// levels are the permissions that the app declares, with their base level of
// protection: 0 is "normal", which every app gets that asks, and what counts
// where none is given (developer.android.com, "<permission>").
func levels(root *element) map[string]int {
	out := map[string]int{}
	for _, p := range root.find("permission") {
		name, level := p.attrs["name"], p.attrs["protectionLevel"]
		if name == "" || len(out) >= maxListed {
			continue
		}
		n, err := strconv.ParseInt(level, 0, 64)
		if err != nil && level != "" && !strings.HasPrefix(level, "normal") {
			n = 2 // by name: dangerous or above
		}
		out[name] = int(n & 0xf)
	}
	return out
}

// guard is the permission that callers of a part need, or why the one that
// stands there keeps nobody out. A provider has two of them: who may read doesn't
// say who may write.
func (a *App) guard(e *element, permission string, own map[string]int) (guards, loose string) {
	permission = cmp.Or(e.attrs["permission"], permission)
	needed := []string{permission}
	if e.name == "provider" {
		needed = []string{cmp.Or(e.attrs["readPermission"], permission), cmp.Or(e.attrs["writePermission"], permission)}
		switch {
		case needed[0] == "" && needed[1] != "":
			return "", "needs no permission to read"
		case needed[1] == "" && needed[0] != "":
			return "", "needs no permission to write"
		}
	}
	for _, p := range needed {
		if p != "" && a.loose(p, own) {
			return "", p + " is given to every app"
		}
	}
	return needed[0], ""
}

// loose says that every app may get the permission: the app declares it so, or it
// is one of its own that it doesn't declare, so that another app may. Those of
// the system and of other makers are taken to guard.
func (a *App) loose(permission string, own map[string]int) bool {
	if level, ok := own[permission]; ok {
		return level == 0
	}
	return a.Package != "" && strings.HasPrefix(permission, a.Package+".")
}
