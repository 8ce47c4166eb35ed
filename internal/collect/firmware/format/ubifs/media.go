package ubifs

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"

	"assay/internal/collect/firmware/format"
)

const nodeMagic = 0x06101831

// The kinds of nodes that are read.
const (
	kindInode = iota
	kindData
	kindName
	kindXattr
	kindTruncation
	kindPadding
	kindSuper
	kindMaster
	kindReference
	kindIndex
	kindCommit
	kindSignature = 13
)

// The sizes of their headers.
const (
	headSize       = 24
	inodeSize      = 160
	dataSize       = 48
	nameSize       = 56
	truncationSize = 56
	superSize      = 4096
	masterSize     = 512
	referenceSize  = 64
	indexSize      = 28
	branchSize     = 20 // with a key, without a hash
	signatureSize  = 64
)

const signaturePKCS7 = 1

// blockSize is that of a file's blocks: what one data node holds at most.
const blockSize = 4096

const (
	rootInode   = 1
	masterFirst = 1 // erase blocks 1 and 2 have master nodes
	logFirst    = 3
)

// Flags of the superblock, of a master node, of an inode.
const (
	flagEncryption     = 0x10
	flagAuthentication = 0x20
	masterDirty        = 1
	inodeEncrypted     = 0x40
)

func u16(b []byte, at int) uint16 { return binary.LittleEndian.Uint16(b[at:]) }
func u32(b []byte, at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
func u64(b []byte, at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }

// length returns what a node's header says of its length; 0 where b doesn't
// start with a node.
func length(b []byte) int64 {
	if len(b) < headSize || u32(b, 0) != nodeMagic || u32(b, 16) < headSize {
		return 0
	}
	return int64(u32(b, 16))
}

// sound says that b starts with a node of that kind, no shorter than least, and
// that its checksum is right.
func sound(b []byte, kind byte, least int) bool {
	n := length(b)
	return n >= int64(least) && n <= int64(len(b)) && b[20] == kind && whole(b[:n])
}

// whole says that the checksum of a node is right. UBIFS doesn't complement it.
func whole(node []byte) bool { return u32(node, 4) == ^crc32.ChecksumIEEE(node[8:]) }

// super is the superblock.
type super struct {
	flags                 uint32
	minIO, leb, count     int64 // bytes of a page and of an erase block; erase blocks
	logs, tables, orphans int64 // erase blocks of these areas
	fanout                uint32
	version, readVersion  uint32
	compr                 uint16
	hashAlgo              uint16
	keyed                 bool // it has an HMAC of its own
	keyHash, keyFormat    byte
}

func parseSuper(b []byte) super {
	return super{
		keyHash: b[26], keyFormat: b[27], flags: u32(b, 28),
		minIO: int64(u32(b, 32)), leb: int64(u32(b, 36)), count: int64(u32(b, 40)),
		logs: int64(u32(b, 56)), tables: int64(u32(b, 60)), orphans: int64(u32(b, 64)),
		fanout: u32(b, 72), version: u32(b, 80), compr: u16(b, 84),
		readVersion: u32(b, 124), hashAlgo: u16(b, 256), keyed: len(bytes.Trim(b[128:192], "\x00")) > 0,
	}
}

// plausible holds the superblock against what Linux takes (validate_sb in
// fs/ubifs/sb.c).
func (s super) plausible() bool {
	return s.keyFormat == 0 && s.keyHash <= 1 && s.fanout >= 3 &&
		s.minIO >= 8 && s.minIO&(s.minIO-1) == 0 && s.minIO <= s.leb &&
		s.leb >= 15<<10 && s.leb <= 16<<20 && s.leb%8 == 0 && s.leb >= superSize &&
		s.logs >= 2 && s.tables >= 1 && s.orphans >= 1 && s.mainFirst() < s.count
}

// mainFirst is the first erase block of files and index.
func (s super) mainFirst() int64 { return logFirst + s.logs + s.tables + s.orphans }

func (s super) compression() string {
	if int(s.compr) < len(compressions) {
		return compressions[s.compr]
	}
	return "unknown compression"
}

// hash is the name of an authenticated file system's hash (enum hash_algo in
// include/uapi/linux/hash_info.h).
func (s super) hash() string {
	if int(s.hashAlgo) < len(hashes) {
		return hashes[s.hashAlgo]
	}
	return "unknown"
}

var (
	compressions = [...]string{"none", "lzo", "zlib", "zstd"}
	hashes       = [...]string{"md4", "md5", "sha1", "ripemd160", "sha256", "sha384", "sha512", "sha224"}
)

// place is where a node stands.
type place struct{ lnum, offs, size uint32 }

// master says where the index and the log are.
type master struct {
	sqnum, commit uint64
	flags         uint32
	root          place
}

// master finds the newest whole master node. They are written one after the
// other, into two erase blocks.
func (v *volume) master() (m master, ok bool) {
	step := max(v.minIO, 8)
	for lnum := int64(masterFirst); lnum < logFirst; lnum++ {
		b := format.Head(v.src, v.at+lnum*v.leb, int(v.leb))
		for ; len(b) >= masterSize; b = b[min(step, int64(len(b))):] {
			if !sound(b, kindMaster, masterSize) {
				continue
			}
			if n := u64(b, 8); !ok || n > m.sqnum {
				m = master{sqnum: n, commit: u64(b, 32), flags: u32(b, 40), root: place{u32(b, 48), u32(b, 52), u32(b, 56)}}
				ok = true
			}
		}
	}
	return m, ok
}
