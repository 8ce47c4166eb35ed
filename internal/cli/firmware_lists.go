package cli

import (
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"assay/internal/report"
	"assay/internal/untrusted"
)

var numbers = regexp.MustCompile(`[0-9]+`)

// alike are gaps of one cause: where the first is, what it is, and how many.
type alike struct {
	where, text string
	count       int
}

// unread is what was not read: what is alike once, and what a reader and the
// walk both told once.
func (a *app) unread(d *firmwareDoc) []alike {
	var out []alike
	var first []firmwareGap
	at, told := make(map[string]int), make(map[string]bool)
	for _, g := range d.Incomplete {
		if g.Path == "" && g.Why == "not-analysable" {
			continue // the summary says so
		}
		cause := g.Path + g.Detail[strings.LastIndex(g.Detail, ": ")+1:]
		if told[cause] {
			continue
		}
		told[cause] = true
		key := g.Why + numbers.ReplaceAllString(g.Detail, "0")
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out, first = append(out, alike{}), append(first, g)
		}
		out[i].count++
	}
	for i, g := range first {
		x := &out[i]
		x.where = place(cmp.Or(g.Path, filepath.Base(d.Image.Path)), g.Offset, 0)
		x.text = a.t("ui.fw.gap", "why", a.t("ui.gap."+g.Why), "detail", g.Detail)
		if x.count > 1 {
			x.text = a.t("ui.fw.gaps-alike", "gap", x.text, "count", fmt.Sprint(x.count-1))
		}
	}
	return out
}

// gapsText tells what was not read.
func (a *app) gapsText(d *firmwareDoc) {
	all, n := a.unread(d), 0
	for _, g := range all {
		n += g.count
	}
	a.heading("image.gaps", n)
	for _, g := range all[:min(mostGaps, len(all))] {
		fmt.Fprintln(a.Out, "  "+safe(g.where))
		for _, l := range report.Wrap(untrusted.From(g.text, 400).Terminal(), a.width()-6) {
			fmt.Fprintln(a.Out, "      "+l)
		}
	}
	a.more("  ", len(all)-mostGaps)
}

func (a *app) hostsText(d *firmwareDoc) {
	a.heading("ui.fw.hosts", len(d.Hosts))
	list := slices.Clone(d.Hosts)
	slices.SortStableFunc(list, func(x, y firmwareHost) int {
		return cmp.Compare(last(shownBy(x) == "mentioned"), last(shownBy(y) == "mentioned"))
	})
	var t grid
	for _, h := range list[:min(mostHosts, len(list))] {
		w, more := h.Where[0], ""
		for _, x := range h.Where {
			if x.Evidence == shownBy(h) {
				w = x
				break
			}
		}
		if n := len(h.Where) - 1; n > 0 {
			more = a.t("ui.fw.more-places", "count", fmt.Sprint(n))
		}
		t.row(safe(h.Value), a.evidence(w.Evidence), place(safe(w.Path), w.Offset, w.Line)+" "+more)
	}
	t.write(a)
	a.more("  ", len(list)-mostHosts)
}

// shownBy is the best evidence that a host is contacted.
func shownBy(h firmwareHost) string {
	for _, w := range h.Where {
		if w.Evidence != "mentioned" {
			return w.Evidence
		}
	}
	return "mentioned"
}

// last sorts what it is told of behind all else.
func last(b bool) int {
	if b {
		return 1
	}
	return 0
}
