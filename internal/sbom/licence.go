package sbom

import (
	_ "embed"
	"regexp"
	"strings"
	"sync"
)

// licenceList holds the ids that an SPDX expression may use: licences, and
// behind a line that says so exceptions.
//
//go:embed licences.txt
var licenceList string

// ids are the two kinds: an exception is no licence, and only it stands behind
// WITH (SPDX 2.3, annex D.4.3).
type ids struct{ licences, exceptions map[string]bool }

var listed = sync.OnceValue(func() ids {
	out := ids{make(map[string]bool, 900), make(map[string]bool, 100)}
	set := out.licences
	for l := range strings.Lines(licenceList) {
		switch l = strings.TrimSpace(l); {
		case strings.HasPrefix(l, "# Exceptions"):
			set = out.exceptions
		case l != "" && l[0] != '#':
			set[strings.ToLower(l)] = true // matching ignores case (SPDX 2.3, annex D.2)
		}
	}
	return out
})

// expression says whether s is an SPDX licence expression (SPDX 2.3, annex D):
// ids of the list or references, joined by AND, OR and WITH. What a package says
// is often none ("GPLv2+ and BSD", "see COPYING").
func expression(s string) bool {
	if len(s) > 4096 {
		return false
	}
	p := &licenceParser{words: strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(s))}
	return p.any(0) && len(p.words) == 0
}

type licenceParser struct{ words []string }

func (p *licenceParser) next() string {
	if len(p.words) == 0 {
		return ""
	}
	w := p.words[0]
	p.words = p.words[1:]
	return w
}

func (p *licenceParser) take(w string) bool {
	if len(p.words) > 0 && p.words[0] == w {
		p.words = p.words[1:]
		return true
	}
	return false
}

func (p *licenceParser) any(depth int) bool {
	for {
		if !p.one(depth) {
			return false
		}
		if !p.take("AND") && !p.take("OR") {
			return true
		}
	}
}

func (p *licenceParser) one(depth int) bool {
	if p.take("(") {
		return depth < 32 && p.any(depth+1) && p.take(")")
	}
	w := p.next()
	if referenceRe().MatchString(w) {
		return true
	}
	id := strings.ToLower(w)
	list := listed()
	if !list.licences[id] && !list.licences[strings.TrimSuffix(id, "+")] {
		return false
	}
	return !p.take("WITH") || list.exceptions[strings.ToLower(p.next())]
}

var (
	referenceRe = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+$`)
	})
	// cpeRe is the pattern of cpe23Type in the schema of the CPE naming
	// specification (cpe-naming_2.3.xsd, NISTIR 7695).
	cpeRe = sync.OnceValue(func() *regexp.Regexp {
		const quoted = `\\[\\*?!"#$%&'()+,/:;<=>@\[\]^` + "`" + `{|}~]`
		const value = `(?:(?:\?*|\*?)(?:[a-zA-Z0-9\-._]|` + quoted + `)+(?:\?*|\*?)|[*\-])`
		return regexp.MustCompile(`^cpe:2\.3:[aho*\-](?::` + value + `){5}:(?:[a-zA-Z]{2,3}(?:-(?:[a-zA-Z]{2}|[0-9]{3}))?|[*\-])(?::` + value + `){4}$`)
	})
	// purlRe is the form of a package URL (ECMA-427): every part percent-encoded.
	purlRe = sync.OnceValue(func() *regexp.Regexp {
		const part = `(?:[A-Za-z0-9.\-_~:]|%[0-9A-F]{2})+`
		return regexp.MustCompile(`^pkg:[a-z][a-z0-9.\-]*(?:/` + part + `)+(?:@` + part + `)?(?:\?[a-z][a-z0-9.\-_]*=` + part + `(?:&[a-z][a-z0-9.\-_]*=` + part + `)*)?(?:#` + part + `(?:/` + part + `)*)?$`)
	})
)
