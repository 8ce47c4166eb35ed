package publish

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"assay/internal/i18n"
	"assay/internal/limit"
	"assay/internal/pattern"
)

// ManifestSchema is the version of manifest.json.
const ManifestSchema = "assay/publication-manifest@1"

// Names of the files beside the documents.
const (
	ManifestFile = "manifest.json"
	SumsFile     = "SHA256SUMS"
	SecurityFile = "security.txt"
)

// Manifest says of every published sentence what it rests on.
type Manifest struct {
	Schema    string  `json:"schema"`
	Product   Product `json:"product"`
	Source    string  `json:"source"`
	Run       string  `json:"run,omitempty"` // that verdicts are of
	Documents []Entry `json:"documents"`
	// Skipped are documents that aren't made for the product.
	Skipped []Skipped `json:"not_for_this_product,omitempty"`
}

// Product is the product that documents are about.
type Product struct {
	Name    string `json:"name"`
	Model   string `json:"model"`
	Release string `json:"release"`
}

// Entry is a document of a manifest.
type Entry struct {
	ID      string    `json:"id"`
	For     string    `json:"for"`
	Date    string    `json:"date"`
	Expires string    `json:"expires,omitempty"` // of security.txt
	Draft   bool      `json:"draft"`
	Content string    `json:"content"` // SHA-256 of what it says, in all languages
	Files   []File    `json:"files"`
	Says    []Printed `json:"sentences"`
	Errors  []Error   `json:"errors,omitempty"`
	Remarks []Noted   `json:"maker_notes,omitempty"`
}

// Noted is a remark for the maker, by language.
type Noted struct {
	ID         string            `json:"id"`
	Confidence string            `json:"confidence"`
	Text       map[string]string `json:"text"`
}

// File is a file of a document.
type File struct {
	Name   string `json:"name"`
	Lang   string `json:"lang,omitempty"`
	Format string `json:"format"`
	SHA256 string `json:"sha256"`
}

// Printed is a sentence as it was published.
type Printed struct {
	ID       string            `json:"id"`
	Kind     string            `json:"kind"`
	Text     map[string]string `json:"text"` // by language
	Sources  []Source          `json:"sources"`
	Verdicts []Verdict         `json:"verdicts,omitempty"`
}

func sumOf(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// entry is what a manifest says of a document that was made in several
// languages.
func entry(docs []*Document) Entry {
	first := docs[0]
	out := Entry{ID: first.ID, For: first.For, Date: first.Date, Draft: first.Draft, Files: []File{}, Says: []Printed{}, Content: content(docs), Errors: first.Errors}
	for i, s := range first.Statements() {
		p := Printed{ID: s.ID, Kind: s.Kind, Text: map[string]string{}, Sources: s.Sources, Verdicts: s.Verdicts}
		if p.Sources == nil {
			p.Sources = []Source{}
		}
		for _, d := range docs {
			if all := d.Statements(); i < len(all) {
				p.Text[string(d.Lang)] = all[i].Plain()
			}
		}
		out.Says = append(out.Says, p)
	}
	for i, r := range first.Remarks {
		n := Noted{r.ID, r.Confidence, map[string]string{}}
		for _, d := range docs {
			n.Text[string(d.Lang)] = d.Remarks[i].Text
		}
		out.Remarks = append(out.Remarks, n)
	}
	return out
}

// content is the hash of what a document says, without its date and without
// the lines of the model: two editions with the same one say the same.
func content(docs []*Document) string {
	type said struct {
		Form, Kind string
		Text       string
		Verdicts   []Verdict
		Refs       []string
	}
	type part struct {
		Title string
		Refs  []string
		Said  []said
	}
	type edition struct {
		Lang                     i18n.Lang
		Title, Audience, Purpose string
		Draft                    bool
		Errors                   []string
		Parts                    []part
	}
	var all []edition
	for _, d := range docs {
		e := edition{Lang: d.Lang, Title: d.Title, Audience: d.Audience, Purpose: d.Purpose, Draft: d.Draft}
		for _, x := range d.Errors {
			e.Errors = append(e.Errors, x.Message)
		}
		for _, p := range append([]Part{{Statements: d.Head}}, d.Sections...) {
			out := part{Title: text(p.Title), Refs: p.Refs}
			for i := range p.Statements {
				s := &p.Statements[i]
				out.Said = append(out.Said, said{s.Form, s.Kind, s.Plain(), s.Verdicts, s.Refs})
			}
			e.Parts = append(e.Parts, out)
		}
		all = append(all, e)
	}
	return hashOf(all)
}

// maxManifest bounds a manifest that is read, in bytes, and its documents and
// sentences.
const (
	maxManifest = 64 * int64(limit.MiB)
	maxEntries  = 1000
)

var (
	fileShape = pattern.New(`^(?:[a-z][a-z0-9-]{0,63}\.(?:en|zh-Hant)\.(?:html|md)|security\.txt)$`)
	hashShape = pattern.New(`^[0-9a-f]{64}$`)
	dayShape  = pattern.New(`^\d{4}-\d{2}-\d{2}$`)
)

// ReadManifest reads the manifest of a folder that Write has written. Without
// one the error wraps fs.ErrNotExist.
func ReadManifest(dir string) (*Manifest, error) {
	data, err := readIn(dir, ManifestFile, maxManifest)
	if err != nil {
		return nil, fmt.Errorf("publish: read %s: %w", ManifestFile, err)
	}
	return ParseManifest(data)
}

// ParseManifest reads the bytes of a manifest.json, which may have been
// changed by anybody.
func ParseManifest(data []byte) (*Manifest, error) {
	wrong := func(format string, args ...any) (*Manifest, error) {
		return nil, fmt.Errorf("publish: "+ManifestFile+": "+format, args...)
	}
	if int64(len(data)) > maxManifest {
		return wrong("more than %d bytes", maxManifest)
	}
	m := &Manifest{}
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(m); err != nil {
		return wrong("%w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return wrong("something follows the document")
	}
	if m.Schema != ManifestSchema {
		return wrong("schema is %q, must be %s", m.Schema, ManifestSchema)
	}
	if len(m.Documents) > maxEntries {
		return wrong("more than %d documents", maxEntries)
	}
	seen := map[string]bool{}
	for _, d := range m.Documents {
		if !idShape.MatchString(d.ID) || seen[d.ID] || !dayShape.MatchString(d.Date) {
			return wrong("document %q: no id of its own, or no date", d.ID)
		}
		seen[d.ID] = true
		for _, f := range d.Files {
			if !fileShape.MatchString(f.Name) || !hashShape.MatchString(f.SHA256) {
				return wrong("document %s: %q is no file of it", d.ID, f.Name)
			}
		}
	}
	return m, nil
}

// entry finds a document by its id.
func (m *Manifest) entry(id string) *Entry {
	if m == nil {
		return nil
	}
	for i := range m.Documents {
		if m.Documents[i].ID == id {
			return &m.Documents[i]
		}
	}
	return nil
}
