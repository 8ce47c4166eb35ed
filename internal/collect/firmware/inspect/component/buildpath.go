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
// (/build/reproducible-path/nmap-7.95/, before 2023 and in Ubuntu
// /build/libnl3-gryRw3/libnl3-3.4.0/), OpenWrt (build_dir/target-…/zlib-1.2.13/),
// Buildroot (output/build/busybox-1.36.1/), rpm (rpmbuild/BUILD/curl-8.5.0/,
// /builddir/build/BUILD/curl-8.5.0/), Alpine (aports/main/curl/src/curl-8.5.0/) and
// OpenEmbedded (/usr/src/debug/dnsmasq/2.86-r0/, tmp/work/…/dnsmasq/2.86-r0/).
var buildWords = []string{"/reproducible-path/", "/build_dir/target-", "/output/build/", "build/BUILD/", "/build/", "/aports/", "/usr/src/debug/", "/tmp/work/"}

var buildPathRe = sync.OnceValue(func() *regexp.Regexp {
	const name, version = `([A-Za-z][A-Za-z0-9_.+-]{0,60}?)`, `(\d[0-9A-Za-z.+~_]*?)`
	const folder = name + `-v?` + version + `(?:-\d+)?/`
	return regexp.MustCompile(`^(?:/reproducible-path|/output/build|build/BUILD|/build/[a-z0-9][a-z0-9.+-]{1,60}-[A-Za-z0-9_]{6}|/aports/[a-z]{3,12}/[^/ ]{1,60}/src|/build_dir/target-[^/ ]{1,80}(?:/linux-[^/ ]{1,60})?)/` + folder +
		`|^(?:/usr/src/debug|/tmp/work/[^/ ]{3,80})/` + name + `/(?:\d+_)?` + version + `-r\d[0-9.]*/`)
})

// maxBuildPaths bounds the paths of one file that are looked at.
const maxBuildPaths = 256

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
