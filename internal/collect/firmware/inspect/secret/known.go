package secret

import (
	"cmp"
	_ "embed"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
)

//go:embed known.txt
var knownText string

// published are keys that anybody can download, by the SHA-256 of their public
// half (SubjectPublicKeyInfo).
var published = func() map[string]string {
	m := make(map[string]string)
	for line := range strings.Lines(knownText) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if sum, source, ok := strings.Cut(line, " "); ok {
			m[sum] = strings.TrimSpace(source)
		}
	}
	return m
}()

// known names where the keys that were found are published. A published key
// within a program is what its library checks itself with; as a file it is the
// product's key, and everybody's.
func (s *scanner) known() {
	for i := range s.hits {
		h := &s.hits[i]
		if source := published[h.SPKI]; source != "" && h.SPKI != "" {
			h.Known = source
			if s.f.Kind == inspect.ELF || s.f.Kind == inspect.Binary && h.Offset > 0 {
				h.Kind = TestKey
			}
		}
	}
	if s.f.Kind == inspect.Text {
		return
	}
	// A library's other test keys stand with those that are known.
	keys := make([]*Hit, 0, 8)
	for i := range s.hits {
		if k := s.hits[i].Kind; k == PrivateKey || k == TestKey {
			keys = append(keys, &s.hits[i])
		}
	}
	slices.SortStableFunc(keys, func(a, b *Hit) int { return cmp.Compare(a.Offset, b.Offset) })
	besideTestKeys(keys)
	slices.Reverse(keys)
	besideTestKeys(keys)
}

// testKeys is how far the keys that a library checks itself with stand from each
// other in a program.
const testKeys = 8 << 10

// besideTestKeys takes a key that follows one of a library's own as another of
// them.
func besideTestKeys(keys []*Hit) {
	var last *Hit
	for _, h := range keys {
		if h.Kind == PrivateKey && last != nil && abs(h.Offset-last.Offset) <= testKeys {
			h.Kind, h.Known = TestKey, "beside "+strings.TrimPrefix(last.Known, "beside ")
		}
		if h.Kind == TestKey {
			last = h
		}
	}
}

func abs(n int64) int64 { return max(n, -n) }

// Published says where the private half of a public key can be had; "" where
// that isn't known.
func Published(spki string) string { return published[spki] }
