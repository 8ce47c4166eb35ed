// Package squashfs reads squashfs 4.0 file systems as they stand in firmware
// images: every compressor, both byte orders, the LZMA of vendors whose
// superblock says something else. In: the bytes of an image, hostile. Out: a
// format.Format, whose volumes are walked in order, or by several workers, of
// which each block is expanded once.
//
// The layout follows the kernel's Documentation/filesystems/squashfs.rst and
// fs/squashfs/squashfs_fs.h. Versions 1 to 3 are not read.
package squashfs

import (
	"errors"

	"assay/internal/collect/firmware/format"
)

// What package format shares, under the names that callers of this package
// knew first.
type (
	Limits  = format.Limits
	Entry   = format.Entry
	Problem = format.Problem
	Type    = format.Type
)

// The same for constants.
const (
	Dir   = format.Dir
	File  = format.File
	Block = format.Block
	Char  = format.Char

	BadName   = format.BadName
	Loop      = format.Loop
	TooDeep   = format.TooDeep
	TooMany   = format.TooMany
	TooBig    = format.TooBig
	Damaged   = format.Damaged
	Truncated = format.Truncated
	Mismatch  = format.Mismatch
)

// ErrFormat says that no readable squashfs 4.0 starts here.
var ErrFormat = errors.New("squashfs: not a squashfs 4.0 file system")
