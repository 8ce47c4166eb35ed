package exchange

import (
	"bytes"
	"errors"
	"testing"

	"assay/internal/exchange/otm"
	"assay/internal/limit"
	"assay/internal/product"

	"github.com/google/go-cmp/cmp"
)

// fuzzLimit keeps one try short; what lies beyond it is bounded in the same way.
var fuzzLimit = limit.YAML{Size: 64 << 10, Depth: 32, Nodes: 5000, Aliases: 50, Scalar: 8 << 10}

// seeds are the samples, and pieces that have gone wrong in translators.
func seeds(f *testing.F) {
	for _, name := range []string{"feeder.threagile.yaml", "sprinkler.otm.yaml", "sprinkler.otm.json", "full.otm.json"} {
		f.Add(read(f, name))
	}
	for _, s := range []string{
		"", "{", "[]", "otmVersion: 0.2.0\nproject: {id: p, name: P}\nx: &x [*x]\n", "threagile_version: &a 1\ntitle: *a\n",
		"technical_assets:\n  A: &a {id: a, <<: *a}\n", "technical_assets:\n  <<: [{A: {id: a}}, {B: {id: b}}]\n",
		`{"otmVersion":"0.2.0","project":{"id":"p","name":"\ud83d\ude00\u202e"},"trustZones":[{"id":"","name":"\u0085","risk":{"trustRating":1e400}}],"components":[{"id":"a","name":"","type":"","parent":{"trustZone":""}}]}`,
		`{"otmVersion":"0.2.0","project":{"id":"p","name":"P","attributes":{"assay.update":"{\"check\":{\"every\":\"7d\"}}","assay.units":"[{\"id\":\"a\"}]","assay.interfaces":"[]","assay.data":"[]"}}}`,
		"otmVersion: 0.2.0\nproject: {id: p, name: \"a\\u2028b\\n\\n  c \\n\"}\n",
	} {
		f.Add([]byte(s))
	}
}

func FuzzFromThreagile(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, notes, err := FromThreagile("m.yaml", data, fuzzLimit)
		if broken := new(Unreadable); errors.As(err, &broken) && len(broken.Notes) > 0 {
			return
		} else if err != nil {
			t.Fatalf("an error without a note: %v", err)
		}
		loads(t, p)
		sayable(t, notes)
	})
}

func FuzzFromOTM(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, rest, notes, err := FromOTM("m.yaml", data, fuzzLimit)
		if broken := new(Unreadable); errors.As(err, &broken) && len(broken.Notes) > 0 {
			return
		} else if err != nil {
			t.Fatalf("an error without a note: %v", err)
		}
		p = loads(t, p)
		sayable(t, notes)
		in, err := otm.Write(rest.Document(), mostOTM)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := ToOTM(p, nil, nil, rest)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := otm.Write(doc, mostOTM); err != nil || !bytes.Equal(in, out) {
			t.Errorf("the document differs: %v\n%s", err, cmp.Diff(string(in), string(out)))
		}
	})
}

func FuzzRemainder(f *testing.F) {
	for _, name := range []string{"sprinkler.otm.yaml", "full.otm.json"} {
		_, rest, _, err := FromOTM(name, read(f, name), lim)
		if err != nil {
			f.Fatal(err)
		}
		data, err := rest.Marshal(lim)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"schema":"assay/otm-remainder@1","document":{"components":[{"id":"a","parent":{"component":"a"}}],"components":[]}}`))
	f.Add([]byte(`{"schema":"assay/otm-remainder@1","document":{"dataflows":[{"assets":[null,"a"],"threats":[{}]}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		rest, err := UnmarshalRemainder("r.json", data, fuzzLimit)
		if err != nil {
			return
		}
		// It goes with any product, not only with its own.
		p := &product.Product{Identity: product.Identity{Name: "P"}, Components: []product.Component{{ID: "a", Kind: "device"}},
			Flows: []product.Flow{{From: "a", To: world}}}
		doc, err := ToOTM(p, []Threat{{ID: "t", On: []Instance{{Component: "a", State: "exposed"}}}}, nil, rest)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := otm.Write(doc, mostOTM); err != nil {
			t.Fatal(err)
		}
	})
}

// loads asserts that what is made can be written and read again.
func loads(t *testing.T, p *product.Product) *product.Product {
	t.Helper()
	data, err := MarshalYAML(p)
	if err != nil {
		t.Fatal(err)
	}
	again, problems := product.Load(product.FileName, data, fuzzLimit)
	if product.HasErrors(problems) {
		t.Fatalf("%v\n%s", problems, data)
	}
	if diff := cmp.Diff(p, again, byValue); diff != "" {
		t.Fatalf("(-made +loaded):\n%s\n%s", diff, data)
	}
	return again
}

// sayable asserts that each note has a text, without holes.
func sayable(t *testing.T, notes []Note) {
	t.Helper()
	for _, n := range notes {
		if _, ours := english[n.Why]; ours && bytes.ContainsAny([]byte(english[n.Why]), "{") && len(n.Args) == 0 || n.Text() == n.Why {
			t.Errorf("%+v has no text", n)
		}
	}
	if len(notes) > 3000 {
		t.Errorf("%d notes", len(notes))
	}
}
