package evidence

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
)

// What can be wrong with a line of a log; a LogError wraps one of them.
var (
	ErrTorn    = errors.New("last line is torn") // no newline, or zeros, up to the end
	ErrTooLong = errors.New("line is too long")
	ErrSyntax  = errors.New("line is not an entry")
	ErrChain   = errors.New("line does not follow the one before")
)

// LogError is a problem of a log at a line (from 1) and byte offset (from 0).
type LogError struct {
	Line   int64
	Offset int64
	Err    error
}

func (e *LogError) Error() string {
	return fmt.Sprintf("line %d, offset %d: %v", e.Line, e.Offset, e.Err)
}

func (e *LogError) Unwrap() error { return e.Err }

// Entry is one line of a hash-chained log:
//
//	{"seq":n,"prev":"<64 hex>","type":"…","body":…}
//
// with exactly this envelope; body is canonical JSON. Hash is the SHA-256 of
// the line without its newline; Prev is that of the line before, zero in the
// first. Line counts from 1 and Offset in bytes; both are set by Scan.
type Entry struct {
	Seq    uint64
	Prev   Digest
	Type   string
	Body   json.RawMessage
	Hash   Digest
	Line   int64
	Offset int64
}

// Chain is the state after the lines so far; its zero value is an empty log.
type Chain struct {
	count uint64
	head  Digest
}

// Head returns the hash of the last line, zero if there is none.
func (c Chain) Head() Digest { return c.head }

// Count returns the number of lines, which is the seq of the next one.
func (c Chain) Count() uint64 { return c.count }

// Next builds the line, newline included, that follows the chain, which stays
// as it is until Advance: only a line that was written counts.
func (c Chain) Next(typ string, body any) (Entry, []byte, error) {
	if !validType(typ) {
		return Entry{}, nil, fmt.Errorf("evidence: entry type %q: want a-z, then up to 63 of a-z 0-9 . _ @ / -", typ)
	}
	b, err := Canonical(body)
	if err != nil {
		return Entry{}, nil, fmt.Errorf("evidence: entry %q: %w", typ, err)
	}
	line := make([]byte, 0, len(b)+len(typ)+128)
	line = append(line, `{"seq":`...)
	line = strconv.AppendUint(line, c.count, 10)
	line = append(line, `,"prev":"`...)
	line = append(line, c.head.String()...)
	line = append(line, `","type":"`...)
	line = append(line, typ...)
	line = append(line, `","body":`...)
	line = append(line, b...)
	line = append(line, '}')
	e := Entry{Seq: c.count, Prev: c.head, Type: typ, Body: b, Hash: Sum(line)}
	return e, append(line, '\n'), nil
}

// Advance moves the chain behind e, which Next made.
func (c *Chain) Advance(e Entry) {
	c.count, c.head = e.Seq+1, e.Hash
}

// Check parses a line without its newline and moves the chain behind it. The
// error wraps ErrSyntax or ErrChain. The entry's Body is a copy.
func (c *Chain) Check(line []byte) (Entry, error) {
	e, err := parseEntry(line)
	if err != nil {
		return Entry{}, err
	}
	if e.Seq != c.count {
		return Entry{}, fmt.Errorf("%w: seq %d, want %d", ErrChain, e.Seq, c.count)
	}
	if e.Prev != c.head {
		return Entry{}, fmt.Errorf("%w: prev %.12s…, the line before has %.12s…", ErrChain, e.Prev, c.head)
	}
	c.Advance(e)
	return e, nil
}

// parseEntry reads the envelope byte by byte: one spelling only, so that two
// readers can't see two different entries in one line.
func parseEntry(line []byte) (Entry, error) {
	var e Entry
	rest := line
	take := func(s string) bool {
		var ok bool
		rest, ok = bytes.CutPrefix(rest, []byte(s))
		return ok
	}
	until := func(sep byte, max int) string {
		n := bytes.IndexByte(rest[:min(len(rest), max+1)], sep)
		if n < 0 {
			return ""
		}
		s := string(rest[:n])
		rest = rest[n:]
		return s
	}
	if !take(`{"seq":`) {
		return e, fmt.Errorf(`%w: it does not start with {"seq":`, ErrSyntax)
	}
	num := until(',', 20)
	var err error
	if e.Seq, err = strconv.ParseUint(num, 10, 64); err != nil || strconv.FormatUint(e.Seq, 10) != num {
		return e, fmt.Errorf("%w: seq is no number", ErrSyntax)
	}
	if !take(`,"prev":"`) {
		return e, fmt.Errorf("%w: no prev after seq", ErrSyntax)
	}
	if e.Prev, err = ParseDigest(until('"', 64)); err != nil {
		return e, fmt.Errorf("%w: prev: %w", ErrSyntax, err)
	}
	if !take(`","type":"`) {
		return e, fmt.Errorf("%w: no type after prev", ErrSyntax)
	}
	if e.Type = until('"', 64); !validType(e.Type) {
		return e, fmt.Errorf("%w: type is not a name", ErrSyntax)
	}
	if !take(`","body":`) || len(rest) < 2 || rest[len(rest)-1] != '}' {
		return e, fmt.Errorf("%w: no body after type", ErrSyntax)
	}
	body := rest[:len(rest)-1]
	if !json.Valid(body) {
		return e, fmt.Errorf("%w: body is not JSON", ErrSyntax)
	}
	e.Body = bytes.Clone(body)
	e.Hash = Sum(line)
	return e, nil
}

func validType(s string) bool {
	if s == "" || len(s) > 64 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '_' && c != '@' && c != '/' && c != '-' {
			return false
		}
	}
	return true
}

// Scan reads a log and yields its entries, verified one by one. The first
// problem is yielded as a *LogError (or the reader's own error, wrapped) and
// ends it: behind a broken link nothing can be said. A line may have at most
// maxLine bytes, newline included.
func Scan(r io.Reader, maxLine int64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		br := bufio.NewReaderSize(r, 64<<10)
		var chain Chain
		var offset int64
		for n := int64(1); ; n++ {
			line, err := readLine(br, maxLine)
			if errors.Is(err, io.EOF) {
				return
			}
			var e Entry
			if err == nil {
				e, err = chain.Check(line)
			}
			if err != nil {
				yield(Entry{}, &LogError{Line: n, Offset: offset, Err: err})
				return
			}
			e.Line, e.Offset = n, offset
			if !yield(e, nil) {
				return
			}
			offset += int64(len(line)) + 1
		}
	}
}

// readLine returns the next line without its newline, io.EOF at a clean end.
func readLine(br *bufio.Reader, max int64) ([]byte, error) {
	var line []byte
	for {
		part, err := br.ReadSlice('\n')
		if int64(len(line))+int64(len(part)) > max {
			return nil, fmt.Errorf("%w: over %d bytes", ErrTooLong, max)
		}
		line = append(line, part...)
		switch {
		case err == nil:
			return line[:len(line)-1], nil
		case errors.Is(err, bufio.ErrBufferFull):
			// A file that grew before its data reached the disk ends in zeros,
			// perhaps more than one line may have.
			if zeros(line) {
				return nil, zeroTail(br)
			}
		case errors.Is(err, io.EOF):
			if len(line) == 0 {
				return nil, io.EOF
			}
			return nil, fmt.Errorf("%w: %d bytes without a newline", ErrTorn, len(line))
		default:
			return nil, fmt.Errorf("read: %w", err)
		}
	}
}

func zeros(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

// zeroTail reads on and says ErrTorn if only zeros follow.
func zeroTail(br *bufio.Reader) error {
	for {
		b, err := br.ReadSlice('\n')
		if !zeros(b) {
			return fmt.Errorf("%w: zeros inside the log", ErrSyntax)
		}
		switch {
		case errors.Is(err, io.EOF):
			return fmt.Errorf("%w: zeros up to the end", ErrTorn)
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("read: %w", err)
		}
	}
}
