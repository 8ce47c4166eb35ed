package component

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/elf"
	"assay/internal/collect/firmware/inspect/inspecttest"
)

// scanOf scans one file.
func scanOf(path, data string) Findings {
	f := inspect.New(path, 0o644, []byte(data))
	return Scan(f, inspecttest.Find(Words(), f.Data))
}

const dpkgStatus = `Package: libssl3
Status: install ok installed
Architecture: armhf
Source: openssl
Version: 3.0.14-1~deb12u2
Description: Secure Sockets Layer toolkit
 Version: this line belongs to the description

Package: telnetd
Status: deinstall ok config-files
Version: 0.17-44

Package: zlib1g
Status: install ok installed
Source: zlib (1:1.2.13.dfsg-1)
Version: 1:1.2.13.dfsg-1
`

const opkgStatus = `Package: libopenssl3
Version: 3.0.13-1
Depends: libc
Status: install user installed
Architecture: mipsel_24kc
SourceName: openssl
License: Apache-2.0

Package: dropbear
Version: 2022.82-5
Status: install ok installed
`

const apkInstalled = `C:Q1abc=
P:musl
V:1.2.4-r2
A:aarch64
L:MIT
o:musl
F:lib
R:ld-musl-aarch64.so.1
R:libc.musl-aarch64.so.1

P:busybox
V:1.36.1-r15
o:busybox
`

func TestPackageDatabases(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		path, data string
		want       []Package
	}{
		{"/var/lib/dpkg/status", dpkgStatus, []Package{
			{Database: FromDpkg, Name: "libssl3", Version: "3.0.14-1~deb12u2", Arch: "armhf", Origin: "openssl"},
			{Database: FromDpkg, Name: "zlib1g", Version: "1:1.2.13.dfsg-1", Origin: "zlib", Offset: int64(strings.Index(dpkgStatus, "Package: zlib1g"))},
		}},
		{"/rom/etc/pkgs.txt", dpkgStatus, []Package{
			{Database: FromDpkg, Name: "libssl3", Version: "3.0.14-1~deb12u2", Arch: "armhf", Origin: "openssl"},
			{Database: FromDpkg, Name: "zlib1g", Version: "1:1.2.13.dfsg-1", Origin: "zlib", Offset: 267}}},
		{"/usr/lib/opkg/status", opkgStatus, []Package{
			{Database: FromOpkg, Name: "libopenssl3", Version: "3.0.13-1", Arch: "mipsel_24kc", Origin: "openssl", Licence: "Apache-2.0"},
			{Database: FromOpkg, Name: "dropbear", Version: "2022.82-5", Offset: int64(strings.Index(opkgStatus, "Package: dropbear"))},
		}},
		{"/var/lib/dpkg/status.d/base", "Package: base-files\nVersion: 12.4\n", []Package{{Database: FromDpkg, Name: "base-files", Version: "12.4"}}},
		{"/lib/apk/db/installed", apkInstalled, []Package{
			{Database: FromApk, Name: "musl", Version: "1.2.4-r2", Arch: "aarch64", Origin: "musl", Licence: "MIT", Offset: 9, Files: []string{"/lib/ld-musl-aarch64.so.1", "/lib/libc.musl-aarch64.so.1"}},
			{Database: FromApk, Name: "busybox", Version: "1.36.1-r15", Origin: "busybox", Offset: int64(strings.Index(apkInstalled, "P:busybox"))},
		}},
		{"/usr/lib/opkg/info/uhttpd.list", "/usr/sbin/uhttpd\t0100755\n/etc/config/uhttpd\n", []Package{
			{Database: FromOpkg, Name: "uhttpd", Files: []string{"/usr/sbin/uhttpd", "/etc/config/uhttpd"}},
		}},
		{"/var/lib/dpkg/info/libc6:armhf.list", "/.\n/lib/libc.so.6\n", []Package{
			{Database: FromDpkg, Name: "libc6", Files: []string{"/.", "/lib/libc.so.6"}},
		}},
		{"/home/user/status", "Package: a note of mine\nVersion: 2\nStatus: to be done\n", nil},
		{"/usr/share/licences.txt", "PACKAGE NAME: busybox-udhcpc\nPACKAGE VERSION: 1.35.0\nRECIPE NAME: busybox\nLICENSE: GPL-2.0-only & bzip2-1.0.4\n\n",
			[]Package{{Database: FromYocto, Name: "busybox-udhcpc", Version: "1.35.0", Origin: "busybox", Licence: "GPL-2.0-only & bzip2-1.0.4"}}},
	} {
		got := scanOf(test.path, test.data).Packages
		for i := range got {
			if got[i].Path != test.path {
				t.Errorf("%s: path %q", test.path, got[i].Path)
			}
			got[i].Path = ""
		}
		if d := cmp.Diff(test.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", test.path, d)
		}
	}
}

// rpmHead makes a header as rpm's database keeps it: string fields, and arrays
// of strings.
func rpmHead(fields map[uint32][]string, order []uint32) []byte {
	var index, data []byte
	be := binary.BigEndian
	for _, tag := range order {
		v := fields[tag]
		kind := uint32(6)
		if len(v) > 1 {
			kind = 8
		}
		off := len(data)
		if tag == rpmDirIndex {
			kind = 4
			for range v {
				data = be.AppendUint32(data, 0)
			}
		} else {
			data = append(data, strings.Join(v, "\x00")+"\x00"...)
		}
		for _, n := range []uint32{tag, kind, uint32(off), uint32(len(v))} {
			index = be.AppendUint32(index, n)
		}
	}
	head := be.AppendUint32(be.AppendUint32(nil, uint32(len(order))), uint32(len(data)))
	return append(append(head, index...), data...)
}

func sampleRPM() []byte {
	return rpmHead(map[uint32][]string{
		rpmName: {"openssl-libs"}, rpmVersion: {"3.0.7"}, rpmRelease: {"27.el9"}, rpmArch: {"aarch64"}, rpmLicence: {"Apache-2.0"},
		rpmSource: {"openssl-3.0.7-27.el9.src.rpm"}, rpmDirIndex: {"0", "0"}, rpmBasenames: {"libssl.so.3", "libcrypto.so.3"}, rpmDirnames: {"/usr/lib64/"},
	}, []uint32{rpmName, rpmVersion, rpmRelease, rpmLicence, rpmArch, rpmSource, rpmDirIndex, rpmBasenames, rpmDirnames})
}

// ndb puts one header into a database of rpm's own format.
func ndb(head []byte) []byte {
	le := binary.LittleEndian
	b := make([]byte, 8192)
	copy(b, "RpmP")
	le.PutUint32(b[12:], 1)
	copy(b[32:], "Slot")
	le.PutUint32(b[36:], 1)
	le.PutUint32(b[40:], 4096/16)
	copy(b[4096:], "BlbS")
	le.PutUint32(b[4096+12:], uint32(len(head)))
	copy(b[4112:], head)
	return b
}

// sqliteDB makes a database of 512-byte pages with the table Packages, whose
// one row goes on in overflow pages.
func sqliteDB(blob []byte) []byte {
	const size = 512
	page := func(kind byte, at int, cell []byte) []byte {
		p := make([]byte, size)
		h := at
		p[h] = kind
		binary.BigEndian.PutUint16(p[h+3:], 1)
		begin := size - len(cell)
		binary.BigEndian.PutUint16(p[h+8:], uint16(begin))
		copy(p[begin:], cell)
		return p
	}
	putVar := func(b []byte, v int) []byte {
		if v > 0x7f {
			b = append(b, byte(v>>7)|0x80)
		}
		return append(b, byte(v&0x7f))
	}
	text := func(s string) int { return 13 + 2*len(s) }
	sql := "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY, blob BLOB)"
	types := []byte{byte(text("table")), byte(text("Packages")), byte(text("Packages")), 1}
	types = putVar(types, text(sql))
	rec := append([]byte{byte(len(types) + 1)}, types...)
	rec = append(rec, "tablePackagesPackages\x02"+sql...)
	first := page(13, 100, append(putVar(nil, len(rec)), append([]byte{1}, rec...)...))
	copy(first, "SQLite format 3\x00")
	binary.BigEndian.PutUint16(first[16:], size)

	row := putVar([]byte{0, 0}, 12+2*len(blob)) // the key is the row's number
	row[0] = byte(len(row))
	row = append(row, blob...)
	u := size
	m := (u-12)*32/255 - 23
	local := m + (len(row)-m)%(u-4)
	if local > u-35 {
		local = m
	}
	if len(row) <= u-35 {
		local = len(row)
	}
	cell := append(putVar(nil, len(row)), 1)
	cell = append(cell, row[:local]...)
	rest := row[local:]
	if len(rest) > 0 {
		cell = binary.BigEndian.AppendUint32(cell, 3)
	}
	b := append(first, page(13, 0, cell)...)
	for n := 4; len(rest) > 0; n++ {
		p := make([]byte, size)
		k := copy(p[4:], rest)
		rest = rest[k:]
		if len(rest) > 0 {
			binary.BigEndian.PutUint32(p, uint32(n))
		}
		b = append(b, p...)
	}
	return b
}

func TestRPM(t *testing.T) {
	t.Parallel()
	want := []Package{{Database: FromRPM, Name: "openssl-libs", Version: "3.0.7-27.el9", Arch: "aarch64", Origin: "openssl", Licence: "Apache-2.0",
		Files: []string{"/usr/lib64/libssl.so.3", "/usr/lib64/libcrypto.so.3"}}}
	for path, db := range map[string][]byte{
		"/var/lib/rpm/rpmdb.sqlite":             sqliteDB(sampleRPM()),
		"/usr/lib/sysimage/rpm/Packages.db":     ndb(sampleRPM()),
		"/var/lib/rpm/rpmdb.sqlite (overflows)": sqliteDB(append(sampleRPM(), make([]byte, 3000)...)),
	} {
		path, _, _ = strings.Cut(path, " ")
		got := scanOf(path, string(db))
		for i := range got.Packages {
			got.Packages[i].Path, got.Packages[i].Offset = "", 0
		}
		if d := cmp.Diff(want, got.Packages); d != "" || got.Problems != nil {
			t.Errorf("%s: %s problems %q", path, d, got.Problems)
		}
	}
	if got := scanOf("/var/lib/rpm/Packages", "\x00\x00\x00"); len(got.Problems) != 1 {
		t.Errorf("Berkeley DB: problems %q", got.Problems)
	}
	if got := scanOf("/var/lib/rpm/rpmdb.sqlite", string(sqliteDB(sampleRPM())[:600])); len(got.Problems) != 1 {
		t.Errorf("cut database: problems %q", got.Problems)
	}
}

func TestManifests(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		path, data, name, version, purl string
	}{
		{"/app/node_modules/ws/package.json", `{"name":"ws","version":"7.4.6","license":"MIT"}`, "ws", "7.4.6", "pkg:npm/ws@7.4.6"},
		{"/app/node_modules/@a/b/package.json", `{"name":"@a/b","version":"1.0.0"}`, "@a/b", "1.0.0", "pkg:npm/%40a/b@1.0.0"},
		{"/app/package.json", `{"name":"the-app","version":"1.0.0"}`, "", "", ""},
		{"/app/node_modules/.package-lock.json", `{"packages":{"node_modules/qs":{"version":"6.5.2"}}}`, "qs", "6.5.2", "pkg:npm/qs@6.5.2"},
		{"/usr/lib/python3/dist-packages/requests-2.28.1.dist-info/METADATA", "Metadata-Version: 2.1\nName: Requests\nVersion: 2.28.1\n\nName: other\n", "requests", "2.28.1", "pkg:pypi/requests@2.28.1"},
		{"/usr/lib/python3/dist-packages/PyYAML-6.0.egg-info", "Name: PyYAML\nVersion: 6.0\n", "pyyaml", "6.0", "pkg:pypi/pyyaml@6.0"},
		{"/usr/lib/luarocks/rocks-5.1/luasocket/3.0.0-1/rock_manifest", "rock_manifest = {}", "luasocket", "3.0.0", "pkg:luarocks/luasocket@3.0.0"},
		{"/www/vendor/composer/installed.json", `{"packages":[{"name":"monolog/monolog","version":"v2.9.1","license":["MIT"]}]}`, "monolog/monolog", "2.9.1", "pkg:composer/monolog/monolog@2.9.1"},
		{"/opt/a.jar/META-INF/maven/org.x/y/pom.properties", "groupId=org.x\nartifactId=y\nversion=1.4\n", "org.x/y", "1.4", "pkg:maven/org.x/y@1.4"},
		{"/usr/lib/pkgconfig/openssl.pc", "prefix=/usr\nName: OpenSSL\nVersion: 1.1.1w\n", "openssl", "1.1.1w", ""},
		{"/usr/lib/libcjson.la", "dlname='libcjson.so.1'\nlibrary_names='libcjson.so.1.7.15 libcjson.so.1 libcjson.so'\n", "cjson", "1.7.15", ""},
		{"/app/node_modules/x/package.json", `{"name":"x`, "", "", ""},
	} {
		got := scanOf(test.path, test.data)
		if test.name == "" {
			if len(got.Claims) != 0 {
				t.Errorf("%s: %+v", test.path, got.Claims)
			}
			continue
		}
		if len(got.Claims) != 1 || got.Claims[0].Name != test.name || got.Claims[0].Version != test.version || got.Claims[0].PURL != test.purl {
			t.Errorf("%s: %+v", test.path, got.Claims)
		}
	}
}

func TestSystem(t *testing.T) {
	t.Parallel()
	got := scanOf("/etc/os-release", "NAME=\"Debian GNU/Linux\"\nID=debian\nVERSION_ID=\"12\"\n").System
	if d := cmp.Diff(&System{ID: "debian", Name: "Debian GNU/Linux", Version: "12", Path: "/etc/os-release"}, got); d != "" {
		t.Error(d)
	}
}

func TestRust(t *testing.T) {
	t.Parallel()
	const text = "/root/.cargo/registry/src/github.com-1ecc6299db9ec823/regex-automata-0.4.5/src/lib.rs"
	got := scanOf("/usr/bin/x", "\x7fELF\x01\x01\x01"+strings.Repeat("\x00", 64)+text+"\x00"+text)
	if len(got.Claims) != 1 || got.Claims[0].PURL != "pkg:cargo/regex-automata@0.4.5" {
		t.Errorf("%+v", got.Claims)
	}
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	if _, err := w.Write([]byte(`{"packages":[{"name":"rustls","version":"0.21.7","source":"crates.io"},{"name":"cc","version":"1.0.0","kind":"build"}]}`)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f := inspect.New("/usr/bin/x", 0o755, append([]byte("\x7fELF\x01\x01\x01"), z.Bytes()...))
	out := scan(rules(), f, nil, &elf.Program{Type: "executable", Sections: []elf.Section{{Name: ".dep-v0", Off: 7, Size: z.Len()}}})
	if len(out.Claims) != 1 || out.Claims[0].PURL != "pkg:cargo/rustls@0.21.7" {
		t.Errorf("%+v", out)
	}
}

func TestKernel(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ path, text, version, release string }{
		{"kernel", "\x00Linux version 5.10.14-hi3516 (a@b) (gcc (x) 9.3, GNU ld) #1 SMP Tue\n\x00", "5.10.14", "5.10.14-hi3516"},
		{"kernel", "\x00Linux version 6.1.0-50-armmp (k@l.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld) #1 SMP Debian 6.1.176-1 (2026-07-02)\x00", "6.1.176", "6.1.0-50-armmp"},
		{"/boot/config-5.15.0", "#\n# Linux/arm64 5.15.0 Kernel Configuration\n#\nCONFIG_ARM64=y\n", "5.15.0", "5.15.0"},
		{"/boot/config-6.1.0-50-armmp", "#\n# Linux/arm 6.1.0-50-armmp Kernel Configuration\n#\nCONFIG_ARM=y\n", "", "6.1.0-50-armmp"},
	} {
		got := scanOf(test.path, test.text)
		if len(got.Claims) != 1 || got.Claims[0].Version != test.version || got.Claims[0].Release != test.release {
			t.Errorf("%s: %+v", test.text, got.Claims)
		}
	}
	if got := scanOf("/var/log/messages", "Linux version 5.10.14 (a@b) (gcc) #1 SMP\n"); len(got.Claims) != 0 {
		t.Errorf("a log is no kernel: %+v", got.Claims)
	}
}

func TestModules(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		info map[string]string
		want []string // name and version
	}{
		{map[string]string{"name": "cfg80211", "intree": "Y", "vermagic": "5.10.14 SMP mod_unload ARMv7"}, []string{"linux 5.10.14"}},
		{map[string]string{"name": "8188eu", "vermagic": "4.9.37 mod_unload", "version": "v5.2.2.4"}, []string{"linux 4.9.37", "8188eu v5.2.2.4"}},
		{map[string]string{"name": "hi_osal", "vermagic": "4.9.37 mod_unload"}, []string{"linux 4.9.37"}},
	} {
		f := inspect.New("/lib/modules/x.ko", 0o644, []byte("\x7fELF\x01\x01\x01"))
		out := scan(rules(), f, nil, &elf.Program{Type: "object", ModInfo: test.info})
		var got []string
		for _, c := range out.Claims {
			got = append(got, c.Name+" "+c.Version)
		}
		if d := cmp.Diff(test.want, got); d != "" {
			t.Error(d)
		}
	}
}

// TestJarTitle: a title and a version are what any build writes; somebody who
// publishes it makes it a product.
func TestJarTitle(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"Implementation-Title: svclient\nImplementation-Version: 1.4.2\n":                                             0,
		"Implementation-Title: frob\nImplementation-Vendor: Frob Project\nImplementation-Version: 1.4.2\n":            1,
		"Implementation-Title: frob\nAutomatic-Module-Name: org.frob\nImplementation-Version: 1.4.2\n":                1,
		"Bundle-SymbolicName: org.frob.core\nBundle-Version: 1.4.2\n":                                                 1,
		"Implementation-Title: frob\nImplementation-Vendor: Frob Project\nImplementation-Version: ${project.version}": 0,
	} {
		if got := scanOf("/opt/x.jar/META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n"+text); len(got.Claims) != want {
			t.Errorf("%q: %+v", text, got.Claims)
		}
	}
}
