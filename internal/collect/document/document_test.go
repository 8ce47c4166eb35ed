package document

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/sinktest"
	"assay/internal/fact"
	"assay/internal/product"
	"assay/internal/sandbox"
)

// TestSecurityTxt goes by RFC 9116; the section stands beside each row.
func TestSecurityTxt(t *testing.T) {
	t.Parallel()
	const ok = "Contact: mailto:security@example.com\nExpires: 2031-01-01T00:00:00Z\n"
	for _, row := range []struct {
		name, text string
		contacts   int
		problems   []string // key:line
		signed     bool
	}{
		{"minimal-2.5", ok, 1, nil, false},
		{"crlf-4", strings.ReplaceAll(ok, "\n", "\r\n"), 1, nil, false},
		{"no-final-newline-4", strings.TrimSuffix(ok, "\n"), 1, nil, false},
		{"names-in-any-case-4.2", "CONTACT: https://example.com/report\nexpires: 2031-01-01T00:00:00+08:00\n", 1, nil, false},
		{"telephone-2.5.3", "Contact: tel:+886-2-12345678\nExpires: 2031-01-01T00:00:00Z\n", 1, nil, false},
		{"several-contacts-2.5.3", "Contact: https://example.com/a\n" + ok, 2, nil, false},
		{"comments-and-blank-lines-2.4", "# we\n\n" + ok + "# end", 1, nil, false},
		{"unknown-fields-are-ignored-2.4", "Hiring: https://example.com/jobs\nX-Y: z\n" + ok, 1, nil, false},
		{"http-isn't-allowed-2.5.3", "Contact: http://example.com/\nExpires: 2031-01-01T00:00:00Z\n", 0, []string{"contact:1", "no-contact:0"}, false},
		{"bare-address-2.5.3", "Contact: security@example.com\nExpires: 2031-01-01T00:00:00Z\n", 0, []string{"contact:1", "no-contact:0"}, false},
		{"no-contact-2.5.3", "Expires: 2031-01-01T00:00:00Z\n", 0, []string{"no-contact:0"}, false},
		{"no-expires-2.5.5", "Contact: tel:+1\n", 1, []string{"expires-count:0"}, false},
		{"two-expires-2.5.5", ok + "Expires: 2032-01-01T00:00:00Z\n", 1, []string{"expires-count:0"}, false},
		{"date-without-time-2.5.5", "Contact: tel:+1\nExpires: 2031-01-01\n", 1, []string{"expires:2"}, false},
		{"rfc-822-date-2.5.5", "Contact: tel:+1\nExpires: Thu, 31 Dec 2030 18:37:07 -0800\n", 1, []string{"expires:2"}, false},
		{"languages-twice-2.5.8", ok + "Preferred-Languages: en\nPreferred-Languages: zh\n", 1, []string{"languages:0"}, false},
		{"not-a-field-4.2", ok + "call us\n", 1, []string{"not-a-field:3"}, false},
		{"empty", "", 0, []string{"no-contact:0", "expires-count:0"}, false},
		{"an-html-page", "<!doctype html>\n<title>404</title>\n", 0, []string{"not-a-field:1", "not-a-field:2", "no-contact:0", "expires-count:0"}, false},
		{"signed-2.3", "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n" + ok + "-----BEGIN PGP SIGNATURE-----\nVersion: x\niQ==\n-----END PGP SIGNATURE-----\n", 1, nil, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := SecurityTxt([]byte(row.text))
			var got []string
			for _, p := range s.Problems {
				got = append(got, fmt.Sprintf("%s:%d", strings.TrimPrefix(p.Key, "problem.security-txt-"), p.Line))
			}
			if d := cmp.Diff(row.problems, got); d != "" {
				t.Errorf("problems (-want +got):\n%s", d)
			}
			if len(s.Contacts) != row.contacts || s.Signed != row.signed {
				t.Errorf("contacts %q, signed %t", s.Contacts, s.Signed)
			}
		})
	}
	s := SecurityTxt([]byte(strings.Repeat("# x\n", maxLines) + ok))
	if len(s.Problems) == 0 || s.Problems[0].Key != "problem.security-txt-too-long" || s.Problems[0].Line != maxLines+1 {
		t.Errorf("a file of %d lines: %+v", maxLines+2, s.Problems)
	}
	if got := SecurityTxt([]byte(ok)).Expires; !got.Equal(time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("expires %v", got)
	}
}

func read(t *testing.T, text string, args Args) (page Page, quotes []fact.Quote, ends []fact.SupportEnd) {
	t.Helper()
	err := Read(strings.NewReader(text), args, func(r Record) error {
		switch {
		case r.Page != nil:
			page = *r.Page
		case r.Quote != nil:
			quotes = append(quotes, *r.Quote)
		case r.SupportEnd != nil:
			ends = append(ends, *r.SupportEnd)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return page, quotes, ends
}

func TestSupportEnd(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, text, until string
		line              int
	}{
		{"iso", "# LC-200\nSecurity updates until 2031-05-01.", "2031-05-01", 2},
		{"english", "We support the LC-200 until 1 May 2031.", "2031-05-01", 1},
		{"american", "Security updates end May 1, 2031", "2031-05-01", 1},
		{"chinese", "本產品的安全更新支援至 2031 年 5 月 1 日止。", "2031-05-01", 1},
		{"chinese-tight", "支援截止：2031年12月31日", "2031-12-31", 1},
		{"span", "Support from 2026-01-01 until 2031-05-01", "2031-05-01", 1},
		{"date-in-next-line", "Security updates until\n2031-05-01", "2031-05-01", 2},
		{"html", "<!doctype html><html><body>\n<p>Support ends</p>\n<b>1 May 2031</b></body></html>", "2031-05-01", 3},
		{"another-date", "Printed on 2026-01-01.", "", 0},
		{"no-such-day", "Support until 2031-02-30", "", 0},
		{"no-date", "Supported for as long as possible", "", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, _, ends := read(t, row.text, Args{Type: "support-period"})
			if row.until == "" {
				if len(ends) != 0 {
					t.Fatalf("found %+v", ends)
				}
				return
			}
			if len(ends) == 0 || ends[0].Until != row.until || ends[0].Line != row.line {
				t.Errorf("found %+v, want %s in line %d", ends, row.until, row.line)
			}
		})
	}
}

func TestHTMLText(t *testing.T) {
	t.Parallel()
	const page = `<!doctype html>
<html><head><title>Guide for LC-200</title>
<style>.x { content: "password style" }</style>
<script>var s = "password script </p>";</script>
</head><body>
<!-- password comment -->
<h1>Set-up</h1>
<p>Change the
password &amp; keep it.</p>
<template>password template</template>
</body></html>`
	got, quotes, _ := read(t, page, Args{Type: "setup-guide", Model: "LC-200"})
	if got.Title != "Guide for LC-200" || !got.Model || got.Other != "" {
		t.Errorf("page %+v", got)
	}
	if len(quotes) != 1 || quotes[0].Line != 9 || quotes[0].Text != "password & keep it." {
		t.Errorf("quotes %+v, want only that of line 9", quotes)
	}
}

func TestModel(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, text  string
		model       bool
		other, want string
	}{
		{"its-own", "# Guide of LC-200", true, "", ""},
		{"by-name", "# Lumi Cam 2 guide", true, "", ""},
		{"in-the-text", "# Guide\n\nfor LC-200 cameras", true, "", ""},
		{"part-of-a-longer-word", "# Guide of LC-2000", false, "LC-2000", ""},
		{"another-one", "# Guide\nModel: LD-100", false, "LD-100", ""},
		{"another-one-chinese", "說明書\n型號 LD-100", false, "LD-100", ""},
		{"standards-are-no-models", "# Model statement by EN 303 and RFC 9116", false, "", ""},
		{"nothing", "hello", false, "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, _, _ := read(t, row.text, Args{Type: "setup-guide", Model: "LC-200", Name: "Lumi Cam 2"})
			if got.Model != row.model || got.Other != row.other {
				t.Errorf("model %t, other %q", got.Model, got.Other)
			}
		})
	}
}

func TestQuotes(t *testing.T) {
	t.Parallel()
	text := "\ufeff# Policy\n\nReport to security@example.com.\nWe answer within 5 working days.\n" + strings.Repeat("mail a@example.com\n", 20) + "LONG " + strings.Repeat("x", 900) + " scope " + strings.Repeat("y", 900)
	_, quotes, _ := read(t, text, Args{Document: "policy", Type: "disclosure-policy"})
	lines := map[string][]int{}
	for _, q := range quotes {
		lines[q.Topic] = append(lines[q.Topic], q.Line)
		if len(q.Text) > maxQuote+20 {
			t.Errorf("a quote of %d bytes", len(q.Text))
		}
		if q.Document != "policy" {
			t.Errorf("quote of %q", q.Document)
		}
	}
	if d := cmp.Diff(map[string][]int{"contact": {3, 5, 6, 7, 8}, "timeline": {4}, "scope": {25}}, lines); d != "" {
		t.Errorf("quotes by line (-want +got):\n%s", d)
	}
}

// TestHugeAndBroken: bounds hold, and nothing ends in an error or a panic.
func TestHugeAndBroken(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty":            "",
		"zeros":            strings.Repeat("\x00", 1<<16),
		"not-utf-8":        "Model \xff\xfe LC-200 \xc3",
		"one-long-line":    strings.Repeat("password ", 1<<18),
		"open-tags":        "<html>" + strings.Repeat("<div>", 1<<16),
		"open-script":      "<html><script>" + strings.Repeat("password\n", 1000),
		"huge-attribute":   "<html><p a=\"" + strings.Repeat("x", 3<<20),
		"open-comment":     "<html><!--" + strings.Repeat("-", 1<<18),
		"ten-thousand":     strings.Repeat("security@example.com within 5 days\n", 10000),
		"larger-than-read": strings.Repeat("a", 5<<20),
	} {
		for _, kind := range []string{"setup-guide", "disclosure-policy", "security-txt", "support-period", "privacy-notice", "secure-development", "roles", "other"} {
			records := 0
			err := Read(strings.NewReader(text), Args{Type: kind, Model: "LC-200", Size: 1 << 17}, func(Record) error { records++; return nil })
			if err != nil || records == 0 || records > 60 {
				t.Errorf("%s as %s: %d records, %v", name, kind, records, err)
			}
		}
	}
	page, _, _ := read(t, strings.Repeat("a\n", 100), Args{Type: "other", Size: 10})
	if !page.Cut {
		t.Error("a document that is longer than what is read isn't called cut")
	}
	long := strings.Repeat("x", 2<<20) + "\nWrite to security@example.com"
	if page, quotes, _ := read(t, long, Args{Type: "disclosure-policy"}); page.Cut || len(quotes) != 1 || quotes[0].Line != 2 {
		t.Errorf("behind a line of 2 MiB: cut %t, %+v", page.Cut, quotes)
	}
	if page, _, _ := read(t, "<html><p a=\""+strings.Repeat("x", 2<<20)+"\">words", Args{Type: "other"}); !page.Cut {
		t.Error("a page that breaks off inside a huge tag isn't called cut")
	}
	stop := errors.New("enough")
	if err := Read(strings.NewReader("x"), Args{Type: "other"}, func(Record) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an emit that fails: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"", "# LC-200\nsecurity@example.com", "<!doctype html><title>x</title><p>y", "Contact: mailto:a@b.c\nExpires: 2031-01-01T00:00:00Z\n",
		"-----BEGIN PGP SIGNED MESSAGE-----\n", "支援至 2031 年 5 月 1 日", "<html><script>\xff</p>"} {
		for _, kind := range []string{"setup-guide", "security-txt", "support-period", "disclosure-policy"} {
			f.Add([]byte(s), kind)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, kind string) {
		lines := bytes.Count(b, []byte("\n")) + 1
		pages := 0
		err := Read(bytes.NewReader(b), Args{Type: kind, Model: "LC-200", Size: 1 << 16}, func(r Record) error {
			if _, err := json.Marshal(r); err != nil {
				t.Fatalf("a record that can't be written: %v", err)
			}
			switch {
			case r.Page != nil:
				pages++
			case r.Quote != nil && (r.Quote.Line < 1 || r.Quote.Line > lines):
				t.Fatalf("line %d of %d", r.Quote.Line, lines)
			case r.SupportEnd != nil && (r.SupportEnd.Line < 1 || r.SupportEnd.Line > lines):
				t.Fatalf("line %d of %d", r.SupportEnd.Line, lines)
			}
			return nil
		})
		if err != nil || pages != 1 {
			t.Fatalf("%d pages, %v", pages, err)
		}
	})
}

// fetcher answers from memory and counts.
type fetcher map[string]string

func (f fetcher) Fetch(_ context.Context, url string) ([]byte, error) {
	body, ok := f[url]
	if !ok {
		return nil, errors.New("no such page")
	}
	return []byte(body), nil
}

func TestCollect(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	yes := true
	for name, text := range map[string]string{"guide.md": "# LC-200\nChange the password.", "policy.md": "Write to security@example.com", "empty.md": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	outside := filepath.Join(t.TempDir(), "outside.md")
	if err := os.WriteFile(outside, []byte("secret password"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link.md")); err != nil {
		t.Fatal(err)
	}
	p := &product.Product{Identity: product.Identity{Name: "Cam", Model: "LC-200", Maker: product.Maker{DisclosurePolicy: "policy.md"}},
		Documents: []product.Document{
			{ID: "guide", Kind: "setup-guide", File: "guide.md", Public: &yes},
			{ID: "empty", Kind: "user-manual", File: "empty.md"},
			{ID: "gone", Kind: "user-manual", File: "gone.md"},
			{ID: "folder", Kind: "user-manual", File: "."},
			{ID: "link", Kind: "user-manual", File: "link.md"},
			{ID: "parent", Kind: "user-manual", File: "../outside.md"},
			{ID: "page", Kind: "privacy-notice", URL: "https://example.com/privacy"},
			{ID: "gone-page", Kind: "privacy-notice", URL: "https://example.com/404"},
		}}
	s := &sinktest.Sink{Dir: dir}
	parsers := sandbox.Parsers{ParserName: Parse}
	c := &Collector{Product: p, Dir: dir, Run: sandbox.InProcess(parsers), Fetch: fetcher{"https://example.com/privacy": "We delete data on request."}}
	if err := c.Collect(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range fact.Of[fact.Page](s.Set(t)) {
		got[f.Value.Document] = fmt.Sprintf("%t %s", f.Value.Present, f.Value.Why)
		if f.Value.Document == "guide" && (f.Value.Public != "yes" || !f.Value.Model) {
			t.Errorf("guide: %+v", f.Value)
		}
	}
	want := map[string]string{"guide": "true ", "empty": "false cut.broken", "gone": "false cut.missing-file", "folder": "false cut.missing-file",
		"link": "false cut.missing-file", "parent": "false cut.missing-file", "page": "true ", "gone-page": "false cut.unreachable", "disclosure-policy": "true "}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("documents (-want +got):\n%s", d)
	}
	if s.Stored["https://example.com/privacy"] == "" {
		t.Error("no snapshot of the page is kept")
	}
	scopes := fact.Where(s.Set(t), func(x fact.Scope) bool { return x.What == fact.ScopeDocuments })
	if len(scopes) != 1 || scopes[0].Value.Count != 9 {
		t.Errorf("scope %+v", scopes)
	}

	// Without --public no page is fetched; a parser that is killed is said.
	s = &sinktest.Sink{Dir: dir}
	c.Fetch = nil
	c.Run = func(context.Context, sandbox.Job, func(json.RawMessage) error) (sandbox.Result, error) {
		return sandbox.Result{Killed: true, Reason: sandbox.ReasonMemory}, &sandbox.Error{Parser: ParserName, Reason: sandbox.ReasonMemory}
	}
	if err := c.Collect(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	for _, f := range fact.Of[fact.Page](s.Set(t)) {
		if f.Value.Present {
			t.Errorf("%s is present", f.Value.Document)
		}
		if f.Value.Document == "guide" && f.Value.Why != "cut.parser-killed" || f.Value.Document == "page" && f.Value.Why != "not-tried.public" {
			t.Errorf("%s: %s", f.Value.Document, f.Value.Why)
		}
	}
}
