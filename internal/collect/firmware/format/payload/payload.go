// Package payload finds where a compressed stream begins in bytes that don't
// say: behind the loader of a kernel, behind a vendor's header. In: the bytes.
// Out: the offset and the name of the format whose decoder reads it. A magic
// number alone is nothing: checksums of headers, ranges of fields or the first
// block decide.
package payload

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"io"
)

// kinds are tried at each offset; gzip and LZMA, whose numbers are short, cost
// most and come last.
var kinds = []struct {
	format, magic string
	is            func(b []byte) bool
}{
	{"xz", "\xfd7zXZ\x00", isXZ},
	{"lzop", "\x89LZO\x00\r\n\x1a\n", always},
	{"bzip2", "BZh", isBzip2},
	{"zstd", "\x28\xb5\x2f\xfd", isZstd},
	{"lz4", "\x02\x21\x4c\x18", isLZ4Legacy},
	{"lz4", "\x04\x22\x4d\x18", isLZ4Frame},
	{"gzip", "\x1f\x8b\x08", isGzip},
}

// maxTries bounds the numbers of one kind that are looked at: a trial of gzip
// costs some microseconds.
const maxTries = 256

// Find returns the first stream in b: its offset and the format; format is ""
// where none begins in b.
func Find(b []byte) (at int, format string) {
	at = len(b)
	for _, k := range kinds {
		for i, tries := 0, 0; i < at && tries < maxTries; tries++ {
			n := bytes.Index(b[i:min(at+len(k.magic), len(b))], []byte(k.magic))
			if n < 0 {
				break
			}
			i += n
			if i < at && k.is(b[i:]) {
				at, format = i, k.format
			}
			i++
		}
	}
	// LZMA has no magic number; kernels are packed with the default properties.
	for i := 0; i < at; i++ {
		n := bytes.Index(b[i:at], []byte("\x5d\x00\x00"))
		if n < 0 {
			break
		}
		i += n
		if LZMA(b[i:]) && i+13 < len(b) && b[i+13] == 0 { // the range coder's first byte
			return i, "lzma"
		}
	}
	return at, format
}

// LZMA says whether the header of an LZMA stream stands at b, 13 bytes:
// properties, a dictionary of 2^n or 2^n+2^(n+1) bytes, a length of all ones or
// below 1 GiB.
func LZMA(b []byte) bool {
	if len(b) < 13 {
		return false
	}
	dict := binary.LittleEndian.Uint32(b[1:])
	n := binary.LittleEndian.Uint64(b[5:])
	low := dict & -dict
	return b[0] > 0 && b[0] < 9*5*5 && dict >= 1<<12 && (dict == low || dict == 3*low) && (n == 1<<64-1 || n > 0 && n < 1<<30)
}

func always([]byte) bool { return true }

// isXZ checks the checksum of the stream header (The .xz File Format 2.1.1).
func isXZ(b []byte) bool {
	return len(b) >= 12 && b[6] == 0 && crc32.ChecksumIEEE(b[6:8]) == binary.LittleEndian.Uint32(b[8:])
}

// isBzip2 looks for the number that begins each block.
func isBzip2(b []byte) bool {
	return len(b) >= 10 && b[3] >= '1' && b[3] <= '9' && string(b[4:10]) == "\x31\x41\x59\x26\x53\x59"
}

// isZstd checks the reserved bits of the frame and of its first block
// (RFC 8878, 3.1.1).
func isZstd(b []byte) bool {
	if len(b) < 18 {
		return false
	}
	d := b[4]
	single := int(d >> 5 & 1)
	head := 5 + 1 - single + [4]int{0, 1, 2, 4}[d&3] + [4]int{single, 2, 4, 8}[d>>6]
	if d&0x18 != 0 || head+3 > len(b) {
		return false
	}
	block := uint32(b[head]) | uint32(b[head+1])<<8 | uint32(b[head+2])<<16
	return block>>1&3 != 3 && block>>3 <= 128<<10 && block>>3 > 0
}

// isLZ4Legacy checks the size of the first block, 8 MiB before compression.
func isLZ4Legacy(b []byte) bool {
	if len(b) < 8 {
		return false
	}
	n := binary.LittleEndian.Uint32(b[4:])
	return n > 0 && n <= 8<<20+8<<20/255+16
}

func isLZ4Frame(b []byte) bool {
	return len(b) >= 7 && b[4]>>6 == 1 && b[4]&2 == 0 && b[5]&0x8f == 0 && b[5]>>4 >= 4
}

// isGzip decodes the first bytes (RFC 1952, 2.3; only the name may be set).
func isGzip(b []byte) bool {
	if len(b) < 18 || b[3]&^0x08 != 0 {
		return false
	}
	body := b[10:]
	if b[3] != 0 {
		n := bytes.IndexByte(body[:min(len(body), 256)], 0)
		if n < 0 {
			return false
		}
		body = body[n+1:]
	}
	n, err := io.CopyN(io.Discard, flate.NewReader(bytes.NewReader(body)), 4096)
	return err == nil || n > 0 && (err == io.EOF || err == io.ErrUnexpectedEOF)
}
