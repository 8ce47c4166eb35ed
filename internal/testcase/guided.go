package testcase

// guidedCases are procedures that a person performs, because no program of
// ours can: they need hands, eyes, a capture of a day, or consent to do harm
// to a specimen. What a record must hold is listed with each.
func guidedCases() []Case {
	yesno := []string{"yes", "no"}
	guided := func(id ID, severity Severity, steps, attach int, observe ...Observe) Case {
		return Case{ID: id, Kind: Functional, Method: Guided, Severity: severity, Steps: steps, Attach: attach, Observe: observe}
	}
	known := guided("vuln.known-high", Critical, 4, 1, Observe{"database-date", nil}, Observe{"open-high", nil})
	known.Params = []Param{{Name: "cvss", Default: "7"}}
	return []Case{
		known,
		guided("auth.replay", High, 4, 0, Observe{"interfaces-tried", nil}, Observe{"any-accepted", yesno}),
		guided("password.change", Medium, 3, 0, Observe{"changed", yesno}, Observe{"old-refused", yesno}),
		guided("service.outbound", Medium, 3, 1, Observe{"hours", nil}, Observe{"unexplained-hosts", nil}),
		guided("label.model", Low, 2, 1, Observe{"legible", yesno}, Observe{"model-read", nil}),
		guided("update.recovery", Medium, 4, 0, Observe{"interruptions", nil}, Observe{"recovered", yesno}),
		guided("update.check-seen", Medium, 3, 0, Observe{"periods-observed", nil}, Observe{"state-shown", yesno}),
		guided("traffic.outbound-secure", High, 4, 1, Observe{"flows-seen", nil}, Observe{"any-in-clear", yesno}, Observe{"bad-certificate-refused", yesno}),
		guided("auth.outbound", High, 3, 0, Observe{"factors-seen", nil}, Observe{"ciphers", nil}),
		guided("debug.no-path", High, 4, 1, Observe{"interfaces-inspected", nil}, Observe{"way-in", yesno}),
		guided("debug.authenticated", High, 3, 0, Observe{"prompt-shown", yesno}, Observe{"common-credential-works", yesno}),
		guided("input.validation", High, 4, 0, Observe{"inputs-tried", nil}, Observe{"effects", nil}),
		guided("recovery.power", Medium, 4, 0, Observe{"interruptions", nil}, Observe{"recovered", yesno}),
		guided("privacy.deletion-works", Medium, 3, 0, Observe{"marker-gone", yesno}, Observe{"places-checked", nil}),
		guided("privacy.telemetry-consent", Medium, 3, 0, Observe{"asked-before", yesno}, Observe{"refusal-stops", yesno}),
		guided("alert.login", Medium, 3, 1, Observe{"alert-received", yesno}, Observe{"names-device", yesno}),
	}
}
