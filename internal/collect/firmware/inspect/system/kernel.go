package system

import (
	"bytes"
	"path"
	"strings"

	"assay/internal/collect/firmware/inspect"
)

// sysctls are settings that leave out a protection, and the values that do so
// (Linux, admin-guide/sysctl). Where there is no value, all but an empty one do.
var sysctls = map[string]string{
	"kernel.randomize_va_space": "0", "kernel.kptr_restrict": "0", "kernel.dmesg_restrict": "0", "kernel.yama.ptrace_scope": "0", "kernel.unprivileged_bpf_disabled": "0",
	"kernel.perf_event_paranoid": "-1", "kernel.exec-shield": "0", "kernel.sysrq": "1", "fs.protected_symlinks": "0", "fs.protected_hardlinks": "0", "fs.protected_regular": "0", "fs.protected_fifos": "0", "vm.mmap_min_addr": "0",
	"net.ipv4.tcp_syncookies": "0", "net.ipv4.icmp_echo_ignore_broadcasts": "0",
	"net.ipv4.conf.all.accept_redirects": "1", "net.ipv4.conf.default.accept_redirects": "1", "net.ipv6.conf.all.accept_redirects": "1", "net.ipv4.conf.all.accept_source_route": "1",
	"net.ipv4.conf.default.accept_source_route": "1", "net.ipv4.conf.all.rp_filter": "0", "net.ipv4.conf.default.rp_filter": "0",
}

// sysctl looks at a setting of the kernel, by the name that sysctl(8) gives it.
func (s *scanner) sysctl(key, value, text string, off int) {
	key, value = strings.TrimPrefix(strings.ReplaceAll(key, "/", "."), "-"), strings.Trim(value, `"' `)
	switch bad, ok := sysctls[key]; {
	case ok && value == bad:
		s.add(off, inspect.Weakness{Kind: KernelWeak, Name: key, Text: text})
	case key == "kernel.core_pattern" && dumps(value), key == "fs.suid_dumpable" && (value == "1" || value == "2"):
		s.add(off, inspect.Weakness{Kind: CoreDumps, Name: key, Text: text})
	}
}

// dumps says that a pattern has the memory of programs that crash written to
// where it stays, or given to a program. "core" alone is the kernel's default,
// which the limit of a process decides on.
func dumps(pattern string) bool {
	switch pattern {
	case "", "core", "/dev/null", "|/bin/false", "|/bin/true", "|/usr/bin/false", "|/usr/bin/true":
		return false
	}
	return true
}

// kernelConfig says that a file is the configuration that a kernel was built
// with (Linux, scripts/kconfig).
func kernelConfig(f *inspect.File) bool {
	base := path.Base(f.Path)
	head := f.Data[:min(len(f.Data), 512)]
	return (strings.HasPrefix(base, "config-") || base == ".config" || base == "config" || strings.HasPrefix(base, "config.") || strings.Contains(base, "ikconfig")) && bytes.Contains(head, []byte("CONFIG_")) ||
		bytes.HasPrefix(head, []byte("#\n# Automatically generated")) && bytes.Contains(head, []byte("Kernel Configuration"))
}

// kernelOptions are options of the kernel: what they must not be, "y" or "n",
// and another that makes it good again where it is set.
var kernelOptions = map[string]struct{ bad, unless string }{
	"CONFIG_DEVKMEM": {"y", ""}, "CONFIG_DEVMEM": {"y", "CONFIG_STRICT_DEVMEM"}, "CONFIG_KGDB": {"y", ""}, "CONFIG_ACPI_CUSTOM_METHOD": {"y", ""}, "CONFIG_PROC_PAGE_MONITOR_RAW": {"y", ""},
	"CONFIG_STACKPROTECTOR": {"n", "CONFIG_CC_STACKPROTECTOR_STRONG"}, "CONFIG_CC_STACKPROTECTOR": {"n", "CONFIG_STACKPROTECTOR"}, "CONFIG_CC_STACKPROTECTOR_NONE": {"y", ""},
	"CONFIG_KEXEC": {"y", "CONFIG_KEXEC_SIG"}, "CONFIG_PROC_KCORE": {"y", ""}, "CONFIG_COMPAT_BRK": {"y", ""}, "CONFIG_SECCOMP": {"n", ""}, "CONFIG_HARDENED_USERCOPY": {"n", ""}, "CONFIG_FORTIFY_SOURCE": {"n", ""},
	"CONFIG_STRICT_KERNEL_RWX": {"n", ""}, "CONFIG_DEBUG_RODATA": {"n", "CONFIG_STRICT_KERNEL_RWX"}, "CONFIG_STRICT_MODULE_RWX": {"n", ""}, "CONFIG_MODULE_SIG": {"n", ""}, "CONFIG_RANDOMIZE_BASE": {"n", ""},
}

// kernel looks at the configuration of a kernel: what stands in it, not what is
// missing: which options there are depends on version and machine.
func (s *scanner) kernel() {
	type setting struct {
		name, text, value string
		off               int
	}
	var found []setting
	set := map[string]bool{}
	off := 0
	for l := range bytes.Lines(s.f.Data[:min(len(s.f.Data), maxConfig)]) {
		at := off
		off += len(l)
		line := strings.TrimSpace(string(l[:min(len(l), 256)]))
		name, value, _ := strings.Cut(line, "=")
		if unset, ok := strings.CutPrefix(line, "# "); ok {
			if name, ok = strings.CutSuffix(unset, " is not set"); !ok {
				continue
			}
			value = "n"
		}
		if strings.HasPrefix(name, "CONFIG_") && value == "y" {
			set[name] = true
		}
		if o, ok := kernelOptions[name]; ok && o.bad == value {
			found = append(found, setting{name, line, value, at})
		}
	}
	for _, x := range found {
		if o := kernelOptions[x.name]; set[o.unless] || x.name == "CONFIG_MODULE_SIG" && !set["CONFIG_MODULES"] {
			continue
		}
		s.add(x.off, inspect.Weakness{Kind: KernelWeak, Name: x.name, Text: x.text})
	}
}
