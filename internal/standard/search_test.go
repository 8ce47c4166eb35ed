package standard

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestSearch(t *testing.T) {
	t.Parallel()
	s := all(t)
	for _, c := range []struct {
		name, query, lang string
		first             string // the best hit
		least             int
	}{
		{"id", "5.1.3.1", English, "iot-1005-1/5.1.3.1", 1},
		{"id_in_full_first", "5.3-1", English, "etsi-en-303-645/5.3-1", 8},
		{"alias", "6.5", English, "etsi-en-303-645/6-5", 1},
		{"english", "REPLAY", English, "iot-1005-1/5.1.1.3", 1},
		{"english_in_chinese", "replay", Chinese, "iot-1005-1/5.1.1.3", 1},
		{"chinese", "前向保密", Chinese, "iot-1005-1/5.3.1.2", 2},
		{"chinese_in_english", "重送", English, "iot-1005-1/5.1.1.3", 1},
		{"case", "password.forced-change", English, "etsi-en-303-645/5.1-1", 2},
		{"two_words", "iot-1005-1 telemetry", English, "iot-1005-1/5.7.1.2", 1},
		{"words_apart", "firmware encrypted", English, "iot-1005-1/5.4.1.1", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			hits := Search(s, c.query, c.lang)
			if len(hits) < c.least {
				t.Fatalf("%d hits, want at least %d", len(hits), c.least)
			}
			h := hits[0]
			if got := (Ref{h.Standard, h.Requirement}).String(); got != c.first {
				t.Errorf("best hit is %s (%s: %s), want %s", got, h.Field, h.Excerpt, c.first)
			}
			if zh := strings.ContainsAny(h.Title, "通的更新"); zh != (c.lang == Chinese) {
				t.Errorf("title %q is not in %s", h.Title, c.lang)
			}
		})
	}
	for _, q := range []string{"", "  ", "xyzzy", "\xff", strings.Repeat("tls ", 100)} {
		if hits := Search(s, q, English); hits != nil {
			t.Errorf("%q finds %d", q, len(hits))
		}
	}
}

// TestSearchCase: the case of letters never changes what is found.
func TestSearchCase(t *testing.T) {
	t.Parallel()
	s := all(t)
	rapid.Check(t, func(t *rapid.T) {
		q := rapid.SampledFrom([]string{"tls", "password", "nist 5.4", "cve", "update channel"}).Draw(t, "query")
		mixed := []byte(q)
		for i := range mixed {
			if rapid.Bool().Draw(t, "upper") {
				mixed[i] = strings.ToUpper(q)[i]
			}
		}
		if d := cmp.Diff(Search(s, q, English), Search(s, string(mixed), English), cmp.AllowUnexported(Hit{})); d != "" {
			t.Fatalf("%q and %q differ:\n%s", q, mixed, d)
		}
	})
}

func BenchmarkAll(b *testing.B) {
	for b.Loop() {
		if _, err := All(); err != nil {
			b.Fatal(err)
		}
	}
}
