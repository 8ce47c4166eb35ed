package sandbox

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_AARCH64

// deniedHere returns the calls that only this architecture spells so.
func deniedHere() []uint32 { return []uint32{unix.SYS_RENAMEAT, unix.SYS_KEXEC_FILE_LOAD} }
