package activity

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/report/publish"
)

// complete are the workspaces of testdata that state everything.
var complete = []string{"camera", "gateway"}

// unstated are fields that neither complete record states, with the reason.
var unstated = map[string]string{
	"Product.Markers":    "a laboratory's, put into a unit for one test",
	"Unit.Dump":          "a laboratory's: the flash of a unit that was opened",
	"Component.Package":  "an installation package is no small text file, and no question asks for it",
	"Component.Firmware": "an image is no small text file, and no question asks for it",
	"Watched.WhyNot":     "stands where quality can't be watched; the camera's is watched",
	"Unit.Simulated":     "the records are about real specimens",
	"Unit.Ports":         "of simulated units only",
	"Unit.PortMap":       "of simulated units only",
	"Unit.Address":       "is given when a specimen is switched on; a run without one touches nothing",
	"Product.IXIT":       "for tables that have no field of their own yet; no question asks for it",
}

// TestRecordsLoad: the complete records have no mistakes and no warnings, and
// every file that they name is there.
func TestRecordsLoad(t *testing.T) {
	t.Parallel()
	for _, name := range complete {
		dir := filepath.Join("testdata", name)
		p, problems, err := product.LoadDir(dir, limit.Default().YAML)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range problems {
			t.Errorf("%s: %+v", name, x)
		}
		missing, err := product.CheckFiles(dir, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range missing {
			t.Errorf("%s: %+v", name, x)
		}
		named := map[string]bool{}
		eachField(reflect.ValueOf(p), func(owner string, f reflect.StructField, v reflect.Value) {
			rule := "," + f.Tag.Get("is") + ","
			if v.Kind() != reflect.String || v.String() == "" || strings.Contains(v.String(), "://") ||
				!strings.Contains(rule, ",file,") && !strings.Contains(rule, ",place,") {
				return
			}
			named[v.String()] = true
			if _, err := os.Stat(filepath.Join(dir, v.String())); err != nil {
				t.Errorf("%s: %s.%s: %v", name, owner, f.Name, err)
			}
		})
		err = fs.WalkDir(os.DirFS(dir), "evidence", func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && !named[path] {
				t.Errorf("%s: nothing names %s", name, path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// TestRecordsStateEveryField: what a question may ask for is stated in one of
// the complete records, so that no rule and no document goes untried.
func TestRecordsStateEveryField(t *testing.T) {
	t.Parallel()
	stated := map[string]bool{}
	for _, name := range complete {
		p, _, err := product.LoadDir(filepath.Join("testdata", name), limit.Default().YAML)
		if err != nil {
			t.Fatal(err)
		}
		eachField(reflect.ValueOf(p), func(owner string, f reflect.StructField, v reflect.Value) {
			key := owner + "." + f.Name
			stated[key] = stated[key] || !v.IsZero()
		})
	}
	for _, key := range slices.Sorted(maps.Keys(stated)) {
		why, excepted := unstated[key]
		switch {
		case !stated[key] && !excepted:
			t.Errorf("neither record states %s", key)
		case stated[key] && excepted:
			t.Errorf("%s is stated, but is excepted: %s", key, why)
		}
	}
	for key := range unstated {
		if _, known := stated[key]; !known {
			t.Errorf("%s is excepted, and there is no such field", key)
		}
	}
}

// eachField visits the fields of a value and of everything in it. Types that
// are written as one text (dates, ports) are not entered.
func eachField(v reflect.Value, visit func(owner string, f reflect.StructField, v reflect.Value)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			eachField(v.Elem(), visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachField(v.Index(i), visit)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			eachField(v.MapIndex(k), visit)
		}
	case reflect.Struct:
		if _, text := v.Interface().(interface{ MarshalText() ([]byte, error) }); text {
			return
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				visit(v.Type().Name(), f, v.Field(i))
				eachField(v.Field(i), visit)
			}
		}
	}
}

// TestRecordsWords: words.yaml translates what stands in the record, and
// nothing that was changed since.
func TestRecordsWords(t *testing.T) {
	t.Parallel()
	for _, name := range complete {
		dir := filepath.Join("testdata", name)
		words, problems := publish.ReadWords(dir, limit.Default().YAML)
		for _, x := range problems {
			t.Errorf("%s: %+v", name, x)
		}
		said := map[string]bool{}
		for _, file := range []string{product.FileName, AnswersFile, "threats.yaml"} {
			raw, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				t.Fatal(err)
			}
			var doc yaml.Node
			if err := yaml.Unmarshal(raw, &doc); err != nil {
				t.Fatalf("%s/%s: %v", name, file, err)
			}
			eachScalar(&doc, func(s string) { said[strings.TrimSpace(s)] = true })
		}
		if len(words.Zh) < 500 || len(words.En) == 0 {
			t.Errorf("%s: %d and %d words", name, len(words.Zh), len(words.En))
		}
		for _, key := range slices.Concat(slices.Sorted(maps.Keys(words.Zh)), slices.Sorted(maps.Keys(words.En))) {
			if !said[key] {
				t.Errorf("%s: words.yaml translates %q, which nobody says", name, key)
			}
		}
	}
}

func eachScalar(n *yaml.Node, visit func(string)) {
	if n.Kind == yaml.ScalarNode {
		visit(n.Value)
	}
	for _, c := range n.Content {
		eachScalar(c, visit)
	}
}
