package evidence

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const diskEnv = "ASSAY_TEST_DISK"

// TestDisk makes a real full disk and a real read-only file system, in a mount
// namespace of its own.
func TestDisk(t *testing.T) {
	if dir := os.Getenv(diskEnv); dir != "" {
		fullDisk(t, dir)
		return
	}
	t.Parallel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run=^TestDisk$", "-test.v")
	cmd.Env = append(os.Environ(), diskEnv+"="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &exit):
		t.Skipf("no mount namespace for an ordinary user here: %v", err)
	case strings.Contains(string(out), "no tmpfs"):
		t.Skipf("a namespace, but no mounts in it:\n%s", out)
	case err != nil:
		t.Errorf("%v:\n%s", err, out)
	case !strings.Contains(string(out), "both errors seen"):
		t.Errorf("the inner test did not run:\n%s", out)
	}
}

func fullDisk(t *testing.T, dir string) {
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Fatalf("no tmpfs: %v", err)
	}
	defer func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	}()
	s := openStore(t, dir, testOptions())
	small := put(t, s, "small", "small", Other)
	_, err := s.Put(strings.NewReader(strings.Repeat("x", 1<<20)), meta("big", Other))
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "is full; free some space and resume") {
		t.Errorf("full disk: %v", err)
	}
	// Filled to the last byte, the index can't grow either.
	fill(t, filepath.Join(dir, "filler"))
	var failed error
	for i := 0; i < 100 && failed == nil; i++ {
		_, failed = s.Put(strings.NewReader("small"), meta(fmt.Sprintf("name %d %s", i, strings.Repeat("n", 80)), Other))
	}
	if !errors.Is(failed, syscall.ENOSPC) {
		t.Errorf("full disk, index: %v", failed)
	}
	remove(t, filepath.Join(dir, "filler"))
	late := put(t, s, "late", "late", Other)
	if rep, err := s.Verify(t.Context()); err != nil || len(rep.Problems) != 0 || !s.Has(small.Digest) || !s.Has(late.Digest) {
		t.Errorf("after the disk was full: %+v, %v", rep, err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, baseDir, tmpDir)); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		// A file open for writing keeps it writable: the store's index.
		if cerr := s.Close(); cerr != nil {
			t.Fatal(cerr)
		}
		if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(dir, testOptions()); !errors.Is(err, syscall.EROFS) || !strings.Contains(err.Error(), "read-only file system") {
		t.Errorf("read-only folder: %v", err)
	}
	ro := openStore(t, dir, Options{ReadOnly: true})
	if got := readAll(t, ro, small.Digest); got != "small" {
		t.Errorf("read-only store reads %q", got)
	}
	if !t.Failed() {
		fmt.Println("both errors seen")
	}
}

func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
