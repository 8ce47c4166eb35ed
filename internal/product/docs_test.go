package product

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	referenceBegin = "<!-- reference: made from the types by go test ./internal/product -update -->\n"
	referenceEnd   = "<!-- end of reference -->\n"
)

// fieldReference is one table per type of the model, in the order in which they
// appear in a file.
func fieldReference(t *testing.T) string {
	t.Helper()
	docs, m := readComments(t), newModel()
	var b strings.Builder
	done := map[reflect.Type]bool{}
	var section func(typ reflect.Type, home string)
	section = func(typ reflect.Type, home string) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map {
			switch typ.Kind() {
			case reflect.Slice:
				home += "[]"
			case reflect.Map:
				home += ".NAME"
			}
			typ = typ.Elem()
		}
		fields, ok := m.fields[typ]
		if !ok || done[typ] {
			return
		}
		done[typ] = true
		title := "`" + home + "`"
		if home == "" {
			title = "The file"
		}
		fmt.Fprintf(&b, "### %s\n\n%s\n\n| field | value | what it says |\n| --- | --- | --- |\n", title, docs[typ.Name()])
		for _, f := range fields {
			name := "`" + f.name + "`"
			if f.rule.required {
				name += " (required)"
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", name, valueText(f), docs[typ.Name()+"."+typ.Field(f.index).Name])
		}
		b.WriteByte('\n')
		for _, f := range fields {
			section(f.typ, strings.TrimPrefix(home+"."+f.name, "."))
		}
	}
	section(reflect.TypeFor[Product](), "")
	return b.String()
}

func valueText(f field) string {
	typ, list := f.typ, ""
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if typ.Kind() == reflect.Slice {
		typ, list = typ.Elem(), "list of "
	}
	switch {
	case len(f.rule.enum) > 0:
		return list + "`" + strings.Join(f.rule.enum, "` \\| `") + "`"
	case f.rule.ref != "":
		s := list + "id of a " + f.rule.ref
		if f.rule.also != "" {
			s += ", or `" + f.rule.also + "`"
		}
		return s
	case f.rule.defines != "":
		return list + "id"
	case f.rule.form != "":
		return list + map[string]string{
			"file": "path in the workspace", "url": "https URL", "place": "path in the workspace, or https URL",
			"host": "host name or address", "address": "IP address or host name", "market": "two capital letters",
			"urlpath": "path of a URL", "marker": "text of 6 to 256 bytes",
		}[f.rule.form]
	case len(f.rule.known) > 0:
		return list + "text; usual: `" + strings.Join(f.rule.known, "`, `") + "`"
	}
	switch typ {
	case reflect.TypeFor[Date]():
		return "date, `2031-02-28`"
	case reflect.TypeFor[Port]():
		return "port, `443` or `5353/udp`"
	case reflect.TypeFor[PortRange]():
		return "ports, `41000-41031`"
	case reflect.TypeFor[Duration]():
		return "time, `30m`, `24h`, `7d`"
	case reflect.TypeFor[Standard]():
		return "list of ids or entries"
	}
	switch typ.Kind() {
	case reflect.Bool:
		return "`true` \\| `false`"
	case reflect.Int, reflect.Uint16:
		return "whole number"
	case reflect.Struct:
		if list != "" {
			return "list of entries"
		}
		return "fields"
	case reflect.Map:
		return "names, each with its entry"
	}
	return list + "text"
}

func TestWorkspaceDocumentIsCurrent(t *testing.T) {
	t.Parallel()
	name := filepath.Join("..", "..", "docs", "workspace.md")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), referenceBegin)
	got, after, ok2 := strings.Cut(rest, referenceEnd)
	if !ok || !ok2 {
		t.Fatalf("%s lacks the marks of the reference", name)
	}
	want := "\n" + fieldReference(t)
	if *update {
		if err := os.WriteFile(name, []byte(before+referenceBegin+want+referenceEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reference in %s; run go test ./internal/product -update (-want +got):\n%s", name, diff)
	}
	for typ, fields := range newModel().fields {
		for _, f := range fields {
			if !strings.Contains(got, "| `"+f.name+"`") {
				t.Errorf("%s of %s is not in %s", f.name, typ.Name(), name)
			}
		}
	}
}
