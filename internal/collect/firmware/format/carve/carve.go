// Package carve finds what stands in a firmware image. In: an io.ReaderAt over
// the whole image, and limits. Out: parts (file systems, kernels, archives and
// their members, regions without structure) with offset, size and entropy, and
// a statement whether the image can be analysed at all. It reads the image once
// from end to end and unpacks nothing: parts that are file systems are handed to
// their own readers, what is not read is named.
package carve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// Limits bounds a scan. A zero field takes its default.
type Limits struct {
	Parts    int // parts that are kept; default 4096
	Depth    int // containers in each other; default 8
	Problems int // default 200
}

// Part is a run of bytes with a known beginning.
type Part struct {
	Offset  int64
	Size    int64   // 0: the format does not say
	Format  string  // "squashfs", "uimage", "cpio", "gzip", "high-entropy", "erased" …
	Path    string  // the name in the archive, as it stands, hostile or not; "" outside of archives
	Entropy float64 // bits a byte, 0 to 8, of the image blocks that hold the part
	Note    string  // technical English: what the header says, or why it is not read
	Read    bool    // a file system that this program reads
	Within  int     // index of the part that holds it; -1: the image
}

// Problem is a contradiction, damage or a limit that was hit.
type Problem struct {
	Offset int64
	Kind   string
	Detail string
}

// The kinds of a Problem.
const (
	Truncated = "truncated"
	Checksum  = "checksum"
	TooDeep   = "depth"
	TooMany   = "parts"
	Damaged   = "damaged"
	BadName   = "bad-name"
	Overlap   = "overlap"
)

// Status says whether the image can be analysed.
type Status string

// The statuses. Only Readable lets a later absence mean something.
const (
	Readable  Status = "readable"  // at least one file system is read
	Unread    Status = "unread"    // formats are recognised, none of them is read
	Encrypted Status = "encrypted" // no format; nearly all of it looks like noise: encrypted, or packed in an unknown way
	Unknown   Status = "unknown"   // no format is recognised
	Erased    Status = "erased"    // one byte value only
)

// Image is what a scan found.
type Image struct {
	Size     int64
	Status   Status
	Reason   string  // technical English, one sentence: "encrypted or unknown: entropy 7.99 over 99 % of 2389808 bytes"
	Entropy  float64 // of the whole image, bits a byte
	High     float64 // share of blocks, 0 to 1, that look like noise
	Parts    []Part  // by offset; a container before what it holds
	Problems []Problem
	Cut      bool // a limit was hit: there may be more
}

// ErrEmpty says that there is nothing to look at.
var ErrEmpty = errors.New("carve: empty input")

// Scan reads size bytes of r.
func Scan(ctx context.Context, r io.ReaderAt, size int64, lim Limits) (Image, error) {
	if size <= 0 {
		return Image{}, ErrEmpty
	}
	if lim.Parts <= 0 {
		lim.Parts = 4096
	}
	if lim.Depth <= 0 {
		lim.Depth = 8
	}
	if lim.Problems <= 0 {
		lim.Problems = 200
	}
	s := newScanner(ctx, r, size, lim)
	err := s.region(0, size, "", -1, 0)
	s.finish()
	if err != nil {
		s.img.Cut = true
		return s.img, fmt.Errorf("carve: %w", err)
	}
	return s.img, nil
}

// blocks counts byte values, a histogram for each run of the image.
type blocks struct {
	size int64 // of one block
	hist [][256]uint32
	next int64 // first byte that was not counted
}

func newBlocks(size int64) *blocks {
	b := &blocks{size: 64 << 10}
	for (size+b.size-1)/b.size > 4096 {
		b.size *= 2 // 4 MiB of counters at most
	}
	b.hist = make([][256]uint32, (size+b.size-1)/b.size)
	return b
}

// add counts p, which stands at off; what was counted before is left out.
func (b *blocks) add(off int64, p []byte) {
	if skip := b.next - off; skip > 0 {
		if skip >= int64(len(p)) {
			return
		}
		p, off = p[skip:], b.next
	}
	b.next = off + int64(len(p))
	for len(p) > 0 {
		i := off / b.size
		n := min(int64(len(p)), (i+1)*b.size-off)
		h := &b.hist[i]
		for _, c := range p[:n] {
			h[c]++
		}
		p, off = p[n:], off+n
	}
}

// entropy of the blocks that overlap the range, in bits a byte.
func (b *blocks) entropy(off, size int64) float64 {
	if len(b.hist) == 0 || size <= 0 {
		return 0
	}
	var sum [256]uint64
	last := min((off+size-1)/b.size, int64(len(b.hist)-1))
	for i := off / b.size; i <= last; i++ {
		for c, n := range b.hist[i] {
			sum[c] += uint64(n)
		}
	}
	return entropy(&sum)
}

func entropy(sum *[256]uint64) float64 {
	var n uint64
	for _, k := range sum {
		n += k
	}
	var e float64
	for _, k := range sum {
		if k > 0 {
			p := float64(k) / float64(n)
			e -= p * math.Log2(p)
		}
	}
	return e
}

// noise is the entropy from which a block counts as noise. A block of n random
// bytes falls short of 8 by about 255/(2n ln 2) bits (Miller 1955).
func noise(n int64) float64 {
	return 8 - 255/(2*float64(n)*math.Ln2)*1.5 - 0.01
}

// finish turns the counters into the statement and into parts without format.
func (s *scanner) finish() {
	img, b := &s.img, s.blocks
	img.Entropy = b.entropy(0, img.Size)
	high := make([]bool, len(b.hist))
	n := 0
	for i := range b.hist {
		size := min(b.size, img.Size-int64(i)*b.size)
		// Below a few KiB noise and text can't be told apart.
		if size >= 2048 && b.entropy(int64(i)*b.size, 1) >= noise(size) {
			high[i] = true
			n++
		}
	}
	img.High = float64(n) / float64(len(b.hist))
	s.noiseParts(high)
	sortParts(img.Parts)
	s.gaps()
	for i := range img.Parts {
		p := &img.Parts[i]
		p.Entropy = round(b.entropy(p.Offset, max(p.Size, 1)))
	}
	sortParts(img.Parts)
	img.Status, img.Reason = s.status()
	img.Entropy, img.High = round(img.Entropy), round(img.High)
}

func round(f float64) float64 { return math.Round(f*1000) / 1000 }

// noiseParts names runs of noise of at least 256 KiB that no part explains.
func (s *scanner) noiseParts(high []bool) {
	const least = 256 << 10
	known := make([]bool, len(high))
	for _, p := range s.img.Parts {
		size := p.Size
		if size == 0 {
			size = s.img.Size - p.Offset // a stream whose end the format does not say
		}
		for i := p.Offset / s.blocks.size; i*s.blocks.size < p.Offset+size && int(i) < len(known); i++ {
			known[i] = true
		}
	}
	for i := 0; i < len(high); {
		j := i
		for j < len(high) && high[j] && !known[j] {
			j++
		}
		if off, end := int64(i)*s.blocks.size, min(int64(j)*s.blocks.size, s.img.Size); end-off >= least {
			b := make([]byte, 16)
			note := "no format recognised; encrypted, or packed in an unknown way"
			if err := s.readAt(b, off); err == nil {
				note += "; " + startsWith(b)
			}
			s.img.Parts = append(s.img.Parts, Part{Offset: off, Size: end - off, Format: "high-entropy", Within: -1, Note: note})
		}
		i = max(j, i+1)
	}
}

// gaps names what stands between the parts: the vendor's header, a checksum at
// the end, padding. An image without parts has none.
func (s *scanner) gaps() {
	if len(s.img.Parts) == 0 {
		return
	}
	var out []Part
	at := int64(0)
	for _, p := range s.img.Parts {
		if p.Within >= 0 {
			continue
		}
		out = append(out, s.gap(at, p.Offset)...)
		at = max(at, p.Offset+p.Size)
		if p.Size == 0 {
			at = s.img.Size // its end is not known
		}
	}
	s.img.Parts = append(s.img.Parts, append(out, s.gap(at, s.img.Size)...)...)
}

// gap names the bytes in [off, end), padding in front apart.
func (s *scanner) gap(off, end int64) []Part {
	if end <= off {
		return nil
	}
	fill, n, err := s.run(off, end)
	if err != nil {
		s.problem(Problem{Offset: off, Kind: Damaged, Detail: err.Error()})
		return nil
	}
	var out []Part
	const least = 16 // fewer equal bytes may as well be content
	if n >= least || n == end-off {
		out = append(out, Part{Offset: off, Size: n, Format: "padding", Within: -1, Note: fmt.Sprintf("bytes %02x", fill)})
		off += n
	}
	if off == end {
		return out
	}
	b := make([]byte, min(16, end-off))
	if err := s.readAt(b, off); err != nil {
		s.problem(Problem{Offset: off, Kind: Damaged, Detail: err.Error()})
		return out
	}
	p := Part{Offset: off, Size: end - off, Format: "unknown", Within: -1, Note: startsWith(b)}
	switch {
	case off == 0 && end <= 64<<10:
		p.Format = "vendor-header"
	case end == s.img.Size && end-off <= 4096:
		p.Format = "trailer"
	}
	return append(out, p)
}

// run returns the byte at off and how often it stands there in a row.
func (s *scanner) run(off, end int64) (fill byte, n int64, err error) {
	b := make([]byte, min(64<<10, end-off))
	for at := off; at < end; at += int64(len(b)) {
		b = b[:min(int64(len(b)), end-at)]
		if err := s.readAt(b, at); err != nil {
			return fill, n, err
		}
		if at == off {
			fill = b[0]
		}
		for _, c := range b {
			if c != fill {
				return fill, n, nil
			}
			n++
		}
	}
	return fill, n, nil
}

func startsWith(b []byte) string {
	b = b[:min(len(b), 16)]
	return fmt.Sprintf("begins with %x (%s)", b, cleanName(string(b)))
}

// sortParts orders by offset, containers first, and keeps Within right.
func sortParts(parts []Part) {
	order := make([]int, len(parts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return int(max(-1, min(1, parts[a].Offset-parts[b].Offset)))
	})
	at := make([]int, len(parts))
	sorted := make([]Part, len(parts))
	for to, from := range order {
		at[from] = to
		sorted[to] = parts[from]
	}
	for i := range sorted {
		if w := sorted[i].Within; w >= 0 {
			sorted[i].Within = at[w]
		}
	}
	copy(parts, sorted)
}

// shapeless formats are names for bytes that no reader would open.
var shapeless = map[string]bool{"high-entropy": true, "member": true, "padding": true, "unknown": true, "vendor-header": true, "trailer": true}

func (s *scanner) status() (Status, string) {
	img := &s.img
	var read, other []string
	for _, p := range img.Parts {
		switch {
		case p.Read:
			read = append(read, p.Format)
		case !shapeless[p.Format]:
			other = append(other, p.Format)
		}
	}
	slices.Sort(other)
	other = slices.Compact(other)
	switch {
	case len(read) > 0:
		return Readable, fmt.Sprintf("%d file system(s) found", len(read))
	case img.Entropy == 0:
		return Erased, fmt.Sprintf("erased or padding: %d equal bytes", img.Size)
	case len(other) > 0:
		return Unread, "recognised, not read: " + strings.Join(other, ", ")
	case img.High >= 0.9:
		return Encrypted, fmt.Sprintf("encrypted or unknown: entropy %.2f over %.0f %% of %d bytes", img.Entropy, 100*img.High, img.Size)
	}
	return Unknown, fmt.Sprintf("no known format: entropy %.2f over %d bytes", img.Entropy, img.Size)
}
