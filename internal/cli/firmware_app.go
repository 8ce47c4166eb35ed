package cli

import "fmt"

// firmwareApp is a mobile application's package.
type firmwareApp struct {
	Path        string   `json:"path"`
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

func (a *app) appsText(d *firmwareDoc) {
	a.heading("ui.fw.apps", len(d.Apps))
	for _, x := range d.Apps {
		fmt.Fprintln(a.Out, " ", a.t("ui.fw.app", "package", safe(x.Package), "version", safe(x.Version), "path", safe(x.Path), "signature", safe(x.Signature),
			"permissions", fmt.Sprint(len(x.Permissions)), "exported", fmt.Sprint(len(x.Exported))))
	}
}
