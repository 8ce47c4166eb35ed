package testcase

// guidedCases are procedures that a person performs, because no program of
// ours can: they need hands, eyes, a capture of a day, or consent to do harm
// to a specimen. What a record must hold is listed with each.
func guidedCases() []Case {
	free := func(name string) Observe { return Observe{Name: name} }
	guided := func(id ID, severity Severity, steps, attach int, observe ...Observe) Case {
		return Case{ID: id, Kind: Functional, Method: Guided, Severity: severity, Steps: steps, Attach: attach, Observe: observe}
	}
	return []Case{
		knownVulnerable(guided("vuln.known-high", Critical, 4, 1, free("database-date"), free("open-high"))),
		guided("auth.replay", High, 4, 0, free("interfaces-tried"), ask("any-accepted", "no")),
		guided("password.change", Medium, 3, 0, ask("changed", "yes"), ask("old-refused", "yes")),
		guided("service.outbound", Medium, 3, 1, free("hours"), free("unexplained-hosts")),
		guided("service.other-transports", Medium, 4, 1, ask("udp-searched", "yes"), ask("ipv6-searched", "yes"), Observe{Name: "unexplained", Met: "none"}),
		guided("label.model", Low, 2, 1, ask("legible", "yes"), free("model-read")),
		guided("update.recovery", Medium, 4, 0, free("interruptions"), ask("recovered", "yes")),
		guided("update.check-seen", Medium, 3, 0, free("periods-observed"), ask("state-shown", "yes")),
		guided("traffic.outbound-secure", High, 4, 1, free("flows-seen"), ask("any-in-clear", "no"), ask("bad-certificate-refused", "yes")),
		guided("auth.outbound", High, 3, 0, free("factors-seen"), free("ciphers")),
		guided("debug.no-path", High, 4, 1, free("interfaces-inspected"), ask("way-in", "no")),
		guided("debug.authenticated", High, 3, 0, ask("prompt-shown", "yes"), ask("common-credential-works", "no")),
		guided("input.validation", High, 4, 0, free("inputs-tried"), free("effects")),
		guided("recovery.power", Medium, 4, 0, free("interruptions"), ask("recovered", "yes")),
		guided("privacy.deletion-works", Medium, 3, 0, ask("marker-gone", "yes"), free("places-checked")),
		guided("privacy.telemetry-consent", Medium, 3, 0, ask("asked-before", "yes"), ask("refusal-stops", "yes")),
		guided("alert.login", Medium, 3, 1, ask("alert-received", "yes"), ask("names-device", "yes")),
	}
}
