package firmware

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// State tells whether a file is still the one that was begun to be read: its
// size, and when its bytes and its inode were changed last (the second can't be
// set back).
type State struct {
	size         int64
	mtime, ctime unix.Timespec
}

// StateOf is the state of an open file.
func StateOf(f *os.File) (State, error) {
	var s unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &s); err != nil {
		return State{}, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return State{s.Size, s.Mtim, s.Ctim}, nil
}

// Changed is the detail of the gap of a file that changed while it was read.
const Changed = "the file changed while it was read: what is told of it may be of two states, and its hash is of neither"
