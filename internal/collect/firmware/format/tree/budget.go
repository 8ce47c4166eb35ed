package tree

import (
	"fmt"
	"sync/atomic"

	"assay/internal/collect/firmware/format"
)

// Budget bounds work that a sound image does once, and that a hostile one asks
// for again and again: names that share one large block, inodes that share one
// list. It is for several goroutines.
type Budget struct {
	left atomic.Int64
	of   string
}

// Set gives the budget n units of something, said in the plural.
func (b *Budget) Set(n int64, of string) {
	b.of = of
	b.left.Store(n)
}

// Spend takes n units; where fewer are left, it is an error that wraps
// format.ErrShared.
func (b *Budget) Spend(n int64) error {
	if b.left.Add(-n) < 0 {
		return fmt.Errorf("%w: %s are read again and again", format.ErrShared, b.of)
	}
	return nil
}
