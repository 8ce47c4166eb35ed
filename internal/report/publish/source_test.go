package publish

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/i18n"
	"assay/internal/limit"
	"assay/internal/product"
)

// prose calls edit for every free text of a model, with its path. Ids,
// references, choices and addresses stay.
func prose(v reflect.Value, path, tag string, edit func(path string, v reflect.Value)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			prose(v.Elem(), path, tag, edit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			prose(v.Index(i), product.ItemPath(path, i), tag, edit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			if name == "" || name == "-" {
				continue
			}
			prose(v.Field(i), product.FieldPath(path, name), f.Tag.Get("is"), edit)
		}
	case reflect.String:
		if v.String() != "" && !fixed.MatchString(tag) && path != "schema" && !strings.HasSuffix(path, ".severity") {
			edit(path, v)
		}
	}
}

var fixed = regexp.MustCompile(`(^|,)(id|ref|softref|name|enum|also|def|host|url|place|file|address|market|urlpath)=?`)

func sensor(t testing.TB) *product.Product {
	t.Helper()
	p, problems, err := product.LoadDir("testdata/sensor", limit.Default().YAML)
	if err != nil || product.HasErrors(problems) {
		t.Fatal(err, problems)
	}
	return p
}

var planted = regexp.MustCompile(`Q\d+Q`)

// TestSourcesAreComplete: every value that a sentence prints is among the
// sources of the sentence. Each free text of the model is made unmistakable,
// and what a document then says is traced back.
func TestSourcesAreComplete(t *testing.T) {
	t.Parallel()
	p := sensor(t)
	at := map[string]string{}
	prose(reflect.ValueOf(p).Elem(), "", "", func(path string, v reflect.Value) {
		mark := fmt.Sprintf("Q%dQ", len(at))
		at[mark] = path
		v.SetString(mark)
	})
	if len(at) < 150 {
		t.Fatalf("only %d texts were found in the model", len(at))
	}
	printed := map[string]bool{}
	for _, d := range documents(all(t, input(p)), i18n.En) {
		for _, s := range d.Statements() {
			for _, mark := range planted.FindAllString(s.Plain(), -1) {
				printed[mark] = true
				if !slices.ContainsFunc(s.Sources, func(x Source) bool {
					return x.Path == at[mark] || strings.HasPrefix(at[mark], x.Path+"[")
				}) {
					t.Errorf("%s prints %s and doesn't rest on it: %v", s.ID, at[mark], paths(s.Sources))
				}
			}
		}
	}
	if len(printed) < 120 {
		t.Errorf("only %d texts were printed", len(printed))
	}
}

func paths(in []Source) []string {
	var out []string
	for _, x := range in {
		out = append(out, x.Path)
	}
	return out
}

// TestSources shows what sentences rest on.
func TestSources(t *testing.T) {
	t.Parallel()
	s := all(t, edited(t))
	rests := map[string][]string{}
	for _, d := range documents(s, i18n.En) {
		for id, p := range d.Rests() {
			rests[id] = p
		}
	}
	for id, want := range map[string][]string{
		"support-statement#from-until":           {"product.support.from", "product.support.until"},
		"support-statement#parts/sensor":         {"components[0].id", "components[0].name", "components[0].support_until", "product.support.until"},
		"support-statement#residual/leak":        {"aftercare.end.residual[0].option", "aftercare.end.residual[0].use_case", "aftercare.end.residual[0].who", "use_cases[0].id", "use_cases[0].use", "use_cases[1].id", "use_cases[1].use"},
		"retirement-guide#erase-check/app":       {"components[1].erase.check"},
		"security-sheet#roles/owner":             {"roles.owner", "roles.owner.may"},
		"data-disclosure#not-shared/account":     {"data[0].shared_with"},
		"hardening-guide#preset-accounts":        {"users"},
		"hardening-guide#unneeded-on/light":      {"features[1].default", "features[1].feature", "features[1].needed", "features[1].off"},
		"security-txt#policy/policy":             nil, // not a document for people
		"disclosure-policy#mended/critical":      {"aftercare.fixes[0].days", "aftercare.fixes[0].severity"},
		"hardening-guide#password-advice":        {},
		"responsibility-matrix#by-maker/reports": {"means[1].entity", "means[1].means", "means[1].provider", "means[1].why", "product.maker.name"},
	} {
		if diff := cmp.Diff(want, rests[id]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
}

// TestReads: the places that expressions read.
func TestReads(t *testing.T) {
	t.Parallel()
	env, err := newParser()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		source string
		want   []string
	}{
		{"it.name", []string{"it.name"}},
		{"product.product.support.until", []string{"product.product.support.until"}},
		{`it.a != "" ? it.a : product.b`, []string{"it.a", "product.b"}},
		{"label[it.on]", []string{"it.on", "label(it.on)"}},
		{"it.by.map(c, label[c])", []string{"it.by.*", "label(it.by.*)"}},
		{`product.components.filter(c, c.kind == "app").map(c, c.name)`, []string{"product.components.*.kind", "product.components.*.name"}},
		{"size(product.data) > 0", []string{"product.data"}},
		{`size(product.data.filter(d, d.id == "x")) > 0`, []string{"product.data.*.id"}},
		{"product.capabilities.map(c, c.meets).flatten().map(m, m.item)", []string{"product.capabilities.*.meets.*.item"}},
		{"(product.a + product.b).map(x, x.c).distinct()", []string{"product.a.*.c", "product.b.*.c"}},
		{"product.roles[it].may", []string{"it", "product.roles.*.may"}},
		{`verdicts["x/y"] == "PASS"`, []string{"verdicts.x/y"}},
		{"it.until < today", []string{"it.until"}},
		{"product.update._stated", []string{"product.update._stated"}},
		{"product.a.exists(x, product.b.exists(y, y.id in x.refs))", []string{"product.b.*.id", "product.a.*.refs"}},
		{"[it.protocol, it.port].filter(x, x != \"\").join(\", \")", []string{"it.protocol", "it.port"}},
	} {
		got, err := readsAll(env, c.source)
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
		}
		var shown []string
		for _, p := range got {
			s := strings.Join(append([]string{p.root}, p.steps...), ".")
			if p.label {
				s = "label(" + s + ")"
			}
			shown = append(shown, s)
		}
		if diff := cmp.Diff(c.want, shown); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.source, diff)
		}
	}
	if _, err := readsAll(env, "it."); err == nil {
		t.Error("half an expression is read")
	}
}
