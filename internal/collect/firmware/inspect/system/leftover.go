package system

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/pattern"
)

var (
	remains = map[string]string{
		".bash_history": "history", ".ash_history": "history", ".sh_history": "history", ".zsh_history": "history", ".history": "history", ".python_history": "history", ".mysql_history": "history",
		".psql_history": "history", ".sqlite_history": "history", ".lesshst": "history", ".viminfo": "editor", ".gdbinit": "gdb", ".gdb_history": "gdb", ".lldbinit": "gdb",
		".ds_store": "desktop", "thumbs.db": "desktop", "makefile": "source", "cmakelists.txt": "source", "kconfig": "source", "a.out": "program",
	}
	backup  = pattern.New(`(?i)\.(?:bak|backup|orig|rej|old|save)\d*$|[^~]~$|^\..+\.sw[op]$|^#.+#$|\(copy\)|\.bak[-._]\w+$`)
	sources = []string{".c", ".cc", ".cpp", ".cxx", ".o", ".obj", ".gcno", ".gcda"}
	dumped  = pattern.New(`^core(?:[.-]\w+)*$|\.core$`)
)

// brought are the folders of packages, whose names mean something else: of the
// system's, which begin at the root, and of languages', wherever they stand.
var (
	brought = []string{"/usr/share/", "/usr/lib/", "/usr/lib64/", "/lib/", "/usr/include/", "/usr/src/", "/var/lib/dpkg/", "/var/lib/opkg/", "/var/backups/"}
	modules = []string{"/node_modules/", "/site-packages/", "/dist-packages/"}
)

// installed says that a folder holds what packages bring.
func installed(p string) bool {
	return slices.ContainsFunc(brought, func(dir string) bool { return strings.HasPrefix(p, dir) }) ||
		slices.ContainsFunc(modules, func(dir string) bool { return strings.Contains(p, dir) })
}

// identities are files that a unit makes for itself when it is first started:
// what stands in the image, all units have (machine-id(5), systemd-random-seed(8)).
var identities = map[string]string{
	"/etc/machine-id": "machine-id", "/var/lib/dbus/machine-id": "machine-id", "/etc/hostid": "hostid", "/etc/random-seed": "random-seed", "/etc/random.seed": "random-seed", "/etc/urandom.seed": "random-seed",
	"/var/lib/random-seed": "random-seed", "/var/lib/urandom/random-seed": "random-seed", "/var/lib/systemd/random-seed": "random-seed", "/var/lib/misc/random-seed": "random-seed", "/var/lib/seedrng/seed.credit": "random-seed", "/var/lib/seedrng/seed.no-credit": "random-seed",
}

// leftover looks for what belongs to whoever developed or tested a product, and
// tells more than the product is to tell.
func (s *scanner) leftover() {
	whole := func(kind, name string) {
		s.rep.Weaknesses = append(s.rep.Weaknesses, inspect.Weakness{Kind: kind, Where: inspect.Where{Path: s.f.Path}, Name: name, Text: name})
	}
	if name := s.left(); name != "" {
		whole(Leftover, name)
	}
	if s.f.Path == "/adb_keys" || s.f.Path == "/data/misc/adb/adb_keys" { // whoever holds the other half gets a shell (AOSP, adb's docs)
		if key, _, ok := bytes.Cut(s.f.Data[:min(len(s.f.Data), 2048)], []byte(" ")); ok && len(key) > 600 {
			s.add(0, inspect.Weakness{Kind: ADBEnabled, Name: "adb_keys", Text: "adb_keys"})
		}
	}
	if name := identities[s.f.Path]; name != "" && len(bytes.TrimSpace(s.f.Data)) >= 4 && !bytes.HasPrefix(s.f.Data, []byte("uninitialized")) {
		whole(FixedIdentity, name)
	}
}

func (s *scanner) left() string {
	p, data := s.f.Path, s.f.Data
	dir, base := path.Split(p)
	lower := strings.ToLower(base)
	if installed(p) || s.f.Role == inspect.Documentation && lower != "cmakelists.txt" {
		return ""
	}
	switch path.Base(dir) {
	case ".git":
		if base == "config" || base == "HEAD" {
			return "git"
		}
	case ".svn":
		if base == "entries" || base == "wc.db" {
			return "svn"
		}
	case ".hg":
		if base == "requires" {
			return "hg"
		}
	case "CVS":
		if base == "Entries" {
			return "cvs"
		}
	case ".vscode", ".idea":
		return "editor"
	}
	if name := remains[lower]; name != "" {
		return name
	}
	head := data[:min(len(data), 4096)]
	switch {
	case backup.MatchString(base) && !strings.Contains(p, "/.git/"):
		return "backup"
	case dumped.MatchString(lower) && s.f.Program() != nil && s.f.Program().Type == "core":
		return "core"
	case strings.HasSuffix(lower, ".pcap") || strings.HasSuffix(lower, ".pcapng") || bytes.HasPrefix(head, []byte("\xd4\xc3\xb2\xa1\x02\x00\x04\x00")) || bytes.HasPrefix(head, []byte("\xa1\xb2\xc3\xd4\x00\x02\x00\x04")):
		return "capture"
	case strings.HasSuffix(lower, ".map") && bytes.Contains(head, []byte(`"version":`)) && bytes.Contains(head, []byte(`"sources":`)):
		return "source-map"
	case slices.Contains(sources, path.Ext(lower)) && (dir != "/" || path.Ext(lower) != ".o"): // a member of a static library has no folder
		return "source"
	case strings.HasSuffix(lower, ".php") && len(data) < 4096 && bytes.Contains(head, []byte("phpinfo(")):
		return "phpinfo"
	}
	return ""
}
