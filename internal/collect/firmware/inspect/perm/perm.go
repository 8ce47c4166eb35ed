// Package perm judges nothing and names permissions that matter: what everyone
// may read or write, what runs with the rights of its owner. In: path, type,
// mode and owner of an entry. Out: the kinds that hold.
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
	DebugTool      Kind = "debug-tool" // a debugger, tracer or capture program
)

// Entry is what Of looks at.
type Entry struct {
	Path string
	Type string // "file", "dir", "symlink", "blockdev", "chardev", "fifo", "socket"
	Mode uint32 // 0o7777
	UID  uint32
	GID  uint32
	Key  bool // the content holds a private key
}

// Of returns the kinds that hold for e, in a fixed order.
func Of(e Entry) []Kind {
	var out []Kind
	if e.Type == "symlink" {
		return nil // the bits of a link say nothing
	}
	if e.Type == "file" && e.Mode&0o004 != 0 && (e.Key || secretFile(e.Path)) {
		out = append(out, SecretReadable)
	}
	if writable(e) {
		out = append(out, WorldWritable)
	}
	if e.Type == "file" && e.Mode&0o111 != 0 {
		if e.Mode&0o4000 != 0 && e.UID == 0 {
			out = append(out, SetUIDRoot)
		}
		if e.Mode&0o2000 != 0 && e.GID == 0 {
			out = append(out, SetGIDRoot)
		}
		if debugTools[path.Base(e.Path)] {
			out = append(out, DebugTool)
		}
	}
	return out
}

func writable(e Entry) bool {
	if e.Mode&0o002 == 0 {
		return false
	}
	switch e.Type {
	case "file":
		return true
	case "dir":
		return e.Mode&0o1000 == 0
	case "blockdev":
		return true
	}
	// Character devices such as /dev/null are meant to be written by everyone.
	return false
}

func secretFile(p string) bool {
	base := path.Base(p)
	switch base {
	case "shadow", "shadow-", "gshadow", "gshadow-", "shadow.bak", "shadow.old":
		return strings.HasPrefix(p, "/etc/") || strings.Contains(p, "/etc/")
	}
	return false
}

var debugTools = map[string]bool{
	"gdb": true, "gdbserver": true, "strace": true, "ltrace": true,
	"tcpdump": true, "tshark": true, "perf": true, "adbd": true,
}
