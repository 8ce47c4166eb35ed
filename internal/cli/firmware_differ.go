package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"
)

// differing is a secret or weakness in which two images differ, or that they
// share, as a person reads it.
type differing struct {
	sign     string // +, -, ~, =
	severity string
	kind     string
	title    string
	place    string
	text     string
}

// signs stand before a difference.
var signs = map[string]string{"added": "+", "removed": "-", "changed": "~"}

// name tells secrets apart that aren't equal: the place and whose they are.
func (s firmwareSecret) name() string {
	return strings.TrimSpace(s.Kind + " " + place(s.Path, 0, 0) + " " + s.User)
}

func (w firmwareWeakness) name() string { return w.Kind + " " + w.Path }

// severity is how much a secret matters.
func (s firmwareSecret) severity() string {
	if s.Kind == "password-hash" && s.Verified {
		return "high" // everybody can guess the password
	}
	return grave(s.Kind)
}

// secretsDiffer lays out the differences of secrets, the worst first.
func (a *app) secretsDiffer(items []diffItem, x, y *firmwareDoc) []differing {
	var out []differing
	for _, i := range items {
		was, is := secretsOf(x, i.What), secretsOf(y, i.What)
		for _, s := range slices.Concat(was, is)[:1] {
			row := differing{sign: signs[i.Change], kind: s.Kind, severity: s.severity(), title: a.t("secret." + s.Kind), place: place(s.Path, s.Offset, s.Line)}
			row.text = change(a.allShown(was), a.allShown(is))
			for _, s := range is { // the newer one is what matters
				row.severity, row.place = s.severity(), place(s.Path, s.Offset, s.Line)
			}
			out = append(out, row)
		}
	}
	return worstFirst(out)
}

func secretsOf(d *firmwareDoc, name string) []firmwareSecret {
	return slices.DeleteFunc(slices.Clone(d.Secrets), func(s firmwareSecret) bool { return s.name() != name })
}

// allShown is what may be shown of secrets, each once.
func (a *app) allShown(list []firmwareSecret) string {
	var out []string
	for _, s := range list {
		if t := a.shown(s); t != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return strings.Join(out, a.t("ui.fw.comma"))
}

// weaknessesDiffer lays out the differences of weaknesses, the worst first.
func (a *app) weaknessesDiffer(items []diffItem) []differing {
	var out []differing
	for _, i := range items {
		kind, path, _ := strings.Cut(i.What, " ")
		out = append(out, differing{sign: signs[i.Change], kind: kind, severity: grave(kind), title: a.weakness(kind), place: path, text: change(i.A, i.B)})
	}
	return worstFirst(out)
}

// change is what stands in the one image and in the other.
func change(was, is string) string {
	if was == is || was == "" || is == "" {
		return cmp.Or(is, was)
	}
	return was + " → " + is
}

// worstFirst sorts by severity, then kind, then place.
func worstFirst(list []differing) []differing {
	slices.SortStableFunc(list, func(x, y differing) int {
		return cmp.Or(cmp.Compare(slices.Index(severities, x.severity), slices.Index(severities, y.severity)),
			cmp.Compare(rank(x.kind), rank(y.kind)), strings.Compare(x.kind, y.kind), strings.Compare(x.place, y.place))
	})
	return list
}

// differText writes differences in columns: the sign, the severity, what it is,
// where, and what is said of it, on a line of its own where it doesn't fit.
func (a *app) differText(list []differing, most int) {
	const widest = 40
	shown := upTo(most, len(list))
	var wide [4]int
	rows := make([][5]string, 0, shown)
	for _, x := range list[:shown] {
		r := [5]string{x.sign, a.t("severity." + x.severity), safe(x.title), shownPath(x.place), safe(short(strings.Join(strings.Fields(x.text), " ")))}
		for i, c := range r[:4] {
			if w := runewidth.StringWidth(c); w <= widest {
				wide[i] = max(wide[i], w)
			}
		}
		rows = append(rows, r)
	}
	for _, r := range rows {
		line := ""
		for i, c := range r[:4] {
			line += "  " + c + strings.Repeat(" ", max(0, wide[i]-runewidth.StringWidth(c)))
		}
		end, text := strings.TrimRight(line, " "), runewidth.StringWidth(r[4])
		switch {
		case r[4] == "":
			fmt.Fprintln(a.Out, end)
		case runewidth.StringWidth(line)+2+text <= a.width():
			fmt.Fprintln(a.Out, line+"  "+r[4])
		case runewidth.StringWidth(end)+2+text <= a.width():
			fmt.Fprintln(a.Out, end+"  "+r[4])
		default:
			fmt.Fprintf(a.Out, "%s\n      %s\n", end, runewidth.Truncate(r[4], a.width()-6, "…"))
		}
	}
	a.differMore(len(list) - shown)
}
