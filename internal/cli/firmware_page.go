package cli

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"

	imagepage "assay/internal/report/image"
)

// picture is what the page and SARIF show of an image; each: a certificate with
// several problems is as many findings, since each has a rule of its own.
func (a *app) picture(d *firmwareDoc, each bool) imagepage.Doc {
	out := imagepage.Doc{Name: filepath.Base(d.Image.Path), SHA256: d.Image.SHA256, Status: d.Image.Status, Reason: a.said(d.Image.Reason), Version: d.Version,
		Tool: version(), When: a.now().UTC().Format("2006-01-02"), Size: d.Image.Size, Files: int64(d.Files), Entropy: d.Image.Entropy, More: d.more}
	out.Summary, out.Consoles = a.summary(d), d.consoles()
	for _, x := range d.Apps {
		out.Apps = append(out.Apps, imagepage.App{Name: strings.TrimSpace(x.Package + " " + x.Version), Path: x.Path, Lines: a.appLines(x)})
	}
	for _, p := range d.Parts {
		var sums []string
		for _, g := range p.Guards {
			sums = append(sums, strings.TrimSpace(fmt.Sprintf("%s %s: %s", a.t("ui.fw.guard."+g.Kind), g.Scheme, a.t("ui.fw.guard."+g.State))))
		}
		out.Parts = append(out.Parts, imagepage.Part{Offset: p.Offset, Size: p.Size, Decoded: p.Decoded, Read: p.Read, Format: p.Format, Path: p.Path, Note: a.said(p.Note), Sums: strings.Join(sums, a.t("ui.fw.semicolon"))})
	}
	for _, f := range a.findings(d, each) {
		out.Findings = append(out.Findings, f.Finding)
	}
	for _, c := range d.Components {
		x := imagepage.Component{Name: c.Name, Version: a.version(c), Confidence: a.t("ui.fw.sure." + c.Confidence), PURL: c.PURL}
		if len(c.Evidence) > 0 {
			x.Path, x.Text = c.Evidence[0].Path, c.Evidence[0].Text
		}
		out.Components = append(out.Components, x)
	}
	for _, u := range d.Unattributed {
		out.Unattributed = append(out.Unattributed, u.Path)
	}
	for _, h := range d.Hosts {
		x := imagepage.Host{Value: h.Value, Evidence: a.evidence(h.Where[0].Evidence)}
		for _, w := range h.Where[:min(5, len(h.Where))] {
			x.Places = append(x.Places, place(w.Path, w.Offset, w.Line))
		}
		out.Hosts = append(out.Hosts, x)
	}
	for _, s := range d.Startup {
		out.Starts = append(out.Starts, imagepage.Line{What: a.t("ui.fw.start." + s.Kind), Place: place(s.Path, 0, s.Line), Text: a.started(s)})
	}
	if d.NoInit && d.Image.Analysable && (d.consoles() || len(d.Startup) == 0) {
		out.NoStarts = a.t("ui.fw.no-init")
	}
	for _, u := range d.Updates {
		out.Updates = append(out.Updates, imagepage.Line{What: a.mechanism(u.Mechanism) + a.t("ui.fw.colon") + a.t("ui.fw.signature."+u.Signature), Place: place(u.Path, 0, u.Line), Text: u.Text})
	}
	for _, e := range d.Entries {
		out.Entries = append(out.Entries, imagepage.Entry{Path: e.Path, Type: e.Type, Target: e.Target, Mode: e.Mode, UID: e.UID, GID: e.GID, Size: e.Size})
	}
	for _, g := range a.unread(d) {
		out.Gaps = append(out.Gaps, a.t("ui.fw.gap", "why", g.where, "detail", g.text))
	}
	return out
}

func (a *app) firmwareHTML(d *firmwareDoc) error {
	tag := map[string]string{"en": "en", "zh-Hant": "zh-Hant-TW"}[string(a.lang)]
	return imagepage.HTML(a.Out, a.picture(d, false), cmp.Or(tag, "en"), a.t)
}

// firmwareSARIF writes the findings. That an image could not be analysed, or that
// its reader was stopped, is a gap of its own there: no other field says so.
func (a *app) firmwareSARIF(d *firmwareDoc) error {
	p := a.picture(d, true)
	switch {
	case d.Image.Status == "":
		p.Gaps = append(p.Gaps, a.t("ui.fw.read-ended"))
	case !d.Image.Analysable:
		p.Gaps = append(p.Gaps, a.about(d))
	}
	for _, e := range d.Errors {
		p.Gaps = append(p.Gaps, e.Message)
	}
	return imagepage.SARIF(a.Out, p)
}
