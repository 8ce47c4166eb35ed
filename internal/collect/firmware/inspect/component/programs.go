package component

import (
	_ "embed"
	"path"
	"slices"
	"strings"
	"sync"
)

// programList says which source a program is of, for programs that no rule is
// for. Its head says what a line holds and where it is from.
//
//go:embed programs.txt
var programList string

// programs is read when a program is met that no rule is for.
var programs = sync.OnceValue(func() map[string]string {
	out := make(map[string]string, 20_000)
	for l := range strings.SplitSeq(programList, "\n") {
		source, rest, _ := strings.Cut(l, " ")
		if source == "" || source == "#" {
			continue
		}
		if rest == "" {
			out[source] = source
		}
		for rest != "" {
			var p string
			p, rest, _ = strings.Cut(rest, " ")
			if p == "=" {
				p = source
			}
			out[p] = source
		}
	}
	return out
})

// publishedAs says whose program has such a name.
func (s *scanner) publishedAs(base string) {
	source, ok := s.rs.programs()[base]
	if !ok {
		return
	}
	if r := s.rs.bySource(source); r != nil {
		s.addOwn(r)
		x := named(r, base)
		x.Guess = true
		s.see(x)
		return
	}
	s.source = source
	s.vague = append(s.vague, Claim{Name: source, Rule: "programs", Confidence: Low, Source: FromFile, Text: base, Guess: true})
}

// speaks lets a file say its own version where no rule has found one: that of
// its rule, or of the source that the lists know. A program of the list has to
// say its name beside the version: makers call their own by such names, too. A
// program that nobody knows by its name is no component by what it calls itself,
// but that is told.
func (s *scanner) speaks() {
	if s.p == nil || s.p.Type == "object" || s.kernel || s.made || s.p.Packed {
		return
	}
	for _, r := range s.own {
		if !s.told(r) {
			s.ownGreeting(r)
		}
	}
	if len(s.own) > 0 {
		return
	}
	name := s.source
	if name == "" {
		if s.tellsApplication() || s.folder() {
			return
		}
		name = unpublished(s.base, s.p.Soname)
	}
	list := []string{name, s.base}
	if stem, _ := cutSo(s.p.Soname); stem != "" {
		list = append(list, strings.TrimSuffix(stem, ".so"))
	}
	h, ok := s.greet(s.published || s.source != "" && s.selfNamed(), list...)
	if !ok || s.saidOf(h.version) {
		return
	}
	if s.source == "" {
		s.out.Binary.Says = quote(h.text, 0, len(h.text))
		return
	}
	s.vague = append(s.vague, Claim{Name: name, Rule: "greeting", Version: h.version, Soft: h.weight, Confidence: h.sure(), Source: FromText, Offset: int64(h.off), Text: quote(h.text, 0, len(h.text))})
}

// selfNamed says that a program of the list speaks of itself by its name again
// and again, in messages and paths ("/run/haveged.pid"), and is the one that its
// source is called by: then a number that stands alone is its own.
func (s *scanner) selfNamed() bool {
	if len(s.base) < 4 || commonWord(s.base) || !s.main(s.source) {
		return false
	}
	most := max(2, selfMentions-max(0, len(s.base)-5)/2)
	names := [][]byte{[]byte(strings.ToLower(s.base))}
	total, n := 0, 0
	for run := range s.f.Runs(len(s.base) + 2) { // more than the name alone
		if total += len(run.Text); total > maxGreeting {
			return false
		}
		if mentioned(run, names) {
			if n++; n == most {
				return true
			}
		}
	}
	return false
}

// selfMentions is how often a program must name itself; one with a long name,
// which nobody takes by chance, less often.
const selfMentions = 4

// folder says by its folder whose plug-in or helper a file may be: what stands
// in /usr/lib/NAME is of the product NAME where that is found elsewhere. Makers
// name folders of their own, too: the folder alone makes no component.
func (s *scanner) folder() bool {
	dirs := strings.Split(strings.Trim(path.Dir(s.f.Path), "/"), "/")
	for i := len(dirs) - 1; i > 0; i-- {
		d := dirs[i]
		if usualFolder(d) || !slices.ContainsFunc(dirs[:i], func(d string) bool { return d == "lib" || d == "lib64" || d == "lib32" || d == "libexec" }) {
			continue
		}
		name := strings.TrimRight(strings.ToLower(d), "0123456789.-")
		source, ok := s.rs.programs()[name]
		switch {
		case s.rs.bySource(name) != nil || s.rs.byID[name] != nil:
			source = name
		case !ok:
			continue
		}
		s.vague = append(s.vague, Claim{Name: source, Rule: folderRule, Confidence: Low, Source: FromFile, Text: s.f.Path, Guess: true})
		return true
	}
	stem, _ := cutSo(s.base)
	return stem != "" && !strings.HasPrefix(stem, "lib") // somebody's plug-in, no product
}

// folderRule marks what only the folder of a file says.
const folderRule = "folder"

// usualFolder says that programs of all products stand in such a folder.
func usualFolder(d string) bool {
	switch d {
	case "bin", "sbin", "lib", "lib64", "lib32", "libexec", "local", "usr", "modules", "plugins":
		return true
	}
	return strings.Contains(d, "-linux-") || strings.HasPrefix(d, "squashfs")
}

// unpublished is what a program is called that no list knows: its file, without
// the number of a library.
func unpublished(base, soname string) string {
	if stem, _ := cutSo(base); stem != "" {
		return strings.TrimSuffix(stem, ".so")
	}
	if stem, _ := cutSo(soname); stem != "" {
		return strings.TrimSuffix(stem, ".so")
	}
	return base
}

// otherSeries says that the number of the library stands for releases of another
// series.
func (s *scanner) otherSeries(r *Rule, version string) bool {
	major := func(v string) string { m, _, _ := strings.Cut(v, "."); return m }
	for _, x := range s.seen {
		if x.rule == r && len(x.Versions) > 0 {
			return !slices.ContainsFunc(x.Versions, func(v string) bool { return major(v) == major(version) })
		}
	}
	return false
}

// told says that the file itself says the version of a product.
func (s *scanner) told(r *Rule) bool {
	for _, x := range s.seen {
		if x.rule == r && x.Version != "" {
			return true
		}
	}
	return false
}

// saidOf says that a version was found in the file for another product.
func (s *scanner) saidOf(version string) bool {
	for _, x := range s.seen {
		if x.Version == version {
			return true
		}
	}
	return false
}

// tellsApplication says that a rule takes the file for a program of another name.
func (s *scanner) tellsApplication() bool {
	for _, x := range s.seen {
		if x.rule.Type == Application && x.Version != "" {
			return true
		}
	}
	return false
}

// ownGreeting is what a file says that is a product's own and tells its version
// in none of the ways that the rule knows.
func (s *scanner) ownGreeting(r *Rule) {
	names := append([]string{r.ID, r.Name, s.base}, r.Sources...)
	known := len(r.Own) == 0
	if stem, number := cutSo(s.p.Soname); stem != "" {
		names = append(names, strings.TrimSuffix(stem, ".so"))
		_, whole := cutSo(s.base)
		known = known && number+whole != "" // libconfig.so may be anybody's
	}
	if commonWord(s.base) {
		known = false
		names = slices.DeleteFunc(names, func(n string) bool { return n == s.base })
	}
	if len(names) == 0 {
		return
	}
	h, ok := s.greet(known, names...)
	if !ok || s.saidOf(h.version) || s.otherSeries(r, h.version) {
		return
	}
	s.see(seen{rule: r, rank: rankGreeting, Claim: Claim{Name: r.Name, Rule: r.ID, Version: h.version, Soft: h.weight, Confidence: h.sure(), Source: FromText, Offset: int64(h.off), Text: quote(h.text, 0, len(h.text))}})
}

// commonWord says that a program of a rule has a name that makers give to
// programs of their own, too: only what it says of its source speaks for it.
func commonWord(base string) bool {
	switch base {
	case "bridge", "clear", "code", "column", "comm", "drill", "expand", "factor", "find", "host", "install", "join", "link",
		"locate", "logger", "login", "look", "more", "motion", "raw", "rename", "route", "screen", "script", "sensors",
		"starter", "stat", "stroke", "su", "sync", "tail", "test", "time", "top", "touch", "trust", "upgraded", "users",
		"wall", "watch", "webs", "who":
		return true
	}
	return false
}
