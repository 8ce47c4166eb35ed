package standard

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// TestCrosswalksResolve: every end of every link is in a standard or in a
// reference of the edition that the crosswalk names.
func TestCrosswalksResolve(t *testing.T) {
	t.Parallel()
	walks, err := Crosswalks()
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range LintCrosswalks(walks, lib(t)) {
		t.Error(err)
	}
	for _, k := range lib(t).Links.Official {
		if k.Source.IsZero() {
			t.Errorf("%s: an official link without a source", k.Pos())
		}
	}
}

// TestCrosswalkCounts holds the links of each pair of catalogues against a
// committed table: official, ours, and how sure they are.
func TestCrosswalkCounts(t *testing.T) {
	t.Parallel()
	type key struct{ from, to ID }
	counts := map[key]map[string]int{}
	links := lib(t).Links
	for _, k := range slices.Concat(links.Official, links.Ours) {
		if !strings.Contains(k.File, "_") { // maps_to: counted with its catalogue
			continue
		}
		at := key{k.From.Standard, k.To.Standard}
		if counts[at] == nil {
			counts[at] = map[string]int{}
		}
		counts[at][k.Kind]++
		counts[at][k.Confidence]++
	}
	var got []string
	for at, n := range counts {
		got = append(got, fmt.Sprintf("%s %s official %d ours %d high %d medium %d low %d",
			at.from, at.to, n[Official], n[Ours], n["high"], n["medium"], n["low"]))
	}
	slices.Sort(got)
	if d := cmp.Diff(rows(t, "crosswalks.txt"), got); d != "" {
		t.Errorf("testdata/crosswalks.txt (-want +got):\n%s", d)
	}
}

// TestLinks looks at single links of each kind.
func TestLinks(t *testing.T) {
	t.Parallel()
	l := lib(t)
	ref := func(s string) Ref {
		std, req, _ := strings.Cut(s, "/")
		return Ref{ID(std), RequirementID(req)}
	}
	for _, c := range []struct{ from, to, kind, confidence string }{
		{"iot-1005-1/5.4.1.2", "etsi-en-303-645/5.5-3", Official, "high"}, // annex D, from maps_to
		{"iot-1005-1/5.4.1.2", "etsi-en-303-645/5.4-1", Ours, "medium"},
		{"iot-1005-1/5.3.1.4", "nist-ir-8425/INF.1.a", Ours, "medium"},
		{"nist-ir-8259a/LA", "iec-62443-4-2/EDR 2.13", Official, "high"},
		{"nist-ir-8259a/DP", "etsi-ts-103-645-v1.1.1/4.11-3", Official, "medium"},
		{"nist-ir-8259b/EA", "nist-ir-8425/PEA", Official, "high"},
		{"nist-sp-800-213a/DS.ONB", "nist-sp-800-53r5/IA-5", Official, "high"},
		{"csf-1.1/DE.AE-1", "nist-sp-800-213a/DO.CAP.2", Official, "high"},
		{"csf-1.1/ID.SC-3", "nist-sp-800-213a/DO.SMP", Official, "high"},
		{"en-18031/AUM-5-1", "etsi-en-303-645/5.1-2", Ours, "low"},
		{"nist-ir-8259r1/A0", "csf-2.0/GV.OV", Ours, "low"},
		{"ai-governance/AI-OVER", "nist-ai-rmf/GOVERN", Ours, "low"},
	} {
		here := l.Links.From(ref(c.from)).To(ref(c.to))
		if here.Len() != 1 {
			t.Errorf("%s to %s: %d links", c.from, c.to, here.Len())
			continue
		}
		k := append(here.Official, here.Ours...)[0]
		if k.Kind != c.kind || k.Confidence != c.confidence {
			t.Errorf("%s to %s is %s, %s", c.from, c.to, k.Kind, k.Confidence)
		}
	}
	annexD := l.Links.Between(iot, en)
	if len(annexD.Official) != 60 || len(annexD.Ours) != 1 {
		t.Errorf("%d official links of IoT-1005-1 and EN 303 645, %d of ours; annex D has 60", len(annexD.Official), len(annexD.Ours))
	}
	for _, k := range annexD.Official {
		if k.From.Standard != iot {
			t.Errorf("annex D is printed in IoT-1005-1, the link leads from %s", k.From)
		}
	}
}

// TestAt: a place has the links of what it stands in, in both directions.
func TestAt(t *testing.T) {
	t.Parallel()
	l := lib(t)
	p, ok := l.Find(Ref{"nist-sp-800-213a", "DI.AID.4"})
	if !ok {
		t.Fatal("DI.AID.4 isn't there")
	}
	if d := cmp.Diff([]Ref{{"nist-sp-800-213a", "DI.AID"}, {"nist-sp-800-213a", "DI"}}, p.Up); d != "" {
		t.Error(d)
	}
	got := map[string]bool{}
	for _, k := range l.At(p).Official {
		got[k.From.String()+" "+k.To.String()] = true
	}
	for _, want := range []string{
		"csf-1.1/ID.AM-1 nist-sp-800-213a/DI.AID.4", // itself
		"nist-sp-800-213a/DI.AID nist-sp-800-53r5/CM-8",
		"nist-ir-8259a/DI nist-sp-800-213a/DI",
	} {
		if !got[want] {
			t.Errorf("no link %s in %v", want, got)
		}
	}
	if _, ok := l.Find(Ref{"nist-sp-800-213a", "DI.AID.5"}); ok {
		t.Error("DI.AID.5 exists")
	}
	if _, ok := l.Find(Ref{"nowhere", "1"}); ok {
		t.Error("a catalogue that doesn't exist has a place")
	}
}

const tinyCrosswalk = `schema: assay/crosswalk@1
origin: assay
from: {id: tiny, edition: v1}
to: {id: book, edition: "1"}
source: {en: We did, zh-Hant: 本專案}
rows:
  - {from: 1-1, to: [A.1], kind: ours, confidence: low}
  - {from: "1", to: [A], kind: official, confidence: high, source: {en: Page 1, zh-Hant: 第 1 頁}, cell: "A(1)", note: {en: Note, zh-Hant: 註}}
`

func TestCrosswalkErrors(t *testing.T) {
	t.Parallel()
	standards, err := Load(tiny(tinyCatalog, tinyRequirements))
	if err != nil {
		t.Fatal(err)
	}
	refs, err := LoadReferences(fstest.MapFS{"book.yaml": {Data: []byte(tinyReference)}})
	if err != nil {
		t.Fatal(err)
	}
	check := func(text string) (*Library, error) {
		walks, err := LoadCrosswalks(fstest.MapFS{"tiny_book.yaml": {Data: []byte(text)}})
		if err != nil {
			return nil, err
		}
		l := NewLibrary(standards, refs, walks)
		return l, errors.Join(LintCrosswalks(walks, l)...)
	}
	l, err := check(tinyCrosswalk)
	if err != nil {
		t.Fatal(err)
	}
	want := Links{
		Official: []Link{{From: Ref{"tiny", "1"}, To: Ref{"book", "A"}, Kind: Official, Confidence: "high", Source: Text{"Page 1", "第 1 頁"},
			Cell: "A(1)", Note: Text{"Note", "註"}, File: "tiny_book.yaml", Line: 8}},
		Ours: []Link{{From: Ref{"tiny", "1-1"}, To: Ref{"book", "A.1"}, Kind: Ours, Confidence: "low", Source: Text{"We did", "本專案"},
			File: "tiny_book.yaml", Line: 7}},
	}
	if d := cmp.Diff(want, l.Links); d != "" {
		t.Errorf("links (-want +got):\n%s", d)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"schema", "crosswalk@1", "crosswalk@9", `tiny_book.yaml:1: schema is "assay/crosswalk@9"`},
		{"file_name", "to: {id: book", "to: {id: tome", "name the file tiny_tome.yaml"},
		{"edition", "edition: v1", "edition: v2", `edition "v2" of tiny, the catalogue is of edition "v1"`},
		{"unknown_field", "cell:", "sell:", `tiny_book.yaml:8: unknown field "sell"`},
		{"no_ends", "to: [A.1]", "to: []", "tiny_book.yaml:7: 1-1 points at 0 places"},
		{"many_ends", "to: [A.1]", "to: [" + strings.Repeat("A,", maxEnds) + "A]", "points at 201 places"},
		{"no_rows", tinyCrosswalk[strings.Index(tinyCrosswalk, "rows:"):], "rows: []\n", "0 rows, want 1 to"},
		{"from", "from: 1-1", "from: 1-2", "tiny_book.yaml:7: tiny/1-2 doesn't exist"},
		{"to", "to: [A.1]", "to: [A.2]", "tiny_book.yaml:7: book/A.2 doesn't exist"},
		{"kind", "kind: ours", "kind: theirs", `tiny_book.yaml:7: kind is "theirs"`},
		{"confidence", "confidence: low", "confidence: none", `confidence is "none"`},
		{"source", "source: {en: We did, zh-Hant: 本專案}", "source: {en: We did}", "source needs both"},
		{"row_source", "{en: Page 1, zh-Hant: 第 1 頁}", "{en: Page 1}", "tiny_book.yaml:8: source needs both"},
		{"twice", "to: [A.1]", "to: [A.1, A.1]", "tiny/1-1 with book/A.1 stands in tiny_book.yaml:7 already"},
		{"origin", "origin: assay", "origin: NIST", `origin is "NIST"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if n := strings.Count(tinyCrosswalk, c.old); n != 1 {
				t.Fatalf("%q stands %d times", c.old, n)
			}
			if _, err := check(strings.Replace(tinyCrosswalk, c.old, c.new, 1)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v\nwant %s", err, c.want)
			}
		})
	}
	t.Run("no_catalogue", func(t *testing.T) {
		t.Parallel()
		walks, err := LoadCrosswalks(fstest.MapFS{"tiny_book.yaml": {Data: []byte(tinyCrosswalk)}})
		if err != nil {
			t.Fatal(err)
		}
		errs := LintCrosswalks(walks, NewLibrary(standards, nil, walks))
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), `there is no catalogue "book"`) {
			t.Errorf("one mistake, once: %v", errs)
		}
	})
}

// TestMapsToOnce: what two catalogues hold as maps_to, one way and back, is
// one link, from the catalogue that is verified; a crosswalk can't repeat it.
func TestMapsToOnce(t *testing.T) {
	t.Parallel()
	a := &Standard{ID: "a", Version: "1", Requirements: []Requirement{{ID: "1", MapsTo: []Ref{{"b", "2"}}, File: "a/1.yaml", Line: 3}}}
	b := &Standard{ID: "b", Version: "1", Verified: true, Mappings: []Mapping{{To: "a", Source: Text{"Annex", "附錄"}, Official: true}},
		Requirements: []Requirement{{ID: "2", Aliases: []RequirementID{"two"}, MapsTo: []Ref{{"a", "1"}}, File: "b/1.yaml", Line: 4}}}
	link := Link{From: Ref{"b", "2"}, To: Ref{"a", "1"}, Kind: Official, Confidence: "high", Source: Text{"Annex", "附錄"}, File: "b/1.yaml", Line: 4}
	if d := cmp.Diff([]Link{link}, mapped([]*Standard{a, b})[:1]); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	walk := &Crosswalk{Origin: OriginAssay, From: Edition{"a", "1"}, To: Edition{"b", "1"}, Source: Text{"x", "乙"}, File: "a_b.yaml",
		Rows: []Row{{From: "1", To: []RequirementID{"2", "two"}, Kind: Official, Confidence: "high", Line: 9}}}
	errs := errors.Join(LintCrosswalks([]*Crosswalk{walk}, NewLibrary([]*Standard{a, b}, nil, nil))...)
	for _, want := range []string{"a_b.yaml:9: a/1 with b/2 stands in maps_to in b/1.yaml already", "b/two is another spelling: write b/2"} {
		if errs == nil || !strings.Contains(errs.Error(), want) {
			t.Errorf("%v lacks %s", errs, want)
		}
	}
}

// FuzzCrosswalk: whatever stands in the file, loading, checking and filtering
// end without a panic.
func FuzzCrosswalk(f *testing.F) {
	f.Add(tinyCrosswalk)
	f.Add(strings.Replace(tinyCrosswalk, "to: [A.1]", "to: 1", 1))
	addEmbedded(f, crosswalks, "crosswalks")
	standards, err := Load(tiny(tinyCatalog, tinyRequirements))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		walks, err := LoadCrosswalks(fstest.MapFS{"tiny_book.yaml": {Data: []byte(text)}})
		if err != nil {
			return
		}
		l := NewLibrary(standards, nil, walks)
		LintCrosswalks(walks, l)
		if n := l.Links.Between("tiny", "book").Len(); n != l.Links.Len() {
			t.Errorf("%d links of %d", n, l.Links.Len())
		}
	})
}

// TestDocsNameReferences: docs/standards.md lists each field of references and
// crosswalks, and each reference.
func TestDocsNameReferences(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "standards.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, doc, ok := strings.Cut(string(raw), "\n## References and crosswalks\n")
	if !ok {
		t.Fatal("docs/standards.md has no section on references and crosswalks")
	}
	doc, _, _ = strings.Cut(doc, "\n## ")
	var names []string
	for _, v := range []any{Reference{}, Item{}, Crosswalk{}, Edition{}, Row{}} {
		typ := reflect.TypeOf(v)
		for i := range typ.NumField() {
			if name, _, _ := strings.Cut(typ.Field(i).Tag.Get("yaml"), ","); name != "-" {
				names = append(names, name)
			}
		}
	}
	for _, r := range lib(t).References {
		names = append(names, string(r.ID))
	}
	for _, n := range names {
		if !strings.Contains(doc, "`"+n+"`") {
			t.Errorf("the section doesn't name `%s`", n)
		}
	}
	if len(names) < 40 {
		t.Errorf("only %d names", len(names))
	}
}
