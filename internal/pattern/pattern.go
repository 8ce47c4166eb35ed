// Package pattern holds regular expressions that are compiled when they are first
// needed. The program has some hundreds; a command needs a few of them, and all
// of them together take as long to compile as a megabyte takes to unpack.
//
// In: an expression, as a package variable. Out: the methods of regexp.Regexp
// that are in use. A test compiles them all.
package pattern

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
)

// Pattern is a regular expression. It may be used by several goroutines.
type Pattern struct {
	source string
	get    func() *compiled
}

type compiled struct {
	re   *regexp.Regexp
	gate gate
}

// New returns the pattern of an expression in the syntax of package regexp,
// which has to be right: its first use panics where it isn't.
func New(source string) *Pattern {
	return &Pattern{source, sync.OnceValue(func() *compiled {
		c := &compiled{re: regexp.MustCompile(source)}
		if prefix, _ := c.re.LiteralPrefix(); prefix == "" {
			c.gate = newGate(source)
		}
		return c
	})}
}

// String returns the expression.
func (p *Pattern) String() string { return p.source }

// in returns what matches b; nil where nothing in b does.
func (p *Pattern) in(b []byte) *regexp.Regexp {
	c := p.get()
	if !open(&c.gate, b, func(b []byte, w string) bool { return bytes.Contains(b, []byte(w)) }) {
		return nil
	}
	return c.re
}

// inString is in.
func (p *Pattern) inString(s string) *regexp.Regexp {
	c := p.get()
	if !open(&c.gate, s, strings.Contains) {
		return nil
	}
	return c.re
}

// Match is that of regexp.Regexp.
func (p *Pattern) Match(b []byte) bool {
	if re := p.in(b); re != nil {
		return re.Match(b)
	}
	return false
}

// MatchString is that of regexp.Regexp.
func (p *Pattern) MatchString(s string) bool {
	if re := p.inString(s); re != nil {
		return re.MatchString(s)
	}
	return false
}

// Find is that of regexp.Regexp.
func (p *Pattern) Find(b []byte) []byte {
	if re := p.in(b); re != nil {
		return re.Find(b)
	}
	return nil
}

// FindString is that of regexp.Regexp.
func (p *Pattern) FindString(s string) string {
	if re := p.inString(s); re != nil {
		return re.FindString(s)
	}
	return ""
}

// FindIndex is that of regexp.Regexp.
func (p *Pattern) FindIndex(b []byte) []int {
	if re := p.in(b); re != nil {
		return re.FindIndex(b)
	}
	return nil
}

// FindStringIndex is that of regexp.Regexp.
func (p *Pattern) FindStringIndex(s string) []int {
	if re := p.inString(s); re != nil {
		return re.FindStringIndex(s)
	}
	return nil
}

// FindSubmatch is that of regexp.Regexp.
func (p *Pattern) FindSubmatch(b []byte) [][]byte {
	if re := p.in(b); re != nil {
		return re.FindSubmatch(b)
	}
	return nil
}

// FindStringSubmatch is that of regexp.Regexp.
func (p *Pattern) FindStringSubmatch(s string) []string {
	if re := p.inString(s); re != nil {
		return re.FindStringSubmatch(s)
	}
	return nil
}

// FindSubmatchIndex is that of regexp.Regexp.
func (p *Pattern) FindSubmatchIndex(b []byte) []int {
	if re := p.in(b); re != nil {
		return re.FindSubmatchIndex(b)
	}
	return nil
}

// FindStringSubmatchIndex is that of regexp.Regexp.
func (p *Pattern) FindStringSubmatchIndex(s string) []int {
	if re := p.inString(s); re != nil {
		return re.FindStringSubmatchIndex(s)
	}
	return nil
}

// FindAll is that of regexp.Regexp.
func (p *Pattern) FindAll(b []byte, n int) [][]byte {
	if re := p.in(b); re != nil {
		return re.FindAll(b, n)
	}
	return nil
}

// FindAllString is that of regexp.Regexp.
func (p *Pattern) FindAllString(s string, n int) []string {
	if re := p.inString(s); re != nil {
		return re.FindAllString(s, n)
	}
	return nil
}

// FindAllIndex is that of regexp.Regexp.
func (p *Pattern) FindAllIndex(b []byte, n int) [][]int {
	if re := p.in(b); re != nil {
		return re.FindAllIndex(b, n)
	}
	return nil
}

// FindAllStringIndex is that of regexp.Regexp.
func (p *Pattern) FindAllStringIndex(s string, n int) [][]int {
	if re := p.inString(s); re != nil {
		return re.FindAllStringIndex(s, n)
	}
	return nil
}

// FindAllSubmatch is that of regexp.Regexp.
func (p *Pattern) FindAllSubmatch(b []byte, n int) [][][]byte {
	if re := p.in(b); re != nil {
		return re.FindAllSubmatch(b, n)
	}
	return nil
}

// FindAllSubmatchIndex is that of regexp.Regexp.
func (p *Pattern) FindAllSubmatchIndex(b []byte, n int) [][]int {
	if re := p.in(b); re != nil {
		return re.FindAllSubmatchIndex(b, n)
	}
	return nil
}

// FindAllStringSubmatch is that of regexp.Regexp.
func (p *Pattern) FindAllStringSubmatch(s string, n int) [][]string {
	if re := p.inString(s); re != nil {
		return re.FindAllStringSubmatch(s, n)
	}
	return nil
}

// FindAllStringSubmatchIndex is that of regexp.Regexp.
func (p *Pattern) FindAllStringSubmatchIndex(s string, n int) [][]int {
	if re := p.inString(s); re != nil {
		return re.FindAllStringSubmatchIndex(s, n)
	}
	return nil
}

// ReplaceAll is that of regexp.Regexp.
func (p *Pattern) ReplaceAll(b, by []byte) []byte { return p.get().re.ReplaceAll(b, by) }

// ReplaceAllString is that of regexp.Regexp.
func (p *Pattern) ReplaceAllString(s, by string) string {
	if re := p.inString(s); re != nil {
		return re.ReplaceAllString(s, by)
	}
	return s
}

// ReplaceAllLiteralString is that of regexp.Regexp.
func (p *Pattern) ReplaceAllLiteralString(s, by string) string {
	if re := p.inString(s); re != nil {
		return re.ReplaceAllLiteralString(s, by)
	}
	return s
}

// ReplaceAllStringFunc is that of regexp.Regexp.
func (p *Pattern) ReplaceAllStringFunc(s string, by func(string) string) string {
	if re := p.inString(s); re != nil {
		return re.ReplaceAllStringFunc(s, by)
	}
	return s
}

// ReplaceAllFunc is that of regexp.Regexp.
func (p *Pattern) ReplaceAllFunc(b []byte, by func([]byte) []byte) []byte {
	return p.get().re.ReplaceAllFunc(b, by)
}

// SubexpNames is that of regexp.Regexp.
func (p *Pattern) SubexpNames() []string { return p.get().re.SubexpNames() }

// NumSubexp is that of regexp.Regexp.
func (p *Pattern) NumSubexp() int { return p.get().re.NumSubexp() }

// SubexpIndex is that of regexp.Regexp.
func (p *Pattern) SubexpIndex(name string) int { return p.get().re.SubexpIndex(name) }

// Split is that of regexp.Regexp.
func (p *Pattern) Split(s string, n int) []string { return p.get().re.Split(s, n) }
