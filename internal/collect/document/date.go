package document

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/internal/pattern"
)

// date is a place in a text that is, or looks like, a date.
type date struct {
	from, to int // bytes
	day      time.Time
	ok       bool // day is known
}

// dateForm is a way to write a date. Names of its groups: y year, r year of the
// Republic of China (1 is 1912), m month, n month by name, d day, a and b the
// two numbers before a year whose order isn't known.
type dateForm struct {
	re *pattern.Pattern
	// unclear: it speaks of a time that isn't one day for every reader.
	unclear bool
}

const monthName = `(?P<n>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?`

// dateForms stand in the order in which they are tried; what one took, the
// next don't see. A month and a year mean the month's last day.
var dateForms = []dateForm{
	{re: pattern.New(`\b(?P<y>20\d\d)\s?([-/.])\s?(?P<m>\d{1,2})\s?[-/.]\s?(?P<d>\d{1,2})(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?`)},
	{re: pattern.New(`\b(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>20\d\d)`)},
	{re: pattern.New(`\b(?P<a>\d{1,2})[-/](?P<b>\d{1,2})[-/](?P<y>20\d\d)`)},
	{re: pattern.New(`(?i)\b(?P<d>\d{1,2})(?:st|nd|rd|th)?[\s-]+(?:of\s+)?` + monthName + `[\s,-]+(?P<y>20\d\d)`)},
	{re: pattern.New(`(?i)\b` + monthName + `\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?\s*,?\s+(?P<y>20\d\d)`)},
	{re: pattern.New(`(?P<y>20\d\d)\s?年\s?(?P<m>\d{1,2})\s?月\s?(?P<d>\d{1,2})\s?[日號]`)},
	{re: pattern.New(`民國\s?(?P<r>\d{2,3})\s?年\s?(?P<m>\d{1,2})\s?月\s?(?P<d>\d{1,2})\s?[日號]`)},
	{re: pattern.New(`民國\s?(?P<r>\d{2,3})\s?[./-]\s?(?P<m>\d{1,2})\s?[./-]\s?(?P<d>\d{1,2})`)},
	{re: pattern.New(`(?P<y>20\d\d)\s?年\s?(?P<m>\d{1,2})\s?月底?`)},
	{re: pattern.New(`民國\s?(?P<r>\d{2,3})\s?年\s?(?P<m>\d{1,2})\s?月底?`)},
	{re: pattern.New(`(?P<y>20\d\d)\s?年(?:底|末|年底)`)},
	{re: pattern.New(`民國\s?(?P<r>\d{2,3})\s?年(?:底|末|年底)`)},
	{re: pattern.New(`(?i)\b` + monthName + `\s*,?\s+(?:of\s+)?(?P<y>20\d\d)`)},
	{re: pattern.New(`\b(?P<m>\d{1,2})/(?P<y>20\d\d)`)},
	{re: pattern.New(`\b(?P<y>20\d\d)[-/](?P<m>\d{1,2})`)},
	{re: pattern.New(`(?i)\bend\s+of\s+(?:the\s+year\s+)?(?P<y>20\d\d)`)},
	// What is read by a person: no day, another calendar's mark left out, a
	// year in two digits, numbers in words.
	{re: pattern.New(`\b1\d\d\s?年\s?\d{1,2}\s?月(?:\s?\d{1,2}\s?[日號])?`), unclear: true},
	{re: pattern.New(`\b1\d\d[./-]\d{1,2}[./-]\d{1,2}`), unclear: true},
	{re: pattern.New(`(?:民國[〇零一二三四五六七八九十百○]{1,6}|[〇零一二三四五六七八九○]{4})年(?:[一二三四五六七八九十]{1,3}月)?(?:[一二三四五六七八九十]{1,4}日)?`), unclear: true},
	{re: pattern.New(`(?i)\b(?:\d{1,2}(?:st|nd|rd|th)?[\s-]+)?` + monthName + `[\s-]+['’]?\d\d`), unclear: true},
	{re: pattern.New(`\b\d{1,2}[./-]\d{1,2}[./-]\d\d`), unclear: true},
	{re: pattern.New(`(?i)\bq[1-4]\s*[/-]?\s*20\d\d|\b20\d\d\s*[/-]?\s*q[1-4]`), unclear: true},
	{re: pattern.New(`\b20\d\d(?:\s?年)?`), unclear: true},
	{re: pattern.New(`民國\s?\d{2,3}\s?年?`), unclear: true},
}

// dateHint keeps the forms from lines that hold no date at all.
var dateHint = pattern.New(`20\d\d|年|民國|\d[./-]\d|['’ -]\d\d`)

// findDates returns the dates of s in the order in which they stand.
func findDates(s string) []date {
	if !dateHint.MatchString(s) {
		return nil
	}
	var out []date
	for _, f := range dateForms {
		for _, m := range f.re.FindAllStringSubmatchIndex(s, 64) {
			d := date{from: m[0], to: m[1]}
			if taken(out, d) || digitAt(s, d.to) || digitAt(s, d.from-1) {
				continue
			}
			if !f.unclear {
				d.day, d.ok = f.day(s, m)
			}
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b date) int { return cmp.Compare(a.from, b.from) })
	return out
}

func taken(all []date, d date) bool {
	return slices.ContainsFunc(all, func(o date) bool { return d.from < o.to && o.from < d.to })
}

func digitAt(s string, i int) bool { return i >= 0 && i < len(s) && s[i] >= '0' && s[i] <= '9' }

// day works out the day of a match; false where there is none, or two.
func (f dateForm) day(s string, m []int) (time.Time, bool) {
	group := func(name string) string {
		i := f.re.SubexpIndex(name)
		if i < 0 || m[2*i] < 0 {
			return ""
		}
		return s[m[2*i]:m[2*i+1]]
	}
	number := func(name string) int {
		n, err := strconv.Atoi(group(name))
		if err != nil {
			return 0 // the group isn't in this form
		}
		return n
	}
	year, month, day := number("y"), number("m"), number("d")
	if r := number("r"); r > 0 {
		year = r + 1911
	}
	if name := group("n"); name != "" {
		month = 1 + slices.Index(months, strings.ToLower(name[:3]))
	}
	if a, b := number("a"), number("b"); a > 0 || b > 0 {
		switch {
		case a > 12 || a == b:
			day, month = a, b
		case b > 12:
			day, month = b, a
		default:
			return time.Time{}, false // 5 June or 6 May
		}
	}
	switch {
	case f.re.SubexpIndex("m") < 0 && f.re.SubexpIndex("n") < 0 && f.re.SubexpIndex("a") < 0:
		month, day = 12, 31
	case f.re.SubexpIndex("d") < 0 && f.re.SubexpIndex("a") < 0:
		if month < 1 || month > 12 {
			return time.Time{}, false
		}
		return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC), true
	}
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return t, month >= 1 && month <= 12 && day >= 1 && t.Day() == day
}

var months = []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}

// length is a number of years or months in a text.
type length struct {
	from, to int
	months   int
}

const zhNumber = `一二兩三四五六七八九十`

var lengthForms = []*pattern.Pattern{
	pattern.New(`(?i)\b(?P<n>\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty)(?:\s*\(\s*\w{1,8}\s*\))?[\s-]+(?:full\s+|calendar\s+)?(?P<u>year|month)s?\b`),
	pattern.New(`(?P<n>\d{1,3}|[` + zhNumber + `]{1,3})\s?(?:\(\s*[\d` + zhNumber + `]{1,3}\s*\)\s?)?(?P<u>個月|年)`),
}

// findLengths returns the lengths of s that no date covers.
func findLengths(s string, dates []date) []length {
	var out []length
	for _, re := range lengthForms {
		for _, m := range re.FindAllStringSubmatchIndex(s, 16) {
			l := length{from: m[0], to: m[1]}
			known := slices.ContainsFunc(dates, func(d date) bool { return d.ok && l.from < d.to && d.from < l.to })
			n, ok := count(s[m[2]:m[3]])
			if known || !ok || digitAt(s, l.from-1) || strings.HasSuffix(s[:l.from], "民國") || strings.HasSuffix(s[:l.from], "第") {
				continue
			}
			l.months = n
			if u := strings.ToLower(s[m[4]:m[5]]); u == "year" || u == "年" {
				l.months = 12 * n
			}
			if n > 0 && l.months <= 50*12 {
				out = append(out, l)
			}
		}
	}
	return out
}

// count reads a small number in digits or in words.
func count(s string) (int, bool) {
	if n, err := strconv.Atoi(s); err == nil {
		return n, true
	}
	words := map[string]int{"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
		"twelve": 12, "fifteen": 15, "twenty": 20}
	if n, ok := words[strings.ToLower(s)]; ok {
		return n, true
	}
	digit := map[string]int{"": 1, "一": 1, "二": 2, "兩": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
	tens, ones, ok := strings.Cut(s, "十")
	if !ok {
		n, known := digit[s]
		return n, known && s != ""
	}
	if ones == "" {
		n, known := digit[tens]
		return 10 * n, known
	}
	t, known := digit[tens]
	o, also := digit[ones]
	return 10*t + o, known && also
}

// after returns the day that lies a length after t: the same day of the
// month, or the month's last where it has no such day.
func (l length) after(t time.Time) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(l.months), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}
