package unpack

import (
	"fmt"

	"assay/internal/collect/firmware/format"
)

const (
	ecbLeast = 2048     // bytes of different blocks, below which noise can't be told
	ecbMost  = 64 << 10 // of them that are enough
	ecbReach = 32 << 20 // bytes that are looked through
)

// blockwise says of how many bytes the blocks of a cipher are under which a range
// seems to stand, where it has no chain (ECB): equal plain blocks are equal
// blocks of noise. 0: nothing shows that.
func blockwise(s format.Source, off, size int64) int {
	for _, n := range []int{16, 8} {
		if size >= 2*ecbLeast && repeats(s, off, min(size, ecbReach), n) {
			return n
		}
	}
	return 0
}

// repeated is what a gap says of that.
func repeated(size int64, block int) string {
	return fmt.Sprintf("%d bytes, noise in blocks of %d that repeat: encrypted, by a block cipher without chaining (ECB)", size, block)
}

// repeats says that blocks of n bytes look like noise, and that some of them
// stand there again and again. Padding doesn't count.
func repeats(s format.Source, off, size int64, n int) bool {
	seen := make(map[string]int)
	var different []byte
	blocks := 0
	buf := make([]byte, min(256<<10, size))
	for at := int64(0); at < size && len(different) < ecbMost; at += int64(len(buf)) {
		b := buf[:min(int64(len(buf)), size-at)]
		if format.ReadAt(s, b, off+at) != nil {
			break
		}
		for i := 0; i+n <= len(b) && len(different) < ecbMost; {
			c := b[i : i+n]
			run := 1 // of equal blocks
			for i += n; i+n <= len(b) && string(b[i:i+n]) == string(c); i += n {
				run++
			}
			if plain(c) {
				continue
			}
			blocks += run
			if seen[string(c)] == 0 {
				different = append(different, c...)
			}
			seen[string(c)] += run
		}
	}
	again := 0
	for c, k := range seen {
		// A block of noise has nearly as many values as bytes.
		if k > 8 && values(c) >= n*3/4 {
			again += k
		}
	}
	return len(different) >= ecbLeast && again*10 >= blocks && entropyOf(different) >= noise(int64(len(different)))-0.03
}

// values counts the different bytes of a block.
func values(c string) (n int) {
	var have [256]bool
	for i := range len(c) {
		if !have[c[i]] {
			have[c[i]] = true
			n++
		}
	}
	return n
}
