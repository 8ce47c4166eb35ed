package component

import (
	"regexp"
	"testing"
)

func TestPURL(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ kind, space, name, version, want string }{
		{"npm", "@angular", "core", "12.0.0", "pkg:npm/%40angular/core@12.0.0"},
		{"deb", "debian", "libstdc++6", "12.2.0-14+deb12u1", "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1"},
		{"deb", "debian", "zlib1g", "1:1.2.13.dfsg-1", "pkg:deb/debian/zlib1g@1:1.2.13.dfsg-1"},
		{"golang", "github.com/Masterminds", "semver", "v3.2.1+incompatible", "pkg:golang/github.com/masterminds/semver@v3.2.1%2Bincompatible"},
		{"pypi", "", "Typing_Extensions", "4.0", "pkg:pypi/typing-extensions@4.0"},
		{"generic", "", "a b/c", "1 0", "pkg:generic/a%20b%2Fc@1%200"},
		{"generic", "", "裝置", "", "pkg:generic/%E8%A3%9D%E7%BD%AE"},
	} {
		if got := purl(test.kind, test.space, test.name, test.version); got != test.want {
			t.Errorf("%s, want %s", got, test.want)
		}
	}
	if got, want := purl("rpm", "fedora", "curl", "8.2-1", "arch", "x86_64", "epoch", "", "distro", "a&b"), "pkg:rpm/fedora/curl@8.2-1?arch=x86_64&distro=a%26b"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestEpoch: of rpm the epoch stands apart, of deb in the version (purl types).
func TestEpoch(t *testing.T) {
	t.Parallel()
	v := NewInventory()
	x := &Component{Packages: []Package{{Database: FromRPM, Name: "bind", Version: "32:9.16.23-14.el9", Arch: "aarch64"}}}
	if got, want := v.packageURL(x), "pkg:rpm/bind@9.16.23-14.el9?arch=aarch64&epoch=32"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestIdentifiers: each rule gives sound names, with versions of all kinds.
func TestIdentifiers(t *testing.T) {
	t.Parallel()
	// cpe23Type of cpe-naming_2.3.xsd without what is never written here.
	cpeForm := regexp.MustCompile(`^cpe:2\.3:[aoh]:(?:[a-zA-Z0-9._-]|\\[!"#$%&'()+,/:;<=>@\[\]^{|}~])+:(?:[a-zA-Z0-9._-]|\\[!"#$%&'()+,/:;<=>@\[\]^{|}~])+(?::(?:\*|(?:[a-zA-Z0-9._-]|\\[!"#$%&'()+,/:;<=>@\[\]^{|}~])+)){2}(?::\*){6}$`)
	purlForm := regexp.MustCompile(`^pkg:[a-z]+(?:/(?:[A-Za-z0-9.\-_~:]|%[0-9A-F]{2})+)+@(?:[A-Za-z0-9.\-_~:]|%[0-9A-F]{2})+$`)
	for _, r := range rules().Rules {
		for _, v := range []string{"1.0", "9.2p1", "2:1.0+git~rc1 (x)", "-"} {
			if got := cpe(r.CPE, v); r.CPE != "" && !cpeForm.MatchString(got) {
				t.Errorf("%s: %s", r.ID, got)
			}
			if got := versioned(productKey(r.PURL), v); !purlForm.MatchString(got) {
				t.Errorf("%s: %s", r.ID, got)
			}
		}
	}
	if got, want := cpe("openbsd:openssh", "9.2p1"), "cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := cpe("o/linux:linux_kernel", "6.1"), "cpe:2.3:o:linux:linux_kernel:6.1:*:*:*:*:*:*:*"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestProductsOfManifests: a package of a language is itself, whatever the kind
// of manifest is called.
func TestProductsOfManifests(t *testing.T) {
	t.Parallel()
	v := NewInventory()
	for path, data := range map[string]string{
		"/usr/lib/python3/dist-packages/requests-2.28.1.dist-info/METADATA": "Metadata-Version: 2.1\nName: Requests\nVersion: 2.28.1\n\n",
		"/usr/lib/python3/dist-packages/six.egg-info/PKG-INFO":              "Name: six\nVersion: 1.16.0\n",
		"/usr/lib/luarocks/rocks-5.1/luasocket/3.0.0-1/rock_manifest":       "rock_manifest = {}",
		"/opt/x.jar/META-INF/MANIFEST.MF":                                   "Manifest-Version: 1.0\nBundle-SymbolicName: org.frob.core;singleton:=true\nBundle-Version: 1.4.2\n",
		"/usr/lib/ruby/gems/specifications/rack-2.2.4.gemspec":              "",
		"/www/vendor/composer/installed.json":                               `{"packages":[{"name":"monolog/monolog","version":"2.9.1"}]}`,
	} {
		v.Add(scanOf(path, data))
	}
	v.Add(Stated("esp/app0", "esp-idf", "5.1.2", "v5.1.2", 112))
	v.Add(Stated("esp/app0", "doorbell", "1.4.0", "doorbell 1.4.0", 16))
	want := []string{"doorbell 1.4.0 1", "esp-idf 5.1.2 1", "luasocket 3.0.0 1", "monolog/monolog 2.9.1 1", "org.frob.core 1.4.2 1", "rack 2.2.4 1", "requests 2.28.1 1", "six 1.16.0 1"}
	got := summary(v.Result())
	if len(got) != len(want) {
		t.Fatalf("%q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%q, want %q", got[i], want[i])
		}
	}
}
