package document

import (
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"assay/internal/fact"
	"assay/internal/pattern"
)

// support is what a document says of the end of support.
type support struct {
	ends     []fact.SupportEnd
	unparsed []fact.Quote // a time that is meant for a person to read
	cut      bool         // too many places to look at
	others   []line       // that state the end of another model
}

// unparsed is the topic of a time near words of support that could not be
// turned into a day.
const unparsed = "period-unparsed"

// maxPlaces bounds the lines that are searched for times.
const maxPlaces = 5000

var (
	aboutSupport = pattern.New(`(?i)support|updat|patch|maintenance|end.of.life|支援|更新|維護|修補`)
	titleSupport = pattern.New(`(?i)support|security update|end.of.life|支援|安全更新|維護`)
	timeHint     = pattern.New(`(?i)20\d\d|年|個月|民國|\d[./-]\d|['’ -]\d\d|years?|months?`)

	// A word before a date says what the date is; the nearest counts. The
	// first group is an end, the second a beginning, the third something
	// else; a match without a group ("at least" in Chinese holds "to") is
	// nothing.
	roleWord = pattern.New(`(?i)至少|end[- ]users?|up[- ]to[- ]date|` +
		`(\b(?:until|till|through|ends?|ended|ending|end[- ]of[- ](?:life|support|service|updates?|maintenance)|expires?|expiry|expiration|no earlier than|not before|no sooner than|up to|eol|eos)\b|直到|截止|終止|終了|結束|期限|到期|止於|迄|至|到\s*$)|` +
		`(\b(?:from|since|as of|starts?|starting|begins?|beginning|first sales?|first sold|sold|sales?|launch(?:ed)?|purchased?|placed on the market|available|introduced|shipped|released?)\b|自|從|起|上市|開賣|販售|銷售|購買|出貨|發售|發行)|` +
		`(\b(?:published|printed|updated|modified|revised|revision|version|effective|issued?|copyright|reviewed|created|announced|dated)\b|©|\(c\)|更新日期|更新於|修訂|發布|公布|公告|印製|版本|版權|生效|製表)`)
	endsAfter   = pattern.New(`(?i)^\s*[)）]?\s*(?:為止|止|截止|前|到期|終止|結束|\(?(?:is the )?end of (?:support|life))`)
	startsAfter = pattern.New(`^\s*[)）]?\s*(?:起|開始|上市|之?後)`)
	between     = pattern.New(`(?i)^\s*(?:-|–|—|~|～|〜|to|through|until|至|到|起至|起到|起算至)\s*$`)
	sentenceEnd = pattern.New(`[.!?]\s+\p{Lu}|[;。；！？]`)
)

// role is what a date is in its sentence.
type role int

const (
	unknown role = iota
	end
	start
	other
)

// window is a line with what stands around it.
type window struct {
	text     string
	from, to int // the line itself
	dates    []date
}

// readSupport finds the ends of support that a document states: dates that
// are called an end, and lengths with the day from which they count. What
// only a person can read becomes a quote.
func readSupport(lines []line, title string, args Args) support {
	var s support
	about := make([]bool, len(lines))
	for i, l := range lines {
		about[i] = aboutSupport.MatchString(l.text)
	}
	whole := titleSupport.MatchString(title)
	own := newName(args.Model)
	like, _ := shapeOf(args.Model) // zero: other models can't be told by shape
	places := 0
	for i, l := range lines {
		near := slices.Contains(about[max(0, i-3):min(len(lines), i+2)], true)
		if !near && !whole || !timeHint.MatchString(norm.NFKC.String(l.text)) {
			continue
		}
		if places++; places > maxPlaces {
			s.cut = true
			break
		}
		w := windowAt(lines, i)
		s.dates(w, l, near, own, like)
		s.lengths(w, l)
	}
	if len(s.ends) == 0 {
		for _, l := range s.others { // a person sees whether they hold for this one too
			s.ask(l)
		}
	}
	return s
}

func windowAt(lines []line, i int) window {
	var b strings.Builder
	for _, l := range lines[max(0, i-3):i] {
		b.WriteString(norm.NFKC.String(tail(l.text, 200)) + " ")
	}
	w := window{from: b.Len()}
	b.WriteString(norm.NFKC.String(lines[i].text))
	w.to = b.Len()
	if i+1 < len(lines) {
		b.WriteString(" " + norm.NFKC.String(head(lines[i+1].text, 200)))
	}
	w.text = b.String()
	w.dates = findDates(w.text)
	return w
}

// role tells what the date at index k is.
func (w window) role(k int) role {
	d := w.dates[k]
	after := head(w.text[d.to:], 60)
	switch {
	case endsAfter.MatchString(after):
		return end
	case startsAfter.MatchString(after):
		return start
	}
	from := max(0, d.from-240)
	if k > 0 && w.dates[k-1].to > from {
		from = w.dates[k-1].to
		if between.MatchString(w.text[from:d.from]) {
			return end
		}
	}
	if k+1 < len(w.dates) && between.MatchString(w.text[d.to:w.dates[k+1].from]) {
		return start
	}
	before := tail(w.text[:d.from], d.from-from)
	if all := roleWord.FindAllStringSubmatchIndex(before, -1); len(all) > 0 {
		m := all[len(all)-1]
		switch {
		case m[2] >= 0:
			return end
		case m[4] >= 0:
			return start
		case m[6] >= 0:
			return other
		}
	}
	return unknown
}

func (s *support) dates(w window, l line, near bool, own name, like shape) {
	for k, d := range w.dates {
		if d.from < w.from || d.from >= w.to {
			continue
		}
		r := w.role(k)
		switch {
		case r == start || r == other:
		case r == end && w.ofOther(k, own, like):
			if len(s.others) < maxQuotes {
				s.others = append(s.others, l)
			}
		case r == end && d.ok && near:
			s.end(d.day.Format("2006-01-02"), l)
		default:
			s.ask(l)
		}
	}
}

// ofOther says whether the date at index k is that of another model: the last
// one that is named before it, else the first after it in its line.
func (w window) ofOther(k int, own name, like shape) bool {
	if like.own == "" {
		return false
	}
	d := w.dates[k]
	stop := w.to
	if k+1 < len(w.dates) {
		stop = min(stop, w.dates[k+1].from)
	}
	last := func(s string) (found, isOther bool) {
		all := candidate.FindAllString(s, -1)
		for _, m := range slices.Backward(all) {
			if own.in(m) {
				return true, false
			}
			if like.find(m, false) != "" {
				return true, true
			}
		}
		return own.in(s), false
	}
	after := ""
	if d.to < stop {
		after = w.text[d.to:stop]
	}
	for _, part := range []string{w.text[w.from:d.from], after, w.text[:w.from]} {
		if found, isOther := last(part); found {
			return isOther
		}
	}
	return false
}

// lengths turns "five years from 22 November 2026" into a day.
func (s *support) lengths(w window, l line) {
	for _, n := range findLengths(w.text, w.dates) {
		if n.from < w.from || n.from >= w.to {
			continue
		}
		from, to := w.sentence(n.from)
		var starts []date
		ends := false
		for k, d := range w.dates {
			if d.from < from || d.from >= to {
				continue
			}
			switch r := w.role(k); {
			case r == end && d.ok:
				ends = true
			case r == start && d.ok:
				starts = append(starts, d)
			}
		}
		switch {
		case ends: // the sentence says both, and the day is the clearer one
		case len(starts) == 1:
			s.end(n.after(starts[0].day).Format("2006-01-02"), l)
		default:
			s.ask(l)
		}
	}
}

// sentence returns where the sentence around a place begins and ends.
func (w window) sentence(at int) (from, to int) {
	to = len(w.text)
	for _, m := range sentenceEnd.FindAllStringIndex(w.text, -1) {
		if m[0] >= at {
			return from, m[0] + 1
		}
		from = m[0] + 1
	}
	return from, to
}

func (s *support) end(until string, l line) {
	same := slices.ContainsFunc(s.ends, func(e fact.SupportEnd) bool { return e.Until == until })
	if same || len(s.ends) == maxQuotes {
		return
	}
	s.ends = append(s.ends, fact.SupportEnd{Until: until, Text: clip(l.text, maxQuote), Line: l.n})
}

func (s *support) ask(l line) {
	same := slices.ContainsFunc(s.unparsed, func(q fact.Quote) bool { return q.Line == l.n })
	if same || len(s.unparsed) == maxQuotes {
		return
	}
	s.unparsed = append(s.unparsed, fact.Quote{Topic: unparsed, Text: clip(l.text, maxQuote), Line: l.n})
}
