// Package lzma2 decodes LZMA and LZMA2: .xz (with its branch filters and
// checks), LZMA-alone (.lzma) and bare LZMA as vendors' file systems keep it. It
// is the hot path of reading firmware: a block that is in memory is decoded
// into the caller's slice, which serves as the dictionary, so that no byte is
// moved twice. In: compressed bytes, hostile, whole or as a stream. Out: what
// they hold; never more than there is room for, never a panic.
//
// The encodings are those of "LZMA specification" in the LZMA SDK (2015) and
// "The .xz File Format" 1.2.1 (tukaani.org/xz/format.html).
package lzma2

import "errors"

var (
	// ErrDamaged says that the bytes don't decode, or don't match their check.
	ErrDamaged = errors.New("lzma: damaged")
	// ErrRoom says that there is more to come out than there is room for.
	ErrRoom = errors.New("lzma: more bytes than expected")
	// ErrUnsupported says that it is a filter or a parameter that isn't read.
	ErrUnsupported = errors.New("lzma: not read")
)
