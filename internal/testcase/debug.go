package testcase

import (
	"fmt"

	"assay/internal/fact"
	"assay/internal/verdict"
)

// debugCases judge ways into the operating system past its users
// (IoT-1005-1 5.5.1.1; EN 303 645 5.6-3, 5.6-4): consoles, boot loaders,
// memory cards and debug bridges that let anybody in.
func debugCases() []Case {
	return []Case{{
		ID: "debug.serial-console", Kind: Functional, Method: Auto, Severity: High, Image: true,
		Needs: []Need{{Kind: fact.ImageStart{}.Kind()}, {Kind: fact.ImageWeakness{}.Kind()}}, Subjects: images, Judge: serialConsole, Empty: noImage,
	}}
}

func serialConsole(v *View, s Subject, _ Params) Outcome {
	for _, st := range fact.Where(v.Facts, func(st fact.ImageStart) bool {
		return st.Image == s.Key && st.Type == "shell-without-login"
	}) {
		return Fail(verdict.Because("reason.shell-without-login", "path", st.Value.Path, "line", fmt.Sprint(st.Value.Line), "text", st.Value.Text), st.Fact)
	}
	for _, way := range []struct{ what, reason string }{
		{"bootloader-open", "reason.bootloader-open"}, {"media-autorun", "reason.media-autorun"},
		{"adb-enabled", "reason.adb-enabled"}, {"debug-build", "reason.debug-build"},
	} {
		if open := weaknesses(v, s.Key, way.what); len(open) > 0 {
			return Fail(because(way.reason, open), facts(open)...)
		}
	}
	scope, whole := wholeScope(v, fact.ScopeImageFiles, s.Key)
	if !whole {
		return unread(v, s)
	}
	if o, none := silent(v, s); none {
		return o
	}
	return PassAbsent(verdict.Because("reason.no-open-shell"), scope)
}
