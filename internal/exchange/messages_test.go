package exchange

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// TestMessages: the texts here are those of the program, each is used, and its
// holes are filled where it is used.
func TestMessages(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../i18n/texts/exchange.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var texts map[string]struct {
		En string `yaml:"en"`
		Zh string `yaml:"zh-Hant"`
	}
	if err := yaml.Unmarshal(data, &texts); err != nil {
		t.Fatal(err)
	}
	there := map[string]string{}
	hole := regexp.MustCompile(`\{[a-z]+\}`)
	for key, text := range texts {
		there[key] = text.En
		en, zh := hole.FindAllString(text.En, -1), hole.FindAllString(text.Zh, -1)
		slices.Sort(en)
		slices.Sort(zh)
		if !slices.Equal(en, zh) {
			t.Errorf("%s: placeholders differ: %v %v", key, en, zh)
		}
	}
	if diff := cmp.Diff(english, there); diff != "" {
		t.Errorf("texts (-here +internal/i18n):\n%s", diff)
	}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	used := ""
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		code := string(b)
		if f == "messages.go" {
			code = code[strings.Index(code, "faultKeys"):]
		}
		used += code
		// A note whose arguments are written out has those that its text asks for.
		for _, m := range regexp.MustCompile(`"(exchange\.[a-z-]+)"((?:, "[a-z]+", [^,()]+(?:\([^()]*\))?)*)\)`).FindAllStringSubmatch(code, -1) {
			for _, h := range hole.FindAllString(english[m[1]], -1) {
				if !strings.Contains(m[2], `"`+strings.Trim(h, "{}")+`"`) && !strings.Contains(m[0], "n.args") {
					t.Errorf("%s: %s asks for %s: %s", f, m[1], h, m[0])
				}
			}
		}
	}
	for key := range english {
		if !strings.Contains(used, `"`+key+`"`) {
			t.Errorf("%s is used nowhere", key)
		}
	}
}
