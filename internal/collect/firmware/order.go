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
// where they stand and, of those in one place, by what they say.

// MostKept bounds what is kept of each kind; what is beyond is counted in a gap.
const MostKept = 20_000

const most = MostKept

// keep appends v. Of too many the first are kept, by the marked paths that
// records come with: those that people read aren't known before the end.
func keep[T any](g *Gather, kind string, list *[]T, v T) {
	if *list = append(*list, v); len(*list) >= 2*most {
		g.dropped.add(kind, cut(list, most))
	}
}

// keepEntry is keep for names of files, of which a caller says how many.
func (g *Gather) keepEntry(e Entry) {
	g.r.Entries = append(g.r.Entries, e)
	if g.Keep > 0 && len(g.r.Entries) >= 2*g.Keep {
		g.r.More += cut(&g.r.Entries, g.Keep)
	}
}

// mostTexts bounds how many small files are kept whole, in case that another file
// names one as a credential. What is beyond is no gap: of so many hardly one is.
const mostTexts = 5_000

// keepText is keep for those.
func (g *Gather) keepText(c secret.Clue) {
	if g.texts = append(g.texts, c); len(g.texts) >= 2*mostTexts {
		cut(&g.texts, mostTexts)
	}
}

// cut leaves the first n of a list, and says how many went.
func cut[T any](list *[]T, n int) int {
	over := len(*list) - n
	if over <= 0 {
		return 0
	}
	inOrder(*list)
	clear((*list)[n:])
	*list = (*list)[:n]
	return over
}

// tally counts what wasn't kept, by kind.
type tally map[string]int

func (t *tally) add(kind string, n int) {
	if n == 0 {
		return
	}
	if *t == nil {
		*t = make(tally)
	}
	(*t)[kind] += n
}

// records is a list of records of one kind.
type records interface {
	prune(*tally)
	order()
}

type kindOf[T any] struct {
	kind string
	list *[]T
}

func (k kindOf[T]) prune(t *tally) { t.add(k.kind, cut(k.list, most)) }
func (k kindOf[T]) order()         { inOrder(*k.list) }

func kindList[T any](kind string, list *[]T) records { return kindOf[T]{kind, list} }

// lists are the lists of records that are bounded by their kind.
func (g *Gather) lists() []records {
	r := &g.r
	return []records{
		kindList("parts", &r.Parts),
		kindList("links", &g.links),
		kindList("secrets", &r.Secrets),
		kindList("clues", &g.clues),
		kindList("hosts", &r.Hosts),
		kindList("starts", &r.Starts),
		kindList("calls", &g.calls),
		kindList("weaknesses", &r.Weaknesses),
		kindList("updates", &r.Updates),
		kindList("modes", &r.Modes),
		kindList("certificates", &r.Certs),
		kindList("software", &g.soft),
		kindList("binaries", &g.bins),
		kindList("apps", &g.apps),
		kindList("markers", &r.Markers),
		kindList("versions", &g.versions),
		kindList("gaps", &r.Gaps),
	}
}

// prune cuts each list at its bound. Paths must still be the marked ones, by
// which keep cut before.
func (g *Gather) prune() {
	for _, l := range g.lists() {
		l.prune(&g.dropped)
	}
	cut(&g.texts, mostTexts)
	if g.Keep > 0 {
		g.r.More += cut(&g.r.Entries, g.Keep)
	}
}

// order sorts each list by the paths that people read.
func (g *Gather) order() {
	for _, l := range g.lists() {
		l.order()
	}
	inOrder(g.texts)
	inOrder(g.r.Entries)
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
