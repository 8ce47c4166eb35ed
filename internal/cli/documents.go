package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"assay/internal/activity"
	"assay/internal/assess"
	"assay/internal/limit"
	"assay/internal/pattern"
	"assay/internal/report/publish"
	"assay/internal/yamltree"
)

// documentsFolder is where documents are written unless --out says otherwise.
const documentsFolder = "documents"

// documentsDoc is the `documents` document.
type documentsDoc struct {
	Schema    string        `json:"schema"`
	Folder    string        `json:"folder"`
	Run       string        `json:"run"`       // whose verdicts are stated; "" for none
	Written   bool          `json:"written"`   // false with --stale
	Documents []documentRow `json:"documents"` // in the order of the index
	// Stale says why documents in the folder are out of date, before they
	// were written anew.
	Stale   []publish.Change `json:"stale"`
	Skipped []string         `json:"skipped"` // documents that this product doesn't need
	Notices []publish.Error  `json:"notices"` // such as words without a translation
	Errors  []publish.Error  `json:"errors"`  // why documents are drafts
}

type documentRow struct {
	ID    string   `json:"id"`
	For   string   `json:"for"` // customers, regulators or programs
	Title string   `json:"title"`
	Date  string   `json:"date"` // of its last change
	Draft bool     `json:"draft"`
	Files []string `json:"files"`
}

// documents writes what customers and regulators get.
func (a *app) documents(ctx context.Context, run string, staleOnly bool) error {
	if err := a.formats("text", "json"); err != nil {
		return err
	}
	g, err := a.openGuide(ctx, run)
	if err != nil {
		return err
	}
	if g.broken != nil {
		return g.broken // nothing leaves the house that rests on a model with mistakes
	}
	set, err := a.publications(ctx, g)
	if err != nil {
		return err
	}
	folder := a.out
	a.out = ""
	if folder == "" {
		folder = filepath.Join(g.w.dir, documentsFolder)
		// A workspace of a stranger may hold a link in the folder's place.
		if info, err := os.Lstat(folder); err == nil && info.Mode()&os.ModeSymlink != 0 {
			return &exitError{code: exitUse, err: errors.New(a.t("ui.out-refused", "path", folder, "why", a.t("ui.out.outside"))), where: folder}
		}
	}
	if folder, err = filepath.Abs(folder); err != nil {
		return use(err)
	}
	if err := a.mayFill(folder); err != nil {
		return err
	}
	doc := documentsDoc{Schema: "assay/documents@1", Folder: folder, Run: set.Run, Written: !staleOnly, Documents: []documentRow{}, Stale: []publish.Change{}, Skipped: []string{}, Notices: []publish.Error{}, Errors: []publish.Error{}}
	old, err := publish.ReadManifest(folder)
	switch {
	case err == nil:
		doc.Stale = append(doc.Stale, publish.Stale(old, set)...)
	case !errors.Is(err, os.ErrNotExist):
		return &exitError{code: exitUse, err: err, where: folder}
	case staleOnly:
		return &exitError{code: exitUse, kind: codeNotFound, err: errors.New(a.t("ui.documents-none", "folder", folder)), next: "assay report --documents"}
	}
	m := old
	if files := foreign(folder, old); !staleOnly && len(files) > 0 {
		return &exitError{code: exitUse, err: errors.New(a.t("ui.documents-foreign", "folder", folder, "files", some(files))), where: folder}
	}
	if !staleOnly {
		if m, err = publish.Write(ctx, folder, set); err != nil {
			return &exitError{code: exitUse, err: err, where: folder}
		}
	}
	a.documentRows(&doc, set, m)
	for _, s := range g.now.Activities {
		for _, k := range s.Checks {
			for _, x := range k.Gaps {
				if k.Check.Contradiction || x.Contradiction {
					where, _ := g.place(x)
					doc.Errors = append(doc.Errors, publish.Error{Code: publish.CodeContradicted, Message: a.t("ui.documents-contradiction", "text", a.says(x)), Where: where})
				}
			}
		}
	}
	switch {
	case a.code != 0: // words.yaml has mistakes
	case staleOnly && len(doc.Stale) > 0:
		a.code = exitFailed
	case !staleOnly && len(doc.Errors) > 0:
		a.code = exitUndecided
	}
	if a.format == "json" {
		a.json(doc)
		return nil
	}
	if !a.quiet {
		a.documentsText(doc)
	}
	return nil
}

// publications makes every document of the product in both languages.
func (a *app) publications(ctx context.Context, g *guided) (*publish.Set, error) {
	templates, err := publish.Documents()
	if err != nil {
		return nil, err
	}
	words, problems := publish.ReadWords(g.w.dir, limit.Default().YAML)
	for _, p := range problems {
		fmt.Fprintf(a.Err, "%s:%d: %s\n", p.File, p.Line, plain(a.texts.T(a.lang, p.Reason.Key, p.Reason.Args)))
		a.code = exitUse
	}
	in := publish.Input{
		View: g.now.View, Texts: a.texts, Words: words, Now: a.now(), Verdicts: g.now.Input.Verdicts, Standards: map[string]string{}, Terms: a.threatTerm(g),
	}
	switch id := g.now.Input.Product.Identity; {
	case g.res == nil:
	case g.res.Product.Identity.Model != id.Model || g.res.Product.Identity.Release != id.Release:
		// What was found of another release says nothing about this one.
		in.Verdicts = map[string]string{}
		fmt.Fprintln(a.Err, a.t("ui.documents-other-release", "run", g.res.Stored.Meta.ID, "release", plain(g.res.Product.Identity.Release)))
	default:
		in.Run, in.Verdicts = g.res.Stored.Meta.ID, withoutSamples(g.res)
	}
	if in.Run == "" {
		in.View = g.process.View(withoutRun(g.now.Input))
	}
	for _, s := range g.all {
		in.Standards[string(s.ID)] = s.Title.In(string(a.lang))
	}
	return publish.All(ctx, templates, in)
}

// withoutRun is what the record rests on where no run counts.
func withoutRun(in activity.Input) activity.Input {
	in.Verdicts, in.Components = map[string]string{}, nil
	return in
}

// withoutSamples are the verdicts of a run that don't rest on sample results,
// which the demonstration makes up: those are nothing to tell a customer.
func withoutSamples(res *assess.Result) map[string]string {
	out := map[string]string{}
	for _, v := range res.Assessment.Verdicts {
		sample := false
		for _, c := range v.Cases {
			for _, r := range c.Results {
				sample = sample || r.By != nil && r.By.Sample
			}
		}
		if !sample {
			out[string(v.Standard)+"/"+string(v.Requirement)] = string(v.Verdict)
		}
	}
	return out
}

// threatTerm gives threats and rules of threats their titles.
func (a *app) threatTerm(g *guided) func(lang, name, value string) (string, bool) {
	return func(lang, name, value string) (string, bool) {
		if name != "threat" {
			return "", false
		}
		for _, t := range g.now.Input.Threats.Threats {
			if t.ID == value || t.Rule.ID == value {
				return t.Rule.Title.In(lang), true
			}
		}
		return "", false
	}
}

// foreign lists the files in a folder that documents would be written over
// and that no earlier writing left so: of others, or changed by hand.
func foreign(folder string, m *publish.Manifest) []string {
	known := map[string]string{}
	if m != nil {
		for _, d := range m.Documents {
			for _, f := range d.Files {
				known[f.Name] = f.SHA256
			}
		}
	}
	var out []string
	names, err := os.ReadDir(folder)
	if err != nil {
		return nil // it isn't there yet
	}
	for _, e := range names {
		name := e.Name()
		sum, was := known[name]
		switch {
		case was:
			b, err := readFile(filepath.Join(folder, name), limit.Default().YAML.Size)
			if h := sha256.Sum256(b); err == nil && hex.EncodeToString(h[:]) != sum {
				out = append(out, name)
			}
		case m == nil && (name == publish.SumsFile || name == publish.SecurityFile || strings.HasPrefix(name, "index.")):
			out = append(out, name)
		}
	}
	return out
}

// mayFill refuses folders that hold something else of the workspace.
func (a *app) mayFill(folder string) error {
	no := func(why string) error {
		return &exitError{code: exitUse, err: errors.New(a.t("ui.out-refused", "path", folder, "why", a.t("ui.out."+why))), where: folder}
	}
	inside := folder // of the folder that it will be made in
	switch info, err := os.Stat(folder); {
	case err == nil && !info.IsDir():
		return no("no-folder")
	case err == nil:
		inside = filepath.Join(folder, publish.ManifestFile)
	}
	return a.mayWriteIn(inside, no)
}

func (a *app) documentRows(doc *documentsDoc, set *publish.Set, m *publish.Manifest) {
	seen := map[publish.Error]bool{}
	add := func(to *[]publish.Error, all []publish.Error) {
		for _, e := range all {
			if !seen[e] {
				seen[e] = true
				*to = append(*to, e)
			}
		}
	}
	for _, d := range m.Documents {
		row := documentRow{ID: d.ID, For: d.For, Title: d.ID, Date: d.Date, Draft: d.Draft, Files: []string{}}
		for _, f := range d.Files {
			row.Files = append(row.Files, f.Name)
		}
		doc.Documents = append(doc.Documents, row)
	}
	for _, languages := range set.Documents {
		for _, d := range languages {
			for i := range doc.Documents {
				if doc.Documents[i].ID == d.ID && d.Lang == a.lang {
					doc.Documents[i].Title = d.Title
				}
			}
			if d.Lang == a.lang { // both languages lack the same
				add(&doc.Errors, d.Errors)
			}
			// What isn't translated differs; each is said once, in the
			// reader's words where it is about both.
			for _, n := range d.Notices {
				if d.Lang == a.lang || n.Code == publish.CodeUntranslated {
					add(&doc.Notices, []publish.Error{n})
				}
			}
		}
	}
	for _, s := range set.Skipped {
		doc.Skipped = append(doc.Skipped, s.ID)
	}
	if set.Security != nil {
		add(&doc.Errors, set.Security.Errors)
		add(&doc.Notices, set.Security.Notices)
		for i := range doc.Documents {
			if doc.Documents[i].ID == set.Security.ID {
				doc.Documents[i].Title = publish.SecurityFile
			}
		}
	}
}

func (a *app) documentsText(doc documentsDoc) {
	w := a.Out
	for _, d := range doc.Documents {
		state := ""
		if d.Draft {
			state = "  [" + a.t("ui.documents-draft") + "]"
		}
		why := ""
		if slices.ContainsFunc(doc.Stale, func(c publish.Change) bool { return c.Document == d.ID }) {
			why = "  " + a.t("ui.documents-changed")
			if !doc.Written {
				why = "  " + a.t("ui.documents-stale")
			}
		}
		fmt.Fprintf(w, "%s  %s%s%s\n", d.Date, d.Title, state, why)
	}
	if !doc.Written {
		for _, c := range doc.Stale {
			where := strings.TrimSpace(c.File + " " + c.Path)
			a.wrapped(w, "  ", a.t("ui.documents-why", "document", c.Document, "sentence", c.Sentence, "why", a.t("documents.why."+c.Why), "where", where))
		}
	}
	if len(doc.Errors) > 0 {
		fmt.Fprintf(w, "\n%s\n", a.t("ui.documents-drafts", "count", fmt.Sprint(len(doc.Errors))))
		for _, e := range doc.Errors {
			a.wrapped(w, "  ", "· "+plain(e.Message)+place1(e.Where))
		}
	}
	if n := len(doc.Notices); n > 0 {
		fmt.Fprintf(w, "\n%s\n", a.t("ui.documents-notices", "count", fmt.Sprint(n)))
		for i, e := range doc.Notices {
			if i == 10 && !a.verbose {
				fmt.Fprintf(w, "  …\n")
				break
			}
			a.wrapped(w, "  ", "· "+plain(e.Message)+place1(e.Where))
		}
	}
	if len(doc.Skipped) > 0 {
		fmt.Fprintf(w, "\n%s\n", a.t("ui.documents-skipped", "ids", strings.Join(doc.Skipped, ", ")))
	}
	if doc.Written {
		fmt.Fprintf(w, "\n%s\n", a.t("ui.documents-written", "folder", doc.Folder))
	}
}

func place1(where string) string {
	if where == "" {
		return ""
	}
	return "  (" + where + ")"
}

// documentUses finds which documents state what a question asks for.
func (a *app) documentUses(g *guided, set *publish.Set) {
	add := func(q, doc string) {
		c := activity.Consumer{Kind: "document", ID: doc}
		if !slices.Contains(g.uses[q], c) {
			g.uses[q] = append(g.uses[q], c)
		}
	}
	// Which fields a document rests on, without the places of entries, once.
	rests := map[string]map[string]bool{}
	for _, d := range a.inLanguage(set) {
		fields := map[string]bool{}
		for _, paths := range d.Rests() {
			for _, p := range paths {
				for f := indices.ReplaceAllString(p, ""); f != "" && !fields[f]; f = yamltree.ParentPath(f) {
					fields[f] = true
				}
			}
		}
		rests[d.ID] = fields
	}
	ids := slices.Sorted(maps.Keys(rests))
	for i := range g.process.Activities {
		for _, q := range g.process.Activities[i].Questions {
			for _, place := range append([]string{q.Place}, q.Touches...) {
				for _, d := range ids {
					if place != "" && rests[d][strings.ReplaceAll(place, "[]", "")] {
						add(q.ID, d)
					}
				}
			}
		}
	}
}

// inLanguage are the documents in the reader's language.
func (a *app) inLanguage(set *publish.Set) []*publish.Document {
	var out []*publish.Document
	for _, all := range set.Documents {
		for _, d := range all {
			if d.Lang == a.lang {
				out = append(out, d)
			}
		}
	}
	if set.Security != nil {
		out = append(out, set.Security)
	}
	return out
}

// under says whether a path of the model lies at or below a place such as
// use_cases or components[].renewal.
func under(path, place string) bool {
	bare := indices.ReplaceAllString(path, "")
	place = strings.ReplaceAll(place, "[]", "")
	return bare == place || strings.HasPrefix(bare, place+".")
}

// indices are the places of entries in lists.
var indices = pattern.New(`\[\d+\]`)
