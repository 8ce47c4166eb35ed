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
		{"a version behind a slash", "/usr/bin/w3m", "", []string{"w3m/0.5.3+git20230121"}, "w3m 0.5.3"},
		{"its package in brackets", "/usr/bin/mpstat", "", []string{"sysstat version 12.6.1"}, "sysstat 12.6.1"},
		{"a letter and a number", "/usr/sbin/arpwatch", "", []string{"%s %s\n", "2.1a15", "usage: arpwatch [%s]"}, "arpwatch 2.1a15"},
		{"the only version there is", "/usr/sbin/vnstatd", "", []string{"Usage: %s", "-v, --version", "2.10.3"}, "vnstat 2.10.3"},
		{"name and version side by side", "/usr/bin/hitch", "", []string{"hitch", "1.7.2", "127.0.0.1", "9.8.7"}, "hitch 1.7.2"},
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
