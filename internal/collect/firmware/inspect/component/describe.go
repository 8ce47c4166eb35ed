package component

import (
	"cmp"
	"slices"
	"strings"

	"assay/internal/pattern"
)

// describe adds what the rule knows and the names that vulnerability databases
// go by.
func (v *Inventory) describe(p *product, x *Component) {
	slices.Sort(x.Sources)
	slices.SortStableFunc(x.Evidence, func(a, b Evidence) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), strings.Compare(a.Path, b.Path), cmp.Compare(a.Offset, b.Offset))
	})
	x.Type = Library
	if slices.Contains(x.Sources, FromHeader) {
		x.Type = Firmware
	}
	r := p.rule
	if r == nil {
		x.PURL = cmp.Or(x.PURL, v.packageURL(x), versioned(p.key, x.Version))
		return
	}
	x.Type, x.Supplier, x.Homepage = r.Type, r.Vendor, r.Home
	x.Licence = cmp.Or(x.Licence, r.Licence)
	x.DataOnly = x.DataOnly || r.DataOnly
	x.PURL = cmp.Or(v.packageURL(x), x.PURL, versioned(p.key, x.Version))
	x.CPE = cpe(r.CPE, x.Version)
}

// cpe writes a name of the Common Platform Enumeration (NISTIR 7695, formatted
// string binding). product is "vendor:product", led by "o/" or "h/" where it is
// no application.
func cpe(product, raw string) string {
	if product == "" {
		return ""
	}
	part := "a"
	if len(product) > 2 && product[1] == '/' {
		part, product = product[:1], product[2:]
	}
	version, update := "*", "*"
	if v := strings.Trim(raw, " "); strings.Trim(v, "-") != "" { // a hyphen alone says "not applicable"
		// A patch level or what announces a release is an attribute of its own:
		// 9.2p1 is version 9.2, update p1.
		if m := updateRe.FindStringSubmatch(v); m != nil {
			version, update = escapeCPE(m[1]), escapeCPE(m[2]+m[3])
		} else {
			version = escapeCPE(v)
		}
	}
	return "cpe:2.3:" + part + ":" + product + ":" + version + ":" + update + ":*:*:*:*:*:*"
}

var updateRe = pattern.New(`^([0-9]+(?:\.[0-9]+)*)[-~.]?(p|rc|beta|alpha)[-.]?([0-9]+)$`)

// escapeCPE writes a value of a formatted string (NISTIR 7695, 6.2.3): letters,
// digits, underscores, dots and hyphens stand as they are, all else printable is
// led by a backslash, and what isn't printable has no place.
func escapeCPE(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c == '.', c == '-':
		case c <= ' ' || c > '~':
			c = '_'
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
