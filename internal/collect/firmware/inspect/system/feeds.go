package system

import (
	"bytes"
	"path"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/pattern"
)

// packageFeeds says that a file names where opkg, or its forerunner ipkg, takes
// packages from.
func packageFeeds(p, base string) bool {
	return base == "opkg.conf" || base == "ipkg.conf" || strings.HasSuffix(base, "feeds.conf") || strings.HasSuffix(base, "-feed.conf") || (strings.Contains(p, "/opkg/") || strings.Contains(p, "/ipkg/")) && path.Ext(base) == ".conf"
}

var unsignedLine = pattern.New(`(?m)^[ \t]*#+[ \t]*(?:option[ \t]+)?check_signature\b[^\n]*|^[ \t]*option[ \t]+check_signature[ \t]+['"]?0[^\n]*`)

// opkg reads opkg.conf and what it includes: with a source and without
// check_signature any package is taken. That of a file of sources alone is looked
// for in opkg.conf.
func (s *scanner) opkg() {
	base := path.Base(s.f.Path)
	all := base == "opkg.conf" || base == "ipkg.conf" // which sets options; others only name sources
	signed, source, at, clear, first, overlay := false, "", 0, -1, -1, false
	clearLine := ""
	s.eachLine(func(line, key, value string, off int) {
		switch {
		case key == "check_signature" && !strings.HasPrefix(value, "0"):
			signed = true
		case key == "dest" && first < 0:
			first = off
		case key == "overlay_root":
			overlay = true
		case key == "src" || key == "src/gz" || key == "arch/gz":
			if source == "" {
				source, at = line, off
			}
			if m := plainHTTP.FindStringSubmatch(line); m != nil && clear < 0 && elsewhere(m[1]) && !public(m[1]) {
				clear, clearLine = off, line
			}
		}
	})
	off, line := at, source
	if m := unsignedLine.FindIndex(s.f.Data[:min(len(s.f.Data), maxConfig)]); m != nil && all && !signed && source == "" {
		off, line = m[0], string(bytes.TrimSpace(s.f.Data[m[0]:m[1]]))
	} else if all && !signed && source == "" && overlay && first >= 0 { // OpenWrt's, which has it
		off, line = first, "check_signature"
	}
	if line == "" {
		return
	}
	up := s.update(off, "opkg", line)
	if m := anyURL.FindStringSubmatch(source); m != nil {
		up.URL, up.Scheme = clip(m[0]), strings.ToLower(m[1])
	}
	switch {
	case signed:
		up.Signature = Checked
	case all:
		s.add(off, inspect.Weakness{Kind: UpdateUnsigned, Name: "opkg", Text: line})
	case clear >= 0:
		s.add(clear, inspect.Weakness{Kind: UpdateOverHTTP, Name: "http", Text: clearLine})
	}
}

// public says that a feed is one of a distribution, whose lists are signed.
func public(host string) bool {
	host, _, _ = strings.Cut(strings.ToLower(host), "/")
	for _, d := range []string{"openwrt.org", "lede-project.org", "entware.net", "openembedded.org", "turris.cz"} {
		if host == d || strings.HasSuffix(host, "."+d) {
			return true
		}
	}
	return false
}
