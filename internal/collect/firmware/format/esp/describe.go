package esp

import (
	"bytes"

	"assay/internal/collect/firmware/format"
)

const (
	appMagic  = "\x32\x54\xcd\xab"
	appSize   = 176 // up to the hash of the ELF file
	loadMagic = 0x50
	loadSize  = 64
)

// describe reads the description that stands at the start of the first segment:
// esp_app_desc_t of a program, esp_bootloader_desc_t of a boot loader.
func (i *image) describe(s format.Source, p *format.Part) {
	at := i.segments[0].off
	b := format.Head(s, at, int(min(i.segments[0].size, appSize)))
	switch {
	case len(b) == appSize && string(b[:4]) == appMagic:
		version, name, idf := field(b[16:48]), field(b[48:80]), field(b[112:144])
		p.Name = name
		p.Note += "; built " + field(b[96:112]) + " " + field(b[80:96])
		if name != "" {
			p.Systems = append(p.Systems, format.System{Name: name, Version: version, Text: name + " " + version, Offset: at + 16})
		}
		i.idf(p, idf, at+112)
	case len(b) >= loadSize && b[0] == loadMagic:
		i.idf(p, field(b[8:40]), at+8)
	}
}

// idf notes the version of ESP-IDF: "v5.1.2-dirty".
func (i *image) idf(p *format.Part, version string, at int64) {
	if len(version) < 2 || version[0] != 'v' && (version[0] < '0' || version[0] > '9') && len(version) < 7 {
		return // nothing, or a commit that is cut
	}
	p.Systems = append(p.Systems, format.System{Name: "esp-idf", Version: trimV(version), Text: version, Offset: at})
}

func trimV(s string) string {
	if s[0] == 'v' {
		return s[1:]
	}
	return s
}

// field is text that a zero ends; "" where it isn't text.
func field(b []byte) string {
	b, _, _ = bytes.Cut(b, []byte{0})
	for _, c := range b {
		if c < 0x20 || c > 0x7e {
			return ""
		}
	}
	return string(b)
}
