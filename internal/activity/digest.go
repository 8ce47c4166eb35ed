package activity

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"assay/internal/record"
)

// digests are of the answers as they stand: of what the model says at a
// question's places, and of its prose. A derived answer's is that of the
// answers that it is made of.
func (p *Process) digests(in Input, v *record.View) map[string]string {
	out := map[string]string{}
	model := v.Get("product").(map[string]any)
	for i := range p.Activities {
		for _, q := range p.Activities[i].Questions {
			h := sha256.New()
			for _, path := range append([]string{q.Place}, q.Touches...) {
				if path != "" {
					fmt.Fprintf(h, "%s=%s\n", path, canonical(at(model, path)))
				}
			}
			if a, ok := in.Answers.Answer(q.ID); ok {
				fmt.Fprintf(h, "prose=%s\n", a.Text)
			}
			out[q.ID] = hex.EncodeToString(h.Sum(nil))[:12]
		}
	}
	return out
}

// at follows a path without indices through plain values.
func at(v any, path string) any {
	for part := range strings.SplitSeq(path, ".") {
		name, _, each := strings.Cut(part, "[]")
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
		if each {
			rest := strings.TrimPrefix(path[strings.Index(path, "[]")+2:], ".")
			var out []any
			list, _ := v.([]any)
			for _, x := range list {
				out = append(out, at(x, rest))
			}
			return out
		}
	}
	return v
}

// canonical is JSON without the places, which move when a file is edited.
func canonical(v any) []byte {
	b, _ := json.Marshal(without(v)) // plain values: it can't fail
	return b
}

func without(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, y := range x {
			if k != "_at" && k != "_stated" {
				out[k] = without(y)
			}
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i := range x {
			out[i] = without(x[i])
		}
		return out
	}
	return v
}
