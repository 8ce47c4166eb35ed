package sandbox

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/landlock-lsm/go-landlock/landlock"
	"golang.org/x/sys/unix"

	"assay/internal/limit"
)

// startChild starts the command in namespaces of its own where the kernel lets
// an ordinary user make them, else without.
func startChild(command func() *exec.Cmd) (*exec.Cmd, []string, error) {
	cmd := command()
	cmd.SysProcAttr = attributes()
	// The user is mapped to one that is not root, so that the child's exec drops
	// the capabilities that it would have in its own namespace.
	const nobody = 65534
	cmd.SysProcAttr.Cloneflags = unix.CLONE_NEWUSER | unix.CLONE_NEWNET | unix.CLONE_NEWIPC
	cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Geteuid(), Size: 1}}
	cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Getegid(), Size: 1}}
	first := cmd.Start()
	if first == nil {
		return cmd, []string{HeldUserNamespace, HeldNetworkNamespace}, nil
	}
	cmd = command()
	cmd.SysProcAttr = attributes()
	if err := cmd.Start(); err != nil {
		return nil, nil, errors.Join(err, first)
	}
	return cmd, nil, nil
}

func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// readOnly opens the file again for reading, with an offset of its own. What
// can't be opened again (a pipe's end, a file whose permission is gone) is
// passed as it is, unless it could be written.
func readOnly(f *os.File) (*os.File, error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	var again *os.File
	var fail error
	err = conn.Control(func(fd uintptr) {
		if st, err := f.Stat(); err == nil && st.Mode().IsRegular() {
			if again, err = os.Open("/proc/self/fd/" + strconv.Itoa(int(fd))); err == nil {
				return
			}
		}
		flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
		if err != nil {
			fail = err
			return
		}
		if flags&unix.O_ACCMODE != unix.O_RDONLY {
			fail = fmt.Errorf("%s is open for writing and can't be opened again: open it read-only", f.Name())
			return
		}
		dup, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 3)
		if err != nil {
			fail = err
			return
		}
		again = os.NewFile(uintptr(dup), f.Name())
	})
	return again, errors.Join(err, fail)
}

// awaitExit returns when the child has ended, without reaping it.
func awaitExit(pid int) {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return // any other error leaves it to Wait
		}
	}
}

func killGroup(pid int) {
	_ = unix.Kill(-pid, unix.SIGKILL) // gone already: nothing to do
}

// overCPU reports whether the kernel ended the child for its processor time. The
// Go runtime ignores the SIGXCPU of the soft limit, so it is a SIGKILL, told
// from other ones by the time used.
func overCPU(ps *os.ProcessState, seconds uint64) bool {
	if ps == nil {
		return false
	}
	ws, ok := ps.Sys().(syscall.WaitStatus)
	used := ps.UserTime() + ps.SystemTime()
	return ok && ws.Signaled() && (ws.Signal() == syscall.SIGXCPU ||
		ws.Signal() == syscall.SIGKILL && used.Seconds() >= 0.9*float64(seconds))
}

// memoryOf returns the resident anonymous bytes of a process and the highest
// resident size that it had, from proc(5), 0 where they can't be read. The
// rusage of a child is of no use: it begins with its parent's.
func memoryOf(pid int) (anonymous, peak int64) {
	f, err := os.Open("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, 0
	}
	defer f.Close() // read only
	return readStatus(f)
}

func readStatus(f *os.File) (anonymous, peak int64) {
	var b [4096]byte
	n, err := f.ReadAt(b[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, 0
	}
	for line := range strings.Lines(string(b[:n])) {
		name, rest, _ := strings.Cut(line, ":")
		if name != "RssAnon" && name != "VmHWM" {
			continue
		}
		kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		if err != nil {
			continue
		}
		if name == "VmHWM" {
			peak = kb << 10
		} else {
			anonymous = kb << 10
		}
	}
	return anonymous, peak
}

// openStatus opens the child's own figures before it loses access to files.
func openStatus() *os.File {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return nil // the peak is then what the parent sampled
	}
	return f
}

func peakOf(status *os.File) int64 {
	if status == nil {
		return 0
	}
	_, peak := readStatus(status)
	return peak
}

// confine limits this process for good and returns what held. What a kernel
// doesn't have is left out of the list; the limits must hold everywhere.
func confine(o order) ([]string, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := setLimits(o); err != nil {
		return nil, err
	}
	held := []string{HeldLimits}
	// Not dumpable: no core, no ptrace by others of the same user.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("sandbox: no dumps: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("sandbox: no new privileges: %w", err)
	}
	held = append(held, HeldNoNewPrivileges)
	if dropCapabilities() {
		held = append(held, HeldNoCapabilities)
	}
	abi := landlockABI()
	if err := landlock.V11.BestEffort().Restrict(); err != nil {
		return nil, fmt.Errorf("sandbox: Landlock: %w", err)
	}
	for _, l := range []struct {
		abi  int
		name string
	}{{1, HeldLandlockFiles}, {4, HeldLandlockTCP}, {6, HeldLandlockScope}} {
		if abi >= l.abi {
			held = append(held, l.name)
		}
	}
	ok, err := filterSyscalls()
	if err != nil {
		return nil, err
	}
	if ok {
		held = append(held, HeldSeccomp)
	}
	return held, nil
}

// landlockABI asks the kernel for its version, 0 if it has none (landlock(7)).
func landlockABI() int {
	const createRulesetVersion = 1
	v, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, createRulesetVersion)
	if errno != 0 {
		return 0
	}
	return int(v)
}

func setLimits(o order) error {
	mapped, err := mappedBytes()
	if err != nil {
		return err
	}
	for _, l := range []struct {
		name     string
		resource int
		value    uint64
	}{
		{"core size", unix.RLIMIT_CORE, 0},
		{"file size", unix.RLIMIT_FSIZE, 0},
		{"open files", unix.RLIMIT_NOFILE, limit.Default().Parse.OpenFiles},
		{"processor time", unix.RLIMIT_CPU, o.CPUSeconds},
		{"address space", unix.RLIMIT_AS, mapped + uint64(o.AddressSpace)},
	} {
		var now unix.Rlimit
		if err := unix.Getrlimit(l.resource, &now); err != nil {
			return fmt.Errorf("sandbox: limit of %s: %w", l.name, err)
		}
		v := min(l.value, now.Max) // a stricter one from outside stays
		if err := unix.Setrlimit(l.resource, &unix.Rlimit{Cur: v, Max: v}); err != nil {
			return fmt.Errorf("sandbox: limit of %s: %w", l.name, err)
		}
	}
	return nil
}

// mappedBytes returns what the program maps by itself (statm, first field): the
// Go runtime reserves address space that it never uses.
func mappedBytes() (uint64, error) {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, fmt.Errorf("sandbox: own size: %w", err)
	}
	first, _, _ := strings.Cut(string(b), " ")
	pages, err := strconv.ParseUint(first, 10, 50)
	if err != nil {
		return 0, fmt.Errorf("sandbox: own size: %w", err)
	}
	return pages * uint64(os.Getpagesize()), nil
}

// dropCapabilities empties the sets of all threads; a child in its own user
// namespace has none from its exec on. It reports whether none is left.
func dropCapabilities() bool {
	hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var have [2]unix.CapUserData
	if err := unix.Capget(&hdr, &have[0]); err != nil {
		return false
	}
	if have == ([2]unix.CapUserData{}) {
		return true
	}
	return capsetAll(&hdr)
}
