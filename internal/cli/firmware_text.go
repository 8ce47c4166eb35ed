package cli

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"

	"assay/internal/untrusted"
)

// mostParts bounds the ranges that a person is shown: a kernel holds dozens.
const mostParts = 60

func (a *app) firmwareText(d *firmwareDoc) {
	fmt.Fprintln(a.Out, a.t("ui.firmware-image", "path", safe(d.Image.Path), "size", fmt.Sprint(d.Image.Size), "sha256", d.Image.SHA256, "entropy", fmt.Sprintf("%.2f", d.Image.Entropy)))
	if d.Version != "" {
		fmt.Fprintln(a.Out, a.t("image.version", "version", safe(d.Version)))
	}
	if !d.Image.Analysable {
		fmt.Fprintln(a.Out, a.t("ui.firmware-not-analysable", "reason", safe(d.Image.Reason)))
	}
	a.partsText(d)
	a.softwareText(d)
	a.foundText(d)
	a.systemText(d)
	a.appsText(d)
	a.heading("image.gaps", len(d.Incomplete))
	for _, g := range d.Incomplete {
		fmt.Fprintln(a.Out, "  "+a.t("ui.firmware-gap", "why", a.t("cut."+g.Why), "where", place(safe(g.Path), g.Offset, 0), "detail", safe(g.Detail)))
	}
	fmt.Fprintln(a.Out, a.t("ui.firmware-counts", "files", fmt.Sprint(d.Files), "components", fmt.Sprint(len(d.Components)), "secrets", fmt.Sprint(len(d.Secrets)), "hosts", fmt.Sprint(len(d.Hosts)), "weaknesses", fmt.Sprint(len(d.Weaknesses))))
}

func (a *app) partsText(d *firmwareDoc) {
	a.heading("ui.fw.parts", len(d.Parts))
	var t grid
	for i, p := range d.Parts {
		if i == mostParts {
			t.row("", "", "", "", a.t("ui.fw.more", "count", fmt.Sprint(len(d.Parts)-i)))
			break
		}
		read := a.t("ui.not-read")
		if p.Read {
			read = a.t("ui.read")
		}
		at := fmt.Sprint(p.Offset)
		if p.Decoded {
			at = "+" + at
		}
		note := safe(p.Note)
		if p.Path != p.Format {
			note = strings.TrimSpace(safe(p.Path) + "  " + note)
		}
		t.row(at, fmt.Sprint(p.Size), safe(p.Format), read, note)
		for _, g := range p.Guards {
			t.row("", "", "", "", strings.TrimSpace(fmt.Sprintf("%s %s: %s  %s", a.t("ui.fw.guard."+g.Kind), safe(g.Scheme), a.t("ui.fw.guard."+g.State), safe(g.Note))))
		}
	}
	t.right = 2
	t.write(a)
	a.heading("ui.fw.volumes", len(d.Volumes))
	for _, v := range d.Volumes {
		fmt.Fprintln(a.Out, a.t("ui.fw.volume", "name", safe(orSlash(v.Name)), "format", safe(v.Format), "files", fmt.Sprint(v.Files), "names", fmt.Sprint(v.Names), "bytes", fmt.Sprint(v.Bytes)))
	}
}

func (a *app) softwareText(d *firmwareDoc) {
	a.heading("ui.fw.components", len(d.Components))
	var t grid
	for _, c := range d.Components {
		first := ""
		if len(c.Evidence) > 0 {
			first = c.Evidence[0].Path
		}
		t.row(safe(c.Name), safe(a.version(c)), a.t("ui.fw.sure."+c.Confidence), safe(first))
	}
	t.write(a)
	a.heading("ui.fw.unattributed", len(d.Unattributed))
	for _, u := range d.Unattributed {
		fmt.Fprintf(a.Out, "  %s\n", safe(u.Path))
	}
}

// version is what is known of a component's version.
func (a *app) version(c firmwareComponent) string {
	return cmp.Or(c.Version, strings.TrimSpace(a.t("ui.fw.version-unknown")+" "+c.Range))
}

// foundText tells what should not be in an image.
func (a *app) foundText(d *firmwareDoc) {
	a.heading("ui.fw.secrets", len(d.Secrets))
	var t grid
	for _, s := range d.Secrets {
		t.row(a.t("secret."+s.Kind), place(safe(s.Path), s.Offset, s.Line), safe(a.shown(s)))
	}
	t.write(a)
	a.heading("ui.fw.markers", len(d.Markers))
	for _, m := range d.Markers {
		fmt.Fprintln(a.Out, a.t("ui.fw.marker", "name", safe(m.Name), "where", place(safe(m.Path), m.Offset, m.Line), "encoding", m.Encoding))
	}
	a.heading("ui.fw.weaknesses", len(d.Weaknesses))
	t = grid{}
	for _, w := range d.Weaknesses {
		t.row(a.weakness(w.Kind), place(safe(w.Path), w.Offset, w.Line), safe(w.Detail))
	}
	t.write(a)
	t = grid{}
	for _, c := range d.Certificates {
		for _, p := range c.Problems {
			t.row(a.weakness("certificate-"+p), safe(c.Path), safe(c.Subject)+", "+c.NotAfter.Format("2006-01-02"))
		}
	}
	a.heading("ui.fw.certificates", len(t.rows))
	t.write(a)
	a.heading("ui.fw.hosts", len(d.Hosts))
	t = grid{}
	for _, h := range d.Hosts {
		w, more := h.Where[0], ""
		if n := len(h.Where) - 1; n > 0 {
			more = a.t("ui.fw.more-places", "count", fmt.Sprint(n))
		}
		t.row(safe(h.Value), a.evidence(w.Evidence), place(safe(w.Path), w.Offset, w.Line)+" "+more)
	}
	t.write(a)
}

// shown is what may be shown of a secret.
func (a *app) shown(s firmwareSecret) string {
	out := []string{s.User, s.Redacted}
	if s.Known != "" {
		out = append(out, a.t("ui.fw.known", "where", s.Known))
	}
	if s.Used != "" {
		out = append(out, a.t("ui.fw.used", "path", s.Used))
	}
	return strings.TrimSpace(strings.Join(out, " "))
}

// systemText tells what runs and how it is renewed.
func (a *app) systemText(d *firmwareDoc) {
	a.heading("ui.fw.startup", len(d.Startup))
	var t grid
	for _, s := range d.Startup {
		text := safe(strings.TrimSpace(s.Text))
		if s.Port > 0 {
			text += " " + a.t("ui.fw.port", "port", fmt.Sprint(s.Port))
		}
		t.row(a.t("ui.fw.start."+s.Kind), place(safe(s.Path), 0, s.Line), text)
	}
	t.write(a)
	a.heading("ui.fw.updates", len(d.Updates))
	t = grid{}
	for _, u := range d.Updates {
		t.row(safe(u.Mechanism), a.t("ui.fw.signature."+u.Signature), place(safe(u.Path), 0, u.Line), safe(u.Text))
	}
	t.write(a)
}

// weakness is what a kind of weakness is called.
func (a *app) weakness(kind string) string {
	for _, key := range []string{"weakness." + kind, "secret." + kind} {
		if a.texts.Has(key) {
			return a.t(key)
		}
	}
	return kind
}

// evidence is what shows that a host is contacted.
func (a *app) evidence(word string) string {
	if key := "ui.fw.evidence." + word; a.texts.Has(key) {
		return a.t(key)
	}
	return word
}

func orSlash(s string) string {
	if s == "" {
		return "/"
	}
	return s + ":"
}

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

// grid is rows in columns; the last one is as wide as it is.
type grid struct {
	rows  [][]string
	right int // this many columns are numbers
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
		fmt.Fprintln(a.Out, strings.TrimRight(b.String(), " "))
	}
}
