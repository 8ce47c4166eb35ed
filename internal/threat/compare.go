package threat

// Difference is a threat whose residual risk differs between two runs, or that
// only one of the models has.
type Difference struct {
	ID          string
	Before, Now Risk // residual; the zero Risk where the model lacks the threat
}

// Compare lists the threats whose residual risk differs between two models,
// by id.
func Compare(before, now *Model) []Difference {
	var out []Difference
	i, j := 0, 0
	for i < len(before.Threats) || j < len(now.Threats) {
		switch {
		case j == len(now.Threats) || i < len(before.Threats) && before.Threats[i].ID < now.Threats[j].ID:
			out = append(out, Difference{ID: before.Threats[i].ID, Before: before.Threats[i].Residual})
			i++
		case i == len(before.Threats) || now.Threats[j].ID < before.Threats[i].ID:
			out = append(out, Difference{ID: now.Threats[j].ID, Now: now.Threats[j].Residual})
			j++
		default:
			b, n := before.Threats[i].Residual, now.Threats[j].Residual
			if b.Product != n.Product || b.Potential != n.Potential || b.Never != n.Never {
				out = append(out, Difference{ID: now.Threats[j].ID, Before: b, Now: n})
			}
			i++
			j++
		}
	}
	return out
}
