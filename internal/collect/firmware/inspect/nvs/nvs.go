// Package nvs reads the key-value partitions of ESP-IDF (documentation of
// "Non-volatile Storage Library", section "Internals"): pages of 4 KiB with
// entries of 32 bytes. In: the bytes of a partition, hostile. Out: names and
// texts with their places. Encrypted partitions look like nothing and give
// nothing.
package nvs

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
)

const (
	pageSize  = 4096
	entrySize = 32
	entries   = 126
	first     = 64 // offset of the first entry: behind the header and the bitmap
	maxPairs  = 10_000
)

// States of a page, in the first word of its header.
const (
	active  = 0xfffffffe
	full    = 0xfffffffc
	freeing = 0xfffffff8
)

// Types of an entry that hold text or bytes.
const (
	typeText  = 0x21
	typeBlob  = 0x41 // of the first version
	typeChunk = 0x42
)

// Pair is a name with a text: a string, bytes that are one, or bytes as long as a
// key, in hexadecimal.
type Pair struct {
	Space string // the name space
	Key   string
	Text  string
	Bytes bool // Text is bytes in hexadecimal
	Off   int  // of the text in the partition
}

// Looks says that b begins with a page of a partition in use.
func Looks(b []byte) bool { return len(b) >= pageSize && sound(b[:pageSize]) }

// sound checks a page's header with its checksum.
func sound(p []byte) bool {
	switch binary.LittleEndian.Uint32(p) {
	case active, full, freeing:
	default:
		return false
	}
	return binary.LittleEndian.Uint32(p[28:]) == sum(p[4:28])
}

// sum is the CRC-32 of esp_rom_crc32_le with all ones to begin with.
func sum(b []byte) uint32 { return crc32.Update(0xffffffff, crc32.IEEETable, b) }

// Pairs returns the names and texts of all pages whose header is sound, in the
// order of the partition. Entries that were erased or whose checksum fails are
// left out.
func Pairs(b []byte) []Pair {
	spaces := map[byte]string{}
	var out []Pair
	var of []byte // the space of each pair
	for base := 0; base+pageSize <= len(b); base += pageSize {
		p := b[base : base+pageSize]
		if !sound(p) {
			continue
		}
		for i := 0; i < entries && len(out) < maxPairs; {
			at := first + i*entrySize
			e := p[at : at+entrySize]
			span := max(int(e[2]), 1)
			if state := p[32+i/4] >> (2 * (i % 4)) & 3; state != 2 || !whole(e) {
				i++ // empty, erased or damaged
				continue
			}
			key := string(bytes.TrimRight(e[8:24], "\x00"))
			switch {
			case e[0] == 0 && e[1] == 1: // the name of a space
				spaces[e[24]] = key
			case e[1] == typeText || e[1] == typeBlob || e[1] == typeChunk:
				n := int(binary.LittleEndian.Uint16(e[24:]))
				begin := at + entrySize
				if begin+n > pageSize || n > (span-1)*entrySize || binary.LittleEndian.Uint32(e[28:]) != sum(p[begin:begin+n]) {
					break
				}
				text, skip := clear(p[begin : begin+n])
				raw := text == "" && e[1] != typeText && keySize(n)
				if raw {
					text = hex.EncodeToString(p[begin : begin+n])
				}
				if text != "" {
					out, of = append(out, Pair{Key: key, Text: text, Bytes: raw, Off: base + begin + skip}), append(of, e[0])
				}
			}
			i += span
		}
	}
	for i := range out {
		out[i].Space = spaces[of[i]]
	}
	return out
}

func keySize(n int) bool { return n == 16 || n == 24 || n == 32 || n == 48 || n == 64 }

// whole checks an entry's checksum, which leaves itself out.
func whole(e []byte) bool {
	return binary.LittleEndian.Uint32(e[4:]) == crc32.Update(sum(e[:4]), crc32.IEEETable, e[8:])
}

// clear returns the text that bytes begin with: up to a zero byte, all of it
// printable. The Wi-Fi driver's name of a network has its length in front.
func clear(b []byte) (text string, skip int) {
	if len(b) == 36 && binary.LittleEndian.Uint32(b) <= 32 {
		n := int(binary.LittleEndian.Uint32(b))
		b, skip = b[4:4+n], 4
	}
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	for _, c := range b {
		if c < 0x20 || c == 0x7f {
			return "", 0
		}
	}
	return string(b), skip
}
