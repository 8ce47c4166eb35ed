package product

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"assay/internal/limit"

	"go.yaml.in/yaml/v3"
)

// FileName is the name of the product file in a workspace.
const FileName = "assay.yaml"

// Load reads the bytes of an assay.yaml and returns every mistake at once, in
// the order of the file. The name is used in messages only. The product is
// never nil and holds what could be read; it may be used where HasErrors of
// the problems is false. Open points come from Check.
func Load(name string, data []byte, lim limit.YAML) (*Product, []Problem) {
	p := &Product{}
	d := &decoder{file: name, lim: lim, model: newModel(), places: map[string]place{}, ids: map[string]*idSet{}}
	p.src = &source{file: name, places: d.places}
	if root := d.parse(data); root != nil && d.bounded(root, 1) && d.version(root) {
		d.decode(reflect.ValueOf(p).Elem(), root, "", rule{})
		if !d.stopped {
			d.resolve()
			d.consistent(p)
		}
	}
	return p, arrange(name, d.problems)
}

// LoadDir reads the assay.yaml of a workspace folder. Links that leave the
// folder are not followed. The error is one of reading; what is wrong with
// the content is in the problems.
func LoadDir(dir string, lim limit.YAML) (*Product, []Problem, error) {
	data, err := readFile(dir, lim.Size)
	if err != nil {
		return nil, nil, err
	}
	p, problems := Load(FileName, data, lim)
	return p, problems, nil
}

func readFile(dir string, most int64) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("product: open workspace: %w", err)
	}
	defer root.Close() // opened for reading only
	// A pipe in a stranger's workspace would block the open itself.
	info, err := root.Stat(FileName)
	if err != nil {
		return nil, fmt.Errorf("product: read workspace %s: %w", dir, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("product: read workspace %s: %s is no regular file", dir, FileName)
	}
	f, err := root.Open(FileName)
	if err != nil {
		return nil, fmt.Errorf("product: read workspace %s: %w", dir, err)
	}
	defer f.Close() // opened for reading only
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, fmt.Errorf("product: read %s: %w", FileName, err)
	}
	return data, nil
}

// parse returns the root of the only document, or nil after reporting why
// there is none.
func (d *decoder) parse(data []byte) *yaml.Node {
	fail := func(at place, key, suggestion string, pairs ...string) *yaml.Node {
		d.problem(at, "", key, SeverityError, suggestion, pairs...)
		return nil
	}
	if int64(len(data)) > d.lim.Size {
		return fail(place{}, "problem.too-large", "", "limit", strconv.FormatInt(d.lim.Size, 10))
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return fail(place{1, 1}, "problem.utf-16", "")
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if d.characters(data); len(d.problems) > 0 {
		return nil
	}
	// The parser builds its tree before anyone can count it; each value needs
	// at least one of these characters, prose has some more per value.
	if n := bytes.Count(data, []byte(",")) + bytes.Count(data, []byte(":")) + bytes.Count(data, []byte("\n")) +
		bytes.Count(data, []byte("- ")) + bytes.Count(data, []byte("[")) + bytes.Count(data, []byte("{")); n > 2*d.lim.Nodes {
		return fail(place{}, "problem.too-many-values", "", "limit", strconv.Itoa(d.lim.Nodes))
	}
	doc, more, err := documents(data)
	switch {
	case errors.Is(err, io.EOF):
		return fail(place{1, 1}, "problem.empty-file", "schema: "+Schema)
	case err != nil:
		d.syntax(data, err)
		return nil
	case more != nil:
		return fail(placeOf(more), "problem.several-documents", "")
	case len(doc.Content) == 0 || isNull(doc.Content[0]):
		return fail(place{1, 1}, "problem.empty-file", "schema: "+Schema)
	}
	return doc.Content[0]
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
func (d *decoder) characters(data []byte) {
	const enough = 5
	line, column := 1, 0
	for i := 0; i < len(data) && len(d.problems) < enough; {
		r, size := utf8.DecodeRune(data[i:])
		i += size
		column++
		switch {
		case r == '\n':
			line, column = line+1, 0
		case r == utf8.RuneError && size == 1:
			d.problem(place{line, column}, "", "problem.not-utf-8", SeverityError, "", "byte", fmt.Sprintf("0x%02X", data[i-1]))
		case r == '\t' || r == '\r':
		case unicode.IsControl(r) && r != 0x85: // YAML 1.2 clause 5.1
			d.problem(place{line, column}, "", "problem.control-character", SeverityError, "", "character", fmt.Sprintf("U+%04X", r))
		}
	}
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?(.*)$`)

// syntax reports where the YAML parser gave up. Its usual reason in files
// written by people is a tab, which it can't name.
func (d *decoder) syntax(data []byte, err error) {
	lines := strings.Split(string(data), "\n")
	tabs := 0
	for i, l := range lines {
		indent := l[:len(l)-len(strings.TrimLeft(l, " \t"))]
		if at := strings.IndexByte(indent, '\t'); at >= 0 && strings.TrimSpace(l) != "" {
			d.problem(place{i + 1, at + 1}, "", "problem.tab", SeverityError, "")
			if tabs++; tabs > maxProblems {
				return
			}
		}
	}
	if tabs > 0 {
		return
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
	key := "problem.syntax"
	if strings.Contains(message, "mapping values are not allowed") {
		key = "problem.syntax-colon"
	}
	d.problem(place{line, column}, "", key, SeverityError, "", "message", message)
}

var parserError = regexp.MustCompile(`^did not find expected (<document start>|node content|'-' indicator|key|',' or)`)

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

var schemaLine = regexp.MustCompile(`^assay/([a-z-]+)@([0-9]{1,6})$`)

// version looks at the schema line before anything else: the fields of a
// later version would all look like mistakes.
func (d *decoder) version(root *yaml.Node) bool {
	if root.Kind != yaml.MappingNode {
		return true // reported by the decoder
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value != "schema" {
			continue
		}
		n := root.Content[i+1]
		if n.Kind != yaml.ScalarNode || isNull(n) {
			return true // reported by the decoder
		}
		m := schemaLine.FindStringSubmatch(n.Value)
		switch {
		case n.Value == Schema:
			return true
		case m == nil || m[1] != "product" || m[2] == "0":
			d.error(n, "schema", "problem.bad-schema", Schema, "value", n.Value)
			return m == nil // the schema of something else has other fields
		default:
			d.error(n, "schema", "problem.later-schema", "", "value", n.Value, "reads", Schema)
			return false
		}
	}
	return true // missing: reported by the decoder
}
