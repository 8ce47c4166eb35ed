package publish

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assay/internal/i18n"
	"assay/internal/product"
	"assay/internal/record"
	"assay/internal/standard"
	"assay/internal/verdict"
)

// declarations are the documents that somebody signs.
var declarations = []string{"eu-declaration", "psti-statement"}

// forRegulators are the documents that this file is about.
var forRegulators = []string{"eu-declaration", "eu-technical-documentation", "eu-user-information", "procurement-sheet", "psti-statement"}

// complete loads a complete record, with one threat: those of the product are
// found elsewhere.
func complete(t *testing.T, name string) Input {
	t.Helper()
	in := workspace(t, "../../activity/testdata/"+name)
	return with(in, in.View.Product())
}

func with(in Input, p *product.Product) Input {
	in.View = record.NewView(p, clock, map[string]any{"threats": []any{map[string]any{
		"id": "stream-watched@flow/clips", "rule": "stream-watched", "element": "flow/clips", "level": "Major", "residual": "Minor", // as internal/threat spells them
		"decision": "mitigate", "by": "", "why": "", "until": "", "overdue": false,
	}}})
	return in
}

// template finds a document by its id.
func templateOf(t *testing.T, id string) *Template {
	t.Helper()
	for _, d := range templates(t) {
		if d.ID == id {
			return d
		}
	}
	t.Fatalf("there is no document %s", id)
	return nil
}

// allPass is a made-up run in which every requirement of the documents is met.
func allPass(t *testing.T, in Input) Input {
	t.Helper()
	in.Run, in.Verdicts = "20260615-101500", map[string]string{}
	for _, d := range templates(t) {
		for _, id := range d.requirements() {
			in.Verdicts[id] = "PASS"
		}
	}
	return in
}

// published makes the documents that this file is about.
func published(t *testing.T, in Input) *Set {
	t.Helper()
	var ts []*Template
	for _, d := range templates(t) {
		if slices.Contains(forRegulators, d.ID) {
			ts = append(ts, d)
		}
	}
	s, err := All(t.Context(), ts, in)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func made(t *testing.T, id string, in Input) *Document {
	t.Helper()
	d, err := Make(t.Context(), templateOf(t, id), in)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func reasons(d *Document) string {
	var b strings.Builder
	for _, e := range d.Errors {
		b.WriteString(e.Message + "\n")
	}
	return b.String()
}

func says(d *Document) string {
	var b strings.Builder
	for _, s := range d.Statements() {
		b.WriteString(s.ID + ": " + s.Plain() + "\n")
	}
	return b.String()
}

// TestDeclarationsWithoutRun: without verdicts nothing is declared, and the
// draft names every requirement that has none.
func TestDeclarationsWithoutRun(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ record, document, silent string }{
		{"camera", "psti-statement", "In the opinion of"},
		{"camera", "eu-declaration", "is in conformity"},
		{"gateway", "eu-declaration", "is in conformity"},
	} {
		in := complete(t, c.record)
		for _, lang := range i18n.Langs() {
			in.Lang = lang
			d := made(t, c.document, in)
			why := reasons(d)
			if !d.Draft || !strings.Contains(why, catalogue().T(lang, "publish.not-judged", nil)) {
				t.Errorf("%s of %s, %s: draft is %v: %s", c.document, c.record, lang, d.Draft, why)
			}
			for _, id := range behindOf(templateOf(t, c.document)) {
				if _, short, _ := strings.Cut(id, "/"); !strings.Contains(why, short) {
					t.Errorf("%s of %s, %s doesn't name %s", c.document, c.record, lang, id)
				}
			}
			for _, e := range d.Errors {
				if e.Code != CodeRequirement {
					t.Errorf("%s of %s: a complete record leaves %+v", c.document, c.record, e)
				}
			}
			if strings.Contains(says(d), c.silent) {
				t.Errorf("%s of %s declares something: %s", c.document, c.record, says(d))
			}
		}
	}
}

// behindOf lists what carries a declaration, by whichever way.
func behindOf(d *Template) []string {
	out := append(slices.Clone(d.Behind), d.WhereApplicable...)
	for _, r := range d.Routes {
		for _, w := range r.Ways {
			out = append(out, w.all()...)
		}
	}
	return out
}

// TestAllPass: with every requirement met, nothing keeps the documents from
// leaving the house but the signature, which is no matter of a program.
func TestAllPass(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"camera", "gateway"} {
		in := allPass(t, complete(t, name))
		for _, docs := range published(t, in).Documents {
			for _, d := range docs {
				if d.Draft {
					t.Errorf("%s of %s, %s: %v", d.ID, name, d.Lang, d.Errors)
				}
				if slices.Contains(declarations, d.ID) && !blank(d, "ign") && d.Lang == i18n.En {
					t.Errorf("%s of %s has no place for a signature", d.ID, name)
				}
			}
		}
	}
	d := made(t, "psti-statement", allPass(t, complete(t, "camera")))
	for _, want := range []string{"In the opinion of Shanlight Devices Co., Ltd.", "29 February 2032", "SLC20-260200001", "Hsinchu"} {
		if !strings.Contains(says(d), want) {
			t.Errorf("the statement lacks %q:\n%s", want, says(d))
		}
	}
}

func blank(d *Document, name string) bool {
	return slices.ContainsFunc(d.Statements(), func(s Statement) bool { return s.Form == Blank && strings.Contains(s.Plain(), name) })
}

// TestOneFailure: one requirement that fails keeps a declaration a draft that
// names it, also where the law has another way.
func TestOneFailure(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ document, requirement string }{
		{"eu-declaration", "eu-cra/I.2.e"},
		{"eu-declaration", "eu-cra/II.7"},
		{"eu-declaration", "eu-cra/13.8.b"},
		{"psti-statement", "uk-psti/PSTI-1.3c"},
		{"psti-statement", "uk-psti/PSTI-3.b"},
		{"psti-statement", "etsi-en-303-645/5.2-1"},
	} {
		in := allPass(t, complete(t, "camera"))
		in.Verdicts[c.requirement] = "FAIL"
		d := made(t, c.document, in)
		_, short, _ := strings.Cut(c.requirement, "/")
		if why := reasons(d); !d.Draft || len(d.Errors) != 1 || !strings.Contains(why, short) || !strings.Contains(why, "fail") && !strings.Contains(why, "FAIL") {
			t.Errorf("%s with %s: draft is %v: %s", c.document, c.requirement, d.Draft, why)
		}
		if text := says(d); strings.Contains(text, "In the opinion") || strings.Contains(text, "is in conformity") {
			t.Errorf("%s declares beside a failure: %s", c.document, text)
		}
	}
}

// TestRoutes: the UK law lets EN 303 645 stand for its requirements; the
// statement says which way carries which.
func TestRoutes(t *testing.T) {
	t.Parallel()
	const own, deemed, open = "soc-4-passwords-own", "soc-4-passwords-deemed", "soc-4-passwords-open"
	en := func(first, second string) map[string]string {
		return map[string]string{"etsi-en-303-645/5.1-1": first, "etsi-en-303-645/5.1-2": second, "etsi-en-303-645/5.2-1": "PASS", "etsi-en-303-645/5.3-13": "PASS"}
	}
	uk := func(all, one string) map[string]string {
		out := en("INCONCLUSIVE", "")
		for _, id := range []string{"1.2", "1.3a", "1.3b", "1.3c", "1.3d"} {
			out["uk-psti/PSTI-"+id] = all
		}
		out["uk-psti/PSTI-1.2"] = one
		return out
	}
	for name, c := range map[string]struct {
		verdicts map[string]string
		row      string
		draft    bool
	}{
		"deemed":               {en("PASS", "PASS"), deemed, false},
		"deemed-no-preset":     {en("PASS", "NOT_APPLICABLE"), deemed, false},
		"not-relevant-is-none": {en("NOT_APPLICABLE", "NOT_APPLICABLE"), open, true},
		"not-judged":           {en("PASS", ""), open, true},
		"own":                  {uk("PASS", "PASS"), own, false},
		"own-no-preset":        {uk("NOT_APPLICABLE", "PASS"), own, false},
		"own-no-passwords":     {uk("NOT_APPLICABLE", "NOT_APPLICABLE"), own, false},
		"own-undecided":        {uk("INCONCLUSIVE", "PASS"), open, true},
	} {
		in := complete(t, "camera")
		in.Run, in.Verdicts = "run", c.verdicts
		d := made(t, "psti-statement", in)
		row := ""
		for _, s := range d.Statements() {
			if _, id, _ := strings.Cut(s.ID, "#"); strings.HasPrefix(id, "soc-4-passwords-") {
				row += id
				for _, v := range s.Verdicts {
					if v.Verdict != c.verdicts[v.Requirement] {
						t.Errorf("%s: %s shows %v", name, id, v)
					}
				}
				if id != open && len(s.Verdicts) == 0 {
					t.Errorf("%s: %s shows no verdict that carries it", name, id)
				}
			}
		}
		if row != c.row || d.Draft != c.draft {
			t.Errorf("%s: row %s, draft %v: %s", name, row, d.Draft, reasons(d))
		}
	}
}

// TestMarkets: a declaration is made for the market whose law asks for it; the
// others are listed with the reason and not written.
func TestMarkets(t *testing.T) {
	t.Parallel()
	eu := []string{"eu-declaration", "eu-technical-documentation", "eu-user-information"}
	base := complete(t, "camera")
	for _, c := range []struct {
		markets []string
		want    []string
	}{
		{[]string{"TW", "EU", "UK", "US"}, append([]string{"psti-statement"}, eu...)},
		{[]string{"GB"}, []string{"psti-statement"}},
		{[]string{"EU"}, eu},
		{[]string{"DE"}, eu},
		{[]string{"TW", "US", "NO"}, nil},
		{nil, nil},
	} {
		p := *base.View.Product()
		p.Identity.Markets = c.markets
		s := published(t, with(base, &p))
		dir := t.TempDir()
		m, err := Write(t.Context(), dir, s)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range append([]string{"psti-statement"}, eu...) {
			want := slices.Contains(c.want, id)
			if got := m.entry(id) != nil; got != want {
				t.Errorf("%v: %s is made: %v", c.markets, id, got)
			}
			for _, f := range []string{fileName(id, i18n.En, "md"), fileName(id, i18n.Zh, "html")} {
				if _, err := os.Stat(filepath.Join(dir, f)); (err == nil) != want {
					t.Errorf("%v: %s: %v", c.markets, f, err)
				}
			}
			i := slices.IndexFunc(m.Skipped, func(x Skipped) bool { return x.ID == id })
			if (i >= 0) == want {
				t.Errorf("%v: %s is listed as not for the product: %v", c.markets, id, i >= 0)
			}
			if i >= 0 && (m.Skipped[i].Why["en"] == "" || m.Skipped[i].Why["zh-Hant"] == "") {
				t.Errorf("%v: %s is left out without a reason: %+v", c.markets, id, m.Skipped[i])
			}
		}
		if m.entry("procurement-sheet") == nil {
			t.Errorf("%v: there is no procurement sheet", c.markets)
		}
	}
}

// TestNothingIsSigned: what a person has to fill in stays empty, whoever the
// record names.
func TestNothingIsSigned(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"camera", "gateway"} {
		in := allPass(t, complete(t, name))
		for _, docs := range published(t, in).Documents {
			for _, d := range docs {
				if !slices.Contains(declarations, d.ID) {
					continue
				}
				blanks := 0
				for _, s := range d.Statements() {
					if s.Form != Blank {
						continue
					}
					blanks++
					if slices.ContainsFunc(s.Text, func(p Piece) bool { return p.kind != ours }) {
						t.Errorf("%s is filled in: %s", s.ID, s.Plain())
					}
				}
				if blanks < 3 {
					t.Errorf("%s of %s has %d lines to fill in", d.ID, name, blanks)
				}
				for _, o := range in.View.Product().Organisation.Owners {
					if strings.Contains(says(d), o.Who) {
						t.Errorf("%s of %s names %s", d.ID, name, o.Who)
					}
				}
			}
		}
	}
}

// TestMissingIdentity: what a declaration needs and the record doesn't state
// is a gap, never an empty line.
func TestMissingIdentity(t *testing.T) {
	t.Parallel()
	base := allPass(t, complete(t, "camera"))
	for name, edit := range map[string]func(*product.Product){
		"product.maker.address":  func(p *product.Product) { p.Identity.Maker.Address = "" },
		"product.maker.name":     func(p *product.Product) { p.Identity.Maker.Name = product.Gap },
		"product.batch":          func(p *product.Product) { p.Identity.Batch = "" },
		"product.model":          func(p *product.Product) { p.Identity.Model = "" },
		"product.support.until":  func(p *product.Product) { s := *p.Identity.Support; s.Until = product.Date{}; p.Identity.Support = &s },
		"product.release":        func(p *product.Product) { p.Identity.Release = "" },
		"communication.register": func(p *product.Product) { c := *p.Communication; c.Register = nil; p.Communication = &c },
	} {
		p := *base.View.Product()
		edit(&p)
		in := with(base, &p)
		documents := declarations
		if name == "communication.register" {
			documents = []string{"eu-technical-documentation"} // the file rests on papers, a declaration doesn't
		}
		for _, id := range documents {
			d := made(t, id, in)
			if !d.Draft || !slices.ContainsFunc(d.Errors, func(e Error) bool { return e.Code == CodeGap && strings.HasSuffix(e.Where, name) }) {
				t.Errorf("%s without %s: draft is %v: %v", id, name, d.Draft, d.Errors)
			}
		}
	}
}

// TestAnswers: a test counts before what the maker states, and what nobody
// answers is said to be so.
func TestAnswers(t *testing.T) {
	t.Parallel()
	base := complete(t, "camera")
	bare := *base.View.Product()
	bare.Capabilities = nil
	for name, c := range map[string]struct {
		in      Input
		verdict string
		row     string
		want    string
	}{
		"tested":           {base, "PASS", "ai-2", "Answer: Yes; Who says so: Test"},
		"failed":           {base, "FAIL", "ai-2", "Answer: No; Who says so: Test"},
		"does-not-apply":   {base, "NOT_APPLICABLE", "ai-2", "Answer: Does not apply; Who says so: Test"},
		"stated":           {base, "", "ai-2", "Answer: Yes; Who says so: Manufacturer"},
		"left-open":        {base, "INCONCLUSIVE", "ai-2", "Answer: Yes; Who says so: Manufacturer; the test left it open"},
		"not-in-each-part": {base, "", "dp-1", "Answer: Yes, but not in every part (see below); Who says so: Manufacturer"},
		"in-part":          {base, "", "doc-1-d-6", "Answer: In part (see below); Who says so: Manufacturer"},
		"nobody":           {with(base, &bare), "", "ai-2", "Answer: No answer; Who says so: Nobody"},
		"only-open":        {with(base, &bare), "NOT_TESTED", "ai-2", "Answer: No answer; Who says so: The test left it open"},
	} {
		in := c.in
		if c.verdict != "" {
			in.Verdicts = map[string]string{"nist-ir-8425/AI.2": c.verdict}
		}
		d := made(t, "procurement-sheet", in)
		i := slices.IndexFunc(d.Statements(), func(s Statement) bool { return s.ID == "procurement-sheet#"+c.row })
		if i < 0 {
			t.Fatalf("%s: there is no row %s", name, c.row)
		}
		s := d.Statements()[i]
		if !strings.HasSuffix(s.Plain(), c.want) {
			t.Errorf("%s: %s", name, s.Plain())
		}
		if judged := slices.ContainsFunc(s.Sources, func(x Source) bool { return x.File == "run" && x.Path == `verdicts["nist-ir-8425/AI.2"]` }); judged != (c.verdict != "") {
			t.Errorf("%s rests on %v", name, paths(s.Sources))
		}
	}
}

// TestThreats: the file for authorities lists the threats with words for their
// levels and decisions; without a threat model it lacks them.
func TestThreats(t *testing.T) {
	t.Parallel()
	in := allPass(t, complete(t, "camera"))
	in.Lang = i18n.Zh
	in.Terms = func(_, name, value string) (string, bool) {
		return "畫面遭觀看", name == "threat" && value == "stream-watched"
	}
	if got, want := says(made(t, "eu-technical-documentation", in)), "威脅: 畫面遭觀看; 位置: flow/clips; 未採措施的風險: 高; 殘餘風險: 低; 決定: 減輕; 理由: –"; !strings.Contains(got, want) {
		t.Errorf("want %s in:\n%s", want, got)
	}
	in.View = record.NewView(in.View.Product(), clock, nil)
	if d := made(t, "eu-technical-documentation", in); !slices.ContainsFunc(d.Errors, func(e Error) bool { return strings.HasPrefix(e.Where, "threats") }) {
		t.Errorf("without threats: %v", d.Errors)
	}
	in = complete(t, "camera")
	if why := reasons(made(t, "eu-technical-documentation", in)); !strings.Contains(why, "no test run") {
		t.Errorf("without a run: %s", why)
	}
}

// TestPlaces: a sheet says for each place what is left to do there.
func TestPlaces(t *testing.T) {
	t.Parallel()
	d := made(t, "procurement-sheet", complete(t, "camera"))
	for _, c := range []struct {
		id   string
		want bool
	}{
		{"place-duty/home/look-through", true},    // advised, and of a use at home
		{"place-duty/office/look-through", false}, // advised, and of no use there
		{"place-duty/office/good-password", true}, // a must, wherever it stands
		{"place-uses/office/watch-shop", true},
		{"place-uses/home/watch-shop", false},
		{"place-uses/office/care-home", false}, // isn't made for it
		{"deployer-setting/people", true},
		{"deployer-setting/rtsp", false},
		{"hosts/clips", true},
		{"hosts/ring", false}, // begins in the service
	} {
		got := slices.ContainsFunc(d.Statements(), func(s Statement) bool { return s.ID == "procurement-sheet#"+c.id })
		if got != c.want {
			t.Errorf("%s is said: %v", c.id, got)
		}
	}
}

// TestCoverage: the documents answer every point of what they are made for.
func TestCoverage(t *testing.T) {
	t.Parallel()
	catalogues, err := standard.All()
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string][]*standard.Requirement{}
	for _, c := range catalogues {
		for i := range c.Requirements {
			ids[string(c.ID)] = append(ids[string(c.ID)], &c.Requirements[i])
		}
	}
	psti, decl := templateOf(t, "psti-statement"), behindOf(templateOf(t, "eu-declaration"))
	for _, r := range ids["uk-psti"] {
		id := string(r.ID)
		switch {
		case strings.HasPrefix(id, "PSTI-") && !slices.Contains(behindOf(psti), "uk-psti/"+id):
			t.Errorf("nothing of the UK statement rests on %s", id)
		case strings.HasPrefix(id, "SOC-") && !has(psti, strings.ToLower(id)+"-"):
			t.Errorf("the UK statement has no sentence for %s", id)
		}
	}
	for _, r := range ids["eu-cra"] {
		id := string(r.ID)
		later := strings.HasPrefix(id, "14.") || slices.Contains([]string{"13.6", "13.8.a", "13.9", "13.13", "13.17", "13.18", "13.19.a", "13.19.b", "13.19.c", "AVII.7"}, id)
		if slices.Contains(decl, "eu-cra/"+id) == later {
			t.Errorf("the EU declaration rests on %s: %v", id, !later)
		}
	}
	var rows []string
	sheet := templateOf(t, "procurement-sheet")
	for _, s := range sheet.Sections {
		for _, x := range s.Sentences {
			if x.Outcome == "" {
				continue
			}
			rows = append(rows, x.Outcome)
			std, id, _ := strings.Cut(x.Outcome, "/")
			i := slices.IndexFunc(ids[std], func(r *standard.Requirement) bool { return string(r.ID) == id })
			if i < 0 {
				t.Errorf("%s asks for %s, which isn't there", x.ID, x.Outcome)
				continue
			}
			if low, marked := ids[std][i].Confidence.Status == "low", strings.Contains(x.Cells[0].En, "†"); low != marked {
				t.Errorf("%s: from memory %v, marked %v", x.Outcome, low, marked)
			}
		}
	}
	for _, r := range ids["nist-ir-8425"] {
		id := "nist-ir-8425/" + string(r.ID)
		parent := slices.ContainsFunc(ids["nist-ir-8425"], func(x *standard.Requirement) bool { return strings.HasPrefix(string(x.ID), string(r.ID)+".") })
		if !parent && !slices.Contains(rows, id) {
			t.Errorf("the procurement sheet doesn't ask for %s", id)
		}
	}
	for id, points := range map[string][]string{
		"eu-user-information":        {"point 1)", "point 2)", "point 3)", "point 4)", "point 5)", "point 6)", "point 7)", "8(a)", "8(b)", "8(c)", "8(d)", "8(e)", "8(f)", "point 9)"},
		"eu-technical-documentation": {"1(a)", "1(b)", "1(c)", "1(d)", "2(a)", "2(b)", "2(c)", "3 ", "4 ", "5 ", "6 ", "7 ", "8 "},
		"eu-declaration":             {"point 1)", "point 2)", "point 3)", "point 4)", "point 5)", "point 6)", "point 7)", "point 8)"},
	} {
		for _, p := range points {
			if !slices.ContainsFunc(templateOf(t, id).Sections, func(s *Section) bool { return strings.Contains(s.Title.En, p) }) {
				t.Errorf("%s has no section for %s", id, p)
			}
		}
	}
}

func has(d *Template, prefix string) bool {
	for _, s := range d.Sections {
		if slices.ContainsFunc(s.Sentences, func(x *Sentence) bool { return strings.HasPrefix(x.ID, prefix) }) {
			return true
		}
	}
	return false
}

// TestMakerNotes: what has to be compared with the law stands in drafts and in
// the manifest, and readers don't see it.
func TestMakerNotes(t *testing.T) {
	t.Parallel()
	in := complete(t, "camera")
	for _, id := range forRegulators {
		d := templateOf(t, id)
		if !slices.ContainsFunc(d.Notes, func(n Note) bool { return n.Confidence == "medium" }) {
			t.Errorf("%s has no note on what wasn't compared with the law", id)
		}
	}
	for _, lang := range i18n.Langs() {
		in.Lang = lang
		for _, run := range []Input{in, allPass(t, in)} {
			for _, id := range declarations {
				d := made(t, id, run)
				whole := templateOf(t, id).Notes[0].Text.In(string(lang))
				note := string([]rune(whole)[:12]) // without an apostrophe, which HTML writes in its own way
				for form, text := range map[string]string{"HTML": html(t, d), "Markdown": markdownOf(t, d)} {
					if strings.Contains(text, note) != d.Draft {
						t.Errorf("%s, %s, %s: draft is %v, the note is shown: %v", id, lang, form, d.Draft, !d.Draft)
					}
				}
				if e := entry([]*Document{d}); len(e.Remarks) == 0 || e.Remarks[0].Text[string(lang)] != whole {
					t.Errorf("%s: the manifest has the notes %+v", id, e.Remarks)
				}
			}
		}
	}
}

// TestAnswerWords: every answer and every standard that a document may print
// has a word.
func TestAnswerWords(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		"answer":   {"yes", "most", "partly", "no", "n/a", "none"},
		"basis":    {"test", "stated", "stated-open", "open", "none"},
		"decision": {"mitigate", "transfer", "avoid", "accept"},
	}
	for _, v := range verdict.Known() {
		want["answer"] = append(want["answer"], string(v))
	}
	catalogues, err := standard.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range catalogues {
		want["standard"] = append(want["standard"], string(c.ID))
	}
	for name, values := range want {
		for _, v := range values {
			if key := TermKey(name, v); !catalogue().Has(key) {
				t.Errorf("there is no text %s", key)
			}
		}
	}
}

// TestWrongRoutes: mistakes in routes, notes and outcomes are told.
func TestWrongRoutes(t *testing.T) {
	t.Parallel()
	both := record.Text{En: "a", Zh: "甲"}
	way := Way{ID: "own", Title: both, Behind: []string{"uk-psti/PSTI-1.2"}}
	for name, c := range map[string]struct {
		t    Template
		says string
	}{
		"fine":       {Template{Routes: []Route{{"passwords", both, []Way{way}}}, Notes: []Note{{"law", "low", both}}, Applies: "true", Otherwise: both}, ""},
		"no-ways":    {Template{Routes: []Route{{"passwords", both, nil}}}, "and ways"},
		"twice":      {Template{Routes: []Route{{"a", both, []Way{way}}, {"a", both, []Way{way}}}}, "name of its own"},
		"reserved":   {Template{Routes: []Route{{"behind", both, []Way{way}}}}, "name of its own"},
		"language":   {Template{Routes: []Route{{"a", record.Text{En: "a"}, []Way{way}}}}, "lacks a language"},
		"empty-way":  {Template{Routes: []Route{{"a", both, []Way{{ID: "own", Title: both}}}}}, "and requirements"},
		"id":         {Template{Behind: []string{"PSTI-1.2"}}, "standard/id"},
		"confidence": {Template{Notes: []Note{{"law", "certain", both}}}, "confidence"},
		"otherwise":  {Template{Otherwise: both}, "and applies"},
	} {
		err := c.t.checkRoutes()
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, x := range []Sentence{{Outcome: "AI.1"}, {Outcome: "nist-ir-8425/AI.1", Rule: record.Rule{Each: "product.components"}}} {
		if len(x.checkOutcome()) == 0 {
			t.Errorf("%+v is taken", x)
		}
	}
}

// TestStaleVerdict: a verdict that changes makes the declaration stale.
func TestStaleVerdict(t *testing.T) {
	t.Parallel()
	in := allPass(t, complete(t, "camera"))
	m, err := Write(t.Context(), t.TempDir(), published(t, in))
	if err != nil {
		t.Fatal(err)
	}
	if got := Stale(m, published(t, in)); len(got) > 0 {
		t.Fatalf("stale although nothing changed: %+v", got)
	}
	in = allPass(t, in)
	in.Verdicts["eu-cra/I.2.e"] = "FAIL"
	var of []string
	for _, c := range Stale(m, published(t, in)) {
		if !slices.Contains(of, c.Sentence) {
			of = append(of, c.Sentence)
		}
	}
	for _, want := range []string{"eu-declaration#conformity-declared", "eu-technical-documentation#i-2-e"} {
		if !slices.Contains(of, want) {
			t.Errorf("%s isn't stale: %v", want, of)
		}
	}
}
