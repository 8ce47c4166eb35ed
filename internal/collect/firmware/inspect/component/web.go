package component

import (
	"bytes"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/pattern"
)

// What published scripts of pages say of themselves where no rule is for them:
// the comment at their head, and the version that pages put into their names.
var (
	webFile       = pattern.New(`^([a-zA-Z][a-zA-Z0-9_.-]*?)(?:[-.@_]v?([0-9]+\.[0-9]+(?:\.[0-9]+)?))?((?:[.-](?:min|slim|umd|bundle|pkgd|all|prod|production|global|legacy|core))*)\.(?:js|css|mjs)$`)
	bannerVersion = pattern.New(`^(?:\.js|js)?(?:[ ,:|-]+(?:javascript|library|plugin|release))?[ ,:|-]+(?:version:?[ ]?|ver[. ]|v\.?[ ]?)?([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,4}(?:-(?:rc|beta|alpha)[.0-9]*)?)(?:$|[^0-9.a-z])`)
)

// maxBanner bounds the head of a script that is looked at.
const maxBanner = 2048

// banner reads what a script of a page is called and what its head says.
func (s *scanner) banner() {
	if s.f.Kind != inspect.Text || s.f.Role == inspect.Documentation {
		return
	}
	m := webFile.FindStringSubmatch(s.base)
	if m == nil {
		return
	}
	name := strings.ToLower(m[1])
	r := s.rs.webRule(name)
	if r != nil && s.told(r) || len(name) < 3 || ownScript(name) {
		return
	}
	version, off, text := s.headline(name)
	sure := Medium
	if version == "" && r != nil && strings.Count(m[2], ".") == 2 {
		version, text, sure = m[2], s.base, Low
	}
	if version == "" || s.saidOf(version) {
		return
	}
	c := Claim{Name: name, Rule: "banner", Version: version, Confidence: sure, Source: FromText, Offset: int64(off), Text: text}
	if r != nil {
		c.Name, c.Rule = r.Name, r.ID
		s.see(seen{rule: r, rank: rankGreeting, Claim: c})
		return
	}
	c.PURL = purl("npm", "", name, version)
	s.vague = append(s.vague, c)
}

// headline looks for the name and a version in the comment at the head of a
// script. Something that nobody published has neither a licence nor an address
// there.
func (s *scanner) headline(name string) (version string, off int, text string) {
	head := s.f.Data[:min(len(s.f.Data), maxBanner)]
	open := bytes.Index(head[:min(len(head), 256)], []byte("/*"))
	if open < 0 {
		return "", 0, ""
	}
	if end := bytes.Index(head, []byte("*/")); end > open {
		head = head[:end]
	}
	lower := bytes.ToLower(head)
	if !bytes.Contains(lower, []byte("licen")) && !bytes.Contains(lower, []byte("http")) && !bytes.Contains(lower, []byte("copyright")) && !bytes.Contains(lower, []byte("(c)")) {
		return "", 0, ""
	}
	lines(lower, func(at int, l []byte) bool {
		i := bytes.Index(l, []byte(name))
		if i < 0 || bytes.ContainsAny(l[:i], "abcdfghjkmqtuvwxyz") && !bytes.Contains(l[:i], []byte("@licen")) && !bytes.Contains(l[:i], []byte("@preserve")) {
			return true
		}
		if m := bannerVersion.FindSubmatch(l[i+len(name):]); m != nil {
			version, off, text = string(m[1]), at, quote(head[at:at+len(l)], i, i+len(name))
		}
		return version == ""
	})
	return version, off, text
}

// webRule is the rule of a published script by its file.
func (s *RuleSet) webRule(name string) *Rule {
	for _, n := range []string{name, name + ".js", strings.TrimSuffix(name, ".js")} {
		if r := s.byID[n]; r != nil && strings.HasPrefix(r.PURL, "npm/") {
			return r
		}
	}
	return nil
}

// ownScript says that a name is one that makers give to scripts of their own.
func ownScript(name string) bool {
	switch name {
	case "app", "main", "index", "common", "utils", "util", "config", "login", "style", "styles", "script", "scripts", "bundle", "vendor", "vendors", "public", "global", "base", "home", "core", "lib", "libs", "menu", "lang", "setup", "system", "network", "web", "player", "polyfill", "polyfills", "runtime":
		return true
	}
	return false
}
