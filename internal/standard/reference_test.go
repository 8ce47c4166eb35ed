package standard

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// library is read once for the tests that only look.
var library = sync.OnceValues(LoadLibrary)

func lib(t testing.TB) *Library {
	t.Helper()
	l, err := library()
	if err != nil {
		t.Fatalf("the embedded library doesn't load:\n%v", err)
	}
	return l
}

func reference(t testing.TB, id ID) *Reference {
	t.Helper()
	for _, r := range lib(t).References {
		if r.ID == id {
			return r
		}
	}
	t.Fatalf("no reference %s", id)
	return nil
}

func TestReferencesAreClean(t *testing.T) {
	t.Parallel()
	for _, err := range LintReferences(lib(t).References) {
		t.Error(err)
	}
	for _, r := range lib(t).References {
		for _, s := range all(t) {
			if s.ID == r.ID {
				t.Errorf("%s is a standard and a reference", r.ID)
			}
		}
	}
}

// TestReferenceCounts: how much there is at each level, and how sure it is.
func TestReferenceCounts(t *testing.T) {
	t.Parallel()
	type counts struct{ Top, Second, Third, High, Medium, Low int }
	want := map[ID]counts{
		"ai-governance":          {Top: 9, Medium: 9},
		"csf-1.1":                {Top: 19, Second: 65, Medium: 84},
		"csf-2.0":                {Top: 6, Second: 22, Medium: 28},
		"en-18031":               {Top: 14, Second: 48, High: 14, Medium: 48},
		"etsi-ts-103-645-v1.1.1": {Top: 8, Second: 14, Medium: 19, Low: 3},
		"iec-62443-4-1":          {Top: 8, Medium: 8},
		"iec-62443-4-2":          {Top: 7, Second: 24, Medium: 7, Low: 24},
		"nist-ai-rmf":            {Top: 4, Medium: 4},
		"nist-ir-8259r1":         {Top: 9, High: 9},
		"nist-ir-8425a":          {Top: 3, Medium: 3},
		"nist-sp-800-213a":       {Top: 11, Second: 54, Third: 221, High: 236, Medium: 50},
		"nist-sp-800-218":        {Top: 4, Second: 19, Medium: 23},
		"nist-sp-800-53r5":       {Top: 19, Second: 124, Third: 39, Medium: 181, Low: 1},
	}
	got := map[ID]counts{}
	for _, r := range lib(t).References {
		var c counts
		for _, it := range r.Items {
			p, ok := r.place(Ref{r.ID, it.ID})
			if !ok {
				t.Fatalf("%s/%s isn't found", r.ID, it.ID)
			}
			switch len(p.Up) {
			case 0:
				c.Top++
			case 1:
				c.Second++
			default:
				c.Third++
			}
			switch it.Confidence {
			case "high":
				c.High++
			case "medium":
				c.Medium++
			case "low":
				c.Low++
			}
		}
		got[r.ID] = c
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("counts (-want +got):\n%s", d)
	}
}

func TestGetReference(t *testing.T) {
	t.Parallel()
	for id, want := range map[ID]ID{"csf-2.0": "csf-2.0", "ssdf": "nist-sp-800-218", "csf": "csf-2.0"} {
		if r, err := GetReference(id); err != nil || r.ID != want {
			t.Errorf("%s: %v, %v", id, r, err)
		}
	}
	if _, err := GetReference("iso-9001"); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "choose one of ai-governance, csf-1.1") {
		t.Errorf("an id that doesn't exist: %v", err)
	}
}

func TestSearchReferences(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ query, first string }{
		{"PW.9", "nist-sp-800-218/PW.9"},
		{"AUM-5-1", "en-18031/AUM-5-1"},
		{"en-18031 cryptography", "en-18031/CRY"},
		{"感測器與其資料", "nist-sp-800-53r5/SC-42"},
	} {
		hits := SearchReferences(lib(t).References, c.query, English)
		if len(hits) == 0 || (Ref{hits[0].Standard, hits[0].Requirement}).String() != c.first {
			t.Errorf("%q finds %v, want %s first", c.query, hits, c.first)
		}
	}
	if hits := SearchReferences(lib(t).References, "xyzzy", English); hits != nil {
		t.Errorf("xyzzy finds %v", hits)
	}
}

// tinyReference is a whole reference, in which tests break things.
const tinyReference = `schema: assay/reference@1
id: book
version: "1"
origin: assay
title: {en: Book, zh-Hant: 書}
jurisdiction: TW
source: [a book]
verified: false
unverified: [{en: All, zh-Hant: 全部}]
confidence: high
parts: [{id: "1", title: {en: One, zh-Hant: 一}}]
items:
  - {id: A, title: {en: Aye, zh-Hant: 甲}}
  - {id: A.1, parent: A, parts: ["1"], confidence: low, title: {en: First, zh-Hant: 第一}}
`

func TestReferenceErrors(t *testing.T) {
	t.Parallel()
	load := func(text string) (*Reference, error) {
		r, err := LoadReferences(fstest.MapFS{"book.yaml": {Data: []byte(text)}, "notes.txt": {Data: []byte("left alone")}})
		if err != nil {
			return nil, err
		}
		return r[0], nil
	}
	if r, err := load(tinyReference); err != nil || len(LintReferences([]*Reference{r})) > 0 || r.Items[1].Pos() != "book.yaml:14" || r.Items[0].Confidence != "high" {
		t.Fatalf("the whole one: %+v, %v, %v", r, err, LintReferences([]*Reference{r}))
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"schema", "reference@1", "reference@9", `book.yaml:1: schema is "assay/reference@9"`},
		{"file_name", "id: book", "id: bok", "name the file bok.yaml"},
		{"unknown_field", "parent: A,", "father: A,", `book.yaml:14: unknown field "father"`},
		{"simplified", "title: {en: First, zh-Hant: 第一}", "title: {en: First, zh-CN: 第一}", `book.yaml:14: unknown field "zh-CN"`},
		{"no_items", tinyReference[strings.Index(tinyReference, "items:"):], "items: []\n", "0 items, want 1 to"},
		{"alias", "{id: A, title", "{id: &a A, title", "book.yaml:13: aliases and anchors"},
		{"half_text", "{en: Aye, zh-Hant: 甲}", "{en: Aye}", "book.yaml:13: title needs both"},
		{"parent", "parent: A,", "parent: B,", `book.yaml:14: parent "B" doesn't stand before`},
		{"own_parent", "parent: A,", "parent: A.1,", `parent "A.1" doesn't stand before`},
		{"twice", "id: A.1", "id: A", `item "A" stands twice`},
		{"part", `["1"]`, `["2"]`, `part "2" doesn't exist`},
		{"confidence", "confidence: low", "confidence: sure", `confidence is "sure"`},
		{"verified", "verified: false", "verified: true", "the reference is verified, the item's confidence is low"},
		{"unverified", "unverified: [{en: All, zh-Hant: 全部}]\n", "", "unverified must say"},
		{"origin", "origin: assay", "origin: NIST", `origin is "NIST"`},
		{"source", "source: [a book]\n", "", "version, jurisdiction and source"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if n := strings.Count(tinyReference, c.old); n != 1 {
				t.Fatalf("%q stands %d times", c.old, n)
			}
			r, err := load(strings.Replace(tinyReference, c.old, c.new, 1))
			if err == nil {
				err = errors.Join(LintReferences([]*Reference{r})...)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v\nwant %s", err, c.want)
			}
		})
	}
	many := fstest.MapFS{}
	for i := range maxFiles + 1 {
		many[fmt.Sprintf("%d.yaml", i)] = &fstest.MapFile{}
	}
	if _, err := LoadReferences(many); err == nil || !strings.Contains(err.Error(), "201 YAML files") {
		t.Errorf("too many files: %v", err)
	}
}

// FuzzReference: whatever stands in the file, loading, checking, searching and
// looking places up end without a panic.
func FuzzReference(f *testing.F) {
	f.Add(tinyReference)
	f.Add("items: [{parent: A, id: A}]\n")
	addEmbedded(f, references, "references")
	f.Fuzz(func(t *testing.T, text string) {
		refs, err := LoadReferences(fstest.MapFS{"book.yaml": {Data: []byte(text)}})
		if err != nil {
			return
		}
		LintReferences(refs)
		SearchReferences(refs, "a", Chinese)
		l := NewLibrary(nil, refs, nil)
		for _, it := range refs[0].Items {
			if p, ok := l.Find(Ref{refs[0].ID, it.ID}); !ok || len(p.Up) > len(refs[0].Items) {
				t.Errorf("%s: %v, %t", it.ID, p, ok)
			}
		}
	})
}

// addEmbedded makes seeds of the files that come with the program.
func addEmbedded(f *testing.F, fsys fs.FS, dir string) {
	f.Helper()
	names, err := fs.Glob(fsys, dir+"/*.yaml")
	if err != nil || len(names) == 0 {
		f.Fatalf("%s: %d files, %v", dir, len(names), err)
	}
	for _, name := range names {
		raw, err := fs.ReadFile(fsys, name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(raw))
	}
}
