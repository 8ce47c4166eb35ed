package firmware

import (
	"sync"

	"assay/internal/collect/firmware/format"
)

// linked keeps what was found out about the content of files with several names.
type linked struct {
	mu   sync.Mutex
	seen map[string]content // by marked path
}

type content struct {
	sha256 string
	holding
}

func (l *linked) add(marked, sha256 string, holds holding) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen == nil {
		l.seen = make(map[string]content)
	}
	l.seen[marked] = content{sha256, holds}
}

func (l *linked) of(marked string) content {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen[marked]
}

// Name is another hard link of a file that was inspected under its first name.
func (v *visitor) Name(tree int, e format.Entry, first string) error {
	v.names.Add(1)
	v.files.Add(1)
	rec := entryOf(mark(tree, e.Path), e)
	c := v.linked.of(mark(tree, first))
	rec.SHA256 = c.sha256
	return v.entry(tree, e, rec, c.holding)
}

// Restart forgets what was told.
func (v *visitor) Restart() error {
	v.files.Store(0)
	v.names.Store(0)
	v.bytes.Store(0)
	return v.emit(Record{Restart: true})
}
