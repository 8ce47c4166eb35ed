package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"

	"assay/internal/collect/firmware/inspect/startup"
	"assay/internal/report"
	"assay/internal/untrusted"
)

// What a person is shown of a list; the JSON document has all of it.
const (
	mostParts    = 40
	mostSoftware = 120
	mostHosts    = 40
	mostListed   = 30
	mostGaps     = 15
)

// firmwareText tells of an image what a person wants to know first: what it is,
// how much of it could be read, and what should not be in it, the worst first.
func (a *app) firmwareText(d *firmwareDoc) {
	a.headText(d)
	a.foundText(d)
	a.hostsText(d)
	a.appsText(d)
	a.systemText(d)
	a.softwareText(d)
	a.builtText(d)
	a.partsText(d)
	a.gapsText(d)
	fmt.Fprintln(a.Out)
	for _, l := range report.Wrap(a.t("ui.fw.where-next"), a.width()) {
		fmt.Fprintln(a.Out, l)
	}
}

func (a *app) headText(d *firmwareDoc) {
	fmt.Fprintln(a.Out, a.sizedHead(d))
	fmt.Fprintf(a.Out, "SHA-256 %s\n\n", cmp.Or(d.Image.SHA256, a.t("ui.fw.no-hash")))
	lines, wide := a.summary(d), 0
	for _, l := range lines {
		wide = max(wide, runewidth.StringWidth(l[0])+2)
	}
	for _, l := range lines {
		a.hanging(l[0], untrusted.From(l[1], 2000).Terminal(), wide)
	}
}

// sizedHead names an image and its size: in bytes alone where no other unit fits.
func (a *app) sizedHead(d *firmwareDoc) string {
	if d.Image.Size < 1<<10 {
		return a.t("ui.fw.head-small", "image", safe(d.Image.Path), "size", sized(d.Image.Size))
	}
	return a.t("ui.fw.head", "image", safe(d.Image.Path), "size", sized(d.Image.Size), "bytes", fmt.Sprint(d.Image.Size))
}

// summary is what the image is, how much of it could be read, and how much was
// found: a label and a text each.
func (a *app) summary(d *firmwareDoc) [][2]string {
	out := [][2]string{{a.t("ui.fw.what-is"), a.about(d)}, {a.t("ui.fw.what-read"), a.readOf(d)}, {a.t("ui.fw.what-found"), a.foundOf(d)}}
	if len(d.Sought) > 0 {
		out = append(out, [2]string{a.t("ui.fw.what-marked"), a.markersOf(d)})
	}
	return out
}

// about says what an image is: its systems, on which processor, and the version
// that it states.
func (a *app) about(d *firmwareDoc) string {
	if d.Image.Size == 0 {
		return a.t("ui.fw.empty") + " " + a.t("ui.next.no-bytes")
	}
	if !d.Image.Analysable && d.Image.Status != "" {
		return a.t("ui.fw.not-analysable", "why", a.t("image.status."+d.Image.Status), "detail", safe(a.said(d.Image.Reason)))
	}
	var names []string
	for _, s := range d.Systems {
		names = append(names, safe(strings.TrimSpace(s.Name+" "+s.Version)))
	}
	const most = 6
	if n := len(names) - upTo(most, len(names)); n > 0 {
		names = append(names[:most], a.t("ui.fw.and-more", "count", fmt.Sprint(n)))
	}
	archs := make(map[string]int)
	for _, b := range d.Binaries {
		archs[b.Arch]++
	}
	arch := ""
	for k, n := range archs {
		if n > archs[arch] || n == archs[arch] && k < arch {
			arch = k
		}
	}
	out := strings.Join(names, a.t("ui.fw.comma"))
	switch {
	case out != "" && arch != "":
		out = a.t("ui.fw.for", "systems", out, "arch", arch)
	case out != "":
	case len(d.Volumes) > 0 && arch != "":
		out = a.t("ui.fw.only-files-for", "arch", arch)
	case len(d.Volumes) > 0:
		out = a.t("ui.fw.only-files")
	default:
		out = a.t("ui.fw.only-code", "formats", strings.Join(outer(d), a.t("ui.fw.comma")))
	}
	if model := slices.IndexFunc(d.Parts, func(p firmwarePart) bool { return p.Format == "fdt" && p.Name != "" }); model >= 0 {
		out += a.t("ui.fw.semicolon") + a.t("ui.fw.model", "model", safe(d.Parts[model].Name))
	}
	if d.Version != "" {
		out += a.t("ui.fw.semicolon") + a.t("ui.fw.version", "version", safe(d.Version))
	}
	return out
}

// outer are the formats of the image itself.
func outer(d *firmwareDoc) []string {
	var out []string
	for _, p := range d.Parts {
		if !p.Decoded && !slices.Contains(inner, p.Format) && !slices.Contains(out, p.Format) && len(out) < 4 {
			out = append(out, safe(p.Format))
		}
	}
	return out
}

// readOf says how much could be read.
func (a *app) readOf(d *firmwareDoc) string {
	size, names := int64(0), 0
	for _, v := range d.Volumes {
		size, names = size+v.Bytes, names+v.Names
	}
	var out string
	switch unread := unreadOf(d); {
	case d.Image.Status == "":
		out = a.t("ui.fw.read-ended")
	case !d.Image.Analysable && len(d.Secrets)+len(d.Weaknesses)+len(d.Markers)+len(d.Hosts)+len(d.Components) > 0:
		out = a.t("ui.fw.read-pieces")
	case !d.Image.Analysable && slices.ContainsFunc(d.Parts, func(p firmwarePart) bool { return p.Read }):
		out = a.t("ui.fw.read-bytes")
	case !d.Image.Analysable:
		out = a.t("ui.fw.read-none")
	case len(d.Incomplete) == 0 && unread == 0:
		out = a.t("ui.fw.read-all")
	case unread > 0:
		out = a.t("ui.fw.read-part", "count", fmt.Sprint(a.places(d)), "unread", sized(unread))
	default:
		out = a.t("ui.fw.read-cut", "count", fmt.Sprint(a.places(d)))
	}
	if len(d.Volumes) > 0 {
		out += a.t("ui.fw.semicolon") + a.t("ui.fw.trees", "files", fmt.Sprint(d.Files), "trees", fmt.Sprint(len(d.Volumes)), "size", sized(size))
	}
	return out
}

// unreadOf is how many bytes of the image itself stand in parts of which
// nothing is read.
func unreadOf(d *firmwareDoc) int64 {
	n, end := int64(0), int64(0)
	for _, p := range d.Parts { // in the order of their offsets
		if p.Decoded || p.Read || strings.Contains(p.Path, ":/") || strings.HasPrefix(p.Path, "/") {
			continue
		}
		from, to := max(p.Offset, end), min(p.Offset+p.Size, d.Image.Size)
		if to > from {
			n, end = n+to-from, to
		}
	}
	return n
}

// foundOf counts what was found.
func (a *app) foundOf(d *firmwareDoc) string {
	var counts []string
	by := make(map[string]int)
	for _, f := range a.findings(d, false) {
		by[f.Severity]++
	}
	for _, s := range severities {
		if by[s] > 0 {
			counts = append(counts, a.t("ui.fw.count."+s, "count", fmt.Sprint(by[s])))
		}
	}
	switch {
	case len(counts) == 0 && !d.Image.Analysable:
		return a.t("ui.fw.count.unread")
	case len(counts) == 0:
		counts = append(counts, a.t("ui.fw.count.none"))
	}
	out := strings.Join(counts, a.t("ui.fw.comma"))
	if d.Image.Analysable {
		out += a.t("ui.fw.semicolon") + a.t("ui.fw.counts", "hosts", fmt.Sprint(len(d.Hosts)), "components", fmt.Sprint(len(d.Components)), "unknown", fmt.Sprint(len(d.Unattributed)))
	}
	return out
}

// inner are ranges inside of what is read; the JSON document has them.
var inner = []string{"data", "unknown", "padding", "header", "trailer"}

// shownParts leaves out what is only filling between and inside of parts that
// were read, unless hardly anything would be left out.
func shownParts(all []firmwarePart) []firmwarePart {
	var out []firmwarePart
	for _, p := range all {
		nested := p.Decoded || strings.Contains(p.Path, ":")
		if !nested || !p.Read || !slices.Contains(inner, p.Format) && (p.Size >= 1024 || len(p.Guards) > 0) {
			out = append(out, p)
		}
	}
	if out = out[:upTo(mostParts, len(out))]; upTo(len(out), len(all)) == len(all) {
		return all
	}
	return out
}

func (a *app) partsText(d *firmwareDoc) {
	var t grid
	list := shownParts(d.Parts)
	for _, p := range list {
		read := a.t("ui.not-read")
		if p.Read {
			read = a.t("ui.read")
		}
		at := fmt.Sprint(p.Offset)
		if p.Decoded {
			at = "+" + at
		}
		note := safe(a.said(p.Note))
		if p.Path != p.Format {
			note = strings.TrimSpace(safe(p.Path) + "  " + note)
		}
		t.row(at, fmt.Sprint(p.Size), safe(p.Format), read, note)
		for _, g := range p.Guards {
			t.row("", "", "", "", strings.TrimSpace(fmt.Sprintf("%s %s: %s  %s", a.t("ui.fw.guard."+g.Kind), safe(g.Scheme), a.t("ui.fw.guard."+g.State), safe(a.said(g.Note)))))
		}
	}
	a.heading("ui.fw.parts", len(d.Parts))
	t.right, t.cut = 2, true
	t.write(a)
	a.more("  ", len(d.Parts)-len(list))
	if len(d.Volumes) < 2 {
		return
	}
	a.heading("ui.fw.volumes", len(d.Volumes))
	t = grid{}
	shown := upTo(mostListed, len(d.Volumes))
	for _, v := range d.Volumes[:shown] {
		t.row(safe(orSlash(v.Name)), safe(v.Format), a.t("ui.fw.volume", "files", fmt.Sprint(v.Files), "names", fmt.Sprint(v.Names), "size", sized(v.Bytes)))
	}
	t.write(a)
	a.more("  ", len(d.Volumes)-shown)
}

func (a *app) softwareText(d *firmwareDoc) {
	a.heading("ui.fw.components", len(d.Components))
	var t grid
	shown := upTo(mostSoftware, len(d.Components))
	for _, c := range d.Components[:shown] {
		first := ""
		if len(c.Evidence) > 0 {
			first = c.Evidence[0].Path
		}
		t.row(safe(c.Name), safe(a.version(c)), a.t("ui.fw.sure."+c.Confidence), safe(first))
	}
	t.write(a)
	a.more("  ", len(d.Components)-shown)
	a.heading("ui.fw.unattributed", len(d.Unattributed))
	shown = upTo(mostListed, len(d.Unattributed))
	for _, u := range d.Unattributed[:shown] {
		fmt.Fprintf(a.Out, "  %s\n", safe(u.Path))
	}
	a.more("  ", len(d.Unattributed)-shown)
}

// version is what is known of a component's version.
func (a *app) version(c firmwareComponent) string {
	return cmp.Or(c.Version, strings.TrimSpace(a.t("ui.fw.version-unknown")+" "+c.Range))
}

// builtText counts how programs were built: the maker's own ones apart.
func (a *app) builtText(d *firmwareDoc) {
	var own, other, ownLacks, otherLacks [6]int
	for _, b := range d.Binaries {
		if b.Type == "object" {
			continue
		}
		all, lacks := &other, &otherLacks
		if b.Own {
			all, lacks = &own, &ownLacks
		}
		for i, has := range []bool{b.NX, b.PIE || b.Type == "shared", b.RELRO == "full", b.Canary, b.Fortify, b.Stripped} {
			all[i]++
			if !has {
				lacks[i]++
			}
		}
	}
	if own[0]+other[0] == 0 {
		return
	}
	a.heading("ui.fw.built", own[0]+other[0])
	var t grid
	t.row("", a.t("ui.fw.built.own"), a.t("ui.fw.built.other"))
	of := func(n, all int) string {
		if all == 0 {
			return "-"
		}
		return a.t("ui.fw.of", "count", fmt.Sprint(n), "all", fmt.Sprint(all))
	}
	for i, name := range []string{"NX", "PIE", "RELRO", "canary", "FORTIFY", "stripped"} {
		t.row(a.t("ui.fw.built.without", "what", a.t("ui.fw.built."+name)), of(ownLacks[i], own[i]), of(otherLacks[i], other[i]))
	}
	t.write(a)
}

// systemText tells what runs and how it is renewed.
func (a *app) systemText(d *firmwareDoc) {
	consoles := d.consoles()
	if consoles {
		a.heading("ui.fw.console-only", len(d.Startup))
	} else {
		a.heading("ui.fw.startup", len(d.Startup))
	}
	list := slices.Clone(d.Startup)
	slices.SortStableFunc(list, func(x, y firmwareStart) int { return strings.Compare(x.Kind, y.Kind) })
	var rows [][2]string
	for i, s := range list {
		rows = append(rows, [2]string{place(s.Path, 0, s.Line), a.started(s)})
		if i+1 == len(list) || list[i+1].Kind != s.Kind {
			a.placed(a.t("ui.fw.start."+s.Kind), rows, mostListed)
			rows = nil
		}
	}
	if d.NoInit && d.Image.Analysable && (consoles || len(d.Startup) == 0) {
		fmt.Fprintln(a.Out)
		for _, l := range report.Wrap(a.t("ui.fw.no-init"), a.width()) {
			fmt.Fprintln(a.Out, l)
		}
	}
	a.heading("ui.fw.updates", len(d.Updates))
	shown := upTo(mostListed, len(d.Updates))
	for _, u := range d.Updates[:shown] {
		a.placed(a.mechanism(u.Mechanism)+a.t("ui.fw.colon")+a.t("ui.fw.signature."+u.Signature), [][2]string{{place(u.Path, 0, u.Line), u.Text}}, 1)
	}
	a.more("  ", len(d.Updates)-shown)
}

// consoles says that nothing of what is known of the start is started: it is where
// the kernel writes to.
func (d *firmwareDoc) consoles() bool {
	return len(d.Startup) > 0 && !slices.ContainsFunc(d.Startup, func(s firmwareStart) bool { return s.Kind != string(startup.Console) })
}

// started is a line that starts something, and what is known of it besides.
func (a *app) started(s firmwareStart) string {
	var known []string
	if s.Port > 0 {
		known = append(known, a.t("ui.fw.port", "port", fmt.Sprint(s.Port)))
	}
	if s.Address != "" {
		known = append(known, a.t("ui.fw.listens-at", "address", safe(s.Address)))
	}
	if s.Kind == "service" && s.Login != "" {
		known = append(known, a.t("ui.fw.login."+s.Login))
	}
	if s.Boot == "no" {
		known = append(known, a.t("ui.fw.not-at-boot"))
	}
	text := strings.TrimSpace(s.Text)
	if len(known) > 0 {
		text += " " + a.t("ui.fw.in-brackets", "text", strings.Join(known, a.t("ui.fw.comma")))
	}
	return text
}

// mechanism is how the device is renewed.
func (a *app) mechanism(word string) string {
	if key := "ui.fw.mechanism." + word; a.texts.Has(key) {
		return a.t(key)
	}
	return safe(word)
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
