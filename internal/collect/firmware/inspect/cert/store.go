package cert

import (
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// distrusted are authorities that Mozilla took out of its store, or stopped
// believing, for what they did (wiki.mozilla.org, CA/Removed_Certificates and
// the bugs that it names), by what their names hold. It is those of the years to
// 2020: what was taken out later still stands in bundles that are kept up to date.
var distrusted = []string{"DigiNotar", "CNNIC", "China Internet Network Information Center", "WoSign", "StartCom", "PSCProcert", "PROCERT", "Certinomis", "TÜRKTRUST", "TURKTRUST", "GeoTrust", "VeriSign", "thawte, Inc", "Thawte", "Symantec"}

func isDistrusted(subject string) string {
	for _, name := range distrusted {
		if strings.Contains(subject, name) {
			return name
		}
	}
	return ""
}

func stores(certs []Certificate, now time.Time) []Store {
	files := map[string]int{}
	for _, c := range certs {
		if c.TrustStore {
			files[c.Path]++
		}
	}
	byPath := map[string]*Store{}
	for i := range certs {
		c := &certs[i]
		if !c.TrustStore {
			continue
		}
		p := c.Path
		if files[p] == 1 {
			p = path.Dir(p)
		}
		s := byPath[p]
		if s == nil {
			s = &Store{Path: p}
			byPath[p] = s
		}
		s.Count++
		if now.After(c.NotAfter) {
			s.Expired++
		} else if s.Oldest.IsZero() || c.NotAfter.Before(s.Oldest) {
			s.Oldest = c.NotAfter
		}
		if weakKey(c) {
			s.Weak++
		}
		if name := isDistrusted(c.Subject); name != "" && !slices.Contains(s.Distrusted, name) {
			s.Distrusted = append(s.Distrusted, name)
		}
		if c.NotBefore.After(s.Newest) {
			s.Newest = c.NotBefore
		}
	}
	out := make([]Store, 0, len(byPath))
	for _, p := range slices.Sorted(maps.Keys(byPath)) {
		out = append(out, *byPath[p])
	}
	return out
}
