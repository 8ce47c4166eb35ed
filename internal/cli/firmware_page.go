package cli

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	imagepage "assay/internal/report/image"
)

// picture is what the page and SARIF show of an imagepage.
func (a *app) picture(d *firmwareDoc) imagepage.Doc {
	out := imagepage.Doc{Name: filepath.Base(d.Image.Path), SHA256: d.Image.SHA256, Status: d.Image.Status, Reason: d.Image.Reason, Version: d.Version,
		Tool: version(), When: a.now().UTC().Format("2006-01-02"), Size: d.Image.Size, Files: int64(d.Files), Entropy: d.Image.Entropy}
	for _, p := range d.Parts {
		var sums []string
		for _, g := range p.Guards {
			sums = append(sums, strings.TrimSpace(fmt.Sprintf("%s %s: %s", a.t("ui.fw.guard."+g.Kind), g.Scheme, a.t("ui.fw.guard."+g.State))))
		}
		out.Parts = append(out.Parts, imagepage.Part{Offset: p.Offset, Size: p.Size, Decoded: p.Decoded, Read: p.Read, Format: p.Format, Path: p.Path, Note: p.Note, Sums: strings.Join(sums, "; ")})
	}
	for _, s := range d.Secrets {
		out.Findings = append(out.Findings, imagepage.Finding{Group: "secret", Kind: s.Kind, Title: a.t("secret." + s.Kind), Severity: "high", Path: s.Path, Offset: s.Offset,
			Line: s.Line, Text: a.shown(s)})
	}
	for _, w := range d.Weaknesses {
		out.Findings = append(out.Findings, imagepage.Finding{Group: "weakness", Kind: w.Kind, Title: a.weakness(w.Kind), Severity: grave(w.Kind), Path: w.Path, Offset: w.Offset, Line: w.Line, Text: w.Detail})
	}
	for _, m := range d.Markers {
		out.Findings = append(out.Findings, imagepage.Finding{Group: "marker", Kind: "marker-in-clear", Title: a.t("image.marker"), Severity: "high", Path: m.Path, Offset: m.Offset, Line: m.Line, Text: m.Name + " " + m.Encoding})
	}
	for _, c := range d.Certificates {
		for _, p := range c.Problems {
			out.Findings = append(out.Findings, imagepage.Finding{Group: "certificate", Kind: "certificate-" + p, Title: a.weakness("certificate-" + p), Severity: "low",
				Path: c.Path, Text: c.Subject + ", " + c.NotAfter.Format("2006-01-02")})
		}
	}
	rank := map[string]int{"high": 0, "medium": 1, "low": 2}
	slices.SortStableFunc(out.Findings, func(x, y imagepage.Finding) int { return cmp.Compare(rank[x.Severity], rank[y.Severity]) })
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
		out.Starts = append(out.Starts, imagepage.Line{What: a.t("ui.fw.start." + s.Kind), Place: place(s.Path, 0, s.Line), Text: s.Text})
	}
	for _, u := range d.Updates {
		out.Updates = append(out.Updates, imagepage.Line{What: u.Mechanism + ": " + a.t("ui.fw.signature."+u.Signature), Place: place(u.Path, 0, u.Line), Text: u.Text})
	}
	for _, e := range d.Entries {
		out.Entries = append(out.Entries, imagepage.Entry{Path: e.Path, Type: e.Type, Target: e.Target, Mode: e.Mode, UID: e.UID, GID: e.GID, Size: e.Size})
	}
	for _, g := range d.Incomplete {
		out.Gaps = append(out.Gaps, a.t("ui.firmware-gap", "why", a.t("cut."+g.Why), "where", place(g.Path, g.Offset, 0), "detail", g.Detail))
	}
	return out
}

// grave is how much a kind of weakness matters where nothing is known of the
// product: high opens the device to whoever reaches it, low helps only somebody
// who is already in it.
func grave(kind string) string {
	switch kind {
	case "telnet-enabled", "serial-shell", "media-autorun", "empty-password", "uid0-account", "ssh-empty-password", "ssh-authorized-key", "anonymous-access", "adb-enabled",
		"command-injection", "reverse-tunnel", "update-over-http", "update-without-signature", "hard-coded-key", "bad-signature", "app-debug-signed":
		return "high"
	case "build-trace", "elf-not-hardened", "elf-debug-symbols", "elf-broken", "unsafe-functions", "debug-tool", "setuid-root", "setgid-root", "directory-listing",
		"app-backup-allowed", "app-exported-part", "app-broken":
		return "low"
	}
	return "medium"
}

func (a *app) firmwareHTML(d *firmwareDoc) error {
	tag := map[string]string{"en": "en", "zh-Hant": "zh-Hant-TW"}[string(a.lang)]
	return imagepage.HTML(a.Out, a.picture(d), cmp.Or(tag, "en"), a.t)
}

func (a *app) firmwareSARIF(d *firmwareDoc) error { return imagepage.SARIF(a.Out, a.picture(d)) }
