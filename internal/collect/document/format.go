package document

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	xunicode "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// formats are the first bytes of files that hold no plain text. What is
// written in them is not known, so nothing may be said to be missing there.
var formats = [][]byte{
	[]byte("%PDF-"), []byte("%!PS"), []byte(`{\rtf`),
	[]byte("PK\x03\x04"), []byte("PK\x05\x06"), // DOCX, ODT, EPUB
	[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), // DOC
	[]byte("\x89PNG"), []byte("\xff\xd8\xff"), []byte("GIF8"), []byte("II*\x00"), []byte("MM\x00*"),
	[]byte("\x1f\x8b"), []byte("7z\xbc\xaf"), []byte("Rar!\x1a"), []byte("BZh"), []byte("\xfd7zXZ"), []byte("\x7fELF"),
}

// boms are byte order marks, the longer ones first.
var boms = []struct {
	mark []byte
	enc  encoding.Encoding
}{
	{[]byte("\xef\xbb\xbf"), xunicode.UTF8BOM},
	{[]byte("\xff\xfe\x00\x00"), utf32.UTF32(utf32.LittleEndian, utf32.ExpectBOM)},
	{[]byte("\x00\x00\xfe\xff"), utf32.UTF32(utf32.BigEndian, utf32.ExpectBOM)},
	{[]byte("\xff\xfe"), xunicode.UTF16(xunicode.LittleEndian, xunicode.ExpectBOM)},
	{[]byte("\xfe\xff"), xunicode.UTF16(xunicode.BigEndian, xunicode.ExpectBOM)},
}

// decode turns the bytes of a document into UTF-8. ok is false where they are
// no text that this version reads.
func decode(b []byte) (text []byte, ok bool) {
	start := bytes.TrimLeft(b[:min(len(b), 1024)], " \t\r\n")
	for _, f := range formats {
		if bytes.HasPrefix(start, f) {
			return nil, false
		}
	}
	for _, m := range boms {
		if bytes.HasPrefix(b, m.mark) {
			return readable(m.enc.NewDecoder().Bytes(b))
		}
	}
	if bytes.IndexByte(b, 0) >= 0 {
		return nil, false
	}
	if mostlyUTF8(b) {
		return readable(bytes.ToValidUTF8(b, []byte("\uFFFD")), nil)
	}
	return readable(legacy(b).NewDecoder().Bytes(b))
}

// readable refuses what came out of a decoder if it is hardly text.
func readable(b []byte, err error) ([]byte, bool) {
	if err != nil {
		return nil, false
	}
	runes, bad := 0, 0
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		i += n
		runes++
		if r == utf8.RuneError || r < ' ' && !strings.ContainsRune("\t\r\n\f", r) {
			bad++
		}
	}
	return b, bad == 0 || bad*20 < runes || bad < 4
}

// mostlyUTF8 says whether b is UTF-8, perhaps with a few bytes that aren't:
// bytes of another encoding rarely form sequences of UTF-8.
func mostlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		i += n
	}
	return bad == 0 || good > bad
}

// legacy picks an older encoding: the one that an HTML page declares; of Big5
// and GB 18030 the one whose result has more everyday characters; else
// Windows-1252.
func legacy(b []byte) encoding.Encoding {
	if isHTML(b) {
		if e, name, _ := charset.DetermineEncoding(b, ""); name != "windows-1252" && name != "utf-8" {
			return e
		}
	}
	sample := b[:min(len(b), 64<<10)]
	best, most := encoding.Encoding(charmap.Windows1252), 0
	for _, e := range []encoding.Encoding{traditionalchinese.Big5, simplifiedchinese.GB18030} {
		text, err := e.NewDecoder().Bytes(sample)
		if err != nil {
			continue
		}
		if n := everyday(string(text)); n > most {
			best, most = e, n
		}
	}
	return best
}

// common are characters that most Chinese texts of this field hold, in both
// ways of writing. A wrong encoding yields rare ones instead.
const common = "的一是在不有本及或之為我您可以用時新月日年至止期更產品安全支援型號設定說明書公司提供使網路通行碼漏洞報告們" +
	"为时产设说书网码报们号软发"

func everyday(s string) int {
	score := 0
	for _, r := range s {
		switch {
		case r == utf8.RuneError:
			score -= 4
		case strings.ContainsRune(common, r):
			score += 2
		case unicode.Is(unicode.Co, r):
			score--
		}
	}
	return score
}

func isHTML(b []byte) bool {
	head := bytes.ToLower(b[:min(len(b), 2048)])
	for _, tag := range []string{"<html", "<!doctype html", "<head", "<body"} {
		if bytes.Contains(head, []byte(tag)) {
			return true
		}
	}
	return false
}
