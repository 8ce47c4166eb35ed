package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// stream is stdout, or the file of --out, with its first error kept: most text
// is written by fmt.Fprint, whose error nobody looks at, and an answer that
// didn't arrive must not end as a success.
type stream struct {
	io.Writer
	err  error
	some bool // something was written
}

func (s *stream) Write(b []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.Writer.Write(b)
	s.some = s.some || n > 0
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	s.err = err
	return n, err
}

// file is the file behind a stream; nil where there is none.
func file(w any) *os.File {
	if s, ok := w.(*stream); ok {
		w = s.Writer
	}
	f, _ := w.(*os.File)
	return f
}

// end is the exit code of a command that returned err: an answer that didn't
// arrive is told once, whoever noticed.
func (a *app) end(err error) int {
	code := a.code
	s, ok := a.Out.(*stream)
	if err != nil && !(ok && s.err != nil && errors.Is(err, s.err)) {
		code = a.fail(err)
	}
	if ok && s.err != nil && a.Out == io.Writer(s) {
		code = a.fail(a.lost(s.err))
	}
	if ok && s.err == nil && s.some && !a.quiet && nowhere(file(s)) {
		fmt.Fprintf(a.Err, "assay: %s\n", a.t("ui.nowhere"))
	}
	return code
}

// nowhere says that what a process writes gets lost although no write fails: the
// Go runtime opens /dev/null, for reading and writing, in place of a stdout that
// is closed (runtime.checkfds). The exit code stays: others start programs so
// that want nothing but it, and a shell's >/dev/null is for writing only.
func nowhere(f *os.File) bool {
	if f == nil {
		return false
	}
	is, err := f.Stat()
	if err != nil {
		return false
	}
	null, err := os.Stat(os.DevNull)
	if err != nil || !os.SameFile(is, null) {
		return false
	}
	flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_ACCMODE == unix.O_RDWR
}

// lost says that an answer didn't arrive.
func (a *app) lost(cause error) error {
	why := cause.Error()
	if errors.Is(cause, syscall.ENOSPC) {
		why = a.t("ui.why.space")
	}
	out, next := "stdout", "ui.next.lost"
	if a.answer != nil {
		out, next = a.out, "ui.next.write" // what stood there stays
	}
	return &exitError{code: exitUse, kind: (&exitError{err: cause}).word(), err: errors.New(a.t("ui.lost", "out", out, "why", why)), next: a.t(next), silent: a.answer == nil}
}
