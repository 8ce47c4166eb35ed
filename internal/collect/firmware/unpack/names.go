package unpack

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync"
)

// names makes the names of what stands in an image, or in one of its files. The
// second of a name says where it stands. Which one is the second must not
// depend on the scheduler: what stands beside each other is named in its order
// before it is gone into, and what stands in different files has names apart.
type names struct {
	mu   sync.Mutex
	used map[string]bool
	more int // ranges behind streams that were looked through once more
}

// again counts such a range. What they share is the image's or one file's, which
// is gone through in order: which of them are too many doesn't depend on the
// scheduler.
func (n *names) again() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.more++
	return n.more <= maxAgain
}

func newNames() *names { return &names{used: make(map[string]bool)} }

// name makes the name of something in a layer.
func (l layer) name(name string, off int64) string {
	if name == "" {
		name = "part"
	}
	if l.path != "" {
		name = l.path + ":" + name
	}
	l.names.mu.Lock()
	defer l.names.mu.Unlock()
	if l.names.used[name] {
		name = fmt.Sprintf("%s@%d", name, l.base+off)
	}
	l.names.used[name] = true
	return name
}

// idBits keeps an id exact where numbers are floating-point.
const idBits = 48

// identify makes the id of a tree from what it is: where it stands, and in a
// file of another tree, whose names may be there twice, also the file's bytes.
func (l layer) identify(v Volume) int {
	h := sha256.New()
	fmt.Fprintf(h, "%d %d %q %q ", v.Parent, v.Offset, v.Within, v.Format)
	h.Write(l.content)
	return int(binary.BigEndian.Uint64(h.Sum(nil)) >> (64 - idBits))
}
