package apk

import (
	"crypto/sha1"
	"hash/adler32"
	"slices"
	"unicode/utf16"
)

// Value is a string resource, or a file of the archive.
type Value struct{ Name, Text string }

// The ids of resources: package 0x7f, type 1 strings, type 2 compiled XML.
const (
	stringID = 0x7f010000
	xmlID    = 0x7f020000
)

// Table compiles strings and the names of compiled files to resources.arsc.
func Table(name string, strings, files []Value) []byte {
	values, types, keys := &texts{}, &texts{}, &texts{}
	types.of("string")
	types.of("xml")
	var body []byte
	for i, list := range [][]Value{strings, files} {
		if len(list) == 0 {
			continue
		}
		id := []byte{byte(i + 1), 0, 0, 0}
		flags := make([]byte, 4*len(list)) // no entry depends on a configuration
		body = append(body, chunk(chunkSpec, append(id, words(uint32(len(list)))...), flags)...)
		var offsets, entries []byte
		for _, v := range list {
			offsets = le.AppendUint32(offsets, uint32(len(entries)))
			entries = append(entries, 8, 0, 0, 0)
			entries = le.AppendUint32(entries, keys.of(v.Name))
			entries = append(entries, 8, 0, 0, 3)
			entries = le.AppendUint32(entries, values.of(v.Text))
		}
		config := append(words(64), make([]byte, 60)...) // any
		head := append([]byte{byte(i + 1), 0, 0, 0}, words(uint32(len(list)), uint32(8+12+len(config)+len(offsets)))...)
		body = append(body, chunk(chunkType, append(head, config...), append(offsets, entries...))...)
	}
	var wide []byte
	for _, u := range utf16.Encode([]rune(name)) {
		wide = le.AppendUint16(wide, u)
	}
	wide = append(wide, make([]byte, 256-len(wide))...)
	typePool, keyPool := types.bytes(), keys.bytes()
	const headSize = 288
	head := append(words(0x7f), wide...)
	head = append(head, words(headSize, 2, uint32(headSize+len(typePool)), uint32(len(keys.list)), 0)...)
	pack := chunk(chunkPackage, head, slices.Concat(typePool, keyPool, body))
	return chunk(chunkTable, words(1), append(values.bytes(), pack...))
}

// Dex writes a Dalvik executable (dex-format) that holds strings and no class.
func Dex(list ...string) []byte {
	list = slices.Clone(list)
	slices.Sort(list)
	list = slices.Compact(list)
	const headSize = 0x70
	var ids, data []byte
	at := headSize + 4*len(list)
	for _, s := range list {
		ids = le.AppendUint32(ids, uint32(at+len(data)))
		n := len([]rune(s))
		if n >= 0x80 {
			data = append(data, byte(n)|0x80, byte(n>>7))
		} else {
			data = append(data, byte(n))
		}
		data = append(append(data, s...), 0)
	}
	for len(data)%4 != 0 {
		data = append(data, 0)
	}
	mapAt := at + len(data)
	data = append(data, words(4)...)
	for _, m := range [][3]uint32{{0x0000, 1, 0}, {0x0001, uint32(len(list)), headSize}, {0x2002, uint32(len(list)), uint32(at)}, {0x1000, 1, uint32(mapAt)}} {
		data = append(data, words(m[0], m[1], m[2])...)
	}
	b := append([]byte("dex\n035\x00"), make([]byte, 24)...)
	b = append(b, words(uint32(at+len(data)), headSize, 0x12345678, 0, 0, uint32(mapAt), uint32(len(list)), headSize)...)
	b = append(b, make([]byte, 40)...) // no types, prototypes, fields, methods, classes
	b = append(b, words(uint32(len(data)), uint32(at))...)
	b = append(append(b, ids...), data...)
	sum := sha1.Sum(b[32:])
	copy(b[12:], sum[:])
	le.PutUint32(b[8:], adler32.Checksum(b[12:]))
	return b
}
