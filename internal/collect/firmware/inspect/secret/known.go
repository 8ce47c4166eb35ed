package secret

import (
	_ "embed"
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
}

// Published says where the private half of a public key can be had; "" where
// that isn't known.
func Published(spki string) string { return published[spki] }
