package yamltree

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// ParseJSON is Parse for JSON. YAML reads most JSON too, but not tabs, not
// surrogate pairs (RFC 8259 clause 7) and not every escape.
func ParseJSON(data []byte, lim Limits) (*yaml.Node, []Fault) {
	data, faults := text(data, lim)
	if len(faults) > 0 {
		return nil, faults
	}
	p := &jsonParser{data: data, lim: lim, at: Place{1, 1}, dec: json.NewDecoder(bytes.NewReader(data))}
	p.dec.UseNumber()
	root, f := p.value(1)
	if f != nil {
		return nil, []Fault{*f}
	}
	end := p.next()
	if _, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, one(end, SeveralDocuments)
	}
	return root, nil
}

type jsonParser struct {
	data   []byte
	lim    Limits
	dec    *json.Decoder
	offset int // of what at stands for
	at     Place
	count  int
}

// next moves to the beginning of the next token.
func (p *jsonParser) next() Place {
	end := int(p.dec.InputOffset())
	for end < len(p.data) && strings.IndexByte(" \t\r\n,:", p.data[end]) >= 0 {
		end++
	}
	part := p.data[p.offset:end]
	if lines := bytes.Count(part, []byte("\n")); lines > 0 {
		p.at.Line += lines
		p.at.Column = 1
		part = part[bytes.LastIndexByte(part, '\n')+1:]
	}
	p.at.Column += utf8.RuneCount(part)
	p.offset = end
	return p.at
}

func (p *jsonParser) value(depth int) (*yaml.Node, *Fault) {
	at := p.next()
	fail := func(r Reason, pairs ...string) (*yaml.Node, *Fault) {
		f := fault(at, "", r, pairs...)
		return nil, &f
	}
	token, err := p.dec.Token()
	switch {
	case errors.Is(err, io.EOF) && p.count == 0:
		return fail(Empty)
	case err != nil:
		return fail(Syntax, "message", complaint(err))
	}
	switch p.count++; {
	case p.count > p.lim.Nodes:
		return fail(TooManyValues, "limit", strconv.Itoa(p.lim.Nodes))
	case depth > p.lim.Depth:
		return fail(TooDeep, "limit", strconv.Itoa(p.lim.Depth))
	}
	n := &yaml.Node{Kind: yaml.ScalarNode, Line: at.Line, Column: at.Column}
	switch v := token.(type) {
	case json.Delim:
		return p.inside(n, v, depth)
	case string:
		n.Tag, n.Style, n.Value = "!!str", yaml.DoubleQuotedStyle, v
	case json.Number:
		n.Tag, n.Value = "!!float", v.String()
		if _, err := v.Int64(); err == nil {
			n.Tag = "!!int"
		}
	case bool:
		n.Tag, n.Value = "!!bool", strconv.FormatBool(v)
	case nil:
		n.Tag, n.Value = "!!null", "null"
	}
	if len(n.Value) > p.lim.Scalar {
		return fail(ValueTooLong, "limit", strconv.Itoa(p.lim.Scalar))
	}
	return n, nil
}

func complaint(err error) string {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}

// inside reads to the end of an object or array; keys are values like others.
func (p *jsonParser) inside(n *yaml.Node, open json.Delim, depth int) (*yaml.Node, *Fault) {
	n.Kind, n.Tag = yaml.MappingNode, "!!map"
	if open == '[' {
		n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
	}
	for p.dec.More() {
		c, f := p.value(depth + 1)
		if f != nil {
			return nil, f
		}
		n.Content = append(n.Content, c)
	}
	at := p.next()
	if _, err := p.dec.Token(); err != nil {
		f := fault(at, "", Syntax, "message", complaint(err))
		return nil, &f
	}
	return n, nil
}
