package exchange

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/internal/exchange/otm"
	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/yamltree"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var (
	update = flag.Bool("update", false, "write the golden files")
	lim    = limit.Default().YAML
)

// byValue compares products by what they say: where it stood in a file and
// whether an empty list is nil doesn't count.
var byValue = cmp.Options{cmpopts.IgnoreUnexported(product.Product{}), cmpopts.EquateEmpty()}

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(filepath.Join("testdata", name), got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(read(t, name)), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func lines(notes []Note) []byte {
	var b bytes.Buffer
	for _, n := range notes {
		b.WriteString(n.String() + "\n")
	}
	return b.Bytes()
}

// written is the product as an assay.yaml, which must load without an error
// and say the same.
func written(t testing.TB, p *product.Product) []byte {
	t.Helper()
	data, err := MarshalYAML(p)
	if err != nil {
		t.Fatal(err)
	}
	again, problems := product.Load(product.FileName, data, lim)
	if product.HasErrors(problems) {
		t.Fatalf("the written product doesn't load: %v\n%s", problems, data)
	}
	if diff := cmp.Diff(p, again, byValue); diff != "" {
		t.Fatalf("the written product says something else (-made +loaded):\n%s", diff)
	}
	return data
}

func TestFromThreagile(t *testing.T) {
	t.Parallel()
	p, notes, err := FromThreagile("feeder.threagile.yaml", read(t, "feeder.threagile.yaml"), lim)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "feeder.assay.yaml", written(t, p))
	golden(t, "feeder.notes.txt", lines(notes))
}

func TestFromOTM(t *testing.T) {
	t.Parallel()
	p, _, notes, err := FromOTM("sprinkler.otm.yaml", read(t, "sprinkler.otm.yaml"), lim)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "sprinkler.assay.yaml", written(t, p))
	golden(t, "sprinkler.notes.txt", lines(notes))
}

// bytesOf is the document as it would be written to a file.
func bytesOf(t testing.TB, doc *otm.Document) []byte {
	t.Helper()
	b, err := otm.Write(doc, mostOTM)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func document(t testing.TB, name string, data []byte) *otm.Document {
	t.Helper()
	doc, res := otm.Read(name, data, yamltree.Limits(lim))
	if doc == nil {
		t.Fatal(res.Faults)
	}
	return doc
}

// TestForeignDocumentComesBack: what came in goes out again, through the
// assay.yaml and the remainder as files.
func TestForeignDocumentComesBack(t *testing.T) {
	t.Parallel()
	in := document(t, "sprinkler.otm.yaml", read(t, "sprinkler.otm.yaml"))
	p, rest := workspace(t, "sprinkler.otm.yaml", read(t, "sprinkler.otm.yaml"))
	out, err := ToOTM(p, nil, nil, rest)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in, out); diff != "" {
		t.Errorf("the document differs (-in +out):\n%s", diff)
	}
	golden(t, "sprinkler.otm.json", bytesOf(t, out))
	again := document(t, "x.json", bytesOf(t, out))
	if diff := cmp.Diff(in, again); diff != "" {
		t.Errorf("written as JSON it differs (-in +out):\n%s", diff)
	}
}

// workspace is a product and remainder as they come out of a workspace.
func workspace(t testing.TB, name string, data []byte) (*product.Product, *Remainder) {
	t.Helper()
	p, rest, _, err := FromOTM(name, data, lim)
	if err != nil {
		t.Fatal(err)
	}
	loaded, problems := product.Load(product.FileName, written(t, p), lim)
	if product.HasErrors(problems) {
		t.Fatal(problems)
	}
	file, err := rest.Marshal(lim)
	if err != nil {
		t.Fatal(err)
	}
	back, err := UnmarshalRemainder(RemainderFile, file, lim)
	if err != nil {
		t.Fatal(err)
	}
	return loaded, back
}

// TestChangesAreWritten: what a person changes in assay.yaml is in the next
// document, and nothing else of it changes.
func TestChangesAreWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*product.Product)
		want   func(*otm.Document)
	}{
		{"name", func(p *product.Product) { p.Identity.Name = "Drizzle 2" },
			func(d *otm.Document) { d.Project.Name = "Drizzle 2" }},
		{"model-leaves-project-id", func(p *product.Product) { p.Identity.Model = "DZ-2" },
			func(d *otm.Document) { d.Project.Attributes["assay.model"] = "DZ-2" }},
		{"maker-leaves-owner", func(p *product.Product) { p.Identity.Maker.Name = "Drizzle AS" },
			func(d *otm.Document) { d.Project.Attributes["assay.maker"] = `{"name":"Drizzle AS"}` }},
		{"kind-leaves-type", func(p *product.Product) { p.Components[2].Kind = "device" },
			func(d *otm.Document) { d.Components[2].Attributes = otm.Attributes{"assay.kind": "device"} }},
		{"category-leaves-risk", func(p *product.Product) { p.Data[0].Category = "security-sensitive" },
			func(d *otm.Document) { d.Assets[0].Attributes["assay.category"] = "security-sensitive" }},
		{"network", func(p *product.Product) { p.Components[0].Network = []string{"zigbee"} },
			func(d *otm.Document) { d.Components[0].Attributes["assay.network"] = `["zigbee"]` }},
		{"zone", func(p *product.Product) { p.Components[2].Zone = "Garden" },
			func(d *otm.Document) { d.Components[2].Parent.TrustZone = d.TrustZones[0].ID }},
		{"new-zone", func(p *product.Product) { p.Components[2].Zone = "Cellar" }, func(d *otm.Document) {
			d.Components[2].Parent.TrustZone = "Cellar"
			d.TrustZones = append(d.TrustZones, otm.TrustZone{ID: "Cellar", Name: "Cellar", Risk: otm.ZoneRisk{TrustRating: "50"}})
		}},
		{"stored", func(p *product.Product) { p.Data[2].StoredOn = []string{"valve-box"} }, func(d *otm.Document) {
			d.Components[0].Assets.Stored = []string{"plan", "weather"}
			d.Assets[2].Attributes = otm.Attributes{"assay.stored_on": `["valve-box"]`}
		}},
		{"flow-removed", func(p *product.Product) { p.Flows = p.Flows[:2] },
			func(d *otm.Document) { d.Dataflows = d.Dataflows[:2] }},
		{"component-removed", func(p *product.Product) {
			p.Components = append(p.Components[:1:1], p.Components[2:]...) // the radio
			p.Flows = p.Flows[1:]
		}, func(d *otm.Document) {
			d.Components = append(d.Components[:1:1], d.Components[2:]...)
			d.Dataflows = d.Dataflows[1:]
		}},
		{"parent-removed", func(p *product.Product) {
			p.Components = p.Components[1:] // the box around the radio
			p.Data[0].StoredOn = []string{"phone"}
		}, func(d *otm.Document) {
			d.Components = d.Components[1:]
			d.Components[0].Parent = &otm.Parent{TrustZone: d.TrustZones[0].ID}
			d.Assets[0].Attributes["assay.stored_on"] = `["phone"]`
		}},
		{"flow-to-world", func(p *product.Product) {
			p.Flows = append(p.Flows, product.Flow{ID: "ntp", From: "hub", To: "world", Host: "time.example", Why: "clock"})
		}, func(d *otm.Document) {
			d.Dataflows = append(d.Dataflows, otm.Dataflow{ID: "ntp", Name: "ntp", Description: "clock", Source: "hub", Destination: "world",
				Attributes: otm.Attributes{"assay.host": "time.example"}})
			d.Components = append(d.Components, otm.Component{ID: "world", Name: "world", Type: "external", Parent: &otm.Parent{TrustZone: "assay.internet"},
				Attributes: otm.Attributes{"assay.world": "true"}})
			d.TrustZones = append(d.TrustZones, otm.TrustZone{ID: "assay.internet", Name: "internet", Risk: otm.ZoneRisk{TrustRating: "0"},
				Attributes: otm.Attributes{"assay.derived": "true"}})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, rest := workspace(t, "sprinkler.otm.yaml", read(t, "sprinkler.otm.yaml"))
			want := document(t, "sprinkler.otm.yaml", read(t, "sprinkler.otm.yaml"))
			c.change(p)
			c.want(want)
			got, err := ToOTM(p, nil, nil, rest)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			// A change is also read back.
			back, _, _, err := FromOTM("x.json", bytesOf(t, got), lim)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(p, back, byValue); diff != "" && !strings.Contains(c.name, "removed") {
				t.Errorf("read back (-want +got):\n%s", diff)
			}
		})
	}
}
