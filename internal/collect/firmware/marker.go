package firmware

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode/utf16"

	"assay/internal/collect/firmware/inspect/keyword"
)

// shortestMarker is how long a value must be to mean something where it stands.
const shortestMarker = 6

// markerWords are the forms in which a value may stand in clear, as words of
// the search, and what each is a form of. The search doesn't tell cases
// apart; what it finds is compared.
func markerWords(markers []Marker) (words []string, forms []Seen) {
	for _, m := range markers {
		if len(m.Value) < shortestMarker {
			continue
		}
		add := func(encoding, word string) {
			if len(word) >= shortestMarker {
				words, forms = append(words, word), append(forms, Seen{Name: m.Name, Encoding: encoding})
			}
		}
		add("plain", m.Value)
		var wide []byte
		for _, u := range utf16.Encode([]rune(m.Value)) {
			wide = append(wide, byte(u), byte(u>>8))
		}
		add("utf-16", string(wide))
		add("hex", hex.EncodeToString([]byte(m.Value)))
		// The value may begin at any of three places of a group of base64: the
		// characters that hold nothing but it are looked for.
		for shift := range 3 {
			s := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), m.Value...))
			s = s[(shift*8+5)/6:]
			if bits := (shift + len(m.Value)) * 8 % 6; bits != 0 {
				s = s[:len(s)-1]
			}
			add("base64", s)
		}
	}
	return words, forms
}

func (e *emitter) marked(hits []keyword.Hit) {
	const most = 64 // places of all markers in one file
	words := e.v.markerWords
	n := 0
	for _, h := range hits {
		got, want := string(e.f.Data[h.At:h.End]), words[h.Word]
		form := e.v.markers[h.Word]
		if got != want && !(form.Encoding == "hex" && strings.EqualFold(got, want)) {
			continue
		}
		if n++; n > most {
			e.gap("more places of markers than are kept of one file")
			return
		}
		form.Where = e.f.At(h.At)
		e.place(&form.Where)
		e.send(Record{Seen: &form})
	}
}
