package component

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// describe adds what the rule knows and the names that vulnerability databases
// go by.
func (v *Inventory) describe(p *product, x *Component) {
	slices.Sort(x.Sources)
	slices.SortStableFunc(x.Evidence, func(a, b Evidence) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), strings.Compare(a.Path, b.Path), cmp.Compare(a.Offset, b.Offset))
	})
	x.Type = Library
	r := p.rule
	if r == nil {
		x.PURL = cmp.Or(x.PURL, v.packageURL(x), purl(p.key, x.Version))
		return
	}
	x.Type, x.Supplier, x.Homepage = r.Type, r.Vendor, r.Home
	x.Licence = cmp.Or(x.Licence, r.Licence)
	x.DataOnly = x.DataOnly || r.DataOnly
	x.PURL = cmp.Or(v.packageURL(x), x.PURL, purl(r.PURL, x.Version))
	x.CPE = cpe(r.CPE, x.Version)
}

func purl(key, version string) string {
	if version == "" {
		return "pkg:" + key
	}
	return "pkg:" + key + "@" + url.PathEscape(version)
}

// purlOf says how a package URL calls the packages of a database.
var purlOf = map[Source]string{FromDpkg: "deb", FromOpkg: "opkg", FromApk: "apk", FromRPM: "rpm", FromNote: "generic"}

// packageURL names the package of the database (purl specification, types deb,
// apk, rpm); of several the first.
func (v *Inventory) packageURL(x *Component) string {
	if len(x.Packages) == 0 {
		return ""
	}
	e := x.Packages[0]
	kind := cmp.Or(e.Type, purlOf[e.Database])
	space := map[string]string{"deb": "debian", "apk": "alpine", "opkg": "openwrt"}[kind]
	for _, s := range v.systems {
		if s.ID != "" && digitsOrLetters(s.ID) && kind != "opkg" {
			space = s.ID
		}
	}
	out := "pkg:" + kind + "/"
	if space != "" {
		out += space + "/"
	}
	out += url.PathEscape(e.Name) + "@" + url.PathEscape(e.Version)
	if e.Arch != "" {
		out += "?arch=" + url.QueryEscape(e.Arch)
	}
	return out
}

func digitsOrLetters(s string) bool {
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == ""
}

// cpe writes a name of the Common Platform Enumeration (NISTIR 7695, formatted
// string binding). product is "vendor:product", led by "o/" or "h/" where it is
// no application.
func cpe(product, version string) string {
	if product == "" {
		return ""
	}
	part := "a"
	if len(product) > 2 && product[1] == '/' {
		part, product = product[:1], product[2:]
	}
	if version == "" {
		version = "*"
	} else {
		version = escapeCPE(version)
	}
	return "cpe:2.3:" + part + ":" + product + ":" + version + ":*:*:*:*:*:*:*"
}

func escapeCPE(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '.', c == '-', c == '_':
		default:
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return strings.ToLower(b.String())
}

// dataPackage says by its name that a package holds no code.
func dataPackage(name string) bool {
	for _, p := range []string{"fonts-", "ttf-", "tzdata", "zoneinfo-", "ca-certificates", "ca-bundle", "wireless-regdb", "iso-codes", "hwdata", "publicsuffix", "xkb-data", "mime-support", "media-types", "usb.ids", "pci.ids", "geoip-database", "bash-completion", "hicolor-icon-theme"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	for _, s := range []string{"-data", "-doc", "-locale", "-l10n", "-man"} {
		if strings.HasSuffix(name, s) {
			return true
		}
	}
	return false
}
