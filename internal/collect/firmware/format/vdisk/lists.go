package vdisk

import (
	"encoding/binary"
	"sync"

	"assay/internal/collect/firmware/format"
)

// lists are tables that another table names; some are kept.
type lists struct {
	mu   sync.Mutex
	kept map[int64]*table
}

const maxLists = 64

func (l *lists) of(s format.Source, off, width int64, order binary.ByteOrder) *table {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.kept[off]
	if t == nil {
		if l.kept == nil || len(l.kept) >= maxLists {
			l.kept = make(map[int64]*table)
		}
		t = &table{s: s, off: off, width: width, order: order}
		l.kept[off] = t
	}
	return t
}
