package standard

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sourced collects the links that the collected facts name, as lines.
type sourced []string

func (s *sourced) add(from, to ID, at RequirementID, ids []RequirementID, kind, confidence string) {
	for _, id := range ids {
		*s = append(*s, linkLine(Ref{from, at}, Ref{to, id}, kind, confidence))
	}
}

func linkLine(from, to Ref, kind, confidence string) string {
	return fmt.Sprintf("%s > %s %s %s", from, to, kind, confidence)
}

// colon reads "nist-ir-8425:AI".
func colon(s string) (ID, RequirementID) {
	std, at, _ := strings.Cut(s, ":")
	return ID(std), RequirementID(at)
}

type crosswalkSource struct {
	Camera []struct {
		ID, Note string
		Maps     []struct {
			To               ID
			IDs              []RequirementID
			Kind, Confidence string
		}
	} `yaml:"iot_1005_1"`
	Families []struct{ A, B, Kind, Confidence string } `yaml:"nist_families"`
	IEC      []listRow                                 `yaml:"ir_8259a_to_iec_62443_4_2"`
	ETSI     []listRow                                 `yaml:"ir_8259a_to_etsi_ts_103_645"`
	Outcomes []columnRow                               `yaml:"ir_8425_outcomes"`
	Acts     []columnRow                               `yaml:"ir_8259r1_activities"`
}

type listRow struct {
	A                string
	B                []string
	Kind, Confidence string
}

type columnRow struct {
	A, Kind, Confidence string
	EN                  []RequirementID `yaml:"en_303_645"`
	CSF                 []RequirementID `yaml:"csf_2_0"`
	SSDF                []RequirementID `yaml:"ssdf"`
	IEC41               []RequirementID `yaml:"iec_62443_4_1"`
	IEC42               []RequirementID `yaml:"iec_62443_4_2"`
	RMF                 []RequirementID `yaml:"ai_rmf"`
}

// links of the file of crosswalks; of annex D, which the catalogues hold, apart.
func (src *crosswalkSource) links() (all, annexD sourced) {
	for _, r := range src.Camera {
		from, at := colon(r.ID)
		for _, m := range r.Maps {
			switch m.To {
			case en:
				annexD.add(from, m.To, at, m.IDs, m.Kind, m.Confidence)
			case "nist-ai-rmf-1.0":
				all.add(from, "nist-ai-rmf", at, m.IDs, m.Kind, m.Confidence)
			default:
				all.add(from, m.To, at, m.IDs, m.Kind, m.Confidence)
			}
		}
	}
	for _, r := range src.Families {
		from, at := colon(r.A)
		to, id := colon(r.B)
		all.add(from, to, at, []RequirementID{id}, r.Kind, r.Confidence)
	}
	for _, r := range slices.Concat(src.IEC, src.ETSI) {
		from, at := colon(r.A)
		for _, b := range r.B {
			to, id := colon(b)
			all.add(from, to, at, []RequirementID{id}, r.Kind, r.Confidence)
		}
	}
	for _, r := range slices.Concat(src.Outcomes, src.Acts) {
		from, at := colon(r.A)
		all.add(from, en, at, r.EN, r.Kind, r.Confidence)
		all.add(from, "csf-2.0", at, r.CSF, r.Kind, r.Confidence)
		all.add(from, "nist-sp-800-218", at, r.SSDF, r.Kind, r.Confidence)
		all.add(from, "iec-62443-4-1", at, r.IEC41, r.Kind, r.Confidence)
		// The head of the file: the numbers of IEC 62443 are of low confidence.
		all.add(from, "iec-62443-4-2", at, r.IEC42, r.Kind, "low")
		all.add(from, "nist-ai-rmf", at, r.RMF, r.Kind, r.Confidence)
	}
	return all, annexD
}

// lawLinks are the related items of the laws, of EN 18031 and of our records
// on AI. Their files say "low to medium" or "medium at best": low is what stands
// for it.
func lawLinks(t *testing.T) sourced {
	t.Helper()
	var cra struct {
		I  []related `yaml:"annex_i_part_i"`
		II []related `yaml:"annex_i_part_ii"`
	}
	source(t, "eu-cra.yaml", &cra)
	var radio radioSource
	source(t, "en-18031.yaml", &radio)
	var uk struct {
		Sections []struct {
			ID     RequirementID
			EN     []RequirementID `yaml:"en303645"`
			Camera []RequirementID `yaml:"iot_1005_1"`
		} `yaml:"security_requirements"`
		Deemed []struct{ For, Confidence string } `yaml:"deemed_compliance"`
	}
	source(t, "uk-psti.yaml", &uk)
	var ai struct {
		Groups []struct {
			ID  RequirementID
			RMF []RequirementID `yaml:"ai_rmf"`
		}
	}
	source(t, "ai-governance.yaml", &ai)

	var all sourced
	for _, r := range slices.Concat(cra.I, cra.II) {
		all.add("eu-cra", en, r.ID, r.EN, Ours, "low")
		all.add("eu-cra", iot, r.ID, r.Camera, Ours, "low")
	}
	for _, f := range radio.Families {
		for _, r := range f.Requirements {
			all.add("en-18031", en, r.ID, r.EN, Ours, "low")
			all.add("en-18031", iot, r.ID, r.Camera, Ours, "low")
		}
	}
	deemed := map[string]string{}
	for _, d := range uk.Deemed {
		deemed[d.For] = d.Confidence
	}
	for _, s := range uk.Sections {
		all.add("uk-psti", en, s.ID, s.EN, Official, deemed[string(s.ID)]) // Schedule 2 prints these
		all.add("uk-psti", iot, s.ID, s.Camera, Ours, "medium")
	}
	for _, g := range ai.Groups {
		all.add("ai-governance", "nist-ai-rmf", g.ID, g.RMF, Ours, "low")
	}
	return all
}

type related struct {
	ID     RequirementID
	EN     []RequirementID `yaml:"related_en303645"`
	Camera []RequirementID `yaml:"related_iot_1005_1"`
}

type radioSource struct {
	Families []struct {
		ID           RequirementID
		Parts        []string
		Requirements []struct {
			related    `yaml:",inline"`
			Parts      []string
			Paraphrase string
		}
	}
}

// catalogLinks are what SP 800-213A says on SP 800-53 and on CSF 1.1.
func catalogLinks(t *testing.T) sourced {
	t.Helper()
	var src deviceSource
	source(t, "nist-sp-800-213a.yaml", &src)
	const here = "nist-sp-800-213a"
	var all sourced
	known := map[RequirementID]bool{}
	back := map[string][]string{} // sub-capability to the subcategories of its own list
	for _, f := range src.families() {
		for _, s := range f.Sub {
			known[s.ID] = true
			for _, r := range s.Requirements {
				known[r.ID] = true
			}
			for _, c := range s.Controls {
				c, _, _ := strings.Cut(c, " and others")
				all.add(here, "nist-sp-800-53r5", s.ID, []RequirementID{RequirementID(c)}, Official, "high")
			}
			back[string(s.ID)] = slices.Sorted(slices.Values(s.CSF))
		}
	}
	cell := regexp.MustCompile(`([A-Z]{3})(?:\((\d+)[^)]*\))?`)
	got := map[string]map[string]bool{}
	for _, row := range slices.Sorted(maps.Keys(src.Map.Rows)) {
		seen := map[RequirementID]bool{}
		for _, word := range strings.Fields(src.Map.Rows[row]) {
			family, rest, _ := strings.Cut(word, ":")
			for _, m := range cell.FindAllStringSubmatch(rest, -1) {
				sub := family + "." + m[1]
				id := RequirementID(sub + "." + m[2])
				if !known[id] { // the whole sub-capability, or the "(1)" of one without a list
					id = RequirementID(sub)
				}
				if !seen[id] {
					all.add("csf-1.1", here, RequirementID(row), []RequirementID{id}, Official, "high")
				}
				seen[id] = true
				if got[sub] == nil {
					got[sub] = map[string]bool{}
				}
				got[sub][row] = true
			}
		}
	}
	for sub, want := range back {
		if d := cmp.Diff(want, slices.Sorted(maps.Keys(got[sub]))); d != "" {
			t.Errorf("%s: its own list of CSF 1.1 and the map differ: %s", sub, d)
		}
	}
	return all
}

// TestCrosswalkSource: the links are those of the collected facts, each with
// its kind and confidence, and nothing else but what stands here.
func TestCrosswalkSource(t *testing.T) {
	t.Parallel()
	var src crosswalkSource
	source(t, "crosswalks.yaml", &src)
	want, annexD := src.links()
	want = append(want, lawLinks(t)...)
	want = append(want, catalogLinks(t)...)
	// What the source says in a note.
	for _, own := range []struct{ item, says, link string }{
		{"iot-1005-1:5.4.1.2", "5.4.1 would be expected", "iot-1005-1/5.4.1.2 > etsi-en-303-645/5.4-1 ours medium"},
		{"iot-1005-1:5.6.1.1", "DS.RSC.6 and DS.OPS.6 are nearer", "iot-1005-1/5.6.1.1 > nist-sp-800-213a/DS.RSC.6 ours low"},
		{"iot-1005-1:5.6.1.1", "DS.RSC.6 and DS.OPS.6 are nearer", "iot-1005-1/5.6.1.1 > nist-sp-800-213a/DS.OPS.6 ours low"},
	} {
		for _, r := range src.Camera {
			if r.ID == own.item && strings.Contains(r.Note, own.says) {
				want = append(want, own.link)
			}
		}
	}
	walks, err := Crosswalks()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range walks {
		for _, k := range c.links() {
			got = append(got, linkLine(k.From, k.To, k.Kind, k.Confidence))
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if d := cmp.Diff([]string(want), got); d != "" {
		t.Errorf("links (-want +got):\n%s", d)
	}
	var printed []string
	for _, k := range lib(t).Links.Between(iot, en).Official {
		printed = append(printed, linkLine(k.From, k.To, k.Kind, k.Confidence))
	}
	slices.Sort(annexD)
	slices.Sort(printed)
	if d := cmp.Diff([]string(annexD), printed); d != "" {
		t.Errorf("annex D (-want +got):\n%s", d)
	}
}
