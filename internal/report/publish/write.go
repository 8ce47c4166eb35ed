package publish

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"assay/internal/i18n"
)

// Write writes a set into a folder, which is made if needed: each document in
// each language as HTML and Markdown, security.txt, an index for each
// language, the manifest and SHA256SUMS. The date of a document is that of the
// edition that lies there, where it says the same. A file whose bytes wouldn't
// change isn't touched, and files of documents that are no longer made are
// removed.
func Write(ctx context.Context, dir string, s *Set) (*Manifest, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("publish: make %s: %w", dir, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("publish: open %s: %w", dir, err)
	}
	defer root.Close() // every file was closed before
	old, err := earlier(root)
	if err != nil {
		return nil, err
	}
	m, out, err := s.render(old)
	if err != nil {
		return nil, err
	}
	for _, name := range order(out) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := put(root, name, out[name]); err != nil {
			return nil, fmt.Errorf("publish: write %s: %w", name, err)
		}
	}
	if old == nil {
		return m, nil
	}
	for _, d := range old.Documents {
		for _, f := range d.Files {
			if _, still := out[f.Name]; still {
				continue
			}
			if err := root.Remove(f.Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, fmt.Errorf("publish: remove %s, which is no longer made: %w", f.Name, err)
			}
		}
	}
	return m, nil
}

// earlier is the manifest of the edition that lies in a folder; nil where
// there is none. One that can't be read is an error: its files might be lost.
func earlier(root *os.Root) (*Manifest, error) {
	data, err := readRoot(root, ManifestFile, maxManifest)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("publish: read the earlier %s: %w", ManifestFile, err)
	}
	m, err := ParseManifest(data)
	if err != nil {
		return nil, fmt.Errorf("%w: choose another folder, or delete the file", err)
	}
	return m, nil
}

// order is the documents first, then what speaks of them.
func order(out map[string][]byte) []string {
	rank := func(name string) int { return slices.Index([]string{ManifestFile, SumsFile}, name) }
	return slices.SortedFunc(maps.Keys(out), func(a, b string) int { return cmp.Or(rank(a)-rank(b), strings.Compare(a, b)) })
}

// put writes a file whole or not at all, and not where it would stay the same.
func put(root *os.Root, name string, data []byte) error {
	if was, err := readRoot(root, name, int64(len(data))); err == nil && bytes.Equal(was, data) {
		return nil
	}
	temp := name + ".new"
	f, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = root.Rename(temp, name)
	}
	if err != nil {
		return errors.Join(err, root.Remove(temp))
	}
	return nil
}

// render makes every file, with the dates of the earlier edition where
// nothing changed.
func (s *Set) render(old *Manifest) (*Manifest, map[string][]byte, error) {
	id := s.model.view.Product().Identity
	m := &Manifest{Schema: ManifestSchema, Product: Product{id.Name, id.Model, id.Release}, Source: s.Source, Run: s.Run, Documents: []Entry{}, Skipped: s.Skipped}
	out := map[string][]byte{}
	for _, docs := range s.Documents {
		e, err := s.document(docs, old, out)
		if err != nil {
			return nil, nil, err
		}
		m.Documents = append(m.Documents, e)
	}
	if s.Security != nil {
		m.Documents = append(m.Documents, s.security(old, out))
	}
	for _, l := range i18n.Langs() {
		page, err := s.indexPage(l)
		if err != nil {
			return nil, nil, err
		}
		out[indexName(l)] = page
	}
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, nil, fmt.Errorf("publish: %s: %w", ManifestFile, err)
	}
	out[ManifestFile] = append(b, '\n')
	var sums strings.Builder
	for _, name := range slices.Sorted(maps.Keys(out)) {
		fmt.Fprintf(&sums, "%s  %s\n", sumOf(out[name]), name)
	}
	out[SumsFile] = []byte(sums.String())
	return m, out, nil
}

// document renders one document and its entry.
func (s *Set) document(docs []*Document, old *Manifest, out map[string][]byte) (Entry, error) {
	e := entry(docs)
	if was := old.entry(e.ID); was != nil && was.Content == e.Content {
		e.Date = was.Date
	}
	for _, d := range docs {
		d.Date = e.Date
		for _, f := range []struct {
			format string
			write  func(*bytes.Buffer) error
		}{
			{"html", func(b *bytes.Buffer) error { return d.HTML(b, s.texts) }},
			{"md", func(b *bytes.Buffer) error { return d.Markdown(b, s.texts) }},
		} {
			var b bytes.Buffer
			if err := f.write(&b); err != nil {
				return e, err
			}
			name := fileName(d.ID, d.Lang, f.format)
			out[name] = b.Bytes()
			e.Files = append(e.Files, File{name, string(d.Lang), f.format, sumOf(b.Bytes())})
		}
	}
	return e, nil
}

// security renders security.txt; there is none without a contact.
func (s *Set) security(old *Manifest, out map[string][]byte) Entry {
	e := entry([]*Document{s.Security})
	was := old.entry(e.ID)
	if e.Draft {
		return e
	}
	end := s.expires(was, e.Content)
	e.Expires = end.UTC().Format(time.RFC3339)
	if was != nil && was.Content == e.Content && was.Expires == e.Expires {
		e.Date = was.Date
	}
	out[SecurityFile] = s.securityTxt(end)
	e.Files = append(e.Files, File{Name: SecurityFile, Format: "txt", SHA256: sumOf(out[SecurityFile])})
	return e
}

func fileName(id string, l i18n.Lang, format string) string {
	return id + "." + string(l) + "." + format
}

func indexName(l i18n.Lang) string { return "index." + string(l) + ".html" }

// indexEntry is a line of the index.
type indexEntry struct {
	File, Markdown, Title, Purpose, Date string
	Draft                                bool
}

type indexGroup struct {
	Title   string
	Entries []indexEntry
}

type indexLang struct {
	Tag, Name, File string
	Here            bool
}

// indexPage is the page that lists the documents in a language.
func (s *Set) indexPage(l i18n.Lang) ([]byte, error) {
	t := func(key string) string { return s.texts.T(l, key, nil) }
	data := struct {
		Tag, Policy string
		Style       template.CSS
		Head        []Statement
		Langs       []indexLang
		Groups      []indexGroup
	}{Tag: tag(l), Policy: policy(), Style: template.CSS(style)} //nolint:gosec // a file of this package
	for _, x := range i18n.Langs() {
		data.Langs = append(data.Langs, indexLang{tag(x), s.texts.T(x, "publish.lang."+string(x), nil), indexName(x), x == l})
	}
	groups := map[string][]indexEntry{}
	for _, docs := range s.Documents {
		for _, d := range docs {
			if d.Lang == l {
				data.Head = d.Head
				groups[d.For] = append(groups[d.For], indexEntry{fileName(d.ID, l, "html"), fileName(d.ID, l, "md"), d.Title, d.Purpose, d.Date, d.Draft})
			}
		}
	}
	for _, g := range []string{Customers, Regulators} {
		if len(groups[g]) > 0 {
			data.Groups = append(data.Groups, indexGroup{t("publish.index." + g), groups[g]})
		}
	}
	var more []indexEntry
	if s.Security != nil && !s.Security.Draft {
		more = append(more, indexEntry{File: SecurityFile, Title: SecurityFile, Purpose: t("publish.index.security-txt")})
	}
	more = append(more, indexEntry{File: ManifestFile, Title: ManifestFile, Purpose: t("publish.index.manifest")},
		indexEntry{File: SumsFile, Title: SumsFile, Purpose: t("publish.index.sums")})
	data.Groups = append(data.Groups, indexGroup{t("publish.index.files"), more})
	d := &Document{Lang: l}
	tmpl, err := d.template(s.texts, "index", indexTemplate)
	if err != nil {
		return nil, fmt.Errorf("publish: index: %w", err)
	}
	var b bytes.Buffer
	if err := tmpl.Execute(&b, data); err != nil {
		return nil, fmt.Errorf("publish: index: %w", err)
	}
	return b.Bytes(), nil
}
