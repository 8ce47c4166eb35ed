package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"assay/internal/collect/firmware"
	"assay/internal/collect/firmware/inspect/apk"
	"assay/internal/untrusted"
)

// firmwareApp is a mobile application's package.
type firmwareApp struct {
	Path        string              `json:"path"`
	Platform    string              `json:"platform"` // android, ios
	Package     string              `json:"package"`
	Version     string              `json:"version,omitempty"`
	MinSDK      int                 `json:"min_sdk,omitempty"`
	TargetSDK   int                 `json:"target_sdk,omitempty"`
	Debuggable  bool                `json:"debuggable"`
	Backup      bool                `json:"backup"`                // all of its data goes into backups of the phone
	Cleartext   bool                `json:"cleartext"`             // connections in clear are allowed to any host
	ClearHosts  []string            `json:"clear_hosts,omitempty"` // or to these
	UserCAs     bool                `json:"user_cas"`              // certificates that the user added are trusted, for any host
	UserHosts   []string            `json:"user_hosts,omitempty"`  // or for these
	Signature   string              `json:"signature,omitempty"`   // the highest scheme: v1, v2, v3
	Signers     []firmwareAppSigner `json:"signers"`
	Permissions []string            `json:"permissions"`
	Exported    []string            `json:"exported"`           // parts that others may call without a permission
	Links       []string            `json:"links,omitempty"`    // addresses that open it
	WebView     []string            `json:"web_view,omitempty"` // methods of web views that its code names
}

// firmwareAppSigner is a certificate that a package is signed with.
type firmwareAppSigner struct {
	Subject  string    `json:"subject"`
	SHA256   string    `json:"sha256"` // of the certificate
	NotAfter time.Time `json:"not_after"`
	Schemes  []string  `json:"schemes"`
	Debug    bool      `json:"debug"` // it is the key that every developer's machine makes
}

// apps takes the mobile applications of a result. What a manifest leaves open
// counts as the platform takes it (developer.android.com, "application").
func (d *firmwareDoc) apps(r *firmware.Result) {
	for _, x := range r.Apps {
		out := firmwareApp{Path: x.Path, Platform: x.Platform, Package: x.Package, Version: x.Version, MinSDK: x.MinSDK, TargetSDK: x.TargetSDK,
			Debuggable: x.Debuggable || x.TestOnly, Backup: x.BacksUp(), Cleartext: x.ClearToAll(), UserCAs: x.TrustsAdded(), Signers: []firmwareAppSigner{}, Permissions: filled(x.Permissions),
			Exported: []string{}, Links: x.Links, WebView: x.WebView}
		if n := x.Network; n != nil {
			out.UserHosts = n.UserHosts
			out.ClearHosts = slices.DeleteFunc(slices.Clone(n.Cleartext), func(h string) bool { return h == "*" })
		}
		if len(x.Schemes) > 0 {
			out.Signature = slices.Max(x.Schemes)
		}
		for _, s := range x.Signers {
			out.Signers = append(out.Signers, firmwareAppSigner{Subject: s.Subject, SHA256: s.SHA256, NotAfter: s.NotAfter, Schemes: s.Schemes, Debug: apk.DebugKey(s.Subject)})
		}
		for _, p := range x.Exported {
			if p.Permission == "" {
				out.Exported = append(out.Exported, strings.TrimSpace(p.Kind+" "+p.Name))
			}
		}
		d.Apps = append(d.Apps, out)
	}
}

// appLines tell of an app, a label and a text each.
func (a *app) appLines(x firmwareApp) [][2]string {
	const most = 8
	list := func(all []string) string {
		shown := all[:upTo(most, len(all))]
		if n := len(all) - len(shown); n > 0 {
			shown = append(slices.Clone(shown), a.t("ui.fw.and-more", "count", fmt.Sprint(n)))
		}
		return strings.Join(shown, a.t("ui.fw.comma"))
	}
	var out [][2]string
	add := func(key, text string) {
		if text != "" {
			out = append(out, [2]string{a.t(key), text})
		}
	}
	if x.TargetSDK > 0 {
		add("ui.app.runs-on", a.t("ui.app.sdk", "platform", x.Platform, "from", fmt.Sprint(x.MinSDK), "for", fmt.Sprint(x.TargetSDK)))
	} else {
		add("ui.app.runs-on", x.Platform)
	}
	var signers []string
	for _, s := range x.Signers {
		signers = append(signers, a.t("ui.app.signer", "schemes", strings.Join(s.Schemes, " "), "subject", s.Subject, "until", s.NotAfter.Format("2006-01-02")))
	}
	if len(signers) == 0 {
		signers = append(signers, x.Signature)
	}
	add("ui.app.signed", strings.Join(signers, a.t("ui.fw.semicolon")))
	short := make([]string, len(x.Permissions))
	for i, p := range x.Permissions {
		short[i] = strings.TrimPrefix(p, "android.permission.")
	}
	add("ui.app.permissions", list(short))
	add("ui.app.exported", list(x.Exported))
	add("ui.app.links", list(x.Links))
	add("ui.app.web-view", list(x.WebView))
	add("ui.app.clear-hosts", list(x.ClearHosts))
	return out
}

func (a *app) appsText(d *firmwareDoc) {
	a.heading("ui.fw.apps", len(d.Apps))
	for _, x := range d.Apps {
		fmt.Fprintln(a.Out, " ", strings.TrimSpace(safe(x.Package)+" "+safe(x.Version))+"  "+safe(x.Path))
		lines, wide := a.appLines(x), 0
		for _, l := range lines {
			wide = max(wide, runewidth.StringWidth(l[0])+4)
		}
		for _, l := range lines {
			a.hanging("  "+l[0], untrusted.From(l[1], 1000).Terminal(), wide)
		}
	}
}
