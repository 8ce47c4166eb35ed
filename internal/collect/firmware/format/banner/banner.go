// Package banner reads the lines by which kernels and boot loaders say who they
// are. In: text as it stands in an image, hostile. Out: name and version as
// written there. The readers of headers and of programs share it, so that one
// product has one name.
package banner

import (
	"bytes"
	"strings"

	"assay/internal/collect/firmware/format"
	"assay/internal/pattern"
)

// The names of systems.
const (
	LinuxName = "linux"
	UBootName = "u-boot"
)

// Max is how many bytes of a banner are looked at; the kernel's own is about
// 200 bytes long.
const Max = 512

var (
	// "Linux version 6.1.0-50-armmp (user@host) (gcc ...) #1 SMP ...":
	// init/version.c of Linux. The number after # is the build's.
	linux = pattern.New(`^Linux version (\d+\.\d+[0-9A-Za-z.+~_-]*) \([^()]{1,128}\) \(?.{3,300}#\d+`)
	// "U-Boot SPL 2023.01+dfsg-2 (Jun 22 2026 - 08:38:07 +0000)": version.h of
	// U-Boot. Before 2008.10 versions were 1.x.
	uboot = pattern.New(`^U-Boot (?:SPL |TPL |VPL )?(\d+\.\d+[0-9A-Za-z.+~_-]*)[^\x00\n]{0,80}? \([A-Z][a-z]{2} [ 0-3]\d \d{4} - \d{2}:\d{2}:\d{2}`)
	// What header fields say: "Linux-5.10.61", "MIPS OpenWrt Linux-4.14.63",
	// "U-Boot 2023.01+dfsg for", "u-boot-2016.11", "barebox-2020.12.0".
	named = pattern.New(`(?i)\b(linux|u-boot|barebox)(?: kernel)?[-_ ]v?(\d+\.\d+[0-9A-Za-z.+~_-]*)`)
)

// Linux reads the banner of a kernel at the start of b.
func Linux(b []byte, at int64) (format.System, bool) { return match(linux, LinuxName, b, at) }

// UBoot reads the banner of U-Boot or one of its loaders at the start of b.
func UBoot(b []byte, at int64) (format.System, bool) { return match(uboot, UBootName, b, at) }

func match(re *pattern.Pattern, name string, b []byte, at int64) (format.System, bool) {
	b = line(b)
	m := re.FindSubmatch(b)
	if m == nil {
		return format.System{}, false
	}
	return format.System{Name: name, Version: string(m[1]), Text: string(b), Offset: at}, true
}

// line is the text at the start of b: up to a byte that no banner has.
func line(b []byte) []byte {
	b = b[:min(len(b), Max)]
	if i := bytes.IndexFunc(b, func(r rune) bool { return r < 0x20 || r > 0x7e }); i >= 0 {
		b = b[:i]
	}
	return b
}

// Named returns the system that the name field of a header tells, or nil. at is
// where the field stands.
func Named(name string, at int64) []format.System {
	m := named.FindStringSubmatch(name)
	if m == nil {
		return nil
	}
	return []format.System{{Name: strings.ToLower(m[1]), Version: m[2], Text: format.Printable(name), Offset: at}}
}
