package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"

	"assay/internal/report"
	imagepage "assay/internal/report/image"
)

// The kinds of findings by how much they matter where nothing is known of the
// product, the worst first: high opens the device to whoever reaches it, low
// helps only somebody who is already in it. All others are medium.
var (
	highKinds = []string{"telnet-enabled", "adb-enabled", "serial-shell", "media-autorun", "empty-password", "ssh-empty-password", "uid0-account",
		"anonymous-access", "command-injection", "code-injection", "sql-injection", "unsafe-deserialization", "path-traversal", "hidden-access", "token-not-verified", "reverse-tunnel", "marker-in-clear", "private-key", "certificate-of-published-key", "password", "embedded-login",
		"url-credentials", "wifi-psk", "cloud-secret", "token", "api-key", "webhook", "symmetric-key", "hard-coded-key", "ssh-authorized-key",
		"update-without-signature", "update-over-http", "bad-signature", "app-debug-signed", "app-debuggable"}
	mediumKinds = []string{"password-hash"} // high where the password is a well-known one
	lowKinds    = []string{"library-test-key", "build-trace", "elf-not-hardened", "elf-debug-symbols", "elf-broken", "unsafe-functions", "debug-tool", "setuid-root",
		"setgid-root", "directory-listing", "kernel-not-hardened", "core-dump-enabled", "root-writable", "fixed-identity", "bus-open", "development-leftover", "app-backup-allowed", "app-exported-part", "app-broken"}
)

// severities are in the order in which they are told.
var severities = []string{"high", "medium", "low"}

func grave(kind string) string {
	switch {
	case slices.Contains(highKinds, kind):
		return "high"
	case slices.Contains(lowKinds, kind):
		return "low"
	}
	return "medium"
}

// finding is one thing that should not be in an image, with all its places.
type finding struct {
	imagepage.Finding
	same string   // equal in findings of the same thing at several places
	also []string // its other places
}

// findings lists what should not be there, the worst first. A certificate with
// several problems is one finding, or, each, one for each problem.
func (a *app) findings(d *firmwareDoc, each bool) []finding {
	var out []finding
	add := func(group, kind, title, severity, path string, offset int64, line int, text, same string) {
		out = append(out, finding{Finding: imagepage.Finding{Group: group, Kind: kind, Title: title, Severity: severity, Path: path, Offset: offset, Line: line, Text: text}, same: same})
	}
	for _, s := range d.Secrets {
		add("secret", s.Kind, a.t("secret."+s.Kind), s.severity(), s.Path, s.Offset, s.Line, a.shown(s), s.Fingerprint)
	}
	for _, w := range d.Weaknesses {
		add("weakness", w.Kind, a.weakness(w.Kind), grave(w.Kind), w.Path, w.Offset, w.Line, a.detail(w), "")
	}
	for _, m := range d.Markers {
		add("marker", "marker-in-clear", a.t("image.marker"), "high", m.Path, m.Offset, m.Line, a.t("ui.fw.marker", "name", m.Name, "encoding", m.Encoding), m.Name+" "+m.Encoding)
	}
	for _, c := range d.Certificates {
		text := c.Subject + ", " + c.NotAfter.Format("2006-01-02")
		for _, p := range c.Problems {
			if each {
				add("certificate", "certificate-"+p, a.weakness("certificate-"+p), "low", c.Path, 0, 0, text, "")
			} else {
				text += a.t("ui.fw.semicolon") + a.weakness("certificate-"+p)
			}
		}
		if !each && len(c.Problems) > 0 {
			add("certificate", "certificates", a.t("ui.fw.certificates"), "low", c.Path, 0, 0, text, "")
		}
	}
	slices.SortStableFunc(out, func(x, y finding) int {
		return cmp.Or(cmp.Compare(slices.Index(severities, x.Severity), slices.Index(severities, y.Severity)), cmp.Compare(rank(x.Kind), rank(y.Kind)))
	})
	return out
}

// detail is what is said beside a weakness: codes get their words, all else
// stands as the image has it.
func (a *app) detail(w firmwareWeakness) string {
	key := "ui.detail." + w.Kind
	if !a.texts.Has(key) {
		return w.Detail
	}
	args := []string{"detail", w.Detail}
	for _, f := range strings.Fields(w.Detail) {
		if name, value, ok := strings.Cut(f, "="); ok {
			args = append(args, name, value)
		}
	}
	return a.t(key, args...)
}

// rank is where a kind stands in its list; those of no list come by name.
func rank(kind string) int {
	if kind == "certificates" || strings.HasPrefix(kind, "certificate-") {
		return 0 // of the low ones what counts most
	}
	for _, l := range [][]string{mediumKinds, highKinds, lowKinds} {
		if i := slices.Index(l, kind); i >= 0 {
			return i
		}
	}
	return len(highKinds)
}

// foundText tells what should not be in an image: by severity and kind, each
// thing once.
func (a *app) foundText(d *firmwareDoc) {
	all := a.findings(d, false)
	for len(all) > 0 {
		n := 0
		for n < len(all) && all[n].Severity == all[0].Severity {
			n++
		}
		a.heading("ui.fw.found."+all[0].Severity, n)
		list := all[:n]
		slices.SortStableFunc(list, func(x, y finding) int {
			return cmp.Or(cmp.Compare(rank(x.Kind), rank(y.Kind)), strings.Compare(x.Kind, y.Kind))
		})
		for len(list) > 0 {
			k := 0
			for k < len(list) && list[k].Kind == list[0].Kind {
				k++
			}
			a.kindText(joined(wholesale(list[:k], d, a)), k)
			list = list[k:]
		}
		all = all[n:]
	}
}

// joined makes one finding of those of the same thing.
func joined(list []finding) []finding {
	var out []finding
	at := make(map[string]int)
	for _, f := range list {
		i, ok := at[f.same]
		if f.same == "" || !ok {
			at[f.same] = len(out)
			out = append(out, f)
			continue
		}
		if p := place(f.Path, f.Offset, f.Line); p != place(out[i].Path, out[i].Offset, out[i].Line) && !slices.Contains(out[i].also, p) {
			out[i].also = append(out[i].also, p)
		}
	}
	return out
}

// wholesale makes one finding of permissions that nearly all files of a tree
// have: they say how the tree was packed, and nothing of each file.
func wholesale(list []finding, d *firmwareDoc, a *app) []finding {
	const few = 5
	if len(list) < few || list[0].Kind != "world-writable" && list[0].Kind != "secret-world-readable" {
		return list
	}
	trees := make(map[string][]finding)
	for _, f := range list {
		tree, _, ok := cutLast(f.Path, ":/")
		if !ok {
			tree = ""
		}
		trees[tree] = append(trees[tree], f)
	}
	var out []finding
	for _, v := range d.Volumes {
		if l := trees[v.Name]; len(l) >= few && len(l)*10 >= v.Names*9 {
			f := l[0]
			f.Path, f.Text = orSlash(v.Name), a.t("ui.fw.of-all", "count", fmt.Sprint(len(l)), "all", fmt.Sprint(v.Names))
			out = append(out, f)
			delete(trees, v.Name)
		}
	}
	for _, f := range list {
		tree, _, ok := cutLast(f.Path, ":/")
		if !ok {
			tree = ""
		}
		if _, left := trees[tree]; left {
			out = append(out, f)
		}
	}
	return out
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// kindText tells the findings of one kind.
func (a *app) kindText(list []finding, count int) {
	const mostPlaces, mostAlso = 8, 3
	title := list[0].Title
	if count > 1 {
		title += fmt.Sprintf(" (%d)", count)
	}
	var rows [][2]string
	list, text, paths := whole(list)
	if len(paths) > 0 {
		a.listed(title, text, paths)
		return
	}
	for _, f := range list {
		rows = append(rows, [2]string{place(f.Path, f.Offset, f.Line), f.Text})
		shown := upTo(mostAlso, len(f.also))
		for j, p := range f.also {
			if j == shown {
				rows = append(rows, [2]string{"", a.t("ui.fw.more", "count", fmt.Sprint(len(f.also)-j))})
				break
			}
			rows = append(rows, [2]string{"", a.t("ui.fw.also", "place", p)})
		}
	}
	a.placed(title, rows, mostPlaces)
}

// whole takes findings that say the same of whole files: what they say, and
// the files.
func whole(list []finding) (rest []finding, text string, paths []string) {
	const few = 4
	if len(list) < few {
		return list, "", nil
	}
	for _, f := range list {
		if f.Offset != 0 || f.Line != 0 || len(f.also) > 0 || f.Text != list[0].Text || f.Path == "" {
			return list, "", nil
		}
		paths = append(paths, f.Path)
	}
	return nil, list[0].Text, paths
}

// listed writes a title and files of which the same is said, one after the other.
func (a *app) listed(title, text string, paths []string) {
	const most = 20
	fmt.Fprintln(a.Out, "  "+safe(title))
	left := len(paths) - upTo(most, len(paths))
	var shown []string
	for _, p := range paths[:len(paths)-left] {
		shown = append(shown, shownPath(p))
	}
	line := strings.Join(shown, "  ")
	if text != "" {
		line = safe(text) + "  " + line
	}
	for _, l := range report.Wrap(line, a.width()-4) {
		fmt.Fprintln(a.Out, "    "+l)
	}
	a.more("    ", left)
}

// placed writes a title and below it places with what stands there: beside it,
// or on the next line where that is too narrow. A row without a place belongs to
// the one above.
func (a *app) placed(title string, rows [][2]string, most int) {
	fmt.Fprintln(a.Out, "  "+title)
	wide, n, shown := 0, 0, 0
	for i, r := range rows {
		rows[i] = [2]string{safe(r[0]), safe(strings.Join(strings.Fields(r[1]), " "))}
		if w := runewidth.StringWidth(rows[i][0]); w <= 40 {
			wide = max(wide, w)
		}
		if r[0] != "" {
			n++
		}
	}
	most = upTo(most, n)
	room := a.width() - 4
	for _, r := range rows {
		if r[0] != "" {
			if shown == most {
				break
			}
			shown++
		}
		switch w := runewidth.StringWidth(r[0]); {
		case r[0] == "":
			fmt.Fprintln(a.Out, "      "+r[1])
		case r[1] == "":
			fmt.Fprintln(a.Out, "    "+r[0])
		case max(w, wide)+2+runewidth.StringWidth(r[1]) <= room:
			fmt.Fprintf(a.Out, "    %s%s  %s\n", r[0], strings.Repeat(" ", max(0, wide-w)), r[1])
		default:
			fmt.Fprintf(a.Out, "    %s\n      %s\n", r[0], runewidth.Truncate(r[1], room-2, "…"))
		}
	}
	a.more("    ", n-shown)
}

// shown is what may be shown of a secret.
func (a *app) shown(s firmwareSecret) string {
	out := []string{s.User}
	switch {
	case s.Kind == "private-key":
		out = append(out, s.Key)
	default:
		out = append(out, s.Redacted, s.Key)
	}
	if s.Kind == "password-hash" {
		out = append(out, s.Scheme)
	}
	if s.Kind == "password-hash" && s.Verified {
		out = append(out, a.t("ui.fw.guessed"))
	}
	if s.Known != "" {
		out = append(out, a.t("ui.fw.known", "where", s.Known))
	}
	if s.Used != "" && s.Used != s.Path {
		out = append(out, a.t("ui.fw.used", "path", s.Used))
	}
	return strings.Join(slices.DeleteFunc(out, func(t string) bool { return t == "" }), "  ")
}
