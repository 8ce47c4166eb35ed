package refcam

// Sample is a made-up result of a guided test of the reference camera. The
// demonstration records them, marked as samples, so that a reader sees what a
// finished assessment looks like. Nobody performed these tests.
type Sample struct {
	Case string
	// On says what the result is about: "" the product, "image", "app", "personal"
	// (each datum of personal data), "secret" (each declared secret), "login"
	// (each interface with a described login, on each unit).
	On      string
	Note    string
	Observe map[string]string
	Attach  bool // with a small text file as attachment
}

// Samples returns the sample results, all of them PASS. What isn't here
// stays undecided in the demonstration.
func Samples() []Sample {
	return []Sample{
		{Case: "auth.required", On: "login", Note: "the functions left out were asked for without a login", Observe: map[string]string{"unsafe-functions-refused": "yes"}},
		{Case: "access.roles", On: "login", Note: "the functions left out were tried in each role", Observe: map[string]string{"unsafe-functions-by-role": "yes"}},
		{Case: "auth.replay", Note: "recorded requests sent again were refused", Observe: map[string]string{"interfaces-tried": "web, rtsp", "any-accepted": "no"}},
		{Case: "access.roles-defined", Note: "roles page read", Observe: map[string]string{"rights-defined": "yes"}},
		{Case: "password.per-unit", Note: "labels of two units compared", Observe: map[string]string{"labels-differ": "yes", "units-compared": "2"}, Attach: true},
		{Case: "password.change", Note: "changed in the web page", Observe: map[string]string{"changed": "yes", "old-refused": "yes"}},
		{Case: "key.unique", On: "secret", Note: "provisioning record read", Observe: map[string]string{"generated-per-unit": "yes"}},
		{Case: "service.outbound", Note: "one day on the laboratory network", Observe: map[string]string{"hours": "24", "unexplained-hosts": "none"}, Attach: true},
		{Case: "service.other-transports", Note: "UDP and IPv6 scanned", Observe: map[string]string{"udp-searched": "yes", "ipv6-searched": "yes", "unexplained": "none"}, Attach: true},
		{Case: "doc.disclosure-policy", Note: "policy read", Observe: map[string]string{"covers-product": "yes", "states-disclosure": "yes", "states-remedy": "yes", "public": "yes"}},
		{Case: "doc.secure-development", Note: "description read", Observe: map[string]string{"describes-development": "yes"}},
		{Case: "doc.setup-guide", Note: "guide followed on a factory-state unit", Observe: map[string]string{"covers-security": "yes", "followed-on-unit": "yes"}},
		{Case: "doc.privacy-notice", Note: "notice compared with the inventory", Observe: map[string]string{"names-personal-data": "yes", "states-purposes": "yes"}},
		{Case: "label.model", Note: "label photographed", Observe: map[string]string{"legible": "yes", "model-read": "LC-200"}, Attach: true},
		{Case: "update.recovery", Note: "power cut at three stages", Observe: map[string]string{"interruptions": "early, middle, late", "recovered": "yes"}},
		{Case: "update.channel", Note: "update captured", Observe: map[string]string{"transfer-seen": "yes", "tls-version": "1.3", "forward-secrecy": "yes", "bad-certificate-refused": "yes"}},
		{Case: "update.check-seen", Note: "two periods watched", Observe: map[string]string{"periods-observed": "2", "state-shown": "yes"}},
		{Case: "firmware.not-public", On: "image", Note: "searched", Observe: map[string]string{"places-searched": "maker's site, update host", "found": "no"}},
		{Case: "firmware.least-privilege", On: "image", Note: "processes of a unit listed", Observe: map[string]string{"processes-listed": "ipcamd, crond, ntpd, udhcpc", "more-than-needed": "no"}},
		{Case: "firmware.no-debug-tools", On: "image", Note: "list of files reviewed", Observe: map[string]string{"removed-by": "list of packages, reviewed at each release", "unneeded-found": "no"}},
		{Case: "app.transport", On: "app", Note: "set-up, live view and settings recorded", Observe: map[string]string{"flows-seen": "api over TLS", "any-in-clear": "no", "bad-certificate-refused": "yes"}},
		{Case: "app.build", On: "app", Note: "parts called from another app", Observe: map[string]string{"parts-tried": "all of the manifest", "works-for-others": "no"}},
		{Case: "storage.encrypted", Note: "markers searched in flash", Observe: map[string]string{"markers-found-in-clear": "no", "algorithms": "AES-256-XTS"}, Attach: true},
		{Case: "traffic.outbound-secure", Note: "one day of traffic", Observe: map[string]string{"flows-seen": "api, mqtt, ota, ntp", "any-in-clear": "no", "bad-certificate-refused": "yes"}, Attach: true},
		{Case: "auth.outbound", Note: "marker credentials searched in capture", Observe: map[string]string{"factors-seen": "cloud token", "ciphers": "TLS_AES_128_GCM_SHA256"}},
		{Case: "debug.no-path", Note: "case opened", Observe: map[string]string{"interfaces-inspected": "UART, USB", "way-in": "no"}, Attach: true},
		{Case: "recovery.power", Note: "network and power cut", Observe: map[string]string{"interruptions": "power 3, network 3", "recovered": "yes"}},
		{Case: "privacy.necessary", On: "personal", Note: "inventory reviewed", Observe: map[string]string{"need-holds": "yes"}},
		{Case: "privacy.deletion-works", Note: "marker video deleted", Observe: map[string]string{"marker-gone": "yes", "places-checked": "flash, app, cloud"}},
		{Case: "privacy.telemetry-consent", Note: "set-up walked through", Observe: map[string]string{"asked-before": "yes", "refusal-stops": "yes"}},
		{Case: "alert.login", Note: "five wrong passwords", Observe: map[string]string{"alert-received": "yes", "names-device": "yes"}, Attach: true},
	}
}
