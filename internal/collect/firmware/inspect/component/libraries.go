package component

import (
	_ "embed"
	"strings"
	"sync"
)

// libraryList is the long tail: libraries that no rule is for. Its head says what
// a line holds and where it is from.
//
//go:embed libraries.txt
var libraryList string

type library struct {
	name    string
	release bool // the number behind .so is the release
}

// libraries is read when a library is met that no rule is for.
var libraries = sync.OnceValue(func() map[string]library {
	out := map[string]library{}
	for l := range strings.SplitSeq(libraryList, "\n") {
		f := strings.Fields(l)
		if len(f) < 2 || f[0] == "#" {
			continue
		}
		for _, x := range f[1:] {
			stem, release := strings.CutSuffix(x, "=")
			out[stem+".so"] = library{f[0], release}
		}
	}
	return out
})
