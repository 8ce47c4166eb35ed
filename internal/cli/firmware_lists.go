package cli

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"assay/internal/pattern"
	"assay/internal/report"
	"assay/internal/untrusted"
)

var numbers = pattern.New(`[0-9]+`)

// alike are gaps of one cause: where the first is, what it is, and how many.
type alike struct {
	where, text string
	count       int
}

// gapText says why something was not read: what the detail ends with, and the
// kind says, once.
func (a *app) gapText(why, detail string) string {
	kind, text := a.t("ui.gap."+why), a.said(detail)
	for _, colon := range []string{": ", a.t("ui.fw.colon")} {
		text = strings.TrimSuffix(text, colon+kind)
	}
	if text == "" || text == kind {
		return kind
	}
	return a.t("ui.fw.gap", "why", kind, "detail", text)
}

// said is a sentence of the readers of images in the reader's language.
func (a *app) said(text string) string { return a.texts.Said(a.lang, text) }

// keyed names the sentences of gaps.
func (a *app) keyed(gaps []firmwareGap) {
	for i := range gaps {
		text, _ := counted(gaps[i].Detail)
		gaps[i].Key = a.texts.SaidKey(text)
	}
}

// unread is what was not read: what is alike once, and what a reader and the
// walk both told once.
func (a *app) unread(d *firmwareDoc) []alike {
	var out []alike
	var firsts []firmwareGap
	at, told := make(map[string]int), make(map[string][]string)
	for _, g := range d.Incomplete {
		if g.Path == "" && g.Why == "not-analysable" {
			continue // the summary says so
		}
		detail, times := counted(g.Detail)
		cause := detail[strings.LastIndex(detail, ": ")+1:]
		if slices.ContainsFunc(told[cause], func(p string) bool { return standsIn(p, g.Path) || standsIn(g.Path, p) }) {
			continue // a layer tells what stopped the one in it
		}
		told[cause] = append(told[cause], g.Path)
		first, _, _ := strings.Cut(detail, ": ")
		key := g.Why + numbers.ReplaceAllString(first+cause, "0")
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			g.Detail = detail
			out, firsts = append(out, alike{}), append(firsts, g)
		}
		out[i].count += times
	}
	for i, g := range firsts {
		x := &out[i]
		x.where = place(cmp.Or(g.Path, filepath.Base(d.Image.Path)), g.Offset, 0)
		x.text = a.gapText(g.Why, g.Detail)
		if x.count > 1 {
			x.text = a.t("ui.fw.gaps-alike", "gap", x.text, "count", fmt.Sprint(x.count-1))
		}
	}
	return out
}

var repeated = pattern.New(` \((?:and ([0-9]+) more like it|([0-9]+) times), the last at offset [0-9]+\)$`)

// counted takes from a gap's detail how often it was, which the reader wrote
// behind it.
func counted(detail string) (text string, times int) {
	m := repeated.FindStringSubmatch(detail)
	if m == nil {
		return detail, 1
	}
	times = 1
	if n, err := strconv.Atoi(m[1] + m[2]); err == nil {
		times = n
		if m[1] != "" {
			times++
		}
	}
	return strings.TrimSuffix(detail, m[0]), times
}

// standsIn says that a place is another one, or stands in what that one names.
func standsIn(outer, path string) bool {
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (rest == "" || rest[0] == ':' || rest[0] == '@' || strings.HasSuffix(outer, ":"))
}

// places counts what was not read as it is told.
func (a *app) places(d *firmwareDoc) int {
	n := 0
	for _, g := range a.unread(d) {
		n += g.count
	}
	return n
}

// gapsText tells what was not read.
func (a *app) gapsText(d *firmwareDoc) {
	all := a.unread(d)
	a.heading("image.gaps", a.places(d))
	shown := upTo(mostGaps, len(all))
	for _, g := range all[:shown] {
		fmt.Fprintln(a.Out, "  "+safe(g.where))
		for _, l := range report.Wrap(untrusted.From(g.text, 400).Terminal(), a.width()-6) {
			fmt.Fprintln(a.Out, "      "+l)
		}
	}
	left := 0
	for _, g := range all[shown:] {
		left += g.count
	}
	a.more("  ", left)
}

func (a *app) hostsText(d *firmwareDoc) {
	a.heading("ui.fw.hosts", len(d.Hosts))
	list := slices.Clone(d.Hosts)
	slices.SortStableFunc(list, func(x, y firmwareHost) int {
		return cmp.Compare(last(shownBy(x) == "mentioned"), last(shownBy(y) == "mentioned"))
	})
	var t grid
	shown := upTo(mostHosts, len(list))
	for _, h := range list[:shown] {
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
	a.more("  ", len(list)-shown)
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
