package document

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"assay/internal/fact"
	"assay/internal/product"
	"assay/internal/sandbox"
)

// ParserName is the name under which the child process knows Parse.
const ParserName = "document"

// Fetcher gets a document from a URL of a host that the tester allowed; nil
// allows none.
type Fetcher interface {
	Fetch(ctx context.Context, url string) (body []byte, err error)
}

// Collector reads the documents that a workspace declares.
type Collector struct {
	Product *product.Product
	Dir     string
	Run     sandbox.Runner
	Fetch   Fetcher
}

var _ fact.Collector = (*Collector)(nil)

// Spec implements fact.Collector.
func (c *Collector) Spec() fact.Spec {
	return fact.Spec{Name: "document", Version: "1", Writes: []fact.Kind{
		fact.Page{}.Kind(), fact.Quote{}.Kind(), fact.SecurityTxt{}.Kind(), fact.SupportEnd{}.Kind(),
	}}
}

// documents are those that the model lists; the maker's disclosure policy
// is one of them, wherever it is named.
func (c *Collector) documents() []product.Document {
	out := append([]product.Document(nil), c.Product.Documents...)
	policy := c.Product.Identity.Maker.DisclosurePolicy
	if policy == "" {
		return out
	}
	for _, d := range out {
		if d.Kind == "disclosure-policy" {
			return out
		}
	}
	d := product.Document{ID: "disclosure-policy", Kind: "disclosure-policy", File: policy}
	if strings.HasPrefix(policy, "https://") {
		d.File, d.URL = "", policy
	}
	return append(out, d)
}

// Collect implements fact.Collector.
func (c *Collector) Collect(ctx context.Context, sink fact.Sink) error {
	docs := c.documents()
	for _, d := range docs {
		err := sink.Unit(ctx, fact.Unit{Name: "document " + d.ID}, func(ctx context.Context, r fact.Recorder) error {
			sink.Progress("progress.document", "document", d.ID)
			return c.document(ctx, r, d)
		})
		if err != nil {
			return err
		}
	}
	return sink.Unit(ctx, fact.Unit{Name: "list"}, func(_ context.Context, r fact.Recorder) error {
		o := r.Observe(fact.Observation{Vantage: fact.Paper, Method: fact.Examine})
		var names []string
		for _, d := range docs {
			names = append(names, d.Kind)
		}
		ref, err := r.Evidence("assay.yaml documents", "document", strings.NewReader(strings.Join(names, "\n")+"\n"))
		if err != nil {
			return err
		}
		if line, _ := c.Product.Position("documents"); line > 0 {
			ref.Locator = "assay.yaml line " + strconv.Itoa(line)
		}
		ref.Excerpt = "documents: " + strings.Join(names, ", ")
		return r.Record(o, "product", fact.Scope{What: fact.ScopeDocuments, Of: "product", Count: len(docs), Whole: true}, ref)
	})
}

func (c *Collector) document(ctx context.Context, r fact.Recorder, d product.Document) error {
	o := r.Observe(fact.Observation{Vantage: fact.Paper, Method: fact.Examine})
	page := fact.Page{Document: d.ID, Type: d.Kind, Source: d.File, Public: public(d.Public)}
	absent := func(why string) error {
		page.Why = why
		return r.Record(o, d.ID, page)
	}
	f, ref, why, err := c.open(ctx, r, d, &page)
	if err != nil {
		return err
	}
	if f == nil {
		return absent(why)
	}
	defer f.Close() // read-only
	if info, err := f.Stat(); err == nil {
		page.Size = info.Size()
	}
	args, err := json.Marshal(Args{Document: d.ID, Type: d.Kind, Model: c.Product.Identity.Model, Name: c.Product.Identity.Name})
	if err != nil {
		return err
	}
	var records []Record
	_, err = c.Run(ctx, sandbox.Job{Parser: ParserName, Input: f, Args: args}, func(raw json.RawMessage) error {
		var rec Record
		if err := json.Unmarshal(raw, &rec); err != nil {
			return err
		}
		records = append(records, rec)
		return nil
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var failed *sandbox.Error
	if err != nil && !errors.As(err, &failed) {
		return err
	}
	if failed != nil {
		return absent("cut.parser-killed")
	}
	return c.record(r, o, d, ref, page, records)
}

// open finds the bytes of a document: a file of the workspace, or a page of
// an allowed host. A nil file says why there is none.
func (c *Collector) open(ctx context.Context, r fact.Recorder, d product.Document, page *fact.Page) (*os.File, fact.Ref, string, error) {
	if d.File == "" {
		page.Source = d.URL
		return c.fetch(ctx, r, d)
	}
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return nil, fact.Ref{}, "", err
	}
	defer root.Close() // read-only
	// Without waiting: a pipe in a stranger's workspace must not hang a run.
	f, err := root.OpenFile(filepath.Clean(d.File), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fact.Ref{}, "cut.missing-file", nil // the page fact says that it isn't there
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fact.Ref{}, "cut.missing-file", f.Close()
	}
	ref, err := r.File(d.File, "document")
	if err != nil {
		return nil, fact.Ref{}, "cut.missing-file", f.Close()
	}
	return f, ref, "", nil
}

// fetch gets a document's dated snapshot and keeps it as evidence.
func (c *Collector) fetch(ctx context.Context, r fact.Recorder, d product.Document) (*os.File, fact.Ref, string, error) {
	if c.Fetch == nil || d.URL == "" {
		return nil, fact.Ref{}, "not-tried.public", nil
	}
	body, err := c.Fetch.Fetch(ctx, d.URL)
	if err != nil {
		return nil, fact.Ref{}, "cut.unreachable", nil
	}
	ref, err := r.Evidence(d.URL, "document", strings.NewReader(string(body)))
	if err != nil {
		return nil, fact.Ref{}, "", err
	}
	// The child reads from a descriptor: an unlinked temporary file.
	f, err := os.CreateTemp("", "assay-document-*")
	if err != nil {
		return nil, fact.Ref{}, "", err
	}
	if err := errors.Join(os.Remove(f.Name()), write(f, body)); err != nil {
		return nil, fact.Ref{}, "", errors.Join(err, f.Close())
	}
	return f, ref, "", nil
}

func write(f *os.File, b []byte) error {
	if _, err := f.Write(b); err != nil {
		return err
	}
	_, err := f.Seek(0, 0)
	return err
}

func (c *Collector) record(r fact.Recorder, o fact.Observation, d product.Document, ref fact.Ref, page fact.Page, records []Record) error {
	quote := func(text string, line int) fact.Ref {
		x := ref
		x.Excerpt = clip(text, maxQuote)
		if line > 0 {
			x.Locator = ref.Locator + " line " + itoa(line)
		}
		return x
	}
	for _, rec := range records {
		var err error
		switch {
		case rec.Page != nil:
			page.Present = rec.Page.Text > 0
			page.Title, page.Model, page.Other = rec.Page.Title, rec.Page.Model, rec.Page.Other
			switch {
			case rec.Page.Why != "":
				page.Why = rec.Page.Why
			case !page.Present:
				page.Why = "cut.broken"
			case rec.Page.Cut:
				page.Why = "cut.limit"
			}
			err = r.Record(o, d.ID, page, quote(page.Title, 0))
		case rec.Quote != nil:
			err = r.Record(o, d.ID, *rec.Quote, quote(rec.Quote.Text, rec.Quote.Line))
		case rec.SecurityTxt != nil:
			err = r.Record(o, d.ID, *rec.SecurityTxt, quote(strings.Join(rec.SecurityTxt.Contacts, ", "), 0))
		case rec.SupportEnd != nil:
			err = r.Record(o, d.ID, *rec.SupportEnd, quote(rec.SupportEnd.Text, rec.SupportEnd.Line))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func public(b *bool) string {
	switch {
	case b == nil:
		return ""
	case *b:
		return "yes"
	}
	return "no"
}

func itoa(n int) string {
	return strconv.Itoa(n)
}
