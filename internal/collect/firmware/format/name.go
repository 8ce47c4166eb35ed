package format

import "strings"

// Join makes the path of an entry from its folder ("/" for the root) and its
// name, and says why the name can't be one ("" where it can).
func Join(dir, name string) (path, bad string) {
	switch {
	case name == "":
		bad = "the name is empty"
	case name == "." || name == "..":
		bad = "the name points to a folder above"
	case strings.ContainsRune(name, '/'):
		bad = "the name holds a slash"
	case strings.ContainsRune(name, 0):
		bad = "the name holds a NUL byte"
	}
	return strings.TrimSuffix(dir, "/") + "/" + name, bad
}

// maxPath bounds a path; PATH_MAX of Linux is 4096.
const maxPath = 4096

// Member makes the path of an archive's member from its whole name. Leading
// "./" and a trailing slash are what archivers write; an absolute name, a ".."
// or a NUL byte is bad. The archive's root is "/".
func Member(name string, depth int) (path, bad string) {
	if strings.ContainsRune(name, 0) {
		return name, "the name holds a NUL byte"
	}
	if strings.HasPrefix(name, "/") {
		return name, "the name is absolute"
	}
	if len(name) > maxPath {
		return name[:64], "the name is longer than 4096 bytes"
	}
	parts := strings.Split(strings.TrimSuffix(name, "/"), "/")
	clean := parts[:0]
	for _, p := range parts {
		switch p {
		case "", ".":
		case "..":
			return name, "the name points to a folder above"
		default:
			clean = append(clean, p)
		}
	}
	if depth > 0 && len(clean) > depth {
		return name, "the name is too many folders deep"
	}
	return "/" + strings.Join(clean, "/"), ""
}

// Printable keeps what a terminal shows as it is, at most 64 bytes.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e {
			return '.'
		}
		return r
	}, s[:min(len(s), 64)])
}
