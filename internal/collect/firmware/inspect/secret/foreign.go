package secret

import (
	"bytes"
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/keyword"
	"assay/internal/collect/firmware/inspect/pyc"
)

// own finds the words in texts that stand in a file in another form, where the
// caller could not look for them.
var own = sync.OnceValue(func() *keyword.Table { return keyword.NewTable(words) })

// wide reads a text in UTF-16.
func (s *scanner) wide() {
	if text, at, ok := s.f.Wide(); ok {
		s.within(text, func(h *Hit) {
			h.Offset = int64(at(int(h.Offset)))
		})
	}
}

// wideWords are beginnings of names in UTF-16, as programs hold them.
var wideWords = []string{"p\x00a\x00s\x00s\x00", "p\x00w\x00d\x00", "p\x00s\x00k\x00", "s\x00e\x00c\x00r\x00e\x00t\x00", "t\x00o\x00k\x00e\x00n\x00"}

// maxWide bounds the strings in UTF-16 that are read.
const maxWide = 500

// wideString marks the string in UTF-16 around a word; it is read at the end.
func (s *scanner) wideString(at, end int) {
	d := s.f.Data
	if n := len(s.wides); s.f.Kind == inspect.Text || n >= maxWide || n > 0 && at < s.wides[n-1][1] || s.prose() || s.library {
		return
	}
	plain := func(i int) bool { return i >= 0 && i+1 < len(d) && d[i] >= 0x20 && d[i] < 0x7f && d[i+1] == 0 }
	from, to := at, end
	for plain(from-2) && at-from < 512 {
		from -= 2
	}
	for plain(to) && to-at < 1024 {
		to += 2
	}
	s.wides = append(s.wides, [2]int{from, to})
}

// wideStrings reads the strings that were marked.
func (s *scanner) wideStrings() {
	for _, w := range s.wides {
		text := make([]byte, 0, (w[1]-w[0])/2)
		for i := w[0]; i < w[1]; i += 2 {
			text = append(text, s.f.Data[i])
		}
		text = append(text, 0)
		s.within(&inspect.File{Path: s.f.Path, Data: text, Kind: inspect.Binary, Role: inspect.Data}, func(h *Hit) {
			h.Where = s.f.At(w[0] + 2*int(h.Offset))
			h.Note = strings.TrimLeft(h.Note+", UTF-16", ", ")
		})
	}
}

// inner reads a text that is a value of a record: JSON, a configuration, a
// script.
func (s *scanner) inner(text string, off int, note string) {
	if len(text) < 12 || len(text) > 64<<10 || strings.IndexAny(text, "{=:") < 0 {
		return
	}
	s.within(inspect.New(s.f.Path, 0, []byte(text)), func(h *Hit) {
		h.Offset, h.Line = h.Offset+int64(off), 0
		h.Note = strings.TrimLeft(h.Note+", "+note, ", ")
	})
}

// within scans another text and keeps its hits with the places that move gives
// them.
func (s *scanner) within(f *inspect.File, move func(*Hit)) {
	found, _ := own().Scan(f.Data, math.MaxInt, nil)
	for _, h := range scan(f, found[0]) {
		if len(s.hits) >= maxHits {
			return
		}
		if h.Kind != Cut {
			move(&h)
			s.hits = append(s.hits, h)
		}
	}
}

// compiled reads compiled Python as the lines of its source that assign and
// compare texts.
func (s *scanner) compiled() {
	if s.f.Kind == inspect.Text || !strings.HasSuffix(s.f.Path, ".pyc") || s.prose() || s.library {
		return
	}
	for _, x := range pyc.Texts(s.f.Data) {
		if _, ok := kindOfKey(x.Name); !ok || !printable(x.Value) {
			continue
		}
		line, sign := x.Name, " = "
		if x.Compared {
			sign = " == "
		}
		line += sign + strconv.Quote(x.Value) + "\n"
		s.within(inspect.New(strings.TrimSuffix(s.f.Path, "c"), 0, []byte(line)), func(h *Hit) {
			h.Where = s.f.At(x.Off)
			h.Note = strings.TrimLeft(h.Note+", compiled", ", ")
		})
	}
}

// printable says that v is text of one line.
func printable(v string) bool {
	return len(v) <= longestValue && !strings.ContainsFunc(v, func(r rune) bool { return r < 0x20 || r == 0x7f || r == utf8.RuneError })
}

// encodedFile reads a file that is nothing but text in base64.
func (s *scanner) encodedFile() {
	d := s.f.Data
	if s.f.Kind != inspect.Text || len(d) < 32 || len(d) > 64<<10 || s.prose() {
		return
	}
	for _, c := range d {
		if !base64Byte(c) && c != '\n' && c != '\r' {
			return
		}
	}
	text, err := base64.StdEncoding.DecodeString(string(d))
	if err != nil || len(text) < 16 {
		return
	}
	f := inspect.New(s.f.Path, 0, text)
	if f.Kind != inspect.Text {
		return
	}
	s.within(f, func(h *Hit) {
		// Four characters stand for three bytes.
		h.Where = s.f.At(min(len(d)-1, int(h.Offset)*4/3))
		h.Note = strings.TrimRight("base64, "+h.Note, ", ")
	})
}

// network looks at what the QR code of a network says: WIFI:T:WPA;S:name;P:x;;
func (s *scanner) network(at, _ int) {
	if s.prose() || s.f.Kind != inspect.Text && !s.f.InStrings(at) {
		return
	}
	line, start := s.f.LineAround(at)
	h := Hit{Kind: WiFiPSK, Scheme: "wifi", Note: "code of a network"}
	off := -1
	text := line[at-start+len("WIFI:"):]
	for i := 0; i < len(text) && i < 256; {
		field, _, ok := bytes.Cut(text[i:], []byte(";"))
		switch {
		case bytes.HasPrefix(field, []byte("S:")):
			h.User = string(field[2:])
		case bytes.HasPrefix(field, []byte("P:")):
			h.Value, off = string(field[2:]), at+len("WIFI:")+i+2
		}
		if i += len(field) + 1; !ok || len(field) == 0 {
			break
		}
	}
	if off >= 0 && len(h.Value) >= 5 && !s.placeholder(h.Value) && !variable(h.Value) {
		s.add(off, h)
	}
}

// encodedLogins are beginnings of "admin:", "root:" and other accounts in base64.
var encodedLogins = []string{"YWRtaW46", "cm9vdD", "dXNlcj", "Z3Vlc3Q6", "c2VydmljZT", "b3BlcmF0b3I6", "c3VwcG9ydD", "dmlld2VyO", "c3VwZXJ2aXNvcj"}

// encodedLogin looks at an account and a password in base64, as a header has
// them.
func (s *scanner) encodedLogin(at, _ int) {
	d := s.f.Data
	if s.prose() || s.library || at > 0 && base64Byte(d[at-1]) && d[at-1] != '=' || s.f.Kind != inspect.Text && !s.f.InStrings(at) {
		return
	}
	v := string(s.token(at, 129, base64Byte))
	raw, err := base64.StdEncoding.DecodeString(v)
	if err != nil || len(v) > 128 {
		return
	}
	user, pw, ok := strings.Cut(string(raw), ":")
	for i := range raw {
		ok = ok && raw[i] > ' ' && raw[i] < 0x7f
	}
	if ok && loginUser.MatchString(user) && len(pw) >= 3 && !s.placeholder(pw) && !variable(pw) && !s.f.Comment(at) {
		s.add(at, Hit{Kind: Password, Value: v, Clear: pw, User: user, Scheme: "http", Note: "account and password in base64"})
	}
}

// encodedText marks a text in base64 that begins like JSON; it is read at the
// end.
func (s *scanner) encodedText(at, _ int) {
	d := s.f.Data
	if n := len(s.coded); n >= maxWide || n > 0 && at < s.coded[n-1][1] || s.prose() || s.library || at > 0 && base64Byte(d[at-1]) && d[at-1] != '=' {
		return
	}
	n := len(s.token(at, 16<<10, base64Byte))
	if n >= 24 {
		s.coded = append(s.coded, [2]int{at, at + n})
	}
}

// codedTexts reads the texts that were marked.
func (s *scanner) codedTexts() {
	for _, c := range s.coded {
		text, err := base64.StdEncoding.DecodeString(string(s.f.Data[c[0]:c[1]]))
		if err != nil {
			text, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(string(s.f.Data[c[0]:c[1]]), "="))
		}
		f := inspect.New(s.f.Path+".json", 0, text)
		if err != nil || f.Kind != inspect.Text {
			continue
		}
		s.within(f, func(h *Hit) {
			// Four characters stand for three bytes.
			from, to := c[0]+int(h.Offset)/3*4, min(c[1], c[0]+(int(h.Offset)+len(h.Value)+2)/3*4)
			h.Where = s.f.At(min(from, c[1]-1))
			h.Clear, h.Value = h.Value, string(s.f.Data[min(from, to):to])
			h.Note = strings.TrimLeft(h.Note+", base64", ", ")
		})
	}
}
