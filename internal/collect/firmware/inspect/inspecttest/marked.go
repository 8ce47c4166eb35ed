package inspecttest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"assay/internal/collect/firmware/inspect/nvs"
)

// Sets returns all sets of invented files by name.
func Sets(t testing.TB) map[string][]Labelled {
	t.Helper()
	sets := map[string][]Labelled{"heldout-d": Marked(t, "heldout-d"), "heldout-e": Marked(t, "heldout-e"), "marked-f": Marked(t, "marked-f"), "heldout-g": Marked(t, "heldout-g")}
	for _, name := range []string{"heldout-a", "heldout-b", "heldout-c"} {
		set := Set(t, name)
		for i := range set {
			if nvs.Looks(set[i].Data) {
				set[i].asLines()
			}
		}
		sets[name] = set
	}
	return sets
}

// asLines makes of a key-value store the text of its pairs, as the reader of the
// format gives them to inspectors.
func (l *Labelled) asLines() {
	var text strings.Builder
	for _, p := range nvs.Pairs(l.Data) {
		fmt.Fprintf(&text, "%s.%s=", p.Space, p.Key)
		for _, labels := range [][]Label{l.Secrets, l.Hosts} {
			for i := range labels {
				if d := labels[i].Offset - int64(p.Off); d >= 0 && d < int64(len(p.Text)) {
					labels[i].Offset = int64(text.Len()) + d
				}
			}
		}
		fmt.Fprintln(&text, p.Text)
	}
	l.Data = []byte(text.String())
}

// Marked returns the files of a set that is written as text: in each file of the
// folder below testdata of package inspect a line "=== path" begins an invented
// file of an image, and what is planted in it is marked where it stands:
// ⟦kind|value⟧, ⟦kind user|value⟧, ⟦host|name⟧ or ⟦host port|name⟧; a tilde before
// the kind says that it is known to be missed. A word before the path says how the lines become bytes: "nul" and "elf" make C strings of
// them (in a program), "utf16" writes them in UTF-16. A file without marks is a
// near miss.
func Marked(t testing.TB, name string) []Labelled {
	t.Helper()
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("the source folder is unknown")
	}
	names, err := filepath.Glob(filepath.Join(filepath.Dir(file), "..", "testdata", name, "*.txt"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no set %q: %v", name, err)
	}
	var out []Labelled
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		_, text, _ := strings.Cut(string(b), "\n=== ")
		for _, part := range strings.Split(text, "\n=== ") {
			head, body, _ := strings.Cut(part, "\n")
			out = append(out, marked(filepath.Base(n), head, strings.TrimSuffix(body, "\n")+"\n"))
		}
	}
	return out
}

func marked(set, head, body string) Labelled {
	form, path, ok := strings.Cut(head, " ")
	if !ok {
		form, path = "", head
	}
	l := Labelled{File: set + " " + path, Path: path, Exact: true}
	var clean strings.Builder
	var all []Label
	for {
		before, rest, ok := strings.Cut(body, "⟦")
		clean.WriteString(before)
		if !ok {
			break
		}
		mark, after, _ := strings.Cut(rest, "⟧")
		what, value, _ := strings.Cut(mark, "|")
		kind, user, _ := strings.Cut(what, " ")
		all = append(all, Label{Kind: strings.TrimPrefix(kind, "~"), User: user, Value: value, Offset: int64(clean.Len()), Beyond: strings.HasPrefix(kind, "~")})
		clean.WriteString(value)
		body = after
	}
	text := clean.String()
	l.Data = encode(form, text)
	base := int64(len(l.Data) - len(text))
	for _, m := range all {
		switch form {
		case "":
			m.Line = 1 + strings.Count(text[:m.Offset], "\n")
		case "utf16":
			m.Line = 1 + strings.Count(text[:m.Offset], "\n")
			m.Offset = 2 + 2*m.Offset
		default:
			m.Offset += base
		}
		if m.Kind == "host" {
			m.Host = m.Value
			m.Port, _ = strconv.Atoi(m.User)
			l.Hosts = append(l.Hosts, m)
		} else {
			l.Secrets = append(l.Secrets, m)
		}
	}
	return l
}

func encode(form, text string) []byte {
	switch form {
	case "nul":
		return []byte(strings.ReplaceAll(text, "\n", "\x00"))
	case "elf":
		return ELF{Fixed: true, Data: "\x00" + strings.ReplaceAll(text, "\n", "\x00")}.Bytes()
	case "utf16":
		b := []byte{0xff, 0xfe}
		for _, c := range utf16.Encode([]rune(text)) {
			b = append(b, byte(c), byte(c>>8))
		}
		return b
	}
	return bytes.Clone([]byte(text))
}
