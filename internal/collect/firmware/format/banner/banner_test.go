package banner

import (
	"strings"
	"testing"
)

func TestLinux(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ text, want string }{
		{"Linux version 6.1.0-50-marvell (debian-kernel@lists.debian.org) (arm-linux-gnueabi-gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld 2.40) #1 Debian 6.1.176-1 (2026-06-20)\n", "6.1.0-50-marvell"},
		{"Linux version 2.6.21 (root@localhost.localdomain) (gcc version 3.4.2) #57 Fri Mar 4 2011\n", "2.6.21"},
		{"Linux version 4.9.37 (x@y) (clang version 9.0) #1 SMP PREEMPT\x00rest", "4.9.37"},
		{"Linux version %s (%s)\n", ""},
		{"Linux version 2.6 or later is needed", ""},
		{"Linux version 5.10.0 (a@b) and no build number at all", ""},
		{"", ""},
	} {
		s, ok := Linux([]byte(row.text), 7)
		if ok != (row.want != "") || s.Version != row.want {
			t.Errorf("%q: version %q, want %q", row.text, s.Version, row.want)
		}
		if ok && (s.Name != "linux" || s.Offset != 7 || strings.ContainsAny(s.Text, "\x00\n")) {
			t.Errorf("%q: %+v", row.text, s)
		}
	}
}

func TestUBoot(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"U-Boot 2023.01+dfsg-2+deb12u3 (Jun 22 2026 - 08:38:07 +0000) Allwinner Technology": "2023.01+dfsg-2+deb12u3",
		"U-Boot SPL 2013.07 (Jun 01 2018 - 10:11:12)":                                       "2013.07",
		"U-Boot 1.1.3 (Jun  1 2015 - 10:00:00)":                                             "1.1.3",
		"U-Boot 2010.06-dirty build 7 (Nov 16 2017 - 11:43:05)":                             "2010.06-dirty",
		"U-Boot VPL 2023.10 (Oct 02 2023 - 14:00:00 +0000)":                                 "2023.10",
		"U-Boot 2016.01 [Chaos Calmer 15.05.1,r35193] (Apr  9 2020 - 16:07:33 +0000)":       "2016.01",
		"U-Boot 2016.11 is needed":                                                          "",
		"U-Boot script":                                                                     "",
	} {
		if s, ok := UBoot([]byte(text), 0); s.Version != want || ok != (want != "") {
			t.Errorf("%q: version %q, want %q", text, s.Version, want)
		}
	}
}

func TestNamed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Linux-6.1.0-50-armmp":             "linux 6.1.0-50-armmp",
		"MIPS OpenWrt Linux-5.4.111":       "linux 5.4.111",
		"Linux Kernel 4.9.84":              "linux 4.9.84",
		"U-Boot 2023.01+dfsg-2+deb12u3 fo": "u-boot 2023.01+dfsg-2+deb12u3",
		"barebox-2020.12.0":                "barebox 2020.12.0",
		"barebox environment":              "",
		"linux":                            "",
		"jzlinux-3.10":                     "",
		"romfs":                            "",
	} {
		var got string
		for _, s := range Named(text, 0) {
			got = s.Name + " " + s.Version
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzLinux(f *testing.F) {
	f.Add([]byte("Linux version 2.6.21 (root@host) (gcc version 3.4.2) #57 Fri"))
	f.Add([]byte("U-Boot 1.1.3 (Jun  1 2015 - 10:00:00)"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, read := range []func([]byte) int{
			func(b []byte) int { s, _ := Linux(b, 0); return len(s.Text) },
			func(b []byte) int { s, _ := UBoot(b, 0); return len(s.Text) },
			func(b []byte) int {
				n := 0
				for _, s := range Named(string(b), 0) {
					n += len(s.Text)
				}
				return n
			},
		} {
			if n := read(b); n > Max {
				t.Errorf("a text of %d bytes", n)
			}
		}
	})
}
