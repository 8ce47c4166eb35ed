package uboot

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"assay/internal/collect/firmware/format"
)

const (
	maxEnv   = 256 << 10
	maxVars  = 4096
	envStep  = 512 // sizes are multiples of it: a sector, a page
	envAlign = 4096
)

// known are names that the boot loader itself gives a meaning.
var known = map[string]bool{"bootcmd": true, "bootargs": true, "bootdelay": true, "baudrate": true, "ethaddr": true, "ipaddr": true,
	"serverip": true, "stdin": true, "stdout": true, "stderr": true, "bootfile": true, "loadaddr": true, "mtdparts": true, "mtdids": true}

// lookEnvironment finds an environment (include/env_internal.h of U-Boot): a
// CRC-32, a flag or serial byte where there are two copies, and "name=value"
// strings with a NUL after each, an empty one at the end. The size is told
// nowhere: it is the one for which the checksum fits.
func lookEnvironment(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	var head [8]byte
	if at < 0 || at+int64(len(head)) > s.Size() {
		return nil, nil
	}
	if err := format.ReadAt(s, head[:], at); err != nil {
		return nil, err
	}
	if !nameByte(head[5]) || !nameByte(head[6]) {
		return nil, nil
	}
	b := format.Head(s, at, 4096)
	if len(b) < len(head) { // it can't be read to there
		return nil, nil
	}
	var edited *format.Part
	for _, start := range []int{4, 5} {
		if first, _, ok := bytes.Cut(b[start:], []byte{0}); !ok && len(b) == 4096 || !variable(first) {
			continue
		}
		if len(b) == 4096 {
			if more := format.Head(s, at, maxEnv); len(more) > len(b) {
				b = more
			}
		}
		vars, end := variables(b, at, start)
		if size, ok := envSize(b, start, end); ok {
			return environment(b, at, start, size, vars, true), ctx.Err()
		}
		// Without checksum the names decide: edited, or written by another tool.
		// With two copies the first name would begin with the flag.
		if end >= 0 && familiar(vars, 4) && (edited == nil || !known[edited.Vars[0].Name] && known[vars[0].Name]) {
			edited = environment(b, at, start, min((end+envAlign-1)/envAlign*envAlign, len(b)), vars, false)
		}
	}
	return edited, ctx.Err()
}

func environment(b []byte, at int64, start, size int, vars []format.Var, good bool) *format.Part {
	p := &format.Part{Format: "u-boot-env", Offset: at, Size: int64(size), Name: "u-boot-env", Vars: vars}
	p.Note = fmt.Sprintf("environment of U-Boot, %d variables, %d bytes", len(vars), size)
	if start == 5 {
		p.Note += fmt.Sprintf(", one of two copies, flag 0x%02x", b[4])
	}
	p.Checked("crc32", good, at, "environment")
	return p
}

// envSize tries the sizes from end on, which is where the strings end; the
// checksum is stored in the order of the processor's bytes.
func envSize(b []byte, start, end int) (size int, good bool) {
	if end < 0 {
		end = start
	}
	le, be := binary.LittleEndian.Uint32(b), binary.BigEndian.Uint32(b)
	crc, at := uint32(0), start
	for size = envStep; ; size += envStep {
		size = min(size, len(b))
		if size >= end {
			crc, at = crc32.Update(crc, crc32.IEEETable, b[at:size]), size
			if crc == le || crc == be {
				return size, true
			}
		}
		if size == len(b) {
			return 0, false
		}
	}
}

// variables reads the strings from start on. end is behind the empty one, -1
// where none ends them.
func variables(b []byte, at int64, start int) (vars []format.Var, end int) {
	for i := start; len(vars) < maxVars; {
		text, _, ok := bytes.Cut(b[i:], []byte{0})
		if !ok {
			return vars, -1
		}
		if len(text) == 0 {
			return vars, i + 1
		}
		if !variable(text) {
			return vars, -1
		}
		name, value, _ := bytes.Cut(text, []byte("="))
		vars = append(vars, format.Var{Name: string(name), Value: string(value), Offset: at + int64(i)})
		i += len(text) + 1
	}
	return vars, -1
}

// variable says whether text is "name=value", the name of printable bytes.
func variable(text []byte) bool {
	name, value, ok := bytes.Cut(text, []byte("="))
	if !ok || len(name) == 0 || len(name) > 128 {
		return false
	}
	for _, c := range name {
		if !nameByte(c) {
			return false
		}
	}
	for _, c := range value {
		if c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != 0x1b || c == 0x7f {
			return false
		}
	}
	return true
}

func nameByte(c byte) bool { return c > 0x20 && c < 0x7f }

// familiar says that at least n variables stand there, two of them known ones.
func familiar(vars []format.Var, n int) bool {
	k := 0
	for _, v := range vars {
		if known[v.Name] {
			k++
		}
	}
	return k >= 2 && len(vars) >= n
}

// anchors are the variables by which an environment is found that stands
// anywhere: compiled in, or stored where no border is.
var anchors = []string{"bootargs=", "bootcmd=", "bootdelay=", "baudrate="}

// lookDefaults finds the environment that is compiled in
// (include/env_default.h of U-Boot), which is used where the stored one is
// damaged: the same strings, without a checksum. The part begins at the first
// anchor; variables that stand before it are told as well.
func lookDefaults(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	first, ok := before(s, at)
	if !ok {
		if last := format.Head(s, at-1, 1); len(last) == 1 && last[0] != 0 && !stored(s, at) {
			return behind(s, at), ctx.Err() // the checksum stands before it
		}
		return nil, nil
	}
	if stored(s, first) {
		return nil, nil
	}
	b := format.Head(s, first, 8192)
	vars, end := variables(b, first, 0)
	if end < 0 && len(vars) > 1 && len(b) == 8192 {
		b = format.Head(s, first, maxEnv)
		vars, end = variables(b, first, 0)
	}
	if end < 0 || !familiar(vars, 3) {
		return nil, nil
	}
	if p := behind(s, first); p != nil {
		return p, ctx.Err()
	}
	return &format.Part{Format: "u-boot-default-env", Offset: at, Size: first + int64(end) - at, Name: "u-boot-default-env", Vars: vars,
		Note: fmt.Sprintf("environment compiled into U-Boot, %d variables", len(vars))}, nil
}

// behind looks whether the strings that begin at first are those of a stored
// environment, which no border tells: behind a maker's header, in a dump that
// begins in between. Its checksum is what proves it.
func behind(s format.Source, first int64) *format.Part {
	for _, start := range []int64{4, 5} {
		at := first - start
		if at < 0 {
			continue
		}
		b := format.Head(s, at, maxEnv)
		if int64(len(b)) <= start {
			return nil
		}
		vars, end := variables(b, at, int(start))
		if end < 0 || !familiar(vars, 2) {
			return nil
		}
		if size, ok := envSize(b, int(start), end); ok {
			return environment(b, at, int(start), size, vars, true)
		}
	}
	return nil
}

// stored says whether the string that ends before first is the first one of a
// stored environment, behind its checksum: that is lookEnvironment's.
func stored(s format.Source, first int64) bool {
	page := (first - 1) &^ (envAlign - 1)
	if first-page <= 5 || first%envAlign <= 5 {
		return true
	}
	b := format.Head(s, page, int(first-1-page))
	return len(b) > 4 && variable(b[4:]) || len(b) > 5 && variable(b[5:])
}

const maxBefore = 16 << 10

// before steps back over variables to the first of a run; false where another
// anchor comes before the one at offset at, or no string begins there.
func before(s format.Source, at int64) (first int64, ok bool) {
	b := format.Head(s, max(at-maxBefore, 0), int(min(at, maxBefore)))
	if len(b) == 0 || b[len(b)-1] != 0 {
		return 0, false
	}
	first = at
	for b = b[:len(b)-1]; ; {
		i := bytes.LastIndexByte(b, 0)
		text := b[i+1:]
		if i < 0 || !variable(text) {
			return first, true
		}
		for _, a := range anchors {
			if bytes.HasPrefix(text, []byte(a)) {
				return 0, false
			}
		}
		first -= int64(len(text)) + 1
		b = b[:i]
	}
}
