package publish

import (
	"io"
	"testing"
	"time"

	"assay/internal/i18n"
	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/record"
)

// TestTableWithoutItsFirstRows: a table whose first sentence finds nothing
// still has its columns for the rows that go on with it.
func TestTableWithoutItsFirstRows(t *testing.T) {
	t.Parallel()
	const src = `schema: assay/product@1
product: { name: Cam, model: C-1, release: "1.0", maker: { name: Maker Ltd. } }
customers: [{ id: owner, who: people at home, kind: person }]
needs: [{ id: private, need: nobody else sees me, of: [owner] }]
means: [{ id: cover, means: close the lid, provider: customer, for: [private], must: false, steps: push it shut }]
`
	p, problems := product.Load("assay.yaml", []byte(src), limit.Default().YAML)
	if product.HasErrors(problems) {
		t.Fatal(problems)
	}
	now := time.Date(2026, 6, 15, 0, 0, 0, 0, time.UTC)
	templates, err := Documents()
	if err != nil {
		t.Fatal(err)
	}
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	set, err := All(t.Context(), templates, Input{View: record.NewView(p, now, nil), Texts: texts, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, all := range set.Documents {
		for _, d := range all {
			if err := d.HTML(io.Discard, texts); err != nil {
				t.Errorf("%s: %v", d.ID, err)
			}
			for _, s := range d.Statements() {
				if s.Form == Row {
					rows++
					if len(s.Columns) != len(s.Cells) {
						t.Errorf("%s has %d cells in %d columns", s.ID, len(s.Cells), len(s.Columns))
					}
				}
			}
		}
	}
	if rows == 0 {
		t.Error("no table has a row: nothing was shown")
	}
}
