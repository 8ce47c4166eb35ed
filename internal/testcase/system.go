package testcase

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/verdict"
)

// systemCases judge how the system of an image is set up: its accounts, its
// connections, its rights, what it carries that only developers need
// (IoT-1005-1 5.1.3.1, 5.4.2.1; EN 303 645 5.1-1, 5.5-1, 5.6-6, 5.6-7).
func systemCases() []Case {
	weak := []Need{{Kind: fact.ImageWeakness{}.Kind()}}
	return []Case{
		{
			ID: "firmware.accounts", Kind: Functional, Method: Assisted, Severity: Critical, Image: true,
			Needs: append(weak, Need{Kind: fact.ImageSecret{}.Kind()}), Subjects: images, Judge: accounts, Empty: noImage,
			Steps: 3, Observe: []Observe{{Name: "accounts-tried"}, ask("opens-on-a-unit", "no")},
		},
		{
			ID: "firmware.transport", Kind: Functional, Method: Assisted, Severity: High, Image: true,
			Needs: weak, Subjects: images, Judge: transportSettings, Empty: noImage,
			Steps: 2, Observe: []Observe{{Name: "settings-looked-at"}, ask("data-unprotected", "no")},
		},
		{
			ID: "firmware.least-privilege", Kind: Functional, Method: Assisted, Severity: Medium, Image: true,
			Needs: weak, Subjects: images, Judge: leastPrivilege, Empty: noImage,
			Steps: 3, Observe: []Observe{{Name: "processes-listed"}, ask("more-than-needed", "no")},
		},
		{
			ID: "firmware.no-debug-tools", Kind: Functional, Method: Assisted, Severity: Low, Image: true,
			Needs: weak, Subjects: images, Judge: noDebugTools, Empty: noImage,
			Steps: 3, Observe: []Observe{{Name: "removed-by"}, ask("unneeded-found", "no")},
		},
	}
}

// clean is the search of an image for what it isn't to hold; without it, the
// outcome that says so. A search by a version that didn't look for what the
// cases of this file, or those on programs, ask for is none.
func clean(v *View, s Subject) (fact.Typed[fact.Scope], Outcome, bool) {
	scope, whole := wholeScope(v, fact.ScopeImageFiles, s.Key)
	if !whole {
		return scope, unread(v, s), false
	}
	if v.Facts.Observation(scope.Fact).Collector == "firmware@1" {
		return scope, Inconclusive(verdict.Because("reason.search-too-old", "image", s.Key), verdict.Because("provide.repeat")).With(scope.Fact), false
	}
	return scope, Outcome{}, true
}

// weaknesses are the facts of the given types on an image.
func weaknesses(v *View, image string, types ...string) []fact.Typed[fact.ImageWeakness] {
	return fact.Where(v.Facts, func(w fact.ImageWeakness) bool { return w.Image == image && slices.Contains(types, w.Type) })
}

// because names the first of several weaknesses as a reason.
func because(key string, ws []fact.Typed[fact.ImageWeakness]) verdict.Reason {
	w := ws[0].Value
	return verdict.Because(key, "type", "weakness."+w.Type, "path", w.Path, "line", fmt.Sprint(w.Line), "detail", w.Detail, "count", fmt.Sprint(len(ws)))
}

// accounts: what stands in the image is the same on every unit. An account
// without a password, or with one that was recovered, opens all of them; a
// hash that wasn't recovered, a key or a second root may, and a person tries.
func accounts(v *View, s Subject, _ Params) Outcome {
	hashes := fact.Where(v.Facts, func(k fact.ImageSecret) bool { return k.Image == s.Key && k.Type == "password-hash" })
	if o := openAccounts(v, s, hashes); o.verdict != "" {
		return o
	}
	scope, o, ok := clean(v, s)
	if !ok {
		return o
	}
	if doors := weaknesses(v, s.Key, "uid0-account", "ssh-authorized-key", "ssh-root-password"); len(doors) > 0 {
		o = AskPerson(because("reason.account-to-try", doors), facts(doors)...)
	}
	if len(hashes) > 0 {
		o = alsoAsk(o, verdict.Because("reason.account-same-hash", "user", hashes[0].Value.User, "path", hashes[0].Value.Path,
			"line", fmt.Sprint(hashes[0].Value.Line), "count", fmt.Sprint(len(hashes))), facts(hashes)...)
	}
	if o.person {
		return o.With(scope.Fact)
	}
	if o, none := silent(v, s); none {
		return o
	}
	return PassAbsent(verdict.Because("reason.no-open-account"), scope)
}

// maxNamed bounds the accounts that one outcome names.
const maxNamed = 5

// openAccounts fails where an account of the image opens every unit, and names
// those that a well-known password opens beside those that need none.
func openAccounts(v *View, s Subject, hashes []fact.Typed[fact.ImageSecret]) (o Outcome) {
	if open := weaknesses(v, s.Key, "empty-password", "ssh-empty-password", "anonymous-access", "snmp-default-community"); len(open) > 0 {
		o = Fail(because("reason.account-open", open), facts(open)...)
	}
	named := 0
	for _, k := range hashes {
		if !k.Value.Recovered || named == maxNamed {
			continue
		}
		named++
		why := verdict.Because("reason.account-common-password", "user", k.Value.User, "path", k.Value.Path, "line", fmt.Sprint(k.Value.Line))
		if o.verdict == "" {
			o = Fail(why, k.Fact)
		} else {
			o = o.And(why).With(k.Fact)
		}
	}
	return o
}

// transportSettings: a client that is told not to check, or a server that
// accepts broken versions and ciphers, is one wherever it is used. A plain
// port, a weak Wi-Fi network or a weak cipher may have a harmless use.
// Updates have a case of their own.
func transportSettings(v *View, s Subject, _ Params) Outcome {
	bad := slices.DeleteFunc(weaknesses(v, s.Key, "tls-verify-disabled", "weak-tls-config", "weak-ssh-config"), func(w fact.Typed[fact.ImageWeakness]) bool {
		return w.Value.Type == "tls-verify-disabled" && updates(v, w.Value.Found)
	})
	if len(bad) > 0 {
		return Fail(because("reason.transport-weakened", bad), facts(bad)...)
	}
	scope, o, ok := clean(v, s)
	if !ok {
		return o
	}
	if open := weaknesses(v, s.Key, "cleartext-transport", "weak-wifi-security", "weak-cipher", "login-over-get"); len(open) > 0 {
		return AskPerson(because("reason.transport-to-explain", open), facts(open)...).With(scope.Fact)
	}
	return PassAbsent(verdict.Because("reason.no-transport-weakened"), scope)
}

// updates says that the file of a finding renews the device.
func updates(v *View, f fact.Found) bool {
	return len(fact.Where(v.Facts, func(u fact.ImageUpdate) bool { return u.Image == f.Image && u.Path == f.Path })) > 0
}

// leastPrivilege fails what gives rights away to every process. Which rights
// a running process needs, a person has to say.
func leastPrivilege(v *View, s Subject, _ Params) Outcome {
	if open := weaknesses(v, s.Key, "world-writable", "secret-world-readable", "device-open", "sudo-without-password"); len(open) > 0 {
		return Fail(because("reason.open-to-every-process", open), facts(open)...)
	}
	scope, o, ok := clean(v, s)
	if !ok {
		return o
	}
	o = AskPerson(verdict.Because("reason.list-processes"), scope.Fact)
	if root := weaknesses(v, s.Key, "setuid-root", "setgid-root", "service-as-root"); len(root) > 0 {
		o = o.And(because("reason.runs-as-root", root)).With(facts(root)...)
	}
	return o
}

// debuggers have no use but to look into running programs and to change them.
var debuggers = []string{"gdb", "gdbserver", "strace", "ltrace", "lldb-server", "valgrind", "frida-server", "gcore", "devmem2", "memtool", "bpftrace", "trace-cmd"}

// noDebugTools fails debuggers. A capture program or a relay may be part of
// the product; that nothing else is left over, no program can say.
func noDebugTools(v *View, s Subject, _ Params) Outcome {
	tools := weaknesses(v, s.Key, "debug-tool")
	bad := slices.DeleteFunc(slices.Clone(tools), func(w fact.Typed[fact.ImageWeakness]) bool { return !debugger(w.Value.Path) })
	if len(bad) > 0 {
		return Fail(because("reason.debugger-in-image", bad), facts(bad)...)
	}
	scope, o, ok := clean(v, s)
	if !ok {
		return o
	}
	o = AskPerson(verdict.Because("reason.review-contents"), scope.Fact)
	if len(tools) > 0 {
		o = o.And(because("reason.tool-in-image", tools)).With(facts(tools)...)
	}
	if left := weaknesses(v, s.Key, "development-leftover"); len(left) > 0 {
		o = o.And(because("reason.left-in-image", left)).With(facts(left)...)
	}
	return o
}

func debugger(name string) bool {
	base := path.Base(name)
	return slices.Contains(debuggers, base) || slices.ContainsFunc(debuggers, func(d string) bool {
		return strings.HasSuffix(base, "-"+d) || strings.HasPrefix(base, d+"-")
	})
}
