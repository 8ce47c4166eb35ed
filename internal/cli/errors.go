package cli

import (
	"context"
	"errors"
	"os"
	"syscall"

	"assay/internal/network"
	"assay/internal/standard"
	"assay/internal/store"
	"assay/internal/store/segment"
)

// errorCode says in one word what kind of error it is. The set is closed:
// docs/json.md lists it.
type errorCode string

const (
	codeUsage       errorCode = "usage"       // wrong use, or an input that can't be used
	codeNotFound    errorCode = "not-found"   // a file, workspace, run, standard or test case that isn't there
	codeModel       errorCode = "model"       // assay.yaml has mistakes
	codeLocked      errorCode = "locked"      // another process works in the workspace
	codePermission  errorCode = "permission"  // the system doesn't let it read or write
	codeSpace       errorCode = "space"       // the disk is full
	codeAddress     errorCode = "address"     // an address that may not or can't be reached
	codeStale       errorCode = "stale"       // the run can't be continued
	codeInterrupted errorCode = "interrupted" // stopped from outside
	codeParser      errorCode = "parser"      // the confined reader of hostile bytes ended early
	codeChanged     errorCode = "changed"     // a file changed while it was read
	codeFault       errorCode = "fault"       // a fault of Assay itself
)

// errorDoc is the document of a command that came to nothing.
type errorDoc struct {
	Schema string      `json:"schema"`
	Errors []jsonError `json:"errors"`
}

// jsonError is one thing that went wrong.
type jsonError struct {
	Code    errorCode `json:"code"`    // what kind of error
	Exit    int       `json:"exit"`    // the exit code that it leads to by itself
	Message string    `json:"message"` // for people
	// Where is a file (with line and column where known) or an address.
	Where string `json:"where,omitempty"`
}

// word finds the code of an error: the one it was made with, or that of its
// cause.
func (e *exitError) word() errorCode {
	var locked *segment.LockedError
	switch {
	case e.kind != "":
		return e.kind
	case errors.As(e.err, &locked):
		return codeLocked
	case errors.Is(e.err, store.ErrNoRun), errors.Is(e.err, standard.ErrUnknown), errors.Is(e.err, os.ErrNotExist):
		return codeNotFound
	case errors.Is(e.err, os.ErrPermission), errors.Is(e.err, syscall.EROFS):
		return codePermission
	case errors.Is(e.err, syscall.ENOSPC):
		return codeSpace
	case errors.Is(e.err, network.ErrPublic), errors.Is(e.err, network.ErrAddress), errors.Is(e.err, network.ErrNotDeclared):
		return codeAddress
	case errors.Is(e.err, store.ErrEnded), errors.Is(e.err, store.ErrChanged):
		return codeStale
	case errors.Is(e.err, context.Canceled):
		return codeInterrupted
	case e.code == exitFault:
		return codeFault
	}
	return codeUsage
}

// filled makes an absent list an empty one: lists are never null in JSON.
func filled[T any](in []T) []T {
	if in == nil {
		return []T{}
	}
	return in
}
