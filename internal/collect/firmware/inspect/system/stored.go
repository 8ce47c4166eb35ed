package system

import (
	"path"
	"strings"

	"assay/internal/collect/firmware/inspect"
	sh "assay/internal/collect/firmware/inspect/shell"
)

// stores looks at commands that write a setting: to OpenWrt's configuration, to
// a boot loader's variables, to what makers call nvram. What weakens in a file
// weakens from there.
func (s *scanner) stores(args []string, c sh.Command) {
	key, value := "", ""
	switch name := path.Base(args[0]); name {
	case "uci":
		for i, a := range args[1:] {
			if a == "set" && i+2 < len(args) {
				key, value, _ = strings.Cut(args[i+2], "=")
			}
		}
		s.uci(strings.ToLower(key), value, c)
		return
	case "nvram", "tcapi", "cfg", "flash", "param":
		if len(args) > 2 && args[1] == "set" {
			key, value, _ = strings.Cut(args[2], "=")
			if value == "" && len(args) > 3 {
				value = args[3]
			}
		}
	case "fw_setenv":
		if len(args) > 2 && args[1] == "bootdelay" && !strings.HasPrefix(args[2], "-") {
			s.add(c.Off, inspect.Weakness{Kind: Bootloader, Name: "u-boot", Text: s.text(c)})
		}
		return
	case "setprop", "resetprop":
		if len(args) > 2 {
			s.property(s.text(c), strings.ToLower(args[1]), args[2], c.Off)
		}
		return
	case "rgdb", "xmldbc", "dbus":
		if len(args) > 3 && (args[1] == "-s" || args[1] == "set") {
			key, value = args[2], args[3]
		}
	}
	if key != "" {
		s.application(s.text(c), strings.ToLower(strings.Trim(key, "/")), strings.Trim(value, `"'`), c.Off)
	}
}

// uci looks at a setting package.section.option of OpenWrt.
func (s *scanner) uci(key, value string, c sh.Command) {
	part := strings.Split(key, ".")
	if len(part) < 3 {
		return
	}
	pkg, option := part[0], part[len(part)-1]
	value = strings.Trim(value, `"'`)
	weak := func(kind, name string) { s.add(c.Off, inspect.Weakness{Kind: kind, Name: name, Text: s.text(c)}) }
	switch pkg {
	case "wireless":
		if name := weakWiFi(option, value); name != "" {
			weak(WeakWiFi, name)
		}
		return
	case "dropbear":
		if option == "rootpasswordauth" && yes(value) {
			weak(SSHRootPassword, "dropbear")
		}
		return
	}
	for _, prog := range programs {
		if prog.when("/etc/config/"+pkg, pkg) {
			s.rules(prog.rules, s.text(c), option, value, c.Off)
		}
	}
}
