package flash

import "assay/internal/collect/firmware/format"

// types are those of the upper four bits of a mode.
var types = [16]format.Type{
	0o01: format.FIFO, 0o02: format.Char, 0o04: format.Dir, 0o06: format.Block,
	0o10: format.File, 0o12: format.Symlink, 0o14: format.Socket,
}

// TypeOf returns the type in a mode of Linux.
func TypeOf(mode uint32) (format.Type, bool) {
	t := types[mode>>12&0xf]
	return t, t != ""
}

// Device takes a device number apart as Linux writes it in 32 bits
// (new_decode_dev in include/linux/kdev_t.h).
func Device(n uint32) (major, minor uint32) {
	return n >> 8 & 0xfff, n&0xff | n>>12&0xfff00
}
