package unpack

import (
	"fmt"
	"hash/maphash"

	"assay/internal/collect/firmware/format"
)

const (
	ecbLeast = 2048     // bytes of different blocks, below which noise can't be told
	ecbMost  = 64 << 10 // of them that are enough
	ecbReach = 32 << 20 // bytes that are looked through

	ecbSmallest = 8 // bytes of a block
)

// blockwise says of how many bytes the blocks of a cipher are under which a range
// seems to stand, where it has no chain (ECB): equal plain blocks are equal
// blocks of noise. 0: nothing shows that.
func blockwise(s format.Source, off, size int64) int {
	for _, n := range []int{16, ecbSmallest} {
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
	seen := blocksSeen{n: n, seed: maphash.MakeSeed(), all: make([]byte, 0, min(ecbMost, size+int64(n)))}
	blocks := 0
	buf := make([]byte, min(64<<10, size))
	for at := int64(0); at < size && len(seen.all) < ecbMost; at += int64(len(buf)) {
		b := buf[:min(int64(len(buf)), size-at)]
		if format.ReadAt(s, b, off+at) != nil {
			break
		}
		for i := 0; i+n <= len(b) && len(seen.all) < ecbMost; {
			c := b[i : i+n]
			run := 1 // of equal blocks
			for i += n; i+n <= len(b) && string(b[i:i+n]) == string(c); i += n {
				run++
			}
			if plain(c) {
				continue
			}
			blocks += run
			seen.add(c, run)
		}
	}
	again := 0
	for k := range len(seen.all) / n {
		// A block of noise has nearly as many values as bytes.
		if seen.times[k] > 8 && values(seen.all[k*n:(k+1)*n]) >= n*3/4 {
			again += int(seen.times[k])
		}
	}
	return len(seen.all) >= ecbLeast && again*10 >= blocks && entropyOf(seen.all) >= noise(int64(len(seen.all)))-0.03
}

// blocksSeen counts blocks of n bytes, without a piece of memory for each: all
// different ones stand in a row, and a table says where.
type blocksSeen struct {
	n     int
	seed  maphash.Seed // so that no image knows what falls together
	all   []byte
	times [ecbMost/ecbSmallest + 1]int32
	at    [4 * ecbMost / ecbSmallest]uint16 // number in all, from 1
}

func (s *blocksSeen) add(c []byte, run int) {
	h := maphash.Bytes(s.seed, c)
	for ; ; h++ {
		k := &s.at[h%uint64(len(s.at))]
		if *k == 0 {
			*k = uint16(len(s.all)/s.n + 1)
			s.all = append(s.all, c...)
		}
		i := int(*k) - 1
		if string(s.all[i*s.n:(i+1)*s.n]) == string(c) {
			s.times[i] += int32(run)
			return
		}
	}
}

// values counts the different bytes of a block.
func values(c []byte) (n int) {
	var have [256]bool
	for i := range c {
		if !have[c[i]] {
			have[c[i]] = true
			n++
		}
	}
	return n
}
