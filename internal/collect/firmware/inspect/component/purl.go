package component

import (
	"cmp"
	"strings"
)

// purl writes a package URL (purl specification, ECMA-427): type, namespace,
// name and version, and qualifiers as pairs of key and value, in the order of
// their keys. Names are spelled as the type asks for.
func purl(kind, space, name, version string, qualifiers ...string) string {
	switch kind {
	case "golang", "npm", "composer", "deb", "apk":
		space, name = strings.ToLower(space), strings.ToLower(name)
	case "pypi":
		name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	case "rpm":
		space = strings.ToLower(space)
	}
	var b strings.Builder
	b.WriteString("pkg:" + kind + "/")
	for part := range strings.SplitSeq(space, "/") {
		if part != "" {
			escapePURL(&b, part)
			b.WriteByte('/')
		}
	}
	escapePURL(&b, name)
	if version != "" {
		b.WriteByte('@')
		escapePURL(&b, version)
	}
	lead := byte('?')
	for i := 0; i+1 < len(qualifiers); i += 2 {
		if qualifiers[i+1] == "" {
			continue
		}
		b.WriteByte(lead)
		b.WriteString(qualifiers[i] + "=")
		escapePURL(&b, qualifiers[i+1])
		lead = '&'
	}
	return b.String()
}

// escapePURL percent-encodes all but what RFC 3986 leaves unreserved, and the
// colon.
func escapePURL(b *strings.Builder, s string) {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '-', c == '_', c == '~', c == ':':
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
}

// productKey is what products are told apart by, the package URL without
// version, of "type/name".
func productKey(s string) string {
	kind, name, _ := strings.Cut(s, "/")
	space := ""
	if kind != "generic" {
		space, name = scoped(name)
	}
	return strings.TrimPrefix(purl(kind, space, name, ""), "pkg:")
}

// versioned is the package URL of a product in a version.
func versioned(key, version string) string {
	var b strings.Builder
	b.WriteString("pkg:" + key)
	if version != "" {
		b.WriteByte('@')
		escapePURL(&b, version)
	}
	return b.String()
}

// purlOf says how a package URL calls the packages of a database.
var purlOf = map[Source]string{FromDpkg: "deb", FromOpkg: "opkg", FromApk: "apk", FromRPM: "rpm", FromNote: "generic"}

// packageURL names the package of the database (purl types deb, apk, rpm); of
// several the first.
func (v *Inventory) packageURL(x *Component) string {
	if len(x.Packages) == 0 {
		return ""
	}
	e := x.Packages[0]
	kind := cmp.Or(e.Type, purlOf[e.Database])
	if strings.Trim(kind, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		kind = "generic" // what a note calls a type isn't one
	}
	space := map[string]string{"deb": "debian", "apk": "alpine", "opkg": "openwrt"}[kind]
	for _, s := range v.systems {
		if s.ID != "" && digitsOrLetters(s.ID) && kind != "opkg" && kind != "generic" {
			space = s.ID
		}
	}
	version, epoch := e.Version, ""
	if i := strings.IndexByte(version, ':'); kind == "rpm" && i > 0 && digits(version[:i]) {
		epoch, version = version[:i], version[i+1:] // the type has it apart
	}
	return purl(kind, space, e.Name, version, "arch", e.Arch, "epoch", epoch)
}

func digitsOrLetters(s string) bool {
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == ""
}
