package cli

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

func (a *app) appsText(d *firmwareDoc, safe func(string) string) {
	a.heading("ui.fw.apps", len(d.Apps))
}
