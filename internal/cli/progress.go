package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"

	"assay/internal/untrusted"
)

// progress shows what is being done: on stderr, and only at a terminal, or
// line by line with -v.
type progress struct {
	mu   sync.Mutex
	w    io.Writer
	live bool
	all  bool
	wide int // columns of a line that is written over
	text func(string, ...string) string
}

func (a *app) progress() *progress {
	wide := 79
	if f, ok := a.Err.(*os.File); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 10 {
			wide = w - 1 // a full line would begin another, which stays
		}
	}
	return &progress{w: a.Err, live: terminal(a.Err) && !a.quiet && !a.verbose, all: a.verbose, wide: wide, text: a.t}
}

func (p *progress) show(key string, args ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := plain(p.text(key, args...))
	switch {
	case p.all:
		fmt.Fprintln(p.w, line)
	case p.live:
		fmt.Fprintf(p.w, "\r\x1b[K%s", runewidth.Truncate(line, p.wide, "…"))
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
