package product

import "strings"

// suggest returns the candidate nearest to what was written, or "" where
// none is near enough to be what the writer meant. Candidates are in the
// order of the model, so that equal distances give the same answer each time.
func suggest(written string, candidates []string) string {
	const tooLong = 64 // nobody misspells one of our words into this
	if len(written) > tooLong {
		return ""
	}
	w := fold(written)
	best, bestDistance := "", len(w)/3+1 // recieves/receives is 1, srial/serial is 1
	if len(w) < 3 {
		bestDistance = 1 // two letters with one wrong are any other two
	}
	for _, c := range candidates {
		f := fold(c)
		if len(f) > tooLong {
			continue
		}
		d := distance(w, f)
		if len(w) >= 3 && strings.HasPrefix(f, w) {
			d = min(d, 1) // shortened on purpose: prot, cam
		}
		if d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// Nearest is suggest for words of others: names of files.
func Nearest(written string, candidates []string) string { return suggest(written, candidates) }

// fold removes the differences that people don't see.
func fold(s string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "", ".", "").Replace(strings.ToLower(s))
}

// distance counts insertions, deletions, replacements and swaps of neighbours
// (optimal string alignment), in bytes.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
