package component

import (
	"bytes"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/keyword"
	"assay/internal/pattern"
)

// linux is the name of the kernel's rule.
const linux = "linux"

var (
	// sourceSum is what modpost makes of a module's sources (scripts/mod/sumversion.c).
	sourceSum = pattern.New(`^[0-9A-F]{23,24}$`)
	// linux_banner of init/version.c:
	// "Linux version 5.10.14 (user@host) (gcc (…) 9.4.0, GNU ld …) #1 SMP Tue …".
	bannerPattern = pattern.New(`^Linux version ((\d+\.\d+(?:\.\d+)*)(\S*)) \([^()]*@[^()]*\) .*#\d`)
	// Debian numbers its kernels by ABI and says the release in the build line:
	// "#1 SMP Debian 6.1.176-1 (2026-…)".
	debianPattern  = pattern.New(`#\d+ .*\bDebian (\d+\.\d+\.\d+)-\S+ \(`)
	configPattern  = pattern.New(`^# Linux/(\S+) (\d+\.\d+(?:\.\d+)*)(\S*) Kernel Configuration$`)
	releasePattern = pattern.New(`^(\d+\.\d+(?:\.\d+)*)(\S*)$`)
	// A Debian release name holds the ABI, not the release: "6.1.0-50-armmp".
	abiPattern = pattern.New(`^\d+\.\d+\.0-\d+(-|$)`)
)

// kernelBanner reads the line that a kernel greets with.
func (s *scanner) kernelBanner(h keyword.Hit) {
	if s.f.Kind == inspect.Text || s.f.Role == inspect.Database || s.f.Role == inspect.Documentation {
		return
	}
	d := s.f.Data
	from, to := line(d, h.At, h.End)
	m := bannerPattern.FindSubmatch(d[h.At:to])
	if m == nil || h.At-from > 8 { // it stands at the start of its string
		return
	}
	v := string(m[2])
	if x := debianPattern.FindSubmatch(d[h.At:to]); x != nil {
		v = string(x[1])
	}
	s.kernel = true
	r := s.rs.byID[linux]
	s.claim(Claim{Name: r.Name, Rule: "linux-banner", Version: v, Release: string(m[1]), Confidence: High, Source: FromKernel, Offset: int64(h.At), Text: quote(d[h.At:to], 0, to-h.At)})
}

// kernelPiece says that a file is what lies loose in a kernel: code whose copies
// of libraries (zstd, zlib) are the kernel's, though the banner is in another
// piece.
func kernelPiece(path string) bool {
	i := strings.LastIndex(path, "kernel:")
	return i >= 0 && (i == 0 || path[i-1] == ':') && !strings.Contains(path[i:], "/") && strings.Contains(path[i:], ":unknown@")
}

// kernelConfig reads the head of a kernel's configuration, as a file or
// unpacked from the kernel (CONFIG_IKCONFIG).
func (s *scanner) kernelConfig(h keyword.Hit) {
	d := s.f.Data
	from, to := line(d, h.At, h.End)
	m := configPattern.FindSubmatch(d[from:to])
	if m == nil || !bytes.Contains(d[to:min(len(d), to+4096)], []byte("CONFIG_")) {
		return
	}
	release := string(m[2]) + string(m[3])
	s.kernelName("linux-config", release, int64(from), string(d[from:to]))
}

// kernelName adds what a release name tells: in most kernels it begins with the
// release.
func (s *scanner) kernelName(rule, release string, off int64, text string) {
	m := releasePattern.FindStringSubmatch(release)
	if m == nil {
		return
	}
	c := Claim{Name: s.rs.byID[linux].Name, Rule: rule, Version: m[1], Release: release, Confidence: Medium, Source: FromKernel, Offset: off, Text: text}
	if abiPattern.MatchString(release) {
		c.Version, c.AtLeast, c.Confidence = "", m[1], Low
	}
	s.claim(c)
}

// module reads what a kernel module says about itself. One of the kernel's own
// tree belongs to the kernel; others are products of their own.
func (s *scanner) module() {
	info := s.p.ModInfo
	magic, _, _ := strings.Cut(info["vermagic"], " ")
	if magic == "" {
		return
	}
	if _, ok := info["intree"]; ok {
		s.kernelName("linux-module", magic, 0, "vermagic="+info["vermagic"])
		return
	}
	name := info["name"]
	if name == "" {
		name, _, _ = strings.Cut(s.base, ".")
	}
	s.kernelName("linux-vermagic", magic, 0, "vermagic="+info["vermagic"])
	v, srcv := info["version"], info["srcversion"]
	if own, sum, ok := strings.Cut(v, " "); ok && srcv == "" && sourceSum.MatchString(sum) { // of one field in kernels before 2.6.13
		v, srcv = own, sum
	}
	if v == "" || len(v) > 64 {
		// Without a version of its own it stays unattributed.
		return
	}
	s.claim(Claim{Name: name, Rule: "module", Version: v, Confidence: Medium, Source: FromKernel, Licence: moduleLicence(info["license"]),
		Text: "version=" + v + " srcversion=" + srcv})
}

// moduleLicence turns MODULE_LICENSE into SPDX where it is sure
// (include/linux/module.h).
func moduleLicence(s string) string {
	switch s {
	case "GPL", "GPL v2":
		return "GPL-2.0-only"
	case "Dual BSD/GPL":
		return "BSD-3-Clause OR GPL-2.0-only"
	case "Dual MIT/GPL":
		return "MIT OR GPL-2.0-only"
	}
	return ""
}
