package inspecttest

import (
	"math"

	"assay/internal/collect/firmware/inspect/keyword"
)

// Find gives the places of words in b, as the engine gives them to the inspector
// that asked for them.
func Find(words []string, b []byte) []keyword.Hit { return Finder(words)(b) }

// Finder is Find for several texts: the words are compiled once.
func Finder(words []string) func(b []byte) []keyword.Hit {
	t := keyword.NewTable(words)
	return func(b []byte) []keyword.Hit {
		hits, _ := t.Scan(b, math.MaxInt, nil)
		return hits[0]
	}
}
