package component

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"assay/internal/collect/firmware/inspect/keyword"
)

// Messages of assertions and debug data name the source file, and build systems
// keep each source in a folder of its name and version: Debian
// (/build/reproducible-path/nmap-7.95/), OpenWrt (build_dir/target-…/zlib-1.2.13/),
// Buildroot (output/build/busybox-1.36.1/), rpm (rpmbuild/BUILD/curl-8.5.0/) and
// OpenEmbedded (/usr/src/debug/dnsmasq/2.86-r0/).
var buildWords = []string{"/reproducible-path/", "/build_dir/target-", "/output/build/", "/rpmbuild/BUILD/", "/usr/src/debug/"}

var buildPathRe = sync.OnceValue(func() *regexp.Regexp {
	const version = `(\d[0-9A-Za-z.+~_]*?)`
	return regexp.MustCompile(`^(?:/(?:reproducible-path|output/build|rpmbuild/BUILD)|/build_dir/target-[^/ ]{1,80}(?:/linux-[^/ ]{1,60})?)/([A-Za-z][A-Za-z0-9_.+-]{0,60}?)-v?` + version + `(?:-\d+)?/` +
		`|^/usr/src/debug/([A-Za-z][A-Za-z0-9_.+-]{0,60})/(?:\d+_)?` + version + `-r\d[0-9.]*/`)
})

// maxBuildPaths bounds the paths of one file that are looked at.
const maxBuildPaths = 64

// buildPath reads the name and the version of a source out of a path of the
// place it was built at.
func (s *scanner) buildPath(h keyword.Hit) {
	if s.p == nil || s.p.Type == "object" || s.paths == maxBuildPaths {
		return
	}
	s.paths++
	d := s.f.Data[h.At:min(len(s.f.Data), h.At+256)]
	m := buildPathRe().FindSubmatch(d)
	if m == nil {
		return
	}
	name, version := strings.ToLower(string(m[1])+string(m[3])), string(m[2])+string(m[4])
	switch name {
	case "linux", "gcc", "glibc", "uclibc", "musl", "toolchain", "binutils", "linux-headers":
		return // what each program is begun and ended with
	}
	c := Claim{Name: name, Rule: "build-path", Version: version, Soft: weightNamed, Confidence: Medium, Source: FromText, Offset: int64(h.At), Text: quote(m[0], 0, len(m[0]))}
	r := s.rs.bySource(name)
	if r == nil {
		r = s.rs.byPackage(name)
	}
	if r != nil {
		if s.builtAgainst(r) {
			return
		}
		c.Name, c.Rule = r.Name, r.ID
		s.see(seen{rule: r, rank: rankBuilt, Claim: c})
		return
	}
	if !slices.ContainsFunc(s.vague, func(x Claim) bool { return x.Name == name && x.Version == version }) && len(s.vague) < maxPerRule {
		s.vague = append(s.vague, c)
	}
}
