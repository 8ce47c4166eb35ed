package threat

import (
	"context"
	"time"

	"assay/internal/product"
	"assay/internal/standard"
)

// Question is what an analysis is about.
type Question struct {
	Product   *product.Product
	Library   *Library
	Decisions *Decisions // nil: none
	Standards []*standard.Standard
	Profile   string // of TVRA; "" is DefaultProfile
	// Run and Verdicts are of the run that counts; nil Verdicts: none does.
	Run      string
	Verdicts Verdicts
	// Changed: the model was changed after the run.
	Changed bool
	// Met are requirements that count as met, whatever the run says.
	Met []Ref
	Now time.Time
}

// Analysis is everything that is said about a product's threats at once.
type Analysis struct {
	*Model
	Product *product.Product
	Library *Library
	Annexes []*Annex
	Paths   *Paths
	// Cheapest are the three cheapest paths that differ, Lengthened what each
	// countermeasure that isn't in place does to them.
	Cheapest   []Path
	Lengthened [][]Lengthened
	Findings   []Finding
	// As asked.
	Changed bool
	Met     []Ref
	Now     time.Time
}

// shownPaths is how many paths people look at.
const shownPaths = 3

// Analyse models the threats of a product and says what is left of them.
func Analyse(ctx context.Context, q Question) (*Analysis, error) {
	m, err := q.Library.Generate(ctx, q.Product, Options{Profile: q.Profile, Decisions: q.Decisions})
	if err != nil {
		return nil, err
	}
	v := q.Verdicts
	if len(q.Met) > 0 {
		v = WhatIf(v, q.Met...)
	}
	m.Apply(q.Run, v)
	a := &Analysis{Model: m, Product: q.Product, Library: q.Library, Met: q.Met, Changed: q.Changed, Now: q.Now}
	for _, s := range q.Standards {
		if x := m.Annex(s); x != nil {
			a.Annexes = append(a.Annexes, x)
		}
	}
	a.Paths = m.Paths(q.Product)
	a.Cheapest = a.Paths.Cheapest(shownPaths)
	for _, p := range a.Cheapest {
		a.Lengthened = append(a.Lengthened, m.Lengthen(q.Product, p))
	}
	a.Findings = m.Findings(q.Product, q.Standards, q.Now)
	return a, nil
}
