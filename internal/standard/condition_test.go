package standard

import (
	"encoding/json"
	"testing"

	"cel.dev/cel-go/cel"
)

// The test compiles the conditions with the same variables as
// internal/condition, which this package lies below.
func compile(t *testing.T, src string) cel.Program {
	t.Helper()
	env, err := cel.NewEnv(cel.Variable("product", cel.DynType), cel.Variable("facts", cel.DynType), cel.Variable("claims", cel.DynType))
	if err != nil {
		t.Fatal(err)
	}
	ast, iss := env.Compile(src)
	if iss.Err() != nil {
		t.Fatal(iss.Err())
	}
	prg, err := env.Program(ast, cel.CostLimit(100_000))
	if err != nil {
		t.Fatal(err)
	}
	return prg
}

// TestConditions shows for each condition a model that declares it false and
// one that declares it true, in the JSON names of the product model. What a
// model doesn't say counts as true.
func TestConditions(t *testing.T) {
	t.Parallel()
	models := []struct {
		condition, name, product string
		want                     bool
	}{
		{"1", "declared_false", `{"passwords":{"used":false}}`, false},
		{"1", "declared_true", `{"passwords":{"used":true}}`, true},
		{"1", "half", `{"passwords":{"preset":"none"}}`, true},
		{"2", "none", `{"passwords":{"used":true,"preset":"none"}}`, false},
		{"2", "common", `{"passwords":{"used":true,"preset":"common"}}`, false},
		{"2", "no_passwords", `{"passwords":{"used":false}}`, false},
		{"2", "per_unit", `{"passwords":{"used":true,"preset":"per-unit"}}`, true},
		{"2", "preset_unsaid", `{"passwords":{"used":true}}`, true},
		{"3", "updatable", `{"update":{"mechanism":"over-the-air"}}`, false},
		{"3", "fixed", `{"update":{"mechanism":"none"}}`, true},
		{"4", "declared_false", `{"components":[{"id":"cam","kind":"device","constrained":false},{"id":"app","kind":"app"}]}`, false},
		{"4", "declared_true", `{"components":[{"id":"cam","kind":"device","constrained":true}]}`, true},
		{"4", "unsaid", `{"components":[{"id":"cam","kind":"device"}]}`, true},
		{"4", "no_device", `{"components":[{"id":"app","kind":"app"}]}`, true},
		{"5", "constrained", `{"components":[{"id":"cam","kind":"device","constrained":true}]}`, false},
		{"5", "not_constrained", `{"components":[{"id":"cam","kind":"device","constrained":false}]}`, true},
		{"5", "unsaid", `{"components":[{"id":"cam","kind":"device"}]}`, true},
		{"5", "two_devices", `{"components":[{"id":"cam","kind":"device","constrained":true},{"id":"base","kind":"device","constrained":false}]}`, true},
		{"6", "no_telemetry", `{"data":[{"id":"video","category":"sensitive-personal"}]}`, false},
		{"6", "telemetry", `{"data":[{"id":"crash","category":"telemetry"}]}`, true},
		{"7", "other_basis", `{"data":[{"id":"video","category":"sensitive-personal","consent":"none"}]}`, false},
		{"7", "nothing_personal", `{"data":[{"id":"key","category":"security-sensitive"}]}`, false},
		{"7", "consent", `{"data":[{"id":"video","category":"sensitive-personal","consent":"asked at set-up"}]}`, true},
		{"7", "consent_unsaid", `{"data":[{"id":"video","category":"sensitive-personal"}]}`, true},
		{"8", "no_login", `{"interfaces":[{"id":"mdns","on":"cam","auth":"none"}]}`, false},
		{"8", "login", `{"interfaces":[{"id":"web","on":"cam","auth":"password"}]}`, true},
		{"8", "auth_unsaid", `{"interfaces":[{"id":"web","on":"cam"}]}`, true},
		{"9", "neither", `{"update":{"mechanism":"local","automatic":false}}`, false},
		{"9", "no_update", `{"update":{"mechanism":"none"}}`, false},
		{"9", "automatic", `{"update":{"mechanism":"over-the-air","automatic":true}}`, true},
		{"9", "notices", `{"update":{"mechanism":"over-the-air","automatic":false,"check":{"every":"24h"}}}`, true},
		{"10", "claimed_not_applicable", `{"claims":{"etsi-en-303-645":{"5.4-2":{"support":"n/a","why":"no such identity"}}}}`, false},
		{"10", "other_claim", `{"claims":{"etsi-en-303-645":{"5.4-1":{"support":"n/a"}}}}`, true},
		{"10", "supported", `{"claims":{"etsi-en-303-645":{"5.4-2":{"support":"yes"}}}}`, true},
		{"11", "card_only", `{"update":{"mechanism":"local"}}`, false},
		{"11", "over_the_air", `{"update":{"mechanism":"over-the-air","host":"updates.example.org"}}`, true},
		{"11", "local_over_http", `{"update":{"mechanism":"local","protocol":"http"}}`, true},
		{"12", "none", `{"update":{"mechanism":"none"}}`, false},
		{"12", "some", `{"update":{"mechanism":"local"}}`, true},
		{"13", "no_debug_port", `{"interfaces":[{"id":"usb","on":"cam","physical":true},{"id":"web","on":"cam"}]}`, false},
		{"13", "debug_port", `{"interfaces":[{"id":"uart","on":"cam","physical":true,"debug":true}]}`, true},
	}
	seen := map[string]map[bool]bool{}
	for _, m := range models {
		if seen[m.condition] == nil {
			seen[m.condition] = map[bool]bool{}
		}
		seen[m.condition][m.want] = true
		t.Run(m.condition+"_"+m.name, func(t *testing.T) {
			t.Parallel()
			eval(t, m.condition, m.product, m.want)
		})
	}
	for _, c := range get(t, en).Conditions {
		if !seen[c.ID][true] || !seen[c.ID][false] {
			t.Errorf("condition %s needs a model for true and one for false", c.ID)
		}
		t.Run(c.ID+"_empty_model", func(t *testing.T) {
			t.Parallel()
			eval(t, c.ID, `{}`, true)
		})
	}
}

func eval(t *testing.T, id, product string, want bool) {
	t.Helper()
	c, ok := get(t, en).Condition(id)
	if !ok {
		t.Fatalf("no condition %s", id)
	}
	var p map[string]any
	if err := json.Unmarshal([]byte(product), &p); err != nil {
		t.Fatal(err)
	}
	out, _, err := compile(t, c.When).Eval(map[string]any{"product": p, "facts": map[string]any{}, "claims": map[string]any{}})
	if err != nil {
		t.Fatalf("%s: %v", c.When, err)
	}
	if out.Value() != want {
		t.Errorf("condition %s over %s is %v, want %t", id, product, out.Value(), want)
	}
}
