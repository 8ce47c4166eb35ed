//go:build linux && !amd64 && !arm64

package sandbox

import "golang.org/x/sys/unix"

// On other architectures the filter's numbers and calling conventions were not
// checked, so nothing is claimed: Landlock, namespaces and limits hold alone.

func capsetAll(*unix.CapUserHeader) bool { return false }

func filterSyscalls() (bool, error) { return false, nil }
