package document

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"assay/internal/pattern"
)

// names says whether a document names the product, by its model or its name.
// Only where it doesn't, other is a model of like shape that stands in its
// place: in the title, in the first heading, or after the word "model".
func names(lines []line, title string, args Args) (model bool, other string) {
	own := []name{newName(args.Model), newName(args.Name)}
	mentions := func(s string) bool { return own[0].in(s) || own[1].in(s) }
	if mentions(title) {
		return true, ""
	}
	for i, l := range lines {
		// A name may be broken over two lines.
		if mentions(l.text) || i+1 < len(lines) && mentions(tail(l.text, 80)+" "+head(lines[i+1].text, 80)) {
			return true, ""
		}
	}
	shape, ok := shapeOf(args.Model)
	if !ok {
		return false, ""
	}
	if other = shape.find(title, true); other != "" {
		return false, other
	}
	first := true
	for i, l := range lines {
		if l.heading && first {
			first = false
			if other = shape.find(l.text, true); other != "" {
				return false, other
			}
		}
		after, ok := afterModel(l.text)
		if !ok {
			continue
		}
		if i+1 < len(lines) && len(after) < 40 {
			after += " " + head(lines[i+1].text, 80)
		}
		if other = shape.find(after, false); other != "" {
			return false, other
		}
	}
	return false, ""
}

var modelWord = pattern.New(`(?i)\bmodels?\b(?:\s*(?:name|number|nos?\b\.?|nr\b\.?|#))?|型號`)

// afterModel returns what stands after the word "model" in the same sentence.
func afterModel(s string) (string, bool) {
	at := modelWord.FindStringIndex(s)
	if at == nil {
		return "", false
	}
	rest := head(s[at[1]:], 60)
	for _, stop := range []string{". ", "; ", "。", "；"} {
		rest, _, _ = strings.Cut(rest, stop)
	}
	return rest, true
}

// shape is what a model number looks like: letters, then digits.
type shape struct {
	letters, digits int
	own             string // folded
}

var ownShape = pattern.New(`^([a-z]{1,8})(\d{1,6})[a-z]{0,4}$`)

func shapeOf(model string) (shape, bool) {
	own := fold(model)
	m := ownShape.FindStringSubmatch(own)
	if m == nil {
		return shape{}, false
	}
	return shape{letters: len(m[1]), digits: len(m[2]), own: own}, true
}

// candidate is a word that may be a model number. Lower case is left out: it
// is prose more often ("in 30 days").
var candidate = pattern.New(`\b([A-Z]{1,8})([-_ ]?)(\d{1,7})([A-Z]{0,4})\b`)

// find returns the first model in s that isn't the product's own and has its
// shape. In a title a letter and a number with a space between count only if
// the title isn't written in capitals as a whole.
func (p shape) find(s string, inTitle bool) string {
	s = norm.NFKC.String(head(s, 600))
	capitals := inTitle && !strings.ContainsFunc(s, unicode.IsLower)
	for _, m := range candidate.FindAllStringSubmatch(s, 16) {
		whole, word, sep, digits := m[0], m[1], m[2], m[3]
		switch variant, isOwn := strings.CutPrefix(fold(whole), p.own); {
		case isOwn && !startsWithDigit(variant): // LC-200W may be sold as an LC-200
		case abs(len(word)-p.letters) > 1, abs(len(digits)-p.digits) > 1:
		case notModels[word]:
		case sep == " " && capitals:
		case sep == " " && year(digits) && len(word) > 3: // an unlisted word before a year
		default:
			return whole
		}
	}
	return ""
}

func year(digits string) bool {
	return len(digits) == 4 && (strings.HasPrefix(digits, "19") || strings.HasPrefix(digits, "20"))
}

// notModels are words in front of numbers that make no model: of everyday
// English, of standards, protocols, algorithms and units.
var notModels = set(`
	A AN AND AS AT BY DO FOR FROM IF IN IS IT NO NOT OF ON OR SO THE TO UP WITH YOU ALL ANY
	JAN FEB MAR APR MAY JUN JUL AUG SEP SEPT OCT NOV DEC JANUARY FEBRUARY MARCH APRIL JUNE JULY AUGUST SEPTEMBER OCTOBER NOVEMBER DECEMBER
	MON TUE WED THU FRI SAT SUN DAY DAYS WEEK MONTH YEAR YEARS SINCE UNTIL DATE TIME Q H S
	MANUAL GUIDE USER QUICK START SETUP SET VERSION VER V REV R REVISION RELEASE EDITION ED ISSUE COPYRIGHT C DRAFT FINAL NEW
	PAGE PAGES P PP PART PARTS CHAPTER CH SECTION SEC STEP STEPS FIG FIGURE TABLE TAB ANNEX NOTE ITEM LEVEL CLASS TYPE TOP MAX MIN NR NUMBER
	MODEL MODELS SERIES SUPPORT POLICY NOTICE SECURITY UPDATE UPDATES FIRMWARE SOFTWARE PRODUCT CAMERA DOCUMENT DOC REPORT TERMS
	EN ISO IEC IEEE ETSI TS TR TC UL FCC CE NCC CNS IOT BSMI DIN BS ANSI NIST SP IR FIPS RFC CVE CWE CRA EU EC US UK TW PSTI GDPR ROHS REACH
	TLS SSL WPA WEP SHA AES DES RSA ECC MD UTF IPV IP IK HTTP HTTPS TCP UDP PORT RTSP MQTT DNS NTP SSH ONVIF WIFI BT BLE USB HDMI LAN WAN POE LTE
	MP HD UHD FHD K G GB MB KB TB MHZ GHZ HZ KHZ DC AC VDC W MM CM M KG FPS DPI CAT CR AA AAA LR SD DDR RAM ARM CPU LED IOS WIN OS PDF HTML ISBN TEL FAX ZIP`)

func set(words string) map[string]bool {
	out := make(map[string]bool)
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

func startsWithDigit(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

func abs(n int) int { return max(n, -n) }

// fold writes a model the way it is compared: without case, separators and
// differences of width.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if separator(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKC.String(s))
}

// separator is what people put between the parts of a model, or leave out.
func separator(r rune) bool {
	return r == '_' || unicode.IsSpace(r) || unicode.In(r, unicode.Pd, unicode.Cf)
}

// name is a model or a product's name to look for.
type name struct {
	want   []rune // folded
	spaces bool   // white space may stand between its runes
}

func newName(s string) name {
	n := name{want: []rune(fold(s))}
	// A very short one must stand as it is: "a 1" is no A1.
	n.spaces = len(n.want) > 3 || strings.ContainsRune(strings.TrimSpace(s), ' ')
	return n
}

// in says whether s holds n, compared folded, not as part of a longer word.
func (n name) in(s string) bool {
	if len(n.want) == 0 {
		return false
	}
	text := []rune(strings.ToLower(norm.NFKC.String(s)))
	for i := range text {
		if text[i] != n.want[0] || i > 0 && word(text[i-1]) && word(text[i]) {
			continue
		}
		end := n.match(text[i:])
		if j := i + end; end > 0 && (j == len(text) || !word(text[j]) || !word(text[j-1])) {
			return true
		}
	}
	return false
}

// match returns how many runes at the beginning of text are n; 0 where it
// isn't there.
func (n name) match(text []rune) int {
	i, gap := 0, 0
	for k := 0; k < len(n.want); {
		switch {
		case i == len(text):
			return 0
		case text[i] == n.want[k]:
			i, k, gap = i+1, k+1, 0
		case k > 0 && separator(text[i]) && (n.spaces || !unicode.IsSpace(text[i])) && gap < 3:
			i, gap = i+1, gap+1
		default:
			return 0
		}
	}
	return i
}

// word says whether r is of a script that writes words apart.
func word(r rune) bool {
	return unicode.IsDigit(r) || unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic)
}

func head(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func tail(s string, n int) string {
	at := len(s) - n
	if at <= 0 {
		return s
	}
	for at < len(s) && !utf8.RuneStart(s[at]) {
		at++
	}
	return s[at:]
}
