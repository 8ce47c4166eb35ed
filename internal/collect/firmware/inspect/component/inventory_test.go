package component

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// claim is what a file says about a product of the rules.
func said(path, id, version string, conf Confidence) Findings {
	r := rules().byID[id]
	return Findings{Path: path, Claims: []Claim{{Name: r.Name, Rule: id, Version: version, Confidence: conf, Source: FromText, Text: version}}}
}

func ranged(path, id, atLeast, below string, versions ...string) Findings {
	f := said(path, id, "", Low)
	f.Claims[0].AtLeast, f.Claims[0].Below, f.Claims[0].Versions = atLeast, below, versions
	return f
}

func entry(name, origin, version string, files ...string) Findings {
	return Findings{Path: "/var/lib/dpkg/status", Packages: []Package{{Database: FromDpkg, Name: name, Origin: origin, Version: version, Files: files, Path: "/var/lib/dpkg/status"}}}
}

// summary writes a result in one line for each component.
func summary(r Result) []string {
	var out []string
	for _, c := range r.Components {
		l := fmt.Sprintf("%s %s %d", c.Name, c.Version, len(c.Evidence))
		if c.Conflict != "" {
			l += " conflict"
		}
		if c.DataOnly {
			l += " data"
		}
		out = append(out, l)
	}
	for _, c := range r.Unknown {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s unknown %s", c.Name, c.Range)))
	}
	for _, u := range r.Unattributed {
		out = append(out, "? "+u.Path)
	}
	return out
}

func TestInventory(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		add  []Findings
		want []string
	}{
		{"library, program and soname are one component", []Findings{
			said("/usr/lib/libcrypto.so.3", "openssl", "3.0.14", High),
			said("/usr/bin/openssl", "openssl", "3.0.14", High),
			said("/usr/lib/libssl.so.3", "openssl", "", Low),
		}, []string{"openssl 3.0.14 3"}},
		{"two versions of a library in two files are two components", []Findings{
			said("/usr/lib/libz.so.1.2.13", "zlib", "1.2.13", High),
			said("/opt/app/tool", "zlib", "1.2.3", High),
		}, []string{"zlib 1.2.3 1", "zlib 1.2.13 1"}},
		{"the database says the same", []Findings{
			entry("libcurl4", "curl", "7.88.1-10+deb12u5"),
			said("/usr/lib/libcurl.so.4.8.0", "curl", "7.88.1", High),
		}, []string{"curl 7.88.1 2"}},
		{"a file that was replaced contradicts the database", []Findings{
			entry("busybox", "", "1:1.35.0-4", "/bin/busybox"),
			said("/bin/busybox", "busybox", "1.20.2", High),
		}, []string{"busybox 1.20.2 1 conflict", "busybox 1.35.0 1 conflict"}},
		{"the number in a name doesn't outweigh the database", []Findings{
			entry("libfoo", "paho.mqtt.c", "1.3.12-1", "/usr/lib/libpaho-mqtt3c.so.1.3.11"),
			said("/usr/lib/libpaho-mqtt3c.so.1.3.11", "paho-mqtt-c", "1.3.11", Medium),
		}, []string{"paho-mqtt-c 1.3.12 2"}},
		{"several binary packages of one source", []Findings{
			entry("libgnutls30", "gnutls28", "3.7.9-2"), entry("gnutls-bin", "gnutls28", "3.7.9-2"),
		}, []string{"gnutls 3.7.9 2"}},
		{"opkg names no source", []Findings{
			{Packages: []Package{{Database: FromOpkg, Name: "libopenssl3", Version: "3.0.13-1"}, {Database: FromOpkg, Name: "libopenssl-conf", Version: "3.0.13-1"}, {Database: FromOpkg, Name: "kmod-nf-nat", Version: "5.15.150-1"}}},
		}, []string{"linux 5.15.150 1", "openssl 3.0.13 2"}},
		{"data", []Findings{entry("tzdata", "tzdata", "2024a-0+deb12u1")}, []string{"tzdata 2024a 1 data"}},
		{"symbols alone give a range", []Findings{ranged("/lib/libselinux.so.1", "libselinux", "3.4", "")}, []string{"libselinux unknown >= 3.4"}},
		{"two files narrow it to one release", []Findings{
			ranged("/usr/lib/libnettle.so.8", "nettle", "", "", "3.8", "3.8.1"),
			ranged("/usr/lib/libhogweed.so.6", "nettle", "3.8.1", ""),
		}, []string{"nettle 3.8.1 2"}},
		{"a range that no version fits stays apart", []Findings{
			said("/usr/bin/a", "zlib", "1.2.3", High), ranged("/usr/lib/libz.so.1", "zlib", "1.2.9", ""),
		}, []string{"zlib 1.2.3 1", "zlib unknown >= 1.2.9"}},
		{"no name, no package: unattributed", []Findings{
			{Path: "/usr/sbin/ipcamd", Binary: &Binary{Path: "/usr/sbin/ipcamd", Needed: []string{"libc.so.6"}}},
			{Path: "/usr/lib/x.so", Binary: &Binary{Path: "/usr/lib/x.so"}},
			entry("x", "x", "1.0-1", "/usr/lib/x.so"),
		}, []string{"x 1.0 1", "? /usr/sbin/ipcamd"}},
		{"modules name a kernel by its release name", []Findings{
			{Path: "a.ko", Claims: []Claim{{Name: "linux", Rule: "linux-module", Release: "6.1.0-50-armmp", AtLeast: "6.1.0", Confidence: Low, Source: FromKernel}}, Binary: &Binary{Path: "a.ko", Module: true}},
			{Path: "kernel", Claims: []Claim{{Name: "linux", Rule: "linux-banner", Release: "6.1.0-50-armmp", Version: "6.1.176", Confidence: High, Source: FromKernel}}},
		}, []string{"linux 6.1.176 2"}},
		{"packages of Node and programs of the same name are two products", []Findings{
			{Path: "p", Claims: []Claim{{Name: "openssl", Rule: "node", Version: "1.0.0", Source: FromNode, Confidence: High, PURL: "pkg:npm/openssl@1.0.0"}}},
			said("/usr/bin/openssl", "openssl", "3.0.14", High),
		}, []string{"openssl 1.0.0 1", "openssl 3.0.14 1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v := NewInventory()
			for _, f := range test.add {
				v.Add(f)
			}
			if d := cmp.Diff(test.want, summary(v.Result())); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	v := NewInventory()
	v.Add(entry("libssl3", "openssl", "3.0.14-1~deb12u2"))
	v.Add(said("/sbin/dropbear", "dropbear", "2022.83", High))
	v.Add(Findings{System: &System{ID: "debian"}})
	for _, c := range v.Result().Components {
		switch c.Name {
		case "openssl":
			if c.PURL != "pkg:deb/debian/libssl3@3.0.14-1~deb12u2" || c.CPE != "cpe:2.3:a:openssl:openssl:3.0.14:*:*:*:*:*:*:*" || c.Full != "3.0.14-1~deb12u2" {
				t.Errorf("%+v", c)
			}
		case "dropbear":
			if c.PURL != "pkg:generic/dropbear@2022.83" || c.CPE != "cpe:2.3:a:dropbear_ssh_project:dropbear_ssh:2022.83:*:*:*:*:*:*:*" || c.Supplier != "Matt Johnston" {
				t.Errorf("%+v", c)
			}
		}
	}
}

// TestLinked: a library in somebody else's program says nothing of the program.
func TestLinked(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		path, soname, rule string
		source             Source
		unattributed       int
	}{
		{"/usr/sbin/camd", "", "goahead", FromText, 1},
		{"/usr/sbin/goahead", "", "goahead", FromText, 0},
		{"/usr/sbin/webs", "", "goahead", FromText, 0},
		{"/usr/lib/libgo.so.4", "libgo.so.4", "goahead", FromText, 0},
		{"/usr/lib/camera/net.so", "", "goahead", FromText, 0},
		{"/usr/sbin/camd", "", "goahead", FromBuildID, 0},
		{"/usr/sbin/camd", "", "busybox", FromText, 0},
	} {
		v := NewInventory()
		v.Add(Findings{Path: row.path, Binary: &Binary{Path: row.path, Soname: row.soname},
			Claims: []Claim{{Name: row.rule, Rule: row.rule, Version: "2.5.0", Confidence: High, Source: row.source, Text: row.rule}}})
		r := v.Result()
		if len(r.Unattributed) != row.unattributed || len(r.Components) != 1 {
			t.Errorf("%s by %s of %s: components %+v, unattributed %+v", row.path, row.source, row.rule, r.Components, r.Unattributed)
		}
	}
}

func TestInventoryIsBounded(t *testing.T) {
	t.Parallel()
	v := NewInventory()
	for i := range 2 * maxPlaces {
		v.Add(said(fmt.Sprintf("/usr/lib/%d", i), "zlib", "1.2.13", High))
		v.Add(said("/x", "openssl", fmt.Sprintf("1.0.%d", i), High))
	}
	r := v.Result()
	for _, c := range r.Components {
		if c.Name == "zlib" && (len(c.Evidence) != maxPlaces || c.More != maxPlaces) {
			t.Errorf("%d places, %d more", len(c.Evidence), c.More)
		}
	}
	for i := range 3 * maxVersions {
		v.Add(said("/x", "curl", fmt.Sprintf("7.0.%d", i), High))
	}
	if r := v.Result(); !r.Cut {
		t.Error("so many versions of one product aren't cut")
	}
}

// TestBare: a range without a file system is software that nobody knows, where an
// image holds nothing else.
func TestBare(t *testing.T) {
	t.Parallel()
	bare := Findings{Path: "hex:data", Binary: &Binary{Path: "hex:data", Bare: true}}
	v := NewInventory()
	v.Add(bare)
	if r := v.Result(); len(r.Unattributed) != 1 || !strings.Contains(r.Unattributed[0].Why, "what software") {
		t.Errorf("alone: %+v", r.Unattributed)
	}
	v = NewInventory()
	v.Add(bare)
	f, p := program("/usr/bin/tini", "", "tini version 0.19.0")
	v.Add(scan(rules(), f, nil, p))
	if r := v.Result(); len(r.Unattributed) != 0 {
		t.Errorf("beside a program: %+v", r.Unattributed)
	}
}
