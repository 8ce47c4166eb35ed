// Package pattern holds regular expressions that are compiled when they are first
// needed. The program has some hundreds; a command needs a few of them, and all
// of them together take as long to compile as a megabyte takes to unpack.
//
// In: an expression, as a package variable. Out: the methods of regexp.Regexp
// that are in use. A test compiles them all.
package pattern

import (
	"regexp"
	"sync"
)

// Pattern is a regular expression. It may be used by several goroutines.
type Pattern struct {
	source string
	get    func() *regexp.Regexp
}

// New returns the pattern of an expression in the syntax of package regexp,
// which has to be right: its first use panics where it isn't.
func New(source string) *Pattern {
	return &Pattern{source, sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(source) })}
}

// String returns the expression.
func (p *Pattern) String() string { return p.source }

// Match is that of regexp.Regexp.
func (p *Pattern) Match(b []byte) bool { return p.get().Match(b) }

// MatchString is that of regexp.Regexp.
func (p *Pattern) MatchString(s string) bool { return p.get().MatchString(s) }

// Find is that of regexp.Regexp.
func (p *Pattern) Find(b []byte) []byte { return p.get().Find(b) }

// FindString is that of regexp.Regexp.
func (p *Pattern) FindString(s string) string { return p.get().FindString(s) }

// FindIndex is that of regexp.Regexp.
func (p *Pattern) FindIndex(b []byte) []int { return p.get().FindIndex(b) }

// FindStringIndex is that of regexp.Regexp.
func (p *Pattern) FindStringIndex(s string) []int { return p.get().FindStringIndex(s) }

// FindSubmatch is that of regexp.Regexp.
func (p *Pattern) FindSubmatch(b []byte) [][]byte { return p.get().FindSubmatch(b) }

// FindStringSubmatch is that of regexp.Regexp.
func (p *Pattern) FindStringSubmatch(s string) []string { return p.get().FindStringSubmatch(s) }

// FindSubmatchIndex is that of regexp.Regexp.
func (p *Pattern) FindSubmatchIndex(b []byte) []int { return p.get().FindSubmatchIndex(b) }

// FindStringSubmatchIndex is that of regexp.Regexp.
func (p *Pattern) FindStringSubmatchIndex(s string) []int { return p.get().FindStringSubmatchIndex(s) }

// FindAll is that of regexp.Regexp.
func (p *Pattern) FindAll(b []byte, n int) [][]byte { return p.get().FindAll(b, n) }

// FindAllString is that of regexp.Regexp.
func (p *Pattern) FindAllString(s string, n int) []string { return p.get().FindAllString(s, n) }

// FindAllIndex is that of regexp.Regexp.
func (p *Pattern) FindAllIndex(b []byte, n int) [][]int { return p.get().FindAllIndex(b, n) }

// FindAllStringIndex is that of regexp.Regexp.
func (p *Pattern) FindAllStringIndex(s string, n int) [][]int {
	return p.get().FindAllStringIndex(s, n)
}

// FindAllSubmatch is that of regexp.Regexp.
func (p *Pattern) FindAllSubmatch(b []byte, n int) [][][]byte { return p.get().FindAllSubmatch(b, n) }

// FindAllSubmatchIndex is that of regexp.Regexp.
func (p *Pattern) FindAllSubmatchIndex(b []byte, n int) [][]int {
	return p.get().FindAllSubmatchIndex(b, n)
}

// FindAllStringSubmatch is that of regexp.Regexp.
func (p *Pattern) FindAllStringSubmatch(s string, n int) [][]string {
	return p.get().FindAllStringSubmatch(s, n)
}

// FindAllStringSubmatchIndex is that of regexp.Regexp.
func (p *Pattern) FindAllStringSubmatchIndex(s string, n int) [][]int {
	return p.get().FindAllStringSubmatchIndex(s, n)
}

// ReplaceAll is that of regexp.Regexp.
func (p *Pattern) ReplaceAll(b, by []byte) []byte { return p.get().ReplaceAll(b, by) }

// ReplaceAllString is that of regexp.Regexp.
func (p *Pattern) ReplaceAllString(s, by string) string { return p.get().ReplaceAllString(s, by) }

// ReplaceAllLiteralString is that of regexp.Regexp.
func (p *Pattern) ReplaceAllLiteralString(s, by string) string {
	return p.get().ReplaceAllLiteralString(s, by)
}

// ReplaceAllStringFunc is that of regexp.Regexp.
func (p *Pattern) ReplaceAllStringFunc(s string, by func(string) string) string {
	return p.get().ReplaceAllStringFunc(s, by)
}

// ReplaceAllFunc is that of regexp.Regexp.
func (p *Pattern) ReplaceAllFunc(b []byte, by func([]byte) []byte) []byte {
	return p.get().ReplaceAllFunc(b, by)
}

// SubexpNames is that of regexp.Regexp.
func (p *Pattern) SubexpNames() []string { return p.get().SubexpNames() }

// NumSubexp is that of regexp.Regexp.
func (p *Pattern) NumSubexp() int { return p.get().NumSubexp() }

// SubexpIndex is that of regexp.Regexp.
func (p *Pattern) SubexpIndex(name string) int { return p.get().SubexpIndex(name) }

// Split is that of regexp.Regexp.
func (p *Pattern) Split(s string, n int) []string { return p.get().Split(s, n) }
