//go:build unix

package segment

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

const lockFile = "lock"

// LockedError says that another process has the workspace.
type LockedError struct {
	Dir string
	PID int // 0 if it could not be read
}

func (e *LockedError) Error() string {
	who := "another process"
	if e.PID > 0 {
		who = fmt.Sprintf("process %d", e.PID)
	}
	return fmt.Sprintf("%s is in use by %s: wait until it has ended, or end it", e.Dir, who)
}

// WorkspaceLock is a held lock.
type WorkspaceLock struct{ f *os.File }

// Lock takes the lock of a folder (the workspace's .assay), which must exist,
// by flock(2) on a file "lock" in it. It doesn't wait: a *LockedError says who
// has it. The kernel drops the lock when the process ends, however it ends; the
// file stays, since removing it would let two processes lock two files.
func Lock(dir string) (*WorkspaceLock, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, explain("lock", dir, err)
	}
	f, err := root.OpenFile(lockFile, os.O_RDWR|os.O_CREATE|syscall.O_NONBLOCK, 0o600)
	if err = errors.Join(err, root.Close()); err != nil {
		return nil, explain("lock", dir, err)
	}
	if err := flock(f); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = &LockedError{Dir: dir, PID: readPID(f)}
		} else {
			err = explain("lock", dir, err)
		}
		return nil, errors.Join(err, f.Close())
	}
	pid := []byte(strconv.Itoa(os.Getpid()) + "\n")
	err = f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt(pid, 0)
	}
	if err != nil {
		return nil, errors.Join(explain("lock", dir, err), f.Close())
	}
	return &WorkspaceLock{f}, nil
}

func flock(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func readPID(f *os.File) int {
	b, err := io.ReadAll(io.LimitReader(f, 32))
	if err != nil {
		return 0 // the lock is what counts; the number is for people
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || pid < 0 {
		return 0
	}
	return pid
}

// Unlock gives the lock back.
func (l *WorkspaceLock) Unlock() error {
	if err := l.f.Close(); err != nil {
		return fmt.Errorf("unlock: %w", err)
	}
	return nil
}
