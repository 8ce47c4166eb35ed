package document

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"

	"assay/internal/collect/sinktest"
	"assay/internal/fact"
	"assay/internal/product"
	"assay/internal/sandbox"
)

func encoded(t testing.TB, e encoding.Encoding, s string) string {
	t.Helper()
	out, err := e.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const (
	chinese   = "本產品 LC-200 的安全更新支援至 2031 年 5 月 1 日，請聯絡 security@example.com\n我們會在 5 個工作天內回覆"
	mainlandZ = "本产品 LC-200 的安全更新支持至 2031 年 5 月 1 日，请联络 security@example.com\n我们会在 5 个工作日内回复"
)

func TestEncodings(t *testing.T) {
	t.Parallel()
	page := func(charset, text string) string {
		return `<html><head><meta charset="` + charset + `"><title>LC-200</title></head><p>` + text + "</p></html>"
	}
	for _, row := range []struct {
		name, bytes string
		holds       string
	}{
		{"utf-8", chinese, "工作天內回覆"},
		{"utf-8-with-a-mark", "\xef\xbb\xbf" + chinese, "工作天內回覆"},
		{"utf-16-little", encoded(t, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), chinese), "工作天內回覆"},
		{"utf-16-big", encoded(t, unicode.UTF16(unicode.BigEndian, unicode.UseBOM), chinese), "工作天內回覆"},
		{"utf-32", encoded(t, utf32.UTF32(utf32.LittleEndian, utf32.UseBOM), chinese), "工作天內回覆"},
		{"big5-declared", encoded(t, traditionalchinese.Big5, page("big5", chinese)), "工作天內回覆"},
		{"big5", encoded(t, traditionalchinese.Big5, chinese), "工作天內回覆"},
		{"gb-18030-declared", encoded(t, simplifiedchinese.GB18030, page("gb2312", mainlandZ)), "工作日内回复"},
		{"gb-18030", encoded(t, simplifiedchinese.GB18030, mainlandZ), "工作日内回复"},
		{"windows-1252", encoded(t, charmap.Windows1252, "café LC-200 security@example.com"), "café"},
		{"utf-8-with-a-fault", chinese + " \xff", "工作天內回覆"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b, ok := decode([]byte(row.bytes))
			if !ok || !strings.Contains(string(b), row.holds) {
				t.Fatalf("%t %q", ok, b)
			}
			got, quotes, _ := read(t, row.bytes, Args{Type: "disclosure-policy", Model: "LC-200"})
			if !got.Model || got.Why != "" || got.Cut || len(quotes) == 0 {
				t.Errorf("%+v, %+v", got, quotes)
			}
		})
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"pdf":                "%PDF-1.7\n%\xe2\xe3\xcf\xd3\nsecurity@example.com",
		"pdf-after-a-line":   "\n%PDF-1.4\n",
		"docx":               "PK\x03\x04\x14\x00\x06\x00[Content_Types].xml",
		"doc":                "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
		"rtf":                `{\rtf1\ansi words}`,
		"png":                "\x89PNG\r\n\x1a\n",
		"jpeg":               "\xff\xd8\xff\xe0JFIF",
		"gzip":               "\x1f\x8b\x08",
		"nul":                "words\x00words",
		"utf-16-no-mark":     "w\x00o\x00r\x00d\x00",
		"control-bytes":      strings.Repeat("\x01\x02word", 50),
		"not-even-a-charset": strings.Repeat("\x81\x8d\x8f", 100),
	} {
		got, quotes, ends := read(t, text, Args{Type: "support-period", Model: "LC-200"})
		if got.Why != "cut.format" || got.Text != 0 || len(quotes)+len(ends) != 0 {
			t.Errorf("%s: %+v, %d quotes", name, got, len(quotes))
		}
	}
}

// TestUnfinishedPages: what an open element hides may hold what is looked for.
func TestUnfinishedPages(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, text string
		cut        bool
		words      int
	}{
		{"whole", "<html><script>a</script><p>words", false, 5},
		{"open-script", "<html><p>words<script>a", true, 5},
		{"open-template", "<html><p>words<template><template></template>a", true, 5},
		{"open-comment", "<html><p>words<!-- a", true, 5},
		{"nested-template", "<html><template><template>a</template>b</template><p>words", false, 5},
		{"script-alone", "<html><script src=x></script>", false, 0},
		{"cut-in-a-character", "words漢", true, 5},
	} {
		got, _, _ := read(t, row.text, Args{Type: "other", Size: int64(len(row.text) - len("\xbc\xa2")*map[bool]int{true: 1}[row.name == "cut-in-a-character"])})
		if got.Cut != row.cut || got.Text != row.words {
			t.Errorf("%s: cut %t, %d bytes of text", row.name, got.Cut, got.Text)
		}
	}
	_, quotes, _ := read(t, "<html>\n<p><a href='mailto:security@example.com?subject=x'>Write to us</a>", Args{Type: "disclosure-policy"})
	if len(quotes) != 1 || quotes[0].Text != "security@example.com" || quotes[0].Line != 2 {
		t.Errorf("an address in a link: %+v", quotes)
	}
}

func TestTopics(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ kind, topic, en, zh string }{
		{"disclosure-policy", "timeline", "We answer within 3 working days.", "我們於 3 個工作天內回覆"},
		{"disclosure-policy", "disclosure", "We publish an advisory.", "修補後公告"},
		{"disclosure-policy", "remedy", "We fix it.", "我們會修補"},
		{"disclosure-policy", "scope", "This covers cameras.", "適用於所有攝影機"},
		{"setup-guide", "passwords", "Change the password.", "請變更通行碼"},
		{"setup-guide", "updates", "Install firmware.", "更新韌體"},
		{"setup-guide", "network", "Use your router.", "連接路由器"},
		{"setup-guide", "storage", "Insert a memory card.", "插入記憶卡"},
		{"setup-guide", "privacy", "Close the lens.", "蓋上鏡頭"},
		{"setup-guide", "roles", "The administrator may.", "管理者"},
		{"secure-development", "requirements", "A threat model.", "安全需求"},
		{"secure-development", "testing", "Fuzz tests.", "滲透測試"},
		{"privacy-notice", "deletion", "Delete it.", "可刪除"},
		{"privacy-notice", "consent", "You consent.", "經您同意"},
		{"support-period", "period", "Support.", "支援"},
		{"roles", "roles", "A viewer.", "角色"},
	} {
		for lang, text := range map[string]string{"en": row.en, "zh": row.zh} {
			_, quotes, _ := read(t, "#\n\n"+text, Args{Type: row.kind})
			found := false
			for _, q := range quotes {
				found = found || q.Topic == row.topic && q.Line == 3 && q.Text == text
			}
			if !found {
				t.Errorf("%s, %s, %s: %+v", row.kind, row.topic, lang, quotes)
			}
		}
	}
}

// TestCollectHostileFiles: a pipe is not waited for, what can't be read is
// said, and a cut document is marked.
func TestCollectHostileFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"guide.pdf": "%PDF-1.7\n", "open.html": "<html><p>words<script>", "script.html": "<html><script src=x></script>",
		"big5.txt": encoded(t, traditionalchinese.Big5, chinese)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.md"), 0o600); err != nil {
		t.Skip("no pipes here: ", err)
	}
	if err := os.Symlink("/dev/zero", filepath.Join(dir, "device.md")); err != nil {
		t.Fatal(err)
	}
	p := &product.Product{Identity: product.Identity{Name: "Cam", Model: "LC-200"}}
	want := map[string]string{"guide.pdf": "cut.format", "open.html": "cut.limit", "script.html": "cut.broken", "big5.txt": "",
		"pipe.md": "cut.missing-file", "device.md": "cut.missing-file"}
	for name := range want {
		p.Documents = append(p.Documents, product.Document{ID: name, Kind: "setup-guide", File: name})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	s := &sinktest.Sink{Dir: dir}
	c := &Collector{Product: p, Dir: dir, Run: sandbox.InProcess(sandbox.Parsers{ParserName: Parse})}
	if err := c.Collect(ctx, s); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, f := range fact.Of[fact.Page](s.Set(t)) {
		seen++
		v := f.Value
		if v.Why != want[v.Document] || v.Present != (v.Why == "" || v.Why == "cut.limit") {
			t.Errorf("%s: present %t, %q", v.Document, v.Present, v.Why)
		}
	}
	if seen != len(want) {
		t.Errorf("%d pages of %d", seen, len(want))
	}
}

func TestSecurityTxtDetails(t *testing.T) {
	t.Parallel()
	const expires = "Expires: 2031-01-01T00:00:00Z\n"
	for _, row := range []struct {
		name, text         string
		contacts, problems int
	}{
		{"escaped-address-2.5.3", "Contact: mailto:security%40example.com\n" + expires, 1, 0},
		{"other-scheme-2.5.3", "Contact: sip:security@example.com\n" + expires, 1, 0},
		{"http-in-capitals-2.5.3", "Contact: HTTP://example.com\n" + expires, 0, 2},
		{"small-letters-in-expires-2.5.5", "Contact: tel:+1\nExpires: 2020-01-01t00:00:00z\n", 1, 0},
		{"beyond-the-calendar", "Contact: tel:+1\nExpires: 9999-12-31T23:59:59-23:00\n", 1, 1},
		{"dash-escaped-2.3", "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n- Contact: tel:+1\n" + expires + "-----BEGIN PGP SIGNATURE-----\n", 1, 0},
		{"many-contacts", strings.Repeat("Contact: tel:+1\n", 900) + expires, maxProblems, 0},
		{"many-faults", strings.Repeat("x\n", 900), 0, maxProblems},
	} {
		s := SecurityTxt([]byte(row.text))
		if len(s.Contacts) != row.contacts || len(s.Problems) != row.problems {
			t.Errorf("%s: %d contacts, problems %+v", row.name, len(s.Contacts), s.Problems)
		}
		if _, err := json.Marshal(s); err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

func FuzzSecurityTxt(f *testing.F) {
	for _, s := range []string{"", "Contact: mailto:a@b.c\nExpires: 2031-01-01T00:00:00Z\n", "Contact: http://x\r\n", "Expires: 9999-12-31T23:59:59-23:00",
		"-----BEGIN PGP SIGNED MESSAGE-----\nHash: x\n\n- Contact: tel:1\n-----BEGIN PGP SIGNATURE-----\n", "Contact: mailto:%zz", "a: \xff\n:", strings.Repeat("\n", 1001)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := SecurityTxt(b)
		out, err := json.Marshal(s)
		if err != nil || len(out) > 1<<17 {
			t.Fatalf("%d bytes, %v", len(out), err)
		}
		if len(s.Problems) == 0 && (len(s.Contacts) == 0 || s.Expires.IsZero() && !strings.Contains(string(b), "0001-")) {
			t.Fatalf("valid without contact or expiry: %+v", s)
		}
	})
}

// FuzzReadModel reads bytes in any form as documents of LC-200: few records,
// no other model beside its own, quotes that are text.
func FuzzReadModel(f *testing.F) {
	kinds := []string{"setup-guide", "support-period", "disclosure-policy", "privacy-notice", "secure-development", "roles", "security-txt"}
	for i, s := range []string{"Model: XC-100", chinese, "<html><table><tr><td>LC-100<td>until 5/2031", "five years from 2026-02-29, 民國99年", "\xff\xfea\x00",
		encoded(f, traditionalchinese.Big5, chinese), "%PDF-", strings.Repeat("<div>", 1000), "<html><a href=mailto:x@y.z>", "for 999 months from 2026-01-31 - 31.12.2031"} {
		f.Add([]byte(s), uint8(i))
	}
	f.Fuzz(func(t *testing.T, b []byte, kind uint8) {
		records := 0
		err := Read(strings.NewReader(string(b)), Args{Type: kinds[int(kind)%len(kinds)], Model: "LC-200", Name: "Lumi", Size: 1 << 16}, func(r Record) error {
			records++
			out, err := json.Marshal(r)
			if err != nil || len(out) > 1<<17 {
				t.Fatalf("a record of %d bytes: %v", len(out), err)
			}
			if p := r.Page; p != nil && (p.Model && p.Other != "" || p.Why != "" && p.Text > 0) {
				t.Fatalf("%+v", p)
			}
			if e := r.SupportEnd; e != nil {
				if _, err := time.Parse("2006-01-02", e.Until); err != nil {
					t.Fatal(err)
				}
			}
			return nil
		})
		if err != nil || records > 60 {
			t.Fatalf("%d records, %v", records, err)
		}
	})
}
