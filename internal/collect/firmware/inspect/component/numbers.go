package component

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// Numbers is a release that a library keeps as numbers beside each other:
// struct libusb_version {1, 0, 24, 11584}. It is looked for in files that are
// the product's own by their name.
type Numbers struct {
	Width int    `yaml:"width" json:"width"` // bytes of one number: 2 or 4
	Are   strs   `yaml:"are" json:"are"`     // "3": this number; "10000-13000": one between; "*": a part of the version, less than 100
	As    string `yaml:"as" json:"as"`       // the version that the stars make: "1.0.$1"
}

// span is what one number may be.
type span struct {
	low, high uint32
	star      bool
}

func (n *Numbers) spans() ([]span, error) {
	if n.Width != 2 && n.Width != 4 || len(n.Are) < 3 || len(n.Are) > 8 {
		return nil, fmt.Errorf("numbers: want three to eight of two or four bytes")
	}
	out := make([]span, 0, len(n.Are))
	for _, x := range n.Are {
		if x == "*" {
			out = append(out, span{0, 99, true})
			continue
		}
		from, to, ok := strings.Cut(x, "-")
		if !ok {
			to = from
		}
		low, err := strconv.ParseUint(from, 10, 8*n.Width)
		if err != nil {
			return nil, fmt.Errorf("numbers: %w", err)
		}
		high, err := strconv.ParseUint(to, 10, 8*n.Width)
		if err != nil {
			return nil, fmt.Errorf("numbers: %w", err)
		}
		out = append(out, span{uint32(low), uint32(high), false})
	}
	return out, nil
}

// numbers looks for the numbers of a rule in a file of its own, where nothing
// surer was found. Two different versions are none.
func (s *scanner) numbers(r *Rule) {
	for _, x := range s.seen {
		if x.rule == r && x.Version != "" && x.rank < rankFile {
			return
		}
	}
	var order binary.ByteOrder = binary.LittleEndian
	if s.p != nil && s.p.Big {
		order = binary.BigEndian
	}
	for i := range r.Numbers {
		n := &r.Numbers[i]
		version, at, ok := n.find(s.f.Data[:min(len(s.f.Data), maxOwn)], order)
		if ok {
			s.see(seen{rule: r, rank: rankOwn + len(r.Own) + i, Claim: Claim{Name: r.Name, Rule: r.ID, Version: version,
				Confidence: High, Source: FromText, Offset: int64(at), Text: fmt.Sprintf("% x", s.f.Data[at:at+n.Width*len(n.Are)])}})
		}
	}
}

// find gives the version if the data holds one only.
func (n *Numbers) find(d []byte, order binary.ByteOrder) (version string, at int, ok bool) {
	spans, err := n.spans()
	if err != nil {
		return "", 0, false // a test holds the rules against this
	}
	size := n.Width * len(spans)
	for i := 0; i+size <= len(d); i += n.Width {
		stars := n.match(d[i:i+size], spans, order)
		if stars == nil {
			continue
		}
		if v := strings.NewReplacer(stars...).Replace(n.As); version == "" {
			version, at = v, i
		} else if v != version {
			return "", 0, false
		}
	}
	return version, at, version != ""
}

// match reads the numbers at the start of d: what stands for each star, or nil.
func (n *Numbers) match(d []byte, spans []span, order binary.ByteOrder) (stars []string) {
	for pass := range 2 { // most places fail: only those that don't are put into words
		for i, x := range spans {
			b := d[i*n.Width:]
			v := uint32(order.Uint16(b))
			if n.Width == 4 {
				v = order.Uint32(b)
			}
			switch {
			case pass == 0 && (v < x.low || v > x.high):
				return nil
			case pass == 1 && x.star:
				stars = append(stars, "$"+strconv.Itoa(len(stars)/2+1), strconv.Itoa(int(v)))
			}
		}
	}
	return stars
}
