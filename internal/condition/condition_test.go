package condition

import (
	"strings"
	"testing"
)

func TestEval(t *testing.T) {
	t.Parallel()
	env, err := NewEnv()
	if err != nil {
		t.Fatal(err)
	}
	vars := Vars{
		Product: map[string]any{"passwords": map[string]any{"used": false}, "data": []any{map[string]any{"category": "telemetry"}}},
		Facts:   map[string]any{"services": 3.0},
		Claims:  map[string]any{},
	}
	for _, c := range []struct {
		name, source string
		want         bool
		fault        string // part of the error; empty: none
	}{
		{"false-field", "product.passwords.used != false", false, ""},
		{"has", "has(product.update)", false, ""},
		{"list", `product.data.exists(d, d.category == "telemetry")`, true, ""},
		{"number", "facts.services > 2.0", true, ""},
		{"missing-field", "product.update.mechanism == 'ota'", false, "no such key"},
		{"not-a-boolean", `product.passwords`, false, "must give true or false"},
		{"too-costly", "product.data.all(a, [1,2,3,4,5,6,7,8,9,10].all(b, [1,2,3,4,5,6,7,8,9,10].all(c, [1,2,3,4,5,6,7,8,9,10].all(d, [1,2,3,4,5,6,7,8,9,10].all(e, [1,2,3,4,5,6,7,8,9,10].all(f, [1,2,3,4,5,6,7,8,9,10].all(g, a.category != string(b+c+d+e+f+g))))))))", false, "cost limit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, err := env.Compile(c.source)
			if err != nil {
				t.Fatalf("Compile: %v", err)
			}
			got, err := p.Eval(vars)
			if c.fault != "" {
				if err == nil || !strings.Contains(err.Error(), c.fault) {
					t.Fatalf("Eval: error %v, want one with %q", err, c.fault)
				}
				return
			}
			if err != nil || got != c.want {
				t.Errorf("Eval = %v, %v, want %v", got, err, c.want)
			}
		})
	}
	for _, bad := range []string{"product.", "unknown.x", "1 + 2", strings.Repeat("a", maxSource+1)} {
		if _, err := env.Compile(bad); err == nil {
			t.Errorf("Compile(%.20q) gave no error", bad)
		}
	}
}

func FuzzCompile(f *testing.F) {
	env, err := NewEnv()
	if err != nil {
		f.Fatal(err)
	}
	f.Add("product.passwords.used != false")
	f.Add("[1].all(x, x > 0)")
	f.Fuzz(func(t *testing.T, source string) {
		p, err := env.Compile(source)
		if err != nil {
			return
		}
		if _, err := p.Eval(Vars{Product: map[string]any{}}); err != nil {
			return
		}
	})
}
