package secret

import (
	"encoding/base64"
	"strings"
)

// candidate is the cheap look that most strings fail: a digit, and nothing that
// stands in paths, formats, sentences and names of variables.
func candidate(b []byte) bool {
	if len(b) < shortest || len(b) > 128 {
		return false
	}
	digits := false
	for i, c := range b {
		if forbidden[c] || c == '%' && conversion(b[i+1:]) || c == '=' && i+2 < len(b) {
			return false
		}
		digits = digits || c >= '0' && c <= '9'
	}
	return digits && !(len(b) > 4 && b[0] == '0' && b[1]|0x20 == 'x' && hexOnly(string(b[2:]))) // a number of C
}

// doorWord says that v is a string that nothing but a comparison has a use for,
// though it has no digit or an underscore: letters of both cases in no order with
// a sign between them ("Kte!WsGBeQoz"), or a short word before a long random tail
// ("dbset_9fk2otq5gdkbb3zc").
func doorWord(v string) bool {
	if len(v) < 8 || len(v) > 40 {
		return false
	}
	signs, low := 0, true
	for i := range len(v) {
		switch c := v[i]; {
		case alnum(c):
			low = low && (c < 'A' || c > 'Z')
		case strings.IndexByte("!#$^&*_", c) >= 0 && i > 0 && i < len(v)-1:
			signs++
		default:
			return false
		}
	}
	head, tail, cut := strings.Cut(v, "_")
	switch {
	case signs != 1:
		return false
	case !cut && (digit(v) || !scrambled(v)):
		return false
	case cut && !(low && len(head) >= 2 && len(head) <= 8 && !digit(head) && len(tail) >= 14 && count(tail) >= 4 && !hexOnly(tail) && random(tail)):
		return false
	}
	return !technical.MatchString(v) && !algorithm.MatchString(v)
}

// conversion says that b goes on as a conversion of printf does behind its sign.
func conversion(b []byte) bool {
	i := 0
	for i < len(b) && strings.IndexByte("-+ #0123456789.*lhzjt", b[i]) >= 0 {
		i++
	}
	return i == len(b) || strings.IndexByte("diouxXeEfFgGaAcspn%", b[i]) >= 0
}

var forbidden = func() (t [256]bool) {
	for _, c := range []byte(" /\\<>\"'(){}[]\t_,:;|~.") {
		t[c] = true
	}
	return t
}()

// generated says that v looks like a password that a generator made, and not
// like a name, a path, a version or a code's mangled symbol.
func generated(v string) bool {
	if len(v) < 8 || len(v) > 32 || !threeKinds(v) || !random(v) || wordy(v) || spoken(v) {
		return false
	}
	if v[0] == 'N' && v[1] >= '0' && v[1] <= '9' { // N4llvm: the name of a type in C++
		return false
	}
	return !technical.MatchString(v) && !algorithm.MatchString(v) && !strings.HasPrefix(v, "GLIBC") && !strings.HasPrefix(v, "GCC") && !strings.ContainsAny(v, ".,:;|~_")
}

// spoken says that v is words in capitals with a hyphen: "NODATA-IPv6".
func spoken(v string) bool {
	first, rest, ok := strings.Cut(v, "-")
	return ok && (strings.ToUpper(first) == first && !digit(first) || strings.ToUpper(rest) == rest && !digit(rest))
}

// made is generated for shorter rhythms, beside an account's name: letters of
// both cases around digits, and no word.
func made(v string) bool {
	if len(v) < 8 || len(v) > 16 || !threeKinds(v) || wordy(v) || technical.MatchString(v) || algorithm.MatchString(v) {
		return false
	}
	capitals := 0
	for i := range len(v) {
		if !alnum(v[i]) {
			return false
		}
		if kindOfByte(v[i]) == 'A' && i > 0 {
			capitals++
		}
	}
	return capitals >= 2
}

// signed says that v is letters and digits with a sign that people put into
// passwords and programmers seldom into names: "R7!hk-service".
func signed(v string) bool {
	if len(v) < 6 || len(v) > 32 || !alnum(v[0]) || technical.MatchString(v) || algorithm.MatchString(v) {
		return false
	}
	letters := 0
	for i := range len(v) {
		if k := kindOfByte(v[i]); k == 'a' || k == 'A' {
			letters++
		}
	}
	return letters >= 2 && digit(v) && strings.IndexAny(v[1:], "!@#%^&$") >= 0 && !strings.ContainsAny(v, "=?+*`")
}

// wordy says that v holds a word: five small letters in a row.
func wordy(v string) bool {
	n := 0
	for i := range len(v) {
		if n++; kindOfByte(v[i]) != 'a' {
			n = 0
		}
		if n >= 5 {
			return true
		}
	}
	return false
}

// generatedLoose is generated for passwords with other characters in them.
func generatedLoose(v string) bool {
	if len(v) < 12 || len(v) > 32 || !threeKinds(v) || !random(v) || wordy(v) || technical.MatchString(v) || algorithm.MatchString(v) {
		return false
	}
	odd := 0
	for i := range len(v) {
		if !alnum(v[i]) {
			odd++
		}
	}
	return odd > 0 && odd <= 4
}

// encodedWord says that v is text in base64.
func encodedWord(v string) bool {
	raw, err := base64.StdEncoding.DecodeString(v)
	if err != nil || len(raw) < 6 {
		return false
	}
	for _, c := range raw {
		if (c < 0x20 || c >= 0x7f) && c != '\n' && c != '\r' && c != '\t' {
			return false
		}
	}
	return true
}

// scrambled says that v is letters of both cases in an order that no name has.
func scrambled(v string) bool {
	if len(v) < 8 || len(v) > 32 {
		return false
	}
	run, small, large, inside := 0, 0, 0, 0
	for i := range len(v) {
		switch k := kindOfByte(v[i]); {
		case k == 'a':
			run++
			small++
			if run > 3 {
				return false
			}
			continue
		case k == 'A':
			large++
			if i > 0 && kindOfByte(v[i-1]) == 'A' {
				inside++
			}
		}
		run = 0
	}
	return small >= 3 && large >= 3 && inside >= 1
}

// deliberate says that v is a password that somebody thought of, with more than
// the number that names have at their end.
func deliberate(v string) bool {
	return len(v) >= 7 && (count(v) >= 2 || strings.IndexAny(v, "!@#%^&*") >= 0) && strings.IndexAny(v, "_=+-") < 0 && chosen(v)
}

// count counts digits.
func count(v string) (n int) {
	for i := range len(v) {
		if kindOfByte(v[i]) == '0' {
			n++
		}
	}
	return n
}

func threeKinds(v string) bool {
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

func hexOnly(v string) bool {
	for i := range len(v) {
		if !hexByte(v[i]) {
			return false
		}
	}
	return true
}

// publicKey says that v begins as a public key or a certificate in base64 does.
func publicKey(v string) bool {
	for _, p := range []string{"MFkwEw", "MIIBI", "MIIBo", "MIGf", "MCowBQ", "MHYwEA", "MIID", "MIIC", "AAAAB3Nza", "AAAAC3Nza", "AAAAE2Vjz"} {
		if strings.HasPrefix(v, p) {
			return true
		}
	}
	return false
}

// capitals says that v is a long run of capitals without a word's rhythm, as the
// licence strings of peer-to-peer libraries are.
func capitals(v string) bool {
	if len(v) < 24 {
		return false
	}
	seen := 0
	var is [26]bool
	for i := range len(v) {
		if v[i] < 'A' || v[i] > 'Z' {
			return false
		}
		if !is[v[i]-'A'] {
			is[v[i]-'A'] = true
			seen++
		}
	}
	return seen >= 8
}

// mixed says that v has letters and digits, one run of characters.
func mixed(v string) bool {
	letters := false
	for i := range len(v) {
		switch k := kindOfByte(v[i]); {
		case k == 'a' || k == 'A':
			letters = true
		case v[i] == ' ' || v[i] == '/' || v[i] == '.':
			return false
		}
	}
	return letters && digit(v)
}

func digit(v string) bool { return strings.ContainsAny(v, "0123456789") }

func ascii(v string) bool {
	for i := range len(v) {
		if v[i] >= 0x80 {
			return false
		}
	}
	return true
}

// random says that v looks made by a generator: letters and digits, and the
// kinds of characters change often. Names ("getUserToken2") change less.
func random(v string) bool {
	if len(v) < 8 || strings.Contains(v, " ") {
		return false
	}
	changes, letters, numbers := 0, 0, 0
	last := byte(0)
	for i := range len(v) {
		k := kindOfByte(v[i])
		switch k {
		case 'a', 'A':
			letters++
		case '0':
			numbers++
		}
		// A capital that begins a word is no change.
		if last != 0 && k != last && !(last == 'A' && k == 'a') {
			changes++
		}
		last = k
	}
	return letters > 0 && numbers > 0 && changes*4 >= len(v)
}

func kindOfByte(c byte) byte {
	switch {
	case c >= 'a' && c <= 'z':
		return 'a'
	case c >= 'A' && c <= 'Z':
		return 'A'
	case c >= '0' && c <= '9':
		return '0'
	}
	return '.'
}
