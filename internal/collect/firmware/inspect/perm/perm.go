// Package perm judges nothing and names permissions that matter: what everyone
// may read or write, what runs with the rights of its owner, devices where none
// belong. In: path, type, mode and owner of an entry. Out: the kinds that hold.
package perm

import (
	"path"
	"strings"
)

// Kind is what the permission bits say.
type Kind string

// The kinds of a permission.
const (
	SecretReadable Kind = "secret-world-readable" // shadow, password file or private key that everyone may read
	WorldWritable  Kind = "world-writable"        // a file that everyone may change; folders with the sticky bit are left out
	SetUIDRoot     Kind = "setuid-root"
	SetGIDRoot     Kind = "setgid-root"
	DebugTool      Kind = "debug-tool"         // a debugger, tracer or capture program
	OpenDevice     Kind = "device-open"        // memory or flash that everyone may read
	OddDevice      Kind = "device-outside-dev" // a device node where no device manager puts one
)

// Entry is what Of looks at.
type Entry struct {
	Path string
	Type string // as package format has it: "file", "dir", "symlink", "block", "char", "fifo", "socket"
	Mode uint32 // 0o7777
	UID  uint32
	GID  uint32
	// Secret: the content holds a secret, and isn't a program, a script or a page,
	// which others have to read.
	Secret  bool
	Program bool // the content is a program
	NoModes bool // what it comes from keeps no permissions: those that are given are made up
}

// Of returns the kinds that hold for e, in a fixed order.
func Of(e Entry) []Kind {
	var out []Kind
	if e.Type == "symlink" {
		return nil // the bits of a link say nothing
	}
	if e.Type == "file" && e.Mode&0o004 != 0 && !e.NoModes && (e.Secret || secretFile(e.Path)) {
		out = append(out, SecretReadable)
	}
	if writable(e) {
		out = append(out, WorldWritable)
	}
	if e.Type == "file" && (e.Mode&0o111 != 0 || e.NoModes) {
		out = append(out, program(e)...)
	}
	if e.Type == "block" || e.Type == "char" {
		out = append(out, device(e)...)
	}
	return out
}

// suid are programs that have no work without root's rights, as distributions
// install them: passwd(1) changes shadow, ping(8) opens a raw socket.
var suid = map[string]bool{
	"su": true, "sudo": true, "doas": true, "passwd": true, "ping": true, "ping6": true, "mount": true, "umount": true, "chsh": true, "chfn": true, "newgrp": true, "gpasswd": true,
	"fusermount": true, "fusermount3": true, "unix_chkpwd": true, "pkexec": true, "crontab": true, "ssh-keysign": true, "dbus-daemon-launch-helper": true, "polkit-agent-helper-1": true,
}

// NeedsRoot says that a program of this name is set-uid wherever it is installed.
func NeedsRoot(name string) bool { return suid[name] }

func program(e Entry) []Kind {
	var out []Kind
	base := path.Base(e.Path)
	if e.Mode&0o4000 != 0 && e.UID == 0 && !suid[base] {
		out = append(out, SetUIDRoot)
	}
	if e.Mode&0o2000 != 0 && e.GID == 0 {
		out = append(out, SetGIDRoot)
	}
	if e.Program && debugTool(base) {
		out = append(out, DebugTool)
	}
	return out
}

func debugTool(base string) bool {
	return debugTools[base] || strings.HasSuffix(base, "-gdbserver") || strings.HasPrefix(base, "gdbserver-") || strings.HasPrefix(base, "strace-") || strings.HasSuffix(base, "-gdb")
}

func writable(e Entry) bool {
	if e.Mode&0o002 == 0 || e.NoModes {
		return false
	}
	switch e.Type {
	case "file":
		return true
	case "dir":
		return e.Mode&0o1000 == 0
	case "block":
		return true
	case "socket", "fifo":
		return false // who may talk to a server, it decides itself
	}
	// Character devices such as /dev/null are meant to be written by everyone.
	return Sensitive(e.Path)
}

// Sensitive says that a device gives memory, flash or the kernel's log.
func Sensitive(p string) bool {
	base := path.Base(p)
	switch base {
	case "mem", "kmem", "port", "kcore", "mtdblock":
		return true
	}
	for _, prefix := range []string{"mtd", "mmcblk", "sd", "nvram", "ubi"} {
		if rest, ok := strings.CutPrefix(base, prefix); ok && len(rest) > 0 && (rest[0] <= '9' || prefix == "sd" && len(rest) == 1) || ok && prefix == "mtd" && strings.HasPrefix(rest, "block") {
			return true
		}
	}
	return false
}

func device(e Entry) []Kind {
	var out []Kind
	if e.Mode&0o004 != 0 && Sensitive(e.Path) {
		out = append(out, OpenDevice)
	}
	// chroot folders and initramfs have a dev of their own.
	if !strings.Contains(e.Path, "/dev/") && !strings.Contains(e.Path, "/devices/") {
		out = append(out, OddDevice)
	}
	return out
}

func secretFile(p string) bool {
	base := path.Base(p)
	switch base {
	case "shadow", "shadow-", "gshadow", "gshadow-", "shadow.bak", "shadow.old":
		return strings.Contains(p, "/etc/")
	}
	return false
}

// debugTools help whoever is in a device further: they read the memory of other
// programs or the network's traffic, or write to registers.
var debugTools = map[string]bool{
	"gdb": true, "gdbserver": true, "strace": true, "ltrace": true, "valgrind": true, "perf": true, "lldb-server": true,
	"tcpdump": true, "tshark": true, "dumpcap": true, "adbd": true, "nmap": true, "ncat": true, "nc.traditional": true, "nc.openbsd": true, "netcat": true, "socat": true,
	"gcc": true, "cc": true, "g++": true, "make": true, "objdump": true, "i2cset": true, "i2cdump": true, "i2ctransfer": true, "spidev_test": true, "openocd": true, "kgdb": true,
	"devmem2": true, "memtool": true, "ngrep": true, "sngrep": true, "tcpflow": true, "ettercap": true, "dsniff": true, "arpspoof": true, "hping3": true, "masscan": true, "airodump-ng": true, "tcpreplay": true, "mitmproxy": true,
	"tcf-agent": true, "gdb-multiarch": true, "radare2": true, "r2": true, "uftrace": true, "frida-inject": true, "frida-trace": true, "aircrack-ng": true, "aireplay-ng": true, "reaver": true, "hydra": true, "john": true, "bettercap": true,
	"frida-server": true, "gcore": true, "ftrace": true, "trace-cmd": true, "bpftrace": true,
}
