package component

import (
	"bytes"
	"cmp"
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// reader reads a file that lists software.
type reader struct {
	path string // pattern of its path
	re   func() *regexp.Regexp
	end  string // what the path ends in: looked at first
	read func(*scanner)
}

var readers = sync.OnceValue(func() []reader {
	list := []reader{
		{end: "status", path: `(^|/)(dpkg|opkg|ipkg)/status$`, read: (*scanner).stanzas},
		{path: `(^|/)dpkg/status\.d/[^/]+$`, read: (*scanner).stanzas},
		{end: ".control", path: `(^|/)info/[^/]+\.control$`, read: (*scanner).stanzas},
		{end: ".list", path: `(^|/)info/[^/]+\.list$`, read: (*scanner).fileList},
		{end: "installed", path: `(^|/)apk/db/installed$`, read: (*scanner).apk},
		{end: "rpmdb.sqlite", path: `(^|/)rpmdb\.sqlite$`, read: (*scanner).rpmSQLite},
		{end: "Packages.db", path: `(^|/)Packages\.db$`, read: (*scanner).rpmNDB},
		{end: "Packages", path: `(^|/)rpm/Packages$`, read: (*scanner).rpmBerkeley},
		{end: "os-release", path: `(^|/)(etc|usr/lib)/os-release$`, read: (*scanner).osRelease},
		{end: "openwrt_release", path: `(^|/)etc/openwrt_release$`, read: (*scanner).osRelease},
		{end: "package.json", path: `(^|/)node_modules/(@[^/]+/)?[^/]+/package\.json$`, read: (*scanner).node},
		{end: ".package-lock.json", path: `(^|/)node_modules/\.package-lock\.json$`, read: (*scanner).nodeLock},
		{end: "METADATA", path: `\.dist-info/METADATA$`, read: (*scanner).python},
		{end: "PKG-INFO", path: `\.egg-info/PKG-INFO$|(^|/)EGG-INFO/PKG-INFO$`, read: (*scanner).python},
		{end: ".egg-info", path: `\.egg-info$`, read: (*scanner).python},
		{end: "rock_manifest", path: `(^|/)luarocks/rocks[^/]*/[^/]+/[^/]+/rock_manifest$`, read: (*scanner).rock},
		{end: "MANIFEST.MF", path: `(^|/)META-INF/MANIFEST\.MF$`, read: (*scanner).jar},
		{end: ".gemspec", path: `(^|/)specifications/(default/)?[^/]+\.gemspec$`, read: (*scanner).gem},
		{end: "composer.lock", path: `(^|/)composer\.lock$`, read: (*scanner).composer},
		{end: ".rockspec", path: `(^|/)luarocks/rocks[^/]*/[^/]+/[^/]+/[^/]+\.rockspec$`, read: (*scanner).rock},
		{end: "installed.json", path: `(^|/)vendor/composer/installed\.json$`, read: (*scanner).composer},
		{end: "pom.properties", path: `(^|/)META-INF/maven/[^/]+/[^/]+/pom\.properties$`, read: (*scanner).maven},
		{end: ".pc", path: `(^|/)pkgconfig/[^/]+\.pc$`, read: (*scanner).pkgconfig},
		{end: ".la", path: `(^|/)lib[^/]*\.la$`, read: (*scanner).libtool},
	}
	for i := range list {
		list[i].re = lazy(list[i].path)
	}
	return list
})

// manifest reads the file where its path says that it lists software.
func (s *scanner) manifest() {
	for _, r := range readers() {
		if strings.HasSuffix(s.f.Path, r.end) && (r.end != "" || strings.Contains(s.f.Path, "status.d/")) && r.re().MatchString(s.f.Path) {
			r.read(s)
			return
		}
	}
	if read := s.database(); read != nil {
		read(s)
		return
	}
	if s.p == nil {
		if r := firstGlob(s.rs.data, s.f.Path); r != nil {
			s.see(named(r, s.base))
		}
	}
}

// maxPackages bounds a database: a whole distribution on a desktop has some
// 5,000.
const maxPackages = 50_000

func (s *scanner) addPackage(p Package) {
	if len(s.out.Packages) == maxPackages {
		s.problem("more than 50000 packages: the rest is left out")
		return
	}
	if p.Name == "" || len(p.Name) > 256 || len(p.Version) > 256 {
		return
	}
	p.Path = s.f.Path
	s.out.Packages = append(s.out.Packages, p)
}

// lines goes over the lines of a text with their offsets.
func lines(b []byte, fn func(off int, line []byte) bool) {
	for off := 0; off < len(b); {
		n := bytes.IndexByte(b[off:], '\n')
		next := len(b)
		if n >= 0 {
			next = off + n + 1
		} else {
			n = len(b) - off
		}
		if !fn(off, bytes.TrimSuffix(b[off:off+n], []byte("\r"))) {
			return
		}
		off = next
	}
}

// named adds what a manifest of a language says; space is the scope, the group
// or the vendor before the name.
func (s *scanner) named(from Source, kind, space, name, version, licence, text string, off int) {
	name, version = strings.TrimSpace(name), strings.TrimSpace(version)
	if name == "" || version == "" || len(space)+len(name) > 214 || len(version) > 128 {
		return
	}
	whole := name
	if space != "" {
		whole = space + "/" + name
	}
	s.claim(Claim{Name: whole, Rule: string(from), Version: version, Confidence: High, Source: from, Licence: licence,
		Offset: int64(off), Text: text, PURL: purl(kind, space, name, version)})
}

// scoped splits "@scope/name" and "vendor/name".
func scoped(whole string) (space, name string) {
	i := strings.LastIndexByte(whole, '/')
	return whole[:max(i, 0)], whole[i+1:]
}

// maxJSON bounds what is read as JSON.
const maxJSON = 32 << 20

func (s *scanner) json(v any) bool {
	if len(s.f.Data) > maxJSON {
		s.problem("a list of packages larger than 32 MiB is not read")
		return false
	}
	if err := json.Unmarshal(bytes.TrimPrefix(s.f.Data, []byte("\xef\xbb\xbf")), v); err != nil {
		s.problem("a list of packages is no sound JSON")
		return false
	}
	return true
}

// node reads the package.json of an installed package.
func (s *scanner) node() {
	var p struct {
		Name    string
		Version string
		License any
	}
	if !s.json(&p) {
		return
	}
	lic, _ := p.License.(string)
	space, name := scoped(p.Name)
	s.named(FromNode, "npm", space, name, p.Version, lic, p.Name+" "+p.Version, at(s.f.Data, `"version"`))
}

func (s *scanner) nodeLock() {
	var p struct {
		Packages map[string]struct {
			Version, License string
			Link, Dev        bool
		}
	}
	if !s.json(&p) {
		return
	}
	var names []string
	for dir := range p.Packages {
		names = append(names, dir)
	}
	slices.Sort(names)
	for _, dir := range names {
		i := strings.LastIndex(dir, "node_modules/")
		if i < 0 || p.Packages[dir].Link {
			continue
		}
		space, name := scoped(dir[i+len("node_modules/"):])
		s.named(FromNode, "npm", space, name, p.Packages[dir].Version, p.Packages[dir].License, dir, at(s.f.Data, `"`+dir+`"`))
	}
}

func at(d []byte, text string) int { return max(0, bytes.Index(d, []byte(text))) }

// python reads core metadata (packaging.python.org, "Core metadata
// specifications"): headers up to a blank line.
func (s *scanner) python() {
	var name, version, licence string
	off := 0
	lines(s.f.Data, func(at int, l []byte) bool {
		key, value, ok := strings.Cut(string(l[:min(len(l), 512)]), ":")
		value = strings.TrimSpace(value)
		switch {
		case len(l) == 0:
			return false
		case !ok:
		case key == "Name":
			name = value
		case key == "Version":
			version, off = value, at
		case key == "License-Expression":
			licence = value
		}
		return true
	})
	// PEP 503: one spelling of names.
	norm := strings.ToLower(strings.NewReplacer("_", "-", ".", "-").Replace(name))
	s.named(FromPython, "pypi", "", norm, version, licence, name+" "+version, off)
}

// rock takes name and version of a Lua rock from its folder.
func (s *scanner) rock() {
	dir := path.Dir(s.f.Path)
	version, _, _ := strings.Cut(path.Base(dir), "-")
	name := path.Base(path.Dir(dir))
	s.named(FromLua, "luarocks", "", name, version, "", path.Base(dir), 0)
}

func (s *scanner) composer() {
	type pkg struct {
		Name, Version string
		License       []string
	}
	var two struct{ Packages []pkg }
	list := &two.Packages
	if t := bytes.TrimSpace(s.f.Data); len(t) > 0 && t[0] == '[' { // Composer 1
		if !s.json(list) {
			return
		}
	} else if !s.json(&two) {
		return
	}
	for _, p := range *list {
		lic := ""
		if len(p.License) == 1 {
			lic = p.License[0]
		}
		space, name := scoped(p.Name)
		s.named(FromPHP, "composer", space, name, strings.TrimPrefix(p.Version, "v"), lic, p.Name+" "+p.Version, at(s.f.Data, `"`+p.Name+`"`))
	}
}

func (s *scanner) maven() {
	m := map[string]string{}
	lines(s.f.Data[:min(len(s.f.Data), 64<<10)], func(_ int, l []byte) bool {
		k, v, _ := strings.Cut(string(l), "=")
		m[strings.TrimSpace(k)] = strings.TrimSpace(v)
		return len(m) < 64
	})
	if m["groupId"] == "" {
		return
	}
	s.named(FromJava, "maven", m["groupId"], m["artifactId"], m["version"], "", m["artifactId"]+" "+m["version"], 0)
}

// jar reads the manifest of a Java archive (JAR File Specification), where that
// names a product: bundles of OSGi, and what builds fill in.
func (s *scanner) jar() {
	m := map[string]string{}
	lines(s.f.Data[:min(len(s.f.Data), 64<<10)], func(_ int, l []byte) bool {
		k, v, _ := strings.Cut(string(l), ": ")
		if len(l) == 0 {
			return false // the main section ends
		}
		m[k] = strings.TrimSpace(v)
		return len(m) < 256
	})
	name, _, _ := strings.Cut(m["Bundle-SymbolicName"], ";")
	if name == "" && cmp.Or(m["Implementation-Vendor"], m["Implementation-Vendor-Id"], m["Specification-Vendor"], m["Bundle-Vendor"], m["Automatic-Module-Name"]) == "" {
		return // a title alone: any build writes it, of a maker's own program as well
	}
	name, version := cmp.Or(name, m["Implementation-Title"]), cmp.Or(m["Bundle-Version"], m["Implementation-Version"])
	if name == "" || version == "" || strings.ContainsAny(name, " ${}") || version[0] < '0' || version[0] > '9' {
		return
	}
	s.claim(Claim{Name: name, Rule: "jar-manifest", Version: version, Confidence: Medium, Source: FromJava, Text: name + " " + version, PURL: purl("generic", "", name, version)})
}

// gem takes name and version of an installed Ruby gem from the name of its
// specification.
func (s *scanner) gem() {
	base := strings.TrimSuffix(s.base, ".gemspec")
	i := strings.LastIndex(base, "-")
	for i > 0 && (i+1 >= len(base) || base[i+1] < '0' || base[i+1] > '9') {
		i = strings.LastIndex(base[:i], "-") // "-arm-linux" of a platform
	}
	if i > 0 {
		version, _, _ := strings.Cut(base[i+1:], "-")
		s.named(FromRuby, "gem", "", base[:i], version, "", s.base, 0)
	}
}

// pkgconfig reads a description for pkg-config(1). It is named as its library.
func (s *scanner) pkgconfig() {
	vars := map[string]string{}
	off := 0
	lines(s.f.Data[:min(len(s.f.Data), 64<<10)], func(at int, l []byte) bool {
		t := string(l)
		if k, v, ok := strings.Cut(t, ":"); ok && k == "Version" {
			vars["Version"], off = strings.TrimSpace(v), at
		} else if k, v, ok := strings.Cut(t, "="); ok {
			vars[strings.TrimSpace(k)] = strings.TrimSpace(v)
		}
		return len(vars) < 64
	})
	v := vars["Version"]
	if k, ok := strings.CutPrefix(v, "${"); ok {
		v = vars[strings.TrimSuffix(k, "}")]
	}
	base := strings.TrimSuffix(s.base, ".pc")
	r := s.rs.byPackage(base)
	if r == nil || v == "" || v[0] < '0' || v[0] > '9' {
		return
	}
	s.claim(Claim{Name: r.Name, Rule: r.ID, Version: v, Soft: weightFirst, Confidence: Medium, Source: FromPkgconf, Offset: int64(off), Text: s.base + ": " + v})
}

// libtool reads the names that a library was installed by, which tell its
// number even where the file itself has another name.
func (s *scanner) libtool() {
	lines(s.f.Data[:min(len(s.f.Data), 16<<10)], func(off int, l []byte) bool {
		list, ok := bytes.CutPrefix(l, []byte("library_names='"))
		if !ok {
			return true
		}
		first, _, _ := strings.Cut(strings.Trim(string(list), "' "), " ")
		stem, number := cutSo(first)
		if r, so, _ := s.rs.soRule(stem); r != nil && so != nil {
			if v, _ := so.release(number); v != "" {
				s.claim(Claim{Name: r.Name, Rule: r.ID, Version: v, Soft: weightNumber, Confidence: Medium, Source: FromFile, Offset: int64(off), Text: first})
			}
		}
		return false
	})
}
