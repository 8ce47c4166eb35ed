package secret

import (
	"regexp"
	"strings"

	"assay/internal/collect/firmware/inspect"
)

// maxStrings bounds the programs that program looks at. What a maker writes for
// one device has some hundred strings; libraries of thousands hold tables whose
// entries look like anything.
const maxStrings = 600

// reach is how many strings away a password may stand from what makes it one.
const reach = 4

var (
	// loginContext is what stands beside a log-in in a program's strings.
	loginContext = regexp.MustCompile(`(?i)(login|passw|passwd|\bmqtt\b|%s:%s|auth|credential|\bfactory\b|backdoor|\bpwd\b|su_pass|superuser)`)
	account      = regexp.MustCompile(`^[a-z][a-z0-9_.-]{2,19}$`)
	shellContext = regexp.MustCompile(`(?i)(^/bin/(ba|a)?sh$|debug> ?$|\bshell\b|login:|password:)`)
	wordNumber   = regexp.MustCompile(`^[a-z]{4,12}[0-9]{3,6}$`)
	algorithm    = regexp.MustCompile(`(?i)^(sha|aes|md|rsa|utf|iso|latin|base|chacha|poly|curve|ed|x|secp|prime|camellia|blake|ripemd|tiger|rc|des|aria|sm|sect|ffdhe|modp|mips|armv|cortex|linux|ipv|tls|ssl|http|mtd|tty|eth|wlan|usb|video|snd|gpio|spi|i2c|uart|ov|imx|gc|hi|rtl|mt|bcm|nvt|ssc|gk)[a-z]*[0-9]`)
)

// program looks at the strings of an ELF for an account and a password that
// stand together: literals of one function keep their neighbourhood in .rodata.
// Only programs are looked at, and only what a generator or a habit makes
// ("Xk3jP0qa9", "copper779").
func (s *scanner) program() {
	if s.prose() || strings.Contains(s.f.Path, ".so") || strings.HasSuffix(s.f.Path, ".ko") {
		return
	}
	var all []inspect.Run
	for r := range s.f.Runs(4) {
		if !r.NUL {
			continue
		}
		if all = append(all, r); len(all) > maxStrings {
			return
		}
	}
	for i, r := range all {
		if len(r.Text) > 40 {
			continue
		}
		v := string(r.Text)
		if strings.ContainsAny(v, " %/\\<>=\"'(){}\t") || placeholder(v) {
			continue
		}
		var context *regexp.Regexp
		switch {
		case generated(v):
			context = loginContext
		case wordNumber.MatchString(v) && !algorithm.MatchString(v):
			context = shellContext
		default:
			continue
		}
		why, user := beside(all, i, context)
		if why == "" {
			continue
		}
		s.add(r.Off, Hit{Kind: EmbeddedLogin, Value: v, User: user, Scheme: named(why), Note: "in a program's strings, beside " + quote(why)})
	}
}

// generated says that v looks like a password that a generator made, and not
// like a name, a path, a version or a code's mangled symbol.
func generated(v string) bool {
	if len(v) < 8 || len(v) > 32 || !random(v) || algorithm.MatchString(v) || strings.HasPrefix(v, "_Z") || strings.HasPrefix(v, "GLIBC") || strings.HasPrefix(v, "GCC") || strings.ContainsAny(v, ".,:;|~") {
		return false
	}
	var lower, upper, number bool
	for i := range len(v) {
		switch kindOfByte(v[i]) {
		case 'a':
			lower = true
		case 'A':
			upper = true
		case '0':
			number = true
		}
	}
	return lower && upper && number
}

// beside looks around string i for the context, nearest first, and for an
// account's name right beside it.
func beside(all []inspect.Run, i int, context *regexp.Regexp) (why, user string) {
	for d := 1; d <= reach && why == ""; d++ {
		for _, j := range []int{i - d, i + d} {
			if j >= 0 && j < len(all) && context.Match(all[j].Text[:min(len(all[j].Text), 200)]) && near(all, i, j) {
				why = string(all[j].Text)
				break
			}
		}
	}
	if why == "" {
		return "", ""
	}
	for _, j := range []int{i - 1, i + 1} {
		if j >= 0 && j < len(all) && len(all[j].Text) < 32 && account.Match(all[j].Text) && near(all, i, j) {
			return why, string(all[j].Text)
		}
	}
	return why, ""
}

// near says that the strings stand in one place and not in two sections.
func near(all []inspect.Run, i, j int) bool {
	d := all[i].Off - all[j].Off
	return d < 512 && d > -512
}

func quote(s string) string {
	if len(s) > 40 {
		s = s[:40] + "…"
	}
	return `"` + s + `"`
}
