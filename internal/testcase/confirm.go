package testcase

import (
	"strings"

	"assay/internal/fact"
	"assay/internal/product"
	"assay/internal/verdict"
)

// Confirmation says whether facts show that something is absent (rule 5): a
// requirement becomes NOT APPLICABLE only when its condition is declared
// false and this holds.
type Confirmation func(*View) (bool, []fact.Fact)

// Confirmations are the observations that standards may name to confirm that
// a condition is false, by id.
func Confirmations() map[string]Confirmation {
	return map[string]Confirmation{
		"absent.password-login": func(v *View) (bool, []fact.Fact) {
			if len(logins(v)) > 0 {
				return false, nil
			}
			return portsWhole(v)
		},
		"absent.login": func(v *View) (bool, []fact.Fact) {
			if len(authenticated(v)) > 0 {
				return false, nil
			}
			return portsWhole(v)
		},
		"absent.preset-credential": func(v *View) (bool, []fact.Fact) {
			var basis []fact.Fact
			for _, s := range images(v) {
				scope, ok := wholeScope(v, fact.ScopeImageFiles, s.Key)
				if !ok {
					return false, nil
				}
				basis = append(basis, scope.Fact)
			}
			for _, k := range fact.Of[fact.ImageSecret](v.Facts) {
				if strings.Contains(k.Value.Type, "password") {
					return false, nil
				}
			}
			return len(basis) > 0, basis
		},
	}
}

func portsWhole(v *View) (bool, []fact.Fact) {
	var basis []fact.Fact
	for _, u := range units(v) {
		s, ok := wholeScope(v, fact.ScopePorts, u.ID)
		if !ok {
			return false, nil
		}
		basis = append(basis, s.Fact)
	}
	return len(basis) > 0, basis
}

// Difference is something that was declared one way and observed another.
type Difference struct {
	What     string         // unit-a/web, unit-a/tcp-8081, a host
	Declared verdict.Reason // "https on port 443", "nothing"
	Observed verdict.Reason
}

// Differences compares the declared with the observed services and hosts.
func Differences(v *View) []Difference {
	var out []Difference
	for _, s := range services(v) {
		if s.Unit == "" {
			continue
		}
		svc, open := observed(v, s)
		i, declared := declaredInterface(v, s)
		_, whole := wholeScope(v, fact.ScopePorts, s.Unit)
		switch {
		case open && !declared:
			out = append(out, Difference{s.Key, verdict.Because("difference.nothing"), service(svc.Value.Protocol, svc.Value.Port)})
		case !open && declared && whole:
			out = append(out, Difference{s.Key, service(i.Protocol, s.Port), verdict.Because("difference.closed")})
		case open && declared && !agrees(i, svc.Value):
			out = append(out, Difference{s.Key, service(i.Protocol, s.Port), service(svc.Value.Protocol, svc.Value.Port)})
		}
	}
	declared := declaredHosts(v.Product)
	seen := make(map[string]bool)
	for _, h := range fact.Of[fact.ImageHost](v.Facts) {
		host := strings.ToLower(h.Value.Host)
		if seen[host] || h.Value.Usage == "document" || contains(declared, host) {
			continue
		}
		seen[host] = true
		out = append(out, Difference{h.Value.Host, verdict.Because("difference.nothing"),
			verdict.Because("difference.in-image", "path", h.Value.Path)})
	}
	return out
}

func agrees(i product.Interface, s fact.Service) bool {
	return i.Protocol == "" || s.Protocol == "unknown" || strings.EqualFold(i.Protocol, s.Protocol)
}

func service(protocol string, port uint16) verdict.Reason {
	return verdict.Because("difference.service", "protocol", protocol, "port", itoa(port))
}
