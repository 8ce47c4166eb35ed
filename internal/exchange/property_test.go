package exchange

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/internal/exchange/otm"
	"assay/internal/product"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// texts holds what breaks translators: blanks, quotes, what looks like another
// type, other scripts, several lines, keys of ours.
var texts = rapid.OneOf(
	rapid.SampledFrom([]string{"Front door", "yes", "0x10", "1.20", "~", "a: b", "# no comment", "- x", "門鎖 §1", "two\nlines", "  end",
		"\"quoted\" 'twice'", "{braces}", "é\u0301", "2026-01-02", "null", "assay.zone", "&anchor", "tab\there", "🙂"}),
	rapid.StringMatching(`[a-zA-Z][a-zA-Z0-9 ,.:/&<>-]{0,20}`))

func cleanTexts(t *rapid.T, label string) string {
	s, _ := clean(texts.Draw(t, label))
	return s
}

func subset(t *rapid.T, label string, of []string) []string {
	var out []string
	for _, s := range of {
		if rapid.Bool().Draw(t, label) {
			out = append(out, s)
		}
	}
	return out
}

// ours draws a product that product.Load accepts.
func ours(t *rapid.T) *product.Product {
	p := &product.Product{Schema: product.Schema}
	id := &p.Identity
	id.Name, id.Model, id.Release, id.Maker.Name = cleanTexts(t, "name")+"x", rapid.SampledFrom([]string{"LC-200", "M 1", Gap}).Draw(t, "model"),
		rapid.SampledFrom([]string{"1.0", "2.10", Gap}).Draw(t, "release"), rapid.SampledFrom([]string{"Ltd.", "公司", Gap}).Draw(t, "maker")
	id.Maker.Address = rapid.SampledFrom([]string{"", "1 Road"}).Draw(t, "address")
	id.Category = rapid.SampledFrom([]string{"", "other"}).Draw(t, "category")
	id.Markets = subset(t, "market", []string{"TW", "EU"})
	for i := range rapid.IntRange(1, 5).Draw(t, "components") {
		c := product.Component{ID: fmt.Sprintf("c%d", i), Kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
		c.Name = rapid.SampledFrom([]string{"", "Name", c.ID, cleanTexts(t, "cname")}).Draw(t, "which")
		c.Zone = rapid.SampledFrom([]string{"", "home", "premises", "assay.premises", "maker", cleanTexts(t, "zone")}).Draw(t, "zone")
		c.OperatedBy = rapid.SampledFrom([]string{"", "customer", "maker", "third-party"}).Draw(t, "operator")
		c.Network = subset(t, "network", []string{"ethernet", "zigbee"})
		if rapid.Bool().Draw(t, "firmware") {
			yes := rapid.Bool().Draw(t, "encrypted")
			c.Firmware = &product.Firmware{File: "evidence/x.bin", Encrypted: &yes}
		}
		p.Components = append(p.Components, c)
	}
	var ids []string
	for _, c := range p.Components {
		ids = append(ids, c.ID)
	}
	var data []string
	for i := range rapid.IntRange(0, 3).Draw(t, "data") {
		d := product.Data{ID: fmt.Sprintf("d%d", i), Category: rapid.SampledFrom([]string{"security-sensitive", "sensitive-personal", "telemetry", "public"}).Draw(t, "cat")}
		d.Purpose, d.StoredOn = cleanTexts(t, "purpose"), subset(t, "stored", ids)
		slices.Reverse(d.StoredOn)
		d.RetentionDays = rapid.IntRange(0, 2).Draw(t, "days")
		if rapid.Bool().Draw(t, "nobody") {
			d.SharedWith = product.Names{}
		}
		p.Data = append(p.Data, d)
		data = append(data, d.ID)
	}
	for i := range rapid.IntRange(0, 5).Draw(t, "flows") {
		f := product.Flow{From: rapid.SampledFrom(ids).Draw(t, "from"), To: rapid.SampledFrom(append(ids, world)).Draw(t, "to")}
		if rapid.Bool().Draw(t, "named") {
			f.ID = fmt.Sprintf("f%d", i)
		}
		f.Data = subset(t, "fdata", append(data[:len(data):len(data)], "undescribed-by-anyone"))
		f.Why = rapid.SampledFrom([]string{"", cleanTexts(t, "why")}).Draw(t, "whether")
		f.Protocol, f.Auth = rapid.SampledFrom([]string{"", "mqtts"}).Draw(t, "protocol"), rapid.SampledFrom([]string{"", "mutual-tls"}).Draw(t, "auth")
		f.Port = rapid.SampledFrom([]product.Port{{}, {Number: 443, Transport: "tcp"}, {Number: 53, Transport: "udp"}}).Draw(t, "port")
		f.Host = rapid.SampledFrom([]string{"", "*.example.com"}).Draw(t, "host")
		p.Flows = append(p.Flows, f)
	}
	if rapid.Bool().Draw(t, "interfaces") {
		p.Interfaces = []product.Interface{{ID: "web", On: ids[0], Protocol: "https", Port: product.Port{Number: 443, Transport: "tcp"}}}
	} else if rapid.Bool().Draw(t, "no-interfaces") {
		p.Interfaces = []product.Interface{}
	}
	if rapid.Bool().Draw(t, "update") {
		p.Update = &product.Update{Mechanism: "over-the-air", Check: &product.UpdateCheck{Every: product.Duration(7 * 24 * time.Hour)}}
	}
	return p
}

// TestOursComesBack: product to OTM to product to OTM loses nothing, with and
// without the remainder.
func TestOursComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := ours(t)
		if bad := unusable(p, lim); len(bad) > 0 {
			t.Fatalf("the generator makes no valid product: %v", bad)
		}
		first := toBytes(t, p, nil)
		again, rest, _, err := FromOTM("ours.json", first, lim)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p, again, byValue); diff != "" {
			t.Errorf("the product differs (-before +after):\n%s", diff)
		}
		for name, r := range map[string]*Remainder{"without": nil, "with": rest} {
			if second := toBytes(t, again, r); !bytes.Equal(first, second) {
				t.Errorf("%s remainder the document differs (-first +second):\n%s", name, cmp.Diff(string(first), string(second)))
			}
		}
	})
}

func toBytes(t *rapid.T, p *product.Product, rest *Remainder) []byte {
	doc, err := ToOTM(p, nil, nil, rest)
	if err != nil {
		t.Fatal(err)
	}
	b, err := otm.Write(doc, mostOTM)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// theirs draws an OTM document as a tool may write it: odd ids, references
// that dangle, ids that are used twice, rings of parents.
func theirs(t *rapid.T) *otm.Document {
	ids := []string{"a", "a b", "A-B", "", "世界", "world", "x/y", "a-b", strings.Repeat("long ", 30), "9f1c4c2e-0000"}
	pick := func(label string) string { return rapid.SampledFrom(ids).Draw(t, label) }
	extra := func() map[string]any {
		if rapid.Bool().Draw(t, "extra") {
			return map[string]any{"x-tool": []any{"kept", otm.Number("1.50"), true, map[string]any{"k": "v"}}}
		}
		return nil
	}
	attributes := func() otm.Attributes {
		return rapid.SampledFrom([]otm.Attributes{nil, {"owner": "me"}, {"assay.kind": "device"}, {"assay.zone": "z", "assay.network": "[1]"},
			{"assay.category": "public", "assay.port": "443"}, {"assay.category": "nonsense"}, {"assay.world": "true"}, {"assay.derived": "true"}}).Draw(t, "attributes")
	}
	number := func() otm.Number { return rapid.SampledFrom([]otm.Number{"0", "33", "50.5", "100"}).Draw(t, "number") }
	parent := func() *otm.Parent {
		return rapid.SampledFrom([]*otm.Parent{nil, {TrustZone: pick("pz")}, {Component: pick("pc")}}).Draw(t, "parent")
	}
	instances := func() []otm.Instance {
		if !rapid.Bool().Draw(t, "threatened") {
			return nil
		}
		return []otm.Instance{{Threat: "t1", State: "exposed", Mitigations: []otm.MitigationUse{{Mitigation: "m1", State: "required"}}}}
	}
	d := &otm.Document{OTMVersion: "0.2.0", Extra: extra()}
	d.Project = otm.Project{Name: texts.Draw(t, "project"), ID: "p", Owner: "Somebody", Tags: []string{"t"}, Attributes: attributes(), Extra: extra()}
	for range rapid.IntRange(0, 3).Draw(t, "zones") {
		d.TrustZones = append(d.TrustZones, otm.TrustZone{ID: pick("zone"), Name: texts.Draw(t, "zname"), Risk: otm.ZoneRisk{TrustRating: number()}, Parent: parent(), Attributes: attributes()})
	}
	for range rapid.IntRange(0, 3).Draw(t, "assets") {
		d.Assets = append(d.Assets, otm.Asset{ID: pick("asset"), Name: texts.Draw(t, "aname"), Attributes: attributes(),
			Risk: otm.AssetRisk{Confidentiality: number(), Integrity: number(), Availability: number()}, Extra: extra()})
	}
	for range rapid.IntRange(0, 5).Draw(t, "components") {
		c := otm.Component{ID: pick("component"), Name: texts.Draw(t, "cname"), Type: rapid.SampledFrom([]string{"", "device", "iot-device", "database"}).Draw(t, "type"),
			Parent: parent(), Threats: instances(), Attributes: attributes(), Extra: extra()}
		if rapid.Bool().Draw(t, "stores") {
			c.Assets = &otm.AssetUse{Processed: []string{pick("p")}, Stored: []string{pick("s"), pick("s")}}
		}
		d.Components = append(d.Components, c)
	}
	for range rapid.IntRange(0, 4).Draw(t, "dataflows") {
		both := rapid.Bool().Draw(t, "both")
		d.Dataflows = append(d.Dataflows, otm.Dataflow{ID: pick("flow"), Name: texts.Draw(t, "fname"), Bidirectional: &both, Source: pick("source"),
			Destination: pick("destination"), Assets: []string{pick("fa")}, Threats: instances(), Tags: []string{"radio"}, Attributes: attributes()})
	}
	d.Threats = []otm.Threat{{ID: "t1", Name: "T", Risk: otm.ThreatRisk{Impact: "1"}}}
	d.Mitigations = []otm.Mitigation{{ID: "m1", Name: "M", RiskReduction: "2"}}
	return d
}

// TestTheirsComesBack: whatever a document holds, it gives a product that
// loads, and comes back from it as it was.
func TestTheirsComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in, err := otm.Write(theirs(t), mostOTM)
		if err != nil {
			t.Fatal(err)
		}
		p, rest, _, err := FromOTM("theirs.json", in, lim)
		if err != nil {
			t.Fatal(err)
		}
		file, err := MarshalYAML(p)
		if err != nil {
			t.Fatal(err)
		}
		loaded, problems := product.Load(product.FileName, file, lim)
		if product.HasErrors(problems) {
			t.Fatal(problems)
		}
		if out := toBytes(t, loaded, rest); !bytes.Equal(in, out) {
			t.Errorf("the document differs (-in +out):\n%s\n%s", cmp.Diff(string(in), string(out)), file)
		}
	})
}
