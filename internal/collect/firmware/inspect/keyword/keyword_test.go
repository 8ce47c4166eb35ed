package keyword_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"assay/internal/collect/firmware/inspect/inspecttest"
	"assay/internal/collect/firmware/inspect/keyword"
)

// lower makes ASCII letters small, and leaves all other bytes.
func lower(b []byte) []byte {
	b = bytes.Clone(b)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] += 'a' - 'A'
		}
	}
	return b
}

// plain is the same by searching for each word at each place.
func plain(words []string, b []byte) []keyword.Hit {
	var out []keyword.Hit
	l := lower(b)
	for end := 1; end <= len(b); end++ {
		for n, w := range words {
			if w != "" && bytes.HasSuffix(l[:end], lower([]byte(w))) {
				out = append(out, keyword.Hit{Word: n, At: end - len(w), End: end})
			}
		}
	}
	sortHits(out)
	return out
}

func sortHits(h []keyword.Hit) {
	slices.SortStableFunc(h, func(a, b keyword.Hit) int {
		if a.End != b.End {
			return a.End - b.End
		}
		if a.At != b.At {
			return a.At - b.At
		}
		return a.Word - b.Word
	})
}

// same holds hits against plain's, and that they come by their ends.
func same(t interface{ Fatalf(string, ...any) }, words []string, b []byte, got []keyword.Hit) {
	if !slices.IsSortedFunc(got, func(a, b keyword.Hit) int { return a.End - b.End }) {
		t.Fatalf("not in the order of their ends: %v", got)
	}
	got = slices.Clone(got)
	sortHits(got)
	if d := cmp.Diff(plain(words, b), got); d != "" {
		t.Fatalf("words %q, text %q: %s", words, b, d)
	}
}

func TestFindIsWhatSearchFinds(t *testing.T) {
	t.Parallel()
	for _, words := range []string{`[aAbB:]{0,4}`, `[aAbB:]{3,6}`, `a[ab]{2,5}|bb[ab]{2}`, `[@A` + "`" + `a ]{3,4}`} {
		rapid.Check(t, func(t *rapid.T) {
			words := rapid.SliceOfN(rapid.StringMatching(words), 1, 8).Draw(t, "words")
			b := []byte(rapid.StringMatching(`[aAbBc:@ `+"`"+`]{0,60}`).Draw(t, "text"))
			same(t, words, b, inspecttest.Find(words, b))
		})
	}
}

// list makes n words like those that are looked for in firmware.
func list(seed uint64, n int) []string {
	r := rand.New(rand.NewPCG(seed, 3))
	parts := []string{"pass", "key", "://", ".com", "token", "lib", "version ", "-----", "sec", "ret", "admin", "mqtt", ".1.", "=", "wpa", "ssl", "OpenSSL ", "v", "1.", "2.", "_", "begin", "\x00\x01", "\xff\xfe", "aki", "http", "/bin/", "sh"}
	var out []string
	for len(out) < n {
		var w strings.Builder
		for range 1 + r.IntN(4) {
			w.WriteString(parts[r.IntN(len(parts))])
		}
		for w.Len() < 3 {
			w.WriteByte(byte('a' + r.IntN(26)))
		}
		fmt.Fprintf(&w, "%c%c", 'a'+r.IntN(26), 'a'+r.IntN(26))
		out = append(out, w.String())
	}
	return out
}

// TestManyWords puts words into noise at every distance from each other and from
// the ends.
func TestManyWords(t *testing.T) {
	t.Parallel()
	words := list(1, 300)
	words = append(words, words[7], strings.ToUpper(words[9]), words[3][1:], "abc", "")
	r := rand.New(rand.NewPCG(2, 2))
	for range 300 {
		b := make([]byte, r.IntN(40))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		for range r.IntN(6) {
			w := words[r.IntN(len(words))]
			if r.IntN(2) == 0 {
				w = strings.ToUpper(w)
			}
			b = append(b, w[:len(w)-r.IntN(2)*min(1, len(w))]...)
			b = append(b, "abcdefghijk"[:r.IntN(11)]...)
		}
		same(t, words, b, inspecttest.Find(words, b))
	}
}

func TestScan(t *testing.T) {
	t.Parallel()
	hits, cut := keyword.NewTable([]string{"a"}).Scan([]byte("aaaa"), 2, nil)
	if len(hits[0]) != 2 || !cut {
		t.Errorf("%d hits of at most 2, cut %v", len(hits[0]), cut)
	}
	want := []keyword.Hit{{Word: 1, At: 1, End: 4}, {Word: 0, At: 2, End: 4}, {Word: 2, At: 2, End: 6}}
	if d := cmp.Diff(want, inspecttest.Find([]string{"he", "she", "hers", ""}, []byte("usHErs"))); d != "" {
		t.Error(d)
	}
}

// TestTable has each owner get its own words, those of others too if shared.
func TestTable(t *testing.T) {
	t.Parallel()
	lists := [][]string{{"password", "token", "key"}, nil, {"token=", "KEY", "word"}, {"zzz"}}
	b := []byte("the Password is a token=KEY; zz")
	table := keyword.NewTable(lists...)
	hits, cut := table.Scan(b, 100, nil)
	if len(hits) != len(lists) || cut {
		t.Fatalf("%d lists, cut %v", len(hits), cut)
	}
	for i, l := range lists {
		same(t, l, b, hits[i])
	}
	if len(hits[0]) != 3 || len(hits[2]) != 3 {
		t.Errorf("hits %v", hits)
	}
	// A second scan uses the same memory.
	again, cut := table.Scan([]byte("keykey"), 1, hits)
	if !cut || len(again[0]) != 1 || again[0][0] != (keyword.Hit{Word: 2, At: 0, End: 3}) || len(again[2]) != 1 || len(again[3]) != 0 {
		t.Errorf("hits %v, cut %v", again, cut)
	}
	if &again[0][0] != &hits[0][:1][0] {
		t.Error("memory was not reused")
	}
	if none, cut := keyword.NewTable().Scan(b, 9, nil); len(none) != 0 || cut {
		t.Errorf("no lists: %v", none)
	}
}

// TestScanAllocatesNothing is of memory that is used again. No other test runs
// at the same time.
func TestScanAllocatesNothing(t *testing.T) {
	table := keyword.NewTable([]string{"password", "key"}, []string{"key"})
	b := []byte("the password is a key, the key a password")
	hits, _ := table.Scan(b, 100, nil)
	if n := testing.AllocsPerRun(10, func() { hits, _ = table.Scan(b, 100, hits) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkPrograms scans the programs of a camera for 1500 words of six owners,
// and in the same run takes the SHA-256 of the same bytes and looks for a byte
// that is rare.
func BenchmarkPrograms(b *testing.B) {
	tree, _ := inspecttest.Tree(b, inspecttest.Images()[0])
	var elf, text []byte
	for _, e := range tree {
		if bytes.HasPrefix(e.Data, []byte("\x7fELF")) {
			elf = append(elf, e.Data...)
		} else {
			text = append(text, e.Data...)
		}
	}
	var lists [][]string
	for owner := range uint64(6) {
		lists = append(lists, list(owner, 250))
	}
	b.Run("programs", func(b *testing.B) { compare(b, lists, elf) })
	b.Run("others", func(b *testing.B) { compare(b, lists, text) })
}

func compare(b *testing.B, lists [][]string, data []byte) {
	table := keyword.NewTable(lists...)
	var out [][]keyword.Hit
	var scan, sum, plain time.Duration
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		start := time.Now()
		out, _ = table.Scan(data, 1<<20, out)
		scan += time.Since(start)
		b.StopTimer()
		start = time.Now()
		sha256.Sum256(data)
		sum += time.Since(start)
		start = time.Now()
		bytes.Count(data, []byte{'~'})
		plain += time.Since(start)
		b.StartTimer()
	}
	b.ReportMetric(float64(scan)/float64(sum), "of-sha256")
	b.ReportMetric(float64(scan)/float64(plain), "of-count")
}
