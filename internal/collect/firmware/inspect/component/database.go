package component

import (
	"bytes"
	"path"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/pattern"
)

// database knows a package database by its first lines, wherever it stands:
// makers move them, and keep copies.
func (s *scanner) database() func(*scanner) {
	d := s.f.Data
	if s.f.Kind != inspect.Text || len(d) < 32 {
		return nil
	}
	head := d[:min(len(d), 4096)]
	has := func(t string) bool { return bytes.Contains(head, []byte(t)) }
	switch {
	case bytes.HasPrefix(d, []byte("Package: ")) && has("\nVersion: ") && has("\nStatus: ") && has(" installed\n"):
		return (*scanner).stanzas
	case bytes.HasPrefix(d, []byte("C:Q")) && has("\nP:") && has("\nV:") && has("\nA:"):
		return (*scanner).apk
	case bytes.HasPrefix(d, []byte("PACKAGE NAME: ")) && has("\nPACKAGE VERSION: ") && has("\nRECIPE NAME: "):
		return (*scanner).yocto
	}
	return nil
}

// yocto reads the list of packages that OpenEmbedded puts into an image beside
// the licences (COPY_LIC_MANIFEST; license_image.bbclass).
func (s *scanner) yocto() {
	cur := Package{Database: FromYocto}
	flush := func() {
		if cur.Version != "" {
			s.addPackage(cur)
		}
		cur = Package{Database: FromYocto}
	}
	lines(s.f.Data, func(off int, l []byte) bool {
		key, value, _ := strings.Cut(string(l[:min(len(l), 1024)]), ": ")
		switch key {
		case "":
			flush()
		case "PACKAGE NAME":
			cur.Name, cur.Offset = value, int64(off)
		case "PACKAGE VERSION":
			cur.Version = value
		case "RECIPE NAME":
			cur.Origin = value
		case "LICENSE":
			cur.Licence = value
		}
		return true
	})
	flush()
}

// debianArch is a line that databases of Debian have and those of OpenWrt and
// OpenEmbedded haven't, whose machines have names of their own.
var debianArch = pattern.New(`(?m)^Architecture: (?:amd64|arm64|armhf|armel|i386|mips(?:64)?(?:el)?|riscv64|ppc64el|s390x)$`)

// stanzas reads the control format of dpkg and opkg (deb822(5)): fields, a blank
// line behind each package.
func (s *scanner) stanzas() {
	from := FromOpkg
	if strings.Contains(s.f.Path, "dpkg/") || !strings.Contains(s.f.Path, "pkg/") && debianArch.Match(s.f.Data[:min(len(s.f.Data), 4096)]) {
		from = FromDpkg
	}
	cur := Package{Database: from}
	installed := true
	flush := func() {
		if installed && cur.Version != "" {
			s.addPackage(cur)
		}
		cur, installed = Package{Database: from}, true
	}
	lines(s.f.Data, func(off int, l []byte) bool {
		if len(bytes.TrimSpace(l)) == 0 {
			flush()
			return true
		}
		key, value, ok := strings.Cut(string(l[:min(len(l), 1024)]), ":")
		if !ok || l[0] == ' ' || l[0] == '\t' {
			return true
		}
		value = strings.TrimSpace(value)
		switch key {
		case "Package":
			cur.Name, cur.Offset = value, int64(off)
		case "Version":
			cur.Version = value
		case "Architecture":
			cur.Arch = value
		case "Source", "SourceName":
			name, _, _ := strings.Cut(value, " ")
			if key == "SourceName" || cur.Origin == "" {
				cur.Origin = path.Base(name) // OpenWrt: feeds/packages/libs/openssl
			}
		case "License":
			cur.Licence = value
		case "Status":
			installed = strings.HasSuffix(value, " installed")
		}
		return true
	})
	flush()
}

// maxFiles bounds the files of one package.
const maxFiles = 20_000

// fileList reads which files a package brought; the name of the package is that
// of the list.
func (s *scanner) fileList() {
	name, _, _ := strings.Cut(strings.TrimSuffix(s.base, ".list"), ":")
	p := Package{Name: name, Database: FromOpkg}
	if strings.Contains(s.f.Path, "dpkg/") {
		p.Database = FromDpkg
	}
	lines(s.f.Data, func(_ int, l []byte) bool {
		l, _, _ = bytes.Cut(l, []byte("\t")) // opkg adds mode and target
		if len(l) > 1 && l[0] == '/' {
			p.Files = append(p.Files, string(l))
		}
		return len(p.Files) < maxFiles
	})
	s.addPackage(p)
}

// apk reads Alpine's database (wiki.alpinelinux.org/wiki/Apk_spec, "installed
// database").
func (s *scanner) apk() {
	cur := Package{Database: FromApk}
	dir := ""
	flush := func() {
		if cur.Version != "" {
			s.addPackage(cur)
		}
		cur, dir = Package{Database: FromApk}, ""
	}
	lines(s.f.Data, func(off int, l []byte) bool {
		if len(l) == 0 {
			flush()
			return true
		}
		if len(l) < 2 || l[1] != ':' {
			return true
		}
		value := string(l[2:min(len(l), 4096)])
		switch l[0] {
		case 'P':
			cur.Name, cur.Offset = value, int64(off)
		case 'V':
			cur.Version = value
		case 'A':
			cur.Arch = value
		case 'o':
			cur.Origin = value
		case 'L':
			cur.Licence = value
		case 'F':
			dir = "/" + value
		case 'R':
			if len(cur.Files) < maxFiles {
				cur.Files = append(cur.Files, path.Join(dir, value))
			}
		}
		return true
	})
	flush()
}

// osRelease reads os-release(5), and what OpenWrt has in its place.
func (s *scanner) osRelease() {
	sys := System{Path: s.f.Path}
	lines(s.f.Data[:min(len(s.f.Data), 64<<10)], func(_ int, l []byte) bool {
		key, value, _ := strings.Cut(string(l), "=")
		value = strings.Trim(value, `"'`)
		switch key {
		case "ID", "DISTRIB_ID":
			sys.ID = strings.ToLower(value)
		case "NAME":
			sys.Name = value
		case "VERSION_ID", "DISTRIB_RELEASE":
			sys.Version = value
		}
		return true
	})
	if sys.ID != "" || sys.Name != "" {
		s.out.System = &sys
	}
}
