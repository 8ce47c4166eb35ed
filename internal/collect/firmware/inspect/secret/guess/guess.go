// Package guess tries well-known passwords on password hashes. In: a hash as it
// stands in an image, the account's name, words that the image itself holds. Out:
// the password, if it is one of these. The work is bounded by a budget that is
// counted in rounds of hashing, not in time: the same image gives the same
// answer on every machine.
package guess

import (
	_ "embed"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

//go:embed words.txt
var wordsText string

// words are the dictionary, the likeliest first.
var words = func() []string {
	var out []string
	for line := range strings.Lines(wordsText) {
		if line = strings.TrimRight(line, "\n"); line != "" && line[0] != '#' {
			out = append(out, line)
		}
	}
	return out
}()

// Default is a budget of about two seconds of one core: all words for MD5 crypt,
// some hundred for SHA-512 crypt.
const Default = 8_000_000

// common is how many words each hash is tried against whatever the others cost.
const common = 64

// costly is what one try costs of the schemes that are made to be slow.
const costly = 5000

// Guesser tries passwords until its budget is used up. It is for one goroutine
// at a time.
type Guesser struct{ first, budget int }

// New returns a Guesser that may spend budget rounds on all hashes together, and
// three times as much so that each is tried with the likeliest words.
func New(budget int) *Guesser { return &Guesser{3 * budget, budget} }

// Share divides a budget between hashes before any of them is tried, so that
// they can be tried at the same time and come out alike in any order: each gets
// what the likeliest words cost, as long as three budgets last, and a part of
// the budget.
func Share(budget int, hashes, users []string) []*Guesser {
	first := 3 * budget
	out := make([]*Guesser, len(hashes))
	for i, h := range hashes {
		_, cost := tester(h, users[i])
		likeliest := min(first, cost*(2*common+len(likely("a"))))
		first -= likeliest
		rest := budget / len(hashes)
		if cost > costly {
			rest /= 4 // rare words find little for what they cost there
		}
		out[i] = &Guesser{likeliest, 2 * rest}
	}
	return out
}

// Tried is how far a hash was tried.
type Tried int

// How far.
const (
	None Tried = iota // its scheme isn't known here, or one try costs too much
	Some              // the budget was used up
	All
)

// Password returns the password of a hash. known are words that the same image
// holds in clear: they are tried before most of the dictionary. ok is false where
// none fits; tried says what that is worth.
func (g *Guesser) Password(hash, user string, known ...string) (password string, tried Tried, ok bool) {
	test, cost := tester(hash, user)
	if test == nil {
		return "", None, false
	}
	few := known[:min(len(known), common)]
	for _, x := range []struct {
		words  []string
		limit  int
		budget *int
	}{
		{slices.Concat(likely(user), few, words[:common]), g.first, &g.first},
		// Half of what is left: the first hash must not use up what the others need.
		{slices.Concat(known[len(few):], words[common:]), g.budget / 2, &g.budget},
	} {
		list := slices.DeleteFunc(x.words, func(p string) bool { return len(p) > 64 })
		most := min(len(list), x.limit/cost)
		n := first(list[:most], cost, test)
		if n < most {
			*x.budget -= (n + 1) * cost
			return list[n], All, true
		}
		*x.budget -= n * cost
		if most < len(list) {
			return "", Some, false
		}
	}
	return "", All, false
}

// slow is what one try costs where many are worth a second core.
const slow = 500

// first returns the index of the first word that passes the test; their number
// if none does.
func first(words []string, cost int, test func(string) bool) int {
	var next, found atomic.Int64
	found.Store(int64(len(words)))
	work := func() {
		for {
			i := next.Add(1) - 1
			if i >= found.Load() {
				return
			}
			if test(words[i]) {
				for f := found.Load(); i < f && !found.CompareAndSwap(f, i); f = found.Load() {
				}
			}
		}
	}
	if cost < slow {
		work()
		return int(found.Load())
	}
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(work)
	}
	wg.Wait()
	return int(found.Load())
}

// likely are passwords that people make of an account's name.
func likely(user string) []string {
	out := []string{""}
	if user == "" || len(user) > 32 {
		return out
	}
	return append(out, user, user+"123", user+"1234", user+"12345", user+"123456", user+"1", user+"@123", strings.ToUpper(user[:1])+user[1:]+"123", reverse(user))
}

func reverse(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// rounds reads "rounds=N$" at the start of what follows a prefix of SHA crypt;
// above costliest it doesn't matter how many.
func rounds(rest string, usual int) int {
	v, ok := strings.CutPrefix(rest, "rounds=")
	if !ok {
		return usual
	}
	v, _, _ = strings.Cut(v, "$")
	n, err := strconv.Atoi(v)
	switch {
	case n > costliest: // also where it is more than fits in n
		return costliest + 1
	case err != nil || n < 1000:
		return 1000
	}
	return n
}
