package system

import (
	"bytes"
	"path"
	"strconv"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/perm"
	"assay/internal/pattern"
)

// anywhere says that a server listens at all addresses.
func anywhere(v string) bool { return v == "0.0.0.0" || v == "::" || v == "[::]" || v == "*" }

// alone says that what a line of mosquitto.conf(5) allows is for listeners of
// the device itself: the one that it stands below where each has settings of its
// own, all of them where it holds for all.
func (s *scanner) alone(off int) bool {
	if !strings.Contains(s.f.Path, "mosquitto") {
		return false
	}
	each, below, local, all := false, false, 0, 0
	at := 0
	for l := range bytes.Lines(s.f.Data[:min(len(s.f.Data), maxConfig)]) {
		f := strings.Fields(string(l[:min(len(l), 256)]))
		switch {
		case len(f) < 2:
		case f[0] == "per_listener_settings":
			each = yes(f[1])
		case f[0] == "listener":
			all++
			inside := f[1] == "0" || len(f) > 2 && (f[2] == "localhost" || f[2] == "::1" || strings.HasPrefix(f[2], "127."))
			if inside {
				local++
			}
			if at <= off {
				below = inside
			}
		}
		at += len(l)
	}
	return each && below || !each && all > 0 && local == all
}

// cups looks for folders of cupsd.conf(5) that are for administration and ask
// nobody.
func (s *scanner) cups() {
	text, at, open, asks := "", 0, false, false
	s.eachLine(func(line, key, value string, off int) {
		low := strings.ToLower(line)
		switch {
		case strings.HasPrefix(low, "<location /admin"):
			text, at, open, asks = line, off, false, false
		case strings.HasPrefix(low, "</location"):
			if text != "" && open && !asks {
				s.add(at, inspect.Weakness{Kind: Anonymous, Name: "cups", Text: text})
			}
			text = ""
		case key == "allow":
			v := strings.ToLower(strings.TrimPrefix(strings.ToLower(value), "from "))
			open = open || v == "all" || v == "*"
		case key == "authtype" && !none(value), key == "require":
			asks = true
		}
	})
}

// prompt looks whether a boot menu of SYSLINUX takes other options for the
// kernel from whoever sits at the device (syslinux, doc/menu.txt, doc/syslinux.txt).
func (s *scanner) prompt() {
	text, at, closed := "", 0, false
	s.eachLine(func(line, key, value string, off int) {
		switch low := strings.ToLower(line); {
		case key == "prompt" && value != "0":
			text, at = line, off
		case key == "allowoptions" && value == "0", strings.HasPrefix(low, "menu master passwd"):
			closed = true
		}
	})
	if text != "" && !closed {
		s.add(at, inspect.Weakness{Kind: Bootloader, Name: "syslinux", Text: text})
	}
}

var (
	udevName = pattern.New(`\bKERNEL=="([^"]+)"`)
	udevMode = pattern.New(`\bMODE:?="(0?[0-7]{3})"`)
	mdevRule = pattern.New(`^-?([\w*\[\]\-.+]+)\s+\w+:\w+\s+(0?[0-7]{3})\b`)
	digits   = strings.NewReplacer("[0-9]", "0", "[0-9]*", "0", ".*", "*")
)

// nodes looks at the rights that udev(7) and mdev give device files of memory,
// flash and disks.
func (s *scanner) nodes() {
	s.eachLine(func(line, _, _ string, off int) {
		names, mode := "", ""
		if m := mdevRule.FindStringSubmatch(line); m != nil {
			names, mode = m[1], m[2]
		} else if n, m := udevName.FindStringSubmatch(line), udevMode.FindStringSubmatch(line); n != nil && m != nil {
			names, mode = n[1], m[1]
		}
		if bits, err := strconv.ParseUint(mode, 8, 32); err != nil || bits&0o006 == 0 {
			return
		}
		for name := range strings.SplitSeq(names, "|") {
			if perm.Sensitive("/dev/" + digits.Replace(name)) {
				s.add(off, inspect.Weakness{Kind: string(perm.OpenDevice), Name: path.Base(name), Text: line})
				return
			}
		}
	})
}
