package firmware

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/apk"
	"assay/internal/collect/firmware/inspect/binary"
	"assay/internal/collect/firmware/inspect/cert"
	"assay/internal/collect/firmware/inspect/component"
	"assay/internal/collect/firmware/inspect/host"
	"assay/internal/collect/firmware/inspect/secret"
	"assay/internal/collect/firmware/inspect/startup"
	"assay/internal/collect/firmware/inspect/system"
	"assay/internal/collect/firmware/unpack"
)

// Records come in the order in which goroutines were done. A result must not
// show it: which records are kept of too many, and how those are joined, goes by
// where they stand and by what they say.

// most bounds what is kept of each kind; what is beyond is counted in a gap.
const most = 20_000

// keep appends v. Of too many the first by place are kept.
func keep[T any](g *Gather, kind string, list *[]T, v T) {
	if *list = append(*list, v); len(*list) >= 2*most {
		prune(g, kind, list)
	}
}

// prune puts a list in order, and cuts it at the bound.
func prune[T any](g *Gather, kind string, list *[]T) {
	inOrder(*list)
	over := len(*list) - most
	if over <= 0 {
		return
	}
	if g.dropped == nil {
		g.dropped = make(map[string]int)
	}
	g.dropped[kind] += over
	clear((*list)[most:])
	*list = (*list)[:most]
}

// lists calls do for each list of records, by the name of its kind.
func (g *Gather) prune() {
	r := &g.r
	prune(g, "parts", &r.Parts)
	prune(g, "links", &g.links)
	prune(g, "secrets", &r.Secrets)
	prune(g, "clues", &g.clues)
	prune(g, "hosts", &r.Hosts)
	prune(g, "starts", &r.Starts)
	prune(g, "calls", &g.calls)
	prune(g, "weaknesses", &r.Weaknesses)
	prune(g, "updates", &r.Updates)
	prune(g, "modes", &r.Modes)
	prune(g, "certificates", &r.Certs)
	prune(g, "software", &g.soft)
	prune(g, "binaries", &g.bins)
	prune(g, "apps", &g.apps)
	prune(g, "markers", &r.Markers)
	prune(g, "gaps", &r.Gaps)
	inOrder(r.Entries)
}

// inOrder sorts by place; what stands in one place by all that it says.
func inOrder[T any](list []T) {
	type key struct {
		path   string
		offset int64
		all    []byte
		i      int
	}
	keys := make([]key, len(list))
	for i := range list {
		keys[i].path, keys[i].offset = placeOf(&list[i])
		keys[i].i = i
	}
	place := func(a, b key) int { return cmp.Or(strings.Compare(a.path, b.path), cmp.Compare(a.offset, b.offset)) }
	slices.SortFunc(keys, place)
	for rest := keys; len(rest) > 0; {
		n := 1
		for n < len(rest) && place(rest[0], rest[n]) == 0 {
			n++
		}
		if n > 1 {
			for i := range rest[:n] {
				rest[i].all, _ = json.Marshal(list[rest[i].i]) // it came as JSON
			}
			slices.SortFunc(rest[:n], func(a, b key) int { return bytes.Compare(a.all, b.all) })
		}
		rest = rest[n:]
	}
	sorted := make([]T, len(list))
	for i, k := range keys {
		sorted[i] = list[k.i]
	}
	copy(list, sorted)
}

// placeOf is where a record stands.
func placeOf(v any) (string, int64) {
	var w inspect.Where
	switch v := v.(type) {
	case *unpack.Part:
		return v.Path, v.Offset
	case *Entry:
		return v.Path, 0
	case *startup.Calls:
		return v.Path, 0
	case *Mode:
		return v.Path, 0
	case *component.Findings:
		return v.Path, 0
	case *apk.App:
		return v.Path, 0
	case *Gap:
		return v.Path, v.Offset
	case *Secret:
		w = v.Where
	case *secret.Clue:
		w = v.Where
	case *host.Use:
		w = v.Where
	case *startup.Start:
		w = v.Where
	case *inspect.Weakness:
		w = v.Where
	case *system.Update:
		w = v.Where
	case *cert.Certificate:
		w = v.Where
	case *binary.Record:
		w = v.Where
	case *Seen:
		w = v.Where
	case *Version:
		w = v.Where
	}
	return w.Path, w.Offset
}
