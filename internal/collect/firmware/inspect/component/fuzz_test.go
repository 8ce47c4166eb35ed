package component

import (
	"strings"
	"testing"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/inspecttest"
)

// FuzzScan reads hostile files of every kind that is parsed, and joins what they
// say.
func FuzzScan(f *testing.F) {
	seeds := map[string]string{
		"/var/lib/dpkg/status":                dpkgStatus,
		"/usr/lib/opkg/status":                opkgStatus,
		"/lib/apk/db/installed":               apkInstalled,
		"/usr/lib/opkg/info/uhttpd.list":      "/usr/sbin/uhttpd\t0100755\n",
		"/var/lib/rpm/rpmdb.sqlite":           string(sqliteDB(append(sampleRPM(), make([]byte, 1500)...))),
		"/var/lib/rpm/Packages.db":            string(ndb(sampleRPM())),
		"/usr/bin/cam":                        goProgram("go1.22.3", strings.Repeat("x", 16)+"dep\ta\tv1\n"+strings.Repeat("x", 16)),
		"/etc/os-release":                     "ID=debian\n",
		"/a/node_modules/ws/package.json":     `{"name":"ws","version":"7.4.6"}`,
		"/a/node_modules/.package-lock.json":  `{"packages":{"node_modules/qs":{"version":"6.5.2"}}}`,
		"/x.dist-info/METADATA":               "Name: x\nVersion: 1\n",
		"/luarocks/rocks/a/1-1/rock_manifest": "",
		"/www/vendor/composer/installed.json": `[{"name":"a/b","version":"v1"}]`,
		"/META-INF/maven/a/b/pom.properties":  "groupId=a\nartifactId=b\nversion=1\n",
		"/usr/lib/pkgconfig/openssl.pc":       "v=1\nVersion: ${v}\n",
		"/usr/lib/libcjson.la":                "library_names='libcjson.so.1.7.15 x'\n",
		"kernel":                              "\x00Linux version 6.1.0-50-armmp (k@d) (gcc) #1 SMP Debian 6.1.176-1 (2026)\x00",
		"/boot/config-5":                      "# Linux/arm 5.1 Kernel Configuration\nCONFIG_A=y\n",
		"/usr/lib/libz.so.1.2.13":             "\x7fELF\x01\x01\x01\x00 deflate 1.2.13 Copyright 1995-2022 x\x00",
		"/www/js/jquery.js":                   "/*! jQuery v3.6.0 | (c) OpenJS */\n",
		"/usr/bin/rusty":                      "\x7fELF\x01\x01\x01\x00/registry/src/a/regex-1.0.0/src",
		"/x.jar/META-INF/MANIFEST.MF":         "Bundle-SymbolicName: a;b\nBundle-Version: 1.0\n",
		"/specifications/a-1.0-arm.gemspec":   "",
		"/usr/share/license.manifest":         "PACKAGE NAME: a\nPACKAGE VERSION: 1\nRECIPE NAME: b\n\n",
		"/www/select2.min.js":                 "/*! Select2 4.0.13 | https://select2.org */\n",
		"/usr/sbin/vnstatd":                   "\x7fELF\x01\x01\x01\x00vnStat 2.10 by x\x002.10.3\x00--version\x00",
		"/usr/sbin/nmap":                      "\x7fELF\x01\x01\x01\x00/build/reproducible-path/nmap-7.95+dfsg/x.c\x00",
		"/usr/lib/libndpi.so.4.2.1":           "\x7fELF\x01\x01\x01\x00",
		"/usr/bin/libevent":                   "\x7fELF\x01\x01\x01\x00EVENT_SHOW_METHOD\x002.1.12-stable\x00",
	}
	for path, data := range seeds {
		f.Add(path, []byte(data))
	}
	find := inspecttest.Finder(Words())
	f.Fuzz(func(t *testing.T, path string, data []byte) {
		if len(data) > 1<<20 {
			return
		}
		file := inspect.New(path, 0o644, data)
		got := Scan(file, find(data))
		for _, c := range got.Claims {
			if c.Offset < 0 || c.Offset > int64(len(data)) {
				t.Errorf("%s %s at %d of %d bytes", c.Name, c.Version, c.Offset, len(data))
			}
			if len(c.Text) > 4096 {
				t.Errorf("a text of %d bytes", len(c.Text))
			}
		}
		v := NewInventory()
		v.Add(got)
		v.Add(got)
		v.Result()
	})
}

// FuzzCompare holds the order of versions against itself.
func FuzzCompare(f *testing.F) {
	f.Add("1.0.2k", "1.1.1")
	f.Add("2.0-rc1", "2.0")
	f.Add("~~", "")
	f.Fuzz(func(t *testing.T, a, b string) {
		if compare(a, b) != -compare(b, a) || compare(a, a) != 0 {
			t.Errorf("compare(%q, %q) = %d, the other way %d", a, b, compare(a, b), compare(b, a))
		}
		if same(a, b) != same(b, a) {
			t.Errorf("same(%q, %q) has a direction", a, b)
		}
		Upstream(a)
	})
}
