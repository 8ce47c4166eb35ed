package cli

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"assay/internal/refcam"
	"assay/internal/threat"
	"assay/internal/verdict"
)

// risen holds the residual risks of a weak camera against those of the
// hardened one: they rise exactly where a countermeasure that a threat names
// has lost its PASS, and nowhere else.
func risen(t *testing.T, w refcam.Weakness, good, bad seen) string {
	t.Helper()
	lost := func(r threat.Ref) bool {
		key := fmt.Sprintf("%s %s", r.Standard, r.Requirement)
		return good.requirements[key] == verdict.Pass && bad.requirements[key] != verdict.Pass
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n", w.Name, w.Clause)
	rose := 0
	for _, now := range bad.threats.Threats {
		was, ok := good.threats.Threat(now.ID)
		if !ok {
			rose++
			fmt.Fprintf(&b, "  + %s %s: the model of the weak camera has it alone\n", now.Residual.Level, now.ID)
			continue
		}
		names, opens := named(was, &now, lost)
		up := now.Residual.Product > was.Residual.Product
		switch {
		case up && (!opens || len(names) == 0):
			t.Errorf("%s: %s rises from %d to %d, and no countermeasure of it lost its PASS", w.Name, now.ID, was.Residual.Product, now.Residual.Product)
		case opens && !up && was.Residual.Product < now.Before.Product:
			t.Errorf("%s: %s names %v, which lost their PASS, and stays at %d", w.Name, now.ID, names, now.Residual.Product)
		case now.Residual.Product < was.Residual.Product:
			t.Errorf("%s: %s falls from %d to %d with a weakness switched on", w.Name, now.ID, was.Residual.Product, now.Residual.Product)
		}
		switch {
		case up:
			rose++
			fmt.Fprintf(&b, "  %s -> %s %s (%s)\n", was.Residual.Level, now.Residual.Level, now.ID, strings.Join(names, ", "))
		case len(names) > 0:
			fmt.Fprintf(&b, "  = %s %s: as high already, open without %s\n", now.Residual.Level, now.ID, strings.Join(names, ", "))
		}
	}
	for _, was := range good.threats.Threats {
		if _, ok := bad.threats.Threat(was.ID); !ok {
			fmt.Fprintf(&b, "  - %s %s: the model of the weak camera doesn't have it\n", was.Residual.Level, was.ID)
		}
	}
	// A switch that only the strict reading sees, or that another alternative
	// makes up for, changes no verdict and so no risk.
	if rose == 0 && good.loses(bad) {
		t.Errorf("%s turns a requirement from PASS, and no risk rises or comes", w.Name)
	}
	return b.String()
}

// loses says whether a requirement that passed doesn't pass any more.
func (s seen) loses(now seen) bool {
	for key, v := range s.requirements {
		if v == verdict.Pass && now.requirements[key] != verdict.Pass {
			return true
		}
	}
	return false
}

// named lists the requirements of a threat's countermeasures that lost their
// PASS, and says whether a weakness that was closed is open through it.
func named(was, now *threat.Threat, lost func(threat.Ref) bool) (names []string, opens bool) {
	for i, weakness := range was.Weaknesses {
		for _, c := range weakness.Countermeasures {
			for _, r := range c.Requirements {
				if lost(r.Ref) && !slices.Contains(names, r.String()) {
					names = append(names, r.String())
				}
			}
		}
		opens = opens || weakness.Closed && !now.Weaknesses[i].Closed
	}
	return names, opens
}
