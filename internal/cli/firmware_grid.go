package cli

import (
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"

	"assay/internal/report"
	"assay/internal/untrusted"
)

// heading begins a section that isn't empty.
func (a *app) heading(key string, n int) {
	if n > 0 {
		fmt.Fprintf(a.Out, "\n%s (%d)\n", a.t(key), n)
	}
}

func place(path string, offset int64, line int) string {
	switch {
	case line > 0:
		return fmt.Sprintf("%s:%d", path, line)
	case offset == 0 && path != "":
		return path // of the file as a whole
	}
	return fmt.Sprintf("%s@%d", path, offset)
}

// safe neutralises text of an image for a terminal.
func safe(s string) string { return untrusted.From(s, 200).Terminal() }

// sized is a number of bytes as people say it.
func sized(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	v, i := float64(n)/unit, 0
	for ; v >= unit && i < 3; i++ {
		v /= unit
	}
	return fmt.Sprintf("%.1f %ciB", v, "KMGT"[i])
}

// hanging writes a label and a text beside it, wrapped.
func (a *app) hanging(label, text string, wide int) {
	pad := strings.Repeat(" ", max(0, wide-runewidth.StringWidth(label)))
	for i, l := range report.Wrap(text, max(20, a.width()-wide-2)) {
		if i == 0 {
			fmt.Fprintf(a.Out, "  %s%s%s\n", label, pad, l)
		} else {
			fmt.Fprintf(a.Out, "  %s%s\n", strings.Repeat(" ", wide), l)
		}
	}
}

// grid is rows in columns; the last one is as wide as it is.
type grid struct {
	rows  [][]string
	right int  // this many columns are numbers
	cut   bool // the last column ends where the terminal does
}

func (t *grid) row(cells ...string) { t.rows = append(t.rows, cells) }

func (t *grid) write(a *app) {
	const widest = 44 // of a column: one long name must not push all others away
	var wide []int
	for _, r := range t.rows {
		for i, c := range r {
			if i == len(wide) {
				wide = append(wide, 0)
			}
			if w := runewidth.StringWidth(c); w <= widest {
				wide[i] = max(wide[i], w)
			}
		}
	}
	for _, r := range t.rows {
		var b strings.Builder
		for i, c := range r {
			pad := strings.Repeat(" ", max(0, wide[i]-runewidth.StringWidth(c)))
			switch {
			case i < t.right:
				c = pad + c
			case i < len(r)-1:
				c += pad
			}
			b.WriteString("  " + c)
		}
		line := strings.TrimRight(b.String(), " ")
		if t.cut {
			line = runewidth.Truncate(line, a.width(), "…")
		}
		fmt.Fprintln(a.Out, line)
	}
}

// upTo is how much is shown of a list of n: most of them, or all where cutting it
// would spare the reader next to nothing.
func upTo(most, n int) int {
	const spared = 3
	if n-most <= spared {
		return n
	}
	return most
}

// more says that a list goes on.
func (a *app) more(indent string, n int) {
	if n > 0 {
		fmt.Fprintln(a.Out, indent+a.t("ui.fw.more", "count", fmt.Sprint(n)))
	}
}
