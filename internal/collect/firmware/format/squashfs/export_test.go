package squashfs

// Super returns the superblock.
func (f *FS) Super() Super { return f.super }
