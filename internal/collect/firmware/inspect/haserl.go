package inspect

import "bytes"

// blocks is a page of haserl(1) with blanks for all that stands outside of
// <% … %>: what is left is a script of the shell, each command at its place.
func blocks(page []byte) []byte {
	out := bytes.Repeat([]byte{' '}, len(page))
	for i, c := range page {
		if c == '\n' {
			out[i] = c
		}
	}
	for at := 0; ; {
		i := bytes.Index(page[at:], []byte("<%"))
		if i < 0 {
			return out
		}
		from := at + i + 2
		n := bytes.Index(page[from:], []byte("%>"))
		if n < 0 {
			n = len(page) - from
		}
		at = from + n
		if bytes.HasPrefix(page[from:at], []byte("=")) || bytes.HasPrefix(page[from:at], []byte("#")) {
			continue // a value, a comment
		}
		copy(out[from:at], page[from:at])
		if at < len(out) && page[at-1] != '\n' { // the mark ends the command
			out[at] = ';'
		}
	}
}

// haserl says that a page is one whose blocks a shell runs.
func (f *File) haserl() bool {
	first, _, _ := bytes.Cut(f.Data[:min(len(f.Data), 128)], []byte("\n"))
	return bytes.HasPrefix(first, []byte("#!")) && bytes.Contains(first, []byte("haserl")) && !bytes.Contains(first, []byte("lua"))
}
