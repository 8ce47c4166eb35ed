//go:build linux && (amd64 || arm64)

package sandbox

import (
	"fmt"
	"slices"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// capsetAll drops all capabilities on every thread. With cgo the standard
// library can't reach all threads, so nothing is claimed then.
func capsetAll(hdr *unix.CapUserHeader) bool {
	var none [2]unix.CapUserData
	_, _, errno := syscall.AllThreadsSyscall(unix.SYS_CAPSET,
		uintptr(unsafe.Pointer(hdr)), uintptr(unsafe.Pointer(&none[0])), 0)
	return errno == 0
}

// denied returns the system calls that fail with EPERM: those that reach out of the
// process. It closes what Landlock leaves open (UDP, raw sockets, metadata,
// signals) and holds alone where a kernel has no Landlock. A list of what is
// allowed would break with every release of the Go runtime.
func denied() []uint32 {
	return slices.Concat(deniedHere(), []uint32{
		// other programs and processes
		unix.SYS_EXECVE, unix.SYS_EXECVEAT, unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV,
		unix.SYS_KILL, unix.SYS_TKILL, unix.SYS_RT_SIGQUEUEINFO, unix.SYS_RT_TGSIGQUEUEINFO, unix.SYS_PIDFD_OPEN,
		unix.SYS_PIDFD_GETFD, unix.SYS_PIDFD_SEND_SIGNAL, unix.SYS_KCMP, unix.SYS_SETSID, unix.SYS_SETPGID,
		// network
		unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_ACCEPT, unix.SYS_ACCEPT4,
		// files by name, and their metadata
		unix.SYS_OPENAT, unix.SYS_OPENAT2, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_UNLINKAT,
		unix.SYS_MKDIRAT, unix.SYS_MKNODAT, unix.SYS_LINKAT, unix.SYS_SYMLINKAT, unix.SYS_RENAMEAT2, unix.SYS_TRUNCATE,
		unix.SYS_FCHMODAT, unix.SYS_FCHMODAT2, unix.SYS_FCHOWNAT, unix.SYS_FCHMOD, unix.SYS_FCHOWN, unix.SYS_UTIMENSAT,
		unix.SYS_SETXATTR, unix.SYS_LSETXATTR, unix.SYS_FSETXATTR, unix.SYS_REMOVEXATTR, unix.SYS_LREMOVEXATTR,
		unix.SYS_FREMOVEXATTR, unix.SYS_MEMFD_CREATE, unix.SYS_CHROOT,
		// the system
		unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_MOVE_MOUNT, unix.SYS_FSOPEN, unix.SYS_FSCONFIG,
		unix.SYS_FSMOUNT, unix.SYS_FSPICK, unix.SYS_OPEN_TREE, unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_BPF,
		unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD, unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER,
		unix.SYS_IO_URING_REGISTER, unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_INIT_MODULE,
		unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_KEXEC_LOAD, unix.SYS_REBOOT, unix.SYS_SWAPON,
		unix.SYS_SWAPOFF, unix.SYS_CLOCK_SETTIME, unix.SYS_SETTIMEOFDAY, unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME,
		unix.SYS_SYSLOG, unix.SYS_QUOTACTL, unix.SYS_ACCT, unix.SYS_PERSONALITY, unix.SYS_SHMGET, unix.SYS_SHMAT,
		unix.SYS_MSGGET, unix.SYS_SEMGET, unix.SYS_MQ_OPEN,
	})
}

// filterSyscalls installs the filter on all threads. It returns false where the
// kernel has no seccomp filters.
func filterSyscalls() (bool, error) {
	prog := program()
	fprog := unix.SockFprog{Len: uint16(len(prog)), Filter: &prog[0]}
	const setModeFilter, flagTSync = 1, 1
	r, _, errno := unix.Syscall(unix.SYS_SECCOMP, setModeFilter, flagTSync, uintptr(unsafe.Pointer(&fprog)))
	switch {
	case errno == unix.ENOSYS, errno == unix.EINVAL:
		return false, nil
	case errno != 0:
		return false, fmt.Errorf("sandbox: seccomp: %w", errno)
	case r != 0:
		return false, fmt.Errorf("sandbox: seccomp: thread %d kept its own filter", r)
	}
	return true, nil
}

// program is the filter as classic BPF over struct seccomp_data (seccomp(2)).
func program() []unix.SockFilter {
	const (
		offNr, offArch, offArg0 = 0, 4, 16
		load                    = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal                   = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		atLeast                 = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
		anyBit                  = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
		ret                     = unix.BPF_RET | unix.BPF_K
		retAllow                = 0x7fff0000
		retErrno                = 0x00050000
		retKill                 = 0x80000000
		eperm                   = retErrno | uint32(unix.EPERM)
		enosys                  = retErrno | uint32(unix.ENOSYS)
		x32                     = 0x40000000 // other numbers for the same calls
	)
	p := []unix.SockFilter{
		{Code: load, K: offArch},
		{Code: equal, K: auditArch, Jt: 1},
		{Code: ret, K: retKill},
		{Code: load, K: offNr},
		{Code: atLeast, K: x32, Jf: 1},
		{Code: ret, K: eperm},
		// clone3 hides its flags in memory; told that it doesn't exist, C
		// libraries use clone. Of clone only threads are left.
		{Code: equal, K: unix.SYS_CLONE3, Jf: 1},
		{Code: ret, K: enosys},
		{Code: equal, K: unix.SYS_CLONE, Jf: 4},
		{Code: load, K: offArg0},
		{Code: anyBit, K: unix.CLONE_THREAD, Jt: 1},
		{Code: ret, K: eperm},
		{Code: ret, K: retAllow},
	}
	for _, nr := range denied() {
		p = append(p, unix.SockFilter{Code: equal, K: nr, Jf: 1}, unix.SockFilter{Code: ret, K: eperm})
	}
	return append(p, unix.SockFilter{Code: ret, K: retAllow})
}
