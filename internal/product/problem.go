package product

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Severity says what a problem means for the work.
type Severity string

// The severities. An error makes the file unusable, a warning does not, and
// an open point leaves requirements undecided until it is filled in.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
	SeverityOpen    Severity = "open"
)

// Problem is one mistake or one open point, with its place.
type Problem struct {
	File string `json:"file"`
	// Line and Column count from 1, columns in characters; both are 0 where a
	// problem concerns the file as a whole.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Path is the field path, such as interfaces[2].port; "" is the file.
	Path string `json:"path,omitempty"`
	// Key is the message key (problem.* or open.*), Args are its arguments.
	Key  string            `json:"key"`
	Args map[string]string `json:"args,omitempty"`
	// Suggestion is the text to write instead, where there is one.
	Suggestion string   `json:"suggestion,omitempty"`
	Severity   Severity `json:"severity"`
	// Affects lists the requirements that an open point leaves undecided, as
	// "standard requirement", such as "iot-1005-1 5.2.2.1".
	Affects []string `json:"affects,omitempty"`
}

// Text is the problem in English, without its place.
func (p Problem) Text() string {
	t, ok := english[p.Key]
	if !ok {
		return p.Key
	}
	return p.render(t)
}

// render fills the {placeholders} of a text. Arguments were made harmless for
// a terminal when the problem was made; one that is itself a key is a word of
// ours and comes out as its text.
func (p Problem) render(text string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		value, known := p.Args[name]
		if !closed || !known {
			b.WriteString("{")
			text = rest
			continue
		}
		if word, ok := english[value]; ok {
			value = word
		}
		b.WriteString(value)
		text = after
	}
}

// Where is file:line:column, as editors and terminals open it.
func (p Problem) Where() string {
	if p.Line == 0 {
		return p.File
	}
	if p.Column == 0 {
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Error is place and English text, so that a Problem can be an error.
func (p Problem) Error() string { return p.Where() + ": " + p.Text() }

// HasErrors reports whether one of the problems makes the file unusable.
func HasErrors(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return p.Severity == SeverityError })
}

// maxProblems bounds one report: nobody reads more, and a hostile file must
// not make one that is larger than itself.
const maxProblems = 200

// arrange sorts by place, cuts after maxProblems and says so.
func arrange(file string, problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Path, b.Path))
	})
	if len(problems) <= maxProblems {
		return problems
	}
	rest := len(problems) - maxProblems
	sev := SeverityOpen
	for _, p := range problems[maxProblems:] {
		// What is cut must not make a broken file look usable.
		if p.Severity == SeverityError || p.Severity == SeverityWarning && sev == SeverityOpen {
			sev = p.Severity
		}
	}
	return append(problems[:maxProblems:maxProblems], Problem{
		File: file, Key: "problem.too-many", Severity: sev,
		Args: map[string]string{"count": fmt.Sprint(rest)},
	})
}

const maxShown = 80 // characters of one argument

// show makes text from a file harmless and short enough to be part of a
// message: a workspace may come from a stranger.
func show(s string) string { return clip(s, maxShown) }

func clip(s string, most int) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > most {
			b.WriteString("…")
			break
		}
		if unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		if r < 0x100 {
			fmt.Fprintf(&b, `\x%02x`, r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// args pairs names and values.
func args(pairs ...string) map[string]string {
	m := make(map[string]string, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		most := maxShown
		if pairs[i] == "allowed" { // our own words, or a few short ids
			most = 10 * maxShown
		}
		m[pairs[i]] = clip(pairs[i+1], most)
	}
	return m
}

// noun is the message key of a word of ours, such as "component".
func noun(word string) string { return "problem.noun." + word }
