package binary

import (
	"fmt"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/elf"
)

// keys looks for C strings that are as long and as mixed as a key, in programs
// that set one. Keys that are bytes and not text can't be told from a table.
func (r *Record) keys(f *inspect.File, p *elf.Program) {
	if p.Type == "object" || p.Soname != "" || !r.encrypts(p) {
		return
	}
	for run := range f.Runs(16) {
		if !run.NUL || !keyLike(run.Text) {
			continue
		}
		if len(r.Keys) >= maxKeys {
			return
		}
		r.Keys = append(r.Keys, Key{fmt.Sprintf("%s… (%d characters)", run.Text[:2], len(run.Text)), f.At(run.Off)})
	}
}

// encrypts says that a program calls a cipher, or holds one without a library.
func (r *Record) encrypts(p *elf.Program) bool {
	for _, name := range p.Imports {
		if keySetters[name] {
			return true
		}
	}
	for _, c := range r.Crypto {
		if c.Name == "aes" || c.Name == "des" || c.Name == "blowfish" {
			return !p.Static
		}
	}
	return false
}

// keyLike says that b is 16, 24 or 32 letters and digits in no order, or as many
// bytes in hexadecimal.
func keyLike(b []byte) bool {
	switch len(b) {
	case 16, 24, 32, 48, 64:
	default:
		return false
	}
	hex, digits, changes, steps := true, 0, 0, 0
	var seen [256]bool
	different := 0
	for i, c := range b {
		k := class(c)
		if k == 0 {
			return false
		}
		if k == 1 {
			digits++
		} else if c > 'f' || c > 'F' && c < 'a' {
			hex = false
		}
		if !seen[c] {
			seen[c] = true
			different++
		}
		if i > 0 {
			if k != class(b[i-1]) {
				changes++
			}
			if c == b[i-1]+1 || c == b[i-1] {
				steps++
			}
		}
	}
	if len(b) > 32 && !hex {
		return false
	}
	return digits >= 3 && digits < len(b) && changes >= 5 && different >= 8 && steps*3 < len(b)
}

func class(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return 1
	case c >= 'a' && c <= 'z':
		return 2
	case c >= 'A' && c <= 'Z':
		return 3
	}
	return 0
}
