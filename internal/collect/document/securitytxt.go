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

// SecurityTxt parses a security.txt by RFC 9116: at least one Contact (a
// mailto, tel or https URI, section 2.5.3), exactly one Expires (a date and
// time of RFC 3339, section 2.5.5), Preferred-Languages at most once.
// Breaches become problems with their line; nothing is an error.
func SecurityTxt(b []byte) fact.SecurityTxt {
	s := fact.SecurityTxt{Contacts: []string{}}
	problem := func(line int, key, text string) {
		s.Problems = append(s.Problems, fact.Problem{Key: key, Line: line, Text: clip(text, 120)})
	}
	expires, languages := 0, 0
	inSignature := false
	for i, raw := range bytes.Split(b, []byte("\n")) {
		n := i + 1
		if n > maxLines {
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
			s.Contacts = append(s.Contacts, clip(value, maxQuote))
		case "expires":
			expires++
			t, err := time.Parse(time.RFC3339, value)
			if err != nil {
				problem(n, "problem.security-txt-expires", value)
				continue
			}
			s.Expires = t
		case "policy":
			s.Policy = append(s.Policy, clip(value, maxQuote))
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

func contactURI(s string) bool {
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "https":
		return u.Host != ""
	case "mailto":
		return strings.Contains(u.Opaque, "@")
	case "tel":
		return u.Opaque != ""
	}
	return false // http is not allowed: section 2.5.3
}
