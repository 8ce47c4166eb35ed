package component

import (
	"slices"
	"strings"
	"testing"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/elf"
	"assay/internal/collect/firmware/inspect/inspecttest"
)

// program makes a file of strings between NUL bytes, and what its headers say.
func program(path, soname string, text ...string) (*inspect.File, *elf.Program) {
	return exampleFile(Example{Path: path, Soname: soname, Text: text})
}

// resultOf is what comes out of one file alone.
func resultOf(t *testing.T, f *inspect.File, p *elf.Program) Result {
	t.Helper()
	v := NewInventory()
	v.Add(scan(rules(), f, inspecttest.Finder(Words())(f.Data), p))
	return v.Result()
}

// TestGreeting: programs and libraries that no rule is for, by what they say of
// themselves.
func TestGreeting(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, path, soname string
		text               []string
		want               string // the component; "": none with a version
	}{
		{"name and version", "/usr/bin/tini", "", []string{"tini version 0.19.0"}, "tini 0.19.0"},
		{"a version behind a slash", "/usr/bin/vnstat", "", []string{"vnstat/2.10.1+git20230121"}, "vnstat 2.10.1"},
		{"its package in brackets", "/usr/bin/mpstat", "", []string{"sysstat version 12.6.1"}, "sysstat 12.6.1"},
		{"a letter and a number", "/usr/sbin/arpwatch", "", []string{"arpwatch 2.1a15", "usage: arpwatch [%s]"}, "arpwatch 2.1a15"},
		{"the only version there is", "/usr/sbin/vnstatd", "", []string{"Usage: %s", "-v, --version", "2.10.3"}, ""},
		{"the only version of a library", "/usr/lib/libplist-2.0.so.4", "libplist-2.0.so.4", []string{"2.3.0"}, "libplist 2.3.0"},
		{"name and version side by side in a library", "/usr/lib/libplist-2.0.so.4", "libplist-2.0.so.4", []string{"libplist", "2.3.0", "127.0.0.1", "9.8.7"}, "libplist 2.3.0"},
		{"one number", "/usr/bin/clevis-encrypt-sss", "", []string{"clevis version 19"}, "clevis 19"},
		{"a number, and no word of a version", "/usr/sbin/vnstatd", "", []string{"Usage: %s", "2.10.3"}, ""},
		{"a sentence about it", "/usr/sbin/apparmor_parser", "", []string{"Cache disabled: interface file missing (Kernel needs AppArmor 2.4 compatibility patch.)"}, ""},
		{"two different versions", "/usr/sbin/vnstatd", "", []string{"2.10.3", "3.4.5"}, ""},
		{"an object identifier and an address", "/usr/sbin/vnstatd", "", []string{"1.3.6.1.4.1", "192.168.1.1"}, ""},
		{"two numbers, and nothing prints a version", "/usr/bin/horst", "", []string{"5.1", "signal"}, ""},
		{"a document type", "/usr/lib/libplist-2.0.so.4", "libplist-2.0.so.4", []string{`<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN"`}, ""},
		{"a library with a number that stands for a release", "/usr/lib/libjsonrpc-glib-1.0.so.1.4200.3", "libjsonrpc-glib-1.0.so.1", nil, "jsonrpc-glib 3.42.3"},
		{"its number is the release", "/usr/lib/libndpi.so.4.2.1", "libndpi.so.4.2", nil, "ndpi 4.2.1"},
		{"only its soname", "/usr/lib/libndpi.so.4.2", "libndpi.so.4.2", nil, ""},
		{"somebody's own program", "/usr/sbin/ipcamd", "", []string{"ipcamd 2.3.7 (LV-C210)"}, ""},
		{"the compiler", "/usr/sbin/vnstatd", "", []string{"built with gcc %s", "12.2.0"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f, p := program(test.path, test.soname, test.text...)
			var got []string
			for _, c := range resultOf(t, f, p).Components {
				got = append(got, c.Name+" "+c.Version)
			}
			if s := strings.Join(got, ", "); s != test.want {
				t.Errorf("%q, want %q", s, test.want)
			}
		})
	}
}

// TestLoneNumbers: versions that look like other numbers, and those.
func TestLoneNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"1.2.3": true, "1.2.36": true, "4.0.0": true, "5.0.0": true, "2.5.4": true, "239.1.2": true, "1.3.4.2": true, "103.0.5060.114": true, "v12.1.0.2": true,
		"1.3.6.1.4": false, "2.5.4.3": false, "1.2.840.113549.1": false, "192.168.1.1": false, "10.0.0.1": false, "239.255.255.250": false, "255.255.255.0": false, "1.2.3.4": false, "0.0.0.0": false,
	} {
		f, p := program("/usr/lib/libplist-2.0.so.4", "libplist-2.0.so.4", text)
		if got := len(resultOf(t, f, p).Components) == 1; got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	f, p := program("/usr/lib/libplist-2.0.so.4", "libplist-2.0.so.4", "RCPT TO:<%s>", "5.0.0")
	if r := resultOf(t, f, p); len(r.Components) != 0 {
		t.Errorf("a code of mail: %v", summary(r))
	}
}

// TestKernelPiece: what lies loose in a kernel is the kernel's own copy.
func TestKernelPiece(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"uimage:kernel:xz:unknown@12451840": true, "kernel:unknown@1": true, "ubi:kernel:kernel:kernel:unknown@15466496": true,
		"mykernel:unknown@1": false, "uimage:kernel:xz:cpio=cpio:/bin/app": false, "unknown@77": false, "/lib/kernel:x": false,
	} {
		if got := kernelPiece(path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

// TestNameOfAProgram: what only has the name of a published program is none, and
// stays unattributed.
func TestNameOfAProgram(t *testing.T) {
	t.Parallel()
	f, p := program("/usr/bin/horst", "", "start")
	r := resultOf(t, f, p)
	if len(r.Components)+len(r.Unknown) != 0 || len(r.Unattributed) != 1 || !strings.Contains(r.Unattributed[0].Why, "horst") {
		t.Errorf("%+v", r)
	}
}

// TestBesideItsProduct: what only has the name of a program is of its product
// where other files are of that.
func TestBesideItsProduct(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"pure-ftpd version 1.0.50": 0, "start": 2} {
		v := NewInventory()
		for _, x := range []struct{ path, text string }{{"/usr/sbin/pure-ftpd", text}, {"/usr/bin/pure-pw", "start"}} {
			f, p := program(x.path, "", x.text)
			v.Add(scan(rules(), f, inspecttest.Finder(Words())(f.Data), p))
		}
		if r := v.Result(); len(r.Unattributed) != want {
			t.Errorf("%s: unattributed %+v", text, r.Unattributed)
		}
	}
}

// TestMuslIsNoGlibc: OpenWrt calls the C library of musl libc.so.
func TestMuslIsNoGlibc(t *testing.T) {
	t.Parallel()
	f, p := program("/lib/libc.so", "libc.so", "musl libc (mipsel-sf)", "1.2.4")
	if got := summary(resultOf(t, f, p)); len(got) != 1 || !strings.HasPrefix(got[0], "musl 1.2.4 ") {
		t.Errorf("%q", got)
	}
}

// TestHeaders: the version of a library that a program was compiled with is
// handed over as a text, and is not the program's.
func TestHeaders(t *testing.T) {
	t.Parallel()
	f, p := program("/usr/sbin/vnstatd", "", "1.2.13")
	p.Needed = []string{"libz.so.1"}
	if r := resultOf(t, f, p); len(r.Components) != 0 {
		t.Errorf("%+v", r.Components)
	}
}

// TestDoubt: a banner makes no component of a program that isn't called so and
// says nothing else of it.
func TestDoubt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, path string
		text       []string
		want       []string
	}{
		{"it prints the banner of another", "/usr/sbin/ipcamd", []string{"ProFTPD Version 1.3.8c"}, nil},
		{"it knows many", "/usr/bin/ipscan", []string{"nginx/1.18.0", "lighttpd/1.4.53", "SSH-2.0-dropbear_2019.78", "mbed TLS 2.28.3"}, nil},
		{"another name, and all of the program in it", "/usr/sbin/ftpd", []string{"ProFTPD Version 1.3.8c", "/etc/proftpd.conf", "proftpd: unable to open scoreboard", "/var/run/proftpd.pid"}, []string{"proftpd 1.3.8c 2"}},
		{"its own name", "/usr/sbin/proftpd", []string{"ProFTPD Version 1.3.8c"}, []string{"proftpd 1.3.8c 3"}},
		{"a library may be in any program", "/usr/sbin/ipcamd", []string{"mbed TLS 2.28.3"}, []string{"mbedtls 2.28.3 2"}},
		{"with what only its code has", "/usr/sbin/ipcamd", []string{"%s(%d): OpenSSL internal error, assertion failed: %s", "OpenSSL 1.0.2k  26 Jan 2017"}, []string{"openssl 1.0.2k 3"}},
		{"a program of its own that knows another", "/usr/sbin/dropbear", []string{"SSH-2.0-dropbear_2022.83", "OpenSSH_7.4"}, []string{"dropbear 2022.83 3"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f, p := program(test.path, "", test.text...)
			var got []string
			for _, c := range resultOf(t, f, p).Components {
				got = append(got, c.Name+" "+c.Version+" "+string('0'+rune(c.Confidence)))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// TestWeigh: tools of one source may number themselves; the source's own program
// decides, and what contradicts it is no version.
func TestWeigh(t *testing.T) {
	t.Parallel()
	v := NewInventory()
	for _, x := range []struct {
		path string
		text []string
	}{
		{"/usr/bin/webspy", []string{"webspy version 4.7"}},
		{"/usr/sbin/dsniff", []string{"dsniff version 2.5"}},
	} {
		f, p := program(x.path, "", x.text...)
		v.Add(scan(rules(), f, nil, p))
	}
	if got := summary(v.Result()); !slices.Equal(got, []string{"dsniff 2.5 4"}) {
		t.Errorf("%q", got)
	}
}

func TestBuildPath(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ path, want string }{
		{"/build/reproducible-path/nmap-7.95+dfsg/nsock.c", "nmap 7.95"},
		{"/home/ci/openwrt/build_dir/target-mipsel_24kc_musl/lighttpd-1.4.73/src/server.c", "lighttpd 1.4.73"},
		{"/home/ci/openwrt/build_dir/target-mipsel_24kc_musl/linux-ramips_mt7621/frobd-2.4/main.c", "frobd 2.4"},
		{"/home/ci/buildroot/output/build/libfrob-0.9.1/lib.c", "libfrob 0.9.1"},
		{"/home/ci/buildroot/output/build/libfrob-v1.2/lib.c", "libfrob 1.2"},
		{"/build/libfrob3-gryRw3/libfrob3-3.4.0/./lib/addr.c", "libfrob3 3.4.0"},
		{"/builddir/build/BUILD/frob-7.61.1/lib/x.c", "frob 7.61.1"},
		{"/home/ci/rpmbuild/BUILD/frob-7.61.1/lib/x.c", "frob 7.61.1"},
		{"/home/buildozer/aports/main/frob/src/frob-1.2.3/x.c", "frob 1.2.3"},
		{"/home/ci/poky/build/tmp/work/cortexa7hf-neon-poky-linux-gnueabi/frobd/2.86-r0/git/x.c", "frobd 2.86"},
		{"/home/ci/build/frobd-2.4/x.c", ""},
		{"/build/frobd/frobd-2.4/x.c", ""},
		{"/usr/src/debug/frobd/1_2.86-r0/git/src/x.c", "frobd 2.86"},
		{"/home/ci/buildroot/output/build/host-gcc-final/x.c", ""},
		{"/build_dir/toolchain-mips/gcc-12.3.0-final/x.c", ""},
		{"/home/me/src/frobd/x.c", ""},
	} {
		f, p := program("/usr/sbin/frobd", "", test.path)
		got := ""
		for _, c := range resultOf(t, f, p).Components {
			got = c.Name + " " + c.Version
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.path, got, test.want)
		}
	}
}

// TestHeadersOfSlots: two slots of a device hold programs of different kits, and
// code that says more outweighs a header.
func TestHeadersOfSlots(t *testing.T) {
	t.Parallel()
	v := NewInventory()
	v.Add(Stated("esp:ota_0", "esp-idf", "4.4.5", "v4.4.5", 144))
	v.Add(Stated("esp:ota_1", "esp-idf", "4.4.1", "v4.4.1", 144))
	v.Add(Stated("esp:ota_0", "tini", "9.9", "tini 9.9", 48))
	f, p := program("/usr/bin/tini", "", "tini version 0.19.0")
	v.Add(scan(rules(), f, nil, p))
	var got []string
	for _, c := range v.Result().Components {
		got = append(got, c.Name+" "+c.Version)
	}
	if want := []string{"esp-idf 4.4.1", "esp-idf 4.4.5", "tini 0.19.0"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestSelfNamed: a number alone is a listed program's own if it names itself in
// message after message.
func TestSelfNamed(t *testing.T) {
	t.Parallel()
	says := []string{"haveged: starting up", "/var/run/haveged.pid", "Usage: haveged [options]", "is another haveged running?", "%s version", "1.9.14"}
	for _, row := range []struct {
		name, path string
		text       []string
		want       []string
	}{
		{"in four messages", "/usr/sbin/haveged", says, []string{"haveged 1.9.14"}},
		{"in two", "/usr/sbin/haveged", says[2:], nil},
		{"of another name", "/usr/sbin/entropyd", says, nil},
		{"two numbers", "/usr/sbin/haveged", append(slices.Clone(says), "3.2.1"), nil},
	} {
		f, p := program(row.path, "", row.text...)
		var got []string
		for _, c := range resultOf(t, f, p).Components {
			got = append(got, c.Name+" "+c.Version)
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}

// TestNumberBeforeFormat: the whole number of a listed library says more than a
// format that it speaks, which is called like it.
func TestNumberBeforeFormat(t *testing.T) {
	t.Parallel()
	f, p := program("/usr/lib/libyang.so.2.29.2", "libyang.so.2", "YANG 1.1", "libyang")
	var got []string
	for _, c := range resultOf(t, f, p).Components {
		got = append(got, c.Name+" "+c.Version)
	}
	if want := []string{"libyang 2.1.30"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
