package firmware

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/apk"
	"assay/internal/collect/firmware/inspect/component"
	"assay/internal/collect/firmware/inspect/secret"
	"assay/internal/collect/firmware/inspect/startup"
	"assay/internal/collect/firmware/unpack"
)

// stringFields are all fields of the result that hold text.
func stringFields(t reflect.Type, field string, seen map[reflect.Type]bool, out map[string]bool) {
	switch t.Kind() {
	case reflect.String:
		out[field] = true
	case reflect.Map, reflect.Interface:
		out[field+" can't be walked"] = true
	case reflect.Pointer, reflect.Slice, reflect.Array:
		stringFields(t.Elem(), field, seen, out)
	case reflect.Struct:
		if seen[t] || t == reflect.TypeFor[time.Time]() {
			return
		}
		seen[t] = true
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() {
				stringFields(f.Type, t.String()+"."+f.Name, seen, out)
			}
		}
	}
}

// TestDecisions: somebody has decided of each field whether it is masked: as a
// name or not at all in decisions, as a text in testdata/masked.txt.
func TestDecisions(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/masked.txt")
	if err != nil {
		t.Fatal(err)
	}
	texts := strings.Fields(string(raw))
	all := make(map[string]bool)
	stringFields(reflect.TypeFor[Result](), "", make(map[reflect.Type]bool), all)
	for f := range all {
		_, decided := decisions[f]
		if decided == slices.Contains(texts, f) {
			t.Errorf("%s: decide whether it is masked, in decisions or testdata/masked.txt", f)
		}
	}
	for f := range decisions {
		if !all[f] {
			t.Errorf("%s: no such field", f)
		}
	}
	for _, f := range texts {
		if !all[f] {
			t.Errorf("%s: no such field", f)
		}
	}
}

// TestMaskEverywhere: a secret of the image is in no text of the result, however
// many there are and however short; a guessed one too. Names of components stay
// what they are where a password is a plain word.
func TestMaskEverywhere(t *testing.T) {
	t.Parallel()
	const value, tiny = "Blip77Zorkd", "q9x"
	var g Gather
	add := func(v string) {
		g.Add(Record{Secret: &secret.Hit{Kind: secret.Password, Value: v, User: "u " + value, Note: "by " + value, Where: inspect.Where{Path: "/etc/" + v}}})
	}
	for i := range 2500 {
		add("aaaa" + strings.Repeat("x", i%50) + string(rune('A'+i/50)) + "1234")
	}
	add(value)
	add(tiny)
	add("busybox")
	// of "passw0rd", which is guessed
	g.Add(Record{Secret: &secret.Hit{Kind: secret.PasswordHash, Value: "$1$abcdefgh$" + md5crypt, Scheme: "md5", User: "u", Where: inspect.Where{Path: "/etc/shadow"}}})
	g.Add(Record{Weakness: &inspect.Weakness{Kind: "x", Name: value, Text: "zorkd " + value, Where: inspect.Where{Path: "/w"}}})
	g.Add(Record{Start: &startup.Start{Kind: startup.Process, Name: value, Program: "/bin/" + value, Args: []string{"-x" + value, tiny}, Text: "a " + value}})
	g.Add(Record{Gap: &Gap{Why: "limit", Detail: tiny + ", passw0rd, " + value}})
	g.Add(Record{Volume: &unpack.Volume{Note: value}})
	g.Add(Record{App: &apk.App{Path: "/a.apk", Platform: "android", Links: []string{"x://" + value}, Problems: []string{value}}})
	g.soft = append(g.soft, component.Findings{Path: "/bin/busybox", Problems: []string{value}})
	r := g.Finish(at, 1<<20)
	if i := slices.IndexFunc(r.Secrets, func(s Secret) bool { return s.Kind == secret.PasswordHash }); i < 0 || !r.Secrets[i].Recovered {
		t.Error("the hash isn't guessed: nothing is shown of those that are")
	}
	r.Software.Components = append(r.Software.Components, component.Component{Name: "busybox", Version: value, Full: value})
	r.Software.Unattributed = append(r.Software.Unattributed, component.Unattributed{Why: value})
	g.mask()
	walk(reflect.ValueOf(r).Elem(), "", func(f, s string) string {
		if decisions[f] != shown && (strings.Contains(s, value) || strings.Contains(s, tiny) || strings.Contains(s, "passw0rd")) {
			t.Errorf("%s: %s", f, s)
		}
		return s
	})
	if n := r.Software.Components[0].Name; n != "busybox" {
		t.Errorf("the component is called %s", n)
	}
}

const md5crypt = "T73FosRY0vxaV2A67W9Td/"
