package unpack

import (
	"context"
	"sync"

	"assay/internal/collect/firmware/format"
)

// queue visits the entries of a volume that has them one after the other, in
// goroutines of its own where there may be some; the bytes in flight are
// bounded.
type queue struct {
	t      *tree
	ctx    context.Context
	cancel context.CancelCauseFunc
	jobs   chan job // nil: entries are visited at once
	done   sync.WaitGroup
	linked map[uint64]*shared // by inode
}

type job struct {
	e     format.Entry
	data  []byte
	err   error
	first *shared // its content is this one's
	own   *shared // other names may follow
}

// shared is a content with several names.
type shared struct {
	path string
	seen chan struct{} // closed when it was visited
}

// large content is visited before the next one is read.
const large = 8 << 20

func (t *tree) queue(ctx context.Context) *queue {
	q := &queue{t: t, linked: make(map[uint64]*shared)}
	q.ctx, q.cancel = context.WithCancelCause(ctx)
	if t.l.alone || t.w.lim.Workers == 1 {
		return q
	}
	q.jobs = make(chan job, 4*t.w.lim.Workers)
	for range t.w.lim.Workers {
		q.done.Go(func() {
			for j := range q.jobs {
				if q.ctx.Err() != nil {
					continue
				}
				if err := q.visit(j); err != nil {
					q.cancel(err)
				}
			}
		})
	}
	return q
}

func (q *queue) add(j job) error {
	if q.ctx.Err() != nil {
		return context.Cause(q.ctx)
	}
	if q.jobs == nil || len(j.data) > large {
		return q.visit(j)
	}
	select {
	case q.jobs <- j:
		return nil
	case <-q.ctx.Done():
		return context.Cause(q.ctx)
	}
}

func (q *queue) visit(j job) error {
	if j.own != nil {
		defer close(j.own.seen)
	}
	if j.first == nil {
		return q.t.visit(q.ctx, j.e, j.data, j.err)
	}
	select {
	case <-j.first.seen: // it was added before: somebody is at it
	case <-q.ctx.Done():
		return context.Cause(q.ctx)
	}
	return q.t.again(j.e, j.first.path, nil, nil)
}

// wait ends the queue.
func (q *queue) wait() error {
	if q.jobs != nil {
		close(q.jobs)
		q.done.Wait()
	}
	err := context.Cause(q.ctx)
	q.cancel(nil)
	return err
}
