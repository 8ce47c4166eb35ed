package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"assay/internal/collect/firmware"
)

// firmwareApp is a mobile application's package.
type firmwareApp struct {
	Path        string   `json:"path"`
	Platform    string   `json:"platform"` // android, ios
	Package     string   `json:"package"`
	Version     string   `json:"version,omitempty"`
	MinSDK      int      `json:"min_sdk,omitempty"`
	TargetSDK   int      `json:"target_sdk,omitempty"`
	Debuggable  bool     `json:"debuggable"`
	Backup      bool     `json:"backup"`
	Cleartext   bool     `json:"cleartext"`           // connections in clear are allowed to any host
	UserCAs     bool     `json:"user_cas"`            // certificates that the user added are trusted
	Signature   string   `json:"signature,omitempty"` // the highest scheme: v1, v2, v3
	Permissions []string `json:"permissions"`
	Exported    []string `json:"exported"` // parts that others may call without a permission
}

// apps takes the mobile applications of a result. What a manifest leaves open
// counts as the platform takes it (developer.android.com, "application").
func (d *firmwareDoc) apps(r *firmware.Result) {
	for _, x := range r.Apps {
		out := firmwareApp{Path: x.Path, Platform: x.Platform, Package: x.Package, Version: x.Version, MinSDK: x.MinSDK, TargetSDK: x.TargetSDK, Debuggable: x.Debuggable,
			Backup: x.BacksUp(), Cleartext: x.ClearToAll(), Permissions: filled(x.Permissions), Exported: []string{}}
		if n := x.Network; n != nil {
			out.Cleartext, out.UserCAs = slices.Contains(n.Cleartext, "*"), n.UserCAs
		} else {
			out.Cleartext = x.Platform == "android" && cmp.Or(x.Cleartext, fmt.Sprint(x.TargetSDK < 28)) == "true"
		}
		if len(x.Schemes) > 0 {
			out.Signature = slices.Max(x.Schemes)
		}
		for _, p := range x.Exported {
			if p.Permission == "" {
				out.Exported = append(out.Exported, strings.TrimSpace(p.Kind+" "+p.Name))
			}
		}
		d.Apps = append(d.Apps, out)
	}
}

func (a *app) appsText(d *firmwareDoc) {
	a.heading("ui.fw.apps", len(d.Apps))
	for _, x := range d.Apps {
		fmt.Fprintln(a.Out, " ", a.t("ui.fw.app", "package", safe(x.Package), "version", safe(x.Version), "path", safe(x.Path), "signature", safe(x.Signature),
			"permissions", fmt.Sprint(len(x.Permissions)), "exported", fmt.Sprint(len(x.Exported))))
	}
}
