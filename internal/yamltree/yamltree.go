// Package yamltree reads YAML and JSON of strangers: bytes come in, bounded; a
// tree of nodes with line and column goes out, or the reasons why there is
// none. Decode fills Go values from such a tree and goes on after a mistake, so
// that one reading shows them all.
//
// It knows no format: what the fields mean, and in which words a person reads
// about a fault, is the caller's.
package yamltree

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"assay/internal/pattern"
)

// Limits bounds a file. It has the fields of limit.YAML, so that one converts
// into the other.
type Limits struct {
	Size    int64 // bytes of the file, and of all values once aliases are written out
	Depth   int   // nesting
	Nodes   int   // values, aliases counted where they are used
	Aliases int   // uses of anchors
	Scalar  int   // bytes in one value
}

// Place is a line and a column, both from 1; the zero Place is the file as a
// whole.
type Place struct{ Line, Column int }

// PlaceOf is where a node begins.
func PlaceOf(n *yaml.Node) Place { return Place{n.Line, n.Column} }

// Reason says what is wrong.
type Reason string

// Why there is no tree. The comment names the arguments of the fault.
const (
	TooLarge         Reason = "too-large"         // limit
	UTF16            Reason = "utf-16"            //
	NotUTF8          Reason = "not-utf-8"         // byte
	ControlCharacter Reason = "control-character" // character
	Empty            Reason = "empty-file"        //
	SeveralDocuments Reason = "several-documents" //
	Tab              Reason = "tab"               //
	Syntax           Reason = "syntax"            // message
	SyntaxColon      Reason = "syntax-colon"      // message
	TooManyValues    Reason = "too-many-values"   // limit
	TooDeep          Reason = "too-deep"          // limit
	ValueTooLong     Reason = "value-too-long"    // limit
)

// Fault is one thing that is wrong, and where.
type Fault struct {
	Place
	Path   string // of the field; "" for the file
	Reason Reason
	Args   map[string]string // as they stand in the file: not made harmless
}

// enoughTabs bounds the report of a file that is indented with tabs.
const enoughTabs = 200

// Parse returns the root of the only YAML document, within the limits; aliases
// are not followed, and count where they are used. Without a root there is at
// least one fault.
func Parse(data []byte, lim Limits) (*yaml.Node, []Fault) {
	data, faults := text(data, lim)
	if len(faults) > 0 {
		return nil, faults
	}
	// The parser builds its tree before anyone can count it; each value needs
	// at least one of these characters, prose has some more per value.
	if n := bytes.Count(data, []byte(",")) + bytes.Count(data, []byte(":")) + bytes.Count(data, []byte("\n")) +
		bytes.Count(data, []byte("- ")) + bytes.Count(data, []byte("[")) + bytes.Count(data, []byte("{")); n > 2*lim.Nodes {
		return nil, one(Place{}, TooManyValues, "limit", strconv.Itoa(lim.Nodes))
	}
	doc, more, err := documents(data)
	switch {
	case errors.Is(err, io.EOF):
		return nil, one(Place{1, 1}, Empty)
	case err != nil:
		return nil, syntax(data, err)
	case more != nil:
		return nil, one(PlaceOf(more), SeveralDocuments)
	case len(doc.Content) == 0 || IsNull(doc.Content[0]):
		return nil, one(Place{1, 1}, Empty)
	}
	root, count := doc.Content[0], 0
	if f := bounded(root, 1, &count, lim); f != nil {
		return nil, []Fault{*f}
	}
	return root, nil
}

// IsNull reports whether a node is a key without a value, or null.
func IsNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func one(at Place, r Reason, pairs ...string) []Fault { return []Fault{fault(at, "", r, pairs...)} }

func fault(at Place, path string, r Reason, pairs ...string) Fault {
	args := make(map[string]string, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		args[pairs[i]] = pairs[i+1]
	}
	return Fault{Place: at, Path: path, Reason: r, Args: args}
}

// text returns the bytes without a byte order mark, or why they are no text.
func text(data []byte, lim Limits) ([]byte, []Fault) {
	if int64(len(data)) > lim.Size {
		return nil, one(Place{}, TooLarge, "limit", strconv.FormatInt(lim.Size, 10))
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return nil, one(Place{1, 1}, UTF16)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	return data, characters(data)
}

// bounded walks the tree as it is written.
func bounded(n *yaml.Node, depth int, count *int, lim Limits) *Fault {
	at := func(r Reason, bound int) *Fault {
		f := fault(PlaceOf(n), "", r, "limit", strconv.Itoa(bound))
		return &f
	}
	switch *count++; {
	case *count > lim.Nodes:
		return at(TooManyValues, lim.Nodes)
	case depth > lim.Depth:
		return at(TooDeep, lim.Depth)
	case len(n.Value) > lim.Scalar:
		return at(ValueTooLong, lim.Scalar)
	}
	for _, c := range n.Content {
		if f := bounded(c, depth+1, count, lim); f != nil {
			return f
		}
	}
	return nil
}

// documents parses the first document, and the second if there is one. The
// YAML package panics on states that it believes impossible; for bytes from
// strangers that is an error like others.
func documents(data []byte) (first, second *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			first, second, err = nil, nil, fmt.Errorf("yaml: %v", r)
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var a, b yaml.Node
	if err := dec.Decode(&a); err != nil {
		return nil, nil, err
	}
	if err := dec.Decode(&b); err == nil {
		return &a, &b, nil
	} else if !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	return &a, nil, nil
}

// characters reports bytes that are no text, a few of them: a binary file has
// thousands.
func characters(data []byte) []Fault {
	const enough = 5
	var faults []Fault
	line, column := 1, 0
	for i := 0; i < len(data) && len(faults) < enough; {
		r, size := utf8.DecodeRune(data[i:])
		i += size
		column++
		switch {
		case r == '\n':
			line, column = line+1, 0
		case r == utf8.RuneError && size == 1:
			faults = append(faults, fault(Place{line, column}, "", NotUTF8, "byte", fmt.Sprintf("0x%02X", data[i-1])))
		case r == '\t' || r == '\r':
		case unicode.IsControl(r) && r != 0x85: // YAML 1.2 clause 5.1
			faults = append(faults, fault(Place{line, column}, "", ControlCharacter, "character", fmt.Sprintf("U+%04X", r)))
		}
	}
	return faults
}

var yamlLine = pattern.New(`^(?:yaml: )?(?:line (\d+): )?(.*)$`)

// syntax reports where the YAML parser gave up. Its usual reason in files
// written by people is a tab, which it can't name.
func syntax(data []byte, err error) []Fault {
	lines := strings.Split(string(data), "\n")
	var tabs []Fault
	for i, l := range lines {
		indent := l[:len(l)-len(strings.TrimLeft(l, " \t"))]
		if at := strings.IndexByte(indent, '\t'); at >= 0 && strings.TrimSpace(l) != "" {
			if tabs = append(tabs, fault(Place{i + 1, at + 1}, "", Tab)); len(tabs) > enoughTabs {
				break
			}
		}
	}
	if len(tabs) > 0 {
		return tabs
	}
	line, message := 1, err.Error()
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		message = m[2]
		if n, err := strconv.Atoi(m[1]); err == nil && n >= 1 {
			if parserError.MatchString(message) {
				n++ // the package counts lines from 0 here, and from 1 elsewhere
			}
			line = min(n, len(lines))
		}
	}
	if strings.Contains(message, "expected key") || strings.Contains(message, "'-' indicator") {
		line = outdented(lines, line)
	}
	column := 1
	if l := lines[line-1]; strings.TrimSpace(l) != "" {
		column = len(l) - len(strings.TrimLeft(l, " ")) + 1
	}
	reason := Syntax
	if strings.Contains(message, "mapping values are not allowed") {
		reason = SyntaxColon
	}
	return one(Place{line, column}, reason, "message", message)
}

var parserError = pattern.New(`^did not find expected (<document start>|node content|'-' indicator|key|',' or)`)

// outdented finds the line whose indentation belongs to no block: the parser
// names the beginning of the block instead, which may be pages above.
func outdented(lines []string, from int) int {
	seen := map[int]bool{}
	last := 0
	for i, l := range lines {
		text := strings.TrimLeft(l, " ")
		if strings.TrimSpace(text) == "" || text[0] == '#' {
			continue
		}
		indent := len(l) - len(text)
		if i >= from && indent < last && !seen[indent] {
			return i + 1
		}
		seen[indent], last = true, indent
	}
	return from
}
