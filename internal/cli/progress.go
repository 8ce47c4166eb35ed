package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"assay/internal/untrusted"
)

// progress shows what is being done: on stderr, and only at a terminal, or
// line by line with -v.
type progress struct {
	mu   sync.Mutex
	w    io.Writer
	live bool
	all  bool
	text func(string, ...string) string
}

func (a *app) progress() *progress {
	return &progress{w: a.Err, live: terminal(a.Err) && !a.quiet && !a.verbose, all: a.verbose, text: a.t}
}

func (p *progress) show(key string, args ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := plain(p.text(key, args...))
	switch {
	case p.all:
		fmt.Fprintln(p.w, line)
	case p.live:
		fmt.Fprintf(p.w, "\r\x1b[K%s", line)
	}
}

// done clears the line.
func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// plain neutralises text that may have come from outside, line by line.
func plain(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = untrusted.From(l, 4000).Terminal()
	}
	return strings.Join(lines, "\n")
}
