// Package hexfile reads memory contents that are written as lines of hexadecimal
// digits: Intel HEX and Motorola S-records. In: text. Out: a source for each run
// of addresses, named by its first one. Says who: "Hexadecimal Object File
// Format Specification", Intel 1988; "M68000 Family Programmer's Reference
// Manual", appendix C.
package hexfile

import (
	"context"
	"fmt"
	"io"

	"assay/internal/collect/firmware/format"
)

// Formats returns both. They are looked for at the first byte only: a line in
// the middle of something else is no image.
func Formats() []format.Format {
	return []format.Format{
		{Name: "intel-hex", Head: true, Magics: []format.Magic{{Bytes: ":"}}, Look: look("intel-hex", intel)},
		{Name: "s-record", Head: true, Magics: []format.Magic{{Bytes: "S0"}, {Bytes: "S1"}, {Bytes: "S2"}, {Bytes: "S3"}, {Bytes: "S5"}}, Look: look("s-record", motorola)},
	}
}

const (
	// apart is how many addresses without a value part two runs. What lies
	// between closer ones reads as erased flash.
	apart = 64 << 10
	// maxRuns bounds the runs; a real file has up to ten.
	maxRuns = 1000
	// sureLines are the lines at the start that must be right.
	sureLines = 4
)

// syntax takes one line apart.
type syntax func(m *memory, line []byte) error

func look(name string, read syntax) func(context.Context, format.Source, int64) (*format.Part, error) {
	return func(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
		if b := format.Head(s, at, 2); len(b) < 2 || read(&memory{}, b) == errStart || !sure(ctx, s, at, read) {
			return nil, ctx.Err()
		}
		m, err := parse(ctx, s, at, read, false)
		if err != nil {
			return nil, err
		}
		p := &format.Part{Format: name, Offset: at, Size: m.end - at, Name: format.Printable(m.name), Problems: m.problems()}
		p.Note = fmt.Sprintf("%d lines, %d bytes", m.lines, m.bytes)
		if m.started {
			p.Note += fmt.Sprintf(", entry 0x%08x", m.start)
		}
		if m.bytes == 0 {
			return p, nil
		}
		p.Contents = func(ctx context.Context, lim format.Limits) ([]format.Content, error) {
			m, err := parse(ctx, s, at, read, true)
			if err != nil {
				return nil, err
			}
			return m.contents(lim.Defaults().File)
		}
		return p, nil
	}
}

// sure says that the first lines are right, checksums too.
func sure(ctx context.Context, s format.Source, at int64, read syntax) bool {
	m, l := &memory{}, &lines{s: s, next: at}
	for n := range sureLines {
		line, _, err := l.read(ctx)
		if n > 0 && (err == io.EOF || m.done) {
			return true
		}
		if err != nil || len(line) == 0 || read(m, line) != nil {
			return false
		}
	}
	return true
}
