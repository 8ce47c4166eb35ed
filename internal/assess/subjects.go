package assess

import (
	"context"
	"errors"

	"assay/internal/fact"
	"assay/internal/product"
	"assay/internal/store"
	"assay/internal/testcase"
)

// Subjects lists what a person's result of a case can be about: the case's
// population by the model and by the newest run, if there is one. For
// purposes of services it is the declared interfaces.
func Subjects(ctx context.Context, s *store.Store, p *product.Product, c testcase.Case) ([]string, error) {
	if c.ID == "service.necessary" {
		var out []string
		for _, i := range p.Interfaces {
			out = append(out, i.ID)
		}
		return out, nil
	}
	if c.Subjects == nil {
		return []string{"product"}, nil
	}
	set, err := fact.NewSet(nil, nil)
	if err != nil {
		return nil, err
	}
	switch id, err := s.Latest(); {
	case err == nil:
		st, err := s.Load(ctx, id)
		if err != nil {
			return nil, err
		}
		set = st.Facts
	case !errors.Is(err, store.ErrNoRun):
		return nil, err
	}
	var out []string
	for _, subject := range c.Subjects(&testcase.View{Product: p, Facts: set}) {
		out = append(out, subject.Key)
	}
	return out, nil
}
