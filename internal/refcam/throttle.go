package refcam

import (
	"sync"
	"time"
)

// throttle limits guessing. An account is locked after maxFailures wrong
// passwords in a row, whatever connection, source or protocol they came by;
// a source that fails on many accounts is slowed down.
type throttle struct {
	mu     sync.Mutex
	lock   time.Duration
	refill time.Duration
	known  func(name string) bool
	byName map[string]*failures
	bySrc  map[string]*bucket
	// Weaknesses: failures are counted and nothing follows; the count belongs
	// to the connection.
	off           bool
	perConnection bool
}

const (
	maxFailures  = 5
	sourceBurst  = 20               // wrong passwords of one source before it is slowed down
	sourceRefill = 30 * time.Second // then one in this time, unless Options say otherwise
	maxTracked   = 1024             // names and sources; more share one entry
)

type failures struct {
	count  int
	last   time.Time
	locked time.Time // until
}

// bucket says when all failures of a source will be forgotten.
type bucket struct{ empty time.Time }

func newThrottle(lock, refill time.Duration, known func(string) bool) *throttle {
	return &throttle{lock: lock, refill: refill, known: known, byName: map[string]*failures{}, bySrc: map[string]*bucket{}}
}

// try is one attempt. It counts as a failure from its beginning, so that a
// hundred at once are a hundred failures, until ok takes it back.
type try struct {
	t       *throttle
	name    string
	src     string
	started time.Time
}

// begin returns how long the account or source has to wait; the attempt may
// go on only if that is 0.
func (t *throttle) begin(name, src, conn string, now time.Time) (*try, time.Duration) {
	a := &try{t: t, name: name, src: src, started: now}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.off:
		a.src = ""
	case t.perConnection:
		a.name, a.src = conn+"\x00"+name, ""
	}
	f := t.failures(a, now)
	if now.Before(f.locked) {
		return nil, f.locked.Sub(now)
	}
	if now.Sub(f.last) > t.lock {
		f.count = 0
	}
	if a.src != "" {
		b := t.bucket(a, now)
		if b.empty.Before(now) {
			b.empty = now
		}
		if wait := b.empty.Sub(now) - (sourceBurst-1)*t.refill; wait > 0 {
			return nil, wait
		}
		b.empty = b.empty.Add(t.refill)
	}
	f.count++
	f.last = now
	if f.count >= maxFailures && !t.off {
		f.locked = now.Add(t.lock)
	}
	return a, 0
}

// failures returns the entry of a name. Names that are no account share one
// entry once too many are tracked.
func (t *throttle) failures(a *try, now time.Time) *failures {
	f := t.byName[a.name]
	if f == nil {
		if len(t.byName) >= maxTracked {
			for name, old := range t.byName {
				if now.Sub(old.last) > t.lock && !now.Before(old.locked) {
					delete(t.byName, name)
				}
			}
		}
		if len(t.byName) >= maxTracked && !t.known(a.name) {
			a.name = ""
			if f = t.byName[""]; f != nil {
				return f
			}
		}
		f = &failures{}
		t.byName[a.name] = f
	}
	return f
}

func (t *throttle) bucket(a *try, now time.Time) *bucket {
	b := t.bySrc[a.src]
	if b == nil {
		if len(t.bySrc) >= maxTracked {
			for src, old := range t.bySrc {
				if old.empty.Before(now) {
					delete(t.bySrc, src)
				}
			}
		}
		if len(t.bySrc) >= maxTracked {
			a.src = "other"
			if b = t.bySrc[a.src]; b != nil {
				return b
			}
		}
		b = &bucket{}
		t.bySrc[a.src] = b
	}
	return b
}

// ok says that the password was right: the account's failures are forgotten,
// and the source has its place back.
func (a *try) ok() {
	t := a.t
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.byName, a.name)
	if b := t.bySrc[a.src]; b != nil {
		b.empty = b.empty.Add(-t.refill)
	}
}

// count returns the failures in a row of the attempt's account and whether
// it is locked now.
func (a *try) count() (int, bool) {
	t := a.t
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.byName[a.name]
	if f == nil {
		return 1, false
	}
	return f.count, a.started.Before(f.locked)
}
