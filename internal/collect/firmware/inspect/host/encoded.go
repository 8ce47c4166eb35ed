package host

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/keyword"
)

// encoded looks at the URLs in base64 and hexadecimal of a text.
func (s *scanner) encoded(found []keyword.Hit) {
	for _, k := range found {
		if k.At < 0 || k.End > len(s.f.Data) || s.full() {
			continue
		}
		switch k.Word {
		case wordBase64:
			s.base64(k.At)
		case wordHex:
			s.hex(k.At)
		}
	}
}

// base64 decodes what begins at off and looks at the URL in it.
func (s *scanner) base64(off int) {
	d := s.f.Data
	if string(d[off:off+5]) != "aHR0c" || strings.HasPrefix(string(d[:min(len(d), 15)]), "-----BEGIN PGP") || off > 0 && (alnum(d[off-1]) || d[off-1] == '+' || d[off-1] == '/') {
		return
	}
	end := off
	for end < len(d) && end-off < longestRun && (alnum(d[end]) || d[end] == '+' || d[end] == '/' || d[end] == '-' || d[end] == '_') {
		end++
	}
	if s.candidates++; s.candidates >= maxCandidates {
		return
	}
	text, err := base64.RawStdEncoding.DecodeString(string(d[off:end]))
	if err != nil {
		if text, err = base64.RawURLEncoding.DecodeString(string(d[off:end])); err != nil {
			return
		}
	}
	s.foreign(text, func(int) int { return off })
}

// hex decodes what begins at off and looks at the URL in it.
func (s *scanner) hex(off int) {
	d := s.f.Data
	if off > 0 && alnum(d[off-1]) {
		return
	}
	end := off
	for end < len(d) && end-off < longestRun && (d[end] >= '0' && d[end] <= '9' || d[end]|0x20 >= 'a' && d[end]|0x20 <= 'f') {
		end++
	}
	if s.candidates++; s.candidates >= maxCandidates {
		return
	}
	text, err := hex.DecodeString(string(d[off:end]))
	if err != nil || end < len(d) && alnum(d[end]) {
		return
	}
	s.foreign(text, func(i int) int { return off + 2*i })
}

// wide reads the UTF-16 text around the mark of a URL at off.
func (s *scanner) wide(off int) {
	d := s.f.Data
	plain := func(i int) bool { return i >= 0 && i+1 < len(d) && d[i] >= 0x20 && d[i] < 0x7f && d[i+1] == 0 }
	from, to := off, off
	for plain(from-2) && off-from < 2*longestRun {
		from -= 2
	}
	for plain(to) && to-off < 2*longestRun {
		to += 2
	}
	if s.candidates++; s.candidates >= maxCandidates {
		return
	}
	text := make([]byte, 0, (to-from)/2)
	for i := from; i < to; i += 2 {
		text = append(text, d[i])
	}
	s.foreign(text, func(i int) int { return from + 2*i })
}

// foreign looks at URLs in a text that stands in the file in another form; at
// gives the place of its bytes there.
func (s *scanner) foreign(text []byte, at func(int) int) {
	i := strings.Index(string(text), "://")
	if i < 3 {
		return
	}
	f := &inspect.File{Path: s.f.Path, Data: text, Kind: inspect.Binary, Role: s.f.Role}
	t := &scanner{f: f, network: s.network, asked: true, opens: s.network || s.networks()}
	t.url(text, 0, i)
	for _, u := range t.uses {
		s.add(at(int(u.Offset)), Use{Host: u.Host, IP: u.IP, Scheme: u.Scheme, Port: u.Port, Class: u.Class, Text: u.Text + " (encoded, " + strconv.Itoa(len(text)) + " characters)"})
	}
}
