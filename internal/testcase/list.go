package testcase

import (
	"fmt"
	"slices"
)

// All lists every test case, by theme. It is made afresh on each call: there
// is no registry that changes.
func All() []Case {
	return slices.Concat(
		identityCases(),
		accessCases(),
		passwordCases(),
		serviceCases(),
		documentCases(),
		updateCases(),
		firmwareCases(),
		tlsCases(),
		transportCases(),
		debugCases(),
		systemCases(),
		binaryCases(),
		appCases(),
		privacyCases(),
		recordCases(),
		aiCases(),
		guidedCases(),
	)
}

// Find returns the case with an id.
func Find(id ID) (Case, error) {
	for _, c := range All() {
		if c.ID == id {
			return c, nil
		}
	}
	return Case{}, fmt.Errorf("there is no test case %q", id)
}
