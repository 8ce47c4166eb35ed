package format

import (
	"bytes"
	"slices"
)

// media are the first bytes of pictures, sounds, films, fonts and documents that
// chance doesn't make.
var media = []string{"\xff\xd8\xff", "\x89PNG", "GIF8", "BM", "RIFF", "OggS", "ID3", "fLaC", "\x1aE\xdf\xa3", "wOFF", "wOF2", "OTTO", "%PDF"}

// Medium says that a file is one of these by its first bytes: it holds neither
// settings nor a program. also are the first bytes of more.
func Medium(b []byte, also ...string) bool {
	begins := func(m string) bool { return bytes.HasPrefix(b, []byte(m)) }
	return slices.ContainsFunc(media, begins) || slices.ContainsFunc(also, begins) ||
		len(b) > 8 && string(b[4:8]) == "ftyp" // ISO/IEC 14496-12, 4.3
}
