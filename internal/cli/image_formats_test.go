package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"assay/internal/refcam"
	"assay/internal/testdata"
)

// TestImageFormats: what is written of a real analysis is valid by the schemas
// that the formats' makers publish, also where nothing could be read.
func TestImageFormats(t *testing.T) {
	t.Parallel()
	dir := testdata.Dir(t, "schemas")
	tmp := t.TempDir()
	weak := image(t, refcam.Typical()...)
	for _, f := range []struct{ format, schema string }{
		{"sarif", "sarif/sarif-schema-2.1.0.json"},
		{"cyclonedx", "cyclonedx/bom-1.6.schema.json"},
		{"spdx", "spdx/spdx-2.3.schema.json"},
	} {
		t.Run(f.format, func(t *testing.T) {
			t.Parallel()
			c := jsonschema.NewCompiler()
			for _, name := range []string{"spdx.schema.json", "jsf-0.82.schema.json", "cryptography-defs.schema.json"} {
				published(t, c, "http://cyclonedx.org/schema/"+name, filepath.Join(dir, "cyclonedx", name))
			}
			published(t, c, "schema.json", filepath.Join(dir, f.schema))
			s, err := c.Compile("schema.json")
			if err != nil {
				t.Fatal(err)
			}
			for name, b := range map[string][]byte{"weak": weak, "cut": weak[:len(weak)*3/4], "empty": nil} {
				path := writeFile(t, filepath.Join(tmp, f.format+"-"+name+".bin"), b)
				for _, lang := range []string{"en", "zh-Hant"} {
					stdout, stderr, code := call(t.Context(), "firmware", path, "--format", f.format, "--lang", lang)
					if code != exitFailed && code != exitUndecided {
						t.Fatalf("%s: exit code %d\n%s", name, code, stderr)
					}
					v, err := jsonschema.UnmarshalJSON(strings.NewReader(stdout))
					if err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					if err := s.Validate(v); err != nil {
						t.Errorf("%s, %s: %v", name, lang, err)
					}
				}
			}
		})
	}
}

func published(t *testing.T, c *jsonschema.Compiler, url, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(b)))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if err := c.AddResource(url, v); err != nil {
		t.Fatal(err)
	}
}
