package keyword_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"assay/internal/collect/firmware/inspect/keyword"
)

type hit struct{ Word, End int }

// plain is the same by searching for each word at each place.
func plain(words []string, b []byte) []hit {
	var out []hit
	l := bytes.ToLower(b)
	for end := 1; end <= len(b); end++ {
		for n, w := range words {
			if w != "" && bytes.HasSuffix(l[:end], []byte(strings.ToLower(w))) {
				out = append(out, hit{n, end})
			}
		}
	}
	return out
}

func found(words []string, b []byte) map[hit]bool {
	out := map[hit]bool{}
	keyword.New(words...).Each(b, func(m keyword.Match, end int) bool {
		out[hit{m.Word, end}] = true
		return true
	})
	return out
}

func TestEachFindsWhatSearchFinds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[aAbB:]{0,4}`), 1, 8).Draw(t, "words")
		b := []byte(rapid.StringMatching(`[aAbBc:]{0,40}`).Draw(t, "text"))
		want := map[hit]bool{}
		for _, h := range plain(words, b) {
			want[h] = true
		}
		if d := cmp.Diff(want, found(words, b)); d != "" {
			t.Fatalf("words %q, text %q: %s", words, b, d)
		}
	})
}

func TestEachEnds(t *testing.T) {
	t.Parallel()
	n := 0
	keyword.New("a").Each([]byte("aaaa"), func(keyword.Match, int) bool { n++; return n < 2 })
	if n != 2 {
		t.Errorf("%d calls", n)
	}
}

func BenchmarkEach(b *testing.B) {
	s := keyword.New("password", "passwd", "secret", "token", "://", "-----begin", "$1$", "akia")
	text := bytes.Repeat([]byte("server.port = 80 and nothing else of interest\n"), 1<<15)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		s.Each(text, func(keyword.Match, int) bool { return true })
	}
}
