package component

import (
	_ "embed"
	"encoding/hex"
	"strings"
	"sync"
)

// buildList names builds that say their version in no other way: libraries whose
// file number doesn't follow the release. Its head says what a line holds and
// where it is from.
//
//go:embed builds.txt
var buildList string

// build is the release that a program was built from.
type build struct{ source, version string }

// buildKey is the start of a build id: enough to tell some thousand builds from
// all others.
type buildKey [5]byte

// builds is read when a file with a build id is met that tells no version.
var builds = sync.OnceValue(func() map[buildKey]build {
	out := map[buildKey]build{}
	for l := range strings.SplitSeq(buildList, "\n") {
		f := strings.Fields(l)
		if len(f) < 3 || f[0] == "#" {
			continue
		}
		for _, id := range f[2:] {
			var k buildKey
			if _, err := hex.Decode(k[:], []byte(id)); err == nil {
				out[k] = build{f[0], f[1]}
			}
		}
	}
	return out
})

// build looks the file up among the builds that are known by their id.
func (s *scanner) build() {
	var k buildKey
	id := s.p.BuildID
	if len(id) < 2*len(k) {
		return
	}
	for _, x := range s.seen {
		if x.Version != "" && x.Confidence == High {
			return
		}
	}
	if _, err := hex.Decode(k[:], []byte(id[:2*len(k)])); err != nil {
		return
	}
	b, ok := s.rs.builds()[k]
	if !ok {
		return
	}
	c := Claim{Name: b.source, Rule: "builds", Version: b.version, Confidence: High, Source: FromBuildID, Text: "build id " + id}
	if r := s.rs.bySource(b.source); r != nil {
		c.Name, c.Rule = r.Name, r.ID
		s.see(seen{Claim: c, rule: r, rank: rankBuild})
		return
	}
	s.claim(c)
}
