package document

import (
	"bytes"
	"net/url"
	"strings"
	"time"

	"assay/internal/fact"
)

// maxLines bounds a security.txt; RFC 9116 section 5.5 tells readers to
// limit what they accept.
const maxLines = 1000

// maxProblems bounds the problems, contacts and policies that are told.
const maxProblems = 20

// SecurityTxt parses a security.txt by RFC 9116: at least one Contact (a
// URI, as mailto, tel or https, section 2.5.3), exactly one Expires (a date and
// time of RFC 3339, section 2.5.5), Preferred-Languages at most once.
// Breaches become problems with their line; nothing is an error.
func SecurityTxt(b []byte) fact.SecurityTxt {
	s := fact.SecurityTxt{Contacts: []string{}}
	problem := func(line int, key, text string) {
		if len(s.Problems) == maxProblems {
			return
		}
		s.Problems = append(s.Problems, fact.Problem{Key: key, Line: line, Text: clip(text, 120)})
	}
	expires, languages := 0, 0
	inSignature := false
	n := 0
	for raw := range bytes.SplitSeq(b, []byte("\n")) {
		if n++; n > maxLines {
			problem(n, "problem.security-txt-too-long", "")
			break
		}
		l := strings.TrimSpace(strings.ToValidUTF8(string(raw), "\uFFFD"))
		switch {
		case l == "-----BEGIN PGP SIGNED MESSAGE-----":
			s.Signed = true
			continue
		case l == "-----BEGIN PGP SIGNATURE-----":
			inSignature = true
		case l == "" || strings.HasPrefix(l, "#") || inSignature || strings.HasPrefix(l, "Hash:"):
			continue
		}
		if inSignature {
			continue
		}
		if s.Signed {
			l = strings.TrimPrefix(l, "- ") // dash-escaped: RFC 9580 section 7.2
		}
		name, value, ok := strings.Cut(l, ":")
		if !ok {
			problem(n, "problem.security-txt-not-a-field", l)
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "contact":
			if !contactURI(value) {
				problem(n, "problem.security-txt-contact", value)
				continue
			}
			if len(s.Contacts) < maxProblems {
				s.Contacts = append(s.Contacts, clip(value, maxQuote))
			}
		case "expires":
			expires++
			t, err := time.Parse(time.RFC3339, strings.ToUpper(value))
			if t = t.UTC(); err != nil || t.Year() < 0 || t.Year() > 9999 {
				problem(n, "problem.security-txt-expires", value)
				continue
			}
			s.Expires = t
		case "policy":
			if len(s.Policy) < maxProblems {
				s.Policy = append(s.Policy, clip(value, maxQuote))
			}
		case "preferred-languages":
			languages++
		}
	}
	if len(s.Contacts) == 0 {
		problem(0, "problem.security-txt-no-contact", "")
	}
	if expires != 1 {
		problem(0, "problem.security-txt-expires-count", "")
	}
	if languages > 1 {
		problem(0, "problem.security-txt-languages", "")
	}
	return s
}

// contactURI says whether s is a URI (RFC 3986 section 3) that may stand in
// Contact: an address or number under mailto or tel, a page under https only.
func contactURI(s string) bool {
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "", "http":
		return false
	case "https":
		return u.Host != ""
	case "mailto":
		address, err := url.PathUnescape(u.Opaque)
		return err == nil && strings.Contains(address, "@")
	}
	return u.Opaque != "" || u.Host != ""
}
