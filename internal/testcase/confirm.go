package testcase

import (
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/product"
	"assay/internal/verdict"
)

// Confirmation says whether facts show an observation that a standard's
// condition names (rule 5): a requirement becomes NOT APPLICABLE only when its
// condition is declared false and this holds. It gives the facts that show it.
type Confirmation func(*View) (bool, []fact.Fact)

// Confirmations are the observations that standards may name to confirm that
// a condition is false, by id. docs/standards.md says what each must have
// seen.
func Confirmations() map[string]Confirmation {
	return map[string]Confirmation{
		"absent.password-login":    noLogin,
		"absent.login":             noLogin,
		"absent.preset-credential": noPresetCredential,
		"absent.telemetry-host":    noTelemetryHost,
		"shown.update-works":       updateWorked,
		// What these ask for no kind of fact holds yet: a capture of traffic,
		// the settings of a unit, the make of its hardware, what a person read
		// or found on the board. Records of guided cases answer other
		// questions. So they are never confirmed, and what depends on them
		// stays INCONCLUSIVE.
		"absent.automatic-update":  unseeable,
		"absent.consent-basis":     unseeable,
		"absent.debug-port":        unseeable,
		"absent.fixed-software":    unseeable,
		"absent.identity-use":      unseeable,
		"absent.network-update":    unseeable,
		"absent.per-unit-preset":   unseeable,
		"absent.telemetry-traffic": unseeable,
		"absent.update":            unseeable,
		"shown.constrained":        unseeable,
		"shown.not-constrained":    unseeable,
	}
}

func unseeable(*View) (bool, []fact.Fact) { return false, nil }

// noLogin: every TCP port of every unit was searched, and nothing takes a log-in.
// A web page may have its log-in behind another path, and ssh, MQTT and what
// is unknown show none until they are asked: with one of them there it isn't
// shown. An open stream is (it gave itself without a log-in).
func noLogin(v *View) (bool, []fact.Fact) {
	if len(logins(v)) > 0 {
		return false, nil
	}
	for _, i := range v.Product.Interfaces {
		if takesPassword(i) || (i.Auth != "" && i.Auth != "none") {
			return false, nil
		}
		if datagram(i) && !slices.Contains(housekeeping, strings.ToLower(i.Protocol)) {
			return false, nil // nobody asked it
		}
	}
	whole, basis := portsWhole(v)
	if !whole {
		return false, nil
	}
	for _, s := range fact.Of[fact.Service](v.Facts) {
		open := fact.Where(v.Facts, func(a fact.Access) bool {
			return a.Unit == s.Value.Unit && a.Port == s.Value.Port && a.Allowed
		})
		if !stream(s.Value.Protocol) || len(open) == 0 {
			return false, nil
		}
		basis = append(basis, open[0].Fact)
	}
	return true, basis
}

// noPresetCredential: every image was read to its end, is what a unit runs,
// and holds neither password nor account.
func noPresetCredential(v *View) (bool, []fact.Fact) {
	whole, basis := imagesWhole(v)
	if !whole {
		return false, nil
	}
	for _, k := range fact.Of[fact.ImageSecret](v.Facts) {
		if k.Value.User != "" || strings.Contains(k.Value.Type, "password") || strings.Contains(k.Value.Type, "credentials") ||
			k.Value.Type == "embedded-login" {
			return false, nil
		}
	}
	for _, w := range fact.Of[fact.ImageWeakness](v.Facts) {
		switch w.Value.Type {
		case "empty-password", "uid0-account", "ssh-authorized-key":
			return false, nil
		}
	}
	return true, basis
}

// noTelemetryHost: every host that the images use belongs to the update
// service or to a flow whose declared data are no telemetry.
func noTelemetryHost(v *View) (bool, []fact.Fact) {
	whole, basis := imagesWhole(v)
	if !whole {
		return false, nil
	}
	telemetry := make(map[string]bool)
	for _, d := range v.Product.Data {
		telemetry[d.ID] = d.Category == "telemetry"
	}
	var known []string
	if u := v.Product.Update; u != nil && u.Host != "" {
		known = append(known, strings.ToLower(u.Host))
	}
	for _, f := range v.Product.Flows {
		carries := slices.ContainsFunc(f.Data, func(id string) bool { return telemetry[id] })
		if f.Host != "" && len(f.Data) > 0 && !carries {
			known = append(known, strings.ToLower(f.Host))
		}
	}
	for _, h := range fact.Of[fact.ImageHost](v.Facts) {
		if h.Value.Usage == "document" {
			continue
		}
		if !declares(known, h.Value.Host) {
			return false, nil
		}
		basis = append(basis, h.Fact)
	}
	return true, basis
}

// updateWorked: a unit named another version after an update than before.
func updateWorked(v *View) (bool, []fact.Fact) {
	for _, after := range fact.Of[fact.Identity](v.Facts) {
		o := v.Facts.Observation(after.Fact)
		if o.State != "after-update" || after.Value.Firmware == "" {
			continue
		}
		for _, before := range fact.Where(v.Facts, func(b fact.Identity) bool {
			return b.Unit == after.Value.Unit && b.Firmware != "" && b.Firmware != after.Value.Firmware
		}) {
			if was := v.Facts.Observation(before.Fact); was.State != o.State && was.Start.Before(o.Start) {
				return true, []fact.Fact{before.Fact, after.Fact}
			}
		}
	}
	return false, nil
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

// imagesWhole: there is an image, each was read to its end, and each is what
// every unit of its component was seen to run.
func imagesWhole(v *View) (bool, []fact.Fact) {
	var basis []fact.Fact
	for _, s := range images(v) {
		scope, ok := wholeScope(v, fact.ScopeImageFiles, s.Key)
		if !ok {
			return false, nil
		}
		st := runningOn(v, s.Key)
		if !st.runs {
			return false, nil
		}
		basis = append(append(basis, scope.Fact), st.basis...)
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
	for _, r := range fact.Of[fact.Redirect](v.Facts) {
		if _, own := secureTarget(v, r.Value.Unit, r.Value.To); !own {
			out = append(out, Difference{r.Subject, verdict.Because("difference.nothing"),
				verdict.Because("difference.redirect", "to", r.Value.To)})
		}
	}
	declared := declaredHosts(v.Product)
	seen := make(map[string]bool)
	for _, h := range fact.Of[fact.ImageHost](v.Facts) {
		host := strings.ToLower(h.Value.Host)
		if seen[host] || h.Value.Usage == "document" || declares(declared, host) {
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
